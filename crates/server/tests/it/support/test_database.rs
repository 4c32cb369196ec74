use std::{
    fs::File,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use server::database::{
    self,
    embedded::{Cluster, Tuning},
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::OnceCell;

use super::run;

/// Made once a run with all tables; each test's database is a copy of it.
const TEMPLATE: &str = "grimoire_template";
const ROLE: &str = "promptgrimoire";

/// An empty database with all tables, of one test alone. Dropping it removes it.
///
/// The first of a run starts a cluster (a second or two), each takes some 50 ms more. The cluster does without `fsync`:
/// tests of durability open a cluster of their own.
pub struct TestDatabase {
    /// Connections to it.
    pub pool: PgPool,
    /// Its address, as `DATABASE_URL` takes it.
    pub url: String,
    name: String,
    superuser: PgConnectOptions,
}

impl TestDatabase {
    pub async fn new() -> TestDatabase {
        Self::like(TEMPLATE).await
    }

    /// One without a table.
    pub async fn without_tables() -> TestDatabase {
        Self::like("template0").await
    }

    async fn like(template: &str) -> TestDatabase {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        static CLUSTER: OnceCell<(PgConnectOptions, String)> = OnceCell::const_new();
        let (superuser, socket) = CLUSTER.get_or_init(cluster).await.clone();
        let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut connection = superuser.connect().await.unwrap();
        execute(&mut connection, format!("create database {name} template {template} owner {ROLE}")).await;
        connection.close().await.unwrap();
        let options = superuser.clone().username(ROLE).database(&name);
        let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(10));
        let url = format!("postgres://{ROLE}@localhost:5432/{name}?host={socket}&sslmode=disable");
        TestDatabase { pool: pool.connect_lazy_with(options), url, name, superuser }
    }
}

impl Drop for TestDatabase {
    /// On a thread of its own with a runtime of its own: the test's runtime may be ending.
    fn drop(&mut self) {
        let (superuser, name) = (self.superuser.clone(), self.name.clone());
        let remove = async move {
            let mut connection = superuser.connect().await?;
            let drop = AssertSqlSafe(format!("drop database if exists {name} with (force)"));
            sqlx::query(drop).execute(&mut connection).await?;
            connection.close().await
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // A database that stays is removed with its cluster.
        let _ = std::thread::spawn(move || runtime.map(|runtime| runtime.block_on(remove))).join();
    }
}

/// Starts the run's cluster, or finds it started by another process of the run, and lets go of it: it stays until the
/// run's watchdog stops it.
async fn cluster() -> (PgConnectOptions, String) {
    let data_dir = run::folder().join("data");
    let turn = tokio::task::spawn_blocking(|| {
        let turn = File::create(run::folder().join("turn.lock")).unwrap();
        turn.lock().unwrap();
        turn
    });
    let turn = turn.await.unwrap();
    let cluster = Cluster::open(&data_dir, Tuning { durable: false, max_connections: 400 }).await.unwrap();
    let superuser = cluster.superuser();
    let mut connection = superuser.connect().await.unwrap();
    let question = "select exists (select from pg_database where datname = $1)";
    let ready: bool = sqlx::query_scalar(question).bind(TEMPLATE).fetch_one(&mut connection).await.unwrap();
    if !ready {
        // Under another name until it is whole.
        execute(&mut connection, "drop database if exists unfinished".to_owned()).await;
        execute(&mut connection, format!("create database unfinished owner {ROLE}")).await;
        let mut tables = superuser.clone().username(ROLE).database("unfinished").connect().await.unwrap();
        database::migrate(&mut tables).await.unwrap();
        tables.close().await.unwrap();
        execute(&mut connection, format!("alter database unfinished rename to {TEMPLATE}")).await;
    }
    connection.close().await.unwrap();
    let socket = url::form_urlencoded::byte_serialize(cluster.socket().as_os_str().as_encoded_bytes()).collect();
    drop(cluster);
    drop(turn);
    (superuser, socket)
}

async fn execute(connection: &mut PgConnection, statement: String) {
    sqlx::query(AssertSqlSafe(statement)).execute(connection).await.unwrap();
}
