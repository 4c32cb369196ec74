use serde::{Deserialize, Serialize};

use super::{Endpoint, Method};
use crate::ids::TokenId;

/// `POST /api/v1/tokens`: makes a personal access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// What it is for, 1 to 100 characters.
    pub name: String,
}

/// A new token; its secret is shown this once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreatedToken {
    /// Names the token.
    pub id: TokenId,
    /// The secret: `Authorization: Bearer` on the API, `?token=` on sync.
    pub token: String,
}

impl Endpoint for CreateToken {
    const METHOD: Method = Method::Post;
    type Reply = CreatedToken;

    fn path(&self) -> String {
        "/api/v1/tokens".into()
    }
}

/// `GET /api/v1/tokens`: the caller's own that are not revoked, newest first, at most 200.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListTokens {}

/// A personal access token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Names the token.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it was last used, RFC 3339, to within five minutes; `None` if never.
    pub last_used_at: Option<String>,
}

impl Endpoint for ListTokens {
    const METHOD: Method = Method::Get;
    type Reply = Vec<Token>;

    fn path(&self) -> String {
        "/api/v1/tokens".into()
    }
}

/// `DELETE /api/v1/tokens/{id}`: revokes one of the caller's own, for good; what is connected by it is closed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevokeToken {
    /// Which one.
    #[serde(skip_serializing)]
    pub id: TokenId,
}

impl Endpoint for RevokeToken {
    const METHOD: Method = Method::Delete;
    type Reply = ();

    fn path(&self) -> String {
        format!("/api/v1/tokens/{}", self.id)
    }
}
