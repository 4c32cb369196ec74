//! Whom one may talk with, and how much.

use reqwest::{Method, StatusCode, header};
use serde_json::json;
use shared::{
    api::{MAX_RUNS_A_PERSON, MAX_USERS_LISTED},
    ids::{ClassId, ConversationId, RunId, UserId},
};
use sqlx::PgPool;

use crate::{
    rooms_support::until,
    support::{
        chats::{Chat, Started, chat as begin_chat, say},
        test_app::{TestApp, Visitor},
    },
};

/// Gives the chat's project to a new class of which its owner is a student.
async fn in_class(chat: &Chat) -> ClassId {
    let class = ClassId::new();
    let owner: shared::ids::UserId = chat.owner.id().await.parse().unwrap();
    let db = chat.db();
    sqlx::query("insert into classes (id, name) values ($1, 'Bees')").bind(class.uuid()).execute(db).await.unwrap();
    sqlx::query("insert into memberships (class_id, user_id, role) values ($1, $2, 'student')")
        .bind(class.uuid())
        .bind(owner.uuid())
        .execute(db)
        .await
        .unwrap();
    sqlx::query("update projects set class_id = $1").bind(class.uuid()).execute(db).await.unwrap();
    class
}

async fn join(db: &PgPool, class: ClassId, person: &Visitor, role: &str) {
    sqlx::query("insert into memberships (class_id, user_id, role) values ($1, $2::uuid, $3)")
        .bind(class.uuid())
        .bind(person.id().await)
        .bind(role)
        .execute(db)
        .await
        .unwrap();
}

async fn instructor(chat: &Chat, class: ClassId) -> Visitor {
    let teacher = chat.app.newcomer("Tess Teacher").await;
    join(chat.db(), class, &teacher, "instructor").await;
    teacher
}

#[tokio::test]
async fn a_quota_is_held_before_the_model_is_asked_and_says_when_there_is_more() {
    // The stand-in counts ten tokens in, and one for each word out: thirteen for a short answer.
    let chat = Chat::with(&["--model-tokens-per-day=13"]).await;
    let models = chat.owner.get(&format!("/api/v1/models?conversation={}", chat.id)).await.json();
    assert_eq!(models["models"], json!(["stand-in-large", "stand-in-small"]));
    assert_eq!((&models["quota"]["tokens"], &models["quota"]["used"]), (&json!(13), &json!(0)));
    chat.ask("Hello").await;
    let used = chat.owner.get("/api/v1/models").await.json()["quota"]["used"].clone();
    assert_eq!(used, json!(13));
    // A chat that is deleted gives nothing back, in another one either.
    let other = more_chats(&chat, 1).await.remove(0);
    sqlx::query("delete from conversations where id = $1").bind(chat.id.uuid()).execute(chat.db()).await.unwrap();
    assert_eq!(chat.owner.get("/api/v1/models").await.json()["quota"]["used"], json!(13));
    let refused = say(&chat.owner, other, json!({"text": "Hello again"})).await;
    assert_eq!((refused.status, refused.problem()), (StatusCode::TOO_MANY_REQUESTS, "quota_reached".into()));
    let seconds: u64 = refused.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&seconds), "{seconds}");
    assert!(refused.json()["detail"].as_str().unwrap().contains("at 00:00 UTC"), "{}", refused.body);
    assert_eq!(chat.model.asked().len(), 1);
    assert_eq!(chat.owner.get(&format!("/api/v1/conversations/{other}")).await.json()["messages"], json!([]));
}

