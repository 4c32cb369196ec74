//! Tables for spreadsheet programs.

/// What stands in a table: words of whomever, of which no program makes a formula, or a number of ours, which may be below 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell(String);

impl From<String> for Cell {
    fn from(words: String) -> Self {
        Self(harmless(words))
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self(number.to_string())
    }
}

/// A line of a table; no cell of it is a formula.
pub fn line(writer: &mut csv::Writer<Vec<u8>>, cells: impl IntoIterator<Item = impl Into<Cell>>) {
    // Into memory, and each line has as many cells as the first: neither can fail.
    let _ = writer.write_record(cells.into_iter().map(|cell| cell.into().0));
}

/// What was written.
pub fn text(writer: csv::Writer<Vec<u8>>) -> String {
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// Programs take what begins with some signs for a formula, whoever wrote it: such a cell begins with an apostrophe.
fn harmless(cell: String) -> String {
    if cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || cell.starts_with(['\t', '\r', '\n'])
    {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u{a0}=1", "＝1+1"];
        assert!(formulas.iter().all(|cell| harmless((*cell).to_owned()).starts_with('\'')));
        assert_eq!(
            [Cell::from(-0.25), Cell::from("-0.25".to_owned())],
            ["-0.25", "'-0.25"].map(|cell| Cell(cell.into()))
        );
        assert!(["Ann", "1", "", "a=b"].iter().all(|cell| harmless((*cell).to_owned()) == **cell));
    }
}
