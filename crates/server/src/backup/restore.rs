//! Reading a backup into an empty database.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use sqlx::{Acquire, PgConnection};
use zip::{ZipArchive, result::ZipError};

use super::{
    BackupError, FORMAT, MANIFEST, Manifest, Meter, Summary, Table,
    tables::{self, Plan},
};
use crate::database;

/// Bytes that are read at once.
const CHUNK: usize = 1 << 18;

/// A manifest names some dozens of tables.
const MANIFEST_BYTES: u64 = 1 << 20;

/// Fills an empty database from a backup: all of it or nothing. The tables are made as they were when the backup was,
/// filled, compared with it by their sums, and then brought up to date.
///
/// # Errors
/// The file is damaged or later than this program, the database is not empty or is another, or what was written does not
/// read back the same.
pub async fn restore(connection: &mut PgConnection, file: &Path) -> Result<Summary, BackupError> {
    let mut archive = Archive::open(file)?;
    let manifest = archive.manifest()?;
    if manifest.format != FORMAT || !database::has_migration(manifest.migration) {
        return Err(BackupError::Later(manifest.program));
    }
    for table in &manifest.tables {
        archive.verify(table)?;
    }
    // A large table takes longer than a request may.
    sqlx::raw_sql("set statement_timeout = 0").execute(&mut *connection).await?;
    for plan in tables::all(connection).await? {
        if !plan.is_empty(connection).await? {
            return Err(BackupError::NotEmpty(plan.name));
        }
    }
    database::migrate_to(connection, manifest.migration).await.map_err(BackupError::Migration)?;
    fill(connection, &mut archive, &manifest).await?;
    database::migrate(connection).await.map_err(BackupError::Migration)?;
    sqlx::raw_sql("analyze").execute(connection).await?;
    Ok(Summary::of(file.to_owned(), &manifest))
}

async fn fill(
    connection: &mut PgConnection,
    archive: &mut Archive<'_>,
    manifest: &Manifest,
) -> Result<(), BackupError> {
    let mut all = connection.begin().await?;
    tables::settle(&mut all).await?;
    let there = tables::all(&mut all).await?;
    let missing = there.iter().find(|plan| !manifest.tables.iter().any(|table| table.name == plan.name));
    if let Some(plan) = missing {
        return Err(archive.damaged(format!("it says nothing of the table {}", plan.name)));
    }
    for table in &manifest.tables {
        let plan = Plan { name: table.name.clone(), columns: table.columns.clone() };
        // Names become part of a statement: only those that exist do.
        let is_known = there.iter().any(|known| known.name == plan.name && known.columns == plan.columns);
        if !is_known {
            return Err(archive.damaged(format!("the table {} is none of this program's", plan.name)));
        }
        plan.fill(&mut all, archive.lines(table)?).await?;
        if plan.sum(&mut all).await? != table.sum {
            return Err(BackupError::Differs(plan.name));
        }
    }
    tables::count_on(&mut all).await?;
    Ok(all.commit().await?)
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

    /// Reads a table once to its end: nothing is begun with a file that is damaged.
    fn verify(&mut self, table: &Table) -> Result<(), BackupError> {
        let mut meter = Meter::default();
        for chunk in self.lines(table)? {
            meter.pass(&chunk?);
        }
        if meter.sum() == table.sum {
            return Ok(());
        }
        Err(self.damaged(format!("tables/{} is not what was saved (its sum differs)", table.name)))
    }

    fn lines(
        &mut self,
        table: &Table,
    ) -> Result<impl Iterator<Item = Result<Vec<u8>, BackupError>> + use<'_, 'f>, BackupError> {
        let (file, name) = (self.file, format!("tables/{}", table.name));
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
