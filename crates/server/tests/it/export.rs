//! A conversation as a file: what each format holds, who gets it, and what hostile words do in it.

mod annotation_set;
mod brought_in;
mod bundle;
mod docx;
mod of_activity;
mod pdf;
mod pdf_of_activity;
mod pdf_of_search;
/// What the model demands.
pub mod web_annotation;

use std::{fs, path::PathBuf};

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use shared::{
    access::Access,
    document::{Command, Roots, execute, tags},
    ids::{CommentId, HighlightId, MessageId, TagId, UserId},
    rules::Sender,
    selector::Target,
    text::{CharOffset, OffsetMap, render},
};
use yrs::{Doc, Text, Transact};

use crate::{
    rooms_support::Peer,
    support::test_app::{Answer, TestApp, Visitor},
};

const ADDRESS: &str = "/api/v1/conversations";

/// When everything in these tests was done: 14 November 2023.
const NOW: i64 = 1_700_000_000_000;

/// Characters of one to four bytes, one and two UTF-16 units, and what Markdown and HTML take for their own.
const TEXT: &str =
    "User: Why do *whales* 🐋 sing <b>so</b>?\n\nAssistant: 鯨は **深い** 海で歌う。 👩🏽‍🚀 listens & waits.\n\n```\nopen";

struct Scene {
    app: TestApp,
    owner: Visitor,
    author: UserId,
    talk: String,
    peer: Peer,
}

impl Scene {
    async fn new(title: &str, text: &str) -> Self {
        let app = TestApp::start().await;
        let owner = app.person("student-1").await;
        let talk = owner.conversation(title, text, "class").await;
        let author = owner.id().await.parse().unwrap();
        let mut peer = owner.sync(&talk).await;
        peer.settle().await;
        Self { app, owner, author, talk, peer }
    }

    async fn run(&mut self, command: Command) {
        let sender = Sender { author: self.author, access: Access::Owner, moderates: true };
        self.peer
            .edit(|doc| {
                let roots = Roots::of(doc);
                execute(&roots, &mut doc.transact_mut(), &sender, NOW, command).unwrap();
            })
            .await;
        self.peer.settle().await;
        assert_eq!(self.peer.refused, []);
    }

    /// Marks these words of a message with the first tag.
    async fn mark(&mut self, message: usize, words: &str) -> HighlightId {
        let all = self.owner.get(&format!("{ADDRESS}/{}", self.talk)).await.json();
        let message = &all["messages"][message];
        let text = message["text"].as_str().unwrap();
        let at = text.find(words).unwrap_or_else(|| panic!("{words} in {text}"));
        let start = text[..at].chars().count() as u32;
        let range = CharOffset(start)..CharOffset(start + words.chars().count() as u32);
        let id: MessageId = message["id"].as_str().unwrap().parse().unwrap();
        let target = Target::describe(id, text, &OffsetMap::new(text), range).unwrap();
        self.mark_target(target).await
    }

    async fn mark_target(&mut self, target: Target) -> HighlightId {
        let (id, tag) = (HighlightId::new(), self.tag(0));
        self.run(Command::Highlight { id, targets: vec![target], tag }).await;
        id
    }

    fn tag(&self, at: usize) -> TagId {
        tags(&Roots::of(&self.peer.doc), &self.peer.doc.transact())[at].id
    }

    async fn comment(&mut self, highlight: HighlightId, body: &str, parent: Option<CommentId>) -> CommentId {
        let id = CommentId::new();
        self.run(Command::Comment { highlight, id, body: body.to_owned(), parent }).await;
        id
    }

    async fn export(&self, who: &Visitor, format: &str) -> Answer {
        who.get(&format!("{ADDRESS}/{}/export?format={format}", self.talk)).await
    }

    async fn file(&self, format: &str) -> String {
        let answer = self.export(&self.owner, format).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.body
    }
}

/// What is written anew each time, by names that stay.
fn settled(scene: &Scene, file: &str, ids: &[(String, &str)]) -> String {
    let mut file = file.replace(&scene.app.origin(), "http://localhost");
    for (id, name) in ids {
        file = file.replace(id, name);
    }
    file = file.replace(concat!("PromptGrimoire ", env!("CARGO_PKG_VERSION")), "PromptGrimoire VERSION");
    let now = time_of(&file);
    now.map_or(file.clone(), |now| file.replace(&now, "NOW").replace(&now[..10], "TODAY"))
}

