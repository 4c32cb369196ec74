//! Rosters: whole or not at all, and the same again changes nothing.

use reqwest::{Method, StatusCode, header, multipart};
use serde_json::{Value, json};
use shared::api::{MAX_ROSTER_BYTES, Outcome, RosterReport};

use crate::support::test_app::{Answer, TestApp, Visitor};

pub async fn send(
    app: &TestApp,
    visitor: &Visitor,
    class: &str,
    name: &'static str,
    bytes: Vec<u8>,
    dry_run: bool,
) -> Answer {
    let form = multipart::Form::new().part("file", multipart::Part::bytes(bytes).file_name(name));
    let form = if dry_run { form.text("dry_run", "true") } else { form };
    let origin = app.origin();
    let path = format!("{class}/roster");
    visitor.send(Method::POST, &path, |request| request.header(header::ORIGIN, origin).multipart(form)).await
}

struct Stage {
    app: TestApp,
    instructor: Visitor,
    class: String,
}

impl Stage {
    async fn new() -> Stage {
        let app = TestApp::start().await;
        let instructor = app.person("instructor").await;
        let made = instructor.post("/api/v1/classes", json!({"name": "A class"})).await.json();
        let class = format!("/api/v1/classes/{}", made["id"].as_str().unwrap());
        Stage { app, instructor, class }
    }

    async fn send(&self, csv: &str, dry_run: bool) -> Answer {
        send(&self.app, &self.instructor, &self.class, "roster.csv", csv.as_bytes().to_vec(), dry_run).await
    }

    async fn report(&self, csv: &str, dry_run: bool) -> RosterReport {
        let answer = self.send(csv, dry_run).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// All that the class is, as its instructor sees it.
    async fn all(&self) -> (Value, Value) {
        let people = self.instructor.get(&format!("{}/members", self.class)).await.json();
        (self.instructor.get(&self.class).await.json(), people)
    }
}

fn counts(report: &RosterReport) -> (usize, usize, usize) {
    (report.added, report.changed, report.unchanged)
}

const FIRST: &str = "\u{feff}Group;E-mail;Name;Role\r\nLab 1;ANN@example.test;\"Lee, \r\nAnn\";\r\n;ben@example.test;Ben;tutor\r\nlab 1;cleo@example.test;Cleo;student\r\n";

#[tokio::test]
async fn a_roster_is_shown_before_it_is_done_and_done_once() {
    let stage = Stage::new().await;
    let ann = stage.app.newcomer("Ann").await;
    let before = stage.all().await;
    let preview = stage.report(FIRST, true).await;
    assert_eq!(
        (counts(&preview), preview.applied, &preview.new_groups[..]),
        ((3, 0, 0), false, &["Lab 1".to_owned()][..])
    );
    assert_eq!(stage.all().await, before, "it was only shown");
    assert_eq!(ann.get(&stage.class).await.status, StatusCode::NOT_FOUND);

    assert!(!stage.send(FIRST, true).await.body.contains("waits"), "who has an account is not told for the asking");

    let mut done = stage.report(FIRST, false).await;
    let waits: Vec<_> =
        done.lines.iter().map(|line| (line.line, line.email.clone(), line.waits == Some(true))).collect();
    let expected = [(2, "ann@example.test", false), (4, "ben@example.test", true), (5, "cleo@example.test", true)];
    assert_eq!(waits, expected.map(|(line, email, waits)| (line, email.to_owned(), waits)));
    done.lines.iter_mut().for_each(|line| line.waits = None);
    assert_eq!((done.applied, &done.lines), (true, &preview.lines));
    assert_eq!(ann.get(&stage.class).await.json()["role"], "student", "who has an account is a member at once");
    let (class, people) = stage.all().await;
    assert_eq!(
        (&class["members"], &class["waiting"], &class["groups"][0]["members"]),
        (&json!(2), &json!(2), &json!(2))
    );
    let names: Vec<_> =
        people["people"].as_array().unwrap().iter().map(|person| person["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Ann", "Ben", "Cleo", "Demo Instructor"], "an account keeps its own name");

    let after = stage.all().await;
    let again = stage.report(FIRST, false).await;
    assert_eq!((counts(&again), again.new_groups.len()), ((0, 0, 3), 0));
    assert_eq!(stage.all().await, after, "the same again changes nothing");
}

#[tokio::test]
async fn a_later_roster_changes_what_it_says_and_nothing_else() {
    let stage = Stage::new().await;
    let ann = stage.app.newcomer("Ann").await;
    stage.report(FIRST, false).await;
    let second = "name,email,role,group\nAnn,ann@example.test,tutor,\nBenjamin,ben@example.test,,\nCleo,cleo@example.test,,Lab 2\n";
    let report = stage.report(second, false).await;
    let lines: Vec<_> =
        report.lines.iter().map(|line| (line.outcome, line.role.as_str(), line.group.as_deref())).collect();
    assert_eq!(
        lines,
        [
            (Outcome::Changed, "tutor", Some("Lab 1")),
            (Outcome::Changed, "tutor", None),
            (Outcome::Changed, "student", Some("Lab 2")),
        ]
    );
    assert_eq!(ann.get(&stage.class).await.json()["role"], "tutor");
    let one = stage.report("name,email\nAnn,ann@example.test\n", false).await;
    assert_eq!(counts(&one), (0, 0, 1), "who is not in it stays, and what it does not say stays");
    let (class, people) = stage.all().await;
    assert_eq!((&class["members"], &class["waiting"]), (&json!(2), &json!(2)));
    assert!(people.to_string().contains("Benjamin"));
    let waiting =
        people["people"].as_array().unwrap().iter().find_map(|person| person["waiting"].as_str()).unwrap().to_owned();
    let path = format!("{}/roster/{waiting}", stage.class);
    assert_eq!(stage.instructor.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(stage.instructor.delete(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stage.all().await.0["waiting"], 1);
}

#[tokio::test]
async fn every_wrong_line_is_named_and_nothing_is_done() {
    let stage = Stage::new().await;
    let before = stage.all().await;
    let csv = "Name,E-mail,Role\nAnn,ann@example.test,student\nBen,ben at example,boss\n,cleo@example.test,\nDan,ANN@example.test,\n";
    for dry_run in [true, false] {
        let answer = stage.send(csv, dry_run).await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::BAD_REQUEST, "bad_roster"));
        let errors = answer.json()["errors"].clone();
        let lines: Vec<_> = errors.as_array().unwrap().iter().map(|error| error["line"].as_u64().unwrap()).collect();
        assert_eq!(lines, [3, 3, 4, 5], "{errors}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("4 things are wrong"));
    }
    assert_eq!(stage.all().await, before);
}

#[tokio::test]
async fn a_roster_takes_the_class_from_nobody() {
    let stage = Stage::new().await;
    let own = stage.instructor.get("/api/v1/me").await.json()["email"].as_str().unwrap().to_owned();
    let demoted = stage.send(&format!("Name,E-mail,Role\n,ann@example.test,\nMe,{own},student\n"), false).await;
    let lines = [&demoted.json()["errors"][0]["line"], &demoted.json()["errors"][1]["line"]].map(Value::clone);
    assert_eq!((demoted.problem().as_str(), lines), ("bad_roster", [json!(2), json!(3)]), "all of it at once");
    assert_eq!(
        counts(&stage.report(&format!("Name,E-mail,Role\nMe,{own},\nMe too,x@example.test,\n"), false).await),
        (1, 0, 1)
    );
    // An administrator is in no class, and leaves none without an instructor.
    let admin = stage.app.newcomer("Admin").await;
    sqlx::query("update users set is_admin = true where name = 'Admin'")
        .execute(&stage.app.database.pool)
        .await
        .unwrap();
    let csv = format!("Name,E-mail,Role\nMe,{own},tutor\n");
    let answer = send(&stage.app, &admin, &stage.class, "a.csv", csv.into_bytes(), false).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::CONFLICT, "last_instructor"));
    assert_eq!(stage.instructor.get(&stage.class).await.json()["role"], "instructor");
}

