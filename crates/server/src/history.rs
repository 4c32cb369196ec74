//! What happened in a conversation's document, read step by step. The steps are written where the log is compacted
//! (`rooms::history`), and whatever is deleted for ever goes out of them too (`kept`).
//!
//! Whose words are shown: what somebody took back, or changed, is shown to themselves alone. To others a comment that was
//! deleted since is not there, one that was changed says what it says now, and a response is the present one.

mod compare;
mod evidence;
mod leave;
mod names;
mod restore;
mod words;

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
    api::{History, HistoryMoment, HistoryResponse, HistoryStep, MAX_STEPS_LISTED, MomentName, Person},
    document::{Changes, Comment, Highlight, Picture},
    ids::{CommentId, ConversationId, HighlightId, UserId},
};
use sqlx::types::Json as Column;

pub use self::{
    compare::compare,
    evidence::export,
    leave::change as change_leave,
    names::{give as give_name, take_away as take_name_away},
    restore::restore,
};
use crate::{
    access::{self, Reader},
    error::Error,
    revisions::{People, without_places},
    rooms::persistence::Failure,
    services::Services,
    sessions::Caller,
    times::rfc3339,
    turns::Turn,
};

/// Which page is asked for.
#[derive(Debug, Deserialize)]
pub struct Before {
    before: Option<i64>,
}

/// `GET /api/v1/conversations/{id}/history`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    query: Result<Query<Before>, QueryRejection>,
) -> Result<Json<History>, Error> {
    let Path(id) = path?;
    let Query(Before { before }) = query?;
    let reader = access::historian(&services.db, caller.id, id).await?.reader();
    let _turn = services.readings.take(caller.id).await?;
    services.rooms.settle_history(id).await.map_err(internal)?;
    let people = People::of(&services.db, reader).await?;
    let title = title(&services, id).await?;
    let mut steps = steps(&services, reader, &people, (before.unwrap_or(i64::MAX), MAX_STEPS_LISTED + 1)).await?;
    let has_more = steps.len() as i64 > MAX_STEPS_LISTED;
    steps.truncate(usize::try_from(MAX_STEPS_LISTED).unwrap_or(usize::MAX));
    let next = steps.last().filter(|_| has_more).map(|step| step.number);
    let staff = leave::of(&services.db, reader).await?;
    Ok(Json(History { title, staff, steps, next }))
}

/// `GET /api/v1/conversations/{id}/history/{number}`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ConversationId, i64)>, PathRejection>,
) -> Result<Json<HistoryMoment>, Error> {
    let Path((id, number)) = path?;
    let reader = access::historian(&services.db, caller.id, id).await?.reader();
    let turn = services.readings.take(caller.id).await?;
    let Seen { title, step, people, then: picture, .. } = look(&services, reader, number, turn).await?;
    let response = |(author, text)| HistoryResponse { author, name: people.name(author), text };
    Ok(Json(HistoryMoment {
        title,
        step,
        may_copy: reader.rights().may_copy,
        may_write: reader.rights().access.may_annotate(),
        responses: picture.responses.into_iter().map(response).collect(),
        notes: picture.notes,
        highlights: picture
            .highlights
            .into_iter()
            .map(|highlight| without_places(highlight, &picture.tags, &people))
            .collect(),
    }))
}

/// A moment, as somebody may see it, and the present.
struct Seen {
    title: String,
    step: HistoryStep,
    people: People,
    then: Picture,
    present: Picture,
    /// Whose turn it is: whoever does not wait for it has it until it is done.
    turn: Turn,
}

async fn look(services: &Services, reader: Reader, number: i64, turn: Turn) -> Result<Seen, Error> {
    let id = reader.conversation();
    let people = People::of(&services.db, reader).await?;
    let title = title(services, id).await?;
    let found = steps(services, reader, &people, (number.saturating_add(1), 1)).await?;
    let step = found.into_iter().find(|step| step.number == number).ok_or(Error::NotFound)?;
    let then = services.rooms.read_step(id, number, move |doc| (Picture::of(doc), turn));
    let (then, turn) = then.await.map_err(internal)?.ok_or(Error::NotFound)?;
    let present = services.rooms.picture(id).await.map_err(internal)?.ok_or(Error::NotFound)?;
    let then = to_be_shown(then, &present, people.author(reader.user()));
    Ok(Seen { title, step, people, then, present, turn })
}

