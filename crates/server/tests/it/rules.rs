//! The rules, asked of a room: what is refused is named, leaves no trace, and disturbs nobody else. (Each rule has its
//! own test beside the table in `shared`.)

use serde_json::json;
use shared::{access::Rights, sync::CloseCode};
use yrs::{Any, Map, MapPrelim, Out, Text, Transact};

use crate::{rooms_support::*, support::test_app::TestApp};

/// The code of the last refusal.
fn last_refusal(peer: &Peer) -> (u64, &str) {
    peer.refused.last().map_or((0, ""), |refused| (refused.refused, refused.code.as_str()))
}

#[tokio::test]
async fn a_forged_author_is_refused_by_name_and_leaves_no_trace() {
    let World { db, rooms, ann, ben, talk } = world().await;
    let (mut here, mut there) = (Peer::join(&rooms, talk, &ann).await, Peer::join(&rooms, talk, &ben).await);
    here.settle().await;
    there.settle().await;
    let before = here.state();
    let number = there.edit(|doc| _ = highlight(doc, talk, ann.user, false)).await;
    there.settle().await;
    assert_eq!(last_refusal(&there), (number, "forged_author"));
    assert_eq!(log(&db, talk).await, [0; 0]);
    here.write("still here").await;
    here.settle().await;
    let mut late = Peer::join(&rooms, talk, &ben).await;
    late.until(|peer| peer.synced).await;
    assert_eq!(late.state(), here.state());
    assert_ne!(late.state(), before);
}

#[tokio::test]
async fn what_was_accepted_before_a_refusal_is_kept_and_what_builds_on_it_is_behind() {
    let World { db, rooms, ann, ben, talk } = world().await;
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    peer.settle().await;
    peer.write("good ").await;
    let forged = peer.edit(|doc| _ = highlight(doc, talk, ben.user, false)).await;
    let behind = peer.write("behind").await;
    peer.settle().await;
    let refused: Vec<_> = peer.refused.iter().map(|refused| (refused.refused, refused.code.as_str())).collect();
    assert_eq!(refused, [(forged, "forged_author"), (behind, "behind_refusal")]);
    assert_eq!(log(&db, talk).await, [1]);
    let mut late = Peer::join(&rooms, talk, &ben).await;
    late.until(|peer| peer.synced).await;
    assert_eq!(late.notes(), "good ");
}

#[tokio::test]
async fn nobody_goes_on_under_anothers_client_id_not_even_after_a_snapshot() {
    let World { db, rooms, ann, ben, talk } = world().await;
    let mut victim = Peer::join(&rooms, talk, &ann).await;
    victim.write("mine").await;
    victim.settle().await;
    let steal = async |rooms: &server::rooms::Rooms| {
        let mut thief = Peer::join(rooms, talk, &ben).await;
        thief.settle().await;
        // The numbers of Ann's next edits, used up.
        let stolen = yrs::Doc::with_client_id(thief_id(&victim));
        let update = {
            use yrs::{ReadTxn, Update, updates::decoder::Decode};
            let state = thief.doc.transact().encode_diff_v1(&yrs::StateVector::default());
            stolen.transact_mut().apply_update(Update::decode_v1(&state).unwrap()).unwrap();
            let notes = stolen.get_or_insert_text("notes");
            let before = stolen.transact().state_vector();
            notes.push(&mut stolen.transact_mut(), "????????");
            stolen.transact().encode_diff_v1(&before)
        };
        thief.say_update(&update).await;
        thief.settle().await;
        last_refusal(&thief).1.to_owned()
    };
    assert_eq!(steal(&rooms).await, "not_your_client");
    // Another server, which knows of the log what a snapshot has left.
    rooms.shutdown().await;
    assert_eq!(log(&db, talk).await, [0; 0]);
    let rooms = server::rooms::Rooms::with_timing(db.clone(), never());
    assert_eq!(steal(&rooms).await, "not_your_client");
    let mut again = Peer::join(&rooms, talk, &ann).await;
    again.until(|peer| peer.synced).await;
    let more = victim.edit_silently(|doc| push(doc, " and only mine"));
    again.say_update(&more).await;
    again.settle().await;
    assert!(again.refused.is_empty());
}

fn thief_id(victim: &Peer) -> u64 {
    victim.doc.client_id().get()
}

