use yrs::{Any, Doc, Map, Out, ReadTxn, StateVector, Transact, Update, updates::decoder::Decode};

use super::*;
use crate::{
    access::Access,
    ids::{CommentId, HighlightId, MessageId, TagId, UserId},
    rules::{self, Sender},
    selector::Target,
    text::OffsetMap,
};

struct Peer {
    doc: Doc,
    roots: Roots,
    me: UserId,
}

impl Peer {
    fn of(seed: &[u8]) -> Self {
        let doc = empty();
        let roots = Roots::of(&doc);
        let peer = Self { doc, roots, me: UserId::new() };
        peer.take(seed);
        peer
    }

    fn take(&self, update: &[u8]) {
        self.doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
    }

    fn all(&self) -> Vec<u8> {
        self.doc.transact().encode_diff_v1(&StateVector::default())
    }

    fn exchange(&self, other: &Self) {
        self.take(&other.all());
        other.take(&self.all());
    }

    fn run(&self, at: i64, command: Command) -> Result<(), Refusal> {
        let sender = Sender { author: self.me, access: Access::Annotator, moderates: false };
        execute(&self.roots, &mut self.doc.transact_mut(), &sender, at, command)
    }

    fn tags(&self) -> Vec<Tag> {
        tags(&self.roots, &self.doc.transact())
    }

    fn only(&self) -> Highlight {
        let mut all = highlights(&self.roots, &self.doc.transact());
        assert_eq!(all.len(), 1);
        all.remove(0)
    }
}

fn target() -> Target {
    let text = "A heavy 重い clock 🕰️ hung there.";
    let map = OffsetMap::new(text);
    Target::describe(MessageId::new(), text, &map, crate::text::CharOffset(2)..crate::text::CharOffset(10)).unwrap()
}

fn two_peers_and_a_highlight() -> (Peer, Peer, HighlightId) {
    let seed = seed(UserId::new());
    let (a, b) = (Peer::of(&seed), Peer::of(&seed));
    let id = HighlightId::new();
    let tag = a.tags()[0].id;
    a.run(1_700_000_000_000, Command::Highlight { id, targets: vec![target()], tag }).unwrap();
    b.take(&a.all());
    (a, b, id)
}

#[test]
fn a_seeded_document_has_its_tags_in_order() {
    let peer = Peer::of(&seed(UserId::new()));
    let names: Vec<String> = peer.tags().into_iter().map(|tag| tag.name).collect();
    assert_eq!(names, DEFAULT_TAGS.map(|(name, ..)| name));
}

#[test]
fn a_highlight_arrives_with_all_that_was_put_into_it() {
    let (a, b, id) = two_peers_and_a_highlight();
    let highlight = b.only();
    assert_eq!((highlight.id, highlight.author, highlight.created_at), (id, a.me, 1_700_000_000_000));
    assert_eq!(highlight.targets[0].exact, "heavy 重い");
    assert_eq!(highlight.tags[0].0, a.tags()[0].id);
    assert_eq!((highlight.resolved, highlight.deleted, highlight.comments.len()), (None, None, 0));
}

/// What stands in `targets` is what outside clients read: six keys, offsets as JavaScript numbers.
#[test]
fn targets_are_stored_as_the_schema_says() {
    let (_, b, id) = two_peers_and_a_highlight();
    let txn = b.doc.transact();
    let Some(Out::YMap(highlight)) = b.roots.highlights.get(&txn, &id.to_string()) else { panic!("no map") };
    let Some(Out::Any(Any::Array(targets))) = highlight.get(&txn, "targets") else { panic!("no array") };
    let Any::Map(target) = &targets[0] else { panic!("no object") };
    let mut keys: Vec<&str> = target.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["end", "exact", "message", "prefix", "start", "suffix"]);
    assert_eq!(target["start"], Any::from(2));
}

#[test]
fn comments_made_at_once_are_both_kept_in_their_order() {
    let (a, b, id) = two_peers_and_a_highlight();
    b.run(20, Command::Comment { highlight: id, id: CommentId::new(), body: " second ".into(), parent: None }).unwrap();
    a.run(10, Command::Comment { highlight: id, id: CommentId::new(), body: "first".into(), parent: None }).unwrap();
    a.exchange(&b);
    let bodies = |peer: &Peer| peer.only().comments.into_iter().map(|comment| comment.body).collect::<Vec<_>>();
    assert_eq!(bodies(&a), ["first", "second"]);
    assert_eq!(bodies(&b), bodies(&a));
}

