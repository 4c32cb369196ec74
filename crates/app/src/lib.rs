//! The pages, and the tools of the conversation page.
//!
//! Pages are rendered on the server and stay plain HTML: the annotated text is inert, and highlights never change it.
//! What needs scripts, the tools of the conversation page and the import form, is rendered by the server as a picture and
//! put anew in its place by the browser: taking the server's elements over instead (hydration) would be a twelfth
//! more to load. Built with `ssr` for the server and with `hydrate` for the browser, never both.

/// The HTML document around a page.
#[cfg(feature = "ssr")]
pub mod shell;

/// One component a page.
#[cfg(feature = "ssr")]
pub mod pages;

/// Forms of plain pages.
#[cfg(feature = "ssr")]
pub mod forms;

/// Times in the reader's own zone.
#[cfg(feature = "ssr")]
pub mod local_times;

/// Times without a network.
#[cfg(feature = "ssr")]
pub mod offline;

/// Calls of the typed API from the browser.
#[cfg(feature = "hydrate")]
pub mod call;

/// The way to the inbox.
pub mod inbox;

/// The import form.
pub mod import_form;

/// What is loaded when it is first wanted.
pub mod later;

/// The tools of the conversation page.
pub mod annotate;

/// Small parts that several pages use.
pub mod parts;

/// Called by the page's script when the page has been read.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn start() {
    console_error_panic_hook::set_once();
    annotate::mount();
    if import_form::is_here() {
        // Not of leptos: its executor comes with the first view.
        wasm_bindgen_futures::spawn_local(async {
            match later::load().await {
                Ok(parts) => (parts.import_form)(),
                Err(_) => import_form::say_it_did_not_come(),
            };
        });
    }
}
