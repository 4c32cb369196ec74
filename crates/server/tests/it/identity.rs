//! Nobody is ever taken for anybody else, however many ask at once.

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    rooms_support::highlight,
    support::test_app::{TestApp, Visitor},
};

const PEOPLE: usize = 20;
const ROUNDS: usize = 3;

/// Somebody with a conversation of their own, whose name is in it.
struct Person {
    visitor: Visitor,
    /// A word that no other name holds.
    name: String,
    id: String,
    own: String,
}

impl Person {
    async fn new(app: &TestApp, number: usize) -> Person {
        let name = format!("Numbat{number:02}");
        let visitor = app.newcomer(&name).await;
        let own = visitor.conversation(&format!("Work of {name}"), &format!("Words of {name}."), "none").await;
        Person { id: visitor.id().await, name, own, visitor }
    }

    /// A page or an answer that is this person's alone.
    async fn ask(&self, path: &str, others: &[String]) {
        let answer = self.visitor.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path} by {}: {}", self.name, answer.body);
        if let Some(user) = answer.headers.get("x-promptgrimoire-user") {
            assert_eq!(user, &self.id, "{path} by {}", self.name);
        }
        for other in others {
            assert!(!answer.body.contains(other), "{path} by {} shows {other}", self.name);
        }
        if !path.starts_with("/api") || path.ends_with("/me") {
            assert!(answer.body.contains(&self.name), "{path} by {}: {}", self.name, answer.body);
        }
    }

    async fn asks_for_everything(&self, number: usize, others: &[String]) {
        let Self { own, .. } = self;
        let paths = [
            "/",
            "/?list=mine",
            "/?list=recent",
            "/import",
            "/inbox",
            "/classes",
            "/account",
            &format!("/c/{own}"),
            &format!("/c/{own}/share"),
            "/api/v1/me",
            "/api/v1/conversations",
            "/api/v1/sessions",
            "/api/v1/tokens",
            &format!("/api/v1/conversations/{own}"),
            &format!("/api/v1/conversations/{own}/people"),
        ]
        .map(str::to_owned);
        for step in 0..ROUNDS * paths.len() {
            // Each in an order of their own, so that different questions meet.
            self.ask(&paths[(step * (number % 7 + 1) + number) % paths.len()], others).await;
        }
    }

    /// Writes in their own conversation and, in their own name, in one that all share: another's name would be refused.
    async fn writes(&self, common: &str) {
        let mut peer = self.visitor.sync(&self.own).await;
        peer.until(|peer| peer.synced).await;
        peer.write(&self.name).await;
        peer.settle().await;
        let mut again = self.visitor.sync(&self.own).await;
        again.until(|peer| peer.notes() == self.name).await;

        let author = self.visitor.get(&format!("/api/v1/conversations/{common}")).await.json()["author_id"].clone();
        assert_eq!(author, json!(self.id));
        let mut peer = self.visitor.sync(common).await;
        peer.until(|peer| peer.synced).await;
        let (talk, author) = (common.parse().unwrap(), self.id.parse().unwrap());
        peer.edit(|doc| {
            highlight(doc, talk, author, false);
        })
        .await;
        peer.settle().await;
        assert!(peer.refused.is_empty(), "{}: {:?}", self.name, peer.refused);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_people_at_once_are_each_themselves_on_pages_in_the_api_and_on_sockets() {
    let app = TestApp::start().await;
    let people = join_all((0..PEOPLE).map(|number| Person::new(&app, number))).await;
    let owner = crate::rooms_support::person(&app.database.pool, "Owner").await;
    let common = crate::rooms_support::conversation(&app.database.pool, &owner).await;
    sqlx::query(
        "insert into conversation_shares (id, conversation_id, email, user_id, access)
         select gen_random_uuid(), $1, lower(email), id, 'annotator' from users where name like 'Numbat%'",
    )
    .bind(common.uuid())
    .execute(&app.database.pool)
    .await
    .unwrap();
    let common = common.to_string();
    // A visit of the shared one would put its owner's name on their lists, but no other's.
    join_all(people.iter().enumerate().map(async |(number, person)| {
        let others: Vec<String> =
            people.iter().filter(|other| other.name != person.name).map(|other| other.name.clone()).collect();
        tokio::join!(person.asks_for_everything(number, &others), person.writes(&common));
    }))
    .await;
    let people_there = people[0].visitor.get(&format!("/api/v1/conversations/{common}/people")).await;
    assert!(people.iter().all(|person| people_there.body.contains(&person.name)), "{}", people_there.body);
}