/// When a file says that it was made.
fn time_of(file: &str) -> Option<String> {
    let (_, after) =
        file.split_once("\"generated\": \"").or_else(|| file.split_once("As it was on <time datetime=\""))?;
    after.split('"').next().map(str::to_owned)
}

/// Compares with what is kept in `fixtures/export`; `UPDATE_FIXTURES=1` writes it.
fn assert_golden(name: &str, file: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/export").join(name);
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, file).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(file, kept, "{name}: UPDATE_FIXTURES=1 writes what is there now");
}

#[tokio::test]
async fn each_format_holds_what_was_marked_and_said() {
    let mut scene = Scene::new("Whales, \"songs\" & 海", TEXT).await;
    let whales = scene.mark(0, "whales 🐋 sing <b>").await;
    let deep = scene.mark(1, "深い 海で歌う。 👩🏽‍🚀 listens").await;
    let first = scene.comment(whales, "Says **who**?\n\nReally.", None).await;
    let answer = scene.comment(whales, "=HYPERLINK(\"http://evil.example\")", Some(first)).await;
    scene.run(Command::Resolve(deep)).await;
    scene.peer.write("Some notes.").await;
    scene.peer.settle().await;
    let all = scene.owner.get(&format!("{ADDRESS}/{}", scene.talk)).await.json();
    let mut ids = vec![
        (scene.talk.clone(), "TALK"),
        (scene.author.to_string(), "AUTHOR"),
        (whales.to_string(), "WHALES"),
        (deep.to_string(), "DEEP"),
        (first.to_string(), "FIRST"),
        (answer.to_string(), "ANSWER"),
        (scene.tag(0).to_string(), "TAG"),
    ];
    for (at, name) in ["MESSAGE-1", "MESSAGE-2"].into_iter().enumerate() {
        ids.push((all["messages"][at]["id"].as_str().unwrap().to_owned(), name));
    }
    let endings = [("jsonld", "jsonld"), ("csv", "csv"), ("markdown", "md"), ("html", "html")];
    for (format, ending) in endings {
        let answer = scene.export(&scene.owner, format).await;
        let named = answer.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
        assert!(
            named.starts_with("attachment; ") && named.contains(&format!("Whales-songs-%E6%B5%B7.{ending}")),
            "{named}"
        );
        assert!(answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("sandbox"));
        assert_golden(&format!("whales.{ending}"), &settled(&scene, &answer.body, &ids));
    }
}

#[tokio::test]
async fn web_annotations_keep_to_the_model_and_their_positions_lead_to_their_quotes() {
    let mut scene = Scene::new("Whales", TEXT).await;
    for words in ["<b>so</b>", "whales 🐋", "y do whales 🐋 s"] {
        let marked = scene.mark(0, words).await;
        let first = scene.comment(marked, "One.", None).await;
        let second = scene.comment(marked, "Two.", Some(first)).await;
        scene.comment(marked, "Three.", Some(second)).await;
    }
    let last = scene.mark(1, "👩🏽‍🚀 listens").await;
    let gone = scene.comment(last, "Gone.", None).await;
    scene.comment(last, "Stays.", Some(gone)).await;
    scene.run(Command::DeleteComment { highlight: last, id: gone }).await;
    let file: Value = serde_json::from_str(&scene.file("jsonld").await).unwrap();
    web_annotation::check(&file).await;

    let all = scene.owner.get(&format!("{ADDRESS}/{}", scene.talk)).await.json();
    let text = |source: &str| {
        let is_it = |message: &&Value| source.ends_with(message["id"].as_str().unwrap());
        all["messages"].as_array().unwrap().iter().find(is_it).unwrap()["text"].as_str().unwrap().to_owned()
    };
    let items = file["first"]["items"].as_array().unwrap();
    assert_eq!(items.len(), 4 + 6 + 1);
    let mut checked = 0;
    for target in items.iter().filter_map(|item| item["target"].as_array()).flatten() {
        let [position, quote] = &target["selector"].as_array().unwrap()[..] else { panic!("{target}") };
        let at = |key: &str| position[key].as_u64().unwrap() as usize;
        let text = text(target["source"].as_str().unwrap());
        let found: String = text.chars().skip(at("start")).take(at("end") - at("start")).collect();
        assert_eq!(found, quote["exact"].as_str().unwrap());
        checked += 1;
    }
    assert_eq!(checked, 4);
    let stays = items.iter().find(|item| item["body"]["value"] == "Stays.").unwrap();
    assert!(stays["target"].as_str().unwrap().ends_with(&format!("#h={last}")), "what it answered is gone: {stays}");
    assert!(!file.to_string().contains("Gone."));
}