#[test]
fn a_reply_to_what_was_deleted_meanwhile_is_kept_and_comes_back_with_it() {
    let (a, b, id) = two_peers_and_a_highlight();
    a.run(30, Command::Delete(id)).unwrap();
    b.run(31, Command::Comment { highlight: id, id: CommentId::new(), body: "but why?".into(), parent: None }).unwrap();
    a.exchange(&b);
    assert!(highlights(&a.roots, &a.doc.transact()).is_empty());
    assert_eq!(b.run(32, Command::Restore(id)), Err(Refusal::Rule(rules::Refusal::NotYours)));
    a.run(33, Command::Restore(id)).unwrap();
    a.exchange(&b);
    assert_eq!(b.only().comments[0].body, "but why?");
}

#[test]
fn retagging_and_resolving_at_once_merge() {
    let (a, b, id) = two_peers_and_a_highlight();
    let (first, second) = (a.tags()[0].id, a.tags()[1].id);
    a.run(40, Command::AddTag(id, second)).unwrap();
    a.run(41, Command::RemoveTag(id, first)).unwrap();
    b.run(42, Command::Resolve(id)).unwrap();
    a.exchange(&b);
    for peer in [&a, &b] {
        let highlight = peer.only();
        assert_eq!(highlight.tags.iter().map(|(tag, _)| *tag).collect::<Vec<_>>(), [second]);
        assert_eq!(highlight.resolved, Some(Stamp { by: b.me, at: 42 }));
    }
    a.run(43, Command::Reopen(id)).unwrap();
    assert_eq!(a.only().resolved, None);
}

#[test]
fn a_deleted_comment_leaves_a_stub_without_its_words() {
    let (a, _, id) = two_peers_and_a_highlight();
    let comment = CommentId::new();
    a.run(50, Command::Comment { highlight: id, id: comment, body: "hasty".into(), parent: None }).unwrap();
    a.run(51, Command::EditComment { highlight: id, id: comment, body: "calm".into() }).unwrap();
    assert_eq!((a.only().comments[0].body.as_str(), a.only().comments[0].edited_at), ("calm", Some(51)));
    a.run(52, Command::DeleteComment { highlight: id, id: comment }).unwrap();
    assert_eq!((a.only().comments[0].body.as_str(), a.only().comments[0].deleted), ("", true));
}

#[test]
fn what_is_refused_leaves_the_document_as_it_was() {
    let (a, _, id) = two_peers_and_a_highlight();
    let before = a.all();
    let long = || "x".repeat(MAX_COMMENT_CHARS + 1);
    let big = Target { exact: "y".repeat(70 * 1024), ..target() };
    let tag = a.tags()[0].id;
    let cases = [
        (
            Command::Comment { highlight: id, id: CommentId::new(), body: " \n".into(), parent: None },
            Refusal::EmptyComment,
        ),
        (Command::Comment { highlight: id, id: CommentId::new(), body: long(), parent: None }, Refusal::LongComment),
        (
            Command::Comment { highlight: HighlightId::new(), id: CommentId::new(), body: "x".into(), parent: None },
            Refusal::NoHighlight,
        ),
        (Command::DeleteComment { highlight: id, id: CommentId::new() }, Refusal::NoComment),
        (Command::AddTag(id, TagId::new()), Refusal::NoTag),
        (Command::Highlight { id: HighlightId::new(), targets: Vec::new(), tag }, Refusal::NoTarget),
        (Command::Highlight { id: HighlightId::new(), targets: vec![big], tag }, Refusal::LongTarget),
        (Command::Highlight { id: HighlightId::new(), targets: vec![target()], tag: TagId::new() }, Refusal::NoTag),
        (Command::NewTag { id: TagId::new(), name: " claim ".into(), colour: "#000000".into() }, Refusal::TagExists),
        (Command::NewTag { id: TagId::new(), name: " ".into(), colour: "#000000".into() }, Refusal::TagName),
        (Command::NewTag { id: TagId::new(), name: "x".repeat(101), colour: "#000000".into() }, Refusal::TagName),
    ];
    for (command, refusal) in cases {
        assert_eq!(a.run(60, command), Err(refusal));
    }
    assert_eq!(a.all(), before);
}

#[test]
fn an_edit_of_a_tag_says_what_it_says_also_when_it_was_kept() {
    let id = TagId::new();
    let (name, colour, description) = (Some("x".to_owned()), None, None);
    for group in [None, Some(None), Some(Some(crate::ids::TagGroupId::new()))] {
        let (name, colour, description) = (name.clone(), colour.clone(), description.clone());
        let edit = Command::EditTag { id, name, colour, description, group };
        let kept = serde_json::to_string(&edit).unwrap();
        assert_eq!(serde_json::from_str::<Command>(&kept).unwrap(), edit, "{kept}");
    }
}

