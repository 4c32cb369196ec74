//! Where cards stand beside their text. Pure: tops and heights in CSS pixels in, tops out.
//!
//! Cards rest as near to their passages as the order and their heights allow. The active card stands exactly at its
//! passage, and pushes those above it up, over the top where there is no room, and those below it down.

/// The space between two cards, in CSS pixels.
pub const GAP: f64 = 10.0;

/// A card to be placed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slot {
    /// Where its passage starts.
    pub anchor: f64,
    /// How high it is.
    pub height: f64,
}

/// The top of each card. `slots` are in the order of the text; `active` is the index of the card in hand.
pub fn layout(slots: &[Slot], active: Option<usize>) -> Vec<f64> {
    let mut tops = vec![0.0; slots.len()];
    let pinned = active.filter(|index| *index < slots.len());
    let mut floor = 0.0;
    if let Some(pinned) = pinned {
        tops[pinned] = slots[pinned].anchor;
        let mut ceiling = tops[pinned];
        for index in (0..pinned).rev() {
            tops[index] = slots[index].anchor.min(ceiling - GAP - slots[index].height);
            ceiling = tops[index];
        }
        floor = tops[pinned] + slots[pinned].height + GAP;
    }
    for index in pinned.map_or(0, |pinned| pinned + 1)..slots.len() {
        tops[index] = slots[index].anchor.max(floor);
        floor = tops[index] + slots[index].height + GAP;
    }
    tops
}

/// The first and behind the last of the cards that touch what lies between `from` and `to`. `tops` are in order, as [`layout`]
/// gives them.
pub fn near(slots: &[Slot], tops: &[f64], from: f64, to: f64) -> (usize, usize) {
    let end = tops.partition_point(|top| *top <= to);
    // They do not overlap, so that their ends are in order too; the one before the first top may reach in.
    let start = tops.partition_point(|top| *top < from);
    let reaches_in = start.checked_sub(1).is_some_and(|last| tops[last] + slots[last].height >= from);
    ((start - usize::from(reaches_in)).min(end), end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slots(anchors: &[f64]) -> Vec<Slot> {
        anchors.iter().map(|anchor| Slot { anchor: *anchor, height: 100.0 }).collect()
    }

    #[test]
    fn cards_with_room_stand_at_their_text() {
        assert_eq!(layout(&slots(&[0.0, 200.0, 500.0]), None), [0.0, 200.0, 500.0]);
    }

    #[test]
    fn crowded_cards_are_pushed_down() {
        assert_eq!(layout(&slots(&[50.0, 60.0, 70.0]), None), [50.0, 160.0, 270.0]);
    }

    #[test]
    fn the_active_card_stands_at_its_text_and_pushes_both_ways() {
        assert_eq!(layout(&slots(&[300.0, 310.0, 320.0]), Some(1)), [200.0, 310.0, 420.0]);
    }

    #[test]
    fn without_room_above_the_others_go_over_the_top() {
        assert_eq!(layout(&slots(&[0.0, 5.0, 10.0]), Some(2)), [-210.0, -100.0, 10.0]);
    }

    proptest! {
        #[test]
        fn near_are_those_that_touch_the_window(
            mut anchors in proptest::collection::vec(0.0f64..2000.0, 0..30),
            heights in proptest::collection::vec(20.0f64..300.0, 30),
            (from, height) in (-500.0f64..3000.0, 0.0f64..900.0),
        ) {
            anchors.sort_by(f64::total_cmp);
            let slots: Vec<Slot> = anchors.iter().zip(heights).map(|(anchor, height)| Slot { anchor: *anchor, height }).collect();
            let tops = layout(&slots, None);
            let (start, end) = near(&slots, &tops, from, from + height);
            for (at, (slot, top)) in slots.iter().zip(&tops).enumerate() {
                let touches = top + slot.height >= from && *top <= from + height;
                prop_assert_eq!((start..end).contains(&at), touches, "{} of {:?}", at, tops);
            }
        }

        #[test]
        fn cards_never_overlap_and_the_active_one_stands_at_its_text(
            mut anchors in proptest::collection::vec(0.0f64..2000.0, 1..30),
            heights in proptest::collection::vec(20.0f64..300.0, 30),
            active in proptest::option::of(0usize..30),
        ) {
            anchors.sort_by(f64::total_cmp);
            let slots: Vec<Slot> = anchors.iter().zip(heights).map(|(anchor, height)| Slot { anchor: *anchor, height }).collect();
            let tops = layout(&slots, active);
            for index in 1..slots.len() {
                prop_assert!(tops[index] + 1e-6 >= tops[index - 1] + slots[index - 1].height + GAP, "{tops:?}");
            }
            match active.filter(|active| *active < slots.len()) {
                Some(active) => prop_assert!((tops[active] - slots[active].anchor).abs() < 1e-6, "{tops:?}"),
                None => prop_assert!(tops.iter().all(|top| *top >= 0.0), "{tops:?}"),
            }
        }
    }
}
