//! Reading lib0's encoding from bytes that nobody vouches for.

/// Bytes that do not follow the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed at byte {at}: {what}")]
pub struct Malformed {
    /// What is wrong.
    pub what: &'static str,
    /// Where, counted from the start of the bytes that were read.
    pub at: usize,
}

/// A position in bytes. Lengths are compared as `u64`, so that they cannot wrap where `usize` has 32 bits.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(all: &'a [u8]) -> Self {
        Self { all, at: 0 }
    }

    pub(crate) fn left(&self) -> usize {
        self.all.len() - self.at
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// What was read since `from`, an earlier [`Self::at`].
    pub(crate) fn since(&self, from: usize) -> &'a [u8] {
        &self.all[from..self.at]
    }

    pub(crate) fn malformed(&self, what: &'static str) -> Malformed {
        Malformed { what, at: self.at }
    }

    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.left() == 0 { Ok(()) } else { Err(self.malformed("bytes after the end")) }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let byte = *self.all.get(self.at).ok_or(self.malformed("the bytes end early"))?;
        self.at += 1;
        Ok(byte)
    }

    pub(crate) fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        if length > self.left() as u64 {
            return Err(self.malformed("a length goes beyond the end"));
        }
        let from = self.at;
        self.at += length as usize;
        Ok(self.since(from))
    }

    pub(crate) fn var_uint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(self.malformed("a number of more than 64 bits"));
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.malformed("a number of more than 64 bits"))
    }

    pub(crate) fn var_u32(&mut self) -> Result<u32, Malformed> {
        let value = self.var_uint()?;
        u32::try_from(value).map_err(|_| self.malformed("a number of more than 32 bits"))
    }

    /// How many things follow, each of at least `smallest` bytes.
    pub(crate) fn count(&mut self, smallest: usize) -> Result<u32, Malformed> {
        let count = self.var_u32()?;
        if u64::from(count) > (self.left() / smallest) as u64 {
            return Err(self.malformed("a count larger than the bytes left"));
        }
        Ok(count)
    }

    pub(crate) fn client(&mut self) -> Result<u64, Malformed> {
        let client = self.var_uint()?;
        if client >= super::MAX_CLIENT_ID {
            return Err(self.malformed("a client id of more than 53 bits"));
        }
        Ok(client)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.var_uint()?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|_| self.malformed("a text that is not UTF-8"))
    }
}

/// Appends lib0's variable-length unsigned integer.
pub(crate) fn write_var_uint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Appends the length of `bytes`, then `bytes`.
pub(crate) fn write_bytes(into: &mut Vec<u8>, bytes: &[u8]) {
    write_var_uint(into, bytes.len() as u64);
    into.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_of_65_bits_is_refused() {
        let mut bytes = vec![0xff; 9];
        bytes.push(1);
        assert_eq!(Reader::new(&bytes).var_uint(), Ok(u64::MAX));
        bytes[9] = 2;
        assert!(Reader::new(&bytes).var_uint().is_err());
        bytes[9] = 0x81;
        bytes.push(0);
        assert!(Reader::new(&bytes).var_uint().is_err());
    }

    #[test]
    fn a_length_of_32_ones_is_refused() {
        // `next + length` wraps on 32 bits: in WASM this was a trap.
        let bytes = [0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2];
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.byte(), Ok(0));
        assert!(reader.bytes().is_err());
    }

    proptest! {
        #[test]
        fn a_number_survives_its_bytes(value: u64) {
            let mut bytes = Vec::new();
            write_var_uint(&mut bytes, value);
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.var_uint(), Ok(value));
            prop_assert_eq!(reader.end(), Ok(()));
        }
    }
}
