use leptos::prelude::*;
use shared::api::{AcceptInvitation, InvitationPreview};

use super::{
    Bar,
    class::{role_name, rule_of},
};
use crate::forms::{ApiForm, Then, api_of};
use crate::parts::Visitor;

/// What a link to a class leads to.
#[component]
pub fn JoinPage(
    /// Who is signed in.
    visitor: Visitor,
    /// What stands at the end of the link.
    token: String,
    /// The class.
    invitation: InvitationPreview,
) -> impl IntoView {
    let InvitationPreview { id, name, role, present, when_erased } = invitation;
    let gains = present.is_none_or(|present| role.is_above(present));
    let what = match present {
        Some(present) if !gains => format!("You belong to this class already, as {}.", lower(role_name(present))),
        Some(present) => format!(
            "You are {} in this class; the link makes you {}.",
            lower(role_name(present)),
            lower(role_name(role))
        ),
        None => format!("You join as {}. The class's staff then see your name and address.", lower(role_name(role))),
    };
    let action = if gains {
        view! {
            <ApiForm api=api_of(&AcceptInvitation { token }) then=Then::Go("/classes/{id}".into())>
                <button class="button primary" type="submit">"Join"</button>
            </ApiForm>
        }
        .into_any()
    } else {
        view! { <a class="button primary" href=format!("/classes/{id}")>"To the class"</a> }.into_any()
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <section class="message-page">
                <p class="badge">"Invitation"</p>
                <h1 class="page-title" dir="auto">{name}</h1>
                <p class="lead">{what}</p>
                <p class="hint">{rule_of(when_erased)}</p>
                <div class="form-actions">{action}</div>
            </section>
        </main>
    }
    .into_any()
}

/// `a student`, `an instructor`.
fn lower(role: &str) -> String {
    let role = role.to_lowercase();
    let article = if role.starts_with('i') { "an" } else { "a" };
    format!("{article} {role}")
}
