use std::{
    fs,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, PermissionsExt},
        process::ExitStatusExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use server::{
    config::Config,
    database::{
        Database,
        embedded::{Cluster, Tuning},
    },
};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};

use crate::support::{program::Starting, run, test_database::TestDatabase};

fn config(data_dir: &Path, database_url: &str) -> Config {
    let words = [
        "promptgrimoire".to_owned(),
        format!("--data-dir={}", data_dir.display()),
        format!("--database-url={database_url}"),
    ];
    Config::parse(words).unwrap().1
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

async fn write(connection: &mut PgConnection, word: &str) {
    sqlx::query("create table if not exists kept (word text)").execute(&mut *connection).await.unwrap();
    sqlx::query("insert into kept values ($1)").bind(word).execute(connection).await.unwrap();
}

async fn words(connection: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar("select word from kept order by word").fetch_all(connection).await.unwrap()
}

async fn add_and_read(cluster: &Cluster, word: &str) -> Vec<String> {
    let mut connection = cluster.options().connect().await.unwrap();
    write(&mut connection, word).await;
    let words = words(&mut connection).await;
    connection.close().await.unwrap();
    words
}

/// The disk's own waiting is not what these tests are about; `a_cluster_that_was_killed_itself` survives without it,
/// since only the machine, not Postgres, would lose what was not yet on the disk.
const QUICK: Tuning = Tuning { durable: false, max_connections: 20 };

async fn open(data_dir: &Path) -> Cluster {
    Cluster::open(data_dir, QUICK).await.unwrap()
}

fn pid_file(cluster: &Cluster) -> PathBuf {
    cluster.home().join("postgres/postmaster.pid")
}

fn is_running(process: i32) -> bool {
    test_kill_process(Pid::from_raw(process).unwrap()).is_ok()
}

async fn kill(process: i32, signal: Signal) {
    kill_process(Pid::from_raw(process).unwrap(), signal).unwrap();
    while is_running(process) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_cluster_is_made_stopped_and_opened_again_with_its_rows() {
    let data_dir = run::scratch("again");
    let config = config(&data_dir, "");
    let database = Database::open(&config).await.unwrap();
    write(&mut database.pool().acquire().await.unwrap().detach(), "first").await;
    database.close().await.unwrap();
    assert!(!data_dir.join("postgres/postmaster.pid").exists(), "Postgres left in order");

    let database = Database::open(&config).await.unwrap();
    assert_eq!(words(&mut database.pool().acquire().await.unwrap()).await, ["first"]);
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_while_it_starts_stops_in_order_and_its_database_too() {
    let data_dir = run::scratch("early").join("data");
    for (said, ready) in [("making the embedded database", false), ("PromptGrimoire is ready", true)] {
        let mut server = Starting::launch(&data_dir, None);
        server.says(said).await;
        let status = server.terminate().await;
        assert_eq!(status.code(), Some(0), "after \"{said}\": {status}");
        let log = fs::read_to_string(data_dir.with_file_name("server.log")).unwrap();
        assert_eq!(log.contains("is ready"), ready, "{log}");
        let elsewhere = fs::read_to_string(data_dir.join("postgres.path"));
        let home = elsewhere.map_or_else(|_| data_dir.clone(), |path| PathBuf::from(path.trim()));
        assert!(home.join("postgres/PG_VERSION").exists(), "it was made");
        assert!(!home.join("postgres/postmaster.pid").exists(), "Postgres left in order");
    }
}

#[tokio::test]
async fn connections_commit_durably_as_a_role_that_is_no_superuser_and_end_in_time() {
    let data_dir = run::scratch("session");
    let database = Database::open(&config(&data_dir, "")).await.unwrap();
    for (setting, value) in [
        ("synchronous_commit", "on"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("is_superuser", "off"),
        ("TimeZone", "UTC"),
        ("server_encoding", "UTF8"),
        ("statement_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("max_connections", "64"),
    ] {
        let question = sqlx::query_scalar("select current_setting($1)").bind(setting);
        let found: String = question.fetch_one(database.pool()).await.unwrap();
        assert_eq!(found, value, "{setting}");
    }
    let socket = fs::metadata(data_dir.join("socket"));
    assert!(socket.is_err() || socket.unwrap().mode() & 0o777 == 0o700, "nobody else gets to the socket");
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_cluster_whose_server_was_killed_is_found_running() {
    let data_dir = run::scratch("killed");
    let cluster = open(&data_dir).await;
    assert_eq!(add_and_read(&cluster, "before").await, ["before"]);
    let process = cluster.process_id();
    drop(cluster);
    assert!(is_running(process), "nobody stopped it");

    let cluster = open(&data_dir).await;
    assert_eq!(cluster.process_id(), process, "the same Postgres, not a second one");
    assert_eq!(add_and_read(&cluster, "later").await, ["before", "later"]);
    cluster.stop().await.unwrap();
    assert!(!data_dir.join("postgres/postmaster.pid").exists(), "an adopted cluster is stopped like one's own");
}

#[tokio::test]
async fn a_cluster_that_was_killed_itself_loses_nothing() {
    let data_dir = run::scratch("crash");
    let cluster = open(&data_dir).await;
    assert_eq!(add_and_read(&cluster, "committed").await, ["committed"]);
    let process = cluster.process_id();
    kill(process, Signal::KILL).await;
    assert!(pid_file(&cluster).exists(), "a killed Postgres leaves its pid file");
    drop(cluster);

    let cluster = open(&data_dir).await;
    assert_ne!(cluster.process_id(), process);
    assert_eq!(add_and_read(&cluster, "later").await, ["committed", "later"]);
    cluster.stop().await.unwrap();
}

/// Kills the Postgres of a server that is running, and waits for the server to have another.
async fn kill_and_wait(database: &Database, process: i32) -> Vec<String> {
    kill(process, Signal::KILL).await;
    let answer = async {
        loop {
            if let Ok(mut connection) = database.pool().acquire().await {
                return words(&mut connection).await;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), answer).await.expect("it is started again")
}

#[tokio::test]
async fn a_cluster_that_is_killed_under_its_server_is_started_again() {
    let data_dir = run::scratch("under");
    let cluster = open(&data_dir).await;
    let (file, found) = (pid_file(&cluster), cluster.process_id());
    add_and_read(&cluster, "committed").await;
    drop(cluster);

    let database = Database::open(&config(&data_dir, "")).await.unwrap();
    let process = || fs::read_to_string(&file).unwrap().lines().next().unwrap().parse().unwrap();
    assert_eq!(process(), found, "it was running, and nobody's child: that too must be noticed");
    assert_eq!(kill_and_wait(&database, found).await, ["committed"]);
    let second: i32 = process();
    assert_ne!(second, found);
    assert_eq!(kill_and_wait(&database, second).await, ["committed"], "and again");
    database.close().await.unwrap();
    assert!(!file.exists(), "the last one is stopped in order");
}

#[tokio::test]
async fn a_stale_pid_file_that_names_another_living_process_is_no_obstacle() {
    let data_dir = run::scratch("stale");
    let cluster = open(&data_dir).await;
    add_and_read(&cluster, "kept").await;
    let (file, owner) = (pid_file(&cluster), fs::metadata(cluster.home().join("postgres")).unwrap());
    let socket = cluster.socket().to_owned();
    kill(cluster.process_id(), Signal::KILL).await;
    drop(cluster);
    // A process of Postgres' own user: Postgres alone would take it for the one that wrote the file.
    let mut command = Command::new("sleep");
    if is_root() {
        std::os::unix::process::CommandExt::uid(&mut command, owner.uid());
    }
    let mut other = command.arg("60").spawn().unwrap();
    // Postgres locks its socket by a number too.
    for file in [file, socket.join(".s.PGSQL.5432.lock")] {
        let text = fs::read_to_string(&file).unwrap();
        let rest = text.split_once('\n').unwrap().1;
        fs::write(&file, format!("{}\n{rest}", other.id())).unwrap();
    }

    let reopened = Cluster::open(&data_dir, QUICK).await;
    let untouched = other.try_wait().unwrap().is_none();
    other.kill().unwrap();
    other.wait().unwrap();
    let cluster = reopened.unwrap();
    assert!(untouched, "the other process was left alone");
    assert_eq!(add_and_read(&cluster, "later").await, ["kept", "later"]);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_cluster_that_another_server_had_only_just_started_is_found_a_moment_later() {
    let data_dir = run::scratch("starting");
    let cluster = open(&data_dir).await;
    let (file, log, process) = (pid_file(&cluster), cluster.home().join("postgres.log"), cluster.process_id());
    drop(cluster);
    // As long as it has not written its pid file anew, that of one that was killed before is there.
    let own = fs::read_to_string(&file).unwrap();
    let mut gone = Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    fs::write(&file, format!("{}\n{}", gone.id(), own.split_once('\n').unwrap().1)).unwrap();
    let started = async {
        while !fs::read_to_string(&log).unwrap().contains("is still in use") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        fs::write(&file, &own).unwrap();
    };
    let (cluster, ()) = tokio::join!(open(&data_dir), started);
    assert_eq!(cluster.process_id(), process);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_cluster_that_runs_but_cannot_be_reached_is_started_anew() {
    let data_dir = run::scratch("deaf");
    let cluster = open(&data_dir).await;
    add_and_read(&cluster, "kept").await;
    let process = cluster.process_id();
    fs::remove_file(cluster.socket().join(".s.PGSQL.5432")).unwrap();
    drop(cluster);

    let cluster = open(&data_dir).await;
    assert_ne!(cluster.process_id(), process);
    assert_eq!(add_and_read(&cluster, "later").await, ["kept", "later"]);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_refused_until_the_first_has_gone() {
    let data_dir = run::scratch("second");
    let first = open(&data_dir).await;
    let why = Cluster::open(&data_dir, QUICK).await.unwrap_err().to_string();
    assert!(why.contains(&format!("another server (process {})", std::process::id())), "{why}");
    assert!(why.contains("DATA_DIR") && !why.contains('\n'), "{why}");
    first.stop().await.unwrap();
    open(&data_dir).await.stop().await.unwrap();
}

/// A new folder that every user can reach, as one in a clone below `/root` is not: there the database of root lies
/// elsewhere.
struct Reachable(PathBuf);

impl Reachable {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("promptgrimoire-{name}-{}", std::process::id()));
        // Of a process that had this number before.
        let _ = fs::remove_dir_all(&folder);
        fs::DirBuilder::new().mode(0o755).create(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Reachable {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn an_initdb_that_was_cut_short_leaves_nothing_in_the_way() {
    let Reachable(data_dir) = &Reachable::new("partial");
    let unfinished = data_dir.join("postgres.unfinished");
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();
    let cluster = open(data_dir).await;
    assert_eq!(add_and_read(&cluster, "new").await, ["new"]);
    assert!(!unfinished.exists());
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_is_no_database_is_not_overwritten() {
    let Reachable(data_dir) = &Reachable::new("occupied");
    fs::create_dir(data_dir.join("postgres")).unwrap();
    fs::write(data_dir.join("postgres/thesis.txt"), "mine").unwrap();
    let why = format!("{:#}", Cluster::open(data_dir, QUICK).await.unwrap_err());
    assert!(why.contains("is in the way"), "{why}");
    assert_eq!(fs::read_to_string(data_dir.join("postgres/thesis.txt")).unwrap(), "mine");
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_no_obstacle() {
    let data_dir = run::scratch("long").join("x".repeat(100)).join("y, \"z\"");
    fs::create_dir_all(&data_dir).unwrap();
    let cluster = open(&data_dir).await;
    assert!(!cluster.socket().starts_with(&data_dir));
    assert_eq!(add_and_read(&cluster, "far").await, ["far"]);
    let socket = cluster.socket().to_owned();
    cluster.stop().await.unwrap();
    assert!(!socket.exists(), "nothing is left in the system's folder");
}

#[tokio::test]
async fn a_closed_folder_of_root_keeps_its_database_where_postgres_can_reach_it() {
    if !is_root() {
        return;
    }
    let above = run::scratch("closed");
    fs::set_permissions(&above, fs::Permissions::from_mode(0o700)).unwrap();
    let data_dir = above.join("data");
    fs::DirBuilder::new().mode(0o700).create(&data_dir).unwrap();
    let cluster = open(&data_dir).await;
    assert_eq!(add_and_read(&cluster, "first").await, ["first"]);
    let home = cluster.home().to_owned();
    assert_eq!(fs::read_to_string(data_dir.join("postgres.path")).unwrap(), format!("{}\n", home.display()));
    assert!(home.starts_with("/var/lib/promptgrimoire"));
    assert_ne!(fs::metadata(home.join("postgres")).unwrap().uid(), 0);
    cluster.stop().await.unwrap();

    // The same folder finds it again, also under a new name; an emptied one does not.
    let moved = above.join("moved");
    fs::rename(&data_dir, &moved).unwrap();
    let cluster = open(&moved).await;
    assert_eq!(add_and_read(&cluster, "second").await, ["first", "second"]);
    cluster.stop().await.unwrap();
    fs::DirBuilder::new().mode(0o700).create(&data_dir).unwrap();
    let cluster = open(&data_dir).await;
    assert_eq!(add_and_read(&cluster, "anew").await, ["anew"]);
    assert_ne!(cluster.home(), home);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn root_runs_a_cluster_that_somebody_else_made_as_that_user() {
    const SOMEBODY: u32 = 54_321;
    if !is_root() {
        return;
    }
    let Reachable(data_dir) = &Reachable::new("somebody");
    let cluster = open(data_dir).await;
    add_and_read(&cluster, "theirs").await;
    cluster.stop().await.unwrap();
    let folder = data_dir.join("postgres");
    let owner = format!("{SOMEBODY}:{SOMEBODY}");
    assert!(Command::new("chown").arg("-R").arg(owner).arg(&folder).status().unwrap().success());

    let cluster = open(data_dir).await;
    assert_eq!(add_and_read(&cluster, "too").await, ["theirs", "too"]);
    assert_eq!(fs::metadata(folder.join("postmaster.pid")).unwrap().uid(), SOMEBODY);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn postgres_is_not_in_the_process_group_that_ctrl_c_reaches() {
    let data_dir = run::scratch("group");
    let cluster = open(&data_dir).await;
    let group = rustix::process::getpgid(Pid::from_raw(cluster.process_id())).unwrap();
    assert_ne!(group, rustix::process::getpgrp());
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn postgres_does_not_see_the_server_s_environment() {
    let environment = |process: i32| fs::read(format!("/proc/{process}/environ")).ok();
    let data_dir = run::scratch("environment");
    let cluster = open(&data_dir).await;
    // Readable on Linux, by root and Postgres' own user.
    let seen = environment(cluster.process_id());
    cluster.stop().await.unwrap();
    if let Some(seen) = seen {
        let seen = String::from_utf8_lossy(&seen).into_owned();
        let names: Vec<&str> = seen.split('\0').filter_map(|pair| pair.split_once('=').map(|(name, _)| name)).collect();
        assert!(names.contains(&"PATH") && !names.iter().any(|name| name.contains("CARGO")), "{names:?}");
    }
}

#[tokio::test]
async fn a_database_url_that_leads_nowhere_says_what_to_check_and_not_the_password() {
    let data_dir = run::scratch("nowhere");
    let database = TestDatabase::new().await;
    let unknown = database.url.replace("/test_", "/none_such_test_");
    for (url, part) in [
        ("postgres://me:hush@127.0.0.1:1/grimoire", "127.0.0.1:1"),
        ("postgres://me:hush@none-such.invalid/grimoire", "none-such.invalid"),
        ("postgres://me:1/hush@127.0.0.1/grimoire", "%2F"),
        ("postgres://me:hush@127.0.0.1:port/grimoire", "DATABASE_URL"),
        (&unknown, "does not exist"),
    ] {
        let why = format!("{:#}", Database::open(&config(&data_dir, url)).await.unwrap_err());
        assert!(why.contains("DATABASE_URL") && why.contains(part), "{why}");
        assert!(!why.contains("hush") && !why.contains('\n'), "{why}");
    }
    assert!(fs::read_dir(&data_dir).unwrap().next().is_none(), "no embedded database was made instead");
}

#[tokio::test]
async fn a_database_url_is_used_as_it_is_and_left_running() {
    let test = TestDatabase::new().await;
    let config = config(&run::scratch("url"), &test.url);
    for expected in 1..=2_i64 {
        let database = Database::open(&config).await.unwrap();
        write(&mut database.pool().acquire().await.unwrap().detach(), "again").await;
        database.close().await.unwrap();
        let count: i64 = sqlx::query_scalar("select count(*) from kept").fetch_one(&test.pool).await.unwrap();
        assert_eq!(count, expected);
    }
}

#[tokio::test]
async fn every_test_has_a_database_of_its_own_with_all_tables() {
    let (one, other) = tokio::join!(TestDatabase::new(), TestDatabase::new());
    write(&mut one.pool.acquire().await.unwrap().detach(), "mine").await;
    let tables = "select count(*) from information_schema.tables where table_name = $1";
    let count = async |pool: &PgPool, name: &str| -> i64 {
        sqlx::query_scalar(tables).bind(name).fetch_one(pool).await.unwrap()
    };
    assert_eq!((count(&one.pool, "kept").await, count(&other.pool, "kept").await), (1, 0));
    assert_eq!(count(&other.pool, "_sqlx_migrations").await, 1);
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(&one.pool).await.unwrap();
    drop(one);
    let left = sqlx::query_scalar("select count(*) from pg_database where datname = $1").bind(name);
    let left: i64 = left.fetch_one(&other.pool).await.unwrap();
    assert_eq!(left, 0, "a dropped test database is gone");
}

#[test]
fn when_the_tests_are_killed_their_postgres_goes_too() {
    assert_it_goes_too("database::leaves_a_cluster_and_is_killed");
}

/// Starts this very binary with one test that leaves a process running, says its number and kills itself.
pub fn assert_it_goes_too(test: &str) {
    let left = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", test, "--nocapture"])
        .env_remove("NEXTEST_RUN_ID")
        .env("CARGO_TARGET_TMPDIR", run::scratch("orphans"))
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(left.status.signal(), Some(9), "it was killed");
    let said = String::from_utf8(left.stdout).unwrap();
    let process = said.lines().find_map(|line| line.split("left process ").nth(1)).unwrap().trim().parse().unwrap();
    for _ in 0..200 {
        if !is_running(process) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("process {process} is still there");
}

#[tokio::test]
#[ignore = "started by the test above"]
async fn leaves_a_cluster_and_is_killed() {
    let _database = TestDatabase::new().await;
    let cluster = open(&run::scratch("left")).await;
    println!("left process {}", cluster.process_id());
    kill_process(rustix::process::getpid(), Signal::KILL).unwrap();
}

#[tokio::test]
async fn tables_that_a_later_program_has_added_to_are_good_for_this_one() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.acquire().await.unwrap();
    sqlx::query(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
         values (9999, 'of later', true, '\\x00', 0)",
    )
    .execute(&mut *connection)
    .await
    .unwrap();
    server::database::migrate(&mut connection).await.unwrap();
}
