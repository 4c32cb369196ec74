//! What the server does not take is put aside, never discarded, and the document is taken afresh: one's own copy holds
//! what nobody else has. What else was not acknowledged is then done again on the new copy.

use std::{collections::BTreeSet, rc::Rc};

use leptos::{prelude::*, task::spawn_local};
use shared::{
    document::{self, Command, Root, difference},
    ids::HighlightId,
    rules::{self, Change as Deed},
};

use yrs::Transact;

use super::{mirror::Changes, presence::Presence, replica::Replica, session::Session, tabs::Word};
use crate::annotate::{
    away::{Aside, name_of},
    pending::{Change, Intent},
};

impl Session {
    /// The server refused what was sent with this number, for a reason of its own.
    pub fn refused(self: &Rc<Self>, number: u64, why: &str) {
        let refused = self.journal.pending.borrow_mut().refused(number);
        if let Some(change) = refused {
            let aside = self.aside(&change, why);
            self.put_aside(vec![change.key], vec![aside]);
        }
        self.journal.tabs.tell(&Word::Renew);
        self.renew();
    }

    /// The document was replaced on the server: what was made on the old one has no place in the new one.
    pub fn replaced(self: &Rc<Self>) {
        self.put_all_aside("the document was replaced on the server meanwhile");
        self.link.epoch.set(None);
        if let Some(store) = self.journal.store.borrow().clone() {
            let conversation = self.desk.place.conversation;
            spawn_local(async move {
                // The next state that is kept replaces it.
                let _ = store.drop_state(conversation).await;
            });
        }
        self.renew();
    }

    fn put_all_aside(self: &Rc<Self>, why: &str) {
        let changes = self.journal.pending.borrow_mut().take();
        let aside = self.all_aside(&changes, why);
        self.put_aside(changes.into_iter().map(|change| change.key).collect(), aside);
    }

    /// Shows what was not sent and cannot be: it stays in the journal, should access be given back.
    pub fn show_unsent(self: &Rc<Self>, why: &str) {
        let changes: Vec<Change> = self.journal.pending.borrow().all().cloned().collect();
        let unsent = self.all_aside(&changes, why);
        self.desk.aside.update(|aside| {
            aside.retain(|old| unsent.iter().all(|new| new.key != old.key));
            aside.extend(unsent);
        });
        self.desk.away_open.set(true);
    }

    /// Changes as their author knows them; a text once, as it stands.
    fn all_aside(&self, changes: &[Change], why: &str) -> Vec<Aside> {
        let mut texts = BTreeSet::new();
        let once = |change: &&Change| match &change.intent {
            Intent::Typed(root) => texts.insert(name_of(*root)),
            Intent::Command(_) | Intent::Unknown => true,
        };
        changes.iter().filter(once).map(|change| self.aside(change, why)).collect()
    }

    fn put_aside(self: &Rc<Self>, keys: Vec<String>, aside: Vec<Aside>) {
        if !aside.is_empty() {
            self.desk.aside.update(|all| all.extend(aside.iter().cloned()));
            self.desk.away_open.set(true);
        }
        if let Some(store) = self.journal.store.borrow().clone() {
            spawn_local(async move {
                if let Err(error) = store.forget(&keys, &aside).await {
                    leptos::logging::warn!("what was not taken cannot be kept: {error}");
                }
            });
        }
    }

    fn aside(&self, change: &Change, why: &str) -> Aside {
        let (what, text) = self.describe(&change.intent);
        let mut why = why.to_owned();
        if let Some(first) = why.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Aside { key: change.key.clone(), at: js_sys::Date::now(), why, what, text }
    }

    fn describe(&self, intent: &Intent) -> (String, String) {
        let quote = |id: &HighlightId| {
            let replica = self.replica();
            let highlight = document::highlight(&replica.roots, &replica.doc.transact(), *id);
            highlight.map(|highlight| quotes(&highlight.targets)).unwrap_or_default()
        };
        let (what, text) = match intent {
            Intent::Typed(root) => return (format!("{}: your version", name_of(*root)), self.replica().read(*root)),
            Intent::Unknown => ("A change of an earlier version of this page", String::new()),
            Intent::Command(command) => match command {
                Command::Highlight { targets, .. } => ("A highlight", quotes(targets)),
                Command::Comment { body, .. } => ("A comment", body.clone()),
                Command::EditComment { body, .. } => ("A comment's new text", body.clone()),
                Command::NewTag { name, .. } => ("A new tag", name.clone()),
                Command::DeleteComment { highlight, .. } => ("The deletion of a comment", quote(highlight)),
                Command::Delete(id) => ("The deletion of a highlight", quote(id)),
                Command::Restore(id) => ("A highlight taken back", quote(id)),
                Command::Resolve(id) => ("A thread resolved", quote(id)),
                Command::Reopen(id) => ("A thread reopened", quote(id)),
                Command::AddTag(id, _) => ("A tag put on a highlight", quote(id)),
                Command::RemoveTag(id, _) => ("A tag taken off a highlight", quote(id)),
            },
        };
        (what.to_owned(), text)
    }

