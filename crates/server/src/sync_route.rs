//! `GET /sync/{conversation_id}`: who may join a room is found out before anything is said.

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;
use shared::{
    access::Rights,
    ids::{ConversationId, UserId},
    sync::CloseCode,
};
use sqlx::PgPool;

use crate::{
    access,
    authors::{self, Author},
    error::Error,
    rooms::Member,
    security,
    services::Services,
    sessions::{self, Proof},
    socket::Upgrade,
    sync, tokens,
};

/// What a client may say in the address. Stock clients can set nothing else, so that the token stands here; the address
/// is therefore never logged.
#[derive(Deserialize)]
pub struct SyncQuery {
    token: Option<String>,
    /// For whom a page was made: somebody else may have signed in on the same machine, and must not speak for them.
    user: Option<String>,
    /// Of the document that the client holds: a number, but not read before it is known who calls.
    epoch: Option<String>,
}

/// Upgrades, and closes again with a code if the caller may not join. Only a foreign page with our visitor's cookie is
/// refused by HTTP: it shall not even learn that somebody is signed in.
pub async fn upgrade(
    State(services): State<Services>,
    Path(id): Path<String>,
    query: Result<Query<SyncQuery>, QueryRejection>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Error> {
    let as_of = services.rooms.now();
    let query = query.map(|Query(query)| query).ok();
    let caller = match query.as_ref().and_then(|query| query.token.as_deref()) {
        Some(token) => tokens::holder(&services.db, token).await,
        None => sessions::identify(&services, &headers).await,
    };
    // Stock clients retry an HTTP refusal for ever: whatever is wrong from here on is said by closing.
    let caller = caller.map_err(|error| match error {
        Error::Banned => CloseCode::Denied,
        Error::TokenExpired(_) => CloseCode::SignedOut,
        _ => CloseCode::TryLater,
    });
    let by_cookie = matches!(&caller, Ok(Some(caller)) if matches!(caller.proof, Proof::Session(_)));
    if by_cookie && !security::has_own_origin(&services.origin, &headers) {
        return Err(Error::ForeignOrigin);
    }
    let speaks_v1 = sync::speaks_v1(&upgrade);
    let id = id.parse::<ConversationId>();
    let who = match (query, caller, id) {
        (_, Err(code), _) => Err(code),
        // Whose token it was is not known.
        (None, ..) => Err(CloseCode::Malformed),
        (_, Ok(None), _) => Err(CloseCode::SignedOut),
        (Some(query), Ok(Some(caller)), _)
            if query.user.as_ref().is_some_and(|user| *user != caller.id.to_string()) =>
        {
            Err(CloseCode::SignedOut)
        }
        (Some(query), Ok(Some(caller)), Ok(id)) => match query.epoch.map(|epoch| epoch.parse()).transpose() {
            Err(_) => Err(CloseCode::Malformed),
            Ok(epoch) => member(&services.db, caller.id, id).await.map(|(rights, author)| {
                let (user, proof, of_epoch) = (caller.id, caller.proof, Some(author.epoch));
                let (author, name) = (author.id, author.seen_as);
                Member { user, author, of_epoch, name, rights, proof, as_of, speaks_v1, epoch }
            }),
        },
        (Some(_), Ok(Some(_)), Err(_)) => Err(CloseCode::Malformed),
    };
    // A connection that may not join is closed before its id is looked at.
    let id = id.unwrap_or_else(|_| ConversationId::new());
    Ok(sync::serve(upgrade, services.rooms.clone(), who, id))
}

/// What somebody may do there, and who they are to the others.
async fn member(db: &PgPool, user: UserId, id: ConversationId) -> Result<(Rights, Author), CloseCode> {
    let found = async {
        let reader = access::reader(db, user, id).await?;
        Ok((reader.rights(), authors::of(db, reader).await?))
    };
    found.await.map_err(|error| match error {
        Error::NotFound => CloseCode::NotFound,
        _ => CloseCode::TryLater,
    })
}
