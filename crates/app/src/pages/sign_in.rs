use leptos::{nonce::use_nonce, prelude::*};
use shared::api::DevelopmentPerson;

use super::Bar;
use crate::{
    offline::WorkSafe,
    parts::{Avatar, Visitor},
};

/// The ways to sign in that a server has.
#[derive(Debug, Clone)]
pub struct WaysIn {
    /// As one of the seeded people, without any proof.
    pub people: bool,
    /// By a link in a mail.
    pub email: bool,
    /// Elsewhere: what that is called.
    pub provider: Option<String>,
}

/// Signs in. Plain forms: they work before, and without, scripts.
#[component]
pub fn SignInPage(
    /// The ways that there are.
    ways: WaysIn,
    /// Where to go afterwards: a path of this site, or empty.
    next: String,
    /// The address as it was typed.
    typed: String,
    /// Why no link was sent.
    problem: Option<String>,
) -> impl IntoView {
    let WaysIn { people, email, provider } = ways;
    let or = (email && provider.is_some()).then(|| view! { <p class="stack-or">"or"</p> });
    view! {
        <Bar visitor=None />
        <main class="page" id="main">
            <section class="sheet sign-in">
                <h1 class="page-title">"Read AI conversations together"</h1>
                <p class="lead">"Mark passages, argue about them in the margin, and take your work away."</p>
                {email.then(|| view! { <EmailForm next=next.clone() typed=typed problem=problem /> })}
                {or}
                {provider.map(|name| view! { <ProviderLink name=name next=next.clone() /> })}
                {people.then(|| view! { <PeopleForm next=next.clone() /> })}
                <WorkSafe />
            </section>
            <script nonce=use_nonce() inner_html=FRAGMENT></script>
        </main>
    }
    .into_any()
}

/// A place within a page, such as a highlight, is told to no server: whoever was led here from there takes it along.
const FRAGMENT: &str = include_str!("sign_in.js");

#[component]
fn EmailForm(next: String, typed: String, problem: Option<String>) -> impl IntoView {
    let invalid = problem.is_some().then_some("true");
    view! {
        <form class="stack" method="post" action="/sign-in/email" data-once>
            <input type="hidden" name="next" value=next />
            <div class="form-row">
                <label class="field-label" for="email">"E-mail"</label>
                <input
                    class="field"
                    id="email"
                    name="email"
                    type="email"
                    autocomplete="email"
                    maxlength="254"
                    required
                    value=typed
                    aria-invalid=invalid
                    aria-describedby="email-hint"
                />
                <p class="hint" id="email-hint">"We send you a link that signs you in. There is no password."</p>
            </div>
            {problem.map(|text| view! { <p class="alert" role="alert">{text}</p> })}
            <button class="button primary" type="submit">"Send me a link"</button>
        </form>
    }
    .into_any()
}

#[component]
fn ProviderLink(name: String, next: String) -> impl IntoView {
    let href = format!("/sign-in/oidc?next={}", encoded(&next));
    view! { <a class="button" href=href>{format!("Continue with {name}")}</a> }.into_any()
}

#[component]
fn PeopleForm(next: String) -> impl IntoView {
    let buttons = DevelopmentPerson::ALL.map(|person| {
        view! {
            <button class="button person-button" type="submit" name="person" value=person.key()>
                <Avatar id=person.key().to_string() name=person.name().to_string() />
                <span>{format!("Continue as {}", person.name())}</span>
            </button>
        }
    });
    view! {
        <form class="stack" method="post" action="/sign-in">
            <input type="hidden" name="next" value=next />
            {buttons}
        </form>
        <p class="hint">"This is a development server: anybody who can open it can be any of these people."</p>
    }
    .into_any()
}

