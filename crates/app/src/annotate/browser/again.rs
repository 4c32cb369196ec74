//! What was not taken is done again, as if it was made now: its author may do now what they might not then. What still
//! cannot be done stays where it is.

use leptos::prelude::*;
use shared::{
    document::{Command, Root, TextEdit},
    order::sorted_by,
};

use crate::annotate::{
    away::{Aside, name_of},
    desk::{Desk, Status, Toast},
    pending::{Intent, made_at},
};

fn say(desk: Desk, text: String) {
    desk.toast.set(Some(Toast { text, undo: None }));
}

/// The text of which something that was put aside is a version.
pub fn root_of(aside: &Aside) -> Option<Root> {
    match aside.intent.as_deref().map(Intent::read) {
        Some(Intent::Typed(root)) => Some(root),
        _ => None,
    }
}

/// Whether it may be done later, because it adds something or takes something away, or because the document tells when the
/// thing was last changed (`Replica::is_outdated`). Of other states it does not: what was set since would be lost.
pub fn may_be_tried(aside: &Aside) -> bool {
    let Some(Intent::Command(command)) = aside.intent.as_deref().map(Intent::read) else { return false };
    matches!(
        command,
        Command::Highlight { .. }
            | Command::Comment { .. }
            | Command::EditComment { .. }
            | Command::DeleteComment { .. }
            | Command::Delete(_)
            | Command::AddTag(..)
            | Command::RemoveTag(..)
            | Command::NewTag { .. }
            | Command::DeleteTag(_)
            | Command::MergeTag { .. }
            | Command::NewGroup { .. }
            | Command::DeleteGroup(_)
    )
}

/// What is under way may be the same: after access was given back, the journal is sent by itself.
fn is_quiet(desk: Desk) -> bool {
    let is_quiet = desk.status.get_untracked() == Status::Saved;
    if !is_quiet {
        say(desk, "This can be done again as soon as it says Saved.".to_owned());
    }
    is_quiet
}

/// Does all of them again, in the order in which they were made: one may build on another.
pub fn try_again(desk: Desk, aside: Vec<Aside>) {
    let Some(session) = super::session().filter(|_| is_quiet(desk)) else { return };
    let (mut done, mut left, mut why) = (Vec::new(), 0, String::new());
    for item in sorted_by(aside, |a: &Aside, b| a.key.cmp(&b.key)) {
        let Some(Intent::Command(command)) = item.intent.as_deref().map(Intent::read) else { continue };
        if session.replica().is_outdated(&command, made_at(&item.key)) {
            left += 1;
            "This comment was edited later.".clone_into(&mut why);
        } else if session.replica().has(&command) || session.run(command) {
            done.push(item.key);
        } else {
            left += 1;
            why = desk.toast.get_untracked().map(|toast| toast.text).unwrap_or_default();
        }
    }
    let count = done.len();
    session.discard(done);
    say(
        desk,
        match (count, left) {
            (_, 0) => "Done again.".to_owned(),
            (0, _) => format!("It still cannot be done: {why}"),
            _ => format!("{count} done again. What is left still cannot be done: {why}"),
        },
    );
}

/// Puts the words of a text that was not taken below what stands there now, to be gone through by their author: what of
/// it is there already nobody else can know.
pub fn add_words(desk: Desk, root: Root, item: &Aside) {
    let Some(session) = super::session().filter(|_| is_quiet(desk)) else { return };
    let now = session.replica().read(root);
    let between = if now.is_empty() { "" } else { "\n\n" };
    let edit = TextEdit { at: now.encode_utf16().count() as u32, remove: 0, insert: [between, &item.text].concat() };
    if session.type_in(root, &[edit]) {
        session.discard(vec![item.key.clone()]);
        say(desk, format!("Added at the end: {}.", name_of(root)));
    }
}
