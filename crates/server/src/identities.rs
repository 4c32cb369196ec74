//! Which user somebody is whom a provider of identity vouches for.

use shared::{api::MAX_NAME_CHARS, ids::UserId};
use sqlx::{PgConnection, PgPool};

use crate::{
    classes,
    error::Error,
    names, sharing,
    sign_in::{Email, SignInError},
};

/// What a provider says of somebody who has just proved to it who they are.
#[derive(Debug, Clone)]
pub struct Proven {
    /// The provider, as `identities` names it.
    pub provider: String,
    /// Who it is to the provider: never changes, and is never another's.
    pub subject: String,
    /// An address that the provider has seen to be theirs. `None` also where it only repeats what it was told.
    pub email: Option<Email>,
    /// Their name, where it knows one.
    pub name: Option<String>,
}

/// The user whose identity this is; at the first time one is made.
///
/// The identity alone decides. An address decides nothing, because addresses change hands, with one exception: a user whom
/// nobody has ever signed in as (entered by a teacher, with that address) becomes whoever first proves to have the address.
///
/// # Errors
/// [`SignInError::AddressInUse`] where somebody else already signs in with that address in another way: which of the two
/// they mean, they must say by signing in in that way.
pub async fn user_of(db: &PgPool, proven: &Proven) -> Result<UserId, SignInError> {
    let mut tx = db.begin().await.map_err(Error::from)?;
    // Two first sign-ins at once (a double click) are one after the other.
    let lock = format!("{}\n{}", proven.provider, proven.subject);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", lock)
        .execute(&mut *tx)
        .await
        .map_err(Error::from)?;
    let user = match known(&mut tx, proven).await? {
        Some(user) => user,
        None => first_of(&mut tx, proven).await?,
    };
    // What waited for whoever has this address: at each sign-in, since rosters name people who are here already too.
    if let Some(email) = &proven.email {
        classes::take_up(&mut tx, user, email.as_str()).await?;
        sharing::take_up(&mut tx, user, email.as_str()).await?;
    }
    tx.commit().await.map_err(Error::from)?;
    Ok(user)
}

/// The user that somebody is from now on whose identity is new.
async fn first_of(conn: &mut PgConnection, proven: &Proven) -> Result<UserId, SignInError> {
    let email = proven.email.as_ref().ok_or(SignInError::NoAddress)?;
    let user = match add(conn, email, proven.name.as_deref()).await? {
        Some(user) => user,
        None => unclaimed(conn, email).await?.ok_or(SignInError::AddressInUse)?,
    };
    sqlx::query!(
        "insert into identities (provider, subject, user_id)
         values ($1, $2, $3)",
        proven.provider,
        proven.subject,
        user.uuid()
    )
    .execute(conn)
    .await
    .map_err(Error::from)?;
    Ok(user)
}

async fn known(conn: &mut PgConnection, proven: &Proven) -> Result<Option<UserId>, Error> {
    let user = sqlx::query_scalar!(
        "select user_id
         from identities
         where provider = $1 and subject = $2",
        proven.provider,
        proven.subject
    );
    Ok(user.fetch_optional(conn).await?.map(UserId::from_uuid))
}

/// `None`: a user with this address is there.
pub(crate) async fn add(conn: &mut PgConnection, email: &Email, name: Option<&str>) -> Result<Option<UserId>, Error> {
    let id = UserId::new();
    let added = sqlx::query!(
        "insert into users (id, name, email)
         select $1, $2, $3
         where not exists (select from users where lower(email) = $3)
         on conflict (email) do nothing",
        id.uuid(),
        name_of(name, email),
        email.as_str()
    )
    .execute(conn)
    .await?;
    Ok((added.rows_affected() == 1).then_some(id))
}

/// The user with this address, if nobody has ever signed in as them; held until this is committed, so that it is nobody
/// else's meanwhile.
async fn unclaimed(conn: &mut PgConnection, email: &Email) -> Result<Option<UserId>, Error> {
    let held = sqlx::query_scalar!("select id from users where lower(email) = $1 for update", email.as_str())
        .fetch_all(&mut *conn)
        .await?;
    let free = sqlx::query_scalar!(
        "select u.id
         from users u
         where u.id = any($1) and not exists (select from identities i where i.user_id = u.id)",
        &held
    );
    // Of several, spelt differently, nobody can say which is meant.
    match (held.len(), free.fetch_optional(conn).await?) {
        (1, Some(id)) => Ok(Some(UserId::from_uuid(id))),
        _ => Ok(None),
    }
}

/// A name as others will see it until its owner chooses another: what the provider knows, else what stands before the `@`.
fn name_of(name: Option<&str>, email: &Email) -> String {
    let text = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = |name: String| -> String {
        let name = name.chars().filter(|character| !character.is_control() && !names::is_direction(*character));
        name.take(MAX_NAME_CHARS).collect()
    };
    let name = name.map(text).map(shown).filter(|name| names::unfit(name).is_none());
    name.unwrap_or_else(|| shown(email.local_part().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_the_provider_knows_or_what_stands_before_the_at() {
        let email = Email::parse("ann.lee@example.org").unwrap();
        assert_eq!(name_of(Some(" Ann\n  Lee "), &email), "Ann Lee");
        assert_eq!(name_of(Some("  "), &email), "ann.lee");
        assert_eq!(name_of(Some("\u{3164}"), &email), "ann.lee", "nothing to see");
        assert_eq!(name_of(Some("Ann\u{202e}eel"), &email), "Anneel");
        assert_eq!(name_of(None, &email), "ann.lee");
        assert_eq!(name_of(Some(&"x".repeat(500)), &email).len(), 100);
    }
}
