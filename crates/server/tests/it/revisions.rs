//! Texts that are edited: who may, what becomes of what is marked, what is kept, and what a second editor hears.

use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::{error::Error, revisions};
use shared::{
    api::OwnRights,
    document::{self, Command, Roots, execute},
    ids::{CommentId, HighlightId},
    rules::Sender,
    selector::{Anchor, Target, resolve},
    sync::CloseCode,
    text::{CharOffset, OffsetMap},
};
use sqlx::{Postgres, Transaction};
use yrs::{Doc, Transact};

use crate::{
    activities::{activity, class_and_template, start, synced},
    rooms_support::{Peer, until},
    search::until_found,
    support::test_app::{Answer, TestApp, Visitor, assert_problem},
};

pub const WORDS: &str = "User: Why is the harbour so quiet in the early morning?\n\n\
                     Assistant: The trawlers leave before dawn. The herring sleeps in deep water until the light comes.\n\n\
                     User: And the gulls, who follow the boats everywhere, where are they by then?";

async fn read(visitor: &Visitor, talk: &str) -> Value {
    visitor.get(&format!("/api/v1/conversations/{talk}")).await.json()
}

/// The present text as it would be sent back.
pub async fn text(visitor: &Visitor, talk: &str) -> (i64, Vec<Value>) {
    let read = read(visitor, talk).await;
    let message = |message: &Value| json!({"from": [message["id"]], "role": message["role"], "title": message["title"], "markdown": message["markdown"]});
    (read["revision"].as_i64().unwrap(), read["messages"].as_array().unwrap().iter().map(message).collect())
}

async fn send(visitor: &Visitor, talk: &str, base: i64, messages: &[Value], preview: bool) -> Answer {
    let path = format!("/api/v1/conversations/{talk}/text?preview={preview}");
    visitor.change(Method::PUT, &path, json!({"base": base, "messages": messages})).await
}

/// The same, where its author has seen so many moved and lost.
async fn confirm(visitor: &Visitor, talk: &str, base: i64, messages: &[Value], [moved, lost]: [u64; 2]) -> Answer {
    let path = format!("/api/v1/conversations/{talk}/text");
    let confirmed = json!({"moved": moved, "lost": lost});
    visitor.change(Method::PUT, &path, json!({"base": base, "messages": messages, "confirmed": confirmed})).await
}

