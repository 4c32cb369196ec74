//! What an update says to people.

use super::*;
use crate::{
    prose,
    rules::talk::{MAX_ANSWERED, MAX_AT_ONCE},
};

impl World {
    /// A comment of somebody's, perhaps in answer to another, and what it says.
    fn says(&mut self, sender: &Sender, parent: Option<CommentId>, body: &str) -> (CommentId, Said) {
        let (id, highlight) = (CommentId::new(), self.highlight);
        self.must(sender, |roots, txn| {
            let comments = comments_of(roots, txn, highlight);
            let mut map = comment_of(sender.author, body);
            if let Some(parent) = parent {
                map.insert("parent".into(), In::from(parent.to_string()));
            }
            comments.insert(txn, id.to_string(), map);
        });
        let [said] = &self.talk.said[..] else { panic!("{:?}", self.talk) };
        assert_eq!((said.highlight, said.comment, said.author), (highlight, id, sender.author));
        (id, said.clone())
    }

    /// Changes fields of a comment, and what that says.
    fn changes(&mut self, sender: &Sender, id: CommentId, fields: &[(&str, Any)]) -> Vec<Said> {
        let highlight = self.highlight;
        self.must(sender, |roots, txn| {
            let comment = inner(&comments_of(roots, txn, highlight), txn, &id.to_string());
            for (key, value) in fields {
                comment.insert(txn, *key, value.clone());
            }
        });
        self.talk.said.clone()
    }
}

fn comments_of(roots: &Roots, txn: &TransactionMut, highlight: HighlightId) -> MapRef {
    inner(&inner(&roots.highlights, txn, &highlight.to_string()), txn, "comments")
}

fn call(people: &[&Sender]) -> String {
    let mentions: Vec<String> = people.iter().map(|sender| prose::mention("Somebody", sender.author)).collect();
    format!("look, {}", mentions.join(" "))
}

#[test]
fn a_new_comment_answers_everybody_of_its_thread_but_its_author() {
    let mut world = World::new();
    let People { ann, ben, eve, olga, .. } = world.people;
    let (first, said) = world.says(&ben, None, "why?");
    assert_eq!(said.answered, [ann.author], "the author of the highlight and of the first comment, once");
    assert_eq!((said.excerpt.as_str(), said.deleted, said.hidden), ("why?", false, false));
    world.says(&eve, None, "well");
    let (_, said) = world.says(&olga, Some(first), "because");
    assert_eq!(said.answered[0], ben.author, "whom it answers comes first");
    assert_eq!(BTreeSet::from_iter(said.answered), BTreeSet::from([ann.author, ben.author, eve.author]));
    // Who took back what they said is not in the thread any more.
    world.changes(&ben, first, &[("deleted", true.into()), ("body", "".into())]);
    let (_, said) = world.says(&ann, None, "so");
    assert_eq!(BTreeSet::from_iter(said.answered), BTreeSet::from([eve.author, olga.author]));
}

#[test]
fn a_comment_mentions_others_and_not_its_author() {
    let mut world = World::new();
    let People { ann, ben, eve, .. } = world.people;
    let (_, said) = world.says(&ben, None, &call(&[&ann, &ben, &eve, &ann]));
    assert_eq!(said.mentioned, [ann.author, eve.author]);
    assert_eq!(said.called, said.mentioned);
    assert_eq!(said.excerpt, "look, @Somebody @Somebody @Somebody @Somebody");
}

#[test]
fn other_words_call_only_who_was_not_called_before() {
    let mut world = World::new();
    let People { ann, ben, eve, .. } = world.people;
    let (id, _) = world.says(&ben, None, &call(&[&ann]));
    let body = |people: &[&Sender]| [("body", call(people).into()), ("edited_at", (NOW + 1).into())];
    let said = world.changes(&ben, id, &body(&[&eve, &ann]));
    assert_eq!((&said[0].mentioned[..], &said[0].called[..]), (&[eve.author, ann.author][..], &[eve.author][..]));
    assert_eq!(said[0].answered, [], "it is not new");
    let said = world.changes(&ben, id, &body(&[&eve]));
    assert_eq!((&said[0].mentioned[..], said[0].called.len()), (&[eve.author][..], 0));
    // The same words again say nothing.
    assert_eq!(world.changes(&ben, id, &body(&[&eve])), []);
    assert_eq!(world.changes(&ben, id, &[("edited_at", (NOW + 2).into())]), []);
}

#[test]
fn a_deleted_comment_says_nothing_and_a_restored_one_what_it_said() {
    let mut world = World::new();
    let People { ann, ben, .. } = world.people;
    let (id, _) = world.says(&ben, None, &call(&[&ann]));
    let said = world.changes(&ben, id, &[("deleted", true.into()), ("body", "".into())]);
    assert_eq!((said[0].deleted, said[0].excerpt.as_str(), said[0].mentioned.len()), (true, "", 0));
    let said = world.changes(&ben, id, &[("deleted", false.into()), ("body", call(&[&ann]).into())]);
    assert_eq!((said[0].deleted, &said[0].called[..], said[0].answered.len()), (false, &[ann.author][..], 0));
}

