//! The page by which annotations of elsewhere are brought in.

use app::{pages::AnnotationsPage, parts::Visitor};
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use leptos::prelude::*;
use shared::{
    api::{GetRights, OwnRights},
    ids::ConversationId,
};

use super::{Site, classes::id};

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/c/{id}/annotations", get(annotations))
}

async fn annotations(State(site): State<Site>, headers: HeaderMap, Path(text): Path<String>) -> Response {
    let asking = async {
        let id: ConversationId = id(&text)?;
        Ok((id, site.call(&headers, &GetRights { id }).await?))
    };
    let page = |visitor: Visitor, (conversation, rights): (ConversationId, OwnRights)| {
        let title = format!("Bring annotations in · {}", rights.title);
        let page = move || {
            let (visitor, rights) = (visitor.clone(), rights.clone());
            view! { <AnnotationsPage visitor=visitor conversation=conversation rights=rights /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/c/{text}/annotations"), asking, page).await
}
