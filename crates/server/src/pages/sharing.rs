//! The pages of sharing.

use app::{
    pages::{LinkPage, SharePage},
    parts::Visitor,
};
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use leptos::prelude::*;
use shared::{
    api::{GetLink, GetSharing, LinkPreview, Sharing},
    ids::ConversationId,
};

use super::{
    Site,
    classes::{id, stale_link},
};
use crate::sessions::Secret;

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/c/{id}/share", get(share)).route("/s/{secret}", get(link))
}

async fn share(State(site): State<Site>, headers: HeaderMap, Path(text): Path<String>) -> Response {
    let asking = async {
        let conversation: ConversationId = id(&text)?;
        Ok((conversation, site.call(&headers, &GetSharing { conversation }).await?))
    };
    let page = |visitor: Visitor, (conversation, sharing): (ConversationId, Sharing)| {
        let page =
            move || view! { <SharePage visitor=visitor.clone() conversation=conversation sharing=sharing.clone() /> };
        (StatusCode::OK, "Share".to_owned(), page)
    };
    site.show(&headers, &format!("/c/{text}/share"), asking, page).await
}

async fn link(State(site): State<Site>, headers: HeaderMap, Path(secret): Path<String>) -> Response {
    let asking = async {
        // Nothing else belongs into a path.
        let link = GetLink { secret: Secret::parse(&secret).ok_or_else(stale_link)?.text() };
        let found = site.call(&headers, &link).await;
        Ok((link, found.map_err(|problem| if problem.status == 404 { stale_link() } else { problem })?))
    };
    let page = |visitor: Visitor, (link, preview): (GetLink, LinkPreview)| {
        let title = preview.title.clone();
        let page = move || view! { <LinkPage visitor=visitor.clone() link=link.clone() preview=preview.clone() /> };
        (StatusCode::OK, title, page)
    };
    let path = Secret::parse(&secret).map_or_else(|| "/".to_owned(), |secret| format!("/s/{}", secret.text()));
    site.show(&headers, &path, asking, page).await
}
