use leptos::prelude::*;
use shared::api::{
    ChangeMe, ClassSummary, EndSession, LOCALES, MAX_NAME_CHARS, MAX_PRONOUNS_CHARS, Me, RevokeToken, Session,
    TOKEN_DAYS, Token, TokenScope, Webhook,
};

use super::{Bar, webhooks::Webhooks};
use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    local_times::LocalTime,
    parts::Visitor,
};

/// A session, with its times in words.
#[derive(Debug, Clone)]
pub struct SessionLine {
    /// The session.
    pub session: Session,
    /// The day on which it was begun.
    pub begun: String,
    /// How long ago it was used.
    pub seen: String,
}

/// A token, with its times in words.
#[derive(Debug, Clone)]
pub struct TokenLine {
    /// The token.
    pub token: Token,
    /// The day on which it was made.
    pub made: String,
    /// When it expires, if it does.
    pub ends: Option<End>,
    /// How long ago it was used.
    pub used: Option<String>,
}

/// When a token expires.
#[derive(Debug, Clone)]
pub struct End {
    /// The day.
    pub on: String,
    /// Whether it has.
    pub is_over: bool,
}

/// One's own account.
#[component]
pub fn AccountPage(
    /// Who is signed in.
    visitor: Visitor,
    /// The time zones to choose from, by their names.
    zones: Vec<String>,
    /// When this is, RFC 3339, in UTC.
    now: String,
    /// Where they are signed in.
    sessions: Vec<SessionLine>,
    /// What programs may do it too.
    tokens: Vec<TokenLine>,
    /// What is told of new comments.
    webhooks: Vec<Webhook>,
    /// The classes that they belong to.
    classes: Vec<ClassSummary>,
) -> impl IntoView {
    view! {
        <Bar visitor=Some(visitor.clone()) />
        <main class="page account-page" id="main">
            <h1 class="page-title">"Account"</h1>
            <p class="lead">{visitor.me.email.clone()}</p>
            <Profile me=visitor.me.clone() />
            <Times me=visitor.me zones=zones now=now />
            <Sessions lines=sessions />
            <Tokens lines=tokens />
            <Webhooks webhooks=webhooks classes=classes />
            <MyData />
            <Merge />
            <Erase />
        </main>
    }
    .into_any()
}

/// What others see of somebody.
#[component]
fn Profile(me: Me) -> impl IntoView {
    view! {
        <section class="account-part" aria-labelledby="profile-title">
            <h2 id="profile-title">"Your profile"</h2>
            <ApiForm api=api_of(&ChangeMe::default()) then=Then::Reload label="Your profile">
                <div class="form-row">
                    <label class="field-label" for="account-name">"Name"</label>
                    <input
                        class="field"
                        id="account-name"
                        name="name"
                        value=me.name
                        maxlength=MAX_NAME_CHARS
                        required
                        autocomplete="name"
                        aria-describedby="account-name-hint"
                    />
                    <p class="hint" id="account-name-hint">"Everybody you work with sees it. It stays as you write it here, whatever you are called where you sign in."</p>
                </div>
                <div class="form-row">
                    <label class="field-label" for="account-pronouns">"Pronouns"</label>
                    <input
                        class="field"
                        id="account-pronouns"
                        name="pronouns"
                        data-type="optional"
                        value=me.pronouns
                        maxlength=MAX_PRONOUNS_CHARS
                        placeholder="she/her, they/them, …"
                        autocomplete="off"
                        aria-describedby="account-pronouns-hint"
                    />
                    <p class="hint" id="account-pronouns-hint">"Optional. They stand beside your name in the lists of your classes, and nowhere where people are anonymous."</p>
                </div>
                <div class="form-actions"><button class="button" type="submit">"Save"</button></div>
            </ApiForm>
        </section>
    }
    .into_any()
}

