use leptos::{html, prelude::*};
use shared::{ids::UserId, order::sorted_by, prose};

use super::{
    browser,
    desk::{Desk, Tab},
    notes::{when_quiet, words},
    sought::Sought,
};
use crate::parts::Avatar;

/// What the others wrote in answer, to be read: each is its author's alone to write.
#[component]
pub fn Responses(desk: Desk) -> impl IntoView {
    let all = RwSignal::new(Vec::<(UserId, String)>::new());
    let unread = move || all.with_untracked(Vec::is_empty);
    when_quiet(desk, Tab::Response, desk.heard, unread, move || {
        let now = browser::responses(desk);
        if all.with_untracked(|known| *known != now) {
            all.set(now);
        }
    });
    let authors = move || {
        let authors = all.with(|all| all.iter().map(|(id, _)| (*id, desk.name_of(*id))).collect());
        sorted_by(authors, |a: &(UserId, String), b| a.1.cmp(&b.1))
    };
    let nobody =
        move || all.with(Vec::is_empty).then(|| view! { <p class="hint">"Nobody else has written one yet."</p> });
    view! {
        <section class="responses" aria-labelledby="responses-title">
            <h2 id="responses-title">"Responses of others"</h2>
            {nobody}
            <ul role="list">
                <For each=authors key=Clone::clone let((id, name))>
                    <ResponseOf desk=desk all=all id=id name=name />
                </For>
            </ul>
        </section>
    }
    .into_any()
}

/// One of them; what it says is rendered while it is open.
#[component]
fn ResponseOf(desk: Desk, all: RwSignal<Vec<(UserId, String)>>, id: UserId, name: String) -> impl IntoView {
    let text = Memo::new(move |_| {
        let own =
            |all: &Vec<(UserId, String)>| all.iter().find(|(author, _)| *author == id).map(|(_, text)| text.clone());
        all.with(own).unwrap_or_default()
    });
    let open = RwSignal::new(false);
    let details = NodeRef::<html::Details>::new();
    Effect::new(move |_| {
        let is_here = |sought: &Sought| sought.tab == Tab::Response && sought.author == Some(id);
        let is_open = open.get();
        if details.get().is_some()
            && let Some(sought) = desk.sought.get().filter(is_here)
        {
            browser::show_in_response(desk, details, is_open, sought);
        }
    });
    let writes = move || desk.whereabouts.with(|all| all.get(&id).is_some_and(|at| at.responds));
    let body = move || {
        open.get().then(|| {
            let html = move || text.with(|text| prose::html(text));
            view! { <div class="preview" dir="auto" inner_html=html></div> }
        })
    };
    view! {
        <li>
            <details class="response" node_ref=details on:toggle=move |_| open.update(|open| *open = !*open)>
                <summary>
                    <Avatar id=id.to_string() name=name.clone() />
                    <span class="people-name" dir="auto">{name}</span>
                    <span class="hint">
                        {move || text.with(|text| words(text))} {move || writes().then_some(", writing now")}
                    </span>
                </summary>
                {body}
            </details>
        </li>
    }
    .into_any()
}
