//! Short, calm lines about what is being done, with the seconds taken. Colours only for a person at a terminal.

use std::{
    env,
    io::{self, IsTerminal},
    time::Instant,
};

/// Something under way.
pub struct Step {
    name: String,
    since: Instant,
}

/// Starts the clock without a word: for what is mostly done already.
pub fn start(name: &str) -> Step {
    Step { name: name.into(), since: Instant::now() }
}

/// Starts the clock and says so: for what takes a while.
pub fn begin(name: &str, doing: &str) -> Step {
    note(name, &format!("{doing} …"));
    start(name)
}

impl Step {
    /// Says what came of it and how long it took.
    pub fn done(&self, what: &str) {
        note(&self.name, &format!("{what} {}", dim(&format!("({})", self.elapsed()))));
    }

    /// As `done`, for what went wrong.
    pub fn failed(&self, what: &str) {
        note(&self.name, &format!("{} {}", red(what), dim(&format!("({})", self.elapsed()))));
    }

    fn elapsed(&self) -> String {
        seconds(self.since.elapsed().as_secs_f64())
    }
}

/// One line.
pub fn note(name: &str, what: &str) {
    println!("{} {name}: {what}", dim("•"));
}

/// One line below a step's own.
pub fn detail(what: &str) {
    println!("  {what}");
}

/// One line on the error stream.
pub fn error(what: &str) {
    eprintln!("{} {what}", red("error:"));
}

/// `3.2 s` or `2 min 5 s`.
pub fn seconds(seconds: f64) -> String {
    if seconds < 100.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round();
    format!("{} min {} s", (whole / 60.0).floor(), whole % 60.0)
}

/// `12 KiB` or `3.4 MiB`.
pub fn size(bytes: usize) -> String {
    let kib = bytes as f64 / 1024.0;
    if kib < 1024.0 { format!("{kib:.0} KiB") } else { format!("{:.1} MiB", kib / 1024.0) }
}

fn dim(text: &str) -> String {
    paint("2", text)
}

fn red(text: &str) -> String {
    paint("31", text)
}

fn paint(code: &str, text: &str) -> String {
    let coloured = io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none();
    if coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_said_in_the_unit_that_suits_them() {
        assert_eq!(seconds(3.24), "3.2 s");
        assert_eq!(seconds(125.4), "2 min 5 s");
        assert_eq!(size(12 * 1024), "12 KiB");
        assert_eq!(size(3_565_158), "3.4 MiB");
    }
}
