//! Pages: each asks the typed API, in process and with the visitor's own cookies, and shows what it answers. So there is
//! one path to everything, one check of access and one kind of error.

mod account;
mod activities;
mod agreement;
mod annotations;
mod api;
mod classes;
mod deleted;
mod erase;
mod exports;
mod history;
mod home;
mod merge;
mod projects;
mod recovery;
mod revisions;
mod search;
mod sharing;
mod sign_in;
mod trash;
mod webhooks;

use std::sync::Arc;

use app::{
    offline::OfflinePage,
    pages::{ApiDescription, ClosedPage, ComparePage, ConversationPage, ImportPage, InboxPage, NoticePage},
    parts::Visitor,
    shell::{PageKind, Shell},
};
use axum::{
    Router,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use serde::{Deserialize, de::DeserializeOwned};
use shared::{
    api::{
        ChatOf, CompareBranches, Comparison, Endpoint, FileSummary, GetConversation, GetMe, ListModels, ListNotices,
        ListPeople, ListProjectFiles, Person, Problem,
    },
    ids::{ConversationId, NoticeId},
};
use tower::ServiceExt;

use crate::{error::Error, security, services::Services};

/// An answer of the API to a page is at most this long: the texts of the longest conversation, with room.
const MAX_REPLY_BYTES: usize = 64 << 20;

/// Says whom a page is for. The service worker keeps pages on people's devices, and shows nobody another's.
pub const USER: HeaderName = HeaderName::from_static("x-promptgrimoire-user");

/// On a request for a page that is open already, of which the service worker makes itself a copy.
pub const COPY: HeaderName = HeaderName::from_static("x-promptgrimoire-copy");

/// What pages need: the services, and the API to ask.
#[derive(Clone)]
struct Site {
    services: Services,
    api: Router,
    /// What the API is, to be read.
    description: Arc<ApiDescription>,
}

/// The routes of all pages; whatever no other route answers is the page that says so.
pub fn routes(services: &Services, api: Router<Services>) -> Router<Services> {
    // Rendering runs on tokio. An error says that this was said before, by another server in the same process (tests).
    let _ = any_spawner::Executor::init_tokio();
    let (api, description) = (api.with_state(services.clone()), api::read());
    let site = Site { services: services.clone(), api, description };
    let routes = Router::new()
        .route("/", get(home::home))
        .route("/import", get(import))
        .route("/inbox", get(inbox))
        .route("/c/{id}", get(conversation))
        .route("/c/{id}/compare", get(comparison))
        .route("/search", get(search::show))
        .route("/account", get(account::show))
        .route("/api", get(api::show))
        .route("/offline", get(offline))
        .merge(activities::routes())
        .merge(agreement::routes())
        .merge(annotations::routes())
        .merge(exports::routes())
        .merge(classes::routes())
        .merge(projects::routes())
        .merge(sign_in::routes(services))
        .merge(recovery::routes())
        .merge(deleted::routes())
        .merge(erase::routes())
        .merge(history::routes())
        .merge(merge::routes())
        .merge(revisions::routes())
        .merge(sharing::routes())
        .merge(trash::routes())
        .merge(webhooks::routes())
        .fallback(nothing);
    routes.layer(from_fn_with_state(site.clone(), in_words)).with_state(site)
}

/// An address or a form that cannot be read is answered with a page too: what axum says of it is for programs.
async fn in_words(State(site): State<Site>, headers: HeaderMap, request: Request<Body>, next: Next) -> Response {
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_plain = kind.starts_with("text/plain");
    if !response.status().is_client_error() || !is_plain {
        return response;
    }
    let problem = Problem {
        kind: "/problems/bad-address".into(),
        status: response.status().as_u16(),
        title: "This address cannot be read".into(),
        detail: "Something in it is twice, or not whole. Go back and try again.".into(),
        errors: Vec::new(),
    };
    let reader = site.reader(&headers).await;
    site.detour(Detour::Problem(problem), reader).await
}

/// Why a page shows something else than it was asked for.
enum Detour {
    SignIn { next: String },
    Problem(Problem),
}

/// Whom a page is for.
#[derive(Clone)]
enum Reader {
    Person(Visitor),
    /// Somebody who is signed out.
    Nobody,
    /// Whoever it is: the page is the same for all, or who it is could not be found out. Its header is left out.
    Anybody,
}

impl Reader {
    fn visitor(&self) -> Option<Visitor> {
        match self {
            Self::Person(visitor) => Some(visitor.clone()),
            Self::Nobody | Self::Anybody => None,
        }
    }

    fn header(&self) -> Option<HeaderValue> {
        match self {
            Self::Person(visitor) => HeaderValue::from_str(&visitor.me.id.to_string()).ok(),
            Self::Nobody => Some(HeaderValue::from_static("none")),
            Self::Anybody => None,
        }
    }
}

impl Site {
    /// Asks the API as the visitor.
    async fn call<E: Endpoint>(&self, headers: &HeaderMap, endpoint: &E) -> Result<E::Reply, Problem> {
        let request = Request::builder().method(E::METHOD.as_str()).uri(endpoint.path());
        self.send(headers, request, Body::empty()).await
    }

    /// Sends a request to the API as the visitor.
    async fn send<R: DeserializeOwned>(
        &self,
        headers: &HeaderMap,
        mut request: http::request::Builder,
        body: Body,
    ) -> Result<R, Problem> {
        for name in [header::COOKIE, COPY] {
            for value in headers.get_all(&name) {
                request = request.header(&name, value);
            }
        }
        let request = request.body(body).map_err(unexpected)?;
        let response = self.api.clone().oneshot(request).await.map_err(|never| match never {})?;
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), MAX_REPLY_BYTES).await.map_err(unexpected)?;
        if status.is_success() {
            serde_json::from_slice(&bytes).map_err(unexpected)
        } else {
            Err(serde_json::from_slice(&bytes).unwrap_or_else(unexpected))
        }
    }

    /// What the reader of a chat can send along of its project: nothing where they do not see it, or do not write.
    /// A page is worth having without them.
    async fn project_files(&self, headers: &HeaderMap, chat: Option<&ChatOf>) -> Vec<FileSummary> {
        match chat.filter(|chat| chat.may_send && chat.name.is_some()) {
            Some(chat) => self.call(headers, &ListProjectFiles { project: chat.project }).await.unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// Who looks; signed out they are led to sign in, and back.
    async fn visitor(&self, headers: &HeaderMap, path: &str) -> Result<Visitor, Detour> {
        let me = self.call(headers, &GetMe {}).await.map_err(|problem| match problem.status {
            401 => Detour::SignIn { next: path.to_owned() },
            _ => Detour::Problem(problem),
        })?;
        // A page is worth having without the number.
        let inbox = self.call(headers, &ListNotices { limit: Some(1), before: None }).await;
        Ok(Visitor { me, unread: inbox.map_or(0, |inbox| inbox.unread) })
    }

    /// Who looks at a page that everybody may see.
    async fn reader(&self, headers: &HeaderMap) -> Reader {
        match self.visitor(headers, "/").await {
            Ok(visitor) => Reader::Person(visitor),
            Err(Detour::SignIn { .. }) => Reader::Nobody,
            Err(Detour::Problem(problem)) if Error::is_ban(&problem) => Reader::Nobody,
            Err(Detour::Problem(_)) => Reader::Anybody,
        }
    }

    /// Answers a page instead of the one that was asked for.
    async fn detour(&self, detour: Detour, reader: Reader) -> Response {
        match detour {
            Detour::SignIn { next } => {
                let query: String =
                    url::form_urlencoded::Serializer::new(String::new()).append_pair("next", &next).finish();
                Redirect::to(&format!("/sign-in?{query}")).into_response()
            }
            Detour::Problem(problem) if Error::is_ban(&problem) => self.closed(problem.detail).await,
            Detour::Problem(problem) => {
                let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let Problem { title, detail, .. } = problem;
                let (heading, visitor) = (title.clone(), reader.visitor());
                self.render(status, heading, PageKind::Plain, reader, move || {
                    view! { <NoticePage visitor=visitor.clone() title=title.clone() text=detail.clone() /> }
                })
                .await
            }
        }
    }

    /// Says to somebody who is banned that they are.
    async fn closed(&self, text: String) -> Response {
        let page = move || view! { <ClosedPage text=text.clone() /> };
        self.render(StatusCode::FORBIDDEN, "Account closed".into(), PageKind::Plain, Reader::Nobody, page).await
    }

    /// Renders a page whole, with a policy for its own nonce.
    async fn render<V: IntoView + 'static>(
        &self,
        status: StatusCode,
        title: String,
        kind: PageKind,
        reader: Reader,
        page: impl Fn() -> V + Clone + Send + Sync + 'static,
    ) -> Response {
        let options = self.services.leptos.clone();
        let dev_reload = self.services.config.dev_reload;
        let (header, me) = (reader.header(), reader.visitor().map(|visitor| visitor.me));
        let document = move || {
            let response = expect_context::<ResponseOptions>();
            response.set_status(status);
            let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
            if let Ok(policy) = HeaderValue::from_str(&security::policy_of_page(&nonce)) {
                response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
            }
            if let Some(user) = header.clone() {
                response.insert_header(USER, user);
            }
            let (title, options, me, page) = (title.clone(), options.clone(), me.clone(), page.clone());
            view! {
                <Shell title=title options=options kind=kind me=me dev_reload=dev_reload>{page()}</Shell>
            }
        };
        leptos_axum::render_app_async_with_context(|| {}, document)(Request::new(Body::empty())).await
    }
}

