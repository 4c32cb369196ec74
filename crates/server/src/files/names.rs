//! What a file is called, and what it is: by its bytes, whatever its name and its sender say.

/// Longer names are cut, in characters; what stands behind the last dot is kept.
const MAX_NAME: usize = 200;

/// An ending that is longer is part of the name.
const MAX_ENDING: usize = 20;

/// A name without folders, and without characters that hide what it is.
pub(super) fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
    let words = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = words.trim_start_matches('.').trim();
    if name.is_empty() { "file".to_owned() } else { cut(name) }
}

/// A name as browsers write it into a form: what would end the header is written as the bytes' numbers, and nothing else is
/// (HTML, "multipart/form-data encoding algorithm").
pub(super) fn of_form(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", " ").replace("%0A", " ")
}

/// Marks of direction: `gpj.exe` could be shown the other way round. Joiners are spelling, in Persian for one.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn cut(name: &str) -> String {
    if name.chars().count() <= MAX_NAME {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| ending.chars().count() <= MAX_ENDING);
    let ending = ending.map(|ending| format!(".{ending}")).unwrap_or_default();
    let room = MAX_NAME - ending.chars().count();
    name.chars().take(room).chain(ending.chars()).collect()
}

/// A `Content-Disposition` that has a file kept under its name: in ASCII for old programs, and as it is (RFC 6266).
pub fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || " .-_()+".contains(c) { c } else { '_' }).collect();
    let mut exact = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
            exact.push(char::from(byte));
        } else {
            exact.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

/// The media type of a file by its first bytes. Of plain text, which has no marks, the name says what kind it is.
pub(super) fn media_type(name: &str, bytes: &[u8]) -> &'static str {
    if let Some(kind) = infer::get(bytes) {
        return kind.mime_type();
    }
    let is_text = std::str::from_utf8(bytes)
        .is_ok_and(|text| !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}')));
    if !is_text {
        return "application/octet-stream";
    }
    match name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
        Some("md" | "markdown") => "text/markdown",
        Some("csv") => "text/csv",
        Some("json") => "application/json",
        _ => "text/plain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_no_folder_and_nothing_invisible() {
        for (given, kept) in [
            ("notes.txt", "notes.txt"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\ann\essay.docx", "essay.docx"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
            ("  two   words .md", "two words .md"),
            ("..", "file"),
            ("", "file"),
            ("作文.pdf", "作文.pdf"),
            ("می\u{200c}خواهم.md", "می\u{200c}خواهم.md"),
        ] {
            assert_eq!(clean(given), kept, "{given:?}");
        }
        assert_eq!(clean(&of_form("say %22hi%22 %0D%0A100%.md")), "say \"hi\" 100%.md");
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = clean(&format!("{}.pdf", "é".repeat(500)));
        assert_eq!(name.chars().count(), MAX_NAME);
        assert!(name.ends_with("é.pdf"));
        assert_eq!(clean(&"x".repeat(500)).len(), MAX_NAME);
        assert_eq!(clean(&format!("x.{}", "y".repeat(500))).len(), MAX_NAME);
    }

    #[test]
    fn a_disposition_is_one_header_whatever_the_name() {
        assert_eq!(
            disposition("a \"b\"; é.txt"),
            "attachment; filename=\"a _b__ _.txt\"; filename*=UTF-8''a%20%22b%22%3B%20%C3%A9.txt"
        );
    }

    #[test]
    fn bytes_say_what_a_file_is_and_its_name_does_not() {
        assert_eq!(media_type("essay.txt", b"%PDF-1.7\n"), "application/pdf");
        assert_eq!(media_type("picture.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png");
        assert_eq!(media_type("picture.png", b"words"), "text/plain");
        assert_eq!(media_type("Notes.MD", "# Ä".as_bytes()), "text/markdown");
        assert_eq!(media_type("x.txt", b"\0\x01\x02\x03\xff"), "application/octet-stream");
        assert_eq!(media_type("page.txt", b"<!DOCTYPE html><script>"), "text/html");
    }
}
