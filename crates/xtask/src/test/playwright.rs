//! Playwright's JSON report, counted.

use serde_json::Value;

use super::Outcome;

/// A report that is not there or not whole counts nothing, which `with_status` takes for a failure.
pub fn count(report: &str) -> Outcome {
    let Ok(report) = serde_json::from_str::<Value>(report) else { return Outcome::default() };
    let mut outcome = Outcome::default();
    walk(&report, "", &mut outcome);
    // Errors outside tests: a file that cannot be loaded, a set-up that failed.
    for error in array(&report["errors"]) {
        outcome.failed += 1;
        outcome.names.push(first_line(text(&error["message"])));
    }
    outcome
}

/// Suites nest: a file, and in it what `describe` groups.
fn walk(suite: &Value, path: &str, outcome: &mut Outcome) {
    for inner in array(&suite["suites"]) {
        walk(inner, &join(path, text(&inner["title"])), outcome);
    }
    for spec in array(&suite["specs"]) {
        let name = join(path, text(&spec["title"]));
        for test in array(&spec["tests"]) {
            match text(&test["status"]) {
                "expected" => outcome.passed += 1,
                "flaky" => {
                    outcome.passed += 1;
                    outcome.flaky.push(name.clone());
                }
                "skipped" => {}
                _ => {
                    outcome.failed += 1;
                    outcome.names.push(name.clone());
                }
            }
        }
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn join(path: &str, title: &str) -> String {
    if path.is_empty() { title.into() } else { format!("{path} › {title}") }
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_at_every_depth_and_failures_named_with_their_path() {
        let report = r#"{"suites": [{"title": "sync.spec.ts", "specs": [
                {"title": "a late joiner has everything", "tests": [{"status": "expected"}]},
                {"title": "not on this system", "tests": [{"status": "skipped"}]}],
            "suites": [{"title": "two people", "specs": [
                {"title": "see each other", "tests": [{"status": "unexpected"}]},
                {"title": "type at once", "tests": [{"status": "flaky"}]}]}]}],
            "errors": [], "stats": {"expected": 1, "unexpected": 1, "flaky": 1, "skipped": 1}}"#;
        let outcome = count(report);
        assert_eq!((outcome.passed, outcome.failed), (2, 1));
        assert_eq!(outcome.names, ["sync.spec.ts › two people › see each other"]);
        assert_eq!(outcome.flaky, ["sync.spec.ts › two people › type at once"]);
    }

    #[test]
    fn a_file_that_cannot_be_loaded_is_a_failure() {
        let outcome = count(r#"{"suites": [], "errors": [{"message": "Error: no such module\n  at x.ts:1"}]}"#);
        assert_eq!((outcome.passed, outcome.failed), (0, 1));
        assert_eq!(outcome.names, ["Error: no such module"]);
    }

    #[test]
    fn a_broken_report_counts_nothing() {
        assert_eq!(count("{\"suites\": ["), Outcome::default());
    }
}
