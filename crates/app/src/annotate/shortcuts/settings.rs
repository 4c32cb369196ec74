//! Which key does what: one table, and what a person has changed of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::letters;

use crate::annotate::desk::Tab;

/// What a single key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Marks the selection with the tag of this place, counted from 0.
    Tag(usize),
    /// Goes to the next highlight.
    Next,
    /// Goes to the one before.
    Previous,
    /// Goes to the next one that is not resolved.
    NextUnresolved,
    /// Goes to the one of them before.
    PreviousUnresolved,
    /// Goes to the comment box of the highlight in hand.
    Reply,
    /// Resolves the thread in hand, or reopens it.
    Resolve,
    /// Goes to the box that looks for highlights.
    Search,
    /// Opens a tab of the panel.
    Open(Tab),
    /// Opens the list of shortcuts.
    Help,
}

/// A single-key shortcut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortcut {
    /// What it does.
    pub action: Action,
    /// As settings are kept; stable.
    pub id: &'static str,
    /// In words.
    pub label: &'static str,
    /// Its key until the person says otherwise.
    pub key: &'static str,
}

const fn shortcut(action: Action, id: &'static str, label: &'static str, key: &'static str) -> Shortcut {
    Shortcut { action, id, label, key }
}

/// All single-key shortcuts of the page.
pub const TABLE: [Shortcut; 22] = [
    shortcut(Action::Next, "next", "Next highlight", "j"),
    shortcut(Action::Previous, "previous", "Previous highlight", "k"),
    shortcut(Action::NextUnresolved, "next-unresolved", "Next unresolved highlight", "u"),
    shortcut(Action::PreviousUnresolved, "previous-unresolved", "Previous unresolved highlight", "i"),
    shortcut(Action::Reply, "reply", "Comment on the highlight in hand", "r"),
    shortcut(Action::Resolve, "resolve", "Resolve or reopen the highlight in hand", "e"),
    shortcut(Action::Search, "search", "Search the highlights", "/"),
    shortcut(Action::Open(Tab::Annotations), "annotations", "Annotations", "a"),
    shortcut(Action::Open(Tab::Board), "board", "Board", "b"),
    shortcut(Action::Open(Tab::Notes), "notes", "Notes", "o"),
    shortcut(Action::Open(Tab::Response), "response", "Response", "w"),
    shortcut(Action::Help, "help", "This list", "?"),
    shortcut(Action::Tag(0), "tag-1", "Mark with tag 1", "1"),
    shortcut(Action::Tag(1), "tag-2", "Mark with tag 2", "2"),
    shortcut(Action::Tag(2), "tag-3", "Mark with tag 3", "3"),
    shortcut(Action::Tag(3), "tag-4", "Mark with tag 4", "4"),
    shortcut(Action::Tag(4), "tag-5", "Mark with tag 5", "5"),
    shortcut(Action::Tag(5), "tag-6", "Mark with tag 6", "6"),
    shortcut(Action::Tag(6), "tag-7", "Mark with tag 7", "7"),
    shortcut(Action::Tag(7), "tag-8", "Mark with tag 8", "8"),
    shortcut(Action::Tag(8), "tag-9", "Mark with tag 9", "9"),
    shortcut(Action::Tag(9), "tag-10", "Mark with tag 10", "0"),
];

/// Why a key was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Not one character, or one that the browser needs.
    #[error("This key cannot be a shortcut: press a letter, a digit or a sign.")]
    NoCharacter,
    /// Another shortcut has it.
    #[error("“{key}” is the key of “{}” already: change that one first.", holder.label)]
    Taken {
        /// The key.
        key: String,
        /// Whose it is.
        holder: Shortcut,
    },
}

/// What a person has changed of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// No single key does anything.
    pub off: bool,
    keys: BTreeMap<String, String>,
}

impl Settings {
    /// Settings as they were kept. What is unknown or makes no sense is passed over: it may be of another version.
    pub fn parse(text: &str) -> Self {
        let mut settings: Self = serde_json::from_str(text).unwrap_or_default();
        let kept = std::mem::take(&mut settings.keys);
        for (id, key) in kept {
            if let Some(key) = fit(&key).filter(|_| TABLE.iter().any(|known| known.id == id)) {
                settings.keys.insert(id, key);
            }
        }
        // No key does two things: of two changes one is taken back. Where the table has the key, this gives way (`key`).
        while let Some(id) = settings.changed_in_conflict() {
            settings.keys.remove(&id);
        }
        settings
    }

    fn changed_in_conflict(&self) -> Option<String> {
        let is_taken = |id: &str, key: &str| self.keys.iter().any(|(other, taken)| other != id && taken == key);
        self.keys.iter().find(|(id, key)| is_taken(id, key)).map(|(id, _)| id.clone())
    }

