//! What this browser keeps on its disk, in IndexedDB: the journal of changes that the server has not acknowledged, the
//! last state of visited documents, and work that was put aside. One database a person, so that nobody sees another's.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use idb::{
    Database, DatabaseEvent, Error, Factory, KeyRange, ObjectStore, ObjectStoreParams, Query, Transaction,
    TransactionMode, TransactionResult,
};
use js_sys::{Object, Reflect, Uint8Array};
use shared::ids::{ConversationId, UserId};
use wasm_bindgen::{JsCast, JsValue};

use crate::annotate::{
    away::Aside,
    pending::{Change, Intent},
    visited::{Entry, beyond},
};

const JOURNAL: &str = "journal";
const STATES: &str = "states";
const ASIDE: &str = "aside";
/// Among the states: which there are. No conversation has this id.
const INDEX: &str = "index";

/// The disk of one person in this browser.
pub struct Store {
    db: RefCell<Option<Database>>,
    /// Whether it was deleted on purpose: its owner has signed out in another tab.
    is_deleted: Rc<Cell<bool>>,
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(db) = self.db.take() {
            db.close();
        }
    }
}

/// The last known state of a document.
pub struct State {
    /// Its generation.
    pub epoch: i64,
    /// All of it, as an update (v1).
    pub update: Vec<u8>,
    /// When it was last as the server had it, in milliseconds since 1970.
    pub at: f64,
}

/// A change as the disk has it: also in words, for the list of what was not sent, which cannot read updates.
pub struct Record<'a> {
    /// The change.
    pub change: &'a Change,
    /// What it is, for people.
    pub what: String,
    /// The words of it.
    pub text: String,
    /// What the conversation is called.
    pub title: String,
    /// Whether these are the whole text that it changes: then the last of them says what all of them come to.
    pub is_whole: bool,
}

/// What is kept of one conversation.
#[derive(Default)]
pub struct Kept {
    /// Its document.
    pub state: Option<State>,
    /// Changes not acknowledged, of all pages, in the order of their making.
    pub changes: Vec<Change>,
    /// What was put aside.
    pub aside: Vec<Aside>,
}

impl Store {
    /// Opens the database of a person, and makes it at first.
    ///
    /// # Errors
    /// The browser has none for us: a private window, a setting, a full disk.
    pub async fn open(user: UserId) -> Result<Self, Error> {
        let mut request = Factory::new()?.open(&format!("promptgrimoire-{user}"), Some(1))?;
        request.on_upgrade_needed(|event| {
            if let Ok(db) = event.database() {
                let mut params = ObjectStoreParams::new();
                params.auto_increment(true);
                for store in [JOURNAL, STATES, ASIDE] {
                    // If it fails the database lacks a store, and nothing is kept: said when it is first used.
                    let _ = db.create_object_store(store, params.clone());
                }
            }
        });
        let mut db = request.await?;
        // Somebody signs out in another tab: what is there is deleted, and this page must not hinder it.
        let is_deleted = Rc::new(Cell::new(false));
        let deleted = is_deleted.clone();
        db.on_version_change(move |event| {
            deleted.set(true);
            if let Some(db) = event.target().and_then(|target| target.dyn_into::<web_sys::IdbDatabase>().ok()) {
                db.close();
            }
        });
        Ok(Self { db: RefCell::new(Some(db)), is_deleted })
    }

    /// Whether it was deleted on purpose, and is not to be made again.
    pub fn is_deleted(&self) -> bool {
        self.is_deleted.get()
    }

    fn begin(&self, stores: &[&str], mode: TransactionMode) -> Result<Transaction, Error> {
        self.db.borrow().as_ref().ok_or(Error::DomExceptionNotFound)?.transaction(stores, mode)
    }

