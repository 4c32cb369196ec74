//! A person's own page: what they have, what is shared with them, what they opened last.

use app::pages::{HomePage, ShelfOfPage};
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use leptos::prelude::*;
use serde::Deserialize;
use shared::{
    api::{ListConversations, Problem, Shelf},
    ids::ConversationId,
};

use super::Site;
use app::parts::Visitor;

/// Lines of a list, on the page of all lists and on one of its own.
const LINES: [u32; 2] = [30, 60];

/// Which part of it. What is none begins at the beginning.
#[derive(Deserialize)]
pub(super) struct Part {
    #[serde(default)]
    list: String,
    #[serde(default)]
    after: String,
}

/// `GET /`
pub(super) async fn home(State(site): State<Site>, headers: HeaderMap, Query(part): Query<Part>) -> Response {
    let shelf = Shelf::ALL.into_iter().find(|shelf| shelf.as_str() == part.list);
    let after = part.after.parse().ok().filter(|_| shelf.is_some_and(|shelf| shelf != Shelf::Recent));
    let asking = async {
        match shelf {
            Some(shelf) => Ok(vec![site.shelf(&headers, shelf, after, LINES[1]).await?]),
            None => Ok(vec![
                site.shelf(&headers, Shelf::Mine, None, LINES[0]).await?,
                site.shelf(&headers, Shelf::Shared, None, LINES[0]).await?,
            ]),
        }
    };
    let page = |visitor: Visitor, shelves: Vec<ShelfOfPage>| {
        let page = move || view! { <HomePage visitor=visitor.clone() shelves=shelves.clone() alone=shelf /> };
        (StatusCode::OK, shelf.map_or("Conversations", Shelf::in_words).to_owned(), page)
    };
    let path = shelf.map_or_else(|| "/".to_owned(), |shelf| format!("/?list={}", shelf.as_str()));
    site.show(&headers, &path, asking, page).await
}

impl Site {
    /// One more than is shown is asked for: it says whether there are more.
    async fn shelf(
        &self,
        headers: &HeaderMap,
        of: Shelf,
        after: Option<ConversationId>,
        lines: u32,
    ) -> Result<ShelfOfPage, Problem> {
        let asked = ListConversations { of: Some(of), after, limit: Some(lines + 1) };
        let mut conversations = self.call(headers, &asked).await?;
        let is_all = conversations.len() <= lines as usize;
        conversations.truncate(lines as usize);
        let more = conversations.last().filter(|_| !is_all && of != Shelf::Recent).map(|last| last.id);
        Ok(ShelfOfPage { of, conversations, more, is_later: after.is_some() })
    }
}
