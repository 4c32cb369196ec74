use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
};

use super::{super::super::browser, lay_out};
use crate::annotate::desk::Desk;

/// A box to write a comment in, and what sends it. What stands in it is nobody else's: nothing that arrives touches it,
/// and it is there again after a reload or in another tab, until it is sent or given up. An `@` offers people to mention; the box stays a text
/// box that is helped by a list (several lines are no combobox), and shows names where the comment has links.
#[component]
pub fn Composer(
    desk: Desk,
    /// What the box is called.
    label: String,
    /// What the button is called.
    action: &'static str,
    /// Under what the browser keeps what is not sent.
    draft: String,
    /// What stands there at first, if nothing is kept.
    #[prop(optional)]
    initial: String,
    /// Sends it; false if it was not taken (it is too long, say), and stays in the box.
    send: impl Fn(String) -> bool + Clone + 'static,
    /// Where it can be given up.
    #[prop(optional)]
    cancel: Option<Callback<()>>,
) -> impl IntoView {
    let text = NodeRef::<html::Textarea>::new();
    let draft = StoredValue::new(draft);
    let set_up = initial.clone();
    Effect::new(move |_| {
        let Some(area) = text.get() else { return };
        let kept = browser::draft(desk, &draft.get_value());
        let begun = if kept.is_empty() { browser::mentions_to_text(desk, &set_up) } else { kept };
        if !begun.is_empty() {
            area.set_value(&begun);
            browser::fit(&area);
        }
        if cancel.is_some() {
            browser::focus_at_end(&area);
        }
        lay_out(desk);
    });
    let give_up = move || {
        browser::keep_draft(desk, &draft.get_value(), "");
        if let Some(cancel) = cancel {
            cancel.run(());
        }
    };
    let post = move || {
        let Some(area) = text.get_untracked() else { return };
        let body = area.value();
        if body.trim().is_empty() {
            return;
        }
        if send(browser::mentions_to_body(desk, &body)) {
            area.set_value("");
            browser::close_people(desk);
            browser::fit(&area);
            browser::keep_draft(desk, &draft.get_value(), "");
            lay_out(desk);
        }
    };
    let by_key = post.clone();
    let on_key = move |event: KeyboardEvent| match event.key().as_str() {
        // The keys of whoever composes a word are not ours.
        _ if event.is_composing() => {}
        _ if browser::mention_key(desk, &event) => {}
        "Enter" if event.ctrl_key() || event.meta_key() => {
            event.prevent_default();
            by_key();
        }
        "Escape" if cancel.is_some() => {
            event.prevent_default();
            event.stop_propagation();
            // What was written is there when it is opened again.
            if let Some(cancel) = cancel {
                cancel.run(());
            }
        }
        _ => {}
    };
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        post();
    };
    let on_input = move |_| {
        if let Some(area) = text.get_untracked() {
            browser::keep_draft(desk, &draft.get_value(), &area.value());
            browser::fit(&area);
            browser::offer_people(desk, &area);
            lay_out(desk);
        }
    };
    view! {
        <form class="comment-form" on:submit=on_submit>
            <textarea
                class="field"
                rows="1"
                placeholder=label.clone()
                aria-label=label
                aria-autocomplete="list"
                node_ref=text
                dir="auto"
                on:keydown=on_key
                on:input=on_input
                on:click=move |_| browser::close_people(desk)
                on:blur=move |_| browser::close_people(desk)
            ></textarea>
            {cancel.map(|_| view! { <button class="button quiet" type="button" on:click=move |_| give_up()>"Cancel"</button> })}
            <button class="button primary" type="submit">{action}</button>
        </form>
    }
    .into_any()
}