    /// Reads what is kept of a conversation.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn load(&self, conversation: ConversationId) -> Result<Kept, Error> {
        let txn = self.begin(&[JOURNAL, STATES, ASIDE], TransactionMode::ReadOnly)?;
        let state = txn.object_store(STATES)?.get(JsValue::from(conversation.to_string()))?.await?;
        let state = state.and_then(|value| {
            Some(State {
                epoch: number(&value, "epoch")? as i64,
                update: bytes(&value, "update")?,
                at: number(&value, "at")?,
            })
        });
        let changes = changes(&txn.object_store(JOURNAL)?, conversation).await?;
        let aside = txn.object_store(ASIDE)?.get_all(Some(of(conversation)?), None)?.await?;
        let aside = aside.iter().filter_map(|value| serde_json::from_str(&value.as_string()?).ok()).collect();
        Ok(Kept { state, changes, aside })
    }

    /// Reads the journal of a conversation.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn journal(&self, conversation: ConversationId) -> Result<Vec<Change>, Error> {
        let txn = self.begin(&[JOURNAL], TransactionMode::ReadOnly)?;
        changes(&txn.object_store(JOURNAL)?, conversation).await
    }

    /// Writes changes into the journal, all or none.
    ///
    /// # Errors
    /// There is no room, or the database is gone.
    pub async fn append(&self, changes: &[Record<'_>]) -> Result<(), Error> {
        self.replace(&[], changes, &[]).await
    }

    /// Takes changes out of the journal, writes others into it and puts work aside: all of it or nothing.
    ///
    /// # Errors
    /// There is no room, or the database is gone.
    pub async fn replace(&self, gone: &[String], changes: &[Record<'_>], aside: &[Aside]) -> Result<(), Error> {
        let txn = self.begin(&[JOURNAL, ASIDE], TransactionMode::ReadWrite)?;
        match rewrite(&txn, gone, changes, aside) {
            Ok(()) => committed(txn).await,
            Err(error) => {
                // What was asked before must not happen by itself.
                drop(txn.abort()?.await);
                Err(error)
            }
        }
    }

    /// Takes over changes that other pages left, under new keys; returns those that were still there.
    ///
    /// # Errors
    /// The database is gone or full; the changes are where they were.
    pub async fn claim(&self, orphans: Vec<(Change, String)>) -> Result<Vec<Change>, Error> {
        let txn = self.begin(&[JOURNAL], TransactionMode::ReadWrite)?;
        let journal = txn.object_store(JOURNAL)?;
        let mut claimed = Vec::new();
        for (change, key) in orphans {
            let Some(record) = journal.get(JsValue::from(change.key.as_str()))?.await? else { continue };
            journal.put(&record, Some(&key.as_str().into()))?;
            journal.delete(JsValue::from(change.key))?;
            claimed.push(Change { key, ..change });
        }
        committed(txn).await.map(|()| claimed)
    }

    /// Discards what was put aside: the person said so.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn discard(&self, keys: &[String]) -> Result<(), Error> {
        let txn = self.begin(&[ASIDE], TransactionMode::ReadWrite)?;
        let aside = txn.object_store(ASIDE)?;
        for key in keys {
            aside.delete(JsValue::from(key.as_str()))?;
        }
        committed(txn).await
    }

    /// Keeps the state of a document that is open `now`, and lets those go that were opened least recently if all take
    /// too much.
    ///
    /// # Errors
    /// There is no room, or the database is gone. What was kept before stays.
    pub async fn keep(&self, conversation: ConversationId, state: &State, now: f64) -> Result<(), Error> {
        let txn = self.begin(&[STATES], TransactionMode::ReadWrite)?;
        let states = txn.object_store(STATES)?;
        let own = conversation.to_string();
        // Asked for first: the page may be going away, and nothing that waits is done then.
        let record = Object::new();
        set(&record, "epoch", &(state.epoch as f64).into());
        set(&record, "at", &state.at.into());
        set(&record, "update", &Uint8Array::from(state.update.as_slice()));
        states.put(&record, Some(&own.as_str().into()))?;
        let index = states.get(JsValue::from(INDEX))?.await?.and_then(|value| value.as_string());
        let mut index: BTreeMap<String, Entry> =
            index.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        index.insert(own.clone(), Entry { size: state.update.len() as u64, at: now });
        for gone in beyond(&index, &own) {
            index.remove(&gone);
            states.delete(JsValue::from(gone))?;
        }
        states.put(&serde_json::to_string(&index).unwrap_or_default().into(), Some(&INDEX.into()))?;
        committed(txn).await
    }

    /// Forgets the state of a document.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn drop_state(&self, conversation: ConversationId) -> Result<(), Error> {
        let txn = self.begin(&[STATES], TransactionMode::ReadWrite)?;
        // The index may name what is not there.
        txn.object_store(STATES)?.delete(JsValue::from(conversation.to_string()))?;
        committed(txn).await
    }
}

fn rewrite(txn: &Transaction, gone: &[String], changes: &[Record<'_>], aside: &[Aside]) -> Result<(), Error> {
    let (journal, kept) = (txn.object_store(JOURNAL)?, txn.object_store(ASIDE)?);
    for Record { change, what, text, title, is_whole } in changes {
        let record = Object::new();
        set(&record, "update", &Uint8Array::from(change.update.as_slice()));
        set(&record, "intent", &change.intent.write().into());
        if let Some(revision) = change.revision {
            set(&record, "revision", &revision.into());
        }
        set(&record, "what", &what.as_str().into());
        set(&record, "text", &text.as_str().into());
        set(&record, "title", &title.as_str().into());
        set(&record, "whole", &(*is_whole).into());
        journal.put(&record, Some(&change.key.as_str().into()))?;
    }
    for aside in aside {
        let text = serde_json::to_string(aside).unwrap_or_default();
        kept.put(&text.into(), Some(&aside.key.as_str().into()))?;
    }
    for key in gone {
        journal.delete(JsValue::from(key.as_str()))?;
    }
    Ok(())
}

async fn changes(journal: &ObjectStore, conversation: ConversationId) -> Result<Vec<Change>, Error> {
    let keys = journal.get_all_keys(Some(of(conversation)?), None)?.await?;
    let records = journal.get_all(Some(of(conversation)?), None)?.await?;
    let change = |(key, record): (&JsValue, &JsValue)| {
        let intent = Reflect::get(record, &"intent".into()).ok().and_then(|intent| intent.as_string());
        let intent = Intent::read(&intent.unwrap_or_default());
        let revision = number(record, "revision").map(|revision| revision as i32);
        Some(Change { key: key.as_string()?, update: bytes(record, "update")?, intent, revision })
    };
    Ok(keys.iter().zip(&records).filter_map(change).collect())
}

/// All keys of a conversation: they begin with its id and a slash.
fn of(conversation: ConversationId) -> Result<Query, Error> {
    let (from, to) = (format!("{conversation}/"), format!("{conversation}0"));
    Ok(Query::KeyRange(KeyRange::bound(&from.into(), &to.into(), None, Some(true))?))
}

async fn committed(txn: Transaction) -> Result<(), Error> {
    match txn.await? {
        TransactionResult::Committed => Ok(()),
        TransactionResult::Aborted => Err(Error::DomExceptionNotFound),
    }
}

/// An own property of a plain object: cannot fail.
fn set(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &name.into(), value);
}

fn number(value: &JsValue, name: &str) -> Option<f64> {
    Reflect::get(value, &name.into()).ok()?.as_f64()
}

fn bytes(value: &JsValue, name: &str) -> Option<Vec<u8>> {
    Some(Reflect::get(value, &name.into()).ok()?.dyn_into::<Uint8Array>().ok()?.to_vec())
}
