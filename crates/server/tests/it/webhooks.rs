//! Webhooks: what is sent, signed by whom, to whom it is not, and what becomes of what does not arrive.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::{config::Config, services::Services, webhooks};
use shared::{
    api::{MAX_DELIVERIES_KEPT, MAX_OWN_WEBHOOKS_ABOUT, MAX_WAITING_DELIVERIES, MAX_WEBHOOKS, MAX_WEBHOOKS_ABOUT},
    ids::{CommentId, WebhookId},
    prose,
};
use sqlx::PgPool;
use standardwebhooks::Webhook;
use tokio::task::JoinHandle;
use uuid::Uuid;
use yrs::{Any, Map, MapPrelim, Transact, any};

use crate::{
    activities::{self, activity, class_and_template},
    notices::{Reader, Scene, add, call, inner},
    rooms_support::until,
    support::{
        receiver::{Received, Receiver},
        test_app::{Answer, TestApp, Visitor, assert_problem},
    },
};

const HOOKS: &str = "/api/v1/webhooks";

/// Receivers of tests are on this machine.
const HERE: &str = "--webhook-networks=127.0.0.0/8,::1/128";

/// A class in which people comment, and a receiver.
struct Stage {
    scene: Scene,
    receiver: Receiver,
}

/// A webhook, and who has it.
struct Hook {
    id: String,
    secret: String,
}

impl Hook {
    fn path(&self) -> String {
        format!("{HOOKS}/{}", self.id)
    }

    fn uuid(&self) -> Uuid {
        self.id.parse::<WebhookId>().unwrap().uuid()
    }

    /// Whether it was sent by who knows the secret, as somebody else's library sees it.
    fn signed(&self, received: &Received) -> bool {
        Webhook::new(&self.secret).unwrap().verify(received.body.as_bytes(), &received.headers).is_ok()
    }
}

async fn hook(owner: &Visitor, url: &str, about: &str) -> Hook {
    let made = owner.post(HOOKS, json!({"url": url, "about": about})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let text = |name: &str| made.json()[name].as_str().unwrap().to_owned();
    Hook { id: text("id"), secret: text("secret") }
}

async fn details(owner: &Visitor, hook: &Hook) -> Value {
    let answer = owner.get(&hook.path()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

/// State, attempts, status and reason of each delivery, the newest first.
async fn told(owner: &Visitor, hook: &Hook) -> Vec<(String, i64, Option<i64>, Option<String>)> {
    let details = details(owner, hook).await;
    let line = |one: &Value| {
        let reason = one["reason"].as_str().map(str::to_owned);
        (one["state"].as_str().unwrap().to_owned(), one["attempts"].as_i64().unwrap(), one["status"].as_i64(), reason)
    };
    details["deliveries"].as_array().unwrap().iter().map(line).collect()
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::start_as(&[HERE], server::rooms::Timing::default()).await;
        Self { scene: Scene::over(app).await, receiver: Receiver::start().await }
    }

    fn db(&self) -> &PgPool {
        &self.scene.app.database.pool
    }

    /// A webhook of somebody's for the conversation.
    async fn hook(&self, owner: &Visitor) -> Hook {
        hook(owner, &self.receiver.origin, &format!("/c/{}", self.scene.talk)).await
    }

    /// Until as many deliveries are in a state.
    async fn until(&self, state: &str, count: i64) {
        until(async || in_state(self.db(), state).await == count).await;
    }

    /// As if the time of the next attempt had come.
    async fn now(&self) {
        self.scene.sql("update webhook_deliveries set due_at = now() where state = 'waiting'").await;
        self.scene.sql("update webhooks set paused_until = null").await;
    }

    /// As if the pause of the webhooks were over, and what failed were not due for long.
    async fn go_on(&self) {
        let later = "update webhook_deliveries set due_at = now() + interval '1 day'
                     where state = 'waiting' and reason is not null";
        self.scene.sql(later).await;
        self.scene.sql("update webhooks set paused_until = null").await;
    }

    /// A webhook of somebody else's for the conversation, to hear by of what a server has looked at meanwhile.
    async fn beside(&self, owner: &Reader) -> Receiver {
        let receiver = Receiver::start().await;
        hook(&owner.visitor, &receiver.origin, &format!("/c/{}", self.scene.talk)).await;
        receiver
    }

    /// As many waiting as may wait, but one; none of them is due.
    async fn fill(&self) {
        let sql = "insert into webhook_deliveries (id, webhook_id, due_at)
                   select gen_random_uuid(), id, now() + interval '1 day' from webhooks, generate_series(1, $1)";
        sqlx::query(sql).bind(i32::from(MAX_WAITING_DELIVERIES) - 1).execute(self.db()).await.unwrap();
    }

    /// People of the class, each with so many webhooks for the conversation, at `/crowd` of the receiver.
    async fn crowd(&self, people: std::ops::RangeInclusive<i32>, webhooks: i32) {
        let sql = "with crowd as (
                       insert into users (id, name, email)
                       select gen_random_uuid(), 'Crowd ' || n, n || '@crowd.example' from generate_series($1, $2) n
                       returning id
                   ), members as (
                       insert into memberships (class_id, user_id, role)
                       select c.class_id, crowd.id, 'student' from crowd, conversations c where c.id = $3
                   )
                   insert into webhooks (id, user_id, conversation_id, url, secret)
                   select gen_random_uuid(), crowd.id, $3, $4, 'x' from crowd, generate_series(1, $5)";
        sqlx::query(sql)
            .bind(people.start())
            .bind(people.end())
            .bind(self.scene.talk.parse::<Uuid>().unwrap())
            .bind(format!("{}/crowd", self.receiver.origin))
            .bind(webhooks)
            .execute(self.db())
            .await
            .unwrap();
    }

    /// Until a transaction waits for another.
    async fn until_somebody_waits(&self) {
        let sql = "select exists (select from pg_stat_activity
                                  where datname = current_database() and wait_event_type = 'Lock')";
        until(async || self.one(sql).await).await;
    }

    async fn one<T>(&self, sql: &'static str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        sqlx::query_scalar(sql).fetch_one(self.db()).await.unwrap()
    }

    /// Nothing more is to come.
    async fn assert_silent(&self) {
        let left = self.receiver.rest().await;
        assert!(left.is_empty(), "{left:?}");
    }
}

async fn in_state(db: &PgPool, state: &str) -> i64 {
    let count = sqlx::query_scalar("select count(*) from webhook_deliveries where state = $1 and ended_at is not null");
    let waiting = "select count(*) from webhook_deliveries where state = $1 and attempts > 0 and reason is not null";
    let count = if state == "waiting" { sqlx::query_scalar(waiting) } else { count };
    count.bind(state).fetch_one(db).await.unwrap()
}

