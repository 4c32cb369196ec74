use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use reqwest::Method;
use serde_json::{Value, json};
use server::{
    backup, database,
    files::{self, Files},
};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use uuid::Uuid;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::{
    projects::project,
    rooms_support::{log, until},
    support::{
        run::scratch,
        test_app::{TestApp, Visitor},
        test_database::TestDatabase,
    },
};

/// What a line of `COPY` has to write otherwise, and what people write.
const WORDS: &str = "Tab\there, \\N and \\. and a \"quote\"\n\nEin Absatz mit ä, 鯨 und 🐋.";

async fn connection(pool: &PgPool) -> PgConnection {
    pool.acquire().await.unwrap().detach()
}

async fn save(app: &TestApp, file: &Path) -> Result<backup::Summary, backup::BackupError> {
    backup::save(&mut connection(&app.database.pool).await, &app.files, file).await
}

/// Into a fresh store, which lies in the folder that is answered too.
async fn restore_all(pool: &PgPool, file: &Path) -> (Result<backup::Summary, backup::BackupError>, PathBuf) {
    let folder = scratch("restored-files");
    let files = Files::in_folder(folder.clone()).unwrap();
    (backup::restore(&mut connection(pool).await, &files, file).await, folder)
}

async fn restore(pool: &PgPool, file: &Path) -> Result<backup::Summary, backup::BackupError> {
    restore_all(pool, file).await.0
}

/// What lies in a folder.
fn bytes_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    // One may go while they are read.
    entries.filter_map(|entry| Some((entry.file_name().into_string().unwrap(), fs::read(entry.path()).ok()?))).collect()
}

/// Adds a file of these bytes to a project of their own; answers its path in the API, and its id.
async fn upload(who: &Visitor, bytes: impl Into<Vec<u8>>) -> (String, String) {
    let files = format!("{}/files", project(who, "With files").await);
    let added = who.upload(&files, "a.bin", bytes).await.json();
    let id = added["id"].as_str().unwrap();
    (format!("{files}/{id}"), id.to_owned())
}

