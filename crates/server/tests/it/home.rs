//! A person's own lists of conversations, and their titles.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{
    activities::{activity, class_and_template, copy},
    support::{
        counting,
        test_app::{Answer, TestApp, Visitor},
    },
};

const LIST: &str = "/api/v1/conversations";

async fn titles(visitor: &Visitor, query: &str) -> Vec<String> {
    let list = visitor.get(&format!("{LIST}?{query}")).await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.body);
    let list = list.json();
    list.as_array().unwrap().iter().map(|line| line["title"].as_str().unwrap().to_owned()).collect()
}

async fn rename(visitor: &Visitor, talk: &str, title: &str) -> Answer {
    visitor.change(Method::PATCH, &format!("{LIST}/{talk}"), json!({"title": title})).await
}

async fn let_in(owner: &Visitor, talk: &str, guest: &Visitor, access: &str) {
    let email = guest.get("/api/v1/me").await.json()["email"].clone();
    let shared = owner.post(&format!("{LIST}/{talk}/sharing/people"), json!({"email": email, "access": access})).await;
    assert_eq!(shared.status, StatusCode::CREATED, "{}", shared.body);
}

/// The path of a new link.
async fn link(owner: &Visitor, talk: &str) -> String {
    let made = owner.post(&format!("{LIST}/{talk}/sharing/links"), json!({"access": "viewer", "days": 1})).await.json();
    format!("/api/v1/links/{}/open", made["link"].as_str().unwrap().rsplit('/').next().unwrap())
}

