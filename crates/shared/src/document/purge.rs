//! Things that are taken out of a document for good. The server alone does it, with a new generation of the document.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::whole::{Comment, Whole};
use crate::ids::{CommentId, HighlightId, TagGroupId, TagId};

/// What is to be taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purge {
    /// With their threads.
    pub highlights: BTreeSet<HighlightId>,
    /// What answers one answers what that answered.
    pub comments: BTreeSet<(HighlightId, CommentId)>,
    /// What had one has what that was merged into.
    pub tags: BTreeSet<TagId>,
    /// Their tags stand in none then.
    pub groups: BTreeSet<TagGroupId>,
}

impl Purge {
    /// How many things it names.
    pub fn len(&self) -> usize {
        self.highlights.len() + self.comments.len() + self.tags.len() + self.groups.len()
    }

    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How much was taken out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say what each counts")]
pub struct Purged {
    pub highlights: usize,
    /// Those of the highlights too.
    pub comments: usize,
    pub tags: usize,
    pub groups: usize,
}

impl Purged {
    /// Whether nothing was.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

impl Whole {
    /// What is marked deleted in it.
    pub fn deleted(&self) -> Purge {
        let is = |highlight: &super::whole::Highlight| highlight.deleted.is_some();
        let comments = self.highlights.iter().filter(|(_, highlight)| !is(highlight)).flat_map(|(id, highlight)| {
            highlight.comments.iter().filter(|(_, comment)| comment.deleted).map(|(comment, _)| (*id, *comment))
        });
        Purge {
            highlights: self.highlights.iter().filter(|(_, highlight)| is(highlight)).map(|(id, _)| *id).collect(),
            comments: comments.collect(),
            tags: self.tags.iter().filter(|(_, tag)| tag.deleted).map(|(id, _)| *id).collect(),
            groups: self.tag_groups.iter().filter(|(_, group)| group.deleted).map(|(id, _)| *id).collect(),
        }
    }

    /// Takes things out; what is not there is passed over. No reference to what is gone is left.
    pub fn purge(&mut self, what: &Purge) -> Purged {
        let mut purged = Purged::default();
        for id in &what.highlights {
            if let Some(highlight) = self.highlights.remove(id) {
                purged.highlights += 1;
                purged.comments += highlight.comments.len();
            }
        }
        let mut of: BTreeMap<HighlightId, BTreeSet<CommentId>> = BTreeMap::new();
        for (highlight, comment) in &what.comments {
            of.entry(*highlight).or_default().insert(*comment);
        }
        for (id, gone) in of {
            if let Some(highlight) = self.highlights.get_mut(&id) {
                purged.comments += take_out(&mut highlight.comments, &gone);
            }
        }
        let gone: HashMap<TagId, Option<TagId>> =
            self.tags.iter().filter(|(id, _)| what.tags.contains(id)).map(|(id, tag)| (*id, tag.merged_into)).collect();
        purged.tags = gone.len();
        self.forget_tags(&gone);
        let before = self.tag_groups.len();
        self.tag_groups.retain(|id, _| !what.groups.contains(id));
        purged.groups = before - self.tag_groups.len();
        for tag in self.tags.values_mut() {
            tag.group = tag.group.filter(|group| self.tag_groups.contains_key(group));
        }
        purged
    }

