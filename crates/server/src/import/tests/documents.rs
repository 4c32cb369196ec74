//! Word documents: one of our own writing, and broken and hostile ones.

use std::io::{Cursor, Write as _};

use proptest::prelude::*;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::import::{Parsed, file};

use super::{
    fixture, one,
    pages::{is_golden, shown},
    refused,
};

const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"
    Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
const LINKS: &str = r#"<Relationships><Relationship Id="rId7" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
    Target="https://lake.example/ferries?a=1&amp;utm_source=mail" TargetMode="External"/><Relationship Id="rId8" Type="x/hyperlink" Target="javascript:alert(1)"/></Relationships>"#;
const STYLES: &str = r#"<w:styles xmlns:w="w"><w:style w:styleId="Titel"><w:name w:val="Title"/></w:style>
    <w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style><w:style w:styleId="Mine"><w:name w:val="Mine"/><w:basedOn w:val="U2"/></w:style>
    <w:style w:styleId="U2"><w:name w:val="heading 2"/></w:style><w:style w:styleId="Zitat"><w:name w:val="Quote"/></w:style>
    <w:style w:styleId="Code"><w:name w:val="Source Code"/></w:style><w:style w:styleId="round"><w:name w:val="A"/><w:basedOn w:val="round"/></w:style>
    <w:style w:styleId="Listed"><w:name w:val="List Bullet"/><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style></w:styles>"#;
const NUMBERING: &str = r#"<w:numbering xmlns:w="w"><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/></w:lvl>
    <w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
    <w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num></w:numbering>"#;
const FOOTNOTES: &str = r#"<w:footnotes xmlns:w="w"><w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>
    <w:footnote w:id="2"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t xml:space="preserve"> Says the </w:t></w:r><w:r><w:rPr><w:i/></w:rPr><w:t>ledger</w:t></w:r><w:r><w:t>.</w:t></w:r></w:p></w:footnote></w:footnotes>"#;
const COMMENTS: &str =
    r#"<w:comments xmlns:w="w"><w:comment w:id="0"><w:p><w:r><w:t>Really?</w:t></w:r></w:p></w:comment></w:comments>"#;
const BODY: &str = r#"<w:p><w:pPr><w:pStyle w:val="Titel"/></w:pPr><w:r><w:t>The ferries of the lake</w:t></w:r></w:p>
    <w:p><w:r><w:t xml:space="preserve">The first one ran in </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>1871</w:t></w:r><w:r><w:rPr><w:b w:val="0"/></w:rPr><w:t xml:space="preserve">; cattle &amp; cheese, 渡し船 🚢</w:t></w:r>
        <w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>. </w:t></w:r><w:hyperlink r:id="rId7"><w:r><w:t>More of it</w:t></w:r></w:hyperlink><w:r><w:t xml:space="preserve"> and </w:t></w:r>
        <w:hyperlink r:id="rId8"><w:r><w:t>less</w:t></w:r></w:hyperlink><w:r><w:rPr><w:vanish/></w:rPr><w:t>HIDDEN</w:t></w:r><w:commentRangeStart w:id="0"/><w:r><w:commentReference w:id="0"/></w:r></w:p>
    <w:p><w:pPr><w:pStyle w:val="Mine"/></w:pPr><w:r><w:t>Fares</w:t></w:r></w:p>
    <w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>Row</w:t></w:r></w:p>
    <w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>Steam</w:t></w:r></w:p>
    <w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>side wheels</w:t></w:r></w:p>
    <w:p><w:r><w:t>A word between.</w:t><w:br/><w:t>On two lines.</w:t></w:r></w:p>
    <w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>Still counted on</w:t></w:r></w:p>
    <w:p><w:pPr><w:pStyle w:val="Listed"/></w:pPr><w:r><w:t>a bullet of a style</w:t></w:r></w:p>
    <w:tbl><w:tr><w:tc><w:p><w:r><w:t>Who</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Fare | pence</w:t></w:r></w:p></w:tc></w:tr>
        <w:tr><w:tc><w:p><w:r><w:t>A cow</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>4</w:t></w:r></w:p><w:p><w:r><w:t>(6 in winter)</w:t></w:r></w:p></w:tc></w:tr>
        <w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:rPr><w:i/></w:rPr><w:t>Calves go free.</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
    <w:p><w:pPr><w:pStyle w:val="Zitat"/></w:pPr><w:r><w:t>We never waited long.</w:t></w:r></w:p>
    <w:p><w:pPr><w:pStyle w:val="Code"/></w:pPr><w:r><w:t xml:space="preserve">if fog:</w:t></w:r></w:p><w:p><w:pPr><w:pStyle w:val="Code"/></w:pPr><w:r><w:t xml:space="preserve">    wait()</w:t></w:r></w:p>
    <w:p><w:ins w:id="4"><w:r><w:t>Added later.</w:t></w:r></w:ins><w:del w:id="5"><w:r><w:delText>Taken back.</w:delText></w:r></w:del>
        <w:r><w:drawing><wp:inline><a:t>in a picture</a:t></wp:inline></w:drawing></w:r><w:r><w:rPr><w:rFonts w:ascii="Courier New"/></w:rPr><w:t>wait()</w:t></w:r>
        <w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> HYPERLINK "https://a.example/" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t xml:space="preserve"> by a field</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>"#;

