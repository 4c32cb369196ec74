//! Titles: the given one in one line, or one taken from the text.

use unicode_segmentation::UnicodeSegmentation;

use shared::{messages::MessageRole, text::render};

use super::fence::Fences;
use super::limits::{GUESSED_TITLE_CHARS, TITLE_CHARS};
use super::{ImportError, ImportedMessage};
use crate::error::Error;

/// A title that the person or the export gave.
pub(crate) struct Given {
    pub title: String,
    /// It was longer than a title may be.
    pub shortened: bool,
}

/// Refuses a title of the person's own that is too long: what somebody typed is not cut behind their back.
pub(super) fn check(title: Option<&str>) -> Result<(), ImportError> {
    let chars = title.map_or(0, |title| one_line(title).chars().count());
    if chars > TITLE_CHARS { Err(ImportError::TitleTooLong { chars, limit: TITLE_CHARS }) } else { Ok(()) }
}

/// A title that somebody typed for a conversation that has one, as one line.
///
/// # Errors
/// It is empty, or too long: what somebody typed is not cut behind their back.
pub fn typed(title: &str) -> Result<String, Error> {
    check(Some(title))?;
    let title = one_line(title);
    if title.is_empty() {
        return Err(Error::Invalid("no_title", format!("title: a title has 1 to {TITLE_CHARS} characters.")));
    }
    Ok(title)
}

/// `title` as one line within its limit; `None` if there is nothing in it.
pub(crate) fn given(title: &str) -> Option<Given> {
    let line = one_line(title);
    let cut = cut(&line, TITLE_CHARS);
    (!line.is_empty()).then_some(Given { shortened: cut.len() != line.len(), title: cut })
}

/// A title from the texts: the first heading of a source, else the first line of what the person said, else the first
/// line of all. An answer's headings name a step of it, not the conversation.
pub(super) fn guessed<'a>(messages: impl Iterator<Item = &'a ImportedMessage> + Clone) -> String {
    let of = |role| messages.clone().find(|message| message.role == role);
    if let Some(heading) = of(MessageRole::Source).and_then(|source| heading(&source.markdown)) {
        return cut(&heading, TITLE_CHARS);
    }
    [of(MessageRole::User), messages.clone().next()]
        .into_iter()
        .flatten()
        .find_map(|message| first_line(&message.markdown))
        .map_or_else(|| "Untitled conversation".to_owned(), |line| cut(&line, GUESSED_TITLE_CHARS))
}

/// Bytes of Markdown in which first words are looked for.
const FIRST_BYTES: usize = 2 << 10;

/// The first words of a text as they are read, in one line of at most `limit` characters; nothing where there are none.
pub(super) fn first_words(markdown: &str, limit: usize) -> Option<String> {
    let start = &markdown[..markdown.floor_char_boundary(FIRST_BYTES)];
    let words = one_line(&render(start).text);
    let is_cut = start.len() < markdown.len() && words.chars().count() <= limit;
    let words = if is_cut { format!("{words} …") } else { words };
    has_words(&words).then(|| cut(&words, limit))
}

fn heading(markdown: &str) -> Option<String> {
    let mut fences = Fences::default();
    markdown.lines().filter(|line| !fences.covers(line)).find_map(|line| {
        let rest = line.trim_start_matches('#');
        let level = line.len() - rest.len();
        ((1..=6).contains(&level) && rest.starts_with([' ', '\t'])).then(|| plain(line)).filter(|text| !text.is_empty())
    })
}

fn first_line(markdown: &str) -> Option<String> {
    let mut fences = Fences::default();
    // What has no letters and no digits has no words either, and need not be rendered.
    let words = |line: &str| Some(line).filter(|line| has_words(line)).map(plain).filter(|words| has_words(words));
    let prose = markdown.lines().filter(|line| !fences.covers(line)).find_map(words);
    prose.or_else(|| markdown.lines().find_map(words))
}

fn has_words(line: &str) -> bool {
    line.chars().any(char::is_alphanumeric)
}

/// The words of a line. Marks that go on in the next, or end nothing, stand at its ends.
fn plain(line: &str) -> String {
    let line = line.trim();
    // One at the end breaks the line, which does not go on here.
    let marks = line.len() - line.trim_end_matches('\\').len();
    let words = render(&line[..line.len() - marks % 2]).text;
    one_line(words.trim().trim_start_matches(['#', '*', '_', '`']).trim_end_matches(['*', '_', '`']))
}

fn one_line(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `limit` characters, cut after a word where one ends in the last half, never inside a grapheme.
fn cut(line: &str, limit: usize) -> String {
    if line.chars().count() <= limit {
        return line.to_owned();
    }
    let mut left = limit - 1;
    let mut end = 0;
    for grapheme in line.graphemes(true) {
        let Some(rest) = left.checked_sub(grapheme.chars().count()) else { break };
        left = rest;
        end += grapheme.len();
    }
    let ends_word = line[end..].starts_with(' ');
    if !ends_word && let Some(space) = line[..end].rfind(' ').filter(|&space| space >= end / 2) {
        end = space;
    }
    format!("{}…", line[..end].trim_end())
}
