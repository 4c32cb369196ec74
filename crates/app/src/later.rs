//! Parts of the pages whose code is loaded when they are first wanted: most visits want none of them.
//!
//! `cargo xtask build` takes the functions that `load` leads to out of the main file (`wasm_split`), with all that
//! nothing else needs.

use leptos::prelude::*;

use crate::annotate::{self, Desk};

/// What makes each part.
#[derive(Clone, Copy)]
pub struct Parts {
    /// The evidence by tag.
    pub board: fn(Desk) -> AnyView,
    /// What stands in the dialog of the tags.
    pub tags: fn(Desk) -> AnyView,
    /// What stands in the dialog of the keys.
    pub keys: fn(Desk) -> AnyView,
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
pub fn part(desk: Desk, which: fn(&Parts) -> fn(Desk) -> AnyView) -> impl IntoView {
    move || {
        match desk.later.get() {
        Later::Here(parts) => which(&parts)(desk),
        Later::Absent => {
            want(desk);
            view! { <p class="hint" aria-busy="true">"Loading …"</p> }.into_any()
        }
        Later::Failed => view! {
            <div class="empty">
                <p role="alert">"This part of the page could not be loaded."</p>
                <button class="button" type="button" on:click=move |_| desk.later.set(Later::Absent)>"Try again"</button>
            </div>
        }
        .into_any(),
    }
    }
}

/// A server has all it needs.
#[cfg(not(feature = "hydrate"))]
fn want(desk: Desk) {
    desk.later.set(Later::Here(parts()));
}

fn parts() -> Parts {
    Parts {
        board: annotate::board,
        tags: annotate::vocabulary,
        keys: annotate::keys,
        #[cfg(feature = "hydrate")]
        import_form: crate::import_form::mount,
    }
}

/// Asking while they are on their way is asking once.
#[cfg(feature = "hydrate")]
fn want(desk: Desk) {
    leptos::task::spawn_local(async move {
        desk.later.set(load().await.map_or(Later::Failed, Later::Here));
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
