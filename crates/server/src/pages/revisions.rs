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
use crate::{access, error::Error};

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/c/{id}/edit", get(edit))
        .route("/c/{id}/revisions", get(list))
        .route("/c/{id}/revisions/{number}", get(show))
}

async fn edit(State(site): State<Site>, headers: HeaderMap, Path(text): Path<String>) -> Response {
    let asking = async {
        let id: ConversationId = id(&text)?;
        let conversation = site.call(&headers, &GetConversation { id, branch: None }).await?;
        may_be_edited(&conversation)?;
        Ok(conversation)
    };
    let page = |visitor: Visitor, conversation: Conversation| {
        let title = format!("Edit text · {}", conversation.title);
        let page = move || view! { <EditTextPage visitor=visitor.clone() conversation=conversation.clone() /> };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/c/{text}/edit"), asking, page).await
}

/// Nobody types a text that will not be taken.
fn may_be_edited(conversation: &Conversation) -> Result<(), Problem> {
    if !access::may_edit_text(conversation.rights) {
        return Err(Error::Forbidden("You can read this text, and not edit it.").problem());
    }
    let why = match conversation {
        Conversation { chat: Some(_), .. } => {
            "This is a chat: what people and models said in it stays as they said it."
        }
        Conversation { activity: Some(_), .. } => {
            "All copies of an activity have the same text. Edit the template, before anybody starts."
        }
        _ => return Ok(()),
    };
    Err(Error::Conflict("not_edited", why.into()).problem())
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
