//! What tests stand on.

pub mod fake_oidc;
pub mod fake_stytch;
pub mod program;
pub mod run;
pub mod test_app;
pub mod test_database;
