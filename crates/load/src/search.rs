use std::{
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use rand::{Rng, SeedableRng, rngs::StdRng};
use shared::api::encoded;
use tokio::{
    process::{Child, Command},
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    connection::Connection,
    delays::{Delays, Summary},
    edits::Pen,
    loads::{self, Load, Settings},
    machine::{self, Machine},
    ours::Visitor,
    outcome::Outcome,
    processes::Watched,
    target::{Kind, Prepared, Target},
};

/// The same texts in every run.
const SEED: u64 = 0x5ea7c4;
/// Different words, the common ones far more often than the rare ones.
const WORDS: usize = 20_000;
/// Syllables of words that no language has.
const SYLLABLES: [&str; 16] =
    ["ba", "re", "no", "ti", "lu", "sar", "men", "dor", "vi", "ke", "po", "gal", "hu", "ster", "ri", "on"];
/// Chinese characters, from this on; every tenth conversation has a paragraph of them.
const CHARACTERS: (u32, u32) = (0x4e00, 700);
/// People who import at once.
const IMPORTERS: usize = 4;
/// How often each question is asked, one after the other.
const TIMES: usize = 60;
/// Questions that are asked before it is counted.
const WARM_UP: usize = 5;
/// People who ask at once, and for how long.
const CROWD: usize = 10;
const CROWD_TIME: Duration = Duration::from_secs(10);
/// How many new things are looked for until they are found.
const NEWS: usize = 30;
/// Within a minute Postgres has looked at a table that was filled, and knows which words are rare.
const SETTLES: Duration = Duration::from_secs(75);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(5);
/// What is not found by then never is.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is measured, and on what.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The server, as browsers name it.
    pub origin: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process id.
    pub pid: u32,
    /// The product's program, which makes the index anew; its data are those that the environment names.
    pub program: PathBuf,
    /// Conversations.
    pub conversations: usize,
    /// Threads of this generator.
    pub threads: usize,
}

/// Fills a server, asks it, and tells of it in Markdown.
///
/// # Errors
/// The server cannot be reached, refuses, or does not find what is there.
pub async fn measure(asked: &Asked) -> Result<String> {
    let reader = Visitor::sign_in(&asked.origin, "instructor").await?;
    let token = reader.token().await?;
    let room = reader.conversation("A room", "A conversation to write in.").await?;
    let began = Instant::now();
    fill(asked).await?;
    let imported = began.elapsed();
    found(&reader, &unique(asked.conversations - 1)).await?;
    let indexed = began.elapsed();
    sleep(SETTLES).await;

    let mut rows = Vec::new();
    for (what, question) in questions(asked.conversations) {
        let (count, delays) = ask(&reader, &question).await.with_context(|| question.clone())?;
        rows.push(format!("| {what} | `{question}` | {count} | {} |", said(Some(delays))));
    }
    let (together, answers) = crowd(&reader, asked.conversations).await?;

    let imports = news_of_imports(&reader).await?;
    let target =
        Target { kind: Kind::Ours, address: asked.address, prepared: Some(Prepared { token, rooms: vec![room] }) };
    let edits = news_of_edits(&reader, &target).await?;

    let quiet = write(asked, &target).await?;
    let mut rebuilding = rebuild(asked)?;
    let busy = write(asked, &target).await?;
    let is_busy = rebuilding.try_wait()?.is_none();
    rebuilding.kill().await?;
    ensure!(is_busy, "the index was made anew before the writers were done: more conversations are needed");

    let Machine { processor, cores, memory, .. } = Machine::this();
    let acks = |outcome: &Outcome| said(outcome.traffic.as_ref().and_then(|traffic| traffic.acks));
    Ok(format!(
        "{} conversations of six turns ({:.1} MB of text), on {processor}, {cores} cores, {:.1} GiB of memory, shared by the server, \
         Postgres and the generator. Imported by {IMPORTERS} at once in {:.0} s; all of it was found {:.1} s after the last.\n\n\
         | question | as typed | found on the first page | p50, ms | p95, ms | most, ms |\n|---|---|---|---|---|---|\n{}\n\
         | all of these in turn, {CROWD} people at once ({:.0} answers a second) | | | {} |\n\n\
         | how soon | p50, ms | p95, ms | most, ms |\n|---|---|---|---|\n\
         | from the answer to an import until it is found | {} |\n\
         | from a word written into shared notes until it is found | {} |\n\n\
         | what writers wait for their acks (50 in a room, 250 updates a second) | p50, ms | p95, ms | most, ms |\n|---|---|---|---|\n\
         | while nothing else happens | {} |\n\
         | while all of the index is made anew | {} |\n\n\
         Load of the machine at the end: {:.1}.",
        asked.conversations,
        megabytes(asked.conversations),
        memory as f64 / f64::from(1 << 30),
        imported.as_secs_f64(),
        (indexed - imported).as_secs_f64(),
        rows.join("\n"),
        answers as f64 / CROWD_TIME.as_secs_f64(),
        said(together.summary()),
        said(imports.summary()),
        said(edits.summary()),
        acks(&quiet),
        acks(&busy),
        machine::load_average(),
    ))
}

