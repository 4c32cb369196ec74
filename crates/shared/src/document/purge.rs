//! Things that are taken out of a document for good. The server alone does it, with a new generation of the document.
//!
//! They are removed in place: ids and clocks of Yjs clients stay, and their content goes. So what was written elsewhere on
//! the document before still belongs to it, as work that was not sent. Nothing refers to what is not there: what something else
//! refers to keeps its place, without its words.

use std::collections::BTreeSet;

use yrs::{Any, Doc, Map, MapRef, Out, ReadTxn, Snapshot, Text, Transact, TransactionMut, any};

use super::{Roots, Stamp, picture::optional, whole::Whole};
use crate::ids::{CommentId, HighlightId, TagGroupId, TagId, UserId};

/// What a tag or a group is called whose name was taken out.
pub const NAMELESS: &str = "Deleted";

/// What is to be taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purge {
    /// With their threads.
    pub highlights: BTreeSet<HighlightId>,
    /// One that is answered stays, without its words and marked deleted.
    pub comments: BTreeSet<(HighlightId, CommentId)>,
    /// One that a highlight has, or into which another was merged, stays, called [`NAMELESS`].
    pub tags: BTreeSet<TagId>,
    /// One that tags stand in stays, called [`NAMELESS`].
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
    /// What is marked deleted in it, but for what can only be what it is: a mark that something else refers to.
    pub fn deleted(&self) -> Purge {
        let answered = |highlight: &super::whole::Highlight, id: CommentId| {
            highlight.comments.values().any(|comment| comment.parent == Some(id))
        };
        let mut what = Purge::default();
        for (id, highlight) in &self.highlights {
            if highlight.deleted.is_some() {
                what.highlights.insert(*id);
                continue;
            }
            for (comment, it) in &highlight.comments {
                if it.deleted && !(it.body.is_empty() && answered(highlight, *comment)) {
                    what.comments.insert((*id, *comment));
                }
            }
        }
        let is_blank = |tag: &super::whole::Tag| tag.name == NAMELESS && tag.description.is_empty();
        what.tags = self.tags.iter().filter(|(_, tag)| tag.deleted && !is_blank(tag)).map(|(id, _)| *id).collect();
        let groups = self.tag_groups.iter().filter(|(_, group)| group.deleted && group.name != NAMELESS);
        what.groups = groups.map(|(id, _)| *id).collect();
        what
    }
}

/// The tags and groups that are marked deleted.
pub fn deleted_tags(doc: &Doc) -> Purge {
    let roots = Roots::of(doc);
    let txn = doc.transact();
    let deleted = |map: &MapRef| -> Vec<String> {
        let of = map.iter(&txn).filter_map(|(key, value)| match value {
            Out::YMap(thing) if optional(&thing, &txn, "deleted").unwrap_or(false) => Some(key.to_owned()),
            _ => None,
        });
        of.collect()
    };
    Purge {
        tags: deleted(&roots.tags).iter().filter_map(|id| id.parse().ok()).collect(),
        groups: deleted(&roots.tag_groups).iter().filter_map(|id| id.parse().ok()).collect(),
        ..Purge::default()
    }
}

/// What somebody said, and marked without that anybody else has said something to it. Others' words keep the passage that they
/// are about, and what they answer its place.
pub fn said_by(doc: &Doc, author: UserId) -> Purge {
    let roots = Roots::of(doc);
    let txn = doc.transact();
    let is_theirs = |thing: &MapRef| optional::<UserId>(thing, &txn, "author") == Some(author);
    let mut what = Purge::default();
    for (key, value) in roots.highlights.iter(&txn) {
        let (Ok(id), Out::YMap(highlight)) = (key.parse(), value) else { continue };
        let comments: Vec<(String, MapRef)> = inner(&highlight, &txn, "comments").map_or_else(Vec::new, |thread| {
            let of = thread.iter(&txn).filter_map(|(key, value)| match value {
                Out::YMap(comment) => Some((key.to_owned(), comment)),
                _ => None,
            });
            of.collect()
        });
        if is_theirs(&highlight) && comments.iter().all(|(_, comment)| is_theirs(comment)) {
            what.highlights.insert(id);
            continue;
        }
        let theirs = comments.iter().filter(|(_, comment)| is_theirs(comment));
        what.comments.extend(theirs.filter_map(|(key, _)| Some((id, key.parse().ok()?))));
    }
    what
}

