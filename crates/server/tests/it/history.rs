//! What happened in a document: every step says what the document said then, and none of what was deleted for ever.

mod evidence;
mod staff;
mod versions;

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::StatusCode;
use serde_json::{Value, json};
use server::rooms::Rooms;
use shared::{
    document::{Command, Picture, Roots, execute},
    ids::{CommentId, ConversationId},
    rules::Sender,
};
use sqlx::PgPool;
use yrs::{GetString, Text, Transact};

use crate::{
    activities::{activity, class_and_template, copy, synced},
    revisions::{WORDS, act, mark, save, text},
    rooms_support::{Peer, World, highlight, never, until, world},
    support::{
        test_app::{TestApp, Visitor, assert_problem},
        traces::traces,
    },
};

/// Numbers of the steps, how many wrote each, and whether it is a base.
async fn steps(db: &PgPool, talk: ConversationId) -> Vec<(i64, i64, bool)> {
    sqlx::query_as(
        "select number, (select count(*) from history_authors a where (a.conversation_id, a.number) = (s.conversation_id, s.number)),
                is_base
         from history_steps s where conversation_id = $1 order by number",
    )
    .bind(talk.uuid())
    .fetch_all(db)
    .await
    .unwrap()
}

/// The number of the last step, and how far in the log it reaches.
async fn last(db: &PgPool, talk: ConversationId) -> Option<(i64, i64)> {
    sqlx::query_as("select number, seq from history_steps where conversation_id = $1 order by number desc limit 1")
        .bind(talk.uuid())
        .fetch_optional(db)
        .await
        .unwrap()
}

/// What is in the log was written so many seconds after everything began.
async fn written_at(db: &PgPool, talk: ConversationId, second: i64) {
    sqlx::query("update annotation_update set created_at = '2026-11-23' ::timestamptz + $2 * interval '1 second' where conversation_id = $1")
        .bind(talk.uuid())
        .bind(second)
        .execute(db)
        .await
        .unwrap();
}

async fn now(rooms: &Rooms, talk: ConversationId) -> Picture {
    rooms.read(talk, Picture::of).await.unwrap().unwrap().what
}

async fn then(rooms: &Rooms, talk: ConversationId, number: i64) -> Picture {
    rooms.read_step(talk, number, Picture::of).await.unwrap().unwrap()
}

/// Does something, and hears of it only later what others did meanwhile.
async fn do_something(rng: &mut StdRng, peer: &mut Peer, sender: &Sender, talk: ConversationId) {
    let marked = Picture::of(&peer.doc).highlights;
    let choice = rng.random_range(0..10);
    let word: String = (0..rng.random_range(1..6)).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect();
    let at = rng.random_range(0..=100_u32);
    let own = marked.iter().flat_map(|it| it.comments.iter().map(move |comment| (it.id, comment)));
    let own: Vec<_> = own.filter(|(_, comment)| comment.author == sender.author && !comment.deleted).collect();
    let mark = marked.get(at as usize % marked.len().max(1)).map(|it| it.id);
    let mine = own.get(at as usize % own.len().max(1)).map(|(highlight, comment)| (*highlight, comment.id));
    let author = sender.author;
    let command = match (choice, mark, mine) {
        (0, _, _) => {
            peer.edit(|doc| {
                highlight(doc, talk, author, false);
            })
            .await;
            return;
        }
        (1 | 2, Some(highlight), _) => Command::Comment { highlight, id: CommentId::new(), body: word, parent: None },
        (3, _, Some((highlight, id))) => Command::EditComment { highlight, id, body: word },
        (4, _, Some((highlight, id))) => Command::DeleteComment { highlight, id },
        _ => {
            let takes_out = choice > 7;
            peer.edit(|doc| {
                let notes = doc.get_or_insert_text("notes");
                let mut txn = doc.transact_mut();
                let length = notes.get_string(&txn).len() as u32;
                let at = at.min(length);
                if takes_out {
                    notes.remove_range(&mut txn, at, (length - at).min(4));
                } else {
                    notes.insert(&mut txn, at, &word);
                }
            })
            .await;
            return;
        }
    };
    peer.edit(|doc| execute(&Roots::of(doc), &mut doc.transact_mut(), sender, 1, command).unwrap()).await;
}

