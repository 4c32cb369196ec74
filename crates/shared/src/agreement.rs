//! How far people agree about what they marked with one tag, over one text.
//!
//! A text is a continuum of `length` code points; what somebody marked in it are units on it, and what lies between them
//! are gaps. Two figures say how far the units of several people are the same ones:
//!
//! - **Unitised alpha** (`αᵤ`; K. Krippendorff, "On the Reliability of Unitizing Contiguous Data", Sociological Methodology
//!   25, 1995; as it stands in "Measuring the Reliability of Qualitative Text Analysis Data", Quality & Quantity 38, 2004,
//!   section 4): 1 where all marked the same, 0 where they did as by chance, below where worse than that. It weighs by how
//!   far the ends of overlapping units are apart, and by how long what only one of two marked is. The tests hold it to DKPro
//!   Statistics, whose figures are kept in `agreement/reference.tsv`.
//! - **Overlap F1** of two people: `2·|A∩B| / (|A|+|B|)` over the code points that each marked.

use std::{cmp::Reverse, iter::Sum, ops::Range};

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

    /// How many they are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether some of this passage is marked.
    pub fn touch(&self, passage: &Range<u64>) -> bool {
        let first = self.0.partition_point(|unit| unit.end <= passage.start);
        self.0.get(first).is_some_and(|unit| unit.start < passage.end)
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
            if one.end <= two.end {
                mine.next()
            } else {
                theirs.next()
            };
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

/// A figure as people read it: two digits, and a true minus.
pub fn rounded(figure: f64) -> String {
    let text = format!("{:.2}", figure.abs());
    if figure < 0.0 && text != "0.00" { format!("−{text}") } else { text }
}

/// How far what some people marked with one tag, or with several, is apart: what alpha is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Disagreement {
    /// What there is.
    observed: f64,
    /// What there would be by chance.
    expected: f64,
}

impl Disagreement {
    /// Unitised alpha. `None` where it says nothing: of fewer than two people, where nobody marked anything, and where chance
    /// has no choice.
    pub fn alpha(self) -> Option<f64> {
        (self.expected > 0.0).then(|| 1.0 - self.observed / self.expected)
    }
}

/// Of several tags at once.
impl Sum for Disagreement {
    fn sum<I: Iterator<Item = Self>>(tags: I) -> Self {
        tags.fold(Self::default(), |sum, tag| Self {
            observed: sum.observed + tag.observed,
            expected: sum.expected + tag.expected,
        })
    }
}

/// Of what these people marked with one tag in a text of `length` code points. With `n` units in all it takes some
/// `people·n + n·log n` steps.
pub fn disagreement(people: &[&Units], length: u64) -> Disagreement {
    if people.len() < 2 || length == 0 {
        return Disagreement::default();
    }
    let mut sections: Vec<Vec<Section>> = people.iter().map(|units| units.sections(length)).collect();
    // Those who marked nothing are all alike: with them each unit counts by its length.
    sections.sort_by_key(|sections| !sections.iter().any(|section| section.is_unit));
    let marked = people.iter().filter(|units| units.count() > 0).count();
    let idle = (people.len() - marked) as f64;
    let (people, length) = (people.len() as f64, length as f64);
    let mut observed = 0.0;
    for (number, mine) in sections[..marked].iter().enumerate() {
        // Each pair counts from both sides.
        observed += 2.0 * sections[number + 1..marked].iter().map(|theirs| between(mine, theirs)).sum::<f64>();
        let units = mine.iter().filter(|section| section.is_unit);
        observed += 2.0 * idle * units.map(|unit| unit.length.powi(2)).sum::<f64>();
    }
    observed /= people * (people - 1.0) * length.powi(2);

    let all = || sections.iter().flatten();
    let units = || all().filter(|section| section.is_unit);
    let count = units().count() as f64;
    let rooms = Rooms::of(all().filter(|section| !section.is_unit).map(|gap| gap.length).collect());
    let mut sum = 0.0;
    for unit in units() {
        let size = unit.length;
        sum += (count - 1.0) / 3.0 * (2.0 * size.powi(3) - 3.0 * size.powi(2) + size);
        sum += size.powi(2) * rooms.places(size);
    }
    let places = people * length;
    let within: f64 = units().map(|unit| unit.length * (unit.length - 1.0)).sum();
    let expected = 2.0 / length * sum / (places * (places - 1.0) - within);
    Disagreement { observed, expected }
}

