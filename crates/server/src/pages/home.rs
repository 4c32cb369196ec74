//! A person's own page: what they have to do, what they have, what is shared with them, what they opened last.

use app::pages::{HomeList, HomePage, ShelfOfPage, ToDoOfPage};
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use leptos::prelude::*;
use serde::Deserialize;
use shared::{
    api::{ListConversations, ListToDo, Problem, Shelf},
    ids::{ActivityId, ConversationId},
};

use super::Site;
use app::parts::Visitor;

/// Lines of a list, on the page of all lists and on one of its own.
const LINES: [u32; 2] = [30, 60];

/// Tasks above the lists, on the page of all.
const TASKS: u32 = 8;

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
    let alone = HomeList::ALL.into_iter().find(|list| list.as_str() == part.list);
    let asking = async {
        Ok::<_, Problem>(match alone {
            Some(HomeList::ToDo) => (Some(site.to_do(&headers, part.after.parse().ok(), LINES[1]).await?), vec![]),
            Some(HomeList::Shelf(shelf)) => {
                (None, vec![site.shelf(&headers, shelf, part.after.parse().ok(), LINES[1]).await?])
            }
            None => {
                let to_do = site.to_do(&headers, None, TASKS).await?;
                let mine = site.shelf(&headers, Shelf::Mine, None, LINES[0]).await?;
                (Some(to_do), vec![mine, site.shelf(&headers, Shelf::Shared, None, LINES[0]).await?])
            }
        })
    };
    let page = |visitor: Visitor, (to_do, shelves): (Option<ToDoOfPage>, Vec<ShelfOfPage>)| {
        let page = move || {
            let (visitor, to_do, shelves) = (visitor.clone(), to_do.clone(), shelves.clone());
            view! { <HomePage visitor=visitor to_do=to_do shelves=shelves alone=alone /> }
        };
        (StatusCode::OK, alone.map_or("Conversations", HomeList::in_words).to_owned(), page)
    };
    let path = alone.map_or_else(|| "/".to_owned(), |list| format!("/?list={}", list.as_str()));
    site.show(&headers, &path, asking, page).await
}

impl Site {
    /// As the lists of conversations are asked for.
    async fn to_do(&self, headers: &HeaderMap, after: Option<ActivityId>, lines: u32) -> Result<ToDoOfPage, Problem> {
        let mut tasks = self.call(headers, &ListToDo { after, limit: Some(lines + 1) }).await?;
        let is_all = tasks.len() <= lines as usize;
        tasks.truncate(lines as usize);
        let more = tasks.last().filter(|_| !is_all).map(|last| last.summary.id);
        Ok(ToDoOfPage { tasks, more, is_later: after.is_some() })
    }

    /// One more than is shown is asked for: it says whether there are more.
    async fn shelf(
        &self,
        headers: &HeaderMap,
        of: Shelf,
        after: Option<ConversationId>,
        lines: u32,
    ) -> Result<ShelfOfPage, Problem> {
        // What was opened last has one page only.
        let after = after.filter(|_| of != Shelf::Recent);
        let asked = ListConversations { of: Some(of), after, limit: Some(lines + 1) };
        let mut conversations = self.call(headers, &asked).await?;
        let is_all = conversations.len() <= lines as usize;
        conversations.truncate(lines as usize);
        let more = conversations.last().filter(|_| !is_all && of != Shelf::Recent).map(|last| last.id);
        Ok(ShelfOfPage { of, conversations, more, is_later: after.is_some() })
    }
}
