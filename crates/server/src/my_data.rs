//! `GET /api/v1/me/data`: all that is kept of a person, as one zip, for themselves.
//!
//! It is written while it is read, a conversation at a time: a thousand take no more memory than one, and nothing of it
//! lies about on the server afterwards. What cannot be read now is named in `conversations.json`, and keeps back nothing
//! else. What was cut off is no zip.
//!
//! **Nobody else is in it** but by what they did in the conversations that are the person's own: of other people's
//! conversations it holds what the person added (`export/own.rs`), by the pseudonym that they have there.

mod account;
mod conversations;

use std::time::Duration;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::{Stream, TryStreamExt};
use serde_json::{Value, json};
use shared::ids::{FileId, UserId};
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::{
    error::Error,
    files,
    services::Services,
    sessions::{self, Caller, Proof},
    times::{self, rfc3339},
    turns::Busy,
    zipped::{Flow, Unread},
};

/// Whoever reads nothing for so long has gone, and leaves their turn to others.
const PATIENCE: Duration = Duration::from_secs(120);

/// Longer nobody has a turn: whoever reads so slowly may as well begin anew.
const AT_MOST: Duration = Duration::from_secs(2 * 3_600);

/// What stands in the archive of what.
const README: &str = include_str!("my_data/README.txt");

/// Why an archive is not written to its end.
#[derive(Debug, thiserror::Error)]
enum Stop {
    /// Nobody waits for it any more.
    #[error(transparent)]
    Unread(#[from] Unread),
    /// Whoever asked is not signed in any more.
    #[error("signed out")]
    SignedOut,
    /// A fault of ours.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// By which somebody asked: when it has ended, so has the archive.
struct Session(Vec<u8>);

impl Session {
    async fn check(&self, db: &PgPool) -> Result<(), Stop> {
        let good = sessions::still_good(db, std::slice::from_ref(&self.0)).await?;
        if good.is_empty() { Err(Stop::SignedOut) } else { Ok(()) }
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// `GET /api/v1/me/data`
pub async fn get(State(services): State<Services>, headers: HeaderMap, caller: Caller) -> Result<Response, Error> {
    caller.session()?;
    // A link on another site would take somebody's turn.
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return Err(Error::ForeignOrigin);
    }
    let Proof::Session(hash) = &caller.proof else { return Err(Error::SignedOut) };
    let session = Session(hash.clone());
    let turn = services.my_data.try_take(caller.id).map_err(|busy| match busy {
        Busy::Person => Error::Conflict(
            "one_at_a_time",
            "Your data is being downloaded already: wait until that is done, or stop it.".into(),
        ),
        Busy::Others => Error::TooOften("Others are downloading theirs just now; try again in a minute.".into(), 60),
    })?;
    // What can fail at once fails here, with an answer that says so.
    let me = crate::people::of(&services.db, caller.id).await?;
    let made_at = OffsetDateTime::now_utc();
    let account = account::of(&services.db, caller.id).await?;
    let (flow, bytes) = Flow::new(PATIENCE);
    tokio::spawn(async move {
        let _turn = turn;
        let writing = write(&services, caller.id, &session, made_at, account, flow);
        match tokio::time::timeout(AT_MOST, writing).await {
            Ok(Ok(()) | Err(Stop::Unread(_) | Stop::SignedOut)) | Err(_) => {}
            Ok(Err(Stop::Failed(error))) => {
                tracing::warn!(%error, source = ?std::error::Error::source(&error), "somebody's data was cut off");
            }
        }
    });
    let name = format!("promptgrimoire-my-data-{}.zip", times::day_in(made_at, me.time_zone.as_deref()));
    answer(&name, bytes)
}

fn answer(
    name: &str,
    bytes: impl Stream<Item = std::io::Result<bytes::Bytes>> + Send + 'static,
) -> Result<Response, Error> {
    let disposition =
        HeaderValue::from_str(&files::disposition(name)).map_err(|error| Error::Internal(error.into()))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(files::POLICY)),
    ];
    Ok((headers, Body::from_stream(bytes)).into_response())
}

/// All parts, in their order.
async fn write(
    services: &Services,
    user: UserId,
    session: &Session,
    made_at: OffsetDateTime,
    account: Value,
    flow: Flow,
) -> Result<(), Stop> {
    let readme = README.replace("{origin}", &services.origin.to_string()).replace("{made_at}", &rfc3339(made_at));
    flow.add("README.txt", readme.into_bytes()).await?;
    flow.add("account.json", json(&account)?).await?;
    flow.add("work.json", json(&account::work(&services.db, user).await?)?).await?;
    flow.add("models.json", json(&account::models(&services.db, user).await?)?).await?;
    let conversations = conversations::write(services, user, session, &flow).await?;
    flow.add("conversations.json", json(&conversations)?).await?;
    files(services, user, session, &flow).await?;
    Ok(flow.finish().await?)
}

fn json(value: &Value) -> Result<Vec<u8>, Error> {
    serde_json::to_vec_pretty(value).map_err(|error| Error::Internal(error.into()))
}

/// What they uploaded, wherever that was, and a list of it.
async fn files(services: &Services, user: UserId, session: &Session, flow: &Flow) -> Result<(), Stop> {
    let rows = sqlx::query!(
        "select id, name, media_type, size, project_id, conversation_id, created_at
         from files
         where uploader_id = $1 and stored_at is not null and deleted_at is null
         order by id",
        user.uuid()
    )
    .fetch_all(&services.db)
    .await?;
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        session.check(&services.db).await?;
        // Two may be called the same.
        let part = format!("files/{}/{}", row.id, fit_for_disks(&row.name));
        let is_there = match services.files.stream(FileId::from_uuid(row.id)).await {
            Ok(mut bytes) => {
                flow.begin(&part).await?;
                while let Some(more) = bytes.try_next().await.map_err(|error| Error::Internal(error.into()))? {
                    flow.more(more).await?;
                }
                true
            }
            Err(error) => {
                tracing::warn!(%error, source = ?std::error::Error::source(&error), "a file is missing in somebody's data");
                false
            }
        };
        list.push(json!({
            "id": row.id,
            "name": row.name,
            "media_type": row.media_type,
            "bytes": row.size,
            "project": row.project_id,
            "conversation": row.conversation_id,
            "created_at": rfc3339(row.created_at),
            "part": is_there.then_some(part),
        }));
    }
    Ok(flow.add("files.json", json(&Value::Array(list))?).await?)
}

/// A file's name without what some systems have no files by.
fn fit_for_disks(name: &str) -> String {
    name.chars().map(|letter| if r#"<>:"/\|?*"#.contains(letter) { '_' } else { letter }).collect()
}
