use leptos::prelude::*;
use shared::{
    api::{Activity, Agreement, Mode},
    ids::TagId,
};

use super::{Head, Part};
use crate::{
    pages::{
        Bar,
        agreement::{Addresses, Figures},
    },
    parts::Visitor,
};

/// How far people agree over all copies; for staff.
#[component]
pub fn ActivityAgreementPage(
    /// Who is signed in.
    visitor: Visitor,
    /// Of which activity.
    activity: Activity,
    /// What is shown.
    agreement: Agreement,
    /// The tag whose pairs and passages are shown.
    tag: Option<TagId>,
) -> impl IntoView {
    let (id, rooms) = (activity.summary.id, activity.summary.mode != Mode::Individual);
    let addresses = Addresses {
        page: format!("/activities/{id}/agreement"),
        file: format!("/api/v1/activities/{id}/agreement.csv"),
        of_branch: None,
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page page-wide agreement" id="main">
            <Head activity=activity part=Part::Agreement />
            <Figures agreement=agreement tag=tag addresses=addresses rooms=rooms />
        </main>
    }
    .into_any()
}
