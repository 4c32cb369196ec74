//! What is done in a document for annotations that are brought into it: commands, as somebody gives them by hand.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use shared::{
    api::{BroughtIn, LeftOut},
    document::{self, Command, DEFAULT_TAGS, Roots, execute},
    ids::{CommentId, ConversationId, HighlightId, MessageId, TagId},
    rules::Sender,
    selector::{Anchor, CONTEXT_CHARS, Target, check_size, resolve},
    text::{CharOffset, OffsetMap},
};
use uuid::Uuid;
use yrs::{Doc, Map, ReadTxn, StateVector, Transact, TransactionMut, Update, updates::decoder::Decode};

use super::read::{Aim, Incoming, Remark, Wanted};

/// Looking for quotes takes no longer; what was not looked for by then is left out.
const PATIENCE: Duration = Duration::from_secs(20);

/// Of a quote that is told.
const TOLD_CHARS: usize = 120;

/// The canonical text of a message.
pub(super) struct Text {
    pub(super) message: MessageId,
    pub(super) text: String,
    pub(super) map: OffsetMap,
}

/// Whose annotations they become, and where.
pub(super) struct Place {
    pub(super) conversation: ConversationId,
    pub(super) sender: Sender,
    /// What they are called there: what they wrote themselves needs no name.
    pub(super) seen_as: String,
    pub(super) texts: Vec<Text>,
    /// Milliseconds since 1970.
    pub(super) now: i64,
}

/// The same document under a client id of its own: client ids are somebody's, and what is written here is of a new one.
pub fn copy_to_write(doc: &Doc) -> Doc {
    let own = document::empty();
    let state = doc.transact().encode_state_as_update_v1(&StateVector::default());
    if let Ok(state) = Update::decode_v1(&state) {
        // A document that was just written by the same library.
        let _ = own.transact_mut().apply_update(state);
    }
    own
}

/// An update of the document, if there is anything to do, and what it does: one for all, so that it is done whole or not
/// at all.
pub(super) fn plan(place: &Place, doc: &Doc, all: Vec<Result<Incoming, String>>) -> (Option<Vec<u8>>, BroughtIn) {
    let own = copy_to_write(doc);
    let mut work = Work::new(place, &own);
    let mut answers = Vec::new();
    let mut txn = own.transact_mut();
    for (number, one) in (1..).zip(all) {
        match one {
            Err(why) => work.leave(number, None, why),
            Ok(one) if matches!(one.aim, Aim::Answer(_)) => answers.push((number, one)),
            Ok(one) => work.passages(&mut txn, number, &one),
        }
    }
    // An answer may answer one that comes after it.
    while let Some(at) = answers.iter().position(|(_, one)| work.answered(&txn, one).is_some()) {
        let (number, one) = answers.remove(at);
        work.answer(&mut txn, number, &one);
    }
    for (number, _) in answers {
        work.leave(number, None, "What it is about is neither in the file nor here.".into());
    }
    work.told.left_out.sort_by_key(|left| left.number);
    let is_any = work.told.exact + work.told.moved + work.told.comments > 0;
    (is_any.then(|| txn.encode_update_v1()), work.told)
}

/// Where an address leads: a thread, and the comment in it.
type Thread = (HighlightId, Option<CommentId>);

struct Work<'a> {
    place: &'a Place,
    roots: Roots,
    /// By their names in small letters.
    tags: BTreeMap<String, TagId>,
    threads: HashMap<String, Thread>,
    until: Instant,
    told: BroughtIn,
}

impl<'a> Work<'a> {
    fn new(place: &'a Place, doc: &Doc) -> Self {
        let roots = Roots::of(doc);
        let tags = document::tags(&roots, &doc.transact());
        let tags = tags.into_iter().map(|tag| (tag.name.to_lowercase(), tag.id)).collect();
        let until = Instant::now() + PATIENCE;
        Self { place, roots, tags, threads: HashMap::new(), until, told: BroughtIn::default() }
    }

    fn leave(&mut self, number: usize, quote: Option<&str>, why: String) {
        let quote = quote.map(|quote| quote.chars().take(TOLD_CHARS).collect());
        self.told.left_out.push(LeftOut { number, quote, why });
    }

