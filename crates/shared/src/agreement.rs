//! How far people agree about what they marked with one tag, over one text.
//!
//! A text is a continuum of `length` code points; what somebody marked in it are units on it, and what lies between them
//! are gaps. Two figures say how far the units of several people are the same ones:
//!
//! - **Unitised alpha** (`αᵤ`; K. Krippendorff, "Measuring the Reliability of Qualitative Text Analysis Data", Quality &
//!   Quantity 38, 2004, section 4): 1 where all marked the same, 0 where they did as by chance, below where worse than
//!   that. It weighs by how far the ends of overlapping units are apart, and by how long what only one of two marked is.
//! - **Overlap F1** of two people: `2·|A∩B| / (|A|+|B|)` over the code points that each marked.

use std::ops::Range;

/// What one person marked with one tag: units in their order that share no code point. Two that touch are two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Units(Vec<Range<u64>>);

impl Units {
    /// Takes ranges in any order. What is empty is left out, and those that overlap become one: nobody disagrees with
    /// themselves.
    pub fn new(mut ranges: Vec<Range<u64>>) -> Self {
        ranges.retain(|range| range.start < range.end);
        ranges.sort_by_key(|range| (range.start, range.end));
        let mut units = Vec::<Range<u64>>::new();
        for range in ranges {
            match units.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => units.push(range),
            }
        }
        Self(units)
    }

    /// Whether nothing is marked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many code points are marked.
    fn size(&self) -> u64 {
        self.0.iter().map(|unit| unit.end - unit.start).sum()
    }

    /// How many code points both marked.
    fn shared_with(&self, other: &Self) -> u64 {
        let (mut shared, mut mine, mut theirs) = (0, self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(one), Some(two)) = (mine.peek(), theirs.peek()) {
            shared += one.end.min(two.end).saturating_sub(one.start.max(two.start));
            if one.end <= two.end { mine.next() } else { theirs.next() };
        }
        shared
    }

    /// Units and the gaps between them, that cover the continuum.
    fn sections(&self, length: u64) -> Vec<Section> {
        let mut sections = Vec::with_capacity(2 * self.0.len() + 1);
        let mut at = 0;
        let mut push = |range: Range<u64>, is_unit| {
            if range.start < range.end {
                sections.push(Section { start: range.start as f64, length: (range.end - range.start) as f64, is_unit });
            }
        };
        for unit in &self.0 {
            let unit = unit.start.min(length)..unit.end.min(length);
            push(at..unit.start, false);
            at = unit.end;
            push(unit, true);
        }
        push(at..length, false);
        sections
    }
}

/// A unit or a gap.
#[derive(Clone, Copy)]
struct Section {
    start: f64,
    length: f64,
    is_unit: bool,
}

impl Section {
    fn end(&self) -> f64 {
        self.start + self.length
    }

    fn lies_in(&self, other: &Self) -> bool {
        other.start <= self.start && self.end() <= other.end()
    }

    /// The squared difference of two sections of two people (δ² of the paper): of units that overlap, how far their ends
    /// are apart; of a unit within a gap, its length.
    fn difference(&self, other: &Self) -> f64 {
        match (self.is_unit, other.is_unit) {
            (true, true) if self.start < other.end() && other.start < self.end() => {
                (self.start - other.start).powi(2) + (self.end() - other.end()).powi(2)
            }
            (true, false) if self.lies_in(other) => self.length.powi(2),
            (false, true) if other.lies_in(self) => other.length.powi(2),
            _ => 0.0,
        }
    }
}

/// Unitised alpha of what these people marked with one tag in a text of `length` code points. `None` where it says
/// nothing: of fewer than two people, or where nobody marked anything.
pub fn unitised_alpha(people: &[Units], length: u64) -> Option<f64> {
    let (observed, expected) = disagreements(people, length)?;
    (expected > 0.0).then(|| 1.0 - observed / expected)
}

/// The same of several tags at once.
pub fn joint_alpha<'a>(tags: impl IntoIterator<Item = &'a [Units]>, length: u64) -> Option<f64> {
    let mut sums = (0.0, 0.0);
    for people in tags {
        let (observed, expected) = disagreements(people, length)?;
        sums = (sums.0 + observed, sums.1 + expected);
    }
    (sums.1 > 0.0).then(|| 1.0 - sums.0 / sums.1)
}