#[tokio::test]
async fn a_roster_has_limits() {
    let stage = Stage::new().await;
    let crowd = |people: usize| {
        let lines = (0..people).map(|n| format!("Student {n},{n}@crowd.example\n"));
        format!("Name,E-mail\n{}", lines.collect::<String>())
    };
    assert_eq!(stage.report(&crowd(1_500), false).await.added, 1_500);
    let too_many = stage.send(&crowd(1_501), false).await;
    assert_eq!((too_many.status, too_many.problem().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
    // A little too large, and more than is read at all.
    for bytes in [(2 << 20) + 1, 3 << 20] {
        let too_large = stage.send(&"x".repeat(bytes), false).await;
        assert_eq!(too_large.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(too_large.json()["detail"], "file: it is too large; a roster has at most 2 MiB.");
    }
    let more = "insert into roster_entries (id, class_id, email, name, role)
                select gen_random_uuid(), class_id, n || '@more.example', 'More', 'student'
                from (select distinct class_id from roster_entries) c, generate_series(1, 498) n";
    sqlx::query(more).execute(&stage.app.database.pool).await.unwrap();
    let full = "Name,E-mail\nA,a@new.example\n";
    assert_eq!(stage.report(full, false).await.added, 1, "the 2,000th");
    let over = stage.send("Name,E-mail\nB,b@new.example\n", false).await;
    assert_eq!((over.status, over.problem().as_str()), (StatusCode::CONFLICT, "class_full"));
    let large = "x".repeat(MAX_ROSTER_BYTES + 1);
    assert_eq!(stage.send(&large, false).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(stage.send("", false).await.problem(), "no_file");
    assert_eq!(stage.send("Ann;ann@example.test", false).await.problem(), "bad_headings");
}

#[tokio::test]
async fn nobody_is_made_a_member_by_an_address_that_is_only_claimed() {
    let stage = Stage::new().await;
    stage.report("Name,E-mail,Role\nAnn,ann@uni.example,instructor\n", false).await;
    let claimant = stage.app.newcomer("Claimant").await;
    assert_eq!(claimant.get(&stage.class).await.status, StatusCode::NOT_FOUND);
    assert_eq!(claimant.get("/api/v1/classes").await.json()["classes"], json!([]));
}
