//! Test only: how good anchors are. Texts are edited by a seeded generator that knows where every letter went; each target
//! of the old text is then looked for in the new one, and what is answered is held against the truth.
//!
//! `cargo xtask bench anchors` puts the table that this prints into `docs/BENCHMARKS.md`.

mod edits;
mod texts;

use super::{Anchor, CONTEXT_CHARS, Target, context, resolve};
use crate::{
    ids::MessageId,
    text::{CharOffset, OffsetMap},
};

use self::{
    edits::{Family, Letter, Text},
    texts::Random,
};

/// Texts of each family and script.
const TEXTS: u64 = 24;
/// Targets of each text.
const TARGETS: usize = 12;

/// What became of the targets of a family.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    targets: usize,
    exact_right: usize,
    /// Another occurrence that has come to stand in the same place, in the same surroundings: nothing that a target
    /// stores, and nothing that a reader sees there, tells the two apart.
    exact_twin: usize,
    exact_wrong: usize,
    moved_right: usize,
    moved_wrong: usize,
    /// Its words were deleted, and it is said to be lost.
    lost_right: usize,
    /// Its words are there, at least half of them, and it is said to be lost.
    lost_wrong: usize,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.targets += other.targets;
        self.exact_right += other.exact_right;
        self.exact_twin += other.exact_twin;
        self.exact_wrong += other.exact_wrong;
        self.moved_right += other.moved_right;
        self.moved_wrong += other.moved_wrong;
        self.lost_right += other.lost_right;
        self.lost_wrong += other.lost_wrong;
    }

    fn row(&self, name: &str) -> String {
        let share = |count: usize| match count {
            0 => "0".to_owned(),
            count => format!("{count} ({:.1} %)", count as f64 * 100.0 / self.targets as f64),
        };
        let cells = [
            self.exact_right,
            self.exact_twin,
            self.exact_wrong,
            self.moved_right,
            self.moved_wrong,
            self.lost_right,
            self.lost_wrong,
        ];
        format!("| {name} | {} | {} |", self.targets, cells.map(share).join(" | "))
    }
}

/// Where the words of a target are now.
#[derive(Debug, PartialEq)]
enum Truth {
    /// Together and unchanged.
    Whole(usize, usize),
    /// At least half of them, with others among them or some of them missing.
    Changed,
    /// Deleted, or torn apart.
    Gone,
}

fn truth(new: &Text, target: &Target) -> Truth {
    let own = target.start.0 as usize..target.end.0 as usize;
    let mut survivors = Vec::new();
    for (at, Letter { origin, .. }) in new.letters.iter().enumerate() {
        survivors.extend(origin.filter(|origin| own.contains(origin)).map(|_| at));
    }
    let (Some(first), Some(last)) = (survivors.first(), survivors.last()) else { return Truth::Gone };
    let (start, end) = (*first, *last + 1);
    if new.slice(start, end) == target.exact {
        Truth::Whole(start, end)
    } else if survivors.len() * 2 < own.len() || end - start > own.len() * 2 {
        Truth::Gone
    } else {
        Truth::Changed
    }
}

/// Whether the same words stand in the same surroundings, all that a target stores of them.
fn is_twin(new: &Text, target: &Target) -> bool {
    let (start, end) = (target.start.0 as usize, target.end.0 as usize);
    let before = new.slice(start.saturating_sub(CONTEXT_CHARS), start);
    let after = new.slice(end, (end + CONTEXT_CHARS).min(new.letters.len()));
    before == target.prefix && after == target.suffix
}

/// Whether at least half of the letters of a passage are the target's own.
fn is_about(new: &Text, target: &Target, start: usize, end: usize) -> bool {
    let own = target.start.0 as usize..target.end.0 as usize;
    let letters = &new.letters[start..end];
    letters.iter().filter(|letter| letter.origin.is_some_and(|origin| own.contains(&origin))).count() * 2 >= end - start
}

