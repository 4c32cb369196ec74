//! A table: a line for each comment, and for each highlight that has none.

use shared::document::Comment;

use super::contents::{Contents, Marked, moment, speaker};
use crate::spreadsheet;

pub(super) const COLUMNS: [&str; 20] = [
    "highlight_id",
    "message_id",
    "message_number",
    "speaker",
    "start",
    "end_message_id",
    "end",
    "anchor",
    "quote",
    "tags",
    "author_id",
    "author",
    "created_at",
    "resolved",
    "comment_id",
    "parent_id",
    "comment_author_id",
    "comment_author",
    "comment_created_at",
    "comment",
];

pub(super) fn write(contents: &Contents) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    spreadsheet::line(&mut writer, COLUMNS.map(str::to_owned));
    lines(contents).into_iter().for_each(|line| spreadsheet::line(&mut writer, line));
    spreadsheet::text(writer)
}

/// Below [`COLUMNS`].
pub(super) fn lines(contents: &Contents) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    for marked in contents.marked() {
        let highlight = of_highlight(contents, &marked);
        let mut comments = marked.comments().peekable();
        if comments.peek().is_none() {
            let none = std::iter::repeat_n(String::new(), COLUMNS.len() - highlight.len());
            lines.push(highlight.iter().cloned().chain(none).collect());
        }
        for comment in comments {
            lines.push(highlight.iter().cloned().chain(of_comment(contents, comment)).collect());
        }
    }
    lines
}

/// Offsets are code points of the canonical text, as they are stored; `anchor` says whether they still hold.
fn of_highlight(contents: &Contents, marked: &Marked<'_>) -> [String; 14] {
    let highlight = marked.highlight;
    let (first, last) = (highlight.targets.first(), highlight.targets.last());
    let shown = marked.places.first().and_then(|place| place.message);
    let message = shown.and_then(|at| contents.conversation.messages.get(at));
    // The worst of them: lost before moved before exact.
    let anchors = ["lost", "moved", "exact"];
    let anchor = anchors.into_iter().find(|name| marked.places.iter().any(|place| place.anchor.name() == *name));
    [
        highlight.id.to_string(),
        first.map(|target| target.message.to_string()).unwrap_or_default(),
        shown.map(|at| (at + 1).to_string()).unwrap_or_default(),
        message.map(|message| speaker(message).to_owned()).unwrap_or_default(),
        first.map(|target| target.start.0.to_string()).unwrap_or_default(),
        last.map(|target| target.message.to_string()).unwrap_or_default(),
        last.map(|target| target.end.0.to_string()).unwrap_or_default(),
        anchor.unwrap_or_default().to_owned(),
        marked.quote(),
        contents.tags(highlight).join("; "),
        highlight.author.to_string(),
        contents.name(highlight.author).to_owned(),
        moment(highlight.created_at).unwrap_or_default(),
        if highlight.resolved.is_some() { "yes" } else { "no" }.to_owned(),
    ]
}

fn of_comment(contents: &Contents, comment: &Comment) -> [String; 6] {
    [
        comment.id.to_string(),
        comment.parent.map(|parent| parent.to_string()).unwrap_or_default(),
        comment.author.to_string(),
        contents.name(comment.author).to_owned(),
        moment(comment.created_at).unwrap_or_default(),
        contents.words(&comment.body).into_owned(),
    ]
}