fn packed(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // The same file whenever it is made.
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (name, part) in parts {
        zip.start_file(*name, options).unwrap();
        zip.write_all(part.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn document(body: &str) -> Vec<u8> {
    let document = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="w"><w:body>{body}<w:sectPr/></w:body></w:document>"#
    );
    packed(&[
        ("[Content_Types].xml", "<Types/>"),
        ("_rels/.rels", RELATIONS),
        ("word/document.xml", &document),
        ("word/_rels/document.xml.rels", LINKS),
        ("word/styles.xml", STYLES),
        ("word/numbering.xml", NUMBERING),
        ("word/footnotes.xml", FOOTNOTES),
        ("word/comments.xml", COMMENTS),
    ])
}

fn paragraph(words: &str) -> String {
    format!(r#"<w:p><w:r><w:t xml:space="preserve">{words}</w:t></w:r></w:p>"#)
}

#[test]
fn a_word_document_is_one_source_with_its_marks() {
    if std::env::var_os("PROMPTGRIMOIRE_GOLDEN").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../end2end/fixtures/import/ferries.docx");
        std::fs::write(path, document(BODY)).unwrap();
    }
    is_golden("ferries.docx");
    assert_eq!(shown(&one("again.docx", &document(BODY))), shown(&one("ferries.docx", &fixture("ferries.docx"))));
}

#[test]
fn labelled_turns_of_a_document_are_turns() {
    let read = one(
        "chat.docx",
        &document(&(paragraph("User: Why?") + &paragraph("Because I ask.") + &paragraph("ChatGPT: So."))),
    );
    let said: Vec<_> = read.messages.iter().map(|m| (m.role.as_str(), m.markdown.as_str())).collect();
    assert_eq!(said, [("user", "Why?\n\nBecause I ask."), ("assistant", "So.")]);
}

#[test]
fn documents_that_are_none_say_why() {
    let code_of = |bytes: &[u8]| refused("a.docx", bytes).code();
    assert_eq!(code_of(b"PK\x03\x04rest"), "broken_document");
    assert_eq!(code_of(&packed(&[("word/other.xml", "<a/>")])), "broken_document");
    assert_eq!(code_of(&document(&paragraph(" "))), "empty");
    assert_eq!(code_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "unsupported_file");
    let error = refused("a.docx", &document("<w:p><w:r></w:p>"));
    assert_eq!(error.code(), "broken_document");
    assert!(error.to_string().starts_with("a.docx cannot be read: the XML of its text is damaged ("), "{error}");
    assert!(error.to_string().len() < 300, "{error}");
    let whole = document(BODY);
    for end in (0..whole.len()).step_by(97) {
        assert!(file("a.docx", &whole[..end], None).is_err(), "cut at {end}");
    }
}

#[test]
fn entities_of_a_document_are_not_expanded() {
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>
        <w:document><w:body><w:p><w:r><w:t>1&b;2&x;3</w:t></w:r></w:p></w:body></w:document>"#;
    let read = one("a.docx", &packed(&[("word/document.xml", laughs)]));
    assert_eq!(read.messages[0].markdown, "123");
}

#[test]
fn documents_without_end_are_refused() {
    let bomb = document(&paragraph(&"a".repeat(40 << 20)));
    assert_eq!(refused("a.docx", &bomb).code(), "document_too_large");
    let deep = document(&"<w:tbl><w:tr><w:tc>".repeat(400_000));
    assert_eq!(refused("a.docx", &deep).code(), "broken_document");
    let wide = format!(
        "<w:tbl><w:tr>{}</w:tr></w:tbl>",
        "<w:tc><w:tcPr><w:gridSpan w:val='999999999'/></w:tcPr><w:p/></w:tc>".repeat(99)
            + &format!("<w:tc>{}</w:tc>", paragraph("x"))
    );
    let _ = file("a.docx", &document(&(wide + &paragraph("y"))), None).unwrap();
    let many = document(&paragraph("some words of it ").repeat(200_000));
    assert!(refused("a.docx", &many).is_too_much());
}

proptest! {
    #[test]
    fn a_damaged_document_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), deflated in any::<bool>()) {
        let mut body = BODY.as_bytes().to_vec();
        let index = at.index(body.len());
        body[index] = byte;
        let mut bytes = document(&String::from_utf8_lossy(&body));
        if deflated {
            let index = at.index(bytes.len());
            bytes[index] = byte;
        }
        if let Ok(Parsed::One(read)) = file("a.docx", &bytes, None) {
            prop_assert!(!read.messages.is_empty());
        }
    }
}
