//! Who is there while somebody attacks: one who works in the attacked room, and one in another.

use serde_json::json;
use shared::sync::SUBPROTOCOL;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, client::IntoClientRequest, http::StatusCode},
};

use crate::{
    rooms_support::{Peer, Socket, Wire, doc},
    support::{
        program::{PATIENCE, Server},
        run,
        test_app::Visitor,
        test_database::TestDatabase,
    },
};

/// What an attack may add to the server's memory, even for a moment, in bytes.
const ALLOWED: u64 = 10 << 20;

/// The client id by which the victim is seen.
pub const VICTIM: u64 = 7;

/// Memory is measured, so that there is one attack at a time.
static TURN: Mutex<()> = Mutex::const_new(());

/// What an attacker can reach: a process of its own, so that what happens to it does not happen to the tests, and its
/// memory is its own.
pub struct Stage {
    pub server: Server,
    /// The conversation's id.
    pub attacked: String,
    /// The attacker's: they may annotate.
    pub token: String,
    /// The same person, by cookie.
    pub attacker: Visitor,
    /// Somebody else's conversation, not shared.
    pub private: String,
    // After the server: it cannot be removed while it is used.
    _database: TestDatabase,
}

impl Stage {
    /// The attacker joins as a client of ours does.
    pub async fn join(&self) -> Peer {
        let socket = self.open(&self.address(&self.attacked, &self.token), &[]).await.unwrap();
        Peer::over(Wire::Socket(Box::new(socket)), doc()).await
    }

    pub fn address(&self, conversation: &str, token: &str) -> String {
        format!("/sync/{conversation}?token={token}")
    }

    /// A connection on which nothing has been said, or the status that refuses it.
    pub async fn open(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket, StatusCode> {
        let mut request = self.server.origin.replace("http:", "ws:") + path;
        request = request.replace("localhost", "127.0.0.1");
        let mut request = request.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(socket),
            Err(Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// The stage, and those who are not to notice anything.
pub struct Scene {
    pub stage: Stage,
    pub victim: Peer,
    bystander: Peer,
    _turn: MutexGuard<'static, ()>,
}

impl Scene {
    pub async fn set() -> Scene {
        let turn = TURN.lock().await;
        let database = TestDatabase::new().await;
        let server = Server::start(&run::scratch("hostile").join("data"), Some(&database.url)).await;
        let (owner, attacker) = (person(&server, "student-1").await, person(&server, "student-2").await);
        let attacked = owner.conversation("Attacked", "A text to talk about.", "class").await;
        let quiet = owner.conversation("Quiet", "Another text.", "class").await;
        let private = owner.conversation("Private", "Nobody else's.", "none").await;
        let (owner, token) = (token(&owner).await, token(&attacker).await);
        let stage = Stage { server, attacked, token, attacker, private, _database: database };
        let join = async |conversation: &str| {
            let socket = stage.open(&stage.address(conversation, &owner), &[]).await.unwrap();
            let mut peer = Peer::over(Wire::Socket(Box::new(socket)), doc()).await;
            peer.settle().await;
            peer
        };
        let (mut victim, bystander) = (join(&stage.attacked).await, join(&quiet).await);
        victim.announce(VICTIM, 1, r#"{"here":true}"#).await;
        let mut scene = Scene { stage, victim, bystander, _turn: turn };
        // What is made once (threads, connections to the database, the allocator's stock) is not the attack's.
        for _ in 0..5 {
            works(&mut scene.victim).await;
            works(&mut scene.bystander).await;
            scene.joiner().await;
        }
        scene
    }

    /// Does `attack` and shows that nothing else has changed: the process lives and took little memory, people write in
    /// the other room meanwhile and in this one afterwards, and who joins gets all that was there. Where much is relayed,
    /// the attack lets the victim listen.
    pub async fn survives<T>(&mut self, name: &str, attack: impl AsyncFnOnce(&Stage, &mut Peer) -> T) -> T {
        let memory = self.stage.server.memory();
        self.stage.server.forget_peak();
        let both = timeout(PATIENCE, async {
            tokio::join!(attack(&self.stage, &mut self.victim), works(&mut self.bystander))
        });
        let (outcome, ()) = both.await.unwrap_or_else(|_| panic!("{name}: nobody gets any further"));
        assert!(self.stage.server.is_alive(), "{name}: the process is gone");
        if let (Some(before), Some(peak)) = (memory, self.stage.server.peak()) {
            let taken = peak.saturating_sub(before);
            println!(
                "{name}: {} KiB for a moment, {} after",
                taken >> 10,
                (self.stage.server.memory().unwrap() as i64 - before as i64) >> 10
            );
            assert!(taken <= ALLOWED, "{name}: took {} KiB", taken >> 10);
        }
        works(&mut self.victim).await;
        let joiner = self.joiner().await;
        assert_eq!(joiner.state(), self.victim.state(), "{name}: who joins gets what was there");
        outcome
    }

    /// Somebody who joins the attacked room, and has its document.
    pub async fn joiner(&self) -> Peer {
        let mut peer = self.stage.join().await;
        peer.settle().await;
        peer
    }
}

/// They write, and it is acknowledged.
async fn works(peer: &mut Peer) {
    peer.write("calm 😀 ").await;
    peer.settle().await;
    assert!(peer.refused.is_empty(), "{:?}", peer.refused);
}

async fn person(server: &Server, key: &str) -> Visitor {
    let mut visitor = Visitor::of(server.origin.clone());
    visitor.sign_in(key).await;
    visitor
}

async fn token(person: &Visitor) -> String {
    let answer = person.post("/api/v1/tokens", json!({"name": "a program"})).await;
    answer.json()["token"].as_str().unwrap().to_owned()
}
