//! Who is connected, in all rooms: so that a change of access reaches them at once, past every queue.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use shared::{
    access::Rights,
    ids::{ConversationId, UserId},
    sync::CloseCode,
};
use tokio::sync::watch;

use super::Member;
use crate::sessions::Proof;

/// Whose access has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// One person's, in every conversation: their session or token, or their place in a class.
    User(UserId),
    /// Everybody's in one conversation: its owner or its share.
    Conversation(ConversationId),
    /// It is not known whose.
    Everybody,
}

/// A point in the order of changes of access. Who was looked up at an earlier one may have lost access since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// What waits for the reader is sent before.
    AfterFrames(CloseCode),
    /// Nothing more is sent.
    AtOnce(CloseCode),
}

impl Ending {
    pub(super) fn code(self) -> CloseCode {
        let (Self::AfterFrames(code) | Self::AtOnce(code)) = self;
        code
    }
}

/// What a connection may do now, or how it ends: written here and by its room, read by its room and its socket.
#[derive(Debug, Clone)]
pub(super) struct Standing(watch::Sender<Result<Rights, Ending>>);

impl Standing {
    fn new(rights: Rights) -> Self {
        Self(watch::Sender::new(Ok(rights)))
    }

    /// What it may do; nothing if it ends.
    pub(super) fn rights(&self) -> Option<Rights> {
        self.0.borrow().ok()
    }

    pub(super) fn watch(&self) -> watch::Receiver<Result<Rights, Ending>> {
        self.0.subscribe()
    }

    /// What has ended stays so.
    fn change(&self, rights: Rights) {
        self.0.send_if_modified(|standing| match standing {
            Ok(before) if *before != rights => {
                *before = rights;
                true
            }
            _ => false,
        });
    }

    /// Whoever listens is told as if something had changed.
    fn say_again(&self) {
        self.0.send_modify(|_| {});
    }

    /// The first word counts; but that nothing more is sent can still be said.
    pub(super) fn end(&self, ending: Ending) {
        self.0.send_if_modified(|standing| {
            let counts = match standing {
                Ok(_) => true,
                Err(Ending::AfterFrames(_)) => matches!(ending, Ending::AtOnce(_)),
                Err(Ending::AtOnce(_)) => false,
            };
            if counts {
                *standing = Err(ending);
            }
            counts
        });
    }
}

/// All connections. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Connections {
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    now: Moment,
    next: u64,
    open: HashMap<u64, Entry>,
}

struct Entry {
    user: UserId,
    conversation: ConversationId,
    proof: Proof,
    /// When its access was last looked up.
    as_of: Moment,
    standing: Standing,
}

impl Entry {
    fn is_one_of(&self, whom: &[Whom]) -> bool {
        whom.iter().any(|whom| match whom {
            Whom::User(user) => *user == self.user,
            Whom::Conversation(conversation) => *conversation == self.conversation,
            Whom::Everybody => true,
        })
    }
}

/// A connection whose access is to be looked up anew.
pub(super) struct Asked {
    pub(super) id: u64,
    pub(super) user: UserId,
    pub(super) conversation: ConversationId,
    pub(super) proof: Proof,
}

impl Connections {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Moment {
        self.book().now
    }

    pub(super) fn count(&self) -> usize {
        self.book().open.len()
    }

    /// Enters a connection, which is found from here on. The second says whether what is known of the member still
    /// holds: a change since they were looked up did not find them here.
    pub(super) fn enter(&self, conversation: ConversationId, member: &Member) -> (Connection, bool) {
        let mut book = self.book();
        let id = book.next;
        book.next += 1;
        let standing = Standing::new(member.proof.limits(member.rights));
        let (proof, as_of) = (member.proof.clone(), member.as_of);
        let entry = Entry { user: member.user, conversation, proof, as_of, standing: standing.clone() };
        book.open.insert(id, entry);
        let still_holds = as_of == book.now;
        (Connection { id, all: self.clone(), standing }, still_holds)
    }

    /// A connection of the server's own, which nobody's change of access reaches.
    pub(super) fn unlisted(&self, rights: Rights) -> Connection {
        Connection { id: u64::MAX, all: self.clone(), standing: Standing::new(rights) }
    }

    /// Ends all that came in by this proof.
    pub(super) fn sign_out(&self, proof: &Proof) {
        let mut book = self.book();
        book.now.0 += 1;
        for entry in book.open.values().filter(|entry| entry.proof == *proof) {
            entry.standing.end(Ending::AtOnce(CloseCode::SignedOut));
        }
    }

    /// Has the greeting said again to whoever is connected to a conversation.
    pub(super) fn remind(&self, conversation: ConversationId) {
        for entry in self.book().open.values().filter(|entry| entry.conversation == conversation) {
            entry.standing.say_again();
        }
    }

