//! The pages of classes.

use app::{
    pages::{ClassManagePage, ClassPage, ClassPersonPage, ClassesPage, JoinPage, RosterPage},
    parts::Visitor,
    shell::PageKind,
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, Query, State, rejection::BytesRejection},
    http::{HeaderMap, Request, StatusCode, header},
    response::Response,
    routing::{get, post},
};
use leptos::prelude::*;
use serde::Deserialize;
use shared::{
    api::{
        GetClass, GetClassModels, GetInvitation, GetMember, ListClasses, ListInvitations, ListMembers,
        MAX_ROSTER_BYTES, Problem, RosterReport, roster_path,
    },
    ids::{ClassId, UserId},
};

use super::{Detour, Reader, Site};
use crate::{error::Error, roster, sessions::Secret};

/// Multipart adds its own lines around a file.
const SLACK: usize = 64 << 10;

pub(super) fn routes() -> Router<Site> {
    let roster = post(import_roster).layer(DefaultBodyLimit::max(MAX_ROSTER_BYTES + SLACK));
    Router::new()
        .route("/classes", get(list))
        .route("/classes/{id}", get(class))
        .route("/classes/{id}/manage", get(manage))
        .route("/classes/{id}/people/{user}", get(person))
        .route("/classes/{id}/roster", roster.get(roster_form))
        .route("/join/{token}", get(join))
}

/// An id in an address that is none names nothing.
pub(super) fn id<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Error::NotFound.problem())
}

impl Site {
    /// Shows a page that somebody has to be signed in for, made of what `asking` finds.
    pub(super) async fn show<T, V, F>(
        &self,
        headers: &HeaderMap,
        path: &str,
        asking: impl Future<Output = Result<T, Problem>>,
        page: impl FnOnce(Visitor, T) -> (StatusCode, String, F),
    ) -> Response
    where
        V: IntoView + 'static,
        F: Fn() -> V + Clone + Send + Sync + 'static,
    {
        let visitor = match self.visitor(headers, path).await {
            Ok(visitor) => visitor,
            Err(detour) => return self.detour(detour, Reader::Anybody).await,
        };
        let reader = Reader::Person(visitor.clone());
        match asking.await {
            Ok(found) => {
                let (status, title, page) = page(visitor, found);
                self.render(status, title, PageKind::Plain, reader, page).await
            }
            Err(problem) => self.detour(Detour::Problem(problem), reader).await,
        }
    }
}

async fn list(State(site): State<Site>, headers: HeaderMap) -> Response {
    let asking = site.call(&headers, &ListClasses {});
    let page = |visitor: Visitor, classes| {
        let page = move || view! { <ClassesPage visitor=visitor.clone() classes=Clone::clone(&classes) /> };
        (StatusCode::OK, "Classes".to_owned(), page)
    };
    site.show(&headers, "/classes", asking, page).await
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    find: String,
    #[serde(default)]
    after: String,
}

