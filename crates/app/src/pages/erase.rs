use leptos::prelude::*;
use shared::api::{EraseMe, Erasure, WhenErased};

use super::Bar;
use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    parts::Visitor,
};

/// What happens when one's own account is erased, and the button that does it.
#[component]
pub fn ErasePage(
    /// Who is signed in.
    visitor: Visitor,
    /// What would happen.
    erasure: Erasure,
) -> impl IntoView {
    let email = visitor.me.email.clone();
    let is_refused = erasure.is_refused();
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page account-page" id="main">
            <p class="page-crumb"><a href="/account">"Account"</a></p>
            <h1 class="page-title">"Erase my account"</h1>
            <p class="lead">"This cannot be taken back. Your name, your address and all that signs you in go at once; what you wrote follows, as a rule within minutes."</p>
            {match (is_refused, erasure.sign_in_again) {
                (true, _) => Some(view! { <Obstacles erasure=erasure.clone() /> }.into_any()),
                (false, true) => Some(view! { <SignInAgain /> }.into_any()),
                (false, false) => None,
            }}
            <Gone erasure=erasure.clone() />
            <Classes erasure=erasure.clone() />
            <Remains />
            {(!is_refused && !erasure.sign_in_again).then(|| view! { <Confirm email=email /> })}
        </main>
    }
    .into_any()
}

