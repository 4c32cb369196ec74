//! Rows of cells, whatever kind of file they come in.

use csv::ReaderBuilder;
use shared::api::MAX_ROSTER_LINES;

use super::xlsx;
use crate::{error::Error, import::decode};

/// Columns that are looked at.
pub(super) const COLUMNS: usize = 64;

/// Rows that are looked at: room for headings and notes above the people.
pub(super) const ROWS: usize = MAX_ROSTER_LINES + 20;

/// A row with something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Where it is in the file, from 1.
    pub line: u32,
    /// Without white space around them.
    pub cells: Vec<String>,
}

impl Row {
    pub(super) fn of(line: u32, cells: impl Iterator<Item = String>) -> Option<Row> {
        let cells: Vec<String> = cells.take(COLUMNS).map(|cell| cell.trim().to_owned()).collect();
        cells.iter().any(|cell| !cell.is_empty()).then_some(Row { line, cells })
    }
}

pub(super) fn too_many() -> Error {
    Error::TooLarge(format!("file: it has too many lines; a roster has at most {MAX_ROSTER_LINES} people."))
}

/// The rows of a file that have something in them.
pub(super) fn rows(name: &str, bytes: &[u8]) -> Result<Vec<Row>, Error> {
    let name = decode::shown(name);
    if bytes.starts_with(b"PK\x03\x04") {
        return xlsx::rows(&name, bytes);
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        let why = format!("{name} is a workbook in an old format, or has a password. Save it as .xlsx or as CSV.");
        return Err(Error::Invalid("unsupported_file", why));
    }
    separated(&with_one_kind_of_line_end(&decode::plain(&name, bytes)?))
}

/// `\n` alone: spreadsheets end lines in three ways, some in two within one file, and people count all of them.
fn with_one_kind_of_line_end(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// CSV as spreadsheets write it: with commas, semicolons or tabs, and quoted cells that may hold line ends.
fn separated(text: &str) -> Result<Vec<Row>, Error> {
    let (separator, rest) = separator(text);
    let mut lines = Lines { text, at: text.len() - rest.len(), line: 1 };
    lines.line += lines.breaks(0, lines.at);
    let skipped = lines.at;
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(rest.as_bytes());
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    let broken = |error: csv::Error| Error::Invalid("bad_csv", format!("file: it cannot be read as CSV: {error}."));
    while reader.read_record(&mut record).map_err(broken)? {
        let start = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
        let line = lines.of(skipped + start);
        rows.extend(Row::of(line, record.iter().map(str::to_owned)));
        if rows.len() > ROWS {
            return Err(too_many());
        }
    }
    Ok(rows)
}

/// The numbers of lines.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn breaks(&self, from: usize, to: usize) -> u32 {
        let breaks = self.text.as_bytes()[from..to].iter().filter(|byte| **byte == b'\n').count();
        u32::try_from(breaks).unwrap_or(u32::MAX)
    }

    /// Of the record that begins here, or behind the line ends that are here. Records come in order.
    fn of(&mut self, start: usize) -> u32 {
        let bytes = self.text.as_bytes();
        let start = start.clamp(self.at, bytes.len());
        let ends = bytes[start..].iter().take_while(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(self.breaks(self.at, start + ends));
        self.at = start + ends;
        self.line
    }
}

/// What stands between cells, and the text without the line in which Excel says so, `sep=;`.
fn separator(text: &str) -> (u8, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let Some(&[separator @ (b',' | b';' | b'\t')]) = first.strip_prefix("sep=").map(str::as_bytes) {
        return (separator, rest);
    }
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in text.trim_start().bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(separator, _)| *separator == byte).for_each(|(_, count)| *count += 1),
        }
    }
    // The first of those that occur most.
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    (most.map_or(b',', |(separator, _)| *separator), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<(u32, Vec<String>)> {
        rows("a.csv", text.as_bytes()).unwrap().into_iter().map(|row| (row.line, row.cells)).collect()
    }

    #[test]
    fn commas_semicolons_and_tabs_are_told_apart_and_lines_keep_their_numbers() {
        let expected = vec![
            (1, vec!["Name".to_owned(), "E-mail".to_owned()]),
            (3, vec!["Müller, \"Ann\"\nMaria".to_owned(), "ann@x.org".to_owned()]),
            (5, vec!["Ben".to_owned(), "ben@x.org".to_owned()]),
        ];
        for separator in [",", ";", "\t"] {
            let text = format!(
                "\u{feff}Name{separator}E-mail\r\n\r\n\"Müller, \"\"Ann\"\"\nMaria\"{separator} ann@x.org \r\nBen{separator}ben@x.org"
            );
            assert_eq!(cells(&text), expected, "{separator:?}");
            let told = format!("sep={separator}\r\n{}", text.trim_start_matches('\u{feff}'));
            let moved: Vec<_> = expected.iter().map(|(line, cells)| (line + 1, cells.clone())).collect();
            assert_eq!(cells(&told), moved, "{separator:?}");
        }
    }

    #[test]
    fn what_is_no_table_says_so() {
        let old = rows("list.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
        assert!(matches!(old, Err(Error::Invalid("unsupported_file", _))));
        assert!(matches!(rows("list.csv", b"Name\xfc;x"), Err(Error::Import(_))));
        assert!(matches!(rows("list.csv", "x\n".repeat(ROWS + 1).as_bytes()), Err(Error::TooLarge(_))));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_bring_it_down(bytes: Vec<u8>, text in "[a;,\"\\t\\r\\n]{0,60}", archive: Vec<u8>) {
            let _ = rows("a.csv", &bytes);
            let _ = rows("a.xlsx", &[b"PK\x03\x04", &archive[..]].concat());
            if let Ok(rows) = rows("a.csv", text.as_bytes()) {
                let lines: Vec<u32> = rows.iter().map(|row| row.line).collect();
                assert!(lines.is_sorted_by(|one, next| one < next), "{lines:?}");
                let ends = with_one_kind_of_line_end(&text).lines().count();
                assert!(lines.last().is_none_or(|last| *last as usize <= ends.max(1)), "{lines:?}");
            }
        }
    }
}
