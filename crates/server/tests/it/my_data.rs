//! The archive of all that is kept of somebody: what is in it, and what of others is not.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read},
    time::Duration,
};

use rand::{RngCore, SeedableRng, rngs::StdRng};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use shared::ids::{CommentId, UserId};
use yrs::{Text, Transact};
use zip::ZipArchive;

use crate::{
    activities::{activity, class_and_template, copy, synced},
    notices::{add, call},
    projects::project,
    revisions::mark as mark_words,
    rooms_support::{highlight, until},
    support::test_app::{TestApp, Visitor},
};

const ADDRESS: &str = "/api/v1/conversations";
const DATA: &str = "/api/v1/me/data";

type Parts = BTreeMap<String, Vec<u8>>;

async fn data(visitor: &Visitor) -> Parts {
    let answer = visitor.request(Method::GET, DATA).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/zip");
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    assert!(!answer.headers().contains_key(header::CONTENT_ENCODING), "a zip does not get smaller");
    let disposition = answer.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment; filename=\"promptgrimoire-my-data-20"), "{disposition}");
    let mut zip = ZipArchive::new(Cursor::new(answer.bytes().await.unwrap())).unwrap();
    let len = zip.len();
    let part = |index| {
        let mut entry = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.name().unwrap().into_owned(), bytes)
    };
    (0..len).map(part).collect()
}

