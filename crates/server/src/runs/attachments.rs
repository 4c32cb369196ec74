//! Files that were sent along with messages, as the model gets them: words as words, pictures and PDFs as they are.

use std::collections::HashMap;

use shared::ids::{ConversationId, FileId};
use uuid::Uuid;

use crate::{error::Error, files, model::Part, services::Services};

/// Bytes of files that one question holds: the newest count. Servers take 50 MB at most, and base64 is a third longer.
const MAX_BYTES: i64 = 20 << 20;

/// The files of these messages of a conversation, which stand in their order, by message.
pub(super) async fn of_messages(
    services: &Services,
    conversation: ConversationId,
    messages: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Part>>, Error> {
    let rows = sqlx::query!(
        r#"select a.message_id, f.id, f.name, f.media_type, f.size, f.deleted_at is not null as "deleted!"
           from unnest($2::uuid[]) with ordinality as asked (id, number)
           join message_files a on a.conversation_id = $1 and a.message_id = asked.id
           join files f on f.id = a.file_id
           order by asked.number desc, a.position"#,
        conversation.uuid(),
        messages
    )
    .fetch_all(&services.db)
    .await?;
    let mut parts: HashMap<Uuid, Vec<Part>> = HashMap::new();
    let mut bytes = 0;
    for row in rows {
        let part = if row.deleted {
            told(&row.name, "was deleted")
        } else if bytes + row.size > MAX_BYTES {
            told(&row.name, "is left out: there are too many large files in this conversation")
        } else {
            bytes += row.size;
            part(row.name, row.media_type, files::read(services, FileId::from_uuid(row.id)).await?)
        };
        parts.entry(row.message_id).or_default().push(part);
    }
    Ok(parts)
}

fn told(name: &str, what: &str) -> Part {
    Part::Text(format!("[The file {name} {what}.]"))
}

/// What the bytes are was found out when they were stored.
fn part(name: String, media_type: String, bytes: bytes::Bytes) -> Part {
    match media_type.as_str() {
        "image/png" | "image/jpeg" | "image/gif" | "image/webp" => Part::Image { media_type, bytes },
        "application/pdf" => Part::Pdf { name, bytes },
        _ => match std::str::from_utf8(&bytes) {
            Ok(words) if !words.contains('\0') => Part::Text(format!("File {name}:\n\n{words}")),
            _ => told(&name, "is of a kind that cannot be read here"),
        },
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
