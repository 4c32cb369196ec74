//! Highlights whose text is not where it was: found elsewhere, they are confirmed there; lost ones are attached anew.

use shared::{document::Command, ids::HighlightId, selector::Target};

use super::session;
use crate::annotate::desk::Desk;

/// The passages where a moved highlight is shown become its own; whether it was done.
pub fn confirm(desk: Desk, id: HighlightId) -> bool {
    let Some(targets) = shown_at(desk, id) else { return false };
    desk.run(Command::Attach(id, targets))
}

/// A target for each passage where it is shown; nothing if one of them is lost.
fn shown_at(desk: Desk, id: HighlightId) -> Option<Vec<Target>> {
    let (session, card) = (session()?, desk.card(id)?);
    let card = leptos::prelude::GetUntracked::get_untracked(&card);
    let describe = |target: &Target| {
        let (message, anchor) = session.texts.resolve(target)?;
        let (start, end) = anchor.range()?;
        Target::describe(message.id, message.text(), message.offsets(), start..end).ok()
    };
    card.highlight.targets.iter().map(describe).collect()
}
