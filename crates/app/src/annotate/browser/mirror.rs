//! From the document to the views: observers note what changed, and after the transaction each changed thing is read
//! and shown once. Nothing is worked out anew among all.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

use leptos::prelude::*;
use shared::{
    document::{self, Highlight, Root, Roots, TextEdit},
    ids::HighlightId,
    selector::Anchor,
    text::{ByteOffset, CharOffset},
};
use yrs::{
    DeepObservable, Observable, Out, TextRef, Transact, TransactionMut,
    types::{Delta, Event, Events, PathSegment, text::TextEvent},
};

use super::{drafts, marks, mentions, places, replica::Replica, session::Session};
use crate::annotate::{
    desk::{AnchorState, Card, Placeless},
    mentions::may_concern,
    passages::Span,
    tags::arranged,
};

/// What observers saw in a transaction. They cannot read the document themselves: a transaction is open.
#[derive(Default)]
pub struct Changes {
    highlights: BTreeSet<HighlightId>,
    tags: bool,
    texts: Vec<(Root, Vec<TextEdit>)>,
}

impl Changes {
    /// All that is in a document, but for the texts.
    pub fn of(replica: &Replica) -> Self {
        let highlights = document::highlight_ids(&replica.roots, &replica.doc.transact()).into_iter().collect();
        Self { highlights, tags: true, texts: Vec::new() }
    }

    /// One highlight.
    pub fn of_one(id: HighlightId) -> Self {
        Self { highlights: BTreeSet::from([id]), ..Self::default() }
    }

    /// These as well.
    pub fn extend(&mut self, others: Self) {
        self.highlights.extend(others.highlights);
        self.tags |= others.tags;
        self.texts.extend(others.texts);
    }

    /// A text changed.
    pub fn typed(&mut self, root: Root, edit: TextEdit) {
        self.texts.push((root, vec![edit]));
    }
}

/// Watches a document from now on.
pub fn watch(roots: &Roots, response: &TextRef) -> Rc<RefCell<Changes>> {
    let changes = Rc::new(RefCell::new(Changes::default()));
    let seen = changes.clone();
    roots.highlights.observe_deep("mirror", move |txn, events| note_highlights(&mut seen.borrow_mut(), txn, events));
    let seen = changes.clone();
    roots.tags.observe_deep("mirror", move |_, _| seen.borrow_mut().tags = true);
    let seen = changes.clone();
    roots.tag_groups.observe_deep("mirror", move |_, _| seen.borrow_mut().tags = true);
    for (root, text) in [(Root::Notes, &roots.notes), (Root::Response, response)] {
        let seen = changes.clone();
        text.observe("mirror", move |txn, event| {
            let edits = edits(txn, event);
            seen.borrow_mut().texts.push((root, edits));
        });
    }
    changes
}

fn note_highlights(changes: &mut Changes, txn: &TransactionMut, events: &Events) {
    for event in events.iter() {
        match (event.path().front(), event) {
            // Inside a highlight.
            (Some(PathSegment::Key(id)), _) => changes.highlights.extend(id.parse::<HighlightId>().ok()),
            // Highlights came or went.
            (None, Event::Map(event)) => {
                changes.highlights.extend(event.keys(txn).keys().filter_map(|id| id.parse::<HighlightId>().ok()));
            }
            _ => {}
        }
    }
}

/// A text event as replacements, each in the text as the ones before it left it.
fn edits(txn: &TransactionMut, event: &TextEvent) -> Vec<TextEdit> {
    let mut at = 0;
    let mut edits = Vec::new();
    for delta in event.delta(txn) {
        match delta {
            Delta::Retain(count, _) => at += count,
            Delta::Deleted(count) => edits.push(TextEdit { at, remove: *count, insert: String::new() }),
            Delta::Inserted(value, _) => {
                let insert = match value {
                    Out::Any(yrs::Any::String(text)) => text.to_string(),
                    _ => String::new(),
                };
                let length = insert.encode_utf16().count() as u32;
                edits.push(TextEdit { at, remove: 0, insert });
                at += length;
            }
        }
    }
    edits
}

/// Shows what changed.
pub fn show(session: &Rc<Session>, changes: Changes) {
    let replica = session.replica();
    let mut highlights = changes.highlights;
    if changes.tags && show_tags(session) {
        highlights = document::highlight_ids(&replica.roots, &replica.doc.transact()).into_iter().collect();
    }
    if !highlights.is_empty() {
        show_highlights(session, &highlights);
    }
    if changes.tags || !highlights.is_empty() {
        session.painter.borrow_mut().repaint(&session.texts);
    }
    for (root, edits) in changes.texts {
        let text = replica.read(root);
        session.note_text(root);
        session.boxes.borrow_mut().changed(root, &edits, text);
        session.desk.typed.update(|typed| *typed += 1);
    }
}

