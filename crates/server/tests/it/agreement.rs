//! How far people agree: the figures of the paper and of DKPro Statistics, who counts, who learns them, and what is in the
//! table. That any study has DKPro's figures stands beside the code that reckons (`shared::agreement`).

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use shared::{
    access::Access,
    document::{Command, Roots, execute, tags},
    ids::{HighlightId, MessageId, TagId, UserId},
    rules::Sender,
    selector::Target,
    text::{CharOffset, OffsetMap},
};
use std::ops::Range;
use yrs::Transact;

use crate::{
    activities::{activity, class_and_template, copy, create, run, synced},
    export::words,
    rooms_support::{Peer, until},
    support::{
        counting,
        test_app::{Answer, TestApp, Visitor, assert_problem},
    },
};

const ADDRESS: &str = "/api/v1/conversations";

/// What both of the paper's observers marked with `c` and with `k`, on a continuum of 300 (there it begins at 150).
const FIRST: [(usize, Range<u32>); 4] = [(0, 75..145), (0, 220..250), (1, 30..90), (1, 150..200)];
const SECOND: [(usize, Range<u32>); 5] = [(0, 70..150), (0, 205..225), (0, 250..270), (1, 30..90), (1, 150..200)];

/// Somebody who marks.
struct Coder<'a> {
    visitor: &'a Visitor,
    talk: String,
    author: UserId,
    messages: Vec<(MessageId, String)>,
    peer: Peer,
}

impl<'a> Coder<'a> {
    async fn of(visitor: &'a Visitor, talk: &str) -> Self {
        let read = visitor.get(&format!("{ADDRESS}/{talk}")).await.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let messages = read["messages"].as_array().unwrap().iter();
        Self {
            visitor,
            talk: talk.to_owned(),
            author: text(&read["author_id"]).parse().unwrap(),
            messages: messages.map(|one| (text(&one["id"]).parse().unwrap(), text(&one["text"]))).collect(),
            peer: synced(visitor, talk).await,
        }
    }

    fn tag(&self, at: usize) -> TagId {
        tags(&Roots::of(&self.peer.doc), &self.peer.doc.transact())[at].id
    }

    fn target(&self, message: usize, range: Range<u32>) -> Target {
        let (id, text) = &self.messages[message];
        Target::describe(*id, text, &OffsetMap::new(text), CharOffset(range.start)..CharOffset(range.end)).unwrap()
    }

    async fn run(&mut self, command: Command) {
        let sender = Sender { author: self.author, access: Access::Editor, moderates: false };
        self.peer
            .edit(|doc| {
                let roots = Roots::of(doc);
                execute(&roots, &mut doc.transact_mut(), &sender, 1_700_000_000_000, command).unwrap();
            })
            .await;
        self.peer.settle().await;
        assert_eq!(self.peer.refused, []);
    }

    async fn mark_targets(&mut self, tag: usize, targets: Vec<Target>) -> HighlightId {
        let (id, tag) = (HighlightId::new(), self.tag(tag));
        self.run(Command::Highlight { id, targets, tag }).await;
        id
    }

    /// Of the first message.
    async fn mark(&mut self, tag: usize, range: Range<u32>) -> HighlightId {
        let target = self.target(0, range);
        self.mark_targets(tag, vec![target]).await
    }

    async fn mark_all(&mut self, marks: &[(usize, Range<u32>)]) {
        for (tag, range) in marks {
            self.mark(*tag, range.clone()).await;
        }
    }

    async fn agreement(&self) -> Value {
        ok(self.visitor.get(&format!("{ADDRESS}/{}/agreement", self.talk)).await).json()
    }
}

#[track_caller]
fn ok(answer: Answer) -> Answer {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer
}

#[track_caller]
fn assert_near(found: &Value, expected: f64) {
    let near = found.as_f64().is_some_and(|found| (found - expected).abs() < 1e-9);
    assert!(near, "{found}, not {expected}");
}

/// A text of three hundred letters.
fn letters() -> String {
    "abcdefghij".repeat(30)
}

