//! Highlights that lie over one another: the text is cut into pieces that do not overlap, each with what lies over it,
//! and each piece has one look, which shows how many there are and of which tags. Pure.

use shared::ids::TagId;

use super::passages::Interval;

/// Cuts passages, which are in order, into pieces: disjoint, in order, together all that is marked. `piece` is told the start,
/// the end, and the numbers of the passages over it.
pub fn cut(intervals: &[Interval], piece: &mut dyn FnMut(u32, u32, &[usize])) {
    let mut over: Vec<usize> = Vec::new();
    let (mut at, mut next) = (0, 0);
    loop {
        let opens = intervals.get(next).map(|(start, _, _)| *start);
        let closes = over.iter().map(|index| intervals[*index].1).min();
        let Some(edge) = [opens, closes].into_iter().flatten().min() else { return };
        if edge > at && !over.is_empty() {
            piece(at, edge, &over);
        }
        at = edge;
        over.retain(|index| intervals[*index].1 > at);
        while let Some((start, end, _)) = intervals.get(next).filter(|(start, _, _)| *start == at) {
            if end > start {
                over.push(next);
            }
            next += 1;
        }
    }
}

/// How a piece is drawn: a ground and a line for what comes first; a deeper ground and a second line for what comes
/// next; and that line is a double one where there is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Look {
    /// The tag of the first; none for a highlight whose tags are gone.
    pub first: Option<TagId>,
    /// Whether that is the highlight in hand.
    pub in_hand: bool,
    /// The tag of the second, and whether there is a third.
    pub second: Option<(Option<TagId>, bool)>,
}

/// The look of a piece, given the tags of each highlight over it, and which of them is in hand: that one comes first.
pub fn look(over: &[&[TagId]], in_hand: Option<usize>) -> Look {
    let first = in_hand.into_iter().chain((0..over.len()).filter(|index| Some(*index) != in_hand));
    // As many strands as a highlight has tags, and one where it has none.
    let strands = |index: usize| {
        let tags = over.get(index).copied().unwrap_or_default();
        tags.iter().copied().map(Some).chain(tags.is_empty().then_some(None))
    };
    let mut strands = first.flat_map(strands);
    let first = strands.next().flatten();
    let second = strands.next();
    Look { first, in_hand: in_hand.is_some(), second: second.map(|tag| (tag, strands.next().is_some())) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use shared::ids::HighlightId;

    use super::*;

    fn pieces(intervals: &[Interval]) -> Vec<(u32, u32, Vec<usize>)> {
        let mut pieces = Vec::new();
        cut(intervals, &mut |start, end, over| pieces.push((start, end, over.to_vec())));
        pieces
    }

    fn intervals(of: &[(u32, u32)]) -> Vec<Interval> {
        let mut all: Vec<Interval> = of.iter().map(|(start, end)| (*start, *end, HighlightId::new())).collect();
        all.sort();
        all
    }

    #[test]
    fn what_overlaps_is_cut_where_anything_begins_or_ends() {
        let cut = pieces(&intervals(&[(0, 10), (4, 6), (6, 12), (20, 21)]));
        let expected = [(0, 4, vec![0]), (4, 6, vec![0, 1]), (6, 10, vec![0, 2]), (10, 12, vec![2]), (20, 21, vec![3])];
        assert_eq!(cut, expected);
    }

    #[test]
    fn a_piece_shows_two_and_that_there_is_more() {
        let [a, b, c] = [TagId::new(), TagId::new(), TagId::new()];
        let plain = |first, second| Look { first, in_hand: false, second };
        assert_eq!(look(&[&[a]], None), plain(Some(a), None));
        assert_eq!(look(&[&[a], &[a]], None), plain(Some(a), Some((Some(a), false))), "two of one tag are two");
        assert_eq!(look(&[&[a, b]], None), plain(Some(a), Some((Some(b), false))), "so are two tags of one");
        assert_eq!(look(&[&[a], &[b, c]], None), plain(Some(a), Some((Some(b), true))));
        assert_eq!(look(&[&[], &[b]], None), plain(None, Some((Some(b), false))), "without a tag");
        let in_hand = Look { first: Some(c), in_hand: true, second: Some((Some(a), true)) };
        assert_eq!(look(&[&[a], &[b], &[c]], Some(2)), in_hand);
    }

    proptest! {
        #[test]
        fn pieces_are_disjoint_cover_the_union_and_name_what_lies_over_each_point(
            of in prop::collection::vec((0u32..40, 0u32..12), 0..14),
        ) {
            let all = intervals(&of.into_iter().map(|(start, length)| (start, start + length)).collect::<Vec<_>>());
            let pieces = pieces(&all);
            for (start, end, over) in &pieces {
                prop_assert!(start < end && !over.is_empty());
            }
            for pair in pieces.windows(2) {
                prop_assert!(pair[0].1 <= pair[1].0, "in order, and disjoint");
            }
            for point in 0..60 {
                let here: BTreeSet<usize> =
                    (0..all.len()).filter(|index| all[*index].0 <= point && point < all[*index].1).collect();
                let piece = pieces.iter().find(|(start, end, _)| *start <= point && point < *end);
                let named = piece.map(|(_, _, over)| over.iter().copied().collect()).unwrap_or_default();
                prop_assert_eq!(here, named, "at {}", point);
            }
        }
    }
}
