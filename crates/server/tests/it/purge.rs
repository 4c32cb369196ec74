//! Things that are deleted for ever: nothing of them is left anywhere, all else is as it was, and whoever has the conversation
//! open goes on in the new document.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::{
    document::{self, Command, Roots},
    ids::{CommentId, HighlightId, TagId},
    sync::CloseCode,
};
use yrs::Transact;

use crate::{
    activities::{activity, class_and_template, copy, synced},
    revisions::{WORDS, act, mark, save, text},
    search::until_found,
    support::{
        test_app::{Answer, TestApp, Visitor, assert_problem},
        traces::traces,
    },
};

const SECRET: &str = "Kraken-5512";

async fn purge(by: &Visitor, talk: &str, items: Value) -> Answer {
    by.post(&format!("/api/v1/conversations/{talk}/purge"), json!({"items": items})).await
}

async fn purged(by: &Visitor, talk: &str, items: Value) -> Value {
    let answer = purge(by, talk, items).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

/// How many there were of each kind: highlights, comments, tags, groups, earlier texts.
fn counts(purged: &Value) -> [u64; 5] {
    ["highlights", "comments", "tags", "groups", "revisions"].map(|key| purged[key].as_u64().unwrap())
}

async fn sql(app: &TestApp, sql: &'static str) {
    assert!(sqlx::query(sql).execute(&app.database.pool).await.unwrap().rows_affected() > 0, "{sql}");
}

async fn deleted(by: &Visitor, talk: &str) -> Value {
    by.get(&format!("/api/v1/conversations/{talk}/deleted")).await.json()
}

async fn highlights(by: &Visitor, talk: &str) -> Vec<document::Highlight> {
    let peer = synced(by, talk).await;
    document::highlights(&Roots::of(&peer.doc), &peer.doc.transact())
}

#[tokio::test]
async fn what_is_purged_is_nowhere_and_all_else_is_as_it_was() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = olga.conversation("Harbour", WORDS, "class").await;
    let (mut hers, mut his) = (synced(&olga, &talk).await, synced(&ben, &talk).await);
    let kept = mark(&ben, &talk, &mut his, "leave before dawn").await;
    let gone = mark(&ben, &talk, &mut his, "follow the boats everywhere").await;
    let [question, secret, answer] = [(); 3].map(|()| CommentId::new());
    let say = |id, parent, body: &str| Command::Comment { highlight: kept, id, body: body.to_owned(), parent };
    hers.until(|peer| document::highlight(&Roots::of(&peer.doc), &peer.doc.transact(), kept).is_some()).await;
    act(&olga, &talk, &mut hers, say(question, None, "Who told you?")).await;
    let heard = |id| {
        move |peer: &crate::rooms_support::Peer| {
            let highlight = document::highlight(&Roots::of(&peer.doc), &peer.doc.transact(), kept);
            highlight.is_some_and(|it| it.comments.iter().any(|comment| comment.id == id))
        }
    };
    his.until(heard(question)).await;
    act(&ben, &talk, &mut his, say(secret, Some(question), &format!("{SECRET} did."))).await;
    hers.until(heard(secret)).await;
    act(&olga, &talk, &mut hers, say(answer, Some(secret), "You should not say that.")).await;
    act(&ben, &talk, &mut his, Command::Delete(gone)).await;
    until_found(&olga, "kraken", &[("comment", "[Kraken]-5512 did.")]).await;
    // The text before is kept with all of it.
    let (base, mut messages) = text(&olga, &talk).await;
    messages[0]["markdown"] = "Why is the port so quiet in the early morning?".into();
    save(&olga, &talk, base, &messages).await;
    let lost = "About follow the boats everywhere";
    for needle in [SECRET, lost] {
        let found = traces(&app.database.pool, needle).await;
        assert!(found.contains(&"conversation_revisions".to_owned()), "{needle}: {found:?}");
        assert!(found.contains(&"annotation_document_state".to_owned()), "{needle}: {found:?}");
        assert!(found.contains(&"history_steps".to_owned()), "{needle}: {found:?}");
    }
    assert!(traces(&app.database.pool, SECRET).await.contains(&"notices".to_owned()));

    let list = deleted(&olga, &talk).await;
    assert_eq!(list["highlights"].as_array().unwrap().len(), 1, "{list}");
    let first = &list["highlights"][0];
    assert_eq!(
        (&first["id"], &first["quote"], &first["name"], &first["comments"]),
        (&json!(gone), &json!("follow the boats everywhere"), &json!("Demo Student 1"), &json!(1))
    );
    let items = json!([
        {"kind": "highlight", "id": gone},
        {"kind": "comment", "highlight": kept, "id": secret},
        // Somebody else's: the id alone does not name it.
        {"kind": "comment", "highlight": gone, "id": answer},
    ]);
    assert_problem(&purge(&ben, &talk, items.clone()).await, 403, "not_allowed");
    let epoch = async || olga.get(&format!("/api/v1/conversations/{talk}")).await.json()["epoch"].as_i64().unwrap();
    let before = epoch().await;
    let mut open = synced(&ben, &talk).await;
    let report = purged(&olga, &talk, items.clone()).await;
    assert_eq!((counts(&report), report["epoch"].as_i64()), ([1, 2, 0, 0, 0], Some(before + 1)), "{report}");
    let of_search = sqlx::query_as::<_, (i64, i64)>(
        "select epoch, (select count(*) from search_entries where strpos(body, $2) > 0)
         from search_state
         where conversation_id = $1",
    );
    let of_search = of_search.bind(uuid::Uuid::parse_str(&talk).unwrap()).bind(SECRET);
    let of_search = of_search.fetch_one(&app.database.pool).await.unwrap();
    assert_eq!(of_search, (before + 1, 0), "not found at once, nor by whoever read it before");
    assert_eq!(open.until_closed().await, Some(CloseCode::WrongEpoch), "whoever has it open holds the one before");
    until_found(&olga, "kraken", &[]).await;
    until_found(&olga, "\"about leave\"", &[("comment", "[About leave] before dawn")]).await;
    for needle in [SECRET, lost] {
        assert_eq!(traces(&app.database.pool, needle).await, Vec::<String>::new(), "{needle}");
    }

    let now = highlights(&ben, &talk).await;
    assert_eq!(now.iter().map(|it| it.id).collect::<Vec<_>>(), [kept]);
    let thread: Vec<_> = now[0].comments.iter().map(|comment| (comment.id, comment.parent, comment.deleted)).collect();
    assert_eq!(thread.len(), 4);
    assert!(thread.contains(&(answer, Some(secret), false)), "what it answers keeps its place: {thread:?}");
    assert!(thread.contains(&(secret, Some(question), true)), "{thread:?}");
    // Who wrote is known as ever, also when they have left.
    sql(&app, "delete from memberships where user_id = (select id from users where name = 'Demo Student 1')").await;
    let people = olga.get(&format!("/api/v1/conversations/{talk}/people")).await.body;
    assert!(people.contains("Demo Student 1"), "{people}");
    sql(&app, "insert into memberships (class_id, user_id, role) select c.id, u.id, 'student' from classes c, users u where u.name = 'Demo Student 1'").await;
    let then = ben.get(&format!("/api/v1/conversations/{talk}/revisions/1")).await.json();
    assert_eq!(then["highlights"].as_array().unwrap().len(), 1);
    assert_eq!(then["highlights"][0]["passages"][0]["exact"], "leave before dawn");
    assert_eq!(then["highlights"][0]["comments"].as_array().unwrap().len(), 3, "{then}");

    // People go on in it, under client ids of their own.
    let mut again = synced(&ben, &talk).await;
    act(&ben, &talk, &mut again, say(CommentId::new(), Some(answer), "Sorry.")).await;
    let report = purged(&olga, &talk, items).await;
    assert_eq!((counts(&report), report["epoch"].as_i64()), ([0; 5], Some(before + 1)), "a second time: {report}");
    assert_eq!(highlights(&olga, &talk).await[0].comments.len(), 5);
    assert_eq!(deleted(&olga, &talk).await["highlights"], json!([]));
}

