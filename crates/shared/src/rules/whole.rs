//! A document from elsewhere, held to the schema as a whole: not what somebody changed in it, but all that it says.

use std::collections::{BTreeMap, BTreeSet};

use yrs::{Any, Doc, GetString, Map, MapRef, Out, ReadTxn, Transact};

use super::{
    Refusal,
    places::{CommentField, GroupField, HighlightField, TagField},
    review::MAX_CHAIN,
    values,
};
use crate::{
    document::{
        MAX_COMMENT_CHARS, Roots, SCHEMA,
        whole::{Comment, Group, Highlight, Tag, Whole},
    },
    ids::{CommentId, TagId},
    selector::Target,
};

/// Where a document is not of the schema, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {why}")]
pub struct Flaw {
    /// The way to it: `highlights/{id}/comments/{id}/body`.
    pub at: String,
    /// What is wrong there.
    pub why: Refusal,
}

/// Reads all that a document says, what is deleted too. No transaction may be open.
///
/// Where passages lie is not looked at: what is marked in a text that was written at the time is found again by its quote.
///
/// # Errors
/// The first thing that is not of the schema.
pub fn whole(doc: &Doc) -> Result<Whole, Flaw> {
    let roots = Roots::of(doc);
    let names: BTreeSet<String> = doc.transact().root_refs().map(|(name, _)| name.to_owned()).collect();
    let mut whole = Whole { schema: SCHEMA, ..Whole::default() };
    for name in names {
        if let Some(author) = name.strip_prefix("response:") {
            let author = author.parse().map_err(|_| Flaw { at: shown(&name), why: Refusal::UnknownRoot })?;
            // What has only come over the network has no type yet: this says that it is a text.
            let text = doc.get_or_insert_text(&*name);
            whole.responses.insert(author, text.get_string(&doc.transact()));
        } else if !["highlights", "tags", "tag_groups", "notes", "meta"].contains(&&*name) {
            return Err(Flaw { at: shown(&name), why: Refusal::UnknownRoot });
        }
    }
    let txn = doc.transact();
    whole.notes = roots.notes.get_string(&txn);
    schema(&roots.meta, &txn)?;
    each(&roots.tag_groups, &txn, "tag_groups", GroupField::ALL.iter().map(|field| field.key()), |id, fields| {
        whole.tag_groups.insert(id, group(fields)?);
        Ok(())
    })?;
    each(&roots.tags, &txn, "tags", TagField::ALL.iter().map(|field| field.key()), |id, fields| {
        whole.tags.insert(id, tag(fields)?);
        Ok(())
    })?;
    each(&roots.highlights, &txn, "highlights", HighlightField::ALL.iter().map(|field| field.key()), |id, fields| {
        whole.highlights.insert(id, highlight(fields)?);
        Ok(())
    })?;
    references(&whole)?;
    Ok(whole)
}

/// A name of whoever made the document, as errors show it.
fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(60).collect()
}

fn schema(meta: &MapRef, txn: &impl ReadTxn) -> Result<(), Flaw> {
    for (key, value) in meta.iter(txn) {
        let Out::Any(any) = &value else {
            return Err(Flaw { at: format!("meta/{}", shown(key)), why: Refusal::UnknownKind });
        };
        let is_known = key == "schema" && values::number(Some(any)).is_ok_and(|number| number == SCHEMA as f64);
        if !is_known {
            return Err(Flaw { at: format!("meta/{}", shown(key)), why: Refusal::ServerOnly });
        }
    }
    Ok(())
}

/// The fields of one thing.
struct Fields<'t, T> {
    map: MapRef,
    txn: &'t T,
    at: String,
}

