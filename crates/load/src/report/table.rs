use crate::outcome::Outcome;

/// A row: its name, and how to read it off an outcome.
pub(super) type Row = (&'static str, fn(&Outcome) -> Option<Cell>);

/// What stands in a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// A figure that is better the smaller it is, with its unit; compared with ours.
    Less(f64, &'static str),
    /// Something that is not compared.
    Text(String),
}

/// Figures of several servers under one load: a column each, the first of them the one that the others are compared
/// with.
pub(super) struct Table {
    pub(super) title: &'static str,
    heads: Vec<String>,
    rows: Vec<(&'static str, Vec<String>)>,
}

impl Table {
    pub(super) fn new(title: &'static str, outcomes: &[&Outcome], rows: Vec<Row>) -> Self {
        let heads = outcomes.iter().map(|outcome| outcome.server.name().to_owned()).collect();
        let fields = |(name, of): Row| {
            let cells: Vec<_> = outcomes.iter().map(|outcome| of(outcome)).collect();
            let first = match cells.first() {
                Some(Some(Cell::Less(value, _))) => Some(*value),
                _ => None,
            };
            let is_empty = cells.iter().all(Option::is_none);
            let texts = cells.iter().enumerate().map(|(column, cell)| written(cell.as_ref(), column, first)).collect();
            (!is_empty).then_some((name, texts))
        };
        Self { title, heads, rows: rows.into_iter().filter_map(fields).collect() }
    }

    pub(super) fn markdown(&self) -> String {
        let mut text = format!("| | {} |\n|---|{}\n", self.heads.join(" | "), "---|".repeat(self.heads.len()));
        for (name, fields) in &self.rows {
            text += &format!("| {name} | {} |\n", fields.join(" | "));
        }
        text
    }

    pub(super) fn aligned(&self) -> String {
        let heads = [("", self.heads.clone())];
        let rows: Vec<_> = heads.iter().chain(&self.rows).collect();
        let name = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        let widths: Vec<_> = (0..self.heads.len())
            .map(|column| rows.iter().map(|(_, fields)| fields[column].chars().count()).max().unwrap_or_default())
            .collect();
        let mut text = String::new();
        for (head, fields) in rows {
            text += &format!("  {head:<name$}");
            for (field, width) in fields.iter().zip(&widths) {
                text += &format!("  {field:>width$}");
            }
            text.push('\n');
        }
        text
    }
}

fn written(cell: Option<&Cell>, column: usize, first: Option<f64>) -> String {
    match (cell, first) {
        (None, _) => "–".to_owned(),
        (Some(Cell::Text(text)), _) => text.clone(),
        (Some(Cell::Less(value, unit)), Some(first)) if column > 0 && first > 0.0 => {
            format!("{} {unit} ({})", digits(*value), digits(value / first))
        }
        (Some(Cell::Less(value, unit)), _) => format!("{} {unit}", digits(*value)),
    }
}

/// Three digits, or all that stand before the point.
pub(crate) fn digits(value: f64) -> String {
    let places = match value.abs() {
        0.0 => 0,
        value if value < 0.1 => 3,
        value if value < 10.0 => 2,
        value if value < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{outcome::tests::outcome, target::Kind};

    fn table() -> Table {
        let (ours, mut theirs) = (outcome(), outcome());
        (theirs.server, theirs.cpu.server, theirs.dropped) = (Kind::Hocuspocus, 3.0, 2);
        let rows: Vec<Row> = vec![
            ("CPU", |outcome| Some(Cell::Less(outcome.cpu.server, "s"))),
            ("dropped", |outcome| (outcome.dropped > 0).then(|| Cell::Text(outcome.dropped.to_string()))),
            ("storm", |outcome| outcome.storm.as_ref().map(|_| Cell::Text(String::new()))),
        ];
        Table::new("A load", &[&ours, &theirs], rows)
    }

    #[test]
    fn figures_of_others_stand_with_their_ratio_to_ours() {
        let expected =
            "| | PromptGrimoire | Hocuspocus |\n|---|---|---|\n| CPU | 1.00 s | 3.00 s (3.00) |\n| dropped | – | 2 |\n";
        assert_eq!(table().markdown(), expected);
    }

    #[test]
    fn columns_are_aligned_for_a_terminal() {
        let text = table().aligned();
        let lengths: Vec<_> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(lengths, [lengths[0]; 3], "{text}");
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!(
            [0.0, 0.012_34, 1.234, 12.34, 123.4, 12_345.6].map(digits),
            ["0", "0.012", "1.23", "12.3", "123", "12346"]
        );
    }
}
