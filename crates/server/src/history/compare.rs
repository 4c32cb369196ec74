//! A moment of a history beside the present.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use shared::{
    api::{Different, HistoryComparison, RevisionHighlight, RevisionTag},
    document::{Highlight, Picture, Tag},
    ids::{ConversationId, UserId},
};

use super::{look, words};
use crate::{
    access,
    error::Error,
    revisions::{People, without_places},
    services::Services,
    sessions::Caller,
};

/// `GET /api/v1/conversations/{id}/history/{number}/compare`
pub async fn compare(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ConversationId, i64)>, PathRejection>,
) -> Result<Json<HistoryComparison>, Error> {
    let Path((id, number)) = path?;
    let reader = access::historian(&services.db, caller.id, id).await?.reader();
    let turn = services.readings.take(caller.id).await?;
    let seen = look(&services, reader, number, turn).await?;
    let author = seen.people.author(caller.id);
    let compared = tokio::task::spawn_blocking(move || {
        let _turn = seen.turn;
        let response = words::pieces(&response(&seen.then, author), &response(&seen.present, author));
        HistoryComparison {
            title: seen.title,
            step: seen.step,
            may_copy: reader.rights().may_copy,
            may_write: reader.rights().access.may_annotate(),
            highlights: highlights(&seen.then, &seen.present, &seen.people),
            tags: tags(&seen.then.tags, &seen.present.tags),
            notes: words::pieces(&seen.then.notes, &seen.present.notes),
            response,
        }
    });
    Ok(Json(compared.await.map_err(|error| Error::Internal(error.into()))?))
}

/// What somebody wrote in answer; nothing if they did not.
pub(super) fn response(picture: &Picture, author: UserId) -> String {
    let own = picture.responses.iter().find(|(by, _)| *by == author);
    own.map(|(_, text)| text.clone()).unwrap_or_default()
}

fn highlights(then: &Picture, now: &Picture, people: &People) -> Vec<Different<RevisionHighlight>> {
    let mut all: BTreeMap<_, [Option<&Highlight>; 2]> = BTreeMap::new();
    for (at, picture) in [then, now].into_iter().enumerate() {
        for highlight in &picture.highlights {
            all.entry((highlight.created_at, highlight.id)).or_default()[at] = Some(highlight);
        }
    }
    let different = all.into_values().filter(|[then, now]| then.map(essence) != now.map(essence));
    let shown = |highlight: Option<&Highlight>, of: &Picture| {
        highlight.map(|highlight| without_places(highlight.clone(), &of.tags, people))
    };
    different.map(|[before, after]| Different { then: shown(before, then), now: shown(after, now) }).collect()
}

/// What people see of a highlight. Not where it stands: another text is in another place, and the tags' own looks are told
/// once.
fn essence(highlight: &Highlight) -> impl PartialEq + use<'_> {
    let quotes: Vec<&str> = highlight.targets.iter().map(|target| target.exact.as_str()).collect();
    let mut tags: Vec<_> = highlight.tags.iter().map(|(tag, _)| *tag).collect();
    tags.sort_unstable();
    let comments = highlight.comments.iter().filter(|comment| !comment.deleted);
    let comments: Vec<_> = comments.map(|comment| (comment.id, comment.body.as_str())).collect();
    (quotes, tags, highlight.resolved.is_some(), comments)
}

fn tags(then: &[Tag], now: &[Tag]) -> Vec<Different<RevisionTag>> {
    let shown = |tag: &Tag| RevisionTag { name: tag.name.clone(), colour: tag.colour.clone() };
    let find = |all: &[Tag], tag: &Tag| all.iter().find(|other| other.id == tag.id).map(shown);
    let before = then.iter().map(|tag| Different { then: Some(shown(tag)), now: find(now, tag) });
    let new = now.iter().filter(|tag| find(then, tag).is_none());
    let new = new.map(|tag| Different { then: None, now: Some(shown(tag)) });
    before.chain(new).filter(|different| different.then != different.now).collect()
}
