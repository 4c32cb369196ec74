use leptos::prelude::*;
use shared::{
    access::Role,
    api::{CreateInvitation, Invitation, RevokeInvitation},
    ids::ClassId,
};

use super::{RoleSelect, role_name};
use crate::forms::{ApiForm, Then, api_of};

/// The links of a class, and a form that makes one.
#[component]
pub(super) fn Invitations(class: ClassId, invitations: Vec<Invitation>, open: bool) -> impl IntoView {
    let lines = invitations.into_iter().map(|invitation| view! { <Line class=class invitation=invitation /> });
    let lines = lines.collect_view();
    view! {
        <section class="class-section" aria-labelledby="links-title">
            <h2 id="links-title">"Links"</h2>
            <p class="hint">"Whoever has a link and signs in can join by it. A link is shown once; what is listed here can be revoked."</p>
            <ul class="group-list" role="list">{lines}</ul>
            {open.then(|| view! { <NewLink class=class /> })}
        </section>
    }
    .into_any()
}

#[component]
fn NewLink(class: ClassId) -> impl IntoView {
    let api = api_of(&CreateInvitation { class, role: Role::Student, days: 0, max_uses: 0 });
    let said = "The link is made. It is shown only now: copy it.".to_owned();
    view! {
        <ApiForm api=api then=Then::Say(said) label="New link">
            <div class="field-row">
                <RoleSelect chosen=Role::Student />
                <label class="form-row">
                    <span class="field-label">"Days until it expires"</span>
                    <input class="field" type="number" name="days" data-type="number" value="14" min="1" max="365" required />
                </label>
                <label class="form-row">
                    <span class="field-label">"How many may join"</span>
                    <input class="field" type="number" name="max_uses" data-type="number" value="50" min="1" max="2000" required />
                </label>
            </div>
            <p class="hint">"By one link at most 20 people become tutors or instructors."</p>
            <div class="form-actions">
                <button class="button" type="submit">"New link"</button>
            </div>
            <p class="shown-once" data-replied hidden><code data-reply="link"></code></p>
        </ApiForm>
    }
    .into_any()
}

#[component]
fn Line(class: ClassId, invitation: Invitation) -> impl IntoView {
    let Invitation { id, role, by, expires_at, uses, max_uses, good } = invitation;
    let day = expires_at.get(..10).unwrap_or_default().to_owned();
    let name = format!("{} link, until {day}", role_name(role));
    let by = by.map(|by| format!("by {by} · ")).unwrap_or_default();
    view! {
        <li class="group">
            <div class="member-who">
                <span class="member-name">{name.clone()}</span>
                {(!good).then(|| view! { <span class="badge">"Not good any more"</span> })}
                <span class="member-email">{by} {format!("{uses} of {max_uses} joined")}</span>
            </div>
            <ApiForm api=api_of(&RevokeInvitation { class, invitation: id }) then=Then::Reload class="row-form">
                <button class="button quiet" type="submit" aria-label=format!("Revoke the {name}")>"Revoke"</button>
            </ApiForm>
        </li>
    }
    .into_any()
}
