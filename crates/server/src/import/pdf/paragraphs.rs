//! From lines to paragraphs.

use std::collections::HashMap;

use super::Line;
use crate::import::{
    labels::label,
    limits::TEXT_BYTES,
    notes::Notes,
    written::{Style, Writer},
};

/// Signs that begin an item.
const BULLETS: [char; 8] = ['•', '‣', '◦', '▪', '●', '○', '–', '\u{f0b7}'];

#[derive(Debug, Default)]
struct Paragraph {
    text: String,
    size: f64,
    is_item: bool,
}

/// The text of the pages, in the order in which they hold it.
pub(super) fn written(mut pages: Vec<Vec<Line>>, notes: &mut Notes) -> String {
    for page in &mut pages {
        for line in page.iter_mut() {
            line.text = line.text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        page.retain(|line| !line.text.is_empty());
    }
    let repeated = leave_out_repeated(&mut pages);
    notes.count(
        repeated,
        "line at the edge of a page (its number, or what stands on each) was left out",
        "lines at the edges of pages (their numbers, or what stands on each) were left out",
    );
    let body = usual_size(&pages);
    let mut writer = Writer::new(TEXT_BYTES);
    let mut in_list = false;
    for paragraph in paragraphs(&pages, body) {
        if paragraph.is_item != in_list {
            in_list = paragraph.is_item;
            if in_list { writer.open_list(None) } else { writer.close_list() }
        }
        if in_list {
            writer.open_item(None);
        } else if let Some(level) = heading(&paragraph, body) {
            writer.heading(level);
        }
        writer.text(&paragraph.text, &Style::default());
        if in_list { writer.close_item() } else { writer.end_paragraph() }
    }
    writer.finish()
}

/// Characters of a heading.
const HEADING: usize = 200;

fn heading(paragraph: &Paragraph, body: f64) -> Option<usize> {
    let times = paragraph.size / body;
    let level = match () {
        () if times >= 1.6 => 1,
        () if times >= 1.3 => 2,
        () if times >= 1.15 => 3,
        () => return None,
    };
    (paragraph.text.chars().count() <= HEADING).then_some(level)
}

/// The size of most letters.
fn usual_size(pages: &[Vec<Line>]) -> f64 {
    let mut letters: HashMap<i64, usize> = HashMap::new();
    for line in pages.iter().flatten() {
        *letters.entry(tenths(line.size)).or_default() += line.text.len();
    }
    let most = letters.into_iter().max_by_key(|&(size, count)| (count, size));
    most.map_or(10.0, |(size, _)| size as f64 / 10.0).max(0.1)
}

#[expect(clippy::cast_possible_truncation, reason = "sizes of letters; what is larger is cut off")]
fn tenths(size: f64) -> i64 {
    (size.clamp(0.0, 10_000.0) * 10.0).round() as i64
}

/// Takes out first and last lines that are numbers, or stand on half of the pages.
fn leave_out_repeated(pages: &mut [Vec<Line>]) -> usize {
    let key =
        |line: &Line| -> String { line.text.chars().filter(|c| !c.is_numeric()).collect::<String>().trim().to_owned() };
    let is_number = |line: &Line| {
        line.text.chars().count() <= 12
            && line.text.chars().any(char::is_numeric)
            && !key(line).chars().any(char::is_alphabetic)
    };
    let edges = |page: &[Line]| -> Vec<usize> {
        match page.len() {
            0 => Vec::new(),
            1 => vec![0],
            many => vec![0, many - 1],
        }
    };
    let mut seen: HashMap<String, usize> = HashMap::new();
    for page in pages.iter() {
        for at in edges(page) {
            *seen.entry(key(&page[at])).or_default() += 1;
        }
    }
    let enough = (pages.len() / 2).max(3);
    let is_single = pages.len() < 2;
    let mut left_out = 0;
    for page in pages.iter_mut() {
        for at in edges(page).into_iter().rev() {
            let line = &page[at];
            let repeats = seen.get(&key(line)).is_some_and(|&pages| pages >= enough) && !key(line).is_empty();
            if repeats || (is_number(line) && !is_single) {
                page.remove(at);
                left_out += 1;
            }
        }
    }
    left_out
}

fn paragraphs(pages: &[Vec<Line>], body: f64) -> Vec<Paragraph> {
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let mut before: Option<&Line> = None;
    for page in pages {
        let gap = usual_gap(page);
        let (left, right) = edges(page, body);
        for (number, line) in page.iter().enumerate() {
            let (is_item, words) = without_bullet(&line.text);
            let goes_on = before.is_some_and(|before| {
                let same_size = (before.size - line.size).abs() <= before.size * 0.1;
                let down = line.y - before.y;
                let follows = if number == 0 {
                    // Over the end of a page a sentence goes on.
                    !ends_sentence(&before.text)
                        && line.text.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit())
                } else {
                    down > 0.0
                        && down <= gap * 1.3
                        && !is_short(before, right, left)
                        && line.left <= before.left.max(left) + line.size * 0.8
                };
                same_size && follows
            });
            let begins = is_item || label(&line.text).is_some();
            // An item's lines stand further in than its sign.
            let in_item = paragraphs.last().is_some_and(|last| last.is_item)
                && before.is_some_and(|before| {
                    number > 0
                        && line.y > before.y
                        && line.y - before.y <= gap * 1.3
                        && line.left > left + line.size * 0.3
                });
            match paragraphs.last_mut() {
                Some(last) if (goes_on || in_item) && !begins => join(&mut last.text, words),
                _ => paragraphs.push(Paragraph { text: words.to_owned(), size: line.size, is_item }),
            }
            before = Some(line);
        }
    }
    // A sign may stand by itself, before its words.
    paragraphs.retain(|paragraph| !paragraph.text.is_empty());
    paragraphs
}

