use std::{collections::HashMap, sync::Arc};

use leptos::prelude::*;
use shared::{
    api::{Message, MessageState, Person, WITHDRAWN, chat_files_path},
    ids::{ConversationId, MessageId, ProjectId, UserId},
    messages::MessageRole,
    text,
};

use super::compare;

/// What stands around the messages of one page.
#[derive(Debug, Clone)]
pub(super) struct Around {
    pub(super) conversation: ConversationId,
    /// Whether the reader can have replies written.
    pub(super) acts: bool,
    /// Where its prompts stand, if it is a chat and the reader may see its project.
    project: Option<ProjectId>,
    /// What people are called here, as the reader may know them.
    names: Arc<HashMap<UserId, String>>,
}

impl Around {
    pub(super) fn new(conversation: ConversationId, acts: bool, project: Option<ProjectId>, people: &[Person]) -> Self {
        let names = people.iter().map(|person| (person.id, person.name.clone())).collect();
        Self { conversation, acts, project, names: Arc::new(names) }
    }

    /// Who said it, or had it said.
    fn author(&self, message: &Message) -> Option<&str> {
        self.names.get(&message.author?).map(String::as_str)
    }
}

/// One message. What stands in `[data-canonical]` is the rendered Markdown and nothing else; names and numbers are
/// outside, so that they are in no selection's text. A reply that is being written has no canonical text yet: the
/// script of the chat shows what comes, and puts the rendered one in its place at the end.
#[component]
pub(super) fn MessageArticle(around: Around, number: usize, message: Message) -> impl IntoView {
    let (conversation, acts) = (around.conversation, around.acts);
    let is_open = message.state.is_open();
    let speaker = speaker(&around, &message);
    let label = format!("{speaker}, message {number}");
    let place = if message.role == MessageRole::Source { String::new() } else { format!("message {number}") };
    let made_by = made_by(&around, &message);
    let note = note(&message);
    let retries = acts && (message.state.is_unfinished() || is_empty_reply(&message));
    let edit = (acts && message.role == MessageRole::User).then(|| {
        let name = format!("Edit message {number}");
        view! { <button class="text-button" type="button" data-act="edit" aria-label=name>"Edit"</button> }
    });
    let another = (acts && message.role == MessageRole::Assistant && !is_open && message.model.is_some()).then(|| {
        let name = format!("Another reply in place of message {number}");
        view! { <button class="text-button" type="button" data-act="retry" aria-label=name>"Another reply"</button> }
    });
    let (id, siblings, files) = (message.id, message.siblings.clone(), message.files.clone());
    let folder = chat_files_path(conversation);
    let has_files = !files.is_empty();
    let files = files.into_iter().map(move |file| match file.deleted {
        true => view! { <li><s dir="auto">{file.name}</s> " (deleted)"</li> }.into_any(),
        false => {
            let remark = file.unread.then_some(" (not read by the model)");
            view! { <li><a href=format!("{folder}/{}", file.id) download dir="auto">{file.name}</a> {remark}</li> }
                .into_any()
        }
    });
    let body = match is_open {
        true => view! { <Open around=around message=message.clone() /> }.into_any(),
        false => {
            let rendered = text::render(&message.markdown);
            let runs = text::encode_runs(&rendered.runs);
            view! { <div class="message-text" data-canonical data-runs=runs inner_html=rendered.html></div> }.into_any()
        }
    };
    view! {
        <article
            class="message"
            id=format!("m-{id}")
            data-role=message.role.as_str()
            data-message-id=id.to_string()
            data-state=is_open.then(|| message.state.as_str())
            data-run=message.run.filter(|_| is_open).map(|run| run.to_string())
            aria-busy=is_open.then_some("true")
            tabindex="0"
            aria-label=label
        >
            <header class="message-head">
                <h2 class="message-speaker" dir="auto">{speaker}</h2>
                <span class="message-number">{made_by} {place}</span>
                <Versions conversation=conversation number=number id=id siblings=siblings />
                {edit} {another}
            </header>
            {has_files.then(|| view! { <ul class="message-files" role="list" aria-label="Files">{files.collect_view()}</ul> })}
            {body}
            {note.map(|note| view! { <p class="message-note">{note} {retries.then(|| view! { " " <Retry /> })}</p> })}
        </article>
    }
    .into_any()
}

/// Whose words they are: in what several people write, a name beside the role.
fn speaker(around: &Around, message: &Message) -> String {
    let role = message.title.as_deref().unwrap_or(message.role.label());
    match around.author(message).filter(|_| message.role == MessageRole::User && message.title.is_none()) {
        Some(name) => format!("{role} · {name}"),
        None => role.to_owned(),
    }
}