#[tokio::test]
async fn a_passage_that_is_not_where_it_was_marked_is_told_by_its_quote_alone() {
    let mut scene = Scene::new("Whales", TEXT).await;
    let all = scene.owner.get(&format!("{ADDRESS}/{}", scene.talk)).await.json();
    let message: MessageId = all["messages"][0]["id"].as_str().unwrap().parse().unwrap();
    let target = |start, exact: &str| Target {
        message,
        start: CharOffset(start),
        end: CharOffset(start + exact.chars().count() as u32),
        exact: exact.into(),
        prefix: String::new(),
        suffix: String::new(),
        lost: false,
    };
    scene.mark_target(target(1, "whales")).await;
    scene.mark_target(target(2, "nowhere at all")).await;
    let file: Value = serde_json::from_str(&scene.file("jsonld").await).unwrap();
    web_annotation::check(&file).await;
    for item in file["first"]["items"].as_array().unwrap() {
        assert_eq!(item["target"][0]["selector"]["type"], "TextQuoteSelector", "{item}");
    }
    let set = annotation_set::set(&scene).await;
    for item in set["items"].as_array().unwrap() {
        let [fragment] = &item["target"]["selector"].as_array().unwrap()[..] else { panic!("{item}") };
        assert_eq!(fragment["type"], "FragmentSelector");
    }
    let (id, tag) = (HighlightId::new(), scene.tag(0));
    scene.run(Command::Highlight { id, targets: vec![target(3, "whales"), target(2, "nowhere at all")], tag }).await;
    let table = scene.file("csv").await;
    let anchors: Vec<&str> = table.lines().skip(1).map(|line| line.split(',').nth(7).unwrap()).collect();
    assert_eq!(anchors.iter().filter(|anchor| **anchor == "moved").count(), 1, "{anchors:?}");
    assert_eq!(anchors.iter().filter(|anchor| **anchor == "lost").count(), 2, "the worst of several: {anchors:?}");
    assert!(scene.file("markdown").await.contains("## Without a place"));
    assert!(scene.file("html").await.contains("<h2>Without a place</h2>"));
}

#[tokio::test]
async fn hostile_words_are_words_in_every_format() {
    const HOSTILE: &str = "</style></mark><script>alert(1)</script><img src=x onerror=alert(1)> \" ' `";
    let mut scene =
        Scene::new(HOSTILE, &format!("# {HOSTILE}\n\n[x](javascript:alert(1)) words to mark {HOSTILE}")).await;
    let tag = TagId::new();
    scene.run(Command::NewTag { id: tag, name: HOSTILE.to_owned(), colour: "#123456".to_owned() }).await;
    let marked = scene.mark(0, "words to mark </style>").await;
    scene.run(Command::AddTag(marked, tag)).await;
    scene.comment(marked, &format!("{HOSTILE}\n\n[x](javascript:alert(1))\n\n```\nopen"), None).await;
    for body in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\n\n=1"] {
        scene.comment(marked, body, None).await;
    }
    scene.peer.write(HOSTILE).await;
    scene.peer.settle().await;

    let page = scene.file("html").await;
    let lower = page.to_lowercase();
    assert!(!lower.contains("<script") && !lower.contains("<img") && !lower.contains("href=\"javascript"), "{page}");
    assert_eq!(lower.matches("</style>").count(), 1);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    let policy = page.split("Content-Security-Policy\" content=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");

    let table = scene.file("csv").await;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let lines: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(lines.len(), 8);
    for cell in lines.iter().flatten() {
        assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell}");
    }

    let markdown = scene.file("markdown").await;
    let rendered = render(&markdown).html;
    assert!(rendered.contains("<h4 dir=\"auto\">Notes</h4>"), "nothing that was left open takes it in: {markdown}");
    web_annotation::check(&serde_json::from_str(&scene.file("jsonld").await).unwrap()).await;
}

