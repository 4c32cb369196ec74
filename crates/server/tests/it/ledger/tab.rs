//! One copy of a document, as a page holds it, and what a person does to it.

use std::{ops::Range, time::SystemTime};

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use shared::{
    access::Access,
    document::{self, Command, Roots},
    ids::{CommentId, HighlightId, MessageId, TagId, UserId},
    rules::Sender,
    selector::Target,
    text::{CharOffset, OffsetMap},
};
use yrs::{ClientID, Doc, GetString, ReadTxn, Text, TextRef, Transact, TransactionMut};

use super::{
    book::Edit,
    reading::{Sheet, Subject, THERE, response_root, thread},
};

/// Comments that one thread gets at most.
const LONGEST_THREAD: usize = 20;

/// The message that is annotated.
#[derive(Debug, Clone)]
pub struct Passage {
    pub message: MessageId,
    pub text: String,
}

/// A copy of a document, and what its holder has made in it: these things nobody else changes.
pub struct Tab {
    pub doc: Doc,
    /// The generation that the server said it was of.
    pub epoch: Option<i64>,
    roots: Roots,
    response: TextRef,
    author: UserId,
    passage: Passage,
    name: String,
    count: u64,
    lines: Vec<(Sheet, String)>,
    highlights: Vec<HighlightId>,
    comments: Vec<(HighlightId, CommentId)>,
}

impl Tab {
    /// An empty copy. `name` is no other tab's.
    pub fn new(author: UserId, passage: Passage, name: String) -> Tab {
        let doc = document::empty();
        let (roots, response) = (Roots::of(&doc), doc.get_or_insert_text(response_root(author)));
        let (lines, highlights, comments) = Default::default();
        Tab { doc, epoch: None, roots, response, author, passage, name, count: 0, lines, highlights, comments }
    }

    /// Does something at random. `None`: there was nothing to do it to. Otherwise the edit, and its update.
    pub fn edit(&mut self, rng: &mut StdRng) -> Option<(Edit, Vec<u8>)> {
        self.count += 1;
        match rng.random_range(0..100) {
            0..40 => self.write(rng, Sheet::Notes),
            40..58 => self.write(rng, Sheet::Response(self.author)),
            58..66 => self.strike_out(rng),
            66..76 => self.highlight(rng),
            76..88 => self.comment(rng),
            88..94 => self.change_comment(rng),
            _ => self.change_highlight(rng),
        }
    }

    fn sheet(&self, sheet: Sheet) -> TextRef {
        if sheet == Sheet::Notes { self.roots.notes.clone() } else { self.response.clone() }
    }

    /// A new line, where a line begins: at the end mostly, so that the lines of several people meet there.
    fn write(&mut self, rng: &mut StdRng, sheet: Sheet) -> Option<(Edit, Vec<u8>)> {
        let words = ["plain words", "naïve café", "引用する", "😀 emoji", "a | b"].choose(rng)?;
        let line = format!("{} {} {words}", self.name, self.count);
        let text = self.sheet(sheet);
        let made = self.make(|txn, _| {
            let at = match rng.random_range(0..10) {
                0..6 => text.len(txn),
                6 => 0,
                _ => start_of_a_line(&text.get_string(txn), rng),
            };
            text.insert(txn, at, &format!("{line}\n"));
            Some(())
        })?;
        self.lines.push((sheet, line.clone()));
        Some(made.of(Subject::Line(sheet, line), Some(THERE.to_owned())))
    }

    /// Takes one of this tab's own lines out.
    fn strike_out(&mut self, rng: &mut StdRng) -> Option<(Edit, Vec<u8>)> {
        let chosen = rng.random_range(0..self.lines.len().max(1));
        let (sheet, line) = (chosen < self.lines.len()).then(|| self.lines.swap_remove(chosen))?;
        let text = self.sheet(sheet);
        let made = self.make(|txn, _| {
            let (whole, line) = (text.get_string(txn), format!("{line}\n"));
            let at = whole.find(&line).expect("what this tab wrote is in its own copy");
            text.remove_range(txn, units(&whole[..at]), units(&line));
            Some(())
        })?;
        Some(made.of(Subject::Line(sheet, line), None))
    }

