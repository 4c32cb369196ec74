//! Forms of plain pages that talk to the typed API. `forms.js` sends them; without scripts they say that they need some.
//!
//! How a field's value is spelt in JSON, its `data-type` says (several words are allowed):
//!
//! | field | in JSON |
//! |---|---|
//! | any, without a type | its text |
//! | `number`, `time` | a number; RFC 3339 in UTC (of a `datetime-local` field, in the reader's zone: [`crate::local_times`]); `null` when empty |
//! | `optional` | its text; `null` when empty |
//! | `json` | what its text says in JSON |
//! | `boolean` | `true` where the text is `true`; a checkbox without a `value` is one anyway |
//! | `list`, a name that several fields have, `select multiple` | a list, also of one or none |
//!
//! What is disabled is left out. A checkbox with `data-disables` disables the `fieldset` of that id while it is checked.
//! One with `data-ticks` stands for all boxes of that name. A file field makes it multipart. A button's own `name` and
//! `value` are sent when it was the one that was pressed. What stands in the path, `{name}`, is taken from the field of that
//! name and not sent again. The reply's values fill `data-reply="token"` elements, and the `data-replied` part around them is
//! shown, after `Then::Say`. A problem's `errors` (an extension: a list of texts, or of objects with a `detail`) are listed
//! below its `detail`.

use leptos::{nonce::use_nonce, prelude::*};
use shared::api::Endpoint;

const SCRIPT: &str = include_str!("forms.js");

/// What happens when the API has done what was asked.
#[derive(Debug, Clone)]
pub enum Then {
    /// Go to this path of the site; `{id}` is the reply's `id`, `{group.id}` what is in it.
    Go(String),
    /// Nobody is signed in here any more: this device forgets whoever was, and goes there.
    Leave(&'static str),
    /// Load the page anew.
    Reload,
    /// Stay, and say this; filled from the reply as a path is.
    Say(String),
}

/// The method and path of an endpoint that is known whole, as [`ApiForm`] takes them.
pub fn api_of<E: Endpoint>(endpoint: &E) -> String {
    format!("{} {}", E::METHOD.as_str(), endpoint.path())
}

/// A form that is sent to the API. Its children are the fields and the buttons.
#[component]
pub fn ApiForm(
    /// Method and path, such as `POST /api/v1/classes`; see also [`api_of`].
    #[prop(into)]
    api: String,
    /// What happens then.
    then: Then,
    /// The id of a [`ConfirmDialog`] that asks first.
    #[prop(into, optional)]
    confirm: Option<String>,
    /// The name of a list, and what to do where nothing of it is chosen: said before anything is asked or sent.
    #[prop(optional)]
    needs: Option<(&'static str, &'static str)>,
    /// What the form is called, where there are several.
    #[prop(into, optional)]
    label: Option<String>,
    /// Whether the fields are as they were at first, after `Then::Say`.
    #[prop(optional)]
    reset: bool,
    /// The id of what the page shows otherwise after `Then::Say`: it is asked for anew.
    #[prop(optional)]
    renews: Option<&'static str>,
    /// Classes; `stack` where there are none.
    #[prop(into, optional)]
    class: Option<String>,
    children: Children,
) -> impl IntoView {
    let leaves = matches!(then, Then::Leave(_)).then_some("");
    let (then, say) = match then {
        Then::Go(path) => (path, None),
        Then::Leave(path) => (path.into(), None),
        Then::Reload => ("reload".into(), None),
        Then::Say(words) => ("say".into(), Some(words)),
    };
    view! {
        // Without scripts a press of the button must not put the fields into an address.
        <form
            method="post"
            class=class.unwrap_or_else(|| "stack".into())
            aria-label=label
            data-api=api
            data-then=then
            data-leaves=leaves
            data-say=say
            data-confirm=confirm
            data-needs=needs.map(|(name, _)| name)
            data-lacking=needs.map(|(_, words)| words)
            data-reset=reset.then_some("")
            data-renews=renews
        >
            {children()}
            <div class="alert" role="alert" tabindex="-1" hidden></div>
            <p class="hint form-status" role="status"></p>
            <noscript>
                <p class="hint">"This needs scripts: please allow them for this site."</p>
            </noscript>
        </form>
    }
    .into_any()
}

/// Asks before an [`ApiForm`] is sent. Stands outside the form.
#[component]
pub fn ConfirmDialog(
    /// What the form's `confirm` names.
    #[prop(into)]
    id: String,
    /// The question.
    #[prop(into)]
    title: String,
    /// What will happen.
    #[prop(into)]
    text: String,
    /// What the button that does it says.
    #[prop(into)]
    action: String,
    /// Whether `{name}` in the text stands for what the form has in that field: of a list of boxes, how many are chosen.
    #[prop(optional)]
    filled: bool,
) -> impl IntoView {
    let [title_id, text_id] = ["title", "text"].map(|part| format!("{id}-{part}"));
    let template = filled.then(|| text.clone());
    view! {
        <dialog class="dialog" id=id aria-labelledby=title_id.clone() aria-describedby=text_id.clone()>
            <h2 id=title_id.clone()>{title}</h2>
            <p id=text_id.clone() data-text=template>{text}</p>
            <form method="dialog">
                <div class="dialog-actions">
                    <button class="button danger" type="submit" value="confirm">{action}</button>
                    <button class="button primary" type="submit" value="" autofocus>"Cancel"</button>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}

/// What sends the forms of a page, once a page. In its head: it waits for nothing, so that no press comes before it.
#[component]
pub fn FormsScript() -> impl IntoView {
    view! { <script nonce=use_nonce() inner_html=SCRIPT></script> }.into_any()
}
