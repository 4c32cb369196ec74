//! Tests of import through its public functions, on fixtures of our own writing (`end2end/fixtures/import`).

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use shared::messages::MessageRole;

use super::{Archive, ImportError, ImportedConversation, ImportedMessage, Parsed, file};

mod chatgpt;
mod claude;
mod documents;
mod exports;
mod files;
mod labels;
mod own;
mod pages;
mod pdfs;
mod properties;
mod texts;
mod web_archives;
mod zips;

fn fixture(name: &str) -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../end2end/fixtures/import/").to_owned() + name;
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn one(name: &str, bytes: &[u8]) -> ImportedConversation {
    match file(name, bytes, None) {
        Ok(Parsed::One(conversation)) => *conversation,
        other => panic!("not one conversation: {other:?}"),
    }
}

fn choice(name: &str, bytes: &[u8]) -> Archive {
    match file(name, bytes, None) {
        Ok(Parsed::Choice(archive)) => archive,
        other => panic!("not a choice: {other:?}"),
    }
}

/// The messages of the branch that is shown.
fn shown(read: &ImportedConversation) -> Vec<ImportedMessage> {
    match &read.branches {
        Some(branches) => branches.shown().into_iter().map(|at| read.messages[at].clone()).collect(),
        None => read.messages.clone(),
    }
}

fn refused(name: &str, bytes: &[u8]) -> ImportError {
    file(name, bytes, None).map(|_| ()).unwrap_err()
}

fn message(role: MessageRole, title: Option<&str>, markdown: &str) -> ImportedMessage {
    ImportedMessage { role, title: title.map(str::to_owned), markdown: markdown.to_owned() }
}

fn user(markdown: &str) -> ImportedMessage {
    message(MessageRole::User, None, markdown)
}

fn assistant(markdown: &str) -> ImportedMessage {
    message(MessageRole::Assistant, None, markdown)
}