    fn highlight(&mut self, rng: &mut StdRng) -> Option<(Edit, Vec<u8>)> {
        let tag = self.some_tag(rng)?;
        let map = OffsetMap::new(&self.passage.text);
        let length = self.passage.text.chars().count() as u32;
        let start = rng.random_range(0..length - 20);
        let end = start + rng.random_range(5..20);
        let Passage { message, text } = &self.passage;
        let target = Target::describe(*message, text, &map, CharOffset(start)..CharOffset(end)).ok()?;
        let id = HighlightId::new();
        self.highlights.push(id);
        self.command(Subject::Highlight(id), Command::Highlight { id, targets: vec![target], tag })
    }

    /// In anybody's thread.
    fn comment(&mut self, rng: &mut StdRng) -> Option<(Edit, Vec<u8>)> {
        let all = document::highlight_ids(&self.roots, &self.doc.transact());
        let highlight = *all.choose(rng)?;
        let (_, others) = thread(&self.roots, &self.doc.transact(), highlight)?;
        if others.len() >= LONGEST_THREAD {
            return None;
        }
        let (id, body) = (CommentId::new(), format!("{} says {}", self.name, self.count));
        self.comments.push((highlight, id));
        self.command(Subject::Comment(highlight, id), Command::Comment { highlight, id, body, parent: None })
    }

    fn change_comment(&mut self, rng: &mut StdRng) -> Option<(Edit, Vec<u8>)> {
        let chosen = rng.random_range(0..self.comments.len().max(1));
        let &(highlight, id) = self.comments.get(chosen)?;
        let command = if rng.random_bool(0.3) {
            self.comments.swap_remove(chosen);
            Command::DeleteComment { highlight, id }
        } else {
            let body = format!("{} says now {}", self.name, self.count);
            Command::EditComment { highlight, id, body }
        };
        self.command(Subject::Comment(highlight, id), command)
    }

    fn change_highlight(&mut self, rng: &mut StdRng) -> Option<(Edit, Vec<u8>)> {
        let id = *self.highlights.choose(rng)?;
        let tag = self.some_tag(rng)?;
        let command = match rng.random_range(0..6) {
            0 => Command::AddTag(id, tag),
            1 => Command::RemoveTag(id, tag),
            2 => Command::Resolve(id),
            3 => Command::Reopen(id),
            4 => Command::Delete(id),
            _ => Command::Restore(id),
        };
        self.command(Subject::Highlight(id), command)
    }

    fn some_tag(&self, rng: &mut StdRng) -> Option<TagId> {
        document::tags(&self.roots, &self.doc.transact()).choose(rng).map(|tag| tag.id)
    }

    fn command(&mut self, subject: Subject, command: Command) -> Option<(Edit, Vec<u8>)> {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
        // What everybody may do who may write at all.
        let sender = Sender { author: self.author, access: Access::Annotator, moderates: false };
        let made = self.make(|txn, roots| document::execute(roots, txn, &sender, now, command).ok())?;
        let txn = self.doc.transact();
        let says = match &subject {
            Subject::Line(..) => None,
            Subject::Highlight(id) => thread(&self.roots, &txn, *id).map(|(own, _)| own),
            Subject::Comment(highlight, id) => thread(&self.roots, &txn, *highlight)
                .and_then(|(_, comments)| comments.into_iter().find(|(comment, _)| comment == id))
                .map(|(_, says)| says),
        };
        Some(made.of(subject, says))
    }

    /// Does it in one transaction. `None`: it changes nothing.
    fn make(&self, edit: impl FnOnce(&mut TransactionMut, &Roots) -> Option<()>) -> Option<Made> {
        let client = self.doc.client_id();
        let mut txn = self.doc.transact_mut();
        let before = txn.state_vector().get(&client);
        edit(&mut txn, &self.roots)?;
        let clocks = before..txn.state_vector().get(&client);
        let changes = !clocks.is_empty() || !txn.delete_set().is_empty();
        changes.then(|| Made { client, clocks, update: txn.encode_update_v1() })
    }
}

/// An edit that was made, and has no name yet.
struct Made {
    client: ClientID,
    clocks: Range<u32>,
    update: Vec<u8>,
}

impl Made {
    fn of(self, subject: Subject, says: Option<String>) -> (Edit, Vec<u8>) {
        let Made { client, clocks, update } = self;
        (Edit { subject, says, client, clocks }, update)
    }
}

fn units(text: &str) -> u32 {
    text.encode_utf16().count() as u32
}

/// Where some line begins, in UTF-16 units.
fn start_of_a_line(text: &str, rng: &mut StdRng) -> u32 {
    let starts: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    starts.choose(rng).map_or(0, |at| units(&text[..*at]))
}
