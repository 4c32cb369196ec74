//! Search: what is found, by whom, how soon, and what is not.

use std::collections::BTreeSet;

use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::{
    api::encoded,
    document::{Roots, highlights},
    ids::{CommentId, ConversationId, HighlightId, UserId},
};
use yrs::{Any, Map, Out, Text, Transact, any};

use crate::{
    notices::add,
    rooms_support::{PATIENCE, Peer, highlight, tag, until},
    support::{
        counting,
        test_app::{TestApp, Visitor},
    },
};

const LIST: &str = "/api/v1/conversations";

async fn search(visitor: &Visitor, query: &str) -> Value {
    let answer = visitor.get(&format!("/api/v1/search?q={}", encoded(query))).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.body);
    answer.json()
}

/// What is found: kind and excerpt, with what was looked for in brackets.
async fn found(visitor: &Visitor, query: &str) -> Vec<(String, String)> {
    let answer = search(visitor, query).await;
    let hits = answer["results"].as_array().unwrap().iter().flat_map(|result| result["hits"].as_array().unwrap());
    let piece = |piece: &Value| match (piece["text"].as_str().unwrap(), piece["hit"].as_bool().unwrap()) {
        (text, true) => format!("[{text}]"),
        (text, false) => text.to_owned(),
    };
    let line = |hit: &Value| {
        let excerpt: String = hit["excerpt"].as_array().unwrap().iter().map(piece).collect();
        (hit["kind"].as_str().unwrap().to_owned(), excerpt)
    };
    hits.map(line).collect()
}

async fn kinds(visitor: &Visitor, query: &str) -> BTreeSet<String> {
    found(visitor, query).await.into_iter().map(|(kind, _)| kind).collect()
}

pub async fn until_found(visitor: &Visitor, query: &str, expected: &[(&str, &str)]) {
    let expected: BTreeSet<(String, String)> =
        expected.iter().map(|(kind, text)| ((*kind).to_owned(), (*text).to_owned())).collect();
    let asking = async { while found(visitor, query).await.into_iter().collect::<BTreeSet<_>>() != expected {} };
    if tokio::time::timeout(PATIENCE, asking).await.is_err() {
        panic!("{query}: {:?}", found(visitor, query).await);
    }
}

/// A conversation of somebody's with a document that says something in every place.
struct Scene {
    app: TestApp,
    ann: Visitor,
    id: UserId,
    talk: String,
    peer: Peer,
    highlight: HighlightId,
    comment: CommentId,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let ann = app.newcomer("Ann Ärmel").await;
        let id: UserId = ann.id().await.parse().unwrap();
        let talk = ann.conversation("Gardens of Babylon", "Some words to mark. A gardener waters roses.", "none").await;
        let set = "update messages set id = conversation_id where conversation_id = $1";
        sqlx::query(set)
            .bind(talk.parse::<ConversationId>().unwrap().uuid())
            .execute(&app.database.pool)
            .await
            .unwrap();
        // The message has another id now, which no trigger sees.
        touch(&app, &talk).await;
        let mut peer = ann.sync(&talk).await;
        peer.settle().await;
        let comment = CommentId::new();
        let mut marked = None;
        let place = talk.parse().unwrap();
        peer.edit(|doc| {
            let (id_of_tag, mark) = (tag(doc, id), highlight(doc, place, id, false));
            inside(doc, mark, |highlight, txn| {
                let Some(Out::YMap(tags)) = highlight.get(txn, "tags") else { panic!("no tags") };
                tags.insert(txn, id_of_tag.to_string(), 1.0);
            });
            add(doc, mark, comment, id, "**Watering** is work");
            doc.get_or_insert_text("notes").push(&mut doc.transact_mut(), "Notes on irrigation");
            doc.get_or_insert_text(format!("response:{id}").as_str())
                .push(&mut doc.transact_mut(), "My response praises terraces");
            marked = Some(mark);
        })
        .await;
        peer.settle().await;
        assert_eq!(peer.refused, []);
        Self { app, ann, id, talk, peer, highlight: marked.unwrap(), comment }
    }
}