#[tokio::test]
async fn a_comment_is_sent_signed_with_what_a_program_needs() {
    let stage = Stage::set().await;
    let Scene { olga, ben, ann, .. } = &stage.scene;
    let hook = stage.hook(&olga.visitor).await;
    let body = format!("**Why**, {}? 为什么 🐋", prose::mention("Whoever", ann.id));
    let comment = stage.scene.says(ben, &body).await;
    let received = stage.receiver.next().await;
    assert!(hook.signed(&received), "{received:?}");
    let (talk, highlight) = (&stage.scene.talk, stage.scene.highlight);
    let event = received.json();
    let expected = json!({
        "type": "comment.created",
        "timestamp": event["timestamp"],
        "data": {
            "comment": comment,
            "highlight": highlight,
            "link": format!("{}/c/{talk}#h={highlight}&c={comment}", stage.scene.app.origin()),
            "conversation": {"id": talk, "title": "Bread & <butter>"},
            "author": {"id": ben.id, "name": "Demo Student 2"},
            "body": "**Why**, @Demo Student 1? 为什么 🐋",
        },
    });
    assert_eq!(event, expected);
    assert_eq!(received.header("content-type"), "application/json");
    stage.until("delivered", 1).await;
    let details = details(&olga.visitor, &hook).await;
    let one = &details["deliveries"][0];
    assert_eq!((one["id"].as_str(), one["status"].as_i64()), (Some(received.header("webhook-id")), Some(204)));
    assert_eq!(details["webhook"]["title"], "Bread & <butter>");
    let listed = olga.visitor.get(HOOKS).await;
    assert_eq!(listed.json()[0], details["webhook"]);
    assert!(!listed.body.contains("whsec") && !details.to_string().contains(&hook.secret[6..]));
}

#[tokio::test]
async fn what_was_changed_on_the_way_or_signed_by_somebody_else_is_not_taken_for_ours() {
    let stage = Stage::set().await;
    let hook = stage.hook(&stage.scene.ann.visitor).await;
    stage.scene.says(&stage.scene.ben, "Why?").await;
    let received = stage.receiver.next().await;
    assert!(hook.signed(&received));
    let mut changed = received.clone();
    changed.body = changed.body.replace("Why?", "Why!");
    assert!(!hook.signed(&changed));
    let mut later = received.clone();
    let at: i64 = later.header("webhook-timestamp").parse().unwrap();
    later.headers.insert("webhook-timestamp", (at + 1).into());
    assert!(!hook.signed(&later));
    let other = stage.hook(&stage.scene.ann.visitor).await;
    assert!(!other.signed(&received));
}

#[tokio::test]
async fn a_new_secret_and_the_old_one_sign_together_for_a_day() {
    let stage = Stage::set().await;
    let ann = &stage.scene.ann.visitor;
    let old = stage.hook(ann).await;
    let renewed = ann.post(&format!("{}/secret", old.path()), json!({})).await;
    assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.body);
    let new = Hook { id: old.id.clone(), secret: renewed.json()["secret"].as_str().unwrap().to_owned() };
    assert_ne!(old.secret, new.secret);
    stage.scene.says(&stage.scene.ben, "Why?").await;
    let received = stage.receiver.next().await;
    assert_eq!((old.signed(&received), new.signed(&received)), (true, true));
    stage.scene.sql("update webhooks set old_secret_until = now()").await;
    stage.scene.says(&stage.scene.ben, "Why not?").await;
    let received = stage.receiver.next().await;
    assert_eq!((old.signed(&received), new.signed(&received)), (false, true));
}

#[tokio::test]
async fn a_class_and_an_activity_are_heard_in_all_that_their_listener_may_read() {
    let stage = Stage::set().await;
    let Scene { app, olga, ann, ben, .. } = &stage.scene;
    let (class, template) = class_and_template(&olga.visitor).await;
    let task = activity(&olga.visitor, &class, &template, "individual").await;
    let page = task.replace("/api/v1", "");
    let at = |path: &str| format!("{}/{path}", stage.receiver.origin);
    hook(&olga.visitor, &at("class"), &format!("{}/classes/{class}", app.origin())).await;
    hook(&olga.visitor, &at("task"), &page).await;
    // She may read her own copy, and not his.
    let of_ann = hook(&ann.visitor, &at("ann"), &format!("/classes/{class}")).await;
    for (who, words) in [(ann, "Ann"), (ben, "Ben")] {
        let talk = activities::copy(&who.visitor, &task).await;
        let mut peer = activities::synced(&who.visitor, &talk).await;
        let marked = activities::mark(&who.visitor, &mut peer, &talk).await;
        peer.edit(|doc| add(doc, marked.parse().unwrap(), CommentId::new(), who.id, words)).await;
        peer.settle().await;
        assert_eq!(peer.refused, []);
    }
    stage.scene.says(ben, "shared").await;
    let mut heard = BTreeSet::new();
    for _ in 0..7 {
        let received = stage.receiver.next().await;
        heard.insert((received.path.clone(), received.words()));
    }
    let expected = [
        ("/ann", "Ann"),
        ("/ann", "shared"),
        ("/class", "Ann"),
        ("/class", "Ben"),
        ("/class", "shared"),
        ("/task", "Ann"),
        ("/task", "Ben"),
    ];
    assert_eq!(heard, expected.map(|(path, words)| (path.to_owned(), words.to_owned())).into());
    // What is shared with the class no longer is not its business.
    stage.scene.sql("update conversations set share = 'none' where title like 'Bread%'").await;
    stage.scene.says(olga, "hidden").await;
    let written: i64 =
        sqlx::query_scalar("select count(*) from webhook_deliveries").fetch_one(stage.db()).await.unwrap();
    assert_eq!(written, 7);
    assert_eq!(details(&ann.visitor, &of_ann).await["deliveries"].as_array().unwrap().len(), 2, "nor is it told");
}

#[tokio::test]
async fn who_may_read_no_more_when_it_is_sent_hears_nothing_and_is_told_so() {
    let stage = Stage::set().await;
    let Scene { ann, ben, .. } = &stage.scene;
    let hook = stage.hook(&ann.visitor).await;
    let hide = "update conversations set share = 'none' where title like 'Bread%'";
    let show = "update conversations set share = 'class', trashed_at = null where title like 'Bread%'";
    let throw = "update conversations set trashed_at = now() where title like 'Bread%'";
    for (count, end) in [(1, hide), (2, throw)] {
        stage.receiver.answers(503);
        stage.scene.says(ben, "Why?").await;
        stage.receiver.next().await;
        stage.until("waiting", 1).await;
        stage.receiver.answers(204);
        stage.scene.sql(end).await;
        stage.now().await;
        stage.until("silent", count).await;
        let webhook = ann.visitor.get(HOOKS).await.json()[0].clone();
        assert_eq!((&webhook["may_read"], &webhook["title"]), (&json!(false), &Value::Null), "{webhook}");
        assert_eq!(ann.visitor.get(&hook.path()).await.json()["webhook"]["may_read"], json!(false));
        stage.scene.sql(show).await;
    }
    stage.assert_silent().await;
    let (state, _, status, reason) = told(&ann.visitor, &hook).await.remove(0);
    assert_eq!((state.as_str(), status), ("silent", None));
    assert!(reason.unwrap().contains("may not read this conversation"));
    // Silence is no failure of theirs: it goes on when they may read again.
    stage.scene.says(ben, "Heard").await;
    assert_eq!(stage.receiver.next().await.words(), "Heard");
}

