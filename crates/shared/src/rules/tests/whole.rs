//! Documents as a whole: what people within the rules can make is read, and written again it says the same.

use proptest::prelude::*;

use super::{
    commands::{Choice, command, does},
    *,
};
use crate::document::whole::{NewIds, Whole};

/// What is wrong with a highlight then.
type Edit = fn(&MapRef, &mut TransactionMut);

/// The document of a world in which people did something, with texts of theirs.
fn world(choices: Vec<(u8, Choice)>, notes: &str, answer: &str) -> World {
    let mut world = World::new();
    let people = [world.people.ann, world.people.ben, world.people.eve, world.people.olga];
    for (now, (who, choice)) in (NOW + 1..).zip(choices) {
        if let Some(command) = command(&world, choice) {
            does(&mut world, &people[usize::from(who)], now, &command);
        }
    }
    let ann = world.people.ann;
    let mention = format!("[@Ben](mention:{}) {notes} /c/x#h={}", people[1].author, world.highlight);
    world.must(&ann, |roots, txn| roots.notes.insert(txn, 0, &mention));
    let own = format!("response:{}", ann.author);
    world.doc.get_or_insert_text(own).insert(&mut world.doc.transact_mut(), 0, answer);
    world
}

fn read(update: &[u8]) -> Whole {
    whole(&Peer::of(update).doc).unwrap()
}

/// Ids by the order in which they first come, as in any other document that says the same.
fn without_ids(whole: &Whole) -> String {
    let mut json = serde_json::to_string_pretty(whole).unwrap();
    let mut count = 0;
    while let Some(at) = (0..json.len().saturating_sub(36))
        .find(|&at| json.get(at..at + 36).is_some_and(|id| id.parse::<UserId>().is_ok()))
    {
        let id = json[at..at + 36].to_owned();
        json = json.replace(&id, &format!("ID-{count}"));
        count += 1;
    }
    json
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_people_made_is_the_same_when_it_is_written_again_under_other_ids_too(
        choices in proptest::collection::vec((0u8..4, any::<Choice>()), 1..32), notes in "\\PC{0,20}", answer in "\\PC{0,20}",
    ) {
        let world = world(choices, &notes, &answer);
        let before = whole(&world.doc).unwrap();
        prop_assert_eq!(&read(&before.write().unwrap()), &before);

        let mut ids = NewIds::default();
        let message = ids.message(world.message);
        let other = read(&before.clone().under(&mut ids).write().unwrap());
        prop_assert_eq!(without_ids(&other), without_ids(&before));
        let json = serde_json::to_string(&other).unwrap();
        for id in before.people().iter().map(ToString::to_string).chain(before.highlights.keys().map(ToString::to_string)) {
            prop_assert!(!json.contains(&id), "{} is still there", id);
        }
        prop_assert!(other.highlights.values().all(|highlight| highlight.targets[0].message == message));
    }
}

#[test]
fn what_no_rule_allows_is_named_with_its_place() {
    let good = || {
        let world = World::new();
        (world.highlight, world.comment, world)
    };
    let edits: [(&str, Edit); 12] = [
        ("author", |map, txn| {
            map.insert(txn, "author", "nobody");
        }),
        ("created_at", |map, txn| {
            map.insert(txn, "created_at", 1.5);
        }),
        ("targets", |map, txn| {
            map.insert(txn, "targets", any!([]));
        }),
        ("targets", |map, txn| {
            map.insert(txn, "targets", targets(MessageId::new(), 7, 3));
        }),
        ("targets", |map, txn| {
            map.insert(txn, "targets", any!([{"message": "x"}]));
        }),
        ("resolved", |map, txn| {
            map.insert(txn, "resolved", any!({"by": "x", "at": 1}));
        }),
        ("deleted", |map, txn| {
            map.insert(txn, "deleted", true);
        }),
        ("tags", |map, txn| {
            map.insert(txn, "tags", 1);
        }),
        ("comments", |map, txn| {
            map.insert(txn, "comments", "none");
        }),
        ("secret", |map, txn| {
            map.insert(txn, "secret", 1);
        }),
        ("author", |map, txn| {
            let _ = map.remove(txn, "author");
        }),
        ("author", |map, txn| {
            map.insert(txn, "author", MapPrelim::default());
        }),
    ];
    for (key, edit) in edits {
        let (highlight, _, world) = good();
        let mut txn = world.doc.transact_mut();
        let map = inner(&world.roots.highlights, &txn, &highlight.to_string());
        edit(&map, &mut txn);
        drop(txn);
        assert_eq!(whole(&world.doc).unwrap_err().at, format!("highlights/{highlight}/{key}"));
    }
    let (highlight, comment, world) = good();
    let at = format!("highlights/{highlight}/comments/{comment}/");
    let mut txn = world.doc.transact_mut();
    let comments = inner(&inner(&world.roots.highlights, &txn, &highlight.to_string()), &txn, "comments");
    let map = inner(&comments, &txn, &comment.to_string());
    map.insert(&mut txn, "parent", comment.to_string());
    drop(txn);
    let circle = whole(&world.doc).unwrap_err();
    assert_eq!((circle.at, circle.why), (format!("{at}parent"), Refusal::InvalidValue), "it answers itself");
    map.insert(&mut world.doc.transact_mut(), "parent", CommentId::new().to_string());
    let missing = whole(&world.doc).unwrap_err();
    assert_eq!((missing.at, missing.why), (format!("{at}parent"), Refusal::NoSuchThing));
    let mut last = comment;
    map.insert(&mut world.doc.transact_mut(), "parent", Any::Null);
    for count in 1..=1_000 {
        if count == 1_000 {
            assert_eq!(whole(&world.doc).map(drop), Ok(()), "as long as a thread may be");
        }
        let id = CommentId::new();
        let mut answer = comment_of(world.people.ann.author, "again");
        answer.insert("parent".into(), In::from(last.to_string()));
        comments.insert(&mut world.doc.transact_mut(), id.to_string(), answer);
        last = id;
    }
    let deep = whole(&world.doc).unwrap_err();
    assert_eq!((deep.at.ends_with("/parent"), deep.why), (true, Refusal::TooLong));
    map.insert(&mut world.doc.transact_mut(), "body", "x".repeat(20_000));
    let long = whole(&world.doc).unwrap_err();
    assert_eq!((long.at, long.why), (format!("{at}body"), Refusal::TooLong));
}
