//! Web archives (MHTML), honest and hostile.

use base64::Engine;
use shared::messages::MessageRole;

use super::{one, refused};

const CHAT: &str = "<title>A river</title><div data-message-author-role=3D\"user\"><p>Na=\r\nming =E6=BC=A2?</p></div>\
    <div data-message-author-role=3D\"assistant\"><p>=C3=89so.</p></div>";

/// As Chrome writes it: what the page needs stands behind it, frames among it.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut text = "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://chatgpt.com/c/1\r\nSubject: =?utf-8?Q?A=20river?=\r\n\
        Date: Mon, 23 Nov 2026 10:00:00 -0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype=\"text/html\";\r\n\t\
        boundary=\"----Boundary--x----\"\r\n\r\n\r\n"
        .to_owned();
    for (headers, body) in parts {
        text.push_str(&format!("------Boundary--x----\r\n{headers}\r\n\r\n{body}\r\n"));
    }
    text.push_str("------Boundary--x------\r\n");
    text.into_bytes()
}

const QUOTED: &str = "Content-Type: text/html\r\nContent-ID: <frame-1@mhtml.blink>\r\nContent-Transfer-Encoding: quoted-printable\r\n\
    Content-Location: https://chatgpt.com/c/1";

#[test]
fn the_page_of_a_web_archive_is_read_as_one_that_was_saved_alone() {
    let bytes = archive(&[
        (QUOTED, CHAT),
        ("Content-Type: text/css\r\nContent-Transfer-Encoding: quoted-printable", "p { color: red }"),
        ("Content-Type: image/png\r\nContent-Transfer-Encoding: base64", "iVBORw0KGgo="),
        (QUOTED, "<p>A frame.</p>"),
    ]);
    for name in ["river.mhtml", "river.MHT", "river"] {
        let read = one(name, &bytes);
        let said: Vec<_> = read.messages.iter().map(|message| (message.role, message.markdown.as_str())).collect();
        assert_eq!(said, [(MessageRole::User, "Naming 漢?"), (MessageRole::Assistant, "Éso.")], "{name}");
        assert_eq!((read.title.as_str(), read.kind.as_deref()), ("A river", Some("a page of ChatGPT")));
        assert_eq!(read.notes, ["The turns of a page of ChatGPT were taken, and nothing of what stands around them."]);
    }
}

#[test]
fn the_page_says_how_it_is_text_and_the_archive_which_part_is_the_page() {
    let words = |parts: &[(&str, &str)]| one("a.mhtml", &archive(parts)).messages[0].markdown.clone();
    assert_eq!(
        words(&[(
            "Content-Type: text/html; charset=windows-1251\r\nContent-Transfer-Encoding: quoted-printable",
            "<p>=E6"
        )]),
        "ж"
    );
    assert_eq!(
        words(&[(
            "Content-Type: text/html\r\nContent-Transfer-Encoding: base64",
            "PG1ldGEgY2hhcnNldD1zaGlmdF9qaXM+\r\nPHA+ir8="
        )]),
        "漢"
    );
    assert_eq!(words(&[("Content-Type: text/html\r\nContent-Transfer-Encoding: 8bit", "<p>plain é")]), "plain é");
    assert_eq!(words(&[("Content-Type: application/xhtml+xml", "<p>strict")]), "strict");
    let start = String::from_utf8(archive(&[
        ("Content-Type: text/html\r\nContent-ID: <a@b>", "<p>first"),
        ("Content-Type: text/html\r\nContent-ID: <c@d>", "<p>second"),
    ]));
    let start = start.unwrap().replace("type=\"text/html\"", "type=\"text/html\"; start=\"<c@d>\"");
    assert_eq!(one("a.mht", start.as_bytes()).messages[0].markdown, "second");
}

#[test]
fn what_is_there_of_one_that_is_cut_off_is_read_and_said() {
    let long = format!("<p>{}</p><p>The end.</p>", "Ünd so weiter. ".repeat(200));
    let quoted = long.replace('Ü', "=C3=9C");
    let coded = base64::prelude::BASE64_STANDARD.encode(&long);
    for (encoding, body) in [("quoted-printable", &quoted), ("base64", &coded), ("8bit", &long)] {
        let headers = format!("Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}");
        let whole = archive(&[(&headers, body)]);
        let read = one("a.mhtml", &whole);
        assert!(
            read.notes.is_empty() && read.messages[0].markdown.contains("The end."),
            "{encoding}: {:?}",
            read.notes
        );
        for less in 300..308 {
            let read = one("a.mhtml", &whole[..whole.len() - less]);
            let words = &read.messages[0].markdown;
            assert!(words.starts_with("Ünd so weiter. Ünd so") && !words.contains("=C3"), "{encoding}: {words}");
            assert!(words.len() > 2_000, "{encoding}: {}", words.len());
            assert!(
                read.notes.iter().any(|note| note.starts_with("The file is cut off")),
                "{encoding}: {:?}",
                read.notes
            );
        }
    }
    let odd = archive(&[("Content-Type: text/html\r\nContent-Transfer-Encoding: x-uuencode", "<p>a")]);
    assert_eq!(refused("a.mhtml", &odd).code(), "broken_document");
}

#[test]
fn one_is_known_by_how_it_begins_whatever_it_is_called() {
    let bytes = archive(&[(QUOTED, CHAT)]);
    for name in ["river.html", "river.htm", "river.txt"] {
        assert_eq!(one(name, &bytes).messages[0].markdown, "Naming 漢?", "{name}");
    }
    assert!(one("river.md", &bytes).messages[0].markdown.contains("Saved by Blink"));
}

#[test]
fn what_is_no_web_archive_or_a_damaged_one_is_refused() {
    for bytes in [
        archive(&[("Content-Type: image/png\r\nContent-Transfer-Encoding: base64", "iVBORw0KGgo=")]),
        archive(&[(QUOTED, "<p>caf=G9</p>")]),
        archive(&[]),
        b"Just words.".to_vec(),
    ] {
        let error = refused("a.mhtml", &bytes);
        assert_eq!(error.code(), "broken_document", "{error}");
    }
    // Parts in parts in parts.
    let mut nested = String::from("MIME-Version: 1.0\r\n");
    for depth in 0..20_000 {
        nested.push_str(&format!("Content-Type: multipart/related; boundary=b{depth}\r\n\r\n--b{depth}\r\n"));
    }
    nested.push_str("Content-Type: text/html\r\n\r\n<p>deep");
    assert_eq!(one("a.mhtml", nested.as_bytes()).messages[0].markdown, "deep");
}
