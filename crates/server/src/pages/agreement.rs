//! Pages that show how far people agree.

use app::{
    pages::{ActivityAgreementPage, AgreementPage},
    parts::Visitor,
};
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
    api::{Activity, Agreement, GetActivity, GetActivityAgreement, GetAgreement},
    ids::{ConversationId, MessageId, TagId},
};

use super::{Site, classes::id};

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/c/{id}/agreement", get(of_conversation)).route("/activities/{id}/agreement", get(of_activity))
}

/// What is asked for.
#[derive(Deserialize)]
struct Asked {
    tag: Option<TagId>,
    branch: Option<MessageId>,
}

/// The tag that was asked for, or else the first that anybody used: it is shown whole.
fn chosen(agreement: &Agreement, tag: Option<TagId>) -> Option<TagId> {
    tag.or_else(|| agreement.tags.iter().find(|tag| tag.units > 0 && tag.in_full).map(|tag| tag.id))
}

async fn of_conversation(
    State(site): State<Site>,
    headers: HeaderMap,
    Path(text): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let Asked { tag, branch } = asked;
    let asking = async {
        let id: ConversationId = id(&text)?;
        Ok((id, site.call(&headers, &GetAgreement { id, tag, branch }).await?))
    };
    let page = |visitor: Visitor, (conversation, agreement): (ConversationId, Agreement)| {
        let (title, tag) = (format!("Agreement · {}", agreement.title), chosen(&agreement, tag));
        let page = move || {
            let (visitor, agreement) = (visitor.clone(), agreement.clone());
            view! { <AgreementPage visitor=visitor conversation=conversation branch=branch agreement=agreement tag=tag /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/c/{text}/agreement"), asking, page).await
}

async fn of_activity(
    State(site): State<Site>,
    headers: HeaderMap,
    Path(one): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let tag = asked.tag;
    let asking = async {
        let activity = site.call(&headers, &GetActivity { activity: id(&one)? }).await?;
        let agreement = GetActivityAgreement { activity: activity.summary.id, tag };
        Ok((activity, site.call(&headers, &agreement).await?))
    };
    let page = |visitor: Visitor, (activity, agreement): (Activity, Agreement)| {
        let (title, tag) = (format!("Agreement · {}", activity.summary.title), chosen(&agreement, tag));
        let page = move || {
            let (visitor, activity, agreement) = (visitor.clone(), activity.clone(), agreement.clone());
            view! { <ActivityAgreementPage visitor=visitor activity=activity agreement=agreement tag=tag /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/activities/{one}/agreement"), asking, page).await
}
