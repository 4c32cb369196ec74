//! What a browser remembers between asking for a link and being signed in by it.

use std::fmt;

use axum::http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::{config::Origin, cookies};

/// The cookie of [`Asked`].
pub(super) const ASKED: &str = "sign-in-asked";
/// The cookie of [`Token`].
pub(super) const TOKEN: &str = "sign-in-token";

/// As long as a link is good.
const ASKED_SECONDS: i64 = 60 * 60;
/// As long as somebody may look at a button.
const TOKEN_SECONDS: i64 = 10 * 60;
/// A token of Stytch has 44 characters.
const MAX_TOKEN: usize = 1_000;

/// This browser asked for a link: for whom, and where to go afterwards.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// The address that was typed.
    pub email: String,
    /// Where to go; to be read through [`super::local_path`].
    pub next: String,
}

impl Asked {
    /// The cookie that remembers it.
    pub fn cookie(&self, origin: &Origin) -> HeaderValue {
        cookies::set_parts(origin, ASKED, self, ASKED_SECONDS)
    }

    /// What a browser remembers.
    pub fn of(origin: &Origin, headers: &HeaderMap) -> Option<Self> {
        cookies::read_parts(origin, headers, ASKED)
    }
}

/// The token of a link that somebody has opened. It signs in once, so it stands in a cookie that no script reads, and in
/// no address, page or log.
#[derive(Clone, Serialize, Deserialize)]
pub struct Token(String);

impl Token {
    /// Reads the token of a link; `None` where it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let is_sound = (1..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_sound.then(|| Self(text.to_owned()))
    }

    /// For the one who sent it out.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The cookie that holds it.
    pub fn cookie(&self, origin: &Origin) -> HeaderValue {
        cookies::set_parts(origin, TOKEN, self, TOKEN_SECONDS)
    }

    /// The token that a browser holds.
    pub fn of(origin: &Origin, headers: &HeaderMap) -> Option<Self> {
        let Self(text) = cookies::read_parts(origin, headers, TOKEN)?;
        Self::parse(&text)
    }

    /// The cookie that lets it go.
    pub fn forget(origin: &Origin) -> HeaderValue {
        cookies::forget(origin, TOKEN)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}
