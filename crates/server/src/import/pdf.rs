//! A PDF with a text layer, as Markdown.
//!
//! What reads PDFs was not written for those of strangers: it may panic, run for ever, or take all memory. So it runs in
//! a process of its own ([`read_here`], the same program started anew), which limits itself before it looks at a byte.
//! What comes back is a list of lines, and what is made of it is pure again.

use std::{
    io::{Read, Write},
    process::{Command, Stdio},
};

use serde::{Deserialize, Serialize};

use super::{
    ImportError, ImportedConversation,
    accept::{Draft, accept},
    error::grouped,
    limits::{PDF_CHARS, PDF_PAGES, TEXT_BYTES},
    notes::Notes,
    turns,
};

mod glyphs;
mod limited;
mod paragraphs;

/// The one argument of the program that reads a PDF from its standard input.
pub const READ_PDF: &str = "read-pdf";

/// What the process says of a PDF.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The lines of each page; pages that could not be read are `None`.
    Pages(Vec<Option<Vec<Line>>>),
    TooManyPages,
    TooMuchText,
    Encrypted,
    Broken,
}

/// Words on one line of a page, in points from its upper left corner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::import) struct Line {
    pub y: f64,
    pub left: f64,
    pub right: f64,
    /// The height of its letters.
    pub size: f64,
    pub text: String,
}

/// Bytes of an answer.
const ANSWER: u64 = 64 << 20;

/// Reads a PDF in a process of its own, which errors call `file`.
pub(super) fn conversation(file: &str, bytes: &[u8], title: Option<&str>) -> Result<ImportedConversation, ImportError> {
    let answer = ask(bytes).ok_or_else(|| ImportError::DocumentTooLarge {
        file: file.to_owned(),
        reason: "it takes too long to read, or too much memory".to_owned(),
    })?;
    of_answer(file, answer, title)
}

/// `None` where there was no answer.
fn ask(bytes: &[u8]) -> Option<Answer> {
    let failed = |error: &std::io::Error| tracing::error!(%error, "no process to read a PDF in");
    let program = std::env::current_exe().inspect_err(failed).ok()?;
    // It needs nothing of what the server knows.
    let mut child = Command::new(program)
        .arg(READ_PDF)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .inspect_err(failed)
        .ok()?;
    let (mut to, from) = (child.stdin.take()?, child.stdout.take()?);
    let mut said = Vec::new();
    std::thread::scope(|scope| {
        // Fails where the process has ended: then there is no answer.
        scope.spawn(move || to.write_all(bytes));
        let _ = from.take(ANSWER).read_to_end(&mut said);
        // Whoever says more than may be said is not waited for.
        let _ = child.kill();
    });
    let _ = child.wait();
    // Libraries may have said something before it.
    let line = said.rsplit(|byte| *byte == b'\n').find(|line| !line.is_empty())?;
    serde_json::from_slice(line).ok()
}

/// What [`READ_PDF`] does: reads a PDF from the standard input and writes the answer to the standard output.
///
/// # Errors
/// There is nobody to answer.
pub fn read_here() -> std::io::Result<()> {
    limited::limit()?;
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(super::UPLOAD_BYTES as u64).read_to_end(&mut bytes)?;
    // Its depth of nesting is the file's own.
    let reading = std::thread::Builder::new().stack_size(256 << 20).spawn(move || glyphs::read(&bytes))?;
    let answer = reading.join().unwrap_or(Answer::Broken);
    let mut out = std::io::stdout().lock();
    out.write_all(b"\n")?;
    serde_json::to_writer(&mut out, &answer)?;
    out.flush()
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
    let markdown = paragraphs::written(read, &mut notes);
    if markdown.len() > TEXT_BYTES {
        return too_large(file, format!("it has more than {} bytes of text", grouped(TEXT_BYTES)));
    }
    notes.say("Paragraphs were put together from the lines of the pages: look whether they are right. Pictures were left out.");
    let messages = turns::messages(&markdown, &mut notes)?;
    let title = title.map(str::to_owned);
    accept(Draft { what: file, title, source: None, kind: Some("a PDF document"), messages, notes })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// As in the process of its own.
    pub(in crate::import) fn read(file: &str, bytes: &[u8]) -> Result<ImportedConversation, ImportError> {
        of_answer(file, glyphs::read(bytes), None)
    }

    pub(in crate::import) fn line(text: &str, y: f64, left: f64, right: f64, size: f64) -> Line {
        Line { y, left, right, size, text: text.to_owned() }
    }

    pub(in crate::import) fn pages(pages: Vec<Vec<Line>>) -> ImportedConversation {
        of_answer("a.pdf", Answer::Pages(pages.into_iter().map(Some).collect()), None).expect("lines of a PDF")
    }
}
