//! What an update changed, from the state before and after it, and whether its sender may change that.

use std::collections::{BTreeMap, BTreeSet};

use yrs::{Any, Map, MapRef, ReadTxn};

use super::{
    Change, Refusal, Sender, Survey, allow,
    places::{CommentField, GroupField, HighlightField, Place, TagField},
    state::{Fields, Highlight, State, comment_map, nested},
    values,
};
use crate::{
    document::Roots,
    ids::{CommentId, HighlightId, MessageId, TagId, UserId},
};

/// The longest way from a comment to the one that started its thread, and from a merged tag to what it became.
pub(super) const MAX_CHAIN: usize = 1_000;

/// Judges an update by what it made of the document.
///
/// `before` was read at the places that the `survey` touches; `txn` shows the document after; `cut` are texts of which
/// something was taken out; `messages` are the conversation's messages with the lengths of their canonical texts in
/// code points.
///
/// # Errors
/// The first rule that it breaks.
pub fn review(
    sender: &Sender,
    survey: &Survey,
    before: &State,
    (roots, txn): (&Roots, &impl ReadTxn),
    cut: &BTreeSet<Place>,
    messages: &BTreeMap<MessageId, u32>,
) -> Result<(), Refusal> {
    for place in survey.written.union(cut) {
        allow(sender, if let Place::Response(of) = *place { Change::EditResponse { of } } else { Change::EditNotes })?;
    }
    let after = State::read(roots, txn, &survey.touched);
    // Its content is never taken; this is what a deletion does to it.
    if before.meta != after.meta {
        return Err(Refusal::ServerOnly);
    }
    let review = Review { sender, roots, txn, messages };
    for place in &survey.created {
        review.created(*place, before, &after)?;
    }
    for id in keys(&before.highlights, &after.highlights) {
        review.highlight(id, before.highlights.get(&id), after.highlights.get(&id))?;
    }
    for id in keys(&before.tags, &after.tags) {
        review.tag(id, before.tags.get(&id), after.tags.get(&id))?;
    }
    for id in keys(&before.groups, &after.groups) {
        review.group(before.groups.get(&id), after.groups.get(&id))?;
    }
    Ok(())
}

fn keys<K: Copy + Ord, V>(before: &BTreeMap<K, V>, after: &BTreeMap<K, V>) -> BTreeSet<K> {
    before.keys().chain(after.keys()).copied().collect()
}

/// The keys whose values differ.
fn changed(before: &Fields, after: &Fields) -> BTreeSet<&'static str> {
    keys(before, after).into_iter().filter(|key| before.get(key) != after.get(key)).collect()
}

struct Review<'a, T> {
    sender: &'a Sender,
    roots: &'a Roots,
    txn: &'a T,
    messages: &'a BTreeMap<MessageId, u32>,
}

