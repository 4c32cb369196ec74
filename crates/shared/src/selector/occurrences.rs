//! Every place where a text holds a quote, overlapping ones too.

/// The byte offsets, in order, in linear time whatever the texts (Knuth, Morris, Pratt).
pub fn of<'a>(quote: &'a str, text: &'a str) -> impl Iterator<Item = usize> + 'a {
    let (quote, text) = (quote.as_bytes(), text.as_bytes());
    let text = if quote.is_empty() { &[] } else { text };
    let borders = borders(quote);
    let mut matched = 0;
    text.iter().enumerate().filter_map(move |(at, byte)| {
        while matched > 0 && (matched == quote.len() || quote[matched] != *byte) {
            matched = borders[matched - 1];
        }
        if quote[matched] == *byte {
            matched += 1;
        }
        (matched == quote.len()).then(|| at + 1 - quote.len())
    })
}

/// For each beginning of the quote, the length of its longest proper beginning that is also its end.
fn borders(quote: &[u8]) -> Vec<usize> {
    let mut borders = vec![0; quote.len()];
    let mut matched = 0;
    for at in 1..quote.len() {
        while matched > 0 && quote[matched] != quote[at] {
            matched = borders[matched - 1];
        }
        if quote[matched] == quote[at] {
            matched += 1;
        }
        borders[at] = matched;
    }
    borders
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_and_only_the_occurrences_are_found(quote in "[abé]{1,4}", text in "[abé]{0,60}") {
            let expected: Vec<usize> = text.char_indices().map(|(at, _)| at).filter(|at| text[*at..].starts_with(&quote)).collect();
            prop_assert_eq!(of(&quote, &text).collect::<Vec<_>>(), expected);
        }
    }
}
