//! Parts of the pages whose code is loaded when they are first wanted, or when the tools work: the text, the marks and
//! the cards do not wait for it.
//!
//! `cargo xtask build` takes the functions that `load` leads to out of the main file (`wasm_split`), with all that
//! nothing else needs.

use leptos::prelude::*;

use crate::annotate::{self, Desk, Open};
#[cfg(feature = "hydrate")]
use crate::annotate::{Absence, Toast};

/// What makes each part.
#[derive(Clone, Copy)]
pub struct Parts {
    /// The evidence by tag.
    pub board: fn(Desk) -> AnyView,
    /// The notes that all write together.
    pub notes: fn(Desk) -> AnyView,
    /// One's own response, and those of others.
    pub response: fn(Desk) -> AnyView,
    /// Who takes part.
    pub people: fn(Desk) -> AnyView,
    /// What comes and goes over the page.
    pub floating: fn(Desk) -> AnyView,
    /// By what highlights are filtered, beside words.
    pub facets: fn(Desk) -> AnyView,
    /// What happened in an absence.
    pub away: fn(Desk) -> AnyView,
    /// What stands there when access has ended.
    pub ended: fn(Desk) -> AnyView,
    /// Which tags a highlight has.
    pub chooser: fn(Open) -> AnyView,
    /// What became of a highlight whose text is not where it was.
    pub notice: fn(Open) -> AnyView,
    /// In which paragraphs a highlight is, where they have numbers.
    pub paragraph: fn(Open) -> AnyView,
    /// What stands in the dialog of the tags.
    pub tags: fn(Desk) -> AnyView,
    /// What stands in the dialog of the keys.
    pub keys: fn(Desk) -> AnyView,
    /// Offers the conversation as a Markdown file.
    pub download: fn(Desk),
    /// Shows where the others are, and tells them where one is oneself, from then on.
    #[cfg(feature = "hydrate")]
    pub company: fn(Desk),
    /// Puts aside what was begun in threads that are not there any more. All has to be here.
    #[cfg(feature = "hydrate")]
    pub drafts: fn(Desk),
    /// Keeps words that nobody would see where they are going.
    #[cfg(feature = "hydrate")]
    pub unseen: fn(Desk),
    /// Tells what happened in an absence, if it is worth it.
    #[cfg(feature = "hydrate")]
    pub tell: fn(Desk, &Absence),
    /// Opens a disk that has failed anew, until it can be used.
    #[cfg(feature = "hydrate")]
    pub disk: fn(Desk),
    /// Puts the notes beside the text on paper, from then on.
    #[cfg(feature = "hydrate")]
    pub print: fn(Desk),
    /// Shows in which paragraphs highlights are while these have numbers, from then on.
    #[cfg(feature = "hydrate")]
    pub numbers: fn(Desk),
    /// Puts a living import form on the page.
    #[cfg(feature = "hydrate")]
    pub import_form: fn() -> Option<()>,
}

/// How far the parts are.
#[derive(Clone, Copy)]
pub enum Later {
    /// Nobody has wanted any, or they are on their way.
    Absent,
    /// Their file did not come.
    Failed,
    /// Here they are.
    Here(Parts),
}

/// One of the parts, loaded if need be; in its place what there is to wait for.
pub fn part(desk: Desk, make: impl Fn(&Parts) -> AnyView + Send + 'static) -> AnyView {
    made(desk, Box::new(make))
}

/// What comes and goes over the page, once it is here. It is waited for by somebody who asks for people.
pub fn floating(desk: Desk) -> impl IntoView {
    move || match desk.later.get() {
        Later::Here(parts) => Some((parts.floating)(desk)),
        Later::Absent if desk.asking.with(Option::is_some) => {
            want(desk);
            None
        }
        _ => None,
    }
}

