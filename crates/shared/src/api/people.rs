use serde::{Deserialize, Deserializer, Serialize};

use super::{Endpoint, Method};
use crate::ids::UserId;

/// `GET /api/v1/me`: who the caller is; 401 when signed out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetMe {}

/// The caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Their id.
    pub id: UserId,
    /// Their name, as others see it.
    pub name: String,
    /// Their address.
    pub email: String,
    /// How they are to be spoken of, where they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pronouns: Option<String>,
    /// Where their clock is, a name of the IANA database; none is as the device has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How dates are written for them, one of [`LOCALES`]; none is as the device has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// Ways to write dates, each with where that is done: those of places whose words for days and months the pages have.
pub const LOCALES: [(&str, &str); 8] = [
    ("en-AU", "Australia"),
    ("en-CA", "Canada"),
    ("en-IN", "India"),
    ("en-IE", "Ireland"),
    ("en-NZ", "New Zealand"),
    ("en-ZA", "South Africa"),
    ("en-GB", "United Kingdom"),
    ("en-US", "United States"),
];

/// Characters of somebody's name at most.
pub const MAX_NAME_CHARS: usize = 100;

/// Characters of somebody's pronouns at most.
pub const MAX_PRONOUNS_CHARS: usize = 40;

impl Endpoint for GetMe {
    const METHOD: Method = Method::Get;
    type Reply = Me;

    fn path(&self) -> String {
        "/api/v1/me".into()
    }
}

/// `PATCH /api/v1/me`: what the caller says of themselves; what is missing stays, and `null` takes it away. Answers who
/// they are now. For somebody who is signed in, not for a token.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeMe {
    /// For all to see, 1 to [`MAX_NAME_CHARS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For the people of their classes to see, at most [`MAX_PRONOUNS_CHARS`]; never where people are anonymous.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    pub pronouns: Option<Option<String>>,
    /// A name of the IANA database.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    pub time_zone: Option<Option<String>>,
    /// One of [`LOCALES`].
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    pub locale: Option<Option<String>>,
}

/// `null` is something that was said.
fn said<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

impl Endpoint for ChangeMe {
    const METHOD: Method = Method::Patch;
    type Reply = Me;

    fn path(&self) -> String {
        "/api/v1/me".into()
    }
}

/// The seeded people of the development sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DevelopmentPerson {
    /// Teaches the demo class.
    Instructor,
    /// Takes it.
    #[serde(rename = "student-1")]
    Student1,
    /// Takes it too.
    #[serde(rename = "student-2")]
    Student2,
}

impl DevelopmentPerson {
    /// All of them, in the order of the sign-in page.
    pub const ALL: [Self; 3] = [Self::Instructor, Self::Student1, Self::Student2];

    /// Their name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instructor => "Demo Instructor",
            Self::Student1 => "Demo Student 1",
            Self::Student2 => "Demo Student 2",
        }
    }

    /// As requests and the identity's subject spell them.
    pub fn key(self) -> &'static str {
        match self {
            Self::Instructor => "instructor",
            Self::Student1 => "student-1",
            Self::Student2 => "student-2",
        }
    }
}

/// `POST /api/v1/dev/sign-in`: signs in as a seeded person. Exists only where the public origin is loopback.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevelopmentSignIn {
    /// Who to be.
    pub person: DevelopmentPerson,
}

impl Endpoint for DevelopmentSignIn {
    const METHOD: Method = Method::Post;
    type Reply = Me;

    fn path(&self) -> String {
        "/api/v1/dev/sign-in".into()
    }
}

/// `POST /api/v1/sign-out`: ends the caller's session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignOut {}

impl Endpoint for SignOut {
    const METHOD: Method = Method::Post;
    type Reply = ();

    fn path(&self) -> String {
        "/api/v1/sign-out".into()
    }
}
