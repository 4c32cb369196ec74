//! Every page, asked by every kind of caller: the status that they get. `303` leads elsewhere: whoever is signed out to the
//! sign-in page, who has pressed a button to where that leads. Both conversations are chats, whose text nobody edits (`409`).

use std::{collections::BTreeSet, fs};

use reqwest::{Method, header, multipart};

use crate::{
    matrix::{CALLERS, Caller, rows},
    support::{
        scene::{Cast, Scene},
        test_app::TestApp,
    },
};

/// As in the table of the API; a page is asked for without a token and, if it is one that changes something, from
/// another site too. The server has development sign-in: the ways of providers lead nowhere.
const PAGES: &str = "
                                                 out forgn strgr other  stud tutor instr owner admin token bannd
GET    /                                         303   200   200   200   200   200   200   200   200   303   403
GET    /import                                   303   200   200   200   200   200   200   200   200   303   403
GET    /inbox                                    303   200   200   200   200   200   200   200   200   303   403
GET    /search                                   303   200   200   200   200   200   200   200   200   303   403
GET    /search/exports                           303   200   200   200   200   200   200   200   200   303   403
POST   /inbox/read                               401   403   303   303   303   303   303   303   303   303   403
GET    /account                                  303   200   200   200   200   200   200   200   200   303   403
GET    /account/erase                            303   200   200   200   200   200   200   200   200   303   403
GET    /account/merge                            303   200   200   200   200   200   200   200   200   303   403
POST   /account/merge                            303   403   400   400   400   400   400   400   400   303   403
GET    /account/merged                           303   200   200   200   200   200   200   200   200   303   403
GET    /erased                                   200   200   200   200   200   200   200   200   200   200   200
GET    /account/webhooks/{webhook}               303   200   404   404   404   404   200   404   404   303   403
GET    /api                                      200   200   200   200   200   200   200   200   200   200   200
GET    /offline                                  200   200   200   200   200   200   200   200   200   200   200
GET    /c/{id}                       shared      303   200   404   404   200   200   200   200   404   303   403
GET    /c/{id}                       private     303   404   404   404   404   404   404   200   404   303   403
GET    /c/{id}/compare               shared      303   404   404   404   404   404   404   404   404   303   403
GET    /c/{id}/agreement             shared      303   200   404   404   200   200   200   200   404   303   403
GET    /c/{id}/agreement             private     303   404   404   404   404   404   404   200   404   303   403
GET    /c/{id}/annotations           shared      303   200   404   404   200   200   200   200   404   303   403
GET    /c/{id}/annotations           private     303   404   404   404   404   404   404   200   404   303   403
GET    /c/{id}/exports               shared      303   200   404   404   200   200   200   200   404   303   403
GET    /c/{id}/exports               private     303   404   404   404   404   404   404   200   404   303   403
GET    /c/{id}/edit                  shared      303   403   404   404   403   403   403   409   404   303   403
GET    /c/{id}/edit                  private     303   404   404   404   404   404   404   409   404   303   403
GET    /c/{id}/revisions             shared      303   200   404   404   200   200   200   200   404   303   403
GET    /c/{id}/revisions             private     303   404   404   404   404   404   404   200   404   303   403
GET    /c/{id}/revisions/{number}    shared      303   200   404   404   200   200   200   200   404   303   403
GET    /c/{id}/revisions/{number}    private     303   404   404   404   404   404   404   200   404   303   403
GET    /c/{id}/history               shared      303   403   404   404   403   403   403   200   404   303   403
GET    /c/{id}/history               private     303   404   404   404   404   404   404   200   404   303   403
GET    /c/{id}/deleted               shared      303   200   404   404   403   200   200   200   404   303   403
GET    /c/{id}/deleted               private     303   404   404   404   404   404   404   200   404   303   403
GET    /c/{id}/share                 shared      303   403   404   404   403   403   403   200   404   303   403
GET    /c/{id}/share                 private     303   404   404   404   404   404   404   200   404   303   403
GET    /s/{secret}                               303   200   200   200   200   200   200   200   200   303   403
GET    /classes                                  303   200   200   200   200   200   200   200   200   303   403
GET    /classes/{id}                             303   200   404   404   200   200   200   200   200   303   403
GET    /classes/{id}/manage                      303   200   404   404   403   200   200   403   200   303   403
GET    /classes/{id}/people/{user}               303   200   404   404   403   403   200   403   200   303   403
GET    /classes/{id}/roster                      303   303   303   303   303   303   303   303   303   303   303
POST   /classes/{id}/roster                      303   403   404   404   403   403   200   403   200   303   403
GET    /classes/{id}/activities                  303   200   404   404   200   200   200   200   200   303   403
GET    /classes/{id}/activities/new              303   200   404   404   403   200   200   403   200   303   403
GET    /activities/{id}                          303   200   404   404   200   200   200   200   200   303   403
GET    /activities/{id}/settings                 303   200   404   404   403   200   200   403   200   303   403
GET    /activities/{id}/overview     started     303   200   404   404   403   200   200   403   200   303   403
GET    /activities/{id}/agreement    started     303   200   404   404   403   200   200   403   403   303   403
GET    /activities/{id}/exports                  303   200   404   404   403   200   200   403   403   303   403
GET    /projects                                 303   200   200   200   200   200   200   200   200   303   403
GET    /projects/{id}                class       303   200   404   404   200   200   200   200   200   303   403
GET    /projects/{id}                own         303   404   404   404   404   404   404   200   404   303   403
GET    /trash                                    303   200   200   200   200   200   200   200   200   303   403
GET    /join/{token}                             303   200   200   200   200   200   200   200   200   303   403
GET    /sign-in                                  200   200   200   200   200   200   200   200   200   200   200
POST   /sign-in                                  303   403   303   303   303   303   303   303   303   303   303
GET    /sign-in/closed                           403   403   403   403   403   403   403   403   403   403   403
GET    /sign-in/link/{secret}                    303   303   303   303   303   303   303   303   303   303   303
GET    /sign-in/link                             410   410   410   410   410   410   410   410   410   410   410
POST   /sign-in/link                             410   403   410   410   410   410   410   410   410   410   410
POST   /sign-in/email                            404   403   404   404   404   404   404   404   404   404   404
GET    /sign-in/sent                             404   404   404   404   404   404   404   404   404   404   404
GET    /sign-in/callback                         404   404   404   404   404   404   404   404   404   404   404
GET    /sign-in/continue                         404   404   404   404   404   404   404   404   404   404   404
GET    /sign-in/oidc                             404   404   404   404   404   404   404   404   404   404   404
GET    /sign-in/oidc/callback                    404   404   404   404   404   404   404   404   404   404   404
POST   /sign-out                                 303   403   303   303   303   303   303   303   303   303   303
POST   /sign-out-everywhere                      303   403   303   303   303   303   303   303   303   400   303
";

