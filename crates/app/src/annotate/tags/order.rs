//! Where tags stand: pure, so that it is tested without a browser.

use shared::{
    document::{Tag, TagGroup},
    ids::TagGroupId,
    order::sorted_by,
};

/// The tags as they are shown everywhere: those without a group first, then group by group; one whose group has been
/// deleted has none.
#[cfg_attr(
    not(any(feature = "hydrate", test)),
    expect(dead_code, reason = "the server has no document to show tags of")
)]
pub fn arranged(mut tags: Vec<Tag>, groups: &[TagGroup]) -> Vec<Tag> {
    let place = |group: Option<TagGroupId>| groups.iter().position(|known| Some(known.id) == group);
    for tag in &mut tags {
        tag.group = tag.group.filter(|group| place(Some(*group)).is_some());
    }
    // They come in their own order, and a stable sort keeps it within each group.
    sorted_by(tags, |a, b| place(a.group).cmp(&place(b.group)))
}

/// The new places that put a tag at `to` among the others of its group (or a group among the groups), whose places are
/// given in order: one between its neighbours or, where no number lies between them, new ones for all.
pub fn moves<Id: Copy>(others: &[(Id, f64)], moved: Id, to: usize) -> Vec<(Id, f64)> {
    let to = to.min(others.len());
    let before = to.checked_sub(1).map(|at| others[at].1);
    let after = others.get(to).map(|(_, place)| *place);
    let place = match (before, after) {
        (None, None) => return Vec::new(),
        (Some(before), None) => before + 1.0,
        (None, Some(after)) => after - 1.0,
        (Some(before), Some(after)) => before + (after - before) / 2.0,
    };
    if before.is_none_or(|before| before < place) && after.is_none_or(|after| place < after) {
        return vec![(moved, place)];
    }
    let mut all: Vec<Id> = others.iter().map(|(id, _)| *id).collect();
    all.insert(to, moved);
    (1..).zip(all).map(|(place, id)| (id, f64::from(place))).collect()
}

#[cfg(test)]
mod tests {
    use shared::ids::{TagId, UserId};

    use super::*;

    fn tag(name: &str, group: Option<TagGroupId>, order: f64) -> Tag {
        let (id, author) = (TagId::new(), UserId::new());
        let (name, colour, description) = (name.to_owned(), "#246997".to_owned(), String::new());
        Tag { id, name, colour, description, group, order, locked: false, author }
    }

    #[test]
    fn tags_stand_by_group_and_those_of_a_deleted_group_stand_alone() {
        let [one, two, gone] = [(); 3].map(|()| TagGroupId::new());
        let group = |id, name: &str, order| TagGroup { id, name: name.into(), order, author: UserId::new() };
        let groups = [group(two, "Two", 1.0), group(one, "One", 2.0)];
        let tags = vec![
            tag("a", Some(one), 1.0),
            tag("b", None, 2.0),
            tag("c", Some(two), 3.0),
            tag("d", Some(gone), 4.0),
            tag("e", Some(one), 5.0),
        ];
        let shown = arranged(tags, &groups);
        assert_eq!(shown.iter().map(|tag| tag.name.as_str()).collect::<String>(), "bdcae");
        assert_eq!(shown[1].group, None);
    }

    #[test]
    fn a_tag_moves_to_a_number_between_its_neighbours_or_beyond_the_last() {
        let [moved, a, b] = [(); 3].map(|()| TagId::new());
        let others = [(a, 1.0), (b, 2.0)];
        assert_eq!(moves(&others, moved, 0), [(moved, 0.0)]);
        assert_eq!(moves(&others, moved, 1), [(moved, 1.5)]);
        assert_eq!(moves(&others, moved, 9), [(moved, 3.0)]);
        assert_eq!(moves(&[], moved, 0), []);
    }

    #[test]
    fn where_no_number_is_left_between_two_all_get_new_ones() {
        let [moved, a, b] = [(); 3].map(|()| TagId::new());
        for next in [1.0, 1.0 + f64::EPSILON] {
            assert_eq!(moves(&[(a, 1.0), (b, next)], moved, 1), [(a, 1.0), (moved, 2.0), (b, 3.0)]);
        }
        assert_eq!(moves(&[(a, 1e300)], moved, 1), [(a, 1.0), (moved, 2.0)]);
    }
}
