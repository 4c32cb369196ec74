//! Another id for somebody in a document, whose account is to leave no trace there.
//!
//! An id stands in a document as its 36 characters wherever it stands: as an author, in a stamp, in the name of a response, in a
//! mention. So one is put into the place of the other in the bytes of an update. Nothing moves by it: Yjs clients, clocks,
//! lengths and the order of all that is in it stay, and whatever was written on the document before, or in another copy of
//! it, still belongs to it.

use yrs::{Doc, GetString, Map, MapRef, Out, ReadTxn, Text, TextRef, Transact};

use super::Roots;
use crate::{
    ids::{CommentId, HighlightId, UserId},
    prose,
};

/// Characters of an id, and its bytes.
const ID: usize = 36;

/// Puts `to` into the place of `from` in bytes that hold texts (an update, v1), in whatever case; how often.
pub fn rename(update: &mut [u8], from: UserId, to: UserId) -> usize {
    let (from, to) = (from.to_string(), to.to_string());
    let (mut at, mut count) = (0, 0);
    while let Some(here) = update.get_mut(at..at + ID) {
        if here.eq_ignore_ascii_case(from.as_bytes()) {
            here.copy_from_slice(to.as_bytes());
            count += 1;
            at += ID;
        } else {
            at += 1;
        }
    }
    count
}

/// The same in what people typed bit by bit: there an id is in several pieces, which are written anew. How often. No
/// transaction may be open.
pub fn rename_typed(doc: &Doc, from: UserId, to: UserId) -> usize {
    let names: Vec<String> = {
        let txn = doc.transact();
        txn.root_refs().map(|(name, _)| name.to_owned()).filter(|name| name.starts_with("response:")).collect()
    };
    let mut texts = vec![Roots::of(doc).notes];
    texts.extend(names.into_iter().map(|name| doc.get_or_insert_text(name)));
    texts.iter().map(|text| rename_in(doc, text, &from.to_string(), &to.to_string())).sum()
}

fn rename_in(doc: &Doc, text: &TextRef, from: &str, to: &str) -> usize {
    let mut count = 0;
    loop {
        let words = text.get_string(&doc.transact()).to_ascii_lowercase();
        let Some(at) = words.find(from) else { return count };
        // The document counts as JavaScript does.
        let at = words[..at].encode_utf16().count() as u32;
        let mut txn = doc.transact_mut();
        text.remove_range(&mut txn, at, ID as u32);
        text.insert(&mut txn, at, to);
        count += 1;
    }
}

/// A comment that was written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// Its highlight.
    pub highlight: HighlightId,
    /// Which.
    pub comment: CommentId,
    /// What it says now, Markdown.
    pub body: String,
}

