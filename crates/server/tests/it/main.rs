//! One binary for all integration tests: the real router and a real Postgres.
#![allow(
    clippy::unwrap_used,
    reason = "in a test that is how one fails; the lint knows test functions only, not their helpers"
)]

mod access;
mod activities;
mod activities_refused;
mod activity_settings;
mod admin;
mod agreement;
mod anonymity;
mod anonymous_tasks;
mod api;
mod backup;
mod classes;
mod conformance;
mod conversations;
mod database;
mod documents;
mod erase;
mod export;
mod files;
mod files_elsewhere;
mod history;
mod home;
mod hostile;
mod identity;
mod ledger;
mod matrix;
mod memory;
mod merge;
mod metrics;
mod model;
mod my_data;
mod notices;
mod offline;
mod oidc;
mod openapi;
mod profile;
mod projects;
mod purge;
mod queries;
mod replicas;
mod revisions;
mod rooms;
mod rooms_support;
mod roster;
mod rules;
mod runs;
mod runs_branches;
mod runs_ends;
mod runs_quota;
mod runs_readers;
mod search;
mod security;
mod sessions;
mod sharing;
mod sign_in;
mod sign_in_problems;
mod storing;
mod support;
mod sync;
mod to_do;
mod tokens;
mod trash;
mod webhooks;
