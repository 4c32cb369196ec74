//! The parts of the package, and what they say of each other.

use super::{super::contents::About, blocks::Blocks, comments::Written, xml::escaped};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const SPACES: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
    xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" \
    xmlns:mc=\"http://schemas.openxmlformats.org/markup-compatibility/2006\" \
    xmlns:w14=\"http://schemas.microsoft.com/office/word/2010/wordml\" \
    xmlns:w15=\"http://schemas.microsoft.com/office/word/2012/wordml\" mc:Ignorable=\"w14 w15\"";
const RELATIONS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const TYPES: &str = include_str!("types.xml");
const PACKAGE: &str = include_str!("package.xml");
const STYLES: &str = include_str!("styles.xml");

/// In their order: programs look for the first two.
pub(super) fn all(about: About<'_>, body: Blocks, comments: Written) -> Vec<(&'static str, Vec<u8>)> {
    let numbered: Vec<_> = body.numbered.iter().chain(&comments.comments.numbered).copied().collect();
    let parts = [
        ("[Content_Types].xml", TYPES.to_owned()),
        ("_rels/.rels", PACKAGE.to_owned()),
        ("docProps/core.xml", core(about)),
        ("word/document.xml", document(&body.xml)),
        ("word/_rels/document.xml.rels", of_document(&body.links)),
        ("word/comments.xml", part("comments", &comments.comments.xml)),
        ("word/_rels/comments.xml.rels", relations("", &comments.comments.links)),
        ("word/commentsExtended.xml", format!("{HEAD}<w15:commentsEx {SPACES}>{}</w15:commentsEx>", comments.extended)),
        ("word/numbering.xml", part("numbering", &numbering(&numbered))),
        ("word/styles.xml", STYLES.to_owned()),
    ];
    parts.into_iter().map(|(name, xml)| (name, xml.into_bytes())).collect()
}

fn part(name: &str, inner: &str) -> String {
    format!("{HEAD}<w:{name} {SPACES}>{inner}</w:{name}>")
}

/// A4, with room for the comments at the side.
fn document(body: &str) -> String {
    let page = "<w:sectPr><w:pgSz w:w=\"11906\" w:h=\"16838\"/>\
        <w:pgMar w:top=\"1440\" w:right=\"1440\" w:bottom=\"1440\" w:left=\"1440\" w:header=\"708\" w:footer=\"708\" w:gutter=\"0\"/></w:sectPr>";
    part("document", &format!("<w:body>{body}{page}</w:body>"))
}

fn core(about: About<'_>) -> String {
    format!(
        "{HEAD}<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:title>{}</dc:title><dc:identifier>{}</dc:identifier>\
         <dcterms:created xsi:type=\"dcterms:W3CDTF\">{}Z</dcterms:created></cp:coreProperties>",
        escaped(about.title),
        escaped(about.page),
        about.made_at.get(..19).unwrap_or_default(),
    )
}

fn of_document(links: &[String]) -> String {
    let others = [
        ("styles", format!("{OFFICE}/styles"), "styles.xml"),
        ("numbering", format!("{OFFICE}/numbering"), "numbering.xml"),
        ("comments", format!("{OFFICE}/comments"), "comments.xml"),
        (
            "extended",
            "http://schemas.microsoft.com/office/2011/relationships/commentsExtended".to_owned(),
            "commentsExtended.xml",
        ),
    ];
    let others = others.map(|(id, kind, to)| format!("<Relationship Id=\"{id}\" Type=\"{kind}\" Target=\"{to}\"/>"));
    relations(&others.concat(), links)
}

fn relations(others: &str, links: &[String]) -> String {
    let link = |(number, to): (usize, &String)| {
        format!(
            "<Relationship Id=\"link{number}\" Type=\"{OFFICE}/hyperlink\" Target=\"{}\" TargetMode=\"External\"/>",
            escaped(to)
        )
    };
    let links: String = links.iter().enumerate().map(link).collect();
    format!("{HEAD}{RELATIONS}{others}{links}</Relationships>")
}

/// Two kinds of lists; each one with numbers begins where it says.
fn numbering(numbered: &[(usize, usize, u32)]) -> String {
    let level = |kind: &str, text: &dyn Fn(usize) -> String| -> String {
        let of = |level: usize| {
            let (left, sign) = (480 * (level + 1), text(level));
            format!(
                "<w:lvl w:ilvl=\"{level}\"><w:start w:val=\"1\"/><w:numFmt w:val=\"{kind}\"/><w:lvlText w:val=\"{sign}\"/>\
                 <w:lvlJc w:val=\"left\"/><w:pPr><w:ind w:left=\"{left}\" w:hanging=\"360\"/></w:pPr></w:lvl>"
            )
        };
        (0..9).map(of).collect()
    };
    let bullets = level("bullet", &|_| "•".to_owned());
    let numbers = level("decimal", &|level| format!("%{}.", level + 1));
    let lists: String = numbered
        .iter()
        .map(|(id, level, start)| {
            format!(
                "<w:num w:numId=\"{id}\"><w:abstractNumId w:val=\"1\"/><w:lvlOverride w:ilvl=\"{level}\">\
                 <w:startOverride w:val=\"{start}\"/></w:lvlOverride></w:num>"
            )
        })
        .collect();
    format!(
        "<w:abstractNum w:abstractNumId=\"0\"><w:multiLevelType w:val=\"multilevel\"/>{bullets}</w:abstractNum>\
         <w:abstractNum w:abstractNumId=\"1\"><w:multiLevelType w:val=\"multilevel\"/>{numbers}</w:abstractNum>\
         <w:num w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num>{lists}"
    )
}