fn names(agreement: &Value) -> Vec<&str> {
    agreement["people"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

/// A line of the table, by the names of its columns.
type Cell<'a> = dyn Fn(&str) -> String + 'a;

#[tokio::test]
async fn two_people_have_the_figures_of_the_paper_and_whoever_marks_something_counts_for_all_tags() {
    let app = TestApp::start().await;
    let [ann, ben, olga] =
        [app.person("student-1").await, app.person("student-2").await, app.person("instructor").await];
    let talk = ann.conversation("Whales", &letters(), "class").await;
    let [mut one, mut two, mut three] =
        [Coder::of(&ann, &talk).await, Coder::of(&ben, &talk).await, Coder::of(&olga, &talk).await];
    let (c, k) = (one.tag(0), one.tag(1));

    // Nobody, and one alone.
    let found = one.agreement().await;
    assert_eq!((&found["coders"], &found["alpha"], &found["people"]), (&json!(0), &Value::Null, &json!([])));
    one.mark_all(&FIRST).await;
    let found = one.agreement().await;
    assert_eq!((&found["coders"], &found["alpha"]), (&json!(1), &Value::Null));
    assert_eq!((&found["tags"][0]["units"], &found["tags"][0]["alpha"]), (&json!(2), &Value::Null));
    assert_eq!((&found["tags"][0]["pairs"], &found["tags"][0]["passages"]), (&json!([]), &json!([])));

    two.mark_all(&SECOND).await;
    let found = three.agreement().await;
    assert_eq!((&found["coders"], &found["length"], &found["without_place"]), (&json!(2), &json!(300), &json!(0)));
    assert_eq!(names(&found), ["Demo Student 1", "Demo Student 2"]);
    assert_eq!((&found["people"][0]["highlights"], &found["people"][1]["highlights"]), (&json!(4), &json!(5)));
    let (of_c, of_k) = (&found["tags"][0], &found["tags"][1]);
    assert_eq!((&of_c["id"], &of_k["id"]), (&json!(c), &json!(k)));
    // By DKPro Statistics; the paper has 0.7286, 1 and 0.8591, rounded on the way.
    assert_near(&of_c["alpha"], 0.728_598_996_805_389);
    assert_near(&of_k["alpha"], 1.0);
    assert_near(&found["alpha"], 0.858_665_405_184_170_2);
    assert_eq!((&of_c["units"], &of_c["coders"], &of_k["units"]), (&json!(5), &json!(2), &json!(4)));
    let pair = &of_c["pairs"][0];
    assert_eq!((&pair["people"], &pair["units"]), (&json!([one.author, two.author]), &json!([2, 3])));
    assert_near(&pair["alpha"], 0.728_598_996_805_389);
    // 70 and 5 code points of 100 and of 120 are shared.
    assert_near(&pair["f1"], 150.0 / 220.0);
    assert_near(&of_k["pairs"][0]["f1"], 1.0);
    // 45 code points, of each in part; 15, 5 and 5 of the second.
    let places = |tag: &Value| -> Vec<(u64, u64, usize)> {
        let all = tag["passages"].as_array().unwrap().iter();
        all.map(|one| {
            (
                one["start"].as_u64().unwrap(),
                one["end"].as_u64().unwrap(),
                one["not_marked_by"].as_array().unwrap().len(),
            )
        })
        .collect()
    };
    assert_eq!(places(of_c), [(225, 270, 0), (205, 220, 1), (70, 75, 1), (145, 150, 1)]);
    assert_eq!((of_c["passages"][2]["quote"].as_str(), &of_c["passages"][2]["marked"]), (Some("abcde"), &json!(1)));
    assert_eq!(of_c["passages"][2]["not_marked_by"], json!([one.author]));
    assert_eq!(of_c["passages"][2]["marked_by"][0]["person"], json!(two.author));
    assert_eq!(places(of_k), []);

    // What is deleted again is as if it had never been; what stays makes a third who says that there is no `c`.
    let gone = three.mark(0, 0..300).await;
    three.run(Command::Delete(gone)).await;
    assert_eq!(one.agreement().await, found);
    three.mark(2, 10..35).await;
    let found = one.agreement().await;
    assert_eq!((&found["coders"], &found["tags"][0]["coders"]), (&json!(3), &json!(2)));
    assert_near(&found["tags"][0]["alpha"], -0.094_110_159_525_160_11);
    assert_near(&found["tags"][1]["alpha"], 0.025_243_978_078_558_16);
    assert_near(&found["tags"][2]["alpha"], -0.132_828_919_714_165_67);
    assert_near(&found["alpha"], -0.039_739_922_915_219_77);
    let of_c = &found["tags"][0]["pairs"];
    let with = |one: UserId, other: UserId| {
        let both = |pair: &&Value| pair["people"] == json!([one, other]) || pair["people"] == json!([other, one]);
        of_c.as_array().unwrap().iter().find(both).unwrap().clone()
    };
    assert_near(&with(one.author, two.author)["alpha"], 0.728_598_996_805_389);
    assert_near(&with(one.author, three.author)["alpha"], -0.923_869_007_427_414_1);
    assert_near(&with(two.author, three.author)["alpha"], -0.752_777_685_648_900_4);
    assert_near(&with(two.author, three.author)["f1"], 0.0);
    let neither = &found["tags"][2]["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|pair| pair["units"] == json!([0, 0]))
        .unwrap()
        .clone();
    assert_eq!((&neither["alpha"], &neither["f1"]), (&Value::Null, &Value::Null));

    // One tag alone.
    let alone = ok(ann.get(&format!("{ADDRESS}/{talk}/agreement?tag={k}")).await).json();
    assert_eq!((&alone["tags"][0]["pairs"], &alone["tags"][0]["passages"]), (&json!([]), &json!([])));
    assert_eq!((&alone["tags"][0]["alpha"], &alone["tags"][1]), (&found["tags"][0]["alpha"], &found["tags"][1]));
    let other = ann.get(&format!("{ADDRESS}/{talk}/agreement?tag={}", TagId::new())).await;
    assert_problem(&other, 400, "no_such_tag");
    assert_eq!(ann.get(&format!("{ADDRESS}/{talk}/agreement?tag=c")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn nobody_marks_what_is_between_two_messages_and_what_has_no_place_does_not_count() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("student-1").await, app.person("student-2").await);
    let text = format!("User: {}\n\nAssistant: {}", &letters()[..40], &letters()[..59]);
    let talk = ann.conversation("Whales", &text, "class").await;
    let (mut one, mut two) = (Coder::of(&ann, &talk).await, Coder::of(&ben, &talk).await);
    let both = vec![one.target(0, 30..40), one.target(1, 0..20)];
    one.mark_targets(0, both).await;
    two.mark(0, 35..40).await;
    let found = one.agreement().await;
    assert_eq!((&found["length"], &found["tags"][0]["units"]), (&json!(100), &json!(3)));
    assert_near(&found["alpha"], -0.329_308_561_425_843_5);
    let passages = found["tags"][0]["passages"].as_array().unwrap();
    let place =
        |at: usize| (passages[at]["number"].clone(), passages[at]["start"].clone(), passages[at]["end"].clone());
    assert_eq!(
        (place(0), place(1), passages.len()),
        ((json!(2), json!(0), json!(20)), (json!(1), json!(30), json!(35)), 2)
    );
    assert_eq!(passages[0]["message"], json!(one.messages[1].0));

    // Nothing of what the second marked is there any more.
    run(&app, "update messages set text = 'Something else.' where position = 0").await;
    let found = one.agreement().await;
    assert_eq!((&found["coders"], &found["without_place"], &found["alpha"]), (&json!(1), &json!(1), &Value::Null));
    assert_eq!(found["tags"][0]["units"], json!(1));
}

#[tokio::test]
async fn the_table_holds_all_figures_and_no_formula() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("student-1").await, app.person("student-2").await);
    let talk = ann.conversation("Whales & songs", &letters(), "class").await;
    let (mut one, mut two) = (Coder::of(&ann, &talk).await, Coder::of(&ben, &talk).await);
    let evil = TagId::new();
    one.run(Command::NewTag { id: evil, name: "=1+1".to_owned(), colour: "#123456".to_owned() }).await;
    one.mark_all(&FIRST).await;
    two.mark_all(&SECOND).await;
    let marked = one.mark(2, 0..10).await;
    one.run(Command::AddTag(marked, evil)).await;
    let answer = ok(ben.get(&format!("{ADDRESS}/{talk}/agreement.csv")).await);
    let named = answer.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(named.contains("Whales-songs-agreement.csv"), "{named}");
    let mut reader = csv::Reader::from_reader(answer.body.as_bytes());
    let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let lines: Vec<Vec<String>> =
        reader.records().map(|line| line.unwrap().iter().map(str::to_owned).collect()).collect();
    let cells = |of: &dyn Fn(&Cell<'_>) -> bool, wanted: &[&str]| -> Vec<Vec<String>> {
        let line = |line: &Vec<String>| {
            let cell = |name: &str| line[columns.iter().position(|column| column == name).unwrap()].clone();
            of(&cell).then(|| wanted.iter().map(|name| cell(name)).collect())
        };
        lines.iter().filter_map(line).collect()
    };
    let (c, e) = (one.tag(0), one.tag(2));
    let of = |kind: &'static str, tag: TagId| {
        move |cell: &Cell<'_>| cell("row") == kind && cell("tag_id") == tag.to_string()
    };
    assert_eq!(cells(&|cell| cell("row") == "tag" && cell("tag_id").is_empty(), &["units", "people"]), [["11", "2"]]);
    let agreement = one.agreement().await;
    let alpha = |tag: usize| agreement["tags"][tag]["alpha"].as_f64().unwrap();
    let figures = cells(&of("tag", c), &["units", "people", "alpha", "f1"]);
    assert_eq!(figures, [["5", "2", &alpha(0).to_string(), ""]]);
    let pair = cells(&of("pair", c), &["person", "units", "other", "other_units", "f1", "other_id"]);
    let f1 = (150.0_f64 / 220.0).to_string();
    assert_eq!(pair, [["Demo Student 1", "2", "Demo Student 2", "3", &f1, &two.author.to_string()]]);
    let passages = cells(&of("passage", c), &["start", "end", "quote", "people", "marked_by", "not_marked_by"]);
    assert_eq!(passages.len(), 4);
    assert_eq!(passages[2], ["70", "75", "abcde", "1", "Demo Student 2", "Demo Student 1"]);
    assert_eq!(passages[0][4..], ["Demo Student 1; Demo Student 2", ""]);
    // A number below 0 is a number, and a tag's name is none.
    let below = cells(&of("tag", e), &["alpha"]);
    assert!(below[0][0].parse::<f64>().unwrap() < 0.0, "{below:?}");
    assert!(answer.body.contains("'=1+1") && !answer.body.contains(",=1+1"), "{}", answer.body);
}

#[tokio::test]
async fn a_protected_text_is_reckoned_with_and_is_no_table() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("student-1").await, app.person("student-2").await);
    let talk = ann.conversation("Whales", &letters(), "class").await;
    let path = format!("{ADDRESS}/{talk}/sharing/protection");
    assert_eq!(ann.change(Method::PUT, &path, json!({"copy_protected": true})).await.status, StatusCode::NO_CONTENT);
    ok(ben.get(&format!("{ADDRESS}/{talk}/agreement")).await);
    assert_eq!(ben.get(&format!("{ADDRESS}/{talk}/agreement.csv")).await.status, StatusCode::FORBIDDEN);
    ok(ann.get(&format!("{ADDRESS}/{talk}/agreement.csv")).await);
    let page = ok(ben.get(&format!("/c/{talk}/agreement")).await).body;
    assert!(page.contains("data-protected") && !page.contains("agreement.csv"), "{page}");
}

