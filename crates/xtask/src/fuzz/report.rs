//! What libFuzzer prints, read.

use std::{fmt::Write, fs, path::Path, path::PathBuf};

/// An input for which a check does not hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// What the target said: a panic, or libFuzzer's own summary.
    pub why: String,
    /// The file.
    pub input: PathBuf,
}

/// How far it has come, in libFuzzer's words: runs, covered edges, inputs kept, runs a second.
pub fn last_pulse(log: &Path) -> Option<String> {
    let text = read(log);
    let line = text.lines().rev().find(|line| line.starts_with('#') && line.contains("cov: "))?;
    Some(line.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The finding that ended a run, if one did.
pub fn finding(log: &Path) -> Option<Finding> {
    let text = read(log);
    let input = text.lines().find_map(|line| line.split_once("Test unit written to ").map(|(_, path)| path.into()))?;
    let mut lines = text.lines();
    let panic = lines.find(|line| line.contains("panicked at ")).map(|line| {
        // The message is below, up to the stack.
        let message = lines.by_ref().take_while(|line| !line.starts_with("stack backtrace:")).take(3);
        std::iter::once(line).chain(message).collect::<Vec<_>>().join("\n  ")
    });
    let summary = || text.lines().find(|line| line.starts_with("SUMMARY: ")).unwrap_or("it ended early").to_owned();
    Some(Finding { why: panic.unwrap_or_else(summary), input })
}

/// The closing lines of Rust's test harness, so that targets are counted like tests.
pub fn in_the_words_of_libtest(all: usize, failed: &[&str]) -> String {
    let mut text = String::new();
    if !failed.is_empty() {
        let _ = writeln!(text, "\nfailures:");
        for name in failed {
            let _ = writeln!(text, "    {name}");
        }
    }
    let word = if failed.is_empty() { "ok" } else { "FAILED" };
    let _ = writeln!(text, "\ntest result: {word}. {} passed; {} failed", all - failed.len(), failed.len());
    text
}

/// Inputs are in it, too.
fn read(log: &Path) -> String {
    String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(name: &str, text: &str) -> PathBuf {
        let log = std::env::temp_dir().join(format!("xtask-fuzz-{name}-{}.log", std::process::id()));
        fs::write(&log, text).unwrap();
        log
    }

    #[test]
    fn a_finding_is_what_was_said_and_where_the_input_is() {
        let log = logged(
            "finding",
            "#2\tINITED cov: 25 ft: 25 corp: 1/1b exec/s: 0 rss: 28Mb\n\
             thread '<unnamed>' (1) panicked at crates/fuzz/src/update.rs:26:5:\nassertion failed: taken\n\
             stack backtrace:\n   0: begin_unwind\n==1== ERROR: libFuzzer: deadly signal\n\
             SUMMARY: libFuzzer: deadly signal\n\
             artifact_prefix='/t/update-'; Test unit written to /t/update-crash-4d\nBase64: AAE=\n",
        );
        let finding = finding(&log).unwrap();
        assert_eq!(finding.input, Path::new("/t/update-crash-4d"));
        assert!(finding.why.contains("update.rs:26:5") && finding.why.ends_with("assertion failed: taken"));
        assert_eq!(last_pulse(&log).as_deref(), Some("#2 INITED cov: 25 ft: 25 corp: 1/1b exec/s: 0 rss: 28Mb"));
        fs::remove_file(log).unwrap();
    }

    #[test]
    fn memory_and_time_have_a_summary_and_no_panic() {
        let log = logged(
            "memory",
            "==9== ERROR: libFuzzer: out-of-memory (used: 1025Mb; limit: 1024Mb)\n\
             SUMMARY: libFuzzer: out-of-memory\nTest unit written to /t/oom-1\n",
        );
        assert_eq!(finding(&log).unwrap().why, "SUMMARY: libFuzzer: out-of-memory");
        fs::write(&log, "#10\tDONE cov: 1\n").unwrap();
        assert_eq!(finding(&log), None);
        fs::remove_file(log).unwrap();
    }
}