#[tokio::test]
async fn an_earlier_text_goes_with_all_that_was_in_it() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let talk = olga.conversation("Harbour", &WORDS.replace("gulls", SECRET), "none").await;
    for word in ["gulls", "terns"] {
        let (base, mut messages) = text(&olga, &talk).await;
        messages[2]["markdown"] = format!("And the {word}, where are they?").into();
        save(&olga, &talk, base, &messages).await;
    }
    assert_eq!(traces(&app.database.pool, SECRET).await, ["revision_messages"]);
    // There is no such one, and the present one is none of the earlier.
    let none = json!([{"kind": "revision", "number": 3}, {"kind": "revision", "number": 9}]);
    assert_eq!(counts(&purged(&olga, &talk, none).await), [0; 5]);
    let report = purged(&olga, &talk, json!([{"kind": "revision", "number": 1}])).await;
    assert_eq!((counts(&report), report["epoch"].as_i64()), ([0, 0, 0, 0, 1], Some(3)), "the document stays: {report}");
    assert_eq!(traces(&app.database.pool, SECRET).await, Vec::<String>::new());
    let list = olga.get(&format!("/api/v1/conversations/{talk}/revisions")).await.json();
    let numbers: Vec<_> = list["revisions"].as_array().unwrap().iter().map(|one| one["number"].clone()).collect();
    assert_eq!(numbers, [json!(3), json!(2)]);
    assert_problem(&olga.get(&format!("/api/v1/conversations/{talk}/revisions/1")).await, 404, "not_found");
}