fn json_of(parts: &Parts, name: &str) -> Value {
    serde_json::from_slice(&parts[name]).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The part that holds a conversation, and its line in the list.
fn listed(parts: &Parts, talk: &str) -> Value {
    let list = json_of(parts, "conversations.json");
    let line = list.as_array().unwrap().iter().find(|line| line["id"] == talk);
    line.unwrap_or_else(|| panic!("{talk} in {list}")).clone()
}

fn contribution(parts: &Parts, talk: &str) -> Value {
    json_of(parts, listed(parts, talk)["part"].as_str().unwrap())
}

/// A conversation; its message has the conversation's id, as helpers expect.
async fn talk_of(app: &TestApp, owner: &Visitor, title: &str, anonymous: bool) -> String {
    let body = json!({"title": title, "text": "Some words to mark.", "share": "class", "anonymous": anonymous});
    let made = owner.post(ADDRESS, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let sql = "update messages set id = conversation_id where text = 'Some words to mark.'";
    sqlx::query(sql).execute(&app.database.pool).await.unwrap();
    made.json()["id"].as_str().unwrap().to_owned()
}

/// Marks the words there, says something of them and answers the whole. Answers as whom.
async fn work(visitor: &Visitor, talk: &str, says: &str) -> UserId {
    let read = visitor.get(&format!("{ADDRESS}/{talk}")).await.json();
    let author: UserId = read["author_id"].as_str().unwrap().parse().unwrap();
    let mut peer = visitor.sync(talk).await;
    peer.settle().await;
    peer.edit(|doc| {
        let marked = highlight(doc, talk.parse().unwrap(), author, false);
        add(doc, marked, CommentId::new(), author, says);
    })
    .await;
    peer.edit(|doc| {
        let text = doc.get_or_insert_text(format!("response:{author}"));
        text.insert(&mut doc.transact_mut(), 0, &format!("My answer: {says}"));
    })
    .await;
    peer.settle().await;
    assert_eq!(peer.refused, []);
    author
}

fn holds(parts: &Parts, words: &str) -> Vec<String> {
    let has = |bytes: &[u8]| bytes.windows(words.len()).any(|window| window == words.as_bytes());
    parts.iter().filter(|(_, bytes)| has(bytes)).map(|(name, _)| name.clone()).collect()
}

#[tokio::test]
async fn all_that_is_kept_of_somebody_is_in_their_archive() {
    let app = TestApp::start().await;
    let (ann, olga) = tokio::join!(app.person("student-1"), app.person("instructor"));
    ann.change(Method::PATCH, "/api/v1/me", json!({"pronouns": "xe/xem", "time_zone": "Europe/Berlin"})).await;
    let own = talk_of(&app, &ann, "My own talk", false).await;
    let theirs = talk_of(&app, &olga, "Theirs", false).await;
    let (ann_id, olga_id) = (work(&ann, &own, "own words").await, olga.id().await);
    work(&ann, &theirs, &format!("my words for {}", call(&[olga_id.parse().unwrap()]))).await;
    work(&olga, &theirs, "words of another").await;
    let untouched = olga.conversation("Never opened", "x", "class").await;
    let home = project(&ann, "My project").await;
    ann.post(&format!("{home}/prompts"), json!({"name": "Kind", "content": "Be kind."})).await;
    let made = ann.upload(&format!("{home}/files"), "übung: 1.txt", "some bytes").await;
    let file = made.json()["id"].as_str().unwrap().to_owned();
    let (_, token) = ann.token("notebook").await;
    ann.post(&format!("{ADDRESS}/{own}/sharing/people"), json!({"email": "x@y.example", "access": "viewer"})).await;

    let parts = data(&ann).await;
    let readme = String::from_utf8(parts["README.txt"].clone()).unwrap();
    assert!(readme.contains(&app.origin()) && !readme.contains('{'), "{readme}");
    let account = json_of(&parts, "account.json");
    let profile = &account["profile"];
    assert_eq!(
        (&profile["name"], &profile["pronouns"], &profile["time_zone"]),
        (&json!("Demo Student 1"), &json!("xe/xem"), &json!("Europe/Berlin"))
    );
    assert_eq!(account["ways_to_sign_in"][0]["provider"], "development");
    assert_eq!(account["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&account["tokens"][0]["name"], &account["classes"][0]["role"]),
        (&json!("notebook"), &json!("student"))
    );
    assert_eq!(holds(&parts, &token), [""; 0], "no secret");
    assert_eq!(holds(&parts, "token_hash"), [""; 0]);
    assert_eq!(account["notices"].as_array().unwrap().len(), 0);

    let work = json_of(&parts, "work.json");
    assert_eq!((&work["projects"][0]["name"], work["prompts"].as_array().unwrap().len()), (&json!("My project"), 2));
    assert!(work["prompts"].as_array().unwrap().iter().any(|prompt| prompt["content"] == "Be kind."));
    assert_eq!(work["shared_by_you"][0]["with_people"][0]["email"], "x@y.example");
    assert_eq!(parts[&format!("files/{file}/übung_ 1.txt")], b"some bytes");
    assert_eq!(json_of(&parts, "files.json")[0]["name"], "übung: 1.txt");
    assert_eq!(json_of(&parts, "models.json"), json!({"replies": [], "tokens": []}));

    // What is theirs is whole, and can be brought in again.
    let line = listed(&parts, &own);
    assert_eq!((&line["title"], &line["yours"], &line["why_not"]), (&json!("My own talk"), &json!(true), &json!(null)));
    let bundle = line["part"].as_str().unwrap();
    assert_eq!(bundle, format!("conversations/My-own-talk-{own}.grimoire"));
    let again = olga.upload("/api/v1/import", "again.grimoire", parts[bundle].clone()).await;
    let again = again.json()["created"]["id"].as_str().unwrap_or_else(|| panic!("{}", again.body)).to_owned();
    assert_eq!(olga.get(&format!("{ADDRESS}/{again}")).await.json()["title"], "My own talk");

    // Of what is another's, what they added.
    let added = contribution(&parts, &theirs);
    assert_eq!((&added["title"], &added["you"]["id"]), (&json!("Theirs"), &json!(ann_id)));
    let highlights = added["highlights"].as_array().unwrap();
    assert_eq!((highlights.len(), &highlights[0]["passages"][0]["exact"]), (1, &json!("words")));
    assert_eq!((added["comments"].as_array().unwrap().len()), 1);
    assert_eq!(added["comments"][0]["body"], "my words for @Demo Instructor");
    assert_eq!(added["response"], "My answer: my words for @Demo Instructor");
    assert_eq!(holds(&parts, "words of another"), [""; 0]);
    assert_eq!(holds(&parts, &untouched), [""; 0], "neither opened nor theirs");
}

#[tokio::test]
async fn in_what_is_anonymous_one_is_oneself_alone_and_under_a_pseudonym() {
    let app = TestApp::start().await;
    let (ann, ben) = tokio::join!(app.person("student-1"), app.person("student-2"));
    let talk = talk_of(&app, &ann, "Hidden", true).await;
    work(&ann, &talk, "of the owner").await;
    let alias = work(&ben, &talk, "of Ben").await;
    let seen_as = ben.get(&format!("{ADDRESS}/{talk}")).await.json()["anonymity"]["seen_as"].clone();
    let parts = data(&ben).await;
    let added = contribution(&parts, &talk);
    assert_eq!(added["you"], json!({"id": alias, "called": seen_as}));
    assert_eq!((added["highlights"].as_array().unwrap().len(), &added["comments"][0]["body"]), (1, &json!("of Ben")));
    let me = ann.get("/api/v1/me").await.json();
    for secret in ["id", "name", "email"] {
        assert_eq!(holds(&parts, me[secret].as_str().unwrap()), [""; 0], "{secret}");
    }
    let account = json_of(&parts, "account.json");
    assert_eq!(account["pseudonyms"][0]["pseudonym"], seen_as);
    // The owner's is whole, and knows nobody by name either.
    let parts = data(&ann).await;
    assert!(listed(&parts, &talk)["part"].as_str().unwrap().starts_with("conversations/"));
    let me = ben.get("/api/v1/me").await.json();
    assert_eq!(holds(&parts, me["id"].as_str().unwrap()), [""; 0]);
}

#[tokio::test]
async fn a_protected_text_is_not_taken_away_by_what_one_marked_in_it() {
    let app = TestApp::start().await;
    let (olga, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let talk = talk_of(&app, &olga, "Protected", false).await;
    work(&ann, &talk, "own words").await;
    let mut peer = ann.sync(&talk).await;
    peer.settle().await;
    peer.edit(|doc| doc.get_or_insert_text("notes").insert(&mut doc.transact_mut(), 0, "Notes of all.")).await;
    peer.settle().await;
    let open = contribution(&data(&ann).await, &talk);
    assert_eq!((&open["text_is_protected"], &open["shared_notes"]), (&json!(false), &json!("Notes of all.")));
    let path = format!("{ADDRESS}/{talk}/sharing/protection");
    olga.change(Method::PUT, &path, json!({"copy_protected": true})).await;
    let added = contribution(&data(&ann).await, &talk);
    assert_eq!(added["text_is_protected"], true);
    let passage = &added["highlights"][0]["passages"][0];
    assert_eq!((&passage["start"], &passage["exact"]), (&json!(5), &json!(null)));
    assert_eq!((&added["comments"][0]["body"], &added["shared_notes"]), (&json!("own words"), &json!(null)));
}

#[tokio::test]
async fn what_is_not_in_it_is_named_by_its_id_and_keeps_back_nothing_else() {
    let app = TestApp::start().await;
    let (olga, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let [shared, trashed, whole, broken] = ["Taken back", "Thrown away", "Whole", "Broken"];
    let shared = talk_of(&app, &olga, shared, false).await;
    work(&ann, &shared, "own words").await;
    let trashed = talk_of(&app, &ann, trashed, false).await;
    let broken = talk_of(&app, &ann, broken, false).await;
    let whole = talk_of(&app, &ann, whole, false).await;
    olga.change(Method::PUT, &format!("{ADDRESS}/{shared}/sharing/class"), json!({"class": null})).await;
    ann.change(Method::PUT, &format!("{ADDRESS}/{trashed}/sharing/class"), json!({"class": null})).await;
    assert_eq!(ann.delete(&format!("{ADDRESS}/{trashed}")).await.status, StatusCode::NO_CONTENT);
    let sql = "update annotation_document_state set crdt_state = '\\xff' where conversation_id = $1::uuid";
    sqlx::query(sql).bind(&broken).execute(&app.database.pool).await.unwrap();
    let parts = data(&ann).await;
    for (talk, why) in [(&shared, "not shared with you"), (&trashed, "in your trash"), (&broken, "could not be read")] {
        let line = listed(&parts, talk);
        assert!(line["why_not"].as_str().unwrap().contains(why), "{line}");
        assert_eq!((&line["part"], &line["title"]), (&json!(null), &json!(null)));
    }
    assert_eq!(holds(&parts, "Taken back"), [""; 0]);
    assert!(parts.contains_key(listed(&parts, &whole)["part"].as_str().unwrap()));
}

#[tokio::test]
async fn one_at_a_time_is_downloaded_and_who_stops_can_begin_anew() {
    let app = TestApp::start().await;
    let (ann, ben) = tokio::join!(app.person("student-1"), app.person("student-2"));
    let home = project(&ann, "My project").await;
    // More than what lies between the two programs holds.
    let mut noise = vec![0; 20 << 20];
    StdRng::seed_from_u64(1).fill_bytes(&mut noise);
    assert_eq!(ann.upload(&format!("{home}/files"), "noise.bin", noise).await.status, StatusCode::CREATED);
    let first = ann.request(Method::GET, DATA).send().await.unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    let second = ann.get(DATA).await;
    assert_eq!((second.status, second.problem().as_str()), (StatusCode::CONFLICT, "one_at_a_time"));
    assert!(data(&ben).await.contains_key("account.json"), "others go on");
    drop(first);
    let again = tokio::time::timeout(
        Duration::from_secs(20),
        until(async || ann.request(Method::GET, DATA).send().await.unwrap().status() == StatusCode::OK),
    );
    again.await.unwrap();
}

/// Tables that say something of a person, and where their archive says it. A new one has to be told here too.
#[tokio::test]
async fn no_table_that_names_people_is_forgotten() {
    let app = TestApp::start().await;
    let told = [
        // Itself.
        "users",
        // account.json
        "identities sessions tokens memberships trashed_memberships author_aliases conversation_shares",
        "conversation_link_uses conversation_visits notices sign_in_links webhooks",
        // work.json
        "projects prompt_versions activities activity_copies copy_editors late_work refused_update",
        "conversation_revisions class_invitations export_jobs history_authors history_steps",
        // models.json, files.json
        "runs model_usage files",
        // The conversations themselves.
        "conversations messages annotation_document_state annotation_update annotation_client",
        // Earlier texts: whose conversation it is reads them on its page.
        "revision_messages",
        // Deliveries are the webhook's owner's, and hold no words.
        "webhook_deliveries",
        // What is found by words is in the conversations.
        "search_entries",
        // Only while an account is being erased.
        "erased_as",
        // For a quarter of an hour, and only its hash.
        "merge_codes",
    ];
    let told: BTreeSet<&str> = told.iter().flat_map(|line| line.split(' ')).collect();
    let there: Vec<String> = sqlx::query_scalar(
        "select distinct t.relname::text
         from pg_class t
         join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
         where t.relnamespace = 'public'::regnamespace and t.relkind = 'r'
           and (a.attname in ('user_id', 'owner_id', 'author', 'author_id', 'by_user', 'last_editor', 'uploader_id')
                or a.attname like '%\\_by'
                or exists (select
                           from pg_constraint k
                           where k.contype = 'f' and k.confrelid = 'users'::regclass and k.conrelid = t.oid))",
    )
    .fetch_all(&app.database.pool)
    .await
    .unwrap();
    let there: BTreeSet<&str> = there.iter().map(String::as_str).collect();
    assert!(there.contains("notices"));
    assert_eq!(there.difference(&told).collect::<Vec<_>>(), [&""; 0]);
}

/// Every copy of an activity begins with what was written in its template, and belongs to that one's owner.
#[tokio::test]
async fn copies_are_in_the_archives_of_those_who_worked_in_them() {
    let app = TestApp::start().await;
    let (olga, ann, ben) =
        (app.person("instructor").await, app.person("student-1").await, app.person("student-2").await);
    let (class, template) = class_and_template(&olga).await;
    let mut peer = synced(&olga, &template).await;
    mark_words(&olga, &template, &mut peer, "Some words").await;
    let task = activity(&olga, &class, &template, "individual").await;
    let (hers, his) = (copy(&ann, &task).await, copy(&ben, &task).await);
    for (by, talk, notes) in [(&ann, &hers, "Ann’s private notes"), (&ben, &his, "Ben’s private notes")] {
        synced(by, talk).await.write(notes).await;
        until(async || by.get(&format!("{ADDRESS}/{talk}/export?format=markdown")).await.body.contains(notes)).await;
    }

    let names = |parts: &Parts| -> BTreeSet<String> {
        let list = json_of(parts, "conversations.json");
        list.as_array().unwrap().iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect()
    };
    let parts = data(&olga).await;
    let ids = names(&parts);
    assert!(ids.contains(&template) && !ids.contains(&hers) && !ids.contains(&his), "{ids:?}");
    assert_eq!(holds(&parts, "private notes"), Vec::<String>::new());
    // She writes in one of them: then it is in hers too, with what she said, and without what is another's alone.
    let mut peer = synced(&olga, &hers).await;
    mark_words(&olga, &hers, &mut peer, "words to mark").await;
    let parts = data(&olga).await;
    let ids = names(&parts);
    assert!(ids.contains(&hers) && !ids.contains(&his), "{ids:?}");
    assert_eq!(holds(&parts, "private notes"), Vec::<String>::new());
    assert_eq!(contribution(&parts, &hers)["comments"].as_array().unwrap().len(), 2);

    let parts = data(&ann).await;
    assert!(names(&parts).contains(&hers) && !names(&parts).contains(&his));
    assert!(contribution(&parts, &hers)["shared_notes"].as_str().unwrap().contains("Ann’s private notes"));
}

/// What somebody sets in a class is others' once they teach there no more.
#[tokio::test]
async fn whoever_has_left_a_class_is_told_nothing_new_of_it() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let (class, template) = class_and_template(&olga).await;
    activity(&olga, &class, &template, "individual").await;
    let work = async || json_of(&data(&olga).await, "work.json");
    assert_eq!(work().await["activities"][0]["title"], "Close reading");
    let left = "delete from memberships where user_id = (select id from users where name = 'Demo Instructor')";
    assert_eq!(sqlx::query(left).execute(&app.database.pool).await.unwrap().rows_affected(), 1);
    sqlx::query("update activities set title = 'Later words'").execute(&app.database.pool).await.unwrap();
    let activities = work().await["activities"].clone();
    assert_eq!((activities.as_array().unwrap().len(), &activities[0]["title"]), (1, &Value::Null));
}

/// A link there would take somebody's turn.
#[tokio::test]
async fn another_site_does_not_begin_a_download() {
    let app = TestApp::start().await;
    let ann = app.person("student-1").await;
    let answer = ann.request(Method::GET, DATA).header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let answer = ann.request(Method::GET, DATA).header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}
