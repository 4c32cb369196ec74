use std::time::Duration;

use leptos::{html, leptos_dom::helpers::TimeoutHandle, prelude::*};
use shared::{document::Root, prose};

use super::{
    browser,
    desk::{Desk, Tab},
};

/// Words are counted, and a preview is drawn anew, when nobody has typed for so long.
const PAUSE: Duration = Duration::from_millis(300);

/// The notes that all write together.
#[component]
pub fn NotesPane(desk: Desk) -> impl IntoView {
    view! {
        <TextPane
            desk=desk
            root=Root::Notes
            tab=Tab::Notes
            label="Shared notes"
            placeholder="Write together: everybody here sees it as you type."
            hint="Shared with everybody in this conversation. Markdown."
        />
    }
    .into_any()
}

/// One's own text.
#[component]
pub fn ResponsePane(desk: Desk) -> impl IntoView {
    view! {
        <TextPane
            desk=desk
            root=Root::Response
            tab=Tab::Response
            label="My response"
            placeholder="Your own answer to what you read."
            hint="Yours alone to write. Markdown."
        />
    }
    .into_any()
}

/// A text of the document: its box, a look at it as it is meant, and how long it is.
#[component]
fn TextPane(
    desk: Desk,
    root: Root,
    tab: Tab,
    label: &'static str,
    placeholder: &'static str,
    hint: &'static str,
) -> impl IntoView {
    let area = NodeRef::<html::Textarea>::new();
    Effect::new(move |_| browser::bind(root, area));
    let preview = RwSignal::new(false);
    let settled = settled(desk, root, tab);
    let words = move || match settled.with(|text| browser::count_words(&prose::words(text))) {
        1 => "1 word".to_owned(),
        count => format!("{count} words"),
    };
    let quote = move |_| {
        preview.set(false);
        browser::insert_quote(desk, area);
    };
    view! {
        <div class="notes-pane">
            <div class="notes-tools">
                <button
                    class="button quiet"
                    type="button"
                    aria-pressed=move || preview.get().to_string()
                    on:click=move |_| preview.update(|preview| *preview = !*preview)
                >
                    "Preview"
                </button>
                <button
                    class="button quiet"
                    type="button"
                    title="Quote the highlight in hand, with a link to it"
                    hidden=move || !desk.may_annotate()
                    disabled=move || desk.active.with(Option::is_none)
                    on:click=quote
                >
                    "Insert quote"
                </button>
                <span class="hint notes-count">{words}</span>
            </div>
            <textarea
                class="field notes"
                aria-label=label
                placeholder=placeholder
                // A browser that fills in what stood there before would write it a second time.
                autocomplete="off"
                node_ref=area
                dir="auto"
                hidden=move || preview.get()
                readonly=move || !desk.may_annotate()
            ></textarea>
            {move || {
                preview.get().then(|| {
                    let html = move || settled.with(|text| prose::html(text));
                    view! {
                        <section class="preview notes" tabindex="0" aria-label=format!("{label}, preview") dir="auto" inner_html=html></section>
                    }
                })
            }}
            <p class="hint">{hint}</p>
        </div>
    }
    .into_any()
}

/// The text as it was when nobody had typed for a moment. It is only asked for while its tab is in front.
fn settled(desk: Desk, root: Root, tab: Tab) -> RwSignal<String> {
    let settled = RwSignal::new(String::new());
    let waiting: StoredValue<Option<TimeoutHandle>> = StoredValue::new(None);
    Effect::new(move |_| {
        desk.typed.track();
        if desk.tab.get() != tab {
            return;
        }
        let read = move || settled.set(browser::text_of(root));
        if settled.with_untracked(String::is_empty) {
            return read();
        }
        if let Some(handle) = waiting.get_value() {
            handle.clear();
        }
        waiting.set_value(set_timeout_with_handle(read, PAUSE).ok());
    });
    settled
}
