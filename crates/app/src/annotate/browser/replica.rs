//! This browser's own copy of the document.

use std::{cell::RefCell, collections::HashSet, rc::Rc, sync::Arc};

use shared::{
    document::{self, Command, Refusal, Root, Roots, TextEdit, Trace},
    ids::UserId,
    rules::Sender,
    sync::prescan,
};
use yrs::{
    ClientID, Doc, GetString, Origin, ReadTxn, StateVector, Text, TextRef, Transact, UndoManager, Update, undo,
    updates::{decoder::Decode, encoder::Encode},
};

use super::mirror::{self, Changes};

/// Marks transactions that this person makes.
const LOCAL: &str = "local";

/// How much of a long paste goes into one update, in bytes: well below what a frame may hold.
const CHUNK: usize = 128 << 10;

/// What is typed without such a pause (in milliseconds) is taken back as one.
const TYPED_TOGETHER_MS: u64 = 500;

/// What is put back comes in one update, which may have 1 MiB: so many UTF-16 units, of three bytes at most.
const MOST_PUT_BACK: u32 = 300_000;

/// Remembers what this page types into a text, and nothing else.
fn undo_of(doc: &Doc, text: &TextRef) -> UndoManager {
    let mut manager = UndoManager::with_options(undo::Options {
        capture_timeout_millis: TYPED_TOGETHER_MS,
        tracked_origins: HashSet::from([LOCAL.into()]),
        capture_transaction: None,
        timestamp: Arc::new(|| js_sys::Date::now() as u64),
        init_undo_stack: Vec::new(),
        init_redo_stack: Vec::new(),
    });
    manager.expand_scope(doc, text);
    manager
}

/// A copy of the document.
pub struct Replica {
    /// All of it.
    pub doc: Doc,
    /// Its roots.
    pub roots: Roots,
    /// What observers saw since it was last asked.
    pub changes: Rc<RefCell<Changes>>,
    response: TextRef,
    made: Rc<RefCell<Vec<Vec<u8>>>>,
    notes_undo: RefCell<UndoManager>,
    response_undo: RefCell<UndoManager>,
}

impl Replica {
    /// An empty document, where `author` has a text of their own.
    pub fn new(author: UserId) -> Rc<Self> {
        let doc = document::empty();
        let roots = Roots::of(&doc);
        let response = doc.get_or_insert_text(format!("response:{author}"));
        let made = Rc::new(RefCell::new(Vec::new()));
        let queue = made.clone();
        let (notes_undo, response_undo) = (undo_of(&doc, &roots.notes), undo_of(&doc, &response));
        let own: [Origin; 3] = [LOCAL.into(), notes_undo.as_origin(), response_undo.as_origin()];
        let watched = doc.observe_update_v1("made", move |txn, event| {
            if txn.origin().is_some_and(|origin| own.contains(origin)) {
                queue.borrow_mut().push(event.update.clone());
            }
        });
        debug_assert!(watched.is_ok(), "no transaction is open yet");
        let changes = mirror::watch(&roots, &response);
        let (notes_undo, response_undo) = (RefCell::new(notes_undo), RefCell::new(response_undo));
        Rc::new(Self { doc, roots, changes, response, made, notes_undo, response_undo })
    }

    /// The Yjs client under which this page writes.
    pub fn client(&self) -> u64 {
        self.doc.client_id().get()
    }

