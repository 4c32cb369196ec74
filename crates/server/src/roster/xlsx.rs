//! The first sheet of an XLSX workbook (ECMA-376, part 1, SpreadsheetML), as far as a list of people needs it.
//!
//! Our own, because what is uploaded may be made by anybody: the readers that there are reserve as much memory as the
//! file says it wants. Here everything is counted while it is unpacked, entities are the five of XML alone, and no
//! number in the file is believed.

use std::collections::HashMap;

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};

use super::table::{COLUMNS, ROWS, Row, too_many};
use crate::{
    error::Error,
    import::{ImportError, limits::ZipLimits, unzip},
};

/// Sheets shrink to a tenth or so. 32 MiB are far more than 1,500 people and their formats take.
const LIMITS: ZipLimits = ZipLimits { entries: 2_000, unpacked: 32 << 20, ratio: 100, ratio_from: 4 << 20 };

pub(super) fn rows(file: &str, bytes: &[u8]) -> Result<Vec<Row>, Error> {
    let parts = unzip::texts(file, bytes, LIMITS, |zip| {
        let named = zip.file_names().enumerate().filter_map(|(index, name)| Some((name.ok()?.into_owned(), index)));
        Ok(named.filter(|(name, _)| is_wanted(name)).collect())
    });
    let parts = parts.map_err(|error| match error {
        // What to do about a zip is said for exports of conversations.
        ImportError::BrokenZip { reason, .. } => {
            Error::Invalid("bad_xlsx", format!("{file} is damaged: {reason}. Save it again, or as CSV."))
        }
        ImportError::EncryptedZip { .. } => {
            Error::Invalid("bad_xlsx", format!("{file} is protected by a password. Save it without one, or as CSV."))
        }
        other => other.into(),
    })?;
    let parts: HashMap<String, String> = parts.into_iter().collect();
    let no_sheet = || {
        let why = format!("{file} is no workbook with a sheet in it. Save the list as .xlsx or as CSV.");
        Error::Invalid("no_sheet", why)
    };
    let sheet = first_sheet(&parts).ok_or_else(no_sheet)?;
    let broken = |_| Error::Invalid("bad_xlsx", format!("{file} is damaged: its XML cannot be read. Save it again."));
    let strings = match parts.get("xl/sharedStrings.xml") {
        Some(xml) => shared_strings(xml).map_err(broken)?,
        None => Vec::new(),
    };
    let rows = Sheet { strings: &strings, rows: Vec::new(), next: 1 }.read(sheet).map_err(broken)?;
    if rows.len() > ROWS { Err(too_many()) } else { Ok(rows) }
}

fn is_wanted(name: &str) -> bool {
    matches!(name, "xl/workbook.xml" | "xl/_rels/workbook.xml.rels" | "xl/sharedStrings.xml")
        || name.starts_with("xl/worksheets/") && name.ends_with(".xml")
}

/// The sheet that the workbook names first, found by its relation; else the first there is.
fn first_sheet(parts: &HashMap<String, String>) -> Option<&str> {
    let related = || {
        let id = attribute_of_first(parts.get("xl/workbook.xml")?, "sheet", &[], "r:id")?;
        let target =
            attribute_of_first(parts.get("xl/_rels/workbook.xml.rels")?, "Relationship", &[("Id", &id)], "Target")?;
        let path = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
        parts.get(&path)
    };
    let by_name = || parts.iter().filter(|(name, _)| name.starts_with("xl/worksheets/")).min_by_key(|(name, _)| *name);
    related().or_else(|| by_name().map(|(_, xml)| xml)).map(String::as_str)
}

/// An attribute of the first element of this name that has these others.
fn attribute_of_first(xml: &str, element: &str, others: &[(&str, &str)], name: &str) -> Option<String> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) | Event::Empty(start)
                if start.local_name().as_ref() == element
                    && others.iter().all(|(name, value)| attribute(&start, name).as_deref() == Some(value)) =>
            {
                return attribute(&start, name);
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

fn attribute(start: &BytesStart, name: &str) -> Option<String> {
    let attribute = start.try_get_attribute(name).ok()??;
    Some(attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
}

/// Adds what an event says to a text; phonetic readings (`rPh`) are told by `is_aside`.
fn add(event: &Event, text: &mut String) {
    match event {
        Event::Text(part) => text.push_str(part),
        Event::CData(part) => text.push_str(part),
        Event::GeneralRef(reference) => match reference.resolve_char_ref() {
            Ok(Some(c)) => text.push(c),
            _ => text.push_str(resolve_predefined_entity(reference).unwrap_or_default()),
        },
        _ => {}
    }
}

fn shared_strings(xml: &str) -> Result<Vec<String>, quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let (mut strings, mut text) = (Vec::new(), String::new());
    let (mut in_text, mut aside) = (false, false);
    loop {
        let event = reader.read_event()?;
        match &event {
            Event::Start(start) => match start.local_name().as_ref() {
                "si" => text.clear(),
                "rPh" => aside = true,
                "t" => in_text = !aside,
                _ => {}
            },
            Event::Empty(start) if start.local_name().as_ref() == "si" => strings.push(String::new()),
            Event::End(end) => match end.local_name().as_ref() {
                "si" => strings.push(std::mem::take(&mut text)),
                "rPh" => aside = false,
                "t" => in_text = false,
                _ => {}
            },
            Event::Eof => return Ok(strings),
            event if in_text => add(event, &mut text),
            _ => {}
        }
    }
}

struct Sheet<'a> {
    strings: &'a [String],
    rows: Vec<Row>,
    /// The line of the next row, if it does not say itself.
    next: u32,
}

