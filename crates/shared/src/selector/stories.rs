//! Test only: what becomes of targets when texts change.

use proptest::prelude::*;

use super::*;
use crate::text::sample::mixed_text;

const LESSON: &str = "The cell membrane is a thin barrier. It decides what enters and what leaves the cell. \
    Proteins in the membrane carry larger molecules across it.\nThe cell wall is a thick barrier. It gives plants their shape. \
    Bacteria have one too, made of other stuff.";

fn target(text: &str, quote: &str) -> Target {
    let map = OffsetMap::new(text);
    let byte = text.find(quote).expect("the quote is in the text");
    let start = map.byte_to_char(ByteOffset(byte as u32)).expect("a boundary");
    let end = CharOffset(start.0 + quote.chars().count() as u32);
    Target::describe(MessageId::new(), text, &map, start..end).expect("selectable")
}

fn found<'text>(target: &Target, text: &'text str) -> (&'static str, &'text str) {
    let map = OffsetMap::new(text);
    let anchor = resolve(target, text, &map);
    let piece = anchor.range().map(|(start, end)| map.slice(text, start, end).expect("an anchor lies in its text"));
    (anchor.name(), piece.unwrap_or_default())
}

#[test]
fn a_passage_that_text_was_put_before_has_moved() {
    let target = target(LESSON, "It gives plants their shape.");
    let text = format!("A new beginning, 🎉 and long. {LESSON}");
    assert_eq!(found(&target, &text), ("moved", "It gives plants their shape."));
}

#[test]
fn a_lone_quote_in_foreign_surroundings_has_moved() {
    let target = target(LESSON, "what enters and what leaves");
    let text = "Totally other words, and then: what enters and what leaves, said somebody else.";
    assert_eq!(found(&target, text), ("moved", "what enters and what leaves"));
}

#[test]
fn an_edited_passage_is_found_with_its_new_words() {
    let target = target(LESSON, "It decides what enters and what leaves the cell.");
    let text = LESSON.replace("It decides what enters and what leaves", "It regulates what enters and leaves");
    assert_eq!(found(&target, &text), ("moved", "It regulates what enters and leaves the cell."));
}

#[test]
fn the_edited_passage_wins_over_the_same_words_elsewhere() {
    let target = target("One says the cats sleep here all day. Two says nothing at all.", "cats sleep");
    let text = "One says the cat sleeps here all day. Two says nothing at all, or that cats sleep.";
    let (anchor, piece) = found(&target, text);
    assert_eq!((anchor, piece), ("moved", "cat sleep"));
}

#[test]
fn a_deleted_passage_is_lost_though_another_resembles_it() {
    let target = target(LESSON, "The cell membrane is a thin barrier.");
    let text =
        LESSON.replace("The cell membrane is a thin barrier. It decides what enters and what leaves the cell. ", "");
    assert_eq!(found(&target, &text), ("lost", ""));
}

#[test]
fn of_several_occurrences_the_surroundings_choose() {
    let text = "red apple pie for ann. green apple pie for bob. brown apple pie for cat.";
    let map = OffsetMap::new(text);
    let byte = text.find("green").expect("there") as u32 + 6;
    let target =
        Target::describe(MessageId::new(), text, &map, CharOffset(byte)..CharOffset(byte + 9)).expect("selectable");
    assert_eq!(found(&target, text), ("exact", "apple pie"));
    let edited = format!("{} {text}", "Some words more than there were.".repeat(3));
    let resolved = resolve(&target, &edited, &OffsetMap::new(&edited)).range().expect("found");
    assert_eq!(resolved.0.0, byte + 97);
}

