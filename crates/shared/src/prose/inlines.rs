//! What stands within a line.

use super::mentions;
use crate::text::escape::{push_attribute, push_text};

/// A mark that opens or closes something, if it finds its partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Strong,
    StrongUnder,
    Emphasis,
    EmphasisUnder,
    Struck,
    Bracket,
}

const KINDS: usize = 6;

impl Mark {
    /// The tags, which tell nothing of a bracket: its link has an address.
    fn tags(self) -> (&'static str, &'static str) {
        match self {
            Self::Strong | Self::StrongUnder => ("<strong>", "</strong>"),
            Self::Emphasis | Self::EmphasisUnder => ("<em>", "</em>"),
            Self::Struck => ("<del>", "</del>"),
            Self::Bracket => ("", ""),
        }
    }
}

/// A longer address is no link.
const MAX_URL: usize = 1_000;

/// Pieces of HTML; a mark's own piece is its text until it finds its partner.
#[derive(Default)]
struct Line {
    pieces: Vec<String>,
    /// Where marks stand that wait for their partner: for each kind, the pieces.
    open: [Vec<usize>; KINDS],
    /// Every waiting mark, in order, so that those within a closed pair can be given up.
    order: Vec<(usize, Mark)>,
    /// Links do not nest: pieces before this are outside the last one.
    linked: usize,
}

impl Line {
    fn text(&mut self, text: &str) {
        let mut piece = String::with_capacity(text.len());
        push_text(&mut piece, text);
        self.pieces.push(piece.replace('\n', "<br>"));
    }

    fn wait(&mut self, mark: Mark, text: &str) {
        self.open[mark as usize].push(self.pieces.len());
        self.order.push((self.pieces.len(), mark));
        self.text(text);
    }

    /// Gives up the marks that wait behind this piece, and itself.
    fn give_up(&mut self, from: usize) {
        while let Some((piece, mark)) = self.order.pop_if(|(piece, _)| *piece >= from) {
            // A bracket may have been closed by one that makes no link.
            self.open[mark as usize].pop_if(|last| *last == piece);
        }
    }

    /// Closes what waits longest within reach, if anything does.
    fn close(&mut self, mark: Mark) -> bool {
        let Some(&at) = self.open[mark as usize].last() else { return false };
        // Nothing between: two marks side by side are just that.
        if at + 1 == self.pieces.len() {
            return false;
        }
        self.give_up(at);
        let (open, close) = mark.tags();
        self.pieces[at] = open.to_owned();
        self.pieces.push(close.to_owned());
        true
    }

    fn link(&mut self, url: &str) -> bool {
        let Some(&at) = self.open[Mark::Bracket as usize].last() else { return false };
        let mentioned = mentions::mentioned(url);
        if at < self.linked || at + 1 == self.pieces.len() || !(mentioned.is_some() || is_safe(url)) {
            return false;
        }
        self.give_up(at);
        let (open, close) = match mentioned {
            Some(user) => (mentions::opening(user), "</span>"),
            None => (anchor(url), "</a>"),
        };
        self.pieces[at] = open;
        self.pieces.push(close.to_owned());
        self.linked = self.pieces.len();
        // One around it would hold it.
        self.open[Mark::Bracket as usize].clear();
        true
    }
}

fn is_safe(url: &str) -> bool {
    let begins = |scheme: &str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let is_word = !url.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    is_word && ["https://", "http://", "mailto:"].into_iter().any(begins)
}

fn anchor(url: &str) -> String {
    let mut html = "<a href=\"".to_owned();
    push_attribute(&mut html, url);
    html.push_str("\" rel=\"noopener noreferrer nofollow\">");
    html
}

/// Writes the inlines of a paragraph; `\n` is a line break.
pub(super) fn push_inlines(html: &mut String, text: &str) {
    let mut line = Line::default();
    let mut rest = text;
    let mut before = ' ';
    // Runs of backticks that have no partner, by length: asked once, so that many of them take no longer.
    let mut lonely = 0_u64;
    while let Some(letter) = rest.chars().next() {
        let taken = match letter {
            '\\' => escaped(&mut line, rest),
            '`' => code(&mut line, rest, &mut lonely),
            '*' | '_' | '~' => emphasis(&mut line, rest, letter, before),
            '[' => {
                line.wait(Mark::Bracket, "[");
                1
            }
            ']' => closing_bracket(&mut line, rest),
            'h' | 'H' if !before.is_alphanumeric() => address(&mut line, rest),
            _ => 0,
        };
        let taken = if taken > 0 { taken } else { plain(&mut line, rest) };
        before = rest[..taken].chars().next_back().unwrap_or(' ');
        rest = &rest[taken..];
    }
    line.pieces.iter().for_each(|piece| html.push_str(piece));
}

/// The first letter, and all up to the next that may mean something.
fn plain(line: &mut Line, rest: &str) -> usize {
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let mut before = rest[..first].chars().next().unwrap_or(' ');
    let mut end = first;
    for letter in rest[first..].chars() {
        let is_address = matches!(letter, 'h' | 'H') && !before.is_alphanumeric();
        if matches!(letter, '\\' | '`' | '*' | '_' | '~' | '[' | ']') || is_address {
            break;
        }
        before = letter;
        end += letter.len_utf8();
    }
    line.text(&rest[..end]);
    end
}

