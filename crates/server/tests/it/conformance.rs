//! What the API answers is what `openapi.json` says of it: its own description against the running server, by schemathesis
//! (`schemathesis.toml`). It sends to each route what is described, and what is not quite: no answer may be a fault of ours, nor
//! one that is not described, in status, kind and fields.

use std::{collections::BTreeSet, env, fmt::Write, fs, time::Duration};

use serde_json::Value;
use server::rooms::Timing;
use tokio::time::timeout;
use url::Url;

use crate::{
    replicas::installed,
    support::{
        run,
        scene::{Cast, Role, Scene},
        test_app::TestApp,
    },
};

/// Cases that are made up for each route, beside those that follow from its description.
const EXAMPLES: &str = "--max-examples=2";

/// How long the search goes on, and then not the same way each time: `cargo xtask fuzz --api`.
const SECONDS: &str = "PROMPTGRIMOIRE_CONFORMANCE_SECONDS";

/// Of the routes that read, so many of a hundred are answered with what is there at least once: where all were 404, nothing of
/// what is described would have been compared.
const ANSWERED: usize = 80;

/// What only reads comes first, and what takes away last.
const METHODS: [&[&str]; 3] =
    [&["--include-method=GET"], &["--exclude-method=GET", "--exclude-method=DELETE"], &["--include-method=DELETE"]];

/// Whoever takes longer does not end.
const PATIENCE: Duration = Duration::from_secs(1_200);

/// Ids of what is there, so that not all is answered with 404. They are gone when something has deleted them.
fn config(scene: &Scene) -> String {
    let mut config = include_str!("schemathesis.toml").to_owned();
    let of_all = ["class", "group", "user", "entry", "invitation", "token", "share", "link", "secret", "activity"];
    let of_all = of_all.iter().chain(&["project", "prompt", "export", "webhook", "number"]);
    config += "\n[parameters]\n";
    for name in of_all {
        writeln!(config, "\"path.{name}\" = {:?}", scene.fill(&format!("{{{name}}}"), "shared")).unwrap();
    }
    for (paths, name, id) in [
        // Staff see the history where they may.
        (r"/api/v1/conversations/\{id\}/history", "id", scene.fill("{id}", "shown")),
        (r"/api/v1/(conversations/(?!\{id\}/history)|messages/|runs/)", "id", scene.fill("{id}", "shared")),
        ("/api/v1/search/exports/", "export", scene.fill("/api/v1/search/{export}", "").replace("/api/v1/search/", "")),
        (
            "/api/v1/activities/",
            "export",
            scene.fill("/api/v1/activities/{export}", "").replace("/api/v1/activities/", ""),
        ),
        ("/api/v1/trash/", "id", scene.fill("/api/v1/trash/{id}", "").replace("/api/v1/trash/", "")),
    ] {
        let parameters = format!("parameters = {{ \"path.{name}\" = {id:?} }}");
        write!(config, "\n[[operations]]\ninclude-path-regex = '^{paths}'\n{parameters}\n").unwrap();
    }
    config
}

async fn assert_answers_as_described(role: Option<Role>) {
    let app = TestApp::start_as(&["--api-requests-per-minute=1000000"], Timing::default()).await;
    let cast = Cast::new(&app).await;
    let scene = Scene::new(&app, &cast).await;
    let file = run::scratch("conformance").join("schemathesis.toml");
    let seconds = env::var(SECONDS).ok().map(|seconds| seconds.parse::<u64>().unwrap());
    let mut config = config(&scene);
    if seconds.is_some() {
        config = config.replace("deterministic = true\n", "");
    }
    fs::write(&file, config).unwrap();
    let report = file.with_extension("har");
    let mut read = BTreeSet::new();
    for methods in METHODS {
        let mut program = installed::python();
        program.args(["-m", "schemathesis.cli", "--config-file"]).arg(&file);
        program.args(["run", &format!("{}/api/openapi.json", app.origin())]).args(methods).kill_on_drop(true);
        program.args(["--report", "har", "--report-har-path"]).arg(&report);
        // What it learns on its way it would keep there.
        program.current_dir(file.parent().unwrap());
        match seconds {
            Some(seconds) => program.arg("--max-time").arg((seconds / METHODS.len() as u64).max(1).to_string()),
            None => program.arg(EXAMPLES),
        };
        if let Some(role) = role {
            let token = cast.visitor(&app, role).await.token("conformance").await.1;
            program.arg("--header").arg(format!("Authorization: Bearer {token}"));
        }
        let patience = PATIENCE + Duration::from_secs(seconds.unwrap_or_default());
        let output = timeout(patience, program.output()).await.expect("it does not end").unwrap();
        let [said, complained] =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(output.status.success(), "{said}\n{complained}");
        // With an empty description all would be well.
        assert!(said.contains("Tested: ") && !said.contains("Tested: 0"), "{said}");
        read.extend(answered(&fs::read(&report).unwrap()));
    }
    if role.is_some() {
        let routes = reads();
        let missing: Vec<_> = routes.difference(&read).collect();
        let share = (routes.len() - missing.len()) * 100 / routes.len();
        assert!(share >= ANSWERED, "{share} of a hundred; not {missing:#?}");
    }
}

/// The described paths of routes that read.
fn reads() -> BTreeSet<String> {
    let described: Value = serde_json::from_str(include_str!("../../src/openapi.json")).unwrap();
    let paths = described["paths"].as_object().unwrap().iter();
    paths.filter(|(_, path)| path["get"].is_object()).map(|(path, _)| path.clone()).collect()
}

/// Those of them that a report has a good answer of.
fn answered(report: &[u8]) -> BTreeSet<String> {
    let report: Value = serde_json::from_slice(report).unwrap();
    let is_good = |entry: &&Value| {
        entry["request"]["method"] == "GET" && entry["response"]["status"].as_u64().unwrap() / 100 == 2
    };
    let entries = report["log"]["entries"].as_array().unwrap().iter();
    let asked = entries.filter(is_good).map(|entry| Url::parse(entry["request"]["url"].as_str().unwrap()).unwrap());
    let routes = reads();
    let plainest = |route: &&String| route.matches('{').count();
    let of = |url: Url| routes.iter().filter(|route| is_of(route, url.path())).min_by_key(plainest).cloned();
    asked.filter_map(of).collect()
}

fn is_of(route: &str, path: &str) -> bool {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len() && route.iter().zip(path).all(|(part, is)| part.starts_with('{') || *part == is)
}

#[tokio::test]
async fn what_somebody_is_answered_is_what_is_described() {
    assert_answers_as_described(Some(Role::Instructor)).await;
}

#[tokio::test]
async fn what_nobody_is_answered_is_what_is_described() {
    assert_answers_as_described(None).await;
}
