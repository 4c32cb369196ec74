use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use arbitrary::{Arbitrary, Unstructured};
use shared::{
    access::Access,
    document::Roots,
    rules::{Place, Places, Sender, State, review, talk},
    sync::prescan::{Id, Part, parts, prescan},
};
use yrs::{ClientID, Doc, ReadTxn, Transact, Update, updates::decoder::Decode};

use self::{
    conversation::{BEN, MESSAGE, belongings, document},
    edits::{Step, edit},
};
use crate::{changes, seeded};

mod conversation;
mod edits;

const MAX_STEPS: u32 = 12;

/// The Yjs clients of Ann and of the document's first writer: Ben's updates may not go on under them.
const OTHERS: [u64; 2] = [1, 3];

/// Takes what Ben makes of a conversation's document (edits of any kind, allowed or not, then a few bytes changed) as the
/// server does: scanned, surveyed, applied, reviewed. What is taken changes nothing of Ann's, neither now nor when the
/// document is read again, and each unit is remembered as a part of what it is a part of.
pub fn check(bytes: &[u8]) {
    let mut bytes = Unstructured::new(bytes);
    let Ok(update) = make(&mut bytes) else { return };
    let (doc, mut places) = document(4);
    let before = belongings(&doc);
    if !is_taken(&doc, &mut places, &update) {
        return;
    }
    assert_eq!(belongings(&doc), before, "what is Ann's stays as it was");
    let whole = seeded::whole(&doc);
    let again = seeded::empty(5);
    seeded::take(&again, &whole);
    assert_eq!(belongings(&again), before, "also for who reads it later");
    assert_eq!(doc.transact().snapshot(), again.transact().snapshot(), "what was read is what was written");
    remembers(&places, &whole);
}

fn make(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
    let doc = document(2).0;
    let mut seed = doc.transact().state_vector();
    if bool::arbitrary(bytes)? {
        // What is known is said again: changed, it names units that are not what they were.
        seed.set_min(ClientID::new(2), 0);
    }
    let roots = Roots::of(&doc);
    bytes.arbitrary_loop(None, Some(MAX_STEPS), |bytes| {
        edit(&doc, &roots, &Step::arbitrary(bytes)?);
        Ok(ControlFlow::Continue(()))
    })?;
    let mut update = doc.transact().encode_diff_v1(&seed);
    changes::make(&mut update, bytes)?;
    Ok(update)
}

/// The server's way with an update (`rooms::ingest::judge`), for Ben.
fn is_taken(doc: &Doc, places: &mut Places, update: &[u8]) -> bool {
    let vector = doc.transact().state_vector();
    let known = |client: u64| vector.get(&ClientID::new(client));
    let Ok(outline) = prescan(update) else { return false };
    let goes_on = |client: &u64| {
        outline.brings.get(client).and_then(|runs| runs.last()).is_some_and(|run| run.1 > known(*client))
    };
    if outline.gap(known).is_some() || OTHERS.iter().any(goes_on) {
        return false;
    }
    let Ok(survey) = places.survey(update, known) else { return false };
    let roots = Roots::of(doc);
    let before = State::read(&roots, &doc.transact(), &survey.touched);
    let Some(cut) = apply(doc, places, update) else { return false };
    let ben = Sender { author: BEN, access: Access::Annotator, moderates: false };
    let messages = BTreeMap::from([(MESSAGE, 100)]);
    if review(&ben, &survey, &before, (&roots, &doc.transact()), &cut, &messages).is_err() {
        return false;
    }
    for said in talk(&survey, &before, (&roots, &doc.transact())).said {
        assert_eq!(said.author, BEN, "nobody speaks in another's name");
        assert!(![&said.called, &said.answered].into_iter().flatten().any(|person| *person == BEN), "{said:?}");
        assert!(said.called.iter().all(|person| said.mentioned.contains(person)), "{said:?}");
    }
    places.learn(&survey);
    true
}

/// The texts of which something was taken out; `None` if yrs does not take the update.
fn apply(doc: &Doc, places: &Places, update: &[u8]) -> Option<BTreeSet<Place>> {
    let update = Update::decode_v1(update).ok()?;
    let mut txn = doc.transact_mut();
    if txn.apply_update(update).is_err() || txn.has_missing_updates() {
        return None;
    }
    let cut = txn
        .delete_set()
        .iter()
        .flat_map(|(client, runs)| runs.iter().flat_map(move |run| places.within(client.get(), run.start, run.end)));
    Some(cut.filter(|place| place.is_text()).collect())
}

/// What was learned update by update is what the whole says.
fn remembers(places: &Places, whole: &[u8]) {
    let mut anew = Places::default();
    anew.learn_stored(whole, |_| 0);
    let scanned = parts(whole, |part| {
        if let Part::Struct(piece) = part {
            for clock in [piece.start.clock, piece.start.clock + piece.length - 1] {
                let id = Id { clock, ..piece.start };
                let (one, other) = (places.at(id), anew.at(id));
                assert!(one == other || other == Some(Place::Unknown), "{id:?}: {one:?} was {other:?}");
            }
        }
    });
    assert_eq!(scanned, Ok(()));
}
