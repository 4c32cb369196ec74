//! The same to be read.

use shared::text::escape;

use super::{
    Evidence, OwnStep,
    deeds::{Deed, Done, What},
};
use crate::export::of_parts;

pub(super) fn write(evidence: &Evidence) -> String {
    let Evidence { title, page, exported_at, steps, .. } = evidence;
    let mut parts = vec![("What this is".to_owned(), summary(evidence))];
    for day in steps.chunk_by(|one, next| day(one) == day(next)) {
        let rows: String = day.iter().map(row).collect();
        let table = format!(
            "<div class=\"table-scroll\"><table><thead><tr><th scope=\"col\">UTC</th><th scope=\"col\">What</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>"
        );
        parts.push((self::day(&day[0]).to_owned(), table));
    }
    of_parts((title, page, exported_at), &parts)
}

/// The day of a moment.
fn day(step: &OwnStep) -> &str {
    step.began_at.get(..10).unwrap_or_default()
}

/// The minute of a moment.
fn minute(at: &str) -> &str {
    at.get(11..16).unwrap_or_default()
}

fn summary(evidence: &Evidence) -> String {
    let Evidence { person, alone, together, others, steps, kept_since, .. } = evidence;
    let days = steps.chunk_by(|one, next| day(one) == day(next)).count();
    let mut lines = vec![format!(
        "What <bdi>{}</bdi> did here, step by step: {} on {}. A step is what somebody did without a pause of two minutes; older steps \
         of a long history are made one.",
        escape(&person.called),
        counted(steps.len() as u64, "step"),
        counted(days as u64, "day")
    )];
    if alone.steps > 0 {
        lines.push(format!("By themselves: {}.", told(&alone.changes.in_words())));
    }
    if together.steps > 0 {
        let steps = counted(together.steps.into(), "step");
        lines.push(format!(
            "At the same time as others, in {steps}, with what those did: {}.",
            told(&together.changes.in_words())
        ));
    }
    if others.steps > 0 {
        let people = match others.people {
            1 => "1 other person".to_owned(),
            people => format!("{people} other people"),
        };
        let steps = counted(others.steps.into(), "step");
        lines.push(format!("{people}, in {steps} of their own: {}.", told(&others.changes.in_words())));
    }
    if let Some(since) = kept_since {
        lines.push(format!(
            "The history that is kept begins on <time datetime=\"{since}\">{}</time>.",
            since.get(..10).unwrap_or_default()
        ));
    }
    lines.iter().map(|line| format!("<p>{line}</p>\n")).collect()
}

fn row(step: &OwnStep) -> String {
    let OwnStep { began_at, ended_at, with_others, name, in_words, deeds, .. } = step;
    let (from, to) = (minute(began_at), minute(ended_at));
    let until = if from == to { String::new() } else { format!("–<time datetime=\"{ended_at}\">{to}</time>") };
    let name =
        name.as_ref().map(|name| format!("<strong dir=\"auto\">{}</strong><br>", escape(name))).unwrap_or_default();
    let with = match with_others {
        0 => String::new(),
        1 => " (with 1 other)".to_owned(),
        others => format!(" (with {others} others)"),
    };
    let list: String = deeds.iter().map(|deed| format!("<li>{}</li>", in_a_line(deed))).collect();
    let list = if list.is_empty() { list } else { format!("<ul>{list}</ul>") };
    format!(
        "<tr id=\"s{}\"><td><time datetime=\"{began_at}\">{from}</time>{until}</td><td>{name}{}{with}{list}</td></tr>\n",
        step.number,
        told(in_words)
    )
}

fn in_a_line(deed: &Deed) -> String {
    let what = match deed.what {
        What::Highlight => "Highlight",
        What::Comment => "Comment",
        What::Tag => "Tag",
    };
    let done = match deed.done {
        Done::Added => "added",
        Done::Changed => "changed",
        Done::Deleted => "deleted",
        Done::BroughtBack => "brought back",
    };
    let words = deed.words.as_ref().map(|words| format!(": <q dir=\"auto\">{}</q>", escape(words))).unwrap_or_default();
    format!("{what} {done}{words} <small>{}</small>", deed.id)
}

fn told(words: &str) -> &str {
    if words.is_empty() { "nothing that is counted" } else { words }
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
