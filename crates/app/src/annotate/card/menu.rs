use leptos::{ev::KeyboardEvent, prelude::*};
use shared::{document::Command, ids::HighlightId};

use super::super::{
    browser,
    desk::{Card, Desk},
};

/// What can be done with a highlight.
#[component]
pub fn CardMenu(desk: Desk, id: HighlightId, card: RwSignal<Card>, editing: RwSignal<bool>) -> impl IntoView {
    let open = RwSignal::new(false);
    let menu_id = format!("menu-{id}");
    let items = format!("#{menu_id} [role=menuitem]");
    let button = format!("#h-{id} .card-more");
    let resolved = move || card.with(|card| card.highlight.resolved.is_some());
    let mine = move || card.with(|card| card.highlight.author) == desk.place.author;
    let may_delete = move || mine() || desk.place.access == shared::access::Access::Owner;
    let close = {
        let button = button.clone();
        move || {
            open.set(false);
            browser::focus_on(&button);
        }
    };
    let toggle = {
        let items = items.clone();
        move |_| {
            open.update(|open| *open = !*open);
            browser::move_focus(&items, 0);
        }
    };
    let on_key = {
        let close = close.clone();
        move |event: KeyboardEvent| {
            let step = match event.key().as_str() {
                "ArrowDown" => 1,
                "ArrowUp" => -1,
                "Escape" => {
                    close();
                    return;
                }
                "Tab" => {
                    open.set(false);
                    return;
                }
                _ => return,
            };
            event.prevent_default();
            browser::move_focus(&items, step);
        }
    };
    let edit = {
        let close = close.clone();
        move |_| {
            editing.set(true);
            close();
        }
    };
    let resolve = {
        let close = close.clone();
        move |_| {
            desk.run(if resolved() { Command::Reopen(id) } else { Command::Resolve(id) });
            close();
        }
    };
    let delete = move |_| {
        open.set(false);
        desk.delete(id);
    };
    desk.place.access.may_annotate().then(|| {
        view! {
            <div class="card-menu" on:keydown=on_key on:focusout=move |event| if browser::leaves(&event) { open.set(false) }>
                <button
                    class="icon-button card-more"
                    type="button"
                    aria-label="More"
                    aria-haspopup="menu"
                    aria-expanded=move || open.get().to_string()
                    on:click=toggle
                >
                    <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" fill="currentColor">
                        <circle cx="4" cy="10" r="1.6" />
                        <circle cx="10" cy="10" r="1.6" />
                        <circle cx="16" cy="10" r="1.6" />
                    </svg>
                </button>
                <div class="menu" role="menu" id=menu_id.clone() aria-label="Highlight" hidden=move || !open.get()>
                    <button class="menu-item" role="menuitem" type="button" tabindex="-1" on:click=edit>"Edit"</button>
                    <button class="menu-item" role="menuitem" type="button" tabindex="-1" on:click=resolve>
                        {move || if resolved() { "Reopen" } else { "Resolve" }}
                    </button>
                    <Show when=may_delete>
                        <button class="menu-item" data-danger="" role="menuitem" type="button" tabindex="-1" on:click=delete>"Delete"</button>
                    </Show>
                </div>
            </div>
        }
        .into_any()
    })
}