#[tokio::test]
async fn who_is_banned_hears_nothing() {
    let stage = Stage::set().await;
    let Scene { ann, ben, .. } = &stage.scene;
    stage.hook(&ann.visitor).await;
    stage.receiver.answers(503);
    stage.scene.says(ben, "Why?").await;
    stage.receiver.next().await;
    stage.until("waiting", 1).await;
    stage.scene.sql("update users set banned_at = now() where name = 'Demo Student 1'").await;
    stage.now().await;
    stage.until("silent", 1).await;
    stage.scene.says(ben, "Why not?").await;
    let written: i64 =
        sqlx::query_scalar("select count(*) from webhook_deliveries").fetch_one(stage.db()).await.unwrap();
    assert_eq!(written, 1);
    stage.assert_silent().await;
}

#[tokio::test]
async fn a_comment_that_changes_before_it_arrives_arrives_as_it_is_and_not_at_all_when_it_is_deleted() {
    let stage = Stage::set().await;
    let Scene { ann, ben, .. } = &stage.scene;
    let hook = stage.hook(&ann.visitor).await;
    stage.receiver.answers(503);
    let mut said = Vec::new();
    for (count, words) in (1..).zip(["One", "Two", "Three"]) {
        said.push(stage.scene.says(ben, words).await);
        stage.until("waiting", count).await;
        stage.go_on().await;
    }
    let [edited, deleted, hidden] = said[..] else { panic!("{said:?}") };
    stage.receiver.rest().await;
    stage.scene.changes(ben, edited, &[("body", "Other words".into()), ("edited_at", Any::from(3))]).await;
    stage.scene.changes(ben, deleted, &[("body", "".into()), ("deleted", true.into())]).await;
    stage.receiver.answers(204);
    sqlx::query("update webhook_deliveries set due_at = now() where comment_id <> $1")
        .bind(hidden.uuid())
        .execute(stage.db())
        .await
        .unwrap();
    assert_eq!(stage.receiver.next().await.words(), "Other words");
    stage.until("silent", 1).await;
    stage.scene.deletes_highlight(any!({"by": ann.id.to_string(), "at": 3})).await;
    stage.now().await;
    stage.until("silent", 2).await;
    stage.assert_silent().await;
    let reasons = told(&ann.visitor, &hook).await.into_iter().filter_map(|(.., reason)| reason);
    assert_eq!(reasons.filter(|reason| reason.contains("was deleted")).count(), 2);
}

#[tokio::test]
async fn of_an_anonymous_conversation_no_name_and_no_address_leaves_whoever_listens() {
    let stage = Stage::set().await;
    let Scene { olga, ann, ben, .. } = &stage.scene;
    let body = json!({"title": "Hidden", "text": "Some words to mark.", "share": "class", "anonymous": true});
    let talk = ann.visitor.post("/api/v1/conversations", body).await.json()["id"].as_str().unwrap().to_owned();
    let author = async |who: &Visitor| {
        let read = who.get(&format!("/api/v1/conversations/{talk}")).await.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&read["author_id"]), text(&read["anonymity"]["seen_as"]))
    };
    let (alias, seen_as) = author(&ben.visitor).await;
    let (of_ann, ann_seen_as) = author(&ann.visitor).await;
    // Staff see names on the page, and a person sees their own.
    for who in [olga, ann, ben] {
        hook(&who.visitor, &stage.receiver.origin, &format!("/c/{talk}")).await;
    }
    let mut peer = activities::synced(&ben.visitor, &talk).await;
    let message = ben.visitor.get(&format!("/api/v1/conversations/{talk}")).await.json()["messages"][0]["id"].clone();
    let mut marked = None;
    peer.edit(|doc| {
        let message = message.as_str().unwrap().parse().unwrap();
        marked = Some(crate::rooms_support::highlight(doc, message, alias.parse().unwrap(), false));
    })
    .await;
    let words = format!("Ask {}", prose::mention("Demo Student 1", of_ann.parse().unwrap()));
    peer.edit(|doc| add(doc, marked.unwrap(), CommentId::new(), alias.parse().unwrap(), &words)).await;
    peer.settle().await;
    assert_eq!(peer.refused, []);
    for _ in 0..3 {
        let received = stage.receiver.next().await;
        let data = &received.json()["data"];
        assert_eq!(data["author"], json!({"id": alias, "name": seen_as}));
        assert_eq!(data["body"], format!("Ask @{ann_seen_as}"));
        for secret in ["Demo Student", "example", &ben.id.to_string(), &ann.id.to_string()] {
            assert!(!received.body.contains(secret), "{secret}: {}", received.body);
        }
    }
}

#[tokio::test]
async fn what_fails_is_sent_again_under_the_same_id_and_given_up_after_a_day() {
    let stage = Stage::set().await;
    let Scene { ann, ben, .. } = &stage.scene;
    let hook = stage.hook(&ann.visitor).await;
    stage.receiver.answers(500);
    stage.scene.says(ben, "Why?").await;
    let first = stage.receiver.next().await;
    stage.until("waiting", 1).await;
    let details = details(&ann.visitor, &hook).await;
    assert_eq!(details["webhook"]["failures"], 1);
    assert_eq!(details["deliveries"][0]["reason"], "It answered with an error.");
    let pause: f64 =
        sqlx::query_scalar("select extract(epoch from due_at - attempted_at)::float8 from webhook_deliveries")
            .fetch_one(stage.db())
            .await
            .unwrap();
    assert!((4.0..60.0).contains(&pause), "{pause}");
    stage.receiver.answers(200);
    stage.now().await;
    let again = stage.receiver.next().await;
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    assert!(hook.signed(&again));
    stage.until("delivered", 1).await;
    assert_eq!(told(&ann.visitor, &hook).await, [("delivered".into(), 2, Some(200), None)]);
    assert_eq!(ann.visitor.get(HOOKS).await.json()[0]["failures"], 0);

    stage.receiver.answers(500);
    stage.scene.says(ben, "The last one").await;
    stage.receiver.next().await;
    stage.until("waiting", 1).await;
    stage.scene.sql("update webhook_deliveries set attempts = 8 where state = 'waiting'").await;
    stage.now().await;
    stage.receiver.next().await;
    stage.until("failed", 1).await;
    assert_eq!(told(&ann.visitor, &hook).await[0].0, "failed");
    assert_eq!(ann.visitor.get(HOOKS).await.json()[0]["state"], "active", "one comment is not many");
}

