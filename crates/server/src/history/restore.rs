//! What was deleted since a moment is brought back: by commands of whoever asks for it, as they would give them by hand, so
//! that nothing goes that others made and nobody does what they may not.

use std::collections::HashSet;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use shared::{
    api::Restored,
    document::{self, Command, Highlight, Picture, Roots, execute},
    ids::ConversationId,
    rules::Sender,
};
use time::OffsetDateTime;
use yrs::{Doc, GetString, Text, TextRef, Transact, TransactionMut};

use super::{compare::response, internal, names, words};
use crate::{
    access,
    annotations::{copy_to_write, say},
    authors,
    error::Error,
    services::Services,
    sessions::Caller,
};

/// `POST /api/v1/conversations/{id}/history/{number}/restore`
pub async fn restore(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ConversationId, i64)>, PathRejection>,
) -> Result<Json<Restored>, Error> {
    let Path((id, number)) = path?;
    let as_of = services.rooms.now();
    let chronicler = access::chronicler(&services.db, caller.id, id).await?;
    let reader = chronicler.reader();
    let turn = services.readings.take(caller.id).await?;
    // Before anything is read: what is deleted for ever meanwhile is of another generation, and nothing that was read comes back.
    let author = authors::of(&services.db, reader).await?;
    let then = services.rooms.read_step(id, number, move |doc| (Picture::of(doc), turn));
    let (then, turn) = then.await.map_err(internal)?.ok_or(Error::NotFound)?;
    services.rooms.settle_history(id).await.map_err(internal)?;
    let rights = reader.rights();
    let sender = Sender { author: author.id, access: rights.access, moderates: rights.moderates };
    let now = i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    let planned = services.rooms.read(id, move |doc| (plan(&then, doc, &sender, now), turn));
    let ((update, restored), _turn) = planned.await.map_err(internal)?.ok_or(Error::NotFound)?.what;
    if let Some(update) = update {
        names::before_restoring(&services.db, chronicler).await?;
        say(&services, caller, reader, author, as_of, update).await?;
    }
    Ok(Json(restored))
}

/// An update that brings back what is in `then` and was deleted since, if anything was, and what that is.
fn plan(then: &Picture, doc: &Doc, sender: &Sender, now: i64) -> (Option<Vec<u8>>, Restored) {
    let own = copy_to_write(doc);
    let (roots, answer) = (Roots::of(&own), document::response(&own, sender.author));
    let mut txn = own.transact_mut();
    let mut work = Work { roots, sender, now, restored: Restored::default() };
    work.tags(&mut txn, then);
    for highlight in &then.highlights {
        work.highlight(&mut txn, highlight);
    }
    let Work { roots, mut restored, .. } = work;
    restored.notes = bring_back(&roots.notes, &mut txn, &then.notes);
    restored.response = bring_back(&answer, &mut txn, &response(then, sender.author));
    let is_any = Restored { left: 0, ..restored } != Restored::default();
    (is_any.then(|| txn.encode_update_v1()), restored)
}

struct Work<'a> {
    roots: Roots,
    sender: &'a Sender,
    now: i64,
    restored: Restored,
}

impl Work<'_> {
    /// Whether the rules let it be done; then it is.
    fn does(&self, txn: &mut TransactionMut, command: Command) -> bool {
        execute(&self.roots, txn, self.sender, self.now, command).is_ok()
    }

    fn tags(&mut self, txn: &mut TransactionMut, then: &Picture) {
        let live: HashSet<_> = document::tags(&self.roots, txn).into_iter().map(|tag| tag.id).collect();
        let merged = document::merged_tags(&self.roots, txn);
        let gone = then.tags.iter().map(|tag| tag.id);
        for tag in gone.filter(|tag| !live.contains(tag) && !merged.contains_key(tag)) {
            match self.does(txn, Command::RestoreTag(tag)) {
                true => self.restored.tags += 1,
                false => self.restored.left += 1,
            }
        }
    }

    fn highlight(&mut self, txn: &mut TransactionMut, then: &Highlight) {
        // What was deleted for ever is nowhere.
        let Some(current) = document::highlight(&self.roots, txn, then.id) else { return };
        if current.deleted.is_some() {
            if !self.does(txn, Command::Restore(then.id)) {
                self.restored.left += 1;
                return;
            }
            self.restored.highlights += 1;
        }
        // Others' words are theirs to take back.
        let own = then.comments.iter().filter(|comment| comment.author == self.sender.author && !comment.deleted);
        for comment in own {
            if current.comments.iter().any(|now| now.id == comment.id && now.deleted) {
                let (highlight, id, body) = (then.id, comment.id, comment.body.clone());
                let is_back = self.does(txn, Command::RestoreComment { highlight, id, body });
                self.restored.comments += u32::from(is_back);
            }
        }
    }
}