fn made(desk: Desk, make: Box<dyn Fn(&Parts) -> AnyView + Send>) -> AnyView {
    let again = move |_| desk.later.set(Later::Absent);
    (move || match desk.later.get() {
        Later::Here(parts) => make(&parts),
        Later::Absent => {
            want(desk);
            view! { <p class="hint" aria-busy="true">"Loading …"</p> }.into_any()
        }
        Later::Failed => view! {
            <div class="empty">
                <p role="alert">"This part of the page could not be loaded."</p>
                <button class="button" type="button" on:click=again>"Try again"</button>
            </div>
        }
        .into_any(),
    })
    .into_any()
}

/// Does what one of the parts does, loaded if need be.
#[cfg(feature = "hydrate")]
pub fn act(desk: Desk, what: impl FnOnce(&Parts) + 'static) {
    leptos::task::spawn_local(async move {
        match load().await {
            Ok(parts) => what(&parts),
            Err(_) => {
                desk.toast.set(Some(Toast { text: "This part of the page could not be loaded.".into(), undo: None }))
            }
        }
    });
}

/// Nobody presses anything on a server.
#[cfg(not(feature = "hydrate"))]
pub fn act(_: Desk, _: impl FnOnce(&Parts) + 'static) {}

/// A server has all it needs.
#[cfg(not(feature = "hydrate"))]
fn want(desk: Desk) {
    desk.later.set(Later::Here(parts()));
}

fn parts() -> Parts {
    Parts {
        board: annotate::board,
        notes: annotate::notes,
        response: annotate::response,
        people: annotate::people,
        floating: annotate::floating,
        facets: annotate::facets,
        away: annotate::report,
        ended: annotate::ended,
        chooser: annotate::chooser,
        notice: annotate::notice,
        paragraph: annotate::paragraph,
        tags: annotate::vocabulary,
        keys: annotate::keys,
        download: annotate::download,
        #[cfg(feature = "hydrate")]
        company: annotate::listen_to_company,
        #[cfg(feature = "hydrate")]
        drafts: annotate::keep_drafts_of_nothing,
        #[cfg(feature = "hydrate")]
        unseen: annotate::keep_unseen,
        #[cfg(feature = "hydrate")]
        tell: annotate::tell,
        #[cfg(feature = "hydrate")]
        disk: annotate::try_disk,
        #[cfg(feature = "hydrate")]
        print: annotate::listen_to_printing,
        #[cfg(feature = "hydrate")]
        numbers: annotate::listen_to_numbers,
        #[cfg(feature = "hydrate")]
        import_form: crate::import_form::mount,
    }
}

/// Asking while they are on their way is asking once.
#[cfg(feature = "hydrate")]
fn want(desk: Desk) {
    leptos::task::spawn_local(async move {
        match load().await {
            Ok(parts) => arrive(desk, parts),
            Err(_) => desk.later.set(Later::Failed),
        }
    });
}

/// Whoever waits for one has it; what listens begins to, once.
#[cfg(feature = "hydrate")]
fn arrive(desk: Desk, parts: Parts) {
    if !matches!(desk.later.get_untracked(), Later::Here(_)) {
        (parts.print)(desk);
        desk.later.set(Later::Here(parts));
        (parts.numbers)(desk);
    }
}

/// Loads them before anybody waits for them, when the tools work and the network is there. Should it fail, whoever wants
/// one asks again.
#[cfg(feature = "hydrate")]
pub fn ahead(desk: Desk) {
    leptos::task::spawn_local(async move {
        if let Ok(parts) = load().await {
            arrive(desk, parts);
        }
    });
}

/// Loads the parts.
///
/// # Errors
/// Their file is not to be had.
#[cfg(feature = "hydrate")]
#[allow(unsafe_code, reason = "the macro says under which names the files find one another")]
#[leptos::wasm_split::wasm_split(later, wasm_split_path = ::leptos::wasm_split, fallible)]
pub fn load() -> Result<Parts, leptos::wasm_split::SplitLoaderError> {
    Ok(parts())
}
