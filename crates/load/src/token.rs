/// Starts a token.
const MARK: u8 = b'~';

/// How many bytes a token takes, all of them ASCII.
pub const LENGTH: usize = 16;

const WRITER: usize = 3;
const NUMBER: usize = 4;
const AT: usize = 8;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const NO_DIGIT: u8 = 64;

/// The value of each byte as a digit.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 64 {
        values[DIGITS[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};

/// Who wrote something, the how many-th it is, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Counted over all rooms, below 2^18.
    pub writer: u32,
    /// Counted from 0 for each writer, below 2^24.
    pub number: u32,
    /// Microseconds of [`crate::clock::now`], below 2^48 (nine years).
    pub at: u64,
}

impl Token {
    /// As text: a tilde and fifteen digits to the base 64.
    pub fn text(&self) -> String {
        self.marked(MARK)
    }

    /// As text that looks the same to a server and is not found: for what is not to be counted.
    pub fn uncounted(&self) -> String {
        self.marked(b'.')
    }

    fn marked(&self, mark: u8) -> String {
        let mut text = String::with_capacity(LENGTH);
        text.push(char::from(mark));
        digits(&mut text, u64::from(self.writer), WRITER);
        digits(&mut text, u64::from(self.number), NUMBER);
        digits(&mut text, self.at, AT);
        text
    }
}

/// Shows each token in bytes of any format that leaves text as it is.
pub fn find(bytes: &[u8], mut found: impl FnMut(Token)) {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == MARK) {
        rest = &rest[at + 1..];
        let Some(token) = rest.get(..LENGTH - 1).and_then(read) else { continue };
        found(token);
        rest = &rest[LENGTH - 1..];
    }
}

fn read(digits: &[u8]) -> Option<Token> {
    let (writer, rest) = digits.split_at(WRITER);
    let (number, at) = rest.split_at(NUMBER);
    // The numbers of digits say that the first two fit.
    Some(Token { writer: value(writer)? as u32, number: value(number)? as u32, at: value(at)? })
}

fn digits(text: &mut String, value: u64, count: usize) {
    for place in (0..count).rev() {
        text.push(char::from(DIGITS[(value >> (6 * place)) as usize & 63]));
    }
}

fn value(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, byte| match VALUES[usize::from(*byte)] {
        NO_DIGIT => None,
        digit => Some(value << 6 | u64::from(digit)),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8]) -> Vec<Token> {
        let mut tokens = Vec::new();
        find(bytes, |token| tokens.push(token));
        tokens
    }

    proptest! {
        #[test]
        fn tokens_are_found_in_order_between_anything_else(
            tokens in prop::collection::vec((0..1_u32 << 18, 0..1_u32 << 24, 0..1_u64 << 48), 0..5),
            between in "[^~]{0,9}",
        ) {
            let tokens: Vec<_> =
                tokens.into_iter().map(|(writer, number, at)| Token { writer, number, at }).collect();
            let text: String = tokens.iter().map(|token| format!("{between}{}", token.text())).collect();
            prop_assert_eq!(text.len(), tokens.len() * (LENGTH + between.len()));
            prop_assert_eq!(all(text.as_bytes()), tokens);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            all(&bytes);
        }
    }

    #[test]
    fn what_is_not_to_be_counted_is_as_long_and_not_found() {
        let token = Token { writer: 1, number: 2, at: 3 };
        assert_eq!(token.uncounted().len(), LENGTH);
        assert_eq!(all(token.uncounted().as_bytes()), []);
    }

    #[test]
    fn a_token_cut_short_is_none_and_hides_no_other() {
        let token = Token { writer: 7, number: 70, at: 700 };
        assert_eq!(all(format!("~AB{}~AAAA", token.text()).as_bytes()), [token]);
    }
}
