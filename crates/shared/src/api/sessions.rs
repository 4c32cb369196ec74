use serde::{Deserialize, Serialize};

use super::{Endpoint, Method};
use crate::ids::SessionId;

/// `GET /api/v1/sessions`: where the caller is signed in; this one first, then what was seen last, at most 200.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListSessions {}

/// A browser in which the caller is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Names the session.
    pub id: SessionId,
    /// Its browser and system in words, as far as it says.
    pub device: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it was begun, RFC 3339.
    pub created_at: String,
    /// When it was last used, RFC 3339, to within five minutes.
    pub last_seen_at: String,
}

impl Endpoint for ListSessions {
    const METHOD: Method = Method::Get;
    type Reply = Vec<Session>;

    fn path(&self) -> String {
        "/api/v1/sessions".into()
    }
}

/// `DELETE /api/v1/sessions/{id}`: signs one of the caller's own out; what is connected by it is closed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndSession {
    /// Which one.
    #[serde(skip_serializing)]
    pub id: SessionId,
}

impl Endpoint for EndSession {
    const METHOD: Method = Method::Delete;
    type Reply = ();

    fn path(&self) -> String {
        format!("/api/v1/sessions/{}", self.id)
    }
}

/// `POST /api/v1/sign-out-everywhere`: ends all of the caller's sessions, this one too. Tokens stay.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignOutEverywhere {}

impl Endpoint for SignOutEverywhere {
    const METHOD: Method = Method::Post;
    type Reply = ();

    fn path(&self) -> String {
        "/api/v1/sign-out-everywhere".into()
    }
}
