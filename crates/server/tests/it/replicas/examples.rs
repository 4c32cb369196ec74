//! The programs of `examples/`, as an outsider would run them.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::json;
use server::{outbound, rooms::Timing};
use shared::ids::CommentId;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};
use yrs::{Map, Out, Transact};

use super::{
    PATIENCE, installed,
    replica::{Library, Replica},
    stage::{Stage, text_of},
};
use crate::{
    activities::{activity, class_and_template, comment, copy, mark, synced},
    notices::add,
    support::{run, test_app::TestApp},
};

#[tokio::test]
async fn the_documented_javascript_client_does_what_it_says() {
    // Packages are looked for beside the file.
    let folder = run::scratch("client");
    fs::copy(examples().join("client.mjs"), folder.join("client.mjs")).unwrap();
    std::os::unix::fs::symlink(installed::programs().join("node_modules"), folder.join("node_modules")).unwrap();
    does_what_it_says(installed::node, &folder.join("client.mjs"), "JavaScript").await;
}

#[tokio::test]
async fn the_documented_python_client_does_what_it_says() {
    does_what_it_says(installed::python, &examples().join("client.py"), "Python").await;
}

#[tokio::test]
async fn the_notebook_reads_what_a_class_has_marked_and_said_with_a_token_that_only_reads() {
    let app = TestApp::start().await;
    let (instructor, ann, ben) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.person("student-2"));
    let (class, template) = class_and_template(&instructor).await;
    let (_, token) = instructor.token_as(json!({"name": "notebook", "scope": "read"})).await;
    let run = async |token: &str| {
        let mut notebook = installed::python();
        notebook.arg(examples().join("class_annotations.py")).args([app.origin(), class.clone()]).env("TOKEN", token);
        ended(&mut notebook).await
    };
    assert_eq!(run(&token).await, (String::new(), "nobody has started an activity of this class\n".to_owned()));

    let path = activity(&instructor, &class, &template, "individual").await;
    for (who, words) in [(&ann, "=1+1, she said"), (&ben, "two words")] {
        let talk = copy(who, &path).await;
        let (mut peer, me) = (synced(who, &talk).await, who.id().await.parse().unwrap());
        let marked = mark(who, &mut peer, &talk).await;
        peer.edit(|doc| {
            let comment = comment(doc, &marked, me, None);
            say(doc, &marked, &comment, words);
        })
        .await;
        peer.settle().await;
        assert!(peer.refused.is_empty(), "{:?}", peer.refused);
    }
    let (said, complained) = run(&token).await;
    let lines: Vec<Vec<&str>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(complained.is_empty(), "{complained}");
    assert!(lines.iter().any(|line| line.last() == Some(&"2")), "two highlights bear a tag, or none: {said}");
    for person in ["Demo Student 1 1 3", "Demo Student 2 1 2"] {
        assert!(lines.iter().any(|line| line.join(" ") == person), "comments and words of each: {said}");
    }
    let (_, why) = run(&ann.token("no staff").await.1).await;
    assert!(why.contains("403"), "{why}");
}

/// The library that it verifies with is none of ours, nor one that we sign with.
#[tokio::test]
async fn the_receiver_of_a_webhook_believes_what_we_signed_and_nothing_else() {
    let app = TestApp::start_as(&["--webhook-networks=127.0.0.0/8"], Timing::default()).await;
    let (ann, ben) = tokio::join!(app.person("student-1"), app.person("student-2"));
    let talk = ann.conversation("Bread", "User: Some words to mark.", "class").await;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("http://127.0.0.1:{port}/");
    let made = ann.post("/api/v1/webhooks", json!({"url": address, "about": format!("/c/{talk}")})).await.json();
    let mut receiver = installed::python();
    receiver.arg(examples().join("receive_comments.py")).arg(port.to_string());
    receiver.env("SECRET", made["secret"].as_str().unwrap()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut receiver = receiver.spawn().unwrap();
    let mut lines = BufReader::new(receiver.stdout.take().unwrap()).lines();
    let mut says = async || timeout(PATIENCE, lines.next_line()).await.expect("it says nothing").unwrap().unwrap();
    assert_eq!(says().await, format!("listening on port {port}"));

    let (mut peer, me) = (synced(&ben, &talk).await, ben.id().await.parse().unwrap());
    let marked = mark(&ben, &mut peer, &talk).await;
    peer.edit(|doc| add(doc, marked.parse().unwrap(), CommentId::new(), me, "Why? 为什么")).await;
    peer.settle().await;
    let said = says().await;
    assert!(
        said.starts_with(&format!("Demo Student 2: Why? 为什么 ({}/c/{talk}#h={marked}&c=", app.origin())),
        "{said}"
    );

    let forged = r#"{"type":"comment.created","data":{"author":{"name":"Nobody"},"body":"x","link":"y"}}"#;
    let headers =
        [("webhook-id", "x".to_owned()), ("webhook-timestamp", now()), ("webhook-signature", "v1,eA==".into())];
    let mut request = outbound::builder().build().unwrap().post(&address).body(forged);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    assert_eq!(request.send().await.unwrap().status(), 401);
    assert_eq!(says().await, "not believed: No matching signature found");
}

fn now() -> String {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().to_string()
}

/// With other words.
fn say(doc: &yrs::Doc, highlight: &str, comment: &str, words: &str) {
    let highlights = doc.get_or_insert_map("highlights");
    let mut txn = doc.transact_mut();
    let Some(Out::YMap(highlight)) = highlights.get(&txn, highlight) else { panic!("no highlight") };
    let Some(Out::YMap(comments)) = highlight.get(&txn, "comments") else { panic!("no comments") };
    let Some(Out::YMap(comment)) = comments.get(&txn, comment) else { panic!("no comment") };
    comment.insert(&mut txn, "body", words);
}

#[test]
fn the_document_shows_the_clients_as_they_are() {
    let page = fs::read_to_string(examples().join("../docs/annotation-schema.md")).unwrap();
    for (file, language) in [("client.mjs", "js"), ("client.py", "python")] {
        let program = fs::read_to_string(examples().join(file)).unwrap();
        assert!(page.contains(&format!("```{language}\n{program}```")), "copy examples/{file} into the page");
    }
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
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
    let (said, complained) =
        ended(program.args([stage.origin(), &stage.conversation.to_string(), stage.token(1)])).await;
    assert!(complained.is_empty(), "{program:?}: {said}\n{complained}");
    said
}

/// What it said until its end, and what it complained of.
async fn ended(program: &mut Command) -> (String, String) {
    program.kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, program.output()).await.expect("it does not end").unwrap();
    let [said, complained] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!(output.status.success(), complained.is_empty(), "{program:?}: {said}\n{complained}");
    (said, complained)
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
