//! `GET /sync/{conversation_id}`: who may join a room is found out before anything is said.

use axum::{
    extract::{Path, Query, State, WebSocketUpgrade, rejection::QueryRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use shared::{ids::ConversationId, sync::CloseCode};

use crate::{
    access,
    error::Error,
    rooms::Member,
    security,
    services::Services,
    sessions::{self, Proof},
    sync, tokens,
};

/// What a client may say in the address. Stock clients can set nothing else, so that the token stands here; the address
/// is therefore never logged.
#[derive(Deserialize)]
pub struct SyncQuery {
    token: Option<String>,
    epoch: Option<i64>,
}

/// Upgrades, and closes again with a code if the caller may not join. Only a foreign page with our visitor's cookie is
/// refused by HTTP: it shall not even learn that somebody is signed in.
pub async fn upgrade(
    State(services): State<Services>,
    Path(id): Path<String>,
    query: Result<Query<SyncQuery>, QueryRejection>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Error> {
    let as_of = services.rooms.now();
    let query = query.map(|Query(query)| query).ok();
    let caller = match query.as_ref().and_then(|query| query.token.as_deref()) {
        Some(token) => tokens::holder(&services.db, token).await,
        None => sessions::identify(&services, &headers).await,
    };
    // Stock clients retry an HTTP refusal for ever: whatever is wrong from here on is said by closing.
    let (caller, store_is_down) = match caller {
        Ok(caller) => (caller, false),
        Err(_) => (None, true),
    };
    let by_cookie = caller.as_ref().is_some_and(|caller| matches!(caller.proof, Proof::Session(_)));
    if by_cookie && !security::has_own_origin(&services.origin, &headers) {
        return Err(Error::ForeignOrigin);
    }
    let upgrade = sync::negotiate(upgrade);
    let speaks_v1 = sync::speaks_v1(&upgrade);
    let id = id.parse::<ConversationId>();
    let who = match (caller, id, query) {
        _ if store_is_down => Err(CloseCode::TryLater),
        (None, ..) => Err(CloseCode::SignedOut),
        (_, Err(_), _) | (_, _, None) => Err(CloseCode::Malformed),
        (Some(caller), Ok(id), Some(query)) => {
            let rights = access::of(&services.db, caller.id, id).await;
            rights.map_or(Err(CloseCode::TryLater), |rights| rights.ok_or(CloseCode::NotFound)).map(|rights| {
                let (user, name, proof) = (caller.id, caller.name, caller.proof);
                Member { user, name, rights, proof, as_of, speaks_v1, epoch: query.epoch }
            })
        }
    };
    let upgrade = if who.is_err() { sync::hear_little(upgrade) } else { upgrade };
    let rooms = services.rooms.clone();
    // A connection that may not join is closed before its id is looked at.
    let id = id.unwrap_or_else(|_| ConversationId::new());
    Ok(upgrade.on_upgrade(move |socket| sync::serve(socket, rooms, who, id)).into_response())
}
