use std::time::Duration;

use axum::http::StatusCode;

use crate::error::Error;

/// Why nobody was signed in, in words for the person who tries.
///
/// None of them tells whether an address has an account here, except to somebody who has just proved to read its mail.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Whoever it is is banned.
    #[error("This account was closed by the people who run this server. If you think that is a mistake, ask them.")]
    Banned,
    /// A link that an administrator made has been used, is too old, or another was made after it.
    #[error(
        "This link was used already, is too old, or was replaced by a newer one. Ask whoever gave it to you for another."
    )]
    RecoverySpent,
    /// What was typed is no address.
    #[error("That is not an e-mail address. Write it as in name@example.org.")]
    NotAnAddress,
    /// Too often: for this address, from this place, or for the provider.
    #[error("There were many tries in a short time. Wait {} and try again.", in_words(*.0))]
    TooMany(Duration),
    /// The link has been used or is too old; the provider does not say which.
    #[error("This link was used already, or it is more than an hour old. Ask for a new one: it takes a minute.")]
    LinkSpent,
    /// There is no such link.
    #[error("This link is not complete, or not one of ours. Copy the whole of it from the mail, or ask for a new one.")]
    LinkUnknown,
    /// The link is to another address than the one that this browser asked for.
    #[error(
        "This link was sent to another address than the one you asked for here, so it was not used to sign you in. If both \
         addresses are yours, ask for a new link."
    )]
    OtherAddress,
    /// The provider cannot be reached, or has trouble of its own.
    #[error("The service that signs people in cannot be reached. Nothing is lost: try again in a moment.")]
    Unreachable,
    /// The provider does not accept us.
    #[error("Signing in is not set up rightly on this server. Please tell the people who run it.")]
    NotSetUp,
    /// Another account has the address.
    #[error(
        "Your address belongs to an account here that signs in in another way. Sign in in that way, or ask the people who \
         run this server to join the two."
    )]
    AddressInUse,
    /// The provider did not say that an address is theirs.
    #[error(
        "The service that signed you in did not tell an e-mail address that it has checked. An account needs one: sign in \
         in another way, or ask the people who run this server."
    )]
    NoAddress,
    /// The person, or the provider, said no.
    #[error("You were not signed in: the other side stopped it. Try again, or sign in in another way.")]
    Declined,
    /// What came back does not belong to what this browser began.
    #[error(
        "This sign-in was begun in another tab or browser, or more than ten minutes ago. Nothing happened; begin again \
         here."
    )]
    NotBegunHere,
    /// What the provider sent back is not to be trusted.
    #[error(
        "The answer of the service that signs people in could not be trusted, so you were not signed in. Try again."
    )]
    NotTrusted,
    /// A fault of ours.
    #[error(transparent)]
    Ours(Error),
}

impl SignInError {
    /// The HTTP status of the page.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotAnAddress | Self::NotBegunHere => StatusCode::BAD_REQUEST,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::LinkSpent | Self::LinkUnknown | Self::RecoverySpent => StatusCode::GONE,
            Self::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotSetUp | Self::NotTrusted => StatusCode::BAD_GATEWAY,
            Self::AddressInUse | Self::NoAddress | Self::OtherAddress | Self::Declined | Self::Banned => {
                StatusCode::FORBIDDEN
            }
            Self::Ours(error) => error.status(),
        }
    }

    /// The page's heading.
    pub fn title(&self) -> &'static str {
        match self {
            Self::NotAnAddress => "Not an e-mail address",
            Self::TooMany(_) => "Wait a moment",
            Self::LinkSpent | Self::RecoverySpent => "This link does not work any more",
            Self::Banned => "Account closed",
            Self::LinkUnknown => "This link does not work",
            Self::Unreachable => "Signing in does not work now",
            Self::OtherAddress => "This link is for another address",
            Self::NotSetUp => "Signing in is not set up",
            Self::AddressInUse => "You have an account already",
            Self::NoAddress => "Your address is missing",
            Self::Declined => "You were not signed in",
            Self::NotBegunHere => "Begin again",
            Self::NotTrusted => "You were not signed in",
            Self::Ours(_) => "Something went wrong",
        }
    }

    /// Whether the very same may work later.
    pub fn may_be_repeated(&self) -> bool {
        matches!(self, Self::Unreachable | Self::TooMany(_))
    }

    /// For `Retry-After`.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::TooMany(wait) => Some(*wait),
            _ => None,
        }
    }
}

impl From<Error> for SignInError {
    fn from(error: Error) -> Self {
        match error {
            Error::Banned => Self::Banned,
            error => Self::Ours(error),
        }
    }
}

impl From<sqlx::Error> for SignInError {
    fn from(error: sqlx::Error) -> Self {
        Self::Ours(error.into())
    }
}

/// `a minute`, `5 minutes`.
fn in_words(wait: Duration) -> String {
    match wait.as_secs().div_ceil(60) {
        0 | 1 => "a minute".into(),
        minutes => format!("{minutes} minutes"),
    }
}
