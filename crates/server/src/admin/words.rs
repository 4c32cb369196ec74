//! What is said in words.

/// Rows below their heads, each column as wide as its longest cell.
pub(super) fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let heads = heads.iter().map(|head| (*head).to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(heads).chain(rows).map(|row: Vec<String>| cells(&row)).collect();
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Whatever stands in a name, a terminal is to show it and not to do it.
fn cells(row: &[String]) -> Vec<String> {
    let shown = |cell: &String| match cell.chars().filter(|character| !character.is_control()).collect::<String>() {
        cell if cell.is_empty() => "-".to_owned(),
        cell => cell,
    };
    row.iter().map(shown).collect()
}

/// `1 session`, `2 sessions`.
pub(super) fn counted(count: impl TryInto<i64>, noun: &str) -> String {
    match count.try_into().unwrap_or(i64::MAX) {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let rows = [vec!["Zoë".to_owned(), "b".to_owned()], vec!["\u{1b}[2JAnn Lee".to_owned(), String::new()]];
        assert_eq!(table(&["NAME", "X"], rows), "NAME        X\nZoë         b\n[2JAnn Lee  -\n");
    }
}