#[tokio::test]
async fn files_that_people_read_tell_what_the_page_tells() {
    let app = TestApp::start().await;
    let (ann, ben) = (app.person("student-1").await, app.person("student-2").await);
    let talk = ann.conversation("Whales", &letters(), "class").await;
    let (mut one, mut two) = (Coder::of(&ann, &talk).await, Coder::of(&ben, &talk).await);
    let formats = ["markdown", "html", "docx", "jsonld", "csv", "annotations", "bundle"];
    let files = async || {
        let mut files = Vec::new();
        for format in formats {
            files.push(words(&ann, &talk, format).await);
        }
        files
    };
    one.mark_all(&FIRST).await;
    for (format, file) in formats.iter().zip(files().await) {
        assert!(!file.contains("Krippendorff"), "{format}: nobody to agree with: {file}");
    }
    two.mark_all(&SECOND).await;
    let [markdown, html, docx, others @ ..] = &files().await[..] else { panic!("a file for each") };
    let (_, section) = markdown.split_once("\n## Agreement\n").expect(markdown);
    for line in [
        "2 people marked something here.",
        "| Claim | 0.73 | 5 | 2 |",
        "| *All tags together* | 0.86 | 9 | 2 |",
        "| Claim | Demo Student 1 and Demo Student 2 | 0.73 | 0.68 | 2 and 3 |",
        "\n**Claim**, message 1, marked by 1 of 2: Demo Student 2. Not by Demo Student 1.\n\n> abcde\n",
        "**Claim**, message 1, marked by 2 of 2: Demo Student 1, Demo Student 2. Each of them marked a part of it",
    ] {
        assert!(section.contains(line), "{line}: {section}");
    }
    assert_eq!(section.matches("\n> ").count(), 4, "the passages of the page: {section}");
    for file in [html, docx] {
        let section = &file[file.find(">Agreement<").expect("a heading")..];
        for words in ["0.73", "0.68", "0.86", ">abcde<", "message 1, marked by 1 of 2: ", ">Demo Student 2<"] {
            assert!(section.contains(words), "{words}: {section}");
        }
    }
    for file in others {
        assert!(!file.contains("Krippendorff") && !file.contains("0.7285") && !file.contains("0.73"), "{file}");
    }
}

