//! Pages of the texts that a conversation has had, and the one on which its text is edited.

use app::{
    pages::{EditTextPage, RevisionPage, RevisionsPage},
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
    api::{Conversation, GetConversation, GetRevision, ListRevisions, Problem, Revision, Revisions},
    ids::ConversationId,
};

use super::{Site, classes::id};
use crate::error::Error;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/c/{id}/edit", get(edit))
        .route("/c/{id}/revisions", get(list))
        .route("/c/{id}/revisions/{number}", get(show))
}

async fn edit(State(site): State<Site>, headers: HeaderMap, Path(text): Path<String>) -> Response {
    let asking = async {
        let id: ConversationId = id(&text)?;
        let revisions = site.call(&headers, &ListRevisions { id }).await?;
        may_be_edited(&revisions)?;
        site.call(&headers, &GetConversation { id, branch: None }).await
    };
    let page = |visitor: Visitor, conversation: Conversation| {
        let title = format!("Edit text · {}", conversation.title);
        let page = move || view! { <EditTextPage visitor=visitor.clone() conversation=conversation.clone() /> };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/c/{text}/edit"), asking, page).await
}

/// Nobody types a text that will not be taken.
fn may_be_edited(revisions: &Revisions) -> Result<(), Problem> {
    match revisions {
        Revisions { may_edit_text: false, .. } => {
            Err(Error::Forbidden("You can read this text, and not edit it.").problem())
        }
        Revisions { hindrance: Some(why), .. } => Err(Error::Conflict("not_edited", why.clone()).problem()),
        _ => Ok(()),
    }
}

async fn list(State(site): State<Site>, headers: HeaderMap, Path(text): Path<String>) -> Response {
    let asking = async {
        let id: ConversationId = id(&text)?;
        Ok((id, site.call(&headers, &ListRevisions { id }).await?))
    };
    let page = |visitor: Visitor, (conversation, revisions): (ConversationId, Revisions)| {
        let title = format!("Earlier texts · {}", revisions.title);
        let page = move || {
            let (visitor, revisions) = (visitor.clone(), revisions.clone());
            view! { <RevisionsPage visitor=visitor conversation=conversation revisions=revisions /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/c/{text}/revisions"), asking, page).await
}

async fn show(State(site): State<Site>, headers: HeaderMap, Path((text, number)): Path<(String, String)>) -> Response {
    let asking = async {
        let id: ConversationId = id(&text)?;
        let number = number.parse().map_err(|_| Error::NotFound.problem())?;
        Ok((id, site.call(&headers, &GetRevision { id, number }).await?))
    };
    let page = |visitor: Visitor, (conversation, revision): (ConversationId, Revision)| {
        let title = format!("Text {} · {}", revision.number, revision.title);
        let page = move || {
            let (visitor, revision) = (visitor.clone(), revision.clone());
            view! { <RevisionPage visitor=visitor conversation=conversation revision=revision /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/c/{text}/revisions/{number}"), asking, page).await
}
