//! What pages need for formulas (`shared::text`): none without one has it.

use leptos::{nonce::use_nonce, prelude::*};

/// Copies them as TeX.
const SCRIPT: &str = include_str!("formulas.js");

/// Where the style sheets of this build are.
#[derive(Clone)]
pub(crate) struct Sheets(pub(crate) String);

/// Whether Markdown may hold one.
pub(super) fn may_be_in(markdown: &str) -> bool {
    ["$", "\\(", "\\["].iter().any(|open| markdown.contains(open))
}

/// Stands once in a page with formulas, before them. A sheet of its own: few pages have any, and that of all pages weighs
/// enough.
#[component]
pub(super) fn Formulas() -> impl IntoView {
    let sheet = use_context::<Sheets>().map(|Sheets(folder)| format!("/{folder}/math.css"));
    view! {
        <link rel="stylesheet" href=sheet nonce=use_nonce() />
        <script type="module" nonce=use_nonce() inner_html=SCRIPT></script>
    }
    .into_any()
}