/// Calls somebody another name wherever a comment mentions them: their name stands there as whoever wrote it knew it. No
/// transaction may be open.
pub fn rename_mentions(doc: &Doc, user: UserId, name: &str) -> Vec<Rewritten> {
    let highlights = Roots::of(doc).highlights;
    let mut txn = doc.transact_mut();
    let mut all: Vec<(MapRef, Rewritten)> = Vec::new();
    for (highlight, value) in highlights.iter(&txn) {
        let Out::YMap(value) = value else { continue };
        let (Ok(highlight), Some(Out::YMap(thread))) = (highlight.parse(), value.get(&txn, "comments")) else {
            continue;
        };
        for (comment, value) in thread.iter(&txn) {
            let (Ok(id), Out::YMap(comment)) = (comment.parse(), value) else { continue };
            let Ok(body) = comment.get_as::<_, String>(&txn, "body") else { continue };
            let Some(body) = prose::with_name(&body, user, name) else { continue };
            all.push((comment, Rewritten { highlight, comment: id, body }));
        }
    }
    for (comment, Rewritten { body, .. }) in &all {
        comment.insert(&mut txn, "body", body.as_str());
    }
    all.into_iter().map(|(_, rewritten)| rewritten).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use yrs::{StateVector, Update, updates::decoder::Decode};

    use super::*;
    use crate::{
        access::Access,
        document::{Command, empty, execute, seed, tags, whole::Whole},
        ids::{CommentId, HighlightId, MessageId},
        rules::{self, Sender},
        selector::Target,
        text::{CharOffset, OffsetMap},
    };

    const TEXT: &str = "The herring sleeps in deep water until the light comes.";

    fn load(update: &[u8]) -> Doc {
        let doc = empty();
        doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
        doc
    }

    fn bytes(doc: &Doc) -> Vec<u8> {
        doc.transact().encode_diff_v1(&StateVector::default())
    }

    fn holds(bytes: &[u8], id: UserId) -> bool {
        bytes.windows(ID).any(|window| window.eq_ignore_ascii_case(id.to_string().as_bytes()))
    }

    fn whole(doc: &Doc) -> Whole {
        rules::whole(doc).unwrap()
    }

    /// What a document says, as text, with one id for another.
    fn said(mut whole: Whole, from: UserId, to: UserId) -> (String, BTreeMap<UserId, String>) {
        // These are in the order of the ids.
        let responses = std::mem::take(&mut whole.responses);
        let responses = responses.into_iter().map(|(author, text)| (if author == from { to } else { author }, text));
        (format!("{whole:?}").replace(&from.to_string(), &to.to_string()), responses.collect())
    }

    #[derive(Debug, Clone)]
    enum Deed {
        Mark,
        Say(usize, bool),
        Resolve(usize),
        Delete(usize),
        Note(String),
        Respond(String),
    }

    fn deed() -> impl Strategy<Value = (bool, Deed)> {
        let words = "[a-z漢🐟 ]{1,12}";
        let deed = prop_oneof![
            3 => Just(Deed::Mark),
            4 => (0..9usize, any::<bool>()).prop_map(|(at, mentions)| Deed::Say(at, mentions)),
            1 => (0..9usize).prop_map(Deed::Resolve),
            1 => (0..9usize).prop_map(Deed::Delete),
            2 => words.prop_map(Deed::Note),
            2 => words.prop_map(Deed::Respond),
        ];
        (any::<bool>(), deed)
    }

    fn act(doc: &Doc, by: UserId, ann: UserId, deed: Deed, at: i64) {
        let roots = Roots::of(doc);
        let ids: Vec<HighlightId> = whole(doc).highlights.into_keys().collect();
        let of = |at: usize| ids.get(at % ids.len().max(1)).copied();
        let command = match deed {
            Deed::Mark => {
                let target =
                    Target::describe(MessageId::new(), TEXT, &OffsetMap::new(TEXT), CharOffset(4)..CharOffset(11));
                let tag = tags(&roots, &doc.transact())[0].id;
                Some(Command::Highlight { id: HighlightId::new(), targets: vec![target.unwrap()], tag })
            }
            Deed::Say(at, mentions) => of(at).map(|highlight| {
                let body = if mentions { format!("See [@Ann](mention:{ann})") } else { "Words".to_owned() };
                Command::Comment { highlight, id: CommentId::new(), body, parent: None }
            }),
            Deed::Resolve(at) => of(at).map(Command::Resolve),
            Deed::Delete(at) => of(at).map(Command::Delete),
            Deed::Note(words) => {
                roots.notes.insert(&mut doc.transact_mut(), 0, &words);
                None
            }
            Deed::Respond(words) => {
                let text = doc.get_or_insert_text(format!("response:{by}"));
                text.insert(&mut doc.transact_mut(), 0, &words);
                None
            }
        };
        if let Some(command) = command {
            let sender = Sender { author: by, access: Access::Owner, moderates: true };
            let _ = execute(&roots, &mut doc.transact_mut(), &sender, at, command);
        }
    }

    proptest! {
        #[test]
        fn nothing_but_the_id_becomes_another(deeds in prop::collection::vec(deed(), 1..30), cut in 0..30usize) {
            let (ann, ben, nobody) = (UserId::new(), UserId::new(), UserId::new());
            let doc = load(&seed(ann));
            let mut known = StateVector::default();
            for (at, (is_ann, deed)) in deeds.into_iter().enumerate() {
                if at == cut {
                    known = doc.transact().state_vector();
                }
                act(&doc, if is_ann { ann } else { ben }, ann, deed, at as i64);
            }
            let before = bytes(&doc);
            let mut after = before.clone();
            prop_assert!(rename(&mut after, ann, nobody) > 0);
            prop_assert_eq!(after.len(), before.len());
            prop_assert!(!holds(&after, ann));
            let renamed = load(&after);
            prop_assert_eq!(said(whole(&renamed), nobody, ann), said(whole(&doc), nobody, ann));
            prop_assert_eq!(renamed.transact().snapshot(), doc.transact().snapshot());
            prop_assert_eq!(rename_typed(&renamed, ann, nobody), 0);

            // What was written on it meanwhile belongs to it as before: in one order or the other.
            let mut late = doc.transact().encode_diff_v1(&known);
            rename(&mut late, ann, nobody);
            renamed.transact_mut().apply_update(Update::decode_v1(&late).unwrap()).unwrap();
            prop_assert_eq!(renamed.transact().snapshot(), doc.transact().snapshot());
            // And back.
            rename(&mut after, nobody, ann);
            prop_assert_eq!(after, before);
        }
    }

    #[test]
    fn an_id_that_was_typed_in_pieces_is_renamed_too() {
        let (ann, nobody) = (UserId::new(), UserId::new());
        let doc = load(&seed(ann));
        let id = ann.to_string();
        let response = doc.get_or_insert_text(format!("response:{nobody}"));
        for text in [&Roots::of(&doc).notes, &response] {
            text.insert(&mut doc.transact_mut(), 0, &format!("🐟 漢 {} end", &id[10..].to_ascii_uppercase()));
            text.insert(&mut doc.transact_mut(), 5, &id[..10]);
        }
        let mut after = bytes(&doc);
        rename(&mut after, ann, nobody);
        let renamed = load(&after);
        assert!(!holds(&after, ann), "no piece of it is whole");
        assert_eq!(rename_typed(&renamed, ann, nobody), 2);
        let said = whole(&renamed);
        assert_eq!(said.notes, format!("🐟 漢 {nobody} end"));
        assert_eq!(said.responses[&nobody], said.notes);
        assert_eq!(rename_typed(&renamed, ann, nobody), 0);
    }

    #[test]
    fn whoever_is_mentioned_by_name_is_called_another() {
        let (ann, ben) = (UserId::new(), UserId::new());
        let doc = load(&seed(ann));
        act(&doc, ben, ann, Deed::Mark, 1);
        act(&doc, ben, ann, Deed::Say(0, true), 2);
        act(&doc, ben, ann, Deed::Say(0, false), 3);
        assert_eq!(rename_mentions(&doc, ben, "Nobody"), []);
        let renamed = rename_mentions(&doc, ann, "Former member");
        let bodies: Vec<String> = renamed.into_iter().map(|it| it.body).collect();
        assert_eq!(bodies, [format!("See [@Former member](mention:{ann})")]);
        let bytes = bytes(&doc);
        assert!(!bytes.windows(5).any(|window| window == b"[@Ann"), "nor in what it was before");
        let whole = whole(&doc);
        let said: Vec<&str> =
            whole.highlights.values().flat_map(|it| it.comments.values()).map(|it| &*it.body).collect();
        assert!(said.contains(&&*bodies[0]) && said.contains(&"Words"), "{said:?}");
        assert_eq!(rename_mentions(&doc, ann, "Former member"), []);
    }

    #[test]
    fn what_only_looks_like_an_id_stays() {
        let (ann, nobody) = (UserId::new(), UserId::new());
        let doc = load(&seed(nobody));
        Roots::of(&doc).meta.insert(&mut doc.transact_mut(), "schema", 1);
        let before = bytes(&doc);
        let mut after = before.clone();
        assert_eq!(rename(&mut after, ann, UserId::new()), 0);
        assert_eq!(after, before);
        assert_eq!(rename(&mut ann.to_string().as_bytes()[1..].to_vec(), ann, nobody), 0);
        assert_eq!(rename(&mut [], ann, nobody), 0);
    }
}
