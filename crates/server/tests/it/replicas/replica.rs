//! A replica: one of ours in this process, or a stock library in a child process.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    document::Highlight,
    ids::{ConversationId, UserId},
};

use super::{
    child::Child,
    dump::{Dump, Roots},
    edits::Edit,
    installed,
    link::Link,
    own::Own,
};

/// Whose implementation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Library {
    /// Ours.
    Yrs,
    /// npm `yjs` and `y-websocket`.
    Yjs,
    /// PyPI `pycrdt`.
    Pycrdt,
}

/// What a replica is told at first.
pub struct Opening {
    pub server: String,
    pub conversation: ConversationId,
    pub token: String,
    /// Its Yjs client id.
    pub client: u64,
    pub user: UserId,
    pub roots: Roots,
}

pub struct Replica {
    client: u64,
    /// For whoever reads of a failure.
    pub name: String,
    pub link: Link,
    mind: Mind,
}

enum Mind {
    Own(Box<Own>),
    Child(Box<Child>),
}

impl Replica {
    /// Opens the document and syncs.
    pub async fn open(library: Library, opening: Opening, link: Link) -> Self {
        let name = format!("{library:?} of {}, client {}", opening.user, opening.client);
        let mind = match library {
            Library::Yrs => Mind::Own(Box::new(Own::open(&opening).await)),
            Library::Yjs => Mind::Child(Box::new(Child::open(installed::node(), "yjs_client.mjs", &opening).await)),
            Library::Pycrdt => {
                Mind::Child(Box::new(Child::open(installed::python(), "pycrdt_client.py", &opening).await))
            }
        };
        let mut replica = Self { client: opening.client, name, link, mind };
        replica.synced().await;
        replica
    }

    /// Connects again, where there is no connection, and waits until both ends have asked each other what they lack and
    /// have been answered. Stock clients would connect by themselves, only later.
    pub async fn join(&mut self, resend: bool) {
        self.link.mend();
        if !self.link.is_open() {
            match &mut self.mind {
                Mind::Own(own) => own.connect(resend).await,
                Mind::Child(child) => drop(child.ask(json!({"do": "connect"})).await),
            }
        }
        self.synced().await;
    }

    /// Both ends have asked and have been answered, and the client has taken the answer in.
    async fn synced(&mut self) {
        self.link.synced().await;
        match &mut self.mind {
            Mind::Own(own) => own.synced().await,
            Mind::Child(child) => drop(child.ask(json!({"do": "synced"})).await),
        }
    }

    pub async fn edit(&mut self, edit: &Edit) {
        match &mut self.mind {
            Mind::Own(own) => own.edit(edit),
            Mind::Child(child) => child.edit(edit).await,
        }
    }

    /// The server gets the update of this edit twice.
    pub async fn edit_and_repeat(&mut self, edit: &Edit) {
        match &mut self.mind {
            Mind::Own(own) => own.edit_and_repeat(edit),
            Mind::Child(child) => {
                self.link.repeat();
                child.edit(edit).await;
            }
        }
    }

    /// The server gets the updates of these edits in another order. Returns when that is made good.
    pub async fn edit_and_shuffle(&mut self, edits: &[Edit], order: &[usize]) {
        match &mut self.mind {
            Mind::Own(own) => {
                own.edit_and_shuffle(edits, order);
                own.acknowledged().await;
            }
            Mind::Child(child) => {
                let dump = child.dump().await;
                self.link.gather(dump.state.clock(self.client));
                for edit in edits {
                    child.edit(edit).await;
                }
                self.link.deal(order).await;
            }
        }
    }

    pub async fn dump(&mut self) -> Dump {
        let mut dump = match &mut self.mind {
            Mind::Own(own) => own.dump(),
            Mind::Child(child) => child.dump().await,
        };
        dump.state = dump.state.normal();
        dump
    }

    /// Waits until the document is no longer of this version.
    pub async fn changed(&mut self, since: u64) {
        match &mut self.mind {
            Mind::Own(own) => own.changed(since).await,
            Mind::Child(child) => drop(child.ask(json!({"do": "changed", "since": since})).await),
        }
    }

    /// Waits until the server has acknowledged everything, where it tells.
    pub async fn acknowledged(&self) {
        if let Mind::Own(own) = &self.mind {
            own.acknowledged().await;
        }
    }

    /// The highlights as our own client reads them. Only replicas of ours can.
    pub fn highlights(&self) -> Vec<Highlight> {
        match &self.mind {
            Mind::Own(own) => own.highlights(),
            Mind::Child(_) => panic!("{} is not ours", self.name),
        }
    }

    /// The updates that were acknowledged.
    pub fn ledger(&self) -> Vec<Vec<u8>> {
        match &self.mind {
            Mind::Own(own) => own.ledger(),
            Mind::Child(_) => Vec::new(),
        }
    }
}