#[test]
fn threads_are_hidden_and_shown_with_their_highlight() {
    let mut world = World::new();
    let People { ann, ben, .. } = world.people;
    let highlight = world.highlight;
    let set = |value: Any| {
        move |roots: &Roots, txn: &mut TransactionMut| {
            inner(&roots.highlights, txn, &highlight.to_string()).insert(txn, "deleted", value);
        }
    };
    world.must(&ann, set(stamp(&ann)));
    assert_eq!(world.talk, Talk { hidden: BTreeMap::from([(highlight, true)]), ..Talk::default() });
    let (_, said) = world.says(&ben, None, "too late?");
    assert!(said.hidden, "{said:?}");
    world.must(&ann, set(Any::Null));
    assert_eq!(world.talk.hidden, BTreeMap::from([(highlight, false)]));
}

#[test]
fn what_is_no_talk_says_nothing() {
    let mut world = World::new();
    let People { ann, ben, .. } = world.people;
    let (highlight, message, used, tag) = (HighlightId::new(), world.message, world.used, world.tag);
    world.must(&ann, |roots, txn| {
        roots.highlights.insert(txn, highlight.to_string(), highlight_of(ann.author, message, used));
    });
    assert!(world.talk.is_empty(), "{:?}", world.talk);
    world.must(&ben, |roots, txn| {
        let map = inner(&roots.highlights, txn, &highlight.to_string());
        inner(&map, txn, "tags").insert(txn, tag.to_string(), 2.5);
        map.insert(txn, "resolved", stamp(&ben));
        roots.notes.push(txn, &call(&[&ann]));
    });
    assert!(world.talk.is_empty(), "{:?}", world.talk);
}

#[test]
fn fifty_mentions_count_and_an_excerpt_is_short() {
    let mut world = World::new();
    let ben = world.people.ben;
    let many: Vec<Sender> = (0..60).map(|_| Sender { author: UserId::new(), ..ben }).collect();
    let many: Vec<&Sender> = many.iter().collect();
    let (_, said) = world.says(&ben, None, &call(&many));
    assert_eq!(said.mentioned, many[..MAX_MENTIONS].iter().map(|sender| sender.author).collect::<Vec<_>>());
    let (_, said) = world.says(&ben, None, &format!("a\n\0\tb {}", "字".repeat(500)));
    assert_eq!(said.excerpt, format!("a b {}…", "字".repeat(196)));
}

#[test]
fn whose_highlight_it_is_is_answered_though_they_said_nothing() {
    let mut world = World::new();
    let People { ann, ben, .. } = world.people;
    let (highlight, message, used) = (HighlightId::new(), world.message, world.used);
    world.must(&ann, |roots, txn| {
        roots.highlights.insert(txn, highlight.to_string(), highlight_of(ann.author, message, used));
    });
    world.highlight = highlight;
    let (_, said) = world.says(&ben, None, "hm");
    assert_eq!(said.answered, [ann.author]);
}

#[test]
fn a_comment_that_comes_deleted_answers_and_calls_nobody() {
    let mut world = World::new();
    let People { ann, ben, .. } = world.people;
    let (id, highlight) = (CommentId::new(), world.highlight);
    // Written and taken back in a train: what comes is one update.
    world.must(&ben, |roots, txn| {
        let comment = comment_of(ben.author, &call(&[&ann]));
        let comment = comments_of(roots, txn, highlight).insert(txn, id.to_string(), comment);
        comment.insert(txn, "deleted", true);
        comment.insert(txn, "body", "");
    });
    let [said] = &world.talk.said[..] else { panic!("{:?}", world.talk) };
    assert_eq!((said.deleted, said.answered.len(), said.called.len(), said.excerpt.as_str()), (true, 0, 0, ""));
}

#[test]
fn a_comment_answers_a_hundred_people_and_an_update_concerns_three_hundred() {
    let mut world = World::new();
    let ben = world.people.ben;
    for _ in 0..MAX_ANSWERED + 5 {
        let somebody = Sender { author: UserId::new(), ..ben };
        world.says(&somebody, None, "me too");
    }
    let (_, said) = world.says(&ben, None, "all of you");
    assert_eq!(said.answered.len(), MAX_ANSWERED);

    let highlight = world.highlight;
    let crowd: Vec<Sender> = (0..MAX_MENTIONS).map(|_| Sender { author: UserId::new(), ..ben }).collect();
    let words = call(&crowd.iter().collect::<Vec<_>>());
    world.must(&ben, |roots, txn| {
        for _ in 0..8 {
            comments_of(roots, txn, highlight).insert(
                txn,
                CommentId::new().to_string(),
                comment_of(ben.author, &words),
            );
        }
    });
    let concerned: usize = world.talk.said.iter().map(|said| said.called.len() + said.answered.len()).sum();
    assert_eq!((world.talk.said.len(), concerned), (8, MAX_AT_ONCE));
}