fn judge(new: &Text, target: &Target, anchor: Anchor) -> Tally {
    let truth = truth(new, target);
    let mut tally = Tally { targets: 1, ..Tally::default() };
    let range = anchor.range().map(|(start, end)| (start.0 as usize, end.0 as usize));
    let slot = match (anchor, range, truth) {
        (Anchor::Lost, _, Truth::Gone) => &mut tally.lost_right,
        (Anchor::Exact { .. }, Some(range), Truth::Whole(start, end)) if range == (start, end) => {
            &mut tally.exact_right
        }
        (Anchor::Exact { .. }, ..) if is_twin(new, target) => &mut tally.exact_twin,
        (Anchor::Exact { .. }, ..) => &mut tally.exact_wrong,
        (Anchor::Moved { .. }, Some(range), Truth::Whole(start, end)) if range == (start, end) => {
            &mut tally.moved_right
        }
        // Torn apart, it may be shown at one of its pieces.
        (Anchor::Moved { .. }, Some((start, end)), Truth::Changed | Truth::Gone)
            if is_about(new, target, start, end) =>
        {
            &mut tally.moved_right
        }
        (Anchor::Moved { .. }, ..) => &mut tally.moved_wrong,
        (Anchor::Lost, ..) => &mut tally.lost_wrong,
    };
    *slot += 1;
    tally
}

/// Targets in a text, half of them in what the family is about.
fn targets(old: &Text, text: &str, random: &mut Random) -> Vec<Target> {
    let map = OffsetMap::new(text);
    let length = old.letters.len();
    let mut found = Vec::new();
    while found.len() < TARGETS {
        let hot = random.one_of(&old.hot).filter(|_| random.chance(50));
        let within = hot.cloned().unwrap_or(0..length);
        let start = within.start + random.below(within.len());
        let most = if random.chance(30) { 12 } else { 160 };
        let end = (start + 1 + random.below(most)).min(length);
        let (start, end) = (CharOffset(start as u32), CharOffset(end as u32));
        found.extend(Target::describe(MessageId::new(), text, &map, start..end).ok());
    }
    found
}

/// What becomes of a family of edits.
fn run(family: Family) -> Tally {
    let mut sum = Tally::default();
    for (script, seed) in texts::SCRIPTS.iter().flat_map(|script| (0..TEXTS).map(move |seed| (script, seed))) {
        let mut random = Random::new(seed * 1_000_003 + family as u64);
        let old = edits::old_text(family, script, &mut random);
        let text = old.to_text();
        let targets = targets(&old, &text, &mut random);
        let new = edits::edited(family, &old, script, &mut random);
        let new_text = new.to_text();
        let map = OffsetMap::new(&new_text);
        for target in targets {
            let tally = judge(&new, &target, resolve(&target, &new_text, &map));
            assert_eq!(
                tally.exact_wrong, 0,
                "silently wrong, {family:?} of {}, seed {seed}: {target:?}\n{new_text}",
                script.name
            );
            sum.add(&tally);
        }
    }
    sum
}

#[test]
fn no_highlight_is_silently_in_the_wrong_place() {
    let mut sum = Tally::default();
    println!(
        "| edits | targets | exact, right | exact, a twin | exact, wrong | moved, right | moved, wrong | lost, deleted | lost, though there |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for family in Family::ALL {
        let tally = run(family);
        println!("{}", tally.row(family.name()));
        // Where nothing was repeated on purpose there is nothing to excuse.
        assert!(family.repeats() || tally.exact_twin == 0, "{family:?}: {tally:?}");
        sum.add(&tally);
    }
    println!("{}", sum.row("all"));
    assert!(sum.exact_right > 0 && sum.moved_right > 0 && sum.lost_right > 0, "the corpus has cases of every kind");
    let there = sum.targets - sum.lost_right - sum.moved_wrong - sum.exact_twin;
    assert!((sum.exact_right + sum.moved_right) * 10 > there * 9, "nine in ten that are there are found: {sum:?}");
}

#[test]
fn the_corpus_knows_where_each_letter_went() {
    for family in Family::ALL {
        for script in &texts::SCRIPTS {
            let mut random = Random::new(7);
            let old = edits::old_text(family, script, &mut random);
            let new = edits::edited(family, &old, script, &mut random);
            assert_ne!(old.to_text(), new.to_text(), "{family:?}");
            for letter in &new.letters {
                let same = letter.origin.is_none_or(|origin| old.letters[origin].character == letter.character);
                assert!(same, "{family:?}");
            }
        }
    }
}

#[test]
fn white_space_is_no_surroundings() {
    assert!(context::ends_with("a\nb ", "before a b"));
    assert!(!context::ends_with("x b", "before a b"));
    assert!(context::starts_with(" c d", "\nc  d and more"));
    assert!(!context::starts_with("c d", "c"));
}
