//! JSON whose strings hold halves of characters: servers that count UTF-16 units cut a pair of surrogates in two and spell
//! each half by itself (`"\ud83d"`, then `"\udc69"`), which is no Unicode text (RFC 8259, 8.2), and which no reader of JSON
//! takes.

/// What is left of the event before: the first half of a character, as JSON spells it.
#[derive(Debug, Default)]
pub(super) struct Halves {
    first: Option<String>,
}

impl Halves {
    /// The same JSON with whole characters. A first half at the end of a string waits for the second one, at the beginning of
    /// a string of the next event; one that stays alone is U+FFFD.
    pub(super) fn join(&mut self, json: &str) -> String {
        let mut joined = String::with_capacity(json.len() + 12);
        let mut rest = json;
        while let Some(at) = rest.find('\\') {
            joined.push_str(&rest[..at]);
            let begins_string = joined.ends_with('"');
            rest = &rest[at..];
            let length = match (unit(rest), rest.get(6..).and_then(unit)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
                (Some(0xd800..=0xdbff), _) => {
                    if rest[6..].starts_with('"') {
                        self.first = Some(rest[..6].to_owned());
                    } else {
                        joined.push(char::REPLACEMENT_CHARACTER);
                    }
                    rest = &rest[6..];
                    continue;
                }
                (Some(0xdc00..=0xdfff), _) => {
                    match self.first.take().filter(|_| begins_string) {
                        Some(first) => joined.extend([&first, &rest[..6]]),
                        None => joined.push(char::REPLACEMENT_CHARACTER),
                    }
                    rest = &rest[6..];
                    continue;
                }
                (Some(_), _) => 6,
                (None, _) => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            };
            joined.push_str(&rest[..length]);
            rest = &rest[length..];
        }
        joined.push_str(rest);
        joined
    }
}

/// The UTF-16 unit that an escape at the start of this spells.
fn unit(json: &str) -> Option<u16> {
    let digits = json.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn read(events: &[&str]) -> String {
        let mut halves = Halves::default();
        let value = |json: &&str| serde_json::from_str::<Value>(&halves.join(json)).unwrap()["delta"].clone();
        events.iter().map(value).map(|delta| delta.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_character_that_was_cut_in_two_is_one_again() {
        for (events, text) in [
            (&[r#"{"delta":"日本 \ud83d"}"#, r#"{"delta":"\udc69 \u200d"}"#][..], "日本 👩 \u{200d}"),
            (&[r#"{"delta":"a\ud83d"}"#, r#"{"delta":"b"}"#, r#"{"delta":"c"}"#], "abc"),
            (&[r#"{"delta":"\udc69"}"#, r#"{"delta":"\ud83d\ud83d\udc69x"}"#], "\u{fffd}\u{fffd}👩x"),
            (&[r#"{"delta":"\\ud83d \"\n\\"}"#], "\\ud83d \"\n\\"),
        ] {
            assert_eq!(read(events), text);
        }
    }

    proptest! {
        #[test]
        fn whatever_it_is_it_is_read_to_its_end_and_json_stays_the_same(any in "(\\\\|u|d83d|dc69|\"|x|é|🐝){0,12}", text in "\\PC*") {
            Halves::default().join(&any);
            let json = serde_json::json!({ "delta": text }).to_string();
            prop_assert_eq!(Halves::default().join(&json), json);
        }

        #[test]
        fn a_text_that_is_cut_between_any_units_is_the_same(text in "[a🐝👩é]{0,8}", at in 0usize..8) {
            let units: Vec<u16> = text.encode_utf16().collect();
            let (one, two) = units.split_at(at.min(units.len()));
            let json = |units: &[u16]| {
                format!("{{\"delta\":\"{}\"}}", units.iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>())
            };
            prop_assert_eq!(read(&[&json(one), &json(two)]), text);
        }
    }
}
