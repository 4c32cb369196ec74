//! The import form.

#[cfg(feature = "hydrate")]
mod browser;
mod choices;
#[cfg(feature = "hydrate")]
mod draft;
mod preview;
#[cfg(feature = "hydrate")]
mod rich;
#[cfg(feature = "hydrate")]
mod transfer;

use std::collections::BTreeSet;

use leptos::{html, prelude::*};
use shared::api::{ImportChoice, ImportStep};

#[cfg(feature = "hydrate")]
pub use browser::{is_here, mount, say_it_did_not_come};

/// The kinds of files that are read.
const KINDS: &str = ".txt,.text,.md,.markdown,.html,.htm,.mhtml,.mht,.docx,.pdf,.json,.zip,.grimoire";
const RICH: &str =
    "Pasted with its formatting: turns, tables and formulas are read from it, and shown before anything is kept. ";
const UNKEPT: &str =
    "This is too large to be kept on this device: it is lost if the page is closed before it is imported.";

/// The fields, read when they are sent: nothing writes into what somebody types.
#[derive(Clone, Copy)]
struct Fields {
    paste: NodeRef<html::Textarea>,
    file: NodeRef<html::Input>,
    title: NodeRef<html::Input>,
    share: NodeRef<html::Input>,
    anonymous: NodeRef<html::Input>,
}

/// Where the form stands.
#[derive(Clone, PartialEq)]
enum Stage {
    /// Rendered, its script not here yet.
    Inert,
    /// Waits for the person.
    Ready,
    /// Waits for the server.
    Sending,
}

/// What is meant of a file.
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "the server renders a form that nobody sends"))]
enum Wanted {
    /// What it holds, if that is one conversation.
    Whatever,
    /// To see what would be stored.
    Look,
    /// One of several, by its number.
    One(usize),
    /// Several of them.
    Several(Vec<usize>),
}

impl Wanted {
    /// How many are told of one by one.
    #[cfg(feature = "hydrate")]
    fn count(&self) -> usize {
        match self {
            Self::Several(all) => all.len(),
            Self::Whatever | Self::Look | Self::One(_) => 0,
        }
    }
}

/// What the form shows beside its fields.
#[derive(Clone, Copy)]
struct State {
    stage: RwSignal<Stage>,
    problem: RwSignal<Option<String>>,
    choices: RwSignal<Vec<ImportChoice>>,
    /// Which of them are chosen.
    picked: RwSignal<BTreeSet<usize>>,
    /// How much of a file is sent, 0 to 1; nothing of a text, which is not long on its way.
    sent: RwSignal<Option<f64>>,
    /// How many were asked for at once, and what has become of each so far.
    asked: RwSignal<usize>,
    steps: RwSignal<Vec<ImportStep>>,
    /// Those of this file that had been brought in before: none is brought in twice.
    brought: RwSignal<Vec<ImportStep>>,
    /// The text box holds the plain text of something that was pasted with its formatting.
    is_rich: RwSignal<bool>,
    /// What was filled in is in this page alone: it is too large for the browser's storage, or there is none.
    is_unkept: RwSignal<bool>,
}

