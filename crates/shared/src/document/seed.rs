//! The first update of a new document, made once by the server in the transaction that creates the conversation: two
//! clients that each seeded it would double it.

use yrs::{Map, ReadTxn, StateVector, Transact};

use super::{Roots, SCHEMA, command::tag_prelim, empty};
use crate::ids::{TagId, UserId};

/// A new conversation's tags: name, colour, description. The colours stay apart for readers with any of the common
/// colour-vision deficiencies; a name always stands beside a colour.
pub const DEFAULT_TAGS: [(&str, &str, &str); 6] = [
    ("Claim", "#246997", "Something stated as true"),
    ("Needs a source", "#cd9400", "A claim that nothing supports yet"),
    ("Helpful", "#00a784", "Explains or moves the work on"),
    ("Error", "#9d1d00", "Wrong, and one can say why"),
    ("Question", "#421e8c", "Something to ask or to discuss"),
    ("Prompting", "#68284a", "What the person did to get this answer"),
];

/// The seed of a new document (update v1), its tags made by `author`.
pub fn seed(author: UserId) -> Vec<u8> {
    let doc = empty();
    let roots = Roots::of(&doc);
    let mut txn = doc.transact_mut();
    roots.meta.insert(&mut txn, "schema", SCHEMA);
    for (order, (name, colour, description)) in (1..).zip(DEFAULT_TAGS) {
        let tag = tag_prelim(author, name, colour, description, f64::from(order));
        roots.tags.insert(&mut txn, TagId::new().to_string(), tag);
    }
    txn.encode_diff_v1(&StateVector::default())
}