#[tokio::test]
async fn nothing_is_taken_out_of_copies_nor_of_what_they_begin_with() {
    let app = TestApp::start().await;
    let (olga, ann) = (app.person("instructor").await, app.person("student-1").await);
    let (class, template) = class_and_template(&olga).await;
    let mut peer = synced(&olga, &template).await;
    let [kept, early, gone] = [
        mark(&olga, &template, &mut peer, "Some words").await,
        mark(&olga, &template, &mut peer, "words to").await,
        mark(&olga, &template, &mut peer, "more").await,
    ];
    let task = activity(&olga, &class, &template, "individual").await;
    let ids = async |by: &Visitor, talk: &str| -> Vec<HighlightId> {
        let mut ids: Vec<_> = highlights(by, talk).await.iter().map(|it| it.id).collect();
        ids.sort();
        ids
    };
    // Nobody has started.
    assert_eq!(counts(&purged(&olga, &template, json!([{"kind": "highlight", "id": early}])).await), [1, 1, 0, 0, 0]);
    let hers = copy(&ann, &task).await;
    let mut both = vec![kept, gone];
    both.sort();
    assert_eq!(ids(&ann, &hers).await, both);
    let item = json!([{"kind": "highlight", "id": gone}]);
    for talk in [&template, &hers] {
        assert_problem(&purge(&olga, talk, item.clone()).await, 409, "activity");
        assert_eq!(ids(&olga, talk).await, both);
    }
    assert_problem(&purge(&ann, &hers, item).await, 403, "not_allowed");
}

#[tokio::test]
async fn tags_go_once_they_are_deleted_and_what_is_asked_for_is_checked() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let talk = olga.conversation("Harbour", WORDS, "none").await;
    let peer = synced(&olga, &talk).await;
    let tags = document::tags(&Roots::of(&peer.doc), &peer.doc.transact());
    let (used, lone): (TagId, TagId) = (tags[0].id, tags[1].id);
    let named = &tags[1].name.clone();
    // An earlier text has both.
    let (base, mut messages) = text(&olga, &talk).await;
    messages[0]["markdown"] = "Why is the port so quiet?".into();
    save(&olga, &talk, base, &messages).await;
    let mut peer = synced(&olga, &talk).await;
    act(&olga, &talk, &mut peer, Command::DeleteTag(lone)).await;
    assert_eq!(deleted(&olga, &talk).await["tags"], json!([{"id": lone, "name": named}]));
    let both = json!([{"kind": "tag", "id": used}, {"kind": "tag", "id": lone}]);
    assert_eq!(counts(&purged(&olga, &talk, both).await), [0, 0, 1, 0, 0]);
    let kept = "select crdt_state from conversation_revisions where conversation_id = $1::uuid";
    let kept: Vec<u8> = sqlx::query_scalar(kept).bind(&talk).fetch_one(&app.database.pool).await.unwrap();
    let holds = |name: &str| kept.windows(name.len()).any(|window| window == name.as_bytes());
    assert!(holds(&tags[0].name) && !holds(named));
    let peer = synced(&olga, &talk).await;
    let left: Vec<_> =
        document::tags(&Roots::of(&peer.doc), &peer.doc.transact()).into_iter().map(|tag| tag.id).collect();
    assert!(left.contains(&used) && !left.contains(&lone), "{left:?}");

    assert_problem(&purge(&olga, &talk, json!([])).await, 400, "items");
    let many = vec![json!({"kind": "tag", "id": lone}); 1_001];
    assert_problem(&purge(&olga, &talk, json!(many)).await, 400, "items");
    for wrong in [
        json!([{"kind": "conversation", "id": talk}]),
        json!([{"kind": "tag", "id": "x"}]),
        json!([{"kind": "comment", "id": lone}]),
    ] {
        let answer = purge(&olga, &talk, wrong.clone()).await;
        assert!([StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY].contains(&answer.status), "{wrong}");
    }
    let thrown = olga.change(Method::DELETE, &format!("/api/v1/conversations/{talk}"), json!({})).await;
    assert_eq!(thrown.status, StatusCode::NO_CONTENT);
    assert_problem(&purge(&olga, &talk, json!([{"kind": "tag", "id": lone}])).await, 404, "not_found");
}