/// A link is under way, or it is not: somebody without an account is told the same.
#[component]
pub fn SentPage(
    /// Where to.
    email: String,
    /// Where to go afterwards.
    next: String,
) -> impl IntoView {
    let other = format!("/sign-in?next={}", encoded(&next));
    view! {
        <Bar visitor=None />
        <main class="page" id="main">
            <section class="sheet sign-in">
                <h1 class="page-title">"Look into your mail"</h1>
                <p class="lead">"We have sent a link to " <strong class="sign-in-address">{email.clone()}</strong> "."</p>
                <p>
                    "It is good for an hour, and once. Open it in this browser to go on where you were; in another one it signs you in there."
                </p>
                <form class="stack" method="post" action="/sign-in/email" data-once>
                    <input type="hidden" name="email" value=email />
                    <input type="hidden" name="next" value=next />
                    <div class="form-actions">
                        <button class="button" type="submit">"Send another link"</button>
                        <a class="button quiet" href=other>"Use another address"</a>
                    </div>
                </form>
                <p class="hint">"Nothing there after some minutes? Look among the junk mail, and whether the address is right."</p>
            </section>
        </main>
    }
    .into_any()
}

/// A link was opened. Nobody is signed in before the button is pressed.
#[component]
pub fn ContinuePage(
    /// Who is signed in already.
    visitor: Option<Visitor>,
    /// The address for which this browser asked for a link; `None` where it asked for none.
    asked: Option<String>,
) -> impl IntoView {
    let is_here = asked.is_some();
    let words = match asked {
        Some(email) => view! {
            <p class="lead">"You asked for this link here, as " <strong class="sign-in-address">{email}</strong> "."</p>
        }
        .into_any(),
        None => view! {
            <p class="lead">"This link was not asked for in this browser."</p>
            <p>
                "Continue if you asked for it yourself, on another device. If somebody sent it to you, leave: it would sign you in to their account, not to yours."
            </p>
        }
        .into_any(),
    };
    let other = visitor
        .as_ref()
        .map(|visitor| view! { <p class="hint sign-in-address">{format!("You are signed in as {} now.", visitor.me.name)}</p> });
    view! {
        <Bar visitor=visitor />
        <main class="page" id="main">
            <section class="sheet sign-in">
                <h1 class="page-title">"Sign in"</h1>
                {words}
                <form class="stack" method="post" action="/sign-in/continue" data-once>
                    <div class="form-actions">
                        <button class="button primary" type="submit">"Continue"</button>
                        {(!is_here).then(|| view! { <a class="button quiet" href="/">"Leave"</a> })}
                    </div>
                </form>
                {other}
            </section>
        </main>
    }
    .into_any()
}

/// Nobody was signed in: why, and what to do.
#[component]
pub fn SignInProblemPage(
    /// Who is signed in already.
    visitor: Option<Visitor>,
    /// What happened.
    title: &'static str,
    /// What to do.
    text: String,
    /// Whether the link that was opened may still work.
    again: bool,
    /// Where they wanted to go: a path of this site, or empty.
    next: String,
) -> impl IntoView {
    let again = again.then(|| {
        view! {
            <form method="post" action="/sign-in/continue" data-once>
                <button class="button primary" type="submit">"Try again"</button>
            </form>
        }
    });
    let anew = if again.is_some() { "button" } else { "button primary" };
    view! {
        <Bar visitor=visitor.clone() />
        <main class="page" id="main">
            <section class="message-page">
                <h1 class="page-title">{title}</h1>
                <p class="lead">{text}</p>
                <div class="form-actions">
                    {again}
                    {match visitor {
                        Some(_) => view! { <a class=anew href="/".to_owned()>"To your conversations"</a> },
                        None => {
                            let sign_in = if next.is_empty() { "/sign-in".to_owned() } else { format!("/sign-in?next={}", encoded(&next)) };
                            view! { <a class=anew href=sign_in>"To the sign-in page"</a> }
                        }
                    }}
                </div>
            </section>
        </main>
    }
    .into_any()
}

/// A path as a part of an address.
fn encoded(path: &str) -> String {
    path.bytes().fold(String::new(), |mut all, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => all.push(byte.into()),
            _ => all.push_str(&format!("%{byte:02X}")),
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_part_of_an_address() {
        assert_eq!(encoded("/c/1?x=2&next=/a b#ü"), "/c/1%3Fx%3D2%26next%3D/a%20b%23%C3%BC");
    }
}
