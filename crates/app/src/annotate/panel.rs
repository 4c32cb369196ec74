use leptos::{ev::KeyboardEvent, prelude::*};
use shared::access::Access;

use super::{
    browser,
    card::Cards,
    desk::{Desk, Tab},
    people::anonymity,
    tags::ManageTags,
};
use crate::later::{Parts, part};

impl Tab {
    const ALL: [Self; 5] = [Self::Annotations, Self::Board, Self::Notes, Self::Response, Self::People];

    fn label(self) -> &'static str {
        match self {
            Self::Annotations => "Annotations",
            Self::Board => "Board",
            Self::Notes => "Notes",
            Self::Response => "Response",
            Self::People => "People",
        }
    }

    /// As addresses and `data-tab` spell it.
    fn name(self) -> &'static str {
        match self {
            Self::Annotations => "annotations",
            Self::Board => "board",
            Self::Notes => "notes",
            Self::Response => "response",
            Self::People => "people",
        }
    }

    fn id(self) -> String {
        "tab-".to_owned() + self.name()
    }

    fn pane_id(self) -> String {
        "pane-".to_owned() + self.name()
    }

    /// The tab that an arrow key leads to, if it is one of the keys of a tab list (WAI-ARIA).
    fn by_key(self, key: &str) -> Option<Self> {
        let at = Self::ALL.iter().position(|tab| *tab == self)?;
        let count = Self::ALL.len();
        let to = match key {
            "ArrowRight" => (at + 1) % count,
            "ArrowLeft" => (at + count - 1) % count,
            "Home" => 0,
            "End" => count - 1,
            _ => return None,
        };
        Some(Self::ALL[to])
    }
}

/// The panel beside the text. Panes that were opened stay in the page, so that nothing half written is lost by a look elsewhere.
#[component]
pub fn Panel(desk: Desk) -> impl IntoView {
    let on_key = move |event: KeyboardEvent| {
        if let Some(tab) = desk.tab.get_untracked().by_key(&event.key()) {
            event.prevent_default();
            desk.tab.set(tab);
            browser::focus(&tab.id());
        }
    };
    let tabs = Tab::ALL.map(|tab| {
        let chosen = move || desk.tab.get() == tab;
        view! {
            <button
                class="tab"
                type="button"
                role="tab"
                id=tab.id()
                data-label=tab.label()
                aria-controls=tab.pane_id()
                aria-selected=move || chosen().to_string()
                tabindex=move || if chosen() { "0" } else { "-1" }
                on:click=move |_| press(desk, tab)
            >
                {tab.label()}
            </button>
        }
    });
    let sheet = move || desk.sheet.get().map(|open| if open { "open" } else { "closed" });
    view! {
        <aside class="panel" aria-label="Workspace" data-sheet=sheet>
            <div class="tabs" role="tablist" aria-label="Workspace" on:keydown=on_key>{tabs}</div>
            {read_only(desk)}
            {anonymity(desk)}
            <Pane desk=desk tab=Tab::Annotations><Cards desk=desk /></Pane>
            <Pane desk=desk tab=Tab::Board>
                <div class="board-head"><ManageTags desk=desk /></div>
                {kept(desk, Tab::Board, |parts| parts.board)}
            </Pane>
            <Pane desk=desk tab=Tab::Notes>{kept(desk, Tab::Notes, |parts| parts.notes)}</Pane>
            <Pane desk=desk tab=Tab::Response>{kept(desk, Tab::Response, |parts| parts.response)}</Pane>
            <Pane desk=desk tab=Tab::People>{kept(desk, Tab::People, |parts| parts.people)}</Pane>
        </aside>
    }
    .into_any()
}

/// Says that nothing can be changed, and why.
fn read_only(desk: Desk) -> impl IntoView {
    move || {
        let access = desk.rights.get().access;
        let why = if access == Access::Closed {
            "The activity has closed: what was made in it can be read, and not changed any more."
        } else {
            "It was shared with you to be read, or its class is archived."
        };
        (!access.may_annotate())
            .then(|| view! { <p class="panel-note panel-note-only"><b>"Read only."</b> " " {why}</p> })
    }
}

/// What stands in a tab: made when that is first opened, and kept.
fn kept(desk: Desk, tab: Tab, which: fn(&Parts) -> fn(Desk) -> AnyView) -> AnyView {
    let wanted = Memo::new(move |was| was == Some(&true) || desk.tab.get() == tab);
    (move || wanted.get().then(|| part(desk, move |parts| which(parts)(desk)))).into_any()
}

/// A tab comes to the front; where the panel is a sheet, the tab in front opens and closes it.
fn press(desk: Desk, tab: Tab) {
    let again = desk.tab.get_untracked() == tab;
    desk.tab.set(tab);
    desk.sheet.update(|sheet| *sheet = sheet.map(|open| !(open && again)));
}

#[component]
fn Pane(desk: Desk, tab: Tab, children: Children) -> impl IntoView {
    view! {
        <div
            class="panel-body"
            role="tabpanel"
            id=tab.pane_id()
            aria-labelledby=tab.id()
            data-tab=tab.name()
            hidden=move || desk.tab.get() != tab
        >
            {children()}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::Tab;

    #[test]
    fn arrows_go_round_the_tabs() {
        assert_eq!(Tab::People.by_key("ArrowRight"), Some(Tab::Annotations));
        assert_eq!(Tab::Annotations.by_key("ArrowLeft"), Some(Tab::People));
        assert_eq!(Tab::Board.by_key("End"), Some(Tab::People));
        assert_eq!(Tab::Board.by_key("x"), None);
    }
}
