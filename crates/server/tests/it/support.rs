//! What tests stand on.

pub mod run;
pub mod test_database;
