//! Zips, honest and hostile.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::import::limits::{ZIP, ZipLimits};
use crate::import::unzip::within;
use crate::import::{Archive, ImportError};

use super::{choice, fixture, one, refused};

const SMALL: ZipLimits = ZipLimits { entries: 10, unpacked: 1_000, ratio: 50, ratio_from: 500 };

pub(super) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    zip_by(CompressionMethod::Deflated, entries)
}

fn zip_by(method: CompressionMethod, entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn bomb() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("conversations.json", SimpleFileOptions::default().compression_level(Some(9))).unwrap();
    let zeros = vec![b'0'; 1 << 20];
    for _ in 0..210 {
        zip.write_all(&zeros).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn export() -> Vec<u8> {
    fixture("chatgpt-conversations.json")
}

fn titles(archive: &Archive) -> Vec<String> {
    archive.list().into_iter().map(|line| line.title).collect()
}

/// Run by hand after a change of the fixtures: `cargo test -p server --lib writes_the_zip_fixtures -- --ignored`.
#[test]
#[ignore = "writes files"]
fn writes_the_zip_fixtures() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../end2end/fixtures/import/");
    let chatgpt = zip(&[("user.json", b"{}"), ("conversations.json", &export()), ("chat.html", b"<html></html>")]);
    std::fs::write(folder.to_owned() + "chatgpt.zip", chatgpt).unwrap();
    std::fs::write(folder.to_owned() + "bomb.zip", bomb()).unwrap();
}

#[test]
fn the_zip_fixture_holds_the_json_fixture() {
    let archive = choice("chatgpt.zip", &fixture("chatgpt.zip"));
    assert_eq!(archive.list(), choice("conversations.json", &export()).list());
}

#[test]
fn a_bomb_is_refused_without_unpacking_it() {
    let bytes = fixture("bomb.zip");
    assert!(bytes.len() < 300_000, "the fixture is {} bytes", bytes.len());
    let error = refused("bomb.zip", &bytes);
    assert_eq!(error.code(), "zip_bomb");
    assert!(error.to_string().contains("conversations.json grows more than 250 times"), "{error}");
}

#[test]
fn all_that_is_unpacked_counts_against_one_limit() {
    let text = b"[\"words that do not shrink to nothing: 8231 9912 4410\"]".repeat(8);
    let parts = |n: usize| {
        let names: Vec<String> = (0..n).map(|i| format!("conversations-{i:03}.json")).collect();
        let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &text[..])).collect();
        zip(&entries)
    };
    assert_eq!(text.len(), 440);
    assert_eq!(within("a.zip", &parts(2), SMALL).unwrap().len(), 2);
    let error = within("a.zip", &parts(3), SMALL).unwrap_err();
    assert_eq!(error.code(), "zip_bomb");
    assert!(error.to_string().contains("it unpacks to more than 1000 bytes"), "{error}");
    let just_fits = ZipLimits { unpacked: 3 * 440, ..SMALL };
    assert_eq!(within("a.zip", &parts(3), just_fits).unwrap().len(), 3);
    assert_eq!(
        within("a.zip", &parts(3), ZipLimits { unpacked: 3 * 440 - 1, ..SMALL }).unwrap_err().code(),
        "zip_bomb"
    );
}

#[test]
fn a_zip_whose_headers_lie_about_sizes_is_refused() {
    let honest = zip(&[("conversations.json", &[b' '; 900])]);
    // The unpacked size, once in the local header and once in the directory.
    let places: Vec<usize> = (0..honest.len() - 4).filter(|&i| honest[i..i + 4] == 900_u32.to_le_bytes()).collect();
    assert_eq!(places.len(), 2);
    for claimed in [1_u32, 899, 0xffff_fff0] {
        let mut bytes = honest.clone();
        for &place in &places {
            bytes[place..place + 4].copy_from_slice(&claimed.to_le_bytes());
        }
        let error = refused("a.zip", &bytes);
        assert!(matches!(error.code(), "broken_zip" | "empty"), "{claimed}: {error}");
        // Whatever is claimed, the limit on what comes out holds.
        let limits = ZipLimits { unpacked: 800, ratio: 10_000, ..SMALL };
        let read = within("a.zip", &bytes, limits);
        let read = read.and_then(|parts| parts.into_iter().map(|(_, text)| text).collect::<Result<Vec<_>, _>>());
        assert!(matches!(read.unwrap_err().code(), "broken_zip" | "zip_bomb"), "{claimed}");
    }
}

