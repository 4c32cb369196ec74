//! What the file of a conversation is called.

use shared::ids::UserId;

use super::{MAX_NAME_BYTES, MAX_NAME_CHARS, file_name};
use crate::{access::Reader, error::Error, services::Services};

/// Characters of whose copy it is.
const MAX_WHOSE_CHARS: usize = 30;

/// By its title, and of a copy of an activity also by whose it is, as the reader sees them: all copies have the same title.
/// One's own is called by the title alone, and so is a group's, in whose title the group stands. Where nobody is named in a file
/// (`sees_names`), its name names nobody either. Without the ending.
///
/// # Errors
/// The database's.
pub(super) async fn of(services: &Services, reader: Reader, title: &str, sees_names: bool) -> Result<String, Error> {
    let row = sqlx::query!(
        r#"select w.user_id as "user_id?", u.name as "name?",
                  c.alias_scope is not null as "anonymous!",
                  coalesce(a.named, false) as "named!", a.pseudonym as "pseudonym?"
           from activity_copies w
           join conversations c on c.id = w.conversation_id
           left join users u on u.id = w.user_id
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = w.user_id
           where w.conversation_id = $1"#,
        reader.conversation().uuid()
    )
    .fetch_optional(&services.db)
    .await?;
    let whose = row.and_then(|row| match row.user_id.map(UserId::from_uuid) {
        Some(user) if user == reader.user() => None,
        _ if row.named || !row.anonymous || sees_names => row.name,
        _ => row.pseudonym,
    });
    Ok(named(title, whose.as_deref()))
}

fn named(title: &str, whose: Option<&str>) -> String {
    let short: String = whose.unwrap_or_default().chars().take(MAX_WHOSE_CHARS).collect();
    if !short.contains(char::is_alphanumeric) {
        return file_name(title);
    }
    let whose = file_name(&short);
    let (chars, bytes) = (MAX_NAME_CHARS - whose.chars().count() - 1, MAX_NAME_BYTES - whose.len() - 1);
    let mut title: String = file_name(title).chars().take(chars).collect();
    title.truncate(title.floor_char_boundary(bytes));
    format!("{}-{whose}", title.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_it_is_stands_behind_a_title_of_any_length() {
        assert_eq!(named("Close reading", None), "Close-reading");
        assert_eq!(named("Close reading", Some("Zoë O'Neil")), "Close-reading-Zoë-O-Neil");
        assert_eq!(named("Close reading", Some("🐋")), "Close-reading");
        let long = named(&"x".repeat(500), Some("Ann"));
        assert!(long.ends_with("x-Ann") && long.chars().count() == MAX_NAME_CHARS, "{long}");
        let wide = named(&"鯨".repeat(500), Some(&"海".repeat(500)));
        assert!(wide.len() <= MAX_NAME_BYTES && wide.ends_with(&"海".repeat(MAX_WHOSE_CHARS)), "{wide}");
        assert_eq!(file_name(&long), long, "it is a name already");
    }
}
