//! What tests stand on.

pub mod program;
pub mod run;
pub mod test_app;
pub mod test_database;
