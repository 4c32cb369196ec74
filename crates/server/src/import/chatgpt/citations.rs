//! ChatGPT's private-use marks: U+E200 kind U+E202 fields U+E201, which its page turns into links and chips.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use serde_json::Value;

const MARKS: RangeInclusive<char> = '\u{e200}'..='\u{e2ff}';
const START: char = '\u{e200}';
const END: char = '\u{e201}';
const SEPARATOR: char = '\u{e202}';

/// `text` without the marks, and how many citations went with them. A citation that the export explains (`references`
/// maps its exact text to Markdown) becomes that, as long as there is `room` for its bytes: one explanation can be asked for
/// a thousand times. A name or a link keeps its words.
pub(super) fn without_marks(text: &str, references: &HashMap<&str, &str>, room: &mut usize) -> (String, usize) {
    if !text.contains(|c| MARKS.contains(&c)) {
        return (text.to_owned(), 0);
    }
    let mut clean = String::with_capacity(text.len());
    let mut left_out = 0;
    let mut rest = text;
    while let Some(at) = rest.find(|c| MARKS.contains(&c)) {
        clean.push_str(&rest[..at]);
        let marked = &rest[at..];
        let Some(span) = span(marked) else {
            // A stray mark: what follows it is kept.
            rest = &marked[START.len_utf8()..];
            continue;
        };
        rest = &marked[span.len()..];
        let known = references.get(span).and_then(|words| {
            *room = room.checked_sub(words.len())?;
            Some((*words).to_owned())
        });
        match known.or_else(|| words(span)) {
            Some(words) => clean.push_str(&words),
            None => {
                left_out += 1;
                // "a fact ⟨cite⟩." must not become "a fact ."
                if rest.is_empty()
                    || rest.starts_with(|c: char| {
                        c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | ')')
                    })
                {
                    clean.truncate(clean.trim_end_matches(' ').len());
                }
            }
        }
    }
    clean.push_str(rest);
    (clean, left_out)
}

/// The whole of a citation at the start of `text`; `None` if its end is missing.
fn span(text: &str) -> Option<&str> {
    let inside = text.strip_prefix(START)?;
    let end = inside.find([START, END])?;
    inside[end..].starts_with(END).then(|| &text[..START.len_utf8() + end + END.len_utf8()])
}

/// What a person saw in its place, where that were words of the answer.
fn words(span: &str) -> Option<String> {
    let mut fields = span.trim_matches([START, END]).split(SEPARATOR);
    let words = match fields.next()? {
        "url" => fields.next()?.to_owned(),
        "entity" => {
            let entity: Value = serde_json::from_str(fields.next()?).ok()?;
            entity.get(1)?.as_str()?.to_owned()
        }
        _ => return None,
    };
    // Marks inside would be marks again.
    (!words.contains(|c| MARKS.contains(&c))).then_some(words)
}