#[tokio::test]
async fn each_step_says_what_the_document_said_then() {
    for seed in 0..4 {
        let (World { db, mut rooms, ann, ben, talk }, mut rng) = (world().await, StdRng::seed_from_u64(seed));
        let senders = [&ann, &ben].map(|one| Sender {
            author: one.author,
            access: one.rights.access,
            moderates: one.rights.moderates,
        });
        let mut peers = [Peer::join(&rooms, talk, &ann).await, Peer::join(&rooms, talk, &ben).await];
        let (mut said, mut second) = (BTreeMap::new(), 0);
        for round in 0..40 {
            for _ in 0..rng.random_range(1..8) {
                let who = rng.random_range(0..2);
                do_something(&mut rng, &mut peers[who], &senders[who], talk).await;
                if rng.random() {
                    peers[who].settle().await;
                }
            }
            for peer in &mut peers {
                peer.settle().await;
                assert!(peer.refused.is_empty(), "seed {seed}: {:?}", peer.refused);
            }
            second += rng.random_range(1..200);
            written_at(&db, talk, second).await;
            if round % 10 == 9 {
                rooms.shutdown().await;
                rooms = Rooms::with_timing(db.clone(), never());
                let [one, two] = peers;
                peers = [
                    Peer::with_doc(&rooms, talk, &ann, one.doc).await,
                    Peer::with_doc(&rooms, talk, &ben, two.doc).await,
                ];
            } else {
                rooms.settle_history(talk).await.unwrap();
            }
            if let Some(last) = last(&db, talk).await {
                said.insert(last, now(&rooms, talk).await);
            }
        }
        let steps = steps(&db, talk).await;
        let ends: Vec<(i64, i64)> =
            sqlx::query_as("select number, seq from history_steps").fetch_all(&db).await.unwrap();
        assert!(steps.len() > 20, "seed {seed}: {steps:?}");
        assert_eq!(steps.iter().filter(|(.., is_base)| *is_base).count(), 1, "seed {seed}: {steps:?}");
        assert!(steps.iter().any(|(_, authors, _)| *authors == 2) && steps.iter().any(|(_, authors, _)| *authors == 1));
        // Some became longer afterwards.
        said.retain(|moment, _| ends.contains(moment));
        assert!(said.len() > 20, "seed {seed}: {}", said.len());
        for ((number, _), picture) in &said {
            assert_eq!(&then(&rooms, talk, *number).await, picture, "seed {seed}, step {number}");
        }
    }
}

#[tokio::test]
async fn what_one_does_without_a_pause_is_one_step_over_snapshots() {
    let World { db, rooms, ann, ben, talk } = world().await;
    let (mut hers, mut his) = (Peer::join(&rooms, talk, &ann).await, Peer::join(&rooms, talk, &ben).await);
    for (second, peer) in [(0, 0), (60, 0), (170, 0), (300, 0), (310, 1), (600, 1)] {
        [&mut hers, &mut his][peer].write("x").await;
        hers.settle().await;
        his.settle().await;
        written_at(&db, talk, second).await;
        rooms.settle_history(talk).await.unwrap();
    }
    assert_eq!(steps(&db, talk).await, [(1, 0, true), (2, 1, false), (3, 1, false), (4, 1, false), (5, 1, false)]);
    let counts: Vec<i32> = sqlx::query_scalar(
        "select (changes -> 'notes' ->> 'added')::int from history_steps where conversation_id = $1 order by number",
    )
    .bind(talk.uuid())
    .fetch_all(&db)
    .await
    .unwrap();
    assert_eq!(counts, [0, 3, 1, 1, 1]);
    assert_eq!(then(&rooms, talk, 1).await, Picture::default(), "what was before");
    assert_eq!(then(&rooms, talk, 2).await.notes, "xxx");
    assert!(rooms.read_step(talk, 6, Picture::of).await.unwrap().is_none());

    // A server of the version before compacts, and keeps nothing: what comes then stands on what is there.
    his.write("lost").await;
    his.settle().await;
    rooms.settle_history(talk).await.unwrap();
    sqlx::query("delete from history_steps where number > 5").execute(&db).await.unwrap();
    his.write("kept").await;
    his.settle().await;
    rooms.settle_history(talk).await.unwrap();
    assert_eq!(steps(&db, talk).await[5..], [(6, 0, true), (7, 1, false)]);
    assert_eq!(then(&rooms, talk, 6).await.notes, "xxxxxxlost");
    assert_eq!(then(&rooms, talk, 7).await.notes, "xxxxxxlostkept");
    assert_eq!(then(&rooms, talk, 5).await.notes, "xxxxxx");
}

