//! What one person added to a conversation, for themselves: in the archive of all that is theirs ([`crate::my_data`]).
//! Nothing of the others is in it but the shared notes, which nobody can take apart.

use serde_json::{Map, Value, json};
use shared::{document::Comment, ids::UserId, selector::Target};
use time::OffsetDateTime;

use super::contents::{Contents, Marked, moment};
use crate::{access::Reader, authors, error::Error, services::Services, times::rfc3339};

/// A conversation's title, and what the reader added to it, as JSON. Passages and the shared notes are left out where the
/// reader may not take the text away.
///
/// # Errors
/// The database's, or a document that is none.
pub(crate) async fn of_reader(services: &Services, reader: Reader) -> Result<(String, Value), Error> {
    let author = authors::of(&services.db, reader).await?;
    let contents = Contents::read(services, reader, None).await?;
    let messages = messages(services, reader).await?;
    let (own, may_copy) = (author.id, reader.rights().may_copy);
    let is_others = is_others_alone(services, reader).await?;
    let called = author.seen_as;
    let reading = tokio::task::spawn_blocking(move || {
        let marked = contents.marked();
        let highlights: Vec<Value> = marked
            .iter()
            .filter(|one| one.highlight.author == own)
            .map(|one| highlight(&contents, one, may_copy))
            .collect();
        let comments: Vec<Value> = marked
            .iter()
            .flat_map(|one| one.comments().map(move |comment| (one, comment)))
            .filter(|(_, comment)| comment.author == own)
            .map(|(one, comment)| self::comment(&contents, one, comment, may_copy))
            .collect();
        let mut all = Map::from_iter([
            ("conversation".to_owned(), json!(contents.conversation.id)),
            ("title".to_owned(), json!(contents.conversation.title)),
            ("page".to_owned(), json!(contents.page)),
            ("you".to_owned(), json!({"id": own, "called": called})),
            ("text_is_protected".to_owned(), json!(!may_copy)),
            ("messages".to_owned(), json!(messages)),
            ("highlights".to_owned(), json!(highlights)),
            ("comments".to_owned(), json!(comments)),
            ("response".to_owned(), json!(response(&contents, own))),
        ]);
        if may_copy && !is_others {
            all.insert("shared_notes".to_owned(), json!(contents.words(&contents.picture.notes)));
        }
        (contents.conversation.title.clone(), Value::Object(all))
    });
    reading.await.map_err(|error| Error::Internal(error.into()))
}

/// Whether it is a copy of an activity that somebody else works in alone: notes there are theirs.
async fn is_others_alone(services: &Services, reader: Reader) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from activity_copies where conversation_id = $1 and user_id <> $2) as "is!""#,
        reader.conversation().uuid(),
        reader.user().uuid()
    );
    Ok(found.fetch_one(&services.db).await?)
}

/// What they said in a chat, in all its branches.
async fn messages(services: &Services, reader: Reader) -> Result<Vec<Value>, Error> {
    let rows = sqlx::query_as!(
        MessageRow,
        "select id, role, title, markdown, created_at
         from messages
         where conversation_id = $1 and author_id = $2
         order by position",
        reader.conversation().uuid(),
        reader.user().uuid()
    )
    .fetch_all(&services.db)
    .await?;
    let message = |row: MessageRow| {
        let MessageRow { id, role, title, markdown, created_at } = row;
        json!({"id": id, "role": role, "title": title, "markdown": markdown, "created_at": rfc3339(created_at)})
    };
    Ok(rows.into_iter().map(message).collect())
}

/// A row.
struct MessageRow {
    id: uuid::Uuid,
    role: String,
    title: Option<String>,
    markdown: String,
    created_at: OffsetDateTime,
}

fn response(contents: &Contents, own: UserId) -> Option<String> {
    let (_, text) = contents.picture.responses.iter().find(|(author, _)| *author == own)?;
    Some(contents.words(text).into_owned())
}

/// Where passages are, and what they say if that may be taken away.
fn passages(marked: &Marked<'_>, may_copy: bool) -> Vec<Value> {
    let passage = |target: &Target| {
        let Target { message, start, end, exact, prefix, suffix, .. } = target;
        let mut passage = json!({"message": message, "start": start, "end": end});
        if may_copy {
            passage["exact"] = json!(exact);
            passage["prefix"] = json!(prefix);
            passage["suffix"] = json!(suffix);
        }
        passage
    };
    marked.highlight.targets.iter().map(passage).collect()
}

fn highlight(contents: &Contents, marked: &Marked<'_>, may_copy: bool) -> Value {
    json!({
        "id": marked.highlight.id,
        "created_at": moment(marked.highlight.created_at),
        "passages": passages(marked, may_copy),
        "tags": contents.tags(marked.highlight),
    })
}

fn comment(contents: &Contents, marked: &Marked<'_>, comment: &Comment, may_copy: bool) -> Value {
    json!({
        "id": comment.id,
        "highlight": marked.highlight.id,
        "passages": passages(marked, may_copy),
        "answers": comment.parent,
        "created_at": moment(comment.created_at),
        "edited_at": comment.edited_at.and_then(moment),
        "body": contents.words(&comment.body),
    })
}
