use crate::token::Token;

/// What one observer heard from the writers of its room, counted one by one.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// The number of the room's first writer.
    first: u32,
    /// For each writer, a bit for each number that was heard.
    heard: Vec<Vec<u64>>,
    /// The writer whose messages are its own.
    own: Option<u32>,
    /// Different messages of others.
    pub delivered: u64,
    /// Messages that came more than once.
    pub twice: u64,
    /// Own messages that came back.
    pub echoes: u64,
    /// Messages of other rooms: nobody here should see them.
    pub strangers: u64,
}

impl Tally {
    /// For the room whose writers are numbered from `first`; `own` is the observer's own number, if it writes.
    pub fn new(first: u32, writers: usize, own: Option<u32>) -> Self {
        Self { first, heard: vec![Vec::new(); writers], own, ..Self::default() }
    }

    /// Counts a message. Whether it is one that was not heard before, of somebody else in this room.
    pub fn take(&mut self, token: &Token) -> bool {
        if self.own == Some(token.writer) {
            self.echoes += 1;
            return false;
        }
        let writer = token.writer.checked_sub(self.first).and_then(|writer| self.heard.get_mut(writer as usize));
        let Some(numbers) = writer else {
            self.strangers += 1;
            return false;
        };
        let (word, bit) = (token.number as usize / 64, 1 << (token.number % 64));
        if numbers.len() <= word {
            numbers.resize(word + 1, 0);
        }
        if numbers[word] & bit != 0 {
            self.twice += 1;
            return false;
        }
        numbers[word] |= bit;
        self.delivered += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(writer: u32, number: u32) -> Token {
        Token { writer, number, at: 0 }
    }

    #[test]
    fn each_message_is_counted_once_in_whatever_order_they_come() {
        let mut tally = Tally::new(10, 2, None);
        for number in [0, 200, 1, 64, 63] {
            assert!(tally.take(&token(11, number)));
        }
        assert!(!tally.take(&token(11, 64)));
        assert!(tally.take(&token(10, 64)));
        assert_eq!((tally.delivered, tally.twice), (6, 1));
    }

    #[test]
    fn own_messages_and_those_of_other_rooms_are_no_deliveries() {
        let mut tally = Tally::new(10, 2, Some(10));
        assert!(!tally.take(&token(10, 0)));
        assert!(!tally.take(&token(9, 0)));
        assert!(!tally.take(&token(12, 0)));
        assert_eq!((tally.delivered, tally.echoes, tally.strangers), (0, 1, 2));
    }
}