#[tokio::test]
async fn in_an_anonymous_conversation_peers_find_pseudonyms_and_staff_names() {
    let app = TestApp::start().await;
    let [ann, ben, olga] =
        [app.person("student-1").await, app.person("student-2").await, app.person("instructor").await];
    let body = json!({"title": "A talk", "text": letters(), "share": "class", "anonymous": true});
    let talk = ann.post(ADDRESS, body).await.json()["id"].as_str().unwrap().to_owned();
    let (mut one, mut two) = (Coder::of(&ann, &talk).await, Coder::of(&ben, &talk).await);
    one.mark_all(&FIRST).await;
    two.mark_all(&SECOND).await;
    let seen_as = async |who: &Visitor| {
        let read = who.get(&format!("{ADDRESS}/{talk}")).await.json();
        read["anonymity"]["seen_as"].as_str().unwrap().to_owned()
    };
    let pseudonym = seen_as(&ann).await;
    let me = ann.get("/api/v1/me").await.json();
    let secrets = ["id", "name", "email"].map(|key| me[key].as_str().unwrap().to_owned());
    for path in [
        format!("{ADDRESS}/{talk}/agreement"),
        format!("{ADDRESS}/{talk}/agreement.csv"),
        format!("/c/{talk}/agreement"),
        format!("/c/{talk}/agreement?tag={}", one.tag(0)),
        format!("{ADDRESS}/{talk}/export?format=markdown"),
        format!("{ADDRESS}/{talk}/export?format=html"),
    ] {
        let of_peer = ok(ben.get(&path).await).body;
        assert!(!path.contains("export") || of_peer.contains("0.73"), "{path}: {of_peer}");
        for secret in &secrets {
            assert!(!of_peer.contains(secret.as_str()), "{path} tells {secret}: {of_peer}");
        }
        assert!(of_peer.contains(&pseudonym), "{path}: {of_peer}");
        let of_staff = ok(olga.get(&path).await).body;
        assert!(of_staff.contains(&secrets[1]) && !of_staff.contains(&secrets[0]), "{path}: {of_staff}");
    }
    assert_eq!(two.agreement().await["people"].as_array().unwrap().len(), 2);
}

