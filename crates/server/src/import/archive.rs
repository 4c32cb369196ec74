//! An export: its conversations in a list, each read when it is asked for.

use std::ops::Range;

use serde_json::Value;
use shared::messages::MessageRole;
use time::OffsetDateTime;

use super::accept::accept;
use super::{ImportError, ImportedConversation, Tool, chatgpt, claude, json, title};

/// The conversations of an export, not yet read.
#[derive(Debug)]
pub struct Archive {
    /// The texts of its files, in order.
    texts: Vec<String>,
    /// Its conversations, and its files that hold none that could be read, in order.
    places: Vec<Place>,
    /// The tool whose export it is: for conversations so incomplete that they do not show it themselves.
    tool: Tool,
}

/// A file of an export: its name, and its text or why it has none.
pub(super) type Part = (String, Result<String, ImportError>);

#[derive(Debug)]
enum Place {
    /// In which text, and where.
    Conversation(usize, Range<usize>),
    /// The name of a file, and why it cannot be read.
    BadPart(String, ImportError),
}

/// One line of an archive's list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// For [`Archive::read`], from 0.
    pub index: usize,
    /// The title it would have.
    pub title: String,
    /// Messages it would have; 0 where it cannot be read.
    pub messages: usize,
    /// When it began, if the export says so.
    pub created: Option<OffsetDateTime>,
    /// The first words of the person in it, in one line of at most 120 characters.
    pub beginning: Option<String>,
    /// Why it cannot be imported.
    pub problem: Option<ImportError>,
}

impl Archive {
    /// Opens the files of an export, each with its name. One that cannot be read does not take the others with it.
    pub(super) fn open(file: &str, parts: Vec<Part>) -> Result<Self, ImportError> {
        let (mut texts, mut places) = (Vec::with_capacity(parts.len()), Vec::new());
        for (name, text) in parts {
            let part = match text {
                Err(problem) => Err((problem, None)),
                Ok(text) => match spans(&name, &text) {
                    Ok(spans) => Ok((spans, text)),
                    Err(problem @ ImportError::BrokenJson { .. }) => {
                        Err((problem, Some((json::before_break(&text), text))))
                    }
                    Err(problem) => Err((problem, None)),
                },
            };
            match part {
                Ok((spans, text)) => {
                    places.extend(spans.into_iter().map(|span| Place::Conversation(texts.len(), span)));
                    texts.push(text);
                }
                Err((problem, None)) => places.push(Place::BadPart(name, problem)),
                // Cut off, or broken somewhere: what stands before that is whole.
                Err((problem, Some((spans, text)))) => {
                    places.extend(spans.into_iter().map(|span| Place::Conversation(texts.len(), span)));
                    texts.push(text);
                    places.push(Place::BadPart(name, problem));
                }
            }
        }
        if !places.iter().any(|place| matches!(place, Place::Conversation(..))) {
            let seen = "the export is an empty list".to_owned();
            let empty = ImportError::NoConversations { file: file.to_owned(), seen };
            return Err(places.into_iter().find_map(Place::problem).unwrap_or(empty));
        }
        let told = places.iter().find_map(|place| match place {
            Place::Conversation(text, span) => json::tool(&texts[*text][span.clone()]),
            Place::BadPart(..) => None,
        });
        let Some(tool) = told else {
            let seen = "nothing in its list is a conversation of ChatGPT or Claude".to_owned();
            return Err(ImportError::UnknownFormat { file: file.to_owned(), seen });
        };
        Ok(Self { texts, places, tool })
    }

    /// How many conversations there are, readable or not, and files that cannot be read.
    #[expect(clippy::len_without_is_empty, reason = "an archive is never empty")]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// The tool whose export it is.
    pub fn tool(&self) -> Tool {
        self.tool
    }

    /// Every conversation in the order of the export, those that cannot be read with the reason. Reads all of them once.
    pub fn list(&self) -> Vec<Listed> {
        (0..self.len()).map(|index| self.line(index)).collect()
    }

    /// The conversation at `index`; `title` instead of its own if the person gives one.
    pub fn read(&self, index: usize, title: Option<&str>) -> Result<ImportedConversation, ImportError> {
        let what = self.called(index, None);
        let value = self.value(index, &what)?;
        self.convert(index, &value, title)
    }

