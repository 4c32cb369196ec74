//! Several conversations of one file, one after the other: each whole or not at all, and told of as it is stored. Whoever
//! stops listening stops the rest.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::response::{
    IntoResponse,
    sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, stream};
use shared::{
    api::{ImportStep, Share},
    ids::UserId,
};

use super::Archive;
use crate::{
    conversations::{self, Draft},
    error::Error,
    services::Services,
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

/// Stores the conversations of these numbers as somebody reads along.
pub(super) fn import(services: Services, archive: Archive, choices: Vec<usize>, terms: Terms) -> impl IntoResponse {
    let steps = steps(services, Arc::new(archive), choices.into(), terms);
    Sse::new(steps).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

fn steps(
    services: Services,
    archive: Arc<Archive>,
    choices: VecDeque<usize>,
    terms: Terms,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(Some(choices), move |left| {
        let (services, archive) = (services.clone(), archive.clone());
        async move {
            let mut left = left?;
            let (step, left) = match left.pop_front() {
                Some(index) => (one(&services, archive, index, terms).await, Some(left)),
                None => (ImportStep::Done, None),
            };
            Some((Ok(event(&step)), left))
        }
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