    /// The same annotation has the same id here, whenever it comes.
    fn id(&self, of: &str) -> Uuid {
        let mut hash = Sha256::new();
        hash.update(self.place.conversation.uuid());
        hash.update(self.place.sender.author.uuid());
        hash.update(of);
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&hash.finalize()[..10]);
        uuid::Builder::from_unix_timestamp_millis(0, &bytes).into_uuid()
    }

    /// The highlight's id, and whether it is here, deleted or not. An address of ours names it.
    fn highlight(&self, txn: &impl ReadTxn, of: &str) -> (HighlightId, bool) {
        let is_here = |id: HighlightId| self.roots.highlights.contains_key(txn, &id.to_string());
        if let Some((id, _)) = ours(of).filter(|(id, _)| is_here(*id)) {
            return (id, true);
        }
        let id = HighlightId::from_uuid(self.id(of));
        (id, is_here(id))
    }

    /// A highlight with its tags and comments, unless it is here already.
    fn passages(&mut self, txn: &mut TransactionMut, number: usize, one: &Incoming) {
        let Aim::Passages(wanted) = &one.aim else { return };
        let quote = wanted.first().map(|wanted| wanted.exact.as_str());
        let (id, is_here) = self.highlight(txn, &one.id);
        if is_here {
            self.told.already_here += 1;
            self.threads.insert(one.id.clone(), (id, None));
            for (at, remark) in one.remarks.iter().enumerate() {
                self.remember(one, at, remark, id);
            }
            return;
        }
        let found: Result<Vec<_>, _> = wanted.iter().map(|wanted| self.find(wanted)).collect();
        let done = found.map_err(str::to_owned).and_then(|found| {
            let is_exact = found.iter().all(|(_, is_exact)| *is_exact);
            let targets: Vec<Target> = found.into_iter().map(|(target, _)| target).collect();
            check_size(&targets).map_err(|why| why.to_string())?;
            self.write(txn, id, targets, one).map_err(|why| format!("It is left out: {why}."))?;
            Ok(is_exact)
        });
        match done {
            Ok(true) => self.told.exact += 1,
            Ok(false) => self.told.moved += 1,
            Err(why) => return self.leave(number, quote, why),
        }
        self.threads.insert(one.id.clone(), (id, None));
        self.remarks(txn, number, one, id, None);
        for note in &one.notes {
            self.leave(number, quote, note.clone());
        }
    }

    /// Marks the passages with the tags: the first is a part of the command, which a highlight without one gives back.
    fn write(
        &mut self,
        txn: &mut TransactionMut,
        id: HighlightId,
        targets: Vec<Target>,
        one: &Incoming,
    ) -> Result<(), document::Refusal> {
        let mut tags = Vec::new();
        for name in &one.tags {
            tags.push(self.tag(txn, name)?);
        }
        let tag = match (tags.first(), self.tags.values().next()) {
            (Some(tag), _) | (None, Some(tag)) => *tag,
            (None, None) => self.tag(txn, "Imported")?,
        };
        self.execute(txn, Command::Highlight { id, targets, tag })?;
        if tags.is_empty() {
            self.execute(txn, Command::RemoveTag(id, tag))?;
        }
        for tag in tags.into_iter().skip(1) {
            self.execute(txn, Command::AddTag(id, tag))?;
        }
        Ok(())
    }

    /// The tag of this name, which is made where there is none.
    fn tag(&mut self, txn: &mut TransactionMut, name: &str) -> Result<TagId, document::Refusal> {
        if let Some(tag) = self.tags.get(&name.to_lowercase()) {
            return Ok(*tag);
        }
        let id = TagId::new();
        let (_, colour, _) = DEFAULT_TAGS[self.tags.len() % DEFAULT_TAGS.len()];
        self.execute(txn, Command::NewTag { id, name: name.to_owned(), colour: colour.to_owned() })?;
        self.tags.insert(name.to_lowercase(), id);
        self.told.new_tags.push(name.to_owned());
        Ok(id)
    }

    fn execute(&self, txn: &mut TransactionMut, command: Command) -> Result<(), document::Refusal> {
        // A thread is in the order of its times: each comment has a millisecond of its own.
        let now = self.place.now + i64::try_from(self.told.comments).unwrap_or_default();
        execute(&self.roots, txn, &self.place.sender, now, command)
    }

    /// Knows a comment again by its addresses, and says its id.
    fn remember(&mut self, one: &Incoming, at: usize, remark: &Remark, highlight: HighlightId) -> CommentId {
        let of_ours = remark.id.as_deref().and_then(ours).filter(|(thread, _)| *thread == highlight);
        let of = remark.id.clone().unwrap_or_else(|| format!("{}#{at}", one.id));
        let id = of_ours.and_then(|(_, comment)| comment).unwrap_or_else(|| CommentId::from_uuid(self.id(&of)));
        self.threads.insert(of, (highlight, Some(id)));
        id
    }

    fn remarks(
        &mut self,
        txn: &mut TransactionMut,
        number: usize,
        one: &Incoming,
        highlight: HighlightId,
        parent: Option<CommentId>,
    ) {
        for (at, remark) in one.remarks.iter().enumerate() {
            let id = self.remember(one, at, remark, highlight);
            let body = self.words(remark);
            match self.execute(txn, Command::Comment { highlight, id, body, parent }) {
                Ok(()) => self.told.comments += 1,
                Err(why) => self.leave(number, Some(&remark.words), format!("A comment of it is left out: {why}.")),
            }
        }
    }

    /// What a comment says here: with the name of whoever said it, where that is somebody else.
    fn words(&self, remark: &Remark) -> String {
        match remark.by.as_ref().filter(|by| **by != self.place.seen_as) {
            Some(by) => format!("**{}:** {}", escaped(by), remark.words),
            None => remark.words.clone(),
        }
    }

    /// The thread that an answer belongs to, if it is in the file, or here.
    fn answered(&self, txn: &impl ReadTxn, one: &Incoming) -> Option<Thread> {
        let Aim::Answer(address) = &one.aim else { return None };
        let of_ours = || {
            let (highlight, comment) = ours(address)?;
            let there = document::highlight(&self.roots, txn, highlight)?;
            Some((highlight, comment.filter(|id| there.comments.iter().any(|comment| comment.id == *id))))
        };
        self.threads.get(address).copied().or_else(of_ours)
    }

    fn answer(&mut self, txn: &mut TransactionMut, number: usize, one: &Incoming) {
        let Some((highlight, parent)) = self.answered(txn, one) else { return };
        let Some(first) = one.remarks.first().map(|first| self.remember(one, 0, first, highlight)) else { return };
        self.threads.insert(one.id.clone(), (highlight, Some(first)));
        let there = document::highlight(&self.roots, txn, highlight);
        if there.is_some_and(|there| there.comments.iter().any(|comment| comment.id == first)) {
            self.told.already_here += 1;
        } else {
            self.remarks(txn, number, one, highlight, parent);
        }
    }

    /// The passage in the messages, and whether it stands there word for word.
    fn find(&self, wanted: &Wanted) -> Result<(Target, bool), &'static str> {
        if Instant::now() > self.until {
            return Err("It was not looked for: finding all those before it took too long. Bring fewer at once.");
        }
        let texts = &self.place.texts;
        let named = wanted.message.and_then(|message| texts.iter().find(|text| text.message == message));
        if let Some(found) = named.and_then(|text| text.find(wanted)) {
            return Ok(found);
        }
        let verbatim: Vec<&Text> = texts.iter().filter(|text| text.text.contains(&wanted.exact)).collect();
        let in_all: Vec<&Text> = if verbatim.is_empty() { texts.iter().collect() } else { verbatim };
        let mut found: Vec<(Target, bool)> = Vec::new();
        for text in in_all {
            found.extend(text.find(wanted));
            if Instant::now() > self.until {
                return Err("It was not found in time. Bring fewer at once.");
            }
        }
        if found.len() > 1 {
            found.retain(|(target, _)| stands_as_said(target, wanted));
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err("Its words are not found here, or in several places that cannot be told apart."),
            _ => Err("Its words stand in several places that cannot be told apart."),
        }
    }
}

