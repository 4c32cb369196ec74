//! What holds for everybody who reads a conversation: whether they see one another's names, and whether they may copy.

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
    http::StatusCode,
};
use shared::{
    api::{ProtectText, SetAnonymity},
    ids::ConversationId,
    sync::CloseCode,
};

use crate::{
    access::{self, Owner},
    authors,
    error::Error,
    rooms::{
        self,
        persistence::{self, Failure},
    },
    services::Services,
    sessions::Caller,
};

/// `PUT /api/v1/conversations/{id}/sharing/anonymity`
pub async fn set_anonymity(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    body: Result<Json<SetAnonymity>, JsonRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let owner = access::own(&services.db, caller.id, id).await?;
    let Json(SetAnonymity { anonymous, .. }) = body?;
    if change(&services, owner, anonymous).await? {
        // Whoever has the document open holds the one before; those who come now are who they are in the new one.
        services.rooms.close(id, CloseCode::WrongEpoch).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Changes who authors are, and gives the document to its owner's other id, both or neither. Answers whether anything is
/// different now.
async fn change(services: &Services, owner: Owner, anonymous: bool) -> Result<bool, Error> {
    let (id, user) = (owner.conversation(), owner.user());
    let mut tx = services.db.begin().await?;
    let is = sqlx::query_scalar!(
        r#"select alias_scope is not null as "is!" from conversations where id = $1 for update"#,
        id.uuid()
    );
    if is.fetch_optional(&mut *tx).await?.ok_or(Error::NotFound)? == anonymous {
        return Ok(false);
    }
    let (from, to) = if anonymous {
        (user, authors::hide(&mut tx, id, user).await?)
    } else {
        (authors::forget(&mut tx, id, user).await?, user)
    };
    let handed = services.rooms.hand_over(id, from, to).await.map_err(|failure| {
        match failure {
        Failure::Written(_) => Error::Conflict(
            "written",
            "Somebody has written here already, and others have read who. This can be changed only before that: import \
             the text anew."
                .into(),
        ),
        failure => Error::Internal(failure.into()),
    }
    })?;
    if !persistence::replace(&mut tx, &handed.ok_or(Error::NotFound)?).await? {
        let why = "Somebody wrote here at this very moment. Try again.".to_owned();
        return Err(Error::Conflict("changed_meanwhile", why));
    }
    // What was before says who the owner is, or who they were called.
    rooms::forget(&mut tx, id).await?;
    tx.commit().await?;
    Ok(true)
}

/// `PUT /api/v1/conversations/{id}/sharing/protection`
pub async fn protect(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    body: Result<Json<ProtectText>, JsonRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let owner = access::own(&services.db, caller.id, id).await?;
    let Json(ProtectText { copy_protected, .. }) = body?;
    sqlx::query!(
        "update conversations set copy_protected = $2 where id = $1",
        owner.conversation().uuid(),
        copy_protected
    )
    .execute(&services.db)
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