    fn line(&self, index: usize) -> Listed {
        let what = self.called(index, None);
        let value = match self.value(index, &what) {
            Ok(value) => value,
            Err(problem) => {
                let problem = Some(problem);
                return Listed { index, title: what, messages: 0, created: None, beginning: None, problem };
            }
        };
        let created = self.created(&value);
        match self.convert(index, &value, None) {
            Ok(read) => {
                let (beginning, messages) = (beginning(&read), read.messages.len());
                Listed { index, title: read.title, messages, created, beginning, problem: None }
            }
            Err(problem) => {
                let title = own_title(&value).unwrap_or(what);
                Listed { index, title, messages: 0, created, beginning: None, problem: Some(problem) }
            }
        }
    }

    fn value(&self, index: usize, what: &str) -> Result<Value, ImportError> {
        let missing = || ImportError::NoSuchConversation { number: index + 1, count: self.len() };
        match self.places.get(index).ok_or_else(missing)? {
            Place::Conversation(text, span) => json::value(what, &self.texts[*text][span.clone()]),
            Place::BadPart(_, problem) => Err(problem.clone()),
        }
    }

    fn convert(&self, index: usize, value: &Value, title: Option<&str>) -> Result<ImportedConversation, ImportError> {
        let what = self.called(index, own_title(value));
        let mut draft = match tool_of(value).unwrap_or(self.tool) {
            Tool::ChatGpt => chatgpt::conversation(what, value)?,
            Tool::Claude => claude::conversation(what, value)?,
        };
        if let Some(Place::Conversation(text, span)) = self.places.get(index)
            && self.texts[*text][span.clone()].contains(char::REPLACEMENT_CHARACTER)
        {
            draft.notes.say("Characters that could not be read are shown as \u{fffd}.");
        }
        if let Some(title) = title.filter(|title| !title.trim().is_empty()) {
            draft.title = Some(title.to_owned());
        }
        accept(draft)
    }

    fn created(&self, value: &Value) -> Option<OffsetDateTime> {
        match tool_of(value).unwrap_or(self.tool) {
            Tool::ChatGpt => chatgpt::created(value),
            Tool::Claude => claude::created(value),
        }
    }

    /// How errors call a conversation, and the list a file that cannot be read.
    fn called(&self, index: usize, title: Option<String>) -> String {
        match (self.places.get(index), title) {
            (Some(Place::BadPart(name, _)), _) => name.clone(),
            (_, Some(title)) => format!("Conversation {} (\u{201c}{title}\u{201d})", index + 1),
            (_, None) => format!("Conversation {}", index + 1),
        }
    }
}

impl Place {
    fn problem(self) -> Option<ImportError> {
        match self {
            Self::Conversation(..) => None,
            Self::BadPart(_, problem) => Some(problem),
        }
    }
}

/// Characters of a conversation's beginning.
const BEGINNING: usize = 120;

/// The first words that the person said in the branch that is shown, without marks.
fn beginning(read: &ImportedConversation) -> Option<String> {
    let shown = match &read.branches {
        Some(branches) => branches.shown(),
        None => (0..read.messages.len()).collect(),
    };
    let mut said = shown.into_iter().map(|at| &read.messages[at]).filter(|message| message.role == MessageRole::User);
    said.find_map(|message| title::first_words(&message.markdown, BEGINNING))
}

/// Where the conversations of a file are.
fn spans(name: &str, text: &str) -> Result<Vec<Range<usize>>, ImportError> {
    if text.trim().is_empty() {
        return Err(ImportError::Empty(format!("{name} is blank")));
    }
    json::split(name, text)
}

fn tool_of(value: &Value) -> Option<Tool> {
    let has = |key| value.get(key).is_some_and(|found| !found.is_null());
    match () {
        () if has("chat_messages") => Some(Tool::Claude),
        () if has("mapping") || has("current_node") => Some(Tool::ChatGpt),
        () => None,
    }
}

fn own_title(value: &Value) -> Option<String> {
    let title = value.get("title").or_else(|| value.get("name"))?.as_str()?;
    title::given(title).map(|given| given.title)
}