impl Text {
    fn find(&self, wanted: &Wanted) -> Option<(Target, bool)> {
        let position = wanted.position.clone().filter(|_| wanted.message == Some(self.message)).unwrap_or(0..0);
        let chars = wanted.prefix.chars().count();
        let target = Target {
            message: self.message,
            start: CharOffset(position.start),
            end: CharOffset(position.end),
            exact: wanted.exact.clone(),
            prefix: wanted.prefix.chars().skip(chars.saturating_sub(CONTEXT_CHARS)).collect(),
            suffix: wanted.suffix.chars().take(CONTEXT_CHARS).collect(),
            lost: false,
        };
        let anchor = resolve(&target, &self.text, &self.map);
        let (start, end) = anchor.range()?;
        let is_verbatim = self.map.slice(&self.text, start, end) == Some(&*wanted.exact);
        if matches!(anchor, Anchor::Exact { .. }) || is_verbatim {
            return Some((Target::describe(self.message, &self.text, &self.map, start..end).ok()?, true));
        }
        // As it was said, so that both wordings are shown and somebody is asked.
        Some((Target { start, end, ..target }, false))
    }
}

/// Whether a passage has the surroundings that were said of it.
fn stands_as_said(target: &Target, wanted: &Wanted) -> bool {
    let (before, after) = (wanted.prefix.trim(), wanted.suffix.trim());
    let ends = |long: &str, short: &str| long.trim().ends_with(short) || short.ends_with(long.trim());
    let starts = |long: &str, short: &str| long.trim().starts_with(short) || short.starts_with(long.trim());
    !(before.is_empty() && after.is_empty()) && ends(&target.prefix, before) && starts(&target.suffix, after)
}

/// The highlight, and the comment, that an address of ours names: `…#h={highlight}&c={comment}`.
fn ours(address: &str) -> Option<(HighlightId, Option<CommentId>)> {
    let (_, fragment) = address.split_once("#h=")?;
    let (highlight, comment) = fragment.split_once("&c=").unwrap_or((fragment, ""));
    Some((highlight.parse().ok()?, comment.parse().ok()))
}

/// A name that stays one in Markdown.
fn escaped(name: &str) -> String {
    name.chars().flat_map(|letter| letter.is_ascii_punctuation().then_some('\\').into_iter().chain([letter])).collect()
}
