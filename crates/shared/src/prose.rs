//! What people write to one another, in comments and notes, as HTML: the part of Markdown that they use there.
//!
//! Paragraphs, lists, quotations, code, `**strong**`, `*emphasis*`, `~~struck~~`, `` `code` ``, `[links](https://...)`
//! and bare addresses, after CommonMark 0.31 where both have a thing. Unlike there, a line break stays one, and a heading is a
//! strong paragraph: a comment has no outline. Everything else is shown as it was typed; raw HTML is text.
//!
//! A message's Markdown is rendered by [`crate::text::render`], whose every character has its place in the canonical
//! text. Nothing is anchored in what is rendered here, and the whole of Markdown would be a sixth of what a browser has
//! to load.
//!
//! The output is balanced HTML of `p strong em del code pre ul ol li blockquote br a span`, links lead to `http`, `https`
//! and `mailto` alone; a `span` is a mention of somebody. The time is linear in the length.

mod inlines;
mod mentions;

use inlines::push_inlines;
pub use mentions::{html_for, mention, mentions, with_name};

use crate::text::escape::push_text;

/// Lists and quotations nest this deep; what is deeper is shown at this depth.
const MAX_DEPTH: usize = 6;

/// As HTML.
pub fn html(source: &str) -> String {
    let mut html = String::with_capacity(source.len() * 5 / 4);
    let lines: Vec<&str> = source.lines().collect();
    blocks(&mut html, &lines, 0);
    html
}

/// The words alone, without marks and the addresses of links: what is counted.
pub fn words(source: &str) -> String {
    let html = html(source);
    let mut text = String::with_capacity(html.len());
    // Every `<` of ours begins a tag, and no attribute holds a `>`: both are written as references.
    for (number, piece) in html.split('<').enumerate() {
        let (tag, after) = if number == 0 { ("", piece) } else { piece.split_once('>').unwrap_or((piece, "")) };
        if matches!(tag.trim_start_matches('/'), "p" | "li" | "br" | "ul" | "ol" | "pre" | "blockquote") {
            text.push('\n');
        }
        text.push_str(after);
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

fn blocks(html: &mut String, lines: &[&str], depth: usize) {
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        if line.trim().is_empty() {
            at += 1;
        } else if let Some(fence) = fence(line) {
            at = code_block(html, lines, at, fence);
        } else if let (Some(_), true) = (quoted(line), depth < MAX_DEPTH) {
            let end = end_of(lines, at, |line| quoted(line).is_some());
            let inner: Vec<&str> = lines[at..end].iter().map(|line| quoted(line).unwrap_or(line)).collect();
            html.push_str("<blockquote>");
            blocks(html, &inner, depth + 1);
            html.push_str("</blockquote>");
            at = end;
        } else if let (Some(item), true) = (Item::of(line), depth < MAX_DEPTH) {
            at = list(html, lines, at, item.number, depth);
        } else {
            at = paragraph(html, lines, at, depth);
        }
    }
}

fn end_of(lines: &[&str], from: usize, belongs: impl Fn(&str) -> bool) -> usize {
    lines[from..].iter().position(|line| !belongs(line)).map_or(lines.len(), |count| from + count)
}

/// Three or more backticks or tildes at the start of a line.
fn fence(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|mark| ['`', '~'].contains(mark))?;
    let length = line.len() - line.trim_start_matches(mark).len();
    // Backticks behind it: a code span.
    (length >= 3 && !(mark == '`' && line[length..].contains('`'))).then(|| &line[..length])
}

fn code_block(html: &mut String, lines: &[&str], at: usize, open: &str) -> usize {
    let closes = |line: &str| line.trim().starts_with(open) && line.trim().trim_start_matches(&open[..1]).is_empty();
    let end = end_of(lines, at + 1, |line| !closes(line));
    html.push_str("<pre><code>");
    for line in &lines[at + 1..end] {
        push_text(html, line);
        html.push('\n');
    }
    html.push_str("</code></pre>");
    end + 1
}