fn unexpected(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "a page could not ask the API");
    Problem {
        kind: "/problems/internal".into(),
        status: 500,
        title: "Something went wrong".into(),
        detail: "The page could not be made. Try again in a moment.".into(),
        errors: Vec::new(),
    }
}

async fn import(State(site): State<Site>, headers: HeaderMap) -> Response {
    match site.visitor(&headers, "/import").await {
        Ok(visitor) => {
            let reader = Reader::Person(visitor.clone());
            let page = move || view! { <ImportPage visitor=visitor.clone() /> };
            site.render(StatusCode::OK, "Import".into(), PageKind::WithTools, reader, page).await
        }
        Err(detour) => site.detour(detour, Reader::Anybody).await,
    }
}

#[derive(Deserialize)]
struct InboxQuery {
    #[serde(default)]
    before: String,
}

async fn inbox(State(site): State<Site>, headers: HeaderMap, Query(query): Query<InboxQuery>) -> Response {
    let visitor = match site.visitor(&headers, "/inbox").await {
        Ok(visitor) => visitor,
        Err(detour) => return site.detour(detour, Reader::Anybody).await,
    };
    let reader = Reader::Person(visitor.clone());
    // An address that names no place begins at the beginning.
    let before = query.before.parse::<NoticeId>().ok();
    match site.call(&headers, &ListNotices { before, limit: None }).await {
        Ok(inbox) => {
            let page =
                move || view! { <InboxPage visitor=visitor.clone() inbox=inbox.clone() older=before.is_some() /> };
            site.render(StatusCode::OK, "Inbox".into(), PageKind::Plain, reader, page).await
        }
        Err(problem) => site.detour(Detour::Problem(problem), reader).await,
    }
}

