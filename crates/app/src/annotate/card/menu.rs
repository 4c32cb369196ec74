use leptos::{
    ev::{FocusEvent, KeyboardEvent, MouseEvent},
    prelude::*,
};
use shared::{
    document::Command,
    ids::HighlightId,
    rules::{self, Change},
};

use super::super::{
    browser,
    desk::{Card, Desk},
};

/// What a card's menu works on.
#[derive(Clone, Copy)]
struct Menu {
    desk: Desk,
    id: HighlightId,
    card: RwSignal<Card>,
    editing: RwSignal<bool>,
    open: RwSignal<bool>,
}

impl Menu {
    fn items(self) -> String {
        format!("#menu-{} [role=menuitem]", self.id)
    }

    fn toggle(self) {
        self.open.update(|open| *open = !*open);
        browser::move_focus(&self.items(), 0);
    }

    /// Closes, and gives the focus back to the button.
    fn close(self) {
        self.open.set(false);
        browser::focus_on(&format!("#h-{} .card-more", self.id));
    }

    fn on_key(self, event: &KeyboardEvent) {
        let step = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            "Escape" if self.open.get_untracked() => return self.close(),
            "Tab" => return self.open.set(false),
            _ => return,
        };
        event.prevent_default();
        browser::move_focus(&self.items(), step);
    }

    fn resolved(self) -> bool {
        self.card.with(|card| card.highlight.resolved.is_some())
    }

    fn may_delete(self) -> bool {
        let (author, sender) = (self.card.with(|card| card.highlight.author), self.desk.sender());
        rules::allow(&sender, Change::DeleteHighlight { author, by: sender.author }).is_ok()
    }

    fn copy_link(self) {
        browser::copy_link(self.desk, self.id, None);
        self.close();
    }

    fn show(self) {
        self.open.set(false);
        browser::show_in_text(self.desk, self.id);
    }

    fn edit(self) {
        self.editing.set(true);
        self.close();
    }

    fn resolve(self) {
        self.desk.run(if self.resolved() { Command::Reopen(self.id) } else { Command::Resolve(self.id) });
        self.close();
    }

    fn delete(self) {
        self.open.set(false);
        self.desk.delete(self.id);
    }
}

/// What can be done with a highlight.
#[component]
pub fn CardMenu(desk: Desk, id: HighlightId, card: RwSignal<Card>, editing: RwSignal<bool>) -> impl IntoView {
    let menu = Menu { desk, id, card, editing, open: RwSignal::new(false) };
    let on_focus_out = move |event: FocusEvent| {
        if browser::leaves(&event) {
            menu.open.set(false);
        }
    };
    view! {
        <div class="card-menu" on:keydown=move |event| menu.on_key(&event) on:focusout=on_focus_out>
            <button
                class="icon-button card-more"
                type="button"
                aria-label="More"
                aria-haspopup="menu"
                aria-expanded=move || menu.open.get().to_string()
                on:click=move |_| menu.toggle()
            >
                <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" fill="currentColor">
                    <circle cx="4" cy="10" r="1.6" />
                    <circle cx="10" cy="10" r="1.6" />
                    <circle cx="16" cy="10" r="1.6" />
                </svg>
            </button>
            <div class="menu" role="menu" id=format!("menu-{id}") aria-label="Highlight" hidden=move || !menu.open.get()>
                <Item label=|| "Show in text" act=move || menu.show() />
                <Item label=|| "Copy link" act=move || menu.copy_link() />
                <Show when=move || desk.may_annotate()>
                    <Item label=|| "Edit" act=move || menu.edit() />
                    <Item label=move || if menu.resolved() { "Reopen" } else { "Resolve" } act=move || menu.resolve() />
                    <Show when=move || menu.may_delete()>
                        <Item label=|| "Delete" danger=true act=move || menu.delete() />
                    </Show>
                </Show>
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Item(
    label: impl Fn() -> &'static str + Send + 'static,
    act: impl Fn() + 'static,
    /// Whether it takes something away.
    #[prop(optional)]
    danger: bool,
) -> impl IntoView {
    let press = move |event: MouseEvent| {
        // The card would take itself in hand again.
        event.stop_propagation();
        act();
    };
    view! {
        <button class="menu-item" role="menuitem" type="button" tabindex="-1" data-danger=danger.then_some("") on:click=press>
            {label}
        </button>
    }
}