#[test]
fn split_exports_are_read_in_order() {
    let conversation =
        |title: &str| format!(r#"[{{"name": "{title}", "chat_messages": [{{"sender": "human", "text": "x"}}]}}]"#);
    let (a, b, c) = (conversation("a"), conversation("b"), conversation("c"));
    let bytes = zip(&[
        ("Export/conversations-010.json", c.as_bytes()),
        ("Export/conversations-001.json", b.as_bytes()),
        ("Export/conversations-000.json", a.as_bytes()),
        ("Export/", b""),
        ("__MACOSX/Export/._conversations-000.json", b"\0\0"),
    ]);
    assert_eq!(titles(&choice("export.zip", &bytes)), ["a", "b", "c"]);
}

#[test]
fn a_part_that_is_cut_off_does_not_take_the_others_with_it() {
    let good = br#"[{"name": "a", "chat_messages": [{"sender": "human", "text": "x"}]}]"#;
    for (bad, code) in [
        (&b"[{\"title\":\"cut"[..], "broken_json"),
        (b"[{\"title\":\"\xc3", "not_utf8"),
        (b" ", "empty"),
        (b"{}", "unknown_format"),
    ] {
        let archive = choice(
            "export.zip",
            &zip(&[
                ("conversations-000.json", good),
                ("conversations-001.json", bad),
                ("conversations-002.json", good),
            ]),
        );
        let lines = archive.list();
        let problems: Vec<_> = lines.iter().map(|line| line.problem.as_ref().map(ImportError::code)).collect();
        assert_eq!(problems, [None, Some(code), None]);
        assert_eq!(titles(&archive), ["a", "conversations-001.json", "a"]);
        let problem = lines[1].problem.clone().unwrap();
        assert!(problem.to_string().contains("conversations-001.json"), "{problem}");
        assert_eq!(archive.read(1, None).unwrap_err(), problem);
        assert_eq!(archive.read(2, None).unwrap().title, "a");
        // Where no part can be read, nothing is there to choose from.
        for parts in [
            &[("conversations-000.json", bad)][..],
            &[("conversations-000.json", bad), ("conversations-001.json", b"[]")],
        ] {
            assert_eq!(refused("export.zip", &zip(parts)).code(), code);
        }
    }
}

#[test]
fn what_is_damaged_in_an_export_takes_nothing_else_with_it() {
    let talk = |name: &str, text: &str| {
        format!(r#"{{"name": "{name}", "chat_messages": [{{"sender": "human", "text": "{text}"}}]}}"#)
    };
    let long = "word ".repeat(500);
    let all = format!("[{}, {}, {}]", talk("a", "x"), talk("b", &long), talk("c", "z"));
    let listed = |bytes: &[u8]| {
        let archive = choice("export.zip", &zip(&[("conversations.json", bytes)]));
        let problems = archive.list().into_iter().map(|line| line.problem.map(|problem| problem.code()));
        (titles(&archive), problems.collect::<Vec<_>>())
    };
    // A byte that is no text: where it stands, and what it is in, is said.
    let mut bytes = all.clone().into_bytes();
    let at = all.find("word word").unwrap();
    bytes[at] = 0xff;
    assert_eq!(listed(&bytes), (["a", "b", "c"].map(String::from).into(), vec![None; 3]));
    let archive = choice("conversations.json", &bytes);
    let read = archive.read(1, None).unwrap();
    assert!(read.messages[0].markdown.starts_with("\u{fffd}ord word"), "{:?}", read.messages[0]);
    assert_eq!(read.notes, ["Characters that could not be read are shown as \u{fffd}."]);
    assert!(archive.read(0, None).unwrap().notes.is_empty());
    // What says that it is UTF-16 is that, however long.
    let wide: Vec<u8> = std::iter::once(0xfeff).chain(all.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert!(wide.len() > 4_000);
    assert_eq!(listed(&wide), (["a", "b", "c"].map(String::from).into(), vec![None; 3]));
    // Cut off in the last one.
    let cut = &all.as_bytes()[..all.len() - 20];
    let (titles, problems) = listed(cut);
    assert_eq!(
        (titles, problems),
        (["a", "b", "conversations.json"].map(String::from).into(), vec![None, None, Some("broken_json")])
    );
    // Half a character, beside a whole one and what only looks like one.
    let half = all.replace("\"x\"", r#""\ud83d! \ud83d\ude00 \\ud83d \udc00""#);
    let archive = choice("conversations.json", half.as_bytes());
    assert_eq!(archive.read(0, None).unwrap().messages[0].markdown, "\u{fffd}! 😀 \\ud83d \u{fffd}");
}

#[test]
fn a_path_that_climbs_out_is_just_a_name() {
    let bytes = zip(&[("../../conversations.json", br#"{"chat_messages": [{"sender": "human", "text": "x"}]}"#)]);
    assert_eq!(one("export.zip", &bytes).messages[0].markdown, "x");
}

#[test]
fn a_zip_without_conversations_says_what_it_holds() {
    let bytes = zip(&[("b/users.json", b"{}"), ("a.txt", b"x")]);
    let error = refused("photos.zip", &bytes);
    assert_eq!(error.code(), "no_conversations");
    assert!(error.to_string().contains("photos.zip: it has no conversations.json, only a.txt, users.json."), "{error}");
    let many: Vec<String> = (0..7).map(|i| format!("{i}.txt")).collect();
    let entries: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert!(refused("a.zip", &zip(&entries)).to_string().contains("4.txt and 2 more"));
    assert!(refused("a.zip", &zip(&[])).to_string().contains("the zip is empty"));
}

#[test]
fn broken_json_in_a_zip_is_named() {
    let error = refused("a.zip", &zip(&[("x/conversations.json", b"[{")]));
    assert!(matches!(&error, ImportError::BrokenJson { file, .. } if file == "conversations.json"), "{error:?}");
    let error = refused("a.zip", &zip(&[("conversations.json", b"\"\xff\"")]));
    let file = "conversations.json in a.zip".to_owned();
    assert_eq!(error, ImportError::NotUtf8 { file, encoding: "UTF-8".into(), offset: 1 });
}

#[test]
fn what_is_not_a_zip_is_not_unpacked() {
    let error = refused("not-a-zip.zip", &fixture("not-a-zip.zip"));
    assert_eq!(error.code(), "broken_zip");
    assert!(error.to_string().starts_with("not-a-zip.zip cannot be unpacked: it is not a zip"), "{error}");
}

#[test]
fn a_zip_that_is_cut_off_or_damaged_is_refused() {
    let whole = zip_by(CompressionMethod::Stored, &[("conversations.json", &export())]);
    assert_eq!(refused("a.zip", &whole[..whole.len() / 2]).code(), "broken_zip");
    let mut flipped = whole;
    flipped[200] ^= 1;
    let error = refused("a.zip", &flipped);
    assert_eq!(error.code(), "broken_zip", "{error}");
}

#[test]
fn a_damaged_file_of_a_zip_does_not_take_the_others_with_it() {
    let talk = |name: &str| {
        let words = "word ".repeat(80);
        format!(r#"[{{"name": "{name}", "chat_messages": [{{"sender": "human", "text": "{words}"}}]}}]"#)
    };
    let texts = ["a", "b", "c"].map(talk);
    let names = ["conversations-000.json", "conversations-001.json", "conversations-002.json"];
    let entries: Vec<(&str, &[u8])> = names.iter().zip(&texts).map(|(name, text)| (*name, text.as_bytes())).collect();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let mut bytes = zip_by(method, &entries);
        let at = bytes.windows(22).position(|window| window == names[1].as_bytes()).unwrap() + 60;
        bytes[at..at + 8].copy_from_slice(&[0xff; 8]);
        let archive = choice("export.zip", &bytes);
        let lines = archive.list();
        assert_eq!(titles(&archive), ["a", names[1], "c"]);
        let problem = lines[1].problem.clone().unwrap();
        let said = "conversations-001.json in export.zip cannot be unpacked: it is damaged. Download the export again.";
        assert_eq!(problem.to_string(), said);
        assert_eq!((&lines[0].problem, &lines[2].problem), (&None, &None));
        assert_eq!(archive.read(2, None).unwrap().title, "c");
    }
    // Its data is longer, its directory says, than all of the file.
    let mut bytes = zip_by(CompressionMethod::Stored, &entries);
    let packed = u32::try_from(texts[2].len()).unwrap().to_le_bytes();
    let at = bytes.windows(4).rposition(|window| window == packed).unwrap() - 4;
    bytes[at..at + 4].copy_from_slice(&100_000_u32.to_le_bytes());
    let problems = choice("export.zip", &bytes).list().into_iter().map(|line| line.problem.is_some());
    assert_eq!(problems.collect::<Vec<_>>(), [false, false, true]);

    // What comes out of damaged files counts as well.
    let mut bytes = zip_by(CompressionMethod::Stored, &entries);
    for name in names {
        let at = bytes.windows(22).position(|window| window == name.as_bytes()).unwrap() + 60;
        bytes[at] ^= 1;
    }
    let limits = |unpacked| ZipLimits { unpacked, ..SMALL };
    let all = 3 * texts[0].len();
    assert!(within("a.zip", &bytes, limits(all)).unwrap().iter().all(|(_, text)| text.is_err()));
    assert_eq!(within("a.zip", &bytes, limits(all - 1)).unwrap_err().code(), "zip_bomb");
}

#[test]
fn a_zip_with_a_password_is_refused() {
    let mut bytes = zip(&[("conversations.json", &export())]);
    // The first bit of the flags says "encrypted": in the local header at 6, in the directory's at 8.
    let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    bytes[6] |= 1;
    bytes[directory + 8] |= 1;
    let error = refused("a.zip", &bytes);
    let expected = ImportError::EncryptedZip { file: "a.zip".to_owned(), entry: "conversations.json".to_owned() };
    assert_eq!(error, expected);
}

#[test]
fn a_zip_of_too_many_files_is_refused() {
    let names: Vec<String> = (0..=ZIP.entries).map(|i| i.to_string()).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let error = refused("a.zip", &zip_by(CompressionMethod::Stored, &entries));
    assert_eq!(error, ImportError::TooManyEntries { file: "a.zip".to_owned(), limit: 10_000 });
    let as_many_as_may_be = zip_by(CompressionMethod::Stored, &entries[..ZIP.entries]);
    assert_eq!(refused("a.zip", &as_many_as_may_be).code(), "no_conversations");
}

#[test]
fn a_directory_far_too_long_is_refused_before_it_is_read() {
    // Only signatures, no directory that could be parsed.
    let bytes = [&b"PK\x03\x04"[..], &b"PK\x01\x02".repeat(40)].concat();
    assert_eq!(within("a.zip", &bytes, SMALL).unwrap_err().code(), "too_many_entries");
}
