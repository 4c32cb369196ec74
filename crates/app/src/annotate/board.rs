use leptos::prelude::*;
use shared::{document::Tag, ids::HighlightId};

use super::{
    browser,
    desk::{Desk, Tab},
};

/// The evidence by tag.
#[component]
pub fn Board(desk: Desk) -> impl IntoView {
    view! {
        <div class="board">
            <For each=move || desk.tags.get() key=|tag| (tag.id, tag.name.clone(), tag.colour.clone()) let:tag>
                <Column desk=desk tag=tag />
            </For>
        </div>
    }
    .into_any()
}

#[component]
fn Column(desk: Desk, tag: Tag) -> impl IntoView {
    let id = tag.id;
    let quotes = Memo::new(move |_| {
        let mut entries: Vec<(f64, HighlightId, String)> = desk.order.with(|order| {
            let cards = order.iter().filter_map(|id| desk.card(*id));
            cards
                .filter_map(|card| {
                    card.with(|card| {
                        let (_, place) = card.highlight.tags.iter().find(|(tag, _)| *tag == id)?;
                        Some((*place, card.highlight.id, card.highlight.targets.first()?.exact.clone()))
                    })
                })
                .collect()
        });
        entries.sort_by(|a, b| a.0.total_cmp(&b.0));
        entries
    });
    let go = move |highlight| {
        desk.tab.set(Tab::Annotations);
        desk.active.set(Some(highlight));
        browser::show_in_text(desk, highlight);
    };
    view! {
        <section class="board-column tinted" style:--t=tag.colour>
            <h2 class="board-title"><span class="dot"></span>{tag.name} <span class="badge">{move || quotes.with(Vec::len)}</span></h2>
            {move || quotes.with(Vec::is_empty).then(|| view! { <p class="hint">"Nothing yet."</p> })}
            <ul>
                <For each=move || quotes.get() key=|(_, id, quote)| (*id, quote.clone()) let((_, id, quote))>
                    <li><button class="board-quote" type="button" dir="auto" on:click=move |_| go(id)>{quote}</button></li>
                </For>
            </ul>
        </section>
    }
    .into_any()
}
