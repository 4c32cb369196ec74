//! A conversation of three people on a server that can be stopped, killed and started again over the same database.

use std::{collections::BTreeMap, net::SocketAddr};

use serde_json::json;
use server::{
    config::Config,
    database::Database,
    demo,
    rooms::{persistence, stacks::Stacks},
    serve,
    services::Services,
};
use shared::{
    document,
    ids::{ConversationId, UserId},
};
use sqlx::PgPool;
use tokio::{
    net::TcpListener,
    runtime::{self, Runtime},
    sync::{oneshot, watch},
    task::JoinHandle,
};
use yrs::{Transact, Update, updates::decoder::Decode};

use super::{
    PATIENCE,
    dump::{Roots, State},
    edits::Edit,
    link::Link,
    replica::{Library, Opening, Replica},
};
use crate::support::{test_app::Visitor, test_database::TestDatabase};

/// The people who are seeded.
pub const PEOPLE: [&str; 3] = ["student-1", "student-2", "instructor"];

/// What they read, as Markdown: a turn each.
pub const TURNS: [&str; 2] = [
    "Why do **bees** dance? 🐝🍯 And what does 蜂 mean?",
    "They tell the others where the flowers are.\n\n- The *waggle* says the direction 🧭\n- The length says how far\n\n\
     Careful: a text may hold family emoji (👨‍👩‍👧‍👦), combining marks (e\u{301}) and עברית.",
];

pub struct Stage {
    database: TestDatabase,
    server: Option<Server>,
    address: watch::Sender<Option<SocketAddr>>,
    pub conversation: ConversationId,
    people: Vec<Person>,
    pub roots: Roots,
    /// What stands for what in the edits of a plan, since these ids differ from run to run.
    names: BTreeMap<String, String>,
}

struct Person {
    user: UserId,
    token: String,
}

