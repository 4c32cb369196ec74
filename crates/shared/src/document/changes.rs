//! What is different between two moments of a document, counted.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    ops::AddAssign,
};

use serde::{Deserialize, Serialize};

use super::{Highlight, Picture, difference};

/// How many things of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// New ones, and those that were taken back from being deleted.
    pub added: u32,
    /// Those that say or mark something else.
    pub changed: u32,
    /// Those that were deleted.
    pub deleted: u32,
}

/// How much of a text, in characters (Unicode code points).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letters {
    /// What came.
    pub added: u32,
    /// What went.
    pub removed: u32,
}

/// What changed in a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Highlights: what they mark, their tags, whether they are resolved.
    #[serde(default)]
    pub highlights: Count,
    /// Comments of all threads.
    #[serde(default)]
    pub comments: Count,
    /// Tags of the vocabulary.
    #[serde(default)]
    pub tags: Count,
    /// The shared notes.
    #[serde(default)]
    pub notes: Letters,
    /// What people wrote in answer.
    #[serde(default)]
    pub responses: Letters,
}

impl Changes {
    /// What was done to `before` that it is `after`.
    pub fn between(before: &Picture, after: &Picture) -> Self {
        let comments = |picture: &Picture| -> HashMap<_, _> {
            let all = picture.highlights.iter().flat_map(|highlight| &highlight.comments);
            all.filter(|comment| !comment.deleted).map(|comment| (comment.id, comment.body.clone())).collect()
        };
        let highlights = |picture: &Picture| -> HashMap<_, _> {
            picture.highlights.iter().map(|highlight| (highlight.id, marked(highlight))).collect()
        };
        let tags =
            |picture: &Picture| -> HashMap<_, _> { picture.tags.iter().map(|tag| (tag.id, tag.clone())).collect() };
        let mut responses = Letters::default();
        let texts = |picture: &Picture| -> BTreeMap<_, _> { picture.responses.iter().cloned().collect() };
        let (then, now) = (texts(before), texts(after));
        for author in then.keys().chain(now.keys().filter(|author| !then.contains_key(author))) {
            let text = |of: &BTreeMap<_, String>| of.get(author).cloned().unwrap_or_default();
            responses += Letters::between(&text(&then), &text(&now));
        }
        Self {
            highlights: Count::between(&highlights(before), &highlights(after)),
            comments: Count::between(&comments(before), &comments(after)),
            tags: Count::between(&tags(before), &tags(after)),
            notes: Letters::between(&before.notes, &after.notes),
            responses,
        }
    }
}

impl Changes {
    /// For people; empty where nothing changed that is counted.
    pub fn in_words(&self) -> String {
        let mut all = Vec::new();
        for (count, one) in [(self.highlights, "highlight"), (self.comments, "comment"), (self.tags, "tag")] {
            for (number, done) in [(count.added, "added"), (count.changed, "changed"), (count.deleted, "deleted")] {
                match number {
                    0 => {}
                    1 => all.push(format!("1 {one} {done}")),
                    _ => all.push(format!("{number} {one}s {done}")),
                }
            }
        }
        for (Letters { added, removed }, text) in [(self.notes, "notes"), (self.responses, "response")] {
            match (added, removed) {
                (0, 0) => {}
                (added, 0) => all.push(format!("{text} +{added}")),
                (0, removed) => all.push(format!("{text} −{removed}")),
                (added, removed) => all.push(format!("{text} +{added} −{removed}")),
            }
        }
        all.join(", ")
    }
}

/// All that is a highlight's own; its thread counts by itself.
fn marked(highlight: &Highlight) -> Highlight {
    Highlight { comments: Vec::new(), ..highlight.clone() }
}

impl Count {
    fn between<K: Eq + Hash, V: PartialEq>(before: &HashMap<K, V>, after: &HashMap<K, V>) -> Self {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let is_other = |(key, value): &(&K, &V)| before.get(key).is_some_and(|then| then != *value);
        Self {
            added: count(after.keys().filter(|key| !before.contains_key(key)).count()),
            changed: count(after.iter().filter(is_other).count()),
            deleted: count(before.keys().filter(|key| !after.contains_key(key)).count()),
        }
    }
}

impl Letters {
    fn between(before: &str, after: &str) -> Self {
        let Some(edit) = difference(before, after, None) else { return Self::default() };
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let added = edit.insert.chars().count();
        // What stays is the same in both.
        let stays = after.chars().count() - added;
        Self { added: count(added), removed: count(before.chars().count().saturating_sub(stays)) }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.added = self.added.saturating_add(other.added);
        self.changed = self.changed.saturating_add(other.changed);
        self.deleted = self.deleted.saturating_add(other.deleted);
    }
}

impl AddAssign for Letters {
    fn add_assign(&mut self, other: Self) {
        self.added = self.added.saturating_add(other.added);
        self.removed = self.removed.saturating_add(other.removed);
    }
}

impl AddAssign for Changes {
    fn add_assign(&mut self, other: Self) {
        self.highlights += other.highlights;
        self.comments += other.comments;
        self.tags += other.tags;
        self.notes += other.notes;
        self.responses += other.responses;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::UserId;

    #[test]
    fn letters_are_counted_as_people_count_them() {
        let letters = |before, after| {
            let Letters { added, removed } = Letters::between(before, after);
            (added, removed)
        };
        assert_eq!(letters("", "漢字🙂"), (3, 0));
        assert_eq!(letters("one two", "one 🙂 two"), (2, 0));
        assert_eq!(letters("one 🙂 two", "one 🙃 two"), (1, 1));
        assert_eq!(letters("same", "same"), (0, 0));
    }

    #[test]
    fn what_came_changed_and_went_is_told_apart() {
        let count = Count::between(
            &HashMap::from([(1, "a"), (2, "b"), (3, "c")]),
            &HashMap::from([(2, "b"), (3, "d"), (4, "e")]),
        );
        assert_eq!(count, Count { added: 1, changed: 1, deleted: 1 });
        let (ann, ben) = (UserId::new(), UserId::new());
        let before = Picture { responses: vec![(ann, "abc".into())], ..Picture::default() };
        let after = Picture { responses: vec![(ben, "12".into())], notes: "n".into(), ..Picture::default() };
        let changes = Changes::between(&before, &after);
        assert_eq!(
            (changes.responses, changes.notes),
            (Letters { added: 2, removed: 3 }, Letters { added: 1, removed: 0 })
        );
        let mut twice = changes;
        twice += changes;
        assert_eq!(twice.responses, Letters { added: 4, removed: 6 });
    }
}
