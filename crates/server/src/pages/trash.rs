//! The page of the trash.

use app::{pages::TrashPage, parts::Visitor};
use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use leptos::prelude::*;
use serde::Deserialize;
use shared::{
    api::{ListTrash, Trash},
    ids::ConversationId,
};

use super::Site;

/// Lines of a page.
const LINES: u32 = 50;

/// Which part of it. What is none begins at the beginning.
#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    after: String,
}

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/trash", get(show))
}

async fn show(State(site): State<Site>, headers: HeaderMap, Query(part): Query<Part>) -> Response {
    let after: Option<ConversationId> = part.after.parse().ok();
    // One more than is shown: it says whether there are more.
    let list = ListTrash { after, limit: Some(LINES + 1) };
    let asking = site.call(&headers, &list);
    let page = |visitor: Visitor, mut trash: Trash| {
        let is_all = trash.conversations.len() <= LINES as usize;
        trash.conversations.truncate(LINES as usize);
        let more = trash.conversations.last().filter(|_| !is_all).map(|last| last.id);
        let page = move || {
            let (visitor, trash) = (visitor.clone(), trash.clone());
            view! { <TrashPage visitor=visitor trash=trash more=more is_later=after.is_some() /> }
        };
        (StatusCode::OK, "Trash".to_owned(), page)
    };
    site.show(&headers, "/trash", asking, page).await
}
