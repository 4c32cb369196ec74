//! What replicas do to a document; every library does it in its own way, by `docs/annotation-schema.md`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    document::{self, Command, Roots},
    rules::Sender,
};
use yrs::{Any, Doc, GetString, In, Map, MapPrelim, MapRef, Out, Text, Transact, TransactionMut};

/// One edit, which is one transaction and so one update.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    Highlight {
        id: String,
        targets: Value,
        author: String,
        at: i64,
        tag: String,
    },
    Comment {
        highlight: String,
        id: String,
        author: String,
        at: i64,
        body: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
    },
    Reword {
        highlight: String,
        id: String,
        body: String,
        at: i64,
    },
    DeleteComment {
        highlight: String,
        id: String,
    },
    Tag {
        highlight: String,
        tag: String,
        order: i64,
    },
    Untag {
        highlight: String,
        tag: String,
    },
    Resolve {
        highlight: String,
        author: String,
        at: i64,
    },
    Reopen {
        highlight: String,
    },
    Delete {
        highlight: String,
        author: String,
        at: i64,
    },
    Restore {
        highlight: String,
    },
    NewTag {
        id: String,
        author: String,
        name: String,
        colour: String,
        order: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
    },
    NewGroup {
        id: String,
        author: String,
        name: String,
        order: i64,
    },
    /// Replaces a passage of a text.
    Text {
        root: String,
        /// Code points; taken modulo the length of the text, whatever that is by then.
        at: u32,
        /// Code points; those that are there.
        remove: u32,
        insert: String,
    },
}

impl Edit {
    /// Whether it makes new units, and does not only delete some.
    pub fn brings(&self) -> bool {
        match self {
            Self::Untag { .. } => false,
            Self::Text { insert, .. } => !insert.is_empty(),
            _ => true,
        }
    }

    /// Does it as our own client does, by its commands where there are some.
    pub fn make(&self, doc: &Doc, sender: &Sender) {
        let roots = Roots::of(doc);
        if let Self::Text { root, at, remove, insert } = self {
            return replace(doc, root, *at, *remove, insert);
        }
        let txn = &mut doc.transact_mut();
        match self.command() {
            Some((at, command)) => document::execute(&roots, txn, sender, at, command).unwrap(),
            None => self.make_raw(&roots, txn),
        }
    }

    /// The command of it, and its time.
    fn command(&self) -> Option<(i64, Command)> {
        let id = |text: &str| text.parse().unwrap();
        Some(match self {
            Self::Highlight { id, targets, at, tag, .. } => {
                let targets = serde_json::from_value(targets.clone()).unwrap();
                (*at, Command::Highlight { id: id.parse().unwrap(), targets, tag: tag.parse().unwrap() })
            }
            Self::Comment { highlight, id, at, body, parent: None, .. } => {
                let (highlight, id) = (highlight.parse().unwrap(), id.parse().unwrap());
                (*at, Command::Comment { highlight, id, body: body.clone(), parent: None })
            }
            Self::Reword { highlight, id, body, at } => {
                let (highlight, id) = (highlight.parse().unwrap(), id.parse().unwrap());
                (*at, Command::EditComment { highlight, id, body: body.clone() })
            }
            Self::DeleteComment { highlight, id } => {
                (0, Command::DeleteComment { highlight: highlight.parse().unwrap(), id: id.parse().unwrap() })
            }
            Self::Tag { highlight, tag, order } => (*order, Command::AddTag(id(highlight), tag.parse().unwrap())),
            Self::Untag { highlight, tag } => (0, Command::RemoveTag(id(highlight), tag.parse().unwrap())),
            Self::Resolve { highlight, at, .. } => (*at, Command::Resolve(id(highlight))),
            Self::Reopen { highlight } => (0, Command::Reopen(id(highlight))),
            Self::Delete { highlight, at, .. } => (*at, Command::Delete(id(highlight))),
            Self::Restore { highlight } => (0, Command::Restore(id(highlight))),
            Self::Comment { .. } | Self::NewTag { .. } | Self::NewGroup { .. } | Self::Text { .. } => return None,
        })
    }

    /// What there is no command for yet.
    fn make_raw(&self, roots: &Roots, txn: &mut TransactionMut) {
        match self {
            Self::Comment { highlight, id, author, at, body, parent } => {
                let comments = nested(&nested(&roots.highlights, txn, highlight), txn, "comments");
                let mut comment = vec![("author", Any::from(author.as_str())), ("created_at", (*at).into())];
                comment.push(("body", body.as_str().into()));
                comment.extend(parent.as_deref().map(|parent| ("parent", parent.into())));
                comments.insert(txn, id.as_str(), MapPrelim::from_iter(comment));
            }
            Self::NewTag { id, author, name, colour, order, group } => {
                let tag: [(&str, In); 7] = [
                    ("name", name.as_str().into()),
                    ("colour", colour.as_str().into()),
                    ("description", "".into()),
                    ("group", group.as_deref().map_or(Any::Null, Any::from).into()),
                    ("order", (*order as f64).into()),
                    ("locked", false.into()),
                    ("author", author.as_str().into()),
                ];
                roots.tags.insert(txn, id.as_str(), MapPrelim::from_iter(tag));
            }
            Self::NewGroup { id, author, name, order } => {
                let group: [(&str, In); 3] = [
                    ("name", name.as_str().into()),
                    ("order", (*order as f64).into()),
                    ("author", author.as_str().into()),
                ];
                roots.tag_groups.insert(txn, id.as_str(), MapPrelim::from_iter(group));
            }
            other => panic!("there is a command for {other:?}"),
        }
    }
}

fn nested(map: &MapRef, txn: &TransactionMut, key: &str) -> MapRef {
    match map.get(txn, key) {
        Some(Out::YMap(inner)) => inner,
        other => panic!("{key} is {other:?}"),
    }
}

fn replace(doc: &Doc, root: &str, at: u32, remove: u32, insert: &str) {
    let text = doc.get_or_insert_text(root);
    let txn = &mut doc.transact_mut();
    let points: Vec<char> = text.get_string(txn).chars().collect();
    let start = at as usize % (points.len() + 1);
    let end = points.len().min(start + remove as usize);
    let units = |points: &[char]| points.iter().map(|point| point.len_utf16() as u32).sum::<u32>();
    let (from, taken) = (units(&points[..start]), units(&points[start..end]));
    if taken > 0 {
        text.remove_range(txn, from, taken);
    }
    if !insert.is_empty() {
        text.insert(txn, from, insert);
    }
}