    /// Those whose access is to be looked up, and since when.
    pub(super) fn ask(&self, whom: &[Whom]) -> (Moment, Vec<Asked>) {
        let mut book = self.book();
        book.now.0 += 1;
        let asked = book.open.iter().filter(|(_, entry)| entry.is_one_of(whom)).map(|(id, entry)| {
            let Entry { user, conversation, proof, .. } = entry;
            Asked { id: *id, user: *user, conversation: *conversation, proof: proof.clone() }
        });
        let asked = asked.collect();
        (book.now, asked)
    }

    /// Takes the answers to what was asked at `moment`. An answer that was asked for later is newer, and stays: each
    /// change is followed by a question, so that the last answer knows of all of them.
    pub(super) fn answer(&self, moment: Moment, answers: impl Iterator<Item = (u64, Result<Rights, CloseCode>)>) {
        let mut book = self.book();
        for (id, answer) in answers {
            let Some(entry) = book.open.get_mut(&id).filter(|entry| entry.as_of < moment) else { continue };
            entry.as_of = moment;
            match answer {
                Ok(rights) => entry.standing.change(entry.proof.limits(rights)),
                Err(code) => entry.standing.end(Ending::AtOnce(code)),
            }
        }
    }
}

/// One connection's entry; dropping it takes it out.
pub(super) struct Connection {
    id: u64,
    all: Connections,
    standing: Standing,
}

impl Connection {
    pub(super) fn standing(&self) -> &Standing {
        &self.standing
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.all.book().open.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use shared::{access::Access, api::TokenScope, ids::TokenId};

    use super::*;

    const VIEWER: Rights = Rights {
        access: Access::Viewer,
        moderates: false,
        sees_names: true,
        may_copy: true,
        may_rename: false,
        sees_history: false,
    };
    const OWNER: Rights = Rights {
        access: Access::Owner,
        moderates: true,
        sees_names: true,
        may_copy: true,
        may_rename: true,
        sees_history: false,
    };

    fn member(as_of: Moment) -> Member {
        Member {
            user: UserId::new(),
            author: UserId::new(),
            of_epoch: None,
            name: "Ann".to_owned(),
            rights: Rights { access: Access::Annotator, ..VIEWER },
            proof: Proof::Session(vec![1]),
            as_of,
            speaks_v1: true,
            epoch: None,
        }
    }

    #[test]
    fn who_was_looked_up_before_a_change_is_looked_up_again() {
        let connections = Connections::default();
        let before = connections.now();
        let enter = |as_of| connections.enter(ConversationId::new(), &member(as_of)).1;
        assert!(enter(before));
        connections.sign_out(&Proof::Session(vec![2]));
        assert!(!enter(before), "it might have been this one");
        assert!(enter(connections.now()));
        connections.ask(&[Whom::User(UserId::new())]);
        assert!(!enter(before));
    }

    #[test]
    fn an_older_answer_does_not_undo_a_newer_one() {
        let connections = Connections::default();
        let (connection, _) = connections.enter(ConversationId::new(), &member(Moment::default()));
        let (older, newer) = (connections.ask(&[Whom::Everybody]), connections.ask(&[Whom::Everybody]));
        let id = newer.1[0].id;
        connections.answer(newer.0, [(id, Ok(VIEWER))].into_iter());
        connections.answer(older.0, [(id, Ok(OWNER))].into_iter());
        assert_eq!(connection.standing().rights(), Some(VIEWER));
    }

    #[test]
    fn a_token_that_reads_gains_nothing_from_its_owners_rights() {
        let connections = Connections::default();
        let proof = Proof::Token(TokenId::new(), TokenScope::Read);
        let member = Member { rights: OWNER, proof, ..member(Moment::default()) };
        let (connection, _) = connections.enter(ConversationId::new(), &member);
        let reads = Some(Rights { may_copy: true, ..VIEWER });
        assert_eq!(connection.standing().rights(), reads);
        let (moment, asked) = connections.ask(&[Whom::Everybody]);
        connections.answer(moment, asked.iter().map(|asked| (asked.id, Ok(OWNER))));
        assert_eq!(connection.standing().rights(), reads, "nor later");
    }

    #[test]
    fn what_has_ended_stays_ended_and_is_forgotten_when_it_is_dropped() {
        let connections = Connections::default();
        let (connection, _) = connections.enter(ConversationId::new(), &member(Moment::default()));
        connections.sign_out(&Proof::Session(vec![1]));
        let (moment, asked) = connections.ask(&[Whom::Everybody]);
        connections.answer(moment, asked.iter().map(|asked| (asked.id, Ok(OWNER))));
        assert_eq!(connection.standing().rights(), None);
        assert_eq!(*connection.standing().watch().borrow(), Err(Ending::AtOnce(CloseCode::SignedOut)));
        assert_eq!(connections.count(), 1);
        drop(connection);
        assert_eq!(connections.count(), 0);
    }
}
