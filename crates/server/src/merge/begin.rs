//! What is foreseen, and the one transaction by which two accounts are one.

use shared::{api::MergePreview, ids::UserId};
use sqlx::PgConnection;

use super::{aliases, going};
use crate::error::Error;

/// Whose account goes, as far as it decides.
struct Account {
    name: String,
    email: String,
    is_banned: bool,
    is_admin: bool,
}

async fn account_of(conn: &mut PgConnection, user: UserId) -> Result<Account, Error> {
    let account = sqlx::query_as!(
        Account,
        r#"select name, email, banned_at is not null as "is_banned!", is_admin from users where id = $1"#,
        user.uuid()
    );
    account.fetch_optional(conn).await?.ok_or(Error::NotFound)
}

/// What would come over.
///
/// # Errors
/// The database's; [`Error::Conflict`] where nothing could.
pub(super) async fn foreseen(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<MergePreview, Error> {
    let Account { name, email, .. } = refuse(conn, goes, stays).await?;
    let counted = sqlx::query!(
        r#"select (select count(*) from conversations where owner_id = $1 and trashed_at is null) as "conversations!",
                  (select count(*) from memberships where user_id = $1) as "classes!",
                  (select count(*) from projects where owner_id = $1 and deleted_at is null) as "projects!""#,
        goes.uuid()
    )
    .fetch_one(&mut *conn)
    .await?;
    let both = both(conn, goes, stays).await?;
    let apart = aliases::owned(conn, goes, stays).await?;
    let (conversations, classes, projects) = (counted.conversations, counted.classes, counted.projects);
    Ok(MergePreview { name, email, conversations, classes, projects, both, apart })
}

/// Activities of which both have a copy of their own: nobody has two.
async fn both(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<Vec<String>, Error> {
    let titles = sqlx::query_scalar!(
        "select a.title
         from activity_copies g
         join activity_copies s on s.activity_id = g.activity_id and s.user_id = $2
         join activities a on a.id = g.activity_id
         where g.user_id = $1
         order by lower(a.title), a.id",
        goes.uuid(),
        stays.uuid()
    );
    Ok(titles.fetch_all(conn).await?)
}

async fn refuse(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<Account, Error> {
    if goes == stays {
        let why =
            "You are signed in to the account that made this code. Sign in to the one that stays, and enter it there.";
        return Err(Error::Conflict("same_account", why.into()));
    }
    let account = account_of(conn, goes).await?;
    if account.is_banned {
        let why = format!("The account of “{}” is closed: nothing comes over from it.", account.name);
        return Err(Error::Conflict("other_closed", why));
    }
    // What an admin may do is given at the server's command line and nowhere else; nor does anybody sign in as one because
    // somebody was talked into a code.
    if account.is_admin || account_of(conn, stays).await?.is_admin {
        let why = "One of the two accounts is an administrator's. Ask the people who run the server to take that back first: \
                   they can give it to the account that stays afterwards.";
        return Err(Error::Conflict("admin", why.into()));
    }
    if going::is_under_way(conn, goes).await? {
        let why = format!(
            "Another account is just becoming part of that of “{}”. That takes some minutes: try again then.",
            account.name
        );
        return Err(Error::Conflict("merging", why));
    }
    Ok(account)
}

/// What the one account has is the other's, and nobody signs in to it any more. What waits for its address waits on: whoever
/// proves to have that comes to the account that stays, and gets it. To be called with both held.
///
/// # Errors
/// The database's; [`Error::Conflict`] where something is in the way.
pub(super) async fn begin(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<(), Error> {
    refuse(conn, goes, stays).await?;
    if account_of(conn, stays).await?.is_banned {
        return Err(Error::Banned);
    }
    let both = both(conn, goes, stays).await?;
    if !both.is_empty() {
        let why = format!(
            "Both accounts have a copy of their own of {}, and nobody has two. Whoever teaches there can delete the activity \
             for good, or you keep both accounts.",
            quoted(&both)
        );
        return Err(Error::Conflict("both_have_copies", why));
    }
    let apart = aliases::owned(conn, goes, stays).await?;
    if !apart.is_empty() {
        let why = format!(
            "{} of the account that goes is anonymous, and so is this account there: others would learn that the two are \
             one. The other way round may do: enter a code of this account in the other.",
            quoted(&apart)
        );
        return Err(Error::Conflict("both_anonymous", why));
    }
    sqlx::query!(
        "update users s
         set may_create_classes = s.may_create_classes or g.may_create_classes
         from users g
         where s.id = $2 and g.id = $1",
        goes.uuid(),
        stays.uuid()
    )
    .execute(&mut *conn)
    .await?;
    going::go_over(conn, goes, stays).await
}

fn quoted(titles: &[String]) -> String {
    titles.iter().map(|title| format!("“{title}”")).collect::<Vec<_>>().join(", ")
}

/// Both accounts, and the classes of both: whoever joins one of these holds the class before the person. In one order, so that
/// none waits for another.
///
/// # Errors
/// The database's.
pub(super) async fn hold(conn: &mut PgConnection, goes: UserId, stays: UserId) -> Result<(), Error> {
    sqlx::query!(
        "select from classes
         where id in (select class_id from memberships where user_id in ($1, $2)
                      union all
                      select class_id from trashed_memberships where user_id in ($1, $2))
         order by id
         for update",
        goes.uuid(),
        stays.uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!("select from users where id in ($1, $2) order by id for update", goes.uuid(), stays.uuid())
        .fetch_all(conn)
        .await?;
    Ok(())
}
