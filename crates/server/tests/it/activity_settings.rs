//! What holds for all copies of an activity, and for what is revealed of them: whether the text may be copied, what they
//! are called. And whom an overview counts.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::rooms::Timing;

use crate::{
    activities::{activity, class_and_template, copy, create, run, synced, until_rights_change},
    support::{
        counting,
        test_app::{TestApp, Visitor, assert_problem},
    },
};

const TALKS: &str = "/api/v1/conversations";

async fn put(by: &Visitor, path: &str, body: Value) {
    let answer = by.change(Method::PUT, path, body).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
}

async fn protect(by: &Visitor, talk: &str, whether: bool) {
    put(by, &format!("{TALKS}/{talk}/sharing/protection"), json!({ "copy_protected": whether })).await;
}

async fn may(who: &Visitor, what: &str, talk: &str) -> bool {
    who.get(&format!("{TALKS}/{talk}/rights")).await.json()[what] == true
}

async fn reveal(by: &Visitor, activity: &str, which: Value) -> String {
    let answer = by.post(&format!("{activity}/reveal"), which).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whether_a_text_may_be_copied_is_the_activitys_for_all_its_copies_and_what_is_revealed_of_them() {
    // Nobody looks now and then: what open pages hear of is what the table tells.
    let timing = Timing { recheck: std::time::Duration::from_secs(3_600), ..Timing::default() };
    let app = TestApp::start_as(&[], timing).await;
    let (instructor, ann, ben) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&instructor).await;
    protect(&instructor, &template, true).await;
    let path = activity(&instructor, &class, &template, "individual").await;
    assert_eq!(ann.get(&path).await.json()["copy_protected"], true, "it is taken from the template");
    let of_ann = copy(&ann, &path).await;
    protect(&instructor, &template, false).await;
    let of_ben = copy(&ben, &path).await;
    let revealed = reveal(&instructor, &path, json!({"random": 2})).await;
    for (student, own) in [(&ann, &of_ann), (&ben, &of_ben)] {
        for talk in [own, &revealed] {
            assert!(!may(student, "may_copy", talk).await && may(&instructor, "may_copy", talk).await);
            assert_eq!(
                student.get(&format!("{TALKS}/{talk}/export?format=markdown")).await.status,
                StatusCode::FORBIDDEN
            );
        }
    }
    let sharing = format!("{TALKS}/{revealed}/sharing");
    assert_eq!(instructor.get(&sharing).await.json()["protected_by"], path.rsplit('/').next().unwrap());
    assert!(instructor.get(&format!("/c/{revealed}/share")).await.body.contains("revealed of an activity"));

    let (mut in_copy, mut in_revealed) = (synced(&ann, &of_ann).await, synced(&ben, &revealed).await);
    let mut settings = json!({"title": "Close reading", "template": template, "mode": "individual"});
    put(&instructor, &path, settings.clone()).await;
    assert!(!may(&ann, "may_copy", &of_ann).await, "who does not speak of it changes nothing");
    settings["copy_protected"] = json!(false);
    put(&instructor, &path, settings.clone()).await;
    until_rights_change(&mut in_copy).await;
    until_rights_change(&mut in_revealed).await;
    for (student, talk) in [(&ann, &of_ann), (&ben, &of_ben), (&ann, &revealed)] {
        assert!(may(student, "may_copy", talk).await);
    }
    assert_eq!(instructor.get(&sharing).await.json()["protected_by"], Value::Null);
    settings["copy_protected"] = json!(true);
    put(&instructor, &path, settings).await;
    until_rights_change(&mut in_copy).await;
    assert!(!may(&ann, "may_copy", &of_ann).await && !may(&ben, "may_copy", &revealed).await);
}

