//! The programs of `docs/annotation-schema.md`, as an outsider would run them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tokio::process::Command;

use super::{
    PATIENCE, installed,
    replica::{Library, Replica},
    stage::{Stage, text_of},
};
use crate::support::run;

#[tokio::test]
async fn the_documented_javascript_client_does_what_it_says() {
    // Packages are looked for beside the file.
    let folder = run::scratch("client");
    fs::copy(docs().join("examples/client.mjs"), folder.join("client.mjs")).unwrap();
    std::os::unix::fs::symlink(installed::programs().join("node_modules"), folder.join("node_modules")).unwrap();
    does_what_it_says(installed::node, &folder.join("client.mjs"), "JavaScript").await;
}

#[tokio::test]
async fn the_documented_python_client_does_what_it_says() {
    does_what_it_says(installed::python, &docs().join("examples/client.py"), "Python").await;
}

#[test]
fn the_document_shows_the_clients_as_they_are() {
    let page = fs::read_to_string(docs().join("annotation-schema.md")).unwrap();
    for (file, language) in [("client.mjs", "js"), ("client.py", "python")] {
        let program = fs::read_to_string(docs().join("examples").join(file)).unwrap();
        assert!(page.contains(&format!("```{language}\n{program}```")), "copy docs/examples/{file} into the page");
    }
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

async fn does_what_it_says(interpreter: fn() -> Command, program: &Path, language: &str) {
    let stage = Stage::set().await;
    let mut ours = stage.replica(Library::Yrs, 0, 10).await;
    let said = printed(&stage, interpreter().arg(program)).await;
    assert_eq!(said, "saved\n", "there is no highlight yet");

    // What it says is saved is in the database, and soon with everybody.
    let stored = stage.stored().await;
    let notes = format!("Noted from {language}.\nNoted in a train, from {language}.\n");
    assert_eq!(stored.json["notes"], notes);
    until_equal(&mut ours, &stored).await;
    let read = ours.highlights();
    let [highlight] = &read[..] else { panic!("one highlight: {read:?}") };
    let text = text_of(0);
    assert_eq!(highlight.targets[0].exact, text.chars().take(10).collect::<String>());
    assert_eq!(highlight.author.to_string(), stage.id("@student-2"));
    assert_eq!(highlight.comments[0].body, format!("Said from {language}"));

    let again = printed(&stage, interpreter().arg(program)).await;
    let id = highlight.id.to_string();
    assert!(again.starts_with(&id) && again.contains(&format!("Said from {language}")), "it reads: {again}");
}

async fn printed(stage: &Stage, program: &mut Command) -> String {
    program.args([stage.origin(), &stage.conversation.to_string(), stage.token(1)]);
    program.kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, program.output()).await.expect("it does not end").unwrap();
    let (said, complained) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program:?}: {said}\n{complained}");
    said
}

async fn until_equal(replica: &mut Replica, state: &super::dump::State) {
    loop {
        let dump = replica.dump().await;
        if dump.state == *state {
            return;
        }
        tokio::time::timeout(PATIENCE, replica.changed(dump.version)).await.expect("it never came");
    }
}
