use leptos::prelude::*;
use shared::{
    api::{HistoryStep, MAX_MOMENT_NAME_CHARS, NameMoment, RestoreMoment, UnnameMoment},
    ids::ConversationId,
};

use crate::forms::{ApiForm, ConfirmDialog, Then, api_of};

/// What somebody may do with a moment: name it, and bring it back.
#[component]
pub(super) fn Deeds(conversation: ConversationId, step: HistoryStep, may_write: bool) -> impl IntoView {
    let (id, number) = (conversation, step.number);
    let may_name = step.name.as_ref().is_none_or(|name| name.may_change);
    let unname = step.name.as_ref().filter(|name| name.may_change).map(|_| {
        view! {
            <ApiForm api=api_of(&UnnameMoment { id, number }) then=Then::Reload class="history-unname">
                <button class="button quiet" type="submit">"Take the name away"</button>
            </ApiForm>
        }
    });
    let verb = if step.name.is_some() { "Rename" } else { "Give it a name" };
    let name = step.name.map(|name| name.name).unwrap_or_default();
    let naming = may_name.then(|| {
        view! {
            <ApiForm api=api_of(&NameMoment { id, number, name: String::new() }) then=Then::Reload class="history-name">
                <label>
                    <span class="field-label">"Name of this moment"</span>
                    <input class="field" name="name" dir="auto" value=name maxlength=MAX_MOMENT_NAME_CHARS.to_string() required autocomplete="off" />
                </label>
                <button class="button" type="submit">{verb}</button>
            </ApiForm>
        }
    });
    let told = "Brought back: highlights {highlights}, comments {comments}, tags {tags}, characters of the notes {notes} and of your response {response}. Not yours to bring back: {left}.";
    may_write.then(|| {
        view! {
            <div class="history-deeds">
                {naming} {unname}
                <ApiForm
                    api=api_of(&RestoreMoment { id, number })
                    then=Then::Say(told.into())
                    confirm="restore"
                    class="history-restore"
                >
                    <button class="button" type="submit">"Bring back what was deleted since"</button>
                </ApiForm>
                <ConfirmDialog
                    id="restore"
                    title="Bring back what was deleted since?"
                    text="Highlights and tags that were deleted since, your own comments, and lines that were taken out of the notes or of your response come back. What was made or written since stays."
                    action="Bring back"
                />
            </div>
        }
    })
}