#[tokio::test]
async fn an_activity_is_protected_by_what_is_said_or_by_its_template() {
    let app = TestApp::start().await;
    let instructor = app.person("instructor").await;
    let (class, open) = class_and_template(&instructor).await;
    let closed = instructor.conversation("Protected", "Some words.", "none").await;
    protect(&instructor, &closed, true).await;
    let settings = |template: &str, protected: Value| json!({"title": "A title", "template": template, "mode": "individual", "copy_protected": protected});
    for (template, said, is) in [
        (&open, Value::Null, false),
        (&open, json!(true), true),
        (&closed, Value::Null, true),
        // A form whose box nobody touched.
        (&closed, json!(false), true),
    ] {
        let made = create(&instructor, &class, settings(template, said.clone())).await.json();
        let path = format!("/api/v1/activities/{}", made["id"].as_str().unwrap());
        assert_eq!(instructor.get(&path).await.json()["copy_protected"], is, "{said}");
        put(&instructor, &path, settings(template, json!(false))).await;
        assert_eq!(instructor.get(&path).await.json()["copy_protected"], false, "staff take it off");
        put(&instructor, &path, settings(&open, json!(false))).await;
        put(&instructor, &path, settings(&closed, json!(false))).await;
        assert_eq!(instructor.get(&path).await.json()["copy_protected"], true, "another template brings it along");
    }
}

#[tokio::test]
async fn copies_of_an_activity_are_renamed_by_staff_alone() {
    let app = TestApp::start().await;
    let (instructor, ann, admin) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.newcomer("Stranger"));
    let (class, template) = class_and_template(&instructor).await;
    let rename = async |who: &Visitor, talk: &str| {
        who.change(Method::PATCH, &format!("{TALKS}/{talk}"), json!({"title": "Another"})).await
    };
    for mode in ["individual", "together"] {
        let path = activity(&instructor, &class, &template, mode).await;
        let talk = copy(&ann, &path).await;
        let refused = rename(&ann, &talk).await;
        assert_problem(&refused, 403, "not_allowed");
        assert!(refused.json()["detail"].as_str().unwrap().contains("staff"), "{}", refused.body);
        assert_problem(&rename(&admin, &talk).await, 404, "not_found");
        let listed = ann.get(TALKS).await.json();
        assert_eq!((&listed[0]["id"], &listed[0]["may_rename"]), (&json!(talk), &json!(false)));
        assert!(!may(&ann, "may_rename", &talk).await && may(&instructor, "may_rename", &talk).await);
        assert_eq!(rename(&instructor, &talk).await.status, StatusCode::OK, "{mode}");
    }
    assert!(!ann.get("/?list=mine").await.body.contains("aria-label=\"Rename "));
    let own = ann.conversation("Mine", "Some words.", "none").await;
    assert!(ann.get("/?list=mine").await.body.contains("aria-label=\"Rename ") && may(&ann, "may_rename", &own).await);
}

#[tokio::test]
async fn a_closing_time_that_is_over_makes_no_activity_and_closes_one_at_once() {
    let app = TestApp::start().await;
    let (instructor, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (class, template) = class_and_template(&instructor).await;
    let settings = json!({"title": "Close reading", "template": template, "mode": "individual",
        "closes_at": "2020-01-01T00:00:00Z"});
    let refused = create(&instructor, &class, settings.clone()).await;
    assert_problem(&refused, 400, "bad_times");
    assert!(refused.json()["detail"].as_str().unwrap().starts_with("closes_at: this time is over"), "{}", refused.body);
    let path = activity(&instructor, &class, &template, "individual").await;
    copy(&ann, &path).await;
    put(&instructor, &path, settings).await;
    assert_eq!(ann.get(&path).await.json()["state"], "closed");
    let page = instructor.get(&format!("{}/settings", path.replace("/api/v1", ""))).await;
    assert!(page.body.contains("A closing time that is over closes it at once."), "{}", page.body);
}

#[tokio::test]
async fn copies_are_called_as_the_activity_is_unless_staff_gave_them_another_title() {
    let app = TestApp::start().await;
    let (instructor, ann, ben) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&instructor).await;
    let title = async |who: &Visitor, talk: &str| who.get(&format!("{TALKS}/{talk}")).await.json()["title"].clone();
    let path = activity(&instructor, &class, &template, "individual").await;
    let (of_ann, of_ben) = (copy(&ann, &path).await, copy(&ben, &path).await);
    let named =
        instructor.change(Method::PATCH, &format!("{TALKS}/{of_ben}"), json!({"title": "A model answer"})).await;
    assert_eq!(named.status, StatusCode::OK, "{}", named.body);
    // Of another activity of the same name.
    let other = activity(&instructor, &class, &template, "together").await;
    let of_other = copy(&ann, &other).await;
    let old = title(&ann, &of_ann).await;
    put(&instructor, &path, json!({"title": "Slow reading", "template": template, "mode": "individual"})).await;
    assert_eq!(title(&ann, &of_ann).await, "Slow reading");
    assert_eq!(title(&ben, &of_ben).await, "A model answer");
    assert_eq!(title(&ann, &of_other).await, old);

    let classes = format!("/api/v1/classes/{class}");
    let group = instructor.post(&format!("{classes}/groups"), json!({"name": "Lab 1"})).await.json();
    let member = format!("{classes}/members/{}/group", ann.id().await);
    put(&instructor, &member, json!({"group": group["id"]})).await;
    let path = activity(&instructor, &class, &template, "groups").await;
    let of_group = copy(&ann, &path).await;
    put(&instructor, &path, json!({"title": "Slow reading", "template": template, "mode": "groups"})).await;
    assert_eq!(title(&ann, &of_group).await, "Slow reading · Lab 1");
    let long = "x".repeat(200);
    put(&instructor, &path, json!({"title": long, "template": template, "mode": "groups"})).await;
    assert_eq!(title(&ann, &of_group).await, long, "a title has 200 characters at most");
}

