//! The HTML document around a page.

use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};
use shared::{api::Me, text};

use crate::{
    forms::FormsScript,
    inbox::BellScript,
    local_times::LocalTimesScript,
    offline::{OfflineScripts, SignOutDialogs},
    pages::formulas::Sheets,
    parts::MenusScript,
};

/// What a page loads: the fewer bytes, the sooner the text of a conversation can be worked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// Forms and lists.
    Plain,
    /// One of these with tools in it.
    WithTools,
    /// Tools around a text.
    Conversation,
}

impl PageKind {
    /// Whether it needs the browser's code.
    fn has_tools(self) -> bool {
        self != Self::Plain
    }
}

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
    /// What it loads.
    kind: PageKind,
    /// Who is signed in.
    me: Option<Me>,
    /// Whether the page loads itself anew when the server was started anew.
    dev_reload: bool,
    children: Children,
) -> impl IntoView {
    let sheet = |name, media| {
        let address = format!("/{}/{name}", options.site_pkg_dir);
        view! { <link rel="stylesheet" href=address media=media nonce=use_nonce() /> }
    };
    provide_context(Sheets(options.site_pkg_dir.to_string()));
    if let Some(context) = Owner::current_shared_context() {
        // Nothing is taken over in the browser: no element needs a mark for that.
        context.set_is_hydrating(false);
    }
    let scripts = kind.has_tools().then(|| {
        let script = format!("{START}(\"/{}\")", options.site_pkg_dir);
        view! { <script type="module" nonce=use_nonce() inner_html=script></script> }
    });
    let user = me.as_ref().map(|me| me.id);
    let (zone, locale) = me.map(|me| (me.time_zone, me.locale)).unwrap_or_default();
    view! {
        <!DOCTYPE html>
        <html
            lang="en"
            data-hydrated=(!kind.has_tools()).then_some("")
            data-time-zone=zone
            data-locale=locale
        >
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" content="#fbfaf6" media="(prefers-color-scheme: light)" />
                <meta name="theme-color" content="#16161a" media="(prefers-color-scheme: dark)" />
                // Whole: a title has no room for the marks that stand behind a text of a view.
                <title inner_html=text::escape(&format!("{title} · PromptGrimoire"))></title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                {sheet("app.css", None)} {(kind != PageKind::Conversation).then(|| sheet("pages.css", None))}
                {sheet("print.css", Some("print"))}
                {scripts}
                {(!kind.has_tools()).then(|| view! { <FormsScript /> })}
                {user.map(|user| view! { <OfflineScripts user=user /><BellScript /><MenusScript /> })}
                {dev_reload.then(|| view! { <script type="module" nonce=use_nonce() inner_html=DEV_RELOAD></script> })}
            </head>
            <body>{children()} {user.map(|_| view! { <SignOutDialogs /> })} <LocalTimesScript /></body>
        </html>
    }
    .into_any()
}
