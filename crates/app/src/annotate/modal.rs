use leptos::{html, prelude::*};

use super::{
    announcements::Announcements,
    browser,
    desk::{Desk, Dialog},
    toast::ToastBar,
};

/// A dialog over the page. While it is open the rest is inert, so what is said stands in it too: toasts with their ways
/// back, and what a screen reader is told. What it holds is made when it opens.
#[component]
pub fn Modal(
    desk: Desk,
    /// Which dialog.
    which: Dialog,
    /// Its heading.
    title: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let open = Memo::new(move |_| desk.dialog.get() == Some(which));
    let children = StoredValue::new(children);
    let title_id = match which {
        Dialog::Tags => "tags-title",
        Dialog::Shortcuts => "shortcuts-title",
    };
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        if open.get() {
            browser::show_modal(&dialog);
            browser::focus(title_id);
        } else {
            dialog.close();
        }
    });
    let on_close = move |_| {
        if open.get_untracked() {
            desk.dialog.set(None);
        }
    };
    let content = move || {
        open.get().then(|| {
            view! {
                {children.with_value(|children| children())}
                <ToastBar desk=desk />
                <Announcements desk=desk />
            }
            .into_any()
        })
    };
    view! {
        <dialog class="dialog dialog-wide" node_ref=node aria-labelledby=title_id on:close=on_close>
            <header class="dialog-head">
                <h2 id=title_id tabindex="-1">{title}</h2>
                <button class="button quiet" type="button" on:click=move |_| desk.dialog.set(None)>"Close"</button>
            </header>
            {content}
        </dialog>
    }
    .into_any()
}
