//! The texts of a conversation, read with what was marked in them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use shared::{
    api::{
        Person, Revision, RevisionComment, RevisionHighlight, RevisionMessage, RevisionPassage, RevisionSummary,
        RevisionTag, Revisions,
    },
    document::{Comment, Highlight, Picture, Tag},
    ids::{ConversationId, MessageId, UserId},
    selector::{Target, resolve},
    text::OffsetMap,
};
use sqlx::PgPool;
use uuid::Uuid;

use super::edit::hindrance;
use crate::{
    access::{self, Reader},
    conversations::{self, role},
    error::Error,
    export::{SOMEBODY, named},
    services::Services,
    sessions::Caller,
    times::{moment, rfc3339},
    turns::Turn,
};

/// What was marked is not looked for any longer: it is then shown by its words alone.
const PATIENCE: Duration = Duration::from_secs(5);

/// People as the reader sees them: by the ids that stand in documents, and the users behind them.
pub struct People {
    by_author: HashMap<UserId, Person>,
    authors: HashMap<Uuid, UserId>,
}

impl People {
    /// Those whose names the reader may see.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(db: &PgPool, reader: Reader) -> Result<Self, Error> {
        let people = conversations::people_of(db, reader).await?;
        let rows = sqlx::query!(
            r#"select a.user_id as "user!", a.alias
               from conversations c
               join author_aliases a on a.scope = c.alias_scope
               where c.id = $1 and a.user_id is not null"#,
            reader.conversation().uuid()
        )
        .fetch_all(db)
        .await?;
        let authors = rows.into_iter().map(|row| (row.user, UserId::from_uuid(row.alias))).collect();
        Ok(Self { by_author: people.into_iter().map(|person| (person.id, person)).collect(), authors })
    }

    /// Somebody who is a user here.
    pub fn user(&self, id: Option<Uuid>) -> Option<Person> {
        self.by_author.get(&self.author(UserId::from_uuid(id?))).cloned()
    }

    /// Who a user is in the document.
    pub fn author(&self, user: UserId) -> UserId {
        self.authors.get(&user.uuid()).copied().unwrap_or(user)
    }

    /// What an author is called.
    pub fn name(&self, author: UserId) -> String {
        self.by_author.get(&author).map_or_else(|| SOMEBODY.to_owned(), |person| person.name.clone())
    }
}

/// `GET /api/v1/conversations/{id}/revisions`
pub async fn list(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
) -> Result<Json<Revisions>, Error> {
    let Path(id) = path?;
    let reader = access::reader(&services.db, caller.id, id).await?;
    let people = People::of(&services.db, reader).await?;
    let title = sqlx::query_scalar!("select title from conversations where id = $1", id.uuid());
    let title = title.fetch_optional(&services.db).await?.ok_or(Error::NotFound)?;
    let rows = sqlx::query!(
        r#"select c.revision as "number!", coalesce(c.revised_at, c.created_at) as "made_at!",
                  c.revised_by as "made_by?", coalesce(d.highlight_count, 0) as "highlights!",
                  (select count(*) from messages m where m.conversation_id = c.id) as "messages!"
           from conversations c
           left join annotation_document_state d on d.conversation_id = c.id
           where c.id = $1
           union all
           select r.number, r.made_at, r.made_by, r.highlight_count,
                  (select count(*) from revision_messages m
                   where m.conversation_id = r.conversation_id and m.number = r.number)
           from conversation_revisions r
           where r.conversation_id = $1
           order by 1 desc"#,
        id.uuid()
    )
    .fetch_all(&services.db)
    .await?;
    let revisions = rows.into_iter().map(|row| RevisionSummary {
        number: row.number,
        made_at: rfc3339(row.made_at),
        by: people.user(row.made_by),
        messages: row.messages,
        highlights: i64::from(row.highlights),
    });
    let may_edit_text = access::may_edit_text(reader.rights());
    let hindrance = if may_edit_text { hindrance(&services.db, id).await? } else { None };
    let may_purge = reader.rights().moderates;
    Ok(Json(Revisions { title, may_edit_text, may_purge, hindrance, revisions: revisions.collect() }))
}

/// `GET /api/v1/conversations/{id}/revisions/{number}`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ConversationId, i32)>, PathRejection>,
) -> Result<Json<Revision>, Error> {
    let Path((id, number)) = path?;
    let reader = access::reader(&services.db, caller.id, id).await?;
    let turn = Arc::new(services.readings.take(caller.id).await?);
    super::of_one_text(&services.db, id, || read(&services, reader, number, turn.clone())).await.map(Json)
}

