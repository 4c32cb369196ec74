//! The text of a message with what is marked in it.

use shared::{
    api::Message,
    text::{Mark, MarkedText, with_marks},
};

use super::Part;

/// The message as HTML: a `mark` around each piece that is marked, and a number where a highlight ends.
pub(super) fn write(part: &Part<'_>, at: usize, message: &Message) -> MarkedText {
    with_marks(&message.markdown, &message.text, &marks(part, at))
}

fn marks(part: &Part<'_>, at: usize) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (number, one) in part.numbered() {
        let placed: Vec<_> =
            one.places.iter().filter(|place| place.message.is_some() && place.bytes.is_some()).collect();
        for (index, place) in placed.iter().enumerate().filter(|(_, place)| place.message == Some(at)) {
            marks.push(Mark {
                number,
                bytes: place.bytes.clone().unwrap_or_default(),
                class: part.colour(one.highlight),
                begins: index == 0,
                ends: index + 1 == placed.len(),
            });
        }
    }
    marks
}
