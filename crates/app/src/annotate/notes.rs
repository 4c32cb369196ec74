use std::time::Duration;

use leptos::{html, leptos_dom::helpers::TimeoutHandle, prelude::*};
use shared::{document::Root, prose};

use super::{
    browser,
    desk::{Desk, Tab},
    responses::Responses,
    sought::Sought,
};

/// Words are counted, and a preview is drawn anew, when nobody has typed for so long.
const PAUSE: Duration = Duration::from_millis(300);

/// The notes that all write together.
pub fn notes(desk: Desk) -> AnyView {
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
pub fn response(desk: Desk) -> AnyView {
    view! {
        <TextPane
            desk=desk
            root=Root::Response
            tab=Tab::Response
            label="My response"
            placeholder="Your own answer to what you read."
            hint="Yours alone to write. Everybody in this conversation can read it. Markdown."
        >
            <Responses desk=desk />
        </TextPane>
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
    /// What stands below it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let area = NodeRef::<html::Textarea>::new();
    Effect::new(move |_| browser::bind(root, area));
    let preview = RwSignal::new(false);
    Effect::new(move |_| {
        let is_here =
            |sought: &Sought| sought.tab == tab && sought.author.is_none_or(|author| author == desk.place.author);
        if area.get().is_some()
            && let Some(sought) = desk.sought.get().filter(is_here)
        {
            browser::show_in_box(desk, area, preview, sought);
        }
    });
    let settled = settled(desk, root, tab);
    let words = move || settled.with(|text| words(text));
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
            <div class="notes-box">
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
                {(root == Root::Notes).then(|| view! { <Carets preview=preview /> })}
                {move || {
                    preview.get().then(|| {
                        let html = move || settled.with(|text| prose::html(text));
                        view! {
                            <section class="preview notes" tabindex="0" aria-label=format!("{label}, preview") dir="auto" inner_html=html></section>
                        }
                    })
                }}
            </div>
            <p class="hint">{hint}</p>
            {children.map(|children| children())}
        </div>
    }
    .into_any()
}

/// Where the carets of the others are drawn, and what is measured for it. Who writes is said in words among the people.
#[component]
fn Carets(preview: RwSignal<bool>) -> impl IntoView {
    view! {
        <div class="carets" aria-hidden="true" hidden=move || preview.get()>
            <div class="carets-sheet"><div class="carets-mirror" dir="auto"></div></div>
        </div>
    }
}

/// The text as it was when nobody had typed for a moment.
fn settled(desk: Desk, root: Root, tab: Tab) -> RwSignal<String> {
    let settled = RwSignal::new(String::new());
    let unread = move || settled.with_untracked(String::is_empty);
    when_quiet(desk, tab, desk.typed, unread, move || settled.set(browser::text_of(root)));
    settled
}

/// Reads something when nobody has changed it for a moment, or at once if it is unread; and only while its tab is in front.
pub fn when_quiet(
    desk: Desk,
    tab: Tab,
    changes: RwSignal<u32>,
    unread: impl Fn() -> bool + 'static,
    read: impl Fn() + Copy + 'static,
) {
    let waiting: StoredValue<Option<TimeoutHandle>> = StoredValue::new(None);
    Effect::new(move |_| {
        changes.track();
        if desk.tab.get() != tab {
            return;
        }
        if unread() {
            return read();
        }
        if let Some(handle) = waiting.get_value() {
            handle.clear();
        }
        waiting.set_value(set_timeout_with_handle(read, PAUSE).ok());
    });
}

/// “1 word”, “3 words”: of what is read, not of the marks in it.
pub fn words(text: &str) -> String {
    match browser::count_words(&prose::words(text)) {
        1 => "1 word".to_owned(),
        count => format!("{count} words"),
    }
}