async fn read(services: &Services, reader: Reader, number: i32, turn: Arc<Turn>) -> Result<Revision, Error> {
    let id = reader.conversation();
    let head = sqlx::query!(
        r#"select c.title, c.revision, coalesce(r.made_at, c.revised_at, c.created_at) as "made_at!",
                  r.replaced_at as "replaced_at?", r.replaced_by as "replaced_by?", r.crdt_state as "crdt_state?"
           from conversations c
           left join conversation_revisions r on r.conversation_id = c.id and r.number = $2
           where c.id = $1 and (r.number is not null or c.revision = $2)"#,
        id.uuid(),
        number
    );
    let head = head.fetch_optional(&services.db).await?.ok_or(Error::NotFound)?;
    let rows = sqlx::query!(
        r#"select id as "id!", role as "role!", title, markdown as "markdown!", text as "text!"
           from (select id, role, title, markdown, text, position
                 from revision_messages
                 where conversation_id = $1 and number = $2
                 union all
                 select id, role, title, markdown, text, position
                 from messages
                 where conversation_id = $1 and $3) as message
           order by position"#,
        id.uuid(),
        number,
        head.crdt_state.is_none()
    )
    .fetch_all(&services.db)
    .await?;
    let messages: Vec<RevisionMessage> = rows
        .into_iter()
        .map(|row| RevisionMessage {
            id: MessageId::from_uuid(row.id),
            role: role(&row.role),
            title: row.title,
            markdown: row.markdown,
            text: row.text,
        })
        .collect();
    let people = People::of(&services.db, reader).await?;
    let present = services.rooms.picture(id).await.map_err(|error| Error::Internal(error.into()))?;
    let present = present.ok_or(Error::NotFound)?;
    let picture = match head.crdt_state {
        Some(state) => {
            let then = services.rooms.read_seed(state, Picture::of).await;
            still_said(then.map_err(|error| Error::Internal(error.into()))?, present)
        }
        None => present,
    };
    let replaced_by = people.user(head.replaced_by);
    let (messages, highlights) = tokio::task::spawn_blocking(move || {
        // Whoever does not wait for it has their turn until it is done.
        let _turn = turn;
        let highlights = highlights(&messages, picture, &people, Instant::now() + PATIENCE);
        (messages, highlights)
    })
    .await
    .map_err(|error| Error::Internal(error.into()))?;
    Ok(Revision {
        title: head.title,
        number,
        latest: head.revision,
        made_at: rfc3339(head.made_at),
        replaced_at: head.replaced_at.map(rfc3339),
        replaced_by,
        may_copy: reader.rights().may_copy,
        messages,
        highlights,
    })
}

/// What was said then, without what was taken back or away since, and in the words that it has now: whoever deletes something
/// or takes it out of what they said, or whose words staff delete, does not find it again here. The document of an
/// earlier text never changes, so this is done as it is read.
fn still_said(then: Picture, present: Picture) -> Picture {
    let comments = |highlight: Highlight| {
        let there = highlight.comments.into_iter().filter(|comment| !comment.deleted);
        (highlight.id, there.map(|comment| (comment.id, comment.body)).collect())
    };
    let mut there: HashMap<_, HashMap<_, _>> = present.highlights.into_iter().map(comments).collect();
    let still = |mut highlight: Highlight| {
        let mut now = there.remove(&highlight.id)?;
        let comments = highlight.comments.into_iter();
        highlight.comments =
            comments.filter_map(|comment| Some(Comment { body: now.remove(&comment.id)?, ..comment })).collect();
        Some(highlight)
    };
    Picture { highlights: then.highlights.into_iter().filter_map(still).collect(), ..then }
}

/// In the order of the text; at last those without a place, and those that were not looked for in time.
fn highlights(
    messages: &[RevisionMessage],
    picture: Picture,
    people: &People,
    until: Instant,
) -> Vec<RevisionHighlight> {
    let places: HashMap<MessageId, usize> = messages.iter().enumerate().map(|(at, message)| (message.id, at)).collect();
    let mut maps = HashMap::new();
    let mut all: Vec<RevisionHighlight> = Vec::with_capacity(picture.highlights.len());
    for highlight in picture.highlights {
        let passage = |target: &Target| {
            let place = places.get(&target.message).filter(|_| Instant::now() < until);
            let range = place.and_then(|at| {
                let text = &messages[*at].text;
                resolve(target, text, maps.entry(*at).or_insert_with(|| OffsetMap::new(text))).range()
            });
            RevisionPassage { message: target.message, exact: target.exact.clone(), range }
        };
        let passages = highlight.targets.iter().map(passage).collect();
        all.push(shown(highlight, passages, &picture.tags, people));
    }
    all.sort_by_key(|highlight| {
        let first =
            highlight.passages.iter().find_map(|passage| Some((places.get(&passage.message)?, passage.range?.0)));
        (first.is_none(), first)
    });
    all
}