struct Server {
    runtime: Runtime,
    origin: String,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl Stage {
    pub async fn set() -> Self {
        let database = TestDatabase::new().await;
        demo::seed(&database.pool).await.unwrap();
        let (address, _) = watch::channel(None);
        let server = Server::start(&database.url, &address).await;
        let mut visitors: Vec<_> = PEOPLE.iter().map(|_| Visitor::of(server.origin.clone())).collect();
        for (visitor, key) in visitors.iter_mut().zip(PEOPLE) {
            visitor.sign_in(key).await;
        }
        let text = format!("User: {}\n\nAssistant: {}", TURNS[0], TURNS[1]);
        let conversation = visitors[0].conversation("Bees", &text, "class").await;
        let path = format!("/api/v1/conversations/{conversation}");
        let mut people = Vec::new();
        let mut names = BTreeMap::new();
        for (visitor, key) in visitors.iter_mut().zip(PEOPLE) {
            let author = visitor.get(&path).await.json()["author_id"].as_str().unwrap().to_owned();
            let token = visitor.post("/api/v1/tokens", json!({"name": "a program"})).await.json()["token"].clone();
            people.push(Person { user: author.parse().unwrap(), token: token.as_str().unwrap().to_owned() });
            names.insert(format!("@{key}"), author);
        }
        let messages = visitors[0].get(&path).await.json()["messages"].clone();
        for (number, message) in messages.as_array().unwrap().iter().enumerate() {
            assert_eq!(message["text"], text_of(number), "a turn is a message");
            names.insert(format!("@message-{number}"), message["id"].as_str().unwrap().to_owned());
        }
        let conversation: ConversationId = conversation.parse().unwrap();
        for (number, tag) in tags(&database.pool, conversation).await.into_iter().enumerate() {
            names.insert(format!("@tag-{number}"), tag);
        }
        let roots = Roots {
            maps: ["highlights", "tags", "tag_groups", "meta"].map(str::to_owned).into(),
            texts: [String::from("notes")]
                .into_iter()
                .chain(people.iter().map(|person| format!("response:{}", person.user)))
                .collect(),
        };
        Self { database, server: Some(server), address, conversation, people, roots, names }
    }

    /// A replica of this person, on a network of its own.
    pub async fn replica(&self, library: Library, person: usize, client: u64) -> Replica {
        let link = Link::lay(client, self.address.subscribe()).await;
        let Person { user, token } = &self.people[person];
        let opening = Opening {
            server: link.url(),
            conversation: self.conversation,
            token: token.clone(),
            client,
            user: *user,
            roots: self.roots.clone(),
        };
        Replica::open(library, opening, link).await
    }

    /// An edit of a plan with the ids of this run.
    pub fn concrete(&self, edit: &Edit) -> Edit {
        let text = serde_json::to_string(edit).unwrap();
        // The longest first: one name may begin with another.
        let named = self.names.iter().rev().fold(text, |text, (name, id)| text.replace(name, id));
        serde_json::from_str(&named).unwrap()
    }

    /// The id that a name of a plan stands for.
    pub fn id(&self, name: &str) -> &str {
        &self.names[name]
    }

    pub fn origin(&self) -> &str {
        &self.server.as_ref().unwrap().origin
    }

    pub fn token(&self, person: usize) -> &str {
        &self.people[person].token
    }

    /// In order, as SIGTERM does.
    pub async fn stop(&mut self) {
        self.address.send_replace(None);
        let Server { runtime, stop, serving, .. } = self.server.take().unwrap();
        stop.send(()).unwrap();
        serving.await.unwrap().unwrap();
        runtime.shutdown_background();
    }

    /// Without a word and in the middle of whatever is under way, as SIGKILL does.
    pub fn kill(&mut self) {
        self.address.send_replace(None);
        self.server.take().unwrap().runtime.shutdown_background();
    }

    pub async fn start(&mut self) {
        self.server = Some(Server::start(&self.database.url, &self.address).await);
    }

    /// Compacts the log as it is now, while the room goes on.
    pub async fn snapshot(&self) {
        let stacks = Stacks::start();
        persistence::snapshot(&self.database.pool, &stacks, self.conversation).await.unwrap();
    }

    /// What is in the database.
    pub async fn stored(&self) -> State {
        let stored = persistence::load(&self.database.pool, self.conversation).await.unwrap().unwrap();
        let doc = document::empty();
        for update in [&stored.state].into_iter().chain(&stored.updates) {
            doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
        }
        State::of(&doc, &self.roots)
    }

    /// Waits until the database holds this.
    pub async fn until_stored(&self, state: &State) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let stored = self.stored().await;
            if stored == *state {
                return;
            }
            let waited = tokio::time::Instant::now() < deadline;
            assert!(waited, "the database and the replicas differ:\n{}", stored.differences(state));
        }
    }
}

/// The canonical text of a turn.
pub fn text_of(turn: usize) -> String {
    shared::text::render(TURNS[turn]).text
}

/// The seeded tags, in their order.
async fn tags(db: &PgPool, conversation: ConversationId) -> Vec<String> {
    let stored = persistence::load(db, conversation).await.unwrap().unwrap();
    let doc = document::empty();
    doc.transact_mut().apply_update(Update::decode_v1(&stored.state).unwrap()).unwrap();
    let roots = document::Roots::of(&doc);
    document::tags(&roots, &doc.transact()).iter().map(|tag| tag.id.to_string()).collect()
}

impl Server {
    /// On a runtime of its own, so that all of it can be ended at once.
    async fn start(url: &str, address: &watch::Sender<Option<SocketAddr>>) -> Self {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let words = ["promptgrimoire", "--listen", "127.0.0.1:0", "--database-url", url].map(str::to_owned);
        let (_, config) = Config::parse(words).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let handle = runtime.handle().clone();
        let starting = move || {
            handle.block_on(async {
                let listener = TcpListener::bind(config.listen).await.unwrap();
                let bound = listener.local_addr().unwrap();
                let database = Database::open(&config).await.unwrap();
                let services = Services::new(config, bound, database.pool().clone()).unwrap();
                // An error is the test's end, which is a stop as well.
                let serving = tokio::spawn(serve::run(listener, services, async { drop(stopped.await) }));
                (bound, serving)
            })
        };
        let starting = tokio::task::spawn_blocking(starting);
        let (bound, serving) = starting.await.unwrap();
        address.send_replace(Some(bound));
        Self { runtime, origin: format!("http://localhost:{}", bound.port()), stop, serving }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.runtime.shutdown_background();
        }
    }
}