/// Shows the vocabulary; whether tags were merged, or that was taken back: highlights bear other tags then.
fn show_tags(session: &Rc<Session>) -> bool {
    let replica = session.replica();
    let (tags, groups, merged) = {
        let txn = replica.doc.transact();
        let roots = &replica.roots;
        (document::tags(roots, &txn), document::groups(roots, &txn), document::merged_tags(roots, &txn))
    };
    session.painter.borrow_mut().set_tags(&tags);
    session.desk.tags.set(arranged(tags, &groups));
    session.desk.groups.set(groups);
    session.merged.replace(merged.clone()) != merged
}

fn show_highlights(session: &Rc<Session>, ids: &BTreeSet<HighlightId>) {
    let desk = session.desk;
    let read: Vec<(HighlightId, Option<Highlight>)> = {
        let replica = session.replica();
        let txn = replica.doc.transact();
        ids.iter().map(|id| (*id, document::highlight(&replica.roots, &txn, *id))).collect()
    };
    let (mut order_changed, mut rings, mut gone, mut touched) = (false, false, Vec::new(), marks::Touched::new());
    for (id, highlight) in read {
        let known = desk.card(id);
        session.note_highlight(known.as_ref(), highlight.as_ref());
        // What was there when the page came is in the number that it came with.
        rings |= session.link.synced.get() && {
            let old = known.as_ref().map(|card| card.with_untracked(|card| card.highlight.clone()));
            may_concern(desk.place.author, old.as_ref(), highlight.as_ref())
        };
        // What somebody else deletes below one's hands stays, so that the words and the focus do.
        let highlight = highlight.filter(|highlight| {
            let is_held = |by| by != desk.place.author && drafts::is_written_to(desk, highlight);
            highlight.deleted.is_none_or(|deleted| is_held(deleted.by))
        });
        let before = known.as_ref().map(|card| card.with_untracked(|card| marks::messages(Some(&card.highlight))));
        for (messages, is_in) in [(before.unwrap_or_default(), false), (marks::messages(highlight.as_ref()), true)] {
            messages.into_iter().for_each(|message| touched.entry(message).or_default().push((id, is_in)));
        }
        match highlight {
            Some(highlight) => {
                let elsewhere = elsewhere(session, &highlight);
                let (anchor, spans) = match elsewhere {
                    Some(_) => (AnchorState::Exact, Vec::new()),
                    None => locate(session, &highlight),
                };
                let found = (anchor == AnchorState::Moved).then(|| found_text(session, &spans));
                let placeless = elsewhere.or_else(|| spans.is_empty().then_some(Placeless::Lost));
                let tags = highlight.tags.iter().map(|(tag, _)| *tag).collect();
                let moved = session.painter.borrow_mut().show(id, spans, tags);
                if moved {
                    places::forget_anchor(id);
                }
                desk.put_card(Card { highlight, anchor, found });
                desk.set_placeless(id, placeless);
                order_changed |= moved || known.is_none();
            }
            None => {
                session.painter.borrow_mut().hide(id);
                gone.extend(known.map(|_| id));
            }
        }
    }
    if rings {
        mentions::tell_bell();
    }
    marks::sort_in(session, touched);
    if order_changed || !gone.is_empty() {
        let order = session.painter.borrow().passages.order();
        desk.set_order(order);
        for id in gone {
            desk.drop_card(id);
            desk.set_placeless(id, None);
        }
    }
}

/// What stands where a highlight is shown.
fn found_text(session: &Session, spans: &[Span]) -> String {
    let text = |span: &Span| {
        let message = session.texts.at(span.place)?;
        let byte = |at: u32| message.offsets().char_to_byte(CharOffset(at)).map(|ByteOffset(byte)| byte as usize);
        message.text().get(byte(span.start)?..byte(span.end)?).map(str::to_owned)
    };
    spans.iter().filter_map(text).collect::<Vec<_>>().join("\n")
}

/// Whether none of its messages is shown where there are branches: they are of another one, or not written yet.
fn elsewhere(session: &Session, highlight: &Highlight) -> Option<Placeless> {
    let first = highlight.targets.first()?.message;
    let is_shown = highlight.targets.iter().any(|target| session.texts.get(target.message).is_some());
    (!is_shown && session.texts.has_branches()).then_some(Placeless::Elsewhere(first))
}

fn locate(session: &Session, highlight: &Highlight) -> (AnchorState, Vec<Span>) {
    let mut state = AnchorState::Exact;
    let mut spans = Vec::new();
    let has_branches = session.texts.has_branches();
    for target in &highlight.targets {
        let found = session.texts.resolve(target);
        if found.is_none() && has_branches {
            // This part of it is in a message of another branch.
            continue;
        }
        if let Some((_, Anchor::Moved { .. })) = found
            && state == AnchorState::Exact
        {
            state = AnchorState::Moved;
        }
        let Some((message, (start, end))) = found.and_then(|(message, anchor)| Some((message, anchor.range()?))) else {
            state = AnchorState::Lost;
            continue;
        };
        spans.push(message.span(start, end));
    }
    (state, spans)
}