async fn title(services: &Services, id: ConversationId) -> Result<String, Error> {
    let title = sqlx::query_scalar!("select title from conversations where id = $1", id.uuid());
    title.fetch_optional(&services.db).await?.ok_or(Error::NotFound)
}

/// So many steps before one, newest first.
async fn steps(
    services: &Services,
    reader: Reader,
    people: &People,
    (before, limit): (i64, i64),
) -> Result<Vec<HistoryStep>, Error> {
    let rows = sqlx::query!(
        r#"select number, is_base, began_at, ended_at, changes as "changes: Column<Changes>",
                  name, named_by, named_at,
                  array(select a.user_id
                        from history_authors a
                        where a.conversation_id = s.conversation_id and a.number = s.number) as "authors!"
           from history_steps s
           where conversation_id = $1 and number < $2
           order by number desc
           limit $3"#,
        reader.conversation().uuid(),
        before,
        limit
    );
    let rows = rows.fetch_all(&services.db).await?;
    let may_change = |by| reader.rights().moderates || by == Some(reader.user().uuid());
    let steps = rows.into_iter().map(|row| HistoryStep {
        number: row.number,
        began_at: rfc3339(row.began_at),
        ended_at: rfc3339(row.ended_at),
        is_base: row.is_base,
        by: by_name(row.authors.into_iter().filter_map(|author| people.user(Some(author))).collect()),
        changes: row.changes.0,
        name: row.name.zip(row.named_at).map(|(name, at)| MomentName {
            name,
            by: people.user(row.named_by),
            at: rfc3339(at),
            may_change: reader.rights().access.may_annotate() && may_change(row.named_by),
        }),
    });
    Ok(steps.collect())
}

/// As they are called here: in the order of what they are otherwise, a pseudonym would tell whose it is.
fn by_name(mut people: Vec<Person>) -> Vec<Person> {
    people.sort_unstable_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    people
}

/// What was said then, as `reader` may see it: see the top of this file.
fn to_be_shown(then: Picture, present: &Picture, reader: UserId) -> Picture {
    let mut there: HashMap<(HighlightId, CommentId), String> = HashMap::new();
    for highlight in &present.highlights {
        let comments = highlight.comments.iter().filter(|comment| !comment.deleted);
        there.extend(comments.map(|comment| ((highlight.id, comment.id), comment.body.clone())));
    }
    let still = |highlight: Highlight| {
        let id = highlight.id;
        let comments = highlight.comments.into_iter().filter_map(|comment| {
            if comment.author == reader {
                return Some(comment);
            }
            let body = there.get(&(id, comment.id))?.clone();
            Some(Comment { body, ..comment })
        });
        Highlight { comments: comments.collect(), ..highlight }
    };
    let own = then.responses.into_iter().filter(|(author, _)| *author == reader);
    let others = present.responses.iter().filter(|(author, _)| *author != reader).cloned();
    Picture {
        highlights: then.highlights.into_iter().map(still).collect(),
        responses: own.chain(others).collect(),
        ..then
    }
}

fn internal(error: Failure) -> Error {
    Error::Internal(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_in_the_order_of_what_they_are_called() {
        let person = |name: &str| Person { id: UserId::new(), name: name.to_owned(), pseudonym: None };
        let all = ["Quiet Otter", "Brave Finch", "Calm Heron"].map(person);
        let names: Vec<_> = by_name(all.to_vec()).into_iter().map(|person| person.name).collect();
        assert_eq!(names, ["Brave Finch", "Calm Heron", "Quiet Otter"]);
    }
}
