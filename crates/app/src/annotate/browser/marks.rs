//! Puts the list of its highlights below each message. The messages are the server's and no part of the tools' views.

use leptos::{mount::mount_to, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::session;
use crate::annotate::{
    desk::Desk,
    marks::{Marks, by_message},
};

/// Once, for as long as the page is open.
pub fn mount(desk: Desk) {
    let Some(session) = session() else { return };
    let all = Memo::new(move |_| by_message(desk));
    for message in session.texts.all() {
        let article = message.element.closest("[data-message-id]").ok().flatten();
        if let Some(article) = article.and_then(|article| article.dyn_into::<HtmlElement>().ok()) {
            let id = message.id;
            mount_to(article, move || view! { <Marks desk=desk message=id all=all /> }).forget();
        }
    }
}
