//! The cards of the desk, a signal each: one change draws one card anew.

use std::collections::{HashMap, HashSet};

use leptos::prelude::*;
use shared::ids::HighlightId;

use super::{Card, Desk, Placeless};
use crate::annotate::filter::{Filter, Reader};

/// What each card shows.
pub(super) type Cards = HashMap<HighlightId, ArcRwSignal<Card>>;

impl Desk {
    /// What the card of `id` shows, as a signal of its own: one change draws one card anew.
    pub fn card(self, id: HighlightId) -> Option<ArcRwSignal<Card>> {
        self.cards.with_value(|cards| cards.get(&id).cloned())
    }

    /// Shows `card`, new or changed.
    pub fn put_card(self, card: Card) {
        let id = card.highlight.id;
        match self.card(id) {
            Some(signal) => {
                if signal.with_untracked(|old| *old != card) {
                    signal.set(card);
                }
            }
            None => self.cards.update_value(|cards| {
                // One that comes back is the one that it was: views may still hold it.
                let signal = self.gone.try_update_value(|gone| gone.remove(&id)).flatten();
                let signal = signal.unwrap_or_else(|| ArcRwSignal::new(card.clone()));
                signal.set(card);
                cards.insert(id, signal);
            }),
        }
    }

    /// Whether a card is in hand, as a signal of its own: what goes from hand to hand touches two cards, not all.
    pub fn in_hand(self, id: HighlightId) -> ArcRwSignal<bool> {
        let now = self.active.get_untracked() == Some(id);
        let known =
            self.hands.try_update_value(|hands| hands.entry(id).or_insert_with(|| ArcRwSignal::new(now)).clone());
        known.unwrap_or_else(|| ArcRwSignal::new(now))
    }

    /// Keeps those signals true, from now on.
    pub fn watch_hand(self) {
        Effect::new(move |before: Option<Option<HighlightId>>| {
            let now = self.active.get();
            for (id, is) in [(before.flatten(), false), (now, true)] {
                if let Some(signal) = id.and_then(|id| self.hands.with_value(|hands| hands.get(&id).cloned())) {
                    signal.set(is);
                }
            }
            now
        });
    }

    /// Notes why a highlight has no place in the text, if it has none.
    pub fn set_placeless(self, id: HighlightId, why: Option<Placeless>) {
        if self.placeless.with_untracked(|all| all.get(&id).copied()) != why {
            self.placeless.update(|all| {
                match why {
                    Some(why) => all.insert(id, why),
                    None => all.remove(&id),
                };
            });
        }
    }

    /// Forgets a card.
    pub fn drop_card(self, id: HighlightId) {
        let card = self.cards.try_update_value(|cards| cards.remove(&id)).flatten();
        if let Some(card) = card {
            self.gone.update_value(|gone| drop(gone.insert(id, card)));
        }
        if self.active.get_untracked() == Some(id) {
            self.active.set(None);
        }
    }
}

/// The cards that match. Nothing of a card is read where nothing is asked, so that a change to one costs the same among
/// ten as among two thousand.
pub(super) fn matching(
    filter: &Filter,
    reader: Reader,
    order: &[HighlightId],
    cards: StoredValue<Cards>,
) -> HashSet<HighlightId> {
    if filter.is_clear() {
        return HashSet::new();
    }
    cards.with_value(|cards| {
        let matches = |card: &ArcRwSignal<Card>| card.with(|card| filter.matches(&card.highlight, reader));
        order.iter().filter(|id| cards.get(id).is_some_and(matches)).copied().collect()
    })
}