#[tokio::test]
async fn every_caller_gets_from_every_page_what_the_table_says() {
    let app = TestApp::start().await;
    let cast = Cast::new(&app).await;
    let mut wrong = Vec::new();
    for (what, answers) in rows(PAGES, 2, CALLERS.len()) {
        let (method, path, kind) = (what[0], what[1], what.get(2).copied().unwrap_or_default());
        for (caller, expected) in CALLERS.into_iter().zip(answers) {
            let scene = Scene::new(&app, &cast).await;
            let visitor = caller.visitor(&app, &cast).await;
            let bearer = caller.token(&app, &cast).await;
            let origin = if caller == Caller::WrongOrigin { "https://example.org".to_owned() } else { app.origin() };
            let with = |request: reqwest::RequestBuilder| {
                let request = match bearer {
                    Some(token) => request.bearer_auth(token),
                    None => request,
                };
                fill_in(request.header(header::ORIGIN, origin), method, path)
            };
            // The pages of each kind of thing call what they are about `{id}`.
            let address = [("/classes/", "{class}"), ("/activities/", "{activity}"), ("/projects/", "{project}")]
                .iter()
                .fold(path.to_owned(), |path, (of, name)| path.replace(&format!("{of}{{id}}"), &format!("{of}{name}")));
            let address = scene.fill(&address, kind);
            let answer = visitor.send(Method::from_bytes(method.as_bytes()).unwrap(), &address, with).await;
            if answer.status.as_str() != expected {
                wrong.push(format!("{method} {path} {kind} by {caller:?}: {}, not {expected}", answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the form of a page holds.
fn fill_in(request: reqwest::RequestBuilder, method: &str, path: &str) -> reqwest::RequestBuilder {
    let form = |body: &'static str| (header::CONTENT_TYPE, "application/x-www-form-urlencoded", body);
    let (name, value, body) = match (method, path) {
        ("POST", "/classes/{id}/roster") => {
            let file = multipart::Part::text("Name,E-mail\nNew,new@example.test\n").file_name("a.csv");
            return request.multipart(multipart::Form::new().part("file", file));
        }
        ("POST", "/inbox/read") => form("up_to=0190c1a2-0000-7000-8000-000000000000"),
        ("POST", "/sign-in") => form("person=student-1"),
        ("POST", _) => form(""),
        _ => return request,
    };
    request.header(name, value).body(body)
}

/// Routes of the router that are no pages.
const NO_PAGES: [&str; 5] = ["/healthz", "/readyz", "/metrics", "/sync/{conversation_id}", "/dev/start"];

/// Every path that a page is at, read from the source: a page without a row fails here.
#[test]
fn every_page_has_a_row_and_every_row_is_of_a_page() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let below = fs::read_dir(format!("{source}/pages")).unwrap().map(|entry| entry.unwrap().path());
    let files = below.chain([format!("{source}/pages.rs").into(), format!("{source}/router.rs").into()]);
    let mut paths = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for route in text.split(".route(").skip(1) {
            let route = route.trim_start();
            let path = match route.split_once('"') {
                Some(("", rest)) => rest.split('"').next().unwrap(),
                _ if route.starts_with("CALLBACK") => "/sign-in/callback",
                _ if route.starts_with("oidc::CALLBACK") => "/sign-in/oidc/callback",
                _ if route.starts_with("IMPORT_PATH") => continue,
                _ => panic!("{}: a route whose path this test does not read: {route:.40}", file.display()),
            };
            if !path.starts_with("/api/") && !NO_PAGES.contains(&path) {
                paths.insert(path.to_owned());
            }
        }
    }
    let in_table: BTreeSet<String> = rows(PAGES, 2, CALLERS.len()).iter().map(|(what, _)| what[1].to_owned()).collect();
    assert_eq!(paths, in_table);
}
