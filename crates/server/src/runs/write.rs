//! The task that owns a reply: the stream from the model, and all that is stored of it.

use std::{panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};

use futures::{
    FutureExt,
    future::{Fuse, FusedFuture},
};
use shared::{ids::RunId, text::MAX_MARKDOWN_BYTES};
use tokio::time::{MissedTickBehavior, interval};

use super::{
    LAST_WORDS, advance, history,
    progress::{Ending, Live},
    store::{self, Claimed, Last, Order},
    tell,
};
use crate::{
    error::Error,
    model::{self, Failure, Reply, Step},
    models::{self, Wanted},
    services::Services,
};

/// Between two times that what came is stored: a server that is killed loses no more than this.
const FLUSH: Duration = Duration::from_millis(700);

/// How long the end of a reply is kept for a database that does not answer.
const PATIENCE: Duration = Duration::from_secs(600);

/// Writes a reply to its end, and has the next one begun.
pub(super) async fn run(services: Services, claimed: Claimed, live: Arc<Live>) {
    let was_asked = &mut false;
    let writing = AssertUnwindSafe(write(&services, &claimed, &live, was_asked)).catch_unwind();
    let ending = writing.await.unwrap_or_else(|_| {
        tracing::error!(run = %claimed.run, "the task of a reply panicked");
        Ending::failed("internal", "Something went wrong on the server. What came is kept; try again.")
    });
    let state = ending.state;
    tracing::info!(run = %claimed.run, state = state.as_str(), reason = ending.reason.as_ref().map(|(code, _)| code), "a reply is over");
    let last = Last { markdown: live.progress.borrow().text.clone(), ending: ending.clone(), was_asked: *was_asked };
    let patience = if services.runs.is_stopping() { LAST_WORDS } else { PATIENCE };
    if !store::finish(&services.db, &claimed, last, patience).await {
        tracing::error!(run = %claimed.run, "the end of a reply is not stored");
    }
    // Its readers hear of the end when it is stored.
    live.progress.send_modify(|progress| progress.ending = Some(ending));
    forget(&services, claimed.run);
    tell(&services, claimed.conversation, claimed.run, claimed.message, state).await;
    if let Err(error) = advance(&services, claimed.conversation).await {
        // It is looked for again.
        tracing::warn!(%error, "the next reply does not begin yet");
    }
}

fn forget(services: &Services, run: RunId) {
    services.runs.live().remove(&run);
}

async fn write(services: &Services, claimed: &Claimed, live: &Live, was_asked: &mut bool) -> Ending {
    let Some(model) = services.runs.model() else {
        return Ending::failed("no_model", models::NO_MODEL);
    };
    let question = match history::question(services, claimed).await {
        Ok(question) => question,
        Err(error) => return internal(claimed, &error),
    };
    // It may have waited in line while its sender used up what they had.
    match take(services, model, claimed, question.estimate()).await {
        Ok(()) => {}
        Err(error) if error.status().is_client_error() => {
            return Ending::failed(error.problem().code(), &error.to_string());
        }
        Err(error) => return internal(claimed, &error),
    }
    // Whoever stops it before it begins may have to be billed for what the model has read.
    *was_asked = true;
    let mut asking = pin!(model.ask(&question));
    let mut beat = interval(FLUSH);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let asked = loop {
        tokio::select! {
            asked = &mut asking => break asked,
            () = live.stop.cancelled() => return Ending::stopped(),
            () = live.shutdown.cancelled() => return Ending::interrupted(),
            _ = beat.tick() => if let Renewed::Over(ending) = renew(services, claimed, None).await { return ending },
        }
    };
    match asked {
        Err(failure) => {
            *was_asked = failure == Failure::Timeout;
            Ending::of(failure)
        }
        Ok(reply) => read(services, claimed, live, reply).await,
    }
}

/// Takes what the question is thought to need, now that all of it is known.
async fn take(services: &Services, model: &model::Client, claimed: &Claimed, input_tokens: i64) -> Result<(), Error> {
    let Claimed { run, user, conversation, .. } = *claimed;
    let mut tx = services.db.begin().await?;
    models::hold(&mut tx, user).await?;
    let name = models::choose(&mut tx, model, user, conversation, Some(&claimed.model)).await?;
    models::reserve(&mut tx, model, Wanted { run, user, conversation, model: &name, input_tokens }).await?;
    Ok(tx.commit().await?)
}

fn internal(claimed: &Claimed, error: &dyn std::fmt::Display) -> Ending {
    tracing::error!(run = %claimed.run, %error, "a reply cannot be begun");
    Ending::failed("internal", "Something went wrong on the server. What you wrote is kept; ask for the reply again.")
}

/// Takes the reply as it comes, and stores it beside that: its readers do not wait for the database. Leaving here drops the
/// connection, which ends the model's work, and what is being stored: the end of the reply is stored instead.
async fn read(services: &Services, claimed: &Claimed, live: &Live, mut reply: Reply) -> Ending {
    let mut beat = interval(FLUSH);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stored = 0;
    let mut storing = pin!(Fuse::terminated());
    loop {
        tokio::select! {
            // A model that writes as fast as it is read must not keep the others from their turn.
            biased;
            () = live.stop.cancelled() => return Ending::stopped(),
            () = live.shutdown.cancelled() => return Ending::interrupted(),
            (renewed, length) = &mut storing, if !storing.is_terminated() => match renewed {
                Renewed::Over(ending) => return ending,
                Renewed::Stored => stored = length,
                Renewed::NotStored => {}
            },
            _ = beat.tick(), if storing.is_terminated() => {
                let text = {
                    let progress = live.progress.borrow();
                    (progress.text.len() > stored).then(|| progress.text.clone())
                };
                let length = text.as_ref().map_or(stored, String::len);
                storing.set(async move { (renew(services, claimed, text).await, length) }.fuse());
            }
            step = reply.next() => match step {
                Ok(Step::Text(text)) => if !append(live, &text) {
                    return Ending::complete(Some("length".into()), None);
                },
                Ok(Step::End(end)) => return Ending::complete(end.reason, end.usage),
                Err(failure) => return Ending::of(failure),
            },
        }
    }
}

/// Adds to the text. `false`: it is as long as a message may be, and the rest is not taken.
fn append(live: &Live, text: &str) -> bool {
    let room = MAX_MARKDOWN_BYTES - live.progress.borrow().text.len();
    let fits = if text.len() <= room { text } else { &text[..text.floor_char_boundary(room)] };
    live.progress.send_modify(|progress| progress.text.push_str(fits));
    fits.len() == text.len()
}

enum Renewed {
    Stored,
    NotStored,
    Over(Ending),
}

/// Says that it is alive. While the database does not answer, the reply goes on in memory.
async fn renew(services: &Services, claimed: &Claimed, text: Option<String>) -> Renewed {
    match store::renew(&services.db, claimed, text).await {
        Ok(Order::GoOn) => Renewed::Stored,
        Ok(Order::Stop) => Renewed::Over(Ending::stopped()),
        Ok(Order::Abandon) => Renewed::Over(Ending::interrupted()),
        Err(error) => {
            tracing::warn!(run = %claimed.run, %error, "what came of a reply cannot be stored yet");
            Renewed::NotStored
        }
    }
}