/// An activity over three hundred letters, of which the teacher marked the first in the template.
async fn task(teacher: &Visitor, mode: &str, anonymous: bool) -> String {
    let (class, _) = class_and_template(teacher).await;
    let template = teacher.conversation("A template", &letters(), "none").await;
    Coder::of(teacher, &template).await.mark(0, 0..200).await;
    if anonymous {
        let settings = json!({"title": "Blind", "template": template, "mode": mode, "anonymous": true});
        let made = create(teacher, &class, settings).await;
        return format!("/api/v1/activities/{}", made.json()["id"].as_str().unwrap());
    }
    activity(teacher, &class, &template, mode).await
}

#[tokio::test]
async fn the_copies_of_an_activity_are_one_text_and_each_is_its_persons() {
    for anonymous in [false, true] {
        let app = TestApp::start().await;
        let [ann, ben, olga] =
            [app.person("student-1").await, app.person("student-2").await, app.person("instructor").await];
        let path = task(&olga, "individual", anonymous).await;
        let found = ok(olga.get(&format!("{path}/agreement")).await).json();
        assert_eq!((&found["coders"], &found["length"]), (&json!(0), &json!(0)), "nobody has started");
        let [of_ann, of_ben] = [copy(&ann, &path).await, copy(&ben, &path).await];
        let (mut one, mut two) = (Coder::of(&ann, &of_ann).await, Coder::of(&ben, &of_ben).await);
        one.mark_all(&FIRST).await;
        two.mark_all(&SECOND).await;
        // The teacher looks at a copy and points at something: that is no reading of the text.
        Coder::of(&olga, &of_ann).await.mark(0, 0..300).await;

        let found = ok(olga.get(&format!("{path}/agreement")).await).json();
        assert_eq!((&found["coders"], &found["length"]), (&json!(2), &json!(300)));
        assert_eq!(names(&found), ["Demo Student 1", "Demo Student 2"], "anonymous: {anonymous}");
        assert_eq!(found["people"][0]["id"], json!(ann.id().await));
        assert_near(&found["tags"][0]["alpha"], 0.728_598_996_805_389);
        assert_near(&found["alpha"], 0.858_665_405_184_170_2);
        let passage = &found["tags"][0]["passages"][1];
        assert_eq!((&passage["start"], &passage["marked_by"][0]["conversation"]), (&json!(205), &json!(of_ben)));
        assert_eq!(passage["not_marked_by"], json!([ann.id().await]));
        let table = ok(olga.get(&format!("{path}/agreement.csv")).await);
        assert!(table.body.contains("Demo Student 2"), "{}", table.body);
        for part in ["agreement", "agreement.csv"] {
            assert_eq!(ann.get(&format!("{path}/{part}")).await.status, StatusCode::FORBIDDEN);
        }
        let asked = olga.request(Method::GET, &format!("{path}/export?format=markdown"));
        let zip = asked.send().await.unwrap().bytes().await.unwrap();
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
        let mut told = String::new();
        std::io::Read::read_to_string(&mut zip.by_name("Agreement.md").unwrap(), &mut told).unwrap();
        assert!(told.contains("| Claim | Demo Student 1 and Demo Student 2 | 0.73 | 0.68 | 2 and 3 |"), "{told}");
        assert!(told.contains("| *All tags together* | 0.86 | 9 | 2 |"), "staff who point at something: {told}");
        let page = path.trim_start_matches("/api/v1");
        let page = ok(olga.get(&format!("{page}/agreement")).await).body;
        assert!(page.contains("0.73") && page.contains(&format!("/c/{of_ben}#h=")), "{page}");

        // The same is a tag of one copy, which only its person can use.
        two.run(Command::NewTag { id: TagId::new(), name: "Own".to_owned(), colour: "#123456".to_owned() }).await;
        let last = tags(&Roots::of(&two.peer.doc), &two.peer.doc.transact()).len() - 1;
        two.mark(last, 0..10).await;
        let found = ok(olga.get(&format!("{path}/agreement")).await).json();
        let own = found["tags"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&own["name"], &own["coders"]), (&json!("Own"), &json!(1)));
        // Who makes one that is called the same speaks of the same.
        one.run(Command::NewTag { id: TagId::new(), name: "own".to_owned(), colour: "#654321".to_owned() }).await;
        let last = tags(&Roots::of(&one.peer.doc), &one.peer.doc.transact()).len() - 1;
        one.mark(last, 0..10).await;
        let found = ok(olga.get(&format!("{path}/agreement")).await).json();
        let all = found["tags"].as_array().unwrap();
        assert_eq!(all.iter().filter(|tag| tag["name"].as_str().unwrap().to_lowercase() == "own").count(), 1);
        assert_eq!((&all.last().unwrap()["coders"], &all.last().unwrap()["alpha"]), (&json!(2), &json!(1.0)));
    }
}

