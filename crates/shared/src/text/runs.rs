//! Runs: the text nodes of a rendered message, and their spelling in its `data-runs` attribute.

use super::units::Utf16Len;

/// One text node of the rendered HTML.
///
/// Engines split text nodes that are very long (Blink at 65,536 UTF-16 units), so a run may be several real nodes, one
/// after the other; no real node belongs to two runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// What stands before this run in the canonical text and in no text node.
    pub before: Separators,
    /// The length of the run, more than 0.
    pub len: Utf16Len,
}

/// Some (or no) `\n` and `\t`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Separators(String);

impl Separators {
    /// As they stand in the canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the run follows the one before it directly (`<em>` begins inside a word, say).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, separator: Separator) {
        self.0.push(separator as u8 as char);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// A character of the canonical text that lies in no text node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Separator {
    Line = b'\n',
    Cell = b'\t',
}

/// `data-runs` is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the runs cannot be read at byte {at}: lengths from 1 to {max} are expected, with `n`, `t` or one `,` between them", max = u32::MAX)]
pub struct InvalidRuns {
    /// Where reading stopped.
    pub at: usize,
}

/// Runs as text: each length in decimal, before it an `n` for each line separator and a `t` for each cell separator, or
/// a comma where there is none. `12n34tt5,6` has four runs.
pub fn encode_runs(runs: &[Run]) -> String {
    let mut text = String::with_capacity(runs.len() * 4);
    for (index, run) in runs.iter().enumerate() {
        if run.before.is_empty() && index > 0 {
            text.push(',');
        }
        text.extend(run.before.0.chars().map(|separator| if separator == '\n' { 'n' } else { 't' }));
        text.push_str(&run.len.0.to_string());
    }
    text
}

/// Reads what [`encode_runs`] wrote; anything else is refused, as is a total length above [`u32::MAX`].
pub fn decode_runs(text: &str) -> Result<Vec<Run>, InvalidRuns> {
    let bytes = text.as_bytes();
    let mut runs = Vec::new();
    let mut at = 0;
    let mut total: u32 = 0;
    while at < bytes.len() {
        let before = decode_before(bytes, &mut at, runs.is_empty())?;
        let len = decode_length(bytes, &mut at)?;
        let length = before.0.len() as u64 + u64::from(len);
        total = u32::try_from(u64::from(total) + length).map_err(|_| InvalidRuns { at })?;
        runs.push(Run { before, len: Utf16Len(len) });
    }
    Ok(runs)
}

/// The separators before a run: none before the first one, a comma or at least one separator before the others.
fn decode_before(bytes: &[u8], at: &mut usize, first: bool) -> Result<Separators, InvalidRuns> {
    let mut before = Separators::default();
    if first {
        return Ok(before);
    }
    if bytes.get(*at) == Some(&b',') {
        *at += 1;
        return Ok(before);
    }
    loop {
        match bytes.get(*at) {
            Some(b'n') => before.push(Separator::Line),
            Some(b't') => before.push(Separator::Cell),
            _ if before.is_empty() => return Err(InvalidRuns { at: *at }),
            _ => return Ok(before),
        }
        *at += 1;
    }
}

fn decode_length(bytes: &[u8], at: &mut usize) -> Result<u32, InvalidRuns> {
    let start = *at;
    let mut len: u32 = 0;
    while let Some(digit @ b'0'..=b'9') = bytes.get(*at) {
        let next = len.checked_mul(10).and_then(|len| len.checked_add(u32::from(digit - b'0')));
        len = next.ok_or(InvalidRuns { at: *at })?;
        *at += 1;
    }
    if *at == start || bytes[start] == b'0' {
        return Err(InvalidRuns { at: start });
    }
    Ok(len)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_runs() -> impl Strategy<Value = Vec<Run>> {
        prop::collection::vec(("[\n\t]{0,4}", 1..=70_000u32), 0..50).prop_map(|runs| {
            let mut runs: Vec<Run> =
                runs.into_iter().map(|(before, len)| Run { before: Separators(before), len: Utf16Len(len) }).collect();
            if let Some(first) = runs.first_mut() {
                first.before.clear();
            }
            runs
        })
    }

    proptest! {
        #[test]
        fn runs_survive_their_text(runs in any_runs()) {
            prop_assert_eq!(decode_runs(&encode_runs(&runs)), Ok(runs));
        }

        #[test]
        fn what_can_be_read_has_one_spelling(text in "[0-9nt,x]{0,12}") {
            if let Ok(runs) = decode_runs(&text) {
                prop_assert_eq!(encode_runs(&runs), text);
            }
        }
    }

    #[test]
    fn the_spelling_is_short() {
        let runs = decode_runs("12n34tt5,6").unwrap();
        let before: Vec<&str> = runs.iter().map(|run| run.before.as_str()).collect();
        assert_eq!(before, ["", "\n", "\t\t", ""]);
    }

    #[test]
    fn damage_is_refused_with_its_place() {
        for (text, at) in [
            ("n1", 0),
            ("0", 0),
            ("1n", 2),
            ("1,", 2),
            ("1,,2", 2),
            ("1n02", 2),
            ("1 2", 1),
            ("4294967296", 9),
            ("4294967295n1", 12),
        ] {
            assert_eq!(decode_runs(text), Err(InvalidRuns { at }), "{text}");
        }
    }
}
