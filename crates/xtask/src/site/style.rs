//! A style sheet: one file of all in a folder, without what is written for people alone.

use std::path::Path;

use anyhow::Result;

use super::files::in_folder;
use crate::dist::Mode;

/// Our sheets one after the other, in the order of their names, which is the order of their layers.
pub fn joined(folder: &Path, mode: Mode) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for (name, sheet) in in_folder(folder)? {
        if name.ends_with(".css") && !name.contains('/') {
            all.extend_from_slice(&sheet);
            all.push(b'\n');
        }
    }
    Ok(if mode == Mode::Release { without_remarks(&all) } else { all })
}

/// A sheet without comments and without blanks that say nothing: a fifth of what a page would load of it. What stands in
/// quotes stays as it is (CSS Syntax, 4.3: a comment or a blank begins nowhere else).
fn without_remarks(sheet: &[u8]) -> Vec<u8> {
    let mut small: Vec<u8> = Vec::with_capacity(sheet.len());
    let mut blank = false;
    let mut at = 0;
    while let Some(byte) = sheet.get(at).copied() {
        let end = match byte {
            b'/' if sheet[at..].starts_with(b"/*") => {
                let length = sheet[at + 2..].windows(2).position(|pair| pair == b"*/");
                (at, blank) = (length.map_or(sheet.len(), |length| at + length + 4), true);
                continue;
            }
            b' ' | b'\n' | b'\r' | b'\t' => {
                (at, blank) = (at + 1, true);
                continue;
            }
            b'"' | b'\'' => end_of_string(sheet, at),
            _ => at + 1,
        };
        let is_between = |byte: &u8| b"{};".contains(byte);
        if blank && !is_between(&byte) && small.last().is_some_and(|last| !is_between(last)) {
            small.push(b' ');
        }
        blank = false;
        small.extend_from_slice(&sheet[at..end]);
        at = end;
    }
    small
}

/// Behind the quotation mark that ends what begins at `start`.
fn end_of_string(sheet: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = sheet.get(at) {
        match byte {
            b'\\' => at += 2,
            _ if *byte == sheet[start] => return at + 1,
            _ => at += 1,
        }
    }
    sheet.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_and_blanks_go_and_what_a_browser_reads_stays() {
        let small = |sheet: &str| String::from_utf8(without_remarks(sheet.as_bytes())).unwrap();
        assert_eq!(
            small("/* of the bar */\n.a > .b ,\n  .c:hover  {\n  margin: 0  auto;\n}\n"),
            ".a > .b , .c:hover{margin: 0 auto;}"
        );
        assert_eq!(
            small(".a .b { width: calc(1px + 2px) }"),
            ".a .b{width: calc(1px + 2px)}",
            "blanks that say something"
        );
        assert_eq!(small(".a/**/.b{}"), ".a .b{}");
        assert_eq!(
            small(r#"a::before { content: "  /* \" { " ; quotes: '»  ' }"#),
            r#"a::before{content: "  /* \" { ";quotes: '»  '}"#
        );
        assert_eq!(small("a { b: c } /* without an end"), "a{b: c}");
        assert_eq!(small("a { b: \"c"), "a{b: \"c", "cut off");
    }
}
