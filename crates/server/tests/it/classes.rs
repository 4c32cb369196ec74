//! Classes: who may make, join, change and leave them, and what changes where people are connected.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::{classes, rooms::Timing};
use shared::{
    access::{Access, Rights},
    ids::{ConversationId, UserId},
    sync::CloseCode,
};

use crate::{
    rooms_support::{highlight, until},
    support::{
        counting,
        test_app::{Answer, TestApp, Visitor, assert_problem},
    },
};

const NOTHING: &str = "0190c1a2-0000-7000-8000-000000000000";

/// A class of the instructor's, and its path in the API.
async fn class(instructor: &Visitor, name: &str) -> String {
    let made = instructor.post("/api/v1/classes", json!({ "name": name })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    format!("/api/v1/classes/{}", made.json()["id"].as_str().unwrap())
}

async fn code(instructor: &Visitor, class: &str) -> String {
    instructor.post(&format!("{class}/code"), json!({})).await.json()["code"].as_str().unwrap().to_owned()
}

async fn join(visitor: &Visitor, code: &str) -> Answer {
    visitor.post("/api/v1/classes/join", json!({ "code": code })).await
}

/// The end of a link to join by.
async fn link(instructor: &Visitor, class: &str, role: &str, uses: i32) -> String {
    let body = json!({"role": role, "days": 7, "max_uses": uses});
    let made = instructor.post(&format!("{class}/invitations"), body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.json()["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

async fn accept(visitor: &Visitor, link: &str) -> Answer {
    visitor.post(&format!("/api/v1/invitations/{link}/join"), json!({})).await
}

async fn set_role(by: &Visitor, class: &str, whom: &Visitor, role: &str) -> Answer {
    by.change(Method::PUT, &format!("{class}/members/{}/role", whom.id().await), json!({ "role": role })).await
}

async fn run(app: &TestApp, sql: &'static str) {
    assert!(sqlx::query(sql).execute(&app.database.pool).await.unwrap().rows_affected() > 0, "{sql}");
}

#[tokio::test]
async fn whoever_teaches_or_may_makes_a_class_and_is_its_instructor() {
    let app = TestApp::start().await;
    let (instructor, student, chosen) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.newcomer("Chosen"));
    let path = class(&instructor, "  Ancient \n History ").await;
    let made = instructor.get(&path).await.json();
    assert_eq!(made["name"], "Ancient History");
    assert_eq!((&made["role"], &made["members"], &made["archived"]), (&json!("instructor"), &json!(1), &json!(false)));
    assert!(made["code"].is_null(), "nobody joins before somebody wants it");

    assert_problem(&student.post("/api/v1/classes", json!({"name": "Mine"})).await, 403, "not_allowed");
    assert_eq!(student.get("/api/v1/classes").await.json()["may_create"], false);
    assert_eq!(chosen.get("/api/v1/classes").await.json(), json!({"classes": [], "may_create": false}));
    run(&app, "update users set may_create_classes = true where name = 'Chosen'").await;
    assert_eq!(chosen.get("/api/v1/classes").await.json()["may_create"], true);
    class(&chosen, "Mine").await;
    for bad in ["", "   ", "\u{200b}", "a\u{202e}b", &"x".repeat(201)] {
        assert_problem(&instructor.post("/api/v1/classes", json!({ "name": bad })).await, 400, "bad_name");
    }
    let names =
        |list: Value| list["classes"].as_array().unwrap().iter().map(|class| class["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(instructor.get("/api/v1/classes").await.json()), ["Ancient History", "Demo class"]);
}

#[tokio::test]
async fn a_code_makes_students_until_it_is_changed_or_switched_off() {
    let app = TestApp::start().await;
    let (instructor, ann, ben) = tokio::join!(app.person("instructor"), app.newcomer("Ann"), app.newcomer("Ben"));
    let path = class(&instructor, "A class").await;
    let first = code(&instructor, &path).await;
    let joined = join(&ann, &format!(" {} ", first.to_lowercase())).await;
    assert_eq!(joined.status, StatusCode::OK, "{}", joined.body);
    assert_eq!(joined.json()["role"], "student");
    assert!(path.ends_with(joined.json()["id"].as_str().unwrap()));
    assert_eq!(join(&instructor, &first).await.json()["role"], "instructor", "nobody loses by it");
    assert_eq!(instructor.get(&path).await.json()["code"], first.as_str());
    assert!(ann.get(&path).await.json()["code"].is_null(), "students pass no codes on");

    let second = code(&instructor, &path).await;
    assert_ne!(first, second);
    assert_problem(&join(&ben, &first).await, 400, "unknown_code");
    assert_eq!(instructor.delete(&format!("{path}/code")).await.status, StatusCode::NO_CONTENT);
    assert_problem(&join(&ben, &second).await, 400, "unknown_code");
    assert_eq!(ben.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn codes_are_not_found_by_trying() {
    let app = TestApp::start().await;
    let (instructor, guesser, other) = tokio::join!(app.person("instructor"), app.newcomer("Ann"), app.newcomer("Ben"));
    let path = class(&instructor, "A class").await;
    let right = code(&instructor, &path).await;
    for _ in 0..5 {
        assert_problem(&join(&guesser, "BBBB-BBBB").await, 400, "unknown_code");
        // One code that is known makes no room for guesses at another.
        assert_eq!(join(&guesser, &right).await.status, StatusCode::OK);
        assert_problem(&join(&guesser, "not even a code").await, 400, "unknown_code");
    }
    let late = join(&guesser, &right).await;
    assert_problem(&late, 429, "too_often");
    assert!(late.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
    assert_eq!(join(&other, &right).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_link_is_good_for_so_many_until_it_expires_or_is_revoked() {
    let app = TestApp::start().await;
    let (instructor, ann, ben, cleo) =
        tokio::join!(app.person("instructor"), app.newcomer("Ann"), app.newcomer("Ben"), app.newcomer("Cleo"));
    let path = class(&instructor, "A class").await;
    let once = link(&instructor, &path, "tutor", 1).await;
    let preview = ann.get(&format!("/api/v1/invitations/{once}")).await.json();
    assert_eq!(
        (&preview["name"], &preview["role"], &preview["present"]),
        (&json!("A class"), &json!("tutor"), &Value::Null)
    );
    assert_eq!(app.stranger().get(&format!("/api/v1/invitations/{once}")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(accept(&ann, &once).await.json()["role"], "tutor");
    assert_eq!(accept(&instructor, &once).await.status, StatusCode::NOT_FOUND, "it is used up");
    assert_eq!(accept(&ben, &once).await.status, StatusCode::NOT_FOUND);

    let twice = link(&instructor, &path, "student", 2).await;
    assert_eq!(accept(&ann, &twice).await.json()["role"], "tutor", "nobody loses by it, and it uses nothing up");
    assert_eq!(accept(&ben, &twice).await.json()["role"], "student");
    let listed = instructor.get(&format!("{path}/invitations")).await;
    assert!(!listed.body.contains(&twice) && !listed.body.contains(&once), "secrets are shown once");
    let listed = listed.json();
    assert_eq!((&listed[0]["uses"], &listed[0]["good"]), (&json!(1), &json!(true)));
    assert_eq!(
        (&listed[1]["uses"], &listed[1]["good"], &listed[1]["by"]),
        (&json!(1), &json!(false), &json!("Demo Instructor"))
    );
    let raises = link(&instructor, &path, "tutor", 1).await;
    assert_eq!(accept(&ben, &raises).await.json()["role"], "tutor");

    run(&app, "update class_invitations set expires_at = now() where max_uses = 2").await;
    assert_eq!(accept(&cleo, &twice).await.status, StatusCode::NOT_FOUND);
    let third = link(&instructor, &path, "student", 2).await;
    let id = instructor.get(&format!("{path}/invitations")).await.json()[0]["id"].as_str().unwrap().to_owned();
    let revoke = format!("{path}/invitations/{id}");
    assert_eq!(instructor.delete(&revoke).await.status, StatusCode::NO_CONTENT);
    assert_eq!(instructor.delete(&revoke).await.status, StatusCode::NOT_FOUND);
    let (gone, never) = (accept(&cleo, &third).await, accept(&cleo, &"A".repeat(43)).await);
    assert_eq!((gone.status, gone.body), (never.status, never.body), "whether there was one is not told");
}

#[tokio::test]
async fn two_who_press_at_once_do_not_both_have_the_last_place() {
    let app = TestApp::start().await;
    let (instructor, ann, ben) = tokio::join!(app.person("instructor"), app.newcomer("Ann"), app.newcomer("Ben"));
    let path = class(&instructor, "A class").await;
    for _ in 0..10 {
        let once = link(&instructor, &path, "student", 1).await;
        let (one, two) = tokio::join!(accept(&ann, &once), accept(&ben, &once));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 404], "{} {}", one.body, two.body);
        run(&app, "delete from memberships where user_id in (select id from users where name in ('Ann', 'Ben'))").await;
    }
}

#[tokio::test]
async fn a_link_that_could_do_too_much_is_not_made() {
    let app = TestApp::start().await;
    let instructor = app.person("instructor").await;
    let path = class(&instructor, "A class").await;
    let at = |role: &str, days: i32, uses: i32| json!({"role": role, "days": days, "max_uses": uses});
    let cases = [
        (at("student", 0, 1), Some("bad_days")),
        (at("student", 366, 1), Some("bad_days")),
        (at("student", 365, 0), Some("bad_max_uses")),
        (at("student", 365, 2_001), Some("bad_max_uses")),
        (at("student", 365, 2_000), None),
        (at("tutor", 1, 21), Some("bad_max_uses")),
        (at("instructor", 1, 20), None),
        (at("owner", 1, 1), Some("bad_json")),
    ];
    for (body, problem) in cases {
        let answer = instructor.post(&format!("{path}/invitations"), body.clone()).await;
        match problem {
            Some(code) => assert_problem(&answer, 400, code),
            None => assert_eq!(answer.status, StatusCode::CREATED, "{body}"),
        }
    }
    let more = "insert into class_invitations (id, class_id, token_hash, role, expires_at, max_uses)
                select gen_random_uuid(), class_id, sha256(n::text::bytea), 'student', now(), 1
                from (select distinct class_id from class_invitations) c, generate_series(1, 98) n";
    run(&app, more).await;
    let answer = instructor.post(&format!("{path}/invitations"), at("student", 1, 1)).await;
    assert_problem(&answer, 409, "too_many_invitations");
}

#[tokio::test]
async fn a_class_always_has_an_instructor() {
    let app = TestApp::start().await;
    let (instructor, second) = tokio::join!(app.person("instructor"), app.newcomer("Second"));
    let path = class(&instructor, "A class").await;
    let own = format!("{path}/members/{}", instructor.id().await);
    for answer in [
        instructor.post(&format!("{path}/leave"), json!({})).await,
        instructor.delete(&own).await,
        set_role(&instructor, &path, &instructor, "student").await,
    ] {
        assert_problem(&answer, 409, "last_instructor");
    }
    assert_eq!(instructor.get(&path).await.json()["role"], "instructor", "nothing was changed");
    let link = link(&instructor, &path, "instructor", 1).await;
    accept(&second, &link).await;
    // Each may go, but not both: who is first is a matter of chance.
    for _ in 0..10 {
        let leave = format!("{path}/leave");
        let (one, two) = tokio::join!(instructor.post(&leave, json!({})), second.post(&leave, json!({})));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409], "{} {}", one.body, two.body);
        let (stays, goes) =
            if one.status == StatusCode::CONFLICT { (&instructor, &second) } else { (&second, &instructor) };
        let link = self::link(stays, &path, "instructor", 1).await;
        assert_eq!(accept(goes, &link).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn people_and_groups_are_seen_by_those_who_may() {
    let app = TestApp::start().await;
    let (instructor, tutor, ann, ben, cleo) = tokio::join!(
        app.person("instructor"),
        app.newcomer("Tutor"),
        app.newcomer("Ann"),
        app.newcomer("Ben"),
        app.newcomer("Cleo")
    );
    let path = class(&instructor, "A class").await;
    let code = code(&instructor, &path).await;
    for visitor in [&tutor, &ann, &ben, &cleo] {
        join(visitor, &code).await;
    }
    set_role(&instructor, &path, &tutor, "tutor").await;
    let groups = format!("{path}/groups");
    let made = instructor.post(&groups, json!({"name": "Lab 1"})).await.json();
    let group = made["id"].as_str().unwrap().to_owned();
    assert_problem(&instructor.post(&groups, json!({"name": " LAB  1 "})).await, 409, "name_taken");
    for visitor in [&ann, &ben] {
        let to = format!("{path}/members/{}/group", visitor.id().await);
        assert_eq!(instructor.change(Method::PUT, &to, json!({ "group": group })).await.status, StatusCode::NO_CONTENT);
        let nowhere = instructor.change(Method::PUT, &to, json!({ "group": NOTHING })).await;
        assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
        assert_problem(&instructor.change(Method::PUT, &to, json!({})).await, 400, "bad_json");
    }
    let names = async |visitor: &Visitor, find: &str| {
        let page = visitor.get(&format!("{path}/members?find={find}")).await.json();
        let people = page["people"].as_array().unwrap().clone();
        assert_eq!(page["total"], people.len());
        people.iter().map(|person| person["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = ["Ann", "Ben", "Cleo", "Demo Instructor", "Tutor"];
    assert_eq!(names(&instructor, "").await, all);
    assert_eq!(names(&tutor, "").await, all);
    assert_eq!(names(&ann, "").await, ["Ann", "Ben", "Demo Instructor", "Tutor"], "her group and the staff");
    assert_eq!(names(&cleo, "").await, ["Cleo", "Demo Instructor", "Tutor"]);
    assert_eq!(names(&tutor, "EN%40EXAMPLE").await, ["Ben"], "staff find by address too");
    assert_eq!(names(&ann, "example.test").await, Vec::<String>::new());
    assert!(!ann.get(&format!("{path}/members")).await.body.contains('@'), "students see no addresses");
    assert_eq!(names(&tutor, "%00ben%00").await, ["Ben"]);
    for wrong in ["x", "%00", "018f0000000070008000000000000000", "018f0000000070008000000000000000%00"] {
        assert_problem(&tutor.get(&format!("{path}/members?after={wrong}")).await, 400, "bad_query");
    }
    let beyond = tutor.get(&format!("{path}/members?after=018f0000000070008000000000000000zz")).await.json();
    assert_eq!((&beyond["people"], &beyond["next"]), (&json!([]), &Value::Null));
    let one = |who: String| format!("{path}/members/{who}");
    assert_eq!(cleo.get(&one(ann.id().await)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ann.get(&one(ben.id().await)).await.json()["group"], group.as_str());

    let own = |class: Value| {
        class["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| (group["name"].clone(), group["members"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(own(ann.get(&path).await.json()), [(json!("Lab 1"), json!(2))]);
    assert_eq!(own(cleo.get(&path).await.json()), []);
    let renamed = instructor.change(Method::PATCH, &format!("{groups}/{group}"), json!({"name": "Lab 2"})).await;
    assert_eq!(renamed.status, StatusCode::NO_CONTENT);
    assert_eq!(own(tutor.get(&path).await.json()), [(json!("Lab 2"), json!(2))]);
    assert_eq!(instructor.delete(&format!("{groups}/{group}")).await.status, StatusCode::NO_CONTENT);
    assert!(instructor.get(&one(ann.id().await)).await.json()["group"].is_null());
    assert_eq!(names(&ann, "").await, ["Ann", "Demo Instructor", "Tutor"]);
}

#[tokio::test]
async fn what_is_of_another_class_is_not_reached_through_ones_own() {
    let app = TestApp::start().await;
    let (instructor, other) = tokio::join!(app.person("instructor"), app.newcomer("Other"));
    run(&app, "update users set may_create_classes = true where name = 'Other'").await;
    let (mine, theirs) = (class(&instructor, "Mine").await, class(&other, "Theirs").await);
    let group = other.post(&format!("{theirs}/groups"), json!({"name": "Lab"})).await.json()["id"].clone();
    let group = group.as_str().unwrap();
    link(&other, &theirs, "student", 1).await;
    let invitation = other.get(&format!("{theirs}/invitations")).await.json()[0]["id"].clone();
    let me = instructor.id().await;
    for answer in [
        instructor.change(Method::PATCH, &format!("{mine}/groups/{group}"), json!({"name": "x"})).await,
        instructor.delete(&format!("{mine}/groups/{group}")).await,
        instructor.change(Method::PUT, &format!("{mine}/members/{me}/group"), json!({ "group": group })).await,
        instructor.delete(&format!("{mine}/invitations/{}", invitation.as_str().unwrap())).await,
        instructor.delete(&format!("{mine}/members/{}", other.id().await)).await,
        set_role(&instructor, &mine, &other, "student").await,
    ] {
        assert_problem(&answer, 404, "not_found");
    }
    assert_eq!(other.get(&theirs).await.json()["groups"][0]["name"], "Lab");
}

#[tokio::test]
async fn an_archived_class_is_read_only_until_it_is_taken_back() {
    let app =
        TestApp::start_as(&[], Timing { recheck: std::time::Duration::from_secs(3_600), ..Timing::default() }).await;
    let (instructor, ann, ben) = tokio::join!(app.person("instructor"), app.newcomer("Ann"), app.newcomer("Ben"));
    let path = class(&instructor, "A class").await;
    let (code, link) = (code(&instructor, &path).await, link(&instructor, &path, "student", 5).await);
    join(&ann, &code).await;
    let talk = ann.conversation("Ours", "Words to read.", "class").await;
    let mut tab = instructor.sync(&talk).await;
    tab.settle().await;

    let archive = |archived: bool| instructor.change(Method::PATCH, &path, json!({ "archived": archived }));
    assert_eq!(archive(true).await.status, StatusCode::NO_CONTENT);
    assert_problem(&archive(true).await, 409, "archived");
    assert_problem(&join(&ben, &code).await, 400, "unknown_code");
    assert_eq!(accept(&ben, &link).await.status, StatusCode::NOT_FOUND);
    for answer in [
        instructor.change(Method::PATCH, &path, json!({"name": "x"})).await,
        instructor.post(&format!("{path}/code"), json!({})).await,
        instructor.post(&format!("{path}/groups"), json!({"name": "x"})).await,
        set_role(&instructor, &path, &ann, "tutor").await,
        instructor.delete(&format!("{path}/members/{}", ann.id().await)).await,
    ] {
        assert_problem(&answer, 409, "archived");
    }
    // It is heard where people are connected, and what they open anew is read.
    until(async || {
        tab.refused.clear();
        tab.write("x").await;
        tab.settle().await;
        !tab.refused.is_empty()
    })
    .await;
    assert_eq!(tab.refused[0].code, "read_only");
    let rights = async |visitor: &Visitor| visitor.get(&format!("/api/v1/conversations/{talk}/rights")).await;
    let of_staff = async || {
        let rights = rights(&instructor).await.json();
        (rights["access"].clone(), rights["moderates"].clone())
    };
    assert_eq!(of_staff().await, (json!("viewer"), json!(false)));
    assert_eq!(rights(&ann).await.json()["access"], "owner", "one's own stays one's own");
    let alone = ann.post("/api/v1/conversations", json!({"text": "x", "share": "class"})).await;
    assert_problem(&alone, 400, "no_class");

    assert_eq!(archive(false).await.status, StatusCode::NO_CONTENT);
    assert_eq!(of_staff().await, (json!("annotator"), json!(true)));
    assert_eq!(accept(&ben, &link).await.status, StatusCode::OK);
    archive(true).await;
    assert_eq!(ben.post(&format!("{path}/leave"), json!({})).await.status, StatusCode::NO_CONTENT, "who wants may go");
}

/// From the request to the next update that is judged, over the tables' own word; nobody looks now and then.
#[tokio::test]
async fn a_role_that_is_changed_holds_at_once_where_its_person_is_connected() {
    let app =
        TestApp::start_as(&[], Timing { recheck: std::time::Duration::from_secs(3_600), ..Timing::default() }).await;
    let (instructor, ann, ben) = tokio::join!(app.person("instructor"), app.newcomer("Ann"), app.newcomer("Ben"));
    let path = class(&instructor, "A class").await;
    let code = code(&instructor, &path).await;
    join(&ann, &code).await;
    join(&ben, &code).await;
    let talk = ann.conversation("Ours", "Some words to mark.", "class").await;
    let mut tab = ben.sync(&talk).await;
    tab.settle().await;
    let (me, talk_id): (UserId, ConversationId) = (ben.id().await.parse().unwrap(), talk.parse().unwrap());
    let rights = async || {
        let rights: Rights =
            serde_json::from_str(&ben.get(&format!("/api/v1/conversations/{talk}/rights")).await.body).unwrap();
        rights
    };
    assert_eq!(
        rights().await,
        Rights {
            access: Access::Annotator,
            moderates: false,
            sees_names: true,
            may_copy: true,
            may_rename: false,
            sees_history: false
        }
    );

    assert_eq!(set_role(&instructor, &path, &ben, "tutor").await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        rights().await,
        Rights {
            access: Access::Annotator,
            moderates: true,
            sees_names: true,
            may_copy: true,
            may_rename: false,
            sees_history: false
        }
    );
    // Each try is a highlight of Ann's that Ben deletes: refused while he is a student, taken once he is a tutor.
    until(async || moderates(&app, talk_id, &ann, &ben).await).await;

    assert_eq!(instructor.delete(&format!("{path}/members/{me}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(tab.until_closed().await, Some(CloseCode::Denied));
    assert_eq!(ben.sync(&talk).await.until_closed().await, Some(CloseCode::NotFound));
    assert_eq!(ben.get(&path).await.status, StatusCode::NOT_FOUND);
}

/// Whether `visitor` may mark what `by` makes, over a socket.
async fn moderates(app: &TestApp, talk: ConversationId, by: &Visitor, visitor: &Visitor) -> bool {
    let me: UserId = visitor.id().await.parse().unwrap();
    let mut author = by.sync(&talk.to_string()).await;
    let by: UserId = by.id().await.parse().unwrap();
    author.until(|peer| peer.synced).await;
    let mut made = None;
    let message = first_message(app, talk).await;
    author.edit(|doc| made = Some(highlight_of(doc, message, by))).await;
    author.settle().await;
    assert!(author.refused.is_empty(), "{:?}", author.refused);
    let key = made.unwrap();
    let mut tab = visitor.sync(&talk.to_string()).await;
    tab.settle().await;
    tab.edit(|doc| crate::matrix::delete(doc, &key, me)).await;
    tab.settle().await;
    tab.refused.is_empty()
}

async fn first_message(app: &TestApp, talk: ConversationId) -> uuid::Uuid {
    let query = sqlx::query_scalar("select id from messages where conversation_id = $1 order by position limit 1");
    query.bind(talk.uuid()).fetch_one(&app.database.pool).await.unwrap()
}

/// [`highlight`] names its message by the conversation's id.
fn highlight_of(doc: &yrs::Doc, message: uuid::Uuid, author: UserId) -> String {
    highlight(doc, ConversationId::from_uuid(message), author, false).to_string()
}

#[tokio::test]
async fn a_roster_line_is_taken_up_by_whoever_proves_the_address() {
    let app = TestApp::start().await;
    let instructor = app.person("instructor").await;
    let (path, archived) = (class(&instructor, "A class").await, class(&instructor, "Over").await);
    for class in [&path, &archived] {
        let csv = "Name,E-mail,Role,Group\nAnn Lee,Ann@Uni.example,tutor,Lab\n";
        let sent = crate::roster::send(&app, &instructor, class, "a.csv", csv.as_bytes().to_vec(), false).await;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
    }
    instructor.change(Method::PATCH, &archived, json!({"archived": true})).await;
    let (ann, ben) = (app.newcomer("Ann").await, app.newcomer("Ben").await);
    let take_up = async |visitor: &Visitor, email: &str| {
        let mut tx = app.database.pool.begin().await.unwrap();
        classes::take_up(&mut tx, visitor.id().await.parse().unwrap(), email).await.unwrap();
        tx.commit().await.unwrap();
    };
    take_up(&ben, "ben@uni.example").await;
    assert_eq!(ben.get(&path).await.status, StatusCode::NOT_FOUND);
    take_up(&ann, " ANN@uni.example ").await;
    let own = ann.get(&path).await.json();
    assert_eq!((&own["role"], &own["groups"][0]["name"], &own["waiting"]), (&json!("tutor"), &json!("Lab"), &json!(0)));
    assert_eq!(ann.get(&archived).await.status, StatusCode::NOT_FOUND, "it waits on");
    set_role(&instructor, &path, &ann, "student").await;
    instructor.change(Method::PATCH, &archived, json!({"archived": false})).await;
    take_up(&ann, "ann@uni.example").await;
    assert_eq!(ann.get(&path).await.json()["role"], "student", "it was taken up once");
    assert_eq!(ann.get(&archived).await.json()["role"], "tutor");
}

#[tokio::test]
async fn no_page_asks_the_database_more_because_a_class_is_large() {
    let app = TestApp::start().await;
    let instructor = app.person("instructor").await;
    let path = class(&instructor, "A class").await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    link(&instructor, &path, "student", 1).await;
    // Two students of it, and something for them to do.
    let (ann, ben) = (app.newcomer("Ann").await, app.newcomer("Ben").await);
    for student in [&ann, &ben] {
        sqlx::query("insert into memberships (class_id, user_id, role) values ($1::uuid, $2::uuid, 'student')")
            .bind(&id)
            .bind(student.id().await)
            .execute(&app.database.pool)
            .await
            .unwrap();
    }
    let template = instructor.conversation("A template", "User: Some words.\n\nAssistant: More.", "none").await;
    let task = crate::activities::activity(&instructor, &id, &template, "individual").await;
    let (of_class, of_task) = (format!("/classes/{id}"), task.trim_start_matches("/api/v1").to_owned());
    let both =
        ["/".to_owned(), "/classes".to_owned(), of_class.clone(), format!("{of_class}/activities"), of_task.clone()];
    let staff = [
        format!("{of_class}/manage"),
        format!("{of_class}/people/{}", ann.id().await),
        format!("{of_class}/activities/new"),
        format!("{of_task}/settings"),
        "/api/v1/classes".to_owned(),
        path.clone(),
        format!("{path}/members"),
        format!("{path}/invitations"),
    ];
    let count = async || {
        let mut counts = Vec::new();
        let of_staff = both.iter().chain(&staff).map(|page| (&instructor, page));
        for (who, page) in of_staff.chain(both.iter().map(|page| (&ann, page))) {
            let (answer, queries) = counting::queries(who.get(page)).await;
            assert_eq!(answer.status, StatusCode::OK, "{page}: {}", answer.body);
            assert!((1..=25).contains(&queries), "{page}: {queries}");
            counts.push((page, queries));
        }
        counts
    };
    // The first start takes the template down; the others find it.
    crate::activities::copy(&instructor, &task).await;
    let (_, start_in_small) = counting::queries(crate::activities::copy(&ann, &task)).await;
    let before = count().await;
    let crowd = [
        "insert into users (id, name, email) select gen_random_uuid(), 'Student ' || n, n || '@crowd.example' from generate_series(1, 300) n",
        "insert into class_groups (id, class_id, name) select gen_random_uuid(), id, 'Group ' || n from classes, generate_series(1, 30) n",
        "insert into memberships (class_id, user_id, role, group_id)
         select c.id, u.id, 'student', (select id from class_groups g where g.class_id = c.id order by random() limit 1)
         from classes c, users u where u.email like '%@crowd.example'",
        "insert into roster_entries (id, class_id, email, name, role)
         select gen_random_uuid(), id, n || '@waits.example', 'Waits ' || n, 'student' from classes, generate_series(1, 50) n",
    ];
    for sql in crowd {
        run(&app, sql).await;
    }
    assert_eq!(count().await, before);
    let (_, start_in_large) = counting::queries(crate::activities::copy(&ben, &task)).await;
    assert_eq!(start_in_small, start_in_large);
    let roster = |people: u32| {
        let lines = (0..people).map(|n| format!("New {n},{n}@new.example,,Group {}\n", n % 7));
        format!("Name,E-mail,Role,Group\n{}", lines.collect::<String>()).into_bytes()
    };
    let (one, few) = counting::queries(crate::roster::send(&app, &instructor, &path, "a.csv", roster(1), true)).await;
    let (all, many) =
        counting::queries(crate::roster::send(&app, &instructor, &path, "a.csv", roster(500), true)).await;
    assert_eq!((one.status, all.status), (StatusCode::OK, StatusCode::OK), "{}", all.body);
    assert_eq!(few, many);
    let distinct: BTreeSet<_> =
        all.json()["lines"].as_array().unwrap().iter().map(|line| line["email"].to_string()).collect();
    assert_eq!(distinct.len(), 500);
}

#[tokio::test]
async fn people_are_read_page_by_page_and_none_twice_whoever_comes_and_goes() {
    let app = TestApp::start().await;
    let instructor = app.person("instructor").await;
    let path = class(&instructor, "A large one").await;
    let id = path.rsplit('/').next().unwrap();
    let many = "with people as (
                    insert into users (id, name, email)
                    select gen_random_uuid(), case when n % 3 = 0 then 'Ünal' else 'Name ' || n end, 'p' || n || '@example.test'
                    from generate_series(1, 250) n
                    returning id)
                insert into memberships (class_id, user_id, role) select $1::uuid, id, 'student' from people";
    sqlx::query(many).bind(id).execute(&app.database.pool).await.unwrap();
    let mut seen = Vec::new();
    let mut after = String::new();
    for page in [100, 100, 51] {
        let asked = format!("{path}/members?after={}", shared::api::encoded(&after));
        let answer = instructor.get(&asked).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let told = answer.json();
        let people = told["people"].as_array().unwrap();
        assert_eq!((people.len(), &told["total"]), (page, &json!(251 - i64::from(seen.len() > 100))));
        seen.extend(people.iter().map(|person| person["user"].as_str().unwrap().to_owned()));
        after = told["next"].as_str().unwrap_or_default().to_owned();
        assert!(!after.contains('@'));
        if seen.len() == 200 {
            // Somebody of the first page leaves: with numbers somebody of the third would be seen nowhere.
            let gone = "delete from memberships where user_id = $1::uuid";
            sqlx::query(gone).bind(&seen[1]).execute(&app.database.pool).await.unwrap();
        }
    }
    assert_eq!(after, "", "that was all");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 251, "nobody twice");
}
