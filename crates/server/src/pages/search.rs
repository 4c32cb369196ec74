//! The page that one searches on: it works without scripts.

use app::pages::SearchPage;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use leptos::prelude::*;
use serde::Deserialize;
use shared::api::{Problem, Search, SearchResults, encoded};

use super::Site;
use app::parts::Visitor;

/// What is looked for, and from where on.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

/// `GET /search`
pub(super) async fn show(State(site): State<Site>, headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    let path = match asked.q.is_empty() {
        true => "/search".to_owned(),
        false => format!("/search?q={}", encoded(&asked.q)),
    };
    let query = asked.q.trim().to_owned();
    let (is_later, title) = (!asked.after.is_empty(), if query.is_empty() { "Search" } else { "Found" });
    let search = Search { q: query.clone(), after: is_later.then_some(asked.after), limit: None };
    let asking = async {
        match search.q.is_empty() {
            true => Ok(None),
            false => match site.call(&headers, &search).await {
                // What is wrong with what was typed is said on the page, beside it.
                Err(problem) if problem.status == 400 => Ok(Some(Err(problem))),
                outcome => outcome.map(|results| Some(Ok(results))),
            },
        }
    };
    let page = |visitor: Visitor, outcome: Option<Result<SearchResults, Problem>>| {
        let status = if matches!(outcome, Some(Err(_))) { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        let page = move || {
            let (visitor, query, outcome) = (visitor.clone(), query.clone(), outcome.clone());
            view! { <SearchPage visitor=visitor query=query outcome=outcome is_later=is_later /> }
        };
        (status, title.to_owned(), page)
    };
    site.show(&headers, &path, asking, page).await
}
