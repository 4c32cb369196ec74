//! Reading along.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderName, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::stream;
use serde::Deserialize;
use shared::{
    api::{Blocks, Delta, MessageState, RunEvent, Snapshot, Usage},
    ids::{ConversationId, MessageId, RunId},
    text::{self, Growing},
};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::progress::{Ending, Live};
use crate::{
    access, authors, conversations,
    error::Error,
    rooms::{Member, Watch},
    services::Services,
    sessions::Caller,
};

/// Words that come within this time go out together: no screen shows more pictures a second.
const PACE: Duration = Duration::from_millis(16);

/// Between two renderings of what is not finished: so long, and for each byte of it so much longer, so that a long one costs
/// a reader no more in a second.
const REST: Duration = Duration::from_millis(120);
const REST_A_BYTE: Duration = Duration::from_micros(40);

/// Between two looks at what another server writes, or at a line that another server moves.
const LOOK: Duration = Duration::from_secs(1);

/// How somebody reads along.
#[derive(Deserialize)]
pub struct Manner {
    /// Finished blocks as HTML, too.
    #[serde(default)]
    rendered: bool,
}

/// `GET /api/v1/runs/{id}/events`
pub async fn events(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<RunId>, PathRejection>,
    query: Result<Query<Manner>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let Path(run) = path?;
    let Query(Manner { rendered }) = query?;
    let as_of = services.rooms.now();
    let row = sqlx::query!("select conversation_id, message_id from runs where id = $1", run.uuid());
    let row = row.fetch_optional(&services.db).await?.ok_or(Error::NotFound)?;
    let conversation = ConversationId::from_uuid(row.conversation_id);
    let reader = access::reader(&services.db, caller.id, conversation).await?;
    let member = Member {
        user: caller.id,
        author: authors::of(&services.db, reader).await?.id,
        of_epoch: None,
        name: caller.name,
        rights: reader.rights(),
        proof: caller.proof,
        as_of,
        speaks_v1: false,
        epoch: None,
    };
    let watch = services.rooms.watch(conversation, &member).await?;
    let has = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let blocks = rendered.then(Shown::default);
    let place = Place { message: MessageId::from_uuid(row.message_id), has, shown: None, blocks, is_over: false };
    let reading = Reading { services, run, place, watch, not_before: Instant::now() };
    let events = stream::unfold(reading, |mut reading| async move {
        let event = reading.next().await?;
        Some((Ok::<_, Infallible>(event), reading))
    });
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    let headers =
        [(header::CACHE_CONTROL, "no-cache, no-transform"), (HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((headers, events).into_response())
}

/// One reader.
struct Reading {
    services: Services,
    run: RunId,
    place: Place,
    watch: Watch,
    not_before: Instant,
}

/// How far a reader is.
struct Place {
    message: MessageId,
    /// Bytes of the text, as far as it knows any.
    has: Option<usize>,
    /// What stands in the last snapshot beside the text; nothing: it has had none.
    shown: Option<(MessageState, i64)>,
    /// The blocks that it was given, if it wants them.
    blocks: Option<Shown>,
    is_over: bool,
}

/// What a reader was given rendered.
#[derive(Default)]
struct Shown {
    finished: Growing,
    /// How many bytes of the text it has seen rendered, finished or not.
    seen: usize,
    /// When it is shown more of what is not finished.
    due: Option<Instant>,
}

/// A run as it is now.
struct Now<'a> {
    at: Instant,
    text: &'a str,
    state: MessageState,
    ahead: i64,
    ending: Option<&'a Ending>,
}

impl Place {
    /// What the reader is to be told next, if there is something.
    fn next(&mut self, now: &Now<'_>) -> Option<RunEvent> {
        let known = self.has.filter(|has| now.text.is_char_boundary(*has));
        let is_waiting = now.state == MessageState::Waiting;
        // A line that moves is shown anew. Whoever comes back with some text has seen it begin.
        let is_shown = match self.shown {
            Some(shown) => shown == (now.state, now.ahead) || !(is_waiting || shown.0 == MessageState::Waiting),
            None => !is_waiting && known.is_some(),
        };
        let Some(has) = known.filter(|_| is_shown) else {
            self.has = Some(now.text.len());
            self.shown = Some((now.state, now.ahead));
            let (text, state) = (now.text.to_owned(), now.state);
            return Some(RunEvent::Snapshot(Snapshot { message_id: self.message, state, text, ahead: now.ahead }));
        };
        if now.state == MessageState::Streaming
            && let Some(blocks) = self.blocks(&now.text[..has], now.at)
        {
            return Some(RunEvent::Blocks(blocks));
        }
        if has < now.text.len() {
            self.has = Some(now.text.len());
            return Some(RunEvent::Delta(Delta { text: now.text[has..].to_owned() }));
        }
        let ending = now.ending?;
        self.is_over = true;
        Some(ending.event(self.message))
    }

    /// What is finished of the text that the reader has, and once in a while what is not.
    fn blocks(&mut self, text: &str, now: Instant) -> Option<Blocks> {
        let shown = self.blocks.as_mut()?;
        let from = shown.finished.units();
        let more = shown.finished.grow(text);
        if more.is_none() && (shown.seen == text.len() || shown.due.is_some_and(|due| now < due)) {
            return None;
        }
        shown.seen = text.len();
        let to = shown.finished.units();
        let rest = shown.finished.rest(text);
        if more.is_none() && rest.is_none() {
            return None;
        }
        let (seen, rest) = rest.unwrap_or((to, String::new()));
        let length = u32::try_from(rest.len()).unwrap_or(u32::MAX);
        shown.due = Some(now + REST + REST_A_BYTE * length);
        let (html, runs) = more.map(|more| (more.html, text::encode_runs(&more.runs))).unwrap_or_default();
        Some(Blocks { from, to, html, runs, rest, seen })
    }

    /// When there is something to show that has come already.
    fn due(&self) -> Option<Instant> {
        let shown = self.blocks.as_ref()?;
        shown.due.filter(|_| self.has.is_some_and(|has| has != shown.seen))
    }

    fn event(&self, event: &RunEvent) -> Event {
        let made = Event::default().event(event.name()).id(self.has.unwrap_or(0).to_string());
        let made = match event {
            RunEvent::Snapshot(snapshot) => made.json_data(snapshot),
            RunEvent::Delta(delta) => made.json_data(delta),
            RunEvent::Blocks(blocks) => made.json_data(blocks),
            RunEvent::Done(done) | RunEvent::Stopped(done) => made.json_data(done),
            RunEvent::Error(error) => made.json_data(error),
        };
        made.expect("strings and numbers are always JSON")
    }
}

impl Reading {
    /// The next event. Nothing: it is over, the reader may not read it any more, or the server stops.
    async fn next(&mut self) -> Option<Event> {
        if self.place.is_over {
            return None;
        }
        let Self { services, run, place, watch, not_before } = self;
        let stopping = services.runs.office.stopping.clone();
        tokio::select! {
            biased;
            () = watch.ended() => None,
            event = follow(services, *run, place, *not_before) => {
                // What is shown rendered keeps the next words waiting no longer than the words before it do.
                if !matches!(event, Some(RunEvent::Blocks(_))) {
                    *not_before = Instant::now() + PACE;
                }
                event.map(|event| place.event(&event))
            }
            // What is written here ends with a word of its own.
            () = async { stopping.cancelled().await; sleep(super::LAST_WORDS).await } => None,
        }
    }
}

async fn follow(services: &Services, run: RunId, place: &mut Place, not_before: Instant) -> Option<RunEvent> {
    sleep_until(not_before).await;
    let mut changed = services.runs.office.changed.subscribe();
    loop {
        if let Some(live) = services.runs.find(run) {
            return live_event(&live, place).await;
        }
        let stored = stored(services, run).await??;
        let Stored { text, state, ahead, ending } = &stored;
        let now = Now { at: Instant::now(), text, state: *state, ahead: *ahead, ending: ending.as_ref() };
        if let Some(event) = place.next(&now) {
            return Some(event);
        }
        if services.runs.is_stopping() {
            return None;
        }
        // Another server writes it, or it waits.
        let _ = timeout(LOOK, changed.changed()).await;
    }
}

/// Waits for something new of a reply that this server writes.
async fn live_event(live: &Arc<Live>, place: &mut Place) -> Option<RunEvent> {
    let mut progress = live.progress.subscribe();
    loop {
        {
            let progress = progress.borrow_and_update();
            let (text, ending) = (progress.text.as_str(), progress.ending.as_ref());
            let state = ending.map_or(MessageState::Streaming, |ending| ending.state);
            if let Some(event) = place.next(&Now { at: Instant::now(), text, state, ahead: 0, ending }) {
                return Some(event);
            }
        }
        let due = place.due();
        tokio::select! {
            changed = progress.changed() => changed.ok()?,
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
        }
    }
}

/// A run as the database has it.
struct Stored {
    text: String,
    state: MessageState,
    ahead: i64,
    ending: Option<Ending>,
}

/// The outer nothing: the database does not answer, and the reader comes again. The inner: the run is gone.
async fn stored(services: &Services, run: RunId) -> Option<Option<Stored>> {
    let row = sqlx::query!(
        r#"select m.markdown, m.state, m.reason_code, m.reason, m.input_tokens, m.output_tokens,
                  (select count(*)
                   from runs o
                   join messages before on before.conversation_id = o.conversation_id and before.id = o.message_id
                   where o.conversation_id = r.conversation_id
                     and o.state <> 'over'
                     and (o.state = 'running' or before.position < m.position)
                     and o.id <> r.id) as "ahead!"
           from runs r
           join messages m on m.conversation_id = r.conversation_id and m.id = r.message_id
           where r.id = $1"#,
        run.uuid()
    )
    .fetch_optional(&services.db)
    .await
    .map_err(|error| tracing::warn!(%error, "a reply cannot be read"))
    .ok()?;
    let Some(row) = row else { return Some(None) };
    let state = conversations::state(&row.state);
    let usage = row.input_tokens.zip(row.output_tokens);
    let usage = usage.map(|(input_tokens, output_tokens)| Usage { input_tokens, output_tokens });
    let ending =
        (!state.is_open()).then(|| Ending { state, reason: row.reason_code.map(|code| (code, row.reason)), usage });
    let ahead = if state == MessageState::Waiting { row.ahead } else { 0 };
    Some(Some(Stored { text: row.markdown, state, ahead, ending }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Bees é 蜂";

    fn place(has: Option<usize>) -> Place {
        Place { message: MessageId::new(), has, shown: None, blocks: None, is_over: false }
    }

    fn streaming(text: &str) -> Now<'_> {
        Now { at: Instant::now(), text, state: MessageState::Streaming, ahead: 0, ending: None }
    }

    #[test]
    fn a_reader_who_comes_back_is_told_what_it_lacks_and_no_more() {
        let mut place = place(Some(4));
        assert_eq!(place.next(&streaming(TEXT)), Some(RunEvent::Delta(Delta { text: TEXT[4..].into() })));
        assert_eq!(place.next(&streaming(TEXT)), None);
        assert_eq!(place.has, Some(TEXT.len()));
    }

    #[test]
    fn a_reader_who_knows_what_cannot_be_is_shown_everything() {
        // Within a character, and beyond the end.
        for has in [None, Some(6), Some(99)] {
            let mut place = place(has);
            assert!(matches!(place.next(&streaming(TEXT)), Some(RunEvent::Snapshot(shown)) if shown.text == TEXT));
            assert_eq!(place.next(&streaming(TEXT)), None);
        }
    }

    #[test]
    fn a_line_that_moves_is_shown_anew_and_then_the_reply_begins() {
        let mut place = place(None);
        let mut seen = Vec::new();
        let waiting = |ahead| Now { at: Instant::now(), text: "", state: MessageState::Waiting, ahead, ending: None };
        for now in [waiting(2), waiting(2), waiting(1), streaming(""), streaming("a"), streaming("ab")] {
            seen.extend(place.next(&now).map(|event| match event {
                RunEvent::Snapshot(shown) => format!("{}{}", shown.state.as_str(), shown.ahead),
                RunEvent::Delta(delta) => delta.text,
                other => other.name().to_owned(),
            }));
        }
        assert_eq!(seen, ["waiting2", "waiting1", "streaming0", "a", "b"]);
    }

    #[test]
    fn who_wants_blocks_is_given_them_behind_their_text_and_each_once() {
        let text = "Bees é.\n\nSleep 🐝.\n\nAt night";
        let mut place = Place { blocks: Some(Shown::default()), ..place(Some(0)) };
        let mut seen = Vec::new();
        let tell = |event: RunEvent| match event {
            RunEvent::Blocks(Blocks { from, to, runs, seen, .. }) => format!("{from}-{to}-{seen} {runs}"),
            other => other.name().to_owned(),
        };
        for end in [9, text.len(), text.len()] {
            seen.extend(std::iter::from_fn(|| place.next(&streaming(&text[..end]))).map(tell));
        }
        assert_eq!(seen, ["delta", "0-0-8 ", "delta", "0-9-28 7"]);
        let longer = format!("{text}.\n\nAnd by day, and in the evening too\n");
        let Some(RunEvent::Delta(_)) = place.next(&streaming(&longer)) else { panic!("a delta first") };
        let Some(RunEvent::Blocks(blocks)) = place.next(&streaming(&longer)) else { panic!("then what is finished") };
        assert_eq!((blocks.from, blocks.to, blocks.runs.as_str()), (9, 31, "n9n9"));
        assert_eq!(blocks.html, "<p dir=\"auto\">Sleep 🐝.</p><p dir=\"auto\">At night.</p>");
        assert_eq!(blocks.rest, "<p dir=\"auto\">And by day, and in the evening too</p>");
    }

    #[test]
    fn what_is_not_finished_is_shown_once_in_a_while_and_then_what_came_last() {
        let mut place = Place { blocks: Some(Shown::default()), ..place(Some(0)) };
        let mut rests = |text: &str, at| {
            let events = std::iter::from_fn(|| place.next(&Now { at, ..streaming(text) })).collect::<Vec<_>>();
            let rests = events.into_iter().filter_map(|event| match event {
                RunEvent::Blocks(blocks) => Some(blocks.rest),
                _ => None,
            });
            (rests.collect::<Vec<_>>(), place.due())
        };
        let now = Instant::now();
        assert_eq!(rests("- *a*", now).0, ["<ul><li dir=\"auto\"><em>a</em></li></ul>"]);
        let (none, due) = rests("- *a* b", now);
        assert!(none.is_empty());
        assert_eq!(
            rests("- *a* b", due.unwrap()),
            (vec!["<ul><li dir=\"auto\"><em>a</em> b</li></ul>".to_owned()], None)
        );
    }

    #[test]
    fn the_end_comes_after_all_of_the_text_and_only_once_it_is_there() {
        let ending = Ending::stopped();
        let over =
            Now { at: Instant::now(), text: "ab", state: MessageState::Stopped, ahead: 0, ending: Some(&ending) };
        let mut place = place(Some(1));
        assert_eq!(place.next(&over).unwrap().name(), "delta");
        assert_eq!(place.next(&over).unwrap().name(), "stopped");
        assert!(place.is_over);
    }
}
