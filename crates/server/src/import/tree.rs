//! Conversations are trees: every edit and every regenerated answer begins a branch. What is imported is the branch that
//! the person last saw, from its leaf back to the root.

use std::collections::{HashMap, HashSet};

/// The way from the root to `leaf`. Exports may name parents that do not exist, or go in circles: the way ends there.
pub(super) fn branch<'a>(leaf: &'a str, parent: impl Fn(&str) -> Option<&'a str>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    let mut way = Vec::new();
    let mut next = Some(leaf);
    while let Some(id) = next.filter(|id| seen.insert(*id)) {
        way.push(id);
        next = parent(id);
    }
    way.reverse();
    way
}

/// How many steps each id is from its root; each is walked once, however the tree is shaped.
pub(super) fn depths<'a>(
    ids: impl Iterator<Item = &'a str>,
    parent: impl Fn(&str) -> Option<&'a str>,
) -> HashMap<&'a str, usize> {
    let mut depths: HashMap<&str, usize> = HashMap::new();
    for id in ids {
        let mut way = Vec::new();
        let mut on_way = HashSet::new();
        let mut next = Some(id);
        while let Some(id) = next.filter(|id| !depths.contains_key(id) && on_way.insert(*id)) {
            way.push(id);
            next = parent(id);
        }
        // A circle counts from where it was entered.
        let first = next.and_then(|id| depths.get(id)).map_or(0, |depth| depth + 1);
        depths.extend(way.into_iter().rev().zip(first..));
    }
    depths
}

#[cfg(test)]
mod tests {
    use super::{branch, depths};

    fn parent(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<&'static str> {
        move |id| pairs.iter().find(|(child, _)| *child == id).map(|(_, parent)| *parent)
    }

    #[test]
    fn a_branch_runs_from_the_root_to_the_leaf() {
        let parent = parent(&[("c", "b"), ("b", "a"), ("x", "a")]);
        assert_eq!(branch("c", &parent), ["a", "b", "c"]);
        let depths = depths(["x", "c", "b", "a"].into_iter(), &parent);
        assert_eq!((depths["a"], depths["b"], depths["c"], depths["x"]), (0, 1, 2, 1));
    }

    #[test]
    fn a_circle_is_walked_once() {
        let parent = parent(&[("a", "b"), ("b", "a"), ("c", "b")]);
        assert_eq!(branch("c", &parent), ["a", "b", "c"]);
        assert_eq!(depths(["a", "b", "c"].into_iter(), &parent).len(), 3);
    }
}
