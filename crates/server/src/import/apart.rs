//! Documents of strangers are read in a process of their own: the same program started anew, which limits itself before it
//! looks at a byte.
//!
//! What reads them may panic, run for long or take much memory, whoever wrote it: a few kilobytes of XML can be made to hold
//! gigabytes of words. What comes back is a conversation within every limit, or one clear error.

use std::{
    env,
    io::{self, BufRead, Read, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{ImportError, ImportedConversation, UPLOAD_BYTES, docx, limited, mhtml, page, pdf};

/// The one argument of the program that reads a document from its standard input.
pub const READ_DOCUMENT: &str = "read-document";

/// Bytes of an answer: a conversation, as JSON spells it.
const ANSWER: u64 = 128 << 20;

/// Of the processor it has less (`limited`); this is for one that is kept from it.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Page,
    /// A page with what belongs to it.
    WebArchive,
    Docx,
    Pdf,
}

/// What the process is told; the document follows.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    kind: Kind,
    /// What errors call it.
    file: String,
    title: Option<String>,
}

impl Asked {
    fn read(&self, bytes: &[u8]) -> Result<ImportedConversation, ImportError> {
        let (file, title) = (self.file.as_str(), self.title.as_deref());
        match self.kind {
            Kind::Page => page::conversation(file, bytes, title),
            Kind::WebArchive => mhtml::conversation(file, bytes, title),
            Kind::Docx => docx::conversation(file, bytes, title),
            Kind::Pdf => pdf::conversation(file, bytes, title),
        }
    }
}

/// Reads a document, which errors call `file`. It takes seconds at most, of another process.
pub(super) fn read(
    kind: Kind,
    file: &str,
    bytes: &[u8],
    title: Option<&str>,
) -> Result<ImportedConversation, ImportError> {
    let asked = Asked { kind, file: file.to_owned(), title: title.map(str::to_owned) };
    // The program of a unit test is another one.
    if cfg!(test) {
        return asked.read(bytes);
    }
    ask(&asked, bytes).unwrap_or_else(|| {
        let reason = "it takes too long to read, or too much memory".to_owned();
        Err(ImportError::DocumentTooLarge { file: asked.file, reason })
    })
}

/// `None` where there was no answer.
fn ask(asked: &Asked, bytes: &[u8]) -> Option<Result<ImportedConversation, ImportError>> {
    let mut child = start().inspect_err(|error| tracing::error!(%error, "no process to read a document in")).ok()?;
    let (mut to, from) = (child.stdin.take()?, child.stdout.take()?);
    let mut head = serde_json::to_vec(asked).ok()?;
    head.push(b'\n');
    let mut said = Vec::new();
    thread::scope(|scope| {
        // Fails where the process has ended: then there is no answer.
        scope.spawn(move || to.write_all(&head).and_then(|()| to.write_all(bytes)));
        let (done, is_done) = mpsc::channel::<()>();
        scope.spawn(move || {
            if is_done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                tracing::warn!("a document is not waited for any longer");
            }
            // Whoever says more than may be said is not waited for either; one that has ended is not hurt.
            let _ = child.kill();
            child.wait()
        });
        let _ = from.take(ANSWER).read_to_end(&mut said);
        drop(done);
    });
    // Libraries may have said something before it.
    let line = said.rsplit(|byte| *byte == b'\n').find(|line| !line.is_empty())?;
    serde_json::from_slice(line).ok()
}

fn start() -> io::Result<Child> {
    // Also when the program's file was replaced by a newer one.
    let own = PathBuf::from("/proc/self/exe");
    let program = if own.exists() { own } else { env::current_exe()? };
    // It needs nothing of what the server knows.
    Command::new(program)
        .arg(READ_DOCUMENT)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

/// What [`READ_DOCUMENT`] does: reads a document from the standard input and writes the answer to the standard output.
///
/// # Errors
/// There is nobody to answer, or nothing that limits it.
pub fn read_here() -> io::Result<()> {
    limited::limit()?;
    let mut from = io::stdin().lock();
    let mut head = String::new();
    from.read_line(&mut head)?;
    let asked: Asked = serde_json::from_str(&head)?;
    let mut bytes = Vec::new();
    from.take(UPLOAD_BYTES as u64).read_to_end(&mut bytes)?;
    let damaged = ImportError::BrokenDocument { file: asked.file.clone(), reason: "it is damaged".to_owned() };
    // Its depth of nesting is the file's own.
    let reading = thread::Builder::new().stack_size(256 << 20).spawn(move || asked.read(&bytes))?;
    let answer = reading.join().unwrap_or(Err(damaged));
    let mut out = io::stdout().lock();
    out.write_all(b"\n")?;
    serde_json::to_writer(&mut out, &answer)?;
    out.flush()
}