fn without_bullet(text: &str) -> (bool, &str) {
    match text.strip_prefix(BULLETS) {
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => (true, rest.trim_start()),
        _ => (false, text),
    }
}

/// From line to line within a paragraph: the least that is usual.
fn usual_gap(page: &[Line]) -> f64 {
    let mut gaps: Vec<f64> = page.windows(2).map(|two| two[1].y - two[0].y).filter(|gap| *gap > 1.0).collect();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 3).copied().unwrap_or(f64::INFINITY)
}

/// Where the lines of the text begin and end.
fn edges(page: &[Line], body: f64) -> (f64, f64) {
    let of_text = || page.iter().filter(|line| (line.size - body).abs() <= body * 0.1);
    let left = of_text().map(|line| line.left).fold(f64::INFINITY, f64::min);
    let right = of_text().map(|line| line.right).fold(f64::NEG_INFINITY, f64::max);
    (left, right)
}

/// Whether a line ends before the edge, after a sentence.
fn is_short(line: &Line, right: f64, left: f64) -> bool {
    ends_sentence(&line.text) && line.right < right - (right - left) * 0.12
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['”', '"', '»', ')', '’']).ends_with(['.', '!', '?', ':', '。', '！', '？'])
}

/// Adds a line to a paragraph: a word that was parted is whole again.
fn join(text: &mut String, line: &str) {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let mut end = text.chars();
    let (last, before) = (end.next_back(), end.next_back());
    let next = line.chars().next();
    match last {
        Some('\u{ad}') => {
            text.pop();
        }
        Some('-' | '\u{2010}') if is_letter(before) && next.is_some_and(char::is_lowercase) => {
            text.pop();
        }
        // After another hyphen, or between letters that are written without spaces.
        Some('-' | '\u{2010}') if is_letter(before) => {}
        Some(last) if is_unspaced(last) && next.is_some_and(is_unspaced) => {}
        _ => text.push(' '),
    }
    text.push_str(line);
}

/// Letters between which nobody puts spaces.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}
