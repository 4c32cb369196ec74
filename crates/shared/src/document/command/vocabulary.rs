//! Tags and their groups.

use yrs::{Any, Map, MapPrelim, ReadTxn, TransactionMut};

use super::{Refusal, existing_group, existing_tag, live_tag};
use crate::{
    document::{
        MAX_TAG_NAME_CHARS, Roots,
        picture::{current_tag, groups, highlights, tags},
    },
    ids::{TagGroupId, TagId, UserId},
    letters, rules,
};

fn checked_name(name: &str) -> Result<&str, Refusal> {
    let name = name.trim();
    let is_name = (1..=MAX_TAG_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if is_name { Ok(name) } else { Err(Refusal::TagName) }
}

/// Two tags of one name could not be told apart.
fn is_free(roots: &Roots, txn: &impl ReadTxn, id: TagId, name: &str) -> Result<(), Refusal> {
    let same = |known: &str| letters::lower(known) == letters::lower(name);
    if tags(roots, txn).iter().any(|tag| tag.id != id && same(&tag.name)) { Err(Refusal::TagExists) } else { Ok(()) }
}

/// A tag as it is stored.
pub(in crate::document) fn tag_prelim(
    author: UserId,
    name: &str,
    colour: &str,
    description: &str,
    order: f64,
) -> MapPrelim {
    MapPrelim::from_iter([
        ("name", Any::from(name)),
        ("colour", Any::from(colour)),
        ("description", Any::from(description)),
        ("group", Any::Null),
        ("order", Any::from(order)),
        ("locked", Any::from(false)),
        ("author", Any::from(author.to_string())),
    ])
}

pub(super) fn add(
    roots: &Roots,
    txn: &mut TransactionMut,
    author: UserId,
    id: TagId,
    name: &str,
    colour: &str,
) -> Result<(), Refusal> {
    let name = checked_name(name)?;
    is_free(roots, txn, id, name)?;
    let last = tags(roots, txn).last().map_or(0.0, |tag| tag.order);
    roots.tags.insert(txn, id.to_string(), tag_prelim(author, name, colour, "", last + 1.0));
    Ok(())
}

/// What an edit of a tag says: its name, colour, description and group.
type Said<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<Option<TagGroupId>>);

/// Sets what is said. All of it is looked at before anything is written.
pub(super) fn edit(
    roots: &Roots,
    txn: &mut TransactionMut,
    id: TagId,
    (name, colour, description, group): Said<'_>,
) -> Result<(), Refusal> {
    let tag = existing_tag(roots, txn, id)?;
    let name = name.map(checked_name).transpose()?;
    if let Some(name) = name {
        is_free(roots, txn, id, name)?;
    }
    if description.is_some_and(|description| description.chars().count() > rules::MAX_DESCRIPTION_CHARS) {
        return Err(Refusal::LongDescription);
    }
    if let Some(Some(group)) = group {
        existing_group(roots, txn, group)?;
    }
    for (key, value) in [("name", name), ("colour", colour), ("description", description)] {
        if let Some(value) = value {
            tag.try_update(txn, key, value);
        }
    }
    if let Some(group) = group {
        tag.try_update(txn, "group", group.map_or(Any::Null, |group| group.to_string().into()));
    }
    Ok(())
}

/// Sets one field.
pub(super) fn set(
    roots: &Roots,
    txn: &mut TransactionMut,
    id: TagId,
    key: &str,
    value: impl Into<Any>,
) -> Result<(), Refusal> {
    existing_tag(roots, txn, id)?.insert(txn, key, value.into());
    Ok(())
}

pub(super) fn delete(roots: &Roots, txn: &mut TransactionMut, id: TagId) -> Result<(), Refusal> {
    if highlights(roots, txn).iter().any(|highlight| highlight.tags.iter().any(|(tag, _)| *tag == id)) {
        return Err(rules::Refusal::InUse.into());
    }
    set(roots, txn, id, "deleted", true)
}

pub(super) fn restore(roots: &Roots, txn: &mut TransactionMut, id: TagId) -> Result<(), Refusal> {
    let tag = existing_tag(roots, txn, id)?;
    tag.insert(txn, "deleted", false);
    tag.insert(txn, "merged_into", Any::Null);
    Ok(())
}

/// The merged tag is marked deleted too, for readers that know nothing of merging.
pub(super) fn merge(roots: &Roots, txn: &mut TransactionMut, from: TagId, into: TagId) -> Result<(), Refusal> {
    live_tag(roots, txn, into)?;
    if current_tag(roots, txn, into) == from {
        return Err(Refusal::MergeIntoItself);
    }
    let tag = existing_tag(roots, txn, from)?;
    tag.insert(txn, "merged_into", into.to_string());
    tag.insert(txn, "deleted", true);
    Ok(())
}

pub(super) fn add_group(
    roots: &Roots,
    txn: &mut TransactionMut,
    author: UserId,
    id: TagGroupId,
    name: &str,
) -> Result<(), Refusal> {
    let name = checked_name(name)?;
    let last = groups(roots, txn).last().map_or(0.0, |group| group.order);
    let fields: [(&str, Any); 3] =
        [("name", name.into()), ("order", (last + 1.0).into()), ("author", author.to_string().into())];
    roots.tag_groups.insert(txn, id.to_string(), MapPrelim::from_iter(fields));
    Ok(())
}

pub(super) fn rename_group(roots: &Roots, txn: &mut TransactionMut, id: TagGroupId, name: &str) -> Result<(), Refusal> {
    let name = checked_name(name)?;
    existing_group(roots, txn, id)?.insert(txn, "name", name);
    Ok(())
}

/// Sets one field of a group.
pub(super) fn set_group(
    roots: &Roots,
    txn: &mut TransactionMut,
    id: TagGroupId,
    key: &str,
    value: impl Into<Any>,
) -> Result<(), Refusal> {
    existing_group(roots, txn, id)?.insert(txn, key, value.into());
    Ok(())
}
