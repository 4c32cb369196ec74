//! Where in the messages what was found stands, as targets of Web Annotations.

use std::collections::{HashMap, HashSet};

use shared::{
    api::{ExcerptPiece, SearchHit, SearchResult},
    document::{self, Roots},
    ids::{ConversationId, HighlightId, MessageId},
    selector::{Anchor, Target, resolve},
    text::{ByteOffset, OffsetMap},
};
use sqlx::PgPool;
use uuid::Uuid;
use yrs::{Doc, Transact};

use crate::{error::Error, rooms::persistence::Failure, services::Services};

/// Passages, each with where it is now.
pub(super) type Passages = Vec<(Target, Anchor)>;

/// The passages of each thing that was found in one conversation: of a highlight, and of a comment, what is marked; of a
/// message, the first words that were looked for. There is none of a title, of notes, or where the index is behind.
///
/// # Errors
/// The database's, or a document that cannot be read.
pub(super) async fn of(services: &Services, result: &SearchResult) -> Result<Vec<Passages>, Error> {
    let marked = marked(services, result).await?;
    let messages = marked.values().flatten().map(|target| target.message);
    let messages: HashSet<MessageId> = messages.chain(result.hits.iter().filter_map(|hit| hit.message)).collect();
    if messages.is_empty() {
        return Ok(vec![Vec::new(); result.hits.len()]);
    }
    let texts = texts(&services.db, result.conversation, messages).await?;
    let hits = result.hits.clone();
    let placing = tokio::task::spawn_blocking(move || {
        let texts: Texts = texts.into_iter().map(|(id, text)| (id, (OffsetMap::new(&text), text))).collect();
        hits.iter().map(|hit| place(hit, &marked, &texts)).collect()
    });
    placing.await.map_err(|error| Error::Internal(error.into()))
}

type Texts = HashMap<MessageId, (OffsetMap, String)>;

/// What the highlights mark that were found, or on which a comment was.
async fn marked(services: &Services, result: &SearchResult) -> Result<HashMap<HighlightId, Vec<Target>>, Error> {
    let wanted: HashSet<HighlightId> = result.hits.iter().filter_map(|hit| hit.highlight).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let read = move |doc: &Doc| {
        let highlights = document::highlights(&Roots::of(doc), &doc.transact()).into_iter();
        highlights.filter(|highlight| wanted.contains(&highlight.id)).map(|one| (one.id, one.targets)).collect()
    };
    match services.rooms.read(result.conversation, read).await {
        Ok(read) => Ok(read.map(|read| read.what).unwrap_or_default()),
        // Its things are found as they were indexed, and have their addresses.
        Err(Failure::Damaged) => Ok(HashMap::new()),
        Err(error) => Err(Error::Internal(error.into())),
    }
}

/// The canonical texts of these messages, on whatever branch they are.
async fn texts(
    db: &PgPool,
    conversation: ConversationId,
    of: HashSet<MessageId>,
) -> Result<Vec<(MessageId, String)>, Error> {
    let of: Vec<Uuid> = of.into_iter().map(MessageId::uuid).collect();
    let rows = sqlx::query!(
        "select id, text from messages where conversation_id = $1 and id = any($2)",
        conversation.uuid(),
        &of
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows.map(|row| (MessageId::from_uuid(row.id), row.text)).collect())
}

fn place(hit: &SearchHit, marked: &HashMap<HighlightId, Vec<Target>>, texts: &Texts) -> Passages {
    if let Some(targets) = hit.highlight.and_then(|id| marked.get(&id)) {
        let anchor =
            |target: &Target| texts.get(&target.message).map_or(Anchor::Lost, |(map, text)| resolve(target, text, map));
        return targets.iter().map(|target| (target.clone(), anchor(target))).collect();
    }
    let found = hit.message.and_then(|id| texts.get(&id).and_then(|(map, text)| words(hit, id, text, map)));
    found.into_iter().collect()
}

/// The first words that were looked for, where it is certain which they are: the excerpt stands in the text just once.
fn words(hit: &SearchHit, message: MessageId, text: &str, map: &OffsetMap) -> Option<(Target, Anchor)> {
    let first = hit.excerpt.iter().position(|piece| piece.hit)?;
    let of = |pieces: &[ExcerptPiece]| pieces.iter().map(|piece| &*piece.text).collect::<String>();
    let (before, behind) = (of(&hit.excerpt[..first]), of(&hit.excerpt[first + 1..]));
    // Where it is not the beginning or the end of a passage, it says so.
    let before = before.strip_prefix("… ").unwrap_or(&before);
    let behind = behind.strip_suffix(" …").unwrap_or(&behind);
    let words = &hit.excerpt[first].text;
    let excerpt = format!("{before}{words}{behind}");
    let at = text.find(&excerpt).filter(|at| text.rfind(&excerpt) == Some(*at))? + before.len();
    let char = |at: usize| map.byte_to_char(ByteOffset(u32::try_from(at).ok()?));
    let target = Target::describe(message, text, map, char(at)?..char(at + words.len())?).ok()?;
    let anchor = Anchor::Exact { start: target.start, end: target.end };
    Some((target, anchor))
}

#[cfg(test)]
mod tests {
    use shared::api::SearchKind;

    use super::*;
    use crate::search::{excerpt::excerpt, query::Query};

    fn place_of(text: &str, passage: &str, query: &str) -> Option<(Target, Anchor)> {
        let (excerpt, _) = excerpt(passage, &Query::read(query).unwrap().terms);
        let hit = SearchHit {
            kind: SearchKind::Message,
            excerpt,
            author: None,
            message: None,
            highlight: None,
            comment: None,
            link: String::new(),
        };
        words(&hit, MessageId::new(), text, &OffsetMap::new(text))
    }

    #[test]
    fn the_first_words_that_were_looked_for_are_the_place() {
        let long = format!("{}鯨 🐋 needles, {}", "before ".repeat(100), "after ".repeat(100));
        let (target, anchor) = place_of(&long, &long, "needle").unwrap();
        assert_eq!((target.start.0, target.end.0, &*target.exact), (704, 711, "needles"));
        assert_eq!(anchor, Anchor::Exact { start: target.start, end: target.end });
        assert_eq!(resolve(&target, &long, &OffsetMap::new(&long)), anchor);
        // What was found is a passage of a longer text, and there may be dots.
        let text = format!("{long}\n… \"A thread and a needle\" …");
        let (target, _) = place_of(&text, &text[long.len() + 1..], "\"a needle\"").unwrap();
        assert_eq!((target.exact.as_str(), target.end.0 as usize), ("a needle", text.chars().count() - 3));
    }

    #[test]
    fn what_stands_there_twice_or_not_any_more_has_no_place() {
        for (text, passage, query) in [
            ("a needle. a needle. ", "a needle. ", "needle"),
            ("Something else.", "a needle", "needle"),
            ("a needle", "a needle", "in:messages"),
        ] {
            assert_eq!(place_of(text, passage, query), None, "{text}");
        }
    }
}
