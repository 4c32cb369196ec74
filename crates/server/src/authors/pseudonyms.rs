//! Names of two words that say nothing of whom they are given to.

use rand::{Rng, seq::IndexedRandom};
use uuid::Uuid;

/// Kind to everybody: nobody has chosen theirs.
const ADJECTIVES: [&str; 96] = [
    "Agile", "Airy", "Amber", "Ample", "Apt", "Azure", "Balmy", "Bold", "Brave", "Breezy", "Bright", "Brisk", "Calm",
    "Candid", "Careful", "Cheerful", "Clear", "Clever", "Cobalt", "Cool", "Copper", "Coral", "Cosy", "Crisp",
    "Curious", "Dapper", "Daring", "Deft", "Eager", "Early", "Earnest", "Easy", "Even", "Fair", "Fleet", "Fond",
    "Frank", "Fresh", "Gentle", "Glad", "Golden", "Grand", "Green", "Handy", "Happy", "Hardy", "Hazel", "Honest",
    "Humble", "Indigo", "Ivory", "Jade", "Jolly", "Keen", "Kind", "Lilac", "Lively", "Loyal", "Lucid", "Lucky",
    "Maroon", "Mellow", "Merry", "Mild", "Modest", "Neat", "Nimble", "Noble", "Olive", "Opal", "Patient", "Pearl",
    "Placid", "Plucky", "Polite", "Proud", "Quick", "Quiet", "Ready", "Russet", "Sage", "Scarlet", "Serene", "Sharp",
    "Silver", "Sincere", "Spry", "Steady", "Sunny", "Swift", "Teal", "Tidy", "Upbeat", "Violet", "Warm", "Wise",
];

/// None that is an insult to be called.
const ANIMALS: [&str; 96] = [
    "Albatross",
    "Alpaca",
    "Antelope",
    "Avocet",
    "Badger",
    "Bear",
    "Beaver",
    "Bison",
    "Bittern",
    "Bluebird",
    "Bobcat",
    "Bunting",
    "Buzzard",
    "Camel",
    "Caribou",
    "Cheetah",
    "Chough",
    "Condor",
    "Cormorant",
    "Cougar",
    "Crane",
    "Cricket",
    "Curlew",
    "Deer",
    "Dolphin",
    "Dormouse",
    "Dove",
    "Dragonfly",
    "Eagle",
    "Egret",
    "Eider",
    "Elk",
    "Falcon",
    "Ferret",
    "Finch",
    "Flamingo",
    "Fox",
    "Gannet",
    "Gazelle",
    "Gecko",
    "Giraffe",
    "Goldfinch",
    "Grebe",
    "Grouse",
    "Hare",
    "Harrier",
    "Hawk",
    "Hedgehog",
    "Heron",
    "Hoopoe",
    "Horse",
    "Ibex",
    "Ibis",
    "Jackdaw",
    "Jaguar",
    "Jay",
    "Kestrel",
    "Kingfisher",
    "Kite",
    "Koala",
    "Lapwing",
    "Lark",
    "Lemur",
    "Leopard",
    "Linnet",
    "Lion",
    "Lynx",
    "Magpie",
    "Mallard",
    "Marten",
    "Merlin",
    "Moose",
    "Narwhal",
    "Nuthatch",
    "Ocelot",
    "Oriole",
    "Osprey",
    "Otter",
    "Owl",
    "Panda",
    "Pelican",
    "Penguin",
    "Plover",
    "Puffin",
    "Quail",
    "Raven",
    "Robin",
    "Salmon",
    "Seal",
    "Skylark",
    "Sparrow",
    "Stork",
    "Swan",
    "Tiger",
    "Wren",
    "Zebra",
];

/// Tries after which a number is added: most pairs are taken then.
const WITHOUT_NUMBER: usize = 12;

/// A pseudonym; a longer one the more of them were taken.
pub(super) fn draw(tries: usize) -> String {
    let mut rng = rand::rng();
    let [adjective, animal] = [&ADJECTIVES, &ANIMALS].map(|words| words.choose(&mut rng).copied().unwrap_or_default());
    if tries < WITHOUT_NUMBER {
        format!("{adjective} {animal}")
    } else {
        format!("{adjective} {animal} {}", rng.random_range(2..10_000))
    }
}

/// An id from which nothing follows, not even when it was made.
pub(crate) fn alias() -> Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn words_are_there_once_and_plain() {
        for words in [ADJECTIVES, ANIMALS] {
            assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
            assert!(words.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic())));
        }
    }

    #[test]
    fn a_pseudonym_is_two_words_and_has_a_number_only_where_most_are_taken() {
        assert_eq!(draw(0).split(' ').count(), 2);
        let late = draw(WITHOUT_NUMBER);
        assert!(late.split(' ').nth(2).is_some_and(|number| number.parse::<u32>().is_ok()), "{late}");
    }
}
