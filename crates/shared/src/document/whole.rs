//! All that a document says, what is deleted too, as plain values: to be read by people and programs outside
//! (`annotations.json` of a bundle), and to be written again under other ids. [`crate::rules::whole()`] reads it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use yrs::{Any, Doc, In, Map, MapPrelim, ReadTxn, StateVector, Text, Transact};

use super::{MAX_COMMENT_CHARS, Roots, Stamp, command::targets_value, empty, response};
use crate::{
    ids::{CommentId, HighlightId, MessageId, TagGroupId, TagId, UserId},
    rules::MAX_DESCRIPTION_CHARS,
    selector::Target,
};

/// A document. Fields are those of the schema (`docs/annotation-schema.md`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each is")]
pub struct Whole {
    /// Its version.
    pub schema: i64,
    pub tag_groups: BTreeMap<TagGroupId, Group>,
    pub tags: BTreeMap<TagId, Tag>,
    pub highlights: BTreeMap<HighlightId, Highlight>,
    pub notes: String,
    pub responses: BTreeMap<UserId, String>,
}

/// A group of tags.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each is")]
pub struct Group {
    pub name: String,
    pub colour: Option<String>,
    pub order: f64,
    pub author: UserId,
    pub deleted: bool,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each is")]
pub struct Tag {
    pub name: String,
    pub colour: String,
    pub description: String,
    pub group: Option<TagGroupId>,
    pub order: f64,
    pub locked: bool,
    pub author: UserId,
    pub deleted: bool,
    pub merged_into: Option<TagId>,
}

/// A highlight with its thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each is")]
pub struct Highlight {
    pub targets: Vec<Target>,
    pub author: UserId,
    pub created_at: i64,
    pub tags: BTreeMap<TagId, f64>,
    pub resolved: Option<Stamp>,
    pub deleted: Option<Stamp>,
    pub comments: BTreeMap<CommentId, Comment>,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the schema says what each is")]
pub struct Comment {
    pub author: UserId,
    pub created_at: i64,
    pub body: String,
    pub edited_at: Option<i64>,
    pub parent: Option<CommentId>,
    pub deleted: bool,
}

/// Other ids for those of a document and of the messages that it marks: the same one each time.
#[derive(Debug, Default)]
pub struct NewIds(HashMap<Uuid, Uuid>);

macro_rules! of {
    ($($name:ident: $kind:ident),* $(,)?) => {$(
        #[doc = concat!("The new id of a [`", stringify!($kind), "`].")]
        pub fn $name(&mut self, id: $kind) -> $kind {
            $kind::from_uuid(*self.0.entry(id.uuid()).or_insert_with(Uuid::now_v7))
        }
    )*};
}

impl NewIds {
    of! {
        message: MessageId,
        user: UserId,
        tag: TagId,
        group: TagGroupId,
        highlight: HighlightId,
        comment: CommentId,
    }

    /// A text in which ids stand: mentions of people, links to highlights. What is no id of those that are known stays.
    pub fn text(&self, text: &str) -> String {
        let (mut new, mut rest) = (String::with_capacity(text.len()), text);
        while let Some((at, id)) = first_id(rest) {
            new.push_str(&rest[..at]);
            let id = self.0.get(&id).copied().unwrap_or(id);
            new.push_str(&id.hyphenated().to_string());
            rest = &rest[at + ID..];
        }
        new.push_str(rest);
        new
    }
}

/// Characters of an id.
const ID: usize = 36;

/// The first id that stands in a text, and where.
fn first_id(text: &str) -> Option<(usize, Uuid)> {
    // Its first hyphen stands behind eight digits.
    text.match_indices('-').find_map(|(hyphen, _)| {
        let at = hyphen.checked_sub(8)?;
        let id: UserId = text.get(at..at + ID)?.parse().ok()?;
        Some((at, id.uuid()))
    })
}

/// The people whom a text mentions.
fn mentioned(text: &str) -> impl Iterator<Item = UserId> {
    let ends = text.match_indices("](mention:").map(|(at, middle)| at + middle.len());
    ends.filter_map(|at| text.get(at..at + ID)?.parse().ok())
}

impl Whole {
    /// The texts that people typed.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let comments = self.highlights.values().flat_map(|highlight| highlight.comments.values());
        let bodies = comments.map(|comment| &*comment.body);
        let descriptions = self.tags.values().map(|tag| &*tag.description);
        bodies.chain(descriptions).chain([&*self.notes]).chain(self.responses.values().map(|text| &**text))
    }

