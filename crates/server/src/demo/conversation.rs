//! An AI conversation of our own writing, made to be argued with: a student and a model read one Tang poem.
//!
//! The model's answers are good enough to be trusted and wrong in places, as such answers are. Students find, for
//! example, a miscounted poem, a claim about all readers without a source, a quotation that nobody can look up, a
//! program's output that nobody had seen, a wrong year of a book, and an exact date read out of a line of verse.
//! Do not correct the text: finding these is the exercise.

/// Its title.
pub const TITLE: &str = "Deer Park: can a model read a Tang poem?";

/// Its messages in order: role, and text as Markdown.
pub const MESSAGES: &[(&str, &str)] = &[
    ("user", include_str!("01-user.md")),
    ("assistant", include_str!("02-assistant.md")),
    ("user", include_str!("03-user.md")),
    ("assistant", include_str!("04-assistant.md")),
    ("user", include_str!("05-user.md")),
    ("assistant", include_str!("06-assistant.md")),
    ("user", include_str!("07-user.md")),
    ("assistant", include_str!("08-assistant.md")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_alternate_and_hold_what_the_page_must_be_able_to_show() {
        for (number, (role, text)) in MESSAGES.iter().enumerate() {
            assert_eq!(*role, if number % 2 == 0 { "user" } else { "assistant" });
            assert!(text.len() > 300, "message {number} is a real turn");
        }
        let all: String = MESSAGES.iter().map(|(_, text)| *text).collect();
        for sign in ["\n## ", "\n  - ", "\n1. ", "```python", "|---|", "\n> ", "空山不見人", "الحيوان", "μεταφορά"]
        {
            assert!(all.contains(sign), "{sign:?}");
        }
    }
}
