//! People's names in a box, and the links that they are in a comment.

use std::collections::HashMap;

use shared::{ids::UserId, order::sorted_by, prose};

/// So many people are offered at once: whoever looks for another types on.
const MAX_OFFERED: usize = 8;

/// Nobody's name is asked for with more characters than this.
const MAX_ASKED: usize = 40;

/// What a link to somebody has behind its words.
const OPENS_ID: &str = "](mention:";

/// People by what a box calls them: their names, those of one name told apart by a number. Longer ones come first.
#[derive(Debug, Clone, Default)]
pub struct Names(Vec<(UserId, String)>);

impl Names {
    /// Everybody whose name is known.
    pub fn of(known: &HashMap<UserId, String>) -> Self {
        let plain = |name: &String| name.split_whitespace().collect::<Vec<_>>().join(" ");
        let people = known.iter().map(|(id, name)| (*id, plain(name))).filter(|(_, name)| !name.is_empty()).collect();
        let people: Vec<(UserId, String)> =
            sorted_by(people, |a: &(UserId, String), b| a.1.cmp(&b.1).then(a.0.cmp(&b.0)));
        let mut numbered = Vec::with_capacity(people.len());
        let mut number = 0;
        for (at, (id, name)) in people.iter().enumerate() {
            let same = |other: Option<&(UserId, String)>| other.is_some_and(|other| other.1 == *name);
            let follows = same(at.checked_sub(1).and_then(|before| people.get(before)));
            number = if follows { number + 1 } else { 1 };
            let is_only = !follows && !same(people.get(at + 1));
            numbered.push((*id, if is_only { name.clone() } else { name.clone() + " (" + &number.to_string() + ")" }));
        }
        Self(sorted_by(numbered, |a, b| b.1.len().cmp(&a.1.len()).then(a.1.cmp(&b.1))))
    }

    /// What somebody is called.
    pub fn get(&self, id: UserId) -> Option<&str> {
        self.0.iter().find(|person| person.0 == id).map(|person| person.1.as_str())
    }

    /// Those whose name begins with what is asked, then those with such a word in it; `fold` makes letters comparable.
    pub fn matching(&self, asked: &str, but: UserId, fold: impl Fn(&str) -> String) -> Vec<(UserId, String)> {
        let asked = fold(asked);
        let mut found: Vec<(bool, &(UserId, String))> = Vec::new();
        for person in self.0.iter().filter(|person| person.0 != but) {
            let name = fold(&person.1);
            let begins = name.starts_with(&asked);
            if begins || name.match_indices(' ').any(|(at, _)| name[at + 1..].starts_with(&asked)) {
                found.push((!begins, person));
            }
        }
        let found = sorted_by(found, |a, b| (a.0, &a.1.1).cmp(&(b.0, &b.1.1)));
        found.into_iter().take(MAX_OFFERED).map(|(_, person)| person.clone()).collect()
    }

    /// A comment as it is stored: each `@Name` outside code becomes a link to that person.
    pub fn to_body(&self, text: &str) -> String {
        let mut body = text.to_owned();
        let mut from = 0;
        while let Some(at) = body[from..].find('@').map(|found| from + found) {
            from = at + 1;
            let Some((id, name)) = self.named_at(&body, at) else { continue };
            let link = prose::mention(name, id);
            let tried = body[..at].to_owned() + &link + &body[from + name.len()..];
            if count(&tried) > count(&body) {
                from = at + link.len();
                body = tried;
            }
        }
        body
    }

