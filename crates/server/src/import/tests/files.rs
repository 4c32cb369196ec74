//! Kinds of files and their encodings.

use crate::import::{ImportError, UPLOAD_BYTES};

use super::{fixture, one, refused};

#[test]
fn a_file_of_no_bytes_says_so() {
    let error = refused("notes.txt", b"");
    assert_eq!(error.code(), "empty");
    assert!(error.to_string().contains("notes.txt is an empty file (0 bytes)"), "{error}");
    assert_eq!(refused("notes.txt", b" \n ").code(), "empty");
    assert_eq!(refused("conversations.json", b" \n ").code(), "empty");
}

#[test]
fn a_file_over_the_limit_is_refused() {
    let mut bytes = vec![b'a'; UPLOAD_BYTES + 1];
    let error = refused("big.txt", &bytes);
    assert_eq!(error.code(), "too_large");
    assert!(error.to_string().contains("26,214,401 bytes, and at most 26,214,400 bytes (25 MiB)"), "{error}");
    bytes.truncate(UPLOAD_BYTES);
    assert_eq!(refused("big.txt", &bytes).code(), "message_too_large");
}

#[test]
fn invalid_utf_8_is_refused_with_its_place() {
    let error = refused("notes.txt", b"caf\xe9 au lait");
    assert_eq!(error, ImportError::NotUtf8 { file: "notes.txt".to_owned(), encoding: "UTF-8".into(), offset: 3 });
    let error = refused("notes.txt", b"\xef\xbb\xbfcaf\xe9");
    assert_eq!(error, ImportError::NotUtf8 { file: "notes.txt".to_owned(), encoding: "UTF-8".into(), offset: 6 });
}

#[test]
fn byte_order_marks_are_understood() {
    assert_eq!(one("a.txt", b"\xef\xbb\xbfcaf\xc3\xa9").messages[0].markdown, "café");
    let units: Vec<u16> = "User: 🌉\r\nAI: é".encode_utf16().collect();
    let little: Vec<u8> = [0xfeff].iter().chain(&units).flat_map(|unit: &u16| unit.to_le_bytes()).collect();
    let big: Vec<u8> = [0xfeff].iter().chain(&units).flat_map(|unit: &u16| unit.to_be_bytes()).collect();
    for bytes in [little, big] {
        let read = one("a.txt", &bytes);
        assert_eq!((read.messages[0].markdown.as_str(), read.messages[1].markdown.as_str()), ("🌉", "é"));
    }
}

#[test]
fn broken_utf_16_is_refused_with_its_place() {
    let at = |bytes: &[u8]| match refused("a.txt", bytes) {
        ImportError::NotUtf8 { encoding, offset, .. } if encoding == "UTF-16" => offset,
        other => panic!("{other}"),
    };
    assert_eq!(at(b"\xff\xfea\0\x3d\xd8b\0"), 4, "half of a surrogate pair");
    assert_eq!(at(b"\xff\xfea\0b"), 4, "half of a unit");
}

#[test]
fn kinds_that_are_not_read_are_named() {
    for (name, bytes, kind) in [
        ("essay.rtf", &b"{\\rtf1"[..], "a rich text (RTF) document"),
        ("essay.odt", b"PK\x03\x04rest", "a document of another kind than .docx"),
        ("essay.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an older Office document, or one with a password"),
        ("photo", b"\x89PNG\r\n\x1a\n", "a picture"),
        ("photo.md", b"\xff\xd8\xff\xe0", "a picture"),
        ("photo", b"RIFF\0\0\0\0WEBP", "a picture"),
        ("photo", b"\0\0\0\x18ftypheic", "a picture"),
        ("film", b"\0\0\0\x18ftypisom", "a sound or video file"),
        ("slides.KEY", b"words", "a presentation"),
        ("export.tar", b"words", "an archive other than a zip"),
        ("export", b"\x1f\x8b\x08", "an archive other than a zip"),
    ] {
        let error = refused(name, bytes);
        assert_eq!(error.code(), "unsupported_file", "{name}");
        assert!(error.to_string().contains(&format!("{name} is {kind}, and this kind of file cannot")), "{error}");
    }
}

#[test]
fn a_file_with_nul_bytes_is_not_text() {
    let error = refused("notes.txt", b"a\0b");
    assert_eq!(error.code(), "unsupported_file");
    assert!(error.to_string().contains("a binary file"), "{error}");
}

#[test]
fn a_file_without_a_telling_name_is_what_it_looks_like() {
    assert_eq!(one("notes", b"[a link](x) and more").messages[0].markdown, "[a link](x) and more");
    assert_eq!(one("data", b"[1, 2]").messages[0].markdown, "[1, 2]");
    assert_eq!(super::choice("export", &fixture("chatgpt-conversations.json")).len(), 3);
}

#[test]
fn names_in_errors_are_one_short_line() {
    let error = refused("C:\\chats\\a\nb.txt", b"\xff");
    assert!(error.to_string().starts_with("ab.txt is not valid"), "{error}");
    let error = refused(&"x".repeat(500), b"\xff");
    assert!(error.to_string().starts_with(&format!("{}… is not", "x".repeat(80))), "{error}");
}
