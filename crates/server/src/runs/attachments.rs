//! Files that were sent along with messages, as the model gets them: words as words, pictures and PDFs as they are.

use std::collections::HashMap;

use shared::ids::{ConversationId, FileId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::{
    error::Error,
    files,
    model::{self, Part},
    services::Services,
};

/// Bytes of files that one question holds: the newest count. Servers take 50 MB at most, and base64 is a third longer.
const MAX_BYTES: i64 = 20 << 20;

/// A file that was sent along with a message.
struct Sent {
    message_id: Uuid,
    id: Uuid,
    name: String,
    media_type: String,
    size: i64,
    deleted: bool,
}

/// What was sent along with these messages of a conversation, which stand in their order: the newest message first.
async fn sent(db: impl PgExecutor<'_>, conversation: ConversationId, messages: &[Uuid]) -> Result<Vec<Sent>, Error> {
    let rows = sqlx::query_as!(
        Sent,
        r#"select a.message_id, f.id, f.name, f.media_type, f.size, f.deleted_at is not null as "deleted!"
           from unnest($2::uuid[]) with ordinality as asked (id, number)
           join message_files a on a.conversation_id = $1 and a.message_id = asked.id
           join files f on f.id = a.file_id
           order by asked.number desc, a.position"#,
        conversation.uuid(),
        messages
    );
    Ok(rows.fetch_all(db).await?)
}

/// What these files weigh beside words, in bytes of these.
pub(super) async fn weigh(
    conn: &mut PgConnection,
    conversation: ConversationId,
    messages: &[Uuid],
) -> Result<i64, Error> {
    let (mut bytes, mut weight) = (0, 0);
    for file in sent(conn, conversation, messages).await? {
        if !file.deleted && bytes + file.size <= MAX_BYTES {
            bytes += file.size;
            weight += model::weight(&file.media_type, file.size);
        }
    }
    Ok(weight)
}

/// The files of these messages, by message.
pub(super) async fn of_messages(
    services: &Services,
    conversation: ConversationId,
    messages: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Part>>, Error> {
    let mut parts: HashMap<Uuid, Vec<Part>> = HashMap::new();
    let mut bytes = 0;
    for file in sent(&services.db, conversation, messages).await? {
        let part = if file.deleted {
            told(&file.name, "was deleted")
        } else if bytes + file.size > MAX_BYTES {
            told(&file.name, "is left out: there are too many large files in this conversation")
        } else {
            bytes += file.size;
            part(file.name, file.media_type, files::read(services, FileId::from_uuid(file.id)).await?)
        };
        parts.entry(file.message_id).or_default().push(part);
    }
    Ok(parts)
}

fn told(name: &str, what: &str) -> Part {
    Part::Text(format!("[The file {name} {what}.]"))
}

/// How the model is given a file.
enum Kind<'a> {
    Image,
    Pdf,
    Words(&'a str),
    Unreadable,
}

/// What the bytes are was found out when they were stored.
fn kind<'a>(media_type: &str, bytes: &'a [u8]) -> Kind<'a> {
    match media_type {
        "image/png" | "image/jpeg" | "image/gif" | "image/webp" => Kind::Image,
        "application/pdf" => Kind::Pdf,
        _ => match std::str::from_utf8(bytes) {
            Ok(words) if !words.contains('\0') => Kind::Words(words),
            _ => Kind::Unreadable,
        },
    }
}

fn part(name: String, media_type: String, bytes: bytes::Bytes) -> Part {
    match kind(&media_type, &bytes) {
        Kind::Image => Part::Image { media_type, bytes },
        Kind::Pdf => Part::Pdf { name, bytes },
        Kind::Words(words) => Part::Text(format!("File {name}:\n\n{words}")),
        Kind::Unreadable => told(&name, "is of a kind that cannot be read here"),
    }
}

/// Whether a file of this media type, which its bytes were given, is of a kind that a model is given.
pub fn is_read(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || matches!(kind(media_type, b"\0"), Kind::Image | Kind::Pdf)
        || media_type == "application/json"
}

/// Why a model will not be given a file, if it will not.
pub fn unread(media_type: &str, bytes: &bytes::Bytes) -> Option<String> {
    if bytes.len() as i64 > MAX_BYTES {
        let limit = MAX_BYTES >> 20;
        return Some(format!(
            "The model will not get it: all files that it is given together have at most {limit} MiB."
        ));
    }
    match kind(media_type, bytes) {
        Kind::Unreadable => Some(
            "The model will not get it: it reads texts (UTF-8), PDFs and pictures (PNG, JPEG, GIF, WebP).".to_owned(),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_words_and_what_cannot_be_read_is_said() {
        let text = |media_type: &str, bytes: &'static [u8]| match part("a".into(), media_type.into(), bytes.into()) {
            Part::Text(text) => text,
            other => format!("{other:?}"),
        };
        assert_eq!(text("text/csv", "é,b".as_bytes()), "File a:\n\né,b");
        assert!(text("application/zip", b"PK\x03\x04\xff").contains("cannot be read"));
        assert!(text("application/pdf", b"%PDF").starts_with("Pdf"));
        assert!(text("image/png", b"\x89PNG").starts_with("Image"));
    }
}
