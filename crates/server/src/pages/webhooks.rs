//! The page of one webhook; the list of them is a part of the account's.

use app::{pages::WebhookPage, parts::Visitor};
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use leptos::prelude::*;
use shared::{
    api::{GetWebhook, WebhookDetails},
    ids::WebhookId,
};

use super::{Site, classes::id};

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/account/webhooks/{webhook}", get(show))
}

async fn show(State(site): State<Site>, headers: HeaderMap, Path(text): Path<String>) -> Response {
    let asking = async {
        let webhook: WebhookId = id(&text)?;
        site.call(&headers, &GetWebhook { webhook }).await
    };
    let page = |visitor: Visitor, details: WebhookDetails| {
        let page = move || {
            let (visitor, details) = (visitor.clone(), details.clone());
            view! { <WebhookPage visitor=visitor details=details /> }
        };
        (StatusCode::OK, "Webhook".to_owned(), page)
    };
    site.show(&headers, &format!("/account/webhooks/{text}"), asking, page).await
}
