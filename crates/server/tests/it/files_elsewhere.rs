//! Files in a store that speaks like S3.

use std::{fs, path::Path};

use serde_json::{Value, json};
use server::{
    backup::{self, BackupError},
    config::Config,
    files::{self, Files},
    rooms::Timing,
};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use tokio::net::TcpListener;

use crate::{
    projects::project,
    rooms_support::until,
    support::{
        program::{PATIENCE, Server, Starting, log_of, program},
        run::scratch,
        s3::{S3, flags},
        test_app::{TestApp, Visitor},
        test_database::TestDatabase,
    },
};

/// Not a multiple of anything, and more than one piece.
fn bytes() -> Vec<u8> {
    (0..1_300_007_u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect()
}

/// A server whose files lie in this place.
async fn server(s3: &S3, place: &str) -> TestApp {
    let flags = flags(&s3.settings(place));
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    TestApp::start_as(&flags, Timing::default()).await
}

async fn add(visitor: &Visitor, path: &str, bytes: impl Into<Vec<u8>>) -> String {
    let added = visitor.upload(path, "notes.bin", bytes).await;
    assert_eq!(added.status.as_u16(), 201, "{}", added.body);
    added.json()["id"].as_str().unwrap().to_owned()
}

/// The names of all that lies in a folder.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn sorted<const N: usize>(names: [&String; N]) -> Vec<String> {
    let mut names = names.map(String::clone).to_vec();
    names.sort();
    names
}

