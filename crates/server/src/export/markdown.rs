//! Markdown: each message as it was stored, and below it what was marked and said there.

use shared::{document::Comment, ids::UserId, text};

use super::{
    agreed::{Agreed, HEADING},
    contents::{About, Contents, Marked, speaker},
};
use crate::error::Error;

/// How far people agree, as a file of its own.
pub(super) fn of_agreement(about: About<'_>, agreed: &Agreed) -> String {
    format!("# {}\n{}", plain(about.title), section(agreed))
}

fn section(agreed: &Agreed) -> String {
    format!("\n## {HEADING}\n\n{}", agreed.markdown())
}

pub(super) fn write(contents: &Contents) -> Result<String, Error> {
    let mut file = format!("# {}\n", plain(&contents.conversation.title));
    let mut marked = contents.marked().into_iter().peekable();
    for (at, message) in contents.conversation.messages.iter().enumerate() {
        file.push_str(&format!("\n## {}. {}\n\n{}\n", at + 1, plain(speaker(message)), closed(&message.markdown)));
        // Where it begins: once, also if it goes on in the next.
        while let Some(one) = marked.next_if(|one| one.start().is_some_and(|(message, _)| message == at)) {
            append(&mut file, contents, &one);
        }
    }
    if marked.peek().is_some() {
        file.push_str("\n## Without a place\n\nThese passages do not stand in the messages above.\n");
    }
    marked.for_each(|one| append(&mut file, contents, &one));
    let response =
        |(author, text): &(UserId, String)| (format!("Response of {}", plain(contents.name(*author))), text.clone());
    let notes = [("Notes".to_owned(), contents.picture.notes.clone())];
    for (heading, text) in notes.into_iter().chain(contents.picture.responses.iter().map(response)) {
        if !text.trim().is_empty() {
            file.push_str(&format!("\n## {heading}\n\n{}\n", closed(&contents.words(&text))));
        }
    }
    if let Some(agreed) = Agreed::of(contents)? {
        file.push_str(&section(&agreed));
    }
    Ok(file)
}

fn append(file: &mut String, contents: &Contents, marked: &Marked<'_>) {
    let quote: Vec<String> = marked.quote().lines().map(plain).collect();
    let tags: Vec<String> = contents.tags(marked.highlight).into_iter().map(plain).collect();
    let resolved = if marked.highlight.resolved.is_some() { ", resolved" } else { "" };
    let author = plain(contents.name(marked.highlight.author));
    let tags = if tags.is_empty() { String::new() } else { format!("**{}** ", tags.join(", ")) };
    file.push_str(&format!("\n> {}\n\n{tags}({author}{resolved})\n", quote.join("\n> ")));
    marked.comments().for_each(|comment| append_comment(file, contents, comment));
}

/// An item of a list: whatever it opens ends with it.
fn append_comment(file: &mut String, contents: &Contents, comment: &Comment) {
    let body = contents.words(&comment.body);
    let lines: Vec<&str> = body.trim().lines().collect();
    let (name, answers) = (plain(contents.name(comment.author)), comment.parent.map_or("", |_| " (answers)"));
    let apart = if lines.len() > 1 { "\n\n  " } else { " " };
    file.push_str(&format!("\n- {name}{answers}:{apart}{}\n", lines.join("\n  ")));
}

/// Text of one line that is no Markdown.
pub(super) fn plain(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for letter in text.trim().chars() {
        match letter {
            // A bracket that opens; with one that closes behind a backslash too, some read a formula.
            '\\' | '`' | '*' | '_' | '[' | '<' | '>' | '#' | '|' | '~' => line.extend(['\\', letter]),
            _ if letter.is_control() => line.push(' '),
            _ => line.push(letter),
        }
    }
    // What would begin a list or a rule.
    let digits = line.len() - line.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    match line.as_bytes().get(digits) {
        Some(b'-' | b'+' | b'=') if digits == 0 => line.insert(0, '\\'),
        Some(b'.' | b')') if digits > 0 => line.insert(digits, '\\'),
        _ => {}
    }
    line
}

/// Somebody's Markdown. Where it leaves something open (a block of code, a comment of HTML) that would take in what
/// follows, it is shown as its source.
fn closed(markdown: &str) -> String {
    const AFTER: &str = "after";
    let markdown = markdown.trim_end();
    let ends_whole =
        text::render(&format!("{markdown}\n\n{AFTER}")).html.ends_with(&format!("<p dir=\"auto\">{AFTER}</p>"));
    if ends_whole {
        return markdown.to_owned();
    }
    let longest = markdown.split(|letter| letter != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{markdown}\n{fence}")
}

#[cfg(test)]
mod tests {
    use shared::text::escape;

    use super::*;

    #[test]
    fn what_people_are_called_is_no_markdown() {
        for (text, line) in [
            ("Ann *the* [brave](x)\n# of", "Ann \\*the\\* \\[brave](x) \\# of"),
            ("- list", "\\- list"),
            ("1. one", "1\\. one"),
            ("1861", "1861"),
            ("<script>", "\\<script\\>"),
        ] {
            assert_eq!(plain(text), line);
            let html = text::render(&format!("# {}", plain(text))).html;
            assert_eq!(html, format!("<h3 dir=\"auto\">{}</h3>", escape(&text.replace('\n', " "))));
        }
    }

    #[test]
    fn what_is_left_open_takes_nothing_in() {
        for whole in ["a\n\n```\ncode\n```", "- a\n- b", "> quote", "| a |\n|-|\n| b |", "$x", ""] {
            assert_eq!(closed(whole), whole);
        }
        for open in ["```\ncode", "a\n\n~~~~\n```", "<!-- and", "````\n```", "<script>\n"] {
            let shown = text::render(&format!("{}\n\n# Next", closed(open))).html;
            assert!(shown.ends_with("<h3 dir=\"auto\">Next</h3>"), "{open}: {shown}");
        }
    }
}