pub async fn save(visitor: &Visitor, talk: &str, base: i64, messages: &[Value]) -> Value {
    let answer = send(visitor, talk, base, messages, false).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

fn replaced(message: &Value, words: &str, by: &str) -> Value {
    let markdown = message["markdown"].as_str().unwrap();
    assert!(markdown.contains(words), "{markdown}");
    let mut message = message.clone();
    message["markdown"] = markdown.replace(words, by).into();
    message
}

fn counts(report: &Value) -> [u64; 3] {
    ["exact", "moved", "lost"].map(|key| report[key].as_u64().unwrap())
}

/// Marks words, and says something to them.
pub async fn mark(visitor: &Visitor, talk: &str, peer: &mut Peer, words: &str) -> HighlightId {
    let read = read(visitor, talk).await;
    let messages = read["messages"].as_array().unwrap();
    let message = messages.iter().find(|message| message["text"].as_str().unwrap().contains(words)).unwrap();
    let text = message["text"].as_str().unwrap();
    let at = text[..text.find(words).unwrap()].chars().count() as u32;
    let range = CharOffset(at)..CharOffset(at + words.chars().count() as u32);
    let target = Target::describe(message["id"].as_str().unwrap().parse().unwrap(), text, &OffsetMap::new(text), range);
    let id = HighlightId::new();
    let tag = document::tags(&Roots::of(&peer.doc), &peer.doc.transact())[0].id;
    let body = format!("About {words}");
    act(visitor, talk, peer, Command::Highlight { id, targets: vec![target.unwrap()], tag }).await;
    act(visitor, talk, peer, Command::Comment { highlight: id, id: CommentId::new(), body, parent: None }).await;
    id
}

/// Does something in the document, as whoever it is may.
pub async fn act(visitor: &Visitor, talk: &str, peer: &mut Peer, command: Command) {
    let path = format!("/api/v1/conversations/{talk}/rights");
    let OwnRights { rights, author_id: author, .. } = serde_json::from_value(visitor.get(&path).await.json()).unwrap();
    let sender = Sender { author, access: rights.access, moderates: rights.moderates };
    peer.edit(|doc| {
        let roots = Roots::of(doc);
        execute(&roots, &mut doc.transact_mut(), &sender, 1, command).unwrap();
    })
    .await;
    peer.settle().await;
    assert!(peer.refused.is_empty(), "{:?}", peer.refused);
}

/// Where a highlight is for whoever opens the conversation: its anchor, and the words there. Its thread is whole.
async fn anchor(visitor: &Visitor, talk: &str, id: HighlightId) -> (&'static str, String) {
    let peer = synced(visitor, talk).await;
    let highlight = highlight(&peer.doc, id);
    assert_eq!(highlight.comments.len(), 1, "{highlight:?}");
    let target = &highlight.targets[0];
    let read = read(visitor, talk).await;
    let messages = read["messages"].as_array().unwrap();
    let Some(message) = messages.iter().find(|message| message["id"] == target.message.to_string()) else {
        assert!(target.lost, "{target:?}");
        return ("lost", String::new());
    };
    let text = message["text"].as_str().unwrap();
    let map = OffsetMap::new(text);
    let anchor: Anchor = resolve(target, text, &map);
    let words = anchor.range().and_then(|(start, end)| map.slice(text, start, end)).unwrap_or_default();
    (anchor.name(), words.to_owned())
}

fn highlight(doc: &Doc, id: HighlightId) -> document::Highlight {
    document::highlight(&Roots::of(doc), &doc.transact(), id).unwrap()
}

async fn sql(app: &TestApp, sql: &'static str) {
    assert!(sqlx::query(sql).execute(&app.database.pool).await.unwrap().rows_affected() > 0, "{sql}");
}

#[tokio::test]
async fn what_is_marked_stays_moves_or_is_lost_with_its_thread_and_the_text_before_stays_readable() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = ann.conversation("Harbour", WORDS, "class").await;
    let mut peer = synced(&ben, &talk).await;
    let stays = mark(&ben, &talk, &mut peer, "leave before dawn").await;
    let moves = mark(&ben, &talk, &mut peer, "sleeps in deep water until the light").await;
    let goes = mark(&ben, &talk, &mut peer, "follow the boats everywhere").await;
    let before = read(&ann, &talk).await;

    let (base, mut messages) = text(&ann, &talk).await;
    messages[1] = replaced(&messages[1], "deep water", "shallow water");
    messages.pop();
    messages.insert(0, json!({"role": "source", "title": "Of 1911", "markdown": "A **new** message."}));
    let report = send(&ann, &talk, base, &messages, true).await.json();
    assert_eq!((counts(&report), report["revision"].as_i64()), ([1, 1, 1], Some(1)), "{report}");
    assert_eq!(report["rendered"][0], json!({"at": 0, "html": "<p dir=\"auto\">A <strong>new</strong> message.</p>"}));
    assert_eq!(read(&ann, &talk).await, before, "nothing was changed");

    let report = save(&ann, &talk, base, &messages).await;
    assert_eq!((counts(&report), report["revision"].as_i64()), ([1, 1, 1], Some(2)), "{report}");
    assert_eq!(
        report["changes"][0],
        json!({"highlight": goes, "quote": "follow the boats everywhere", "anchor": "lost"})
    );
    assert_eq!(peer.until_closed().await, Some(CloseCode::WrongEpoch), "whoever has it open holds the one before");
    assert_eq!(anchor(&ben, &talk, stays).await, ("exact", "leave before dawn".to_owned()));
    assert_eq!(anchor(&ben, &talk, moves).await, ("moved", "sleeps in shallow water until the light".to_owned()));
    assert_eq!(anchor(&ben, &talk, goes).await.0, "lost");
    let after = read(&ben, &talk).await;
    let ids = |read: &Value| read["messages"].as_array().unwrap().iter().map(|m| m["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&after)[1..], ids(&before)[..2], "a message keeps its id");
    assert_eq!(
        (after["revision"].as_i64(), after["epoch"].as_i64()),
        (Some(2), before["epoch"].as_i64().map(|it| it + 1))
    );

    // The text before, with what was marked in it.
    let list = ben.get(&format!("/api/v1/conversations/{talk}/revisions")).await.json();
    let numbers = list["revisions"].as_array().unwrap().iter().map(|one| one["number"].as_i64().unwrap());
    assert_eq!((numbers.collect::<Vec<_>>(), list["may_edit_text"].as_bool()), (vec![2, 1], Some(false)), "{list}");
    assert_eq!(list["revisions"][0]["by"]["name"], "Demo Instructor");
    let first = ben.get(&format!("/api/v1/conversations/{talk}/revisions/1")).await.json();
    for (old, new) in before["messages"].as_array().unwrap().iter().zip(first["messages"].as_array().unwrap()) {
        assert!(["id", "role", "markdown", "text"].iter().all(|key| old[key] == new[key]), "{old} {new}");
    }
    let highlights = first["highlights"].as_array().unwrap();
    assert_eq!(highlights.len(), 3);
    assert!(
        highlights
            .iter()
            .all(|one| one["passages"][0]["range"].is_array() && one["comments"][0]["name"] == "Demo Student 1")
    );
    assert_problem(&ben.get(&format!("/api/v1/conversations/{talk}/revisions/3")).await, 404, "not_found");

    // A later text changes nothing of it, and nothing else does.
    let (base, mut messages) = text(&ann, &talk).await;
    messages.truncate(1);
    save(&ann, &talk, base, &messages).await;
    assert_eq!(
        ben.get(&format!("/api/v1/conversations/{talk}/revisions/1")).await.json()["highlights"],
        first["highlights"]
    );
    for statement in ["update conversation_revisions set crdt_state = ''", "update revision_messages set text = ''"] {
        let error = sqlx::query(statement).execute(&app.database.pool).await.unwrap_err().to_string();
        assert!(error.contains("a revision never changes"), "{error}");
    }
}

#[tokio::test]
async fn passages_follow_their_words_into_parts_and_merged_messages_and_back_into_the_text() {
    let app = TestApp::start().await;
    let ann = app.person("instructor").await;
    let talk = ann.conversation("Harbour", WORDS, "none").await;
    let mut peer = synced(&ann, &talk).await;
    let dawn = mark(&ann, &talk, &mut peer, "leave before dawn").await;
    let light = mark(&ann, &talk, &mut peer, "until the light comes").await;
    let gulls = mark(&ann, &talk, &mut peer, "follow the boats everywhere").await;
    let exact = async |id, words: &str| assert_eq!(anchor(&ann, &talk, id).await, ("exact", words.to_owned()));

    // Split in two, the last two merged, in another order.
    let (base, messages) = text(&ann, &talk).await;
    let part = |words: &str| json!({"from": messages[1]["from"], "role": "assistant", "markdown": words});
    let merged = json!({
        "from": [messages[2]["from"][0], messages[0]["from"][0]],
        "role": "user",
        "markdown": format!("{}\n\n{}", messages[2]["markdown"].as_str().unwrap(), messages[0]["markdown"].as_str().unwrap()),
    });
    let split = [
        part("The herring sleeps in deep water until the light comes."),
        merged,
        part("The trawlers leave before dawn."),
    ];
    // Of the short part too little stands around it to be certain.
    assert_eq!(counts(&save(&ann, &talk, base, &split).await), [2, 1, 0]);
    assert_eq!(anchor(&ann, &talk, dawn).await, ("moved", "leave before dawn".to_owned()));
    exact(light, "until the light comes").await;
    exact(gulls, "follow the boats everywhere").await;

    // Taken out, and put back by another edit.
    let (base, all) = text(&ann, &talk).await;
    assert_eq!(counts(&save(&ann, &talk, base, &all[..1]).await), [1, 0, 2]);
    let back: Vec<Value> = all
        .iter()
        .enumerate()
        .map(|(at, message)| {
            let mut message = message.clone();
            if at > 0 {
                message["from"] = json!([]);
            }
            message
        })
        .collect();
    let report = save(&ann, &talk, base + 1, &back).await;
    assert_eq!(report["lost"], 1, "of one its surroundings are not there any more: {report}");
    exact(gulls, "follow the boats everywhere").await;
    // Nothing else than before is no new revision.
    let (base, same) = text(&ann, &talk).await;
    assert_eq!(save(&ann, &talk, base, &same).await["revision"].as_i64(), Some(base));
}

#[tokio::test]
async fn whoever_was_slower_hears_so_and_nothing_is_half_done() {
    let app = TestApp::start().await;
    let ann = app.person("instructor").await;
    let talk = ann.conversation("Harbour", WORDS, "none").await;
    let (base, messages) = text(&ann, &talk).await;
    let mine = [replaced(&messages[0], "quiet", "silent")];
    let theirs = [replaced(&messages[0], "quiet", "still")];
    let answers = tokio::join!(send(&ann, &talk, base, &mine, false), send(&ann, &talk, base, &theirs, false));
    let mut statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", answers.0.body, answers.1.body);
    assert_problem(&send(&ann, &talk, base, &mine, true).await, 409, "edited_meanwhile");
    assert_eq!(text(&ann, &talk).await.0, 2);
    for (messages, status, code) in [
        (json!([]), 400, "no_messages"),
        (json!([{"role": "user", "markdown": " \n"}]), 400, "empty_message"),
        (json!([{"from": [HighlightId::new()], "role": "user", "markdown": "x"}]), 400, "no_such_message"),
        (json!([{"role": "nobody", "markdown": "x"}]), 400, "bad_json"),
        (json!([{"role": "user", "markdown": "x".repeat((1 << 20) + 1)}]), 413, "too_large"),
        (json!(vec![json!({"role": "user", "markdown": "x"}); 5_001]), 413, "too_large"),
    ] {
        let answer = send(&ann, &talk, 2, messages.as_array().unwrap(), false).await;
        assert_problem(&answer, status, code);
    }
    assert_eq!(text(&ann, &talk).await.0, 2);
    sql(&app, "update conversations set revision = 200 where revision = 2").await;
    let (base, messages) = text(&ann, &talk).await;
    assert_problem(&send(&ann, &talk, base, &messages, false).await, 409, "too_many_revisions");
}

/// What is committed after the document was read for the edit is in the new one too.
#[tokio::test]
async fn nothing_that_people_write_meanwhile_is_lost() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = ann.conversation("Harbour", WORDS, "class").await;
    const WRITTEN: u64 = 5;
    for round in 0..8 {
        let mut peer = synced(&ben, &talk).await;
        peer.settle().await;
        let settled = peer.acked;
        let (base, messages) = text(&ann, &talk).await;
        let mut edited = messages.clone();
        edited[0]["markdown"] = format!("Round {round}: {}", messages[0]["markdown"].as_str().unwrap()).into();
        let writing = async {
            for _ in 0..WRITTEN {
                if peer.closed.is_none() {
                    peer.write(&format!("({round})")).await;
                    peer.hear().await;
                }
            }
            while peer.closed.is_none() && peer.acked < peer.sent {
                peer.hear().await;
            }
        };
        let (saved, ()) = tokio::join!(send(&ann, &talk, base, &edited, false), writing);
        assert!([200, 409].contains(&saved.status.as_u16()), "{}", saved.body);
        let acked = peer.acked - settled;
        let notes = synced(&ben, &talk).await.notes();
        let there = notes.matches(&format!("({round})")).count() as u64;
        assert!(there >= acked, "{there} of {acked} acknowledged: {notes}");
    }
}

#[tokio::test]
async fn whose_text_it_is_not_does_not_edit_it() {
    let app = TestApp::start().await;
    let (olga, ann) = (app.person("instructor").await, app.person("student-1").await);
    let refused = async |visitor: &Visitor, talk: &str, status, code| {
        let (base, mut messages) = text(visitor, talk).await;
        messages[0]["markdown"] = "Otherwise.".into();
        assert_problem(&send(visitor, talk, base, &messages, false).await, status, code);
    };
    // A class reads it.
    let talk = olga.conversation("Harbour", WORDS, "class").await;
    refused(&ann, &talk, 403, "not_allowed").await;
    // An editor does, but not where the text is protected.
    let share = json!({"email": ann.get("/api/v1/me").await.json()["email"], "access": "editor"});
    let shared = olga.post(&format!("/api/v1/conversations/{talk}/sharing/people"), share).await;
    assert!(shared.status.is_success(), "{}", shared.body);
    let (base, mut messages) = text(&ann, &talk).await;
    messages[0]["markdown"] = "Edited by an editor.".into();
    save(&ann, &talk, base, &messages).await;
    sql(&app, "update conversations set copy_protected = true where title = 'Harbour'").await;
    refused(&ann, &talk, 403, "not_allowed").await;
    // An activity: its template is edited until somebody starts it, its copies are not.
    let (class, template) = class_and_template(&olga).await;
    let task = activity(&olga, &class, &template, "individual").await;
    let (base, mut messages) = text(&olga, &template).await;
    messages[0] = replaced(&messages[0], "Some", "Several");
    save(&olga, &template, base, &messages).await;
    let copy = start(&ann, &task).await.json()["id"].as_str().unwrap().to_owned();
    assert!(read(&ann, &copy).await["messages"][0]["text"].as_str().unwrap().starts_with("Several words"));
    refused(&olga, &template, 409, "begun").await;
    refused(&ann, &copy, 403, "not_allowed").await;
    refused(&olga, &copy, 409, "copy").await;
    // A chat.
    let chat = olga.conversation("Chat", WORDS, "none").await;
    sql(&app, "update conversations c set leaf_id = (select id from messages m where m.conversation_id = c.id order by position desc limit 1) where title = 'Chat'").await;
    refused(&olga, &chat, 409, "chat").await;
    assert_eq!(olga.get(&format!("/c/{chat}/revisions")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn earlier_texts_hide_who_wrote_where_it_is_anonymous() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("student-1").await, app.person("student-2").await);
    let body = json!({"title": "Harbour", "text": WORDS, "share": "class", "anonymous": true});
    let talk = ann.post("/api/v1/conversations", body).await.json()["id"].as_str().unwrap().to_owned();
    let mut peer = synced(&ann, &talk).await;
    mark(&ann, &talk, &mut peer, "leave before dawn").await;
    let (base, mut messages) = text(&ann, &talk).await;
    messages[0]["markdown"] = "Otherwise.".into();
    save(&ann, &talk, base, &messages).await;
    let me = ann.get("/api/v1/me").await.json();
    for path in [
        "/api/v1/conversations/{}/revisions",
        "/api/v1/conversations/{}/revisions/1",
        "/c/{}/revisions",
        "/c/{}/revisions/1",
    ] {
        let answer = ben.get(&path.replace("{}", &talk)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        for secret in [&me["id"], &me["name"], &me["email"]] {
            assert!(!answer.body.contains(secret.as_str().unwrap()), "{path} tells {secret}");
        }
    }
    let seen_as = read(&ann, &talk).await["anonymity"]["seen_as"].as_str().unwrap().to_owned();
    let first = ben.get(&format!("/api/v1/conversations/{talk}/revisions/1")).await.json();
    assert_eq!((&first["highlights"][0]["name"], &first["replaced_by"]["name"]), (&json!(seen_as), &json!(seen_as)));
    let page = ben.get(&format!("/c/{talk}/revisions/1")).await.body;
    assert!(page.contains("An earlier text.") && page.contains("<mark id=\"h1\""), "{page}");
    assert!(page.contains("leave before dawn</mark>"));
}

/// What an earlier text shows: each quote, and how much is said of it.
async fn shown(visitor: &Visitor, talk: &str) -> Vec<(String, usize)> {
    let first = visitor.get(&format!("/api/v1/conversations/{talk}/revisions/1")).await.json();
    let line = |one: &Value| {
        (one["passages"][0]["exact"].as_str().unwrap().to_owned(), one["comments"].as_array().unwrap().len())
    };
    first["highlights"].as_array().unwrap().iter().map(line).collect()
}

#[tokio::test]
async fn what_was_deleted_since_is_in_no_earlier_text() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = ann.conversation("Harbour", WORDS, "class").await;
    let mut peer = synced(&ben, &talk).await;
    let dawn = mark(&ben, &talk, &mut peer, "leave before dawn").await;
    let light = mark(&ben, &talk, &mut peer, "until the light comes").await;
    let gulls = mark(&ben, &talk, &mut peer, "follow the boats everywhere").await;
    let (base, mut messages) = text(&ann, &talk).await;
    messages[0]["markdown"] = "Otherwise.".into();
    save(&ann, &talk, base, &messages).await;
    let line = |words: &str, comments| (words.to_owned(), comments);
    let (dawns, lights, gull) =
        (line("leave before dawn", 1), line("until the light comes", 1), line("follow the boats everywhere", 1));
    assert_eq!(shown(&ann, &talk).await, [dawns.clone(), lights.clone(), gull.clone()]);

    // Its author takes one back, and staff a comment.
    let mut peer = synced(&ben, &talk).await;
    act(&ben, &talk, &mut peer, Command::Delete(dawn)).await;
    let mut staff = synced(&ann, &talk).await;
    let id = highlight(&staff.doc, light).comments[0].id;
    act(&ann, &talk, &mut staff, Command::DeleteComment { highlight: light, id }).await;
    for visitor in [&ann, &ben] {
        assert_eq!(shown(visitor, &talk).await, [line("until the light comes", 0), gull.clone()]);
        let page = visitor.get(&format!("/c/{talk}/revisions/1")).await.body;
        assert!(page.contains("About follow") && !page.contains("About leave") && !page.contains("About until"));
    }
    act(&ben, &talk, &mut peer, Command::Restore(dawn)).await;
    assert_eq!(shown(&ann, &talk).await, [dawns, line("until the light comes", 0), gull]);
    act(&ann, &talk, &mut staff, Command::Delete(gulls)).await;
    assert_eq!(shown(&ben, &talk).await.len(), 2);

    // Whose account is gone is nobody by name.
    let user = ben.get("/api/v1/me").await.json()["id"].as_str().unwrap().to_owned();
    sqlx::query("delete from users where id = $1::uuid").bind(&user).execute(&app.database.pool).await.unwrap();
    let first = ann.get(&format!("/api/v1/conversations/{talk}/revisions/1")).await;
    assert_eq!(first.json()["highlights"][0]["name"], "Somebody");
    assert!(!first.body.contains("Demo Student 1"), "{}", first.body);
}

#[tokio::test]
async fn what_was_taken_out_of_a_comment_since_is_in_no_earlier_text() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = ann.conversation("Harbour", WORDS, "class").await;
    let mut peer = synced(&ben, &talk).await;
    let dawn = mark(&ben, &talk, &mut peer, "leave before dawn").await;
    let (base, mut messages) = text(&ann, &talk).await;
    messages[0]["markdown"] = "Otherwise.".into();
    save(&ann, &talk, base, &messages).await;
    let path = format!("/api/v1/conversations/{talk}/revisions/1");
    let said = async || ann.get(&path).await.json()["highlights"][0]["comments"][0]["body"].clone();
    assert_eq!(said().await, "About leave before dawn");
    let mut peer = synced(&ben, &talk).await;
    let id = highlight(&peer.doc, dawn).comments[0].id;
    act(&ben, &talk, &mut peer, Command::EditComment { highlight: dawn, id, body: "Early.".to_owned() }).await;
    assert_eq!(said().await, "Early.");
    let page = ann.get(&format!("/c/{talk}/revisions/1")).await.body;
    assert!(page.contains("Early.") && !page.contains("About leave"));
}

#[tokio::test]
async fn nobody_has_two_earlier_texts_read_at_once() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = ann.conversation("Harbour", WORDS, "class").await;
    let (api, page) = (format!("/api/v1/conversations/{talk}/revisions/1"), format!("/c/{talk}/revisions/1"));
    let turn = app.readings.take(ann.id().await.parse().unwrap()).await.unwrap();
    let others = async {
        // Long enough for whoever does not wait.
        for path in [&api, &page, &api, &page] {
            assert_eq!(ben.get(path).await.status, StatusCode::OK);
        }
    };
    let mut reading = Box::pin(async { tokio::join!(ann.get(&api), ann.get(&page)) });
    tokio::select! {
        biased;
        (first, _) = &mut reading => panic!("{} without a turn", first.status),
        () = others => {}
    }
    drop(turn);
    let (first, second) = reading.await;
    assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::OK));
}

