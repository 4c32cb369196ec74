//! A server with `DATABASE_URL`, so that its Postgres is somebody else's to start: here the test's.

use std::path::PathBuf;

use rand::Rng;
use server::database::embedded::{Cluster, Tuning};
use sqlx::{ConnectOptions, Connection};

use super::{
    house::{LogOf, wait_until_nobody_is_connected},
    stage::{Cast, Held, Stage},
};
use crate::support::{
    program::{self, Server},
    run,
};

/// What befalls Postgres, and the server meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// Postgres is killed and comes back; the server goes on.
    Postgres,
    /// One of the server's sessions is killed. Postgres ends the others too, and recovers by itself.
    Session,
    /// The server is killed while Postgres is away.
    Both,
    /// The server is asked to stop while Postgres is away, which it must do in order nonetheless.
    StopMeanwhile,
}

impl Outage {
    pub const ALL: [Outage; 4] = [Outage::Postgres, Outage::Session, Outage::Both, Outage::StopMeanwhile];
}

/// A server, its Postgres, and the writers.
pub struct Abroad {
    pub stage: Stage,
    server: Server,
    postgres: Cluster,
    folder: PathBuf,
    log: LogOf,
}

impl Abroad {
    pub async fn open(name: &str, cast: Cast, seed: u64) -> Abroad {
        let folder = run::scratch(name);
        let log = LogOf::new(&folder.join("data"));
        let postgres = Cluster::open(&folder.join("abroad"), Tuning::default()).await.unwrap();
        let server = Server::start(&folder.join("data"), Some(&url(&postgres))).await;
        let stage = Stage::set(server.port, cast, seed).await;
        Abroad { stage, server, postgres, folder, log }
    }

    /// Strikes, and looks whether all that was promised is there as soon as Postgres is.
    pub async fn strike(mut self, outage: Outage) -> Abroad {
        match outage {
            Outage::Session => {
                let mut connection = self.postgres.superuser().connect().await.unwrap();
                let sessions = "select pid from pg_stat_activity where application_name = 'promptgrimoire'";
                let sessions: Vec<i32> = sqlx::query_scalar(sessions).fetch_all(&mut connection).await.unwrap();
                let _ = connection.close().await;
                let chosen = self.stage.rng.random_range(0..sessions.len());
                program::kill_session(sessions[chosen]).await;
                self
            }
            Outage::Postgres => {
                self.kill_postgres().await;
                // Held, so that it cannot make up for what it has promised too early.
                self.server.hold();
                self = self.start_postgres().await;
                self.stage.compare_with_database_at_rest(&self.postgres.options()).await;
                self.server.go_on();
                self
            }
            Outage::Both | Outage::StopMeanwhile => {
                self.kill_postgres().await;
                let (abroad, _) = self.fell(outage == Outage::StopMeanwhile).await;
                abroad.stage.open(abroad.server.port);
                abroad
            }
        }
    }

    async fn kill_postgres(&mut self) {
        program::kill_postgres(self.postgres.process_id()).await;
        // Edits go on arriving.
        self.stage.nap().await;
    }

    async fn start_postgres(mut self) -> Abroad {
        // The lock on its folder is given back first.
        drop(self.postgres);
        self.postgres = Cluster::open(&self.folder.join("abroad"), Tuning::default()).await.unwrap();
        self
    }

    /// Ends the server, has Postgres running, compares, and starts a server for nobody yet.
    async fn fell(self, in_order: bool) -> (Abroad, Held) {
        self.stage.shut();
        let Abroad { mut stage, server, postgres, folder, log } = self;
        if in_order {
            let status = server.terminate().await;
            assert!(status.success(), "a server that is asked to stop says {status}");
        } else {
            server.kill().await;
        }
        stage.empty().await;
        drop(postgres);
        let postgres = Cluster::open(&folder.join("abroad"), Tuning::default()).await.unwrap();
        wait_until_nobody_is_connected(&postgres.options()).await;
        let held = stage.compare_with_database_at_rest(&postgres.options()).await;
        let server = Server::start(&folder.join("data"), Some(&url(&postgres))).await;
        stage.compare_with_server(server.port, Some(&held)).await;
        (Abroad { stage, server, postgres, folder, log }, held)
    }

    /// As [`super::house::House::end`].
    pub async fn end(mut self) -> Abroad {
        self.stage.settle().await;
        let (abroad, held) = self.fell(false).await;
        abroad.stage.compare_copies(&held);
        let (abroad, held) = abroad.fell(true).await;
        abroad.stage.compare_copies(&held);
        assert!(held.log.iter().all(|rows| *rows == 0), "what is dirty is compacted: {:?}", held.log);
        abroad.log.assert_no_panic();
        abroad
    }
}

/// As `DATABASE_URL` takes it.
fn url(postgres: &Cluster) -> String {
    let socket: String =
        url::form_urlencoded::byte_serialize(postgres.socket().as_os_str().as_encoded_bytes()).collect();
    format!("postgres://promptgrimoire@localhost:5432/promptgrimoire?host={socket}&sslmode=disable")
}
