//! Zip archives that are written whole, in memory.

use std::io::{Cursor, Write};

use zip::{ZipWriter, result::ZipError, write::SimpleFileOptions};

use crate::error::Error;

/// A zip that is being written, a part after the other.
pub struct Zipped(ZipWriter<Cursor<Vec<u8>>>);

impl Default for Zipped {
    /// One without parts.
    fn default() -> Self {
        Self(ZipWriter::new(Cursor::new(Vec::new())))
    }
}

impl Zipped {
    /// Adds a part, deflated.
    ///
    /// # Errors
    /// A name that is there already, or what the format does not hold: a fault of ours.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.start(name).and_then(|()| Ok(self.0.write_all(bytes)?)).map_err(failed)
    }

    fn start(&mut self, name: &str) -> Result<(), ZipError> {
        self.0.start_file(name, SimpleFileOptions::default())
    }

    /// The archive's bytes.
    ///
    /// # Errors
    /// What the format does not hold: a fault of ours.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        Ok(self.0.finish().map_err(failed)?.into_inner())
    }
}

fn failed(error: ZipError) -> Error {
    Error::Internal(error.into())
}

/// A zip of these parts, in their order.
///
/// # Errors
/// As [`Zipped`] has them.
pub fn of<'n>(parts: impl IntoIterator<Item = (&'n str, Vec<u8>)>) -> Result<Vec<u8>, Error> {
    let mut zip = Zipped::default();
    for (name, bytes) in parts {
        zip.add(name, &bytes)?;
    }
    zip.finish()
}
