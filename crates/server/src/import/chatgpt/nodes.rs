//! The nodes of a ChatGPT conversation, and which of them are its branches.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::import::tree::{Tree, depths};

/// `mapping` of an export: siblings stand in their order, each with its parent.
pub(super) struct Nodes<'a> {
    ids: Vec<&'a str>,
    nodes: Vec<&'a Value>,
    /// From `parent`, or from the `children` of another node where that is missing.
    parents: Vec<Option<usize>>,
    /// Their parents are named and not there.
    orphans: Vec<bool>,
}

impl<'a> Nodes<'a> {
    pub fn new(mapping: &'a Map<String, Value>) -> Self {
        // Of each child the first that names it, and in which place.
        let mut named: HashMap<&str, (&str, usize)> = HashMap::new();
        for (id, node) in mapping {
            let children = node.get("children").and_then(Value::as_array).into_iter().flatten().map(Value::as_str);
            for (place, child) in children.enumerate() {
                if let Some((child, _)) = child.and_then(|child| mapping.get_key_value(child)) {
                    named.entry(child).or_insert((id, place));
                }
            }
        }
        let mut all: Vec<(&str, &Value)> = mapping.iter().map(|(id, node)| (id.as_str(), node)).collect();
        // As their parent has them; without that as they were written.
        all.sort_by(|(a, a_node), (b, b_node)| {
            let place = |id| named.get(id).map_or(usize::MAX, |(_, place)| *place);
            place(a).cmp(&place(b)).then_with(|| time(a_node).total_cmp(&time(b_node))).then_with(|| a.cmp(b))
        });
        let numbers: HashMap<&str, usize> = all.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
        let (mut parents, mut orphans) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
        for (id, node) in &all {
            let own = node.get("parent").and_then(Value::as_str);
            let there = own.and_then(|own| numbers.get(own)).or_else(|| numbers.get(named.get(id)?.0));
            parents.push(there.copied());
            orphans.push(own.is_some() && there.is_none());
        }
        let (ids, nodes) = all.into_iter().unzip();
        Self { ids, nodes, parents, orphans }
    }

    /// The tree with the branch that ends in `current`; without it, in the newest leaf.
    pub fn tree(&self, current: Option<&str>) -> Tree {
        let current = current.and_then(|current| self.ids.iter().position(|id| *id == current));
        Tree::new(self.parents.clone(), current.unwrap_or_else(|| self.newest_leaf()))
    }

    /// Whether something came before a node that is not in the export.
    pub fn is_orphan(&self, node: usize) -> bool {
        self.orphans[node]
    }

    /// The message of a node; many have none.
    pub fn message(&self, node: usize) -> Option<&'a Value> {
        self.nodes[node].get("message").filter(|message| message.is_object())
    }

    /// All nodes by their numbers.
    pub fn all(&self) -> impl Iterator<Item = usize> + use<> {
        0..self.nodes.len()
    }

    /// The leaf of the latest message; where times are missing the deepest. If all is circles, any node counts as a leaf.
    fn newest_leaf(&self) -> usize {
        let mut is_inner = vec![false; self.nodes.len()];
        for parent in self.parents.iter().flatten() {
            is_inner[*parent] = true;
        }
        let depths = depths(&self.parents);
        let newest = |a: &usize, b: &usize| {
            time(self.nodes[*a]).total_cmp(&time(self.nodes[*b])).then(depths[*a].cmp(&depths[*b]))
        };
        self.all().filter(|node| !is_inner[*node]).max_by(newest).or_else(|| self.all().max_by(newest)).unwrap_or(0)
    }
}

fn time(node: &Value) -> f64 {
    let time = node.get("message").and_then(|message| message.get("create_time")).and_then(Value::as_f64);
    time.unwrap_or(f64::NEG_INFINITY)
}
