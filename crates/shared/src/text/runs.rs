//! Runs: the text nodes of a rendered message, and their spelling in its `data-runs` attribute.

use super::units::{Utf16Len, Utf16Offset};

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
    /// Whether it is the TeX of a formula, which the page shows as one and which is selected and marked as a whole.
    pub is_formula: bool,
}

/// Where the formulas of a message stand in its canonical text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formulas(Vec<(u32, u32)>);

impl Formulas {
    /// Those of a message.
    pub fn of(runs: &[Run]) -> Self {
        let mut at = 0;
        let place = |run: &Run| {
            let start = at + run.before.as_str().len() as u32;
            at = start + run.len.0;
            run.is_formula.then_some((start, at))
        };
        Self(runs.iter().filter_map(place).collect())
    }

    /// The passage with all of the formulas that it begins or ends in.
    pub fn whole(&self, start: Utf16Offset, end: Utf16Offset) -> (Utf16Offset, Utf16Offset) {
        let around = |at: Utf16Offset| {
            let next = self.0.partition_point(|(_, end)| *end <= at.0);
            self.0.get(next).filter(|(start, _)| *start < at.0)
        };
        (
            around(start).map_or(start, |(start, _)| Utf16Offset(*start)),
            around(end).map_or(end, |(_, end)| Utf16Offset(*end)),
        )
    }

    /// Where those end that end between two places.
    pub fn ends(&self, start: Utf16Offset, end: Utf16Offset) -> impl Iterator<Item = Utf16Offset> {
        let first = self.0.partition_point(|(_, end)| *end <= start.0);
        self.0[first..].iter().map(|(_, end)| Utf16Offset(*end)).take_while(move |at| *at < end)
    }

    /// Each of them, in order.
    pub fn places(&self) -> impl Iterator<Item = (Utf16Offset, Utf16Offset)> {
        self.0.iter().map(|(start, end)| (Utf16Offset(*start), Utf16Offset(*end)))
    }
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
#[error("the runs cannot be read at byte {at}: lengths from 1 to {max} are expected, with `n`, `t`, `f` or one `,` between them", max = u32::MAX)]
pub struct InvalidRuns {
    /// Where reading stopped.
    pub at: usize,
}

/// Runs as text: each length in decimal, before it an `n` for each line separator and a `t` for each cell separator, and
/// an `f` for a formula; a comma where there is none of these. `12n34tt5,6f7` has five runs.
pub fn encode_runs(runs: &[Run]) -> String {
    let mut text = String::with_capacity(runs.len() * 4);
    for (index, run) in runs.iter().enumerate() {
        if run.before.is_empty() && index > 0 && !run.is_formula {
            text.push(',');
        }
        text.extend(run.before.0.chars().map(|separator| if separator == '\n' { 'n' } else { 't' }));
        text.push_str(if run.is_formula { "f" } else { "" });
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
        let is_formula = bytes.get(at) == Some(&b'f') && at.checked_sub(1).is_none_or(|before| bytes[before] != b',');
        at += usize::from(is_formula);
        let len = decode_length(bytes, &mut at)?;
        let length = before.0.len() as u64 + u64::from(len);
        total = u32::try_from(u64::from(total) + length).map_err(|_| InvalidRuns { at })?;
        runs.push(Run { before, len: Utf16Len(len), is_formula });
    }
    Ok(runs)
}

/// The separators before a run: none before the first one, a comma or at least one separator before the others, or the
/// sign of a formula.
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
            next if before.is_empty() && next != Some(&b'f') => return Err(InvalidRuns { at: *at }),
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
        prop::collection::vec(("[\n\t]{0,4}", 1..=70_000u32, any::<bool>()), 0..50).prop_map(|runs| {
            let run = |(before, len, is_formula)| Run { before: Separators(before), len: Utf16Len(len), is_formula };
            let mut runs: Vec<Run> = runs.into_iter().map(run).collect();
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
        fn what_can_be_read_has_one_spelling(text in "[0-9ntf,x]{0,12}") {
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
    fn a_passage_takes_the_formulas_that_it_cuts() {
        // 12 letters, a line, a formula of 5, 6 letters, a formula of 7.
        let formulas = Formulas::of(&decode_runs("12nf5,6f7").unwrap());
        let whole = |start, end| {
            let (start, end) = formulas.whole(Utf16Offset(start), Utf16Offset(end));
            (start.0, end.0)
        };
        assert_eq!(formulas.places().map(|(start, end)| (start.0, end.0)).collect::<Vec<_>>(), [(13, 18), (24, 31)]);
        assert_eq!([whole(0, 12), whole(0, 13), whole(18, 24), whole(31, 31)], [(0, 12), (0, 13), (18, 24), (31, 31)]);
        assert_eq!([whole(0, 14), whole(14, 15), whole(17, 20)], [(0, 18), (13, 18), (13, 20)]);
        assert_eq!([whole(17, 25), whole(13, 31)], [(13, 31), (13, 31)]);
        let ends =
            |start, end| formulas.ends(Utf16Offset(start), Utf16Offset(end)).map(|end| end.0).collect::<Vec<_>>();
        assert_eq!([ends(0, 40), ends(13, 18), ends(18, 31), ends(17, 19)], [vec![18, 31], vec![], vec![], vec![18]]);
        assert_eq!(Formulas::of(&[]).whole(Utf16Offset(1), Utf16Offset(2)), (Utf16Offset(1), Utf16Offset(2)));
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
            ("1,f2", 2),
            ("1ff2", 2),
            ("1fn2", 2),
            ("1 2", 1),
            ("4294967296", 9),
            ("4294967295n1", 12),
        ] {
            assert_eq!(decode_runs(text), Err(InvalidRuns { at }), "{text}");
        }
    }
}