#[tokio::test]
async fn the_page_to_read_marks_the_text_itself() {
    let mut scene = Scene::new("Whales", "One **two** [three](https://example.org) four & five").await;
    scene.mark(0, "two three four").await;
    scene.mark(0, "three").await;
    let page = scene.file("html").await;
    let text = page.split("<div class=\"text\">").nth(1).unwrap().split("</div>").next().unwrap();
    assert_eq!(
        text,
        "<p dir=\"auto\">One <strong><mark id=\"h1\" class=\"t0\">two</mark></strong><mark class=\"t0\"> </mark>\
         <a href=\"https://example.org\" rel=\"noopener noreferrer nofollow\"><mark id=\"h2\" class=\"t0 more\">three</mark><sup>2</sup></a>\
         <mark class=\"t0\"> four</mark><sup><a href=\"#n1\">1</a></sup> &amp; five</p>"
    );
    assert!(page.contains("<li id=\"n1\" class=\"t0\">") && page.contains("<q dir=\"auto\">three</q>"));
}

#[tokio::test]
async fn in_an_anonymous_conversation_files_name_people_as_the_page_does() {
    let app = TestApp::start().await;
    let [ann, ben, olga] =
        [app.person("student-1").await, app.person("student-2").await, app.person("instructor").await];
    let body = json!({"title": "A talk", "text": "Some words to mark.", "share": "class", "anonymous": true});
    let talk = ann.post(ADDRESS, body).await.json()["id"].as_str().unwrap().to_owned();
    let read = async |who: &Visitor| who.get(&format!("{ADDRESS}/{talk}")).await.json();
    let (of_ann, _, _) = (read(&ann).await, read(&ben).await, read(&olga).await);
    let alias = of_ann["author_id"].as_str().unwrap().to_owned();
    let seen_as = of_ann["anonymity"]["seen_as"].as_str().unwrap().to_owned();
    let peer = ann.sync(&talk).await;
    let mut scene = Scene { app, owner: ann, author: alias.parse().unwrap(), talk, peer };
    scene.peer.settle().await;
    let marked = scene.mark(0, "words").await;
    let mention = shared::prose::mention("Demo Student 1", scene.author);
    scene.comment(marked, &format!("I am {mention}."), None).await;
    let author = scene.author;
    scene
        .peer
        .edit(|doc: &Doc| {
            doc.get_or_insert_text(format!("response:{author}")).insert(&mut doc.transact_mut(), 0, "Yes.")
        })
        .await;
    scene.peer.settle().await;

    let user = scene.owner.id().await;
    for format in ["jsonld", "csv", "markdown", "html", "docx", "annotations"] {
        let to_ben = words(&ben, &scene.talk, format).await;
        for secret in [&*user, "Demo Student 1", "student-1@"] {
            assert!(!to_ben.contains(secret), "{format} tells {secret}: {to_ben}");
        }
        assert!(to_ben.contains(&seen_as), "{format}: {to_ben}");
        let to_olga = words(&olga, &scene.talk, format).await;
        assert!(to_olga.contains("Demo Student 1") && !to_olga.contains(&user), "{format}: {to_olga}");
        if format == "jsonld" {
            let nickname = format!("\"nickname\": \"{seen_as}\"");
            assert!(to_olga.replace("\":\"", "\": \"").contains(&nickname), "what the others call them: {to_olga}");
        }
    }
}

/// All that a file says, also one that is a zip.
pub async fn words(who: &Visitor, talk: &str, format: &str) -> String {
    let bytes = docx::file(who, talk, format).await;
    let Ok(mut zip) = zip::ZipArchive::new(std::io::Cursor::new(&bytes)) else {
        return String::from_utf8(bytes).unwrap();
    };
    let mut words = Vec::new();
    for index in 0..zip.len() {
        std::io::Read::read_to_end(&mut zip.by_index(index).unwrap(), &mut words).unwrap();
    }
    // Of a bundle the document is bytes.
    String::from_utf8_lossy(&words).into_owned()
}

#[tokio::test]
async fn a_protected_text_is_exported_by_its_owner_and_staff_alone() {
    let scene = Scene::new("Whales", TEXT).await;
    let (peer, staff) = (scene.app.person("student-2").await, scene.app.person("instructor").await);
    let path = format!("{ADDRESS}/{}/sharing/protection", scene.talk);
    scene.owner.change(Method::PUT, &path, json!({"copy_protected": true})).await;
    for (who, status) in [(&scene.owner, 200), (&staff, 200), (&peer, 403)] {
        assert_eq!(scene.export(who, "html").await.status.as_u16(), status);
    }
    let refused = scene.export(&scene.owner, "exe").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
}