#[tokio::test]
async fn a_long_history_becomes_coarser_and_loses_nothing_new() {
    let World { db, rooms, ann, talk, .. } = world().await;
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    for _ in 0..1_020 {
        peer.write("x").await;
        if peer.sent % 100 == 0 {
            peer.settle().await;
        }
    }
    peer.settle().await;
    sqlx::query("update annotation_update set created_at = '2026-11-23'::timestamptz + seq * interval '10 minutes'")
        .execute(&db)
        .await
        .unwrap();
    rooms.settle_history(talk).await.unwrap();
    // Nobody waits for it: of 1,021 steps those before the newest hundred become one for each hour, which has seven of them.
    until(async || steps(&db, talk).await.len() == 1 + 920usize.div_ceil(7) + 100).await;
    let after = steps(&db, talk).await;
    let newest: Vec<_> = after[after.len() - 100..].iter().map(|(number, ..)| *number).collect();
    assert_eq!(newest, (922..=1_021).collect::<Vec<_>>());
    for (number, authors, is_base) in &after {
        let is = then(&rooms, talk, *number).await.notes.len() as i64;
        assert_eq!((is, *authors), (number - 1, i64::from(!is_base)), "step {number}");
    }
    let added: i64 = sqlx::query_scalar("select sum((changes -> 'notes' ->> 'added')::int) from history_steps")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(added, 1_020, "what is counted stays");
    // And it goes on.
    peer.write("new").await;
    peer.settle().await;
    written_at(&db, talk, 1_022 * 600).await;
    rooms.settle_history(talk).await.unwrap();
    assert_eq!(last(&db, talk).await, Some((1_022, 1_021)));
    assert_eq!(then(&rooms, talk, 1_022).await.notes.len(), 1_023);
}

#[tokio::test]
async fn of_too_many_generations_the_oldest_go() {
    let World { db, rooms, ann, talk, .. } = world().await;
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    peer.write("x").await;
    peer.settle().await;
    rooms.settle_history(talk).await.unwrap();
    sqlx::query(
        "insert into history_steps (conversation_id, number, epoch, seq, is_base, began_at, ended_at, update, changes)
         select conversation_id, g, epoch, seq, true, began_at, ended_at, decode(repeat('00', 1 << 20), 'hex'), changes
         from history_steps, generate_series(3, 22) g
         where number = 2",
    )
    .execute(&db)
    .await
    .unwrap();
    peer.write("y").await;
    peer.settle().await;
    rooms.settle_history(talk).await.unwrap();
    // Twelve are as many as have room, but for what was written now.
    until(async || steps(&db, talk).await.len() == 12).await;
    let left = steps(&db, talk).await;
    assert_eq!((left[0], left[11]), ((12, 0, true), (23, 1, false)));
}

