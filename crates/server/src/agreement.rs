//! How far people marked the same passages with the same tags: what [`shared::agreement`] reckons, of a conversation or over
//! all copies of an activity.
//!
//! **The text** is that of the messages in their order, with one place between each two, which nobody can mark: so no passage
//! goes over the end of a message, and what is marked in one go over two of them is a unit in each. The copies of an activity
//! have the same messages, under the same ids, and so are one text.
//!
//! **Who counts** is whoever made at least one highlight that has a place in it and is not deleted, and then for every tag: who
//! read the text and used a tag nowhere has said something about it. A highlight is its author's, whoever put the tag on it:
//! the document does not say who did.
//!
//! **In an activity** what stood in every copy from the start is nobody's, also where one copy is looked at by itself. Tags that people made in their
//! own copies, and called alike, are one. Of a copy that is somebody's own, what they marked
//! counts and what others did there does not: staff who mark something in it speak about their reading. In rooms of a group or
//! of all, whoever marked something counts, and people of different rooms are compared like those of one.

mod of_activity;
mod of_conversation;
mod reckon;
mod sheet;
mod text;

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use shared::{
    api::{Agreement, Person},
    document::{self, Highlight, Roots},
    ids::{ActivityId, ConversationId, HighlightId, MessageId, TagId, UserId},
};
use std::collections::{HashMap, HashSet};
use yrs::{Doc, Transact};

use crate::{error::Error, export, files, services::Services, sessions::Caller};
pub(crate) use of_activity::read as of_activity;

/// What is asked of a conversation.
#[derive(Deserialize)]
pub struct Asked {
    tag: Option<TagId>,
    branch: Option<MessageId>,
}

/// What is asked of an activity.
#[derive(Deserialize)]
pub struct AskedOfActivity {
    tag: Option<TagId>,
}

/// All that is reckoned with, read once, as the caller may see it.
pub(crate) struct Material {
    pub(crate) title: String,
    pub(crate) may_copy: bool,
    /// The messages with their canonical texts.
    pub(crate) messages: Vec<(MessageId, String)>,
    pub(crate) tags: Vec<(TagId, String)>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) people: HashMap<UserId, Person>,
}

/// A highlight that is not deleted.
pub(crate) struct Mark {
    /// Whose it is, by the id that they have among the people.
    author: UserId,
    /// Where it stands.
    conversation: ConversationId,
    highlight: Highlight,
}

impl Mark {
    /// What is marked in a conversation, by whoever made it.
    pub(crate) fn all(conversation: ConversationId, highlights: Vec<Highlight>) -> Vec<Self> {
        let mark = |highlight: Highlight| Self { author: highlight.author, conversation, highlight };
        highlights.into_iter().map(mark).collect()
    }
}

/// What stood in a copy of an activity from the start, and is nobody's mark there; nothing where it is no copy.
pub(crate) async fn began_with(services: &Services, id: ConversationId) -> Result<HashSet<HighlightId>, Error> {
    let seed = sqlx::query_scalar!(
        "select a.seed from activity_copies w join activities a on a.id = w.activity_id where w.conversation_id = $1",
        id.uuid()
    );
    of_seed(services, seed.fetch_optional(&services.db).await?.flatten()).await
}

/// The highlights of what copies begin with.
async fn of_seed(services: &Services, seed: Option<Vec<u8>>) -> Result<HashSet<HighlightId>, Error> {
    let Some(seed) = seed else { return Ok(HashSet::new()) };
    let ids = |doc: &Doc| {
        document::highlights(&Roots::of(doc), &doc.transact()).into_iter().map(|highlight| highlight.id).collect()
    };
    services.rooms.read_seed(seed, ids).await.map_err(|error| Error::Internal(error.into()))
}

impl Material {
    /// The figures, for whoever has a turn and a thread for it: it may take seconds.
    ///
    /// # Errors
    /// More is marked than is reckoned with ([`Error::Conflict`]).
    pub(crate) fn figures(self) -> Result<Agreement, Error> {
        reckon::reckon(self, None)
    }

    /// May take seconds, and is done on a thread of its own.
    async fn reckon(self, services: &Services, user: UserId, tag: Option<TagId>) -> Result<Agreement, Error> {
        let turn = services.exports.take(user).await?;
        let reckoning = tokio::task::spawn_blocking(move || {
            // Held until it is done, also when nobody waits for it any more.
            let _turn = turn;
            reckon::reckon(self, tag)
        });
        reckoning.await.map_err(|error| Error::Internal(error.into()))?
    }
}

/// `GET /api/v1/conversations/{id}/agreement`
pub async fn get(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Agreement>, Error> {
    let (Path(id), Query(asked)) = (path?, query?);
    let material = of_conversation::read(&services, caller.id, id, asked.branch).await?;
    Ok(Json(material.reckon(&services, caller.id, asked.tag).await?))
}

/// `GET /api/v1/conversations/{id}/agreement.csv`
pub async fn csv(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Error> {
    let (Path(id), Query(asked)) = (path?, query?);
    let material = of_conversation::read(&services, caller.id, id, asked.branch).await?;
    if !material.may_copy {
        return Err(Error::Forbidden(export::PROTECTED));
    }
    Ok(file(&material.reckon(&services, caller.id, asked.tag).await?))
}

/// `GET /api/v1/activities/{activity}/agreement`
pub async fn get_of_activity(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
    query: Result<Query<AskedOfActivity>, QueryRejection>,
) -> Result<Json<Agreement>, Error> {
    let (Path(id), Query(asked)) = (path?, query?);
    let material = of_activity::read(&services, caller.id, id).await?;
    Ok(Json(material.reckon(&services, caller.id, asked.tag).await?))
}

/// `GET /api/v1/activities/{activity}/agreement.csv`
pub async fn csv_of_activity(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
    query: Result<Query<AskedOfActivity>, QueryRejection>,
) -> Result<Response, Error> {
    let (Path(id), Query(asked)) = (path?, query?);
    let material = of_activity::read(&services, caller.id, id).await?;
    Ok(file(&material.reckon(&services, caller.id, asked.tag).await?))
}

fn file(agreement: &Agreement) -> Response {
    let disposition = files::disposition(&format!("{}-agreement.csv", export::file_name(&agreement.title)));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, &*disposition),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, sheet::of(agreement)).into_response()
}