/// Three cells.
fn said(delays: Option<Summary>) -> String {
    delays.map_or_else(
        || "– | – | –".to_owned(),
        |Summary { p50, p95, max, .. }| format!("{p50:.1} | {p95:.1} | {max:.1}"),
    )
}

/// A word of the vocabulary, the same every time; the first are the most common.
fn word(rank: usize) -> String {
    let mut rest = rank + SYLLABLES.len();
    let mut word = String::new();
    while rest > 0 {
        word.push_str(SYLLABLES[rest % SYLLABLES.len()]);
        rest /= SYLLABLES.len();
    }
    word
}

/// The word that only this conversation has.
fn unique(number: usize) -> String {
    format!("only{number}x")
}

/// The text of a conversation: turns of words, and Chinese in every tenth.
fn text(number: usize) -> String {
    let mut random = StdRng::seed_from_u64(SEED ^ number as u64);
    let mut words = |count: usize| {
        let rank = |random: &mut StdRng| (WORDS as f64 * random.random_range(0.0_f64..1.0).powi(4)) as usize;
        (0..count).map(|_| word(rank(&mut random))).collect::<Vec<_>>().join(" ")
    };
    let mut lines: Vec<String> = (0..3)
        .flat_map(|_| [format!("User: {}?", words(20)), format!("Assistant: {}. {}.", words(60), words(40))])
        .collect();
    lines.push(unique(number));
    if number.is_multiple_of(10) {
        let (first, count) = CHARACTERS;
        let sign = |_| char::from_u32(first + random.random_range(0..count)).unwrap_or('\u{4e00}');
        lines.push((0..200).map(sign).collect());
    }
    lines.join("\n\n")
}

fn megabytes(conversations: usize) -> f64 {
    let sample: usize = (0..conversations.min(100)).map(|number| text(number).len()).sum();
    sample as f64 / conversations.min(100) as f64 * conversations as f64 / 1e6
}

/// What is asked, in words and as typed.
fn questions(conversations: usize) -> Vec<(&'static str, String)> {
    let middle = text(conversations / 20 * 10);
    let chinese: String = middle.chars().filter(|sign| u32::from(*sign) >= CHARACTERS.0).take(2).collect();
    let mut sentence = middle.split_whitespace().skip(3);
    let phrase = [sentence.next(), sentence.next(), sentence.next()].map(Option::unwrap_or_default).join(" ");
    vec![
        ("a word of every conversation", word(0)),
        ("two common words", format!("{} {}", word(3), word(5))),
        ("a rare word", word(WORDS / 2)),
        ("a word of one conversation", unique(conversations / 2)),
        ("a phrase", format!("\"{phrase}\"")),
        ("the beginning of words", format!("{}*", &word(WORDS / 3)[..4])),
        ("a word without another", format!("{} -{}", word(20), word(1))),
        ("in titles only", format!("in:titles {}", conversations / 2)),
        ("two Chinese characters", chinese),
        ("a word that is nowhere", "nowhereatall".to_owned()),
    ]
}

async fn fill(asked: &Asked) -> Result<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut people = JoinSet::new();
    for _ in 0..IMPORTERS {
        let visitor = Visitor::sign_in(&asked.origin, "instructor").await?;
        let (next, count) = (Arc::clone(&next), asked.conversations);
        people.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(());
                }
                visitor.conversation(&format!("Conversation {number}"), &text(number)).await?;
            }
        });
    }
    while let Some(done) = people.join_next().await {
        done??;
    }
    Ok(())
}