/// Takes out what [`said_by`] found of somebody. Their highlights keep their places, without a word and marked deleted: whoever
/// is offline may be answering one. How many things. No transaction may be open.
pub fn purge_said(doc: &Doc, author: UserId, what: &Purge) -> usize {
    let roots = Roots::of(doc);
    let mut txn = doc.transact_mut();
    let mut count = 0;
    for id in &what.highlights {
        let Some(highlight) = inner(&roots.highlights, &txn, &id.to_string()) else { continue };
        if let Some(thread) = inner(&highlight, &txn, "comments") {
            count += thread.len(&txn) as usize;
            thread.clear(&mut txn);
        }
        if optional::<Stamp>(&highlight, &txn, "deleted").is_none() {
            // No time of its own: it would be the same wherever they are taken out.
            let at: i64 = optional(&highlight, &txn, "created_at").unwrap_or_default();
            highlight.insert(&mut txn, "deleted", any!({"by": author.to_string(), "at": at}));
            count += 1;
        }
    }
    drop(txn);
    let comments = Purge { comments: what.comments.clone(), ..Purge::default() };
    count + purge(doc, &comments).comments
}

/// Takes out what somebody wrote in answer, and what was typed into the shared notes under these Yjs clients; how many pieces.
/// No transaction may be open.
pub fn purge_typed(doc: &Doc, author: UserId, clients: &BTreeSet<u64>) -> usize {
    let name = format!("response:{author}");
    let is_there = doc.transact().root_refs().any(|(root, _)| root == name);
    let response = is_there.then(|| doc.get_or_insert_text(name));
    let notes = Roots::of(doc).notes;
    let mut txn = doc.transact_mut();
    let mut count = 0;
    if let Some(response) = response {
        let len = response.len(&txn);
        response.remove_range(&mut txn, 0, len);
        count += usize::from(len > 0);
    }
    // Compared with nothing, each piece is new, and says who wrote it.
    let (now, nothing) = (txn.snapshot(), Snapshot::default());
    let pieces = notes.diff_range(&mut txn, Some(&now), Some(&nothing), |new| new.id.client.get());
    let (mut at, mut theirs) = (0, Vec::new());
    for piece in pieces {
        let Out::Any(Any::String(words)) = piece.insert else { continue };
        let len = words.encode_utf16().count() as u32;
        if piece.ychange.is_some_and(|client| clients.contains(&client)) {
            theirs.push((at, len));
        }
        at += len;
    }
    // From the end, so that the others stay where they are meanwhile.
    for (at, len) in theirs.iter().rev() {
        notes.remove_range(&mut txn, *at, *len);
    }
    count + theirs.len()
}

/// Takes things out; what is not there is passed over. No transaction may be open.
pub fn purge(doc: &Doc, what: &Purge) -> Purged {
    let roots = Roots::of(doc);
    let mut txn = doc.transact_mut();
    let mut purged = Purged::default();
    for id in &what.highlights {
        let key = id.to_string();
        let Some(highlight) = inner(&roots.highlights, &txn, &key) else { continue };
        purged.comments += inner(&highlight, &txn, "comments").map_or(0, |comments| comments.len(&txn) as usize);
        purged.highlights += 1;
        roots.highlights.remove(&mut txn, &key);
    }
    let of: BTreeSet<HighlightId> = what.comments.iter().map(|(highlight, _)| *highlight).collect();
    for id in of {
        let highlight = inner(&roots.highlights, &txn, &id.to_string());
        let Some(thread) = highlight.and_then(|it| inner(&it, &txn, "comments")) else { continue };
        let gone =
            what.comments.iter().filter(|(highlight, _)| *highlight == id).map(|(_, comment)| *comment).collect();
        purged.comments += purge_comments(&thread, &mut txn, gone);
    }
    for id in &what.tags {
        purged.tags += usize::from(purge_tag(&roots, &mut txn, *id));
    }
    for id in &what.groups {
        let (key, stays) = (id.to_string(), names(&roots.tags, &txn, "group", *id));
        purged.groups += usize::from(take_out(&roots.tag_groups, &mut txn, &key, stays));
    }
    purged
}