#[test]
fn what_one_edits_of_a_tag_leaves_what_others_edit_of_it() {
    let (a, b, _) = two_peers_and_a_highlight();
    let id = TagId::new();
    a.run(10, Command::NewTag { id, name: "Mine".into(), colour: "#246997".into() }).unwrap();
    a.exchange(&b);
    let edit = |name: Option<&str>, description: Option<&str>| Command::EditTag {
        id,
        name: name.map(str::to_owned),
        colour: None,
        description: description.map(str::to_owned),
        group: None,
    };
    let back = inverse(&a.roots, &a.doc.transact(), &edit(Some("Ours"), None)).unwrap();
    a.run(11, edit(Some("Ours"), None)).unwrap();
    a.run(12, edit(None, Some("theirs"))).unwrap();
    a.run(13, back).unwrap();
    let tag = a.tags().into_iter().find(|tag| tag.id == id).unwrap();
    assert_eq!((tag.name.as_str(), tag.description.as_str()), ("Mine", "theirs"));
}

#[test]
fn a_trace_tells_what_others_changed_after_a_command() {
    let (a, b, id) = two_peers_and_a_highlight();
    let tags: Vec<TagId> = a.tags().into_iter().map(|tag| tag.id).collect();
    let elsewhere = Target { exact: "clock".into(), ..target() };
    let stories: [(Command, Vec<Command>); 6] = [
        (Command::Resolve(id), vec![Command::Reopen(id), Command::Resolve(id)]),
        (Command::Attach(id, vec![elsewhere.clone()]), vec![Command::Attach(id, vec![target()])]),
        (
            Command::Move { highlight: id, from: None, to: tags[0], order: 7.0 },
            vec![Command::Move { highlight: id, from: None, to: tags[0], order: 8.0 }],
        ),
        (Command::AddTag(id, tags[1]), vec![Command::RemoveTag(id, tags[1])]),
        (Command::RemoveTag(id, tags[1]), vec![Command::AddTag(id, tags[1])]),
        (Command::Restore(id), vec![]),
    ];
    // Highlights are re-attached, by the rules, by whoever made them; here the other one may.
    let moderator = |peer: &Peer, at: i64, command: Command| {
        let sender = Sender { author: peer.me, access: Access::Annotator, moderates: true };
        execute(&peer.roots, &mut peer.doc.transact_mut(), &sender, at, command).unwrap();
    };
    let trace_of = |command: &Command| trace(&a.roots, &a.doc.transact(), command);
    for (at, (mine, theirs)) in stories.into_iter().enumerate() {
        let at = 100 * (at as i64 + 1);
        moderator(&a, at, mine.clone());
        let left = trace_of(&mine);
        assert!(left.is_some());
        a.exchange(&b);
        b.run(at + 1, Command::Comment { highlight: id, id: CommentId::new(), body: "beside".into(), parent: None })
            .unwrap();
        a.exchange(&b);
        assert_eq!(trace_of(&mine), left, "what stands beside it is nothing to {mine:?}");
        let is_changed = !theirs.is_empty();
        theirs.into_iter().for_each(|command| moderator(&b, at + 2, command));
        a.exchange(&b);
        assert_eq!(trace_of(&mine) != left, is_changed, "{mine:?}");
    }
}

#[test]
fn a_move_that_cannot_be_done_leaves_the_highlight_where_it_was() {
    let (a, _, id) = two_peers_and_a_highlight();
    let from = a.only().tags[0].0;
    let before = a.all();
    let to = TagId::new();
    assert_eq!(a.run(20, Command::Move { highlight: id, from: Some(from), to, order: 1.0 }), Err(Refusal::NoTag));
    assert_eq!(a.all(), before);
    a.run(21, Command::Delete(id)).unwrap();
    let deleted = a.all();
    a.run(22, Command::Delete(id)).unwrap();
    assert_eq!(a.all(), deleted, "who deleted it, and when, stays");
}

#[test]
fn entries_of_another_shape_are_passed_over() {
    let (a, _, id) = two_peers_and_a_highlight();
    {
        let mut txn = a.doc.transact_mut();
        a.roots.highlights.insert(&mut txn, "no id", 1);
        a.roots.highlights.insert(&mut txn, HighlightId::new().to_string(), "no map");
        a.roots.tags.insert(&mut txn, TagId::new().to_string(), yrs::MapPrelim::from_iter([("name", 7)]));
    }
    assert_eq!(a.only().id, id);
    assert_eq!(a.tags().len(), DEFAULT_TAGS.len());
    let hostile =
        Command::NewTag { id: TagId::new(), name: "x".into(), colour: "red; background: url(//example.org)".into() };
    a.run(70, hostile).unwrap();
    assert_eq!(a.tags().last().unwrap().colour, "#6a655b");
}