#[tokio::test]
async fn who_has_not_started_is_counted_of_the_students_with_those_who_never_signed_in() {
    let app = TestApp::start().await;
    let (instructor, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (class, template) = class_and_template(&instructor).await;
    run(
        &app,
        "insert into roster_entries (id, class_id, email, name, role)
         select gen_random_uuid(), c.id, of_it.email, of_it.name, of_it.role
         from classes c, (values ('cleo@example.test', '=Cleo', 'student'), ('tess@example.test', 'Tess', 'tutor'))
             of_it (email, name, role)",
    )
    .await;
    let path = activity(&instructor, &class, &template, "individual").await;
    copy(&ann, &path).await;
    copy(&instructor, &path).await;
    let overview = instructor.get(&format!("{path}/overview")).await.json();
    let waiting = json!([{"name": "=Cleo", "email": "cleo@example.test", "group": null}]);
    assert_eq!(overview["waiting"], waiting);
    let of: Vec<_> = overview["people"].as_array().unwrap().iter().map(|one| (&one["name"], &one["student"])).collect();
    let expected = [("Demo Instructor", false), ("Demo Student 1", true), ("Demo Student 2", true)];
    assert_eq!(of.len(), 3);
    for (name, student) in expected {
        assert!(of.contains(&(&json!(name), &json!(student))), "{name}: {of:?}");
    }
    let page = instructor.get(&format!("{}/overview", path.trim_start_matches("/api/v1"))).await.body;
    assert!(page.contains("2 of 3 students"), "{page}");
    assert!(page.contains("=Cleo · not signed in yet"), "{page}");
    let sheet = instructor.get(&format!("{path}/overview.csv")).await.body;
    let columns = |line: &str| line.split(',').count();
    let line = sheet.lines().find(|line| line.starts_with("'=Cleo,cleo@example.test,,no,0,0,0,,0")).unwrap();
    assert_eq!(columns(line), columns(sheet.lines().next().unwrap()), "{sheet}");
}

#[tokio::test]
async fn what_is_revealed_is_called_by_how_it_was_chosen() {
    let app = TestApp::start().await;
    let (instructor, ann, ben) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&instructor).await;
    let class_path = format!("/api/v1/classes/{class}");
    let group = instructor.post(&format!("{class_path}/groups"), json!({"name": "Lab 1"})).await.json()["id"].clone();
    put(&instructor, &format!("{class_path}/members/{}/group", ann.id().await), json!({ "group": group })).await;
    for (title, anonymous, by_group) in
        [("Close reading".to_owned(), false, "Lab 1"), ("ü".repeat(200), true, "1 copy of a group")]
    {
        let settings = json!({"title": title, "template": template, "mode": "individual", "anonymous": anonymous});
        let made = create(&instructor, &class, settings).await.json();
        let page = format!("/activities/{}", made["id"].as_str().unwrap());
        let path = format!("/api/v1{page}");
        let (one, _) = (copy(&ann, &path).await, copy(&ben, &path).await);
        for (which, ending) in [
            (json!({ "copies": [one] }), "1 copy"),
            (json!({"random": 2}), "2 copies at random"),
            (json!({ "group": group }), by_group),
        ] {
            let talk = reveal(&instructor, &path, which).await;
            let called = ben.get(&format!("{TALKS}/{talk}")).await.json()["title"].as_str().unwrap().to_owned();
            assert!(called.starts_with("Revealed: ") && called.ends_with(&format!(" · {ending}")), "{called}");
            assert!(called.chars().count() <= 200, "{called}");
            assert_eq!(ben.get(&path).await.json()["revealed"][0]["title"], called);
        }
        let overview = instructor.get(&format!("{page}/overview")).await.body;
        assert!(overview.contains("The activity is still open") && overview.contains("Lab 1 (1 copy)"), "{overview}");
        assert_eq!(overview.contains("pseudonyms, not their names"), anonymous);
    }
}

