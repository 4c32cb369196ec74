//! Codes by which somebody shows that another account is theirs too.

use sha2::{Digest, Sha256};
use shared::{api::MergeCode, ids::UserId};
use sqlx::{PgConnection, PgPool};

use crate::{error::Error, letters, times::rfc3339};

/// 28 to the power of 16 codes: 76 bits, so that the hash of one leads nobody to it.
const LENGTH: usize = 16;

/// How long one is good: as long as it takes to sign in to the other account.
const MINUTES: i32 = 15;

fn hash(code: &str) -> Vec<u8> {
    Sha256::digest(code).to_vec()
}

/// A new one; the one before is good no more.
///
/// # Errors
/// The database's.
pub(super) async fn make(db: &PgPool, user: UserId) -> Result<MergeCode, Error> {
    let code = letters::draw(LENGTH);
    let expires_at = sqlx::query_scalar!(
        r#"with old as (
               delete from merge_codes
               where user_id in (select user_id
                                 from merge_codes
                                 where user_id <> $1 and made_at < now() - make_interval(mins => $3)
                                 for update skip locked))
           insert into merge_codes (user_id, code_hash)
           values ($1, $2)
           on conflict (user_id) do update set code_hash = excluded.code_hash, made_at = now()
           returning made_at + make_interval(mins => $3) as "expires_at!""#,
        user.uuid(),
        hash(&code),
        MINUTES
    )
    .fetch_one(db)
    .await?;
    Ok(MergeCode { code: letters::shown(&code), expires_at: rfc3339(expires_at) })
}

/// Who made it, if it is good.
///
/// # Errors
/// The database's; [`Error::Invalid`], which does not say whether there ever was such a code.
pub(super) async fn whose(conn: &mut PgConnection, typed: &str) -> Result<UserId, Error> {
    let unknown = || {
        let why = "code: this is no code, or it is older than 15 minutes, or was used. Make a new one with the account that \
                   is to go.";
        Error::Invalid("unknown_code", why.into())
    };
    let code = letters::read(typed, LENGTH).ok_or_else(unknown)?;
    let user = sqlx::query_scalar!(
        "select user_id from merge_codes where code_hash = $1 and made_at > now() - make_interval(mins => $2)",
        hash(&code),
        MINUTES
    );
    Ok(UserId::from_uuid(user.fetch_optional(conn).await?.ok_or_else(unknown)?))
}