    /// Takes the document afresh from the server; what is shown stays until it is there.
    pub fn renew(self: &Rc<Self>) {
        if self.is_renewing() {
            return;
        }
        let fresh = Replica::new(self.desk.place.author);
        *self.presence.borrow_mut() = Presence::new(fresh.client(), self.desk.place.author, self.desk.name.get_value());
        *self.fresh.borrow_mut() = Some(fresh);
        self.lose();
        let session = self.clone();
        spawn_local(async move {
            session.ask_rights().await;
            session.connect();
        });
    }

    /// The fresh copy is complete: what is not committed is done again on it, and it is shown.
    pub fn renewed(self: &Rc<Self>) {
        let Some(fresh) = self.fresh.borrow_mut().take() else { return };
        let old = self.replica.replace(fresh.clone());
        // So that the two texts differ in nothing but what was typed here.
        old.take_in(&fresh.state());
        let changes = self.journal.pending.borrow_mut().take();
        let mut aside = Vec::new();
        let mut typed = BTreeSet::new();
        for change in changes.iter().filter(|change| !fresh.knows(&change.update)) {
            let done = match &change.intent {
                Intent::Command(command) => {
                    fresh.execute(&self.desk.sender(), command.clone()).map_err(|why| why.to_string())
                }
                Intent::Typed(root) if typed.insert(name_of(*root)) => self.type_again(&old, &fresh, *root),
                Intent::Typed(_) => Ok(()),
                Intent::Unknown => Err("it cannot be done again by this version of the page".to_owned()),
            };
            if let Err(why) = done {
                let text = if let Intent::Typed(root) = change.intent { Some(old.read(root)) } else { None };
                let described = self.aside(change, &why);
                aside.push(Aside { text: text.unwrap_or(described.text.clone()), ..described });
            }
            for update in fresh.made() {
                self.journal.pending.borrow_mut().push(update, change.intent.clone(), js_sys::Date::now() as u64);
            }
        }
        self.show_all(&old, &fresh);
        self.link.greeted.set(true);
        // The new ones first: whatever breaks in between, nothing is on the disk less than once.
        self.pump();
        self.put_aside(changes.into_iter().map(|change| change.key).collect(), aside);
    }

    fn type_again(&self, old: &Replica, fresh: &Replica, root: Root) -> Result<(), String> {
        let sender = self.desk.sender();
        let deed = match root {
            Root::Notes => Deed::EditNotes,
            Root::Response => Deed::EditResponse { of: sender.author },
        };
        rules::allow(&sender, deed).map_err(|why| why.to_string())?;
        let edit = difference(&fresh.read(root), &old.read(root), None);
        fresh.edit(root, &edit.into_iter().collect::<Vec<_>>());
        Ok(())
    }

    /// Shows a copy in the place of another.
    fn show_all(self: &Rc<Self>, old: &Replica, fresh: &Replica) {
        let mut changes = Changes::of(fresh);
        changes.extend(Changes::of(old));
        for root in [Root::Notes, Root::Response] {
            if let Some(edit) = difference(&old.read(root), &fresh.read(root), None) {
                changes.typed(root, edit);
            }
        }
        *fresh.changes.borrow_mut() = changes;
        self.show_changes();
    }

    /// The person has seen what was put aside, and wants it no more.
    pub fn discard(self: &Rc<Self>, keys: Vec<String>) {
        self.desk.aside.update(|aside| aside.retain(|item| !keys.contains(&item.key)));
        self.journal.pending.borrow_mut().discard(&keys);
        if let Some(store) = self.journal.store.borrow().clone() {
            spawn_local(async move {
                let done = match store.forget(&keys, &[]).await {
                    Ok(()) => store.discard(&keys).await,
                    failed => failed,
                };
                if let Err(error) = done {
                    leptos::logging::warn!("what was discarded is still there: {error}");
                }
            });
        }
        self.show_status();
    }
}

fn quotes(targets: &[shared::selector::Target]) -> String {
    targets.iter().map(|target| target.exact.as_str()).collect::<Vec<_>>().join("\n")
}
