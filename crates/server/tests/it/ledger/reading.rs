//! What a document says, in the ledger's terms, whoever holds it: a writer, the server, the database.

use std::collections::{BTreeMap, HashMap};

use shared::{
    document::{self, Roots},
    ids::{CommentId, ConversationId, HighlightId, UserId},
};
use sqlx::PgConnection;
use yrs::{Any, Doc, GetString, Map, ReadTxn, Snapshot, Transact, Update, types::ToJson, updates::decoder::Decode};

/// A shared text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sheet {
    Notes,
    Response(UserId),
}

/// Something that one writer alone makes and changes, so that what it must say is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A line of a text; no two are alike.
    Line(Sheet, String),
    /// A highlight without its thread.
    Highlight(HighlightId),
    /// A comment of a thread.
    Comment(HighlightId, CommentId),
}

/// What a line that is there says of itself.
pub const THERE: &str = "there";

/// A document, read.
#[derive(Debug)]
pub struct Reading {
    /// What each subject says. What is not there says nothing.
    pub said: HashMap<Subject, String>,
    /// The whole of it, root by root.
    pub json: BTreeMap<String, Any>,
    /// Its state vector and its delete set.
    pub snapshot: Snapshot,
}

impl Reading {
    /// Reads a document in which these people may have a response.
    pub fn of(doc: &Doc, people: &[UserId]) -> Reading {
        let roots = Roots::of(doc);
        let sheets: Vec<_> = [(Sheet::Notes, roots.notes.clone())]
            .into_iter()
            .chain(people.iter().map(|user| (Sheet::Response(*user), doc.get_or_insert_text(response_root(*user)))))
            .collect();
        let txn = doc.transact();
        let mut said = HashMap::new();
        for (sheet, text) in &sheets {
            let text = text.get_string(&txn);
            for line in text.split_terminator('\n') {
                said.entry(Subject::Line(*sheet, line.to_owned()))
                    .and_modify(|there: &mut String| there.push_str(", again"))
                    .or_insert_with(|| THERE.to_owned());
            }
            assert!(text.is_empty() || text.ends_with('\n'), "a line of {sheet:?} was cut");
        }
        for key in roots.highlights.keys(&txn) {
            let id = key.parse().expect("every key of `highlights` is an id");
            let (own, comments) = thread(&roots, &txn, id).expect("every entry of `highlights` is of the schema");
            said.extend(comments.into_iter().map(|(comment, says)| (Subject::Comment(id, comment), says)));
            said.insert(Subject::Highlight(id), own);
        }
        let json = txn.root_refs().map(|(name, root)| (name.to_owned(), root.to_json(&txn))).collect();
        assert!(!txn.has_missing_updates(), "something that this document builds on is not there");
        Reading { said, json, snapshot: txn.snapshot() }
    }
}

/// The root of somebody's response.
pub fn response_root(user: UserId) -> String {
    format!("response:{user}")
}

/// What a highlight says, and what the comments of its thread say.
pub fn thread(roots: &Roots, txn: &impl ReadTxn, id: HighlightId) -> Option<(String, Vec<(CommentId, String)>)> {
    let mut highlight = document::highlight(roots, txn, id)?;
    let comments = std::mem::take(&mut highlight.comments);
    let comments = comments.into_iter().map(|comment| (comment.id, format!("{comment:?}"))).collect();
    Some((format!("{highlight:?}"), comments))
}

/// A document straight from its two tables, none of the server's own code between, and how many rows of the log it has.
pub async fn stored(connection: &mut PgConnection, conversation: ConversationId) -> (Doc, usize) {
    let mut txn =
        sqlx::Connection::begin_with(connection, "begin isolation level repeatable read read only").await.unwrap();
    let (state, seq): (Vec<u8>, i64) =
        sqlx::query_as("select crdt_state, seq from annotation_document_state where conversation_id = $1")
            .bind(conversation.uuid())
            .fetch_one(&mut *txn)
            .await
            .unwrap();
    let log: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("select seq, update from annotation_update where conversation_id = $1 order by seq")
            .bind(conversation.uuid())
            .fetch_all(&mut *txn)
            .await
            .unwrap();
    txn.rollback().await.unwrap();
    let numbers: Vec<i64> = log.iter().map(|(number, _)| *number).collect();
    let expected: Vec<i64> = (seq + 1..).take(log.len()).collect();
    assert_eq!(numbers, expected, "the log of {conversation} continues its snapshot without a gap");
    let doc = document::empty();
    for update in [&state].into_iter().chain(log.iter().map(|(_, update)| update)) {
        doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
        assert!(!doc.transact().has_missing_updates(), "each update builds on what is stored before it");
    }
    (doc, log.len())
}
