//! Reading a backup into an empty database.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use sqlx::{Acquire, PgConnection};
use zip::{ZipArchive, result::ZipError};

use super::{
    BackupError, FORMAT, MANIFEST, Manifest, Meter, Summary, Uploads,
    tables::{self, Plan},
    uploads::{self, SUMS, Upload},
};
use crate::{database, error::Error, files::Files};

/// Bytes that are read at once.
const CHUNK: usize = 1 << 18;

/// A manifest names some dozens of tables.
const MANIFEST_BYTES: u64 = 1 << 20;

/// Fills an empty database and an empty store of files from a backup: all of it or nothing. The tables are made as they
/// were when the backup was, filled, compared with it by their sums, and then brought up to date.
///
/// # Errors
/// The file is damaged or later than this program, the database is not empty or is another, there are files already, or
/// what was written does not read back the same.
pub async fn restore(connection: &mut PgConnection, files: &Files, file: &Path) -> Result<Summary, BackupError> {
    let mut archive = Archive::open(file)?;
    let manifest = archive.manifest()?;
    if !(1..=FORMAT).contains(&manifest.format) || !database::has_migration(manifest.migration) {
        return Err(BackupError::Later(manifest.program));
    }
    if manifest.format > 1 && manifest.files.is_none() {
        return Err(archive.damaged(format!("{MANIFEST} says nothing of files")));
    }
    for table in &manifest.tables {
        archive.verify(&format!("tables/{}", table.name), &table.sum.sha256)?;
    }
    if let Some(uploads) = &manifest.files {
        archive.verify_files(uploads)?;
        match files.is_empty().await {
            Ok(true) => {}
            Ok(false) => return Err(BackupError::FilesThere),
            Err(Error::Internal(error)) => return Err(BackupError::Store(format!("{error:#}"))),
            Err(error) => return Err(BackupError::Store(error.to_string())),
        }
    }
    // A large table takes longer than a request may.
    sqlx::raw_sql("set statement_timeout = 0").execute(&mut *connection).await?;
    for plan in tables::all(connection).await? {
        if !plan.is_empty(connection).await? {
            return Err(BackupError::NotEmpty(plan.name));
        }
    }
    database::migrate_to(connection, manifest.migration).await.map_err(BackupError::Migration)?;
    fill(connection, files, &mut archive, &manifest).await?;
    database::migrate(connection).await.map_err(BackupError::Migration)?;
    sqlx::raw_sql("analyze").execute(connection).await?;
    Ok(Summary::of(file.to_owned(), &manifest))
}

/// Files are put into the store before the rows that name them are committed, and taken out again when these are not.
async fn fill(
    connection: &mut PgConnection,
    files: &Files,
    archive: &mut Archive<'_>,
    manifest: &Manifest,
) -> Result<(), BackupError> {
    let mut all = connection.begin().await?;
    tables::settle(&mut all).await?;
    fill_tables(&mut all, archive, manifest).await?;
    let Some(listed) = &manifest.files else { return Ok(all.commit().await?) };
    let uploads = uploads::all(&mut all).await?;
    if uploads::listing(&uploads).1 != listed.sum {
        return Err(archive.damaged(format!("{SUMS} does not list the files that the tables name")));
    }
    let mut done = archive.put(&uploads, files).await;
    if done.is_ok() {
        done = all.commit().await.map_err(BackupError::from);
    }
    if done.is_err() {
        for upload in &uploads {
            // What is said is why nothing was restored, not what is left to sweep up.
            let _ = files.remove(upload.id).await;
        }
    }
    done
}

async fn fill_tables(
    all: &mut PgConnection,
    archive: &mut Archive<'_>,
    manifest: &Manifest,
) -> Result<(), BackupError> {
    let there = tables::all(all).await?;
    tables::begin_empty(all, &there).await?;
    let missing =
        there.iter().find(|plan| plan.is_saved() && !manifest.tables.iter().any(|table| table.name == plan.name));
    if let Some(plan) = missing {
        return Err(archive.damaged(format!("it says nothing of the table {}", plan.name)));
    }
    for table in &manifest.tables {
        let plan = Plan { name: table.name.clone(), columns: table.columns.clone() };
        // Names become part of a statement: only those that exist do.
        let is_known =
            plan.is_saved() && there.iter().any(|known| known.name == plan.name && known.columns == plan.columns);
        if !is_known {
            return Err(archive.damaged(format!("the table {} is none of this program's", plan.name)));
        }
        plan.fill(all, archive.pieces(&format!("tables/{}", table.name))?).await?;
        if plan.sum(all).await? != table.sum {
            return Err(BackupError::Differs(plan.name));
        }
    }
    Ok(tables::count_on(all).await?)
}