#[tokio::test]
async fn what_becomes_of_the_highlights_is_what_was_confirmed() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = ann.conversation("Harbour", WORDS, "class").await;
    let mut peer = synced(&ben, &talk).await;
    mark(&ben, &talk, &mut peer, "sleeps in deep water until the light").await;
    let (base, mut messages) = text(&ann, &talk).await;
    messages[1] = replaced(&messages[1], "deep water", "shallow water");
    messages.pop();
    assert_eq!(counts(&send(&ann, &talk, base, &messages, true).await.json()), [0, 1, 0]);
    // Meanwhile somebody marks what is to go.
    let goes = mark(&ben, &talk, &mut peer, "follow the boats everywhere").await;
    let answer = confirm(&ann, &talk, base, &messages, [1, 0]).await;
    assert_problem(&answer, 409, "report_changed");
    let report = &answer.json()["report"];
    assert_eq!((counts(report), report["revision"].as_i64()), ([0, 1, 1], Some(base)), "{report}");
    assert_eq!(report["changes"][0]["highlight"], json!(goes));
    assert_eq!(text(&ann, &talk).await.0, base, "nothing was stored");
    // One lost is not one to be confirmed.
    assert_problem(&confirm(&ann, &talk, base, &messages, [2, 0]).await, 409, "report_changed");
    // What is better than what was seen is no surprise.
    act(&ben, &talk, &mut peer, Command::Delete(goes)).await;
    let answer = confirm(&ann, &talk, base, &messages, [1, 1]).await;
    assert_eq!((answer.status, counts(&answer.json())), (StatusCode::OK, [0, 1, 0]), "{}", answer.body);
    assert_eq!(text(&ann, &talk).await.0, base + 1);
}