/// How moments are told to somebody.
#[component]
fn Times(me: Me, zones: Vec<String>, now: String) -> impl IntoView {
    let Me { time_zone, locale, .. } = me;
    let option = |value: &str, words: String, chosen: Option<&str>| {
        view! { <option value=value.to_owned() selected=chosen == Some(value)>{words}</option> }
    };
    let zones = zones.iter().map(|zone| option(zone, zone.replace('_', " "), time_zone.as_deref()));
    let zones = zones.collect_view();
    let locales = LOCALES.map(|(tag, place)| option(tag, format!("English, {place}"), locale.as_deref()));
    view! {
        <section class="account-part" aria-labelledby="times-title">
            <h2 id="times-title">"Dates and times"</h2>
            <ApiForm api=api_of(&ChangeMe::default()) then=Then::Reload label="Dates and times">
                <div class="form-row">
                    <label class="field-label" for="account-zone">"Time zone"</label>
                    <select class="field" id="account-zone" name="time_zone" data-type="optional">
                        <option value="" selected=time_zone.is_none()>"As this device"</option>
                        {zones}
                    </select>
                </div>
                <div class="form-row">
                    <label class="field-label" for="account-locale">"Dates are written as in"</label>
                    <select
                        class="field"
                        id="account-locale"
                        name="locale"
                        data-type="optional"
                        aria-describedby="account-now"
                    >
                        <option value="" selected=locale.is_none()>"As this device"</option>
                        {locales.into_iter().collect_view()}
                    </select>
                    <p class="hint" id="account-now">"It is " <LocalTime at=now /> " for you."</p>
                </div>
                <div class="form-actions"><button class="button" type="submit">"Save"</button></div>
            </ApiForm>
        </section>
    }
    .into_any()
}

#[component]
fn Sessions(lines: Vec<SessionLine>) -> impl IntoView {
    view! {
        <section class="account-part" aria-labelledby="sessions-title">
            <h2 id="sessions-title">"Where you are signed in"</h2>
            <ul class="account-list" role="list">
                {lines.into_iter().map(|line| view! { <SessionItem line=line /> }).collect_view()}
            </ul>
            <form method="post" action="/sign-out-everywhere">
                <button class="button danger" type="submit">"Sign out everywhere"</button>
            </form>
            <p class="hint">"This device too. Pages that are open elsewhere stop at once; nothing that was saved is lost."</p>
        </section>
    }
    .into_any()
}

#[component]
fn SessionItem(line: SessionLine) -> impl IntoView {
    let SessionLine { session: Session { id, device, current, .. }, begun, seen } = line;
    let end = if current {
        view! { <span class="badge">"This device"</span> }.into_any()
    } else {
        let label = format!("Sign out {device}");
        view! {
            <ApiForm api=api_of(&EndSession { id }) then=Then::Reload class="account-act">
                <button class="button" type="submit" aria-label=label>"Sign out"</button>
            </ApiForm>
        }
        .into_any()
    };
    view! {
        <li data-session-id=id.to_string()>
            <div class="account-what">
                <strong>{device}</strong>
                <p class="hint">{format!("Signed in on {begun} · last seen {seen}")}</p>
            </div>
            {end}
        </li>
    }
    .into_any()
}

#[component]
fn Tokens(lines: Vec<TokenLine>) -> impl IntoView {
    let list = (!lines.is_empty()).then(|| {
        let items = lines.into_iter().map(|line| view! { <TokenItem line=line /> });
        view! { <ul class="account-list" role="list">{items.collect_view()}</ul> }
    });
    view! {
        <section class="account-part" aria-labelledby="tokens-title">
            <h2 id="tokens-title">"Access tokens"</h2>
            <p class="hint">"For programs of your own: with a token they read, or read and write, in your name. Give each program one of its own that can do no more than it needs. " <a href="/api">"What the API does"</a></p>
            <div id="tokens-list">{list}</div>
            <ApiForm api="POST /api/v1/tokens" then=Then::Say("Made. Copy it now: it is shown this once.".into()) label="New token" reset=true renews="tokens-list">
                <div class="form-row">
                    <label class="field-label" for="token-name">"What it is for"</label>
                    <input class="field" id="token-name" name="name" maxlength="100" required autocomplete="off" />
                </div>
                <div class="form-row">
                    <label class="field-label" for="token-scope">"What it may do"</label>
                    <select class="field" id="token-scope" name="scope">
                        {[TokenScope::Read, TokenScope::Write].map(|scope| view! {
                            <option value=scope.as_str()>{in_words(scope)}</option>
                        })}
                    </select>
                </div>
                <div class="form-row">
                    <label class="field-label" for="token-days">"Expires after"</label>
                    <select class="field" id="token-days" name="expires_in_days" data-type="number">
                        {[30, TOKEN_DAYS, 365].map(|days| view! {
                            <option value=days.to_string() selected=days == TOKEN_DAYS>{format!("{days} days")}</option>
                        })}
                        <option value="">"Never"</option>
                    </select>
                </div>
                <div class="form-actions"><button class="button" type="submit">"New token"</button></div>
                <p data-replied hidden><code class="account-token" data-reply="token"></code></p>
            </ApiForm>
        </section>
    }
    .into_any()
}