#[tokio::test]
async fn what_waits_in_line_is_held_against_the_quota_when_its_turn_comes() {
    let chat = Chat::with(&["--model-tokens-per-day=3000"]).await;
    let first = chat.say("#gated").await;
    let second = chat.say("Second").await;
    // The first was held against it before.
    until(async || chat.model.asked().len() == 1).await;
    // Meanwhile all is used up, by more words than were thought.
    sqlx::query("update model_usage set output_tokens = 3000 where run_id = $1")
        .bind(first.run.uuid())
        .execute(chat.db())
        .await
        .unwrap();
    let other = "insert into model_usage (run_id, user_id, model, input_tokens, output_tokens, estimated)
                 values ($1, $2::uuid, 'stand-in-large', 3000, 0, false)";
    let id = RunId::new().uuid();
    sqlx::query(other).bind(id).bind(chat.owner.id().await).execute(chat.db()).await.unwrap();
    chat.model.release(1);
    assert_eq!(chat.owner.read(first.run).await.ended().0, "done");
    let read = chat.owner.read(second.run).await;
    assert_eq!(read.ended(), ("error".into(), "quota_reached".into()));
    assert_eq!(chat.stored(&second.message).await.1, "Second");
    assert_eq!(reserved(&chat, second.run).await, None);
}

async fn reserved(chat: &Chat, run: RunId) -> Option<(i64, i64)> {
    sqlx::query_as("select input_tokens, output_tokens from model_usage where run_id = $1")
        .bind(run.uuid())
        .fetch_optional(chat.db())
        .await
        .unwrap()
}

/// Sends `#gated`, which stays under way, to all of these at once, and answers what became of them: a status and a
/// problem's code, sorted.
async fn at_once(senders: Vec<(&Visitor, ConversationId)>) -> Vec<(u16, String)> {
    let sent = senders.into_iter().map(|(sender, chat)| say(sender, chat, json!({"text": "#gated"})));
    let answers = futures::future::join_all(sent).await;
    let mut told: Vec<(u16, String)> = answers
        .iter()
        .map(|answer| match answer.status {
            StatusCode::ACCEPTED => (202, String::new()),
            status => (status.as_u16(), answer.problem()),
        })
        .collect();
    told.sort();
    told
}

async fn more_chats(chat: &Chat, count: usize) -> Vec<ConversationId> {
    let owner: UserId = chat.owner.id().await.parse().unwrap();
    let mut chats = Vec::new();
    for _ in 0..count {
        chats.push(begin_chat(chat.db(), owner, "").await);
    }
    chats
}

#[tokio::test]
async fn messages_that_are_sent_at_once_share_what_is_left() {
    let chat = Chat::with(&["--model-tokens-per-day=40"]).await;
    let chats = more_chats(&chat, 12).await;
    let told = at_once(chats.iter().map(|id| (&chat.owner, *id)).collect()).await;
    let mut expected = vec![(202, String::new())];
    expected.extend(vec![(429, "quota_reached".to_owned()); 11]);
    assert_eq!(told, expected);
    let used: i64 = sqlx::query_scalar("select sum(input_tokens + output_tokens)::bigint from model_usage")
        .fetch_one(chat.db())
        .await
        .unwrap();
    assert_eq!(used, 40);
}

#[tokio::test]
async fn replies_that_are_asked_for_at_once_are_no_more_than_one_person_may_have() {
    let chat = Chat::begin().await;
    let chats = more_chats(&chat, 12).await;
    let told = at_once(chats.iter().map(|id| (&chat.owner, *id)).collect()).await;
    let may = usize::try_from(MAX_RUNS_A_PERSON).unwrap();
    assert!(told[..may].iter().all(|(status, _)| *status == 202), "{told:?}");
    assert!(told[may..].iter().all(|told| *told == (409, "too_many_runs".to_owned())), "{told:?}");
}

