//! The server: pages, the typed API, rooms and their persistence.
//!
//! A request finds its handler in [`router`], the handler its SQL in place. What a caller may do is asked of
//! [`access`], never decided in a handler. Each document belongs to one task ([`rooms`]); nothing else writes to it.

/// Settings from flags and environment.
pub mod config;

/// Postgres: any by its URL, or a private cluster under `DATA_DIR`.
pub mod database;

/// All that a server keeps, in one file, and back.
pub mod backup;

/// What handlers share.
pub mod services;

/// Every route on one screen.
pub mod router;

/// Errors and their answers.
pub mod error;

/// Origin check, content security policy, headers.
pub mod security;

/// Cookies of our own.
pub mod cookies;

/// Sessions, their cookie, and who calls.
pub mod sessions;

/// Signing in: what all ways of it share.
pub mod sign_in;

/// Which user somebody is.
pub mod identities;

/// Links by e-mail.
pub mod stytch;

/// A university's own sign-in.
pub mod oidc;

/// Requests of ours to others.
pub mod outbound;

/// Sign-in as a seeded person, on loopback only.
pub mod development;

/// Who the caller is, and what they say of themselves.
pub mod people;

/// All that is kept of somebody, for themselves.
pub mod my_data;

/// What people and things may be called.
pub mod names;

/// Personal access tokens.
pub mod tokens;

/// How many requests of the API somebody may make.
pub mod rates;

/// Whether an answer is known already.
pub mod etags;

/// Accounts that are erased.
pub mod erase;

/// Accounts that become part of another of the same person.
pub mod merge;

/// Things that are taken out of a conversation for good.
pub mod purge;

/// What happened in a document, step by step.
pub mod history;

/// All that is kept of a document as it once was.
pub mod kept;

/// What was thrown away and can be taken back.
pub mod trash;
pub mod turns;

/// What somebody may do: with a conversation, with a class.
pub mod access;

/// How often somebody may try what can be guessed.
pub mod attempts;

/// Codes that people read and type.
mod letters;

/// Who people are as authors: by name, or under an alias.
pub mod authors;

/// Activities: tasks in a class, their copies, and what is done in them.
pub mod activities;
pub mod annotations;

/// Classes: their people, groups, code and links.
pub mod classes;

/// Lists of people, from files into a class.
pub mod roster;

/// Conversations and their messages.
pub mod conversations;

/// Earlier texts of a conversation, and the way from one to the next.
pub mod revisions;

/// The model that answers in chats, behind an API of OpenAI's kind.
pub mod model;

/// Whom one may talk with, and how much.
pub mod models;

/// Replies of models: asked for, written, read along, stopped.
pub mod runs;
/// Looking for words in all that somebody may see.
pub mod search;

/// Projects: their prompts and chats.
pub mod projects;

/// Files of projects and chats.
pub mod files;

/// With whom conversations are shared.
pub mod sharing;

/// What stock clients wrote against the rules.
pub mod refused;

/// People's inboxes: mentions and replies.
pub mod notices;

/// Addresses that are told of new comments.
pub mod webhooks;

/// What is brought in: pasted text, files, exports of other tools.
pub mod import;

/// How far people marked the same passages with the same tags.
pub mod agreement;

/// A conversation as a file to take away.
pub mod export;

/// A conversation with its document as one file, written and read again.
pub mod bundle;

/// One task a document.
pub mod rooms;

/// WebSockets.
pub mod socket;

/// The sync socket.
pub mod sync;

/// Who may open one.
pub mod sync_route;

/// Pages, rendered here and taken over in the browser.
pub mod pages;

/// The seeded people, class and conversation.
pub mod demo;

/// Liveness and readiness.
pub mod health;

/// What the server counts, for Prometheus.
pub mod metrics;

/// What the people who run the server do at its command line.
pub mod admin;

/// Moments, as they are written.
pub mod times;

/// Tables for spreadsheet programs.
pub mod spreadsheet;

/// Zip archives, written whole or while they are read.
pub mod zipped;

/// Start, and orderly stop.
pub mod serve;
