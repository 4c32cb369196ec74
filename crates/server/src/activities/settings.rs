//! What staff say of activities.

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection, rejection::PathRejection},
    http::StatusCode,
};
use shared::{
    api::{ActivitySettings, CreatedActivity, MAX_INSTRUCTIONS_BYTES},
    ids::{ActivityId, ClassId, UserId},
};
use sqlx::PgConnection;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::MAX_ACTIVITIES;
use crate::{access, authors, error::Error, names, services::Services, sessions::Caller};

/// Settings that can be stored.
struct Checked {
    title: String,
    instructions: String,
    opens_at: Option<OffsetDateTime>,
    closes_at: Option<OffsetDateTime>,
}

impl Checked {
    fn of(settings: &ActivitySettings) -> Result<Self, Error> {
        let title = names::name(&settings.title, 200).map_err(|error| match error {
            Error::Invalid(_, why) => Error::Invalid("bad_title", why.replacen("name: a name", "title: a title", 1)),
            other => other,
        })?;
        let instructions = settings.instructions.trim();
        if instructions.len() > MAX_INSTRUCTIONS_BYTES {
            let (has, limit) = (instructions.len() >> 10, MAX_INSTRUCTIONS_BYTES >> 10);
            let why = format!("instructions: these are {has} KiB, and {limit} KiB is the limit.");
            return Err(Error::Invalid("bad_instructions", why));
        }
        if instructions.contains('\0') {
            return Err(Error::Invalid("bad_instructions", "instructions: there is a character 0 in it.".into()));
        }
        let opens_at = moment("opens_at", settings.opens_at.as_deref())?;
        let closes_at = moment("closes_at", settings.closes_at.as_deref())?;
        if opens_at.zip(closes_at).is_some_and(|(opens, closes)| opens >= closes) {
            return Err(Error::Invalid("bad_times", "closes_at: an activity closes after it opens.".into()));
        }
        Ok(Self { title, instructions: instructions.to_owned(), opens_at, closes_at })
    }
}

/// An activity as it is before it is changed.
struct Before {
    title: String,
    template_id: Uuid,
    mode: String,
    anonymous: bool,
    staff_see_history: bool,
}

impl Before {
    /// Refuses what is not changed any more once somebody has started.
    fn stays_in(&self, settings: &ActivitySettings) -> Result<(), Error> {
        let stays = self.template_id == settings.template.uuid()
            && self.anonymous == settings.anonymous
            && self.mode == settings.mode.as_str();
        if !stays {
            let why = "Somebody has started this already: the template, who works together, and whether it is anonymous, \
                       stay as they are.";
            return Err(Error::Conflict("started", why.into()));
        }
        if !self.staff_see_history && settings.staff_see_history == Some(true) {
            let why = "Somebody has started this already, and was not told that staff see the history of their work: that \
                       is not switched on any more. Each of them can let you see theirs.";
            return Err(Error::Conflict("started", why.into()));
        }
        Ok(())
    }
}

fn moment(field: &str, text: Option<&str>) -> Result<Option<OffsetDateTime>, Error> {
    let Some(text) = text else { return Ok(None) };
    match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(at) if (2000..2200).contains(&at.year()) => Ok(Some(at)),
        Ok(_) => Err(Error::Invalid("bad_times", format!("{field}: a time is in the years 2000 to 2199."))),
        Err(_) => {
            Err(Error::Invalid("bad_times", format!("{field}: a time is RFC 3339, such as 2026-03-02T09:00:00Z.")))
        }
    }
}

