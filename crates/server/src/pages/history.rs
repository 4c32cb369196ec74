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
        let mut before = before;
        let mut history = site.call(&headers, &ListHistory { id, before }).await?;
        if let Some(at) = at.filter(|at| !lists(&history, *at)) {
            // It is among others; or it is one with those behind it by now.
            before = Some(at.saturating_add(1));
            history = site.call(&headers, &ListHistory { id, before }).await?;
        }
        if history.steps.is_empty() && before.is_some() {
            before = None;
            history = site.call(&headers, &ListHistory { id, before }).await?;
        }
        let at = at.and_then(|at| nearest(&history, at)).or(history.steps.first().map(|step| step.number));
        let looked_at = match at {
            Some(number) if asked.compare.is_some() => {
                Some(LookedAt::Compared(site.call(&headers, &CompareMoment { id, number }).await?))
            }
            Some(number) => Some(LookedAt::Alone(site.call(&headers, &GetMoment { id, number }).await?)),
            None => None,
        };
        Ok((id, history, before, looked_at))
    };
    type Shown = (ConversationId, History, Option<i64>, Option<LookedAt>);
    let page = |visitor: Visitor, (conversation, history, before, looked_at): Shown| {
        let title = format!("History · {}", history.title);
        let page = move || {
            let (visitor, history, looked_at) = (visitor.clone(), history.clone(), looked_at.clone());
            view! {
                <HistoryPage visitor=visitor conversation=conversation history=history before=before looked_at=looked_at />
            }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/c/{text}/history"), asking, page).await
}

/// Whether a step is there among those listed, or one that it has become a part of.
fn lists(history: &History, at: i64) -> bool {
    history.steps.last().is_some_and(|oldest| oldest.number <= at)
}

/// The step that has this number, or the first after it: steps that become one have the number of the last.
fn nearest(history: &History, at: i64) -> Option<i64> {
    history.steps.iter().map(|step| step.number).filter(|number| *number >= at).min()
}
