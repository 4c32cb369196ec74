//! What becomes of a document in which somebody stood who is erased, or whose account becomes part of another.

use std::collections::{BTreeSet, HashMap};

use shared::{
    api::WhenErased,
    document::{self, Purge, Rewritten},
    ids::UserId,
};
use yrs::Doc;

use crate::rooms::persistence::Renamed;

/// Who goes in a conversation, and who stands there then.
#[derive(Debug, Clone)]
pub(super) struct Leaving {
    pub(super) from: UserId,
    pub(super) to: UserId,
    /// What that one is called.
    pub(super) name: String,
    /// Whether it is the same person, by another account of theirs.
    pub(super) is_merged: bool,
    /// Where people are authors by another id, theirs, which stays, and what it is to be called.
    pub(super) alias: Option<(UserId, String)>,
    pub(super) when_erased: WhenErased,
}

/// What became of a document.
pub(super) struct Changed {
    pub(super) is_changed: bool,
    /// Who wrote under which Yjs client.
    pub(super) owners: HashMap<u64, UserId>,
    /// Comments that call them by no name any more.
    pub(super) reworded: Vec<Rewritten>,
    /// What was taken out.
    pub(super) gone: Purge,
}

impl Leaving {
    pub(super) fn ids(&self) -> (UserId, UserId) {
        (self.from, self.to)
    }

    /// What is done to a document in which the id stood so often, and is another already. A second time it changes nothing.
    pub(super) fn change(&self, doc: &Doc, Renamed { count, owners }: Renamed) -> Changed {
        let mut changes = count + document::rename_typed(doc, self.from, self.to);
        let mut reworded = document::rename_mentions(doc, self.to, &self.name);
        if let Some((alias, name)) = &self.alias {
            reworded.extend(document::rename_mentions(doc, *alias, name));
        }
        changes += reworded.len();
        let mut gone = Purge::default();
        if self.when_erased == WhenErased::Erase {
            for author in [Some(self.to), self.alias.as_ref().map(|(alias, _)| *alias)].into_iter().flatten() {
                let said = document::said_by(doc, author);
                changes += document::purge_said(doc, author, &said);
                let own: BTreeSet<u64> =
                    owners.iter().filter(|(_, owner)| **owner == author).map(|(client, _)| *client).collect();
                changes += document::purge_typed(doc, author, &own);
                gone.highlights.extend(said.highlights);
                gone.comments.extend(said.comments);
            }
        }
        Changed { is_changed: changes > 0, owners, reworded, gone }
    }
}