/// A conversation in which nothing is stored until this ends.
async fn held(app: &TestApp, talk: &str) -> Transaction<'static, Postgres> {
    let mut tx = app.database.pool.begin().await.unwrap();
    let hold = "select from conversations where id = $1::uuid for no key update";
    sqlx::query(hold).bind(talk).execute(&mut *tx).await.unwrap();
    tx
}

async fn waits_to_store(app: &TestApp) {
    let waiting = "select exists (select from pg_stat_activity
                                  where wait_event_type = 'Lock' and datname = current_database())";
    until(async || sqlx::query_scalar(waiting).fetch_one(&app.database.pool).await.unwrap()).await;
}

#[tokio::test]
async fn nobody_has_two_texts_compared_at_once() {
    let app = TestApp::start().await;
    let (olga, ann) = (app.person("instructor").await, app.person("student-1").await);
    let talk = olga.conversation("Harbour", WORDS, "none").await;
    let share = json!({"email": ann.get("/api/v1/me").await.json()["email"], "access": "editor"});
    olga.post(&format!("/api/v1/conversations/{talk}/sharing/people"), share).await;
    let (base, mut messages) = text(&ann, &talk).await;
    messages[0]["markdown"] = "Otherwise.".into();
    let tx = held(&app, &talk).await;
    let then = async {
        waits_to_store(&app).await;
        let others = async {
            // Somebody else does not wait.
            assert_eq!(send(&olga, &talk, base, &messages, true).await.status, StatusCode::OK);
            tx.commit().await.unwrap();
        };
        tokio::join!(send(&ann, &talk, base, &messages, true), others).0
    };
    let (first, second) = tokio::join!(send(&ann, &talk, base, &messages, false), then);
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    // It is looked at when the first is done.
    assert_problem(&second, 409, "edited_meanwhile");
}

