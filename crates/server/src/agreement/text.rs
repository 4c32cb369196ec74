//! The messages as one text.

use std::{collections::HashMap, ops::Range};

use shared::{
    ids::MessageId,
    selector::{Target, resolve},
    text::{CharOffset, OffsetMap},
};

/// All messages in their order, with one place between each two.
pub(super) struct Text {
    messages: Vec<Message>,
    numbers: HashMap<MessageId, usize>,
    /// Code points.
    pub(super) length: u64,
}

struct Message {
    id: MessageId,
    text: String,
    map: OffsetMap,
    /// Where it stands in the whole.
    range: Range<u64>,
}

/// A passage of one message.
pub(super) struct Place<'text> {
    pub(super) message: MessageId,
    /// The message's place among the others.
    pub(super) number: usize,
    pub(super) start: CharOffset,
    pub(super) end: CharOffset,
    pub(super) text: &'text str,
}

impl Text {
    pub(super) fn of(texts: Vec<(MessageId, String)>) -> Self {
        let numbers = texts.iter().enumerate().map(|(number, (id, _))| (*id, number)).collect();
        let mut at = 0;
        let mut messages = Vec::with_capacity(texts.len());
        for (id, text) in texts {
            let range = at..at + text.chars().count() as u64;
            at = range.end + 1;
            messages.push(Message { id, map: OffsetMap::new(&text), text, range });
        }
        let length = messages.last().map_or(0, |last| last.range.end);
        Self { messages, numbers, length }
    }

    /// Where a target is now, if it is in one of these messages.
    pub(super) fn find(&self, target: &Target) -> Option<Range<u64>> {
        let message = &self.messages[*self.numbers.get(&target.message)?];
        let (start, end) = resolve(target, &message.text, &message.map).range()?;
        Some(message.range.start + u64::from(start.0)..message.range.start + u64::from(end.0))
    }

    /// What a passage is in its message: none goes over the end of one.
    pub(super) fn place(&self, passage: &Range<u64>) -> Option<Place<'_>> {
        let number = self.messages.partition_point(|message| message.range.end < passage.end);
        let message = self.messages.get(number)?;
        let within = |at: u64| Some(CharOffset(u32::try_from(at.checked_sub(message.range.start)?).ok()?));
        let (start, end) = (within(passage.start)?, within(passage.end)?);
        let text = message.map.slice(&message.text, start, end)?;
        Some(Place { message: message.id, number, start, end, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_messages_is_a_place_that_nobody_marks() {
        let ids = [MessageId::new(), MessageId::new(), MessageId::new()];
        let text = Text::of(ids.into_iter().zip(["鯨 sing", "", "🐋 so"].map(str::to_owned)).collect());
        // The second message is empty.
        assert_eq!(text.length, 6 + 1 + 1 + 4);
        let target = |message, start, end, exact: &str| Target {
            message,
            start: CharOffset(start),
            end: CharOffset(end),
            exact: exact.to_owned(),
            prefix: String::new(),
            suffix: String::new(),
            lost: false,
        };
        assert_eq!(text.find(&target(ids[0], 0, 6, "鯨 sing")), Some(0..6));
        assert_eq!(text.find(&target(ids[2], 0, 1, "🐋")), Some(8..9));
        assert_eq!(text.find(&target(MessageId::new(), 0, 1, "🐋")), None);
        assert_eq!(text.find(&Target { lost: true, ..target(ids[2], 0, 1, "🐋") }), None);
        let place = text.place(&(8..12)).unwrap();
        assert_eq!((place.message, place.number, place.start.0, place.end.0, place.text), (ids[2], 2, 0, 4, "🐋 so"));
        assert_eq!(text.place(&(0..6)).unwrap().text, "鯨 sing");
    }
}
