use leptos::prelude::*;
use shared::api::{MakeMergeCode, MergeMe, MergePreview, Problem};

use super::{
    Bar,
    erase::{SignInAgain, counted},
    search::capitalised,
};
use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    parts::Visitor,
};

/// A code with all that people may put between its letters.
const MAX_TYPED: usize = 60;

/// What a code leads to: nothing was asked, or the code with whose it is, or why it leads nowhere.
#[derive(Debug, Clone)]
pub enum MergeAsked {
    /// Nothing yet.
    Nothing,
    /// The code, and what would come over.
    Found(String, MergePreview),
    /// What was typed, and why it is of no use.
    Refused(String, Problem),
}

/// Two accounts of one person, made one: a code of the one that goes, entered by the one that stays.
#[component]
pub fn MergePage(
    /// Who is signed in.
    visitor: Visitor,
    /// Whether they signed in too long ago.
    sign_in_again: bool,
    /// What they asked.
    asked: MergeAsked,
) -> impl IntoView {
    let email = visitor.me.email.clone();
    let parts = match (sign_in_again, asked) {
        (true, _) => view! { <SignInAgain /> }.into_any(),
        (false, MergeAsked::Found(code, preview)) => {
            view! { <ComesOver code=code preview=preview email=email.clone() /> }.into_any()
        }
        (false, asked) => {
            let (typed, problem) = match asked {
                MergeAsked::Refused(typed, problem) => {
                    (typed, Some(problem.detail.strip_prefix("code: ").map(capitalised).unwrap_or(problem.detail)))
                }
                MergeAsked::Nothing | MergeAsked::Found(..) => (String::new(), None),
            };
            view! {
                <Enter typed=typed problem=problem email=email.clone() />
                <MakeCode email=email.clone() />
            }
            .into_any()
        }
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page account-page" id="main">
            <p class="page-crumb"><a href="/account">"Account"</a></p>
            <h1 class="page-title">"Merge two accounts"</h1>
            <p class="lead">"If you have two accounts here, all that the one has can go over to the other. This cannot be taken back."</p>
            {parts}
        </main>
    }
    .into_any()
}

/// For the account that stays.
#[component]
fn Enter(typed: String, problem: Option<String>, email: String) -> impl IntoView {
    let is_wrong = problem.is_some();
    let typed: String = typed.chars().take(MAX_TYPED).collect();
    view! {
        <section class="account-part" aria-labelledby="enter-title">
            <h2 id="enter-title">"This account stays"</h2>
            <p>"Make a code with your other account, on this page there. Then enter it here: what that account has goes over to " <strong>{email}</strong> "."</p>
            {problem.map(|words| view! { <div class="alert" role="alert"><p id="merge-code-problem">{words}</p></div> })}
            <form class="stack" method="post" action="/account/merge" aria-label="This account stays">
                <div class="form-row">
                    <label class="field-label" for="merge-code">"Code of your other account"</label>
                    <input
                        class="field"
                        id="merge-code"
                        name="code"
                        value=typed
                        autofocus=is_wrong
                        required
                        maxlength=MAX_TYPED
                        autocomplete="off"
                        autocapitalize="characters"
                        spellcheck="false"
                        aria-invalid=is_wrong.then_some("true")
                        aria-describedby=if is_wrong { "merge-code-problem merge-code-hint" } else { "merge-code-hint" }
                    />
                    <p class="hint" id="merge-code-hint">"Only one that you made yourself. Whoever can sign in to the other account can sign in to this one then: a code that somebody gave you makes your account theirs."</p>
                </div>
                <div class="form-actions"><button class="button primary" type="submit">"See what comes over"</button></div>
            </form>
        </section>
    }
    .into_any()
}

/// For the account that goes.
#[component]
fn MakeCode(email: String) -> impl IntoView {
    view! {
        <section class="account-part" aria-labelledby="make-title">
            <h2 id="make-title">"This account goes"</h2>
            <p>"Make a code, copy it, sign out, sign in to the account that stays, and enter it there. Until then nothing happens to " <strong>{email}</strong> "."</p>
            <ApiForm
                api=api_of(&MakeMergeCode::default())
                then=Then::Say("Made. It is good for 15 minutes, and once.".into())
                label="This account goes"
            >
                <div class="form-actions"><button class="button" type="submit" aria-describedby="make-hint">"Make a code"</button></div>
                <p data-replied hidden><code class="account-token" data-reply="code"></code></p>
                <p class="hint" id="make-hint">"Never give it to anybody: whoever has it takes over all that this account has."</p>
            </ApiForm>
        </section>
    }
    .into_any()
}