#[tokio::test]
async fn what_is_written_or_edited_while_the_texts_are_compared_is_seen_before_anything_is_stored() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = ann.conversation("Harbour", WORDS, "class").await;
    let mut peer = synced(&ben, &talk).await;
    let (base, mut messages) = text(&ann, &talk).await;
    messages.pop();
    let tx = held(&app, &talk).await;
    let writing = async {
        waits_to_store(&app).await;
        let goes = mark(&ben, &talk, &mut peer, "follow the boats everywhere").await;
        tx.commit().await.unwrap();
        goes
    };
    let (answer, goes) = tokio::join!(send(&ann, &talk, base, &messages, false), writing);
    assert_eq!((answer.status, counts(&answer.json())), (StatusCode::OK, [0, 0, 1]), "{}", answer.body);
    assert_eq!(anchor(&ben, &talk, goes).await.0, "lost");

    // By somebody else, and stored.
    messages.pop();
    let mut tx = held(&app, &talk).await;
    let editing = async {
        waits_to_store(&app).await;
        let edited = "update conversations set revision = revision + 1 where title = 'Harbour'";
        sqlx::query(edited).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(send(&ann, &talk, base + 1, &messages, false), editing);
    assert_problem(&answer, 409, "edited_meanwhile");
    assert_eq!(read(&ann, &talk).await["messages"].as_array().unwrap().len(), 2);
}

