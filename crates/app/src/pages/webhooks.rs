use leptos::prelude::*;
use shared::api::{
    ClassSummary, DELIVERY_DAYS, DeleteWebhook, Delivery, DeliveryState, EventKind, MAX_DELIVERIES_LISTED,
    MAX_WEBHOOK_URL_CHARS, RenewWebhookSecret, SecretRenewal, TestWebhook, Webhook, WebhookDetails, WebhookState,
    WebhookSubject,
};

use super::Bar;
use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    local_times::LocalTime,
    parts::Visitor,
};

/// What the account page shows of somebody's webhooks.
#[component]
pub(super) fn Webhooks(webhooks: Vec<Webhook>, classes: Vec<ClassSummary>) -> impl IntoView {
    let list = match webhooks.is_empty() {
        true => view! { <p class="hint">"Nobody is told of anything yet."</p> }.into_any(),
        false => {
            let items = webhooks.into_iter().map(|webhook| view! { <Item webhook=webhook /> });
            view! { <ul class="account-list" role="list">{items.collect_view()}</ul> }.into_any()
        }
    };
    let known =
        classes.into_iter().map(|class| view! { <option value=format!("/classes/{}", class.id)>{class.name}</option> });
    view! {
        <section class="account-part" aria-labelledby="webhooks-title" id="webhooks">
            <h2 id="webhooks-title">"Webhooks"</h2>
            <p class="hint">"For servers of your own: each new comment is sent to an address, signed, as long as you may read it. " <a href="/api#webhooks">"How to receive them"</a></p>
            <div id="webhooks-list">{list}</div>
            <ApiForm api="POST /api/v1/webhooks" then=Then::Say("Made. Copy its secret now: it is shown this once.".into()) label="New webhook" reset=true renews="webhooks-list">
                <div class="form-row">
                    <label class="field-label" for="webhook-url">"Where to send them"</label>
                    <input class="field" id="webhook-url" name="url" type="url" maxlength=MAX_WEBHOOK_URL_CHARS.to_string() placeholder="https://" required autocomplete="off" />
                </div>
                <div class="form-row">
                    <label class="field-label" for="webhook-about">"Comments of"</label>
                    <input class="field" id="webhook-about" name="about" list="webhook-known" aria-describedby="webhook-about-hint" required autocomplete="off" />
                    <datalist id="webhook-known">{known.collect_view()}</datalist>
                    <p class="hint" id="webhook-about-hint">"The address of a page: a conversation, an activity or a class."</p>
                </div>
                <div class="form-actions"><button class="button" type="submit">"New webhook"</button></div>
                <p data-replied hidden><code class="account-token" data-reply="secret"></code></p>
            </ApiForm>
        </section>
    }
    .into_any()
}

#[component]
fn Item(webhook: Webhook) -> impl IntoView {
    let badge = badge(&webhook).map(|badge| view! { " " <span class="badge">{badge}</span> });
    let about = name_of(&webhook);
    let label = format!("Webhook: {about}, {}", webhook.url);
    view! {
        <li data-webhook-id=webhook.id.to_string()>
            <div class="account-what">
                <strong dir="auto">{about}</strong>
                {badge}
                <p class="hint" dir="ltr">{webhook.url}</p>
            </div>
            <a class="button" href=format!("/account/webhooks/{}", webhook.id) aria-label=label>"Open"</a>
        </li>
    }
    .into_any()
}

/// What there is to say of one, in a word.
fn badge(webhook: &Webhook) -> Option<&'static str> {
    match webhook.state {
        WebhookState::Ended => Some("Ended"),
        WebhookState::Disabled => Some("Switched off"),
        WebhookState::Active if !webhook.may_read => Some("Silent"),
        WebhookState::Active if webhook.failures > 0 => Some("Failing"),
        WebhookState::Active => None,
    }
}

fn name_of(webhook: &Webhook) -> String {
    let kind = match webhook.subject {
        WebhookSubject::Conversation => "A conversation",
        WebhookSubject::Activity => "An activity",
        WebhookSubject::Class => "A class",
    };
    webhook.title.clone().unwrap_or_else(|| format!("{kind} that you may not read"))
}

/// One webhook, and what became of its deliveries.
#[component]
pub fn WebhookPage(
    /// Who is signed in.
    visitor: Visitor,
    /// The webhook.
    details: WebhookDetails,
) -> impl IntoView {
    let WebhookDetails { webhook, deliveries } = details;
    let name = name_of(&webhook);
    let about = match webhook.may_read {
        true => view! { <a href=webhook.about.clone() dir="auto">{name}</a> }.into_any(),
        false => name.into_any(),
    };
    let badge = badge(&webhook).map(|badge| view! { <span class="badge">{badge}</span> });
    let empty = deliveries.is_empty().then(|| {
        view! { <div class="empty"><strong>"Nothing was sent yet"</strong><p>"Send a test, or wait for a comment."</p></div> }
    });
    let list = (!deliveries.is_empty()).then(|| {
        let lines = deliveries.into_iter().map(|delivery| view! { <Line delivery=delivery /> });
        view! { <ul class="account-list" role="list" aria-label="Deliveries">{lines.collect_view()}</ul> }
    });
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page account-page" id="main">
            <p class="page-crumb"><a href="/account#webhooks">"Account"</a></p>
            <header class="page-head"><h1 class="page-title">"Webhook"</h1></header>
            <p class="lead">"Comments of " {about}</p>
            <p class="webhook-url" dir="ltr"><code>{webhook.url.clone()}</code> " " {badge}</p>
            {standing(&webhook)}
            <Acts webhook=webhook />
            <section class="account-part" aria-labelledby="deliveries-title">
                <h2 id="deliveries-title">"Deliveries"</h2>
                <p class="hint">{format!("The last {MAX_DELIVERIES_LISTED}, for {DELIVERY_DAYS} days.")}</p>
                {empty}
                {list}
            </section>
        </main>
    }
    .into_any()
}

