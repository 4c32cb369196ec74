//! PDFs of an activity: that they hold every copy and how far people agree, and that they are made, cancelled and given out as
//! those of a conversation, to staff of the class alone.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    ADDRESS,
    docx::read_by,
    pdf::{app_with, chromium, ended, stand_in},
};
use crate::{
    activities::{activity, class_and_template, comment, copy, mark, run, synced},
    rooms_support::until,
    support::{
        run::scratch,
        test_app::{TestApp, Visitor, assert_problem},
    },
};

/// Makes what the browser is asked for.
const QUICK: &str = "printf '%%PDF-1.7 words' > \"$out\"";

struct Task {
    app: TestApp,
    instructor: Visitor,
    path: String,
}

impl Task {
    async fn new(browser: &std::path::Path) -> Self {
        let app = app_with(browser).await;
        let instructor = app.person("instructor").await;
        let (class, template) = class_and_template(&instructor).await;
        let path = activity(&instructor, &class, &template, "individual").await;
        Self { app, instructor, path }
    }

    fn jobs(&self) -> String {
        format!("{}/exports", self.path)
    }

    async fn begin(&self, who: &Visitor) -> String {
        let begun = who.post(&self.jobs(), json!({"format": "pdf"})).await;
        assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.body);
        format!("{}/{}", self.jobs(), begun.json()["id"].as_str().unwrap())
    }

    /// Somebody works in a copy: the end of their comment's id.
    async fn work(&self, who: &Visitor) -> String {
        let talk = copy(who, &self.path).await;
        let (mut peer, me) = (synced(who, &talk).await, who.id().await.parse().unwrap());
        let marked = mark(who, &mut peer, &talk).await;
        let mut said = String::new();
        peer.edit(|doc| said = comment(doc, &marked, me, None)).await;
        peer.settle().await;
        assert!(peer.refused.is_empty(), "{:?}", peer.refused);
        said
    }
}

#[tokio::test]
async fn all_copies_are_one_file_with_a_part_for_each() {
    let task = Task::new(&chromium()).await;
    let (ann, ben) = (task.app.person("student-1").await, task.app.person("student-2").await);
    let said = [task.work(&ann).await, task.work(&ben).await];
    let job = task.begin(&task.instructor).await;
    let done = ended(&task.instructor, &job).await;
    assert_eq!((&done["state"], &done["name"]), (&"done".into(), &"Close-reading.pdf".into()), "{done}");
    assert_eq!(done["link"], format!("{job}/file"));
    let answer = task.instructor.request(Method::GET, &format!("{job}/file")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    let read = read_by("read_pdf.py", "pdf-of-activity", &answer.bytes().await.unwrap()).await;
    let pages: Vec<&str> = read["pages"].as_array().unwrap().iter().map(|page| page.as_str().unwrap()).collect();
    let on = |words: &str| pages.iter().positions(words);
    assert_eq!(on("Close reading"), [0], "what it is stands once, with what it holds: {pages:?}");
    for name in ["Demo Student 1", "Demo Student 2", "Agreement over all copies"] {
        assert!(on(name).contains(&0), "{name} is not among the contents: {pages:?}");
    }
    // Each begins on a page of its own, with its own comments.
    let (first, second) = (on(&format!("#{}", said[0])), on(&format!("#{}", said[1])));
    assert_eq!((first.len(), second.len()), (1, 1), "{said:?}: {pages:?}");
    assert!(0 < first[0] && first[0] < second[0] && second[0] < pages.len() - 1, "{first:?}, {second:?}: {pages:?}");
    assert!(pages[first[0]].contains("Demo Student 1") && !pages[first[0]].contains("Demo Student 2"));
    // A note's number leads to its passage: it is that of no other note.
    assert!(pages[first[0]].contains("1 Demo Student 1") && pages[second[0]].contains("2 Demo Student 2"), "{pages:?}");
    assert!(on("2 people marked something here").contains(&(pages.len() - 1)), "{pages:?}");
    assert_eq!(read["active"], json!([]));
}

/// Where some words stand.
trait Positions {
    fn positions(self, words: &str) -> Vec<usize>;
}

impl<'p, I: Iterator<Item = &'p &'p str>> Positions for I {
    fn positions(self, words: &str) -> Vec<usize> {
        self.enumerate().filter(|(_, page)| page.contains(words)).map(|(at, _)| at).collect()
    }
}

#[tokio::test]
async fn it_is_made_one_at_a_time_for_its_maker_alone_and_can_be_cancelled() {
    let gate = scratch("gate").join("open");
    let waits = stand_in(&format!("while [ ! -e {} ]; do sleep 0.1; done; {QUICK}", gate.display()));
    let task = Task::new(&waits).await;
    let (ann, tutor, instructor) =
        (task.app.person("student-1").await, task.app.person("student-2").await, &task.instructor);
    task.work(&ann).await;
    copy(&tutor, &task.path).await;
    run(
        &task.app,
        "update memberships set role = 'tutor' where user_id = (select id from users where email like 'student-2%')",
    )
    .await;
    let job = task.begin(instructor).await;
    assert_eq!(task.begin(instructor).await, job, "a second press is the same job");
    until(async || instructor.get(&job).await.json()["progress"] == 40).await;
    let listed = instructor.get(&task.jobs()).await.json();
    assert_eq!((&listed["title"], &listed["exports"][0]["state"]), (&"Close reading".into(), &"running".into()));
    let own = instructor.conversation("Other", "x", "none").await;
    let of_own = format!("{ADDRESS}/{own}/exports");
    assert_problem(&instructor.post(&of_own, json!({"format": "pdf"})).await, 409, "one_at_a_time");
    let branch = json!({"format": "pdf", "branch": own});
    assert_problem(&instructor.post(&task.jobs(), branch).await, 400, "no_such_branch");
    // Nobody else's, whoever they are; and nothing of another address.
    assert_problem(&tutor.get(&job).await, 404, "not_found");
    assert_problem(&tutor.change(Method::DELETE, &job, json!({})).await, 404, "not_found");
    let astray = format!("{of_own}/{}", job.rsplit('/').next().unwrap());
    assert_problem(&instructor.get(&astray).await, 404, "not_found");
    assert_problem(&ann.get(&task.jobs()).await, 403, "not_allowed");
    assert_problem(&ann.post(&task.jobs(), json!({"format": "pdf"})).await, 403, "not_allowed");

    assert_eq!(instructor.change(Method::DELETE, &job, json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ended(instructor, &job).await["state"], "cancelled");
    std::fs::write(gate, "").unwrap();
    let next = task.begin(instructor).await;
    assert_eq!(ended(instructor, &next).await["state"], "done");
    assert_eq!(instructor.get(&format!("{next}/file")).await.body, "%PDF-1.7 words");
    // Whoever teaches there no more does not get it either.
    run(&task.app, "update memberships set role = 'student' where role = 'instructor'").await;
    assert_problem(&instructor.get(&format!("{next}/file")).await, 403, "not_allowed");
}

#[tokio::test]
async fn what_cannot_be_printed_says_why() {
    let task = Task::new(&stand_in(QUICK)).await;
    let reason = async || -> String {
        let told: Value = ended(&task.instructor, &task.begin(&task.instructor).await).await;
        assert_eq!(told["state"], "failed", "{told}");
        told["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason().await.contains("Nobody has begun"));
    let ann = task.app.person("student-1").await;
    task.work(&ann).await;
    run(
        &task.app,
        "update conversations set trashed_at = now() where id = (select conversation_id from activity_copies)",
    )
    .await;
    assert!(reason().await.contains("Nobody has begun"), "what is in the trash is not printed");
}