/// Whoever has it open holds the text before until they hear of it.
#[tokio::test]
async fn an_edit_goes_on_when_nobody_waits_for_its_answer() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = ann.conversation("Harbour", WORDS, "class").await;
    let mut peer = synced(&ben, &talk).await;
    let (base, mut messages) = text(&ann, &talk).await;
    messages[0]["markdown"] = "Otherwise.".into();
    let tx = held(&app, &talk).await;
    tokio::select! {
        answer = send(&ann, &talk, base, &messages, false) => panic!("nothing is stored yet: {}", answer.body),
        () = waits_to_store(&app) => {}
    }
    // The server notices that the connection is gone before it answers so often.
    for _ in 0..20 {
        assert_eq!(text(&ann, &talk).await.0, base);
    }
    tx.commit().await.unwrap();
    assert_eq!(peer.until_closed().await, Some(CloseCode::WrongEpoch));
    assert_eq!(text(&ann, &talk).await.0, base + 1);
}

#[tokio::test]
async fn whoever_may_not_any_more_when_it_is_stored_does_not_edit_it() {
    let app = TestApp::start().await;
    let (olga, ann) = (app.person("instructor").await, app.person("student-1").await);
    let talk = olga.conversation("Harbour", WORDS, "none").await;
    let share = json!({"email": ann.get("/api/v1/me").await.json()["email"], "access": "editor"});
    let shared = olga.post(&format!("/api/v1/conversations/{talk}/sharing/people"), share).await;
    assert!(shared.status.is_success(), "{}", shared.body);
    let (base, mut messages) = text(&ann, &talk).await;
    messages[0]["markdown"] = "Otherwise.".into();
    for (meanwhile, status, code) in [
        ("update conversations set copy_protected = true where title = 'Harbour'", 403, "not_allowed"),
        ("update conversation_shares set access = 'viewer'", 403, "not_allowed"),
        ("delete from conversation_shares", 404, "not_found"),
    ] {
        sql(&app, "update conversations set copy_protected = false where title = 'Harbour'").await;
        sql(&app, "update conversation_shares set access = 'editor'").await;
        let mut tx = held(&app, &talk).await;
        let change = async {
            // It was let in, and has compared the texts.
            waits_to_store(&app).await;
            sqlx::query(meanwhile).execute(&mut *tx).await.unwrap();
            tx.commit().await.unwrap();
        };
        let (answer, ()) = tokio::join!(send(&ann, &talk, base, &messages, false), change);
        assert_problem(&answer, status, code);
        assert_eq!(text(&olga, &talk).await.0, base, "{meanwhile}");
    }
}

