use shared::sync::prescan::{self, prescan};
use yrs::{
    ReadTxn, StateVector, Transact,
    updates::{decoder::Decode, encoder::Encode},
};

use crate::{memory, seeded};

/// Takes bytes as the server takes a SyncStep1: what passes the scan is answered, and the answer is an update.
pub fn check(vector: &[u8]) {
    if memory::within(16, vector, || prescan::state_vector(vector)).is_err() {
        return;
    }
    let decoded = memory::within(256, vector, || StateVector::decode_v1(vector)).expect("the scan says that it is one");
    assert_eq!(prescan::state_vector(&decoded.encode_v1()), Ok(()), "what yrs writes is never refused");
    let doc = seeded::document(4);
    let answer = memory::within(256, vector, || doc.transact().encode_diff_v1(&decoded));
    let outline = prescan(&answer).expect("what yrs writes is never refused");
    // A client that has less than it says gets too little, and that is its own affair; but no more than there is.
    let known = doc.transact().state_vector();
    for (client, runs) in &outline.brings {
        let client = yrs::ClientID::new(*client);
        assert!(runs.iter().all(|run| run.0 >= decoded.get(&client) && run.1 <= known.get(&client)), "{outline:?}");
    }
}
