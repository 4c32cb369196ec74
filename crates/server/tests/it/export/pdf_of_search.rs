//! The PDF of what a search finds: what is in it, and for whom it stays.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{
    docx::read_by,
    pdf::{app_with, chromium, ended, stand_in},
};
use crate::{
    activities::run,
    rooms_support::until,
    support::test_app::{Visitor, assert_problem},
};

const JOBS: &str = "/api/v1/search/exports";

async fn begin(who: &Visitor, q: &str) -> String {
    let begun = who.post(JOBS, json!({"format": "pdf", "q": q})).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.body);
    format!("{JOBS}/{}", begun.json()["id"].as_str().unwrap())
}

#[tokio::test]
async fn what_is_found_is_printed_and_given_while_all_of_it_may_be_read() {
    let app = app_with(&chromium()).await;
    let (ann, ben) = (app.person("student-1").await, app.person("student-2").await);
    for (who, title, text, share) in [
        (&ann, "Her whales", "The humpback sings to nobody.", "none"),
        (&ben, "His whales", "A humpback breathes. 鯨", "class"),
        (&ben, "His alone", "This humpback is hidden.", "none"),
        (&ann, "Cats", "A cat purrs.", "none"),
    ] {
        who.conversation(title, text, share).await;
    }
    let found = async || ann.get("/api/v1/search?q=humpbacks").await.json()["results"].as_array().unwrap().len();
    until(async || found().await == 2).await;
    let job = begin(&ann, "humpbacks").await;
    let done = ended(&ann, &job).await;
    assert_eq!((&done["state"], &done["name"]), (&json!("done"), &json!("humpbacks.pdf")), "{done}");
    let link = done["link"].as_str().unwrap();
    let file = ann.request(Method::GET, link).send().await.unwrap().bytes().await.unwrap();
    let read = read_by("read_pdf.py", "pdf-of-search", &file).await;
    let text: String = read["pages"].as_array().unwrap().iter().map(|page| page.as_str().unwrap()).collect();
    for words in ["Her whales", "sings to nobody", "His whales", "breathes", "鯨"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for words in ["hidden", "His alone", "purrs"] {
        assert!(!text.contains(words), "{words}: {text}");
    }
    let listed = ann.get(JOBS).await.json();
    assert_eq!((&listed["title"], &listed["exports"][0]["id"]), (&json!("Search"), &done["id"]));
    assert_eq!(ben.get(JOBS).await.json()["exports"], json!([]));
    for path in [&job, link] {
        assert_problem(&ben.get(path).await, 404, "not_found");
    }

    // One of them is not for her any more.
    run(&app, "update conversations set share = 'none' where title = 'His whales'").await;
    let now = ann.get(&job).await.json();
    assert_eq!((&now["state"], &now["name"], &now["link"]), (&json!("failed"), &json!(null), &json!(null)), "{now}");
    assert!(now["reason"].as_str().unwrap().contains("do not see any more"), "{now}");
    assert_problem(&ann.get(link).await, 409, "not_ready");
    let again = ended(&ann, &begin(&ann, "humpbacks").await).await;
    assert_eq!(again["state"], "done");
    assert_eq!(ann.change(Method::DELETE, &job, json!({})).await.status, StatusCode::NO_CONTENT);
    assert_problem(&ann.get(link).await, 409, "not_ready");
}

#[tokio::test]
async fn names_that_are_seen_no_more_are_in_no_file_of_a_search() {
    let app = app_with(&stand_in("printf %%PDF-1.4 > \"$out\"")).await;
    let (olga, ann) = (app.person("instructor").await, app.person("student-1").await);
    let talk = ann.conversation("Whales", "The humpback sings.", "class").await;
    let anonymous = json!({"anonymous": true});
    let path = format!("/api/v1/conversations/{talk}/sharing/anonymity");
    assert_eq!(ann.change(Method::PUT, &path, anonymous).await.status, StatusCode::NO_CONTENT);
    until(async || olga.get("/api/v1/search?q=humpback").await.json()["results"][0].is_object()).await;
    let job = begin(&olga, "humpback").await;
    assert_eq!(ended(&olga, &job).await["state"], "done");
    run(&app, "update memberships set role = 'student'").await;
    assert_eq!(olga.get(&job).await.json()["state"], "failed", "she is of the staff no more");
}

#[tokio::test]
async fn what_cannot_be_looked_for_and_two_at_once_are_refused() {
    let app = app_with(&stand_in("sleep 600")).await;
    let ann = app.person("student-1").await;
    let talk = ann.conversation("Whales", "The humpback sings.", "none").await;
    for (body, kind) in [
        (json!({"format": "pdf"}), "query"),
        (json!({"format": "pdf", "q": " "}), "query"),
        (json!({"format": "pdf", "q": "in:nowhere"}), "query"),
        (json!({"format": "pdf", "q": "humpback", "branch": talk}), "no_such_branch"),
    ] {
        assert_problem(&ann.post(JOBS, body).await, 400, kind);
    }
    assert_eq!(ended(&ann, &begin(&ann, "zyzzyva").await).await["reason"], "Nothing is found that may be taken away.");
    until(async || ann.get("/api/v1/search?q=humpback").await.json()["results"][0].is_object()).await;
    let job = begin(&ann, "humpback").await;
    assert_eq!(begin(&ann, "humpback").await, job);
    assert_problem(&ann.post(JOBS, json!({"format": "pdf", "q": "whales"})).await, 409, "one_at_a_time");
    let other = ann.post(&format!("/api/v1/conversations/{talk}/exports"), json!({"format": "pdf"})).await;
    assert_problem(&other, 409, "one_at_a_time");
    assert_eq!(ann.change(Method::DELETE, &job, json!({})).await.status, StatusCode::NO_CONTENT);
}