#[tokio::test]
async fn nobody_types_what_will_not_be_taken_and_earlier_texts_have_a_limit_in_bytes() {
    let app = TestApp::start().await;
    let ann = app.person("instructor").await;
    let talk = ann.conversation("Harbour", WORDS, "none").await;
    let (base, mut messages) = text(&ann, &talk).await;
    messages[0]["markdown"] = "Otherwise.".into();
    save(&ann, &talk, base, &messages).await;
    let bytes: i64 =
        sqlx::query_scalar("select bytes from conversation_revisions").fetch_one(&app.database.pool).await.unwrap();
    let texts = WORDS.len() as i64;
    assert!(bytes > texts && bytes < 64 << 10, "{bytes}");
    assert_eq!(ann.get(&format!("/c/{talk}/edit")).await.status, StatusCode::OK);
    sql(
        &app,
        "insert into conversation_revisions (conversation_id, number, made_at, crdt_state, highlight_count, bytes)
         select id, 1000, now(), '', 0, 67108864 from conversations where title = 'Harbour'",
    )
    .await;
    messages[0]["markdown"] = "Otherwise again.".into();
    assert_problem(&send(&ann, &talk, base + 1, &messages, true).await, 409, "too_much_kept");
    let list = ann.get(&format!("/api/v1/conversations/{talk}/revisions")).await.json();
    assert!(list["hindrance"].as_str().unwrap().contains("take up 64 MiB"), "{list}");
    let page = ann.get(&format!("/c/{talk}/edit")).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.body.contains("take up 64 MiB") && !page.body.contains("<textarea"), "{}", page.body);
    assert!(!ann.get(&format!("/c/{talk}/revisions")).await.body.contains("Edit text"));
}

