use serde::{Deserialize, Serialize};

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
}

impl Endpoint for GetMe {
    const METHOD: Method = Method::Get;
    type Reply = Me;

    fn path(&self) -> String {
        "/api/v1/me".into()
    }
}

/// `POST /api/v1/me`: gives the caller another name, for all to see. Answers who they are now.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The new name, 1 to 100 characters.
    pub name: String,
}

impl Endpoint for Rename {
    const METHOD: Method = Method::Post;
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
