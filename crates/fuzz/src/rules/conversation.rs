//! The document of a small conversation: a highlight of Ann's with a comment, a tag of hers, a locked tag, a group, notes
//! and her response, and a highlight and a response of Ben's.

use std::sync::OnceLock;

use shared::{
    document::Roots,
    ids::{CommentId, HighlightId, MessageId, TagGroupId, TagId, UserId},
    rules::Places,
};
use uuid::Uuid;
use yrs::{
    Any, Doc, GetString, In, Map, MapPrelim, MapRef, Out, ReadTxn, Text, Transact, TransactionMut, any, types::ToJson,
};

use crate::{seeded, words};

const fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_c1a2_0000_7000_8000_0000_0000_0000 + number)
}

pub const ANN: UserId = UserId::from_uuid(uuid(1));
/// Whose updates are judged.
pub const BEN: UserId = UserId::from_uuid(uuid(2));
pub const MESSAGE: MessageId = MessageId::from_uuid(uuid(3));
pub const HIGHLIGHT: HighlightId = HighlightId::from_uuid(uuid(4));
pub const COMMENT: CommentId = CommentId::from_uuid(uuid(5));
pub const TAG: TagId = TagId::from_uuid(uuid(6));
pub const LOCKED: TagId = TagId::from_uuid(uuid(7));
pub const GROUP: TagGroupId = TagGroupId::from_uuid(uuid(8));
/// Ben's own.
pub const OWN_HIGHLIGHT: HighlightId = HighlightId::from_uuid(uuid(9));
/// Not there yet.
pub const NEW_HIGHLIGHT: HighlightId = HighlightId::from_uuid(uuid(10));

/// A copy of the document, and what each of its units is a part of.
pub fn document(client: u64) -> (Doc, Places) {
    static SEED: OnceLock<(Vec<u8>, Places)> = OnceLock::new();
    let (state, places) = SEED.get_or_init(|| {
        let state = write();
        let mut places = Places::default();
        places.learn_stored(&state, |_| 0);
        (state, places)
    });
    let doc = seeded::empty(client);
    seeded::take(&doc, state);
    (doc, places.clone())
}

/// What Ben may not change, in words.
pub fn belongings(doc: &Doc) -> Vec<String> {
    let roots = Roots::of(doc);
    let response = doc.get_or_insert_text(response(ANN));
    let txn = doc.transact();
    let field = |map: &Option<MapRef>, key: &str| {
        format!(
            "{key}: {:?}",
            map.as_ref().and_then(|map| map.get(&txn, key)).map(|value| words::of(&value.to_json(&txn)))
        )
    };
    let highlight = nested(&roots.highlights, &txn, &HIGHLIGHT.to_string());
    let comments = highlight.as_ref().and_then(|map| nested(map, &txn, "comments"));
    let comment = comments.and_then(|map| nested(&map, &txn, &COMMENT.to_string()));
    let mut words: Vec<_> = ["targets", "author", "created_at", "deleted"].map(|key| field(&highlight, key)).into();
    let own = nested(&roots.highlights, &txn, &OWN_HIGHLIGHT.to_string());
    words.extend(["author", "created_at"].map(|key| field(&own, key)));
    words.extend(["author", "created_at", "body", "deleted", "parent"].map(|key| field(&comment, key)));
    for tag in [TAG, LOCKED] {
        let tag = nested(&roots.tags, &txn, &tag.to_string());
        words.extend(["name", "colour", "order", "locked", "author", "deleted"].map(|key| field(&tag, key)));
    }
    let group = nested(&roots.tag_groups, &txn, &GROUP.to_string());
    words.extend(["name", "author", "deleted"].map(|key| field(&group, key)));
    words.push(response.get_string(&txn));
    words.push(field(&Some(roots.meta.clone()), "schema"));
    words
}

