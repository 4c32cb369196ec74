//! What was kept aside, compared with the document again: what all see there by now is kept no longer.

use std::rc::Rc;

use leptos::{prelude::*, task::spawn_local};
use shared::{
    access::Access,
    document::{self, Command, Highlight},
    ids::{CommentId, HighlightId},
};
use wasm_bindgen::JsCast;
use web_sys::HtmlTextAreaElement;
use yrs::{ClientID, ReadTxn, Transact};

use super::{
    dom,
    drafts::{draft, keep_draft},
    ended::{in_thread, thread_of},
    replica::Replica,
    session::Session,
};
use crate::annotate::{
    away::{Aside, Kind, Settled},
    desk::{Desk, Status},
    pending::Intent,
};

/// Why something that was begun stays where it is.
const NO_BOX: &str = "You had begun it, and nothing can be written here any more.";

/// Takes off the list what is in the document by now, and says so; what was begun goes back into its box.
pub fn compare(desk: Desk) {
    let Some(session) = super::session().filter(|session| session.is_as_the_server_has_it()) else { return };
    let (mut gone, mut told, mut settled) = (Vec::new(), Vec::new(), Settled::default());
    for item in desk.aside.get_untracked() {
        match item.kind() {
            Kind::Refused if is_taken(&session.replica(), &item) => settled.taken += 1,
            Kind::Unseen if is_seen(&session.replica(), &item) => settled.seen += 1,
            Kind::Begun if put_back(&session, &item) => {}
            Kind::Begun if item.why != NO_BOX && !desk.may_annotate() && has_thread(&session.replica(), &item) => {
                told.push(Aside { why: NO_BOX.to_owned(), ..item });
                continue;
            }
            Kind::Refused | Kind::Unseen | Kind::Begun => continue,
        }
        gone.push(item.key);
    }
    if settled != Settled::default() {
        // What is closed takes nothing from those who work in it.
        settled.by_staff = settled.taken > 0 && desk.rights.get_untracked().access == Access::Closed;
        desk.report.update(|report| {
            let report = report.get_or_insert_default();
            report.settled = report.settled.and(settled);
        });
        desk.away_open.set(true);
    }
    if !gone.is_empty() {
        session.discard(gone);
    }
    if !told.is_empty() {
        keep(&session, told);
    }
}

/// The same things, said otherwise.
fn keep(session: &Rc<Session>, told: Vec<Aside>) {
    session.desk.aside.update(|all| {
        for item in all {
            if let Some(new) = told.iter().find(|new| new.key == item.key) {
                item.clone_from(new);
            }
        }
    });
    if let Some(store) = session.journal.store.borrow().clone() {
        let session = session.clone();
        spawn_local(async move {
            if let Err(error) = store.replace(&[], &[], &told).await {
                session.cannot_keep(&error);
            }
        });
    }
}

impl Session {
    /// Whether this browser's own document has nothing that the server does not have.
    fn is_as_the_server_has_it(&self) -> bool {
        matches!(self.desk.status.get_untracked(), Status::Saved | Status::ReadOnly)
            && !self.is_renewing()
            && !self.link.renewal.get()
            && self.journal.pending.borrow().len() == 0
            && self.journal.others.borrow().is_empty()
    }
}

/// Whether the document has what was not taken: the same updates, or what they were meant to come to. Words that nobody
/// sees there are not.
fn is_taken(replica: &Replica, item: &Aside) -> bool {
    let intent = item.intent.as_deref().map_or(Intent::Unknown, Intent::read);
    if let Intent::Command(Command::Comment { highlight, id, .. } | Command::EditComment { highlight, id, .. }) =
        &intent
        && !is_in_sight(replica, *highlight, *id)
    {
        return false;
    }
    let is_here =
        |(client, end): (&u64, &u32)| replica.doc.transact().state_vector().get(&ClientID::new(*client)) >= *end;
    if !item.brings.is_empty() && item.brings.iter().all(is_here) {
        return true;
    }
    match intent {
        Intent::Command(command) => is_so(replica, &command),
        Intent::Typed(root) => replica.read(root) == item.text,
        Intent::Unknown => false,
    }
}

