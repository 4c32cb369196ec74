//! The HTML document around a page.

use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};
use shared::{ids::UserId, text};

use crate::{
    forms::FormsScript,
    inbox::BellScript,
    offline::{OfflineScripts, SignOutDialogs},
};

/// Loads and starts the tools.
const START: &str = include_str!("start.js");

/// Asks every second which start of the server this is.
const DEV_RELOAD: &str = include_str!("dev_reload.js");

/// The document. `theme-color` follows the two papers of the style's tokens.
#[component]
pub fn Shell(
    /// The page's title, before the product's name.
    title: String,
    /// Where the scripts are.
    options: LeptosOptions,
    /// Whether the page has tools, which need scripts.
    tools: bool,
    /// Who is signed in.
    user: Option<UserId>,
    /// Whether the page loads itself anew when the server was started anew.
    dev_reload: bool,
    children: Children,
) -> impl IntoView {
    let stylesheet = format!("/{}/app.css", options.site_pkg_dir);
    if let Some(context) = Owner::current_shared_context() {
        // Nothing is taken over in the browser: no element needs a mark for that.
        context.set_is_hydrating(false);
    }
    let scripts = tools.then(|| {
        let script = format!("{START}(\"/{}\")", options.site_pkg_dir);
        view! { <script type="module" nonce=use_nonce() inner_html=script></script> }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-hydrated=(!tools).then_some("")>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" content="#fbfaf6" media="(prefers-color-scheme: light)" />
                <meta name="theme-color" content="#16161a" media="(prefers-color-scheme: dark)" />
                // Whole: a title has no room for the marks that stand behind a text of a view.
                <title inner_html=text::escape(&format!("{title} · PromptGrimoire"))></title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=stylesheet nonce=use_nonce() />
                {scripts}
                {(!tools).then(|| view! { <FormsScript /> })}
                {user.map(|user| view! { <OfflineScripts user=user /><BellScript /> })}
                {dev_reload.then(|| view! { <script type="module" nonce=use_nonce() inner_html=DEV_RELOAD></script> })}
            </head>
            <body>{children()} {user.map(|_| view! { <SignOutDialogs /> })}</body>
        </html>
    }
    .into_any()
}