fn quoted(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix('>')?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

/// A line that begins an item of a list.
struct Item<'a> {
    /// Its number, where it has one.
    number: Option<u32>,
    /// How far its words are set in, in bytes.
    indent: usize,
    words: &'a str,
}

impl<'a> Item<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let start = line.len() - line.trim_start_matches(' ').len();
        let rest = &line[start..];
        let digits = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let mark = match rest.as_bytes().get(digits)? {
            b'-' | b'*' | b'+' if digits == 0 => 1,
            b'.' | b')' if (1..=9).contains(&digits) => digits + 1,
            _ => return None,
        };
        let words = rest[mark..].strip_prefix(' ')?;
        Some(Self { number: rest[..digits].parse().ok(), indent: start + mark + 1, words })
    }
}

/// A list, to the first line that is neither an item of its kind nor set in below one.
fn list(html: &mut String, lines: &[&str], from: usize, first: Option<u32>, depth: usize) -> usize {
    let (open, close) = match first {
        None => ("<ul>".to_owned(), "</ul>"),
        Some(1) => ("<ol>".to_owned(), "</ol>"),
        Some(number) => (format!("<ol start=\"{number}\">"), "</ol>"),
    };
    let same_kind = |item: &Item<'_>| item.number.is_some() == first.is_some();
    html.push_str(&open);
    let mut at = from;
    while let Some(item) = lines.get(at).and_then(|line| Item::of(line)).filter(same_kind) {
        let set_in = |line: &str| line.len() - line.trim_start_matches(' ').len() >= item.indent.min(line.len()).max(2);
        let end = end_of(lines, at + 1, |line| !line.trim().is_empty() && set_in(line));
        html.push_str("<li>");
        push_inlines(html, item.words);
        let inner: Vec<&str> = lines[at + 1..end].iter().map(|line| unindent(line, item.indent)).collect();
        if inner.first().is_some_and(|line| Item::of(line).is_none() && fence(line).is_none()) {
            html.push_str("<br>");
        }
        inner_blocks(html, &inner, depth + 1);
        html.push_str("</li>");
        at = end;
        // An empty line between two items.
        if lines.get(at).is_some_and(|line| line.trim().is_empty())
            && lines.get(at + 1).and_then(|line| Item::of(line)).is_some_and(|item| same_kind(&item))
        {
            at += 1;
        }
    }
    html.push_str(close);
    at
}

/// What stands below the first line of an item: more of its words come without a paragraph of their own.
fn inner_blocks(html: &mut String, lines: &[&str], depth: usize) {
    let words = end_of(lines, 0, |line| Item::of(line).is_none() && fence(line).is_none() && quoted(line).is_none());
    push_lines(html, &lines[..words]);
    blocks(html, &lines[words..], depth);
}

fn unindent(line: &str, by: usize) -> &str {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    &line[spaces.min(by)..]
}

fn paragraph(html: &mut String, lines: &[&str], from: usize, depth: usize) -> usize {
    if let Some(words) = heading(lines[from]) {
        html.push_str("<p><strong>");
        push_inlines(html, words);
        html.push_str("</strong></p>");
        return from + 1;
    }
    let goes_on = |line: &str| {
        // Any other number at the start of a line is a number (CommonMark 5.3).
        let is_item = Item::of(line).is_some_and(|item| item.number.is_none_or(|number| number == 1));
        let begins_other = depth < MAX_DEPTH && (quoted(line).is_some() || is_item);
        !(line.trim().is_empty() || fence(line).is_some() || heading(line).is_some() || begins_other)
    };
    let end = end_of(lines, from + 1, goes_on);
    html.push_str("<p>");
    push_lines(html, &lines[from..end]);
    html.push_str("</p>");
    end
}

fn push_lines(html: &mut String, lines: &[&str]) {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    push_inlines(html, &lines.join("\n"));
}

fn heading(line: &str) -> Option<&str> {
    let level = line.len() - line.trim_start_matches('#').len();
    let words = line[level..].strip_prefix(' ')?;
    (1..=6).contains(&level).then(|| words.trim()).filter(|words| !words.is_empty())
}

#[cfg(test)]
mod tests;
