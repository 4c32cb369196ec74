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
    let limit = Some(LINES + 1);
    let asking = async {
        match site.call(&headers, &ListTrash { after, limit }).await {
            // What the page before ended with was taken out meanwhile.
            Err(problem) if problem.status == 400 && after.is_some() => {
                Ok((site.call(&headers, &ListTrash { after: None, limit }).await?, false))
            }
            trash => Ok((trash?, after.is_some())),
        }
    };
    let page = |visitor: Visitor, (mut trash, is_later): (Trash, bool)| {
        let is_all = trash.conversations.len() <= LINES as usize;
        trash.conversations.truncate(LINES as usize);
        let more = trash.conversations.last().filter(|_| !is_all).map(|last| last.id);
        let page = move || {
            let (visitor, trash) = (visitor.clone(), trash.clone());
            view! { <TrashPage visitor=visitor trash=trash more=more is_later=is_later /> }
        };
        (StatusCode::OK, "Trash".to_owned(), page)
    };
    let path = after.map_or_else(|| "/trash".to_owned(), |after| format!("/trash?after={after}"));
    site.show(&headers, &path, asking, page).await
}
