//! A list of people, from a file into a class: whole or not at all, and repeating it changes nothing.
//!
//! The way through: `table` makes rows of the file's bytes (`xlsx`, or CSV), `lines` makes people of the rows and finds
//! everything that is wrong with them, `apply` holds them against the class.

mod apply;
mod lines;
mod table;
mod xlsx;

use axum::{
    Json,
    extract::{
        Multipart, Path, State,
        multipart::{MultipartError, MultipartRejection},
        rejection::PathRejection,
    },
    http::StatusCode,
};
use bytes::Bytes;
use shared::{
    api::{MAX_ROSTER_BYTES, RosterReport},
    ids::{ClassId, RosterEntryId, UserId},
};
use sqlx::PgConnection;

use crate::{access, error::Error, services::Services, sessions::Caller};

/// `POST /api/v1/classes/{class}/roster`
pub async fn upload(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Json<RosterReport>, Error> {
    let Path(class) = path?;
    // Before the file is read: what it costs is for instructors alone.
    let own = own(&mut *services.db.acquire().await?, caller.id, class).await?;
    let (name, bytes, dry_run) = read(multipart?).await?;
    let lines = services.import(move || lines::read(table::rows(&name, &bytes)?, own.as_ref())).await?;
    let mut tx = services.db.begin().await?;
    let change = access::change(&mut tx, caller.id, class).await?;
    let mut report = apply::apply(&mut tx, change, lines).await?;
    if dry_run {
        // What would happen is what happens, taken back.
        tx.rollback().await?;
        // Whoever teaches some class could otherwise ask of any address whether it has an account here, and leave no trace.
        for line in &mut report.lines {
            line.waits = None;
        }
    } else {
        tx.commit().await?;
        report.applied = true;
    }
    Ok(Json(report))
}

/// Whoever sends it, who must be an instructor; nothing if they are one as an admin who does not belong to the class.
async fn own(conn: &mut PgConnection, user: UserId, class: ClassId) -> Result<Option<lines::Own>, Error> {
    access::instructor(&mut *conn, user, class).await?;
    let row = sqlx::query!(
        r#"select lower(u.email) as "email!", m.role
           from memberships m
           join users u on u.id = m.user_id
           where m.class_id = $1 and m.user_id = $2"#,
        class.uuid(),
        user.uuid()
    );
    let row = row.fetch_optional(conn).await?;
    row.map(|row| Ok(lines::Own { email: row.email, role: access::role(&row.role)? })).transpose()
}

async fn read(mut multipart: Multipart) -> Result<(String, Bytes, bool), Error> {
    let (mut file, mut dry_run) = (None, false);
    while let Some(field) = multipart.next_field().await.map_err(unread)? {
        match field.name().unwrap_or_default() {
            "file" => {
                let name = field.file_name().unwrap_or_default().to_owned();
                file = Some((name, field.bytes().await.map_err(unread)?));
            }
            "dry_run" => dry_run = field.text().await.map_err(unread)? == "true",
            other => {
                let name: String = other.chars().take(40).collect();
                return Err(Error::Invalid("unknown_field", format!("{name:?} is not a field of this form.")));
            }
        }
    }
    let (name, bytes) = file.unwrap_or_default();
    if bytes.is_empty() {
        return Err(Error::Invalid("no_file", "file: choose a roster that is not empty.".into()));
    }
    if bytes.len() > MAX_ROSTER_BYTES {
        return Err(too_large());
    }
    Ok((name, bytes, dry_run))
}

/// A roster has a limit of its own, less than that of what is imported.
fn unread(error: MultipartError) -> Error {
    match Error::from(error) {
        Error::TooLarge(_) => too_large(),
        other => other,
    }
}

/// More than a roster may be.
pub fn too_large() -> Error {
    let limit = MAX_ROSTER_BYTES >> 20;
    Error::TooLarge(format!("file: it is too large; a roster has at most {limit} MiB."))
}

/// The roster that does what a report says and is as it says already: what somebody confirms is what they were shown.
pub fn as_csv(report: &RosterReport) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let headings = ["Name".to_owned(), "E-mail".to_owned(), "Role".to_owned(), "Group".to_owned()];
    let lines = report.lines.iter().map(|line| {
        [line.name.clone(), line.email.clone(), line.role.as_str().to_owned(), line.group.clone().unwrap_or_default()]
    });
    for line in std::iter::once(headings).chain(lines) {
        // Into memory, and each line has as many cells as the first: neither can fail.
        let _ = writer.write_record(line);
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// `DELETE /api/v1/classes/{class}/roster/{entry}`
pub async fn remove(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<(ClassId, RosterEntryId)>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path((class, entry)) = path?;
    let mut tx = services.db.begin().await?;
    let change = access::change(&mut tx, caller.id, class).await?;
    let removed =
        sqlx::query!("delete from roster_entries where class_id = $1 and id = $2", change.class().uuid(), entry.uuid())
            .execute(&mut *tx)
            .await?;
    if removed.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