/// What a right code leads to, and the button that does it.
#[component]
fn ComesOver(code: String, preview: MergePreview, email: String) -> impl IntoView {
    let MergePreview { name, email: goes, conversations, classes, projects, both, apart } = preview;
    let lines = [
        counted(conversations, "conversation", "conversations"),
        counted(classes, "class, in the higher role of the two", "classes, in the higher role of the two"),
        counted(projects, "project", "projects"),
    ];
    let lines = lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    let action = if both.is_empty() && apart.is_empty() {
        view! { <Confirm code=code goes=goes.clone() email=email.clone() /> }.into_any()
    } else {
        view! { <Obstacles both=both apart=apart /> }.into_any()
    };
    view! {
        <section class="account-part" aria-labelledby="over-title">
            <h2 id="over-title">"What comes over"</h2>
            <p><strong dir="auto">{name}</strong> ", " <strong>{goes.clone()}</strong> ", becomes part of " <strong>{email}</strong> ":"</p>
            <ul class="account-facts">
                {lines}
                <li>"What was shared with it, its inbox and webhooks, and what it wrote anywhere: by you from then on, as a rule within minutes."</li>
                <li>"Whoever signs in to it comes to this account. Its sessions and access tokens end, and its profile goes."</li>
                <li>"Where both were in one anonymous place, what the other wrote there stays under its pseudonym, as a former member’s: nobody learns that it was you."</li>
                <li>"What waits in browsers that are offline with the other account is not sent any more: let them send it first."</li>
            </ul>
        </section>
        {action}
    }
    .into_any()
}

#[component]
fn Obstacles(both: Vec<String>, apart: Vec<String>) -> impl IntoView {
    let list = |titles: Vec<String>| {
        let lines = titles.into_iter().map(|title| view! { <li><strong dir="auto">{title}</strong></li> });
        view! { <ul class="account-facts">{lines.collect_view()}</ul> }
    };
    let copies = (!both.is_empty()).then(|| {
        view! {
            <p>"Both accounts have a copy of their own of these activities, and nobody has two:"</p>
            {list(both)}
            <p class="hint">"Whoever teaches there can delete the activity for good. Otherwise keep both accounts."</p>
        }
    });
    let anonymous = (!apart.is_empty()).then(|| {
        view! {
            <p>"These are the other account’s and anonymous, and this account was there too: others would learn that the two are one."</p>
            {list(apart)}
            <p class="hint">"The other way round may do: make a code here, and enter it with the other account."</p>
        }
    });
    view! {
        <section class="account-part" aria-labelledby="first-title">
            <h2 id="first-title">"What is in the way"</h2>
            {copies}
            {anonymous}
        </section>
    }
    .into_any()
}

#[component]
fn Confirm(code: String, goes: String, email: String) -> impl IntoView {
    let text = format!(
        "{goes} is signed out everywhere at once, and whoever signs in to it comes to {email}. Go on only if you made the \
         code yourself."
    );
    view! {
        <section class="account-part" aria-labelledby="do-title">
            <h2 id="do-title">"Is that your own account?"</h2>
            <p>"If you did not make the code yourself, with an account that is yours, go back."</p>
            <ApiForm
                api=api_of(&MergeMe::default())
                then=Then::Go("/account/merged".into())
                confirm="merge"
                label="Merge"
            >
                <input type="hidden" name="code" value=code />
                <div class="form-actions">
                    <button class="button danger" type="submit">"Merge the accounts"</button>
                    <a class="button" href="/account/merge">"Cancel"</a>
                </div>
            </ApiForm>
            <ConfirmDialog id="merge" title="Merge the accounts?" text=text action="Merge the accounts" />
        </section>
    }
    .into_any()
}

/// Where somebody comes out who has one account from then on.
#[component]
pub fn MergedPage(
    /// Who is signed in.
    visitor: Visitor,
) -> impl IntoView {
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <section class="message-page">
                <h1 class="page-title">"Your accounts are one"</h1>
                <p class="lead">"What the other account had is yours. What it wrote is gone through now, which takes some minutes as a rule: until then some of it is still shown as somebody else’s."</p>
                <div class="form-actions"><a class="button primary" href="/">"To your conversations"</a></div>
            </section>
        </main>
    }
    .into_any()
}