    /// Everybody who wrote, or is mentioned, in the order of their ids.
    pub fn people(&self) -> BTreeSet<UserId> {
        let mut people: BTreeSet<UserId> = self.responses.keys().copied().collect();
        people.extend(self.tags.values().map(|tag| tag.author));
        people.extend(self.tag_groups.values().map(|group| group.author));
        for highlight in self.highlights.values() {
            people.insert(highlight.author);
            people.extend(highlight.resolved.iter().chain(&highlight.deleted).map(|stamp| stamp.by));
            people.extend(highlight.comments.values().map(|comment| comment.author));
        }
        people.extend(self.texts().flat_map(mentioned));
        people
    }

    /// How many highlights are not deleted, and how many comments stand on these.
    pub fn count(&self) -> (usize, usize) {
        let shown = self.highlights.values().filter(|highlight| highlight.deleted.is_none());
        shown.fold((0, 0), |(highlights, comments), highlight| {
            let here = highlight.comments.values().filter(|comment| !comment.deleted).count();
            (highlights + 1, comments + here)
        })
    }

    /// Says of passages in messages that are not there that they are lost; how many.
    pub fn lose(&mut self, is_there: impl Fn(MessageId) -> bool) -> usize {
        let targets = self.highlights.values_mut().flat_map(|highlight| &mut highlight.targets);
        let gone = targets.filter(|target| !target.lost && !is_there(target.message));
        gone.map(|target| target.lost = true).count()
    }

    /// Says each of the texts that people typed anew. What a comment or a description would have too much is cut off.
    pub fn reword(&mut self, words: impl Fn(&str) -> String) {
        for comment in self.highlights.values_mut().flat_map(|highlight| highlight.comments.values_mut()) {
            comment.body = words(&comment.body).chars().take(MAX_COMMENT_CHARS).collect();
        }
        for tag in self.tags.values_mut() {
            tag.description = words(&tag.description).chars().take(MAX_DESCRIPTION_CHARS).collect();
        }
        for text in [&mut self.notes].into_iter().chain(self.responses.values_mut()) {
            *text = words(text);
        }
    }

    /// The same under other ids. What was sorted by ids stays in its order.
    #[must_use]
    pub fn under(mut self, ids: &mut NewIds) -> Self {
        // New ids rise as they are made.
        for id in self.people() {
            ids.user(id);
        }
        for id in self.tag_groups.keys() {
            ids.group(*id);
        }
        for id in self.tags.keys() {
            ids.tag(*id);
        }
        for (id, highlight) in &self.highlights {
            ids.highlight(*id);
            for id in highlight.comments.keys() {
                ids.comment(*id);
            }
        }
        self.reword(|text| ids.text(text));
        let Self { schema, tag_groups, tags, highlights, notes, responses } = self;
        let tag_groups = tag_groups.into_iter().map(|(id, group)| {
            let author = ids.user(group.author);
            (ids.group(id), Group { author, ..group })
        });
        let tag_groups = tag_groups.collect();
        let tags = tags.into_iter().map(|(id, tag)| {
            let (author, group) = (ids.user(tag.author), tag.group.map(|group| ids.group(group)));
            let merged_into = tag.merged_into.map(|into| ids.tag(into));
            (ids.tag(id), Tag { author, group, merged_into, ..tag })
        });
        let tags = tags.collect();
        let highlights = highlights.into_iter().map(|(id, highlight)| (ids.highlight(id), highlight.under(ids)));
        let highlights = highlights.collect();
        let responses = responses.into_iter().map(|(author, text)| (ids.user(author), text)).collect();
        Self { schema, tag_groups, tags, highlights, notes, responses }
    }

