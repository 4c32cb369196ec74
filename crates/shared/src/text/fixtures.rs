//! Test only: the fixtures that the browser's parity test walks too, and texts too long to keep in files.

use std::{fs, path::Path};

use super::{TextMap, render, walk};

fn each_fixture(mut check: impl FnMut(&str, &str)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../end2end/fixtures/text");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 20, "fixtures are missing");
    for path in paths {
        let markdown = fs::read_to_string(&path).unwrap();
        check(&path.file_stem().unwrap().to_string_lossy(), &markdown);
    }
}

#[test]
fn every_fixture_reads_back_as_its_canonical_text() {
    each_fixture(|name, markdown| {
        let rendered = render(markdown);
        walk::check(&rendered);
        let nodes = walk::text_nodes(&rendered.html);
        let map = TextMap::new(&rendered.runs, nodes.iter().map(String::as_str)).unwrap();
        assert_eq!(map.text(), rendered.text, "{name}");
        assert!(rendered.text.len() > 15, "{name} is almost empty: {:?}", rendered.text);
    });
}

#[test]
fn the_links_of_every_fixture_lead_to_the_web_or_to_a_mailbox() {
    let mut links = 0;
    each_fixture(|name, markdown| {
        let html = render(markdown).html;
        for (at, start) in html.match_indices("<a href=\"") {
            let address = &html[at + start.len()..];
            let safe = ["https://example.org", "http://example.org", "mailto:someone@example.org"];
            assert!(safe.iter().any(|safe| address.starts_with(safe)), "{name}: {address}");
            links += 1;
        }
    });
    assert!(links > 10, "{links} links");
}

#[test]
fn a_paragraph_longer_than_a_browsers_text_node_is_one_run() {
    let words = "Words 😀 und Wörter, 漢字. ".repeat(5_000);
    let rendered = render(&words);
    walk::check(&rendered);
    assert_eq!(rendered.runs.len(), 1);
    assert!(rendered.runs[0].len.0 > 65_536);
    // As Blink would split it, between two characters.
    let middle = words.char_indices().nth(60_000).unwrap().0;
    let parts = [&rendered.text[..middle], &rendered.text[middle..]];
    assert_eq!(TextMap::new(&rendered.runs, parts).unwrap().text(), rendered.text);
}
