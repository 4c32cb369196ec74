//! Conversations are trees: every edit and every regenerated answer begins a branch. Exports may name parents that do not
//! exist, or go in circles.

/// The nodes of a conversation by their numbers, and the way to the leaf that was last seen.
pub(super) struct Tree {
    parents: Vec<Option<usize>>,
    way: Vec<usize>,
}

impl Tree {
    /// A tree of the nodes' parents. Where the way to `leaf` goes in a circle, it begins where the circle would be closed.
    pub fn new(mut parents: Vec<Option<usize>>, leaf: usize) -> Self {
        let mut seen = vec![false; parents.len()];
        let mut way = Vec::new();
        let mut next = Some(leaf);
        while let Some(node) = next.filter(|node| !std::mem::replace(&mut seen[*node], true)) {
            way.push(node);
            next = parents[node];
        }
        way.reverse();
        parents[way[0]] = None;
        Self { parents, way }
    }

    /// The way from the root to the leaf.
    pub fn way(&self) -> &[usize] {
        &self.way
    }

    /// What a node follows.
    pub fn parent(&self, node: usize) -> Option<usize> {
        self.parents[node]
    }

    /// All nodes that a root leads to, each behind its parent and with what follows it before its siblings, which stand as
    /// they are numbered. What stands in a circle has no root.
    pub fn order(&self) -> Vec<usize> {
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); self.parents.len()];
        let mut next = Vec::new();
        for (node, parent) in self.parents.iter().enumerate().rev() {
            match parent {
                Some(parent) => children[*parent].push(node),
                None => next.push(node),
            }
        }
        let mut order = Vec::with_capacity(self.parents.len());
        while let Some(node) = next.pop() {
            order.push(node);
            next.append(&mut children[node]);
        }
        order
    }
}

/// How many steps each node is from its root; each is walked once, however the tree is shaped.
pub(super) fn depths(parents: &[Option<usize>]) -> Vec<usize> {
    let mut depths: Vec<Option<usize>> = vec![None; parents.len()];
    let mut on_way = vec![false; parents.len()];
    for node in 0..parents.len() {
        let mut way = Vec::new();
        let mut next = Some(node);
        while let Some(node) = next.filter(|node| depths[*node].is_none() && !on_way[*node]) {
            on_way[node] = true;
            way.push(node);
            next = parents[node];
        }
        // A circle counts from where it was entered.
        let first = next.and_then(|node| depths[node]).map_or(0, |depth| depth + 1);
        for (node, depth) in way.into_iter().rev().zip(first..) {
            depths[node] = Some(depth);
        }
    }
    depths.into_iter().map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
mod tests {
    use super::{Tree, depths};

    #[test]
    fn a_branch_runs_from_the_root_to_the_leaf() {
        let parents = vec![None, Some(0), Some(1), Some(0)];
        assert_eq!(depths(&parents), [0, 1, 2, 1]);
        assert_eq!(Tree::new(parents, 2).way(), [0, 1, 2]);
    }

    #[test]
    fn a_circle_is_walked_once() {
        let parents = vec![Some(1), Some(0), Some(1)];
        assert_eq!(depths(&parents).len(), 3);
        let tree = Tree::new(parents.clone(), 2);
        assert_eq!((tree.way(), tree.parent(0)), (&[0, 1, 2][..], None));
        assert_eq!(tree.order(), [0, 1, 2]);
        let elsewhere = Tree::new([parents, vec![None]].concat(), 3);
        assert_eq!(elsewhere.order(), [3]);
    }

    #[test]
    fn parents_come_before_what_follows_them_and_siblings_as_they_are_numbered() {
        let parents = vec![Some(2), Some(2), None, Some(0), None, Some(1)];
        assert_eq!(Tree::new(parents, 5).order(), [2, 0, 3, 1, 5, 4]);
    }
}
