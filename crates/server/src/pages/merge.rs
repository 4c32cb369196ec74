//! The page that makes one account of two of the same person, and the one that is shown then.

use app::{
    pages::{MergeAsked, MergePage, MergedPage},
    parts::Visitor,
};
use axum::{
    Form, Router,
    body::Body,
    extract::{State, rejection::FormRejection},
    http::{HeaderMap, Request, StatusCode, header},
    response::Response,
    routing::get,
};
use leptos::prelude::*;
use serde::Deserialize;
use shared::api::{Endpoint, GetMe, GetMerging, MergePreview, Merging, PreviewMerge, Problem};

use super::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/account/merge", get(show).post(preview)).route("/account/merged", get(done))
}

async fn show(State(site): State<Site>, headers: HeaderMap) -> Response {
    let asking = async { Ok((site.call(&headers, &GetMerging {}).await?, MergeAsked::Nothing)) };
    site.merging(&headers, asking).await
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

/// Says whose a code is. It is in no address, where it would stay in the browser's history.
async fn preview(State(site): State<Site>, headers: HeaderMap, form: Result<Form<Code>, FormRejection>) -> Response {
    let code = form.map(|Form(Code { code })| code).unwrap_or_default();
    let asking = async {
        // Whoever is signed out is led to sign in, and whoever is banned is told so.
        let merging = site.call(&headers, &GetMerging {}).await?;
        let asked = match site.preview_merge(&headers, &code).await {
            Ok(preview) => MergeAsked::Found(code, preview),
            Err(problem) => MergeAsked::Refused(code, problem),
        };
        Ok((merging, asked))
    };
    site.merging(&headers, asking).await
}

async fn done(State(site): State<Site>, headers: HeaderMap) -> Response {
    let page = |visitor: Visitor, _| {
        let page = move || view! { <MergedPage visitor=visitor.clone() /> };
        (StatusCode::OK, "Your accounts are one".to_owned(), page)
    };
    site.show(&headers, "/account/merged", site.call(&headers, &GetMe {}), page).await
}

impl Site {
    async fn preview_merge(&self, headers: &HeaderMap, code: &str) -> Result<MergePreview, Problem> {
        let asked = PreviewMerge { code: code.to_owned() };
        let request = Request::post(asked.path()).header(header::CONTENT_TYPE, "application/json");
        let body = serde_json::to_vec(&asked).map_err(super::unexpected)?;
        self.send(headers, request, Body::from(body)).await
    }

    async fn merging(
        &self,
        headers: &HeaderMap,
        asking: impl Future<Output = Result<(Merging, MergeAsked), Problem>>,
    ) -> Response {
        let page = |visitor: Visitor, (merging, asked): (Merging, MergeAsked)| {
            let status = match &asked {
                MergeAsked::Refused(_, problem) => StatusCode::from_u16(problem.status).ok(),
                MergeAsked::Nothing | MergeAsked::Found(..) => None,
            };
            let page = move || {
                let (visitor, asked) = (visitor.clone(), asked.clone());
                view! { <MergePage visitor=visitor sign_in_again=merging.sign_in_again asked=asked /> }
            };
            (status.unwrap_or(StatusCode::OK), "Merge two accounts".to_owned(), page)
        };
        self.show(headers, "/account/merge", asking, page).await
    }
}
