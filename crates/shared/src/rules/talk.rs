//! What an update says to people: whom a new comment answers, and whom a comment mentions. Found from the same
//! difference that the rules judge, so that it costs nothing where no thread changes.

use std::collections::{BTreeMap, BTreeSet};

use yrs::{Any, Map, Out, ReadTxn};

use super::{
    Survey,
    places::{CommentField, HighlightField, Place},
    state::{Fields, State, nested},
    values,
};
use crate::{
    document::Roots,
    ids::{CommentId, HighlightId, UserId},
    prose,
};

/// A comment's mentions that count; what is beyond is a name in a text.
pub const MAX_MENTIONS: usize = 50;

/// People whom one comment answers at most.
pub(super) const MAX_ANSWERED: usize = 100;

/// People whom all comments of one update concern at most: more is nobody's conversation.
pub(super) const MAX_AT_ONCE: usize = 300;

/// Comments of a thread that are looked at for whom a new one answers.
const MAX_LOOKED_AT: usize = 1_000;

/// What is shown of a comment elsewhere, in characters.
const MAX_EXCERPT_CHARS: usize = 200;

/// What an update made of threads, as far as it concerns people. All ids of people are those of authors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Talk {
    /// Comments that are new, have other words, or were deleted or restored.
    pub said: Vec<Said>,
    /// Highlights that were deleted (`true`) or restored: their threads go with them.
    pub hidden: BTreeMap<HighlightId, bool>,
}

impl Talk {
    /// Whether it concerns nobody.
    pub fn is_empty(&self) -> bool {
        self.said.is_empty() && self.hidden.is_empty()
    }
}

/// A comment that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its highlight.
    pub highlight: HighlightId,
    /// Which comment.
    pub comment: CommentId,
    /// Who wrote it.
    pub author: UserId,
    /// Whom it mentions now.
    pub mentioned: Vec<UserId>,
    /// Of those, whom it did not mention before.
    pub called: Vec<UserId>,
    /// Whether it is new.
    pub new: bool,
    /// If so: the authors of what it answers, of the highlight and of the other comments there.
    pub answered: Vec<UserId>,
    /// The first of its words.
    pub excerpt: String,
    /// Whether it is deleted.
    pub deleted: bool,
    /// Whether its highlight is.
    pub hidden: bool,
}

/// What an update says, from what stood `before` where it writes and the document after it. The update was reviewed.
pub fn talk(survey: &Survey, before: &State, (roots, txn): (&Roots, &impl ReadTxn)) -> Talk {
    let of_threads = |place: &&Place| {
        matches!(
            place,
            Place::Comment(..) | Place::CommentField(..) | Place::HighlightField(_, HighlightField::Deleted)
        )
    };
    let places: BTreeSet<Place> = survey.touched.iter().filter(of_threads).copied().collect();
    let mut talk = Talk::default();
    let mut room = MAX_AT_ONCE;
    if places.is_empty() {
        return talk;
    }
    let after = State::read(roots, txn, &places);
    for (id, highlight) in &after.highlights {
        let was = before.highlights.get(id);
        let hidden = is_deleted(&highlight.fields, HighlightField::Deleted.key());
        if was.is_some_and(|was| is_deleted(&was.fields, HighlightField::Deleted.key()) != hidden) {
            talk.hidden.insert(*id, hidden);
        }
        for (comment, fields) in &highlight.comments {
            let was = was.and_then(|was| was.comments.get(comment));
            let Some(mut said) = said(*id, *comment, was, fields) else { continue };
            said.hidden = hidden;
            if said.new && !said.deleted {
                said.answered = answered(&said, fields, &highlight.fields, (roots, txn));
            }
            for people in [&mut said.called, &mut said.answered] {
                people.truncate(room);
                room -= people.len();
            }
            talk.said.push(said);
        }
    }
    talk
}

fn is_deleted(fields: &Fields, key: &str) -> bool {
    !values::is_nothing(fields.get(key)) && fields.get(key) != Some(&Any::Bool(false))
}

/// What a comment says that it did not say before; nothing if its words are the same.
fn said(highlight: HighlightId, comment: CommentId, was: Option<&Fields>, is: &Fields) -> Option<Said> {
    let (body, deleted) = (CommentField::Body.key(), CommentField::Deleted.key());
    let is_gone = is_deleted(is, deleted);
    let was_gone = was.is_some_and(|was| is_deleted(was, deleted));
    if was.is_some_and(|was| was.get(body) == is.get(body) && was_gone == is_gone) {
        return None;
    }
    let author = author(is)?;
    let words = |fields: &Fields| match fields.get(body) {
        Some(Any::String(text)) => text.to_string(),
        _ => String::new(),
    };
    let whom = |text: &str| {
        let others = prose::mentions(text).into_iter().filter(|user| *user != author);
        others.take(MAX_MENTIONS).collect::<Vec<_>>()
    };
    let text = if is_gone { String::new() } else { words(is) };
    let before = was.filter(|_| !was_gone).map(|was| whom(&words(was))).unwrap_or_default();
    let mentioned = whom(&text);
    let called = mentioned.iter().filter(|user| !before.contains(user)).copied().collect();
    let excerpt = excerpt(&text);
    let said = Said {
        highlight,
        comment,
        author,
        mentioned,
        called,
        new: was.is_none(),
        answered: Vec::new(),
        excerpt,
        deleted: is_gone,
        hidden: false,
    };
    Some(said)
}

fn author(fields: &Fields) -> Option<UserId> {
    values::id(fields.get(CommentField::Author.key())).ok()
}

/// The authors of the comment that is answered, of the highlight, and of what stands in the thread; not of the comment
/// itself.
fn answered(said: &Said, comment: &Fields, highlight: &Fields, (roots, txn): (&Roots, &impl ReadTxn)) -> Vec<UserId> {
    let thread = nested(&roots.highlights, txn, &said.highlight.to_string())
        .and_then(|highlight| nested(&highlight, txn, HighlightField::Comments.key()));
    let Some(thread) = thread else { return Vec::new() };
    let author_of = |map: &yrs::MapRef| match map.get(txn, CommentField::Author.key()) {
        Some(Out::Any(any)) => values::id::<UserId>(Some(&any)).ok(),
        _ => None,
    };
    let parent = values::optional_id::<CommentId>(comment.get(CommentField::Parent.key())).ok().flatten();
    let parent = parent.and_then(|id| author_of(&nested(&thread, txn, &id.to_string())?));
    let others = thread.iter(txn).take(MAX_LOOKED_AT).filter_map(|(_, value)| {
        let Out::YMap(map) = value else { return None };
        let gone = matches!(map.get(txn, CommentField::Deleted.key()), Some(Out::Any(Any::Bool(true))));
        if gone { None } else { author_of(&map) }
    });
    let mut people: Vec<UserId> = Vec::new();
    for person in parent.into_iter().chain(author(highlight)).chain(others) {
        if person != said.author && !people.contains(&person) && people.len() < MAX_ANSWERED {
            people.push(person);
        }
    }
    people
}

/// The first words of a comment, in one line.
pub fn excerpt(text: &str) -> String {
    let words = prose::words(text);
    let mut excerpt = String::new();
    let mut count = 0;
    for word in
        words.split(|letter: char| letter.is_whitespace() || letter.is_control()).filter(|word| !word.is_empty())
    {
        if count > 0 {
            excerpt.push(' ');
            count += 1;
        }
        for letter in word.chars() {
            if count >= MAX_EXCERPT_CHARS {
                excerpt.push('…');
                return excerpt;
            }
            excerpt.push(letter);
            count += 1;
        }
    }
    excerpt
}