/// Comments of a thread, the last answers first; how many.
fn purge_comments(thread: &MapRef, txn: &mut TransactionMut<'_>, mut gone: BTreeSet<CommentId>) -> usize {
    let mut count = 0;
    loop {
        let parents: BTreeSet<CommentId> =
            values(thread, txn).into_iter().filter_map(|comment| optional(&comment, txn, "parent")).collect();
        let Some(id) = gone.iter().copied().find(|id| !parents.contains(id)) else { break };
        gone.remove(&id);
        count += usize::from(thread.remove(txn, &id.to_string()).is_some());
    }
    for id in gone {
        let Some(comment) = inner(thread, txn, &id.to_string()) else { continue };
        let is_empty = comment.get_as::<_, String>(txn, "body").is_ok_and(|body| body.is_empty());
        if is_empty && optional(&comment, txn, "deleted").unwrap_or(false) {
            continue;
        }
        comment.insert(txn, "body", "");
        comment.insert(txn, "deleted", true);
        count += 1;
    }
    count
}

/// Whether there was anything of it.
fn purge_tag(roots: &Roots, txn: &mut TransactionMut<'_>, id: TagId) -> bool {
    let key = id.to_string();
    let has = |highlight: &MapRef| inner(highlight, txn, "tags").is_some_and(|tags| tags.contains_key(txn, &key));
    let stays = values(&roots.highlights, txn).iter().any(has) || names(&roots.tags, txn, "merged_into", id);
    take_out(&roots.tags, txn, &key, stays)
}

/// Takes a tag or a group out, or its words; whether there was anything.
fn take_out(map: &MapRef, txn: &mut TransactionMut<'_>, key: &str, stays: bool) -> bool {
    if !stays {
        return map.remove(txn, key).is_some();
    }
    let Some(thing) = inner(map, txn, key) else { return false };
    let mut is_changed = false;
    for (field, blank) in [("name", NAMELESS), ("description", "")] {
        let now = thing.get_as::<_, Option<String>>(txn, field).ok().flatten();
        if now.is_some_and(|now| now != blank) {
            thing.insert(txn, field, blank);
            is_changed = true;
        }
    }
    is_changed
}

/// Whether a field of any of these names something.
fn names(map: &MapRef, txn: &impl ReadTxn, field: &str, id: impl ToString) -> bool {
    let id = Out::Any(Any::from(id.to_string()));
    values(map, txn).iter().any(|thing| thing.get(txn, field).as_ref() == Some(&id))
}

fn inner(map: &MapRef, txn: &impl ReadTxn, key: &str) -> Option<MapRef> {
    match map.get(txn, key) {
        Some(Out::YMap(inner)) => Some(inner),
        _ => None,
    }
}

fn values(map: &MapRef, txn: &impl ReadTxn) -> Vec<MapRef> {
    let inner = |value| match value {
        Out::YMap(inner) => Some(inner),
        _ => None,
    };
    map.values(txn).flatten().filter_map(inner).collect()
}

#[cfg(test)]
mod tests {
    use yrs::{StateVector, Update, updates::decoder::Decode};

    use super::*;
    use crate::{
        access::Access,
        document::{Command, empty, execute, seed, tags},
        ids::{MessageId, UserId},
        rules::{self, Sender},
        selector::Target,
        text::{CharOffset, OffsetMap},
    };

    const TEXT: &str = "The herring sleeps in deep water until the light comes.";

    struct Desk {
        doc: Doc,
        author: UserId,
    }

    impl Desk {
        fn new() -> Self {
            let (doc, author) = (empty(), UserId::new());
            doc.transact_mut().apply_update(Update::decode_v1(&seed(author)).unwrap()).unwrap();
            Self { doc, author }
        }

        fn run(&self, command: Command) {
            let sender = Sender { author: self.author, access: Access::Owner, moderates: true };
            execute(&Roots::of(&self.doc), &mut self.doc.transact_mut(), &sender, 1, command).unwrap();
        }

        fn mark(&self, tag: TagId) -> HighlightId {
            let (id, range) = (HighlightId::new(), CharOffset(4)..CharOffset(11));
            let target = Target::describe(MessageId::new(), TEXT, &OffsetMap::new(TEXT), range).unwrap();
            self.run(Command::Highlight { id, targets: vec![target], tag });
            id
        }