/// What each table holds, whatever the order of its rows.
/// What is searched is no part of it: it is made anew.
async fn contents(pool: &PgPool) -> BTreeMap<String, (i64, Option<String>)> {
    let names: Vec<String> = sqlx::query_scalar(
        "select tablename::text from pg_tables
         where schemaname = 'public' and tablename <> '_sqlx_migrations' and tablename not like 'search%'
           and tablename <> 'export_jobs'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut contents = BTreeMap::new();
    for name in names {
        let sum = format!("select count(*), md5(string_agg(t::text, '|' order by t::text)) from {name} t");
        let found = sqlx::query_as(AssertSqlSafe(sum)).fetch_one(pool).await.unwrap();
        contents.insert(name, found);
    }
    contents
}

/// A server with a conversation that somebody has written in.
async fn lived_in() -> (TestApp, Visitor, String) {
    let app = TestApp::start().await;
    let instructor = app.person("instructor").await;
    let talk = instructor.conversation("A \\ and a | in a title", WORDS, "class").await;
    upload(&instructor, WORDS).await;
    upload(&instructor, (0..700_000_u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect::<Vec<_>>()).await;
    let (path, _) = upload(&instructor, "deleted").await;
    instructor.delete(&path).await;
    until(async || bytes_of(&app.uploads).len() == 2).await;
    // A text before the present one.
    let edited = json!({"base": 1, "messages": [{"role": "source", "markdown": WORDS}]});
    let path = format!("/api/v1/conversations/{talk}/text");
    assert_eq!(instructor.change(Method::PUT, &path, edited).await.json()["revision"], 2);
    let mut peer = instructor.sync(&talk).await;
    peer.write("kept notes \\ \u{1f40b}\n").await;
    peer.settle().await;
    // When the last one has left, its log becomes a snapshot, whose time nobody knows.
    drop(peer);
    until(async || log(&app.database.pool, talk.parse().unwrap()).await.is_empty()).await;
    (app, instructor, talk)
}

/// The backup with this done to one of its entries.
fn changed(file: &Path, name: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> PathBuf {
    let mut archive = ZipArchive::new(File::open(file).unwrap()).unwrap();
    let path = file.with_extension(format!("changed-{}", Uuid::now_v7()));
    let mut copy = ZipWriter::new(File::create(&path).unwrap());
    let mut change = Some(change);
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let called = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if called == name {
            bytes = change.take().unwrap()(bytes);
        }
        copy.start_file(called, SimpleFileOptions::default()).unwrap();
        copy.write_all(&bytes).unwrap();
    }
    assert!(change.is_none(), "there is a {name}");
    copy.finish().unwrap();
    path
}

fn with_manifest(file: &Path, change: impl FnOnce(&mut Value)) -> PathBuf {
    changed(file, "manifest.json", |bytes| {
        let mut manifest = serde_json::from_slice(&bytes).unwrap();
        change(&mut manifest);
        serde_json::to_vec(&manifest).unwrap()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_saved_comes_back_the_same_in_every_table() {
    let (app, instructor, talk) = lived_in().await;
    let file = scratch("backup-same").join("all.zip");
    let saved = save(&app, &file).await.unwrap();
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "for its owner alone");
    let there = contents(&app.database.pool).await;
    assert_eq!(saved.rows, there.values().map(|(rows, _)| u64::try_from(*rows).unwrap()).sum::<u64>());
    assert_eq!(saved.tables, there.len());
    // What is done after it is not in it.
    instructor.conversation("Later", "Later.", "none").await;

    let other = TestDatabase::without_tables().await;
    let (restored, folder) = restore_all(&other.pool, &file).await;
    let restored = restored.unwrap();
    assert_eq!((restored.rows, &restored.made_at), (saved.rows, &saved.made_at));
    assert_eq!((restored.files, saved.files), (Some(2), Some(2)));
    assert_eq!(bytes_of(&folder), bytes_of(&app.uploads));
    assert_eq!(contents(&other.pool).await, there);
    let markdown: Vec<String> = sqlx::query_scalar("select markdown from messages where conversation_id = $1::uuid")
        .bind(&talk)
        .fetch_all(&other.pool)
        .await
        .unwrap();
    assert!(markdown.concat().contains("\\N and \\. and"), "{markdown:?}");
    let listening: i64 =
        sqlx::query_scalar("select count(*) from pg_trigger where not tgisinternal and tgenabled = 'D'")
            .fetch_one(&other.pool)
            .await
            .unwrap();
    assert_eq!(listening, 0, "triggers do their work again");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_the_database_gives_go_on_after_those_that_were_restored() {
    let (app, _, talk) = lived_in().await;
    const LATE: &str = "insert into late_work (conversation_id, user_id, update) select $1::uuid, id, $2 from users";
    for sql in [
        "insert into activities (id, class_id, title, instructions, template_id, mode)
         select gen_random_uuid(), id, 'A task', '', $1::uuid, 'together' from classes limit 1",
        "insert into activity_copies (conversation_id, activity_id) select $1::uuid, id from activities",
    ] {
        sqlx::query(sql).bind(&talk).execute(&app.database.pool).await.unwrap();
    }
    sqlx::query(LATE).bind(&talk).bind(b"before".as_slice()).execute(&app.database.pool).await.unwrap();
    let file = scratch("backup-numbers").join("all.zip");
    save(&app, &file).await.unwrap();
    let other = TestDatabase::without_tables().await;
    restore(&other.pool, &file).await.unwrap();
    sqlx::query(LATE).bind(&talk).bind(b"after".as_slice()).execute(&other.pool).await.unwrap();
    let in_order: bool = sqlx::query_scalar(
        "select max(id) filter (where update = 'before') < min(id) filter (where update = 'after') from late_work",
    )
    .fetch_one(&other.pool)
    .await
    .unwrap();
    assert!(in_order);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_busy_server_is_of_one_moment() {
    let (app, instructor, _) = lived_in().await;
    let writing = tokio::spawn(async move {
        for number in 0..60 {
            instructor.conversation(&format!("Busy {number}"), WORDS, "class").await;
        }
        instructor
    });
    let folder = scratch("backup-busy");
    let mut files = Vec::new();
    while !writing.is_finished() {
        let file = folder.join(format!("{}.zip", files.len()));
        save(&app, &file).await.unwrap();
        files.push(file);
    }
    writing.await.unwrap();
    // Each is whole in itself: references are checked as it is filled. These have no reference that says so.
    for file in [files.first(), files.last()].into_iter().flatten() {
        let other = TestDatabase::without_tables().await;
        restore(&other.pool, file).await.unwrap();
        let torn: i64 = sqlx::query_scalar(
            "select count(*) from conversations c where not exists (select from messages where conversation_id = c.id) \
             or not exists (select from annotation_document_state where conversation_id = c.id)",
        )
        .fetch_one(&other.pool)
        .await
        .unwrap();
        assert_eq!(torn, 0);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_deleted_while_a_backup_runs_is_in_it_and_goes_afterwards() {
    let (app, instructor, _) = lived_in().await;
    let (path, id) = upload(&instructor, "deleted meanwhile").await;
    let lies_there = || app.uploads.join(&id).exists();
    // A table that it cannot read yet stops it in its midst.
    let mut lock = app.database.pool.begin().await.unwrap();
    sqlx::raw_sql("lock table tokens in access exclusive mode").execute(&mut *lock).await.unwrap();
    let file = scratch("backup-deleted").join("all.zip");
    let saving = async {
        save(&app, &file).await.unwrap();
    };
    let deleting = async {
        until(async || {
            let waits =
                "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and query like 'copy%')";
            sqlx::query_scalar(waits).fetch_one(&app.database.pool).await.unwrap()
        })
        .await;
        assert!(instructor.delete(&path).await.status.is_success());
        files::sweep(&app.database.pool, &app.files).await.unwrap();
        assert!(lies_there());
        lock.commit().await.unwrap();
    };
    tokio::join!(saving, deleting);
    files::sweep(&app.database.pool, &app.files).await.unwrap();
    assert!(!lies_there());

    let other = TestDatabase::without_tables().await;
    let (restored, folder) = restore_all(&other.pool, &file).await;
    assert_eq!(restored.unwrap().files, Some(3));
    assert_eq!(bytes_of(&folder)[&id], b"deleted meanwhile");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_what_was_uploaded_is_named_and_nothing_is_saved() {
    let (app, instructor, _) = lived_in().await;
    let (_, id) = upload(&instructor, "as it was").await;
    let folder = scratch("backup-rotten");
    let why = async || save(&app, &folder.join("all.zip")).await.unwrap_err().to_string();
    fs::write(app.uploads.join(&id), "as it is!").unwrap();
    assert_eq!(why().await, format!("the uploaded file {id}: its bytes are not those that were uploaded"));
    fs::remove_file(app.uploads.join(&id)).unwrap();
    assert!(why().await.starts_with(&format!("the uploaded file {id}: the store of files")));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    // It does not stop what is swept afterwards.
    let (path, gone) = upload(&instructor, "to go").await;
    instructor.delete(&path).await;
    until(async || !app.uploads.join(&gone).exists()).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_whose_files_are_damaged_or_forged_restores_nothing() {
    let (app, instructor, _) = lived_in().await;
    let (_, id) = upload(&instructor, "a true file").await;
    let file = scratch("backup-forged").join("all.zip");
    save(&app, &file).await.unwrap();
    let other = TestDatabase::without_tables().await;
    let why = async |file: PathBuf| {
        let (restored, folder) = restore_all(&other.pool, &file).await;
        assert!(bytes_of(&folder).is_empty(), "nothing stays");
        restored.unwrap_err().to_string()
    };

    let entry = format!("files/{id}");
    let forged = |_| b"a false one".to_vec();
    assert!(why(changed(&file, &entry, forged)).await.contains(&format!("{entry} is not what was saved")));
    // One that is right in itself, and another file than the table names.
    let sum = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (mut lines, mut listed) = (String::new(), Value::Null);
    let all_but_manifest = changed(&changed(&file, &entry, forged), "files/SHA256SUMS", |bytes| {
        lines = String::from_utf8(bytes).unwrap().replace(&sum(b"a true file"), &sum(b"a false one"));
        listed = json!({"bytes": lines.len(), "sha256": sum(lines.as_bytes())});
        lines.clone().into_bytes()
    });
    let whole = with_manifest(&all_but_manifest, |manifest| manifest["files"]["sum"] = listed);
    assert!(why(whole).await.contains("does not list the files that the tables name"));
    let silent = with_manifest(&file, |manifest| drop(manifest.as_object_mut().unwrap().remove("files")));
    assert!(why(silent).await.contains("says nothing of files"));

    let occupied = scratch("occupied");
    fs::write(occupied.join("something"), "of somebody").unwrap();
    let files = Files::in_folder(occupied.clone()).unwrap();
    let refused = backup::restore(&mut connection(&other.pool).await, &files, &file).await.unwrap_err();
    assert!(refused.to_string().contains("uploaded files already"), "{refused}");
    assert_eq!(bytes_of(&occupied).len(), 1);

    // An older version left them out, and said nothing of them.
    let older = with_manifest(&file, |manifest| {
        manifest["format"] = json!(1);
        manifest.as_object_mut().unwrap().remove("files");
    });
    assert_eq!(restore(&other.pool, &older).await.unwrap().files, None);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_older_tables_is_brought_up_to_date() {
    let old = TestDatabase::without_tables().await;
    database::migrate_to(&mut connection(&old.pool).await, 6).await.unwrap();
    sqlx::query("insert into users (id, name, email) values (gen_random_uuid(), 'Old Hand', 'old@example.test')")
        .execute(&old.pool)
        .await
        .unwrap();
    let file = scratch("backup-old").join("old.zip");
    let files = Files::in_folder(scratch("no-files")).unwrap();
    backup::save(&mut connection(&old.pool).await, &files, &file).await.unwrap();
    let new = TestDatabase::without_tables().await;
    restore(&new.pool, &file).await.unwrap();
    let (names, tables): (i64, bool) =
        sqlx::query_as("select (select count(*) from users), to_regclass('conversation_links') is not null")
            .fetch_one(&new.pool)
            .await
            .unwrap();
    assert!(names == 1 && tables);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_over() {
    let app = TestApp::start().await;
    let folder = scratch("backup-over");
    let file = folder.join("all.zip");
    save(&app, &file).await.unwrap();
    let why = save(&app, &file).await.unwrap_err().to_string();
    assert!(why.contains("all.zip exists"), "{why}");
    let why = restore(&app.database.pool, &file).await.unwrap_err().to_string();
    assert!(why.contains("not empty") && why.contains("has rows"), "{why}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no half of a file stays");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_damaged_or_forged_restores_nothing() {
    let (app, ..) = lived_in().await;
    let folder = scratch("backup-damaged");
    let file = folder.join("all.zip");
    save(&app, &file).await.unwrap();
    let cut = folder.join("cut.zip");
    let whole = fs::read(&file).unwrap();
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let other = TestDatabase::without_tables().await;
    let why = async |file: PathBuf| restore(&other.pool, &file).await.unwrap_err().to_string();

    assert!(why(folder.join("none.zip")).await.contains("none.zip"));
    assert!(why(cut).await.contains("cut.zip cannot be used"));
    let words = changed(&file, "tables/messages", |mut bytes| {
        bytes[40] ^= 1;
        bytes
    });
    assert!(why(words).await.contains("tables/messages is not what was saved"));
    let later = with_manifest(&file, |manifest| manifest["migration"] = json!(9999));
    assert!(why(later).await.contains("made by a later version"));
    let forged = with_manifest(&file, |manifest| {
        let table =
            manifest["tables"].as_array_mut().unwrap().iter_mut().find(|table| table["name"] == "users").unwrap();
        table["columns"][0] = json!("id) from program 'false'; --");
    });
    assert!(why(forged).await.contains("users is none of this program's"));
    let less = with_manifest(&file, |manifest| {
        manifest["tables"].as_array_mut().unwrap().retain(|table| table["name"] != "tokens");
    });
    assert!(why(less).await.contains("says nothing of the table tokens"));
    let rows: i64 = sqlx::query_scalar("select count(*) from users").fetch_one(&other.pool).await.unwrap();
    assert_eq!(rows, 0, "what was begun was taken back");
    restore(&other.pool, &file).await.unwrap();
    app.stop().await;
}