async fn class(
    State(site): State<Site>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(Part { find, after }): Query<Part>,
) -> Response {
    let path = address(&id, &[("find", &find), ("after", &after)]);
    let asking = async {
        let class: ClassId = self::id(&id)?;
        let found = site.call(&headers, &GetClass { class }).await?;
        let members = site.call(&headers, &ListMembers { class, find: find.clone(), after: after.clone() }).await?;
        Ok((found, members))
    };
    let is_first = after.is_empty();
    let page = |visitor: Visitor, (class, members)| {
        let (class, members): (shared::api::Class, shared::api::MemberPage) = (class, members);
        let (title, find) = (class.name.clone(), find.clone());
        let page = move || {
            let (visitor, class, members, find) = (visitor.clone(), class.clone(), members.clone(), find.clone());
            view! { <ClassPage visitor=visitor class=class members=members find=find is_first=is_first /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &path, asking, page).await
}

/// The page of a class, for whoever has to sign in first.
fn address(id: &str, parts: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parts.iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    format!("/classes/{id}{}{query}", if query.is_empty() { "" } else { "?" })
}

async fn manage(State(site): State<Site>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let asking = async {
        let class = site.call(&headers, &GetClass { class: self::id(&id)? }).await?;
        if !class.role.is_staff() {
            return Err(Error::Forbidden("This is for the class's staff.").problem());
        }
        let invitations = match class.role.may_change_class() {
            true => Some(site.call(&headers, &ListInvitations { class: class.id }).await?),
            false => None,
        };
        let models = site.call(&headers, &GetClassModels { class: class.id }).await?;
        Ok((class, invitations, models))
    };
    type Found = (shared::api::Class, Option<Vec<shared::api::Invitation>>, shared::api::ClassModels);
    let page = |visitor: Visitor, (class, invitations, models): Found| {
        let title = class.name.clone();
        let page = move || {
            let (visitor, class, invitations) = (visitor.clone(), class.clone(), invitations.clone());
            view! { <ClassManagePage visitor=visitor class=class invitations=invitations models=models.clone() /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/classes/{id}/manage"), asking, page).await
}

async fn person(State(site): State<Site>, headers: HeaderMap, Path((id, user)): Path<(String, String)>) -> Response {
    let asking = async {
        let (class, user): (ClassId, UserId) = (self::id(&id)?, self::id(&user)?);
        let class = site.call(&headers, &GetClass { class }).await?;
        if !class.role.may_change_class() {
            return Err(Error::Forbidden("This is for the class's instructors.").problem());
        }
        let member = site.call(&headers, &GetMember { class: class.id, user }).await?;
        Ok((class, user, member))
    };
    let page = |visitor: Visitor, (class, user, member): (shared::api::Class, UserId, shared::api::ClassMember)| {
        let title = member.name.clone();
        let page = move || {
            view! { <ClassPersonPage visitor=visitor.clone() class=class.clone() user=user member=member.clone() /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &format!("/classes/{id}/people/{user}"), asking, page).await
}

/// Where the browser asks for the page again that a form led to.
async fn roster_form(Path(id): Path<String>) -> axum::response::Redirect {
    let id = id.parse::<ClassId>().map(|id| format!("/classes/{id}/manage"));
    axum::response::Redirect::to(id.as_deref().unwrap_or("/classes"))
}

async fn import_roster(
    State(site): State<Site>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let asking = async {
        let class = site.call(&headers, &GetClass { class: self::id(&id)? }).await?;
        let outcome = match body {
            Ok(body) => site.send_roster(&headers, class.id, body).await,
            Err(_) => Err(roster::too_large().problem()),
        };
        match outcome {
            // What it is about is told by the page itself.
            Err(problem) if matches!(problem.status, 401 | 403 | 404) => Err(problem),
            outcome => Ok((class, outcome)),
        }
    };
    let page = |visitor: Visitor, (class, outcome): (shared::api::Class, Result<RosterReport, Problem>)| {
        let status = outcome.as_ref().err().and_then(|problem| StatusCode::from_u16(problem.status).ok());
        let again = outcome.as_ref().ok().filter(|report| !report.applied).map(roster::as_csv);
        let page = move || {
            let (visitor, class, outcome, again) = (visitor.clone(), class.clone(), outcome.clone(), again.clone());
            view! { <RosterPage visitor=visitor class=class outcome=outcome again=again /> }
        };
        (status.unwrap_or(StatusCode::OK), "Roster".to_owned(), page)
    };
    site.show(&headers, &format!("/classes/{id}/manage"), asking, page).await
}

impl Site {
    /// Hands the form on to the API as it came.
    async fn send_roster(&self, headers: &HeaderMap, class: ClassId, body: Bytes) -> Result<RosterReport, Problem> {
        let mut request = Request::post(roster_path(class));
        if let Some(kind) = headers.get(header::CONTENT_TYPE) {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        self.send(headers, request, Body::from(body)).await
    }
}

/// A link that leads nowhere.
pub(super) fn stale_link() -> Problem {
    Problem {
        title: "This link is not good any more".into(),
        detail: "It may have expired, been used up or been revoked. Ask whoever sent it for a new one.".into(),
        ..Error::NotFound.problem()
    }
}

async fn join(State(site): State<Site>, headers: HeaderMap, Path(token): Path<String>) -> Response {
    let asking = async {
        // Nothing else belongs into a path.
        let token = Secret::parse(&token).ok_or_else(stale_link)?.text();
        let found = site.call(&headers, &GetInvitation { token: token.clone() }).await;
        let invitation = found.map_err(|problem| if problem.status == 404 { stale_link() } else { problem })?;
        Ok((token, invitation))
    };
    let page = |visitor: Visitor, (token, invitation): (String, shared::api::InvitationPreview)| {
        let title = invitation.name.clone();
        let page = move || {
            view! { <JoinPage visitor=visitor.clone() token=token.clone() invitation=invitation.clone() /> }
        };
        (StatusCode::OK, title, page)
    };
    let path = Secret::parse(&token).map_or_else(|| "/".to_owned(), |secret| format!("/join/{}", secret.text()));
    site.show(&headers, &path, asking, page).await
}