/// Puts lines that were taken out of a text back, and says how many characters that are.
fn bring_back(text: &TextRef, txn: &mut TransactionMut, then: &str) -> u32 {
    let inserts = words::taken_out(then, &text.get_string(txn));
    // From behind, so that what is before stays where it is.
    for (at, insert) in inserts.iter().rev() {
        text.insert(txn, *at, insert);
    }
    let chars: usize = inserts.iter().map(|(_, insert)| insert.trim_matches('\n').chars().count()).sum();
    u32::try_from(chars).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use shared::{
        access::Access,
        ids::{CommentId, HighlightId, MessageId, UserId},
        selector::Target,
        text::{CharOffset, OffsetMap},
    };
    use yrs::{Update, updates::decoder::Decode};

    use super::*;

    fn act(doc: &Doc, sender: &Sender, command: Command) {
        execute(&Roots::of(doc), &mut doc.transact_mut(), sender, 1, command).unwrap();
    }

    fn write(doc: &Doc, root: &str, words: &str) {
        let text = doc.get_or_insert_text(root);
        let mut txn = doc.transact_mut();
        let length = text.len(&txn);
        text.remove_range(&mut txn, 0, length);
        text.insert(&mut txn, 0, words);
    }

    fn apply(doc: &Doc, update: &[u8]) {
        doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
    }

    fn marked() -> Target {
        let text = "The trawlers leave before dawn.";
        Target::describe(MessageId::new(), text, &OffsetMap::new(text), CharOffset(4)..CharOffset(12)).unwrap()
    }

    #[test]
    fn what_was_deleted_comes_back_within_the_rules_and_nothing_goes() {
        let [hers, his] = [(Access::Owner, true), (Access::Annotator, false)].map(|(access, moderates)| Sender {
            author: UserId::new(),
            access,
            moderates,
        });
        let doc = document::empty();
        apply(&doc, &document::seed(hers.author));
        let tags = Picture::of(&doc).tags;
        let [kept, .., merged, unused] = &tags[..] else { panic!("too few tags") };
        let (gone, new, own, others) = (HighlightId::new(), HighlightId::new(), CommentId::new(), CommentId::new());
        act(&doc, &hers, Command::Highlight { id: gone, targets: vec![marked()], tag: kept.id });
        for (sender, id, body) in [(&hers, own, "Her words"), (&his, others, "His words")] {
            act(&doc, sender, Command::Comment { highlight: gone, id, body: body.into(), parent: None });
        }
        let answer = format!("response:{}", hers.author);
        write(&doc, "notes", "zero\none 🙂\ntwo\nthree");
        write(&doc, &answer, "My answer");
        let then = Picture::of(&doc);
        assert_eq!(plan(&then, &doc, &hers, 2), (None, Restored::default()), "nothing is lost");

        act(&doc, &his, Command::DeleteComment { highlight: gone, id: others });
        act(&doc, &hers, Command::DeleteComment { highlight: gone, id: own });
        act(&doc, &hers, Command::Delete(gone));
        act(&doc, &hers, Command::DeleteTag(unused.id));
        act(&doc, &hers, Command::MergeTag { from: merged.id, into: kept.id });
        act(&doc, &his, Command::Highlight { id: new, targets: vec![marked()], tag: kept.id });
        write(&doc, "notes", "one 🙂\nhis\nthree");
        write(&doc, &answer, "");
        let (update, of_his) = plan(&then, &doc, &his, 2);
        assert!(update.is_some());
        assert_eq!(
            of_his,
            Restored { notes: 7, left: 2, ..Restored::default() },
            "what is hers is not his to bring back"
        );

        let (update, restored) = plan(&then, &doc, &hers, 2);
        let all = Restored { highlights: 1, comments: 1, tags: 1, notes: 7, response: 9, left: 0 };
        assert_eq!(restored, all);
        apply(&doc, &update.unwrap());
        let now = Picture::of(&doc);
        assert_eq!(now.notes, "zero\none 🙂\ntwo\nhis\nthree");
        assert_eq!(response(&now, hers.author), "My answer");
        let there: Vec<_> = now.highlights.iter().map(|it| it.id).collect();
        assert!(there.contains(&gone) && there.contains(&new) && there.len() == 2);
        let thread = now.highlights.iter().find(|it| it.id == gone).unwrap().comments.iter();
        let said: Vec<_> = thread.filter(|comment| !comment.deleted).map(|comment| comment.body.as_str()).collect();
        assert_eq!(said, ["Her words"], "what he took back stays away");
        let is_live = |id| now.tags.iter().any(|tag| tag.id == id);
        assert!(is_live(unused.id) && !is_live(merged.id), "what was made one stays one");
        assert_eq!(plan(&then, &doc, &hers, 3), (None, Restored::default()), "it is done");
    }
}
