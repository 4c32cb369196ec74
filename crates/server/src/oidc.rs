//! Sign-in by somebody else's OpenID Connect provider, such as a university's: authorization code with PKCE, a state and a
//! nonce (OpenID Connect Core 1.0, 3.1; RFC 7636).
//!
//! What a sign-in needs between its two requests stands in a cookie of the browser that began it. So a link with somebody
//! else's code signs nobody in.

mod http;

use std::{
    fmt,
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, HeaderValue};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, TokenResponse,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdTokenClaims, CoreJwsSigningAlgorithm as Alg,
        CoreProviderMetadata, CoreTokenResponse, CoreUserInfoClaims,
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::{
    config::{self, Origin},
    cookies,
    identities::Proven,
    sign_in::{Email, SignInError},
};
use http::Http;

/// Where the provider sends people back to; to be entered there.
pub const CALLBACK: &str = "/sign-in/oidc/callback";

/// The cookie of [`Started`].
pub(crate) const STARTED: &str = "sign-in-oidc";
/// As long as somebody may take to type a password elsewhere.
const STARTED_SECONDS: i64 = 10 * 60;

/// The provider's addresses and keys are asked for again after this long.
const METADATA_FOR: Duration = Duration::from_secs(60 * 60);

/// A provider that could not be reached is not asked again before this has passed: everybody who tries meanwhile would wait in
/// a row for it.
const PAUSE: Duration = Duration::from_secs(5);

/// A user's id at the provider is at most this long (OpenID Connect Core 1.0, 2).
const MAX_SUBJECT: usize = 255;

/// Signatures with the provider's own key; those with our shared secret prove less, and `none` nothing.
const SIGNATURES: [Alg; 10] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EcdsaP521Sha512,
    Alg::EdDsa,
];

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// A provider of identity.
pub struct Provider {
    settings: config::Oidc,
    http: Http,
    /// What the provider said of itself, and when.
    metadata: Mutex<Known>,
}

/// What is known of a provider.
#[derive(Default)]
struct Known {
    metadata: Option<(Instant, CoreProviderMetadata)>,
    failed_at: Option<Instant>,
}

/// The secret is not shown.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A sign-in that this browser began.
#[derive(Serialize, Deserialize)]
pub struct Started {
    state: String,
    nonce: String,
    verifier: String,
    /// Where to go; to be read through [`crate::sign_in::local_path`].
    pub next: String,
}

impl Started {
    /// The cookie that remembers it.
    pub fn cookie(&self, origin: &Origin) -> HeaderValue {
        cookies::set_parts(origin, STARTED, self, STARTED_SECONDS)
    }

    /// What this browser began.
    pub fn of(origin: &Origin, headers: &HeaderMap) -> Option<Self> {
        cookies::read_parts(origin, headers, STARTED)
    }

    /// The cookie that forgets it: each is good once.
    pub fn forget(origin: &Origin) -> HeaderValue {
        cookies::forget(origin, STARTED)
    }
}

/// With what the provider sends somebody back.
#[derive(Deserialize)]
pub struct Returned {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

impl Provider {
    /// The provider of a configuration. It is asked for nothing until somebody signs in.
    pub fn new(settings: config::Oidc, http: reqwest::Client) -> Self {
        Self { settings, http: Http(http), metadata: Mutex::default() }
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Begins a sign-in: where to send the browser, and what it has to remember.
    pub async fn begin(&self, origin: &Origin, next: &str) -> Result<(String, Started), SignInError> {
        let client = self.client(origin, false).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("email".into()))
            .add_scope(Scope::new("profile".into()))
            .set_pkce_challenge(challenge)
            .url();
        let started = Started {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            next: next.to_owned(),
        };
        Ok((url.into(), started))
    }