impl<T: ReadTxn> Review<'_, T> {
    /// A map never takes another's place, and does not vanish as soon as it is made.
    fn created(&self, place: Place, before: &State, after: &State) -> Result<(), Refusal> {
        let highlight = |state: &State, id| state.highlights.contains_key(&id);
        let comment = |state: &State, id, comment| {
            state.highlights.get(&id).is_some_and(|highlight| highlight.comments.contains_key(&comment))
        };
        let (was, is) = match place {
            Place::Highlight(id) => (highlight(before, id), highlight(after, id)),
            // Only together with their highlight, which needs both.
            Place::HighlightField(id, _) => (highlight(before, id), highlight(after, id)),
            Place::Comment(id, key) => (comment(before, id, key), comment(after, id, key)),
            Place::Tag(id) => (before.tags.contains_key(&id), after.tags.contains_key(&id)),
            Place::Group(id) => (before.groups.contains_key(&id), after.groups.contains_key(&id)),
            _ => (false, true),
        };
        match (was, is) {
            (true, _) => Err(Refusal::Replaced),
            (false, false) => Err(Refusal::Removed),
            (false, true) => Ok(()),
        }
    }

    fn targets(&self, now: &Fields, was: Option<&Fields>) -> Result<(), Refusal> {
        let key = HighlightField::Targets.key();
        values::targets(now.get(key), was.and_then(|was| was.get(key)), |id| self.messages.get(&id).copied())
    }

    fn highlight(&self, id: HighlightId, was: Option<&Highlight>, is: Option<&Highlight>) -> Result<(), Refusal> {
        let is = is.ok_or(Refusal::Removed)?;
        match was {
            None => self.new_highlight(&is.fields)?,
            Some(was) => self.changed_highlight(&was.fields, &is.fields)?,
        }
        let none = Highlight::default();
        let was = was.unwrap_or(&none);
        for tag in keys(&was.tags, &is.tags) {
            if was.tags.get(&tag) != is.tags.get(&tag) {
                self.retagged(tag, is.tags.get(&tag))?;
            }
        }
        for comment in keys(&was.comments, &is.comments) {
            self.comment((id, comment), was.comments.get(&comment), is.comments.get(&comment))?;
        }
        Ok(())
    }

    fn new_highlight(&self, fields: &Fields) -> Result<(), Refusal> {
        let field = |field: HighlightField| fields.get(field.key());
        let author = values::id(field(HighlightField::Author))?;
        allow(self.sender, Change::AddHighlight { author })?;
        self.targets(fields, None)?;
        values::time(field(HighlightField::CreatedAt))?;
        for map in [HighlightField::Tags, HighlightField::Comments] {
            if field(map).is_none() {
                return Err(Refusal::Incomplete);
            }
        }
        self.stamps(author, &Fields::new(), fields)
    }

    fn changed_highlight(&self, was: &Fields, is: &Fields) -> Result<(), Refusal> {
        let author = values::id(was.get(HighlightField::Author.key()))?;
        for key in changed(was, is) {
            if !is.contains_key(key) {
                return Err(Refusal::Removed);
            }
            match HighlightField::ALL.iter().find(|field| field.key() == key) {
                Some(HighlightField::Targets) => {
                    allow(self.sender, Change::Attach { author })?;
                    self.targets(is, Some(was))?;
                }
                Some(HighlightField::Resolved | HighlightField::Deleted) => {}
                _ => return Err(Refusal::Fixed),
            }
        }
        self.stamps(author, was, is)
    }

    /// Whether a thread is resolved, and a highlight deleted.
    fn stamps(&self, author: UserId, was: &Fields, is: &Fields) -> Result<(), Refusal> {
        let (resolved, deleted) = (HighlightField::Resolved.key(), HighlightField::Deleted.key());
        if was.get(resolved) != is.get(resolved) {
            match values::stamp(is.get(resolved))? {
                Some(stamp) => allow(self.sender, Change::Resolve { by: stamp.by })?,
                None => allow(self.sender, Change::Reopen)?,
            }
        }
        if was.get(deleted) != is.get(deleted) {
            if let Ok(Some(stamp)) = values::stamp(was.get(deleted)) {
                allow(self.sender, Change::RestoreHighlight { author, deleted_by: stamp.by })?;
            }
            if let Some(stamp) = values::stamp(is.get(deleted))? {
                allow(self.sender, Change::DeleteHighlight { author, by: stamp.by })?;
            }
        }
        Ok(())
    }

    fn retagged(&self, tag: TagId, order: Option<&Any>) -> Result<(), Refusal> {
        allow(self.sender, Change::Retag)?;
        if order.is_some() {
            values::number(order)?;
            self.must_exist(&self.roots.tags, &tag.to_string())?;
        }
        Ok(())
    }

    fn must_exist(&self, map: &MapRef, key: &str) -> Result<(), Refusal> {
        nested(map, self.txn, key).map(drop).ok_or(Refusal::NoSuchThing)
    }

    fn comment(
        &self,
        (highlight, id): (HighlightId, CommentId),
        was: Option<&Fields>,
        is: Option<&Fields>,
    ) -> Result<(), Refusal> {
        let is = is.ok_or(Refusal::Removed)?;
        if was == Some(is) {
            return Ok(());
        }
        let value = |field: CommentField| is.get(field.key());
        let is_deleted = values::flag(value(CommentField::Deleted))?;
        let Some(was) = was else {
            let author = values::id(value(CommentField::Author))?;
            allow(self.sender, Change::AddComment { author })?;
            values::time(value(CommentField::CreatedAt))?;
            values::body(value(CommentField::Body), is_deleted)?;
            if !values::is_nothing(value(CommentField::EditedAt)) {
                values::time(value(CommentField::EditedAt))?;
            }
            return self.parents(highlight, id);
        };
        let author = values::id(was.get(CommentField::Author.key()))?;
        let was_deleted = values::flag(was.get(CommentField::Deleted.key())).unwrap_or(false);
        for key in changed(was, is) {
            if !is.contains_key(key) {
                return Err(Refusal::Removed);
            }
            match CommentField::ALL.iter().find(|field| field.key() == key) {
                // The words of a deleted comment go with the mark.
                Some(CommentField::Body) if is_deleted && is.get(key) == Some(&Any::from("")) => {
                    allow(self.sender, Change::DeleteComment { author })?;
                }
                Some(CommentField::Body) => {
                    allow(self.sender, Change::EditComment { author, is_deleted })?;
                    values::body(is.get(key), is_deleted)?;
                }
                Some(CommentField::EditedAt) => {
                    allow(self.sender, Change::EditComment { author, is_deleted: false })?;
                    values::time(is.get(key))?;
                }
                Some(CommentField::Deleted) if was_deleted != is_deleted => {
                    allow(self.sender, Change::DeleteComment { author })?;
                }
                Some(CommentField::Deleted) => {}
                _ => return Err(Refusal::Fixed),
            }
        }
        Ok(())
    }

    /// What a new comment answers is there, in the same thread, and does not in the end answer it.
    fn parents(&self, highlight: HighlightId, id: CommentId) -> Result<(), Refusal> {
        let mut at = id;
        for _ in 0..MAX_CHAIN {
            let map = comment_map(self.roots, self.txn, highlight, at).ok_or(Refusal::NoSuchThing)?;
            let parent = match map.get(self.txn, CommentField::Parent.key()) {
                Some(yrs::Out::Any(any)) => values::optional_id(Some(&any))?,
                _ => None,
            };
            match parent {
                None => return Ok(()),
                Some(parent) if parent == id => return Err(Refusal::InvalidValue),
                Some(parent) => at = parent,
            }
        }
        Err(Refusal::TooLong)
    }

    fn tag(&self, id: TagId, was: Option<&Fields>, is: Option<&Fields>) -> Result<(), Refusal> {
        let is = is.ok_or(Refusal::Removed)?;
        if was == Some(is) {
            return Ok(());
        }
        let value = |field: TagField| is.get(field.key());
        let locked = values::flag(value(TagField::Locked))?;
        let changes = changed(was.unwrap_or(&Fields::new()), is);
        if let Some(was) = was {
            let author = values::id(was.get(TagField::Author.key()))?;
            let was_locked = values::flag(was.get(TagField::Locked.key())).unwrap_or(false);
            self.changed_tag(author, was_locked, &changes, is)?;
        } else {
            let author = values::id(value(TagField::Author))?;
            allow(self.sender, Change::AddTag { author, locked })?;
            if !values::is_nothing(value(TagField::MergedInto)) {
                return Err(Refusal::InvalidValue);
            }
        }
        values::name(value(TagField::Name))?;
        values::colour(value(TagField::Colour))?;
        values::text(value(TagField::Description), values::MAX_DESCRIPTION_CHARS)?;
        values::number(value(TagField::Order))?;
        if let (true, Some(group)) =
            (changes.contains("group"), values::optional_id::<crate::ids::TagGroupId>(value(TagField::Group))?)
        {
            self.must_exist(&self.roots.tag_groups, &group.to_string())?;
        }
        let is_deleted = values::flag(value(TagField::Deleted))?;
        let merged = values::optional_id(value(TagField::MergedInto))?;
        if changes.contains("merged_into") {
            self.merged(id, merged)?;
        }
        let is_gone =
            is_deleted && merged.is_none() && changes.iter().any(|key| ["deleted", "merged_into"].contains(key));
        if is_gone && self.is_used(id) { Err(Refusal::InUse) } else { Ok(()) }
    }

    fn changed_tag(
        &self,
        author: UserId,
        was_locked: bool,
        changes: &BTreeSet<&'static str>,
        is: &Fields,
    ) -> Result<(), Refusal> {
        for key in changes {
            if !is.contains_key(key) {
                return Err(Refusal::Removed);
            }
            match TagField::ALL.iter().find(|field| field.key() == *key) {
                Some(TagField::Author) => return Err(Refusal::Fixed),
                Some(TagField::Locked) => allow(self.sender, Change::LockTag)?,
                _ => allow(self.sender, Change::ChangeTag { author, locked: was_locked })?,
            }
        }
        Ok(())
    }

    /// A merged tag leads to one that is there, and not in the end back to itself.
    fn merged(&self, id: TagId, into: Option<TagId>) -> Result<(), Refusal> {
        let mut next = into;
        for _ in 0..MAX_CHAIN {
            let Some(at) = next else { return Ok(()) };
            if at == id {
                return Err(Refusal::InvalidValue);
            }
            let map = nested(&self.roots.tags, self.txn, &at.to_string()).ok_or(Refusal::NoSuchThing)?;
            next = match map.get(self.txn, TagField::MergedInto.key()) {
                Some(yrs::Out::Any(any)) => values::optional_id(Some(&any)).unwrap_or(None),
                _ => None,
            };
        }
        Err(Refusal::TooLong)
    }

    /// Whether a highlight that is not deleted carries this tag.
    fn is_used(&self, tag: TagId) -> bool {
        let key = tag.to_string();
        self.roots.highlights.iter(self.txn).any(|(_, value)| {
            let yrs::Out::YMap(highlight) = value else { return false };
            let is_deleted = match highlight.get(self.txn, HighlightField::Deleted.key()) {
                Some(yrs::Out::Any(any)) => !values::is_nothing(Some(&any)),
                _ => false,
            };
            let tags = nested(&highlight, self.txn, HighlightField::Tags.key());
            !is_deleted && tags.is_some_and(|tags| tags.contains_key(self.txn, &key))
        })
    }

    fn group(&self, was: Option<&Fields>, is: Option<&Fields>) -> Result<(), Refusal> {
        let is = is.ok_or(Refusal::Removed)?;
        if was == Some(is) {
            return Ok(());
        }
        let value = |field: GroupField| is.get(field.key());
        if let Some(was) = was {
            let author = values::id(was.get(GroupField::Author.key()))?;
            for key in changed(was, is) {
                if !is.contains_key(key) {
                    return Err(Refusal::Removed);
                }
                if key == GroupField::Author.key() {
                    return Err(Refusal::Fixed);
                }
                allow(self.sender, Change::ChangeGroup { author })?;
            }
        } else {
            allow(self.sender, Change::AddGroup { author: values::id(value(GroupField::Author))? })?;
        }
        values::name(value(GroupField::Name))?;
        if !values::is_nothing(value(GroupField::Colour)) {
            values::colour(value(GroupField::Colour))?;
        }
        values::number(value(GroupField::Order))?;
        values::flag(value(GroupField::Deleted)).map(drop)
    }
}
