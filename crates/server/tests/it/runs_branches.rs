//! Branches of a chat: compared with their annotations, copied by activities; and replies that are marked while they come.

use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::{ids::HighlightId, text::render};
use yrs::{Any, Doc, In, Map, MapPrelim, Transact, any};

use crate::support::{
    chats::{Chat, Started, regenerate, say},
    fake_model::text_of,
};

/// Marks the words `exact` of a message, which begin at `start`.
fn mark(doc: &Doc, author: &str, message: &str, start: u32, exact: &str) -> String {
    let end = start + u32::try_from(exact.chars().count()).unwrap();
    let target = any!([{"message": message, "start": start, "end": end, "exact": exact, "prefix": "", "suffix": ""}]);
    let fields: [(&str, In); 7] = [
        ("targets", target.into()),
        ("author", author.into()),
        ("created_at", 1.into()),
        ("tags", MapPrelim::default().into()),
        ("resolved", Any::Null.into()),
        ("deleted", Any::Null.into()),
        ("comments", MapPrelim::default().into()),
    ];
    let id = HighlightId::new().to_string();
    doc.get_or_insert_map("highlights").insert(&mut doc.transact_mut(), id.clone(), MapPrelim::from_iter(fields));
    id
}

fn ids(messages: &Value) -> Vec<&str> {
    messages.as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_fork_shows_what_became_of_each_annotation_of_the_original() {
    let chat = Chat::begin().await;
    let shared = chat.say("Good day").await;
    chat.owner.read(shared.run).await;
    let first = chat.say("Bees sleep at night").await;
    chat.owner.read(first.run).await;
    let (mut peer, me) = (chat.owner.sync(&chat.id.to_string()).await, chat.owner.id().await);
    peer.settle().await;
    // "You said: Bees sleep at night", and the same of wasps.
    for (start, exact) in [(0, "You said"), (15, "sleep at night"), (10, "Bees")] {
        peer.edit(|doc| drop(mark(doc, &me, &first.reply, start, exact))).await;
    }
    peer.edit(|doc| drop(mark(doc, &me, &shared.reply, 0, "You said"))).await;
    peer.settle().await;
    assert!(peer.refused.is_empty(), "{:?}", peer.refused);
    let body = json!({"text": "Wasps never sleep at night", "replaces": first.message});
    let fork = Started::of(&say(&chat.owner, chat.id, body).await);
    chat.owner.read(fork.run).await;

    let path = format!("/api/v1/conversations/{}/comparison?original=", chat.id);
    let found = chat.owner.get(&format!("{path}{}&other={}", first.reply, fork.message)).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.body);
    let found = found.json();
    assert_eq!(found["common"], 2);
    assert_eq!(ids(&found["original"]), [&first.message, &first.reply]);
    assert_eq!(ids(&found["other"]), [&fork.message, &fork.reply]);
    let carried = found["carried"].as_array().unwrap();
    let told: Vec<_> =
        carried.iter().map(|one| (one["exact"].as_str().unwrap(), one["anchor"].as_str().unwrap())).collect();
    assert_eq!(told, [("You said", "exact"), ("Bees", "lost"), ("sleep at night", "moved")]);
    assert_eq!(carried[2]["other"], json!({"message": fork.reply, "start": 22, "end": 36}));
    assert_eq!(carried[1].get("other"), None);

    let same = chat.owner.get(&format!("{path}{}&other={}", shared.reply, fork.reply)).await;
    assert_eq!((same.status, same.problem()), (StatusCode::BAD_REQUEST, "same_branch".into()));
    let nothing = chat.owner.get(&format!("{path}{}&other={}", first.reply, HighlightId::new())).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_marked_beyond_the_end_of_a_shorter_fork_is_told_as_well() {
    let chat = Chat::begin().await;
    let first = chat.say("Good day").await;
    chat.owner.read(first.run).await;
    let last = chat.say("Bees sleep at night").await;
    chat.owner.read(last.run).await;
    let (mut peer, me) = (chat.owner.sync(&chat.id.to_string()).await, chat.owner.id().await);
    peer.settle().await;
    peer.edit(|doc| drop(mark(doc, &me, &last.reply, 15, "sleep at night"))).await;
    peer.settle().await;
    let fork = async |words: &str| {
        let body = json!({"text": words, "replaces": first.message});
        let fork = Started::of(&say(&chat.owner, chat.id, body).await);
        chat.owner.read(fork.run).await;
        let path = format!("/api/v1/conversations/{}/comparison", chat.id);
        let found = chat.owner.get(&format!("{path}?original={}&other={}", last.reply, fork.message)).await.json();
        assert_eq!((ids(&found["original"]).len(), ids(&found["other"]).len()), (4, 2));
        let carried = found["carried"].as_array().unwrap().clone();
        assert_eq!(carried.len(), 1, "{carried:?}");
        assert_eq!(carried[0]["original"], json!({"message": last.reply, "start": 15, "end": 29}));
        (fork, carried[0].clone())
    };
    let (_, lost) = fork("Good evening").await;
    assert_eq!((&lost["anchor"], lost.get("other")), (&json!("lost"), None));
    // In another place of the fork, and not where its author says the same.
    let (sooner, moved) = fork("Bees sleep at night").await;
    assert_eq!(moved["anchor"], "moved");
    assert_eq!(moved["other"], json!({"message": sooner.reply, "start": 15, "end": 29}));
}

#[tokio::test]
async fn an_activity_copies_one_branch_of_a_chat_and_the_same_for_those_who_start_later() {
    let chat = Chat::begin().await;
    let instructor = chat.app.person("instructor").await;
    let students = [chat.app.person("student-1").await, chat.app.person("student-2").await];
    sqlx::query("update conversations set owner_id = $1::uuid where id = $2")
        .bind(instructor.id().await)
        .bind(chat.id.uuid())
        .execute(chat.db())
        .await
        .unwrap();
    sqlx::query("update projects set owner_id = $1::uuid")
        .bind(instructor.id().await)
        .execute(chat.db())
        .await
        .unwrap();
    let say = async |body: Value| Started::of(&say(&instructor, chat.id, body).await);
    let first = say(json!({"text": "One"})).await;
    instructor.read(first.run).await;
    let again = Started::of(&regenerate(&instructor, &first.reply).await);
    instructor.read(again.run).await;
    // It is copied while a model writes: what that writes is in no copy.
    let open = say(json!({"text": "#gated"})).await;

    let class = instructor.get("/api/v1/classes").await.json()["classes"][0]["id"].as_str().unwrap().to_owned();
    let settings = json!({"title": "Close reading", "template": chat.id, "mode": "individual"});
    let made = instructor.post(&format!("/api/v1/classes/{class}/activities"), settings).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let activity = format!("/api/v1/activities/{}", made.json()["id"].as_str().unwrap());
    let mut copies = Vec::new();
    for student in &students {
        let started = student.post(&format!("{activity}/start"), json!({})).await;
        assert_eq!(started.status, StatusCode::OK, "{}", started.body);
        let copy = started.json()["id"].as_str().unwrap().to_owned();
        copies.push(student.get(&format!("/api/v1/conversations/{copy}")).await.json()["messages"].clone());
        // The template goes on before the next begins.
        chat.model.release(1);
        instructor.read(open.run).await;
    }
    assert_eq!(ids(&copies[0]), [&first.message, &again.reply, &open.message]);
    assert_eq!(copies[0], copies[1]);
}

#[tokio::test]
async fn finished_blocks_of_a_reply_come_rendered_as_its_page_will_have_them() {
    let chat = Chat::begin().await;
    let started = chat.say("#blocks").await;
    let mut reader = chat.owner.follow_blocks(started.run, None).await;
    let (mut html, mut runs, mut to) = (String::new(), String::new(), 0);
    let mut rests = Vec::new();
    let mut released = false;
    while let Some(event) = reader.next().await {
        if event.name == "blocks" {
            assert_eq!(event.data["from"], to);
            html += event.data["html"].as_str().unwrap();
            runs += event.data["runs"].as_str().unwrap();
            to = event.data["to"].as_u64().unwrap();
            rests.push(event.data["rest"].as_str().unwrap().to_owned());
        }
        if !released && to == 35 {
            // Two of them are there before the third is written. Whoever comes back is given them from the start.
            assert!(html.contains("<em>first</em>") && html.contains("second block."), "{html}");
            let mut back = chat.owner.follow_blocks(started.run, Some(&event.id)).await;
            let again = back.next().await.unwrap();
            assert_eq!(
                (again.name.as_str(), &again.data["from"], &again.data["html"]),
                ("blocks", &json!(0), &json!(html))
            );
            chat.model.release(1);
            released = true;
        }
    }
    assert!(released, "{to}");
    assert!(rests.iter().any(|rest| !rest.is_empty() && !html.contains(rest.as_str())), "{rests:?}");
    let whole = render(&text_of("#blocks"));
    assert!(whole.html.starts_with(&html), "{html}");
    assert!(shared::text::encode_runs(&whole.runs).starts_with(&runs), "{runs}");
    assert_eq!(chat.stored(&started.reply).await.2, whole.text);
}
