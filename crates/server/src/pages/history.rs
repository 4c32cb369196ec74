//! The page of what happened in a conversation's document.

use app::{
    pages::{HistoryPage, LookedAt},
    parts::Visitor,
};
use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use leptos::prelude::*;
use serde::Deserialize;
use shared::{
    api::{CompareMoment, GetMoment, History, ListHistory},
    ids::ConversationId,
};

use super::{Site, classes::id};

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/c/{id}/history", get(show))
}

/// What of it is asked for.
#[derive(Debug, Deserialize)]
struct Asked {
    /// The number of a step; otherwise the newest that is listed.
    at: Option<String>,
    /// Which steps are listed.
    before: Option<String>,
    /// Whether it is shown beside the present.
    compare: Option<String>,
}

async fn show(
    State(site): State<Site>,
    headers: HeaderMap,
    Path(text): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let number = |text: Option<String>| text.and_then(|text| text.parse::<i64>().ok());
    let (at, before) = (number(asked.at), number(asked.before));
    let asking = async {
        let id: ConversationId = id(&text)?;
        let history = site.call(&headers, &ListHistory { id, before }).await?;
        let at = at.or(history.steps.first().map(|step| step.number));
        let looked_at = match at {
            Some(number) if asked.compare.is_some() => {
                Some(LookedAt::Compared(site.call(&headers, &CompareMoment { id, number }).await?))
            }
            Some(number) => Some(LookedAt::Alone(site.call(&headers, &GetMoment { id, number }).await?)),
            None => None,
        };
        Ok((id, history, looked_at))
    };
    let page = |visitor: Visitor, (conversation, history, looked_at): (ConversationId, History, Option<LookedAt>)| {
        let title = format!("History · {}", history.title);
        let page = move || {
            let (visitor, history, looked_at) = (visitor.clone(), history.clone(), looked_at.clone());
            view! { <HistoryPage visitor=visitor conversation=conversation history=history looked_at=looked_at /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/c/{text}/history"), asking, page).await
}
