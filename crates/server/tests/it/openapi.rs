//! The API's description, against the API.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode, header};
use serde_json::Value;

use crate::support::{
    scene::{Cast, Role, Scene},
    test_app::TestApp,
};

/// Of nothing.
const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Every route of the API in `router.rs` with its methods, read from its source: one that is not described fails here.
fn routes() -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for route in include_str!("../../src/router.rs").split(".route(").skip(1) {
        // What follows the last route of a function is no part of it.
        let route = route.split("\n}").next().unwrap();
        let path = match route.trim_start() {
            quoted if quoted.starts_with('"') => quoted.split('"').nth(1).unwrap(),
            named if named.starts_with("IMPORT_PATH") => shared::api::IMPORT_PATH,
            other => panic!("a route whose path this test does not read: {other:.40}"),
        };
        if !path.starts_with("/api/v1/") {
            continue;
        }
        let before = routes.len();
        for method in ["get", "post", "put", "patch", "delete"] {
            let call = format!("{method}(");
            // `get(…)` and `.get(…)`, and not the end of another name.
            let is_called = route.match_indices(&call).any(|(at, _)| {
                !route[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':')
            });
            if is_called {
                routes.insert((path.to_owned(), method.to_owned()));
            }
        }
        assert!(routes.len() > before, "{path}: no method that this test reads");
    }
    routes
}

#[tokio::test]
async fn every_route_is_described_and_every_description_is_a_route() {
    let app = TestApp::start().await;
    let answer = app.stranger().get("/api/openapi.json").await;
    assert_eq!(answer.status, StatusCode::OK);
    let paths = answer.json()["paths"].as_object().unwrap().clone();
    let described = paths.iter().flat_map(|(path, operations)| {
        operations.as_object().unwrap().keys().map(|method| (path.clone(), method.clone()))
    });
    assert_eq!(described.collect::<BTreeSet<_>>(), routes());

    let cast = Cast::new(&app).await;
    for (path, operations) in paths {
        for method in operations.as_object().unwrap().keys() {
            // Anew each time: some of the routes take things away.
            let path = Scene::new(&app, &cast).await.fill(&path, "shared");
            // What is in the trash is there for its owner alone.
            let of_owner =
                ["conversations", "projects"].iter().any(|kind| path.starts_with(&format!("/api/v1/trash/{kind}/")));
            let of_owner = of_owner || (path.contains("/conversations/") && path.contains("/exports/"));
            let role = if of_owner { Role::Owner } else { Role::Instructor };
            let caller = cast.visitor(&app, role).await;
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let origin = app.origin();
            let answer = caller.send(method.clone(), &path, |request| request.header(header::ORIGIN, origin)).await;
            let unknown = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&answer.status);
            assert!(!unknown, "{method} {path}: {}", answer.status);
        }
    }
}

/// All `$ref`s lead somewhere, and what the server answers has the fields that are promised.
#[tokio::test]
async fn answers_have_the_fields_that_are_described() {
    let app = TestApp::start().await;
    let student = app.person("student-1").await;
    let document = student.get("/api/openapi.json").await.json();
    let schemas = document["components"]["schemas"].as_object().unwrap().clone();
    for reference in document.to_string().split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    let id = student.conversation("x", "User: a\n\nAssistant: b", "class").await;
    student.token("x").await;
    let first = |value: &Value| value[0].clone();
    let conversation = student.get(&format!("/api/v1/conversations/{id}")).await.json();
    let answers = [
        ("Me", student.get("/api/v1/me").await.json()),
        ("Token", first(&student.get("/api/v1/tokens").await.json())),
        ("Session", first(&student.get("/api/v1/sessions").await.json())),
        ("ConversationSummary", first(&student.get("/api/v1/conversations").await.json())),
        ("Person", first(&student.get(&format!("/api/v1/conversations/{id}/people")).await.json())),
        ("TagSummary", first(&student.get(&format!("/api/v1/conversations/{id}/tags")).await.json())),
        ("Inbox", student.get("/api/v1/notices").await.json()),
        ("Unread", student.post("/api/v1/notices/read", serde_json::json!({"ids": [ID]})).await.json()),
        ("Message", first(&conversation["messages"])),
        ("Conversation", conversation),
        ("Problem", student.get("/api/v1/nothing").await.json()),
    ];
    for (name, answer) in answers {
        let fields: BTreeSet<&String> = answer.as_object().unwrap().keys().collect();
        let described: BTreeSet<&String> = schemas[name]["properties"].as_object().unwrap().keys().collect();
        let required = schemas[name]["required"].as_array().unwrap();
        assert!(fields.is_subset(&described), "{name}: {fields:?}");
        assert!(required.iter().all(|field| answer.get(field.as_str().unwrap()).is_some()), "{name}: {answer}");
    }
}
