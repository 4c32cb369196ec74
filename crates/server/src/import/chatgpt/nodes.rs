//! The nodes of a ChatGPT conversation and the branch to read.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::import::tree::{branch, depths};

/// `mapping` of an export, with every node's parent.
pub(super) struct Nodes<'a> {
    mapping: &'a Map<String, Value>,
    /// From `parent`, or from the `children` of another node where that is missing.
    parents: HashMap<&'a str, &'a str>,
    /// Parents that are named and not there.
    orphans: HashSet<&'a str>,
}

/// The branch to read.
pub(super) struct Path<'a> {
    /// From the root.
    pub ids: Vec<&'a str>,
    /// The first of it has a parent that is not in the export.
    pub cut: bool,
}

impl<'a> Nodes<'a> {
    pub fn new(mapping: &'a Map<String, Value>) -> Self {
        let mut parents = HashMap::new();
        let mut orphans = HashSet::new();
        for (id, node) in mapping {
            for child in node.get("children").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
            {
                if let Some((child, _)) = mapping.get_key_value(child) {
                    parents.entry(child.as_str()).or_insert(id.as_str());
                }
            }
        }
        for (id, node) in mapping {
            let Some(parent) = node.get("parent").and_then(Value::as_str) else { continue };
            match mapping.get_key_value(parent) {
                Some((parent, _)) => {
                    parents.insert(id.as_str(), parent.as_str());
                }
                None if !parents.contains_key(id.as_str()) => {
                    orphans.insert(id.as_str());
                }
                None => {}
            }
        }
        Self { mapping, parents, orphans }
    }

    /// The branch that ends in `current`; without it, in the newest leaf.
    pub fn path(&self, current: Option<&str>) -> Path<'a> {
        let current = current.and_then(|id| self.mapping.get_key_value(id)).map(|(id, _)| id.as_str());
        let Some(leaf) = current.or_else(|| self.newest_leaf()) else {
            return Path { ids: Vec::new(), cut: false };
        };
        let ids = branch(leaf, |id| self.parents.get(id).copied());
        let cut = ids.first().is_some_and(|first| self.orphans.contains(first));
        Path { ids, cut }
    }

    /// The message of a node; many have none.
    pub fn message(&self, id: &str) -> Option<&'a Value> {
        self.mapping.get(id)?.get("message").filter(|message| message.is_object())
    }

    /// The messages that are not on `path`.
    pub fn elsewhere(&self, path: &Path<'a>) -> impl Iterator<Item = &'a Value> {
        let on_path: HashSet<&str> = path.ids.iter().copied().collect();
        self.mapping.keys().filter(move |id| !on_path.contains(id.as_str())).filter_map(|id| self.message(id))
    }

    /// The leaf of the latest message; where times are missing the deepest. If all is circles, any node counts as a leaf.
    fn newest_leaf(&self) -> Option<&'a str> {
        let ids = || self.mapping.keys().map(String::as_str);
        let inner: HashSet<&str> = self.parents.values().copied().collect();
        let depths = depths(ids(), |id| self.parents.get(id).copied());
        let age = |id: &&str| {
            let time = self.message(id).and_then(|message| message.get("create_time")).and_then(Value::as_f64);
            (time.unwrap_or(f64::NEG_INFINITY), depths.get(id).copied().unwrap_or(0))
        };
        let newest = |a: &&str, b: &&str| {
            let ((a_time, a_depth), (b_time, b_depth)) = (age(a), age(b));
            a_time.total_cmp(&b_time).then(a_depth.cmp(&b_depth))
        };
        ids().filter(|id| !inner.contains(id)).max_by(newest).or_else(|| ids().max_by(newest))
    }
}
