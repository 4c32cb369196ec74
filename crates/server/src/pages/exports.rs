//! The page of files that take a while to make.

use app::{
    pages::{ExportsOf, ExportsPage},
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
    api::{Exports, ListActivityExports, ListExports, ListSearchExports, encoded},
    ids::{ActivityId, ConversationId, MessageId},
};

use super::{Site, classes::id};

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/c/{id}/exports", get(of_conversation))
        .route("/activities/{id}/exports", get(of_activity))
        .route("/search/exports", get(of_search))
}

/// What is asked for.
#[derive(Deserialize)]
struct Asked {
    branch: Option<MessageId>,
}

async fn of_conversation(
    State(site): State<Site>,
    headers: HeaderMap,
    Path(text): Path<String>,
    Query(Asked { branch }): Query<Asked>,
) -> Response {
    let asking = async {
        let id: ConversationId = id(&text)?;
        let exports = site.call(&headers, &ListExports { id }).await?;
        Ok((ExportsOf::Conversation(id, branch), exports))
    };
    site.show(&headers, &format!("/c/{text}/exports"), asking, page).await
}

async fn of_activity(State(site): State<Site>, headers: HeaderMap, Path(text): Path<String>) -> Response {
    let asking = async {
        let activity: ActivityId = id(&text)?;
        let exports = site.call(&headers, &ListActivityExports { activity }).await?;
        Ok((ExportsOf::Activity(activity), exports))
    };
    site.show(&headers, &format!("/activities/{text}/exports"), asking, page).await
}

/// What was looked for.
#[derive(Deserialize)]
struct Sought {
    #[serde(default)]
    q: String,
}

async fn of_search(State(site): State<Site>, headers: HeaderMap, Query(Sought { q }): Query<Sought>) -> Response {
    let query = q.trim().to_owned();
    let path = match query.is_empty() {
        true => "/search/exports".to_owned(),
        false => format!("/search/exports?q={}", encoded(&query)),
    };
    let asking = async { Ok((ExportsOf::Search(query), site.call(&headers, &ListSearchExports {}).await?)) };
    site.show(&headers, &path, asking, page).await
}

fn page(
    visitor: Visitor,
    (of, exports): (ExportsOf, Exports),
) -> (StatusCode, String, impl Fn() -> AnyView + Clone + Send + Sync + 'static) {
    let title = format!("PDF · {}", exports.title);
    let page = move || {
        let (visitor, of, exports) = (visitor.clone(), of.clone(), exports.clone());
        view! { <ExportsPage visitor=visitor of=of exports=exports /> }.into_any()
    };
    (StatusCode::OK, title, page)
}
