//! What is marked deleted, for those who moderate.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use shared::{
    api::{Deleted, DeletedComment, DeletedGroup, DeletedHighlight, DeletedTag, MAX_PURGED},
    document::whole::{Highlight, Whole},
    ids::{ConversationId, UserId},
    rules,
};

use super::internal;
use crate::{
    access, conversations, error::Error, export::SOMEBODY, rooms::persistence::Failure, services::Services,
    sessions::Caller, times::moment,
};

/// Of a quote that is told.
const TOLD_CHARS: usize = 160;

/// `GET /api/v1/conversations/{id}/deleted`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<Deleted>, Error> {
    let Path(id) = path?;
    let moderator = access::moderator(&services.db, caller.id, id).await?;
    let title = sqlx::query_scalar!("select title from conversations where id = $1", id.uuid());
    let title = title.fetch_optional(&services.db).await?.ok_or(Error::NotFound)?;
    let people = conversations::people_of(&services.db, moderator.reader()).await?;
    let names = people.into_iter().map(|person| (person.id, person.name)).collect();
    let read = services.rooms.read(id, rules::whole).await.map_err(internal)?.ok_or(Error::NotFound)?;
    let whole = read.what.map_err(|_| internal(Failure::Damaged))?;
    Ok(Json(deleted(title, &whole, &names)))
}

/// What was deleted last first, as far as it is known when.
fn deleted(title: String, whole: &Whole, names: &HashMap<UserId, String>) -> Deleted {
    let name = |id: UserId| names.get(&id).cloned().unwrap_or_else(|| SOMEBODY.to_owned());
    let what = whole.deleted();
    let is_cut = what.len() > MAX_PURGED;
    let mut stamped: Vec<_> =
        what.highlights.iter().filter_map(|id| whole.highlights[id].deleted.map(|stamp| (*id, stamp))).collect();
    stamped.sort_by_key(|(id, stamp)| std::cmp::Reverse((stamp.at, *id)));
    let highlights = stamped.into_iter().map(|(id, stamp)| {
        let highlight = &whole.highlights[&id];
        DeletedHighlight {
            id,
            quote: quote(highlight),
            author: highlight.author,
            name: name(highlight.author),
            by: stamp.by,
            by_name: name(stamp.by),
            at: moment(stamp.at),
            comments: highlight.comments.len(),
        }
    });
    // Ids rise with time.
    let comments = what.comments.iter().rev().map(|(highlight, id)| {
        let on = &whole.highlights[highlight];
        let comment = &on.comments[id];
        DeletedComment {
            id: *id,
            highlight: *highlight,
            quote: quote(on),
            author: comment.author,
            name: name(comment.author),
            created_at: moment(comment.created_at),
        }
    });
    let tags = what.tags.iter().rev().map(|id| DeletedTag { id: *id, name: whole.tags[id].name.clone() });
    let groups = what.groups.iter().rev().map(|id| DeletedGroup { id: *id, name: whole.tag_groups[id].name.clone() });
    let mut left = MAX_PURGED;
    Deleted {
        title,
        is_cut,
        highlights: some_of(highlights, &mut left),
        comments: some_of(comments, &mut left),
        tags: some_of(tags, &mut left),
        groups: some_of(groups, &mut left),
    }
}

/// As many as are left to be listed.
fn some_of<T>(all: impl Iterator<Item = T>, left: &mut usize) -> Vec<T> {
    let some: Vec<T> = all.take(*left).collect();
    *left -= some.len();
    some
}

fn quote(highlight: &Highlight) -> String {
    let words = highlight.targets.iter().map(|target| &*target.exact).collect::<Vec<_>>().join(" … ");
    words.chars().take(TOLD_CHARS).collect()
}
