//! The code of a class: short enough to be written on a board.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
};
use rand::{Rng, TryRngCore, rngs::OsRng};
use shared::{api::NewCode, ids::ClassId};

use crate::{access, error::Error, services::Services, sessions::Caller};

/// No vowels, so that no code is a word; nothing that looks like something else in a hall's last row.
const ALPHABET: &[u8] = b"23456789BCDFGHJKMNPQRSTVWXYZ";

/// 28 to the power of 8 codes: with ten wrong ones in ten minutes (`attempts`) nobody finds one.
const LENGTH: usize = 8;

fn new() -> String {
    let mut random = OsRng.unwrap_err();
    (0..LENGTH).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

/// With a hyphen in the middle.
pub(super) fn shown(code: &str) -> String {
    let (first, second) = code.split_at_checked(LENGTH / 2).unwrap_or((code, ""));
    format!("{first}-{second}")
}

/// As the database holds it, if it can be a code; people type it in their own way.
pub(super) fn read(typed: &str) -> Option<String> {
    let code: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| c.to_ascii_uppercase())
        .take(LENGTH + 1)
        .collect();
    (code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(code)
}

/// `POST /api/v1/classes/{class}/code`
pub async fn rotate(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
) -> Result<Json<NewCode>, Error> {
    let code = new();
    set(&services, &caller, path?.0, Some(&code)).await?;
    Ok(Json(NewCode { code: shown(&code) }))
}

/// `DELETE /api/v1/classes/{class}/code`
pub async fn switch_off(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
) -> Result<StatusCode, Error> {
    set(&services, &caller, path?.0, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set(services: &Services, caller: &Caller, class: ClassId, code: Option<&str>) -> Result<(), Error> {
    let mut tx = services.db.begin().await?;
    let change = access::change(&mut tx, caller.id, class).await?;
    sqlx::query!("update classes set join_code = $2 where id = $1", change.class().uuid(), code)
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = new();
        for typed in [shown(&code), code.to_lowercase(), format!("  {} ", shown(&code).replace('-', " - "))] {
            assert_eq!(read(&typed).as_deref(), Some(code.as_str()), "{typed:?}");
        }
        for other in ["", "BCDF-GHJ", "BCDF-GHJK2", "BCDF-GHJ0", "BCDF-GHJÉ", &"B".repeat(1 << 20)] {
            assert_eq!(read(other), None);
        }
    }
}
