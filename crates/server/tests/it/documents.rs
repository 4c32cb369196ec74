//! Documents of strangers, in the process of their own that the server starts.

use std::{
    fmt::Write as _,
    io::{Cursor, Write},
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

/// What the process answers; nothing if it ended without an answer.
fn read(kind: &str, bytes: &[u8]) -> Option<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promptgrimoire"));
    let mut child = command.arg("read-document").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut to = child.stdin.take().unwrap();
    let mut given = json!({"kind": kind, "file": "x", "title": null}).to_string().into_bytes();
    given.push(b'\n');
    given.extend_from_slice(bytes);
    // Whoever has ended takes no more.
    let writing = std::thread::spawn(move || drop(to.write_all(&given)));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    let line = output.stdout.rsplit(|byte| *byte == b'\n').find(|line| !line.is_empty())?;
    serde_json::from_slice(line).ok()
}

fn docx(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn word(body: &str) -> String {
    format!("<w:document xmlns:w=\"w\"><w:body>{body}</w:body></w:document>")
}

#[test]
fn a_document_is_read_and_what_it_says_comes_back() {
    let page = read("Page", b"<!doctype html><title>Bees</title><p>They <b>sleep</b>.</p>").unwrap();
    assert_eq!(page["Ok"]["messages"][0]["markdown"], "They **sleep**.");
    let document = docx(&[("word/document.xml", &word("<w:p><w:r><w:t>They sleep.</w:t></w:r></w:p>"))]);
    assert_eq!(read("Docx", &document).unwrap()["Ok"]["messages"][0]["markdown"], "They sleep.");
    let broken = read("Pdf", b"%PDF-1.7 and nothing").unwrap();
    assert!(broken["Err"]["BrokenDocument"]["reason"].as_str().unwrap().contains("damaged"), "{broken}");
}

/// Each would take a server's memory, or a processor for hours.
#[test]
fn whatever_a_document_does_it_does_not_take_the_server_along() {
    let address = format!("<p>a <a href=\"http://a/{}\">b</a></p>", "&".repeat(1 << 20));
    assert!(read("Page", address.as_bytes()).is_some_and(|said| said["Ok"].is_object()), "a long address is none");

    let mut lists = "<ol start=999999999><li>".repeat(32);
    let _ = write!(lists, "<pre>{}</pre>", "x\n".repeat(1 << 18));
    let told = read("Page", lists.as_bytes());
    let within = |said: &Value| said["Ok"]["messages"][0]["markdown"].as_str().is_none_or(|text| text.len() <= 1 << 20);
    assert!(told.as_ref().is_none_or(within), "lines with many marks before them");

    let note = format!(
        "<w:footnotes xmlns:w=\"w\"><w:footnote w:id=\"1\"><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:footnote></w:footnotes>",
        "a ".repeat(1 << 20)
    );
    let references = "<w:p><w:r><w:footnoteReference w:id=\"1\"/></w:r></w:p>".repeat(50_000);
    let bomb = docx(&[("word/document.xml", &word(&references)), ("word/footnotes.xml", &note)]);
    let told = read("Docx", &bomb).unwrap();
    assert!(told["Err"].is_object(), "one note that is referred to from everywhere");
}

/// Whatever else is overlooked.
#[test]
#[cfg(target_os = "linux")]
fn the_process_that_reads_has_little_time_and_memory_and_writes_no_file() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promptgrimoire"));
    let mut child = command.arg("read-document").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // It limits itself before it reads; what it is given then is no question.
    let limits = format!("/proc/{}/limits", child.id());
    let is_limited = |limits: &str| {
        let soft_and_hard = |name: &str, most: &str| {
            let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().take(2).eq([most, most])
        };
        soft_and_hard("Max cpu time", "20")
            && soft_and_hard("Max address space", "1073741824")
            && soft_and_hard("Max file size", "0")
            && soft_and_hard("Max core file size", "0")
    };
    let mut told = String::new();
    let is_so = (0..500).any(|_| {
        told = std::fs::read_to_string(&limits).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        is_limited(&told)
    });
    drop(child.stdin.take());
    child.wait().unwrap();
    assert!(is_so, "{told}");
}
