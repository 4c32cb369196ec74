//! Two branches of a chat side by side, with the annotations of the one looked for in the other.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
};
use serde::Deserialize;
use shared::{
    api::{Carried, Comparison, MAX_CARRIED, Message, Passage},
    document::{self, Highlight, Roots, Tag},
    ids::{ConversationId, MessageId, ProjectId, TagId},
    messages::MessageRole,
    selector::{Anchor, Target, resolve},
    text::{CharOffset, OffsetMap},
};
use yrs::{Doc, Transact};

use super::{branches, messages, nodes};
use crate::{access, error::Error, projects, services::Services, sessions::Caller};

/// Which branches.
#[derive(Deserialize)]
pub struct Pair {
    original: MessageId,
    other: MessageId,
}

/// `GET /api/v1/conversations/{id}/comparison`
pub async fn compare(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    query: Result<Query<Pair>, QueryRejection>,
) -> Result<Json<Comparison>, Error> {
    let Path(id) = path?;
    let reader = access::reader(&services.db, caller.id, id).await?;
    let Query(pair) = query?;
    let row = sqlx::query!(r#"select title, project_id as "project_id?" from conversations where id = $1"#, id.uuid())
        .fetch_optional(&services.db)
        .await?
        .ok_or(Error::NotFound)?;
    let project = match row.project_id.map(ProjectId::from_uuid) {
        Some(project) => projects::chat_of(&services.db, reader, project).await?.name.map(|_| project),
        None => None,
    };
    let nodes = nodes(&services.db, id).await?;
    let branch = |message| branches::through(&nodes, message).ok_or(Error::NotFound);
    let (mut original, mut other) = (branch(pair.original)?, branch(pair.other)?);
    let common = original.iter().zip(&other).take_while(|(one, two)| one.id == two.id).count();
    let (original, other) = (original.split_off(common), other.split_off(common));
    if original.is_empty() || other.is_empty() {
        let why = "original, other: one of these is on the other's branch, so that there is nothing to compare.";
        return Err(Error::Invalid("same_branch", why.into()));
    }
    let original = messages(&services.db, id, original, project).await?;
    let other = messages(&services.db, id, other, project).await?;
    let marked = |doc: &Doc| {
        let (roots, txn) = (Roots::of(doc), doc.transact());
        (document::highlights(&roots, &txn), document::tags(&roots, &txn))
    };
    let read = services.rooms.read(id, marked).await.map_err(|error| Error::Internal(error.into()))?;
    let (highlights, tags) = read.ok_or(Error::NotFound)?.what;
    let texts = (texts(&original), texts(&other));
    // Looking for words in long texts is no work for a thread that others wait for.
    let carried = tokio::task::spawn_blocking(move || carry(&texts.0, &texts.1, &highlights, &tags)).await;
    let carried = carried.map_err(|error| Error::Internal(error.into()))?;
    let (title, may_copy) = (row.title, reader.rights().may_copy);
    Ok(Json(Comparison { title, may_copy, project, common, original, other, carried }))
}

/// The text of a message.
struct Text {
    message: MessageId,
    role: MessageRole,
    text: String,
    map: OffsetMap,
}

fn texts(branch: &[Message]) -> Vec<Text> {
    let text = |message: &Message| Text {
        message: message.id,
        role: message.role,
        map: OffsetMap::new(&message.text),
        text: message.text.clone(),
    };
    branch.iter().map(text).collect()
}

impl Text {
    /// Where a passage stands in this text, and as what.
    fn find(&self, target: &Target) -> Anchor {
        resolve(&Target { message: self.message, ..target.clone() }, &self.text, &self.map)
    }

    fn passage(&self, anchor: Anchor) -> Option<Passage> {
        anchor.range().map(|(start, end)| Passage { message: self.message, start, end })
    }
}

/// Where a passage of the `place`-th message is in the other branch. It stands in the message of the same place, if it is
/// there; else it may have come to stand in another of the same speaker, word for word: branches differ in length.
fn counterpart(target: &Target, role: MessageRole, place: usize, other: &[Text]) -> (Anchor, Option<Passage>) {
    if let Some(opposite) = other.get(place) {
        let found = opposite.find(target);
        if let Some(passage) = opposite.passage(found) {
            return (found, Some(passage));
        }
    }
    let mut others: Vec<(usize, &Text)> = other.iter().enumerate().filter(|(at, _)| *at != place).collect();
    others.sort_by_key(|(at, _)| at.abs_diff(place));
    let passages = others
        .into_iter()
        .filter(|(_, text)| text.role == role && text.text.contains(&target.exact))
        .filter_map(|(_, text)| text.passage(text.find(target)));
    match passages.into_iter().next() {
        Some(passage) => (Anchor::Moved { start: passage.start, end: passage.end }, Some(passage)),
        None => (Anchor::Lost, None),
    }
}

fn carry(original: &[Text], other: &[Text], highlights: &[Highlight], tags: &[Tag]) -> Vec<Carried> {
    let names: HashMap<TagId, &str> = tags.iter().map(|tag| (tag.id, tag.name.as_str())).collect();
    let mut all = Vec::new();
    for (place, text) in original.iter().enumerate() {
        let marked = highlights.iter().filter(|highlight| highlight.deleted.is_none()).flat_map(|highlight| {
            let here = move |target: &&Target| target.message == text.message;
            highlight.targets.iter().filter(here).map(move |target| (highlight, target))
        });
        let mut of_message: Vec<Carried> = marked
            .take(MAX_CARRIED - all.len())
            .map(|(highlight, target)| {
                let (anchor, found) = counterpart(target, text.role, place, other);
                let tags = highlight.tags.iter().filter_map(|(tag, _)| names.get(tag)).map(|&name| name.to_owned());
                Carried {
                    highlight: highlight.id,
                    exact: target.exact.clone(),
                    tags: tags.collect(),
                    comments: highlight.comments.iter().filter(|comment| !comment.deleted).count(),
                    original: text.passage(text.find(target)),
                    other: found,
                    anchor: anchor.name().to_owned(),
                }
            })
            .collect();
        of_message.sort_by_key(|carried| carried.original.map_or(CharOffset(u32::MAX), |passage| passage.start));
        all.append(&mut of_message);
    }
    all
}