#[tokio::test]
async fn a_moderator_deletes_what_another_may_not() {
    let World { rooms, ann, ben, talk, .. } = world().await;
    let mut author = Peer::join(&rooms, talk, &ann).await;
    author.settle().await;
    let mut id = None;
    author.edit(|doc| id = Some(highlight(doc, talk, ann.user, false))).await;
    author.settle().await;
    let key = id.unwrap().to_string();
    let delete = |by: shared::ids::UserId| {
        let key = key.clone();
        move |doc: &yrs::Doc| {
            let highlights = doc.get_or_insert_map("highlights");
            let mut txn = doc.transact_mut();
            let Some(Out::YMap(map)) = highlights.get(&txn, &key) else { panic!("no highlight") };
            let by = by.to_string();
            map.insert(&mut txn, "deleted", yrs::any!({"by": by, "at": 3}));
        }
    };
    let mut other = Peer::join(&rooms, talk, &ben).await;
    other.settle().await;
    other.edit(delete(ben.user)).await;
    other.settle().await;
    assert_eq!(last_refusal(&other).1, "not_yours");
    let rights = Rights { moderates: true, ..ben.rights };
    let mut staff = Peer::join(&rooms, talk, &server::rooms::Member { rights, ..ben.clone() }).await;
    staff.settle().await;
    staff.edit(delete(ben.user)).await;
    staff.settle().await;
    assert!(staff.refused.is_empty());
}

#[tokio::test]
async fn a_hundred_refusals_close_the_connection_and_a_stock_client_is_closed_at_once() {
    let World { db, rooms, ann, talk, .. } = world().await;
    let mut peer = Peer::join(&rooms, talk, &ann).await;
    peer.settle().await;
    for _ in 0..100 {
        let other = doc();
        let scratch = other.get_or_insert_map("scratch");
        scratch.insert(&mut other.transact_mut(), "key", MapPrelim::from([("deleted", Any::Null)]));
        let update = {
            use yrs::ReadTxn;
            other.transact().encode_diff_v1(&yrs::StateVector::default())
        };
        peer.say_update(&update).await;
    }
    assert_eq!(peer.until_closed().await, Some(CloseCode::Denied));
    assert_eq!(peer.refused.len(), 100);
    let stock = server::rooms::Member { speaks_v1: false, ..ann };
    let mut stock = Peer::join(&rooms, talk, &stock).await;
    stock.until(|peer| peer.synced).await;
    stock.edit(|doc| doc.get_or_insert_text("scratch").push(&mut doc.transact_mut(), "x")).await;
    assert_eq!(stock.until_closed().await, Some(CloseCode::Denied));
    assert_eq!(log(&db, talk).await, [0; 0]);
}

#[tokio::test]
async fn what_a_stock_client_wrote_against_the_rules_is_kept_for_its_person_alone() {
    let app = TestApp::start().await;
    let (owner, other) = (app.person("student-1").await, app.person("student-2").await);
    let id = owner.conversation("Ours", "Some words to mark.", "class").await;
    let token = other.post("/api/v1/tokens", json!({"name": "stock"})).await.json()["token"].clone();
    let url = format!("{}/sync/{id}?token={}", app.origin().replace("http", "ws"), token.as_str().unwrap());
    let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let mut stock = Peer::over(Wire::Socket(Box::new(socket)), doc()).await;
    stock.until(|peer| peer.synced).await;
    let update = stock.edit_silently(|doc| doc.get_or_insert_text("scratch").push(&mut doc.transact_mut(), "words"));
    stock.say_update(&update).await;
    assert_eq!(stock.until_closed().await, Some(CloseCode::Denied));
    let path = format!("/api/v1/conversations/{id}/refused");
    until(async || !other.get(&path).await.json().as_array().unwrap().is_empty()).await;
    let kept = other.get(&path).await.json();
    assert_eq!(kept.as_array().unwrap().len(), 1);
    assert_eq!(kept[0]["code"], "unknown_root");
    let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, kept[0]["update"].as_str().unwrap());
    assert_eq!(bytes.unwrap(), update);
    assert_eq!(owner.get(&path).await.body, "[]", "nobody else's");
    // What is old goes with the next.
    let age = "update refused_update set refused_at = now() - interval '31 days'";
    sqlx::query(age).execute(&app.database.pool).await.unwrap();
    assert_eq!(other.get(&path).await.body, "[]");
}
