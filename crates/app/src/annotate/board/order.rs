//! Where an entry comes to stand in its column. Pure: the numbers of the others in, a number between two of them out.

/// The distance kept to the neighbour where there is one neighbour only. Numbers are mostly milliseconds since 1970 (a
/// tag that is applied puts the highlight last), so that this is a millisecond.
const STEP: f64 = 1.0;

/// What to write so that an entry stands where it should.
#[derive(Debug, Clone, PartialEq)]
pub struct Inserted {
    /// The number of the entry.
    pub order: f64,
    /// Others that must make room, by their index, with their new numbers. Mostly none: only where two neighbours have
    /// one number, or halving the distance between them gives nothing new any more.
    pub pushed: Vec<(usize, f64)>,
}

/// Puts an entry before the one at `at` of the others, which have these numbers, in order; at their end if there is none.
///
/// Where there is no number between two neighbours, those below are pushed down only as far as it takes: every number
/// that is written is a change that others may contradict, and that undo has to take back.
pub fn insert(others: &[f64], at: usize) -> Inserted {
    let at = at.min(others.len());
    let (before, after) = (at.checked_sub(1).map(|index| others[index]), others.get(at).copied());
    let order = match (before, after) {
        (None, None) => 0.0,
        (None, Some(after)) => -next(-after),
        (Some(before), None) => next(before),
        (Some(before), Some(after)) => {
            // Each half by itself: the sum of two large numbers is infinite.
            let middle = before / 2.0 + after / 2.0;
            if before < middle && middle < after { middle } else { next(before) }
        }
    };
    let mut pushed = Vec::new();
    let mut last = order;
    for (index, other) in others.iter().enumerate().skip(at) {
        if *other > last {
            break;
        }
        last = next(last);
        pushed.push((index, last));
    }
    Inserted { order, pushed }
}

/// The next number a step on; where numbers are so large that a step is lost in them, a larger one.
fn next(number: f64) -> f64 {
    // The largest number of all has none: its entry then stands among its equals, which their ids keep in one order.
    (number + STEP.max(number.abs() * 4.0 * f64::EPSILON)).min(f64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn alone(order: f64) -> Inserted {
        Inserted { order, pushed: Vec::new() }
    }

    #[test]
    fn the_first_of_a_column_needs_no_neighbour() {
        assert_eq!(insert(&[], 0), alone(0.0));
        assert_eq!(insert(&[], 7), alone(0.0));
    }

    #[test]
    fn at_the_ends_a_step_is_kept() {
        assert_eq!(insert(&[5.0, 9.0], 0), alone(4.0));
        assert_eq!(insert(&[5.0, 9.0], 2), alone(10.0));
        assert_eq!(insert(&[5.0, 9.0], 99), alone(10.0));
    }

    #[test]
    fn between_two_it_is_the_middle() {
        assert_eq!(insert(&[5.0, 9.0], 1), alone(7.0));
        assert_eq!(insert(&[-f64::MAX, f64::MAX], 1), alone(0.0));
    }

    #[test]
    fn equal_neighbours_are_pushed_apart_and_no_others() {
        assert_eq!(
            insert(&[5.0, 5.0, 5.0, 7.5, 20.0], 1),
            Inserted { order: 6.0, pushed: vec![(1, 7.0), (2, 8.0), (3, 9.0)] }
        );
        assert_eq!(insert(&[5.0, 5.0, 20.0], 1), Inserted { order: 6.0, pushed: vec![(1, 7.0)] });
        assert_eq!(insert(&[5.0, 5.0], 0), alone(4.0));
    }

    #[test]
    fn where_halving_gives_nothing_new_there_is_room_again() {
        let close = f64::from_bits(1_800_000_000_000.0_f64.to_bits() + 1);
        assert_eq!(
            insert(&[1_800_000_000_000.0, close], 1),
            Inserted { order: 1_800_000_000_001.0, pushed: vec![(1, 1_800_000_000_002.0)] }
        );
    }

    #[test]
    fn numbers_too_large_for_a_step_have_a_larger_one() {
        let Inserted { order, pushed } = insert(&[1e300, 1e300], 1);
        assert!(order > 1e300 && pushed[0].1 > order);
        assert!(insert(&[f64::MAX], 1).order.is_finite());
    }

    proptest! {
        #[test]
        fn whatever_was_there_the_entry_stands_where_it_should_and_the_rest_as_it_was(
            mut others in proptest::collection::vec((0i32..40).prop_map(|number| f64::from(number) / 4.0), 0..20),
            at in 0usize..20,
        ) {
            others.sort_by(f64::total_cmp);
            let at = at.min(others.len());
            let Inserted { order, pushed } = insert(&others, at);
            for (index, order) in pushed {
                others[index] = order;
            }
            // Ties among those above, which nobody asked to part, may stay.
            prop_assert!(others[..at].iter().all(|other| *other < order), "{others:?}, {order}");
            prop_assert!(others[at..].iter().all(|other| *other > order), "{others:?}, {order}");
            prop_assert!(others.windows(2).all(|pair| pair[0] <= pair[1]), "{others:?}");
        }

        #[test]
        fn a_thousand_moves_to_one_place_keep_their_order(start in 1.7e12f64..1.9e12) {
            let mut column = vec![start, start + 1.0];
            for _ in 0..1_000 {
                let Inserted { order, pushed } = insert(&column, 1);
                for (index, order) in pushed {
                    column[index] = order;
                }
                column.insert(1, order);
                prop_assert!(column.windows(2).all(|pair| pair[0] < pair[1]));
            }
        }
    }
}