/// Whether the document is as a command would make it.
fn is_so(replica: &Replica, command: &Command) -> bool {
    let txn = replica.doc.transact();
    let highlight = |id| document::highlight(&replica.roots, &txn, id);
    let is = |id, so: fn(&Highlight) -> bool| highlight(id).is_some_and(|highlight| so(&highlight));
    let bears = |id, tag| highlight(id).map(|highlight| highlight.tags.iter().any(|(other, _)| *other == tag));
    match command {
        Command::Comment { .. } | Command::NewTag { .. } | Command::NewGroup { .. } => {
            drop(txn);
            replica.has(command)
        }
        Command::Highlight { id, .. } | Command::Restore(id) => is(*id, |it| it.deleted.is_none()),
        Command::EditComment { highlight: thread, id, body } => highlight(*thread)
            .is_some_and(|it| it.comments.iter().any(|comment| comment.id == *id && comment.body == *body)),
        Command::DeleteComment { highlight: thread, id } => {
            highlight(*thread).is_some_and(|it| it.comments.iter().any(|comment| comment.id == *id && comment.deleted))
        }
        Command::Delete(id) => is(*id, |it| it.deleted.is_some()),
        Command::Resolve(id) => is(*id, |it| it.resolved.is_some()),
        Command::Reopen(id) => is(*id, |it| it.resolved.is_none()),
        Command::AddTag(id, tag) => bears(*id, *tag) == Some(true),
        Command::RemoveTag(id, tag) => bears(*id, *tag) == Some(false),
        Command::MergeTag { from, into } => document::merged_tags(&replica.roots, &txn).get(from) == Some(into),
        _ => false,
    }
}

/// Whether the comment of an item can be seen, that nobody saw.
fn is_seen(replica: &Replica, item: &Aside) -> bool {
    let mut ends = item.key.rsplit('/');
    let comment = ends.next().and_then(|id| id.parse().ok());
    let thread = ends.next().and_then(|id| id.parse().ok());
    thread.zip(comment).is_some_and(|(thread, comment)| is_in_sight(replica, thread, comment))
}

fn is_in_sight(replica: &Replica, thread: HighlightId, comment: CommentId) -> bool {
    let thread = document::highlight(&replica.roots, &replica.doc.transact(), thread);
    let mut comments = thread.iter().filter(|thread| thread.deleted.is_none()).flat_map(|thread| &thread.comments);
    comments.any(|other| other.id == comment && !other.deleted)
}

/// Under which name the browser keeps what was begun.
fn name_of(item: &Aside) -> Option<&str> {
    item.key.split_once("/begun/").map(|(_, name)| name)
}

fn has_thread(replica: &Replica, item: &Aside) -> bool {
    name_of(item).and_then(thread_of).is_some_and(|thread| in_thread(replica, &thread, false))
}

/// Puts what was begun back where it was being written, if that is there and nothing else was begun in it since.
fn put_back(session: &Rc<Session>, item: &Aside) -> bool {
    let desk = session.desk;
    let Some(name) = name_of(item) else { return false };
    // The box of a chat has it all the while.
    let Some(thread) = thread_of(name) else { return name == "message" };
    if !desk.may_annotate() || !in_thread(&session.replica(), &thread, false) || !draft(desk, name).is_empty() {
        return false;
    }
    keep_draft(desk, name, &item.text);
    // Boxes of answers are opened by hand; that of a comment is always there, and may have been made already.
    if let Some(id) = name.strip_prefix("comment/")
        && let Some(area) = dom::all(&format!("#h-{id} .comment-add textarea")).into_iter().next()
    {
        let area: HtmlTextAreaElement = area.unchecked_into();
        if area.value().is_empty() {
            area.set_value(&item.text);
            dom::fit(&area);
        }
    }
    true
}
