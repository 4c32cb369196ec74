//! Uploaded files in a backup: `files/ID` for each, and [`SUMS`], which `sha256sum --check` reads too.

use std::{fs::File, io::BufWriter, io::Write};

use futures::StreamExt;
use shared::ids::FileId;
use sqlx::PgConnection;
use uuid::Uuid;
use zip::ZipWriter;

use super::{BackupError, Meter, Sum, Uploads, save::options};
use crate::{error::Error, files::Files};

/// The entry that lists them.
pub(super) const SUMS: &str = "files/SHA256SUMS";

/// Held by a backup from before its snapshot until it has read all files, so that none of them is swept away meanwhile;
/// and by a sweep while it takes some away.
const LOCK: i64 = 0x6669_6c65_735f_6b70;

/// A file whose bytes are there for people to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Upload {
    pub(super) id: FileId,
    pub(super) sum: Sum,
}

impl Upload {
    pub(super) fn entry(&self) -> String {
        format!("files/{}", self.id)
    }

    fn line(&self) -> String {
        format!("{}  {}\n", self.sum.sha256, self.entry())
    }

    pub(super) fn bad(&self, why: impl Into<String>) -> BackupError {
        BackupError::Upload { id: self.id, why: why.into() }
    }

    fn failed(&self, error: &Error) -> BackupError {
        match error {
            Error::Internal(error) => self.bad(format!("{error:#}")),
            error => self.bad(error.to_string()),
        }
    }

    /// Compares what lies in the store with what its row says of it.
    pub(super) async fn check(
        &self,
        files: &Files,
        mut each: impl FnMut(&[u8]) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let mut bytes = files.stream(self.id).await.map_err(|error| self.failed(&error))?;
        let mut meter = Meter::default();
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(|error| self.bad(error.to_string()))?;
            meter.pass(&chunk);
            each(&chunk)?;
        }
        match meter.sum() == self.sum {
            true => Ok(()),
            false => Err(self.bad("its bytes are not those that were uploaded")),
        }
    }

    /// Puts it into the store, and reads it again.
    pub(super) async fn put(&self, files: &Files, bytes: Vec<u8>) -> Result<(), BackupError> {
        files.put(self.id, bytes.into()).await.map_err(|error| self.failed(&error))?;
        self.check(files, |_| Ok(())).await
    }
}

/// All of them, as the tables have them in this transaction; tables from before there were files have none.
pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<Upload>, sqlx::Error> {
    let there: bool =
        sqlx::query_scalar("select to_regclass('public.files') is not null").fetch_one(&mut *connection).await?;
    if !there {
        return Ok(Vec::new());
    }
    let rows: Vec<(Uuid, i64, String)> = sqlx::query_as(
        "select id, size, encode(sha256, 'hex') from public.files \
         where stored_at is not null and deleted_at is null order by id",
    )
    .fetch_all(connection)
    .await?;
    let uploads = rows.into_iter().map(|(id, size, sha256)| Upload {
        id: FileId::from_uuid(id),
        sum: Sum { bytes: size.unsigned_abs(), sha256 },
    });
    Ok(uploads.collect())
}

/// Writes all of them, a piece at a time.
pub(super) async fn save(
    uploads: &[Upload],
    files: &Files,
    zip: &mut ZipWriter<BufWriter<File>>,
    disk: impl Fn(std::io::Error) -> BackupError + Copy,
) -> Result<Uploads, BackupError> {
    for upload in uploads {
        zip.start_file(upload.entry(), options()).map_err(|error| disk(error.into()))?;
        upload.check(files, |chunk| zip.write_all(chunk).map_err(disk)).await?;
    }
    let (lines, sum) = listing(uploads);
    zip.start_file(SUMS, options()).map_err(|error| disk(error.into()))?;
    zip.write_all(lines.as_bytes()).map_err(disk)?;
    Ok(Uploads { count: uploads.len() as u64, bytes: uploads.iter().map(|upload| upload.sum.bytes).sum(), sum })
}

/// The entry that lists them, and what it comes to.
pub(super) fn listing(uploads: &[Upload]) -> (String, Sum) {
    let lines: String = uploads.iter().map(Upload::line).collect();
    let mut meter = Meter::default();
    meter.pass(lines.as_bytes());
    (lines, meter.sum())
}

/// Keeps all files of this moment from being swept away until [`let_go`], or until the connection ends. To be called
/// before the snapshot is taken: what a sweep took away earlier is then not in it.
pub(super) async fn hold(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_lock_shared($1)").bind(LOCK).execute(connection).await.map(drop)
}

/// See [`hold`].
pub(super) async fn let_go(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_unlock_shared($1)").bind(LOCK).execute(connection).await.map(drop)
}

/// Whether no backup is reading files now. None begins before the transaction ends.
///
/// # Errors
/// The database's.
pub async fn may_sweep(transaction: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select pg_try_advisory_xact_lock($1)").bind(LOCK).fetch_one(transaction).await
}