pub(super) fn counted(count: i64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

#[component]
fn Gone(erasure: Erasure) -> impl IntoView {
    let Erasure { conversations, shared, projects, .. } = erasure;
    let shared = match shared {
        0 => None,
        _ if shared == conversations => {
            Some(", which others can see too: they lose them, with what they wrote in them")
        }
        _ => Some(""),
    }
    .map(|words| match words {
        "" => format!(", of which others can see {shared} too: they lose these, with what they wrote in them"),
        words => words.to_owned(),
    });
    let conversations = (conversations > 0).then(|| {
        let conversations = counted(conversations, "conversation", "conversations");
        view! { <li>{format!("{conversations} of your own{}.", shared.unwrap_or_default())}</li> }
    });
    let projects = (projects > 0).then(|| {
        let projects = counted(projects, "project", "projects");
        view! { <li>{format!("{projects} of your own, with prompts and files, but for those of chats that a class keeps.")}</li> }
    });
    view! {
        <section class="account-part" aria-labelledby="gone-title">
            <h2 id="gone-title">"What is deleted for ever"</h2>
            <ul class="account-facts">
                {conversations}
                {projects}
                <li>"Your profile, your settings, your inbox, access tokens and webhooks, and that you belong to classes."</li>
            </ul>
            <p><a class="button" href="/api/v1/me/data" download="">"Download my data first"</a></p>
        </section>
    }
    .into_any()
}

#[component]
fn Classes(erasure: Erasure) -> impl IntoView {
    let Erasure { classes, stays, .. } = erasure;
    let rule = |rule: WhenErased| match rule {
        WhenErased::Keep => "What you wrote stays, by a “Former member”.",
        WhenErased::Erase => {
            "What you wrote is erased too, but for tags, what you asked a model in chats of others, and what an activity begins with."
        }
    };
    let lines = classes.into_iter().map(|class| {
        view! { <li><strong dir="auto">{class.name}</strong> " · " {rule(class.when_erased)}</li> }
    });
    let lines = lines.collect_view();
    let stays = (stays > 0).then(|| {
        let (conversations, them) =
            (counted(stays, "conversation", "conversations"), if stays == 1 { "it" } else { "them" });
        let words = format!(
            "Not deleted: {conversations} of your own in which others wrote whom you let in by address or by a link. They \
             keep {them}, by a “Former member”; nobody new comes in."
        );
        view! { <li>{words}</li> }
    });
    view! {
        <section class="account-part" aria-labelledby="stays-title">
            <h2 id="stays-title">"What you wrote with others"</h2>
            <ul class="account-facts">
                {lines}
                {stays}
                <li>"In conversations of others that belong to no class, and in classes that you have left, the same: what you wrote stays by a “Former member”, or goes where the class says so."</li>
            </ul>
            <p class="hint">"A former member is somebody else in each conversation, and in each activity: nothing leads from one to another, or to you."</p>
        </section>
    }
    .into_any()
}

#[component]
fn Remains() -> impl IntoView {
    view! {
        <section class="account-part" aria-labelledby="remains-title">
            <h2 id="remains-title">"What cannot be erased here"</h2>
            <ul class="account-facts">
                <li>"Your name where others have written it, in their own words; where they mentioned you, a “Former member” stands there."</li>
                <li>"Files that others have taken away before; one that they had made here stays for a day."</li>
                <li>"Backups of this server, until the people who run it delete them."</li>
                <li>"What waits in browsers of yours that are offline: clear this site’s data there."</li>
            </ul>
        </section>
    }
    .into_any()
}

/// What has to be done first.
#[component]
fn Obstacles(erasure: Erasure) -> impl IntoView {
    let classes = erasure.classes.into_iter().filter(|class| class.last_instructor).map(|class| {
        let (people, manage) = (format!("/classes/{}", class.id), format!("/classes/{}/manage", class.id));
        view! {
            <li>
                "Nobody else teaches " <strong dir="auto">{class.name}</strong> ". "
                <a href=people>"Make somebody else an instructor"</a> ", or " <a href=manage>"delete the class"</a> "."
            </li>
        }
    });
    let admin = erasure.last_admin.then(|| {
        view! { <li>"Nobody else looks after this site. The people who run the server have to make somebody else an administrator."</li> }
    });
    view! {
        <section class="account-part" aria-labelledby="first-title">
            <h2 id="first-title">"What has to be done first"</h2>
            <ul class="account-facts">{classes.collect_view()} {admin}</ul>
        </section>
    }
    .into_any()
}

/// Somebody who found this browser open shall not do it by a press.
#[component]
pub(super) fn SignInAgain() -> impl IntoView {
    view! {
        <section class="account-part" aria-labelledby="again-title">
            <h2 id="again-title">"Sign in again first"</h2>
            <p>"This is for somebody who has signed in within the last quarter of an hour. Sign out, sign in again, and come back here from your account."</p>
            <form method="post" action="/sign-out">
                <div class="form-actions"><button class="button" type="submit">"Sign out"</button></div>
            </form>
        </section>
    }
    .into_any()
}

#[component]
fn Confirm(email: String) -> impl IntoView {
    view! {
        <section class="account-part" aria-labelledby="confirm-title">
            <h2 id="confirm-title">"Erase it"</h2>
            <ApiForm
                api=api_of(&EraseMe::default())
                then=Then::Leave("/erased")
                confirm="erase"
                label="Erase my account"
            >
                <div class="form-row">
                    <label class="field-label" for="erase-confirm">"Your address, so that nobody does this by mistake"</label>
                    <input
                        class="field"
                        id="erase-confirm"
                        name="confirm"
                        type="email"
                        required
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        aria-describedby="erase-confirm-hint"
                    />
                    <p class="hint" id="erase-confirm-hint">"Write " <strong>{email}</strong></p>
                </div>
                <div class="form-actions"><button class="button danger" type="submit">"Erase my account"</button></div>
            </ApiForm>
            <ConfirmDialog
                id="erase"
                title="Erase your account?"
                text="You are signed out everywhere at once, and nobody can bring the account back."
                action="Erase my account"
            />
        </section>
    }
    .into_any()
}

/// Where somebody comes out whose account is being erased.
#[component]
pub fn ErasedPage(
    /// Who is signed in: whoever was erased is not.
    visitor: Option<Visitor>,
) -> impl IntoView {
    view! {
        <Bar visitor=visitor />
        <main class="page" id="main">
            <section class="message-page">
                <h1 class="page-title">"Your account is erased"</h1>
                <p class="lead">"You are signed out everywhere. What you wrote is gone through now, which takes some minutes as a rule. If you sign in again, you begin anew, as somebody else."</p>
                <p class="hint">"On devices that you share with others, clear this site’s data in the browser too."</p>
                <div class="form-actions"><a class="button" href="/sign-in">"To the first page"</a></div>
            </section>
        </main>
    }
    .into_any()
}