    /// The updates that this person made since it was last asked.
    pub fn made(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.made.borrow_mut())
    }

    /// What it has, as a state vector (v1).
    pub fn state_vector(&self) -> Vec<u8> {
        self.doc.transact().state_vector().encode_v1()
    }

    /// All of it, as an update (v1).
    pub fn state(&self) -> Vec<u8> {
        self.doc.transact().encode_state_as_update_v1(&StateVector::default())
    }

    /// What somebody lacks who has this; nothing if that is no state vector.
    pub fn beyond(&self, state_vector: &[u8]) -> Option<Vec<u8>> {
        prescan::state_vector(state_vector).ok()?;
        let theirs = StateVector::decode_v1(state_vector).ok()?;
        Some(self.doc.transact().encode_diff_v1(&theirs))
    }

    /// Whether all that an update adds is here already. What only deletes adds nothing, and is not known.
    pub fn knows(&self, update: &[u8]) -> bool {
        let Ok(outline) = prescan::prescan(update) else { return false };
        let here = self.doc.transact().state_vector();
        let is_here = |(client, runs): (&u64, &Vec<(u32, u32)>)| {
            runs.last().is_none_or(|(_, end)| here.get(&ClientID::new(*client)) >= *end)
        };
        !outline.brings.is_empty() && outline.brings.iter().all(is_here)
    }

    /// Whether it is the same document, further on or changed by the server, and not one that was written anew: those have no
    /// Yjs client in common.
    pub fn descends_from(&self, old: &Self) -> bool {
        let (here, there) = (self.doc.transact().state_vector(), old.doc.transact().state_vector());
        there.is_empty() || there.iter().any(|(client, _)| here.get(client) > 0)
    }

    /// Whether an update adds something that could not be put in its place here, for lack of what it builds on.
    pub fn lacks(&self, update: &[u8]) -> bool {
        prescan::prescan(update).is_ok_and(|outline| !outline.brings.is_empty()) && !self.knows(update)
    }

    /// Whether what a command makes is here already, under the same id.
    pub fn has(&self, command: &Command) -> bool {
        let txn = self.doc.transact();
        let highlight = |id| document::highlight(&self.roots, &txn, id);
        match command {
            Command::Highlight { id, .. } => highlight(*id).is_some(),
            Command::Comment { highlight: thread, id, .. } => {
                highlight(*thread).is_some_and(|thread| thread.comments.iter().any(|comment| comment.id == *id))
            }
            Command::NewTag { id, .. } => document::tags(&self.roots, &txn).iter().any(|tag| tag.id == *id),
            Command::NewGroup { id, .. } => document::groups(&self.roots, &txn).iter().any(|group| group.id == *id),
            _ => false,
        }
    }

    /// Whether it is about a comment that got another text after `at` (milliseconds since 1970), when this was done.
    pub fn is_outdated(&self, command: &Command, at: u64) -> bool {
        let (Command::EditComment { highlight, id, .. } | Command::DeleteComment { highlight, id }) = command else {
            return false;
        };
        let thread = document::highlight(&self.roots, &self.doc.transact(), *highlight);
        let mut comments = thread.into_iter().flat_map(|thread| thread.comments);
        comments.any(|comment| comment.id == *id && comment.edited_at.is_some_and(|edited_at| edited_at > at as i64))
    }

    /// Applies an update of others, or an older one of one's own; says whether it could.
    pub fn take_in(&self, update: &[u8]) -> bool {
        // A stored update that trips yrs would otherwise end the page.
        prescan::prescan(update).is_ok()
            && Update::decode_v1(update).is_ok_and(|update| self.doc.transact_mut().apply_update(update).is_ok())
    }

    /// What would take a command back; to be asked before it is done.
    pub fn inverse(&self, command: &Command) -> Option<Command> {
        document::inverse(&self.roots, &self.doc.transact(), command)
    }

    /// What stands where a command did something; to be asked after it was done, and before it is taken back.
    pub fn trace(&self, command: &Command) -> Option<Trace> {
        document::trace(&self.roots, &self.doc.transact(), command)
    }

    /// Does a command, or says why not.
    pub fn execute(&self, sender: &Sender, command: Command) -> Result<(), Refusal> {
        let now = js_sys::Date::now() as i64;
        document::execute(&self.roots, &mut self.doc.transact_mut_with(LOCAL), sender, now, command)
    }

    /// A text.
    pub fn text(&self, root: Root) -> &TextRef {
        match root {
            Root::Notes => &self.roots.notes,
            Root::Response => &self.response,
        }
    }

    /// What stands in a text.
    pub fn read(&self, root: Root) -> String {
        self.text(root).get_string(&self.doc.transact())
    }

    fn undo(&self, root: Root) -> &RefCell<UndoManager> {
        match root {
            Root::Notes => &self.notes_undo,
            Root::Response => &self.response_undo,
        }
    }

    /// What is typed into a text from now on is taken back by itself.
    pub fn pause(&self, root: Root) {
        self.undo(root).borrow_mut().reset();
    }

    /// Takes back what this page typed last into a text, or types it again; false if that would put more back at once
    /// than the server takes in one update.
    pub fn step_back(&self, root: Root, redo: bool) -> bool {
        let mut manager = self.undo(root).borrow_mut();
        let stack = if redo { manager.redo_stack() } else { manager.undo_stack() };
        let put_back: u32 = stack.last().map_or(0, |item| {
            item.deletions().iter().flat_map(|(_, ranges)| ranges.iter()).map(|range| range.end - range.start).sum()
        });
        if put_back > MOST_PUT_BACK {
            return false;
        }
        if redo {
            manager.redo_blocking()
        } else {
            manager.undo_blocking()
        };
        true
    }

    /// Makes edits in a text, one after the other.
    pub fn edit(&self, root: Root, edits: &[TextEdit]) {
        let text = self.text(root);
        for edit in edits {
            if edit.remove > 0 {
                text.remove_range(&mut self.doc.transact_mut_with(LOCAL), edit.at, edit.remove);
            }
            let mut at = edit.at;
            let mut rest = edit.insert.as_str();
            while !rest.is_empty() {
                let (chunk, more) = rest.split_at(rest.floor_char_boundary(CHUNK));
                text.insert(&mut self.doc.transact_mut_with(LOCAL), at, chunk);
                at += chunk.encode_utf16().count() as u32;
                rest = more;
            }
        }
    }
}
