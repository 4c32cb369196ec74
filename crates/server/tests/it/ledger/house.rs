//! A server with its private Postgres, and what may befall it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rand::{Rng, rngs::StdRng};
use server::database::embedded::{Cluster, Tuning};
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use tokio::time::timeout;

use super::stage::{Cast, Held, Stage};
use crate::support::{
    program::{self, PATIENCE, Server},
    run,
};

/// What befalls them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// `kill -9` of the server. Its Postgres goes on, and the next server finds it.
    Kill,
    /// SIGTERM of the server, which then stops its Postgres.
    Stop,
    /// `kill -9` of Postgres. The server starts it again.
    KillPostgres,
    /// `kill -9` of both, as when the machine's memory is full.
    KillBoth,
}

impl Blow {
    /// Mostly what happens most.
    pub fn any(rng: &mut StdRng) -> Blow {
        match rng.random_range(0..10) {
            0 => Blow::Stop,
            1 => Blow::KillPostgres,
            2 => Blow::KillBoth,
            _ => Blow::Kill,
        }
    }
}

/// How often what befell them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Of the server.
    pub kills: u64,
    /// Of the server.
    pub stops: u64,
    /// Of Postgres.
    pub postgres_kills: u64,
}

/// A server on a folder of its own, and the writers.
pub struct House {
    pub stage: Stage,
    pub server: Server,
    pub tally: Tally,
    data_dir: PathBuf,
    log: LogOf,
}

impl House {
    pub async fn open(name: &str, cast: Cast, seed: u64) -> House {
        let data_dir = run::scratch(name).join("data");
        let log = LogOf::new(&data_dir);
        let server = Server::start(&data_dir, None).await;
        let stage = Stage::set(server.port, cast, seed).await;
        House { stage, server, tally: Tally::default(), data_dir, log }
    }

    /// Strikes, looks whether all that was promised is in the database and on the server that comes after, and lets
    /// the writers in again.
    pub async fn strike(mut self, blow: Blow) -> House {
        if blow == Blow::KillPostgres {
            self.tally.postgres_kills += 1;
            program::kill_postgres(postmaster(&self.data_dir)).await;
            return self;
        }
        let (house, _) = self.fell(blow).await;
        house.stage.open(house.server.port);
        house
    }

    /// As [`House::strike`], and leaves the door shut.
    async fn fell(mut self, blow: Blow) -> (House, Held) {
        let House { mut stage, server, mut tally, data_dir, log } = self;
        stage.shut();
        match blow {
            Blow::Stop => {
                tally.stops += 1;
                let status = server.terminate().await;
                assert!(status.success(), "a server that is asked to stop says {status}");
            }
            Blow::Kill | Blow::KillPostgres => {
                tally.kills += 1;
                server.kill().await;
            }
            Blow::KillBoth => {
                (tally.kills, tally.postgres_kills) = (tally.kills + 1, tally.postgres_kills + 1);
                program::kill_postgres(postmaster(&data_dir)).await;
                stage.nap().await;
                server.kill().await;
            }
        }
        stage.empty().await;
        let cluster = Cluster::open(&data_dir, Tuning::default()).await.unwrap();
        wait_until_nobody_is_connected(&cluster.options()).await;
        let held = stage.compare_with_database_at_rest(&cluster.options()).await;
        if blow == Blow::Stop {
            assert!(held.log.iter().all(|rows| *rows == 0), "what is dirty is compacted: {:?}", held.log);
        }
        // Left running, as a killed server leaves it; the next one finds it.
        drop(cluster);
        let server = Server::start(&data_dir, None).await;
        stage.compare_with_server(server.port, Some(&held)).await;
        self = House { stage, server, tally, data_dir, log };
        (self, held)
    }

    /// Waits until everything is acknowledged and has come to everybody, and compares all there is: every writer's
    /// copy, the database after a kill and after an orderly stop, and what a server makes of each.
    pub async fn end(mut self) -> House {
        self.stage.settle().await;
        let (house, held) = self.fell(Blow::Kill).await;
        house.stage.compare_copies(&held);
        let (house, held) = house.fell(Blow::Stop).await;
        house.stage.compare_copies(&held);
        house.log.assert_no_panic();
        house
    }
}

/// The process that `postmaster.pid` names.
fn postmaster(data_dir: &Path) -> i32 {
    let elsewhere = fs::read_to_string(data_dir.join("postgres.path"));
    let home = elsewhere.map_or_else(|_| data_dir.to_owned(), |path| PathBuf::from(path.trim()));
    let file = fs::read_to_string(home.join("postgres/postmaster.pid")).unwrap();
    file.lines().next().unwrap().trim().parse().unwrap()
}

/// A killed server's last statement may still be under way in Postgres.
pub async fn wait_until_nobody_is_connected(options: &PgConnectOptions) {
    let mut connection = options.connect().await.unwrap();
    let sessions = "select count(*) from pg_stat_activity where application_name = 'promptgrimoire'";
    let nobody = async {
        while sqlx::query_scalar::<_, i64>(sessions).fetch_one(&mut connection).await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, nobody).await.expect("the sessions of a dead server end");
    connection.close().await.unwrap();
}

/// The log of the servers with this `DATA_DIR`. Its end is shown if the test fails: the folder that it is in goes with the
/// test run.
pub struct LogOf(PathBuf);

impl LogOf {
    pub fn new(data_dir: &Path) -> LogOf {
        LogOf(program::log_of(data_dir))
    }

    pub fn assert_no_panic(&self) {
        let log = fs::read_to_string(&self.0).unwrap();
        let panics: Vec<&str> = log.lines().filter(|line| line.contains("panicked")).collect();
        assert!(panics.is_empty(), "{}", panics.join("\n"));
    }
}

impl Drop for LogOf {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(&self.0).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(40)..];
            println!("the last lines of the server's log:\n{}", last.join("\n"));
        }
    }
}