#[derive(Deserialize)]
struct Branch {
    /// A message that is shown with its branch.
    #[serde(default)]
    branch: String,
}

async fn conversation(
    State(site): State<Site>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(Branch { branch }): Query<Branch>,
) -> Response {
    let visitor = match site.visitor(&headers, &format!("/c/{id}")).await {
        Ok(visitor) => visitor,
        Err(detour) => return site.detour(detour, Reader::Anybody).await,
    };
    let reader = Reader::Person(visitor.clone());
    let asked = async {
        let id: ConversationId = id.parse().map_err(|_| Error::NotFound.problem())?;
        let conversation = site.call(&headers, &GetConversation { id, branch: branch.parse().ok() }).await?;
        let people = site.call(&headers, &ListPeople { id }).await?;
        let models = match conversation.chat {
            Some(_) => Some(site.call(&headers, &ListModels { conversation: Some(id) }).await?),
            None => None,
        };
        let files = site.project_files(&headers, conversation.chat.as_ref()).await;
        Ok::<_, Problem>((conversation, people, models, files))
    };
    match asked.await {
        Ok((conversation, people, models, files)) => {
            let title = conversation.title.clone();
            let page = move || {
                let (conversation, people, files) = (conversation.clone(), people.clone(), files.clone());
                view! {
                    <ConversationPage
                        visitor=visitor.clone()
                        conversation=conversation
                        people=people
                        models=models.clone()
                        files=files
                    />
                }
            };
            site.render(StatusCode::OK, title, PageKind::Conversation, reader, page).await
        }
        Err(problem) => site.detour(Detour::Problem(problem), reader).await,
    }
}

#[derive(Deserialize)]
struct Pair {
    #[serde(default)]
    original: String,
    #[serde(default)]
    other: String,
}

/// Two branches of a chat side by side.
async fn comparison(
    State(site): State<Site>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(Pair { original, other }): Query<Pair>,
) -> Response {
    let address = format!("/c/{id}/compare?original={original}&other={other}");
    let nothing = || Error::NotFound.problem();
    let asking = async {
        let id: ConversationId = id.parse().map_err(|_| nothing())?;
        let (original, other) = (original.parse().map_err(|_| nothing())?, other.parse().map_err(|_| nothing())?);
        let found = site.call(&headers, &CompareBranches { id, original, other }).await?;
        Ok((id, found, site.call(&headers, &ListPeople { id }).await?))
    };
    let page = |visitor: Visitor, (id, found, people): (ConversationId, Comparison, Vec<Person>)| {
        let title = format!("Side by side: {}", found.title);
        let page = move || {
            let (found, people) = (found.clone(), people.clone());
            view! { <ComparePage visitor=visitor.clone() conversation=id comparison=found people=people /> }
        };
        (StatusCode::OK, title, page)
    };
    site.show(&headers, &address, asking, page).await
}

/// What the service worker keeps for times without a network.
async fn offline(State(site): State<Site>) -> Response {
    site.render(StatusCode::OK, "No connection".into(), PageKind::Plain, Reader::Anybody, || view! { <OfflinePage /> })
        .await
}

async fn nothing(State(site): State<Site>, headers: HeaderMap) -> Response {
    let reader = site.reader(&headers).await;
    site.detour(Detour::Problem(Error::NotFound.problem()), reader).await
}
