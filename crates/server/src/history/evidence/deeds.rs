//! What one person did from one moment of a document to the next.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use shared::{
    document::{Comment, Highlight, Picture, Tag},
    ids::UserId,
};
use yrs::Doc;

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Deed {
    /// To what.
    pub(super) what: What,
    /// What was done.
    pub(super) done: Done,
    /// Of the highlight, comment or tag.
    pub(super) id: String,
    /// The highlight that a comment belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) highlight: Option<String>,
    /// The person's own words, or those that they marked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) words: Option<String>,
}

/// To what something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum What {
    Highlight,
    Comment,
    Tag,
}

/// What was done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Done {
    Added,
    Changed,
    Deleted,
    BroughtBack,
}

/// Something that a document holds at a moment.
#[derive(PartialEq)]
struct Thing {
    what: What,
    highlight: Option<String>,
    is_own: bool,
    words: Option<String>,
    /// All that is seen of it: something else is a change.
    looks: Looks,
}

#[derive(PartialEq)]
enum Looks {
    Highlight(Highlight),
    Comment(String),
    Tag(Tag),
}

/// Reads a history moment by moment.
pub(super) struct Diary {
    own: UserId,
    may_copy: bool,
    before: BTreeMap<String, Thing>,
    /// What was there at any moment.
    known: BTreeSet<String>,
}

impl Diary {
    /// Of one author; with what they marked, if that may be taken away.
    pub(super) fn of(own: UserId, may_copy: bool) -> Self {
        Self { own, may_copy, before: BTreeMap::new(), known: BTreeSet::new() }
    }

    /// What the author did up to this moment since the one before, where that is a step of theirs: of theirs alone, or with
    /// others.
    pub(super) fn next(&mut self, doc: &Doc, is_alone: Option<bool>) -> Vec<Deed> {
        let now = self.things(Picture::of(doc));
        let deeds = is_alone.map(|is_alone| self.deeds(&now, is_alone)).unwrap_or_default();
        self.known.extend(now.keys().cloned());
        self.before = now;
        deeds
    }

    fn deeds(&self, now: &BTreeMap<String, Thing>, is_alone: bool) -> Vec<Deed> {
        let mut deeds = Vec::new();
        let mut tell = |id: &String, thing: &Thing, done| {
            // What several did at once is surely theirs only where nobody else can do it.
            let is_theirs = match done {
                Done::Added => thing.is_own,
                Done::Changed => thing.is_own && thing.what == What::Comment,
                Done::Deleted | Done::BroughtBack => false,
            };
            if is_alone || is_theirs {
                let Thing { what, highlight, words, .. } = thing;
                deeds.push(Deed {
                    what: *what,
                    done,
                    id: id.clone(),
                    highlight: highlight.clone(),
                    words: words.clone(),
                });
            }
        };
        for (id, thing) in now {
            match self.before.get(id) {
                Some(then) if then.looks == thing.looks => {}
                Some(_) => tell(id, thing, Done::Changed),
                None if self.known.contains(id) => tell(id, thing, Done::BroughtBack),
                None => tell(id, thing, Done::Added),
            }
        }
        for (id, thing) in self.before.iter().filter(|(id, _)| !now.contains_key(*id)) {
            tell(id, thing, Done::Deleted);
        }
        deeds
    }

    /// What a picture holds, by its ids, which begin with the time at which it was made.
    fn things(&self, picture: Picture) -> BTreeMap<String, Thing> {
        let mut all = BTreeMap::new();
        for tag in picture.tags {
            let (id, words) = (tag.id.to_string(), Some(tag.name.clone()));
            all.insert(id, Thing { what: What::Tag, highlight: None, is_own: false, words, looks: Looks::Tag(tag) });
        }
        for mut highlight in picture.highlights {
            let id = highlight.id.to_string();
            for comment in std::mem::take(&mut highlight.comments).into_iter().filter(|comment| !comment.deleted) {
                all.insert(comment.id.to_string(), self.comment(&id, comment));
            }
            let quotes: Vec<&str> = highlight.targets.iter().map(|target| target.exact.as_str()).collect();
            let words = self.may_copy.then(|| quotes.join(" … "));
            let (is_own, looks) = (highlight.author == self.own, Looks::Highlight(highlight));
            all.insert(id, Thing { what: What::Highlight, highlight: None, is_own, words, looks });
        }
        all
    }

    fn comment(&self, highlight: &str, comment: Comment) -> Thing {
        let is_own = comment.author == self.own;
        let words = is_own.then(|| comment.body.clone());
        let looks = Looks::Comment(comment.body);
        Thing { what: What::Comment, highlight: Some(highlight.to_owned()), is_own, words, looks }
    }
}
