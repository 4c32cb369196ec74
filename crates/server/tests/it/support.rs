//! What tests stand on.

pub mod chats;
pub mod counting;
pub mod fake_model;
pub mod fake_oidc;
pub mod fake_stytch;
pub mod program;
pub mod receiver;
pub mod run;
pub mod s3;
pub mod scene;
pub mod test_app;
pub mod test_database;
pub mod traces;