/// The gaps by length, each with the sum of itself and all that are longer.
struct Rooms(Vec<(f64, f64)>);

impl Rooms {
    fn of(mut gaps: Vec<f64>) -> Self {
        gaps.sort_by(f64::total_cmp);
        let mut gaps: Vec<(f64, f64)> = gaps.into_iter().map(|gap| (gap, gap)).collect();
        let mut longer = 0.0;
        for gap in gaps.iter_mut().rev() {
            longer += gap.1;
            gap.1 = longer;
        }
        Self(gaps)
    }

    /// In how many places of the gaps a unit of this size has room.
    fn places(&self, size: f64) -> f64 {
        let wide = &self.0[self.0.partition_point(|(gap, _)| *gap < size)..];
        wide.first().map_or(0.0, |(_, sum)| sum - wide.len() as f64 * (size - 1.0))
    }
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

/// Passages of one tag that some marked and others did not, those of most disagreement first, `most` of them. Each is as long
/// as some marked it and not all. The first is the one with the most code points, each times those who marked it times those
/// who did not.
pub fn disputed(people: &[&Units], most: usize) -> Vec<Range<u64>> {
    let mut bounds: Vec<(u64, i64)> =
        people.iter().flat_map(|units| units.0.iter().flat_map(|unit| [(unit.start, 1), (unit.end, -1)])).collect();
    // Ends before beginnings, so that who goes on without a gap is counted once.
    bounds.sort_unstable();
    let all = people.len() as u64;
    let mut passages = Vec::<(Range<u64>, u64)>::new();
    let (mut at, mut now) = (0, 0_i64);
    for (bound, change) in bounds {
        let marked = u64::try_from(now).unwrap_or_default();
        if at < bound && marked > 0 && marked < all {
            let weight = (bound - at) * marked * (all - marked);
            match passages.last_mut() {
                Some((last, sum)) if last.end == at => {
                    last.end = bound;
                    *sum += weight;
                }
                _ => passages.push((at..bound, weight)),
            }
        }
        (at, now) = (bound, now + change);
    }
    passages.sort_by_key(|(range, weight)| (Reverse(*weight), range.start));
    passages.into_iter().take(most).map(|(range, _)| range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(ranges: &[(u64, u64)]) -> Units {
        Units::new(ranges.iter().map(|(start, length)| *start..start + length).collect())
    }

    fn of(people: &[Units], length: u64) -> Disagreement {
        disagreement(&people.iter().collect::<Vec<_>>(), length)
    }

    fn near(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 0.000_1
    }

    /// The example of Krippendorff's paper, on a continuum of 300 that begins at 150. The figures are those of DKPro
    /// Statistics (`Krippendorff2004Test`), which counts them without the paper's rounding.
    #[test]
    fn it_is_what_the_paper_says() {
        let from =
            |ranges: &[(u64, u64)]| units(&ranges.iter().map(|(at, size)| (at - 150, *size)).collect::<Vec<_>>());
        let c = [from(&[(225, 70), (370, 30)]), from(&[(220, 80), (355, 20), (400, 20)])];
        let k = [from(&[(180, 60), (300, 50)]), from(&[(180, 60), (300, 50)])];
        let (c, k) = (of(&c, 300), of(&k, 300));
        assert!(near(c.observed, 0.0144) && near(c.expected, 0.0532), "{c:?}");
        assert!(k.observed == 0.0 && near(k.expected, 0.0490), "{k:?}");
        assert!(near(c.alpha().unwrap(), 0.7286) && near(k.alpha().unwrap(), 1.0));
        let joint = [c, k].into_iter().sum::<Disagreement>().alpha().unwrap();
        assert!((joint - 0.8591).abs() < 0.000_5, "{joint}");
        // Where they differ more than by chance (its `UnitizingAgreementTest`).
        let less = of(&[units(&[(1, 8)]), units(&[(2, 1), (4, 1), (6, 1)])], 10);
        assert!(near(less.observed, 0.91) && near(less.expected, 0.5351), "{less:?}");
        assert!(near(less.alpha().unwrap(), -0.7003));
    }

    #[test]
    fn it_is_what_the_reference_implementation_says() {
        let studies = include_str!("agreement/reference.tsv").lines().filter(|line| !line.starts_with('#'));
        let mut compared = 0;
        for line in studies {
            let fields: Vec<&str> = line.split('\t').collect();
            let (people, length): (usize, u64) = (fields[0].parse().unwrap(), fields[1].parse().unwrap());
            let tag = |of: &str| -> Vec<Units> {
                let mut ranges = vec![Vec::new(); people];
                for unit in of.split(' ').filter(|unit| *unit != "-") {
                    let (person, unit) = unit.split_once(':').unwrap();
                    let (start, size) = unit.split_once('+').unwrap();
                    let start: u64 = start.parse().unwrap();
                    ranges[person.parse::<usize>().unwrap()].push(start..start + size.parse::<u64>().unwrap());
                }
                ranges.into_iter().map(Units::new).collect()
            };
            let tags = [of(&tag(fields[2]), length), of(&tag(fields[3]), length)];
            let found = [tags[0].alpha(), tags[1].alpha(), tags.into_iter().sum::<Disagreement>().alpha()];
            for (found, expected) in found.into_iter().zip(&fields[4..]) {
                let expected = expected.parse::<f64>().ok();
                let same = found.zip(expected).map(|(found, expected)| (found - expected).abs() < 1e-9);
                assert!(same.unwrap_or(found == expected), "{found:?}, not {expected:?}: {line}");
                compared += 1;
            }
        }
        assert_eq!(compared, 180);
    }

    #[test]
    fn what_says_nothing_has_no_figure() {
        let one = units(&[(0, 5)]);
        let alpha = |people: &[Units], length| of(people, length).alpha();
        assert_eq!(alpha(std::slice::from_ref(&one), 10), None);
        assert_eq!(alpha(&[Units::default(), Units::default()], 10), None);
        assert_eq!(alpha(&[one.clone(), one.clone()], 0), None);
        assert_eq!(alpha(&[units(&[(0, 1)]), units(&[(0, 1)])], 1), None, "chance has no choice");
        assert_eq!(overlap_f1(&Units::default(), &Units::default()), None);
        assert_eq!(overlap_f1(&one, &Units::default()), Some(0.0));
        assert_eq!(overlap_f1(&one, &one), Some(1.0));
    }

    #[test]
    fn figures_have_two_digits_and_a_minus_only_where_it_shows() {
        let shown = [1.0, 0.728_6, -0.001, -0.329, -1.2, 0.004].map(rounded);
        assert_eq!(shown, ["1.00", "0.73", "0.00", "−0.33", "−1.20", "0.00"]);
    }

    #[test]
    fn overlap_counts_code_points() {
        let (one, other) = (units(&[(0, 10), (20, 10)]), units(&[(5, 20)]));
        assert_eq!(one.shared_with(&other), 10);
        assert_eq!(overlap_f1(&one, &other), Some(0.5));
        assert_eq!(units(&[(5, 5), (0, 7), (3, 0), (10, 1)]), units(&[(0, 10), (10, 1)]));
        assert!([0..1, 9..10, 5..6, 3..99].iter().all(|passage| units(&[(0, 10)]).touch(passage)));
        assert!([10..20, 30..31].iter().all(|passage| !one.touch(passage)));
    }

    #[test]
    fn the_passage_that_half_of_them_marked_at_length_is_first() {
        let people =
            [units(&[(0, 10), (50, 4)]), units(&[(0, 10), (30, 2)]), units(&[(0, 10), (50, 4)]), units(&[(4, 6)])];
        let people: Vec<&Units> = people.iter().collect();
        assert_eq!(disputed(&people, 2), [50..54, 0..4]);
        assert_eq!(disputed(&people, 9).len(), 3);
        assert_eq!(disputed(&people[..1], 9), [], "nobody to disagree with");
    }

    /// By the definition, section by section, as the paper writes it.
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
            let found = of(&people, 100);
            assert!((found.observed - by_definition(&people, 100)).abs() < 1e-9, "{people:?}");
            assert!(found.expected >= 0.0);
            assert!(found.alpha().is_none_or(|alpha| alpha <= 1.0 + 1e-9), "{people:?}");
        }
    }
}
