//! Who proves to us who somebody is.

use std::ffi::OsString;

use axum::http::HeaderName;
use url::{Host, Url};

use super::{
    ConfigError, Oidc, Origin, Providers, Secret, SignIn, Stytch, arguments::SignInSettings, text, web_address, wrong,
};

/// What people call a provider that has no name here.
const NAME: &str = "your institution";

impl SignInSettings {
    /// Development sign-in is there only where nothing else is, on this machine alone.
    pub(super) fn check(self, origin: Option<&Origin>) -> Result<SignIn, ConfigError> {
        let stytch = stytch(self.stytch_project_id, self.stytch_secret, self.stytch_base_url)?;
        let oidc = oidc(
            [
                ("OIDC_ISSUER", self.oidc_issuer),
                ("OIDC_CLIENT_ID", self.oidc_client_id),
                ("OIDC_CLIENT_SECRET", self.oidc_client_secret),
            ],
            text("OIDC_NAME", self.oidc_name)?,
            text("OIDC_TRUST_EMAIL", self.oidc_trust_email)?,
        )?;
        if stytch.is_some() || oidc.is_some() {
            return Ok(SignIn::Providers(Box::new(Providers { stytch, oidc })));
        }
        match origin {
            Some(origin) if !origin.is_loopback() => Err(ConfigError::Wrong(format!(
                "PUBLIC_ORIGIN is {origin}, which is not this machine alone, and nobody could sign in there: \
                 set STYTCH_PROJECT_ID and STYTCH_SECRET, or OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET"
            ))),
            _ => Ok(SignIn::Development),
        }
    }
}

/// The three that go together, or none of them.
fn oidc(
    given: [(&str, Option<OsString>); 3],
    name: Option<String>,
    trust_email: Option<String>,
) -> Result<Option<Oidc>, ConfigError> {
    let mut missing = Vec::new();
    let mut values = Vec::new();
    for (variable, value) in given {
        match text(variable, value)? {
            Some(value) => values.push(value),
            None => missing.push(variable),
        }
    }
    let trust_email = match trust_email.as_deref() {
        None | Some("0" | "false") => false,
        Some("1" | "true") => true,
        Some(value) => return Err(wrong("OIDC_TRUST_EMAIL", value, "neither true nor false")),
    };
    let [issuer, client_id, client_secret] = match <[String; 3]>::try_from(values) {
        Ok(all) => all,
        Err(none) if none.is_empty() && name.is_none() && !trust_email => return Ok(None),
        Err(_) => {
            return Err(ConfigError::Wrong(format!(
                "OpenID Connect is set up in part: set {} too, or none of the OIDC_ variables",
                missing.join(" and ")
            )));
        }
    };
    check_issuer(&issuer)?;
    let name = name.unwrap_or_else(|| NAME.to_owned());
    Ok(Some(Oidc { issuer, client_id, client_secret: Secret::new(client_secret), name, trust_email }))
}

/// Over plain http anybody on the way could say who somebody is.
fn check_issuer(issuer: &str) -> Result<(), ConfigError> {
    let url: Url = web_address("OIDC_ISSUER", issuer)?;
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_safe = url.scheme() == "https" || is_local;
    if is_safe { Ok(()) } else { Err(wrong("OIDC_ISSUER", issuer, "not https, and not on this machine")) }
}

/// A header's name, in lower case.
pub(super) fn header_name(value: Option<OsString>) -> Result<Option<String>, ConfigError> {
    let Some(value) = text("CLIENT_ADDRESS_HEADER", value)? else { return Ok(None) };
    let name = HeaderName::try_from(value.as_str());
    let name =
        name.map_err(|_| wrong("CLIENT_ADDRESS_HEADER", &value, "not a header's name such as X-Forwarded-For"))?;
    Ok(Some(name.as_str().to_owned()))
}

fn stytch(
    project_id: Option<OsString>,
    secret: Option<OsString>,
    base_url: Option<OsString>,
) -> Result<Option<Stytch>, ConfigError> {
    let base_url = text("STYTCH_BASE_URL", base_url)?;
    let (project_id, secret) = match (text("STYTCH_PROJECT_ID", project_id)?, text("STYTCH_SECRET", secret)?) {
        (Some(project_id), Some(secret)) => (project_id, secret),
        (None, None) if base_url.is_none() => return Ok(None),
        (project_id, secret) => {
            let missing: Vec<&str> = [("STYTCH_PROJECT_ID", project_id.is_none()), ("STYTCH_SECRET", secret.is_none())]
                .into_iter()
                .filter_map(|(name, is_missing)| is_missing.then_some(name))
                .collect();
            return Err(ConfigError::Wrong(format!(
                "Stytch is set up in part: set {} too, or none of the STYTCH_ variables",
                missing.join(" and ")
            )));
        }
    };
    let base_url = match base_url {
        Some(value) => web_address("STYTCH_BASE_URL", &value)?,
        None if project_id.starts_with("project-test-") => web_address("STYTCH_BASE_URL", "https://test.stytch.com")?,
        None => web_address("STYTCH_BASE_URL", "https://api.stytch.com")?,
    };
    Ok(Some(Stytch { project_id, secret: Secret::new(secret), base_url }))
}