/// How many conversations the first page of answers has.
async fn answers(reader: &Visitor, question: &str) -> Result<usize> {
    let reply = reader.get(&format!("/api/v1/search?q={}", encoded(question))).await?;
    reply["results"].as_array().map(Vec::len).context("an answer without results")
}

/// Waits until something is found; microseconds.
async fn found(reader: &Visitor, question: &str) -> Result<u64> {
    let began = Instant::now();
    while answers(reader, question).await? == 0 {
        ensure!(began.elapsed() < PATIENCE, "{question} is not found");
        sleep(LOOK).await;
    }
    Ok(micros(began))
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

async fn ask(reader: &Visitor, question: &str) -> Result<(usize, Summary)> {
    let mut delays = Delays::default();
    let mut count = 0;
    for time in 0..WARM_UP + TIMES {
        let began = Instant::now();
        count = answers(reader, question).await?;
        if time >= WARM_UP {
            delays.add(micros(began));
        }
    }
    Ok((count, delays.summary().context("nothing was asked")?))
}

/// Many people ask everything at once; also how many answers there were.
async fn crowd(reader: &Visitor, conversations: usize) -> Result<(Delays, usize)> {
    let until = Instant::now() + CROWD_TIME;
    let mut people = JoinSet::new();
    for person in 0..CROWD {
        let (reader, questions) = (reader.clone(), questions(conversations));
        people.spawn(async move {
            let mut took = Vec::new();
            for (_, question) in questions.iter().cycle().skip(person) {
                if Instant::now() >= until {
                    break;
                }
                let began = Instant::now();
                answers(&reader, question).await?;
                took.push(micros(began));
            }
            anyhow::Ok(took)
        });
    }
    let (mut delays, mut count) = (Delays::default(), 0);
    while let Some(took) = people.join_next().await {
        for micros in took?? {
            delays.add(micros);
            count += 1;
        }
    }
    Ok((delays, count))
}

async fn news_of_imports(reader: &Visitor) -> Result<Delays> {
    let mut delays = Delays::default();
    for number in 0..NEWS {
        let word = format!("imported{number}x");
        reader.conversation("News", &word).await?;
        delays.add(found(reader, &word).await?);
    }
    Ok(delays)
}

async fn news_of_edits(reader: &Visitor, target: &Target) -> Result<Delays> {
    let mut delays = Delays::default();
    let mut pen = Pen::new(crate::clock::now());
    let mut connection = Connection::open(&target.place(0)?, true).await?;
    for number in 0..NEWS {
        let word = format!("written{number}x");
        let began = Instant::now();
        connection.update(&pen.write(&format!("{word} ")), None).await?;
        found(reader, &word).await?;
        delays.add(micros(began));
    }
    connection.leave().await;
    Ok(delays)
}

/// Fifty people write in a room.
async fn write(asked: &Asked, target: &Target) -> Result<Outcome> {
    let settings = Settings {
        warm_up: 2.0,
        seconds: 10.0,
        silence: Duration::from_secs(10),
        aftermath: Duration::ZERO,
        threads: asked.threads,
        witness: None,
    };
    loads::run(Load::Room, target, Watched { server: asked.pid }, &settings).await
}

/// Another process makes the whole index anew; stopped when dropped.
fn rebuild(asked: &Asked) -> Result<Child> {
    let mut command = Command::new(&asked.program);
    command.args(["admin", "rebuild-search"]).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command.spawn().with_context(|| format!("cannot start {}", asked.program.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn words_are_all_different_and_made_of_letters() {
        let words: HashSet<String> = (0..WORDS).map(word).collect();
        assert_eq!(words.len(), WORDS);
        assert!(words.iter().all(|word| word.chars().all(|sign| sign.is_ascii_lowercase())));
    }

    #[test]
    fn a_conversation_has_the_same_text_every_time_and_each_its_own() {
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
        assert!(text(7).contains(&unique(7)));
    }

    #[test]
    fn what_is_asked_for_is_in_the_texts() {
        let texts: Vec<String> = (0..200).map(text).collect();
        for (what, question) in questions(200) {
            let wanted = question.trim_matches(['"', '*']);
            let is_there = texts.iter().any(|text| text.contains(wanted));
            let is_narrowed = ["two common words", "a word without another", "in titles only"].contains(&what);
            assert!(is_narrowed || is_there != what.ends_with("nowhere"), "{what}: {question}");
        }
    }
}
