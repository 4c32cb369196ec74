//! What people, classes and other things may be called.

use crate::error::Error;

/// A name of 1 to `limit` characters in one line, without white space around it.
///
/// # Errors
/// It is empty or too long, there is nothing to see of it, or it would turn the text around it over.
pub fn name(text: &str, limit: usize) -> Result<String, Error> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !(1..=limit).contains(&name.chars().count()) {
        return Err(Error::Invalid("bad_name", format!("name: a name has 1 to {limit} characters.")));
    }
    match unfit(&name) {
        None => Ok(name),
        Some(why) => Err(Error::Invalid("bad_name", format!("name: {why}"))),
    }
}

/// Why a text on one line cannot be shown as a name, if so.
pub fn unfit(name: &str) -> Option<&'static str> {
    if name.chars().any(|character| character.is_control() || is_direction(character)) {
        return Some("there are characters that cannot be shown.");
    }
    let is_seen = |character: char| !character.is_whitespace() && !is_invisible(character);
    (!name.chars().any(is_seen)).then_some("there is nothing to see of it.")
}

/// What turns the text around it over, and so could make one name look like another. Marks of direction turn nothing over,
/// and stand in what people write from right to left.
pub fn is_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `Default_Ignorable_Code_Point` of Unicode, where it is assigned, and the blank of Braille: nothing is drawn for them.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_something_to_see_on_one_line() {
        for (text, expected) in [
            ("  Ann \n Lee ", "Ann Lee"),
            ("名", "名"),
            ("محمد", "محمد"),
            ("\u{200f}שלום", "\u{200f}שלום"),
            ("👩\u{200d}🔬", "👩\u{200d}🔬"),
            ("क्\u{200d}ष", "क्\u{200d}ष"),
        ] {
            assert_eq!(name(text, 20).expect("it is one"), expected);
        }
        let unseen = ["", " ", "\u{200b}", "\u{3164}", "\u{feff} \u{ad}", "\u{e0041}", "\u{2800}"];
        let turning = ["a\u{202e}b", "a\u{2066}b", "a\u{7}b"];
        for text in unseen.into_iter().chain(turning) {
            assert!(name(text, 20).is_err(), "{text:?}");
        }
        assert!(name(&"x".repeat(21), 20).is_err());
    }
}