/// Refuses a conversation that `user` may not give to this class to work on. Answers whether its text is protected against
/// copying.
async fn check_template(
    conn: &mut PgConnection,
    user: UserId,
    class: ClassId,
    settings: &ActivitySettings,
) -> Result<bool, Error> {
    let template = settings.template;
    let found = sqlx::query_scalar!(
        "select c.copy_protected
         from conversations c
         where c.id = $1
           and (c.owner_id = $2 or (c.share = 'class' and c.class_id = $3))
           and c.alias_scope is null
           and c.trashed_at is null
           and not exists (select from activity_copies w where w.conversation_id = c.id)
         -- Nobody throws it away meanwhile.
         for key share of c",
        template.uuid(),
        user.uuid(),
        class.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?;
    let why = "template: this is no conversation of yours, and none that is shared with the class, or it is anonymous.";
    let is_protected = found.ok_or_else(|| Error::Invalid("no_template", why.into()))?;
    if settings.anonymous && !authors::all_staff(conn, class, template).await? {
        let why = "template: others than the staff of this class have written in it, or own it. In an anonymous activity \
                   they would stand under their names.";
        return Err(Error::Invalid("names_in_template", why.into()));
    }
    Ok(is_protected)
}

/// `POST /api/v1/classes/{class}/activities`
pub async fn create(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ClassId>, PathRejection>,
    body: Result<Json<ActivitySettings>, JsonRejection>,
) -> Result<(StatusCode, Json<CreatedActivity>), Error> {
    let Path(class) = path?;
    let mut tx = services.db.begin().await?;
    // So that the count of them is right, and nobody archives the class meanwhile.
    access::lock(&mut tx, class).await?;
    let teacher = access::staff(&mut tx, caller.id, class).await?.teacher()?.member();
    let Json(settings) = body?;
    let checked = Checked::of(&settings)?;
    if checked.closes_at.is_some_and(|at| at <= OffsetDateTime::now_utc()) {
        let why = "closes_at: this time is over, so nobody could ever start the activity.";
        return Err(Error::Invalid("bad_times", why.into()));
    }
    let is_protected = check_template(&mut tx, teacher.user(), class, &settings).await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from activities where class_id = $1"#,
        teacher.class().uuid()
    )
    .fetch_one(&mut *tx)
    .await?;
    if count >= MAX_ACTIVITIES {
        return Err(Error::Conflict(
            "too_many_activities",
            format!("A class has at most {MAX_ACTIVITIES} activities."),
        ));
    }
    let id = ActivityId::new();
    sqlx::query!(
        "insert into activities
             (id, class_id, title, instructions, template_id, mode, opens_at, closes_at, created_by, anonymous,
              copy_protected, staff_see_history)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        id.uuid(),
        teacher.class().uuid(),
        checked.title,
        checked.instructions,
        settings.template.uuid(),
        settings.mode.as_str(),
        checked.opens_at,
        checked.closes_at,
        teacher.user().uuid(),
        settings.anonymous,
        is_protected || settings.copy_protected == Some(true),
        settings.staff_see_history == Some(true)
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(CreatedActivity { id })))
}

/// `PUT /api/v1/activities/{activity}`. A closing time that is over closes it at once.
pub async fn change(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ActivityId>, PathRejection>,
    body: Result<Json<ActivitySettings>, JsonRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = path?;
    let mut tx = services.db.begin().await?;
    let supervisor = access::supervisor(&mut tx, caller.id, id).await?;
    supervisor.may_change()?;
    let Json(settings) = body?;
    let checked = Checked::of(&settings)?;
    // Nobody makes the first copy meanwhile.
    let before = sqlx::query_as!(
        Before,
        "select title, template_id, mode, anonymous, staff_see_history from activities where id = $1 for update",
        id.uuid()
    );
    let before = before.fetch_optional(&mut *tx).await?.ok_or(Error::NotFound)?;
    let started = sqlx::query_scalar!(
        r#"select exists (select from activity_copies where activity_id = $1) as "started!""#,
        id.uuid()
    )
    .fetch_one(&mut *tx)
    .await?;
    let other_template = before.template_id != settings.template.uuid();
    let other_names = before.anonymous != settings.anonymous;
    if started {
        before.stays_in(&settings)?;
    }
    let mut taken_over = false;
    if other_template || other_names {
        let is_protected = check_template(&mut tx, caller.id, supervisor.participant().class(), &settings).await?;
        taken_over = other_template && is_protected;
    }
    // What was taken of the template for a copy that did not come about is taken anew for the next.
    sqlx::query!(
        "update activities
         set title = $2, instructions = $3, template_id = $4, mode = $5, opens_at = $6, closes_at = $7,
             seed = case when $8 then seed end, anonymous = $9, copy_protected = $11 or coalesce($10, copy_protected),
             staff_see_history = coalesce($12, staff_see_history)
         where id = $1",
        id.uuid(),
        checked.title,
        checked.instructions,
        settings.template.uuid(),
        settings.mode.as_str(),
        checked.opens_at,
        checked.closes_at,
        started,
        settings.anonymous,
        settings.copy_protected,
        taken_over,
        settings.staff_see_history
    )
    .execute(&mut *tx)
    .await?;
    if before.title != checked.title {
        rename_copies(&mut tx, id, &before.title, &checked.title).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Copies that are called as the activity was, perhaps with their group's name behind it, are called as it is now. What
/// staff gave another title keeps it.
async fn rename_copies(conn: &mut PgConnection, id: ActivityId, old: &str, new: &str) -> Result<(), Error> {
    sqlx::query!(
        "update conversations c
         set title = left($3 || substr(c.title, char_length($2) + 1), 200)
         from activity_copies w
         where w.activity_id = $1 and c.id = w.conversation_id
           and (c.title = $2 or (w.group_id is not null and starts_with(c.title, $2 || ' · ')))",
        id.uuid(),
        old,
        new
    )
    .execute(conn)
    .await?;
    Ok(())
}
