//! The seeded people, class and conversation of a development server.

mod conversation;

use shared::{
    api::DevelopmentPerson,
    ids::{ClassId, UserId},
    messages::MessageRole,
};
use sqlx::{PgConnection, PgPool};

use crate::{
    conversations::{self, Draft},
    development,
    error::Error,
    import::{ImportedConversation, ImportedMessage},
};

/// Held while seeding, so that two servers on one new database do not seed it twice.
const SEED_LOCK: i64 = 0x7067_7365_6564;

/// Seeds a database that knows no development people yet. Repeating it changes nothing.
pub async fn seed(db: &PgPool) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock($1)", SEED_LOCK).execute(&mut *tx).await?;
    let seeded = sqlx::query_scalar!(
        r#"select exists (select from identities where provider = $1) as "seeded!""#,
        development::PROVIDER
    )
    .fetch_one(&mut *tx)
    .await?;
    if seeded {
        return Ok(());
    }
    let class = ClassId::new();
    sqlx::query!("insert into classes (id, name) values ($1, 'Demo class')", class.uuid()).execute(&mut *tx).await?;
    let mut instructor = None;
    for person in DevelopmentPerson::ALL {
        let id = add_person(&mut tx, person, class).await?;
        if person == DevelopmentPerson::Instructor {
            instructor = Some(id);
        }
    }
    if let Some(owner) = instructor {
        conversations::insert(&mut tx, owner, Draft::of(demo_conversation())?, Some(class)).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn add_person(conn: &mut PgConnection, person: DevelopmentPerson, class: ClassId) -> Result<UserId, Error> {
    let id = UserId::new();
    let role = if person == DevelopmentPerson::Instructor { "instructor" } else { "student" };
    sqlx::query!(
        "insert into users (id, name, email) values ($1, $2, $3)",
        id.uuid(),
        person.name(),
        format!("{}@demo.invalid", person.key())
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into identities (provider, subject, user_id) values ($1, $2, $3)",
        development::PROVIDER,
        person.key(),
        id.uuid()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into memberships (class_id, user_id, role) values ($1, $2, $3)",
        class.uuid(),
        id.uuid(),
        role
    )
    .execute(conn)
    .await?;
    Ok(id)
}

fn demo_conversation() -> ImportedConversation {
    let messages = conversation::MESSAGES.iter().map(|(role, markdown)| ImportedMessage {
        role: if *role == "user" { MessageRole::User } else { MessageRole::Assistant },
        title: None,
        markdown: (*markdown).to_owned(),
    });
    ImportedConversation {
        title: conversation::TITLE.to_owned(),
        source: None,
        kind: None,
        messages: messages.collect(),
        branches: None,
        notes: Vec::new(),
    }
}