/// Takes pasted text or a file. A file with several conversations offers them.
#[component]
pub fn ImportForm() -> impl IntoView {
    let fields = Fields {
        paste: NodeRef::new(),
        file: NodeRef::new(),
        title: NodeRef::new(),
        share: NodeRef::new(),
        anonymous: NodeRef::new(),
    };
    let state = State {
        stage: RwSignal::new(Stage::Inert),
        problem: RwSignal::new(None),
        choices: RwSignal::new(Vec::new()),
        picked: RwSignal::default(),
        sent: RwSignal::new(None),
        asked: RwSignal::new(0),
        steps: RwSignal::new(Vec::new()),
        brought: RwSignal::new(Vec::new()),
        is_rich: RwSignal::new(false),
        is_unkept: RwSignal::new(false),
    };
    Effect::new(move |_| {
        state.stage.set(Stage::Ready);
        #[cfg(feature = "hydrate")]
        draft::take_up(fields, state);
        #[cfg(feature = "hydrate")]
        browser::mark_hydrated();
    });
    let send = move |wanted: Wanted| {
        #[cfg(feature = "hydrate")]
        browser::send(fields, state, wanted);
        #[cfg(not(feature = "hydrate"))]
        let _ = (fields, wanted);
    };
    let keep = move |_| {
        #[cfg(feature = "hydrate")]
        rich::compare(fields, state);
        #[cfg(feature = "hydrate")]
        draft::keep_soon(fields, state);
    };
    let on_paste = move |event: leptos::web_sys::ClipboardEvent| {
        #[cfg(feature = "hydrate")]
        rich::take(fields, &event);
        #[cfg(not(feature = "hydrate"))]
        drop(event);
    };
    let use_plain = move || {
        state.is_rich.set(false);
        choices::forget(state);
        #[cfg(feature = "hydrate")]
        rich::forget();
    };
    // What is shown is of a text that is another now.
    let forget_reading = move |_| choices::forget_reading(state);
    // They are of the file that was chosen before.
    let forget_choices = move |_| choices::forget(state);
    let is_busy = move || state.stage.get() != Stage::Ready;
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        send(Wanted::Whatever);
    };
    view! {
        <form class="stack import-form" novalidate on:submit=on_submit on:input=keep>
            <div class="form-row">
                <label class="field-label" for="import-title">"Title"</label>
                <input class="field" id="import-title" type="text" node_ref=fields.title autocomplete="off" on:input=forget_reading />
                <p class="hint">"Left empty, it is taken from the text."</p>
            </div>
            <div class="form-row">
                <label class="field-label" for="import-paste">"Paste a conversation or text"</label>
                // No `dir="auto"`: with it Chromium takes a minute to insert 2 MiB.
                <textarea class="field paste" id="import-paste" node_ref=fields.paste spellcheck="false" on:paste=on_paste on:input=forget_reading></textarea>
                <p class="hint">
                    "Turns are recognised from labels at the start of a line, such as " <code>"User:"</code> " and "
                    <code>"Assistant:"</code> ". Without labels the text is kept as one source."
                </p>
                <p class="hint" role="status">{move || state.is_rich.get().then_some(RICH)}</p>
                {move || state.is_rich.get().then(|| view! { <button class="button" type="button" on:click=move |_| use_plain()>"Use the plain text"</button> })}
                <p class="hint" role="status">{move || state.is_unkept.get().then_some(UNKEPT)}</p>
            </div>
            <p class="stack-or">"or"</p>
            <div class="form-row">
                <label class="field-label file-drop">"Choose a file" <input class="field" type="file" accept=KINDS node_ref=fields.file on:change=forget_choices aria-describedby="import-kinds" /></label>
                <p class="hint" id="import-kinds">"Text, Markdown, a saved web page, Word (.docx), PDF with text, or an export (.zip, .json, .grimoire); at most 25 MiB."</p>
            </div>
            <label class="checkbox-row"><input type="checkbox" node_ref=fields.share /> "Share with the class"</label>
            <label class="checkbox-row"><input type="checkbox" node_ref=fields.anonymous /> "Anonymous: people see pseudonyms"</label>
            {choices::offered(state, send)}
            // Beside the button that was pressed: at the top of the form nobody would see it.
            {alert(state)}
            <div class="form-actions">
                <button class="button primary" type="submit" disabled=is_busy>"Import"</button>
                <button class="button" type="button" disabled=is_busy on:click=move |_| send(Wanted::Look)>"Preview"</button>
                {progress(state)}
            </div>
        </form>
    }
    .into_any()
}

fn alert(state: State) -> impl IntoView {
    move || state.problem.get().map(|text| view! { <p class="alert" role="alert">{text}</p> })
}

/// How far it has come, and the way out.
fn progress(state: State) -> impl IntoView {
    let is_sending = move || state.stage.get() == Stage::Sending;
    let words = move || {
        let (done, asked) = (state.steps.with(Vec::len), state.asked.get());
        match state.sent.get() {
            _ if !is_sending() => String::new(),
            Some(sent) if sent < 1.0 => format!("Sending: {:.0} %", (sent * 100.0).floor()),
            _ if asked > 0 => format!("Importing: {done} of {asked}"),
            _ => "Importing…".to_owned(),
        }
    };
    let value = move || {
        let (done, asked) = (state.steps.with(Vec::len), state.asked.get());
        match state.sent.get() {
            Some(sent) if sent < 1.0 => Some(sent.to_string()),
            _ if asked > 0 => Some((done as f64 / asked as f64).to_string()),
            // It is read as a whole: nobody knows how far that is.
            _ => None,
        }
    };
    let cancel = move |_| {
        #[cfg(feature = "hydrate")]
        browser::cancel();
    };
    view! {
        // What is heard is that it goes on, not each step of it.
        <span class="visually-hidden" role="status">{move || is_sending().then_some("Importing…")}</span>
        {move || {
            (is_sending() && state.sent.with(Option::is_some))
                .then(|| {
                    view! {
                        <progress class="import-progress" aria-label="Import" value=value></progress>
                        <button class="button quiet" type="button" on:click=cancel>"Cancel"</button>
                    }
                })
        }}
        // Last: it grows, and nothing that is pressed may move.
        <span class="hint import-words">{words}</span>
    }
}
