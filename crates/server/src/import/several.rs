//! Several conversations of one file, one after the other: each whole or not at all, and told of as it is stored. Whoever
//! stops listening stops the rest.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::response::{
    IntoResponse,
    sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, stream};
use shared::{
    api::{ImportStep, Share},
    ids::UserId,
};
use tokio::sync::mpsc;

use super::Archive;
use crate::{
    conversations::{self, Draft},
    error::Error,
    services::Services,
    turns::Turn,
};

/// What holds for all of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Whose they will be.
    pub(super) user: UserId,
    /// Who else reads them.
    pub(super) share: Share,
    /// Whether people are pseudonyms there.
    pub(super) anonymous: bool,
}

/// Stores the conversations of these numbers while somebody reads along. The turn is over when the last is stored, however
/// slowly they read.
pub(super) fn import(
    services: Services,
    (archive, turn): (Archive, Turn),
    choices: Vec<usize>,
    terms: Terms,
) -> impl IntoResponse {
    // Room for all of it: nobody who does not read keeps the archive in memory.
    let (told, steps) = mpsc::channel(choices.len() + 1);
    tokio::spawn(async move {
        let _turn = turn;
        let archive = Arc::new(archive);
        for index in choices {
            if told.is_closed() {
                return;
            }
            // Whoever went away meanwhile is told nothing; the next look sees that.
            let _ = told.send(one(&services, archive.clone(), index, terms).await).await;
        }
        let _ = told.send(ImportStep::Done).await;
    });
    Sse::new(events(steps)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

fn events(steps: mpsc::Receiver<ImportStep>) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(steps, async |mut steps| {
        let step = steps.recv().await?;
        Some((Ok(event(&step)), steps))
    })
}

async fn one(services: &Services, archive: Arc<Archive>, index: usize, terms: Terms) -> ImportStep {
    match store(services, archive, index, terms).await {
        Ok(step) => step,
        Err(error) => {
            if let Error::Internal(_) | Error::Database(_) = &error {
                tracing::error!(%error, source = ?std::error::Error::source(&error), "a conversation cannot be imported");
            }
            ImportStep::Refused { index, problem: error.to_string() }
        }
    }
}

async fn store(services: &Services, archive: Arc<Archive>, index: usize, terms: Terms) -> Result<ImportStep, Error> {
    let Terms { user, share, anonymous } = terms;
    let read = move || {
        let conversation = archive.read(index, None)?;
        Ok((conversation.title.clone(), conversation.notes.clone(), Draft::of(conversation)?))
    };
    let (title, notes, draft) = services.import(read).await?;
    let id = conversations::store(&services.db, user, draft, share, anonymous).await?;
    Ok(ImportStep::Imported { index, id, title, notes })
}

fn event(step: &ImportStep) -> Event {
    // Strings and numbers alone: it cannot fail, and has no line breaks.
    Event::default().data(serde_json::to_string(step).unwrap_or_default())
}
