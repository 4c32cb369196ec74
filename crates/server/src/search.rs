//! Search: words in all that somebody may see.
//!
//! What is searched is a projection (`search_entries`), kept by `follow` beside those who write. A hit is one thing: a
//! title, a passage of a message, a highlight, a comment, a tag, a passage of notes or of a response.
//!
//! Names are not in it: who somebody is to the caller is asked when they search, so a pseudonym stays one.

mod entries;
mod excerpt;
mod export;
mod find;
mod hit;
mod index;
mod passages;
mod query;
mod words;

use axum::{
    Json,
    extract::{Query as UrlQuery, State, rejection::QueryRejection},
};
use shared::api::{MAX_RESULTS_A_PAGE, Search, SearchResults};

pub use export::{checked, conversations, get as export};
pub use index::{follow, forget, rebuild};

use crate::{error::Error, services::Services, sessions::Caller};

/// Conversations on a page where nothing else is asked for.
const USUAL: u32 = 20;

/// `GET /api/v1/search`
pub async fn search(
    State(services): State<Services>,
    caller: Caller,
    asked: Result<UrlQuery<Search>, QueryRejection>,
) -> Result<Json<SearchResults>, Error> {
    let UrlQuery(Search { q, after, limit }) = asked?;
    let limit = limit.unwrap_or(USUAL);
    if !(1..=MAX_RESULTS_A_PAGE).contains(&limit) {
        return Err(Error::Invalid("limit", format!("limit: 1 to {MAX_RESULTS_A_PAGE}.")));
    }
    let after = after.map(|after| find::Place::read(&after).ok_or_else(unknown_place)).transpose()?;
    let query = query::Query::read(&q)?;
    Ok(Json(find::find(&services.db, caller.id, &query, after, limit as usize, find::Extent::PAGE).await?))
}

fn unknown_place() -> Error {
    Error::Invalid("after", "after: this is no place in a list of results.".into())
}
