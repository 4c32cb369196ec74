//! Targets of highlights after the text was edited: written by the server alone, which looks for them.

use yrs::{Doc, Map, Out, Transact};

use super::{Roots, command::targets_value, picture::field};
use crate::{ids::HighlightId, selector::Target};

/// Asks for each highlight, deleted ones too, which targets it has now, and writes those that are others. No transaction may
/// be open.
///
/// What is larger than targets may be is left as it is: it was found by its quote before, and will be again.
pub fn retarget(doc: &Doc, mut now: impl FnMut(HighlightId, &[Target]) -> Vec<Target>) {
    let roots = Roots::of(doc);
    let mut txn = doc.transact_mut();
    let mut changed = Vec::new();
    for (key, value) in roots.highlights.iter(&txn) {
        let (Ok(id), Out::YMap(highlight)) = (key.parse(), value) else { continue };
        let Some(was) = field::<Vec<Target>>(&highlight, &txn, "targets") else { continue };
        let is = now(id, &was);
        if is != was
            && let Ok(targets) = targets_value(&is)
        {
            changed.push((highlight, targets));
        }
    }
    for (highlight, targets) in changed {
        highlight.insert(&mut txn, "targets", targets);
    }
}
