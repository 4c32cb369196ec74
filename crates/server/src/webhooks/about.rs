//! What a webhook hears of: something that has a page, named by the page's address.

use shared::{
    api::WebhookSubject,
    ids::{ActivityId, ClassId, ConversationId, UserId},
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{access, config::Origin, error::Error};

/// A thing in which people comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Conversation(ConversationId),
    Activity(ActivityId),
    Class(ClassId),
}

impl About {
    /// Reads the address of a page of this site, whole or from its first slash on; what follows the id may stay.
    pub(super) fn read(text: &str, origin: &Origin) -> Result<Self, Error> {
        let text = text.trim();
        let path = text.strip_prefix(&origin.to_string()).unwrap_or(text);
        let mut parts = path.strip_prefix('/').unwrap_or_default().split(['/', '?', '#']);
        let (page, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let about = match page {
            "c" => id.parse().ok().map(Self::Conversation),
            "activities" => id.parse().ok().map(Self::Activity),
            "classes" => id.parse().ok().map(Self::Class),
            _ => None,
        };
        about.ok_or_else(|| {
            let why = format!(
                "about: the address of a page of this site is expected: of a conversation ({origin}/c/…), an activity \
                 (/activities/…) or a class (/classes/…)."
            );
            Error::Invalid("webhook_about", why)
        })
    }

    /// As a row has it.
    pub(super) fn of_columns(conversation: Option<Uuid>, activity: Option<Uuid>, class: Option<Uuid>) -> Option<Self> {
        let conversation = conversation.map(|id| Self::Conversation(ConversationId::from_uuid(id)));
        let activity = activity.map(|id| Self::Activity(ActivityId::from_uuid(id)));
        conversation.or(activity).or(class.map(|id| Self::Class(ClassId::from_uuid(id))))
    }

    pub(super) fn columns(self) -> (Option<Uuid>, Option<Uuid>, Option<Uuid>) {
        match self {
            Self::Conversation(id) => (Some(id.uuid()), None, None),
            Self::Activity(id) => (None, Some(id.uuid()), None),
            Self::Class(id) => (None, None, Some(id.uuid())),
        }
    }

    pub(super) fn subject(self) -> WebhookSubject {
        match self {
            Self::Conversation(_) => WebhookSubject::Conversation,
            Self::Activity(_) => WebhookSubject::Activity,
            Self::Class(_) => WebhookSubject::Class,
        }
    }

    /// Its page.
    pub(super) fn path(self) -> String {
        match self {
            Self::Conversation(id) => format!("/c/{id}"),
            Self::Activity(id) => format!("/activities/{id}"),
            Self::Class(id) => format!("/classes/{id}"),
        }
    }

    /// Whether somebody may hear of it. What they may read of what is said there is asked for each comment.
    ///
    /// # Errors
    /// It does not exist for them, or they are there as an admin alone, who reads nobody's conversations.
    pub(super) async fn check(self, db: &PgPool, user: UserId) -> Result<(), Error> {
        let belongs = match self {
            Self::Conversation(id) => return access::reader(db, user, id).await.map(|_| ()),
            Self::Activity(id) => access::participant(&mut *db.acquire().await?, user, id).await?.belongs(),
            Self::Class(id) => access::member(&mut *db.acquire().await?, user, id).await?.belongs(),
        };
        if belongs { Ok(()) } else { Err(Error::Forbidden("You do not belong to this class.")) }
    }

    /// Holds it until the transaction ends, so that its webhooks are counted by one after another.
    ///
    /// # Errors
    /// It is not there any more.
    pub(super) async fn hold(self, conn: &mut PgConnection) -> Result<(), Error> {
        let (conversation, activity, class) = self.columns();
        let held = match self {
            Self::Conversation(_) => {
                sqlx::query_scalar!("select id from conversations where id = $1 for no key update", conversation)
                    .fetch_optional(conn)
                    .await?
            }
            Self::Activity(_) => {
                sqlx::query_scalar!("select id from activities where id = $1 for no key update", activity)
                    .fetch_optional(conn)
                    .await?
            }
            Self::Class(_) => {
                sqlx::query_scalar!("select id from classes where id = $1 for no key update", class)
                    .fetch_optional(conn)
                    .await?
            }
        };
        held.map(|_| ()).ok_or(Error::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_page_says_what_it_is_about() {
        let origin: Origin = "https://read.example".parse().unwrap();
        let (talk, task, class) = (ConversationId::new(), ActivityId::new(), ClassId::new());
        for (text, about) in [
            (format!("https://read.example/c/{talk}#h=1&c=2"), About::Conversation(talk)),
            (format!(" /c/{talk}/share "), About::Conversation(talk)),
            (format!("/activities/{task}/overview"), About::Activity(task)),
            (format!("https://read.example/classes/{class}?page=2"), About::Class(class)),
        ] {
            assert_eq!(About::read(&text, &origin).unwrap(), about, "{text}");
            assert_eq!(About::read(&about.path(), &origin).unwrap(), about);
            let (conversation, activity, class) = about.columns();
            assert_eq!(About::of_columns(conversation, activity, class), Some(about));
        }
        for text in ["", "/", "/c/", "/c/1", "/projects/0190c1a2-0000-7000-8000-000000000000", &talk.to_string()] {
            assert!(About::read(text, &origin).is_err(), "{text}");
        }
        assert!(About::read(&format!("https://elsewhere.example/c/{talk}"), &origin).is_err());
    }
}
