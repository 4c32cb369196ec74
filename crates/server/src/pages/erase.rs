//! The page that erases one's own account, and the one that is shown then.

use app::{
    pages::{ErasePage, ErasedPage},
    parts::Visitor,
    shell::PageKind,
};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use leptos::prelude::*;
use shared::api::{Erasure, GetErasure};

use super::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/account/erase", get(show)).route("/erased", get(done))
}

async fn show(State(site): State<Site>, headers: HeaderMap) -> Response {
    let asking = site.call(&headers, &GetErasure {});
    let page = |visitor: Visitor, erasure: Erasure| {
        let page = move || {
            let (visitor, erasure) = (visitor.clone(), erasure.clone());
            view! { <ErasePage visitor=visitor erasure=erasure /> }
        };
        (StatusCode::OK, "Erase my account".to_owned(), page)
    };
    site.show(&headers, "/account/erase", asking, page).await
}

/// Whoever was erased is signed out here; the page is the same for all.
async fn done(State(site): State<Site>, headers: HeaderMap) -> Response {
    let reader = site.reader(&headers).await;
    let visitor = reader.visitor();
    let page = move || {
        let visitor = visitor.clone();
        view! { <ErasedPage visitor=visitor /> }
    };
    site.render(StatusCode::OK, "Your account is erased".into(), PageKind::Plain, reader, page).await
}
