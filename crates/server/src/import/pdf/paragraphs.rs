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
    left: f64,
    is_item: bool,
}

/// The text of the pages, in the order in which they hold it.
pub(super) fn written(mut pages: Vec<Vec<Line>>, notes: &mut Notes) -> String {
    for page in &mut pages {
        for line in page.iter_mut() {
            let words = line.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let is_parted = words.ends_with('\u{ad}');
            line.text = words.replace('\u{ad}', "");
            if is_parted {
                line.text.push('\u{ad}');
            }
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
    for paragraph in paragraphs(&pages) {
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

/// Lines before and after one that are looked at for the edge of its column.
const ABOUT: usize = 12;
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

fn paragraphs(pages: &[Vec<Line>]) -> Vec<Paragraph> {
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let mut before: Option<&Line> = None;
    for page in pages {
        let gap = usual_gap(page) * 1.3;
        for (number, line) in page.iter().enumerate() {
            let (is_item, words) = without_bullet(&line.text);
            let is_below = |before: &Line| number > 0 && line.y > before.y && line.y - before.y <= gap;
            let goes_on = before.is_some_and(|before| {
                let is_alike = (before.size - line.size).abs() <= before.size * 0.1;
                // Over the end of a page a sentence goes on.
                let is_rest = number == 0
                    && !ends_sentence(&before.text)
                    && line.text.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit());
                let is_next = is_below(before)
                    && !was_ended(before, line, edge(page, number - 1))
                    && line.left <= before.left + line.size * 0.8;
                is_alike && (is_rest || is_next)
            });
            // An item's lines stand further in than its sign.
            let of_item = |last: &Paragraph| last.is_item && line.left > last.left + line.size * 0.3;
            let in_item = paragraphs.last().is_some_and(of_item) && before.is_some_and(is_below);
            let begins = is_item || label(&line.text).is_some();
            match paragraphs.last_mut() {
                Some(last) if (goes_on || in_item) && !begins => join(&mut last.text, words),
                _ => {
                    let (text, size, left) = (words.to_owned(), line.size, line.left);
                    paragraphs.push(Paragraph { text, size, left, is_item });
                }
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

/// The edge of the column that a line stands in: where the furthest of the lines about it ends.
fn edge(page: &[Line], number: usize) -> f64 {
    let line = &page[number];
    let about = &page[number.saturating_sub(ABOUT)..page.len().min(number + ABOUT)];
    let is_of_column = |other: &&Line| {
        let is_alike = (other.size - line.size).abs() <= line.size * 0.1;
        is_alike && other.left <= line.left + line.size * 2.0 && other.right > line.left
    };
    about.iter().filter(is_of_column).map(|other| other.right).fold(line.right, f64::max)
}

/// Whether a line was ended though the first word of the next would have had its place on it.
fn was_ended(line: &Line, next: &Line, edge: f64) -> bool {
    let letters = |text: &str| text.chars().map(|_| 1.0).sum::<f64>();
    let wide = (next.right - next.left) / letters(&next.text).max(1.0);
    let word = next.text.split(' ').next().unwrap_or_default();
    // Letters of scripts without spaces go one by one.
    let word = if word.contains(is_unspaced) { 1.0 } else { letters(word) };
    line.right + wide * (word + 1.0) + line.size * 0.3 < edge
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