fn inside(doc: &yrs::Doc, id: HighlightId, edit: impl FnOnce(&yrs::MapRef, &mut yrs::TransactionMut<'_>)) {
    let highlights = doc.get_or_insert_map("highlights");
    let mut txn = doc.transact_mut();
    let Some(Out::YMap(highlight)) = highlights.get(&txn, &id.to_string()) else { panic!("no such highlight") };
    edit(&highlight, &mut txn);
}

async fn touch(app: &TestApp, talk: &str) {
    sqlx::query("update conversations set title = title where id = $1")
        .bind(talk.parse::<ConversationId>().unwrap().uuid())
        .execute(&app.database.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn everything_that_people_write_is_found_at_its_place() {
    let scene = Scene::new().await;
    let (ann, talk) = (&scene.ann, &scene.talk);
    until_found(ann, "babylon", &[("title", "Gardens of [Babylon]")]).await;
    until_found(ann, "gardeners in:messages", &[("message", "Some words to mark. A [gardener] waters roses.")]).await;
    until_found(ann, "irrigation", &[("notes", "Notes on [irrigation]")]).await;
    until_found(ann, "terrace", &[("response", "My response praises [terraces]")]).await;
    until_found(
        ann,
        "water",
        &[("message", "Some words to mark. A gardener [waters] roses."), ("comment", "[Watering] is work")],
    )
    .await;
    until_found(ann, "words in:highlights", &[("highlight", "[words]")]).await;
    until_found(ann, "tag:\"a tag\"", &[("highlight", "words"), ("comment", "Watering is work")]).await;
    until_found(ann, "\"a tag\" in:tags by:me", &[("tag", "[A tag]")]).await;
    assert_eq!(kinds(ann, "tag:a by:armel in:comments").await, ["comment".to_owned()].into());
    assert_eq!(kinds(ann, "by:nobody").await, BTreeSet::new());
    // A tag that every conversation begins with, and nobody has used.
    assert_eq!(kinds(ann, "prompting").await, BTreeSet::new());
    assert_eq!(kinds(ann, "water -work").await, ["message".to_owned()].into());
    assert_eq!(kinds(ann, "\"waters roses\"").await, ["message".to_owned()].into());
    assert_eq!(kinds(ann, "\"roses waters\"").await, BTreeSet::new());
    assert_eq!(kinds(ann, "babyl*").await, ["title".to_owned()].into());

    let link =
        async |query: &str| search(ann, query).await["results"][0]["hits"][0]["link"].as_str().unwrap().to_owned();
    let (highlight, comment) = (scene.highlight, scene.comment);
    assert_eq!(link("watering in:comments").await, format!("/c/{talk}#h={highlight}&c={comment}"));
    assert_eq!(link("tag:a in:highlights").await, format!("/c/{talk}#h={highlight}"));
    assert_eq!(link("babylon").await, format!("/c/{talk}"));
    let of_tag = link("in:tags").await;
    let id = of_tag.strip_prefix(&format!("/c/{talk}#tag=")).unwrap();
    let there = highlights(&Roots::of(&scene.peer.doc), &scene.peer.doc.transact());
    assert_eq!(there[0].tags.iter().map(|(tag, _)| tag.to_string()).collect::<Vec<_>>(), [id]);
    assert_eq!(link("irrigation in:notes").await, format!("/c/{talk}#tab=notes&before=Notes%20on%20&words=irrigation"));
    assert_eq!(link("in:notes").await, format!("/c/{talk}#tab=notes"));
    let response = format!("/c/{talk}#tab=response&by={}&before=My%20response%20praises%20&words=terraces", scene.id);
    assert_eq!(link("terrace").await, response);
    until(async || link("\"gardener waters\"").await == format!("/c/{talk}#m-{talk}:~:text=gardener%20waters")).await;
    let page = ann.get(&format!("/c/{talk}")).await.body;
    assert!(page.contains(&format!("id=\"m-{talk}\"")), "the link leads somewhere");
    let hit = search(ann, "watering in:comments").await["results"][0]["hits"][0].clone();
    assert_eq!(hit["author"], json!({"id": scene.id, "name": "Ann Ärmel"}));
}

#[tokio::test]
async fn what_is_changed_is_found_as_it_is_and_what_is_deleted_is_not() {
    let mut scene = Scene::new().await;
    until_found(
        &scene.ann,
        "watering",
        &[("message", "Some words to mark. A gardener [waters] roses."), ("comment", "[Watering] is work")],
    )
    .await;
    let (highlight, comment) = (scene.highlight, scene.comment);
    let change = |fields: Vec<(&'static str, Any)>| {
        move |doc: &yrs::Doc| {
            inside(doc, highlight, |highlight, txn| {
                let Some(Out::YMap(comments)) = highlight.get(txn, "comments") else { panic!("no comments") };
                let Some(Out::YMap(comment)) = comments.get(txn, &comment.to_string()) else { panic!("no comment") };
                fields.into_iter().for_each(|(key, value)| {
                    comment.insert(txn, key, value);
                });
            });
        }
    };
    scene.peer.edit(change(vec![("body", "Pruning, rather".into()), ("edited_at", 3.into())])).await;
    scene.peer.settle().await;
    until_found(&scene.ann, "pruning", &[("comment", "[Pruning], rather")]).await;
    until_found(&scene.ann, "watering in:comments", &[]).await;

    let by = scene.id.to_string();
    scene
        .peer
        .edit(|doc| {
            inside(doc, highlight, |highlight, txn| {
                highlight.insert(txn, "deleted", yrs::any!({"by": by, "at": 4}));
            });
        })
        .await;
    scene.peer.settle().await;
    until_found(&scene.ann, "tag:a", &[]).await;
    assert_eq!(kinds(&scene.ann, "pruning").await, BTreeSet::new(), "with its highlight");

    scene.ann.change(Method::PATCH, &format!("{LIST}/{}", scene.talk), json!({"title": "Walls of Jericho"})).await;
    until_found(&scene.ann, "jericho", &[("title", "Walls of [Jericho]")]).await;
    assert_eq!(kinds(&scene.ann, "babylon").await, BTreeSet::new());

    let id = scene.talk.parse::<ConversationId>().unwrap().uuid();
    sqlx::query("delete from conversations where id = $1").bind(id).execute(&scene.app.database.pool).await.unwrap();
    assert_eq!(kinds(&scene.ann, "jericho").await, BTreeSet::new());
}

#[tokio::test]
async fn words_of_every_script_are_found_in_their_forms() {
    let app = TestApp::start().await;
    let ann = app.newcomer("Ann").await;
    let texts = [
        ("Chinese", "大型语言模型的数据库很大。"),
        ("Japanese", "大規模言語モデルは日本語を読みます。"),
        ("Korean", "학생들이 대화를 읽었습니다."),
        ("Arabic", "قَرَأَ الطلاب المحادثة الطويلة معًا في الفصل الدراسي"),
        ("German", "Die Schülerinnen lasen gestern gemeinsam lange Gespräche über die Straße nach Überlingen."),
        ("Thai", "นักเรียนอ่านบทสนทนา"),
        ("Greek", "πόλεις"),
        ("Mixed", "The students were reading long conversations together.\nКошки читали длинные книги всю ночь. 🐋 ❤️"),
        ("Code", "fn main() { let total_sum = foo_bar(42); }"),
    ];
    for (title, text) in texts {
        ann.conversation(title, text, "none").await;
    }
    let titles = async |query: &str| {
        let answer = search(&ann, query).await;
        let titles =
            answer["results"].as_array().unwrap().iter().map(|result| result["title"].as_str().unwrap().to_owned());
        titles.collect::<Vec<_>>()
    };
    until(async || titles("foo").await == ["Code"]).await;
    for (query, title) in [
        ("数据", "Chinese"),
        ("库", "Chinese"),
        ("言語モデル", "Japanese"),
        ("읽었", "Korean"),
        ("قرأ", "Arabic"),
        ("gespräch", "German"),
        ("GESPRÄCHEN", "German"),
        ("schulerin*", "German"),
        ("STRASSE", "German"),
        ("บทสนทนา", "Thai"),
        ("πόλεων", "Greek"),
        ("reads", "Mixed"),
        ("книгами", "Mixed"),
        ("🐋", "Mixed"),
        ("❤", "Mixed"),
        ("total_sum", "Code"),
        ("42", "Code"),
    ] {
        assert_eq!(titles(query).await, [title], "{query}");
    }
    assert_eq!(titles("据数").await, [""; 0], "the order of characters counts");
}

#[tokio::test]
async fn a_long_text_is_found_to_its_end() {
    let app = TestApp::start().await;
    let ann = app.newcomer("Ann").await;
    let paragraph = "Nothing of interest stands in this paragraph, which is only long.\n\n";
    let text = format!("{}The needle is here.\n\n{}", paragraph.repeat(3_000), paragraph.repeat(500));
    ann.conversation("Hay", &text, "none").await;
    until(async || !found(&ann, "needle").await.is_empty()).await;
    let (_, excerpt) = found(&ann, "needle").await.remove(0);
    assert!(excerpt.contains("The [needle] is here."), "{excerpt}");
    let answer = search(&ann, "interest").await;
    let (hits, count) = (&answer["results"][0]["hits"], &answer["results"][0]["found"]);
    assert_eq!(hits.as_array().unwrap().len(), 3);
    assert!(count.as_i64().unwrap() > 20, "{count}");
}

#[tokio::test]
async fn what_cannot_be_looked_for_is_answered_with_what_can() {
    let app = TestApp::start().await;
    let ann = app.newcomer("Ann").await;
    for query in
        ["q=", "q=...", "q=-cat", "q=in:cellar", "", "q=cat&limit=0", "q=cat&limit=51", "q=cat&after=x", "q=cat&page=2"]
    {
        let answer = ann.get(&format!("/api/v1/search?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}: {}", answer.body);
    }
    for hostile in
        ["' | 'a", "a & b | !c <-> (d)", "\\", "a:*", "'); drop table users; --", "\"", "«", "\u{0}x", "'::tsquery"]
    {
        let answer = ann.get(&format!("/api/v1/search?q=x%20{}", encoded(hostile))).await;
        assert_eq!(answer.status, StatusCode::OK, "{hostile}: {}", answer.body);
    }
    let page = ann.get("/search?q=in%3Acellar").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("In: knows titles") && page.body.contains("value=\"in:cellar\""), "{}", page.body);
    assert!(ann.get("/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E").await.body.contains("&lt;script&gt;alert"));
}

/// Random people, classes and shares: everybody finds exactly what they may open, page by page.
#[tokio::test]
async fn nobody_finds_what_they_may_not_see() {
    let app = TestApp::start().await;
    let mut random = StdRng::seed_from_u64(20_261_122);
    let mut people = Vec::new();
    for number in 0..5 {
        people.push(app.newcomer(&format!("Person {number}")).await);
    }
    for key in ["student-1", "student-2", "instructor"] {
        people.push(app.person(key).await);
    }
    let mut talks = Vec::new();
    for number in 0..40 {
        let owner = random.random_range(0..people.len());
        let share = if owner >= 5 && random.random_bool(0.5) { "class" } else { "none" };
        let talk = people[owner].conversation(&format!("Talk {number}"), "It speaks of quokkas.", share).await;
        let guest = &people[random.random_range(0..people.len())];
        match random.random_range(0..5) {
            0 | 1 => {
                let email = guest.get("/api/v1/me").await.json()["email"].clone();
                let path = format!("{LIST}/{talk}/sharing/people");
                let made = people[owner].post(&path, json!({"email": email, "access": "viewer"})).await;
                if made.status == StatusCode::CREATED && random.random_bool(0.4) {
                    let share = made.json()["id"].as_str().unwrap().to_owned();
                    people[owner].delete(&format!("{path}/{share}")).await;
                }
            }
            2 | 3 => {
                let path = format!("{LIST}/{talk}/sharing/links");
                let made = people[owner].post(&path, json!({"access": "viewer", "days": 1})).await.json();
                let secret = made["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
                guest.post(&format!("/api/v1/links/{secret}/open"), json!({})).await;
                if random.random_bool(0.4) {
                    people[owner].delete(&format!("{path}/{}", made["id"].as_str().unwrap())).await;
                }
            }
            _ => {}
        }
        talks.push(talk);
    }
    until(async || {
        let indexed: i64 =
            sqlx::query_scalar("select count(*) from search_entries where kind = 'message' and body like '%quokkas%'")
                .fetch_one(&app.database.pool)
                .await
                .unwrap();
        indexed == 40
    })
    .await;
    for person in &people {
        let mut may = BTreeSet::new();
        for talk in &talks {
            if person.get(&format!("{LIST}/{talk}")).await.status == StatusCode::OK {
                may.insert(talk.clone());
            }
        }
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let answer = person.get(&format!("/api/v1/search?q=quokka&limit=3{after}")).await.json();
            let results = answer["results"].as_array().unwrap();
            seen.extend(results.iter().map(|result| result["conversation"].as_str().unwrap().to_owned()));
            let Some(next) = answer["next"].as_str() else { break };
            assert_eq!(results.len(), 3, "a page that is not the last is full");
            after = format!("&after={next}");
        }
        assert_eq!(seen.len(), may.len(), "each once");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), may);
    }
}

#[tokio::test]
async fn a_pseudonym_is_found_and_the_name_behind_it_by_those_who_see_it() {
    let app = TestApp::start().await;
    let (ann, ben, olga) =
        (app.person("student-1").await, app.person("student-2").await, app.person("instructor").await);
    let body = json!({"title": "A talk", "text": "Some words to mark.", "share": "class", "anonymous": true});
    let talk = ann.post(LIST, body).await.json()["id"].as_str().unwrap().to_owned();
    let read = ann.get(&format!("{LIST}/{talk}")).await.json();
    let author: UserId = read["author_id"].as_str().unwrap().parse().unwrap();
    let pseudonym = read["anonymity"]["seen_as"].as_str().unwrap().to_owned();
    let message: ConversationId = read["messages"][0]["id"].as_str().unwrap().parse().unwrap();
    let mut peer = ann.sync(&talk).await;
    peer.settle().await;
    peer.edit(|doc| {
        let mark = highlight(doc, message, author, false);
        add(doc, mark, CommentId::new(), author, "A heron stands there");
    })
    .await;
    peer.settle().await;
    let expected = [("comment", "A [heron] stands there")];
    until_found(&ben, "heron", &expected).await;

    let me = ann.get("/api/v1/me").await.json();
    let (name, user) = (me["name"].as_str().unwrap().to_owned(), me["id"].as_str().unwrap().to_owned());
    let by = |name: &str| format!("heron by:\"{name}\"");
    assert_eq!(found(&ben, &by(&pseudonym)).await.len(), 1);
    assert_eq!(found(&ben, &by(&name)).await, []);
    assert_eq!(found(&olga, &by(&name)).await.len(), 1);
    assert_eq!(found(&ann, "heron by:me").await.len(), 1);
    assert_eq!(found(&ben, "heron by:me").await, []);
    assert_eq!(found(&ben, &format!("heron -by:\"{name}\"")).await.len(), 1, "excluding a name tells nothing");
    let answer = search(&ben, "heron").await.to_string();
    assert!(answer.contains(&pseudonym) && !answer.contains(&name) && !answer.contains(&user), "{answer}");
    let hit = search(&olga, "heron").await["results"][0]["hits"][0]["author"].clone();
    assert_eq!((hit["name"].as_str(), hit["pseudonym"].as_str()), (Some(name.as_str()), Some(pseudonym.as_str())));
}

#[tokio::test]
async fn what_was_missed_is_found_by_a_sweep_and_a_rebuild_makes_the_same() {
    let scene = Scene::new().await;
    until_found(&scene.ann, "irrigation", &[("notes", "Notes on [irrigation]")]).await;
    until_found(&scene.ann, "watering in:comments", &[("comment", "[Watering] is work")]).await;
    let all = "select kind, key, body, words::text, author from search_entries order by conversation_id, kind, key";
    let pool = scene.app.database.pool.clone();
    let entries = async || {
        let rows: Vec<(String, String, String, String, Option<uuid::Uuid>)> =
            sqlx::query_as(all).fetch_all(&pool).await.unwrap();
        rows
    };
    let waiting = async || {
        let count = "select count(*) from search_queue";
        sqlx::query_scalar::<_, i64>(count).fetch_one(&pool).await.unwrap()
    };
    until(async || waiting().await == 0).await;
    let before = entries().await;
    assert!(before.len() > 10, "the demo conversation is in it: {}", before.len());
    server::search::rebuild(&pool, &scene.app.rooms, |_, _| {}).await.unwrap();
    assert!(entries().await == before, "a rebuild makes the same");

    // A server that was killed before it looked at what was committed.
    let database = scene.app.stop_and_keep().await;
    for sql in ["delete from search_entries", "delete from search_state"] {
        sqlx::query(sql).execute(&database.pool).await.unwrap();
    }
    let rooms = server::rooms::Rooms::new(database.pool.clone());
    let following = tokio::spawn(server::search::follow(database.pool.clone(), rooms.clone()));
    until(async || entries().await == before).await;
    following.abort();
    rooms.shutdown().await;
}

#[tokio::test]
async fn a_search_asks_the_database_as_often_whatever_it_finds() {
    let app = TestApp::start().await;
    let ann = app.newcomer("Ann").await;
    let count = async |query: &str| {
        let (answer, queries) = counting::queries(ann.get(&format!("/search?q={query}"))).await;
        assert_eq!(answer.status, StatusCode::OK);
        queries
    };
    ann.conversation("First", "a wombat", "none").await;
    until(async || found(&ann, "wombat").await.len() == 1).await;
    // The first visit of a session is noted.
    count("wombat").await;
    let one = count("wombat").await;
    for _ in 0..25 {
        ann.conversation("Another", "a wombat", "none").await;
    }
    until(async || search(&ann, "wombat").await["results"].as_array().unwrap().len() == 20).await;
    assert_eq!(count("wombat").await, one);
}

#[tokio::test]
async fn what_is_found_is_taken_away_by_whom_it_is_found_and_protected_texts_are_not() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("student-1").await, app.person("student-2").await);
    let open = ann.conversation("=Zebras", "One zebra.\n\nAnother zebra.", "class").await;
    let protected = ann.conversation("More", "A protected zebra.", "class").await;
    let own = ann.conversation("Own", "A zebra of my own.", "none").await;
    let path = format!("{LIST}/{protected}/sharing/protection");
    ann.change(Method::PUT, &path, json!({"copy_protected": true})).await;
    let hits = async |who: &Visitor| search(who, "zebra").await["results"].as_array().unwrap().len();
    until(async || hits(&ann).await == 3 && hits(&ben).await == 2).await;
    let lines = async |who: &Visitor| -> BTreeSet<(String, String)> {
        let answer = who.get("/api/v1/search/export?q=zebra").await;
        assert_eq!(
            (answer.status, &answer.headers["content-type"]),
            (StatusCode::OK, &"text/csv; charset=utf-8".parse().unwrap())
        );
        let mut reader = csv::Reader::from_reader(answer.body.as_bytes());
        reader.records().map(|line| line.map(|line| (line[0].to_owned(), line[2].to_owned())).unwrap()).collect()
    };
    let of = |all: &BTreeSet<(String, String)>| all.iter().map(|(id, _)| id.clone()).collect::<BTreeSet<_>>();
    let (to_ann, to_ben) = (lines(&ann).await, lines(&ben).await);
    assert_eq!(of(&to_ann), [open.clone(), protected, own].into());
    assert_eq!(of(&to_ben), [open.clone()].into(), "neither what is not shared, nor what is protected");
    assert!(to_ben.contains(&(open.clone(), "title".into())) && to_ben.contains(&(open.clone(), "message".into())));
    let table = ben.get("/api/v1/search/export?q=zebra").await.body;
    assert!(table.contains("'=Zebras"), "no cell is a formula: {table}");
    let file = ben.get("/api/v1/search/export?q=zebra&format=jsonld").await.json();
    crate::export::web_annotation::check(&file).await;
    let page = format!("{}/c/{open}", app.origin());
    let targets = file["first"]["items"].as_array().unwrap().iter().map(|item| match &item["target"] {
        Value::String(link) => (link.split('#').next().unwrap().to_owned(), String::new()),
        passages => (text(&passages[0]["scope"]), quote(&passages[0])),
    });
    let expected = ["", "zebra", "zebra"].map(|quote| (page.clone(), quote.to_owned()));
    assert_eq!(targets.collect::<BTreeSet<_>>(), expected.into_iter().collect(), "its title and its messages alone");
    // The conversations themselves, as those who find them may take them.
    for (who, format, ending, expected) in
        [(&ben, "markdown", "md", 1), (&ann, "docx", "docx", 3), (&ann, "bundle", "grimoire", 3)]
    {
        let answer =
            who.request(Method::GET, &format!("/api/v1/search/export?q=zebra&format={format}")).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/zip");
        let files = std::io::Cursor::new(answer.bytes().await.unwrap());
        let files = zip::ZipArchive::new(files).unwrap();
        let names: Vec<String> = files.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names.len(), expected, "{names:?}");
        assert!(names.contains(&format!("Zebras.{ending}")), "{names:?}");
    }
    for wrong in ["q=zebra&format=exe", "format=csv", "q=+"] {
        assert_eq!(ben.get(&format!("/api/v1/search/export?{wrong}")).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The words that a target's selectors say, of which there are as many as given.
fn quote(target: &Value) -> String {
    match &target["selector"] {
        Value::Array(selectors) => text(&selectors[1]["exact"]),
        selector => text(&selector["exact"]),
    }
}

#[tokio::test]
async fn a_file_of_annotations_selects_what_was_found_as_the_conversations_own_file_does() {
    let mut scene = Scene::new().await;
    let (talk, id) = (scene.talk.clone(), scene.id);
    let place = talk.parse().unwrap();
    let own = async |scene: &Scene| scene.ann.get(&format!("{LIST}/{talk}/export?format=jsonld")).await.json();
    let found = async |scene: &Scene, query: &str| -> Vec<Value> {
        let path = format!("/api/v1/search/export?q={}&format=jsonld", encoded(query));
        let file = scene.ann.get(&path).await.json();
        crate::export::web_annotation::check(&file).await;
        file["first"]["items"].as_array().unwrap().clone()
    };
    until(async || found(&scene, "water").await.len() == 2).await;
    let marked = own(&scene).await["first"]["items"][0]["target"].clone();
    assert_eq!(quote(&marked[0]), "words");
    for query in ["words in:highlights", "watering in:comments"] {
        assert_eq!(found(&scene, query).await[0]["target"], marked, "{query}");
    }
    let message = &found(&scene, "gardeners in:messages").await[0]["target"][0];
    assert_eq!((&message["source"], &message["scope"]), (&marked[0]["source"], &marked[0]["scope"]));
    let position = &message["selector"][0];
    assert_eq!((quote(message), &position["start"], &position["end"]), ("gardener".into(), &json!(22), &json!(30)));
    for query in ["babylon", "irrigation", "terraces", "in:messages"] {
        let target = &found(&scene, query).await[0]["target"];
        assert!(target.as_str().is_some_and(|target| target.contains(&format!("/c/{talk}"))), "{query}: {target}");
    }

    // Over two messages, and what does not stand where it was marked; another's text is not told.
    let mut moved = None;
    scene.peer.edit(|doc| moved = Some(highlight(doc, place, id, false))).await;
    let target = |start: u32, exact: &str| any!({"message": talk.clone(), "start": start, "end": start + 4, "exact": exact, "prefix": "", "suffix": ""});
    let targets = Any::from(vec![target(0, "mark"), target(40, "tuba")]);
    scene
        .peer
        .edit(|doc| {
            inside(doc, moved.unwrap(), |highlight, txn| {
                highlight.insert(txn, "targets", targets);
            })
        })
        .await;
    scene.peer.settle().await;
    until(async || !found(&scene, "tuba").await.is_empty()).await;
    let all = own(&scene).await["first"]["items"].as_array().unwrap().clone();
    let of_it = all.iter().find(|item| text(&item["id"]).ends_with(&moved.unwrap().to_string())).unwrap();
    let found = &found(&scene, "tuba").await[0]["target"];
    assert_eq!((found, found.as_array().unwrap().len()), (&of_it["target"], 2));
    assert!(found[0]["selector"]["type"] == "TextQuoteSelector" && found[1]["selector"]["type"] == "TextQuoteSelector");
}

/// The lines of a table of all that is found.
async fn exported(who: &Visitor, query: &str) -> Vec<(String, String)> {
    let answer = who.get(&format!("/api/v1/search/export?q={query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let mut reader = csv::Reader::from_reader(answer.body.as_bytes());
    reader.records().map(|line| line.map(|line| (line[0].to_owned(), line[2].to_owned())).unwrap()).collect()
}

#[tokio::test]
async fn a_file_of_what_is_found_holds_all_of_it_or_says_that_it_cannot() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("student-1").await, app.person("student-2").await);
    let many: String = (0..125).map(|number| format!("User: Quagga {number}?\n\nAssistant: A quagga.\n\n")).collect();
    let talk = ann.conversation("Many", &many, "class").await;
    until(async || found(&ben, "quagga").await.len() > 2).await;
    assert_eq!(exported(&ben, "quagga").await, vec![(talk, "message".to_owned()); 250], "all of one conversation");

    // What comes first is all in sight and not to be taken away; what may be is behind it.
    for number in 0..60 {
        let id = ann.conversation(&format!("Okapi {number}"), "Okapi, okapi.", "class").await;
        let path = format!("{LIST}/{id}/sharing/protection");
        ann.change(Method::PUT, &path, json!({"copy_protected": true})).await;
    }
    let open = ann.conversation("Last", &format!("{} okapi", "Some other words. ".repeat(50)), "class").await;
    until(async || exported(&ann, "okapi").await.len() == 121).await;
    until(async || exported(&ben, "okapi").await == [(open.clone(), "message".to_owned())]).await;

    // As if there were more than is ranked.
    let copies = "insert into search_entries (conversation_id, kind, key, message_id, body, words, hash)
                  select conversation_id, kind, gen_random_uuid()::text, message_id, 'quagga', words, hash
                  from search_entries, generate_series(1, 5000)
                  where body = 'Quagga 7?'";
    sqlx::query(copies).execute(&app.database.pool).await.unwrap();
    let cut = ben.get("/api/v1/search/export?q=quagga").await;
    assert_eq!(cut.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", cut.body);
    assert!(cut.body.contains("More than 5000 things"), "{}", cut.body);
    assert_eq!(search(&ben, "quagga").await["is_cut"], true);
    assert_eq!(search(&ben, "okapi").await["is_cut"], false);
    assert!(ben.get("/search?q=quagga").await.body.contains("only the newest conversations"));
}
