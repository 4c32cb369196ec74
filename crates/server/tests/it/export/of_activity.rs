//! What people did in an activity, as files: who gets them, and that they hold every copy as the overview names it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read},
};

use serde_json::{Value, json};
use zip::ZipArchive;

use super::{docx::read_by, web_annotation};
use crate::{
    activities::{activity, class_and_template, comment, copy, mark, run, synced},
    rooms_support::until,
    support::test_app::{TestApp, Visitor},
};

struct Task {
    app: TestApp,
    instructor: Visitor,
    ann: Visitor,
    path: String,
}

impl Task {
    /// Two students with a highlight and a comment each.
    async fn new() -> Self {
        let app = TestApp::start().await;
        let (instructor, ann, ben) =
            (app.person("instructor").await, app.person("student-1").await, app.person("student-2").await);
        let (class, template) = class_and_template(&instructor).await;
        let path = activity(&instructor, &class, &template, "individual").await;
        for who in [&ann, &ben] {
            let talk = copy(who, &path).await;
            let (mut peer, me) = (synced(who, &talk).await, who.id().await.parse().unwrap());
            let marked = mark(who, &mut peer, &talk).await;
            peer.edit(|doc| drop(comment(doc, &marked, me, None))).await;
            peer.settle().await;
            assert!(peer.refused.is_empty(), "{:?}", peer.refused);
        }
        Self { app, instructor, ann, path }
    }

    async fn bytes(&self, who: &Visitor, format: &str) -> Vec<u8> {
        let asked = who.request(reqwest::Method::GET, &format!("{}/export?format={format}", self.path));
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{format}");
        answer.bytes().await.unwrap().to_vec()
    }
}

fn unzipped(bytes: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = zip.len();
    let part = |index| {
        let mut entry = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(part).collect()
}

#[tokio::test]
async fn staff_take_every_copy_away_in_every_format() {
    let task = Task::new().await;
    let table = String::from_utf8(task.bytes(&task.instructor, "csv").await).unwrap();
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let copies: Vec<String> = reader.records().map(|line| line.unwrap()[1].to_owned()).collect();
    assert_eq!(copies, ["Demo Student 1", "Demo Student 2"]);
    let all: Value = serde_json::from_slice(&task.bytes(&task.instructor, "jsonld").await).unwrap();
    web_annotation::check(&all).await;
    assert_eq!((&all["label"], &all["total"]), (&"Close reading".into(), &2.into()));
    for (format, ending) in
        [("docx", "docx"), ("html", "html"), ("markdown", "md"), ("annotations", "annotations"), ("bundle", "grimoire")]
    {
        let files = unzipped(task.bytes(&task.instructor, format).await);
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        let copies = [1, 2].map(|number| format!("Demo-Student-{number}.{ending}"));
        // What people read tells how far they agree.
        let agreement = ["docx", "html", "markdown"].contains(&format).then(|| format!("Agreement.{ending}"));
        assert_eq!(names, agreement.into_iter().chain(copies).collect::<Vec<_>>());
        if format == "docx" {
            let read = read_by("read_docx.py", "of-activity", &files["Demo-Student-2.docx"]).await;
            let authors: Vec<&str> =
                read["comments"].as_array().unwrap().iter().map(|one| one["author"].as_str().unwrap()).collect();
            assert_eq!(authors, ["Demo Student 2", "Demo Student 2"]);
            let read = read_by("read_docx.py", "agreement-of-activity", &files["Agreement.docx"]).await;
            assert_eq!(read["comments"], json!([]));
            assert!(read.to_string().contains("Krippendorff"), "{read}");
        }
    }
    assert_eq!(task.ann.get(&format!("{}/export", task.path)).await.status.as_u16(), 403);
    let ada = task.app.newcomer("Ada").await;
    run(&task.app, "update users set is_admin = true where name = 'Ada'").await;
    let overview = ada.get(&format!("{}/overview", task.path)).await;
    assert_eq!(overview.status.as_u16(), 200, "who runs the site sees that there is something");
    assert_eq!(ada.get(&format!("{}/export", task.path)).await.status.as_u16(), 403, "and not what");
}

#[tokio::test]
async fn the_file_of_a_single_copy_is_named_by_whose_it_is() {
    let task = Task::new().await;
    let overview = task.instructor.get(&format!("{}/overview", task.path)).await.json();
    let copies: Vec<&str> =
        overview["copies"].as_array().unwrap().iter().map(|copy| copy["id"].as_str().unwrap()).collect();
    let named = async |who: &Visitor, copy: &str, format: &str| {
        let answer = who.get(&format!("/api/v1/conversations/{copy}/export?format={format}")).await;
        let named = answer.headers["content-disposition"].to_str().unwrap().to_owned();
        named.split('"').nth(1).unwrap().to_owned()
    };
    assert_eq!(named(&task.instructor, copies[0], "markdown").await, "Close-reading-Demo-Student-1.md");
    assert_eq!(named(&task.instructor, copies[1], "csv").await, "Close-reading-Demo-Student-2.csv");
    assert_eq!(named(&task.ann, copies[0], "markdown").await, "Close-reading.md", "one's own");
    // Several found at once.
    let found = async || {
        let path = "/api/v1/search/export?q=close&format=markdown";
        let answer = task.instructor.request(reqwest::Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        unzipped(answer.bytes().await.unwrap().to_vec()).into_keys().collect::<Vec<_>>()
    };
    until(async || found().await.len() >= 3).await;
    let whose = async |who: &Visitor| {
        let results = who.get("/api/v1/search?q=close").await.json()["results"].as_array().unwrap().clone();
        results.into_iter().map(|result| result["whose"].as_str().map(str::to_owned)).collect::<BTreeSet<_>>()
    };
    let students = ["Demo Student 1", "Demo Student 2"].map(|name| Some(name.to_owned()));
    assert_eq!(whose(&task.instructor).await, students.into_iter().chain([None]).collect(), "and the template");
    assert_eq!(whose(&task.ann).await, [None].into());
    let all = found().await;
    for name in ["Close-reading-Demo-Student-1.md", "Close-reading-Demo-Student-2.md"] {
        assert!(all.iter().any(|there| there == name), "{all:?}");
    }
}

#[tokio::test]
async fn what_is_in_the_trash_is_in_no_file_and_two_of_one_name_are_two() {
    let task = Task::new().await;
    run(&task.app, "update users set name = 'Same/Name' where email like 'student-%'").await;
    let files = unzipped(task.bytes(&task.instructor, "markdown").await);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["Agreement.md", "Same-Name-2.md", "Same-Name.md"]);
    run(&task.app, "update users set name = 'Agreement' where email like 'student-2%'").await;
    let files = unzipped(task.bytes(&task.instructor, "markdown").await);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["Agreement-2.md", "Agreement.md", "Same-Name.md"]);
    assert!(String::from_utf8_lossy(&files["Agreement.md"]).contains("Krippendorff"));
    run(&task.app, "update activity_copies set user_id = user_id").await;
    run(
        &task.app,
        "update conversations set trashed_at = now()
         where id = (select min(conversation_id::text)::uuid from activity_copies)",
    )
    .await;
    let files = unzipped(task.bytes(&task.instructor, "markdown").await);
    assert_eq!(files.len(), 1, "one copy alone agrees with nobody");
}