#[component]
fn TokenItem(line: TokenLine) -> impl IntoView {
    let TokenLine { token: Token { id, name, scope, .. }, made, ends, used } = line;
    let dialog = format!("revoke-{id}");
    let (label, question) = (format!("Revoke {name}"), format!("Revoke “{name}”?"));
    let used = used.map_or_else(|| "never used".to_owned(), |used| format!("last used {used}"));
    let expired = ends.as_ref().filter(|end| end.is_over).map(|_| view! { " " <span class="badge">"Expired"</span> });
    let ends = match ends {
        Some(End { on, is_over: true }) => format!("expired on {on}"),
        Some(End { on, .. }) => format!("expires on {on}"),
        None => "does not expire".to_owned(),
    };
    view! {
        <li>
            <div class="account-what">
                <strong dir="auto">{name}</strong>
                {expired}
                <p class="hint">{format!("{} · {ends}", in_words(scope))}</p>
                <p class="hint">{format!("Made on {made} · {used}")}</p>
            </div>
            <ApiForm api=api_of(&RevokeToken { id }) then=Then::Reload class="account-act" confirm=dialog.clone()>
                <button class="button" type="submit" aria-label=label>"Revoke"</button>
            </ApiForm>
            <ConfirmDialog
                id=dialog
                title=question
                text="Programs that use it stop working at once. This cannot be undone."
                action="Revoke"
            />
        </li>
    }
    .into_any()
}

/// All that is kept of somebody, to be taken away.
#[component]
fn MyData() -> impl IntoView {
    view! {
        <section class="account-part" aria-labelledby="data-title">
            <h2 id="data-title">"Your data"</h2>
            <p class="hint" id="data-hint">"All that is kept of you here, as one zip: your profile and settings, your conversations with all that was added to them, what you said and marked in those of others, your files and prompts. With many conversations it takes some minutes; this page can be left meanwhile."</p>
            <p><a class="button" href="/api/v1/me/data" download="" aria-describedby="data-hint">"Download my data"</a></p>
        </section>
    }
    .into_any()
}

/// The way to the page that makes one account of two.
#[component]
fn Merge() -> impl IntoView {
    view! {
        <section class="account-part" aria-labelledby="merge-title">
            <h2 id="merge-title">"Two accounts?"</h2>
            <p class="hint">"If you have another account here, by another address, the two can become one. The next page says how, before anything happens."</p>
            <p><a class="button" href="/account/merge">"Merge two accounts…"</a></p>
        </section>
    }
    .into_any()
}

/// The way to the page that erases.
#[component]
fn Erase() -> impl IntoView {
    view! {
        <section class="account-part" aria-labelledby="erase-title">
            <h2 id="erase-title">"Erase my account"</h2>
            <p class="hint">"For good. The next page says what goes and what stays, before anything happens."</p>
            <p><a class="button danger" href="/account/erase">"Erase my account…"</a></p>
        </section>
    }
    .into_any()
}

fn in_words(scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::Read => "Read",
        TokenScope::Write => "Read and write",
    }
}