/// Observed and expected disagreement.
fn disagreements(people: &[Units], length: u64) -> Option<(f64, f64)> {
    if people.len() < 2 || length == 0 {
        return None;
    }
    let sections: Vec<Vec<Section>> = people.iter().map(|units| units.sections(length)).collect();
    let (people, length) = (people.len() as f64, length as f64);
    let mut observed = 0.0;
    for (number, mine) in sections.iter().enumerate() {
        for theirs in &sections[number + 1..] {
            // Each pair counts from both sides.
            observed += 2.0 * between(mine, theirs);
        }
    }
    observed /= people * (people - 1.0) * length.powi(2);

    let all = || sections.iter().flatten();
    let units = || all().filter(|section| section.is_unit);
    let count = units().count() as f64;
    let mut gaps: Vec<f64> = all().filter(|section| !section.is_unit).map(|gap| gap.length).collect();
    gaps.sort_by(f64::total_cmp);
    let mut sum = 0.0;
    for unit in units() {
        let size = unit.length;
        sum += (count - 1.0) / 3.0 * (2.0 * size.powi(3) - 3.0 * size.powi(2) + size);
        // In how many places of the gaps it would have room.
        let rooms = &gaps[gaps.partition_point(|gap| *gap < size)..];
        sum += size.powi(2) * rooms.iter().map(|gap| gap - size + 1.0).sum::<f64>();
    }
    let places = people * length;
    let within: f64 = units().map(|unit| unit.length * (unit.length - 1.0)).sum();
    let expected = 2.0 / length * sum / (places * (places - 1.0) - within);
    Some((observed, expected))
}

/// The sum of differences between the sections of two people: only those that overlap differ.
fn between(mine: &[Section], theirs: &[Section]) -> f64 {
    let (mut sum, mut first) = (0.0, 0);
    for section in mine {
        while theirs.get(first).is_some_and(|other| other.end() <= section.start) {
            first += 1;
        }
        let overlapping = theirs[first..].iter().take_while(|other| other.start < section.end());
        sum += overlapping.map(|other| section.difference(other)).sum::<f64>();
    }
    sum
}

/// Overlap F1 of two people. `None` where neither marked anything.
pub fn overlap_f1(one: &Units, other: &Units) -> Option<f64> {
    let both = one.size() + other.size();
    (both > 0).then(|| 2.0 * one.shared_with(other) as f64 / both as f64)
}

/// A passage that some marked and others did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disputed {
    /// Where, in code points.
    pub range: Range<u64>,
    /// How many of the people marked it, each in part at least.
    pub marked: usize,
    /// For the order: the code points of the passage, each times those who marked it times those who did not.
    weight: u64,
}

