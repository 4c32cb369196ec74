//! How many requests of the API somebody's programs and browsers may make, and the headers that say so
//! (draft-ietf-httpapi-ratelimit-headers-10).
//!
//! Counted is who calls, not from where: a class behind one address is as many as it has people. All programs of a person
//! count together, and so do all their browsers, each apart from the other: a loop in a notebook leaves its owner their
//! pages, and another token is no other allowance.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use shared::ids::UserId;

use crate::{
    error::Error,
    sessions::{Caller, Proof},
};

/// What the allowance is of.
pub const WINDOW: Duration = Duration::from_secs(60);

/// Callers who are remembered; with more, those who have all of their allowance again are forgotten first. So there are
/// never more than so many and those who called within the last [`WINDOW`].
const CALLERS: usize = 10_000;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The requests of everybody, on this server.
///
/// An allowance comes back evenly (the generic cell rate algorithm): of each caller it is known when they will have all of
/// theirs again, and nothing else.
pub struct Rates {
    allowance: u32,
    whole_at: Mutex<HashMap<Key, Instant>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    user: UserId,
    is_program: bool,
}

/// What is left to a caller after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Left {
    allowance: u32,
    requests: u32,
    /// Until they have one more.
    more_in: Duration,
    /// Whether this one was more than they had.
    is_refused: bool,
}

/// Where a request notes what is left to its caller. Only requests that come from outside have one: pages ask the API too,
/// and are not counted.
#[derive(Clone, Default)]
struct Slot(Arc<OnceLock<Left>>);

impl Rates {
    /// With so many requests in each [`WINDOW`].
    pub fn new(allowance: u32) -> Self {
        Self { allowance, whole_at: Mutex::default() }
    }

    /// Counts a request of the API that comes from outside.
    ///
    /// # Errors
    /// [`Error::TooOften`]
    pub fn count(&self, caller: &Caller, extensions: &http::Extensions) -> Result<(), Error> {
        let Some(Slot(slot)) = extensions.get() else { return Ok(()) };
        let key = Key { user: caller.id, is_program: matches!(caller.proof, Proof::Token(..)) };
        let left = self.take(key, Instant::now());
        // A request has one caller, whoever asks for it.
        let _ = slot.set(left);
        if !left.is_refused {
            return Ok(());
        }
        let who = if key.is_program { "programs" } else { "browsers" };
        let why = format!("Your {who} have made more than {} requests in a minute. Wait a little.", self.allowance);
        Err(Error::TooOften(why, seconds(left.more_in).max(1)))
    }

    fn take(&self, key: Key, now: Instant) -> Left {
        let each = WINDOW / self.allowance;
        let mut whole_at = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        if whole_at.len() >= CALLERS {
            whole_at.retain(|_, at| *at > now);
        }
        let at = whole_at.entry(key).or_insert(now);
        let after = (*at).max(now) + each;
        let is_refused = after - now > each * self.allowance;
        if !is_refused {
            *at = after;
        }
        let missing = at.saturating_duration_since(now);
        let used =
            missing.as_nanos().div_ceil(each.as_nanos()).try_into().unwrap_or(self.allowance).min(self.allowance);
        let more_in = missing.saturating_sub(each * used.saturating_sub(1));
        Left { allowance: self.allowance, requests: self.allowance - used, more_in, is_refused }
    }
}

/// In whole ones, none of them too few.
fn seconds(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)
}

/// Gives a request its place among the others, and its answer the headers.
pub async fn say(mut request: Request, next: Next) -> Response {
    let slot = Slot::default();
    request.extensions_mut().insert(slot.clone());
    let mut response = next.run(request).await;
    if let Some(left) = slot.0.get() {
        let headers = [
            (POLICY, format!("\"default\";q={};w={}", left.allowance, WINDOW.as_secs())),
            (LIMIT, format!("\"default\";r={};t={}", left.requests, seconds(left.more_in))),
        ];
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key { user: UserId::new(), is_program: true }
    }

    #[test]
    fn any_allowance_can_be_used_whole() {
        for allowance in [1, 7, 12_000, 1_000_000] {
            let (rates, ann, now) = (Rates::new(allowance), key(), Instant::now());
            assert!((0..allowance).all(|_| !rates.take(ann, now).is_refused), "{allowance}");
            assert!(rates.take(ann, now).is_refused, "{allowance}");
        }
    }

    #[test]
    fn an_allowance_is_used_up_and_comes_back_evenly() {
        let (rates, ann, now) = (Rates::new(60), key(), Instant::now());
        for left in (0..60).rev() {
            let taken = rates.take(ann, now);
            assert_eq!((taken.requests, taken.is_refused), (left, false));
        }
        let refused = rates.take(ann, now);
        assert_eq!(refused, Left { allowance: 60, requests: 0, more_in: Duration::from_secs(1), is_refused: true });
        assert_eq!(rates.take(ann, now), refused, "what is refused costs nothing");
        let others = [key(), Key { is_program: false, ..ann }];
        assert!(others.iter().all(|other| rates.take(*other, now).requests == 59), "others are not concerned");
        let later = now + Duration::from_secs(2);
        assert_eq!(rates.take(ann, later).requests, 1);
        assert_eq!(rates.take(ann, later).requests, 0);
        assert!(rates.take(ann, later + Duration::from_millis(999)).is_refused);
        assert!(!rates.take(ann, later + Duration::from_secs(1)).is_refused);
        assert_eq!(rates.take(ann, later + 2 * WINDOW).requests, 59, "and is never more than all of it");
    }

    #[test]
    fn whoever_has_all_of_theirs_again_is_forgotten() {
        let (rates, now) = (Rates::new(60), Instant::now());
        for _ in 0..CALLERS {
            rates.take(key(), now);
        }
        rates.take(key(), now);
        assert_eq!(rates.whole_at.lock().unwrap().len(), CALLERS + 1, "each still counts");
        rates.take(key(), now + Duration::from_secs(1));
        assert_eq!(rates.whole_at.lock().unwrap().len(), 1);
    }
}