impl Sheet<'_> {
    /// Stops when there are more rows than are looked at.
    fn read(mut self, xml: &str) -> Result<Vec<Row>, quick_xml::Error> {
        let mut reader = Reader::from_str(xml);
        let mut cells: Vec<String> = Vec::new();
        let (mut kind, mut column, mut value, mut in_value) = (String::new(), 0, String::new(), false);
        loop {
            let event = reader.read_event()?;
            match &event {
                Event::Start(start) => match start.local_name().as_ref() {
                    "row" => {
                        self.next = attribute(start, "r").and_then(|line| line.parse().ok()).unwrap_or(self.next);
                        cells.clear();
                    }
                    "c" => {
                        kind = attribute(start, "t").unwrap_or_default();
                        column = attribute(start, "r").map_or(cells.len(), |reference| column_of(&reference));
                        value.clear();
                    }
                    "v" | "t" => in_value = true,
                    _ => {}
                },
                Event::End(end) => match end.local_name().as_ref() {
                    "v" | "t" => in_value = false,
                    "c" if column < COLUMNS => {
                        if cells.len() <= column {
                            cells.resize(column + 1, String::new());
                        }
                        cells[column] = self.value(&kind, &value);
                    }
                    "row" => {
                        self.rows.extend(Row::of(self.next, cells.drain(..)));
                        self.next = self.next.saturating_add(1);
                    }
                    _ => {}
                },
                Event::Eof => return Ok(self.rows),
                event if in_value => add(event, &mut value),
                _ => {}
            }
            if self.rows.len() > ROWS {
                return Ok(self.rows);
            }
        }
    }

    fn value(&self, kind: &str, value: &str) -> String {
        match kind {
            "s" => value.trim().parse().ok().and_then(|at: usize| self.strings.get(at)).cloned().unwrap_or_default(),
            _ => value.to_owned(),
        }
    }
}

/// The column of a reference such as `B7`, from 0; beyond all that are looked at if it is none.
fn column_of(reference: &str) -> usize {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic).take(3);
    let number = letters.fold(0, |number, letter| number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1).unwrap_or(COLUMNS)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    const WORKBOOK: &str = r#"<workbook xmlns:r="x"><sheets><sheet name="People" sheetId="7" r:id="rId9"/>
        <sheet name="Other" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    const RELATIONS: &str = r#"<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/>
        <Relationship Id="rId9" Target="/xl/worksheets/people.xml"/></Relationships>"#;
    const STRINGS: &str = r#"<sst count="9" uniqueCount="99999999999999"><si><t>Name</t></si><si><t>E-mail</t></si>
        <si><r><t>Müller &amp; </t></r><r><t xml:space="preserve">Söhne &#x263A;</t></r><rPh sb="0"><t>no</t></rPh></si></sst>"#;
    const PEOPLE: &str = r#"<worksheet><dimension ref="A1:XFD1048576"/><sheetData>
        <row r="2"><c r="B2" t="s"><v>1</v></c><c r="A2" t="s"><v>0</v></c></row>
        <row r="5"><c r="A5" t="s"><v>2</v></c><c r="B5" t="inlineStr"><is><t> a@b.example </t></is></c><c r="D5"><v>3</v></c>
            <c r="XFD5" t="s"><v>0</v></c></row>
        <row><c t="str"><f>A5</f><v>Ann</v></c><c t="s"><v>77</v></c></row>
        <row r="9"><c r="A9"/></row></sheetData></worksheet>"#;

    fn workbook(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn read(parts: &[(&str, &str)]) -> Result<Vec<(u32, Vec<String>)>, Error> {
        Ok(rows("a.xlsx", &workbook(parts))?.into_iter().map(|row| (row.line, row.cells)).collect())
    }

    fn problem(parts: &[(&str, &str)]) -> String {
        read(parts).unwrap_err().problem().code().to_owned()
    }

    #[test]
    fn the_first_sheet_is_read_and_nothing_it_says_of_its_size_is_believed() {
        let parts = [
            ("xl/workbook.xml", WORKBOOK),
            ("xl/_rels/workbook.xml.rels", RELATIONS),
            ("xl/sharedStrings.xml", STRINGS),
            ("xl/worksheets/sheet1.xml", "<worksheet/>"),
            ("xl/worksheets/people.xml", PEOPLE),
        ];
        let cells = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let expected = [
            (2, cells(&["Name", "E-mail"])),
            (5, cells(&["Müller & Söhne ☺", "a@b.example", "", "3"])),
            (6, cells(&["Ann", ""])),
        ];
        assert_eq!(read(&parts).unwrap(), expected);
        // Without the two files that name it, the first by its own name.
        assert_eq!(read(&parts[2..]).unwrap(), expected);
    }

    #[test]
    fn what_is_no_workbook_or_too_much_of_one_says_so() {
        assert_eq!(problem(&[("hello.txt", "x")]), "no_sheet");
        assert_eq!(problem(&[("xl/worksheets/s.xml", "<worksheet><row></c></worksheet>")]), "bad_xlsx");
        let long = format!("<worksheet>{}</worksheet>", "<row><c t=\"str\"><v>x</v></c></row>".repeat(ROWS + 1));
        assert_eq!(problem(&[("xl/worksheets/s.xml", &long)]), "too_large");
        let bomb = " ".repeat(33 << 20);
        assert_eq!(problem(&[("xl/worksheets/s.xml", &bomb)]), "zip_bomb");
        let entities =
            r#"<!DOCTYPE x [<!ENTITY a "lots">]><worksheet><row><c t="str"><v>&a;</v></c></row></worksheet>"#;
        assert_eq!(read(&[("xl/worksheets/s.xml", entities)]).unwrap(), [], "no entity of its own is known");
    }
}