#[tokio::test]
async fn an_earlier_text_is_protected_as_the_present_one_is() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = ann.conversation("Harbour", WORDS, "class").await;
    let (base, mut messages) = text(&ann, &talk).await;
    messages[0]["markdown"] = "Otherwise.".into();
    save(&ann, &talk, base, &messages).await;
    sql(&app, "update conversations set copy_protected = true where title = 'Harbour'").await;
    for number in 1..=2 {
        let page = format!("/c/{talk}/revisions/{number}");
        assert!(ben.get(&page).await.body.contains(" data-protected"), "{number}");
        assert!(!ann.get(&page).await.body.contains(" data-protected"), "its owner copies it");
    }
}

#[tokio::test]
async fn what_belongs_together_is_read_of_one_text() {
    let app = TestApp::start().await;
    let ann = app.person("instructor").await;
    let talk = ann.conversation("Harbour", WORDS, "none").await;
    let (pool, id) = (&app.database.pool, talk.parse().unwrap());
    let read = async |edits: usize| {
        let reads = AtomicUsize::new(0);
        let read = || async {
            let reads = reads.fetch_add(1, Ordering::Relaxed) + 1;
            if reads <= edits {
                sql(&app, "update conversations set revision = revision + 1 where title = 'Harbour'").await;
            }
            Ok(reads)
        };
        revisions::of_one_text(pool, id, read).await
    };
    assert_eq!(read(0).await.unwrap(), 1);
    assert_eq!(read(2).await.unwrap(), 3);
    assert!(matches!(read(9).await, Err(Error::Conflict("busy", _))));
}

#[tokio::test]
async fn what_is_searched_and_exported_is_the_present_text() {
    let app = TestApp::start().await;
    let ann = app.person("instructor").await;
    let talk = ann.conversation("Harbour", WORDS, "none").await;
    until_found(
        &ann,
        "herring",
        &[("message", "The trawlers leave before dawn. The [herring] sleeps in deep water until the light comes.")],
    )
    .await;
    let (base, messages) = text(&ann, &talk).await;
    let edited = [messages[0].clone(), replaced(&messages[1], "herring", "mackerel")];
    save(&ann, &talk, base, &edited).await;
    until_found(
        &ann,
        "mackerel",
        &[("message", "The trawlers leave before dawn. The [mackerel] sleeps in deep water until the light comes.")],
    )
    .await;
    until_found(&ann, "herring", &[]).await;
    until_found(&ann, "gulls", &[]).await;
    let export = ann.get(&format!("/api/v1/conversations/{talk}/export?format=markdown")).await.body;
    assert!(export.contains("mackerel") && !export.contains("herring") && !export.contains("gulls"), "{export}");
    // It goes with the conversation.
    let path = format!("/api/v1/conversations/{talk}");
    assert_eq!(ann.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_problem(&ann.get(&format!("{path}/revisions/1")).await, 404, "not_found");
    assert_problem(&send(&ann, &talk, 2, &edited, false).await, 404, "not_found");
    assert_eq!(ann.delete(&format!("/api/v1/trash/conversations/{talk}")).await.status, StatusCode::NO_CONTENT);
    let left: i64 = sqlx::query_scalar(
        "select (select count(*) from conversation_revisions) + (select count(*) from revision_messages)",
    )
    .fetch_one(&app.database.pool)
    .await
    .unwrap();
    assert_eq!(left, 0);
}