/// Goes through a map of things whose keys are ids.
fn each<T: ReadTxn, I: std::str::FromStr>(
    map: &MapRef,
    txn: &T,
    at: &str,
    keys: impl Iterator<Item = &'static str>,
    mut take: impl FnMut(I, &Fields<'_, T>) -> Result<(), Flaw>,
) -> Result<(), Flaw> {
    let known: BTreeSet<&str> = keys.collect();
    for (key, value) in map.iter(txn) {
        let at = format!("{at}/{}", shown(key));
        let id = key.parse().map_err(|_| Flaw { at: at.clone(), why: Refusal::InvalidId })?;
        let Out::YMap(map) = value else { return Err(Flaw { at, why: Refusal::UnknownKind }) };
        if let Some(unknown) = map.keys(txn).find(|key| !known.contains(*key)) {
            return Err(Flaw { at: format!("{at}/{}", shown(unknown)), why: Refusal::UnknownKey });
        }
        take(id, &Fields { map, txn, at })?;
    }
    Ok(())
}

impl<T: ReadTxn> Fields<'_, T> {
    fn at(&self, key: &str) -> String {
        format!("{}/{key}", self.at)
    }

    /// What a check of its value makes of a field.
    fn read<V>(&self, key: &str, check: impl FnOnce(Option<&Any>) -> Result<V, Refusal>) -> Result<V, Flaw> {
        let checked = match self.map.get(self.txn, key) {
            Some(Out::Any(any)) => check(Some(&any)),
            Some(_) => Err(Refusal::UnknownKind),
            None => check(None),
        };
        checked.map_err(|why| Flaw { at: self.at(key), why })
    }

    fn text(&self, key: &str, longest: usize) -> Result<String, Flaw> {
        self.read(key, |any| values::text(any, longest).map(str::to_owned))
    }

    fn optional<V>(
        &self,
        key: &str,
        check: impl FnOnce(Option<&Any>) -> Result<V, Refusal>,
    ) -> Result<Option<V>, Flaw> {
        self.read(key, |any| if values::is_nothing(any) { Ok(None) } else { check(any).map(Some) })
    }

    fn nested(&self, key: &str) -> Result<MapRef, Flaw> {
        match self.map.get(self.txn, key) {
            Some(Out::YMap(map)) => Ok(map),
            Some(_) => Err(Flaw { at: self.at(key), why: Refusal::UnknownKind }),
            None => Err(Flaw { at: self.at(key), why: Refusal::Incomplete }),
        }
    }
}

/// The same text, if `check` has nothing against it.
fn checked(
    any: Option<&Any>,
    longest: usize,
    check: fn(Option<&Any>) -> Result<(), Refusal>,
) -> Result<String, Refusal> {
    check(any)?;
    values::text(any, longest).map(str::to_owned)
}

fn group(fields: &Fields<'_, impl ReadTxn>) -> Result<Group, Flaw> {
    Ok(Group {
        name: fields.read("name", |any| checked(any, usize::MAX, values::name))?,
        colour: fields.optional("colour", |any| checked(any, usize::MAX, values::colour))?,
        order: fields.read("order", values::number)?,
        author: fields.read("author", values::id)?,
        deleted: fields.read("deleted", values::flag)?,
    })
}

fn tag(fields: &Fields<'_, impl ReadTxn>) -> Result<Tag, Flaw> {
    Ok(Tag {
        name: fields.read("name", |any| checked(any, usize::MAX, values::name))?,
        colour: fields.read("colour", |any| checked(any, usize::MAX, values::colour))?,
        description: fields.text("description", values::MAX_DESCRIPTION_CHARS)?,
        group: fields.read("group", values::optional_id)?,
        order: fields.read("order", values::number)?,
        locked: fields.read("locked", values::flag)?,
        author: fields.read("author", values::id)?,
        deleted: fields.read("deleted", values::flag)?,
        merged_into: fields.read("merged_into", values::optional_id)?,
    })
}

