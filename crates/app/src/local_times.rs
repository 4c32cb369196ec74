//! Times in the reader's own zone, or in the one that they chose, on pages without tools: shown, and as fields (which `forms.js` reads as such).

use leptos::{nonce::use_nonce, prelude::*};

const SCRIPT: &str = include_str!("local_times.js");

/// A moment; in UTC where there are no scripts. [`LocalTimesScript`] stands at the end of every page.
#[component]
pub fn LocalTime(
    /// RFC 3339, in UTC.
    #[prop(into)]
    at: String,
) -> impl IntoView {
    let (day, hour) = (at.get(..10).unwrap_or_default(), at.get(11..16).unwrap_or_default());
    let text = format!("{day} {hour} UTC");
    view! { <time datetime=at data-local="">{text}</time> }.into_any()
}

/// The day of a moment.
#[component]
pub fn LocalDay(
    /// RFC 3339, in UTC.
    #[prop(into)]
    at: String,
) -> impl IntoView {
    let day = at.get(..10).unwrap_or_default().to_owned();
    view! { <time datetime=at data-local="day">{day}</time> }.into_any()
}

/// A field for a moment, empty for none.
#[component]
pub fn LocalTimeField(
    /// What the API calls it.
    name: &'static str,
    /// What people call it.
    label: &'static str,
    /// What it is at first, RFC 3339.
    at: Option<String>,
) -> impl IntoView {
    view! {
        <label class="form-row">
            <span class="field-label">{label}</span>
            <input class="field" type="datetime-local" name=name data-type="time" data-at=at />
        </label>
    }
    .into_any()
}

/// What turns the times of a page.
#[component]
pub fn LocalTimesScript() -> impl IntoView {
    view! { <script nonce=use_nonce() inner_html=SCRIPT></script> }.into_any()
}