#[tokio::test]
async fn in_a_room_of_all_everybody_who_marked_counts_and_what_was_there_from_the_start_is_nobodys() {
    let app = TestApp::start().await;
    let [ann, ben, olga] =
        [app.person("student-1").await, app.person("student-2").await, app.person("instructor").await];
    let path = task(&olga, "together", false).await;
    let room = copy(&ann, &path).await;
    let (mut one, mut two) = (Coder::of(&ann, &room).await, Coder::of(&ben, &room).await);
    one.mark_all(&FIRST).await;
    two.mark_all(&SECOND).await;
    let found = ok(olga.get(&format!("{path}/agreement")).await).json();
    assert_eq!(names(&found), ["Demo Student 1", "Demo Student 2"]);
    assert_near(&found["tags"][0]["alpha"], 0.728_598_996_805_389);
    let mut three = Coder::of(&olga, &room).await;
    three.mark(2, 10..35).await;
    let found = ok(olga.get(&format!("{path}/agreement")).await).json();
    assert_near(&found["tags"][0]["alpha"], -0.094_110_159_525_160_11);
    // So it is where the room is looked at by itself, and in what is taken away of it.
    let found = one.agreement().await;
    assert_eq!((&found["coders"], &found["tags"][0]["coders"]), (&json!(3), &json!(2)));
    assert_near(&found["tags"][0]["alpha"], -0.094_110_159_525_160_11);
    let file = ok(ann.get(&format!("/api/v1/conversations/{room}/export?format=markdown")).await).body;
    assert!(
        file.contains("## Agreement") && file.contains("| Claim | Demo Student 1 and Demo Student 2 | 0.73 |"),
        "{file}"
    );
}

