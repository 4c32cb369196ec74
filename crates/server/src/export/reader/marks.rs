//! The text of a message with what is marked in it.

use shared::{
    api::Message,
    text::{Mark, MarkedText, with_marks},
};

use super::{
    super::contents::{Contents, Marked},
    colour,
};

/// The message as HTML: a `mark` around each piece that is marked, and a number where a highlight ends.
pub(super) fn write(contents: &Contents, marked: &[Marked<'_>], at: usize, message: &Message) -> MarkedText {
    with_marks(&message.markdown, &message.text, &marks(contents, marked, at))
}

fn marks(contents: &Contents, marked: &[Marked<'_>], at: usize) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (number, one) in (1..).zip(marked) {
        let placed: Vec<_> =
            one.places.iter().filter(|place| place.message.is_some() && place.bytes.is_some()).collect();
        for (index, place) in placed.iter().enumerate().filter(|(_, place)| place.message == Some(at)) {
            marks.push(Mark {
                number,
                bytes: place.bytes.clone().unwrap_or_default(),
                class: colour(contents, one.highlight),
                begins: index == 0,
                ends: index + 1 == placed.len(),
            });
        }
    }
    marks
}
