use leptos::prelude::*;
use shared::{
    api::{LetStaffSeeHistory, StaffSeeHistory},
    ids::ConversationId,
};

use crate::forms::{ApiForm, Then, api_of};

/// Who sees the history of a copy of an activity, and what whoever's copy it is can do about it.
#[component]
pub(super) fn WhoSees(conversation: ConversationId, staff: StaffSeeHistory) -> impl IntoView {
    let StaffSeeHistory { by_activity, by_leave, may_change } = staff;
    let words = match (by_activity, by_leave, may_change) {
        (true, ..) => "The staff of the class see this history: the activity says so.",
        (false, true, true) => "The staff of the class see this history, because you let them.",
        (false, true, false) => "The staff of the class see this history: whoever’s copy it is lets them.",
        (false, false, true) => {
            "Nobody but you sees this history. The staff of the class see what is there now, and not how it came to be."
        }
        (false, false, false) => {
            "Those who work here together see this history. The staff of the class see what is there now, and not how it came to be."
        }
    };
    // What the activity says is not theirs to change; leave that they gave before is theirs to take back all the same.
    let form = (may_change && (by_leave || !by_activity)).then(|| {
        let lets = LetStaffSeeHistory { id: conversation, staff_see_history: !by_leave };
        let action = if by_leave { "Stop showing it to staff" } else { "Let the staff see it" };
        view! {
            <ApiForm api=api_of(&lets) then=Then::Reload class="history-leave">
                <input type="hidden" name="staff_see_history" data-type="boolean" value=(!by_leave).to_string() />
                <button class="button" type="submit">{action}</button>
            </ApiForm>
        }
    });
    view! {
        <div class="history-who" role="group" aria-label="Who sees this history">
            <p>{words}</p>
            {form}
        </div>
    }
    .into_any()
}