#[tokio::test]
async fn an_address_that_is_gone_is_told_nothing_more() {
    let stage = Stage::set().await;
    let Scene { ann, ben, .. } = &stage.scene;
    let hook = stage.hook(&ann.visitor).await;
    stage.receiver.answers(410);
    stage.scene.says(ben, "Why?").await;
    stage.receiver.next().await;
    stage.until("failed", 1).await;
    stage.scene.says(ben, "Why not?").await;
    assert_eq!(told(&ann.visitor, &hook).await.len(), 1);
    assert_eq!(ann.visitor.get(HOOKS).await.json()[0]["state"], "ended");
    assert_problem(&ann.visitor.post(&format!("{}/test", hook.path()), json!({})).await, 409, "webhook_ended");
    assert_eq!(ann.visitor.delete(&hook.path()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ann.visitor.get(HOOKS).await.json(), json!([]));
    stage.assert_silent().await;
}

#[tokio::test]
async fn what_fails_for_long_is_switched_off_until_a_test_is_answered() {
    let stage = Stage::set().await;
    let Scene { ann, ben, .. } = &stage.scene;
    let hook = stage.hook(&ann.visitor).await;
    stage.receiver.answers(500);
    // Many, but not for long.
    stage.scene.sql("update webhooks set failures = 200, failing_since = now() - interval '23 hours'").await;
    stage.scene.says(ben, "Why?").await;
    stage.until("waiting", 1).await;
    assert_eq!(ann.visitor.get(HOOKS).await.json()[0]["state"], "active");
    stage.scene.sql("update webhooks set failures = 49, failing_since = now() - interval '25 hours'").await;
    stage.now().await;
    stage.until("failed", 1).await;
    assert_eq!(ann.visitor.get(HOOKS).await.json()[0]["state"], "disabled");
    stage.scene.says(ben, "Not told").await;
    assert_eq!(told(&ann.visitor, &hook).await.len(), 1);
    let test = format!("{}/test", hook.path());
    let failed = ann.visitor.post(&test, json!({})).await.json();
    assert_eq!(
        (&failed["type"], &failed["state"], &failed["status"]),
        (&json!("webhook.test"), &json!("failed"), &json!(500))
    );
    assert_eq!(ann.visitor.get(HOOKS).await.json()[0]["state"], "disabled");
    stage.receiver.answers(204);
    stage.receiver.rest().await;
    let answered = ann.visitor.post(&test, json!({})).await.json();
    assert_eq!((&answered["state"], &answered["attempts"]), (&json!("delivered"), &json!(1)));
    let received = stage.receiver.next().await;
    assert!(hook.signed(&received));
    assert_eq!(
        (&received.json()["type"], &received.json()["data"]),
        (&json!("webhook.test"), &json!({"webhook": hook.id}))
    );
    stage.scene.says(ben, "Told").await;
    assert_eq!(stage.receiver.next().await.words(), "Told");
}

#[tokio::test]
async fn nobody_is_asked_without_end_for_a_test() {
    let stage = Stage::set().await;
    let ann = &stage.scene.ann.visitor;
    let hook = stage.hook(ann).await;
    let test = format!("{}/test", hook.path());
    for _ in 0..10 {
        assert_eq!(ann.post(&test, json!({})).await.status, StatusCode::OK);
    }
    assert_problem(&ann.post(&test, json!({})).await, 429, "too_often");
    assert_eq!(stage.receiver.rest().await.len(), 10);
}

#[tokio::test]
async fn nothing_is_sent_into_a_private_network_unless_whoever_runs_the_server_says_so() {
    let app = TestApp::start().await;
    let (ann, receiver) = (app.person("student-1").await, Receiver::start().await);
    let talk = ann.conversation("x", "A text.", "class").await;
    let about = format!("/c/{talk}");
    let ask = async |url: &str| ann.post(HOOKS, json!({"url": url, "about": about})).await;
    let port = receiver.origin.rsplit(':').next().unwrap();
    for url in [
        "nonsense",
        "ftp://example.org/",
        "http://example.org/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://somebody:secret@example.org/",
        "https://example.org/#part",
        &format!("https://example.org/{}", "x".repeat(2_000)),
    ] {
        assert_problem(&ask(url).await, 400, "webhook_url");
    }
    // Of a name nothing is known before it is looked up.
    let made = ask(&format!("https://localhost:{port}/")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let test = format!("{HOOKS}/{}/test", made.json()["id"].as_str().unwrap());
    let told = ann.post(&test, json!({})).await.json();
    assert_eq!((&told["state"], &told["status"]), (&json!("failed"), &Value::Null));
    assert_eq!(told["reason"], "The address leads into a private network.");
    // What came into the table by another hand is looked at again.
    sqlx::query("update webhooks set url = $1")
        .bind(format!("http://127.0.0.1:{port}/"))
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(ann.post(&test, json!({})).await.json()["reason"], "The address leads into a private network.");
    assert!(receiver.rest().await.is_empty());
}

#[tokio::test]
async fn an_answer_that_leads_elsewhere_is_not_followed_and_one_without_end_is_not_read() {
    let stage = Stage::set().await;
    let ann = &stage.scene.ann.visitor;
    let about = format!("/c/{}", stage.scene.talk);
    let endless = hook(ann, &format!("{}/endless", stage.receiver.origin), &about).await;
    let test = async |hook: &Hook| ann.post(&format!("{}/test", hook.path()), json!({})).await.json();
    assert_eq!(test(&endless).await["state"], "delivered");
    stage.receiver.rest().await;
    let leads = stage.hook(ann).await;
    for status in [301, 302, 303, 307, 308] {
        stage.receiver.answers(status);
        let told = test(&leads).await;
        assert_eq!((&told["state"], &told["status"]), (&json!("failed"), &json!(status)));
    }
    let paths: Vec<String> = stage.receiver.rest().await.into_iter().map(|received| received.path).collect();
    assert_eq!(paths, ["/"; 5]);
}

/// One more server on the same database.
fn another_server(stage: &Stage) -> JoinHandle<()> {
    let (_, config) = Config::parse(["promptgrimoire", "--listen=127.0.0.1:0", HERE]).unwrap();
    let services = Services::new(config, "127.0.0.1:1".parse().unwrap(), stage.db().clone()).unwrap();
    tokio::spawn(webhooks::follow(services))
}

#[tokio::test]
async fn several_servers_send_each_comment_once() {
    let stage = Stage::set().await;
    let Scene { olga, ann, ben, highlight, .. } = &stage.scene;
    let hooks = [stage.hook(&olga.visitor).await, stage.hook(&ann.visitor).await, stage.hook(&ben.visitor).await];
    let others = [another_server(&stage), another_server(&stage), another_server(&stage)];
    let mut peer = stage.scene.peer(ben).await;
    for number in 0..20 {
        peer.edit(|doc| add(doc, *highlight, CommentId::new(), ben.id, &number.to_string())).await;
    }
    peer.settle().await;
    stage.until("delivered", 60).await;
    let came = stage.receiver.rest().await;
    let ids: BTreeSet<&str> = came.iter().map(|received| received.header("webhook-id")).collect();
    assert_eq!((came.len(), ids.len()), (60, 60));
    for hook in hooks {
        let words: Vec<String> = came.iter().filter(|received| hook.signed(received)).map(Received::words).collect();
        assert_eq!(words.len(), 20, "{words:?}");
    }
    for other in others {
        other.abort();
    }
}

#[tokio::test]
async fn the_same_update_again_is_told_once() {
    let stage = Stage::set().await;
    let Scene { ann, ben, highlight, .. } = &stage.scene;
    stage.hook(&ann.visitor).await;
    let mut peer = stage.scene.peer(ben).await;
    let update = peer.edit_silently(|doc| add(doc, *highlight, CommentId::new(), ben.id, "Why?"));
    peer.say_update(&update).await;
    peer.say_update(&update).await;
    peer.settle().await;
    let mut again = stage.scene.peer(ben).await;
    again.say_update(&update).await;
    again.settle().await;
    stage.until("delivered", 1).await;
    let written: i64 =
        sqlx::query_scalar("select count(*) from webhook_deliveries").fetch_one(stage.db()).await.unwrap();
    assert_eq!((written, stage.receiver.rest().await.len()), (1, 1));
}

#[tokio::test]
async fn what_a_server_took_and_did_not_finish_is_sent_by_another_under_the_same_id() {
    let stage = Stage::set().await;
    let Scene { olga, ann, ben, .. } = &stage.scene;
    let hook = stage.hook(&ann.visitor).await;
    stage.receiver.holds();
    stage.scene.says(ben, "Why?").await;
    let first = stage.receiver.next().await;
    // Nobody else takes it meanwhile, nor what comes after it: whoever sends the second to somebody else has looked.
    let (other, beside) = (another_server(&stage), stage.beside(olga).await);
    stage.scene.says(ben, "Why not?").await;
    assert_eq!(beside.next().await.words(), "Why not?");
    let taken: Vec<i16> =
        sqlx::query_scalar("select attempts from webhook_deliveries where webhook_id = $1 order by id")
            .bind(hook.uuid())
            .fetch_all(stage.db())
            .await
            .unwrap();
    assert_eq!(taken, [1, 0]);
    // Whoever took it is dead for as long as an attempt takes.
    stage.scene.sql("update webhooks set busy_until = now()").await;
    stage.scene.sql("update webhook_deliveries set due_at = now() where attempts = 1").await;
    let again = loop {
        let received = stage.receiver.next().await;
        if received.words() == "Why?" {
            break received;
        }
        stage.scene.sql("update webhooks set busy_until = now()").await;
    };
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    assert!(hook.signed(&again));
    other.abort();
}

#[tokio::test]
async fn a_person_has_so_many_webhooks_and_a_webhook_so_much_that_waits() {
    let stage = Stage::set().await;
    let Scene { ann, ben, .. } = &stage.scene;
    let hook = stage.hook(&ann.visitor).await;
    for _ in 1..MAX_OWN_WEBHOOKS_ABOUT {
        stage.hook(&ann.visitor).await;
    }
    let body = || json!({"url": stage.receiver.origin, "about": format!("/c/{}", stage.scene.talk)});
    let of_it = ann.visitor.post(HOOKS, body()).await;
    assert_problem(&of_it, 409, "too_many_webhooks");
    assert!(of_it.body.contains("about this"), "{}", of_it.body);
    // What has ended takes no room about it, and some among one's own.
    sqlx::query("update webhooks set state = 'ended' where id <> $1")
        .bind(hook.uuid())
        .execute(stage.db())
        .await
        .unwrap();
    for _ in MAX_OWN_WEBHOOKS_ABOUT..MAX_WEBHOOKS {
        stage.hook(&ann.visitor).await;
        sqlx::query("update webhooks set state = 'ended' where id <> $1")
            .bind(hook.uuid())
            .execute(stage.db())
            .await
            .unwrap();
    }
    let in_all = ann.visitor.post(HOOKS, body()).await;
    assert_problem(&in_all, 409, "too_many_webhooks");
    assert!(!in_all.body.contains("about this"), "{}", in_all.body);
    sqlx::query("delete from webhooks where id <> $1").bind(hook.uuid()).execute(stage.db()).await.unwrap();
    stage.fill().await;
    let mut peer = stage.scene.peer(ben).await;
    stage.receiver.answers(500);
    peer.edit(|doc| {
        for words in ["One", "Two", "Three"] {
            add(doc, stage.scene.highlight, CommentId::new(), ben.id, words);
        }
    })
    .await;
    peer.settle().await;
    let webhook = ann.visitor.get(HOOKS).await.json()[0].clone();
    assert_eq!((&webhook["waiting"], &webhook["missed"]), (&json!(MAX_WAITING_DELIVERIES), &json!(2)), "{webhook}");
    stage.until("waiting", 1).await;
    stage.receiver.answers(204);
    sqlx::query("update webhook_deliveries set due_at = now() where reason is not null")
        .execute(stage.db())
        .await
        .unwrap();
    stage.scene.sql("update webhooks set paused_until = null").await;
    stage.until("delivered", 1).await;
    // What was missed is not less so because something arrives; it is old after a week.
    ann.visitor.post(&format!("{}/test", hook.path()), json!({})).await;
    let webhook = ann.visitor.get(HOOKS).await.json()[0].clone();
    assert!(webhook["missed"] == 2 && webhook["missed_at"].is_string(), "{webhook}");
    let page = ann.visitor.get(&hook.path().replace(HOOKS, "/account/webhooks")).await.body;
    assert!(page.contains("2 comments were not sent"), "{page}");
    for (age, missed) in [("6 days", 2), ("8 days", 0)] {
        let sql = "update webhooks set missed_at = now() - $1::interval, old_secret = 'x', old_secret_until = now()";
        sqlx::query(sql).bind(age).execute(stage.db()).await.unwrap();
        // A server looks when it starts, at secrets too.
        let other = another_server(&stage);
        until(async || stage.one("select old_secret is null and old_secret_until is null from webhooks").await).await;
        until(async || in_state(stage.db(), "delivered").await == 2).await;
        let counted = async || ann.visitor.get(HOOKS).await.json()[0]["missed"] == missed;
        until(counted).await;
        other.abort();
    }
    assert_eq!(ann.visitor.get(HOOKS).await.json()[0]["missed_at"], Value::Null);
}

#[tokio::test]
async fn what_is_over_is_forgotten_after_a_week_and_sooner_where_there_is_more() {
    let stage = Stage::set().await;
    let Scene { ann, ben, .. } = &stage.scene;
    let hook = stage.hook(&ann.visitor).await;
    stage.scene.says(ben, "Old").await;
    stage.until("delivered", 1).await;
    stage.scene.sql("update webhook_deliveries set ended_at = now() - interval '8 days'").await;
    stage.scene.says(ben, "New").await;
    stage.until("delivered", 2).await;
    // A server looks when it starts.
    let other = another_server(&stage);
    until(async || in_state(stage.db(), "delivered").await == 1).await;
    assert_eq!(told(&ann.visitor, &hook).await.len(), 1);
    other.abort();
    sqlx::query(
        "insert into webhook_deliveries (id, webhook_id, state, ended_at)
         select gen_random_uuid(), id, 'failed', now() from webhooks, generate_series(1, $1)",
    )
    .bind(i32::from(MAX_DELIVERIES_KEPT) + 5)
    .execute(stage.db())
    .await
    .unwrap();
    let other = another_server(&stage);
    let kept = i64::from(MAX_DELIVERIES_KEPT);
    until(async || stage.one::<i64>("select count(*) from webhook_deliveries").await == kept).await;
    other.abort();
}

#[tokio::test]
async fn a_webhook_is_its_owners_and_no_token_makes_one_or_learns_its_secret() {
    let stage = Stage::set().await;
    let Scene { app, ann, ben, talk, .. } = &stage.scene;
    let hook = stage.hook(&ann.visitor).await;
    let paths = [hook.path(), format!("{}/test", hook.path()), format!("{}/secret", hook.path())];
    assert_eq!(ben.visitor.get(&paths[0]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ben.visitor.delete(&paths[0]).await.status, StatusCode::NOT_FOUND);
    for path in &paths[1..] {
        assert_eq!(ben.visitor.post(path, json!({})).await.status, StatusCode::NOT_FOUND);
    }
    let body = json!({"url": stage.receiver.origin, "about": format!("/c/{talk}")});
    let (_, reads) = ann.visitor.token_as(json!({"name": "x", "scope": "read"})).await;
    let (_, writes) = ann.visitor.token("y").await;
    let ask = async |token: &str| -> Answer {
        app.stranger().send(Method::POST, HOOKS, |request| request.bearer_auth(token).json(&body)).await
    };
    assert_problem(&ask(&reads).await, 403, "read_only_token");
    // One that leaked would have what it could read told on, when it is revoked.
    assert_problem(&ask(&writes).await, 400, "token_by_token");
    let by_token = async |method: Method, path: &str| -> Answer {
        app.stranger().send(method, path, |request| request.bearer_auth(&writes).json(&json!({}))).await
    };
    assert_problem(&by_token(Method::POST, &paths[2]).await, 400, "token_by_token");
    assert_eq!(by_token(Method::POST, &paths[1]).await.status, StatusCode::OK);
    assert_eq!(by_token(Method::DELETE, &paths[0]).await.status, StatusCode::NO_CONTENT);
    // What is not for somebody is heard by nobody.
    stage.scene.sql("update conversations set share = 'none' where title like 'Bread%'").await;
    assert_eq!(ben.visitor.post(HOOKS, body.clone()).await.status, StatusCode::NOT_FOUND);
    let no_page = json!({"url": stage.receiver.origin, "about": "/search"});
    assert_problem(&ben.visitor.post(HOOKS, no_page).await, 400, "webhook_about");
}

#[tokio::test]
async fn what_postgres_does_not_store_is_told_without_it_and_takes_nothing_with_it() {
    let stage = Stage::set().await;
    let Scene { olga, ann, ben, highlight, .. } = &stage.scene;
    stage.hook(&ann.visitor).await;
    let gone = stage.scene.says(ben, &format!("{} Gone", call(&[olga.id]))).await;
    stage.receiver.next().await;
    stage.until("delivered", 1).await;
    stage.receiver.answers(503);
    let edited = CommentId::new();
    let mut peer = stage.scene.peer(ben).await;
    peer.edit(|doc| {
        add(doc, *highlight, edited, ben.id, &format!("{} one\0two\u{7}\tthree", call(&[olga.id])));
        let highlights = doc.get_or_insert_map("highlights");
        let mut txn = doc.transact_mut();
        let comments = inner(&inner(&highlights, &txn, &highlight.to_string()), &txn, "comments");
        let comment = inner(&comments, &txn, &gone.to_string());
        comment.insert(&mut txn, "body", "");
        comment.insert(&mut txn, "deleted", true);
    })
    .await;
    peer.settle().await;
    assert_eq!(peer.refused, []);
    let inbox = olga.visitor.get("/api/v1/notices").await.json();
    let listed: Vec<&str> =
        inbox["notices"].as_array().unwrap().iter().map(|one| one["comment"].as_str().unwrap()).collect();
    assert_eq!(listed, [edited.to_string()], "it is told, and the deleted one is not shown");
    assert!(stage.receiver.next().await.words().ends_with("one\u{fffd}two\u{fffd}\tthree"));
    stage.until("waiting", 1).await;
    stage.scene.changes(ben, edited, &[("body", "a\0b".into()), ("edited_at", Any::from(3))]).await;
    stage.receiver.answers(204);
    stage.now().await;
    assert_eq!(stage.receiver.next().await.words(), "a\u{fffd}b");
}

#[tokio::test]
async fn a_fault_of_telling_webhooks_holds_nobody_up_and_takes_no_notices_with_it() {
    let stage = Stage::set().await;
    let Scene { olga, ann, ben, .. } = &stage.scene;
    stage.hook(&ann.visitor).await;
    let mut held = stage.db().begin().await.unwrap();
    sqlx::query("lock table webhook_deliveries in exclusive mode").execute(&mut *held).await.unwrap();
    // What is written is acknowledged while somebody has the table.
    stage.scene.says(ben, &format!("{} Why?", call(&[olga.id]))).await;
    let inbox = olga.visitor.get("/api/v1/notices").await.json();
    assert_eq!(inbox["notices"].as_array().unwrap().len(), 1, "{inbox}");
    held.rollback().await.unwrap();
    assert_eq!(ann.visitor.get(HOOKS).await.json()[0]["missed"], 1, "what is not told is counted");
    stage.scene.says(ben, "Heard").await;
    assert_eq!(stage.receiver.next().await.words(), "Heard");
}

#[tokio::test]
async fn of_one_thing_so_many_are_told_however_many_ask_at_once() {
    let stage = Stage::set().await;
    let Scene { olga, ann, ben, talk, .. } = &stage.scene;
    stage.hook(&ann.visitor).await;
    stage.crowd(2..=i32::from(MAX_WEBHOOKS_ABOUT) - 1, 1).await;
    let body = || json!({"url": stage.receiver.origin, "about": format!("/c/{talk}")});
    let (one, other, third) =
        tokio::join!(ann.visitor.post(HOOKS, body()), ben.visitor.post(HOOKS, body()), ben.visitor.post(HOOKS, body()));
    let mut answers = [one, other, third];
    answers.sort_by_key(|answer| answer.status);
    assert_eq!(answers[0].status, StatusCode::CREATED);
    for refused in &answers[1..] {
        assert_problem(refused, 409, "too_many_webhooks_about");
    }
    assert_problem(&olga.visitor.post(HOOKS, body()).await, 409, "too_many_webhooks_about");
    // Whoever is told nothing takes no room.
    for nothing in [
        "update users set banned_at = now() where name = 'Crowd 2'",
        "update webhooks set state = 'disabled' where user_id = (select id from users where name = 'Crowd 3')",
        "update webhooks set state = 'ended' where user_id = (select id from users where name = 'Crowd 4')",
    ] {
        stage.scene.sql(nothing).await;
        stage.hook(&olga.visitor).await;
        assert_problem(&ben.visitor.post(HOOKS, body()).await, 409, "too_many_webhooks_about");
    }
    // Of a class that is whoever does not belong to it.
    let (class, _) = class_and_template(&olga.visitor).await;
    let of_class = "update webhooks set conversation_id = null, class_id = $1";
    sqlx::query(of_class).bind(class.parse::<Uuid>().unwrap()).execute(stage.db()).await.unwrap();
    let body = || json!({"url": stage.receiver.origin, "about": format!("/classes/{class}")});
    assert_problem(&ben.visitor.post(HOOKS, body()).await, 409, "too_many_webhooks_about");
    stage.scene.sql("delete from memberships where user_id = (select id from users where name = 'Crowd 5')").await;
    assert_eq!(ben.visitor.post(HOOKS, body()).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_webhook_that_failed_is_left_alone_for_as_long_as_its_receiver_asks_within_an_hour() {
    let stage = Stage::set().await;
    let Scene { olga, ann, ben, .. } = &stage.scene;
    let hook = stage.hook(&ann.visitor).await;
    stage.receiver.answers(503);
    let pause = "select extract(epoch from paused_until - now())::float8 from webhooks";
    for (asked, expected) in [(0, 0.0..7.0), (600, 500.0..601.0), (50_000, 3_000.0..3_601.0)] {
        stage.receiver.asks_for(asked);
        stage.scene.sql("update webhooks set failures = 0, paused_until = null").await;
        let failed: i64 = stage.one("select count(*) from webhook_deliveries").await;
        stage.scene.says(ben, "Why?").await;
        stage.receiver.next().await;
        stage.until("waiting", failed + 1).await;
        let pause: f64 = stage.one(pause).await;
        assert!(expected.contains(&pause), "{asked}: {pause}");
        let later = "update webhook_deliveries set due_at = now() + interval '1 day' where state = 'waiting'";
        stage.scene.sql(later).await;
    }
    // What is new waits with it, also when a server has looked; an answered test ends the pause.
    stage.receiver.answers(204);
    let beside = stage.beside(olga).await;
    stage.scene.says(ben, "Later").await;
    assert_eq!(beside.next().await.words(), "Later");
    assert_eq!(stage.one::<i64>("select count(*) from webhook_deliveries where attempts = 0").await, 1);
    ann.visitor.post(&format!("{}/test", hook.path()), json!({})).await;
    stage.until("delivered", 3).await;
}

#[tokio::test]
async fn what_no_server_can_finish_comes_to_an_end() {
    let stage = Stage::set().await;
    let Scene { ann, ben, .. } = &stage.scene;
    let hook = stage.hook(&ann.visitor).await;
    stage.receiver.answers(503);
    for (count, words) in (1..).zip(["Tried", "Torn"]) {
        stage.scene.says(ben, words).await;
        stage.until("waiting", count).await;
        stage.go_on().await;
    }
    stage.receiver.rest().await;
    stage.receiver.answers(204);
    // Of one a part is missing; the other was tried as often as anything is, by servers that did not live to say so.
    stage
        .scene
        .sql("update webhook_deliveries set highlight_id = null where id = (select max(id::text)::uuid from webhook_deliveries)")
        .await;
    stage.scene.sql("update webhook_deliveries set attempts = 9 where highlight_id is not null").await;
    stage.now().await;
    stage.until("silent", 1).await;
    let other = another_server(&stage);
    stage.until("failed", 1).await;
    other.abort();
    stage.assert_silent().await;
    // Neither does what was written while it was switched off wait for ever.
    stage.scene.sql("update webhooks set state = 'disabled'").await;
    stage.scene.sql("insert into webhook_deliveries (id, webhook_id) select gen_random_uuid(), id from webhooks").await;
    let other = another_server(&stage);
    stage.until("failed", 2).await;
    other.abort();
    assert_eq!(details(&ann.visitor, &hook).await["webhook"]["waiting"], 0);
}

#[tokio::test]
async fn a_test_is_carried_out_also_where_nobody_waits_for_it_and_by_nobody_else() {
    let stage = Stage::set().await;
    let ann = &stage.scene.ann.visitor;
    let hook = stage.hook(ann).await;
    let test = format!("{}/test", hook.path());
    stage.receiver.holds();
    tokio::select! {
        answer = ann.post(&test, json!({})) => panic!("it was held: {}", answer.body),
        _ = stage.receiver.next() => {}
    }
    // Due or not, it is not in the queue: what comes after it is sent, and it is not.
    stage.now().await;
    stage.scene.says(&stage.scene.ben, "Why?").await;
    assert_eq!(stage.receiver.next().await.words(), "Why?");
    stage.receiver.releases();
    stage.until("delivered", 2).await;
    let told: Vec<_> = told(ann, &hook).await.into_iter().map(|(state, attempts, ..)| (state, attempts)).collect();
    assert_eq!(told, [("delivered".to_owned(), 1), ("delivered".to_owned(), 1)]);
    stage.assert_silent().await;
}

#[tokio::test]
async fn a_second_new_secret_within_a_day_takes_the_place_of_the_first_one() {
    let stage = Stage::set().await;
    let ann = &stage.scene.ann.visitor;
    let old = stage.hook(ann).await;
    let renew = async || {
        let renewed = ann.post(&format!("{}/secret", old.path()), json!({})).await.json();
        Hook { id: old.id.clone(), secret: renewed["secret"].as_str().unwrap().to_owned() }
    };
    let (first, second) = (renew().await, renew().await);
    stage.scene.says(&stage.scene.ben, "Why?").await;
    let received = stage.receiver.next().await;
    assert_eq!((old.signed(&received), first.signed(&received), second.signed(&received)), (true, false, true));
}

#[tokio::test]
async fn who_has_no_alias_where_people_have_become_anonymous_is_not_named() {
    let stage = Stage::set().await;
    let Scene { ann, ben, .. } = &stage.scene;
    let hook = stage.hook(&ann.visitor).await;
    stage.receiver.answers(503);
    stage.scene.says(ben, "Why?").await;
    stage.receiver.next().await;
    stage.until("waiting", 1).await;
    stage.receiver.answers(204);
    stage.scene.sql("update conversations set alias_scope = id where title like 'Bread%'").await;
    stage.now().await;
    stage.until("silent", 1).await;
    stage.assert_silent().await;
    assert_eq!(told(&ann.visitor, &hook).await[0].1, 1, "once it was sent, once it was not");
}

#[tokio::test]
async fn what_was_deleted_is_not_told_though_telling_of_what_is_new_fails() {
    let stage = Stage::set().await;
    let Scene { ann, ben, highlight, .. } = &stage.scene;
    stage.hook(&ann.visitor).await;
    stage.receiver.answers(503);
    let gone = stage.scene.says(ben, "Private").await;
    stage.receiver.next().await;
    stage.until("waiting", 1).await;
    stage.go_on().await;
    let fault = "create function fault() returns trigger language plpgsql as $$ begin raise 'no more'; end $$";
    stage.scene.sql(fault).await;
    stage
        .scene
        .sql("create trigger fault before insert on webhook_deliveries for each row execute function fault()")
        .await;
    let mut peer = stage.scene.peer(ben).await;
    peer.edit(|doc| {
        add(doc, *highlight, CommentId::new(), ben.id, "New");
        let highlights = doc.get_or_insert_map("highlights");
        let mut txn = doc.transact_mut();
        let comments = inner(&inner(&highlights, &txn, &highlight.to_string()), &txn, "comments");
        let comment = inner(&comments, &txn, &gone.to_string());
        comment.insert(&mut txn, "body", "");
        comment.insert(&mut txn, "deleted", true);
    })
    .await;
    peer.settle().await;
    assert_eq!(peer.refused, []);
    assert_eq!(ann.visitor.get(HOOKS).await.json()[0]["missed"], 1);
    stage.receiver.answers(204);
    stage.now().await;
    stage.until("silent", 1).await;
    stage.assert_silent().await;
}

#[tokio::test]
async fn slow_receivers_hold_nobody_else_up() {
    let stage = Stage::set().await;
    let Scene { olga, ben, .. } = &stage.scene;
    // More than a server sends at once, and as much again.
    stage.crowd(1..=6, 3).await;
    stage.receiver.holds();
    for words in ["One", "Two"] {
        stage.scene.says(ben, words).await;
    }
    for _ in 0..16 {
        assert_eq!(stage.receiver.next().await.path, "/crowd");
    }
    let of_olga = format!("{}/olga", stage.receiver.origin);
    hook(&olga.visitor, &of_olga, &format!("/c/{}", stage.scene.talk)).await;
    stage.scene.says(ben, "Three").await;
    stage.receiver.lets_through(1);
    assert_eq!(stage.receiver.next().await.path, "/olga");
}

#[tokio::test]
async fn who_comments_waits_for_no_webhook_that_somebody_has_in_hand() {
    let stage = Stage::set().await;
    let Scene { olga, ann, ben, .. } = &stage.scene;
    let of_ann = stage.hook(&ann.visitor).await;
    stage.hook(&ben.visitor).await;
    stage.receiver.holds();
    stage.fill().await;
    let beside = stage.beside(olga).await;
    let mut held = stage.db().begin().await.unwrap();
    sqlx::query("select from webhooks where id = $1 for no key update")
        .bind(of_ann.uuid())
        .execute(&mut *held)
        .await
        .unwrap();
    for words in ["One", "Two"] {
        stage.scene.says(ben, words).await;
        assert_eq!(beside.next().await.words(), words);
    }
    let missed = async |who: &Reader| who.visitor.get(HOOKS).await.json()[0]["missed"].clone();
    assert_eq!((missed(ann).await, missed(ben).await), (json!(0), json!(1)));
    held.rollback().await.unwrap();
}

#[tokio::test]
async fn what_came_of_an_attempt_is_written_to_the_webhook_first_as_whoever_deletes_it_does() {
    let stage = Stage::set().await;
    let Scene { ann, ben, .. } = &stage.scene;
    let hook = stage.hook(&ann.visitor).await;
    stage.receiver.holds();
    stage.scene.says(ben, "Why?").await;
    stage.receiver.next().await;
    let mut held = stage.db().begin().await.unwrap();
    sqlx::query("select from webhooks for no key update").execute(&mut *held).await.unwrap();
    stage.receiver.releases();
    stage.until_somebody_waits().await;
    let delivery = sqlx::query("select from webhook_deliveries for update nowait").execute(&mut *held).await;
    assert!(delivery.is_ok(), "{delivery:?}");
    sqlx::query("delete from webhooks").execute(&mut *held).await.unwrap();
    held.commit().await.unwrap();
    assert_eq!(ann.visitor.get(&hook.path()).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn of_very_much_at_once_a_part_is_told_and_the_others_are_counted() {
    let stage = Stage::set().await;
    let Scene { ann, ben, highlight, .. } = &stage.scene;
    stage.hook(&ann.visitor).await;
    stage.receiver.answers(503);
    let mut peer = stage.scene.peer(ben).await;
    peer.edit(|doc| {
        let highlights = doc.get_or_insert_map("highlights");
        let mut txn = doc.transact_mut();
        let comments = inner(&inner(&highlights, &txn, &highlight.to_string()), &txn, "comments");
        for _ in 0..305 {
            let fields = [("author", Any::from(ben.id.to_string())), ("created_at", 2.into()), ("body", "x".into())];
            comments.insert(&mut txn, CommentId::new().to_string(), MapPrelim::from(fields));
        }
    })
    .await;
    peer.settle().await;
    assert_eq!(peer.refused, []);
    let webhook = ann.visitor.get(HOOKS).await.json()[0].clone();
    assert_eq!((&webhook["waiting"], &webhook["missed"]), (&json!(300), &json!(5)), "{webhook}");
}

#[tokio::test]
async fn who_has_left_a_class_hears_of_nothing_in_it_by_its_webhook_also_where_they_may_read() {
    let stage = Stage::set().await;
    let Scene { olga, ann, ben, .. } = &stage.scene;
    let (class, _) = class_and_template(&olga.visitor).await;
    let hook = hook(&ann.visitor, &stage.receiver.origin, &format!("/classes/{class}")).await;
    let hers = ann.visitor.conversation("Hers", "Some words to mark.", "class").await;
    let mut peer = activities::synced(&ben.visitor, &hers).await;
    let marked = activities::mark(&ben.visitor, &mut peer, &hers).await;
    stage.receiver.answers(503);
    let mut says = async |words: &str| {
        peer.edit(|doc| add(doc, marked.parse().unwrap(), CommentId::new(), ben.id, words)).await;
        peer.settle().await;
        assert_eq!(peer.refused, []);
    };
    says("One").await;
    stage.receiver.next().await;
    stage.until("waiting", 1).await;
    let member = format!("/api/v1/classes/{class}/members/{}", ann.id);
    assert_eq!(olga.visitor.delete(&member).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ann.visitor.get(&format!("/api/v1/conversations/{hers}")).await.status, StatusCode::OK);
    says("Two").await;
    stage.receiver.answers(204);
    stage.now().await;
    stage.until("silent", 1).await;
    stage.assert_silent().await;
    let told = told(&ann.visitor, &hook).await;
    assert!(told.len() == 1 && told[0].3.as_ref().unwrap().contains("belong to the class"), "{told:?}");
    assert_eq!(details(&ann.visitor, &hook).await["webhook"]["may_read"], false);
}

#[tokio::test]
async fn a_webhook_goes_on_when_what_was_being_sent_is_gone() {
    let stage = Stage::set().await;
    let Scene { ann, ben, .. } = &stage.scene;
    stage.hook(&ann.visitor).await;
    stage.receiver.holds();
    for words in ["One", "Two"] {
        stage.scene.says(ben, words).await;
    }
    stage.receiver.next().await;
    stage.scene.sql("delete from webhook_deliveries where attempts = 1").await;
    let lease: time::OffsetDateTime = stage.one("select busy_until from webhooks").await;
    stage.receiver.releases();
    assert_eq!(stage.receiver.next().await.words(), "Two");
    let tried: time::OffsetDateTime = stage.one("select attempted_at from webhook_deliveries").await;
    assert!(tried < lease, "not when nobody can be sending any more");
}

#[tokio::test]
async fn a_secret_that_somebody_else_knows_signs_nothing_more() {
    let stage = Stage::set().await;
    let ann = &stage.scene.ann.visitor;
    let old = stage.hook(ann).await;
    let renew = async |body: Value| {
        let renewed = ann.post(&format!("{}/secret", old.path()), body).await;
        assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.body);
        Hook { id: old.id.clone(), secret: renewed.json()["secret"].as_str().unwrap().to_owned() }
    };
    let first = renew(json!({})).await;
    let second = renew(json!({"at_once": true})).await;
    stage.scene.says(&stage.scene.ben, "Why?").await;
    let received = stage.receiver.next().await;
    assert_eq!((old.signed(&received), first.signed(&received), second.signed(&received)), (false, false, true));
    assert!(stage.one::<bool>("select old_secret is null from webhooks").await);
}

#[tokio::test]
async fn a_webhook_that_is_taken_away_meanwhile_is_not_tested() {
    let stage = Stage::set().await;
    let ann = &stage.scene.ann.visitor;
    let hook = stage.hook(ann).await;
    let mut held = stage.db().begin().await.unwrap();
    sqlx::query("delete from webhooks").execute(&mut *held).await.unwrap();
    let (test, body) = (format!("{}/test", hook.path()), json!({}));
    let (answer, ()) = tokio::join!(ann.post(&test, body), async {
        stage.until_somebody_waits().await;
        held.commit().await.unwrap();
    });
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
    stage.assert_silent().await;
}
