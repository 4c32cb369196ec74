//! Small parts that several pages use.

use leptos::prelude::*;
#[cfg(any(feature = "hydrate", test))]
use shared::api::Person;
use shared::{api::Me, ids::UserId, letters};

/// Where the import form leaves its remarks for the conversation's page, in the session storage.
#[cfg(feature = "hydrate")]
pub const IMPORT_NOTES: &str = "import-notes";

/// The two letters of an avatar: the first of the first and of the last word.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    letters::upper(&first.into_iter().chain(words.next_back()).collect::<String>())
}

/// People's colours (10-tokens.css).
pub const HUES: u32 = 12;

/// Which of the avatar colours belongs to an id: the same everywhere and for ever.
pub fn hue(id: &str) -> u32 {
    // FNV-1a, for an even spread of ids that differ in few places.
    id.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)) % HUES
}

/// The colour that somebody has among those who are here.
pub fn hue_among(hues: &[(UserId, u32)], id: UserId) -> Option<u32> {
    hues.iter().find(|(known, _)| *known == id).map(|(_, hue)| *hue)
}

/// Colours for those who are here, no two alike as long as there are enough: what somebody had stays theirs, and who comes gets
/// their own or, if that is taken, the next.
#[cfg(any(feature = "hydrate", test))]
pub fn distinct_hues(known: &[(UserId, u32)], people: &[Person]) -> Vec<(UserId, u32)> {
    let is_here = |id: UserId| people.iter().any(|person| person.id == id);
    let mut hues: Vec<(UserId, u32)> = known.iter().filter(|(id, _)| is_here(*id)).copied().collect();
    for Person { id, .. } in people {
        if hue_among(&hues, *id).is_none() {
            let own = hue(&id.to_string());
            let is_free = |hue: &u32| hues.iter().all(|(_, taken)| taken != hue);
            let free = (0..HUES).map(|step| (own + step) % HUES).find(is_free);
            hues.push((*id, free.unwrap_or(own)));
        }
    }
    hues
}

/// Who looks at a page, and what waits for them.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Who.
    pub me: Me,
    /// How many of their notices are not read.
    pub unread: u32,
}

/// A person's round sign; its name is for whoever cannot see it.
#[component]
pub fn Avatar(
    /// The person's id.
    id: String,
    /// Their name.
    name: String,
) -> impl IntoView {
    view! { <span class="avatar" data-hue=hue(&id) aria-hidden="true">{initials(&name)}</span> }
}

/// Closes the menus of the bar. Without scripts they close by their own buttons.
#[cfg(feature = "ssr")]
#[component]
pub fn MenusScript() -> impl IntoView {
    const MENUS: &str = include_str!("menus.js");
    view! { <script type="module" nonce=leptos::nonce::use_nonce() inner_html=MENUS></script> }.into_any()
}

/// The menu of the person who is signed in.
#[component]
pub fn Account(
    /// Who.
    me: Me,
    /// What else the page offers there.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <details class="bar-menu account" name="bar-menu">
            <summary aria-label=format!("Account of {}", me.name)>
                <Avatar id=me.id.to_string() name=me.name.clone() />
            </summary>
            <div class="account-menu">
                <p class="account-name">{me.name}</p>
                <p class="hint">{me.email}</p>
                {children.map(|children| children())}
                <a class="button" href="/account">"Account"</a>
                <form method="post" action="/sign-out">
                    <button class="button" type="submit">"Sign out"</button>
                </form>
            </div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        assert_eq!(initials("Demo Student 1"), "D1");
        assert_eq!(initials("  zoë  "), "Z");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn people_here_have_colours_of_their_own_and_keep_them() {
        let people: Vec<Person> =
            (0..HUES + 1).map(|_| Person { id: UserId::new(), name: String::new(), pseudonym: None }).collect();
        let (last, rest) = people.split_last().unwrap();
        let mut hues = Vec::new();
        for count in 1..=rest.len() {
            let before = std::mem::take(&mut hues);
            hues = distinct_hues(&before, &rest[..count]);
            assert!(before.iter().all(|(id, hue)| hue_among(&hues, *id) == Some(*hue)), "{before:?} {hues:?}");
            let mut all: Vec<u32> = hues.iter().map(|(_, hue)| *hue).collect();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count);
        }
        // One more than there are colours has the own one; who leaves makes room.
        assert_eq!(hue_among(&distinct_hues(&hues, &people), last.id), Some(hue(&last.id.to_string())));
        let fewer = distinct_hues(&hues, &people[1..]);
        assert_eq!(hue_among(&fewer, last.id), hue_among(&hues, people[0].id));
    }
}
