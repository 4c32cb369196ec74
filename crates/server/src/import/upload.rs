//! `POST /api/v1/import`: a file, stored whole or not at all.

use axum::{
    Json,
    extract::{Multipart, State, multipart::MultipartError},
    http::StatusCode,
};
use bytes::Bytes;
use shared::api::{ImportChoice, Imported, MAX_UPLOAD_BYTES, Share};

use super::{ImportError, Parsed};
use crate::{conversations, error::Error, services::Services, sessions::Caller};

/// The form's fields.
#[derive(Default)]
struct Form {
    file: Option<(String, Bytes)>,
    title: Option<String>,
    share: Share,
    choice: Option<usize>,
}

impl From<MultipartError> for Error {
    fn from(error: MultipartError) -> Self {
        match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::TooLarge(format!("file: it is too large; at most {} MiB can be imported.", MAX_UPLOAD_BYTES >> 20))
            }
            _ => Self::Invalid("bad_form", error.body_text()),
        }
    }
}

async fn read(mut multipart: Multipart) -> Result<Form, Error> {
    let mut form = Form::default();
    while let Some(field) = multipart.next_field().await? {
        match field.name().unwrap_or_default() {
            "file" => {
                let name = field.file_name().unwrap_or_default().to_owned();
                form.file = Some((name, field.bytes().await?));
            }
            "title" => form.title = Some(field.text().await?).filter(|title| !title.trim().is_empty()),
            "share" => form.share = if field.text().await? == "class" { Share::Class } else { Share::None },
            "choice" => {
                let text = field.text().await?;
                let index = text.parse().map_err(|_| Error::Invalid("bad_choice", format!("choice: {text:?} is no number.")))?;
                form.choice = Some(index);
            }
            other => return Err(Error::Invalid("unknown_field", format!("{other:?} is not a field of this form."))),
        }
    }
    Ok(form)
}

/// Reads a file; where it holds several conversations and none is chosen, lists them.
pub async fn upload(
    State(services): State<Services>,
    caller: Caller,
    multipart: Multipart,
) -> Result<(StatusCode, Json<Imported>), Error> {
    let Form { file, title, share, choice } = read(multipart).await?;
    let Some((name, bytes)) = file else {
        return Err(Error::Invalid("no_file", "file: choose a file to import.".into()));
    };
    // Unpacking and parsing may take a second of work: not on the threads that serve everybody.
    let parsed = tokio::task::spawn_blocking(move || super::file(&name, &bytes))
        .await
        .map_err(|error| Error::Internal(error.into()))??;
    let mut chosen = match choose(parsed, choice)? {
        Ok(conversation) => conversation,
        Err(choices) => return Ok((StatusCode::OK, Json(Imported::Choose(choices)))),
    };
    if let Some(title) = title {
        chosen.title = super::checked_title(&title)?;
    }
    let notes = chosen.notes.clone();
    let id = conversations::store(&services.db, caller.id, chosen, share).await?;
    Ok((StatusCode::CREATED, Json(Imported::Created { id, notes })))
}

type Chosen = Result<super::ImportedConversation, Vec<ImportChoice>>;

fn choose(parsed: Parsed, choice: Option<usize>) -> Result<Chosen, ImportError> {
    let _ = (parsed, choice);
    unreachable!("written when the parser's types are in")
}