    /// Who is named behind this `@`: the longest name, whole.
    fn named_at(&self, text: &str, at: usize) -> Option<(UserId, &str)> {
        let (before, after) = (&text[..at], &text[at + 1..]);
        if before.ends_with(char::is_alphanumeric) || is_escaped(before) {
            return None;
        }
        let is_here = |name: &str| {
            let rest = after.strip_prefix(name);
            rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric) && !rest.starts_with(OPENS_ID))
        };
        self.0.iter().find(|person| is_here(&person.1)).map(|person| (person.0, person.1.as_str()))
    }

    /// A comment as a box shows it: links to people are `@Name`. What would not become the same again stays as it is.
    pub fn to_text(&self, body: &str) -> String {
        let mut text = body.to_owned();
        let mut from = 0;
        while let Some(middle) = text[from..].find(OPENS_ID).map(|found| from + found) {
            from = middle + OPENS_ID.len();
            let Some((start, end, name)) = self.link_at(&text, middle) else { continue };
            let tried = text[..start].to_owned() + "@" + name + &text[end..];
            if count(&tried) < count(&text) {
                from = start + 1 + name.len();
                text = tried;
            }
        }
        if prose::mentions(&self.to_body(&text)) == prose::mentions(body) { text } else { body.to_owned() }
    }

    /// Where the link around this middle begins and ends, and what the person is called.
    fn link_at(&self, text: &str, middle: usize) -> Option<(usize, usize, &str)> {
        let rest = &text[middle + OPENS_ID.len()..];
        let id = rest.get(..36)?;
        let after = rest[36..].strip_prefix(')')?;
        let name = self.get(id.parse().ok()?)?;
        let brackets = text[..middle].match_indices('[').map(|(at, _)| at);
        let start = brackets.rev().find(|at| !is_escaped(&text[..*at]))?;
        let is_made_here = text[start + 1..].starts_with('@');
        let is_apart = !text[..start].ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
        (is_made_here && is_apart).then_some((start, text.len() - after.len(), name))
    }
}

