//! What Rust's test harness prints, counted.

use super::Outcome;

/// Adds up the result lines of all test programs in a log, and collects the names under their last `failures:`.
pub fn count(log: &str) -> Outcome {
    let mut outcome = Outcome::default();
    let mut listing = None::<Vec<String>>;
    for line in log.lines() {
        if let Some(result) = line.strip_prefix("test result: ") {
            outcome.passed += number_before(result, " passed");
            outcome.failed += number_before(result, " failed");
            outcome.names.extend(listing.take().unwrap_or_default());
        } else if line == "failures:" {
            // Twice in each failing program: first above what the tests said, then above their names.
            listing = Some(Vec::new());
        } else if let Some(names) = &mut listing {
            match line.strip_prefix("    ") {
                Some(name) if !name.starts_with(' ') => names.push(name.trim_end().into()),
                None if line.is_empty() && !names.is_empty() => {}
                _ => listing = None,
            }
        }
    }
    outcome
}

/// `12` in `ok. 12 passed; 0 failed`.
fn number_before(line: &str, word: &str) -> u64 {
    let before = line.find(word).map_or("", |at| &line[..at]);
    let digits = before.rfind(|letter: char| !letter.is_ascii_digit()).map_or(before, |at| &before[at + 1..]);
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::in_the_words_of_libtest;

    #[test]
    fn the_results_of_several_programs_add_up() {
        let log = "\
running 2 tests
..
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests shared

running 11 tests
test result: ok. 11 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.21s
";
        assert_eq!(count(log), Outcome { passed: 13, ..Outcome::default() });
    }

    #[test]
    fn failing_tests_are_named_once_and_what_they_said_is_not_taken_for_a_name() {
        let log = "\
test text::tests::a_table_has_tabs ... FAILED
test text::tests::other ... ok

failures:

---- text::tests::a_table_has_tabs stdout ----
thread 'main' panicked at src/text.rs:1:1:
    left: 1
failures:
    not a name, there is more below
and here it goes on

failures:
    text::tests::a_table_has_tabs
    crates/shared/src/text.rs - text::render (line 12)

test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
error: test failed, to rerun pass `--lib`
test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
        let outcome = count(log);
        assert_eq!((outcome.passed, outcome.failed), (6, 2));
        let names = ["text::tests::a_table_has_tabs", "crates/shared/src/text.rs - text::render (line 12)"];
        assert_eq!(outcome.names, names);
    }

    #[test]
    fn fuzz_targets_are_counted_as_tests_are() {
        let outcome = count(&in_the_words_of_libtest(5, &["rich"]));
        assert_eq!((outcome.passed, outcome.failed, outcome.names), (4, 1, vec!["rich".to_owned()]));
        assert_eq!(count(&in_the_words_of_libtest(5, &[])), Outcome { passed: 5, ..Outcome::default() });
    }

    #[test]
    fn a_log_without_results_counts_nothing() {
        assert_eq!(count("error[E0425]: cannot find value `x`\n"), Outcome::default());
    }
}