fn escaped(line: &mut Line, rest: &str) -> usize {
    let Some(next) = rest[1..].chars().next().filter(char::is_ascii_punctuation) else { return 0 };
    line.text(&rest[1..1 + next.len_utf8()]);
    1 + next.len_utf8()
}

fn code(line: &mut Line, rest: &str, lonely: &mut u64) -> usize {
    let length = rest.len() - rest.trim_start_matches('`').len();
    let bit = 1_u64 << length.min(63);
    let inside = if *lonely & bit == 0 { closing_ticks(&rest[length..], length) } else { None };
    let Some(end) = inside else {
        // Nothing behind here closes it, and nothing further on will.
        *lonely |= bit;
        line.text(&rest[..length]);
        return length;
    };
    let words = &rest[length..length + end];
    // One space at each end makes room for a backtick (CommonMark 6.1).
    let words = match words.strip_prefix(' ').and_then(|words| words.strip_suffix(' ')) {
        Some(inner) if !inner.trim().is_empty() => inner,
        _ => words,
    };
    let mut piece = "<code>".to_owned();
    push_text(&mut piece, &words.replace('\n', " "));
    piece.push_str("</code>");
    line.pieces.push(piece);
    2 * length + end
}

/// Where a run of exactly so many backticks begins.
fn closing_ticks(text: &str, length: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == length {
            return Some(start);
        }
        at = start + run;
    }
    None
}

fn emphasis(line: &mut Line, rest: &str, letter: char, before: char) -> usize {
    // One, two, or more: a longer run is not looked through again for each of its marks.
    let run = rest.bytes().take(3).take_while(|byte| *byte == letter as u8).count();
    let waits = |mark: Mark| line.open[mark as usize].last().copied();
    let (mark, taken) = match (letter, run) {
        // Of three that close two pairs the inner one goes first.
        ('*', 3..) if waits(Mark::Emphasis) > waits(Mark::Strong) => (Mark::Emphasis, 1),
        ('_', 3..) if waits(Mark::EmphasisUnder) > waits(Mark::StrongUnder) => (Mark::EmphasisUnder, 1),
        ('*', 2..) => (Mark::Strong, 2),
        ('*', _) => (Mark::Emphasis, 1),
        ('_', 2..) => (Mark::StrongUnder, 2),
        ('_', _) => (Mark::EmphasisUnder, 1),
        (_, 2..) => (Mark::Struck, 2),
        _ => return 0,
    };
    let after = rest[taken..].chars().next().unwrap_or(' ');
    let (opens, closes) = (!after.is_whitespace(), !before.is_whitespace());
    // Within a word an underscore is a letter.
    let (opens, closes) = match letter {
        '_' => (opens && !before.is_alphanumeric(), closes && !after.is_alphanumeric()),
        _ => (opens, closes),
    };
    if closes && line.close(mark) {
        return taken;
    }
    if opens {
        line.wait(mark, &rest[..taken]);
    } else {
        line.text(&rest[..taken]);
    }
    taken
}

fn closing_bracket(line: &mut Line, rest: &str) -> usize {
    if let Some(inside) = rest.strip_prefix("](")
        && let Some(end) = inside.bytes().take(MAX_URL).position(|byte| b")\n ".contains(&byte))
        && inside[end..].starts_with(')')
        && line.link(&inside[..end])
    {
        return end + 3;
    }
    line.open[Mark::Bracket as usize].pop();
    0
}

/// A bare address, without what ends the sentence that it stands in.
fn address(line: &mut Line, rest: &str) -> usize {
    let rest = &rest[..rest.floor_char_boundary(MAX_URL)];
    let begins = |scheme: &str| rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if !begins("https://") && !begins("http://") {
        return 0;
    }
    let end = rest.find(|letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '"' | ']'));
    let mut url = &rest[..end.unwrap_or(rest.len())];
    let mut closed_too_often = url.matches(')').count().saturating_sub(url.matches('(').count());
    loop {
        match url.chars().next_back() {
            Some('.' | ',' | ':' | ';' | '!' | '?' | '\'' | '*' | '_' | '~') => url = &url[..url.len() - 1],
            Some(')') if closed_too_often > 0 => {
                closed_too_often -= 1;
                url = &url[..url.len() - 1];
            }
            _ => break,
        }
    }
    let has_host =
        url.split_once("//").is_some_and(|(_, host)| host.starts_with(|letter: char| letter.is_alphanumeric()));
    // Within the words of a link it stays text.
    if !has_host || !is_safe(url) || line.open[Mark::Bracket as usize].last().is_some_and(|at| *at >= line.linked) {
        return 0;
    }
    let mut piece = anchor(url);
    push_text(&mut piece, url);
    piece.push_str("</a>");
    line.pieces.push(piece);
    line.linked = line.pieces.len();
    url.len()
}
