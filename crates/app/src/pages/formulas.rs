//! What pages need for formulas (`shared::text`): none without one has it.

use leptos::{nonce::use_nonce, prelude::*};

/// How they look. It stands in the page itself: few pages have any, and the sheet of all pages weighs enough.
pub const FORMULAS_STYLE: &str = include_str!("formulas/formulas.css");

/// Copies them as TeX.
const SCRIPT: &str = include_str!("formulas/formulas.js");

/// Whether Markdown may hold one.
pub(super) fn may_be_in(markdown: &str) -> bool {
    ["$", "\\(", "\\["].iter().any(|open| markdown.contains(open))
}

/// Stands once in a page with formulas, before them.
#[component]
pub(super) fn Formulas() -> impl IntoView {
    view! {
        <style nonce=use_nonce() inner_html=FORMULAS_STYLE></style>
        <script type="module" nonce=use_nonce() inner_html=SCRIPT></script>
    }
    .into_any()
}