/// Why nothing comes, or not all.
fn standing(webhook: &Webhook) -> impl IntoView + use<> {
    let attempts = webhook.failures;
    let why = match webhook.state {
        WebhookState::Ended => Some("The address answered that it is gone (410): nothing is sent to it any more. Delete this webhook, and make another where there is a new address.".to_owned()),
        WebhookState::Disabled => Some(format!("Switched off: {attempts} attempts failed in a row, for more than a day. When the address is well again, send a test: if it is answered, comments are sent again from then on.")),
        WebhookState::Active if !webhook.may_read => Some("You may not read this now, or it is in the trash: nothing is sent until you may.".to_owned()),
        WebhookState::Active if webhook.failures > 0 => Some("The last attempt failed. Comments are sent again by themselves, for about a day.".to_owned()),
        WebhookState::Active => None,
    };
    let waiting = match webhook.waiting {
        0 => None,
        1 => Some("One delivery waits.".to_owned()),
        count => Some(format!("{count} deliveries wait.")),
    };
    let missed = match webhook.missed {
        1 => "One comment was not sent, because too many came or waited: ".to_owned(),
        count => format!("{count} comments were not sent, because too many came or waited. The last: "),
    };
    let missed = webhook.missed_at.clone().map(|at| view! { <p class="remark">{missed} <LocalTime at=at /></p> });
    let lines = [why, waiting].into_iter().flatten().map(|line| view! { <p class="remark">{line}</p> });
    (lines.collect_view(), missed)
}

#[component]
fn Acts(webhook: Webhook) -> impl IntoView {
    let id = webhook.id;
    let test = (webhook.state != WebhookState::Ended).then(|| {
        view! {
            <ApiForm api=api_of(&TestWebhook { webhook: id }) then=Then::Reload label="Test">
                <button class="button primary" type="submit">"Send a test"</button>
            </ApiForm>
        }
    });
    view! {
        <div class="webhook-acts">
            {test}
            <ApiForm api=api_of(&DeleteWebhook { webhook: id }) then=Then::Go("/account#webhooks".into()) label="Delete" confirm="delete-webhook">
                <button class="button danger" type="submit">"Delete"</button>
            </ApiForm>
            <ApiForm
                api=api_of(&RenewWebhookSecret { webhook: id, renewal: SecretRenewal::default() })
                then=Then::Say("Copy the new secret now: it is shown this once.".into())
                label="New secret"
                confirm="renew-secret"
            >
                <label class="checkbox-row">
                    <input type="checkbox" name="at_once" />
                    <span>"Somebody else knows the old one" <span class="hint">"It signs nothing more."</span></span>
                </label>
                <button class="button" type="submit">"New secret"</button>
                <p data-replied hidden><code class="account-token" data-reply="secret"></code></p>
            </ApiForm>
        </div>
        <ConfirmDialog
            id="renew-secret"
            title="Make a new secret?"
            text="Deliveries are signed by both for a day, or by the new one alone from now on if somebody else knows the old one. Then your server has to know the new one."
            action="New secret"
        />
        <ConfirmDialog
            id="delete-webhook"
            title="Delete this webhook?"
            text="What waits is not sent. This cannot be undone."
            action="Delete"
        />
    }
    .into_any()
}

#[component]
fn Line(delivery: Delivery) -> impl IntoView {
    let Delivery { id, kind, state, attempts, status, reason, created_at, next_at, .. } = delivery;
    let what = match kind {
        EventKind::CommentCreated => "Comment",
        EventKind::Test => "Test",
    };
    let answered = status.map(|status| format!(" · answered {status}"));
    let tried = match attempts {
        0 if state == DeliveryState::Waiting => " · not sent yet".to_owned(),
        0 => String::new(),
        1 => " · tried once".to_owned(),
        count => format!(" · tried {count} times"),
    };
    let next = next_at.map(|at| view! { <p class="hint">"Next attempt " <LocalTime at=at /></p> });
    let reason = reason.map(|reason| view! { <p>{reason}</p> });
    view! {
        <li data-delivery-id=id.to_string()>
            <div class="account-what">
                <strong>{what}</strong>
                " "
                <span class="badge" data-delivery=state_word(state)>{state_word(state)}</span>
                {reason}
                <p class="hint"><LocalTime at=created_at /> {tried} {answered}</p>
                {next}
            </div>
        </li>
    }
    .into_any()
}

fn state_word(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Waiting => "Waiting",
        DeliveryState::Delivered => "Delivered",
        DeliveryState::Failed => "Failed",
        DeliveryState::Silent => "Not sent",
    }
}