async fn history(by: &Visitor, talk: &str) -> Vec<Value> {
    let answer = by.get(&format!("/api/v1/conversations/{talk}/history")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["steps"].as_array().unwrap().clone()
}

async fn moment(by: &Visitor, talk: &str, step: &Value) -> Value {
    by.get(&format!("/api/v1/conversations/{talk}/history/{}", step["number"])).await.json()
}

/// The quotes of what is marked, each with what is said to it.
fn marked(moment: &Value) -> Vec<(String, Vec<String>)> {
    let words = |value: &Value| value.as_str().unwrap().to_owned();
    let highlight = |it: &Value| {
        let comments = it["comments"].as_array().unwrap().iter().map(|comment| words(&comment["body"])).collect();
        (words(&it["passages"][0]["exact"]), comments)
    };
    moment["highlights"].as_array().unwrap().iter().map(highlight).collect()
}

#[tokio::test]
async fn the_past_is_read_step_by_step_over_texts_and_without_what_others_took_back() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let talk = olga.conversation("Harbour", WORDS, "class").await;
    assert_eq!(history(&olga, &talk).await, [Value::Null; 0]);
    let (mut hers, mut his) = (synced(&olga, &talk).await, synced(&ben, &talk).await);
    let kept = mark(&ben, &talk, &mut his, "leave before dawn").await;
    let first = history(&olga, &talk).await;
    assert_eq!(first.len(), 2, "what was before, and what he did: {first:?}");
    assert_eq!((&first[0]["by"][0]["name"], &first[1]["by"]), (&json!("Demo Student 1"), &json!([])));
    assert_eq!(first[0]["changes"]["highlights"], json!({"added": 1, "changed": 0, "deleted": 0}));
    assert_eq!((&first[0]["changes"]["comments"]["added"], &first[1]["is_base"]), (&json!(1), &json!(true)));
    // Only those who may edit see it.
    assert_problem(&ben.get(&format!("/api/v1/conversations/{talk}/history")).await, 403, "not_allowed");

    let known = |peer: &Peer| !Picture::of(&peer.doc).highlights.is_empty();
    hers.until(known).await;
    let own = CommentId::new();
    let say = Command::Comment { highlight: kept, id: own, body: "Her words".into(), parent: None };
    act(&olga, &talk, &mut hers, say).await;
    let (base, mut messages) = text(&olga, &talk).await;
    messages[0]["markdown"] = "Why is the port so quiet in the early morning?".into();
    save(&olga, &talk, base, &messages).await;
    let (mut hers, mut his) = (synced(&olga, &talk).await, synced(&ben, &talk).await);
    let his_words = Picture::of(&his.doc).highlights[0].comments.iter().find(|it| it.id != own).unwrap().id;
    act(&ben, &talk, &mut his, Command::DeleteComment { highlight: kept, id: his_words }).await;
    act(&olga, &talk, &mut hers, Command::DeleteComment { highlight: kept, id: own }).await;
    act(&ben, &talk, &mut his, Command::Delete(kept)).await;
    let all = history(&olga, &talk).await;
    assert!(all.len() >= 5 && all.iter().filter(|step| step["is_base"] == true).count() == 2, "{all:?}");
    let quote = "leave before dawn".to_owned();
    assert_eq!(marked(&moment(&olga, &talk, &all[0]).await), []);
    let before_text = all.iter().rev().nth(2).unwrap();
    let then = moment(&olga, &talk, before_text).await;
    assert_eq!(
        marked(&then),
        [(quote, vec!["Her words".to_owned()])],
        "her own words, and not those that he took back"
    );
    assert_eq!(marked(&moment(&olga, &talk, &first[1]).await), []);
    let none = olga.get(&format!("/api/v1/conversations/{talk}/history/{}", 99)).await;
    assert_problem(&none, 404, "not_found");
    let older =
        olga.get(&format!("/api/v1/conversations/{talk}/history?before={}", before_text["number"])).await.json();
    assert_eq!(older["steps"].as_array().unwrap().len(), 2);

    // With the earlier text goes what was done while it was the text.
    assert!(traces(&app.database.pool, "Her words").await.contains(&"history_steps".to_owned()));
    let purge = json!({"items": [{"kind": "revision", "number": 1}]});
    olga.post(&format!("/api/v1/conversations/{talk}/purge"), purge).await;
    let left = history(&olga, &talk).await;
    assert_eq!(left.last().unwrap()["is_base"], true);
    assert_eq!(left.len(), all.len() - 3, "{left:?}");
    assert_eq!(marked(&moment(&olga, &talk, left.last().unwrap()).await).len(), 1);
}

#[tokio::test]
async fn the_history_of_a_copy_is_its_students_and_no_staffs() {
    let app = TestApp::start().await;
    let (olga, ann, ben) =
        (app.person("instructor").await, app.person("student-1").await, app.person("student-2").await);
    let (class, template) = class_and_template(&olga).await;
    let task = activity(&olga, &class, &template, "individual").await;
    let hers = copy(&ann, &task).await;
    let mut peer = synced(&ann, &hers).await;
    mark(&ann, &hers, &mut peer, "Some words").await;
    assert_eq!(history(&ann, &hers).await.len(), 2);
    let path = format!("/api/v1/conversations/{hers}/history");
    assert_problem(&olga.get(&path).await, 403, "not_allowed");
    assert_problem(&ben.get(&path).await, 404, "not_found");
    let own = copy(&olga, &task).await;
    assert_eq!(history(&olga, &own).await, [Value::Null; 0], "what staff do themselves");
    // In what all work in, staff are no students.
    let together = activity(&olga, &class, &template, "together").await;
    let shared = copy(&ann, &together).await;
    assert_eq!(history(&ann, &shared).await, [Value::Null; 0]);
    let path = format!("/api/v1/conversations/{shared}/history");
    assert_problem(&olga.get(&path).await, 403, "not_allowed");
    // It stays theirs when the activity has closed.
    sqlx::query("update activities set closes_at = now() - interval '1 second'")
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(history(&ann, &hers).await.len(), 2);
}
