//! Bundles: what goes in comes out again, and what somebody forged stays out.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read, Write},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::{Method, StatusCode, header, multipart};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::{
    document::{self, Command, Roots, execute, groups, highlights, tags},
    ids::{CommentId, HighlightId, TagGroupId, TagId, UserId},
};
use uuid::Uuid;
use yrs::{Doc, Map, ReadTxn, StateVector, Text, Transact, Update, updates::decoder::Decode};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::{ADDRESS, NOW, Scene, TEXT};
use crate::support::test_app::{Answer, Visitor};

type Parts = BTreeMap<String, Vec<u8>>;

/// What somebody does to a good bundle.
type Change = Box<dyn FnOnce(&mut Parts)>;

async fn bundle(who: &Visitor, talk: &str) -> Vec<u8> {
    let answer = who.request(Method::GET, &format!("{ADDRESS}/{talk}/export?format=bundle")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/zip");
    answer.bytes().await.unwrap().to_vec()
}

fn unzip(bytes: &[u8]) -> Parts {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let part = |index| {
        let mut entry = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.name().unwrap().into_owned(), bytes)
    };
    (0..5).map(part).collect()
}

fn zip(parts: &Parts) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(&**name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn json_of(parts: &Parts, name: &str) -> Value {
    serde_json::from_slice(&parts[name]).unwrap()
}

/// Puts another part in, with its sum, as whoever forges a bundle would.
fn put(parts: &mut Parts, name: &str, bytes: Vec<u8>) {
    let mut manifest = json_of(parts, "manifest.json");
    let told = manifest["parts"].as_array_mut().unwrap().iter_mut().find(|part| part["name"] == name).unwrap();
    told["bytes"] = json!(bytes.len());
    told["sha256"] = json!(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    parts.insert("manifest.json".into(), manifest.to_string().into_bytes());
    parts.insert(name.into(), bytes);
}

fn put_json(parts: &mut Parts, name: &str, change: impl FnOnce(&mut Value)) {
    let mut json = json_of(parts, name);
    change(&mut json);
    put(parts, name, json.to_string().into_bytes());
}

fn put_document(parts: &mut Parts, change: impl FnOnce(&Doc)) {
    let doc = document::empty();
    let update = Update::decode_v1(&parts["document.yjs"]).unwrap();
    doc.transact_mut().apply_update(update).unwrap();
    change(&doc);
    put(parts, "document.yjs", doc.transact().encode_diff_v1(&StateVector::default()));
}

async fn import(who: &Visitor, bytes: Vec<u8>, fields: &[(&'static str, &'static str)]) -> Answer {
    let part = multipart::Part::bytes(bytes).file_name("talk.grimoire");
    let form =
        fields.iter().fold(multipart::Form::new().part("file", part), |form, (name, value)| form.text(*name, *value));
    let origin = who.origin().to_owned();
    who.send(Method::POST, "/api/v1/import", |request| request.header(header::ORIGIN, origin).multipart(form)).await
}

async fn imported(who: &Visitor, bytes: Vec<u8>) -> String {
    let answer = import(who, bytes, &[]).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()["created"]["id"].as_str().unwrap().to_owned()
}

/// The conversations that somebody has.
async fn conversations(who: &Visitor) -> Vec<Value> {
    let listed = who.get(ADDRESS).await.json();
    let ids: Vec<Value> = listed.as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert!(!ids.is_empty());
    ids
}

/// What a bundle says, but for its sums, when it was made, and its ids: they are called by the order in which they come.
fn said(parts: &Parts) -> String {
    let mut all = String::new();
    for name in ["messages.json", "people.json", "annotations.json"] {
        all.push_str(&serde_json::to_string_pretty(&json_of(parts, name)).unwrap());
    }
    let (mut settled, mut ids, mut rest) = (String::new(), BTreeMap::<Uuid, usize>::new(), &*all);
    let first = |text: &str| {
        text.match_indices('-').find_map(|(hyphen, _)| {
            let at = hyphen.checked_sub(8)?;
            Some((at, Uuid::try_parse(text.get(at..at + 36)?).ok()?))
        })
    };
    while let Some((at, id)) = first(rest) {
        let number = ids.len();
        settled.push_str(&format!("{}ID-{}", &rest[..at], ids.entry(id).or_insert(number)));
        rest = &rest[at + 36..];
    }
    settled + rest
}

/// Does something at random, as whoever moderates could.
async fn something(scene: &mut Scene, random: &mut StdRng) {
    let (all, vocabulary, grouped) = {
        let (roots, txn) = (Roots::of(&scene.peer.doc), scene.peer.doc.transact());
        (highlights(&roots, &txn), tags(&roots, &txn), groups(&roots, &txn))
    };
    let number = random.random_range(0..1_000_usize);
    let tag = vocabulary[number % vocabulary.len()].id;
    let other = vocabulary[number / 7 % vocabulary.len()].id;
    let highlight = all.get(number % all.len().max(1));
    let comment = highlight.and_then(|one| one.comments.get(number % one.comments.len().max(1)));
    let author = scene.author;
    let words = format!("Words {number} 鯨🐋 \"quoted\"\n[@Somebody](mention:{author}) and `code`");
    let command = match random.random_range(0..14) {
        0..3 => {
            let words = ["whales 🐋", "sing", "<b>so</b>", "Why do"][number % 4];
            scene.mark(0, words).await;
            return;
        }
        3..6 => highlight.map(|one| Command::Comment {
            highlight: one.id,
            id: CommentId::new(),
            body: words,
            parent: comment.filter(|_| number % 2 == 0).map(|comment| comment.id),
        }),
        6 => comment.map(|comment| Command::DeleteComment { highlight: highlight.unwrap().id, id: comment.id }),
        7 => highlight.map(|one| Command::Delete(one.id)),
        8 => highlight.map(|one| Command::Resolve(one.id)),
        9 => Some(Command::NewTag { id: TagId::new(), name: format!("Tag {number}"), colour: "#123456".into() }),
        10 => Some(Command::MergeTag { from: tag, into: other }).filter(|_| tag != other && vocabulary.len() > 3),
        11 => match grouped.first() {
            None => Some(Command::NewGroup { id: TagGroupId::new(), name: format!("Group {number}") }),
            Some(group) => Some(Command::EditTag {
                id: tag,
                name: None,
                colour: None,
                description: Some(words),
                group: Some(Some(group.id)),
            }),
        },
        12 => Some(Command::LockTag(tag, number % 2 == 0)),
        _ => highlight.map(|one| Command::AddTag(one.id, tag)),
    };
    let Some(command) = command else { return };
    let sender = shared::rules::Sender { author, access: shared::access::Access::Owner, moderates: true };
    // What the rules do not let anybody do is not done.
    let tried = |doc: &Doc| {
        let _ = execute(&Roots::of(doc), &mut doc.transact_mut(), &sender, NOW, command);
    };
    scene.peer.edit(tried).await;
    scene.peer.settle().await;
    assert_eq!(scene.peer.refused, []);
}

async fn write(scene: &mut Scene, root: String, words: &'static str) {
    scene.peer.edit(|doc| doc.get_or_insert_text(root).insert(&mut doc.transact_mut(), 0, words)).await;
    scene.peer.settle().await;
}

#[tokio::test]
async fn what_is_exported_and_imported_is_exported_the_same_again() {
    let mut scene = Scene::new("Whales, \"songs\" & 海", TEXT).await;
    for seed in 0..6 {
        println!("seed {seed}");
        let talk = scene.owner.conversation(&format!("Talk {seed}"), TEXT, "none").await;
        scene.peer = scene.owner.sync(&talk).await;
        scene.peer.settle().await;
        scene.talk = talk;
        let mut random = StdRng::seed_from_u64(seed);
        for _ in 0..40 {
            something(&mut scene, &mut random).await;
        }
        write(&mut scene, "notes".into(), "Notes 鯨 of [x](y)").await;
        let author = scene.author;
        write(&mut scene, format!("response:{author}"), "What I think.").await;

        let first = bundle(&scene.owner, &scene.talk).await;
        let before = unzip(&first);
        let again = imported(&scene.owner, first).await;
        let second = bundle(&scene.owner, &again).await;
        let after = unzip(&second);
        assert_eq!(said(&after), said(&before), "seed {seed}");
        assert!(!before["annotations.json"].is_empty() && before["manifest.json"] != after["manifest.json"]);
        // Everything in it is under ids of its own.
        let text: String = after.values().map(|bytes| String::from_utf8_lossy(bytes)).collect();
        for id in [scene.talk.clone(), author.to_string()] {
            assert!(!text.contains(&id), "{id} is still there");
        }
        // A second copy of the same file is another conversation.
        let third = imported(&scene.owner, second).await;
        assert_ne!(third, again);
    }
}

#[tokio::test]
async fn who_wrote_in_a_bundle_is_nobody_here_and_is_seen_to_be_imported() {
    let mut scene = Scene::new("Whales", TEXT).await;
    let marked = scene.mark(0, "whales 🐋").await;
    let mention = shared::prose::mention("Demo Student 1", scene.author);
    scene.comment(marked, &format!("So says {mention}."), None).await;
    let file = bundle(&scene.owner, &scene.talk).await;
    let (ben, staff) = (scene.app.person("student-2").await, scene.app.person("instructor").await);
    let answer = import(&ben, file, &[("share", "class")]).await;
    let notes = answer.json()["created"]["notes"].to_string();
    assert!(notes.contains("1 highlight and 1 comment, by 1 person"), "{notes}");
    let talk = answer.json()["created"]["id"].as_str().unwrap().to_owned();

    let people = staff.get(&format!("{ADDRESS}/{talk}/people")).await.json();
    let called = |name: &str| people.as_array().unwrap().iter().find(|person| person["name"] == name).cloned();
    let stranger = called("Demo Student 1 (imported)").unwrap();
    assert_ne!(stranger["id"], scene.author.to_string());
    assert!(called("Demo Student 1").is_some_and(|person| person["id"] == scene.author.to_string()), "of the class");
    let table = staff.get(&format!("{ADDRESS}/{talk}/export?format=csv")).await.body;
    assert!(table.contains("Demo Student 1 (imported)") && !table.contains(&scene.author.to_string()), "{table}");
    assert_eq!(scene.owner.get("/api/v1/notices").await.json()["notices"], json!([]), "nobody hears of it");

    // Others go on from there: their answer is their own.
    let author: UserId = staff.id().await.parse().unwrap();
    let mut peer = staff.sync(&talk).await;
    peer.settle().await;
    let highlight = highlights(&Roots::of(&peer.doc), &peer.doc.transact())[0].clone();
    assert_eq!(highlight.author.to_string(), stranger["id"].as_str().unwrap());
    assert!(highlight.comments[0].body.contains(stranger["id"].as_str().unwrap()), "the mention leads to them");
    let sender = shared::rules::Sender { author, access: shared::access::Access::Annotator, moderates: true };
    let parent = Some(highlight.comments[0].id);
    let answer = Command::Comment { highlight: highlight.id, id: CommentId::new(), body: "Who?".into(), parent };
    peer.edit(|doc| execute(&Roots::of(doc), &mut doc.transact_mut(), &sender, NOW, answer).unwrap()).await;
    peer.settle().await;
    assert_eq!(peer.refused, []);

    // Taken away and brought in again, they are called the same, once.
    let again = imported(&ben, bundle(&ben, &talk).await).await;
    let people = ben.get(&format!("{ADDRESS}/{again}/people")).await.json();
    let names: Vec<_> = people.as_array().unwrap().iter().map(|person| person["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Demo Instructor (imported)", "Demo Student 1 (imported)", "Demo Student 2"]);
}

#[tokio::test]
async fn a_bundle_is_shown_before_it_is_stored() {
    let mut scene = Scene::new("Whales", TEXT).await;
    let marked = scene.mark(0, "whales 🐋").await;
    scene.comment(marked, "One.", None).await;
    let file = bundle(&scene.owner, &scene.talk).await;
    let before = conversations(&scene.owner).await;
    let answer = import(&scene.owner, file.clone(), &[("preview", "true"), ("title", "Other")]).await;
    let annotated = json!({"highlights": 1, "comments": 1, "people": 1});
    let offered = json!([{"index": 0, "title": "Other", "messages": 2, "problem": null, "annotated": annotated}]);
    assert_eq!((answer.status, &answer.json()["choose"]), (StatusCode::OK, &offered));
    assert_eq!(conversations(&scene.owner).await, before, "nothing is stored");
    let answer = import(&scene.owner, file.clone(), &[("title", "Other"), ("anonymous", "true")]).await;
    let id = answer.json()["created"]["id"].as_str().unwrap().to_owned();
    let talk = scene.owner.get(&format!("{ADDRESS}/{id}")).await.json();
    assert_eq!((&talk["title"], talk["anonymity"].is_object()), (&json!("Other"), true));
    // A zip by another name is known by its manifest, and other files are listed as well.
    assert_eq!(scene.owner.upload("/api/v1/import", "talk.zip", file).await.status, StatusCode::CREATED);
    let form = multipart::Form::new().part("file", multipart::Part::text("User: a\n\nAssistant: b").file_name("a.txt"));
    let (form, origin) = (form.text("preview", "true"), scene.owner.origin().to_owned());
    let with = |request: reqwest::RequestBuilder| request.header(header::ORIGIN, origin).multipart(form);
    let answer = scene.owner.send(Method::POST, "/api/v1/import", with).await;
    assert_eq!((answer.status, &answer.json()["choose"][0]["messages"]), (StatusCode::OK, &json!(2)));
}

#[tokio::test]
async fn branches_and_what_is_known_of_replies_come_along() {
    let scene = Scene::new("Whales", TEXT).await;
    let mut parts = unzip(&bundle(&scene.owner, &scene.talk).await);
    put_json(&mut parts, "messages.json", |all| {
        let messages = all["messages"].as_array_mut().unwrap();
        let (mut other, first) = (messages[1].clone(), messages[0]["id"].clone());
        messages[1]["parent"] = first.clone();
        other["id"] = json!(shared::ids::MessageId::new());
        other["parent"] = first;
        other["model"] = json!("a-model");
        other["state"] = json!("stopped");
        other["usage"] = json!({"input_tokens": 5, "output_tokens": 7});
        other["reason"] = json!({"code": "stopped", "detail": "By somebody."});
        other["author"] = json!(scene.author);
        other["created_at"] = json!("2024-05-06T07:08:09.123456Z");
        let leaf = messages[1]["id"].clone();
        messages.push(other);
        all["leaf"] = leaf;
    });
    put_json(&mut parts, "people.json", |people| *people = json!([{"id": scene.author, "name": "Ann"}]));
    let talk = imported(&scene.owner, zip(&parts)).await;
    let shown = scene.owner.get(&format!("{ADDRESS}/{talk}")).await.json();
    assert_eq!(shown["messages"].as_array().unwrap().len(), 2, "the branch that was last written in");
    let siblings = shown["messages"][1]["siblings"].as_array().unwrap();
    let other = siblings.last().unwrap().as_str().unwrap();
    let shown = scene.owner.get(&format!("{ADDRESS}/{talk}?branch={other}")).await.json();
    let message = &shown["messages"][1];
    assert_eq!(message["state"], "stopped");
    let people = scene.owner.get(&format!("{ADDRESS}/{talk}/people")).await.json();
    let ann = people.as_array().unwrap().iter().find(|person| person["name"] == "Ann (imported)").unwrap();
    assert_eq!(message["author"], ann["id"]);
    assert_eq!(said(&unzip(&bundle(&scene.owner, &talk).await)), said(&parts));
}

#[tokio::test]
async fn an_anonymous_conversation_is_exported_under_pseudonyms_whoever_exports_it() {
    let mut scene = Scene::new("Whales", TEXT).await;
    let body = json!({"title": "A talk", "text": "Some words to mark.", "share": "class", "anonymous": true});
    let talk = scene.owner.post(ADDRESS, body).await.json()["id"].as_str().unwrap().to_owned();
    let of_ann = scene.owner.get(&format!("{ADDRESS}/{talk}")).await.json();
    scene.author = of_ann["author_id"].as_str().unwrap().parse().unwrap();
    scene.peer = scene.owner.sync(&talk).await;
    scene.peer.settle().await;
    scene.talk = talk;
    let marked = scene.mark(0, "words").await;
    let mention = shared::prose::mention("Demo Student 1", scene.author);
    scene.comment(marked, &format!("I am {mention}."), None).await;
    let (user, seen_as) = (scene.owner.id().await, of_ann["anonymity"]["seen_as"].as_str().unwrap());
    let staff = scene.app.person("instructor").await;
    for who in [&scene.app.person("student-2").await, &staff, &scene.owner] {
        let parts = unzip(&bundle(who, &scene.talk).await);
        assert_eq!(json_of(&parts, "people.json"), json!([{"id": scene.author, "name": seen_as}]));
        for (name, bytes) in &parts {
            let text = String::from_utf8_lossy(bytes);
            assert!(!text.contains("Demo Student 1") && !text.contains(&user), "{name}: {text}");
        }
        let annotations = String::from_utf8_lossy(&parts["annotations.json"]).into_owned();
        assert!(annotations.contains(&format!("[@{seen_as}](mention:{})", scene.author)), "{annotations}");
    }
}

#[tokio::test]
async fn a_bundle_is_for_those_who_may_copy() {
    let scene = Scene::new("Whales", TEXT).await;
    let (peer, staff) = (scene.app.person("student-2").await, scene.app.person("instructor").await);
    let path = format!("{ADDRESS}/{}/sharing/protection", scene.talk);
    scene.owner.change(Method::PUT, &path, json!({"copy_protected": true})).await;
    let stranger = scene.app.newcomer("Stranger").await;
    for (who, status) in [(&scene.owner, 200), (&staff, 200), (&peer, 403), (&stranger, 404)] {
        let path = format!("{ADDRESS}/{}/export?format=bundle", scene.talk);
        assert_eq!(who.request(Method::GET, &path).send().await.unwrap().status().as_u16(), status);
    }
}

#[tokio::test]
async fn what_somebody_forged_or_broke_is_refused_with_its_place_and_nothing_is_stored() {
    let mut scene = Scene::new("Whales", TEXT).await;
    let marked = scene.mark(0, "whales 🐋").await;
    scene.comment(marked, "One.", None).await;
    let good = unzip(&bundle(&scene.owner, &scene.talk).await);
    let before = conversations(&scene.owner).await;
    let message = |change: fn(&mut Value)| -> Change {
        Box::new(move |parts| put_json(parts, "messages.json", |all| change(&mut all["messages"][1])))
    };
    let manifest = |change: fn(&mut Value)| -> Change {
        Box::new(move |parts| {
            let mut json = json_of(parts, "manifest.json");
            change(&mut json);
            parts.insert("manifest.json".into(), json.to_string().into_bytes());
        })
    };
    let document = |change: fn(&Doc)| -> Change { Box::new(move |parts| put_document(parts, change)) };
    let raw = |name: &'static str, bytes: Vec<u8>| -> Change { Box::new(move |parts| put(parts, name, bytes)) };
    let people = |people: Value| raw("people.json", people.to_string().into_bytes());
    let one = json!({"id": UserId::new(), "name": "x"});
    let without = |name: &'static str| -> Change { Box::new(move |parts| drop(parts.remove(name))) };
    let many = |count: usize| -> Change {
        Box::new(move |parts| {
            put_json(parts, "messages.json", |all| {
                let one = all["messages"][0].clone();
                let copy = |_| {
                    let mut one = one.clone();
                    one["id"] = json!(shared::ids::MessageId::new());
                    one
                };
                all["messages"] = (0..count).map(copy).collect();
            });
        })
    };
    let cases: Vec<(&str, Change)> = vec![
        ("manifest.json: it is not in the file", without("manifest.json")),
        ("messages.json: it is not in the file", without("messages.json")),
        ("people.json: it is not in the file", without("people.json")),
        ("document.yjs: it is not in the file", without("document.yjs")),
        ("annotations.json: it is not in the file", without("annotations.json")),
        ("of version 2", manifest(|json| json["version"] = json!(2))),
        ("manifest.json: its format is not", manifest(|json| json["format"] = json!("other"))),
        ("manifest.json: unknown field", manifest(|json| json["more"] = json!(1))),
        ("manifest.json: it does not name people.json once", manifest(|json| json["parts"][1]["name"] = json!("x"))),
        ("messages.json: it has", manifest(|json| json["parts"][0]["bytes"] = json!(1))),
        ("its SHA-256 is not that", manifest(|json| json["parts"][2]["sha256"] = json!("0".repeat(64)))),
        (
            "document.yjs: its SHA-256 is not that",
            Box::new(|parts: &mut Parts| *parts.get_mut("document.yjs").unwrap().last_mut().unwrap() ^= 1),
        ),
        ("messages.json: expected ident at line 1", raw("messages.json", b"nonsense".to_vec())),
        ("messages.json: ", raw("messages.json", b"\xff\xfe".to_vec())),
        ("messages.json: invalid type: sequence", raw("messages.json", b"[".repeat(1 << 20))),
        ("people.json: ", raw("people.json", b"{}".to_vec())),
        ("people.json: there are more than 10000", people(json!(vec![one.clone(); 10_001]))),
        ("people.json: person 2: somebody before has the same id", people(json!([one, one]))),
        ("person 1: the name has control", people(json!([{"id": UserId::new(), "name": "a\nb"}]))),
        ("message 2: it follows another, and no branch is the last", message(|one| one["parent"] = one["id"].clone())),
        ("message 2: it has a NUL", message(|one| one["markdown"] = json!("a\0b"))),
        ("message 2: it has 1048577 bytes", message(|one| one["markdown"] = json!("x".repeat((1 << 20) + 1)))),
        ("message 2: created_at", message(|one| one["created_at"] = json!("yesterday"))),
        ("message 2: title: it has more than 200", message(|one| one["title"] = json!("x".repeat(201)))),
        ("message 2: model: it has more than 200", message(|one| one["model"] = json!("x".repeat(201)))),
        ("message 2: usage", message(|one| one["usage"] = json!({"input_tokens": -1, "output_tokens": 1}))),
        ("unknown variant `admin`", message(|one| one["role"] = json!("admin"))),
        ("messages.json: not an id", message(|one| one["id"] = json!("x"))),
        ("unknown field `owner_id`", message(|one| one["owner_id"] = json!("x"))),
        ("there are more than 5000", many(5_001)),
        (
            "message 2: one before it has the same id",
            Box::new(|parts: &mut Parts| {
                put_json(parts, "messages.json", |all| all["messages"][1]["id"] = all["messages"][0]["id"].clone());
            }),
        ),
        (
            "is none of those before it",
            Box::new(|parts: &mut Parts| {
                put_json(parts, "messages.json", |all| {
                    all["leaf"] = all["messages"][0]["id"].clone();
                    all["messages"][0]["parent"] = all["messages"][1]["id"].clone();
                });
            }),
        ),
        (
            "is none of the messages",
            Box::new(|parts: &mut Parts| {
                put_json(parts, "messages.json", |all| all["leaf"] = json!(shared::ids::MessageId::new()));
            }),
        ),
        ("document.yjs: it is no Yjs update", raw("document.yjs", Vec::new())),
        ("document.yjs: it is no Yjs update", raw("document.yjs", vec![0xff; 6])),
        ("document.yjs: it has 8388609 bytes", raw("document.yjs", vec![0; (8 << 20) + 1])),
        (
            "document.yjs: secrets: ",
            document(|doc| {
                doc.get_or_insert_map("secrets").insert(&mut doc.transact_mut(), "a", "b");
            }),
        ),
        (
            "document.yjs: highlights/x: ",
            document(|doc| {
                doc.get_or_insert_map("highlights").insert(&mut doc.transact_mut(), "x", "b");
            }),
        ),
        (
            "document.yjs: meta/owner: ",
            document(|doc| {
                doc.get_or_insert_map("meta").insert(&mut doc.transact_mut(), "owner", "b");
            }),
        ),
        (
            "document.yjs: response:nobody: ",
            document(|doc| doc.get_or_insert_text("response:nobody").insert(&mut doc.transact_mut(), 0, "b")),
        ),
        (
            "/created_at: ",
            document(|doc| {
                let roots = Roots::of(doc);
                let mut txn = doc.transact_mut();
                let fields =
                    [("author", UserId::new().to_string()), ("created_at", "now".into()), ("targets", "x".into())];
                let map = roots.highlights.insert(
                    &mut txn,
                    HighlightId::new().to_string(),
                    yrs::MapPrelim::from_iter(fields),
                );
                map.insert(&mut txn, "tags", yrs::MapPrelim::default());
                map.insert(&mut txn, "comments", yrs::MapPrelim::default());
                let targets = highlights(&roots, &txn)[0].targets.clone();
                let targets = yrs::Any::from_json(&serde_json::to_string(&targets).unwrap()).unwrap();
                map.insert(&mut txn, "targets", targets);
            }),
        ),
    ];
    for (told, change) in cases {
        let mut parts = good.clone();
        change(&mut parts);
        let answer = import(&scene.owner, zip(&parts), &[]).await;
        let problem = answer.json();
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{told}: {}", answer.body);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(told) && detail.len() < 600 && detail.contains("talk.grimoire"), "{told}: {detail}");
    }
    // No zip, half a zip, and one that grows.
    let whole = zip(&good);
    let bomb = {
        let mut parts = good.clone();
        put(&mut parts, "annotations.json", vec![b' '; 12 << 20]);
        zip(&parts)
    };
    for (bytes, told) in [
        (b"words".to_vec(), "it is not a zip"),
        (whole[..whole.len() / 2].to_vec(), "it is not a zip"),
        (bomb, "annotations.json grows more than 250 times"),
    ] {
        let answer = import(&scene.owner, bytes, &[]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        assert!(answer.body.contains(told), "{told}: {}", answer.body);
    }
    assert_eq!(conversations(&scene.owner).await, before, "nothing is stored");
}

#[tokio::test]
async fn passages_in_messages_that_are_not_in_the_file_are_lost_and_said_to_be() {
    let mut scene = Scene::new("Whales", TEXT).await;
    scene.mark(0, "whales 🐋").await;
    scene.mark(1, "👩🏽‍🚀 listens").await;
    let mut parts = unzip(&bundle(&scene.owner, &scene.talk).await);
    put_json(&mut parts, "messages.json", |all| drop(all["messages"].as_array_mut().unwrap().pop()));
    let answer = import(&scene.owner, zip(&parts), &[]).await;
    let notes = answer.json()["created"]["notes"].to_string();
    assert!(notes.contains("1 passage is in messages that the file does not hold"), "{notes}");
    let talk = answer.json()["created"]["id"].as_str().unwrap().to_owned();
    let table = scene.owner.get(&format!("{ADDRESS}/{talk}/export?format=csv")).await.body;
    let anchors: Vec<&str> = table.lines().skip(1).map(|line| line.split(',').nth(7).unwrap()).collect();
    assert_eq!(anchors, ["exact", "lost"], "{table}");
}
