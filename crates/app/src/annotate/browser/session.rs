//! One open conversation: its document, its socket, and what of it is safe.
//!
//! An edit is applied to this browser's own document, kept on the disk, sent, and counts as saved when the server has
//! acknowledged it, which it does after it has committed it (`journal.rs`). What was made without a socket goes out, in
//! order, when there is one again.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use leptos::prelude::*;
use shared::{
    document::{Command, Refusal, Root, TextEdit},
    ids::TagId,
    rules::{self, Change},
};

use super::{
    boxes::Boxes,
    connection,
    dialogue::OLD_TEXT,
    dom,
    history::{History, Step},
    journal::Journal,
    link::Link,
    mirror,
    painter::Painter,
    permalink,
    presence::Presence,
    replica::Replica,
    socket::Socket,
    texts::Texts,
};
use crate::{
    annotate::{
        away::Absence,
        desk::{Desk, Status, Tab, Toast},
        pending::Intent,
    },
    later,
    parts::distinct_hues,
};

/// So many characters of a passage say which it is.
const MOST_SAID: usize = 40;

/// One open conversation.
pub struct Session {
    /// What the views see.
    pub desk: Desk,
    /// The messages on the page.
    pub texts: Texts,
    /// Colours the text.
    pub painter: RefCell<Painter>,
    /// The text boxes bound to the document.
    pub boxes: RefCell<Boxes>,
    /// What is not committed.
    pub journal: Journal,
    /// What is known of the connection.
    pub link: Link,
    /// What this person did, to be taken back.
    pub history: RefCell<History>,
    /// The merged tags, as they were shown last.
    pub merged: RefCell<BTreeMap<TagId, TagId>>,
    /// Who is here.
    pub presence: RefCell<Presence>,
    /// This browser's own document.
    pub replica: RefCell<Rc<Replica>>,
    /// The one that takes its place once it is complete: the server did not take something.
    pub fresh: RefCell<Option<Rc<Replica>>>,
    /// Keys of changes that were put aside: they leave the journal when the document has been taken afresh.
    pub doomed: RefCell<Vec<String>>,
    /// Texts of which something was put aside, and with it all that was typed there.
    pub refused_texts: RefCell<Vec<Root>>,
    /// Notes what happened in an absence, while it is taken in.
    pub tally: RefCell<Option<Absence>>,
    /// The connection, if there is one.
    pub socket: RefCell<Option<Socket>>,
}

impl Session {
    /// A session with an empty document.
    pub fn new(desk: Desk) -> Rc<Self> {
        let replica = Replica::new(desk.place.author);
        let presence = Presence::new(replica.client(), desk.place.author, desk.name.get_value());
        Rc::new(Self {
            desk,
            texts: Texts::of_page(),
            painter: RefCell::new(Painter::new()),
            boxes: RefCell::default(),
            journal: Journal::new(&desk.place),
            link: Link::default(),
            history: RefCell::default(),
            merged: RefCell::default(),
            presence: RefCell::new(presence),
            replica: RefCell::new(replica),
            fresh: RefCell::new(None),
            doomed: RefCell::default(),
            refused_texts: RefCell::default(),
            tally: RefCell::new(None),
            socket: RefCell::new(None),
        })
    }

    /// Shows what is kept on this device, connects, and stays connected for as long as the page is open.
    pub fn start(self: &Rc<Self>) {
        self.journal.tabs.listen(self);
        let session = self.clone();
        self.read_journal(move || {
            permalink::follow_first(session.desk, false);
            session.connect();
        });
        let session = self.clone();
        // Fails for a page that is going away.
        let _ = set_interval_with_handle(move || session.look_after(), connection::RENEWAL);
    }

    /// This browser's own document.
    pub fn replica(&self) -> Rc<Replica> {
        self.replica.borrow().clone()
    }

    /// The document that the connection fills.
    pub fn filling(&self) -> Rc<Replica> {
        self.fresh.borrow().clone().unwrap_or_else(|| self.replica())
    }

