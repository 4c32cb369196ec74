//! Reading along: cut anywhere, gone on from there, and no longer than one may.

use proptest::test_runner::{Config, TestRunner};
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{
    chats::{Chat, Read},
    fake_model::text_of,
};

#[tokio::test]
async fn a_stream_that_is_cut_at_any_event_goes_on_from_there() {
    let chat = Chat::begin().await;
    let expected = text_of("#steps");
    let pieces = 10;
    for cut in 0..=pieces {
        let started = chat.say(&format!("#steps {cut}")).await;
        let mut read = Read::default();
        // As many words as the cut allows, each let through when the one before was seen.
        for _ in 0..cut {
            let before = read.text.len();
            chat.model.release(1);
            while read.text.len() == before && read.end().is_none() {
                chat.owner.read_on(started.run, &mut read, 1).await;
            }
        }
        chat.model.release(pieces - cut);
        // Cut after every single event from here on.
        while read.end().is_none() {
            chat.owner.read_on(started.run, &mut read, 1).await;
        }
        assert_eq!(read.text, expected, "cut at {cut}: {:?}", read.events);
        let snapshots = read.events.iter().filter(|event| event.name == "snapshot").count();
        assert_eq!(snapshots, 1, "who comes back is told what they lack, not all: {:?}", read.events);
        assert_eq!(chat.stored(&started.reply).await.1, expected);
    }
}

#[test]
fn however_readers_come_and_go_they_read_what_the_model_said() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let chat = runtime.block_on(Chat::begin());
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    let takes = proptest::collection::vec(0_usize..4, 1..12);
    let said = proptest::sample::select(vec!["#utf8", "#strange", "#table", "#refusal", "plain words to repeat"]);
    let outcome = TestRunner::new(config).run(&(takes, said), |(takes, said)| {
        runtime.block_on(async {
            let started = chat.say(said).await;
            let mut read = Read::default();
            for take in takes {
                chat.owner.read_on(started.run, &mut read, take).await;
            }
            while read.end().is_none() {
                chat.owner.read_on(started.run, &mut read, 3).await;
            }
            assert_eq!(read.text, text_of(said));
            assert_eq!(chat.stored(&started.reply).await.1, text_of(said));
        });
        Ok(())
    });
    outcome.unwrap();
}

#[tokio::test]
async fn a_cursor_that_cannot_be_is_answered_with_everything() {
    let chat = Chat::begin().await;
    let started = chat.say("#utf8").await;
    chat.owner.read(started.run).await;
    // Within the first Chinese character, beyond the end, and none.
    for id in ["9", "100000", "nonsense"] {
        let mut reader = chat.owner.follow_run(started.run, Some(id)).await;
        let first = reader.next().await.unwrap();
        assert_eq!(
            (first.name.as_str(), first.data["text"].as_str()),
            ("snapshot", Some(text_of("#utf8").as_str())),
            "{id}"
        );
    }
}

#[tokio::test]
async fn who_may_not_read_any_more_is_told_nothing_more() {
    let chat = Chat::begin().await;
    let guest = chat.app.newcomer("Greta Guest").await;
    let email = guest.get("/api/v1/me").await.json()["email"].clone();
    let path = format!("/api/v1/conversations/{}/sharing/people", chat.id);
    let share = chat.owner.post(&path, json!({"email": email, "access": "viewer"})).await.json()["id"].clone();
    let started = chat.say("#gated").await;
    let mut readers = [
        guest.follow_run(started.run, None).await,
        chat.app.session_of(guest.id().await.parse().unwrap()).await.follow_run(started.run, None).await,
    ];
    for reader in &mut readers {
        assert!(reader.next().await.is_some());
    }
    let ended = chat.owner.delete(&format!("{path}/{}", share.as_str().unwrap())).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    for mut reader in readers {
        // What was on its way may still come; the gate is shut, so that this ends by the loss of access alone.
        while let Some(event) = reader.next().await {
            assert!(["delta", "snapshot"].contains(&event.name.as_str()), "{event:?}");
        }
    }
    assert_eq!(guest.get(&format!("/api/v1/runs/{}/events", started.run)).await.status, StatusCode::NOT_FOUND);

    // And who signs out.
    let other = chat.app.session_of(chat.owner.id().await.parse().unwrap()).await;
    let mut reader = other.follow_run(started.run, None).await;
    assert!(reader.next().await.is_some());
    assert_eq!(other.post("/api/v1/sign-out", json!({})).await.status, StatusCode::NO_CONTENT);
    while let Some(event) = reader.next().await {
        assert!(["delta", "snapshot"].contains(&event.name.as_str()), "{event:?}");
    }
}

#[tokio::test]
async fn a_stream_says_that_nobody_on_its_way_may_gather_or_keep_it() {
    let chat = Chat::begin().await;
    let started = chat.say("Hello").await;
    let answer = chat.owner.get(&format!("/api/v1/runs/{}/events", started.run)).await;
    let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/event-stream");
    assert_eq!(header("cache-control"), "no-cache, no-transform");
    assert_eq!(header("x-accel-buffering"), "no");
    assert!(!answer.headers.contains_key("content-encoding"), "what is compressed waits for more");
}