#[tokio::test]
async fn an_administrator_of_the_site_sees_nobodys_work() {
    let app = TestApp::start().await;
    let (olga, mut ada) = (app.person("instructor").await, app.newcomer("Ada").await);
    let path = task(&olga, "individual", false).await;
    run(&app, "update users set is_admin = true where name = 'Ada'").await;
    ok(ada.get(&format!("{path}/overview")).await);
    for part in ["agreement", "agreement.csv"] {
        assert_eq!(ada.get(&format!("{path}/{part}")).await.status, StatusCode::FORBIDDEN);
    }
    ada.sign_in("instructor").await;
    ok(ada.get(&format!("{path}/agreement")).await);
}

#[tokio::test]
async fn more_copies_and_more_marks_cost_no_more_questions() {
    counting::listen();
    let app = TestApp::start().await;
    let [ann, ben, olga] =
        [app.person("student-1").await, app.person("student-2").await, app.person("instructor").await];
    let path = task(&olga, "individual", false).await;
    let of_ann = copy(&ann, &path).await;
    Coder::of(&ann, &of_ann).await.mark(0, 0..10).await;
    let ask = async || {
        let (answer, queries) = counting::queries(olga.get(&format!("{path}/agreement"))).await;
        ok(answer);
        queries
    };
    // What a room does when its people have left may be counted too, and ends.
    let mut before = usize::MAX;
    for _ in 0..3 {
        before = before.min(ask().await);
    }
    let of_ben = copy(&ben, &path).await;
    Coder::of(&ben, &of_ben).await.mark_all(&SECOND).await;
    copy(&olga, &path).await;
    until(async || ask().await <= before).await;
}
