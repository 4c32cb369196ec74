use leptos::prelude::*;
use shared::api::DevelopmentPerson;

use super::Bar;
use crate::parts::Avatar;

/// Signs in. A plain form: it works before, and without, scripts.
#[component]
pub fn SignInPage(
    /// Where to go afterwards: a path of this site, or empty.
    next: String,
) -> impl IntoView {
    let buttons = DevelopmentPerson::ALL.map(|person| {
        view! {
            <button class="button person-button" type="submit" name="person" value=person.key()>
                <Avatar id=person.key().to_string() name=person.name().to_string() />
                <span>{format!("Continue as {}", person.name())}</span>
            </button>
        }
    });
    view! {
        <Bar visitor=None />
        <main class="page" id="main">
            <section class="sheet sign-in">
                <h1 class="page-title">"Read AI conversations together"</h1>
                <p class="lead">"Mark passages, argue about them in the margin, and take your work away."</p>
                <form class="stack" method="post" action="/sign-in">
                    <input type="hidden" name="next" value=next />
                    {buttons}
                </form>
                <p class="hint">"This is a development server: anybody who can open it can be any of these people."</p>
            </section>
        </main>
    }
    .into_any()
}