    /// Whether the document is being taken afresh.
    pub fn is_renewing(&self) -> bool {
        self.fresh.borrow().is_some()
    }

    /// Whether leaving the page loses something.
    pub fn would_lose(&self) -> bool {
        self.journal.would_lose()
            || (self.journal.is_leaky() && self.desk.aside.with_untracked(|aside| !aside.is_empty()))
    }

    /// Does something to the document, or says why not.
    pub fn run(self: &Rc<Self>, command: Command) -> bool {
        // The document would take it, and nobody would see it.
        if let Command::Comment { highlight, .. } | Command::EditComment { highlight, .. } = &command
            && self
                .desk
                .card(*highlight)
                .is_some_and(|card| card.with_untracked(|card| card.highlight.deleted.is_some()))
        {
            self.say_of(&command, Some(&Refusal::NoHighlight));
            return false;
        }
        let (done, step) = self.execute(command);
        if let Some(step) = step {
            self.history.borrow_mut().did(step);
            self.show_history();
        }
        done
    }

    /// Whether a command was done, and how to take it back.
    fn execute(self: &Rc<Self>, command: Command) -> (bool, Option<Step>) {
        // Its passages are of a text that is not there any more.
        if self.is_on_text_before() && matches!(command, Command::Highlight { .. } | Command::Attach(..)) {
            self.desk.toast.set(Some(Toast { text: OLD_TEXT.into(), undo: None }));
            return (false, None);
        }
        let back = self.replica().inverse(&command);
        let done = self.replica().execute(&self.desk.sender(), command.clone());
        self.say_of(&command, done.as_ref().err());
        let left = self.replica().trace(&command);
        self.edited(&Intent::Command(command.clone()));
        let step =
            back.filter(|_| done.is_ok()).map(|back| Step { what: self.deed(&command), did: command, left, back });
        (done.is_ok(), step)
    }

    /// Says why a command was not done. What was said before is over with every other one: it may be what was taken back.
    fn say_of(&self, command: &Command, refusal: Option<&Refusal>) {
        let toast = refusal.map(|refusal| {
            let mut text = refusal.to_string();
            if let Some(first) = text.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            if !text.ends_with('.') {
                text.push('.');
            }
            Toast { text, undo: None }
        });
        let back = match command {
            Command::Restore(id) => Some(format!("#h-{id}")),
            Command::RestoreComment { id, .. } => Some(format!("#c-{id}")),
            _ => None,
        };
        // The button that had the focus goes with what was said; what is back takes it.
        if let Some(back) = back.filter(|_| toast.is_none() && !dom::all(".toast :focus").is_empty()) {
            request_animation_frame(move || dom::move_focus(&back, 0));
        }
        self.desk.toast.set(toast);
    }

    /// Takes back the last thing that this person did here, or does it again, says what and shows where. What cannot be
    /// taken back any more is said and forgotten; so is what somebody else has changed since.
    pub fn step_back(self: &Rc<Self>, redo: bool) -> bool {
        let Some(step) = self.history.borrow_mut().take(redo) else { return false };
        if step.left != self.replica().trace(&step.did) {
            let text = "Changed meanwhile by others, so it stays as it is.".to_owned();
            self.desk.toast.set(Some(Toast { text, undo: None }));
            self.show_history();
            return false;
        }
        let command = step.back;
        let text = [if redo { "Redone: " } else { "Undone: " }, &step.what, "."].concat();
        let (deleted, place) = (if let Command::Delete(id) = command { Some(id) } else { None }, command.highlight());
        let (done, taken) = self.execute(command);
        if done {
            // With what others wrote there: it is offered back.
            self.desk.toast.set(Some(Toast { text, undo: deleted.map(Command::Restore) }));
            if let Some(id) = place.filter(|_| deleted.is_none()) {
                super::show_where(self.desk, id);
            }
        }
        if let Some(taken) = taken {
            self.history.borrow_mut().took(redo, Step { what: step.what, ..taken });
        }
        self.show_history();
        done
    }