        fn say(&self, highlight: HighlightId, body: &str, parent: Option<CommentId>) -> CommentId {
            let id = CommentId::new();
            self.run(Command::Comment { highlight, id, body: body.into(), parent });
            id
        }

        fn tag(&self, at: usize) -> TagId {
            tags(&Roots::of(&self.doc), &self.doc.transact())[at].id
        }

        fn whole(&self) -> Whole {
            rules::whole(&self.doc).unwrap()
        }

        fn holds(&self, words: &str) -> bool {
            let bytes = self.doc.transact().encode_diff_v1(&StateVector::default());
            bytes.windows(words.len()).any(|window| window == words.as_bytes())
        }
    }

    #[test]
    fn highlights_go_with_their_threads_and_comments_with_their_words() {
        let desk = Desk::new();
        let [kept, gone] = [desk.mark(desk.tag(0)), desk.mark(desk.tag(0))];
        desk.say(gone, "thread of old", None);
        let first = desk.say(kept, "first words", None);
        let second = desk.say(kept, "second words", Some(first));
        let third = desk.say(kept, "third words", Some(second));
        let before = desk.doc.transact().state_vector();
        let what = Purge { highlights: [gone, HighlightId::new()].into(), ..Purge::default() };
        assert_eq!(purge(&desk.doc, &what), Purged { highlights: 1, comments: 1, ..Purged::default() });
        assert_eq!(desk.doc.transact().state_vector(), before, "nothing was written");
        assert!(!desk.holds("thread of old") && desk.holds("first words"));

        // One that is answered keeps its place; the last of a thread goes, and then the one before it can.
        let what = Purge { comments: [(kept, second), (gone, first)].into(), ..Purge::default() };
        assert_eq!(purge(&desk.doc, &what), Purged { comments: 1, ..Purged::default() });
        assert!(!desk.holds("second words"));
        let thread = &desk.whole().highlights[&kept].comments;
        assert_eq!(thread.len(), 3);
        assert!(thread[&second].deleted && thread[&third].parent == Some(second));
        assert!(purge(&desk.doc, &what).is_nothing(), "a second time");
        assert!(desk.whole().deleted().is_empty(), "a place that is needed is nothing that could go");
        let what = Purge { comments: [(kept, second), (kept, third)].into(), ..Purge::default() };
        assert_eq!(purge(&desk.doc, &what), Purged { comments: 2, ..Purged::default() });
        assert_eq!(desk.whole().highlights[&kept].comments.keys().collect::<Vec<_>>(), [&first]);
        assert!(!desk.holds("third words"));
    }

    #[test]
    fn what_somebody_said_goes_and_what_others_said_to_it_stays() {
        let ann = Desk::new();
        let ben = Desk { doc: ann.doc.clone(), author: UserId::new() };
        let [alone, discussed, his] = [ann.mark(ann.tag(0)), ann.mark(ann.tag(0)), ben.mark(ann.tag(0))];
        ann.say(alone, "alone", None);
        let first = ann.say(discussed, "asked", None);
        let answer = ben.say(discussed, "answered", Some(first));
        let late = ann.say(his, "said to his", None);
        let what = said_by(&ann.doc, ann.author);
        assert_eq!(what.highlights, [alone].into());
        assert_eq!(what.comments, [(discussed, first), (his, late)].into());
        // Somebody in a train answers what goes.
        let train = Desk { doc: empty(), author: ben.author };
        let all = ann.doc.transact().encode_diff_v1(&StateVector::default());
        train.doc.transact_mut().apply_update(Update::decode_v1(&all).unwrap()).unwrap();
        let before = train.doc.transact().state_vector();
        train.say(alone, "from the train", None);
        let late_answer = train.doc.transact().encode_diff_v1(&before);
        assert_eq!(purge_said(&ann.doc, ann.author, &what), 4);
        for words in ["alone", "asked", "said to his"] {
            assert!(!ann.holds(words), "{words}");
        }
        let of = &ann.whole().highlights[&alone];
        assert!(of.deleted.is_some() && of.comments.is_empty());
        assert_eq!(purge_said(&ann.doc, ann.author, &said_by(&ann.doc, ann.author)), 0, "a second time");
        ann.doc.transact_mut().apply_update(Update::decode_v1(&late_answer).unwrap()).unwrap();
        let said: Vec<_> = ann.whole().highlights[&alone].comments.values().map(|it| it.body.clone()).collect();
        assert_eq!(said, ["from the train"]);
        let thread = &ann.whole().highlights[&discussed].comments;
        assert!(thread[&first].deleted && thread[&answer].body == "answered");
        assert!(ann.whole().highlights[&his].comments.is_empty());
    }