#[tokio::test]
async fn files_are_added_read_deleted_and_swept_in_a_bucket_as_on_a_disk() {
    let s3 = S3::start().await;
    let app = server(&s3, "grimoire/of/bees").await;
    let folder = s3.folder("grimoire/of/bees");
    let student = app.person("student-1").await;
    let path = format!("{}/files", project(&student, "Mine").await);
    let (kept, deleted) = (add(&student, &path, bytes()).await, add(&student, &path, "words").await);
    assert_eq!(names(&folder), sorted([&kept, &deleted]));
    assert!(names(&app.uploads).is_empty(), "nothing lies on the disk of the server");
    assert_eq!(Sha256::digest(fs::read(folder.join(&kept)).unwrap()), Sha256::digest(bytes()));
    let listed = student.get(&path).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(student.get(&format!("{path}/{deleted}")).await.body, "words");

    assert_eq!(student.delete(&format!("{path}/{deleted}")).await.status.as_u16(), 204);
    // Whoever deletes something has it swept by the server: of two sweeps at once one leaves it to the other.
    let swept = async || {
        files::sweep(&app.database.pool, &app.files).await.unwrap();
        let to_go = "select count(*) from files where deleted_at is not null";
        sqlx::query_scalar::<_, i64>(to_go).fetch_one(&app.database.pool).await.unwrap() == 0
    };
    until(&swept).await;
    assert_eq!(names(&folder), std::slice::from_ref(&kept));
    // What is gone is no error, and what cannot be read is one.
    fs::remove_file(folder.join(&kept)).unwrap();
    assert_eq!(student.get(&format!("{path}/{kept}")).await.status.as_u16(), 500);
    assert_eq!(student.delete(&format!("{path}/{kept}")).await.status.as_u16(), 204);
    until(&swept).await;
    let rows: i64 = sqlx::query_scalar("select count(*) from files").fetch_one(&app.database.pool).await.unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn more_files_than_one_sweep_takes_all_go() {
    let s3 = S3::start().await;
    let app = server(&s3, "grimoire").await;
    let student = app.person("student-1").await;
    let path = format!("{}/files", project(&student, "Mine").await);
    let kept = add(&student, &path, "words").await;
    let folder = s3.folder("grimoire");
    let gone: Vec<String> = sqlx::query_scalar(
        "insert into files (id, project_id, name, media_type, size, sha256, stored_at, deleted_at)
         select gen_random_uuid(), project_id, name, media_type, size, sha256, now(), now()
         from files, generate_series(1, 430)
         returning id::text",
    )
    .fetch_all(&app.database.pool)
    .await
    .unwrap();
    for id in &gone {
        fs::write(folder.join(id), "words").unwrap();
    }
    let left = || names(&folder).into_iter().filter(|name| !name.starts_with('.')).collect::<Vec<_>>();
    files::sweep(&app.database.pool, &app.files).await.unwrap();
    assert_eq!(left(), [kept]);
}

async fn restore(pool: &mut PgConnection, files: &Files, file: &Path) -> Result<backup::Summary, BackupError> {
    backup::restore(pool, files, file).await
}

/// The files of a server with these settings.
fn files_of(settings: &[(&'static str, String)]) -> Files {
    let words = ["promptgrimoire".to_owned(), format!("--data-dir={}", scratch("elsewhere").display())];
    let (_, config) = Config::parse(words.into_iter().chain(flags(settings))).unwrap();
    Files::of(&config).unwrap()
}

#[tokio::test]
async fn a_backup_goes_from_a_bucket_to_a_disk_and_into_another_bucket() {
    let s3 = S3::start().await;
    let app = server(&s3, "grimoire/one").await;
    let student = app.person("student-1").await;
    let path = format!("{}/files", project(&student, "Mine").await);
    let ids = [add(&student, &path, bytes()).await, add(&student, &path, "words").await];
    let file = scratch("backup-of-bucket").join("all.zip");
    let mut connection = app.database.pool.acquire().await.unwrap().detach();
    assert_eq!(backup::save(&mut connection, &app.files, &file).await.unwrap().files, Some(2));

    let folder = scratch("restored-from-bucket");
    let other = files_of(&s3.settings("grimoire/two"));
    for files in [Files::in_folder(folder.clone()).unwrap(), other.clone()] {
        let database = TestDatabase::without_tables().await;
        let mut connection = database.pool.acquire().await.unwrap();
        assert_eq!(restore(&mut connection, &files, &file).await.unwrap().files, Some(2));
    }
    for folder in [folder, s3.folder("grimoire/two")] {
        assert_eq!(names(&folder), sorted([&ids[0], &ids[1]]));
        assert_eq!(fs::read(folder.join(&ids[0])).unwrap(), bytes());
    }
    let database = TestDatabase::without_tables().await;
    let mut connection = database.pool.acquire().await.unwrap();
    let refused = restore(&mut connection, &other, &file).await.unwrap_err();
    assert!(matches!(refused, BackupError::FilesThere), "{refused}");

    // A file that is not what was uploaded is named, and one that is gone too.
    fs::write(s3.folder("grimoire/one").join(&ids[1]), "Words").unwrap();
    let mut connection = app.database.pool.acquire().await.unwrap().detach();
    let again = file.with_file_name("again.zip");
    let refused = backup::save(&mut connection, &app.files, &again).await.unwrap_err().to_string();
    assert!(refused.contains(&ids[1]) && !again.exists(), "{refused}");
}

/// What the store says of these settings at the start.
async fn refusal(settings: &[(&'static str, String)]) -> String {
    let why = format!("{:#}", files_of(settings).check().await.unwrap_err());
    assert!(!why.contains('\n') && !why.contains("secret-of"), "one line, no secret: {why}");
    why
}

#[tokio::test]
async fn a_wrong_bucket_or_key_is_told_before_anybody_needs_it() {
    let s3 = S3::start().await;
    let right = s3.settings("grimoire/of/bees");
    files_of(&right).check().await.unwrap();
    assert!(names(&s3.folder("grimoire")).is_empty(), "to look leaves nothing behind");
    let with = |name: &str, value: &str| {
        let mut settings = right.clone();
        settings.iter_mut().find(|(other, _)| *other == name).unwrap().1 = value.to_owned();
        settings
    };
    let bucket = refusal(&with("FILES_URL", "s3://grimmoire/of/bees")).await;
    assert!(bucket.contains("has no bucket grimmoire (NoSuchBucket)"), "{bucket}");
    for (name, value) in [("AWS_ACCESS_KEY_ID", "ANOTHERKEY"), ("AWS_SECRET_ACCESS_KEY", "secret-of-another")] {
        let key = refusal(&with(name, value)).await;
        assert!(key.contains("does not let us into the bucket grimoire") && key.contains("AWS_ACCESS_KEY_ID"), "{key}");
    }
    // Who cannot be asked is not told apart from who cannot be asked now.
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let absent = files_of(&with("AWS_ENDPOINT_URL", &address));
    absent.check().await.unwrap();
    let database = TestDatabase::without_tables().await;
    let file = scratch("absent").join("all.zip");
    let app = server(&s3, "grimoire/of/bees").await;
    backup::save(&mut app.database.pool.acquire().await.unwrap().detach(), &app.files, &file).await.unwrap();
    let refused = restore(&mut database.pool.acquire().await.unwrap(), &absent, &file).await.unwrap_err();
    assert!(matches!(&refused, BackupError::Store(why) if why.contains("the store of files")), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_keeps_files_in_a_bucket_and_ends_at_once_where_it_may_not() {
    let s3 = S3::start().await;
    let home = scratch("program-elsewhere");
    let data_dir = home.join("data");
    let settings = s3.settings("grimoire/program");
    let plain: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let server: Server = Starting::launch_with(&data_dir, None, &plain).ready().await;
    let mut student = Visitor::of(server.origin.clone());
    student.sign_in("student-1").await;
    let path = format!("{}/files", project(&student, "Mine").await);
    let id = add(&student, &path, "words").await;
    server.terminate().await;
    assert_eq!(names(&s3.folder("grimoire/program")), std::slice::from_ref(&id));

    let wrong: Vec<(&str, &str)> = plain
        .iter()
        .map(|(name, value)| (*name, if *name == "FILES_URL" { "s3://elsewhere" } else { value }))
        .collect();
    let ended = Starting::launch_with(&data_dir, None, &wrong).ended().await;
    assert_eq!(ended.code(), Some(1));
    let log = fs::read_to_string(log_of(&data_dir)).unwrap();
    let last = log.lines().last().unwrap();
    assert!(last.starts_with("promptgrimoire: FILES_URL: ") && last.contains("no bucket elsewhere"), "{last}");
    assert!(!data_dir.join("postgres/postmaster.pid").exists(), "its Postgres is stopped too");

    // Tools know the same settings.
    let file = home.join("all.zip");
    let mut command = program();
    command.envs(plain.iter().copied()).args(["admin", "backup", "--json", "--data-dir"]).arg(&data_dir).arg(&file);
    let saved = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
    let saved: Value = serde_json::from_slice(&saved.stdout).unwrap();
    assert_eq!(saved["files"], json!(1));
}