    /// A document that says this, written by nobody in particular: one update.
    ///
    /// # Errors
    /// Targets that no highlight may have.
    pub fn write(&self) -> Result<Vec<u8>, super::Refusal> {
        let doc = empty();
        let roots = Roots::of(&doc);
        self.responses.iter().for_each(|(author, text)| write_response(&doc, *author, text));
        let mut txn = doc.transact_mut();
        roots.meta.insert(&mut txn, "schema", self.schema);
        for (id, group) in &self.tag_groups {
            roots.tag_groups.insert(&mut txn, id.to_string(), group.prelim());
        }
        for (id, tag) in &self.tags {
            roots.tags.insert(&mut txn, id.to_string(), tag.prelim());
        }
        for (id, highlight) in &self.highlights {
            roots.highlights.insert(&mut txn, id.to_string(), highlight.prelim()?);
        }
        if !self.notes.is_empty() {
            roots.notes.insert(&mut txn, 0, &self.notes);
        }
        Ok(txn.encode_diff_v1(&StateVector::default()))
    }
}

fn write_response(doc: &Doc, author: UserId, text: &str) {
    let root = response(doc, author);
    if !text.is_empty() {
        root.insert(&mut doc.transact_mut(), 0, text);
    }
}

fn id_value(id: Option<impl ToString>) -> Any {
    id.map_or(Any::Null, |id| id.to_string().into())
}

impl Group {
    fn prelim(&self) -> MapPrelim {
        let mut fields: Vec<(&str, Any)> = vec![
            ("name", (*self.name).into()),
            ("order", self.order.into()),
            ("author", self.author.to_string().into()),
        ];
        fields.extend(self.colour.as_deref().map(|colour| ("colour", colour.into())));
        fields.extend(self.deleted.then_some(("deleted", true.into())));
        MapPrelim::from_iter(fields)
    }
}

impl Tag {
    fn prelim(&self) -> MapPrelim {
        let mut fields: Vec<(&str, Any)> = vec![
            ("name", (*self.name).into()),
            ("colour", (*self.colour).into()),
            ("description", (*self.description).into()),
            ("group", id_value(self.group)),
            ("order", self.order.into()),
            ("locked", self.locked.into()),
            ("author", self.author.to_string().into()),
        ];
        fields.extend(self.deleted.then_some(("deleted", true.into())));
        fields.extend(self.merged_into.map(|into| ("merged_into", into.to_string().into())));
        MapPrelim::from_iter(fields)
    }
}

fn stamp(stamp: Option<Stamp>, ids: &mut NewIds) -> Option<Stamp> {
    stamp.map(|Stamp { by, at }| Stamp { by: ids.user(by), at })
}

fn stamp_value(stamp: Option<Stamp>) -> Any {
    stamp.map_or(Any::Null, |Stamp { by, at }| yrs::any!({"by": by.to_string(), "at": at}))
}

impl Highlight {
    fn under(self, ids: &mut NewIds) -> Self {
        let comments = self.comments.into_iter().map(|(id, comment)| (ids.comment(id), comment.under(ids))).collect();
        let targets = self.targets.into_iter();
        let targets = targets.map(|target| Target { message: ids.message(target.message), ..target }).collect();
        let (resolved, deleted) = (stamp(self.resolved, ids), stamp(self.deleted, ids));
        let tags = self.tags.into_iter().map(|(id, order)| (ids.tag(id), order)).collect();
        Self { targets, author: ids.user(self.author), created_at: self.created_at, tags, resolved, deleted, comments }
    }

    fn prelim(&self) -> Result<MapPrelim, super::Refusal> {
        let comments = self.comments.iter().map(|(id, comment)| (id.to_string(), In::from(comment.prelim())));
        let fields: [(&str, In); 7] = [
            ("targets", targets_value(&self.targets)?.into()),
            ("author", self.author.to_string().into()),
            ("created_at", self.created_at.into()),
            ("tags", MapPrelim::from_iter(self.tags.iter().map(|(id, order)| (id.to_string(), *order))).into()),
            ("resolved", stamp_value(self.resolved).into()),
            ("deleted", stamp_value(self.deleted).into()),
            ("comments", MapPrelim::from_iter(comments).into()),
        ];
        Ok(MapPrelim::from_iter(fields))
    }
}

impl Comment {
    fn under(self, ids: &mut NewIds) -> Self {
        let (author, parent) = (ids.user(self.author), self.parent.map(|parent| ids.comment(parent)));
        Self { author, parent, ..self }
    }

    fn prelim(&self) -> MapPrelim {
        let mut fields: Vec<(&str, Any)> = vec![
            ("author", self.author.to_string().into()),
            ("created_at", self.created_at.into()),
            ("body", (*self.body).into()),
        ];
        fields.extend(self.edited_at.map(|at| ("edited_at", at.into())));
        fields.extend(self.parent.map(|parent| ("parent", parent.to_string().into())));
        fields.extend(self.deleted.then_some(("deleted", true.into())));
        MapPrelim::from_iter(fields)
    }
}
