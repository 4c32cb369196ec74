//! Copies of one document, merged into one: what each of them holds beyond what all began with.

use std::collections::{HashMap, HashSet};

use shared::{
    ids::{ConversationId, UserId},
    sync::MAX_DOCUMENT,
};
use yrs::{Doc, ReadTxn, StateVector, Transact};

use super::{
    Rooms, copies,
    persistence::{self, Failure, Seed},
    tally::Tally,
};

/// Several documents as one.
#[derive(Debug)]
pub struct Merged {
    /// The document, and who wrote in it.
    pub seed: Seed,
    /// Copies that are not in it: they use a Yjs client id under which another copy goes on differently.
    pub left_out: Vec<ConversationId>,
}

/// Why there is no merged document.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// It would be larger than a document may be.
    #[error("the merged document is too large")]
    TooLarge,
    /// A document cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Failure),
}

/// What is merged so far.
struct Heap {
    doc: Doc,
    owners: HashMap<u64, UserId>,
    /// How far the seed reaches.
    seed: StateVector,
    /// Updates taken in, in bytes: at least what the document comes to.
    bytes: usize,
}

impl Heap {
    /// Takes a copy in; `false` if it cannot be told apart from another.
    fn take(&mut self, copy: &persistence::Stored) -> Result<bool, Failure> {
        let doc = copies::load(&copy.state, &copy.updates).map_err(|_| Failure::Damaged)?;
        let txn = doc.transact();
        let beyond = |vector: StateVector| -> HashSet<u64> {
            let grown = vector.iter().filter(|(client, clock)| **clock > self.seed.get(client));
            grown.map(|(client, _)| client.get()).collect()
        };
        let own = beyond(txn.state_vector());
        if !own.is_disjoint(&beyond(self.doc.transact().state_vector())) {
            return Ok(false);
        }
        let update = txn.encode_diff_v1(&self.seed);
        copies::apply(&self.doc, &update).map_err(|_| Failure::Damaged)?;
        self.bytes += update.len();
        let owners = copy.owners();
        self.owners.extend(own.into_iter().filter_map(|client| Some((client, *owners.get(&client)?))));
        Ok(true)
    }
}

impl Rooms {
    /// Merges copies that began with `seed`. Each is read as it is committed; authors stay who they are.
    ///
    /// # Errors
    /// See [`MergeError`].
    pub async fn merge(
        &self,
        seed: Vec<u8>,
        authors: Vec<(u64, UserId)>,
        of: &[ConversationId],
    ) -> Result<Merged, MergeError> {
        let aside = &self.house.aside;
        let begin = move || {
            let doc = copies::load(&seed, &[]).map_err(|_| Failure::Damaged)?;
            let vector = doc.transact().state_vector();
            Ok::<_, Failure>(Heap { doc, owners: authors.into_iter().collect(), seed: vector, bytes: seed.len() })
        };
        let mut heap = aside.run(begin).await.map_err(|_| Failure::Damaged)??;
        let mut left_out = Vec::new();
        for &copy in of {
            let Some(stored) = persistence::load(&self.house.db, copy).await? else { continue };
            let take = move || {
                let taken = heap.take(&stored);
                (heap, taken)
            };
            let (after, taken) = aside.run(take).await.map_err(|_| Failure::Damaged)?;
            heap = after;
            if !taken? {
                left_out.push(copy);
            }
            // Merged they come to less than one by one, but not to a quarter of it.
            if heap.bytes > 4 * MAX_DOCUMENT {
                return Err(MergeError::TooLarge);
            }
        }
        let seed = aside.run(move || finish(heap)).await.map_err(|_| Failure::Damaged)?;
        if seed.state.len() > MAX_DOCUMENT {
            return Err(MergeError::TooLarge);
        }
        Ok(Merged { seed, left_out })
    }
}

fn finish(heap: Heap) -> Seed {
    let highlight_count = i32::try_from(copies::highlight_count(&heap.doc)).unwrap_or(i32::MAX);
    let tally = Tally::of(&heap.doc);
    let state = heap.doc.transact().encode_diff_v1(&StateVector::default());
    Seed { state, highlight_count, tally, clients: heap.owners.into_iter().collect(), epoch: 1 }
}
