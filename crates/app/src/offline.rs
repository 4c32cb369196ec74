//! What a page does for times without a network: it has the service worker started (`public/service-worker.js`), and
//! signing out takes away what the device keeps.

use leptos::{nonce::use_nonce, prelude::*};
use shared::ids::UserId;

const REGISTER: &str = include_str!("offline/register.js");

/// Leaves or covers a page whose person is not here any more.
const HERE: &str = include_str!("offline/here.js");

const SIGN_OUT: &str = include_str!("offline/sign_out.js");

/// Reads what was not sent or not taken, and is on this device alone.
const WORK: &str = include_str!("offline/work.js");

/// Counts it in the bar.
const WAITING: &str = include_str!("offline/waiting.js");

/// Says of a page that was kept since when, and what of its links leads on.
const SHOWN: &str = include_str!("offline/shown.js");

/// Says to somebody who is signed out how much of this device was not sent.
const SAFE: &str = include_str!("offline/safe.js");

/// Lists what is kept on this device.
const KEPT: &str = include_str!("offline/kept.js");

/// What is said of a number of changes.
const SAFE_WORDS: &str =
    " safe on this device, and will be sent when their author has signed in and opens their conversation.";

/// Lists it by conversation.
const LEFT: &str = include_str!("offline/left.js");

/// What this device alone has, if there is any: what was not sent yet, and what the server did not take. To be read,
/// exported or discarded.
#[component]
pub fn WorkLeft(
    /// Whose.
    user: UserId,
) -> impl IntoView {
    let script = format!("{WORK}{LEFT}(\"{user}\")");
    view! {
        <section class="left" id="not-sent" hidden aria-labelledby="not-sent-title">
            <h2 id="not-sent-title">"Not sent yet, and kept on this device"</h2>
        </section>
        <section class="left" id="not-taken" hidden aria-labelledby="not-taken-title">
            <h2 id="not-taken-title">"Not taken, and kept on this device"</h2>
        </section>
        <script type="module" nonce=use_nonce() inner_html=script></script>
    }
    .into_any()
}

/// Says on the page to sign in that what was not sent is not lost.
#[component]
pub fn WorkSafe() -> impl IntoView {
    // A browser that keeps nothing for us has nothing to tell.
    let script = format!("{WORK}{SAFE}saySafe().catch(() => {{}});");
    view! {
        <p class="hint" data-safe hidden>
            <strong></strong>
            {SAFE_WORDS}
        </p>
        <script type="module" nonce=use_nonce() inner_html=script></script>
    }
    .into_any()
}

/// In the head of each page of somebody who is signed in.
#[component]
pub fn OfflineScripts(
    /// Who.
    user: UserId,
) -> impl IntoView {
    let script = format!("{REGISTER}{WORK}{HERE}(\"{user}\");{SIGN_OUT}(\"{user}\");{WAITING}(\"{user}\");{SHOWN}");
    view! { <script type="module" nonce=use_nonce() inner_html=script></script> }.into_any()
}

/// What signing out may have to say. At the end of the page, outside its tools.
#[component]
pub fn SignOutDialogs() -> impl IntoView {
    view! {
        <dialog
            class="dialog"
            id="sign-out-unsent"
            aria-labelledby="sign-out-unsent-title"
            aria-describedby="sign-out-unsent-text"
        >
            <h2 id="sign-out-unsent-title">"Sign out and lose work?"</h2>
            <div id="sign-out-unsent-text" class="dialog-text">
                <p>"Some of your work is on this device only:"</p>
                <ul>
                    <li data-kind="unsent"><strong></strong> " not sent yet"</li>
                    <li data-kind="refused"><strong></strong> " refused, and kept here"</li>
                    <li data-kind="page">"what you did last, which is in this page alone"</li>
                </ul>
                <p>"Signing out removes all that this device keeps for you."</p>
            </div>
            <form method="dialog">
                <div class="dialog-actions">
                    <button class="button danger" type="submit" value="discard">"Sign out and discard them"</button>
                    <button class="button primary" type="submit" value="stay" autofocus>"Stay"</button>
                </div>
            </form>
        </dialog>
        <dialog
            class="dialog"
            id="sign-out-unreachable"
            aria-labelledby="sign-out-unreachable-title"
            aria-describedby="sign-out-unreachable-text"
        >
            <h2 id="sign-out-unreachable-title">"You are still signed in"</h2>
            <p id="sign-out-unreachable-text">
                "Signing out has to reach the server, and the server cannot be reached now. Nothing was removed from this device. Try again when you are connected."
            </p>
            <form method="dialog">
                <div class="dialog-actions">
                    <button class="button primary" type="submit" value="stay" autofocus>"Stay signed in"</button>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}

/// What the service worker shows instead of a page that it has not kept. It is the same for everybody; what it lists, the
/// worker adds for whoever was here last.
#[component]
pub fn OfflinePage() -> impl IntoView {
    view! {
        <a class="skip-link" href="#main">"Skip to the content"</a>
        <header class="bar">
            <a class="bar-brand" href="/">"PromptGrimoire"</a>
        </header>
        <main class="page" id="main">
            <section class="message-page" data-not-kept>
                <p class="badge">"No connection"</p>
                <h1 class="page-title">"This page is not on this device"</h1>
                <p class="lead">
                    "The server cannot be reached, and this page is not kept here. What you have opened on this device can be read without a connection."
                </p>
                <div class="form-actions">
                    // The page's own address: this page stands in another's place.
                    <a class="button primary" href="">"Try again"</a>
                </div>
            </section>
            // Of whom nobody is told: not even that the one who looks is the one who was here.
            <section class="message-page" data-nobody hidden>
                <p class="badge">"No connection"</p>
                <h1 class="page-title">"You are signed out"</h1>
                <p class="lead">
                    "Your session has ended, or you signed out. The server cannot be reached now. When you are connected, sign in: then your pages show again, without a connection too."
                </p>
                <p class="lead" data-safe hidden><strong></strong> {SAFE_WORDS}</p>
                <div class="form-actions">
                    <a class="button primary" href="">"Try again"</a>
                </div>
            </section>
            <section class="kept" data-kept hidden aria-labelledby="kept-title">
                <h2 id="kept-title">"On this device"</h2>
                <ul class="conversation-list"></ul>
            </section>
            <script type="module" nonce=use_nonce() inner_html=format!("{WORK}{SAFE}{KEPT}")></script>
        </main>
    }
    .into_any()
}
