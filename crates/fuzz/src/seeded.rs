//! A small document with one of everything, for hostile bytes to meet.

use std::sync::OnceLock;

use yrs::{
    Any, Array, ArrayPrelim, ClientID, Doc, Map, MapPrelim, OffsetKind, Options, ReadTxn, StateVector, Text,
    TextPrelim, Transact, Update, XmlElementPrelim, XmlFragment, XmlTextPrelim, updates::decoder::Decode,
};

/// The Yjs client ids of its three writers: small, so that bytes made at random name them often.
pub const WRITERS: [u64; 3] = [1, 2, 3];

/// A document as the server's are.
pub fn empty(client: u64) -> Doc {
    Doc::with_options(Options {
        client_id: ClientID::new(client),
        offset_kind: OffsetKind::Utf16,
        skip_gc: false,
        cleanup_formatting: false,
        ..Options::default()
    })
}

/// A copy of the document, of its own.
pub fn document(client: u64) -> Doc {
    let doc = empty(client);
    take(&doc, state());
    doc
}

/// The document as one update.
pub fn state() -> &'static [u8] {
    static STATE: OnceLock<Vec<u8>> = OnceLock::new();
    STATE.get_or_init(write)
}

/// All of a document.
pub fn whole(doc: &Doc) -> Vec<u8> {
    doc.transact().encode_diff_v1(&StateVector::default())
}

/// Applies an update that is known to be one.
pub fn take(doc: &Doc, update: &[u8]) {
    let update = Update::decode_v1(update).expect("yrs wrote it");
    doc.transact_mut().apply_update(update).expect("yrs wrote it");
}

/// What three people wrote, met and wrote again.
fn write() -> Vec<u8> {
    let docs = WRITERS.map(empty);
    for round in [begin, go_on, remove] {
        for doc in &docs {
            round(doc);
        }
        let updates = docs.each_ref().map(whole);
        for doc in &docs {
            updates.iter().for_each(|update| take(doc, update));
        }
    }
    whole(&docs[0])
}

fn begin(doc: &Doc) {
    let (highlights, notes) = (doc.get_or_insert_map("highlights"), doc.get_or_insert_text("notes"));
    let list = doc.get_or_insert_array("list");
    let me = doc.client_id().get().to_string();
    let mut txn = doc.transact_mut();
    let highlight = highlights.insert(&mut txn, me.clone(), MapPrelim::from([("author", me)]));
    let comments = highlight.insert(&mut txn, "comments", MapPrelim::default());
    comments.insert(&mut txn, "c", MapPrelim::from([("body", "why?")]));
    let values = [Any::Null, 1.5.into(), (1_i64 << 40).into(), "x".into(), vec![1_u8, 2].into(), Any::Undefined];
    highlight.insert(&mut txn, "targets", Any::Array(values.into()));
    notes.push(&mut txn, "a😀b");
    list.push_back(&mut txn, TextPrelim::new("in a list"));
}

fn go_on(doc: &Doc) {
    let (notes, list) = (doc.get_or_insert_text("notes"), doc.get_or_insert_array("list"));
    let xml = doc.get_or_insert_xml_fragment("xml");
    let mut txn = doc.transact_mut();
    notes.insert(&mut txn, 1, "é");
    notes.format(&mut txn, 0, 1, [("bold".into(), true.into())].into());
    notes.insert_embed(&mut txn, 2, Any::from("embed"));
    list.insert(&mut txn, 0, ArrayPrelim::from([1, 2, 3]));
    list.push_back(&mut txn, vec![1_u8, 2, 3]);
    xml.push_back(&mut txn, XmlElementPrelim::empty("p"));
    xml.push_back(&mut txn, XmlTextPrelim::new("xml"));
}

/// Leaves marks of what is gone, and places of what was forgotten with it.
fn remove(doc: &Doc) {
    let (highlights, notes) = (doc.get_or_insert_map("highlights"), doc.get_or_insert_text("notes"));
    let list = doc.get_or_insert_array("list");
    let me = doc.client_id().get();
    let mut txn = doc.transact_mut();
    if me != WRITERS[2] {
        highlights.remove(&mut txn, &me.to_string());
    }
    list.remove(&mut txn, 1);
    notes.remove_range(&mut txn, 0, 2);
}