/// A reply that waits, or as far as it is written.
#[component]
fn Open(around: Around, message: Message) -> impl IntoView {
    let waits = (message.state == MessageState::Waiting).then(|| {
        let asked_by = around.author(&message).map(|name| view! { " Asked for by " <bdi>{name.to_owned()}</bdi> "." });
        let withdraw = around.acts.then(|| {
            view! { <button class="text-button" type="button" data-act="withdraw">"Withdraw"</button> }
        });
        view! { <span>{in_line(message.ahead.unwrap_or_default())} {asked_by}</span> " " {withdraw} }
    });
    view! {
        <p class="hint" data-ahead>{waits}</p>
        <div class="message-text message-live" dir="auto" data-live>{message.markdown}</div>
    }
    .into_any()
}

/// The one that is being written counts as well.
fn in_line(ahead: i64) -> String {
    match ahead {
        ..=1 => "Waits in line.".to_owned(),
        _ => format!("Waits in line behind {ahead} others."),
    }
}

/// The prompt and the model that wrote a reply, and what it took.
fn made_by(around: &Around, message: &Message) -> Option<impl IntoView + use<>> {
    let model = message.model.clone()?;
    let usage =
        message.usage.map(|usage| format!("{} tokens read, {} written · ", usage.input_tokens, usage.output_tokens));
    let prompt = message.prompt_version.map(|version| match (&message.prompt_name, around.project) {
        (Some(name), Some(project)) => {
            let address = format!("/projects/{project}#prompt-{version}");
            view! { <a href=address><bdi>{name.clone()}</bdi> {format!(", version {version}")}</a> " · " }.into_any()
        }
        _ => format!("prompt version {version} · ").into_any(),
    });
    Some(view! { {prompt} {model} " · " {usage} })
}

/// A model may come to its end without a word.
fn is_empty_reply(message: &Message) -> bool {
    message.role == MessageRole::Assistant
        && message.state == MessageState::Complete
        && message.model.is_some()
        && message.markdown.trim().is_empty()
}

/// Why a reply is not all that it could be.
fn note(message: &Message) -> Option<String> {
    let detail = message.reason.as_ref().map(|reason| reason.detail.clone().unwrap_or_else(|| in_words(&reason.code)));
    match message.state {
        MessageState::Stopped if message.reason.as_ref().is_some_and(|reason| reason.code == WITHDRAWN) => {
            Some("Withdrawn from the line: no model reads it.".to_owned())
        }
        MessageState::Stopped => Some("Stopped: the model wrote no further.".to_owned()),
        MessageState::Interrupted | MessageState::Failed => {
            Some(format!("Not complete. {}", detail.unwrap_or_default()).trim_end().to_owned())
        }
        MessageState::Complete if is_empty_reply(message) => {
            Some(format!("The model wrote nothing. {}", detail.unwrap_or_default()).trim_end().to_owned())
        }
        MessageState::Complete => detail,
        MessageState::Waiting | MessageState::Streaming => None,
    }
}

/// Asks for another reply where one did not come to its end.
#[component]
fn Retry() -> impl IntoView {
    view! { <button class="button" type="button" data-act="retry">"Retry"</button> }.into_any()
}

fn in_words(code: &str) -> String {
    match code {
        "length" => "The model ended here: the reply has all the length that it may have.".to_owned(),
        "content_filter" => "The model's filter ended the reply here.".to_owned(),
        "refusal" => "The model declined to answer.".to_owned(),
        other => format!("The model ended here ({other})."),
    }
}

/// The other versions of a message, each the way into its branch.
#[component]
fn Versions(conversation: ConversationId, number: usize, id: MessageId, siblings: Vec<MessageId>) -> impl IntoView {
    let Some(at) = siblings.iter().position(|sibling| *sibling == id) else { return ().into_any() };
    let link = move |to: Option<&MessageId>, name: &'static str, sign: &'static str| {
        to.map(|to| view! { <a href=format!("?branch={to}") aria-label=name>{sign}</a> })
    };
    let before = at.checked_sub(1).and_then(|before| siblings.get(before));
    let (previous, next) = (link(before, "Version before", "‹"), link(siblings.get(at + 1), "Next version", "›"));
    let words = format!("{} of {}", at + 1, siblings.len());
    // With the one before; the first with the next.
    let (original, other) = match before {
        Some(before) => (*before, id),
        None => (id, siblings.get(at + 1).copied().unwrap_or(id)),
    };
    let beside = compare::address(conversation, original, other);
    view! {
        <nav class="message-branches" aria-label=format!("Versions of message {number}")>
            {previous} <span>{words}</span> {next}
            <a href=beside aria-label=format!("Compare versions of message {number}")>"Compare"</a>
        </nav>
    }
    .into_any()
}
