//! A PDF with a text layer, as Markdown.
//!
//! What reads PDFs was not written for those of strangers: it may panic, run for ever, or take all memory (`apart`).

use super::{
    ImportError, ImportedConversation,
    accept::{Draft, accept},
    error::grouped,
    limits::{PDF_CHARS, PDF_PAGES, TEXT_BYTES},
    notes::Notes,
    turns,
};

mod directions;
mod glyphs;
mod paragraphs;
mod widths;

/// What a PDF holds.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// The lines of each page; pages that could not be read are `None`.
    Pages(Vec<Option<Vec<Line>>>),
    TooManyPages,
    TooMuchText,
    Encrypted,
    Broken,
}

/// Words on one line of a page, in points from its upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import) struct Line {
    pub y: f64,
    pub left: f64,
    pub right: f64,
    /// The height of its letters.
    pub size: f64,
    pub text: String,
}

/// Reads a PDF, which errors call `file`.
pub(super) fn conversation(file: &str, bytes: &[u8], title: Option<&str>) -> Result<ImportedConversation, ImportError> {
    of_answer(file, glyphs::read(bytes), title)
}

fn of_answer(file: &str, answer: Answer, title: Option<&str>) -> Result<ImportedConversation, ImportError> {
    let file = file.to_owned();
    let too_large = |file, reason| Err(ImportError::DocumentTooLarge { file, reason });
    let pages = match answer {
        Answer::Pages(pages) => pages,
        Answer::TooManyPages => return too_large(file, format!("it has more than {} pages", grouped(PDF_PAGES))),
        Answer::TooMuchText => return too_large(file, format!("it has more than {} characters", grouped(PDF_CHARS))),
        Answer::Encrypted => {
            return Err(ImportError::BrokenDocument { file, reason: "it is protected by a password".to_owned() });
        }
        Answer::Broken => {
            return Err(ImportError::BrokenDocument { file, reason: "it is no PDF, or a damaged one".to_owned() });
        }
    };
    let mut notes = Notes::default();
    let unread = pages.iter().filter(|page| page.is_none()).count();
    let read: Vec<Vec<Line>> = pages.into_iter().flatten().collect();
    if read.is_empty() && unread > 0 {
        return Err(ImportError::BrokenDocument { file, reason: "none of its pages can be read".to_owned() });
    }
    let blank = read.iter().filter(|page| page.iter().all(|line| line.text.trim().is_empty())).count();
    if blank == read.len() {
        return Err(ImportError::NoText { file });
    }
    notes.count(unread, "page could not be read and was left out", "pages could not be read and were left out");
    notes.count(blank, "page without text was left out", "pages without text were left out");
    let is_any_backwards = read.iter().flatten().any(|line| line.text.contains(directions::is_right_to_left));
    let markdown = paragraphs::written(read, &mut notes);
    if markdown.len() > TEXT_BYTES {
        return too_large(file, format!("it has more than {} bytes of text", grouped(TEXT_BYTES)));
    }
    notes.say("Paragraphs were put together from the lines of the pages: look whether they are right. Pictures were left out.");
    if is_any_backwards {
        notes.say("Text from right to left was put in order by the places of its letters: look whether it is right.");
    }
    let messages = turns::messages(&markdown, &mut notes)?;
    let title = title.map(str::to_owned);
    accept(Draft {
        what: file,
        title,
        source: None,
        kind: Some("a PDF document".into()),
        messages,
        branches: None,
        notes,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::import) fn read(file: &str, bytes: &[u8]) -> Result<ImportedConversation, ImportError> {
        conversation(file, bytes, None)
    }

    pub(in crate::import) fn line(text: &str, y: f64, left: f64, right: f64, size: f64) -> Line {
        Line { y, left, right, size, text: text.to_owned() }
    }

    pub(in crate::import) fn pages(pages: Vec<Vec<Line>>) -> ImportedConversation {
        of_answer("a.pdf", Answer::Pages(pages.into_iter().map(Some).collect()), None).expect("lines of a PDF")
    }
}
