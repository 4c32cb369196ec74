//! Errors and their answers: RFC 9457 problems. What went wrong inside is logged once and never shown.

use axum::{
    Json,
    extract::rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use shared::api::{Fault, Problem, TextEdited};

use crate::import::ImportError;

/// The stable code of [`Error::Banned`].
const BANNED: &str = "banned";

/// Why a request was not answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in.
    #[error("Sign in first.")]
    SignedOut,
    /// The token was good until that day.
    #[error(
        "This token expired on {} {} {} (UTC). Make another on the account page and use that.",
        .0.day(), .0.month(), .0.year()
    )]
    TokenExpired(time::Date),
    /// The token may be used to read alone.
    #[error("This token only reads. To change something, make one on the account page that writes.")]
    ReadOnlyToken,
    /// Whoever calls is banned.
    #[error("This account was closed by the people who run this server. If you think that is a mistake, ask them.")]
    Banned,
    /// There is no such thing, or the caller may not know of it: the two look the same.
    #[error("There is nothing here, or it is not shared with you.")]
    NotFound,
    /// The address is known, what was to be done with it is not; `Allow` says what may be.
    #[error("This cannot be done here.")]
    MethodNotAllowed,
    /// The request came from a page of another site.
    #[error("This request came from another site: open the page itself and try again.")]
    ForeignOrigin,
    /// The caller knows of the thing and may not do this with it.
    #[error("{0}")]
    Forbidden(&'static str),
    /// What is asked for goes against what there is; the code is stable, the text says why.
    #[error("{1}")]
    Conflict(&'static str, String),
    /// A text is not edited: more would become of what is marked in it than was confirmed.
    #[error("What is marked in this text has changed since you looked. Look again at what becomes of it.")]
    Worse(Box<TextEdited>),
    /// Too often; after so many seconds again.
    #[error("{0}")]
    TooOften(String, u64),
    /// More tokens are not to be had; after so many seconds again.
    #[error("{0}")]
    QuotaReached(String, u64),
    /// This server cannot do it, as it is set up; the code is stable, the text says what would help.
    #[error("{1}")]
    NotHere(&'static str, &'static str),
    /// Several things are wrong; the code is stable, the text says what they are, and each says where.
    #[error("{1}")]
    Several(&'static str, String, Vec<Fault>),
    /// The request is not what it should be; the code is stable, the text says what and where.
    #[error("{1}")]
    Invalid(&'static str, String),
    /// More than the limit that the text names.
    #[error("{0}")]
    TooLarge(String),
    /// What was to be imported cannot be.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The database did not answer, or not as expected.
    #[error("Something went wrong on the server. Nothing was changed; try again.")]
    Database(#[from] sqlx::Error),
    /// A fault of ours.
    #[error("Something went wrong on the server. Nothing was changed; try again.")]
    Internal(#[source] anyhow::Error),
}

impl Error {
    /// Whether it is [`Error::Banned`] that a problem says.
    pub fn is_ban(problem: &Problem) -> bool {
        problem.kind.strip_prefix("/problems/") == Some(BANNED)
    }

    /// Whether the database did not answer, or not as expected.
    pub fn is_of_the_store(&self) -> bool {
        match self {
            Self::Database(_) => true,
            Self::Internal(error) => error.chain().any(|cause| cause.is::<sqlx::Error>()),
            _ => false,
        }
    }

    /// The class is read-only.
    pub fn archived() -> Self {
        let why = "This class is archived: nothing in it is changed until an instructor takes it back.";
        Self::Conflict("archived", why.into())
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::SignedOut | Self::TokenExpired(_) => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::ForeignOrigin | Self::Forbidden(_) | Self::Banned | Self::ReadOnlyToken => StatusCode::FORBIDDEN,
            Self::Conflict(..) | Self::Worse(_) => StatusCode::CONFLICT,
            Self::NotHere(..) => StatusCode::NOT_IMPLEMENTED,
            Self::TooOften(..) | Self::QuotaReached(..) => StatusCode::TOO_MANY_REQUESTS,
            Self::Invalid(..) | Self::Several(..) => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Import(error) if error.is_too_much() => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Import(_) => StatusCode::BAD_REQUEST,
            Self::Database(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable code and the kind of problem in a few words.
    fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::SignedOut => ("signed_out", "Signed out"),
            Self::TokenExpired(_) => ("token_expired", "Token expired"),
            Self::ReadOnlyToken => ("read_only_token", "The token only reads"),
            Self::Banned => (BANNED, "Account closed"),
            Self::NotFound => ("not_found", "Not found"),
            Self::MethodNotAllowed => ("method_not_allowed", "Method not allowed"),
            Self::ForeignOrigin => ("foreign_origin", "Foreign origin"),
            Self::Forbidden(_) => ("not_allowed", "Not allowed"),
            Self::Conflict(code, _) => (code, "Not possible as things are"),
            Self::Worse(_) => ("report_changed", "Not what was confirmed"),
            Self::NotHere(code, _) => (code, "Not on this server"),
            Self::TooOften(..) => ("too_often", "Too often"),
            Self::QuotaReached(..) => ("quota_reached", "Quota reached"),
            Self::Invalid(code, _) | Self::Several(code, ..) => (code, "Bad request"),
            Self::TooLarge(_) => ("too_large", "Too large"),
            Self::Import(error) => (error.code(), "Cannot be imported"),
            Self::Database(_) | Self::Internal(_) => ("internal", "Internal error"),
        }
    }

    /// The answer's body.
    pub fn problem(&self) -> Problem {
        let (code, title) = self.kind();
        Problem {
            kind: format!("/problems/{code}"),
            status: self.status().as_u16(),
            title: title.into(),
            detail: self.to_string(),
            errors: if let Self::Several(_, _, faults) = self { faults.clone() } else { Vec::new() },
        }
    }
}

/// A problem, with what some problems say besides (RFC 9457, section 3.2).
#[derive(Serialize)]
struct Answer<'e> {
    #[serde(flatten)]
    problem: Problem,
    /// Of [`Error::Worse`].
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<&'e TextEdited>,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match &self {
            Self::Database(cause) => tracing::error!(error = %cause, "a query failed"),
            Self::Internal(cause) => tracing::error!(error = format!("{cause:#}"), "a request failed"),
            _ => {}
        }
        let report = if let Self::Worse(report) = &self { Some(&**report) } else { None };
        let mut response = (self.status(), Json(Answer { problem: self.problem(), report })).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
        if let Self::TooOften(_, seconds) | Self::QuotaReached(_, seconds) = self {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge("The request is too large.".into()),
            _ => Self::Invalid("bad_json", rejection.body_text()),
        }
    }
}

impl From<QueryRejection> for Error {
    fn from(rejection: QueryRejection) -> Self {
        Self::Invalid("bad_query", rejection.body_text())
    }
}

impl From<FormRejection> for Error {
    fn from(rejection: FormRejection) -> Self {
        Self::Invalid("bad_form", rejection.body_text())
    }
}

/// An id in a path that is none names nothing.
impl From<PathRejection> for Error {
    fn from(_: PathRejection) -> Self {
        Self::NotFound
    }
}
