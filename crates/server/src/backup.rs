//! All tables and uploaded files of a server in one file, and back: consistent while the server runs, checked sum by sum,
//! and proved equal before a restore counts.
//!
//! The file is a zip: `manifest.json` (`Manifest`), one `tables/NAME` for each table, as Postgres's `COPY` writes it as
//! text (so that it can be read with nothing but a zip program, and by any later Postgres), one `files/ID` for each
//! uploaded file, and `files/SHA256SUMS`. It holds people's words and addresses, and hashes of what lets them in; it is
//! readable for its owner alone.

use std::{io, path::PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::ids::FileId;

pub use restore::restore;
pub use save::save;
pub use uploads::may_sweep;

mod restore;
mod save;
mod tables;
mod uploads;

/// What this program writes. It reads 1 too, which had no uploaded files.
const FORMAT: u32 = 2;

const MANIFEST: &str = "manifest.json";

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Of this file.
    pub format: u32,
    /// Of the program that made it.
    pub program: String,
    /// When the picture was taken that it holds, RFC 3339.
    pub made_at: String,
    /// The state of the tables: all migrations up to this one.
    pub migration: i64,
    /// In the order in which they can be filled: whatever refers to another comes after it.
    pub tables: Vec<Table>,
    /// What people uploaded; nothing is said of it in format 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Uploads>,
}

/// The uploaded files of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploads {
    /// How many.
    pub count: u64,
    /// Of all of them together.
    pub bytes: u64,
    /// Of the entry that lists them with their sums.
    pub sum: Sum,
}

/// A table of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name, in the schema `public`.
    pub name: String,
    /// In the order of its lines.
    pub columns: Vec<String>,
    /// How many lines there are.
    pub rows: u64,
    /// How long they are and what they come to.
    pub sum: Sum,
}

/// Bytes and their SHA-256, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many bytes.
    pub bytes: u64,
    /// Of all of them.
    pub sha256: String,
}

/// What was saved or restored, to be told.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The backup.
    pub file: PathBuf,
    /// When the picture was taken that it holds, RFC 3339.
    pub made_at: String,
    /// Tables in it.
    pub tables: usize,
    /// Rows of all of them.
    pub rows: u64,
    /// Uploaded files in it; not said where an older version made it, which left them out.
    pub files: Option<u64>,
}

impl Summary {
    fn of(file: PathBuf, manifest: &Manifest) -> Self {
        let rows = manifest.tables.iter().map(|table| table.rows).sum();
        let files = manifest.files.as_ref().map(|files| files.count);
        Self { file, made_at: manifest.made_at.clone(), tables: manifest.tables.len(), rows, files }
    }
}

/// Why there is no backup, or nothing was restored. Each is one line that says what and where.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nothing is written over.
    #[error("{0} exists; give another name or remove it first")]
    Exists(PathBuf),
    /// The disk's, with the file.
    #[error("{file}: {source}")]
    Disk {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no backup, or a damaged one.
    #[error("{file} cannot be used: {why}")]
    Damaged {
        /// Which file.
        file: PathBuf,
        /// What is wrong, and where in it.
        why: String,
    },
    /// It was made by a later program.
    #[error("the backup was made by a later version ({0}); restore it with that one or a later one")]
    Later(String),
    /// There is something already.
    #[error("the database is not empty ({0} has rows); restore into a fresh DATA_DIR, or an empty database")]
    NotEmpty(String),
    /// Files lie there already.
    #[error("there are uploaded files already, in DATA_DIR or where FILES_URL leads; restore into a fresh place")]
    FilesThere,
    /// It cannot be asked what is there.
    #[error("{0}")]
    Store(String),
    /// A file that a row names cannot be read, or what is read is not what was uploaded.
    #[error("the uploaded file {id}: {why}")]
    Upload {
        /// Its id, which is its name in the store.
        id: FileId,
        /// What is wrong with it.
        why: String,
    },
    /// What came back is not what went in.
    #[error("table {0} does not read back as it was saved; nothing was restored")]
    Differs(String),
    /// Two tables refer to each other, so that neither can be filled first.
    #[error("the tables {0} refer to one another in a circle; this version cannot order them")]
    Circle(String),
    /// The database's.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The tables cannot be made.
    #[error("{0:#}")]
    Migration(anyhow::Error),
}

/// Counts and sums what passes.
#[derive(Default)]
struct Meter {
    bytes: u64,
    sha256: Sha256,
}

impl Meter {
    fn pass(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.sha256.update(bytes);
    }

    fn sum(self) -> Sum {
        Sum { bytes: self.bytes, sha256: self.sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect() }
    }
}
