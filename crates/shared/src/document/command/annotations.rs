//! Highlights and their threads.

use yrs::{Any, Map, MapPrelim, MapRef, ReadTxn, TransactionMut, any};

use super::{Refusal, existing, existing_comment, live_tag, nested};
use crate::{
    document::{
        MAX_COMMENT_CHARS, Roots, Stamp,
        picture::{current_tag, optional},
    },
    ids::{CommentId, HighlightId, TagId, UserId},
    selector::{self, Target},
};

/// Who, and when (milliseconds since 1970).
type By = (UserId, i64);

fn checked_body(body: &str) -> Result<&str, Refusal> {
    let body = body.trim();
    match body.chars().count() {
        0 => Err(Refusal::EmptyComment),
        n if n > MAX_COMMENT_CHARS => Err(Refusal::LongComment),
        _ => Ok(body),
    }
}

/// Targets as one value: they change together or not at all.
pub(in crate::document) fn targets_value(targets: &[Target]) -> Result<Any, Refusal> {
    if targets.is_empty() {
        return Err(Refusal::NoTarget);
    }
    selector::check_size(targets).map_err(|_| Refusal::LongTarget)?;
    let json = serde_json::to_string(targets).map_err(|_| Refusal::NoTarget)?;
    Any::from_json(&json).map_err(|_| Refusal::NoTarget)
}

pub(super) fn add(
    roots: &Roots,
    txn: &mut TransactionMut,
    (author, now): By,
    id: HighlightId,
    targets: &[Target],
    tag: TagId,
) -> Result<(), Refusal> {
    let targets = targets_value(targets)?;
    live_tag(roots, txn, tag)?;
    let fields: [(&str, yrs::In); 7] = [
        ("targets", targets.into()),
        ("author", author.to_string().into()),
        ("created_at", now.into()),
        // The place on the board: by time, until somebody moves it.
        ("tags", MapPrelim::from_iter([(tag.to_string(), now as f64)]).into()),
        ("resolved", Any::Null.into()),
        ("deleted", Any::Null.into()),
        ("comments", MapPrelim::default().into()),
    ];
    roots.highlights.insert(txn, id.to_string(), MapPrelim::from_iter(fields));
    Ok(())
}

pub(super) fn attach(
    roots: &Roots,
    txn: &mut TransactionMut,
    id: HighlightId,
    targets: &[Target],
) -> Result<(), Refusal> {
    let highlight = existing(roots, txn, id)?;
    highlight.insert(txn, "targets", targets_value(targets)?);
    Ok(())
}

/// Sets or takes back one of the marks that bear a name and a time.
pub(super) fn mark(
    roots: &Roots,
    txn: &mut TransactionMut,
    id: HighlightId,
    key: &str,
    by: Option<By>,
) -> Result<(), Refusal> {
    let stamp = by.map_or(Any::Null, |(by, at)| any!({"by": by.to_string(), "at": at}));
    existing(roots, txn, id)?.insert(txn, key, stamp);
    Ok(())
}

/// What is deleted already is as it should be, and who deleted it stays who deleted it.
pub(super) fn delete(roots: &Roots, txn: &mut TransactionMut, by: By, id: HighlightId) -> Result<(), Refusal> {
    if optional::<Stamp>(&existing(roots, txn, id)?, txn, "deleted").is_some() {
        return Ok(());
    }
    mark(roots, txn, id, "deleted", Some(by))
}

pub(super) fn comment(
    roots: &Roots,
    txn: &mut TransactionMut,
    (author, now): By,
    highlight: HighlightId,
    (id, parent): (CommentId, Option<CommentId>),
    body: &str,
) -> Result<(), Refusal> {
    let body = checked_body(body)?;
    let thread = nested(&existing(roots, txn, highlight)?, txn, "comments").ok_or(Refusal::NoHighlight)?;
    let mut comment: Vec<(&str, Any)> =
        vec![("author", author.to_string().into()), ("created_at", now.into()), ("body", body.into())];
    if let Some(parent) = parent {
        existing_comment(roots, txn, highlight, parent)?;
        comment.push(("parent", parent.to_string().into()));
    }
    thread.insert(txn, id.to_string(), MapPrelim::from_iter(comment));
    Ok(())
}

pub(super) fn edit_comment(
    roots: &Roots,
    txn: &mut TransactionMut,
    now: i64,
    (highlight, id): (HighlightId, CommentId),
    body: &str,
) -> Result<(), Refusal> {
    let body = checked_body(body)?;
    let comment = existing_comment(roots, txn, highlight, id)?;
    comment.insert(txn, "body", body);
    comment.insert(txn, "edited_at", now);
    Ok(())
}

pub(super) fn delete_comment(
    roots: &Roots,
    txn: &mut TransactionMut,
    (highlight, id): (HighlightId, CommentId),
) -> Result<(), Refusal> {
    let comment = existing_comment(roots, txn, highlight, id)?;
    comment.insert(txn, "body", "");
    comment.insert(txn, "deleted", true);
    Ok(())
}

pub(super) fn restore_comment(
    roots: &Roots,
    txn: &mut TransactionMut,
    (highlight, id): (HighlightId, CommentId),
    body: &str,
) -> Result<(), Refusal> {
    let body = checked_body(body)?;
    let comment = existing_comment(roots, txn, highlight, id)?;
    comment.insert(txn, "deleted", false);
    comment.insert(txn, "body", body);
    Ok(())
}

fn tags_of(roots: &Roots, txn: &impl ReadTxn, id: HighlightId) -> Result<MapRef, Refusal> {
    nested(&existing(roots, txn, id)?, txn, "tags").ok_or(Refusal::NoHighlight)
}

/// Puts a tag on a highlight, at this place on the board, or moves it there.
pub(super) fn place(
    roots: &Roots,
    txn: &mut TransactionMut,
    id: HighlightId,
    tag: TagId,
    order: f64,
) -> Result<(), Refusal> {
    let tags = tags_of(roots, txn, id)?;
    live_tag(roots, txn, tag)?;
    tags.try_update(txn, tag.to_string(), order);
    Ok(())
}

/// Takes a tag off a highlight, and with it those that were merged into it.
pub(super) fn untag(roots: &Roots, txn: &mut TransactionMut, id: HighlightId, tag: TagId) -> Result<(), Refusal> {
    let tags = tags_of(roots, txn, id)?;
    let is_it = |key: &&str| key.parse().is_ok_and(|own| own == tag || current_tag(roots, txn, own) == tag);
    let keys: Vec<String> = tags.keys(txn).filter(is_it).map(str::to_owned).collect();
    for key in keys {
        tags.remove(txn, &key);
    }
    Ok(())
}
