//! Signing in: the pages, and what their forms and the providers lead to.
//!
//! A link in a mail is opened by machines too (scanners, previews), and a link may be somebody else's, sent to have the
//! victim work in a stranger's account. So opening one signs nobody in: it leads to a page with a button, and that page
//! says whether a link was asked for in this browser; where one was, no link to another address signs in. The forms are plain ones: signing in works without scripts.

use std::net::SocketAddr;

use app::{
    pages::{ContinuePage, SentPage, SignInPage, SignInProblemPage, WaysIn},
    shell::PageKind,
};
use axum::{
    Form, Router,
    extract::{ConnectInfo, Query, State, rejection::FormRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{Reader, Site};
use crate::{
    config::SignIn,
    error::Error,
    oidc,
    services::Services,
    sign_in::{self, Asked, Client, Email, SignInError, Token, local_path},
};

/// Where a link in a mail leads; to be entered at Stytch.
const CALLBACK: &str = "/sign-in/callback";

/// An address with a secret in it is told to nobody.
const NO_REFERRER: (HeaderName, HeaderValue) = (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));

/// The pages of the ways that there are.
pub(super) fn routes(services: &Services) -> Router<Site> {
    let mut routes = Router::new().route("/sign-in", get(show)).route("/sign-in/closed", get(closed));
    if services.ways.email.is_some() {
        routes = routes
            .route("/sign-in/email", post(send_link))
            .route("/sign-in/sent", get(sent))
            .route(CALLBACK, get(arrive))
            .route("/sign-in/continue", get(ask).post(finish));
    }
    if services.ways.oidc.is_some() {
        routes = routes.route("/sign-in/oidc", get(begin)).route(oidc::CALLBACK, get(end));
    }
    routes
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

async fn show(State(site): State<Site>, headers: HeaderMap, Query(Next { next }): Query<Next>) -> Response {
    let reader = site.reader(&headers).await;
    let is_development = matches!(site.services.config.sign_in, SignIn::Development);
    if matches!(reader, Reader::Person(_)) && !is_development {
        return Redirect::to(local_path(&next)).into_response();
    }
    site.sign_in_page(StatusCode::OK, reader, next, String::new(), None).await
}

/// `GET /sign-in/closed`: where a form leads that would have signed in somebody who is banned.
async fn closed(State(site): State<Site>) -> Response {
    site.closed(Error::Banned.to_string()).await
}

#[derive(Deserialize)]
struct LinkForm {
    email: String,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in/email`: the answer is the same for whoever has an account and whoever has none.
async fn send_link(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: Result<Form<LinkForm>, FormRejection>,
) -> Response {
    let Ok(Form(LinkForm { email: typed, next })) = form else {
        return site.sign_in_problem(&headers, SignInError::NotAnAddress).await;
    };
    match site.sent_to(&headers, peer, &typed).await {
        Ok(email) => {
            let asked = Asked { email: email.as_str().to_owned(), next: local_path(&next).to_owned() };
            ([(header::SET_COOKIE, asked.cookie(&site.services.origin))], Redirect::to("/sign-in/sent")).into_response()
        }
        Err(error) => {
            let (status, wait, words) = (error.status(), error.wait(), error.to_string());
            log(&error);
            let reader = site.reader(&headers).await;
            let mut response = site.sign_in_page(status, reader, next, typed, Some(words)).await;
            response.headers_mut().extend(wait.map(|wait| (header::RETRY_AFTER, wait.as_secs().into())));
            response
        }
    }
}

/// `GET /sign-in/sent`
async fn sent(State(site): State<Site>, headers: HeaderMap) -> Response {
    let Some(Asked { email, next }) = Asked::of(&site.services.origin, &headers) else {
        return Redirect::to("/sign-in").into_response();
    };
    let page = move || view! { <SentPage email=email.clone() next=next.clone() /> };
    site.render(StatusCode::OK, "Look into your mail".into(), PageKind::Plain, Reader::Nobody, page).await
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    stytch_token_type: String,
    #[serde(default)]
    token: String,
}

/// `GET /sign-in/callback`: takes the token out of the address at once. It is not used yet.
async fn arrive(State(site): State<Site>, Query(link): Query<Link>) -> Response {
    let is_ours = matches!(link.stytch_token_type.as_str(), "magic_links" | "magic_link");
    let origin = &site.services.origin;
    let cookie = match Token::parse(&link.token).filter(|_| is_ours) {
        Some(token) => token.cookie(origin),
        None => Token::forget(origin),
    };
    ([(header::SET_COOKIE, cookie), NO_REFERRER], Redirect::to("/sign-in/continue")).into_response()
}

/// `GET /sign-in/continue`
async fn ask(State(site): State<Site>, headers: HeaderMap) -> Response {
    let origin = &site.services.origin;
    if Token::of(origin, &headers).is_none() {
        return site.sign_in_problem(&headers, SignInError::LinkUnknown).await;
    }
    let asked = Asked::of(origin, &headers).map(|asked| asked.email);
    let reader = site.reader(&headers).await;
    let visitor = reader.visitor();
    let page = move || view! { <ContinuePage visitor=visitor.clone() asked=asked.clone() /> };
    site.render(StatusCode::OK, "Sign in".into(), PageKind::Plain, reader, page).await
}

/// `POST /sign-in/continue`: uses the token.
async fn finish(State(site): State<Site>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    match site.signed_in_by_link(&headers, peer).await {
        Ok(response) => response,
        Err(error) => {
            let again = error.may_be_repeated();
            let mut response = site.sign_in_problem(&headers, error).await;
            if !again {
                response.headers_mut().append(header::SET_COOKIE, Token::forget(&site.services.origin));
            }
            response
        }
    }
}

/// `GET /sign-in/oidc`: to the provider. By a link, because the policy of our pages lets no form end elsewhere.
async fn begin(State(site): State<Site>, headers: HeaderMap, Query(Next { next }): Query<Next>) -> Response {
    let Site { services, .. } = &site;
    let Some(provider) = &services.ways.oidc else { return Redirect::to("/sign-in").into_response() };
    match provider.begin(&services.origin, local_path(&next)).await {
        Ok((url, started)) => {
            ([(header::SET_COOKIE, started.cookie(&services.origin))], Redirect::to(&url)).into_response()
        }
        Err(error) => site.sign_in_problem(&headers, error).await,
    }
}

/// `GET /sign-in/oidc/callback`: back from the provider. What this browser remembers is used up, whatever comes of it.
async fn end(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Query(returned): Query<oidc::Returned>,
) -> Response {
    match site.signed_in_by_provider(&headers, peer, returned).await {
        Ok(response) => response,
        Err(error) => {
            let mut response = site.sign_in_problem(&headers, error).await;
            response.headers_mut().append(header::SET_COOKIE, oidc::Started::forget(&site.services.origin));
            response.headers_mut().extend([NO_REFERRER]);
            response
        }
    }
}

impl Site {
    async fn sent_to(&self, headers: &HeaderMap, peer: SocketAddr, typed: &str) -> Result<Email, SignInError> {
        let services = &self.services;
        let stytch = services.ways.email.as_ref().ok_or(SignInError::NotSetUp)?;
        let email = Email::parse(typed).ok_or(SignInError::NotAnAddress)?;
        services.ways.count_link(&Client::of(services, headers, peer), &email)?;
        stytch.send_link(&email, &format!("{}{CALLBACK}", services.origin)).await?;
        Ok(email)
    }

    async fn signed_in_by_link(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<Response, SignInError> {
        let services = &self.services;
        let stytch = services.ways.email.as_ref().ok_or(SignInError::NotSetUp)?;
        let token = Token::of(&services.origin, headers).ok_or(SignInError::LinkUnknown)?;
        services.ways.count_try(&Client::of(services, headers, peer))?;
        let proven = stytch.authenticate(token.expose()).await?;
        let asked = Asked::of(&services.origin, headers);
        if asked.as_ref().is_some_and(|asked| Some(asked.email.as_str()) != proven.email.as_ref().map(Email::as_str)) {
            return Err(SignInError::OtherAddress);
        }
        let cookies = sign_in::finish(services, headers, &proven).await?;
        let next = asked.map(|asked| asked.next).unwrap_or_default();
        Ok((AppendHeaders(cookies), Redirect::to(local_path(&next))).into_response())
    }

    async fn signed_in_by_provider(
        &self,
        headers: &HeaderMap,
        peer: SocketAddr,
        returned: oidc::Returned,
    ) -> Result<Response, SignInError> {
        let services = &self.services;
        let provider = services.ways.oidc.as_ref().ok_or(SignInError::NotSetUp)?;
        let started = oidc::Started::of(&services.origin, headers).ok_or(SignInError::NotBegunHere)?;
        services.ways.count_try(&Client::of(services, headers, peer))?;
        let next = local_path(&started.next).to_owned();
        let proven = provider.end(&services.origin, started, returned).await?;
        let cookies = sign_in::finish(services, headers, &proven).await?;
        Ok((AppendHeaders(cookies), [NO_REFERRER], Redirect::to(&next)).into_response())
    }

    /// The page with all ways in; what was typed stays.
    async fn sign_in_page(
        &self,
        status: StatusCode,
        reader: Reader,
        next: String,
        typed: String,
        problem: Option<String>,
    ) -> Response {
        let ways = WaysIn {
            people: matches!(self.services.config.sign_in, SignIn::Development),
            email: self.services.ways.email.is_some(),
            provider: self.services.ways.oidc.as_ref().map(|provider| provider.name().to_owned()),
        };
        let page = move || {
            view! {
                <SignInPage ways=ways.clone() next=next.clone() typed=typed.clone() problem=problem.clone() />
            }
        };
        self.render(status, "Sign in".into(), PageKind::Plain, reader, page).await
    }

    /// The page that says why nobody was signed in, and what to do.
    pub(super) async fn sign_in_problem(&self, headers: &HeaderMap, error: SignInError) -> Response {
        log(&error);
        let again = error.may_be_repeated() && Token::of(&self.services.origin, headers).is_some();
        let (status, title, text, wait) = (error.status(), error.title(), error.to_string(), error.wait());
        let reader = self.reader(headers).await;
        let visitor = reader.visitor();
        // What was wanted when a link was asked for here, or a provider was gone to.
        let next = Asked::of(&self.services.origin, headers).map(|asked| asked.next);
        let next = next.or_else(|| oidc::Started::of(&self.services.origin, headers).map(|started| started.next));
        let next = next.map(|next| local_path(&next).to_owned()).filter(|next| next != "/").unwrap_or_default();
        let page = move || {
            let (visitor, text, next) = (visitor.clone(), text.clone(), next.clone());
            view! { <SignInProblemPage visitor=visitor title=title text=text again=again next=next /> }
        };
        let mut response = self.render(status, title.into(), PageKind::Plain, reader, page).await;
        response.headers_mut().extend(wait.map(|wait| (header::RETRY_AFTER, wait.as_secs().into())));
        response
    }
}

/// The others were logged where they arose.
fn log(error: &SignInError) {
    if let SignInError::Ours(error) = error {
        tracing::error!(error = %error, cause = ?std::error::Error::source(error).map(ToString::to_string), "a sign-in failed");
    }
}
