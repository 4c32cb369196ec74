use serde::{Deserialize, Serialize};

use super::{Endpoint, Method};
use crate::{access::Rights, ids::TokenId};

/// Days after which a token expires where nothing else is said.
pub const TOKEN_DAYS: u16 = 90;

/// Days after which a token expires at most, if it does.
pub const MAX_TOKEN_DAYS: u16 = 365;

/// Tokens that somebody has at most, expired ones too: revoked ones do not count.
pub const MAX_TOKENS: u16 = 5_000;

/// Tokens in one answer at most.
pub const MAX_TOKENS_LISTED: u16 = 200;

/// What can be done with a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenScope {
    /// Whatever its owner may read.
    Read,
    /// Whatever its owner may do, but for what is left to a person who is signed in.
    #[default]
    Write,
}

impl TokenScope {
    /// As the database and the API spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// What the database holds; a check there says that it is nothing else.
    pub fn from_column(text: &str) -> Self {
        if text == "write" { Self::Write } else { Self::Read }
    }

    /// What is left of somebody's rights in a conversation for a program of theirs.
    pub fn of(self, rights: Rights) -> Rights {
        match self {
            Self::Read => rights.to_read(),
            Self::Write => rights,
        }
    }
}

/// `POST /api/v1/tokens`: makes a personal access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// What it is for, 1 to 100 characters.
    pub name: String,
    /// What can be done with it.
    #[serde(default)]
    pub scope: TokenScope,
    /// After how many days it expires, 1 to [`MAX_TOKEN_DAYS`]; `None` (`null`) is never, and left out [`TOKEN_DAYS`].
    #[serde(default = "token_days")]
    pub expires_in_days: Option<u16>,
}

#[allow(clippy::unnecessary_wraps, reason = "serde's default has the field's type")]
fn token_days() -> Option<u16> {
    Some(TOKEN_DAYS)
}

/// A new token; its secret is shown this once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreatedToken {
    /// Names the token.
    pub id: TokenId,
    /// The secret: `Authorization: Bearer` on the API, `?token=` on sync.
    pub token: String,
    /// When it expires, RFC 3339; `None` if never.
    pub expires_at: Option<String>,
}

impl Endpoint for CreateToken {
    const METHOD: Method = Method::Post;
    type Reply = CreatedToken;

    fn path(&self) -> String {
        "/api/v1/tokens".into()
    }
}

/// `GET /api/v1/tokens`: the caller's own that are not revoked, newest first, at most [`MAX_TOKENS_LISTED`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListTokens {}

/// A personal access token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Names the token.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// What can be done with it.
    pub scope: TokenScope,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it expires or has expired, RFC 3339; `None` if never.
    pub expires_at: Option<String>,
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
