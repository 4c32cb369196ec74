//! What is on its way to where nobody sees it.

use std::{collections::BTreeMap, rc::Rc};

use leptos::prelude::*;
use shared::document::{self, Command};
use yrs::Transact;

use super::{session::Session, settled};
use crate::annotate::{
    away::Aside,
    desk::Desk,
    pending::{Change, Intent},
};

/// Words of one's own whose highlight or comment somebody else has deleted meanwhile: the document takes them, and nobody
/// sees them there. They are kept here as well, for as long as that is so.
pub fn keep(desk: Desk) {
    let Some(session) = super::session() else { return };
    let all: Vec<Change> = session.journal.pending.borrow().all().cloned().collect();
    let is_told = |new: &Aside| desk.aside.with_untracked(|told| told.iter().any(|old| old.key == new.key));
    let unseen: Vec<Aside> =
        all.iter().filter_map(|change| unseen(&session, change, &all)).filter(|new| !is_told(new)).collect();
    if !unseen.is_empty() {
        session.count_out(unseen.len());
        session.put_aside(Vec::new(), unseen);
    }
    settled::compare(desk);
}

fn unseen(session: &Rc<Session>, change: &Change, all: &[Change]) -> Option<Aside> {
    let Intent::Command(Command::Comment { highlight, id, .. } | Command::EditComment { highlight, id, .. }) =
        &change.intent
    else {
        return None;
    };
    let replica = session.replica();
    let highlight = document::highlight(&replica.roots, &replica.doc.transact(), *highlight)?;
    let is_own = |change: &Change| matches!(&change.intent, Intent::Command(Command::DeleteComment { id: gone, .. }) if gone == id);
    let why = match highlight.deleted {
        Some(deleted) if deleted.by == session.desk.place.author => return None,
        Some(_) => "its highlight was deleted meanwhile: nobody sees it there",
        None if all.iter().any(is_own) => return None,
        None if highlight.comments.iter().any(|comment| comment.id == *id && comment.deleted) => {
            "the comment was deleted meanwhile: nobody sees it there"
        }
        None => return None,
    };
    let key = format!("{}/unseen/{}/{id}", session.desk.place.conversation, highlight.id);
    Some(Aside { key, intent: None, brings: BTreeMap::new(), ..session.aside(change, why) })
}
