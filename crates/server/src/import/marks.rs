//! Where the turns of a text begin: its labels, those that belong to the conversation and not to what is said in it.

use shared::messages::MessageRole;

use super::fence::Fences;
use super::labels::{Label, Style, label};

/// A label and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub label: Label,
    /// Byte offset of the label's line.
    pub start: usize,
    /// Byte offset of the turn's text.
    pub text: usize,
}

/// The labels of a conversation, or none if the text is not one.
///
/// An answer may quote another conversation, or have a line such as `Model: T5`. So one style is chosen for the whole:
/// "said" labels first, as nothing but a copied page of a chat has them, else the style with both sides whose first
/// label comes first. Only where no style has both sides do all count together.
pub(super) fn marks(text: &str) -> Vec<Mark> {
    let all = find(text, |_| true);
    let mut styles = Vec::new();
    for style in all.iter().map(|mark| mark.label.style) {
        if !styles.contains(&style) {
            styles.push(style);
        }
    }
    styles.sort_by_key(|&style| style != Style::Said);
    for style in styles {
        // Looked for anew: a label that no longer counts no longer starts a fence either.
        let marks = find(text, |label| label.style == style);
        if has_both_sides(text, &marks) {
            return marks;
        }
    }
    if has_both_sides(text, &all) { all } else { Vec::new() }
}

/// Labels outside fenced code that `counts` says count, in order.
fn find(text: &str, counts: impl Fn(&Label) -> bool) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    let mut fences = Fences::default();
    let mut answered = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n');
        // A system prompt comes before the first answer; a later `System:` line is part of one.
        let found = label(bare).filter(&counts).filter(|label| !(answered && label.role == MessageRole::System));
        match found {
            Some(label) if !fences.is_open() => {
                answered |= label.role == MessageRole::Assistant;
                marks.push(Mark { label, start, text: start + label.width });
                fences.covers(&bare[label.width..]);
            }
            _ => {
                fences.covers(bare);
            }
        }
        start += line.len();
    }
    marks
}

fn has_both_sides(text: &str, marks: &[Mark]) -> bool {
    let says_something =
        |role| bodies(text, marks).any(|(mark, body)| mark.label.role == role && !body.trim().is_empty());
    says_something(MessageRole::User) && says_something(MessageRole::Assistant)
}

/// Each label with the text up to the next.
pub(super) fn bodies<'a>(text: &'a str, marks: &'a [Mark]) -> impl Iterator<Item = (Mark, &'a str)> {
    marks.iter().enumerate().map(|(i, &mark)| {
        let end = marks.get(i + 1).map_or(text.len(), |next| next.start);
        (mark, &text[mark.text..end])
    })
}