#[test]
fn twins_that_nothing_tells_apart_are_lost() {
    let twin = "x".repeat(40) + "the twin" + &"x".repeat(40);
    let text = format!("{twin}{twin}");
    let target = target(&text, "the twin");
    let shifted = format!("{}{text}", "y".repeat(44));
    assert_eq!(found(&target, &shifted), ("lost", ""));
    let close = format!("yy{twin}{}{twin}", "z".repeat(300));
    let (anchor, _) = found(&target, &close);
    assert_eq!(anchor, "moved");
    assert_eq!(resolve(&target, &close, &OffsetMap::new(&close)).range().map(|range| range.0), Some(CharOffset(42)));
}

#[test]
fn frequent_words_without_their_surroundings_are_lost() {
    let target = target("Here stands the word in its own place.", "the");
    let text = "Of the many, and the few, and the none; they are all the same.".repeat(50);
    assert_eq!(found(&target, &text), ("lost", ""));
}

#[test]
fn the_same_word_by_chance_at_the_old_place_is_not_taken() {
    let target = target("0123456789 whatever came before it: yes, and whatever came behind it", "yes");
    let text = "A wholly different text in this place yes but nothing of it is alike at all. \
        0123456789 whatever came before it: yes, and whatever came behind it";
    let mut shifted = target;
    shifted.start = CharOffset(text.find("yes").expect("there") as u32);
    shifted.end = CharOffset(shifted.start.0 + 3);
    let map = OffsetMap::new(text);
    assert_eq!(resolve(&shifted, text, &map).range().map(|range| range.0.0), text.rfind("yes").map(|at| at as u32));
    let foreign = Target { prefix: "p".into(), suffix: "s".into(), ..shifted };
    assert_eq!(
        found(&foreign, text),
        ("moved", "yes"),
        "where it was, in surroundings that are not its own: somebody looks"
    );
}

#[test]
fn what_was_imported_as_lost_stays_lost() {
    let lost = Target { lost: true, ..target(LESSON, "thin barrier") };
    assert_eq!(found(&lost, LESSON), ("lost", ""));
}

#[test]
fn forged_and_enormous_targets_are_answered() {
    let long = "ab ".repeat(350_000);
    let map = OffsetMap::new(&long);
    let quote = |exact: String| Target {
        message: MessageId::new(),
        start: CharOffset(u32::MAX - 1),
        end: CharOffset(u32::MAX),
        exact,
        prefix: "ab ".repeat(11),
        suffix: "ab ".repeat(11),
        lost: false,
    };
    for exact in [
        "",
        "a",
        "ab ",
        "ax ab ab",
        &"ab ".repeat(3_000),
        &"ba ".repeat(3_000),
        &"x".repeat(10_000),
        &"ab ".repeat(400_000),
    ] {
        let anchor = resolve(&quote(exact.to_owned()), &long, &map);
        assert!(!matches!(anchor, Anchor::Exact { .. }), "{anchor:?} for {} bytes", exact.len());
    }
}

proptest! {
    #[test]
    fn a_unique_passage_follows_what_is_put_before_it(before in mixed_text(), text in mixed_text(), tail in mixed_text(), more in "[q-s ]{1,200}") {
        let passage = "ONE unique PASSAGE";
        let old = format!("{before}{text} {passage} {tail}");
        let target = target(&old, passage);
        let new = format!("{more}{old}");
        let map = OffsetMap::new(&new);
        let start = CharOffset(target.start.0 + more.chars().count() as u32);
        let end = CharOffset(target.end.0 + more.chars().count() as u32);
        prop_assert_eq!(resolve(&target, &new, &map), Anchor::Moved { start, end });
    }

    #[test]
    fn every_anchor_lies_in_the_text(old in mixed_text(), new in mixed_text(), start in 0u32..60, len in 1u32..40) {
        let map = OffsetMap::new(&old);
        let end = CharOffset((start + len).min(map.end().0));
        if let Ok(target) = Target::describe(MessageId::new(), &old, &map, CharOffset(start)..end) {
            let map = OffsetMap::new(&new);
            if let Some((start, end)) = resolve(&target, &new, &map).range() {
                prop_assert!(map.slice(&new, start, end).is_some_and(|piece| !piece.is_empty()));
            }
        }
    }
}