/// The passages of most disagreement about one tag, the greatest first, `most` of them. A passage is as long as some
/// marked it and not all.
pub fn disputed(people: &[Units], most: usize) -> Vec<Disputed> {
    let mut bounds: Vec<(u64, i64)> = people
        .iter()
        .flat_map(|units| units.0.iter().flat_map(|unit| [(unit.start, 1), (unit.end, -1)]))
        .collect();
    // Ends before beginnings, so that who goes on without a gap is counted once.
    bounds.sort_unstable();
    let all = people.len() as u64;
    let mut passages = Vec::<Disputed>::new();
    let (mut at, mut now) = (0, 0_i64);
    for (bound, change) in bounds {
        let marked = u64::try_from(now).unwrap_or_default();
        if at < bound && marked > 0 && marked < all {
            let weight = (bound - at) * marked * (all - marked);
            match passages.last_mut() {
                Some(last) if last.range.end == at => {
                    last.range.end = bound;
                    last.weight += weight;
                }
                _ => passages.push(Disputed { range: at..bound, marked: 0, weight }),
            }
        }
        (at, now) = (bound, now + change);
    }
    for passage in &mut passages {
        let touches = |units: &&Units| {
            units.0.iter().any(|unit| unit.start < passage.range.end && passage.range.start < unit.end)
        };
        passage.marked = people.iter().filter(touches).count();
    }
    passages.sort_by_key(|passage| (std::cmp::Reverse(passage.weight), passage.range.start));
    passages.truncate(most);
    passages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(ranges: &[(u64, u64)]) -> Units {
        Units::new(ranges.iter().map(|(start, length)| *start..start + length).collect())
    }

    fn near(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 0.000_1)
    }

    /// The example of Krippendorff's paper, on a continuum of 300 that begins at 150. The figures are those of DKPro
    /// Statistics, which counts them without the paper's rounding.
    #[test]
    fn it_is_what_the_paper_and_its_reference_implementation_say() {
        let from = |ranges: &[(u64, u64)]| units(&ranges.iter().map(|(at, size)| (at - 150, *size)).collect::<Vec<_>>());
        let c = [from(&[(225, 70), (370, 30)]), from(&[(220, 80), (355, 20), (400, 20)])];
        let k = [from(&[(180, 60), (300, 50)]), from(&[(180, 60), (300, 50)])];
        let (observed, expected) = disagreements(&c, 300).unwrap();
        assert!(near(Some(observed), 0.0144) && near(Some(expected), 0.0532), "{observed} {expected}");
        let (observed, expected) = disagreements(&k, 300).unwrap();
        assert!(observed == 0.0 && near(Some(expected), 0.0490), "{observed} {expected}");
        assert!(near(unitised_alpha(&c, 300), 0.7285), "{:?}", unitised_alpha(&c, 300));
        assert!(near(unitised_alpha(&k, 300), 1.0));
        let joint = joint_alpha([&c[..], &k[..]], 300);
        assert!(near(joint, 0.8587), "{joint:?}");
    }

    #[test]
    fn what_says_nothing_has_no_figure() {
        let one = units(&[(0, 5)]);
        assert_eq!(unitised_alpha(&[one.clone()], 10), None);
        assert_eq!(unitised_alpha(&[Units::default(), Units::default()], 10), None);
        assert_eq!(unitised_alpha(&[one.clone(), one.clone()], 0), None);
        assert_eq!(overlap_f1(&Units::default(), &Units::default()), None);
        assert_eq!(overlap_f1(&one, &Units::default()), Some(0.0));
        assert_eq!(overlap_f1(&one, &one), Some(1.0));
    }

    #[test]
    fn overlap_counts_code_points() {
        let (one, other) = (units(&[(0, 10), (20, 10)]), units(&[(5, 20)]));
        assert_eq!(one.shared_with(&other), 10);
        assert_eq!(overlap_f1(&one, &other), Some(0.5));
        assert_eq!(units(&[(5, 5), (0, 7), (3, 0), (10, 1)]), units(&[(0, 10), (10, 1)]));
    }

    #[test]
    fn the_passage_that_half_of_them_marked_at_length_is_first() {
        let people = [units(&[(0, 10), (50, 4)]), units(&[(0, 10), (30, 2)]), units(&[(0, 10), (50, 4)]), units(&[(4, 6)])];
        let found = disputed(&people, 2);
        let ranges: Vec<_> = found.iter().map(|passage| (passage.range.clone(), passage.marked)).collect();
        assert_eq!(ranges, [(50..54, 2), (0..4, 3)], "{found:?}");
        assert_eq!(disputed(&people, 9).len(), 3);
    }

    /// By the definition, pair by pair, as the paper writes it.
    fn by_definition(people: &[Units], length: u64) -> f64 {
        let sections: Vec<Vec<Section>> = people.iter().map(|units| units.sections(length)).collect();
        let mut sum = 0.0;
        for (i, mine) in sections.iter().enumerate() {
            for (j, theirs) in sections.iter().enumerate() {
                if i != j {
                    sum += mine.iter().flat_map(|one| theirs.iter().map(|two| one.difference(two))).sum::<f64>();
                }
            }
        }
        let people = people.len() as f64;
        sum / (people * (people - 1.0) * (length as f64).powi(2))
    }

    #[test]
    fn only_what_overlaps_differs() {
        let mut state = 7_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..500 {
            let people: Vec<Units> = (0..2 + random(4))
                .map(|_| {
                    let mut ranges = Vec::new();
                    for _ in 0..random(6) {
                        let start = random(90);
                        ranges.push(start..start + 1 + random(10));
                    }
                    Units::new(ranges)
                })
                .collect();
            let Some((observed, expected)) = disagreements(&people, 100) else { continue };
            let defined = by_definition(&people, 100);
            assert!((observed - defined).abs() < 1e-9, "{people:?}");
            assert!(expected >= 0.0);
            if let Some(alpha) = unitised_alpha(&people, 100) {
                assert!(alpha <= 1.0 + 1e-9, "{alpha} {people:?}");
            }
        }
    }
}
