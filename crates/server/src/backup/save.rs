//! Writing a backup.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use futures::StreamExt;
use sqlx::{Connection, PgConnection};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    BackupError, FORMAT, MANIFEST, Manifest, Meter, Summary, Table,
    tables::{self, Plan},
    uploads,
};
use crate::files::Files;

/// Saves all tables and files as they are at one moment into a new file, which is there whole or not at all.
///
/// Nobody waits for it: it reads one snapshot of the database. Files never change; those that are deleted meanwhile are
/// taken away when it is done.
///
/// # Errors
/// The file exists, the disk, the database, an uploaded file that is not there or not what was uploaded. Then no file of
/// that name is left.
pub async fn save(connection: &mut PgConnection, uploaded: &Files, file: &Path) -> Result<Summary, BackupError> {
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let partial = Partial::create(file)?;
    uploads::hold(connection).await?;
    let written = write(connection, uploaded, &partial).await;
    uploads::let_go(connection).await?;
    let manifest = written?;
    partial.keep(file)?;
    Ok(Summary::of(file.to_owned(), &manifest))
}

async fn write(connection: &mut PgConnection, uploaded: &Files, partial: &Partial) -> Result<Manifest, BackupError> {
    let disk = |error: io::Error| partial.disk(error);
    let mut zip = ZipWriter::new(BufWriter::new(partial.file.try_clone().map_err(disk)?));
    let mut snapshot = connection.begin_with("begin isolation level repeatable read read only").await?;
    tables::settle(&mut snapshot).await?;
    let made_at = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    let migration = tables::migration(&mut snapshot).await?.unwrap_or_default();
    let mut written = Vec::new();
    for plan in tables::all(&mut snapshot).await?.into_iter().filter(Plan::is_saved) {
        written.push(table(&mut snapshot, plan, &mut zip).await?.map_err(disk)?);
    }
    let there = uploads::all(&mut snapshot).await?;
    snapshot.commit().await?;
    let files = Some(uploads::save(&there, uploaded, &mut zip, disk).await?);
    let program = env!("CARGO_PKG_VERSION").to_owned();
    let manifest = Manifest { format: FORMAT, program, made_at, migration, tables: written, files };
    let finish = || -> io::Result<()> {
        zip.start_file(MANIFEST, options())?;
        serde_json::to_writer_pretty(&mut zip, &manifest)?;
        zip.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    };
    finish().map_err(disk)?;
    Ok(manifest)
}

/// The database's errors, and within them the disk's.
async fn table(
    connection: &mut PgConnection,
    plan: Plan,
    zip: &mut ZipWriter<BufWriter<File>>,
) -> Result<io::Result<Table>, sqlx::Error> {
    let mut meter = Meter::default();
    let mut rows = 0;
    if let Err(error) = zip.start_file(format!("tables/{}", plan.name), options()) {
        return Ok(Err(error.into()));
    }
    {
        let mut lines = std::pin::pin!(plan.read(connection).await?);
        while let Some(chunk) = lines.next().await {
            let chunk = chunk?;
            meter.pass(&chunk);
            // A line break within a value is written as two characters.
            rows += chunk.iter().filter(|byte| **byte == b'\n').count() as u64;
            if let Err(error) = zip.write_all(&chunk) {
                return Ok(Err(error));
            }
        }
    }
    Ok(Ok(Table { name: plan.name, columns: plan.columns, rows, sum: meter.sum() }))
}

pub(super) fn options() -> SimpleFileOptions {
    // How long a table will be is not known before.
    SimpleFileOptions::default().large_file(true)
}

/// A file that is not finished: it goes away unless it is kept.
struct Partial {
    path: PathBuf,
    file: File,
}

impl Partial {
    fn create(whole: &Path) -> Result<Self, BackupError> {
        let mut name = whole.as_os_str().to_owned();
        name.push(".partial");
        let path = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(file) => Ok(Self { path, file }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(BackupError::Exists(path)),
            Err(source) => Err(BackupError::Disk { file: path, source }),
        }
    }

    fn disk(&self, source: io::Error) -> BackupError {
        BackupError::Disk { file: self.path.clone(), source }
    }

    /// Gives it its name, unless something has that name by now.
    fn keep(self, whole: &Path) -> Result<(), BackupError> {
        match fs::hard_link(&self.path, whole) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(BackupError::Exists(whole.to_owned())),
            // Some file systems know no links.
            Err(_) => fs::rename(&self.path, whole).map_err(|source| self.disk(source)),
            Ok(()) => Ok(()),
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Gone already where it was renamed.
        let _ = fs::remove_file(&self.path);
    }
}
