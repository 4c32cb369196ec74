use std::{path::PathBuf, str::FromStr};

use clap::{Args, Subcommand, ValueEnum, value_parser};
use shared::{
    access::{InvalidRole, Role},
    ids::UserId,
};

/// What is to be done. USER is somebody's id or e-mail address, CLASS a class's id or its whole name.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Task {
    /// Something about a few rows: done whole or not at all.
    #[command(flatten)]
    Rows(RowTask),
    /// Save all tables and uploaded files in one new file, while the server runs
    Backup {
        /// The file to write; it must not exist
        file: PathBuf,
    },
    /// Fill a fresh DATA_DIR from a backup: one that does not exist yet, or one without files and an empty DATABASE_URL
    Restore {
        /// A file that backup wrote
        file: PathBuf,
    },
    /// Make anew all that is searched, from titles, messages and documents, while the server runs
    RebuildSearch,
}

/// What is done in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum RowTask {
    /// List people, in the order in which they came
    Users(AskedUsers),
    /// Show one person: how they sign in, their classes, what they have
    User {
        /// Their id or e-mail address
        user: String,
    },
    /// Enter somebody who has not signed in yet: whoever first proves to have the address will be them
    AddUser {
        /// Their address
        email: String,
        /// Their name; without it, what stands before the @
        #[arg(long)]
        name: Option<String>,
    },
    /// Let somebody in no more: their sessions end at once, open pages too, and tokens are refused
    Ban {
        /// Their id or e-mail address
        user: String,
    },
    /// Let somebody in again who was banned: they sign in anew, their tokens are good again
    Unban {
        /// Their id or e-mail address
        user: String,
    },
    /// Make somebody an administrator: in every class they may what its instructors may, and they make classes.
    /// Conversations are not opened to them
    Promote {
        /// Their id or e-mail address
        user: String,
    },
    /// Make an administrator one no more
    Demote {
        /// Their id or e-mail address
        user: String,
    },
    /// Let somebody make classes who teaches none yet
    AllowClasses {
        /// Their id or e-mail address
        user: String,
    },
    /// Take that back; who teaches a class makes others anyway
    ForbidClasses {
        /// Their id or e-mail address
        user: String,
    },
    /// Make a link that signs in as somebody, once: for people who cannot sign in otherwise. Hand it to nobody else. A link
    /// that was made for them before is good for nothing then
    SignInLink {
        /// Their id or e-mail address
        user: String,
        /// For how long it is good: 1 to 1440
        #[arg(long, default_value_t = 30, value_parser = value_parser!(u32).range(1..=1440))]
        minutes: u32,
    },
    /// List classes, in the order in which they were made
    Classes(AskedClasses),
    /// Make a class
    AddClass {
        /// Its name
        name: String,
        /// Who teaches it first: an id or e-mail address
        #[arg(long, value_name = "USER")]
        instructor: String,
    },
    /// Make a class read-only
    ArchiveClass {
        /// Its id or its whole name
        class: String,
    },
    /// Take an archived class back
    RestoreClass {
        /// Its id or its whole name
        class: String,
    },
    /// Give somebody a role in a class, whether they are in it or not
    Role {
        /// The class's id or its whole name
        class: String,
        /// Their id or e-mail address
        user: String,
        /// student, tutor or instructor; none removes them
        role: NewRole,
    },
}

/// Which people.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct AskedUsers {
    /// Only those with this in their name or address
    #[arg(long, default_value = "")]
    pub find: String,
    /// Only these
    #[arg(long, value_enum)]
    pub only: Option<Only>,
    /// At most so many: 1 to 1000
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// Only those after this one: the last of the list before
    #[arg(long, value_name = "ID")]
    pub after: Option<UserId>,
}

/// Some of the people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// Administrators
    Admins,
    /// Who is banned
    Banned,
}

/// Which classes.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct AskedClasses {
    /// Only those with this in their name
    #[arg(long, default_value = "")]
    pub find: String,
    /// Archived ones too
    #[arg(long)]
    pub archived: bool,
    /// At most so many: 1 to 1000
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// Only those after this one: the last of the list before
    #[arg(long, value_name = "ID")]
    pub after: Option<shared::ids::ClassId>,
}

/// What somebody is to be in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewRole {
    /// A member as this.
    As(Role),
    /// No member.
    None,
}

impl FromStr for NewRole {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        if text == "none" { Ok(Self::None) } else { text.parse().map(Self::As) }
    }
}
