//! Who of the staff sees how a copy of an activity came to be: those whom the activity lets, or whoever's copy it is.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::rooms::Timing;

use super::history;
use crate::{
    activities::{activity, class_and_template, copy, create, start, synced, until_rights_change},
    revisions::mark,
    support::test_app::{Answer, TestApp, Visitor, assert_problem},
};

async fn leave(by: &Visitor, talk: &str, is_given: bool) -> Answer {
    let path = format!("/api/v1/conversations/{talk}/history/leave");
    by.change(Method::PUT, &path, json!({"staff_see_history": is_given})).await
}

/// What the list says of the staff.
async fn told(by: &Visitor, talk: &str) -> Value {
    by.get(&format!("/api/v1/conversations/{talk}/history")).await.json()["staff"].clone()
}

/// That somebody is told on all its pages and addresses that it is not for them.
async fn refused(by: &Visitor, talk: &str, number: i64) {
    for path in ["", "/export", &format!("/{number}"), &format!("/{number}/compare")] {
        assert_problem(&by.get(&format!("/api/v1/conversations/{talk}/history{path}")).await, 403, "not_allowed");
    }
    assert_eq!(by.get(&format!("/c/{talk}/history")).await.status, StatusCode::FORBIDDEN);
    assert!(!by.get(&format!("/c/{talk}")).await.body.contains("/history\""));
}

#[tokio::test]
async fn a_student_alone_lets_staff_see_the_history_of_their_copy_and_takes_it_back() {
    // Nobody looks now and then: what open pages hear of is what the table tells.
    let timing = Timing { recheck: std::time::Duration::from_secs(3_600), ..Timing::default() };
    let app = TestApp::start_as(&[], timing).await;
    let (olga, ann, ben) =
        (app.person("instructor").await, app.person("student-1").await, app.person("student-2").await);
    let (class, template) = class_and_template(&olga).await;
    let task = activity(&olga, &class, &template, "individual").await;
    let (hers, his) = (copy(&ann, &task).await, copy(&ben, &task).await);
    let mut peer = synced(&ann, &hers).await;
    mark(&ann, &hers, &mut peer, "Some words").await;
    let number = history(&ann, &hers).await[0]["number"].as_i64().unwrap();
    let of_hers = |by_leave, may_change| json!({"by_activity": false, "by_leave": by_leave, "may_change": may_change});
    assert_eq!(told(&ann, &hers).await, of_hers(false, true));
    refused(&olga, &hers, number).await;
    for other in [&olga, &ben] {
        assert!(!leave(other, &hers, true).await.status.is_success(), "it is hers alone to give");
    }
    refused(&olga, &hers, number).await;

    let mut open = synced(&olga, &hers).await;
    assert_eq!(leave(&ann, &hers, true).await.status, StatusCode::NO_CONTENT);
    // Whoever has it open hears of it.
    until_rights_change(&mut open).await;
    assert_eq!(history(&olga, &hers).await.len(), 2);
    assert_eq!(told(&olga, &hers).await, of_hers(true, false));
    assert!(ann.get(&format!("/c/{hers}")).await.body.contains("The staff of the class see the history of this"));
    let page = olga.get(&format!("/c/{hers}/history")).await;
    assert!(page.body.contains("lets them") && !page.body.contains("Stop showing it to staff"), "{}", page.body);
    assert!(ann.get(&format!("/c/{hers}/history")).await.body.contains("Stop showing it to staff"));
    refused(&olga, &his, 1).await;
    assert_problem(&ben.get(&format!("/api/v1/conversations/{hers}/history")).await, 404, "not_found");

    assert_eq!(leave(&ann, &hers, false).await.status, StatusCode::NO_CONTENT);
    refused(&olga, &hers, number).await;
    assert!(!ann.get(&format!("/c/{hers}")).await.body.contains("The staff of the class see the history of this"));
    // What several work in is nobody's alone to show, and what is no copy has no staff.
    let together = activity(&olga, &class, &template, "together").await;
    let shared = copy(&ann, &together).await;
    let own = ann.conversation("Mine", "Some words.", "none").await;
    for talk in [&shared, &own] {
        assert_problem(&leave(&ann, talk, true).await, 403, "not_allowed");
    }
    assert_eq!(told(&ann, &shared).await["may_change"], false);
    assert_eq!(told(&ann, &own).await, Value::Null);
}

#[tokio::test]
async fn an_activity_says_before_it_begins_that_staff_see_the_history_of_its_copies() {
    let app = TestApp::start().await;
    let (olga, ann) = (app.person("instructor").await, app.person("student-1").await);
    let (class, template) = class_and_template(&olga).await;
    for mode in ["individual", "together"] {
        let settings = |shows: Value| json!({"title": "Close reading", "template": template, "mode": mode, "staff_see_history": shows});
        let made = create(&olga, &class, settings(json!(true))).await.json();
        let path = format!("/api/v1/activities/{}", made["id"].as_str().unwrap());
        let page = path.replace("/api/v1", "");
        let said = "The staff of the class see the history of your work here";
        assert!(ann.get(&page).await.body.contains(said), "before anybody has started");
        let talk = copy(&ann, &path).await;
        let mut peer = synced(&ann, &talk).await;
        mark(&ann, &talk, &mut peer, "Some words").await;
        assert_eq!(history(&olga, &talk).await.len(), 2, "{mode}");
        assert_eq!(told(&olga, &talk).await["by_activity"], true);
        assert!(ann.get(&format!("/c/{talk}")).await.body.contains("The staff of the class see the history of this"));

        let put = async |shows: Value| olga.change(Method::PUT, &path, settings(shows)).await;
        assert_eq!(put(Value::Null).await.status, StatusCode::NO_CONTENT);
        assert_eq!(olga.get(&path).await.json()["staff_see_history"], true, "who does not speak of it changes nothing");
        assert_eq!(put(json!(false)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(olga.get(&path).await.json()["staff_see_history"], false);
        refused(&olga, &talk, 1).await;
        assert!(!ann.get(&page).await.body.contains(said));
        // Whoever has started was told that they do not.
        assert_problem(&put(json!(true)).await, 409, "started");
        refused(&olga, &talk, 1).await;
    }
    // By itself it is off; and on as long as nobody has started.
    let path = activity(&olga, &class, &template, "individual").await;
    assert_eq!(olga.get(&path).await.json()["staff_see_history"], false);
    let settings = json!({"title": "A title", "template": template, "mode": "individual", "staff_see_history": true});
    assert_eq!(olga.change(Method::PUT, &path, settings).await.status, StatusCode::NO_CONTENT);
    assert_eq!(start(&ann, &path).await.status, StatusCode::OK);
    assert_eq!(olga.get(&path).await.json()["staff_see_history"], true);
}