#[tokio::test]
async fn people_of_a_class_who_send_at_once_share_what_is_left_to_it() {
    let chat = Chat::begin().await;
    let class = in_class(&chat).await;
    sqlx::query("insert into class_models (class_id, tokens_a_class, period) values ($1, 40, 'week')")
        .bind(class.uuid())
        .execute(chat.db())
        .await
        .unwrap();
    let mut people = Vec::new();
    for number in 0..12 {
        let person = chat.app.newcomer(&format!("Otto Other {number}")).await;
        join(chat.db(), class, &person, "student").await;
        let id: UserId = person.id().await.parse().unwrap();
        people.push((person, begin_chat(chat.db(), id, "").await));
    }
    let more = more_chats(&chat, 3).await;
    sqlx::query("update projects set class_id = $1").bind(class.uuid()).execute(chat.db()).await.unwrap();
    let mut senders: Vec<_> = people.iter().map(|(person, id)| (person, *id)).collect();
    senders.extend(more.iter().map(|id| (&chat.owner, *id)));
    let told = at_once(senders).await;
    let mut expected = vec![(202, String::new())];
    expected.extend(vec![(429, "quota_reached".to_owned()); 14]);
    assert_eq!(told, expected);
}

#[tokio::test]
async fn what_a_class_gives_each_of_its_people_is_used_in_it_alone() {
    let chat = Chat::begin().await;
    chat.ask("Hello").await;
    let class = in_class(&chat).await;
    sqlx::query("insert into class_models (class_id, tokens_a_person, period) values ($1, 20, 'week')")
        .bind(class.uuid())
        .execute(chat.db())
        .await
        .unwrap();
    let left = async || {
        let told = chat.owner.get(&format!("/api/v1/models?conversation={}", chat.id)).await.json();
        (told["quota"]["tokens"].clone(), told["quota"]["used"].clone())
    };
    assert_eq!(left().await, (json!(20), json!(0)), "what was used before it was the class's is not of the class");
    chat.ask("And again").await;
    assert_eq!(left().await, (json!(20), json!(14)));
}

#[tokio::test]
async fn whoever_has_replies_under_way_is_told_that_they_count() {
    let chat = Chat::with(&["--model-tokens-per-day=40"]).await;
    let [other] = more_chats(&chat, 1).await[..] else { panic!("one") };
    chat.say("#gated").await;
    let refused = say(&chat.owner, other, json!({"text": "Hello"})).await.json();
    assert!(
        refused["detail"].as_str().unwrap().contains("counting what your replies that are under way may take"),
        "{refused}"
    );
    chat.model.release(1);
}

#[tokio::test]
async fn what_is_longer_than_what_is_left_is_not_sent() {
    let chat = Chat::with(&["--model-tokens-per-day=1000"]).await;
    let path = format!("/api/v1/conversations/{}/files", chat.id);
    let added = chat.owner.upload(&path, "long.txt", b"All of it is words. ".repeat(1_000)).await;
    let refused = say(&chat.owner, chat.id, json!({"text": "Read this", "files": [added.json()["id"]]})).await;
    assert_eq!((refused.status, refused.problem()), (StatusCode::TOO_MANY_REQUESTS, "quota_reached".into()));
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("about 5002 tokens, and you have 1000 of 1000 left"), "{detail}");
    let long = say(&chat.owner, chat.id, json!({"text": "word ".repeat(1_000)})).await;
    assert_eq!(long.problem(), "quota_reached");
    assert_eq!(chat.get().await["messages"], json!([]));
    assert!(chat.model.asked().is_empty());
    chat.ask("Hello").await;
}

#[tokio::test]
async fn what_is_withdrawn_gives_its_tokens_back() {
    let chat = Chat::begin().await;
    let first = chat.say("#gated").await;
    let second = chat.say("Second").await;
    assert!(reserved(&chat, second.run).await.is_some());
    let stopped = chat.owner.post(&format!("/api/v1/runs/{}/stop", second.run), json!({})).await;
    assert_eq!(stopped.status, StatusCode::NO_CONTENT);
    assert_eq!(reserved(&chat, second.run).await, None);
    chat.model.release(1);
    chat.owner.read(first.run).await;
    assert_eq!(reserved(&chat, first.run).await, Some((10, 7)));
}