fn highlight<T: ReadTxn>(fields: &Fields<'_, T>) -> Result<Highlight, Flaw> {
    let mut tags = BTreeMap::new();
    for (key, value) in fields.nested("tags")?.iter(fields.txn) {
        let at = || fields.at(&format!("tags/{}", shown(key)));
        let id: TagId = key.parse().map_err(|_| Flaw { at: at(), why: Refusal::InvalidId })?;
        let Out::Any(any) = value else { return Err(Flaw { at: at(), why: Refusal::UnknownKind }) };
        tags.insert(id, values::number(Some(&any)).map_err(|why| Flaw { at: at(), why })?);
    }
    let mut comments = BTreeMap::new();
    let keys = CommentField::ALL.iter().map(|field| field.key());
    each(&fields.nested("comments")?, fields.txn, &fields.at("comments"), keys, |id: CommentId, fields| {
        comments.insert(id, comment(fields)?);
        Ok(())
    })?;
    Ok(Highlight {
        targets: fields.read("targets", passages)?,
        author: fields.read("author", values::id)?,
        created_at: fields.read("created_at", values::time)?,
        tags,
        resolved: fields.read("resolved", values::stamp)?,
        deleted: fields.read("deleted", values::stamp)?,
        comments,
    })
}

fn passages(any: Option<&Any>) -> Result<Vec<Target>, Refusal> {
    let targets = values::passages(any)?;
    if targets.iter().any(|target| target.start >= target.end) { Err(Refusal::OutsideMessage) } else { Ok(targets) }
}

/// A comment without words is none that somebody writes, but one that was deleted and restored at once.
fn comment(fields: &Fields<'_, impl ReadTxn>) -> Result<Comment, Flaw> {
    Ok(Comment {
        author: fields.read("author", values::id)?,
        created_at: fields.read("created_at", values::time)?,
        body: fields.text("body", MAX_COMMENT_CHARS)?,
        edited_at: fields.optional("edited_at", values::time)?,
        parent: fields.read("parent", values::optional_id)?,
        deleted: fields.read("deleted", values::flag)?,
    })
}

/// What is named is there, as nothing is ever removed. Merged tags may lead in a circle: two people merged them at once.
fn references(whole: &Whole) -> Result<(), Flaw> {
    let missing = |at: String| Flaw { at, why: Refusal::NoSuchThing };
    for (id, tag) in &whole.tags {
        if tag.group.is_some_and(|group| !whole.tag_groups.contains_key(&group)) {
            return Err(missing(format!("tags/{id}/group")));
        }
        if tag.merged_into.is_some_and(|into| !whole.tags.contains_key(&into)) {
            return Err(missing(format!("tags/{id}/merged_into")));
        }
    }
    for (id, highlight) in &whole.highlights {
        if let Some(tag) = highlight.tags.keys().find(|tag| !whole.tags.contains_key(tag)) {
            return Err(missing(format!("highlights/{id}/tags/{tag}")));
        }
        threads(&highlight.comments).map_err(|(comment, why)| {
            let at = format!("highlights/{id}/comments/{comment}/parent");
            Flaw { at, why }
        })?;
    }
    Ok(())
}

/// Every way from a comment to what it answers has an end, and is no longer than a new comment's may be. Each is walked once.
fn threads(comments: &BTreeMap<CommentId, Comment>) -> Result<(), (CommentId, Refusal)> {
    let mut depths = BTreeMap::<CommentId, usize>::new();
    for &start in comments.keys() {
        let (mut way, mut seen, mut at) = (Vec::new(), BTreeSet::new(), Some(start));
        while let Some(id) = at.filter(|id| !depths.contains_key(id)) {
            if !seen.insert(id) {
                return Err((id, Refusal::InvalidValue));
            }
            way.push(id);
            at = comments.get(&id).ok_or((start, Refusal::NoSuchThing))?.parent;
        }
        let below = at.and_then(|at| depths.get(&at)).copied().unwrap_or(0);
        if below + way.len() > MAX_CHAIN {
            return Err((start, Refusal::TooLong));
        }
        depths.extend(way.into_iter().rev().zip(below + 1..));
    }
    Ok(())
}