/// A highlight by its words, wherever they stand.
pub fn without_places(highlight: Highlight, tags: &[Tag], people: &People) -> RevisionHighlight {
    let passage =
        |target: &Target| RevisionPassage { message: target.message, exact: target.exact.clone(), range: None };
    let passages = highlight.targets.iter().map(passage).collect();
    shown(highlight, passages, tags, people)
}

fn shown(highlight: Highlight, passages: Vec<RevisionPassage>, tags: &[Tag], people: &People) -> RevisionHighlight {
    let tag = |id| tags.iter().find(|tag| tag.id == id);
    let comment = |comment: &Comment| RevisionComment {
        id: comment.id,
        parent: comment.parent,
        author: comment.author,
        name: people.name(comment.author),
        created_at: moment(comment.created_at),
        body: named(&comment.body, |id| format!("@{}", people.name(id))).into_owned(),
    };
    RevisionHighlight {
        id: highlight.id,
        author: highlight.author,
        name: people.name(highlight.author),
        created_at: moment(highlight.created_at),
        resolved: highlight.resolved.is_some(),
        tags: highlight
            .tags
            .iter()
            .filter_map(|(id, _)| tag(*id))
            .map(|tag| RevisionTag { name: tag.name.clone(), colour: tag.colour.clone() })
            .collect(),
        passages,
        comments: thread(&highlight.comments).into_iter().map(comment).collect(),
    }
}

/// Those that are not deleted, each answer behind what it answers.
fn thread(comments: &[Comment]) -> Vec<&Comment> {
    let there = || comments.iter().filter(|comment| !comment.deleted);
    let known: HashSet<_> = there().map(|comment| comment.id).collect();
    let mut answers: HashMap<_, Vec<&Comment>> = HashMap::new();
    for comment in there() {
        answers.entry(comment.parent.filter(|parent| known.contains(parent))).or_default().push(comment);
    }
    let mut stack: Vec<&Comment> = answers.remove(&None).into_iter().flatten().rev().collect();
    let mut thread = Vec::with_capacity(known.len());
    while let Some(comment) = stack.pop() {
        thread.push(comment);
        stack.extend(answers.remove(&Some(comment.id)).into_iter().flatten().rev());
    }
    // Those that answer each other in a circle.
    thread.extend(answers.into_values().flatten());
    thread
}

#[cfg(test)]
mod tests {
    use shared::{ids::HighlightId, messages::MessageRole, text::CharOffset};

    use super::*;

    #[test]
    fn what_is_not_looked_for_in_time_is_shown_without_its_place() {
        let (id, text) = (MessageId::new(), "The herring sleeps in deep water until the light comes.");
        let messages = [RevisionMessage {
            id,
            role: MessageRole::User,
            title: None,
            markdown: text.to_owned(),
            text: text.to_owned(),
        }];
        let range = CharOffset(4)..CharOffset(11);
        let target = Target::describe(id, text, &OffsetMap::new(text), range.clone()).unwrap();
        let people = People { by_author: HashMap::new(), authors: HashMap::new() };
        let look = |until| {
            let highlight = Highlight {
                id: HighlightId::new(),
                author: UserId::new(),
                created_at: 1,
                targets: vec![target.clone()],
                tags: Vec::new(),
                comments: Vec::new(),
                deleted: None,
                resolved: None,
            };
            let picture =
                Picture { highlights: vec![highlight], tags: Vec::new(), notes: String::new(), responses: Vec::new() };
            let passage = highlights(&messages, picture, &people, until).remove(0).passages.remove(0);
            (passage.exact, passage.range)
        };
        let herring = "herring".to_owned();
        assert_eq!(look(Instant::now() + PATIENCE * 720), (herring.clone(), Some((range.start, range.end))));
        assert_eq!(look(Instant::now()), (herring, None));
    }
}