    #[test]
    fn what_somebody_typed_goes_out_of_the_midst_of_what_others_did() {
        let (desk, ann) = (Desk::new(), UserId::new());
        let type_in = |root: &str, at: u32, words: &str| {
            let own = Desk { doc: empty(), author: ann };
            let all = desk.doc.transact().encode_diff_v1(&StateVector::default());
            own.doc.transact_mut().apply_update(Update::decode_v1(&all).unwrap()).unwrap();
            let before = own.doc.transact().state_vector();
            own.doc.get_or_insert_text(root).insert(&mut own.doc.transact_mut(), at, words);
            let update = own.doc.transact().encode_diff_v1(&before);
            desk.doc.transact_mut().apply_update(Update::decode_v1(&update).unwrap()).unwrap();
            own.doc.client_id().get()
        };
        type_in("notes", 0, "🐟 kept kept.");
        let hers = [
            type_in("notes", 3, "hers "),
            type_in("notes", 14, " 漢 too"),
            type_in(&format!("response:{ann}"), 0, "own"),
        ];
        type_in("notes", 5, "his");
        assert_eq!(desk.whole().notes, "🐟 hehisrs kept k 漢 tooept.");
        assert_eq!(purge_typed(&desk.doc, ann, &hers.into()), 4);
        let whole = desk.whole();
        assert_eq!(whole.notes, "🐟 hiskept kept.");
        assert!(whole.responses.values().all(|text| text.is_empty()), "{:?}", whole.responses);
        assert!(!desk.holds("own") && !desk.holds(" too"));
        assert_eq!(purge_typed(&desk.doc, ann, &hers.into()), 0, "a second time");
    }

    #[test]
    fn tags_go_or_lose_their_names_where_something_refers_to_them() {
        let desk = Desk::new();
        let [used, into, lone] = [0, 1, 2].map(|at| desk.tag(at));
        for (id, name) in [(used, "Name one"), (into, "Name two"), (lone, "Name three")] {
            let edit = Command::EditTag { id, name: Some(name.into()), colour: None, description: None, group: None };
            desk.run(edit);
        }
        let id = desk.mark(used);
        desk.run(Command::MergeTag { from: used, into });
        desk.run(Command::DeleteTag(lone));
        let what = desk.whole().deleted();
        assert_eq!(what.tags, [used, lone].into());
        assert_eq!(deleted_tags(&desk.doc), what);
        assert_eq!(purge(&desk.doc, &what).tags, 2);
        assert!(!desk.holds("Name one") && !desk.holds("Name three") && desk.holds("Name two"));
        let whole = desk.whole();
        assert!(!whole.tags.contains_key(&lone) && whole.tags.contains_key(&into));
        assert!(whole.highlights[&id].tags.keys().all(|tag| whole.tags.contains_key(tag)));
        assert!(whole.deleted().is_empty());
    }

    #[test]
    fn what_was_written_on_the_document_before_still_belongs_to_it() {
        let desk = Desk::new();
        let [kept, gone] = [desk.mark(desk.tag(0)), desk.mark(desk.tag(0))];
        // Somebody is in a train.
        let train = Desk { doc: empty(), author: desk.author };
        let all = desk.doc.transact().encode_diff_v1(&StateVector::default());
        train.doc.transact_mut().apply_update(Update::decode_v1(&all).unwrap()).unwrap();
        let before = train.doc.transact().state_vector();
        train.say(kept, "from the train", None);
        train.say(gone, "to nobody", None);
        let late = train.doc.transact().encode_diff_v1(&before);
        purge(&desk.doc, &Purge { highlights: [gone].into(), ..Purge::default() });
        desk.doc.transact_mut().apply_update(Update::decode_v1(&late).unwrap()).unwrap();
        let whole = desk.whole();
        assert_eq!(whole.highlights.keys().collect::<Vec<_>>(), [&kept]);
        assert_eq!(whole.highlights[&kept].comments.len(), 1);
    }
}
