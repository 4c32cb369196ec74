//! `POST /api/v1/import`: a file or a text, stored whole or not at all.

use std::borrow::Cow;

use axum::{
    Json,
    extract::{
        Multipart, State,
        multipart::{MultipartError, MultipartRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use shared::{
    api::{Beginning, ImportChoice, Imported, MAX_CHOICES, MAX_UPLOAD_BYTES, Reading, Share},
    document::whole::Whole,
    messages::MessageRole,
    text,
};

use super::{
    ImportError, ImportedConversation, ImportedMessage, Listed, Parsed,
    several::{self, Terms},
};
use crate::{
    bundle::{self, Bundle},
    conversations,
    conversations::Draft,
    error::Error,
    services::Services,
    sessions::Caller,
};

/// The form's fields.
#[derive(Default)]
struct Form {
    file: Option<(String, Bytes)>,
    text: Option<String>,
    title: Option<String>,
    share: Share,
    anonymous: bool,
    choice: Option<usize>,
    /// Several at once.
    choices: Option<Vec<usize>>,
    preview: bool,
}

impl From<MultipartError> for Error {
    fn from(error: MultipartError) -> Self {
        match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::TooLarge(format!("file: it is too large; at most {} MiB can be sent.", MAX_UPLOAD_BYTES >> 20))
            }
            _ => Self::Invalid("bad_form", error.body_text()),
        }
    }
}

impl From<MultipartRejection> for Error {
    fn from(rejection: MultipartRejection) -> Self {
        Self::Invalid("bad_form", rejection.body_text())
    }
}

fn share(text: &str) -> Result<Share, Error> {
    match text {
        "class" => Ok(Share::Class),
        "none" => Ok(Share::None),
        _ => Err(Error::Invalid("bad_share", "share: none or class is expected.".into())),
    }
}

fn flag(name: &str, code: &'static str, text: &str) -> Result<bool, Error> {
    text.parse().map_err(|_| Error::Invalid(code, format!("{name}: true or false is expected.")))
}

async fn read(mut multipart: Multipart) -> Result<Form, Error> {
    let mut form = Form::default();
    while let Some(field) = multipart.next_field().await? {
        match field.name().unwrap_or_default() {
            "file" => {
                let name = field.file_name().unwrap_or_default().to_owned();
                form.file = Some((name, field.bytes().await?));
            }
            "text" => form.text = Some(field.text().await?),
            "title" => form.title = Some(field.text().await?).filter(|title| !title.trim().is_empty()),
            "share" => form.share = share(&field.text().await?)?,
            "anonymous" => form.anonymous = flag("anonymous", "bad_anonymous", &field.text().await?)?,
            "preview" => form.preview = flag("preview", "bad_preview", &field.text().await?)?,
            "choice" => {
                let text = field.text().await?;
                let index =
                    text.parse().map_err(|_| Error::Invalid("bad_choice", "choice: a number is expected.".into()))?;
                form.choice = Some(index);
            }
            "choices" => form.choices = Some(choices(&field.text().await?)?),
            other => {
                let name: String = other.chars().take(40).collect();
                return Err(Error::Invalid("unknown_field", format!("{name:?} is not a field of this form.")));
            }
        }
    }
    Ok(form)
}

/// Numbers with commas between, each once.
fn choices(text: &str) -> Result<Vec<usize>, Error> {
    let wrong = |why: &str| Error::Invalid("bad_choice", format!("choices: {why}"));
    let mut all = Vec::new();
    for number in text.split(',') {
        let index = number.trim().parse().map_err(|_| wrong("numbers with commas between are expected."))?;
        if all.contains(&index) {
            return Err(wrong("each is named once."));
        }
        if all.len() == MAX_CHOICES {
            return Err(wrong(&format!("at most {MAX_CHOICES} at once.")));
        }
        all.push(index);
    }
    Ok(all)
}

/// What is brought in.
enum Given {
    /// Its name, and what is in it.
    File(String, Bytes),
    Text(String),
}

impl Given {
    fn of(file: Option<(String, Bytes)>, text: Option<String>) -> Result<Self, Error> {
        match (file, text) {
            (Some((name, bytes)), None) => Ok(Self::File(name, bytes)),
            (None, Some(text)) => Ok(Self::Text(text)),
            (None, None) => Err(Error::Invalid("no_file", "file: choose a file to import.".into())),
            (Some(_), Some(_)) => Err(Error::Invalid("bad_form", "text: with a file it has no meaning.".into())),
        }
    }

    fn parse(&self, title: Option<&str>) -> Result<Parsed, ImportError> {
        match self {
            Self::File(name, bytes) => super::file(name, bytes, title),
            Self::Text(text) => super::text(text, title).map(|read| Parsed::One(Box::new(read))),
        }
    }
}

/// Reads a file, or a text. What it holds is listed, and nothing is stored, where that is asked for, and where it holds several
/// conversations and none is chosen.
pub async fn upload(
    State(services): State<Services>,
    caller: Caller,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, Error> {
    let Form { file, text, title, share, anonymous, choice, choices, preview } = read(multipart?).await?;
    let given = Given::of(file, text)?;
    if let Some(choices) = choices {
        if preview || choice.is_some() || title.is_some() {
            let why = "choices: with several, neither `choice` nor `preview` nor `title` has a meaning.";
            return Err(Error::Invalid("bad_choice", why.into()));
        }
        let turn = services.archives.take(caller.id).await?;
        let archive = match services.import(move || Ok(given.parse(None)?)).await? {
            Parsed::Choice(archive) => archive,
            Parsed::One(_) | Parsed::Bundle(_) => {
                return Err(Error::Invalid("bad_choice", "choices: this file holds one conversation.".into()));
            }
        };
        let terms = Terms { user: caller.id, share, anonymous };
        return Ok(several::import(services, (archive, turn), choices, terms).into_response());
    }
    let read = move || {
        let parsed = given.parse(title.as_deref())?;
        if preview { listing(parsed) } else { chosen(parsed, choice, title.as_deref()) }
    };
    let (id, notes) = match services.import(read).await? {
        Chosen::None(choices) => return Ok(Json(Imported::Choose(choices)).into_response()),
        Chosen::One(draft, notes) => {
            let id = conversations::store(&services.db, caller.id, draft, share, anonymous).await?;
            (id, notes)
        }
        Chosen::Bundle(mut bundle) => {
            let document = std::mem::take(&mut bundle.document);
            let whole = services.rooms.unpack(document).await.map_err(|error| bundle.flaw(error))?;
            if preview {
                return Ok(Json(Imported::Choose(vec![offered(&bundle, &whole)])).into_response());
            }
            bundle::store(&services.db, caller.id, (*bundle, whole), share, anonymous).await?
        }
    };
    Ok((StatusCode::CREATED, Json(Imported::Created { id, notes })).into_response())
}

enum Chosen {
    /// Ready, with what the person should know.
    One(Draft, Vec<String>),
    /// Its document is still to be read.
    Bundle(Box<Bundle>),
    None(Vec<ImportChoice>),
}

fn chosen(parsed: Parsed, choice: Option<usize>, title: Option<&str>) -> Result<Chosen, Error> {
    let conversation = match (parsed, choice) {
        (Parsed::One(conversation), _) => *conversation,
        (Parsed::Bundle(bundle), _) => return Ok(Chosen::Bundle(bundle)),
        (Parsed::Choice(archive), Some(index)) => archive.read(index, title)?,
        (Parsed::Choice(archive), None) => return listing(Parsed::Choice(archive)),
    };
    let notes = conversation.notes.clone();
    Ok(Chosen::One(Draft::of(conversation)?, notes))
}

/// What a file holds.
fn listing(parsed: Parsed) -> Result<Chosen, Error> {
    Ok(Chosen::None(match parsed {
        Parsed::Bundle(bundle) => return Ok(Chosen::Bundle(bundle)),
        Parsed::Choice(archive) => archive.list().into_iter().map(listed).collect(),
        Parsed::One(conversation) => {
            let messages = conversation.messages.len();
            let reading = Some(reading(&conversation));
            vec![ImportChoice {
                index: 0,
                title: conversation.title,
                messages,
                beginning: None,
                problem: None,
                annotated: None,
                reading,
            }]
        }
    }))
}

/// Messages whose beginnings are shown before anything is stored.
const BEGINNINGS: usize = 50;
/// Characters of each.
const BEGINNING: usize = 240;
/// Bytes of Markdown that these are looked for in.
const BEGINNING_BYTES: usize = 4 << 10;

/// What it was taken for, with its article.
fn kind(conversation: &ImportedConversation) -> Cow<'static, str> {
    let has_turns = || conversation.messages.iter().any(|message| message.role != MessageRole::Source);
    match (&conversation.kind, &conversation.source) {
        (Some(kind), _) => kind.clone(),
        (None, Some(source)) => format!("an export of {}", source.tool.name()).into(),
        (None, None) if has_turns() => "a text with labelled turns".into(),
        (None, None) => "a text without labelled turns".into(),
    }
}

fn reading(conversation: &ImportedConversation) -> Reading {
    let beginning = |message: &ImportedMessage| {
        let start = &message.markdown[..message.markdown.floor_char_boundary(BEGINNING_BYTES)];
        let words = text::render(start).text;
        let mut text: String = words.chars().take(BEGINNING).collect();
        if text.len() < words.len() || start.len() < message.markdown.len() {
            text.push('…');
        }
        Beginning { role: message.role, title: message.title.clone(), text }
    };
    let beginnings = conversation.messages.iter().take(BEGINNINGS).map(beginning).collect();
    Reading { kind: kind(conversation).into_owned(), notes: conversation.notes.clone(), beginnings }
}

fn listed(listed: Listed) -> ImportChoice {
    ImportChoice {
        index: listed.index,
        title: listed.title,
        messages: listed.messages,
        beginning: listed.beginning,
        problem: listed.problem.map(|problem| problem.to_string()),
        annotated: None,
        reading: None,
    }
}

fn offered(bundle: &Bundle, whole: &Whole) -> ImportChoice {
    let (title, annotated) = (bundle.title.clone(), Some(bundle.annotated(whole)));
    let messages = bundle.messages();
    ImportChoice { index: 0, title, messages, beginning: None, problem: None, annotated, reading: None }
}
