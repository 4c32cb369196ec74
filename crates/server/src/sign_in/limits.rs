//! How often sign-in may be tried. In memory: a server that starts anew begins anew, and each of several counts for
//! itself; Stytch counts too.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Client, Email, SignInError};

/// Keys that are remembered at most; each is forgotten when it might do everything again.
const MAX_KEYS: usize = 50_000;

/// Links for one address: five at once, then one every two minutes. Nobody's mailbox is flooded from here.
const LINKS_OF_EMAIL: Quota = Quota { at_once: 5, every: Duration::from_secs(120) };
/// From one place, which may be a lecture hall behind one address: 300 at once, then one a second.
const FROM_PLACE: Quota = Quota { at_once: 300, every: Duration::from_secs(1) };

/// So many at once, and then one more each time that `every` has passed.
#[derive(Debug, Clone, Copy)]
struct Quota {
    at_once: u32,
    every: Duration,
}

/// A leaky bucket for each key (the generic cell rate algorithm: one moment a key).
#[derive(Debug)]
struct Limiter<K> {
    quota: Quota,
    /// When the bucket of a key will be empty.
    empty_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash> Limiter<K> {
    fn new(quota: Quota) -> Self {
        Self { quota, empty_at: Mutex::default() }
    }

    /// Counts one, or answers how long to wait until one would be counted.
    fn count(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_KEYS && !buckets.contains_key(&key) {
            buckets.retain(|_, empty_at| *empty_at > now);
            if buckets.len() >= MAX_KEYS {
                // Full of such as tried lately: a stranger's flood must not keep everybody else out.
                return Ok(());
            }
        }
        let empty_at = buckets.get(&key).copied().unwrap_or(now).max(now) + self.quota.every;
        let over = empty_at.duration_since(now).saturating_sub(self.quota.every * self.quota.at_once);
        if over > Duration::ZERO {
            return Err(over);
        }
        buckets.insert(key, empty_at);
        Ok(())
    }
}

/// What is counted.
#[derive(Debug)]
pub(super) struct Limits {
    links_of_email: Limiter<Email>,
    links_from: Limiter<IpAddr>,
    tries_from: Limiter<IpAddr>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            links_of_email: Limiter::new(LINKS_OF_EMAIL),
            links_from: Limiter::new(FROM_PLACE),
            tries_from: Limiter::new(FROM_PLACE),
        }
    }
}

impl Limits {
    pub(super) fn count_link(&self, client: &Client, email: &Email) -> Result<(), SignInError> {
        let now = Instant::now();
        if let Some(place) = client.place() {
            self.links_from.count(place, now).map_err(SignInError::TooMany)?;
        }
        self.links_of_email.count(email.clone(), now).map_err(SignInError::TooMany)
    }

    pub(super) fn count_try(&self, client: &Client) -> Result<(), SignInError> {
        match client.place() {
            Some(place) => self.tries_from.count(place, Instant::now()).map_err(SignInError::TooMany),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_then_one_at_a_time() {
        let limiter = Limiter::new(Quota { at_once: 3, every: Duration::from_secs(10) });
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(limiter.count("a", start), Ok(()));
        }
        assert_eq!(limiter.count("a", start), Err(Duration::from_secs(10)));
        assert_eq!(limiter.count("b", start), Ok(()), "another key has its own");
        let later = start + Duration::from_secs(10);
        assert_eq!(limiter.count("a", later), Ok(()));
        assert_eq!(limiter.count("a", later), Err(Duration::from_secs(10)));
        assert_eq!(limiter.count("a", start + Duration::from_secs(1_000)), Ok(()));
    }

    #[test]
    fn a_flood_of_keys_takes_no_more_memory_and_keeps_nobody_out() {
        let limiter = Limiter::new(Quota { at_once: 1, every: Duration::from_secs(10) });
        let start = Instant::now();
        for key in 0..MAX_KEYS + 10 {
            assert_eq!(limiter.count(key, start), Ok(()));
        }
        assert_eq!(limiter.empty_at.lock().unwrap().len(), MAX_KEYS);
        assert_eq!(limiter.count(0, start), Err(Duration::from_secs(10)));
        assert_eq!(limiter.count(MAX_KEYS + 1, start + Duration::from_secs(11)), Ok(()));
        assert_eq!(limiter.empty_at.lock().unwrap().len(), 1, "what is empty is forgotten");
    }

    #[test]
    fn a_class_behind_one_address_signs_in_within_a_minute() {
        let limits = Limits::default();
        let client = Client::at("203.0.113.7".parse().unwrap());
        for student in 0..150 {
            let email = Email::parse(&format!("student-{student}@example.org")).unwrap();
            limits.count_link(&client, &email).unwrap();
            limits.count_try(&client).unwrap();
        }
    }
}
