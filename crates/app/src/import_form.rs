//! The import form.

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(feature = "hydrate")]
mod draft;
mod preview;
#[cfg(feature = "hydrate")]
mod rich;

use leptos::{html, prelude::*};
use shared::api::ImportChoice;

#[cfg(feature = "hydrate")]
pub use browser::{is_here, mount, say_it_did_not_come};

/// The kinds of files that are read.
const KINDS: &str = ".txt,.text,.md,.markdown,.html,.htm,.docx,.pdf,.json,.zip,.grimoire";
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

/// What the form shows beside its fields.
#[derive(Clone, Copy)]
struct State {
    stage: RwSignal<Stage>,
    problem: RwSignal<Option<String>>,
    choices: RwSignal<Vec<ImportChoice>>,
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
    let send = move |choice: Option<usize>| {
        #[cfg(feature = "hydrate")]
        browser::send(fields, state, choice);
        #[cfg(not(feature = "hydrate"))]
        let _ = (fields, choice);
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
        state.choices.set(Vec::new());
        #[cfg(feature = "hydrate")]
        rich::forget();
    };
    // They are of the file that was chosen before.
    let forget_choices = move |_| state.choices.set(Vec::new());
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        send(None);
    };
    view! {
        <form class="stack import-form" novalidate on:submit=on_submit on:input=keep>
            <div class="form-row">
                <label class="field-label" for="import-title">"Title"</label>
                <input class="field" id="import-title" type="text" node_ref=fields.title autocomplete="off" />
                <p class="hint">"Left empty, it is taken from the text."</p>
            </div>
            <div class="form-row">
                <label class="field-label" for="import-paste">"Paste a conversation or text"</label>
                // No `dir="auto"`: with it Chromium takes a minute to insert 2 MiB.
                <textarea class="field paste" id="import-paste" node_ref=fields.paste spellcheck="false" on:paste=on_paste></textarea>
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
            {choices(state, send)}
            // Beside the button that was pressed: at the top of the form nobody would see it.
            {alert(state)}
            <div class="form-actions">
                <button class="button primary" type="submit" disabled=move || state.stage.get() != Stage::Ready>"Import"</button>
                <span class="hint" role="status">{move || (state.stage.get() == Stage::Sending).then_some("Importing…")}</span>
            </div>
        </form>
    }
    .into_any()
}

fn alert(state: State) -> impl IntoView {
    move || state.problem.get().map(|text| view! { <p class="alert" role="alert">{text}</p> })
}

fn choices(state: State, send: impl Fn(Option<usize>) + Copy + Send + Sync + 'static) -> impl IntoView {
    move || {
        let choices = state.choices.get();
        (!choices.is_empty()).then(|| {
            let reading = choices.first().and_then(|choice| choice.reading.clone());
            let legend = match choices.len() {
                1 if reading.is_some() => "This is what would be kept. Bring it in?",
                1 => "This file holds a conversation and what people added to it. Bring it in?",
                _ => "This file holds several conversations. Which one?",
            };
            let action = reading.is_some().then_some("Bring it in: ");
            let buttons = choices.into_iter().map(move |choice| {
                let label = choice.problem.clone().unwrap_or_else(|| holds(&choice));
                view! {
                    <button
                        class="choice"
                        type="button"
                        disabled=choice.problem.is_some()
                        on:click=move |_| send(Some(choice.index))
                    >
                        <span class="choice-title" dir="auto">{action}{choice.title}</span>
                        <span class="choice-meta">{label}</span>
                    </button>
                }
            });
            view! {
                <fieldset class="choices">
                    <legend>{legend}</legend>
                    {reading.map(preview::reading)}
                    {buttons.collect_view()}
                </fieldset>
            }
        })
    }
}

/// What is in it, counted.
fn holds(choice: &ImportChoice) -> String {
    let counted = |count: usize, one: &str, many: &str| match count {
        1 => ["1 ", one].concat(),
        count => [&*count.to_string(), " ", many].concat(),
    };
    let messages = counted(choice.messages, "message", "messages");
    let Some(annotated) = choice.annotated else { return messages };
    [
        messages,
        counted(annotated.highlights, "highlight", "highlights"),
        counted(annotated.comments, "comment", "comments"),
        counted(annotated.people, "person", "people"),
    ]
    .join(", ")
}
