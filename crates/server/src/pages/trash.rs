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
    api::{ListTrash, TrashedConversation},
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
    let page = |visitor: Visitor, mut trashed: Vec<TrashedConversation>| {
        let is_all = trashed.len() <= LINES as usize;
        trashed.truncate(LINES as usize);
        let more = trashed.last().filter(|_| !is_all).map(|last| last.id);
        let page = move || {
            let (visitor, trashed) = (visitor.clone(), trashed.clone());
            view! { <TrashPage visitor=visitor trashed=trashed more=more is_later=after.is_some() /> }
        };
        (StatusCode::OK, "Trash".to_owned(), page)
    };
    site.show(&headers, "/trash", asking, page).await
}
