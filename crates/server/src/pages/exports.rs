//! The page of files that take a while to make.

use app::{pages::ExportsPage, parts::Visitor};
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
    api::{Exports, ListExports},
    ids::{ConversationId, MessageId},
};

use super::{Site, classes::id};

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/c/{id}/exports", get(exports))
}

/// What is asked for.
#[derive(Deserialize)]
struct Asked {
    branch: Option<MessageId>,
}

async fn exports(
    State(site): State<Site>,
    headers: HeaderMap,
    Path(text): Path<String>,
    Query(Asked { branch }): Query<Asked>,
) -> Response {
    let asking = async {
        let id: ConversationId = id(&text)?;
        Ok((id, site.call(&headers, &ListExports { id }).await?))
    };
    let page = |visitor: Visitor, (conversation, exports): (ConversationId, Exports)| {
        let title = format!("PDF · {}", exports.title);
        let page = move || {
            let (visitor, exports) = (visitor.clone(), exports.clone());
            view! { <ExportsPage visitor=visitor conversation=conversation branch=branch exports=exports /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/c/{text}/exports"), asking, page).await
}