    /// Takes out tags, each with the one into which it was merged.
    fn forget_tags(&mut self, gone: &HashMap<TagId, Option<TagId>>) {
        // The next that stays. Merges may have been made into a circle by two people at once.
        let instead = |id: TagId| {
            let (mut at, mut steps) = (Some(id), 0);
            while let Some(next) = at.and_then(|id| gone.get(&id)) {
                steps += 1;
                at = next.filter(|_| steps <= gone.len());
            }
            at
        };
        self.tags.retain(|id, _| !gone.contains_key(id));
        for (id, tag) in &mut self.tags {
            tag.merged_into = tag.merged_into.and_then(instead).filter(|into| into != id);
        }
        let known: BTreeSet<TagId> = self.tags.keys().copied().collect();
        for highlight in self.highlights.values_mut() {
            let had: Vec<(TagId, f64)> = highlight
                .tags
                .iter()
                .filter(|(id, _)| gone.contains_key(id))
                .map(|(id, order)| (*id, *order))
                .collect();
            for (id, order) in had {
                highlight.tags.remove(&id);
                if let Some(into) = instead(id).filter(|into| known.contains(into)) {
                    highlight.tags.entry(into).or_insert(order);
                }
            }
        }
    }
}

/// Takes comments out of a thread; how many.
fn take_out(thread: &mut BTreeMap<CommentId, Comment>, gone: &BTreeSet<CommentId>) -> usize {
    let out: HashMap<CommentId, Option<CommentId>> =
        gone.iter().filter_map(|id| thread.remove(id).map(|comment| (*id, comment.parent))).collect();
    for comment in thread.values_mut() {
        // Each way up has an end: the rules see to it.
        while let Some(above) = comment.parent.and_then(|parent| out.get(&parent)) {
            comment.parent = *above;
        }
    }
    out.len()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use yrs::{Transact, Update, updates::decoder::Decode};

    use super::{
        super::{
            Stamp, empty,
            whole::{Group, Highlight, Tag},
        },
        *,
    };
    use crate::{
        ids::{MessageId, UserId},
        rules,
        selector::Target,
        text::{CharOffset, OffsetMap},
    };

    fn comment(parent: Option<CommentId>, body: &str) -> Comment {
        Comment { author: UserId::new(), created_at: 1, body: body.into(), edited_at: None, parent, deleted: false }
    }

    fn highlight(tags: &[TagId], comments: BTreeMap<CommentId, Comment>) -> Highlight {
        let text = "The herring sleeps in deep water until the light comes.";
        let target = Target::describe(MessageId::new(), text, &OffsetMap::new(text), CharOffset(4)..CharOffset(11));
        Highlight {
            targets: vec![target.unwrap()],
            author: UserId::new(),
            created_at: 1,
            tags: tags.iter().map(|id| (*id, 1.0)).collect(),
            resolved: None,
            deleted: None,
            comments,
        }
    }

    fn tag(deleted: bool, group: Option<TagGroupId>, merged_into: Option<TagId>) -> Tag {
        Tag {
            name: "Evidence".into(),
            colour: "#336699".into(),
            description: String::new(),
            group,
            order: 1.0,
            locked: false,
            author: UserId::new(),
            deleted,
            merged_into,
        }
    }

    #[test]
    fn highlights_go_with_their_threads_and_answers_stand_below_what_is_left() {
        let [first, second, third, other] = [(); 4].map(|()| CommentId::new());
        let thread = [
            (first, comment(None, "first")),
            (second, comment(Some(first), "second")),
            (third, comment(Some(second), "third")),
        ];
        let [kept, gone] = [(); 2].map(|()| HighlightId::new());
        let mut whole = Whole {
            highlights: [
                (kept, highlight(&[], thread.into())),
                (gone, highlight(&[], [(other, comment(None, "other"))].into())),
            ]
            .into(),
            ..Whole::default()
        };
        let what = Purge {
            highlights: [gone, HighlightId::new()].into(),
            comments: [(kept, second), (kept, CommentId::new()), (HighlightId::new(), first)].into(),
            ..Purge::default()
        };
        assert_eq!(whole.purge(&what), Purged { highlights: 1, comments: 2, ..Purged::default() });
        assert_eq!(whole.highlights.keys().collect::<Vec<_>>(), [&kept]);
        let left: Vec<_> = whole.highlights[&kept].comments.iter().map(|(id, it)| (*id, it.parent)).collect();
        let mut wanted = vec![(first, None), (third, Some(first))];
        wanted.sort();
        assert_eq!(left, wanted);
        assert!(whole.purge(&what).is_nothing(), "a second time");

        // Two of a thread at once, the one below the other.
        whole.purge(&Purge { comments: [(kept, first)].into(), ..Purge::default() });
        assert_eq!(whole.highlights[&kept].comments[&third].parent, None);
    }

    #[test]
    fn tags_go_once_they_are_deleted_and_what_had_them_has_what_they_were_merged_into() {
        let [used, merged, further, lone] = [(); 4].map(|()| TagId::new());
        let (group, id) = (TagGroupId::new(), HighlightId::new());
        let mut whole = Whole {
            tag_groups: [(
                group,
                Group { name: "Old".into(), colour: None, order: 1.0, author: UserId::new(), deleted: true },
            )]
            .into(),
            tags: [
                (used, tag(false, Some(group), None)),
                (merged, tag(true, None, Some(further))),
                (further, tag(true, None, Some(used))),
                (lone, tag(true, None, None)),
            ]
            .into(),
            highlights: [(id, highlight(&[merged, lone], BTreeMap::new()))].into(),
            ..Whole::default()
        };
        let everything = whole.deleted();
        assert_eq!((everything.tags.len(), everything.groups.len()), (3, 1));
        assert_eq!(whole.purge(&everything), Purged { tags: 3, groups: 1, ..Purged::default() });
        assert_eq!(whole.tags.keys().collect::<Vec<_>>(), [&used], "one that people use stays");
        assert_eq!(whole.tags[&used].group, None);
        assert_eq!(whole.highlights[&id].tags.keys().collect::<Vec<_>>(), [&used]);
        assert!(whole.deleted() == Purge::default());

        let [left, right] = [(); 2].map(|()| TagId::new());
        whole.tags.insert(left, tag(true, None, Some(right)));
        whole.tags.insert(right, tag(true, None, Some(left)));
        whole.highlights.get_mut(&id).unwrap().tags.insert(left, 2.0);
        whole.purge(&Purge { tags: [left, right].into(), ..Purge::default() });
        assert_eq!(whole.highlights[&id].tags.keys().collect::<Vec<_>>(), [&used], "merged in a circle");
    }

    #[test]
    fn what_is_deleted_is_found_and_nothing_of_it_is_left_in_the_bytes() {
        let [shown, hidden] = [(); 2].map(|()| HighlightId::new());
        let [said, unsaid] = [(); 2].map(|()| CommentId::new());
        let by = Stamp { by: UserId::new(), at: 1 };
        let thread = [(said, comment(None, "kept words")), (unsaid, Comment { deleted: true, ..comment(None, "") })];
        let secret = [(CommentId::new(), comment(None, "secret words"))];
        let mut whole = Whole {
            schema: 1,
            highlights: [
                (shown, highlight(&[], thread.into())),
                (hidden, Highlight { deleted: Some(by), ..highlight(&[], secret.into()) }),
            ]
            .into(),
            ..Whole::default()
        };
        let what = whole.deleted();
        assert_eq!((&what.highlights, &what.comments), (&[hidden].into(), &[(shown, unsaid)].into()));
        whole.purge(&what);
        let (doc, bytes) = (empty(), whole.write().unwrap());
        let holds = |words: &str| bytes.windows(words.len()).any(|window| window == words.as_bytes());
        assert!(holds("kept words") && !holds("secret words") && !holds(&hidden.to_string()));
        doc.transact_mut().apply_update(Update::decode_v1(&bytes).unwrap()).unwrap();
        assert_eq!(rules::whole(&doc).unwrap(), whole, "all else is as it was");
    }
}