    /// As they are kept.
    pub fn text(&self) -> String {
        // Words and truth values are always JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The key of a shortcut; empty if the person has given its key to another, perhaps before this one was there.
    pub fn key<'a>(&'a self, shortcut: &'a Shortcut) -> &'a str {
        match self.keys.get(shortcut.id) {
            Some(key) => key.as_str(),
            None if self.keys.values().any(|key| key == shortcut.key) => "",
            None => shortcut.key,
        }
    }

    /// The key that marks with the tag of this place, if single keys do anything.
    pub fn tag_key(&self, place: usize) -> Option<String> {
        self.key_of(Action::Tag(place))
    }

    /// The key that does something, if single keys do anything.
    pub fn key_of(&self, action: Action) -> Option<String> {
        let shortcut = TABLE.iter().find(|shortcut| shortcut.action == action)?;
        Some(self.key(shortcut).to_owned()).filter(|key| !self.off && !key.is_empty())
    }

    /// What a key does.
    pub fn action(&self, key: &str) -> Option<Action> {
        let key = fit(key).filter(|_| !self.off)?;
        TABLE.iter().find(|shortcut| self.key(shortcut) == key).map(|shortcut| shortcut.action)
    }

    /// Gives a shortcut another key.
    ///
    /// # Errors
    /// See [`Unfit`]; then nothing is changed.
    pub fn bind(&mut self, shortcut: &Shortcut, key: &str) -> Result<(), Unfit> {
        let key = fit(key).ok_or(Unfit::NoCharacter)?;
        if let Some(holder) = TABLE.iter().find(|other| other.id != shortcut.id && self.key(other) == key) {
            return Err(Unfit::Taken { key, holder: *holder });
        }
        if key == shortcut.key {
            self.keys.remove(shortcut.id);
        } else {
            self.keys.insert(shortcut.id.to_owned(), key);
        }
        Ok(())
    }

    /// Whether any key is another than in the table.
    pub fn is_changed(&self) -> bool {
        !self.keys.is_empty()
    }

    /// All keys as in the table.
    pub fn reset(&mut self) {
        self.keys.clear();
    }
}

/// A key as it is compared: one character that is seen; letters also with Caps Lock.
fn fit(key: &str) -> Option<String> {
    let mut characters = key.chars();
    let (Some(character), None) = (characters.next(), characters.next()) else { return None };
    (!character.is_whitespace() && !character.is_control()).then(|| letters::lower(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(id: &str) -> &'static Shortcut {
        TABLE.iter().find(|shortcut| shortcut.id == id).unwrap()
    }

    #[test]
    fn every_key_of_the_table_does_one_thing() {
        let settings = Settings::default();
        for shortcut in &TABLE {
            assert_eq!(settings.action(shortcut.key), Some(shortcut.action));
        }
        assert_eq!(settings.action("J"), Some(Action::Next));
        assert_eq!(settings.action("Enter"), None);
    }

    #[test]
    fn settings_are_kept_and_read_again() {
        let mut settings = Settings { off: true, ..Settings::default() };
        settings.bind(of("next"), "N").unwrap();
        assert_eq!(Settings::parse(&settings.text()), settings);
        settings.off = false;
        assert_eq!((settings.action("n"), settings.action("j")), (Some(Action::Next), None));
    }

    #[test]
    fn kept_settings_that_make_no_sense_are_passed_over() {
        for text in
            ["", "null", "[]", "{", r#"{"off":1,"keys":[2]}"#, r#"{"keys":{"fly":"f","next":"Enter","help":7}}"#]
        {
            assert_eq!(Settings::parse(text), Settings::default(), "{text}");
        }
        // One good word among bad ones counts.
        let settings = Settings::parse(r#"{"off":true,"new":1,"keys":{"fly":"f","next":"n"}}"#);
        assert!(settings.off);
        assert_eq!(settings.key(of("next")), "n");
    }

    #[test]
    fn of_kept_keys_in_conflict_none_does_two_things() {
        let settings = Settings::parse(r#"{"keys":{"next":"x","previous":"x","help":"1","tag-1":"?"}}"#);
        let mut keys: Vec<&str> = TABLE.iter().map(|shortcut| settings.key(shortcut)).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), TABLE.len());
        // Two that changed places are in no conflict.
        assert_eq!((settings.key(of("help")), settings.key(of("tag-1"))), ("1", "?"));
    }

    #[test]
    fn a_key_that_a_person_has_given_away_is_not_taken_back_by_a_shortcut_that_is_new() {
        let settings = Settings::parse(r#"{"keys":{"next":"u"}}"#);
        assert_eq!((settings.action("u"), settings.key(of("next"))), (Some(Action::Next), "u"));
        assert_eq!((settings.key(of("next-unresolved")), settings.key_of(Action::NextUnresolved)), ("", None));
        // It can have another key, and has its own again when that is free.
        let mut settings = settings;
        settings.bind(of("next-unresolved"), "y").unwrap();
        assert_eq!(settings.action("y"), Some(Action::NextUnresolved));
        settings.reset();
        assert_eq!(settings.action("u"), Some(Action::NextUnresolved));
    }

    #[test]
    fn a_key_that_another_has_is_not_taken_and_its_holder_is_named() {
        let mut settings = Settings::default();
        let refused = settings.bind(of("next"), "k").unwrap_err();
        assert!(refused.to_string().contains("Previous highlight"), "{refused}");
        assert_eq!(settings.bind(of("next"), "Tab"), Err(Unfit::NoCharacter));
        assert_eq!(settings.bind(of("next"), " "), Err(Unfit::NoCharacter));
        assert_eq!(settings, Settings::default());
        settings.bind(of("next"), "n").unwrap();
        settings.bind(of("previous"), "j").unwrap();
        assert!(settings.is_changed());
        settings.reset();
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn switched_off_no_single_key_does_anything() {
        let settings = Settings { off: true, ..Settings::default() };
        assert!(TABLE.iter().all(|shortcut| settings.action(shortcut.key).is_none()));
        assert_eq!(settings.tag_key(0), None);
        assert_eq!(Settings::default().tag_key(9).as_deref(), Some("0"));
    }
}