#[tokio::test]
async fn a_class_says_which_models_and_how_much_for_each_and_for_all() {
    let chat = Chat::begin().await;
    let class = in_class(&chat).await;
    let teacher = instructor(&chat, class).await;
    let path = format!("/api/v1/classes/{class}/models");
    let set = async |body: serde_json::Value| {
        let answer = teacher.change(Method::PUT, &path, body).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    };
    let terms = |models, person, class| json!({"models": models, "tokens_a_person": person, "tokens_a_class": class, "period": "week"});
    set(terms(json!(["stand-in-small"]), json!(null), json!(null))).await;
    assert_eq!(teacher.get(&path).await.json()["models"], json!(["stand-in-small"]));
    let started = Started::of(&say(&chat.owner, chat.id, json!({"text": "Hello"})).await);
    chat.owner.read(started.run).await;
    assert_eq!(chat.model.asked()[0].body["model"], "stand-in-small");
    let other = say(&chat.owner, chat.id, json!({"text": "x", "model": "stand-in-large"})).await;
    assert_eq!(other.problem(), "model_not_allowed");
    for (person, of_class) in [(json!(13), json!(null)), (json!(null), json!(13))] {
        set(terms(json!(null), person, of_class)).await;
        let refused = say(&chat.owner, chat.id, json!({"text": "More"})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::TOO_MANY_REQUESTS, "quota_reached".into()));
    }
    set(terms(json!([]), json!(null), json!(null))).await;
    assert_eq!(say(&chat.owner, chat.id, json!({"text": "x"})).await.problem(), "no_model_allowed");
    for wrong in [terms(json!([""]), json!(1), json!(1)), terms(json!(null), json!(-1), json!(null))] {
        assert_eq!(teacher.change(Method::PUT, &path, wrong).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_class_names_models_that_the_server_has_and_no_other() {
    let chat = Chat::begin().await;
    let class = in_class(&chat).await;
    let teacher = instructor(&chat, class).await;
    let path = format!("/api/v1/classes/{class}/models");
    let set = async |models: serde_json::Value| {
        teacher.change(Method::PUT, &path, json!({"models": models, "period": "week"})).await
    };
    assert_eq!(set(json!(["stand-in-small", "stand-in-small"])).await.status, StatusCode::NO_CONTENT);
    let refused = set(json!(["stand-in-small", "gpt-nine", "stand-in large", "gpt-nine"])).await;
    assert_eq!((refused.status, refused.problem()), (StatusCode::BAD_REQUEST, "unknown_models".into()));
    let expected = "models: this server has no “gpt-nine”, “stand-in large”. It has stand-in-large, stand-in-small.";
    assert_eq!(refused.json()["detail"], expected);
    let many: Vec<String> = (0..2_000).map(|number| format!("m{number:04}{}", "x".repeat(300))).collect();
    let refused = set(json!(many)).await;
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("and 1990 more") && detail.chars().count() < 2_300, "{detail}");
    assert_eq!(teacher.get(&path).await.json()["models"], json!(["stand-in-small"]), "what was allowed stays");
    let huge = json!({"models": null, "tokens_a_person": 1_000_000_000_001_i64, "period": "week"});
    assert_eq!(teacher.change(Method::PUT, &path, huge).await.problem(), "bad_tokens");
}

#[tokio::test]
async fn where_there_is_no_model_none_can_be_named() {
    let app = TestApp::start().await;
    let teacher = app.newcomer("Tess Teacher").await;
    let class = ClassId::new();
    let db = &app.database.pool;
    sqlx::query("insert into classes (id, name) values ($1, 'Bees')").bind(class.uuid()).execute(db).await.unwrap();
    join(db, class, &teacher, "instructor").await;
    let path = format!("/api/v1/classes/{class}/models");
    let refused = teacher.change(Method::PUT, &path, json!({"models": ["gpt-nine"], "period": "day"})).await;
    assert_eq!(refused.json()["detail"], "models: this server has no “gpt-nine”. It has no model at all.");
    let told = teacher.get(&path).await.json();
    assert_eq!((&told["available"], &told["tokens_a_day"]), (&json!([]), &json!(null)));
}

#[tokio::test]
async fn staff_see_what_their_class_has_used_in_this_time_and_nothing_else() {
    let chat = Chat::begin().await;
    let class = in_class(&chat).await;
    let teacher = instructor(&chat, class).await;
    let path = format!("/api/v1/classes/{class}/models");
    let none = teacher.get(&path).await.json()["usage"].clone();
    assert_eq!((&none["tokens"], &none["people"], &none["most"]), (&json!(0), &json!(0), &json!([])));
    chat.ask("Hello").await;
    let elsewhere =
        "insert into model_usage (run_id, user_id, class_id, model, input_tokens, output_tokens, estimated, used_at)
                     select $1, $2, $3, 'stand-in-large', $4, 0, false, now() - make_interval(days => $5)";
    let mut people = vec![(chat.owner.id().await, None, 5, 0), (chat.owner.id().await, Some(class), 700, 8)];
    for number in 0..21 {
        people.push((chat.app.newcomer(&format!("Person {number:02}")).await.id().await, Some(class), 20 + number, 0));
    }
    for (user, of_class, tokens, days) in people {
        let user: UserId = user.parse().unwrap();
        sqlx::query(elsewhere)
            .bind(RunId::new().uuid())
            .bind(user.uuid())
            .bind(of_class.map(ClassId::uuid))
            .bind(i64::from(tokens))
            .bind(days)
            .execute(chat.db())
            .await
            .unwrap();
    }
    let usage = teacher.get(&path).await.json()["usage"].clone();
    // Thirteen of the chat, and 20 to 40 of the others; nothing of last week, of other classes or of no class.
    assert_eq!((&usage["tokens"], &usage["people"]), (&json!(13 + (20..=40).sum::<i32>()), &json!(22)));
    let most = usage["most"].as_array().unwrap();
    assert_eq!(most.len(), MAX_USERS_LISTED);
    assert_eq!((&most[0]["name"], &most[0]["tokens"]), (&json!("Person 20"), &json!(40)));
    let page = teacher.get(&format!("/classes/{class}/manage")).await.body;
    for words in ["<b>643 tokens", "by 22 people", "Person 20", "And 2 more, who used less."] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[tokio::test]
async fn tutors_read_what_a_class_allows_and_have_no_form_for_it() {
    let chat = Chat::begin().await;
    let class = in_class(&chat).await;
    let (teacher, tutor) = (instructor(&chat, class).await, chat.app.newcomer("Tom Tutor").await);
    join(chat.db(), class, &tutor, "tutor").await;
    let terms =
        json!({"models": ["stand-in-small"], "tokens_a_person": 2_000, "tokens_a_class": null, "period": "day"});
    let path = format!("/api/v1/classes/{class}/models");
    assert_eq!(teacher.change(Method::PUT, &path, terms).await.status, StatusCode::NO_CONTENT);
    let page = format!("/classes/{class}/manage");
    let (of_teacher, of_tutor) = (teacher.get(&page).await.body, tutor.get(&page).await.body);
    let form = format!("data-api=\"PUT {path}\"");
    assert!(of_teacher.contains(&form) && !of_tutor.contains(&form));
    for words in ["<dd>stand-in-small", "<dd>2,000 tokens a day", "<dd>no limit"] {
        assert!(of_tutor.contains(words), "{words}: {of_tutor}");
    }
}

#[tokio::test]
async fn a_refused_request_costs_nothing_and_a_stopped_reply_what_it_is_thought_to() {
    let chat = Chat::begin().await;
    let used = async || {
        let rows: Vec<(i64, i64, bool)> =
            sqlx::query_as("select input_tokens, output_tokens, estimated from model_usage order by used_at")
                .fetch_all(chat.db())
                .await
                .unwrap();
        rows
    };
    chat.ask("#key").await;
    assert!(used().await.is_empty());
    chat.ask("Hello").await;
    assert_eq!(used().await, [(10, 3, false)]);
    chat.ask("#cut").await;
    let last = used().await.pop().unwrap();
    assert!(last.2 && last.1 == 2, "{last:?}");
}
