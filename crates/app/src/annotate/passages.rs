//! Where the highlights stand, kept in order: one more is put in its place, the others are not looked at. Pure.

use std::collections::HashMap;

use shared::{ids::HighlightId, order::sorted_by};

/// A passage: which message of the page, and code points of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The message's place on the page.
    pub place: usize,
    /// Where it starts.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// A highlight's place among the others: the order of the text, the lost ones last.
pub type Key = (bool, Option<Span>, HighlightId);

/// A part of a text that is one highlight's.
pub type Interval = (u32, u32, HighlightId);

/// All passages.
#[derive(Debug, Default)]
pub struct Passages {
    spans: HashMap<HighlightId, Vec<Span>>,
    order: Vec<Key>,
    /// By the message's place, in order.
    messages: Vec<Vec<Interval>>,
}

fn key(id: HighlightId, spans: &[Span]) -> Key {
    (spans.is_empty(), spans.iter().min().copied(), id)
}

/// Puts something where it belongs, or takes it away from there.
fn sort_in<T: Ord>(items: &mut Vec<T>, item: T, is_there: bool) {
    match (items.binary_search(&item), is_there) {
        (Err(at), true) => items.insert(at, item),
        (Ok(at), false) => drop(items.remove(at)),
        _ => {}
    }
}

impl Passages {
    /// The passages of a highlight, new or changed; says whether the order is another now.
    pub fn put(&mut self, id: HighlightId, spans: Vec<Span>) -> bool {
        if self.spans.get(&id) == Some(&spans) {
            return false;
        }
        let (before, now) = (self.key(id), key(id, &spans));
        self.remove(id);
        self.file(id, &spans, true);
        self.spans.insert(id, spans);
        before != Some(now)
    }

    /// Forgets a highlight; says whether it was there.
    pub fn remove(&mut self, id: HighlightId) -> bool {
        let Some(spans) = self.spans.remove(&id) else { return false };
        self.file(id, &spans, false);
        true
    }

    fn file(&mut self, id: HighlightId, spans: &[Span], is_there: bool) {
        sort_in(&mut self.order, key(id, spans), is_there);
        for span in spans {
            if self.messages.len() <= span.place {
                self.messages.resize_with(span.place + 1, Vec::new);
            }
            sort_in(&mut self.messages[span.place], (span.start, span.end, id), is_there);
        }
    }

    /// The passages of a highlight, in the order of its targets; none where it is lost.
    pub fn of(&self, id: HighlightId) -> &[Span] {
        self.spans.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Where a highlight stands among the others.
    pub fn key(&self, id: HighlightId) -> Option<Key> {
        self.spans.get(&id).map(|spans| key(id, spans))
    }

    /// All highlights, in order.
    pub fn order(&self) -> Vec<HighlightId> {
        self.order.iter().map(|(_, _, id)| *id).collect()
    }

    /// What of a message's passages touches a part of its text, in order.
    pub fn within(&self, place: usize, start: u32, end: u32) -> Vec<Interval> {
        let here = self.messages.get(place).map_or(&[][..], Vec::as_slice);
        let before = here.partition_point(|(from, _, _)| *from < end);
        here[..before].iter().filter(|(_, to, _)| *to > start).copied().collect()
    }

    /// The highlights over a part of a text, or over the place between two characters and beside it; the shortest first.
    pub fn over(&self, place: usize, start: u32, end: u32) -> Vec<HighlightId> {
        let caret = u32::from(start == end);
        let found = self.within(place, start.saturating_sub(caret), end + caret);
        let length = |id: HighlightId| self.of(id).iter().map(|span| span.end - span.start).sum::<u32>();
        let mut by_length: Vec<(u32, HighlightId)> = found.into_iter().map(|(_, _, id)| (length(id), id)).collect();
        by_length = sorted_by(by_length, Ord::cmp);
        by_length.dedup();
        by_length.into_iter().map(|(_, id)| id).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(place: usize, start: u32, end: u32) -> Span {
        Span { place, start, end }
    }

    fn ids(count: usize) -> Vec<HighlightId> {
        let mut ids: Vec<_> = (0..count).map(|_| HighlightId::new()).collect();
        ids.sort();
        ids
    }

    #[test]
    fn the_order_is_that_of_the_text_and_the_lost_come_last() {
        let [a, b, c, d] = ids(4)[..] else { unreachable!() };
        let mut all = Passages::default();
        assert!(all.put(a, vec![]));
        assert!(all.put(b, vec![span(1, 0, 5)]));
        assert!(all.put(c, vec![span(2, 0, 5), span(0, 7, 9)]));
        assert!(all.put(d, vec![span(0, 7, 8)]));
        assert_eq!(all.order(), [d, c, b, a]);
        assert!(!all.put(d, vec![span(0, 7, 8)]), "nothing changed");
        assert!(!all.put(c, vec![span(0, 7, 9), span(2, 0, 6)]), "its first passage is where it was");
        assert!(all.put(d, vec![]));
        assert_eq!(all.order(), [c, b, a, d]);
        assert!(all.remove(c) && !all.remove(c));
        assert_eq!(all.order(), [b, a, d]);
    }

    #[test]
    fn a_point_finds_all_that_lies_over_it_the_shortest_first() {
        let [a, b, c] = ids(3)[..] else { unreachable!() };
        let mut all = Passages::default();
        all.put(a, vec![span(0, 0, 20)]);
        all.put(b, vec![span(0, 5, 10)]);
        all.put(c, vec![span(0, 10, 12), span(1, 0, 1)]);
        assert_eq!(all.over(0, 9, 10), [b, a], "a character");
        assert_eq!(all.over(0, 10, 10), [c, b, a], "between two characters");
        assert_eq!(all.over(0, 10, 11), [c, a]);
        assert_eq!(all.over(0, 20, 20), [a], "the end");
        assert!(all.over(0, 21, 21).is_empty() && all.over(2, 0, 1).is_empty());
    }

    proptest! {
        #[test]
        fn one_at_a_time_comes_to_the_same_as_all_at_once(
            steps in prop::collection::vec((0usize..8, prop::option::of((0usize..3, 0u32..20, 1u32..9))), 1..60),
            window in (0usize..3, 0u32..20, 0u32..12),
        ) {
            let ids = ids(8);
            let mut all = Passages::default();
            let mut plain: HashMap<HighlightId, Vec<Span>> = HashMap::new();
            for (id, step) in steps {
                match step {
                    Some((place, start, length)) => {
                        let before = all.order();
                        let spans = vec![span(place, start, start + length)];
                        let changed = all.put(ids[id], spans.clone());
                        plain.insert(ids[id], spans);
                        prop_assert!(changed || before == all.order());
                    }
                    None => prop_assert_eq!(all.remove(ids[id]), plain.remove(&ids[id]).is_some()),
                }
            }
            let mut order: Vec<Key> = plain.iter().map(|(id, spans)| key(*id, spans)).collect();
            order.sort();
            prop_assert_eq!(all.order(), order.into_iter().map(|(_, _, id)| id).collect::<Vec<_>>());
            let (place, start, length) = window;
            let mut touching: Vec<Interval> = plain
                .iter()
                .flat_map(|(id, spans)| spans.iter().map(move |span| (span.place, (span.start, span.end, *id))))
                .filter(|(at, (from, to, _))| *at == place && *from < start + length && *to > start)
                .map(|(_, interval)| interval)
                .collect();
            touching.sort();
            prop_assert_eq!(all.within(place, start, start + length), touching);
        }
    }
}