struct Archive<'f> {
    file: &'f Path,
    zip: ZipArchive<BufReader<File>>,
}

impl<'f> Archive<'f> {
    fn open(file: &'f Path) -> Result<Self, BackupError> {
        let disk = |source| BackupError::Disk { file: file.to_owned(), source };
        let opened = File::open(file).map_err(disk)?;
        match ZipArchive::new(BufReader::new(opened)) {
            Ok(zip) => Ok(Self { file, zip }),
            Err(ZipError::Io(source)) => Err(disk(source)),
            Err(error) => Err(BackupError::Damaged { file: file.to_owned(), why: error.to_string() }),
        }
    }

    fn damaged(&self, why: String) -> BackupError {
        BackupError::Damaged { file: self.file.to_owned(), why }
    }

    fn entry(&mut self, name: &str) -> Result<impl Read + use<'_, 'f>, BackupError> {
        let file = self.file;
        self.zip
            .by_name(name)
            .map_err(|error| BackupError::Damaged { file: file.to_owned(), why: format!("{name}: {error}") })
    }

    fn manifest(&mut self) -> Result<Manifest, BackupError> {
        let mut text = Vec::new();
        let read = self.entry(MANIFEST)?.take(MANIFEST_BYTES).read_to_end(&mut text);
        read.map_err(|error| self.damaged(format!("{MANIFEST}: {error}")))?;
        serde_json::from_slice(&text).map_err(|error| self.damaged(format!("{MANIFEST}: {error}")))
    }

    /// Reads an entry once to its end: nothing is begun with a file that is damaged.
    fn verify(&mut self, name: &str, sha256: &str) -> Result<(), BackupError> {
        let mut meter = Meter::default();
        for piece in self.pieces(name)? {
            meter.pass(&piece?);
        }
        if meter.sum().sha256 == sha256 {
            return Ok(());
        }
        Err(self.damaged(format!("{name} is not what was saved (its sum differs)")))
    }

    /// Reads all uploaded files once.
    fn verify_files(&mut self, uploads: &Uploads) -> Result<(), BackupError> {
        self.verify(SUMS, &uploads.sum.sha256)?;
        let mut lines = String::new();
        let read = self.entry(SUMS)?.read_to_string(&mut lines);
        read.map_err(|error| self.damaged(format!("{SUMS}: {error}")))?;
        for line in lines.lines() {
            let Some((sum, name)) = line.split_once("  ") else {
                return Err(self.damaged(format!("{SUMS} has a line that is none: {line:.80}")));
            };
            self.verify(name, sum)?;
        }
        Ok(())
    }

    /// Puts uploaded files into the store, one at a time.
    async fn put(&mut self, uploads: &[Upload], files: &Files) -> Result<(), BackupError> {
        for upload in uploads {
            let mut bytes = Vec::new();
            // A row says of no file that it is larger than one may be.
            let read = self.entry(&upload.entry())?.take(upload.sum.bytes + 1).read_to_end(&mut bytes);
            read.map_err(|error| self.damaged(format!("{}: {error}", upload.entry())))?;
            upload.put(files, bytes).await?;
        }
        Ok(())
    }

    fn pieces(
        &mut self,
        name: &str,
    ) -> Result<impl Iterator<Item = Result<Vec<u8>, BackupError>> + use<'_, 'f>, BackupError> {
        let (file, name) = (self.file, name.to_owned());
        let entry = self.entry(&name)?;
        Ok(Chunks(entry).map(move |chunk| {
            chunk.map_err(|error| BackupError::Damaged { file: file.to_owned(), why: format!("{name}: {error}") })
        }))
    }
}

/// What is read, in pieces.
struct Chunks<R>(R);

impl<R: Read> Iterator for Chunks<R> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut chunk = Vec::with_capacity(CHUNK);
        match self.0.by_ref().take(CHUNK as u64).read_to_end(&mut chunk) {
            Ok(0) => None,
            Ok(_) => Some(Ok(chunk)),
            Err(error) => Some(Err(error)),
        }
    }
}
