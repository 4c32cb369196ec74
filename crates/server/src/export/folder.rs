//! Files of several conversations in one zip.

use std::collections::HashSet;

use shared::ids::{ConversationId, UserId};

use super::{Format, MAX_BYTES, Source, copy_name};
use crate::{access, error::Error, services::Services, zipped::Zipped};

/// Files, each with a name of its own.
#[derive(Default)]
pub(super) struct Folder {
    zip: Zipped,
    /// Names that are taken, without their ending, in small letters.
    names: HashSet<String>,
    /// Of all files, before they are packed.
    pub(super) bytes: usize,
}

impl Folder {
    /// Adds a file of that name, without its ending: with a number, if the name is taken.
    ///
    /// # Errors
    /// The archive's: a fault of ours.
    pub(super) fn add(&mut self, plain: &str, ending: &str, file: &[u8]) -> Result<(), Error> {
        self.bytes += file.len();
        let mut numbered = (2..).map(|number| format!("{plain}-{number}"));
        let mut names = std::iter::once(plain.to_owned()).chain(&mut numbered);
        let name = names.find(|name| self.names.insert(name.to_lowercase()));
        self.zip.add(&format!("{}.{ending}", name.unwrap_or_default()), file)
    }

    /// # Errors
    /// The archive's: a fault of ours.
    pub(super) fn finish(self) -> Result<Vec<u8>, Error> {
        self.zip.finish()
    }
}

/// Conversations as a file each, as the caller may read them; those that they may not (any more), or not copy, are left out.
///
/// # Errors
/// They come to more than a file may have ([`Error::TooLarge`]); the database's, or a document that cannot be read.
pub(crate) async fn of_conversations(
    services: &Services,
    caller: UserId,
    all: Vec<ConversationId>,
    format: Format,
) -> Result<Vec<u8>, Error> {
    let mut folder = Folder::default();
    for id in all {
        let reader = match access::reader(&services.db, caller, id).await {
            Err(Error::NotFound) => continue,
            reader => reader?,
        };
        if !reader.rights().may_copy {
            continue;
        }
        let source = Source::read(services, reader, format, None).await?;
        let name = copy_name::of(services, reader, source.title(), format.names(reader.rights())).await?;
        let adding = tokio::task::spawn_blocking(move || {
            let file = source.write()?;
            folder.add(&name, format.ending(), &file).map(|()| folder)
        });
        folder = adding.await.map_err(|error| Error::Internal(error.into()))??;
        if folder.bytes > MAX_BYTES {
            let limit = MAX_BYTES >> 20;
            let why = format!("These conversations come to more than {limit} MiB; look for something narrower.");
            return Err(Error::TooLarge(why));
        }
    }
    folder.finish()
}
