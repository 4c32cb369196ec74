//! The dialog with all shortcuts of the page, and its settings.

mod settings;

use leptos::{ev::KeyboardEvent, prelude::*};

use super::{
    browser,
    desk::{Desk, Dialog},
    modal::Modal,
};
use crate::later::part;

pub use self::settings::{Action, Settings, Shortcut, TABLE};

/// Keys that are no single characters, and so are in nobody's way.
const FIXED: [(&str, &str); 14] = [
    ("Tab", "In the text: to the next message"),
    ("← →", "In a message: to the next word"),
    ("Ctrl ← →", "In a message: to the next sentence"),
    ("Shift ← →", "Extend what is selected"),
    ("Enter", "From what is selected to the tags"),
    ("Shift Enter", "The highlight over these words; again the next one there"),
    ("Ctrl Enter", "From the text to the card in hand; Escape leads back"),
    ("Escape", "Leave the selection; close what is open"),
    ("Ctrl Z", "Undo"),
    ("Ctrl Shift Z", "Redo"),
    ("Ctrl Y", "Redo as well"),
    ("Ctrl Enter", "Post a comment"),
    ("Alt ↑ ↓", "On the board: move an entry up or down"),
    ("Alt ← →", "On the board: move an entry under the tag beside"),
];

/// All shortcuts.
#[component]
pub fn ShortcutsDialog(desk: Desk) -> impl IntoView {
    view! {
        <Modal desk=desk which=Dialog::Shortcuts title="Keyboard shortcuts">
            {part(desk, move |parts| (parts.keys)(desk))}
        </Modal>
    }
    .into_any()
}

/// Opens the dialog.
#[component]
pub fn ShortcutsButton(desk: Desk) -> impl IntoView {
    view! {
        <button class="button needs-script" type="button" aria-haspopup="dialog" on:click=move |_| desk.dialog.set(Some(Dialog::Shortcuts))>
            "Keyboard shortcuts"
        </button>
    }
}

/// What stands in the dialog.
pub fn keys(desk: Desk) -> AnyView {
    let settings = desk.shortcuts;
    let problem = RwSignal::new(None::<String>);
    let waiting = RwSignal::new(None::<&'static str>);
    let change = move |act: &dyn Fn(&mut Settings)| {
        problem.set(None);
        waiting.set(None);
        settings.update(act);
        browser::keep_shortcuts(desk);
    };
    let reset = move || {
        settings.with(Settings::is_changed).then(|| {
            let press = move |_| {
                change(&Settings::reset);
                desk.announcement.set("All keys are as they were.".to_owned());
                browser::focus("single-keys");
            };
            view! { <button class="button" type="button" on:click=press>"Reset all keys"</button> }
        })
    };
    let fixed = FIXED.map(|(keys, label)| {
        let keys = keys.split(' ').map(|key| view! { <kbd>{key}</kbd> }).collect_view();
        view! { <li class="shortcut"><span>{label}</span> <span class="shortcut-keys">{keys}</span></li> }
    });
    view! {
        <label class="checkbox-row">
            <input
                type="checkbox"
                role="switch"
                id="single-keys"
                prop:checked=move || settings.with(|settings| !settings.off)
                on:change=move |event| change(&|settings| settings.off = !event_target_checked(&event))
            />
            <span>
                "Single-key shortcuts"
                <span class="hint">"Turn them off if you speak to your computer or keys are pressed by accident. Kept on this device."</span>
            </span>
        </label>
        {move || problem.get().map(|why| view! { <p class="alert" role="alert">{why}</p> })}
        <h3>"Single keys"</h3>
        <ul class="shortcuts" role="list" data-off=move || settings.with(|settings| settings.off).then_some("")>
            {TABLE.iter().map(|shortcut| view! { <Line desk=desk shortcut=shortcut waiting=waiting problem=problem /> }).collect_view()}
        </ul>
        {reset}
        <h3>"Always there"</h3>
        <ul class="shortcuts" role="list">{fixed}</ul>
    }
    .into_any()
}

/// One single-key shortcut; its key is changed by pressing another.
#[component]
fn Line(
    desk: Desk,
    shortcut: &'static Shortcut,
    waiting: RwSignal<Option<&'static str>>,
    problem: RwSignal<Option<String>>,
) -> impl IntoView {
    let settings = desk.shortcuts;
    let key = move || {
        let key = settings.with(|settings| settings.key(shortcut).to_owned());
        if key.is_empty() { "none".to_owned() } else { key }
    };
    let waits = move || waiting.get() == Some(shortcut.id);
    let on_key = move |event: KeyboardEvent| {
        if !untrack(waits) || matches!(event.key().as_str(), "Tab" | "Shift" | "Control" | "Alt" | "AltGraph" | "Meta")
        {
            return;
        }
        event.prevent_default();
        event.stop_propagation();
        waiting.set(None);
        if event.key() == "Escape" {
            return;
        }
        let bound = settings.write().bind(shortcut, &event.key());
        match bound {
            Ok(()) => {
                problem.set(None);
                desk.announcement.set(format!("{}: {}.", shortcut.label, event.key()));
            }
            Err(unfit) => problem.set(Some(unfit.to_string())),
        }
        browser::keep_shortcuts(desk);
    };
    // Also when the dialog goes, and the signals with it.
    let give_up = move |_| {
        if waiting.try_get_untracked().flatten() == Some(shortcut.id) {
            waiting.set(None);
        }
    };
    let press = move |_| {
        problem.set(None);
        waiting.update(|waiting| *waiting = waiting.is_none_or(|other| other != shortcut.id).then_some(shortcut.id));
    };
    view! {
        <li class="shortcut">
            <span>{shortcut.label}</span>
            <kbd>{key}</kbd>
            <button
                class="button quiet"
                type="button"
                aria-label=move || if waits() { format!("Press a key for {}", shortcut.label) } else { format!("Change the key of {}", shortcut.label) }
                on:click=press
                on:keydown=on_key
                on:blur=give_up
            >
                {move || if waits() { "Press a key" } else { "Change" }}
            </button>
        </li>
    }
    .into_any()
}
