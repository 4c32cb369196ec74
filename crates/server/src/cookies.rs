//! Cookies of our own: one way to name, set and read them all.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::config::Origin;

/// What a browser takes is about 4 KiB; a value that would be longer is not set.
const MAX_VALUE: usize = 3 << 10;

/// A cookie's name. `__Host-` binds it to this very host but wants https; on plain http (loopback) the port is in the
/// name, because cookies do not tell ports apart and two servers on one machine would sign each other's people out.
pub fn name(origin: &Origin, what: &str) -> String {
    if origin.is_https() { format!("__Host-{what}") } else { format!("{what}-{}", origin.port()) }
}

/// The header that sets a cookie for `max_age` seconds; `value` is visible ASCII without `;` and `,`.
///
/// `Lax`, not `Strict`: coming back from a provider of identity, a `Strict` one is not sent.
pub fn set(origin: &Origin, what: &str, value: &str, max_age: i64) -> HeaderValue {
    let secure = if origin.is_https() { "; Secure" } else { "" };
    let cookie = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}", name(origin, what));
    HeaderValue::from_str(&cookie).expect("names and base64 are visible ASCII")
}

/// The header that takes a cookie away.
pub fn forget(origin: &Origin, what: &str) -> HeaderValue {
    set(origin, what, "", 0)
}

/// A cookie's value.
pub fn read<'a>(origin: &Origin, headers: &'a HeaderMap, what: &str) -> Option<&'a str> {
    find(headers, &name(origin, what))
}

fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs =
        headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|all| all.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// As [`set`], of something with parts; what is too long for a cookie is not set.
pub fn set_parts<T: Serialize>(origin: &Origin, what: &str, parts: &T, max_age: i64) -> HeaderValue {
    let json = serde_json::to_vec(parts).unwrap_or_default();
    let value = BASE64_URL_SAFE_NO_PAD.encode(json);
    if value.len() <= MAX_VALUE { set(origin, what, &value, max_age) } else { forget(origin, what) }
}

/// Reads what [`set_parts`] wrote. A cookie is only what the browser says: nothing in it is known to be ours.
pub fn read_parts<T: DeserializeOwned>(origin: &Origin, headers: &HeaderMap, what: &str) -> Option<T> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(read(origin, headers, what)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; session-80=x"));
        headers.append(header::COOKIE, HeaderValue::from_static("session-8080=y; b=2"));
        assert_eq!(read(&Origin::localhost(8080), &headers, "session"), Some("y"));
        assert_eq!(find(&headers, "session"), None);
    }

    #[test]
    fn on_https_a_cookie_is_bound_to_the_host() {
        let origin: Origin = "https://annotate.example.org".parse().unwrap();
        let cookie = set(&origin, "session", "x", 5);
        assert_eq!(cookie, "__Host-session=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=5; Secure");
        assert!(!set(&Origin::localhost(1), "session", "x", 5).to_str().unwrap().contains("Secure"));
    }

    #[test]
    fn parts_survive_a_cookie_and_what_is_too_long_is_left_out() {
        let origin = Origin::localhost(1);
        let kept = set_parts(&origin, "ask", &["/c/1?x=2;y", "ü@example.org"], 5);
        let pair = kept.to_str().unwrap().split("; ").next().unwrap().to_owned();
        let headers = HeaderMap::from_iter([(header::COOKIE, pair.parse().unwrap())]);
        assert_eq!(read_parts(&origin, &headers, "ask"), Some(["/c/1?x=2;y".to_owned(), "ü@example.org".to_owned()]));
        assert_eq!(set_parts(&origin, "ask", &"x".repeat(4000), 5), forget(&origin, "ask"));
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("ask-1=not base64!"))]);
        assert_eq!(read_parts::<String>(&origin, &headers, "ask"), None);
    }
}