/// Whether a backslash takes what follows out of Markdown: an odd number of them does, pairs are backslashes themselves.
fn is_escaped(before: &str) -> bool {
    before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// How many mentions are shown, each time one stands there.
fn count(text: &str) -> usize {
    prose::html(text).matches("<span class=\"mention\"").count()
}

/// The name that is being asked for in front of the caret, and the place of its `@`.
pub fn asked(before: &str) -> Option<(usize, &str)> {
    let at = before.rfind('@')?;
    let asked = &before[at + 1..];
    let is_name = !asked.starts_with(char::is_whitespace)
        && !asked.ends_with(char::is_whitespace)
        && !asked.contains('\n')
        && asked.chars().count() <= MAX_ASKED;
    (is_name && !before[..at].ends_with(char::is_alphanumeric)).then_some((at, asked))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn people(names: &[&str]) -> (Vec<UserId>, Names) {
        let ids: Vec<UserId> = names.iter().map(|_| UserId::new()).collect();
        let known = ids.iter().copied().zip(names.iter().map(|name| (*name).to_owned())).collect();
        (ids, Names::of(&known))
    }

    #[test]
    fn a_name_becomes_a_link_and_a_link_a_name() {
        let (ids, names) = people(&["Ann Lee", "Ben", "Zoë [x]"]);
        let text = "@Ben, ask @Ann Lee.\n- or @Zoë [x]\n- or @Ben";
        let body = names.to_body(text);
        assert_eq!(prose::mentions(&body), [ids[1], ids[0], ids[2]]);
        assert!(body.starts_with(&format!("[@Ben](mention:{}), ask", ids[1])), "{body}");
        assert_eq!(names.to_text(&body), text);
        assert_eq!(names.to_body(&names.to_text(&body)), body);
    }

    #[test]
    fn only_a_whole_name_of_somebody_known_is_one() {
        let (_, names) = people(&["Ann", "Ben"]);
        for text in ["me@Ann", "@Anna", "@ann", "@Carl", "`@Ann`", "```\n@Ann\n```", "@", "a @ b", "@ Ann", r"[\@Ann"] {
            assert_eq!(names.to_body(text), text);
        }
        assert_eq!(prose::mentions(&names.to_body(r"\\@Ann")).len(), 1, "two backslashes are one of the text");
    }

    #[test]
    fn of_two_names_the_longer_one_is_meant() {
        let (ids, names) = people(&["Ann", "Ann Lee"]);
        assert_eq!(prose::mentions(&names.to_body("@Ann Lee and @Ann")), [ids[1], ids[0]]);
        // What the box could not tell stays a link there.
        let body = prose::mention("Ann", ids[0]) + " Lee";
        assert_eq!(names.to_text(&body), body);
        assert_eq!(names.to_body(&body), body);
    }

    #[test]
    fn people_of_one_name_are_told_apart() {
        let (ids, names) = people(&["Ann  Lee", "Ann Lee", "Ben"]);
        let mut same = [ids[0], ids[1]];
        same.sort();
        assert_eq!((names.get(same[0]), names.get(same[1])), (Some("Ann Lee (1)"), Some("Ann Lee (2)")));
        assert_eq!(names.get(ids[2]), Some("Ben"));
        let body = names.to_body("@Ann Lee (2), not @Ann Lee");
        assert_eq!(prose::mentions(&body), [same[1]]);
        assert_eq!(names.to_text(&body), "@Ann Lee (2), not @Ann Lee");
    }

    #[test]
    fn what_cannot_be_told_stays_as_it_is() {
        let (ids, names) = people(&["Ann"]);
        let stranger = prose::mention("Somebody", UserId::new());
        let ann = prose::mention("Ann", ids[0]);
        for body in [stranger.clone(), format!("`{ann}`"), format!("{ann}a"), format!("a{ann}"), "](mention:".into()] {
            assert_eq!(names.to_text(&body), body);
            assert_eq!(prose::mentions(&names.to_body(&body)), prose::mentions(&body), "{body}");
        }
        // An escaped bracket is a letter of the words before it, which are no mention's.
        let within = format!(r"[\{ann}");
        assert_eq!(names.to_text(&within), within);
        assert_eq!(names.to_text(&format!("{stranger} {ann}")), format!("{stranger} @Ann"));
        // Under whatever name: the person is who is meant.
        assert_eq!(names.to_text(&prose::mention("An old name", ids[0])), "@Ann");
    }

    #[test]
    fn an_at_sign_asks_for_a_name() {
        for (before, expected) in [
            ("@", Some((0, ""))),
            ("see @An", Some((4, "An"))),
            ("@Ann L", Some((0, "Ann L"))),
            ("(@x", Some((1, "x"))),
            ("@one @two", Some((5, "two"))),
            ("me@example", None),
            ("@ an", None),
            ("@Ann ", None),
            ("@Ann\nB", None),
            ("none", None),
        ] {
            assert_eq!(asked(before), expected, "{before:?}");
        }
        assert_eq!(asked(&format!("@{}", "a".repeat(41))), None);
    }

    #[test]
    fn names_are_found_by_the_beginning_of_any_word_and_never_oneself() {
        let (ids, names) = people(&["Ann Lee", "Lena Ann", "Ben Annis", "Carl"]);
        let fold = |text: &str| text.to_lowercase();
        let found =
            |asked: &str, but| names.matching(asked, but, fold).into_iter().map(|person| person.1).collect::<Vec<_>>();
        assert_eq!(found("ann", ids[3]), ["Ann Lee", "Ben Annis", "Lena Ann"]);
        assert_eq!(found("ann l", ids[3]), ["Ann Lee"]);
        assert_eq!(found("ann", ids[0]), ["Ben Annis", "Lena Ann"]);
        assert_eq!(found("x", ids[3]), [""; 0]);
        let many: Vec<String> = (0..20).map(|number| format!("Person {number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(people(&many).1.matching("", UserId::new(), fold).len(), MAX_OFFERED);
    }

    proptest! {
        #[test]
        fn no_text_is_lost(text in "(@|Ann|Ann Lee|Ben|[a ,`*\\n\\[\\]()\\\\é]){0,25}") {
            let (_, names) = people(&["Ann", "Ann Lee", "Ben"]);
            let body = names.to_body(&text);
            // As often as it goes back and forth, it says the same.
            let again = names.to_body(&names.to_text(&body));
            prop_assert_eq!(prose::mentions(&again), prose::mentions(&body));
            prop_assert_eq!(prose::words(&again), prose::words(&body));
        }
    }
}