    /// What a command does, in a few words.
    fn deed(&self, command: &Command) -> String {
        let (mut what, text) = self.describe(&Intent::Command(command.clone()));
        if let Some(first) = what.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        let mut words: String = text.chars().take(MOST_SAID).collect();
        if words.len() < text.len() {
            words.push('…');
        }
        if words.is_empty() { what } else { [&what, " (“", &words, "”)"].concat() }
    }

    fn show_history(&self) {
        self.desk.history.set(self.history.borrow().counts());
    }

    /// The person typed into a text; whether they may.
    pub fn type_in(self: &Rc<Self>, root: Root, edits: &[TextEdit]) -> bool {
        let may = self.may_type(root);
        if may {
            self.replica().edit(root, edits);
            self.edited(&Intent::Typed(root));
        }
        may
    }

    /// Takes back what the person typed last into a text, or types it again.
    pub fn step_text(self: &Rc<Self>, root: Root, redo: bool) {
        if !self.may_type(root) {
            return;
        }
        if !self.replica().step_back(root, redo) {
            let text = "This is too much to take back at once.".to_owned();
            self.desk.toast.set(Some(Toast { text, undo: None }));
        }
        self.edited(&Intent::Typed(root));
    }

    fn may_type(&self, root: Root) -> bool {
        let sender = self.desk.sender();
        let deed = match root {
            Root::Notes => Change::EditNotes,
            Root::Response => Change::EditResponse { of: sender.author },
        };
        rules::allow(&sender, deed).is_ok()
    }

    /// Shows what changed in the document.
    pub fn show_changes(self: &Rc<Self>) {
        let changes = std::mem::take(&mut *self.replica().changes.borrow_mut());
        mirror::show(self, changes);
        if self.desk.tab.get_untracked() == Tab::Response {
            self.desk.heard.update(|heard| *heard += 1);
        }
    }

    /// Tells how safe the work is.
    pub fn show_status(&self) {
        let (link, unsent) = (&self.link, self.journal.pending.borrow().count());
        if self.desk.unsent.get_untracked() != unsent {
            self.desk.unsent.set(unsent);
        }
        let elsewhere = !self.journal.others.borrow().is_empty();
        if self.desk.elsewhere.get_untracked() != elsewhere {
            self.desk.elsewhere.set(elsewhere);
        }
        // What another tab of this browser made is shown here too, and is safe no sooner.
        let is_safe = unsent == 0 && link.acked.get() >= link.sent.get() && !elsewhere;
        let status = match (self.is_open(), link.synced.get() && link.greeted.get()) {
            (false, _) => return,
            (true, false) => Status::Loading,
            (true, true) if !is_safe => Status::Saving,
            (true, true) if !self.desk.rights.get_untracked().access.may_annotate() => Status::ReadOnly,
            (true, true) => Status::Saved,
        };
        if matches!(status, Status::Saved | Status::ReadOnly)
            && let Some(absence) = link.absence.take()
        {
            let desk = self.desk;
            later::act(desk, move |parts| (parts.tell)(desk, &absence));
        }
        if self.desk.status.get_untracked() != status {
            self.desk.status.set(status);
        }
    }

    /// Shows who is here and where.
    pub fn show_people(&self) {
        let mut people = self.presence.borrow().people();
        if self.desk.anonymity.with_value(Option::is_some) {
            self.call_by_name(&mut people);
        }
        let known = self
            .desk
            .names
            .with_untracked(|names| people.iter().all(|person| names.get(&person.id) == Some(&person.name)));
        if !known {
            self.desk.names.update(|names| names.extend(people.iter().map(|person| (person.id, person.name.clone()))));
        }
        if self.desk.present.with_untracked(|present| *present != people) {
            let hues = self.desk.hues.with_untracked(|known| distinct_hues(known, &people));
            self.desk.hues.set(hues);
            self.desk.present.set(people);
        }
        let whereabouts = self.presence.borrow().whereabouts();
        if self.desk.whereabouts.with_untracked(|known| *known != whereabouts) {
            self.desk.whereabouts.set(whereabouts);
        }
    }
}
