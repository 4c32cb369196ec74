//! What is marked in a message, in words, below it: for those who do not see colours, and a way from the text to a card by
//! keyboard. Colours of the Custom Highlight API are nothing that a screen reader tells of.

use leptos::prelude::*;
use shared::ids::HighlightId;

use super::{
    browser,
    desk::{Desk, Tab},
};

/// So much of a quote stands in the list, in characters.
const QUOTE_CHARS: usize = 80;

/// The list of one message.
#[component]
pub fn Marks(
    desk: Desk,
    /// Its highlights, in the order of the text.
    here: RwSignal<Vec<HighlightId>>,
) -> impl IntoView {
    let count = move || match here.with(Vec::len) {
        1 => "1 highlight".to_owned(),
        count => format!("{count} highlights"),
    };
    // A closed list is not made: there is one below every message.
    let open = RwSignal::new(false);
    let listed = move || if open.get() { here.get() } else { Vec::new() };
    view! {
        <details class="marks" hidden=move || here.with(Vec::is_empty) on:toggle=move |_| open.update(|open| *open = !*open)>
            <summary>{count}</summary>
            <ul>
                <For each=listed key=|id| *id let:id>
                    <Mark desk=desk id=id />
                </For>
            </ul>
        </details>
    }
    .into_any()
}

#[component]
fn Mark(desk: Desk, id: HighlightId) -> impl IntoView {
    let card = desk.card(id);
    let words = move || {
        let highlight = card.as_ref()?.with(|card| card.highlight.clone());
        let tags: Vec<String> =
            highlight.tags.iter().filter_map(|(tag, _)| desk.tag(*tag)).map(|tag| tag.name).collect();
        let quote: String = highlight.targets.iter().map(|target| target.exact.as_str()).collect::<Vec<_>>().join(" ");
        let short: String = quote.chars().take(QUOTE_CHARS).collect();
        let more = if short.len() < quote.len() { "…" } else { "" };
        Some(format!("{}: “{short}{more}” by {}", tags.join(", "), desk.name_of(highlight.author)))
    };
    let go = move |_| {
        desk.tab.set(Tab::Annotations);
        desk.sheet.update(|sheet| *sheet = sheet.map(|_| true));
        desk.active.set(Some(id));
        browser::focus_card(id);
    };
    view! {
        // Pointed at or in focus it emphasises its passage.
        <li data-passage=id.to_string()><button class="text-button" type="button" dir="auto" on:click=go>{words}</button></li>
    }
    .into_any()
}