#[tokio::test]
async fn a_copy_that_a_group_or_a_class_works_on_together_is_theirs_and_not_whoevers_template_it_was() {
    let app = TestApp::start().await;
    let (teacher, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (class, template) = class_and_template(&teacher).await;
    let path = format!("/api/v1/classes/{class}");
    let name = teacher.get(&path).await.json()["name"].clone();
    let group = teacher.post(&format!("{path}/groups"), json!({"name": "Lab 1"})).await.json();
    for who in [&teacher, &ann] {
        let member = format!("{path}/members/{}/group", who.id().await);
        let put = teacher.change(Method::PUT, &member, json!({"group": group["id"]})).await;
        assert_eq!(put.status, StatusCode::NO_CONTENT, "{}", put.body);
    }
    for (mode, owner) in [("together", name), ("groups", json!("Lab 1"))] {
        let room = copy(&ann, &activity(&teacher, &class, &template, mode).await).await;
        for who in [&teacher, &ann] {
            let listed = who.get(&format!("{LIST}?of=shared")).await.json();
            let line = listed.as_array().unwrap().iter().find(|line| line["id"] == room.as_str()).unwrap();
            assert_eq!((&line["owner"], &line["mine"]), (&owner, &json!(false)), "{mode}");
        }
        let page = teacher.get("/?list=shared").await.body;
        assert!(page.contains(owner.as_str().unwrap()) && !page.contains("<bdi>You</bdi>"), "{page}");
    }
    let own = copy(&ann, &activity(&teacher, &class, &template, "individual").await).await;
    let listed = ann.get(&format!("{LIST}?of=mine")).await.json();
    assert_eq!((&listed[0]["id"], &listed[0]["mine"]), (&json!(own), &json!(true)));
}

#[tokio::test]
async fn each_list_holds_its_own_and_goes_on_where_the_page_before_ended() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.newcomer("Ann").await, app.person("student-1").await);
    let mut own = Vec::new();
    for title in ["one", "two", "three"] {
        own.push(ann.conversation(title, "x", "none").await);
    }
    let theirs = [ben.conversation("by address", "x", "none").await, ben.conversation("by link", "x", "none").await];
    let_in(&ben, &theirs[0], &ann, "viewer").await;
    ann.post(&link(&ben, &theirs[1]).await, json!({})).await;
    ben.conversation("hidden", "x", "none").await;

    assert_eq!(titles(&ann, "of=mine").await, ["three", "two", "one"]);
    assert_eq!(titles(&ann, "of=mine&limit=2").await, ["three", "two"]);
    assert_eq!(titles(&ann, &format!("of=mine&limit=2&after={}", own[1])).await, ["one"]);
    assert_eq!(titles(&ann, &format!("of=mine&after={}", own[0])).await, [""; 0]);
    assert_eq!(titles(&ann, "of=shared").await, ["by link", "by address"]);
    assert_eq!(titles(&ann, &format!("of=shared&limit=1&after={}", theirs[1])).await, ["by address"]);
    assert_eq!(titles(&ann, "").await, ["by link", "by address", "three", "two", "one"]);
    assert_eq!(titles(&ann, &format!("limit=2&after={}", theirs[0])).await, ["three", "two"]);
    let of_class = titles(&ben, "of=shared").await;
    assert_eq!(of_class.len(), 1, "the demo conversation of the class: {of_class:?}");

    for query in [
        "of=theirs",
        "limit=0",
        "limit=201",
        "after=x",
        "of=recent&after=0190c1a2-0000-7000-8000-000000000000",
        "page=2",
    ] {
        let answer = ann.get(&format!("{LIST}?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn what_is_not_shared_any_more_is_on_no_list() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.newcomer("Ann").await, app.newcomer("Ben").await);
    let talk = ben.conversation("theirs", "x", "none").await;
    let_in(&ben, &talk, &ann, "annotator").await;
    let list = ann.get(&format!("{LIST}?of=shared")).await.json();
    assert_eq!((&list[0]["access"], &list[0]["mine"]), (&json!("annotator"), &json!(false)));
    ann.get(&format!("{LIST}/{talk}")).await;
    assert_eq!(titles(&ann, "of=recent").await, ["theirs"]);
    let share = ben.get(&format!("{LIST}/{talk}/sharing")).await.json()["people"][0]["id"].clone();
    ben.delete(&format!("{LIST}/{talk}/sharing/people/{}", share.as_str().unwrap())).await;
    for query in ["", "of=shared", "of=recent"] {
        assert_eq!(titles(&ann, query).await, [""; 0], "{query}");
    }
}

#[tokio::test]
async fn what_somebody_opened_last_comes_first_and_a_program_opens_nothing() {
    let app = TestApp::start().await;
    let ann = app.newcomer("Ann").await;
    let (one, two) = (ann.conversation("one", "x", "none").await, ann.conversation("two", "x", "none").await);
    let (_, token) = ann.token("x").await;
    app.stranger().send(Method::GET, &format!("{LIST}/{one}"), |request| request.bearer_auth(&token)).await;
    assert_eq!(titles(&ann, "of=recent").await, [""; 0]);
    for talk in [&two, &one] {
        assert_eq!(ann.get(&format!("/c/{talk}")).await.status, StatusCode::OK);
    }
    assert_eq!(titles(&ann, "of=recent").await, ["one", "two"]);
    // The service worker makes itself a copy of a page that is open.
    let copied = |request: RequestBuilder| request.header("x-promptgrimoire-copy", "1");
    assert_eq!(ann.send(Method::GET, &format!("/c/{two}"), copied).await.status, StatusCode::OK);
    assert_eq!(titles(&ann, "of=recent").await, ["one", "two"]);
    let page = ann.get("/?list=recent").await.body;
    assert!(page.find(&format!("/c/{one}")) < page.find(&format!("/c/{two}")), "{page}");
    // An hour later.
    let age = "update conversation_visits set opened_at = opened_at - interval '1 hour'";
    sqlx::query(age).execute(&app.database.pool).await.unwrap();
    ann.get(&format!("{LIST}/{two}")).await;
    assert_eq!(titles(&ann, "of=recent").await, ["two", "one"]);
    assert_eq!(titles(&app.newcomer("Ben").await, "of=recent").await, [""; 0], "nobody sees what others opened");
}

#[tokio::test]
async fn a_conversation_is_renamed_by_those_who_may_edit_it() {
    let app = TestApp::start().await;
    let (owner, guest) = (app.newcomer("Owner").await, app.newcomer("Guest").await);
    let talk = owner.conversation("Old", "x", "none").await;
    let title = async || owner.get(&format!("{LIST}/{talk}")).await.json()["title"].clone();
    assert_eq!(rename(&owner, &talk, "  A new\n\ttitle \u{7} ").await.json(), json!({"title": "A new title"}));
    assert_eq!(title().await, "A new title");
    assert_eq!(owner.get(&format!("{LIST}/{talk}/rights")).await.json()["title"], "A new title");
    for (grant, status) in [("viewer", 403), ("annotator", 403), ("editor", 200)] {
        let_in(&owner, &talk, &guest, grant).await;
        assert_eq!(rename(&guest, &talk, grant).await.status.as_u16(), status, "{grant}");
    }
    assert_eq!(title().await, "editor");
    let longest = "ü".repeat(200);
    assert_eq!(rename(&owner, &talk, &longest).await.status, StatusCode::OK);
    for (wrong, why) in [(format!("{longest}x"), "200"), (" \n ".into(), "1 to 200"), (String::new(), "1 to 200")] {
        let refused = rename(&owner, &talk, &wrong).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong:?}");
        assert!(refused.json()["detail"].as_str().unwrap().contains(why), "{}", refused.body);
    }
    for body in [json!({}), json!({"title": 5}), json!({"title": "x", "owner_id": "me"})] {
        let answer = owner.change(Method::PATCH, &format!("{LIST}/{talk}"), body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
    }
    assert_eq!(title().await, Value::String(longest));
}

#[tokio::test]
async fn whoever_has_a_conversation_open_is_told_that_its_title_is_another() {
    let app = TestApp::start_as(
        &[],
        server::rooms::Timing { recheck: std::time::Duration::from_secs(3_600), ..Default::default() },
    )
    .await;
    let (owner, guest) = (app.newcomer("Owner").await, app.newcomer("Guest").await);
    let [talk, other] = [owner.conversation("Old", "x", "none").await, owner.conversation("Other", "x", "none").await];
    for talk in [&talk, &other] {
        let_in(&owner, talk, &guest, "viewer").await;
    }
    let (mut peer, mut aside) = (guest.sync(&talk).await, guest.sync(&other).await);
    for peer in [&mut peer, &mut aside] {
        peer.until(|peer| peer.synced).await;
    }
    let greetings = |peer: &crate::rooms_support::Peer| peer.heard.iter().filter(|kind| **kind == 101).count();
    let before = greetings(&peer);
    assert_eq!(rename(&owner, &talk, "New").await.status, StatusCode::OK);
    peer.until(|peer| greetings(peer) > before).await;
    assert_eq!(peer.closed, None);
    // Another server writes to the same table.
    let before = greetings(&peer);
    sqlx::query("update conversations set title = 'Newer' where title = 'New'")
        .execute(&app.database.pool)
        .await
        .unwrap();
    peer.until(|peer| greetings(peer) > before).await;
    aside.settle().await;
    assert_eq!(greetings(&aside), 1, "nobody else is");
}

#[tokio::test]
async fn the_page_shows_each_list_and_its_links_lead_on_without_scripts() {
    let app = TestApp::start().await;
    let ann = app.newcomer("Ann").await;
    let new = ann.get("/").await.body;
    assert!(new.contains("No conversations yet") && !new.contains("id=\"mine-title\""), "a new person's page");
    many(&app, &ann, 60).await;
    let page = ann.get("/").await.body;
    assert!(
        page.contains("Conversation 60<") && page.contains("Conversation 31<") && !page.contains("Conversation 30<")
    );
    assert!(page.contains("Nothing yet: what a class"), "the other list is empty");
    let after = page.split("after=").nth(1).unwrap().split('"').next().unwrap();
    let next = ann.get(&format!("/?list=mine&after={after}")).await.body;
    assert!(
        next.contains("Conversation 30<") && next.contains("Conversation 1<") && !next.contains("Conversation 31<")
    );
    assert!(next.contains(">Newest<") && !next.contains("More: My work"));
    for odd in ["/?list=nonsense", "/?after=x", "/?list=recent&after=x", "/?list=mine&after=x", "/?x=y"] {
        assert_eq!(ann.get(odd).await.status, StatusCode::OK, "{odd}");
    }
}

/// As many of somebody's own, whose numbers rise with time.
async fn many(app: &TestApp, owner: &Visitor, count: i32) {
    let owner: uuid::Uuid = owner.id().await.parse().unwrap();
    sqlx::query(
        "insert into conversations (id, title, owner_id)
         select ('0190c1a2-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Conversation ' || n, $1
         from generate_series(1, $2) n",
    )
    .bind(owner)
    .bind(count)
    .execute(&app.database.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn ten_thousand_conversations_are_read_a_page_at_a_time_by_an_index() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("student-1").await, app.person("student-2").await);
    let count = async || {
        let mut counts = Vec::new();
        for page in ["/", "/?list=mine", "/?list=shared", "/?list=recent", LIST] {
            let (answer, queries) = counting::queries(ben.get(page)).await;
            assert_eq!(answer.status, StatusCode::OK, "{page}");
            counts.push((page, queries));
        }
        counts
    };
    let before = count().await;
    many(&app, &ann, 10_000).await;
    for sql in [
        "update conversations c set share = 'class', class_id = m.class_id
         from memberships m
         where m.user_id = c.owner_id and c.id::text like '0190c1a2-0000-7000-8000-%'",
        "insert into conversation_visits (user_id, conversation_id)
         select u.id, c.id from conversations c, users u where u.email = 'student-2@demo.invalid'",
        "analyze",
    ] {
        sqlx::query(sql).execute(&app.database.pool).await.unwrap();
    }
    assert_eq!(count().await, before);
    // The demo conversation of the class is newer.
    assert_eq!(titles(&ben, "of=shared&limit=3").await[1..], ["Conversation 10000", "Conversation 9999"]);
    let reader = ben.id().await;
    for (part, what) in [
        ("where c.owner_id = $1 and c.id <", "mine"),
        ("and owner_id <> $1 and id < $2", "shared"),
        ("order by opened_at desc", "recent"),
    ] {
        let plan = plan(&app, part, &reader).await;
        let reads_all = ["conversations", "conversation_visits"].map(|table| format!("Seq Scan on {table}"));
        let reads_all = reads_all.iter().any(|read| plan.contains(read));
        assert!(plan.contains("Index") && !reads_all, "{what}:\n{plan}");
    }
}

/// How Postgres goes about a statement of the server's: the only one that has this in it.
async fn plan(app: &TestApp, part: &str, reader: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.sqlx");
    let files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let statements =
        files.map(|text| serde_json::from_str::<Value>(&text).unwrap()["query"].as_str().unwrap().to_owned());
    let found: Vec<String> = statements.filter(|statement| statement.contains(part)).collect();
    let [statement] = &found[..] else { panic!("{part}: {found:?}") };
    let newest = "ffffffff-ffff-ffff-ffff-ffffffffffff";
    let limit = if statement.contains("$3") { statement.replace("$3", "50") } else { statement.replace("$2", "400") };
    let filled = limit.replace("$1", &format!("'{reader}'::uuid")).replace("$2", &format!("'{newest}'::uuid"));
    let lines: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("explain {filled}")))
        .fetch_all(&app.database.pool)
        .await
        .unwrap();
    lines.join("\n")
}