/// The map under a key, if one is there.
pub fn nested(map: &MapRef, txn: &impl ReadTxn, key: &str) -> Option<MapRef> {
    match map.get(txn, key) {
        Some(Out::YMap(inner)) => Some(inner),
        _ => None,
    }
}

/// The name of somebody's response.
pub fn response(of: UserId) -> String {
    format!("response:{of}")
}

fn write() -> Vec<u8> {
    // The first writer is the server, then Ann.
    let (server, ann) = (seeded::empty(3), seeded::empty(1));
    let roots = Roots::of(&server);
    let mut txn = server.transact_mut();
    roots.meta.insert(&mut txn, "schema", 1);
    for (id, name, locked) in [(TAG, "Claim", false), (LOCKED, "Locked", true)] {
        put_tag(&roots.tags, &mut txn, &id.to_string(), ANN, name, locked);
    }
    drop(txn);
    seeded::take(&ann, &seeded::whole(&server));
    let (roots, answer) = (Roots::of(&ann), ann.get_or_insert_text(response(ANN)));
    let mut txn = ann.transact_mut();
    put_highlight(&roots.highlights, &mut txn, HIGHLIGHT, ANN);
    let highlight = nested(&roots.highlights, &txn, &HIGHLIGHT.to_string());
    let comments = highlight.and_then(|map| nested(&map, &txn, "comments"));
    put_comment(&comments.expect("it was just made"), &mut txn, &COMMENT.to_string(), ANN, "why?");
    let group = [("name", Any::from("Group")), ("order", 1.into()), ("author", ANN.to_string().into())];
    roots.tag_groups.insert(&mut txn, GROUP.to_string(), MapPrelim::from(group));
    roots.notes.push(&mut txn, "shared 😀 notes");
    answer.push(&mut txn, "my answer");
    // Something that is gone.
    roots.notes.remove_range(&mut txn, 0, 3);
    drop(txn);
    let ben = seeded::empty(2);
    seeded::take(&ben, &seeded::whole(&ann));
    let (roots, answer) = (Roots::of(&ben), ben.get_or_insert_text(response(BEN)));
    let mut txn = ben.transact_mut();
    answer.push(&mut txn, "his");
    put_highlight(&roots.highlights, &mut txn, OWN_HIGHLIGHT, BEN);
    roots.notes.push(&mut txn, " and his");
    drop(txn);
    seeded::whole(&ben)
}

pub fn put_highlight(map: &MapRef, txn: &mut TransactionMut<'_>, id: HighlightId, author: UserId) {
    let highlight = [
        ("targets", In::from(targets(3))),
        ("author", In::from(author.to_string())),
        ("created_at", In::from(1.8e12)),
        ("tags", In::from(MapPrelim::from([(TAG.to_string(), 1.5)]))),
        ("resolved", In::from(Any::Null)),
        ("deleted", In::from(Any::Null)),
        ("comments", In::from(MapPrelim::default())),
    ];
    map.insert(txn, id.to_string(), MapPrelim::from(highlight));
}

pub fn targets(start: i64) -> Any {
    let message = MESSAGE.to_string();
    any!([{"message": message, "start": start, "end": 20, "exact": "x", "prefix": "", "suffix": ""}])
}

pub fn put_comment(map: &MapRef, txn: &mut TransactionMut<'_>, id: &str, author: UserId, body: &str) {
    let comment = [("author", Any::from(author.to_string())), ("created_at", 1.8e12.into()), ("body", body.into())];
    map.insert(txn, id, MapPrelim::from(comment));
}

pub fn put_tag(map: &MapRef, txn: &mut TransactionMut<'_>, id: &str, author: UserId, name: &str, locked: bool) {
    let tag = [
        ("name", Any::from(name)),
        ("colour", "#246997".into()),
        ("description", "".into()),
        ("group", Any::Null),
        ("order", 1.5.into()),
        ("locked", locked.into()),
        ("author", author.to_string().into()),
    ];
    map.insert(txn, id, MapPrelim::from(tag));
}