    /// Ends it: who was sent back.
    pub async fn end(&self, origin: &Origin, started: Started, returned: Returned) -> Result<Proven, SignInError> {
        if returned.state.as_deref() != Some(started.state.as_str()) {
            return Err(SignInError::NotBegunHere);
        }
        if let Some(error) = returned.error {
            // One of a few words of the standard, unless the provider is broken.
            let error: String = error.chars().filter(char::is_ascii_graphic).take(40).collect();
            tracing::info!(error, "the provider of identity sent somebody back without signing them in");
            return Err(SignInError::Declined);
        }
        let code = AuthorizationCode::new(returned.code.ok_or(SignInError::NotBegunHere)?);
        let client = self.client(origin, false).await?;
        let exchange = client.exchange_code(code).map_err(|error| not_set_up(&error))?;
        let exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(started.verifier));
        let tokens = exchange.request_async(&self.http).await.map_err(|error| match &error {
            RequestTokenError::Request(_) => unreachable(&error),
            RequestTokenError::ServerResponse(refusal) => refused(refusal.error().as_ref()),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => not_trusted(&error),
        })?;
        let nonce = Nonce::new(started.nonce);
        let claims = match claims(&client, &tokens, &nonce) {
            // The provider has new keys since it was asked.
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                claims(&self.client(origin, true).await?, &tokens, &nonce)
            }
            known => known,
        };
        let claims = claims.map_err(|error| not_trusted(&error))?;
        self.proven(&client, &tokens, &claims).await
    }

    async fn client(&self, origin: &Origin, anew: bool) -> Result<Client, SignInError> {
        let metadata = self.metadata(anew).await?;
        let methods = metadata.token_endpoint_auth_methods_supported();
        let in_body = methods.is_some_and(|methods| !methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let back = RedirectUrl::new(format!("{origin}{CALLBACK}")).map_err(|error| not_set_up(&error))?;
        let id = ClientId::new(self.settings.client_id.clone());
        let secret = ClientSecret::new(self.settings.client_secret.expose().to_owned());
        let client = CoreClient::from_provider_metadata(metadata, id, Some(secret)).set_redirect_uri(back);
        Ok(client.set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth }))
    }

    async fn metadata(&self, anew: bool) -> Result<CoreProviderMetadata, SignInError> {
        let mut known = self.metadata.lock().await;
        let fresh = known.metadata.as_ref().filter(|(since, _)| !anew && since.elapsed() < METADATA_FOR);
        if let Some((_, metadata)) = fresh {
            return Ok(metadata.clone());
        }
        if known.failed_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return Err(SignInError::Unreachable);
        }
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(|error| not_set_up(&error))?;
        match CoreProviderMetadata::discover_async(issuer, &self.http).await {
            Ok(metadata) => {
                *known = Known { metadata: Some((Instant::now(), metadata.clone())), failed_at: None };
                Ok(metadata)
            }
            Err(error) => {
                known.failed_at = Some(Instant::now());
                Err(unreachable(&error))
            }
        }
    }

    /// Whom the provider vouches for. What its token does not tell, its page about the person may.
    async fn proven(
        &self,
        client: &Client,
        tokens: &CoreTokenResponse,
        claims: &CoreIdTokenClaims,
    ) -> Result<Proven, SignInError> {
        let subject = claims.subject();
        if subject.len() > MAX_SUBJECT {
            return Err(SignInError::NotTrusted);
        }
        let mut told = Told::of_token(claims);
        if told.email.is_none()
            && let Ok(request) = client.user_info(tokens.access_token().clone(), Some(subject.clone()))
        {
            let more: CoreUserInfoClaims =
                request.request_async(&self.http).await.map_err(|error| not_trusted(&error))?;
            told = told.or(Told::of_page(&more));
        }
        let trusts = told.verified || self.settings.trust_email;
        Ok(Proven {
            provider: format!("oidc:{}", self.settings.issuer),
            subject: subject.to_string(),
            email: told.email.filter(|_| trusts).and_then(|email| Email::parse(&email)),
            name: told.name,
        })
    }
}

/// What a provider tells of a person.
struct Told {
    email: Option<String>,
    verified: bool,
    name: Option<String>,
}

impl Told {
    fn of_token(claims: &CoreIdTokenClaims) -> Self {
        Self {
            email: claims.email().map(|email| email.to_string()),
            verified: claims.email_verified().unwrap_or(false),
            name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
        }
    }

    fn of_page(claims: &CoreUserInfoClaims) -> Self {
        Self {
            email: claims.email().map(|email| email.to_string()),
            verified: claims.email_verified().unwrap_or(false),
            name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
        }
    }

    /// The address and whether it was checked stay together.
    fn or(self, other: Self) -> Self {
        let name = self.name.or(other.name);
        if self.email.is_some() {
            Self { name, ..self }
        } else {
            Self { name, email: other.email, verified: other.verified }
        }
    }
}

/// What a token says, if it is signed by the provider, for us, for this sign-in, and not too old.
fn claims(
    client: &Client,
    tokens: &CoreTokenResponse,
    nonce: &Nonce,
) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
    let missing = || ClaimsVerificationError::Other("the answer holds no identity".into());
    let verifier = client.id_token_verifier().set_allowed_algs(SIGNATURES);
    tokens.id_token().ok_or_else(missing)?.claims(&verifier, nonce).cloned()
}

// Each is logged for whoever runs the server. These errors name addresses, claims and times of the provider's, never a token.

fn unreachable(error: &(impl std::error::Error + 'static)) -> SignInError {
    tracing::warn!(error = %error, cause = ?error.source().map(ToString::to_string), "the provider of identity cannot be reached");
    SignInError::Unreachable
}

fn not_set_up(error: &dyn std::error::Error) -> SignInError {
    tracing::error!(%error, "the provider of identity is not set up rightly");
    SignInError::NotSetUp
}

fn not_trusted(error: &dyn std::error::Error) -> SignInError {
    tracing::warn!(%error, "an answer of the provider of identity is refused");
    SignInError::NotTrusted
}

/// `invalid_grant` says that the code is used or too old, or not of this browser; all else is about us.
fn refused(error: &str) -> SignInError {
    tracing::warn!(error, "the provider of identity refuses a code");
    if error == "invalid_grant" { SignInError::NotBegunHere } else { SignInError::NotSetUp }
}
