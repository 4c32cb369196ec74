//! Tables for spreadsheet programs.

/// A line of a table; no cell of it is a formula.
pub fn line(writer: &mut csv::Writer<Vec<u8>>, cells: impl IntoIterator<Item = String>) {
    // Into memory, and each line has as many cells as the first: neither can fail.
    let _ = writer.write_record(cells.into_iter().map(harmless));
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
        assert!(["Ann", "1", "", "a=b"].iter().all(|cell| harmless((*cell).to_owned()) == **cell));
    }
}
