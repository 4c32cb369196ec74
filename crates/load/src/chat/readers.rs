use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use reqwest::Response;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::Book;
use crate::token::{self, Token};

/// Until all have heard something; and, after the model has stopped, until all have heard the end.
const PATIENCE: Duration = Duration::from_secs(60);

/// People who read, one a stream.
pub(super) struct Readers {
    pub(super) book: Arc<Book>,
    tasks: JoinSet<Result<()>>,
}

impl Readers {
    pub(super) fn new(book: Arc<Book>) -> Self {
        Self { book, tasks: JoinSet::new() }
    }

    /// Reads a stream of events to its end: tokens stand in events of these kinds, and that one is the last.
    pub(super) fn read(&mut self, response: Response, kinds: &'static [&'static str], last: &'static str) {
        let reader = Reader { book: Arc::clone(&self.book), kinds, last, next: None, is_over: false };
        self.tasks.spawn(reader.run(response));
    }

    /// Waits until all have heard something.
    pub(super) async fn begun(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.book.begun.load(Relaxed) < self.tasks.len() {
            let begun = self.book.begun.load(Relaxed);
            ensure!(Instant::now() < deadline, "{begun} of {} replies have begun", self.tasks.len());
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Waits until all have heard the end.
    pub(super) async fn end(mut self) -> Result<()> {
        let ending = async {
            while let Some(ended) = self.tasks.join_next().await {
                ended??;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(PATIENCE, ending).await.context("not all replies came to their end")?
    }
}

struct Reader {
    book: Arc<Book>,
    kinds: &'static [&'static str],
    last: &'static str,
    /// The token whose turn it is; the first says whose they are.
    next: Option<Token>,
    is_over: bool,
}

impl Reader {
    async fn run(mut self, mut response: Response) -> Result<()> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            bytes.extend_from_slice(&chunk);
            let mut done = 0;
            while let Some(end) = bytes[done..].windows(2).position(|pair| pair == b"\n\n") {
                self.event(&bytes[done..done + end])?;
                done += end + 2;
            }
            bytes.drain(..done);
        }
        ensure!(self.is_over, "a stream ended in its midst");
        Ok(())
    }

    fn event(&mut self, event: &[u8]) -> Result<()> {
        let Some(kind) = kind(event) else { return Ok(()) };
        if kind == self.last {
            self.is_over = true;
        } else if kind == "error" {
            bail!("a reply failed: {}", String::from_utf8_lossy(event));
        } else if self.kinds.contains(&kind) {
            token::find(event, |token| self.token(token));
        }
        Ok(())
    }

    fn token(&mut self, token: Token) {
        let is_in_turn = match self.next {
            None => {
                self.book.begun.fetch_add(1, Relaxed);
                token.number == 0
            }
            Some(next) => (next.writer, next.number) == (token.writer, token.number),
        };
        self.book.hear(token, is_in_turn);
        self.next = Some(Token { number: token.number + 1, ..token });
    }
}

fn kind(event: &[u8]) -> Option<&str> {
    let lines = event.split(|byte| *byte == b'\n');
    let name = lines.filter_map(|line| line.strip_prefix(b"event:")).next()?;
    str::from_utf8(name).ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: u32) -> Token {
        Token { writer: 3, number, at: 1 }
    }

    fn heard(events: &[&str]) -> (super::super::book::Heard, bool) {
        let book = Arc::<Book>::default();
        let kinds = &["snapshot", "delta"];
        let mut reader = Reader { book: Arc::clone(&book), kinds, last: "done", next: None, is_over: false };
        events.iter().for_each(|event| reader.event(event.as_bytes()).unwrap());
        (book.heard(), reader.is_over)
    }

    #[test]
    fn tokens_are_counted_where_they_are_text_and_nowhere_else() {
        let [a, b, c] = [0, 1, 2].map(|number| token(number).text());
        let (told, is_over) = heard(&[
            &format!("event: snapshot\ndata: {{\"text\":\"{a}\"}}"),
            &format!("id: 3\nevent: delta\ndata: {{\"text\":\"{b} {c}\"}}"),
            &format!("event: blocks\ndata: {{\"html\":\"<p>{a} {b}</p>\"}}"),
            ": nothing new",
            "event: done\ndata: {}",
        ]);
        assert_eq!((told.heard, told.wrong, is_over), (3, 0, true));
    }

    #[test]
    fn a_token_that_is_missing_or_comes_again_is_noticed() {
        let delta = |number| format!("event: delta\ndata: {}", token(number).text());
        let (told, is_over) = heard(&[&delta(0), &delta(2), &delta(2), &delta(3)]);
        assert_eq!((told.heard, told.wrong, is_over), (2, 2, false));
    }

    #[test]
    fn a_reply_that_fails_ends_the_measurement() {
        let reader = &mut Reader { book: Arc::default(), kinds: &[], last: "done", next: None, is_over: false };
        assert!(reader.event(b"event: error\ndata: {\"code\":\"x\"}").is_err());
    }
}
