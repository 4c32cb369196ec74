//! The page of what is marked deleted in a conversation.

use app::{pages::DeletedPage, parts::Visitor};
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use leptos::prelude::*;
use shared::{
    api::{Deleted, ListDeleted},
    ids::ConversationId,
};

use super::{Site, classes::id};

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/c/{id}/deleted", get(show))
}

async fn show(State(site): State<Site>, headers: HeaderMap, Path(text): Path<String>) -> Response {
    let asking = async {
        let id: ConversationId = id(&text)?;
        Ok((id, site.call(&headers, &ListDeleted { id }).await?))
    };
    let page = |visitor: Visitor, (conversation, deleted): (ConversationId, Deleted)| {
        let title = format!("Deleted in {}", deleted.title);
        let page = move || {
            let (visitor, deleted) = (visitor.clone(), deleted.clone());
            view! { <DeletedPage visitor=visitor conversation=conversation deleted=deleted /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/c/{text}/deleted"), asking, page).await
}
