//! Where the bytes are: one object a file, named by the file's id alone. Nothing that a person chose becomes part of a
//! path.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use object_store::{ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path};
use shared::ids::FileId;
use tokio::sync::Notify;

use super::bucket;
use crate::{
    config::{Bucket, Config},
    error::Error,
};

/// The files of everybody.
#[derive(Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    place: Arc<Place>,
    sweep: Arc<Notify>,
}

/// What kind of store it is.
enum Place {
    /// This folder of the local disk.
    Folder(PathBuf),
    /// Elsewhere.
    Bucket(Box<Bucket>),
}

fn name_of(file: FileId) -> Path {
    Path::from(file.to_string())
}

fn failed(error: object_store::Error) -> Error {
    Error::Internal(anyhow::Error::new(error).context("the store of files"))
}

impl Files {
    /// Those of a server.
    ///
    /// # Errors
    /// Their folder cannot be made, or the settings of their store make none.
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        match &config.files {
            None => Self::in_folder(config.data_dir.join("files")).context("cannot make the folder of files"),
            Some(of) => {
                let store = bucket::open(of).context("FILES_URL")?;
                Ok(Self { store, place: Arc::new(Place::Bucket(Box::new(of.clone()))), sweep: Arc::default() })
            }
        }
    }

    /// Files in a folder of the local disk, which is made where it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn in_folder(folder: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        // A row that says that its bytes are stored must be right after a loss of power too.
        let store = LocalFileSystem::new_with_prefix(&folder)?.with_fsync(true);
        Ok(Self { store: Arc::new(store), place: Arc::new(Place::Folder(folder)), sweep: Arc::default() })
    }

    /// Asks a store that is elsewhere whether it takes us for whom we say we are. One that gives no answer now may give one
    /// later, and all but files works meanwhile: that is told in the log.
    ///
    /// # Errors
    /// It refuses us, or has no such bucket.
    pub async fn check(&self) -> anyhow::Result<()> {
        match &*self.place {
            Place::Folder(_) => Ok(()),
            Place::Bucket(of) => bucket::check(of, &*self.store).await,
        }
    }

    /// Stores a file's bytes: all of them or none.
    pub(crate) async fn put(&self, file: FileId, bytes: Bytes) -> Result<(), Error> {
        self.store.put(&name_of(file), bytes.into()).await.map(|_| ()).map_err(failed)
    }

    /// A file's bytes, all at once.
    pub(super) async fn read(&self, file: FileId) -> Result<Bytes, Error> {
        self.store.get(&name_of(file)).await.map_err(failed)?.bytes().await.map_err(failed)
    }

    /// A file's bytes as they are read.
    pub(crate) async fn stream(
        &self,
        file: FileId,
    ) -> Result<impl Stream<Item = Result<Bytes, object_store::Error>> + Send + use<>, Error> {
        Ok(self.store.get(&name_of(file)).await.map_err(failed)?.into_stream().boxed())
    }

    /// Takes away a file's bytes, whole or not; it is no error if there are none.
    pub(crate) async fn remove(&self, file: FileId) -> Result<(), Error> {
        match self.store.delete(&name_of(file)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(failed(error)),
        }
        // Elsewhere an object is there whole or not at all.
        let Place::Folder(folder) = &*self.place else { return Ok(()) };
        // What a crash leaves of a write: `LocalFileSystem` writes to this name first. Each file is written once.
        match tokio::fs::remove_file(folder.join(format!("{file}#1"))).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::Internal(error.into())),
            _ => Ok(()),
        }
    }

    /// Whether there is nothing in it.
    pub(crate) async fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.store.list(None).next().await.transpose().map_err(failed)?.is_none())
    }

    /// Has what is deleted taken away now, not at the next hour.
    pub fn sweep_soon(&self) {
        self.sweep.notify_one();
    }

    /// Resolves when somebody asked for that.
    pub(super) async fn swept_soon(&self) {
        self.sweep.notified().await;
    }
}
