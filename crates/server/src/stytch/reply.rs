//! What Stytch answers, as far as it is needed.

use std::time::Duration;

use reqwest::StatusCode;
use serde::{Deserialize, Deserializer};

use crate::{
    identities::Proven,
    sign_in::{Email, SignInError},
};

/// Stytch allows one link a second for an address, and counts others by the hour without saying when that ends.
const WAIT: Duration = Duration::from_secs(60);

/// Somebody has opened their link.
#[derive(Deserialize)]
pub(super) struct Authenticated {
    user_id: String,
    /// Which of the person's addresses the link was sent to.
    #[serde(default, deserialize_with = "or_default")]
    method_id: String,
    #[serde(default, deserialize_with = "or_default")]
    user: User,
}

#[derive(Default, Deserialize)]
struct User {
    #[serde(default, deserialize_with = "or_default")]
    emails: Vec<Address>,
    #[serde(default, deserialize_with = "or_default")]
    name: Name,
}

#[derive(Default, Deserialize)]
struct Address {
    #[serde(default, deserialize_with = "or_default")]
    email_id: String,
    #[serde(default, deserialize_with = "or_default")]
    email: String,
    #[serde(default, deserialize_with = "or_default")]
    verified: bool,
}

#[derive(Default, Deserialize)]
struct Name {
    #[serde(default, deserialize_with = "or_default")]
    first_name: String,
    #[serde(default, deserialize_with = "or_default")]
    last_name: String,
}

/// What is `null` is as if it were left out.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Authenticated {
    /// Whom Stytch vouches for. The address is the one that the link went to: that one they have just proved to read.
    pub(super) fn proven(self) -> Proven {
        let User { emails, name } = self.user;
        let email = emails.iter().find(|address| address.email_id == self.method_id && address.verified);
        let name = format!("{} {}", name.first_name, name.last_name).trim().to_owned();
        Proven {
            provider: super::PROVIDER.to_owned(),
            subject: self.user_id,
            email: email.and_then(|address| Email::parse(&address.email)),
            name: (!name.is_empty()).then_some(name),
        }
    }
}

/// An error of Stytch's. There are two shapes; what is neither (a proxy's page) has its status alone.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    kind: String,
    request_id: String,
}

#[derive(Default, Deserialize)]
struct Body {
    #[serde(default, alias = "error", deserialize_with = "or_default")]
    error_type: String,
    #[serde(default, deserialize_with = "or_default")]
    request_id: String,
}

impl Failure {
    pub(super) fn read(status: StatusCode, body: &[u8]) -> Self {
        let Body { error_type, request_id } = serde_json::from_slice(body).unwrap_or_default();
        Self { status, kind: error_type, request_id }
    }

    pub(super) fn of_sending(self) -> SignInError {
        match self.kind.as_str() {
            "invalid_email" | "email_template_not_found_for_email" => SignInError::NotAnAddress,
            // Whatever else is wrong with one address is said in the same words: nobody learns whose it is.
            "inactive_email" | "email_not_allowed" | "user_lock_limit_reached" | "disabled_user" => {
                SignInError::NotAnAddress
            }
            _ => self.of_anything().unwrap_or_else(|failure| failure.not_set_up()),
        }
    }

    /// Stytch does not tell a used link from an old one, and we know not every word it has for it.
    pub(super) fn of_authenticating(self) -> SignInError {
        match self.of_anything() {
            Ok(error) => error,
            Err(failure) if failure.status == StatusCode::NOT_FOUND => SignInError::LinkUnknown,
            Err(_) => SignInError::LinkSpent,
        }
    }

    /// What may be the answer to any request.
    fn of_anything(self) -> Result<SignInError, Self> {
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => Ok(SignInError::TooMany(WAIT)),
            status if status.is_server_error() => {
                self.log();
                Ok(SignInError::Unreachable)
            }
            StatusCode::UNAUTHORIZED if self.kind.starts_with("unauthorized_credentials") => Ok(self.not_set_up()),
            StatusCode::FORBIDDEN => Ok(self.not_set_up()),
            _ => Err(self),
        }
    }

    /// Our project, its secret or its list of addresses is not what Stytch knows: for whoever runs the server.
    fn not_set_up(self) -> SignInError {
        self.log();
        SignInError::NotSetUp
    }

    /// Stytch's own words stay out of it: they may repeat an address.
    fn log(&self) {
        let Self { status, kind, request_id } = self;
        tracing::error!(status = status.as_u16(), kind, request_id, "Stytch refuses");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proven(json: &str) -> Proven {
        serde_json::from_str::<Authenticated>(json).unwrap().proven()
    }

    #[test]
    fn the_address_is_the_one_the_link_went_to_and_unknown_fields_are_let_be() {
        let both = r#"{"user_id":"user-1","method_id":"email-2","new":{"x":[1]},"session":null,"user":{
            "emails":[{"email_id":"email-1","email":"old@example.org","verified":true},{"email_id":"email-2","email":"Ann@Example.org","verified":true}],
            "name":{"first_name":"Ann","middle_name":null,"last_name":"Lee"},"later":true}}"#;
        let proven = proven(both);
        assert_eq!((proven.provider.as_str(), proven.subject.as_str()), ("stytch", "user-1"));
        assert_eq!(proven.email.unwrap().as_str(), "ann@example.org");
        assert_eq!(proven.name.as_deref(), Some("Ann Lee"));
    }

    #[test]
    fn an_address_that_is_not_verified_counts_for_nothing() {
        let of = |verified: &str| {
            let json = r#"{"user_id":"u","method_id":"e","user":{"emails":[{"email_id":"e","email":"a@x.org","verified":V}]}}"#;
            proven(&json.replace('V', verified)).email
        };
        assert!(of("true").is_some());
        assert!(of("false").is_none() && of("null").is_none());
        assert!(proven(r#"{"user_id":"u","user":null}"#).email.is_none());
    }

    #[test]
    fn both_shapes_of_errors_and_what_is_none_are_understood() {
        let failure = |status, body: &str| Failure::read(StatusCode::from_u16(status).unwrap(), body.as_bytes());
        let one = failure(401, r#"{"status_code":401,"error_type":"unable_to_auth_magic_link","request_id":"r"}"#);
        assert!(matches!(one.of_authenticating(), SignInError::LinkSpent));
        let oauth = failure(401, r#"{"error":"unauthorized_credentials","error_description":"x"}"#);
        assert!(matches!(oauth.of_authenticating(), SignInError::NotSetUp));
        assert!(matches!(failure(404, "{}").of_authenticating(), SignInError::LinkUnknown));
        assert!(matches!(failure(418, "").of_authenticating(), SignInError::LinkSpent));
        assert!(matches!(failure(502, "<h1>Bad gateway</h1>").of_authenticating(), SignInError::Unreachable));
        assert!(matches!(failure(429, "").of_sending(), SignInError::TooMany(_)));
        let url = r#"{"error_type":"invalid_magic_link_url"}"#;
        assert!(matches!(failure(400, url).of_sending(), SignInError::NotSetUp));
        assert!(matches!(failure(400, r#"{"error_type":"invalid_email"}"#).of_sending(), SignInError::NotAnAddress));
    }
}
