use leptos::prelude::*;
use shared::{
    api::{Message, MessageState, chat_files_path},
    ids::{ConversationId, MessageId},
    messages::MessageRole,
    text,
};

/// One message. What stands in `[data-canonical]` is the rendered Markdown and nothing else; names and numbers are
/// outside, so that they are in no selection's text. A reply that is being written has no canonical text yet: the
/// script of the chat shows what comes, and puts the rendered one in its place at the end.
#[component]
pub(super) fn MessageArticle(conversation: ConversationId, number: usize, message: Message) -> impl IntoView {
    let is_open = message.state.is_open();
    let speaker = message.title.clone().unwrap_or_else(|| message.role.label().to_owned());
    let label = format!("{speaker}, message {number}");
    let place = if message.role == MessageRole::Source { String::new() } else { format!("message {number}") };
    let made_by = made_by(&message);
    let note = note(&message);
    let (id, siblings, files) = (message.id, message.siblings, message.files);
    let folder = chat_files_path(conversation);
    let has_files = !files.is_empty();
    let files = files.into_iter().map(move |file| match file.deleted {
        true => view! { <li><s dir="auto">{file.name}</s> " (deleted)"</li> }.into_any(),
        false => {
            view! { <li><a href=format!("{folder}/{}", file.id) download dir="auto">{file.name}</a></li> }.into_any()
        }
    });
    let body = match is_open {
        true => {
            let waits = (message.state == MessageState::Waiting).then_some("Waits in line.");
            view! {
                <p class="hint" data-ahead>{waits}</p>
                <div class="message-text message-live" dir="auto" data-live>{message.markdown}</div>
            }
            .into_any()
        }
        false => {
            let rendered = text::render(&message.markdown);
            let runs = text::encode_runs(&rendered.runs);
            view! { <div class="message-text" data-canonical data-runs=runs inner_html=rendered.html></div> }.into_any()
        }
    };
    view! {
        <article
            class="message"
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
                <Versions number=number id=id siblings=siblings />
            </header>
            {has_files.then(|| view! { <ul class="message-files" role="list" aria-label="Files">{files.collect_view()}</ul> })}
            {body}
            {note.map(|note| view! { <p class="message-note">{note}</p> })}
        </article>
    }
    .into_any()
}

/// The model and what the reply took.
fn made_by(message: &Message) -> Option<String> {
    let model = message.model.clone()?;
    Some(match message.usage {
        Some(usage) => format!("{model} · {} + {} tokens · ", usage.input_tokens, usage.output_tokens),
        None => format!("{model} · "),
    })
}

/// Why a reply is not all that it could be.
fn note(message: &Message) -> Option<String> {
    let detail = message.reason.as_ref().map(|reason| reason.detail.clone().unwrap_or_else(|| in_words(&reason.code)));
    match message.state {
        MessageState::Stopped => Some("Stopped: the model wrote no further.".to_owned()),
        MessageState::Interrupted | MessageState::Failed => {
            Some(format!("Not complete. {}", detail.unwrap_or_default()).trim_end().to_owned())
        }
        MessageState::Complete => detail,
        MessageState::Waiting | MessageState::Streaming => None,
    }
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
fn Versions(number: usize, id: MessageId, siblings: Vec<MessageId>) -> impl IntoView {
    let Some(at) = siblings.iter().position(|sibling| *sibling == id) else { return ().into_any() };
    let link = move |to: Option<&MessageId>, name: &'static str, sign: &'static str| {
        to.map(|to| view! { <a href=format!("?branch={to}") aria-label=name>{sign}</a> })
    };
    let before = at.checked_sub(1).and_then(|before| siblings.get(before));
    let (previous, next) = (link(before, "Version before", "‹"), link(siblings.get(at + 1), "Next version", "›"));
    let words = format!("{} of {}", at + 1, siblings.len());
    view! {
        <nav class="message-branches" aria-label=format!("Versions of message {number}")>
            {previous} <span>{words}</span> {next}
        </nav>
    }
    .into_any()
}