#[tokio::test]
async fn no_page_of_activities_asks_more_because_a_class_is_large() {
    let app = TestApp::start().await;
    let (instructor, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (class, template) = class_and_template(&instructor).await;
    let path = activity(&instructor, &class, &template, "individual").await;
    copy(&ann, &path).await;
    reveal(&instructor, &path, json!({"random": 1})).await;
    let page = path.trim_start_matches("/api/v1").to_owned();
    let count = async || {
        let mut counts = Vec::new();
        for (visitor, page) in [
            (&instructor, page.clone()),
            (&ann, page.clone()),
            (&instructor, format!("{page}/overview")),
            (&instructor, format!("/classes/{class}/activities")),
            (&ann, format!("/classes/{class}/activities")),
        ] {
            let (answer, queries) = counting::queries(visitor.get(&page)).await;
            assert_eq!(answer.status, StatusCode::OK, "{page}: {}", answer.body);
            assert!((1..=30).contains(&queries), "{page}: {queries}");
            counts.push((page, queries));
        }
        counts
    };
    let before = count().await;
    for sql in [
        "insert into users (id, name, email)
         select gen_random_uuid(), 'Student ' || n, n || '@crowd.example' from generate_series(1, 80) n",
        "insert into memberships (class_id, user_id, role)
         select c.id, u.id, 'student' from classes c, users u where u.email like '%@crowd.example'",
        "insert into roster_entries (id, class_id, email, name, role)
         select gen_random_uuid(), c.id, n || '@roster.example', 'Waiting ' || n, 'student'
         from classes c, generate_series(1, 80) n",
        "insert into conversations (id, title, owner_id)
         select u.id, 'A copy', u.id from users u where u.email like '%@crowd.example'",
        "insert into activity_copies (conversation_id, activity_id, user_id)
         select u.id, a.id, u.id from users u, activities a where u.email like '%@crowd.example'",
        "insert into annotation_document_state (conversation_id, crdt_state, seq)
         select u.id, a.seed, 0 from users u, activities a where u.email like '%@crowd.example'",
        "insert into class_groups (id, class_id, name)
         select gen_random_uuid(), c.id, 'Lab ' || n from classes c, generate_series(1, 30) n",
        "insert into activities (id, class_id, title, instructions, template_id, mode)
         select gen_random_uuid(), a.class_id, 'More', '', a.template_id, 'together'
         from activities a, generate_series(1, 80) n",
        "insert into conversations (id, title, owner_id, class_id, share)
         select u.id, 'Revealed', c.owner_id, a.class_id, 'class'
         from (select gen_random_uuid() as id from generate_series(1, 18)) u, activities a
         join conversations c on c.id = a.template_id
         where a.seed is not null",
        "insert into activity_reveals (conversation_id, activity_id)
         select c.id, a.id from conversations c, activities a where c.title = 'Revealed' and a.seed is not null",
    ] {
        run(&app, sql).await;
    }
    assert_eq!(count().await, before);
}
