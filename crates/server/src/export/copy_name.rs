//! What the file of a conversation is called.

use shared::ids::{ConversationId, UserId};

use super::{MAX_NAME_BYTES, MAX_NAME_CHARS, file_name};
use crate::{access::Reader, activities, error::Error, services::Services};

/// Characters of whose copy it is.
const MAX_WHOSE_CHARS: usize = 30;

/// By its title, and of a copy of an activity also by whose it is (`whose`): all copies have the same title. One's own is called
/// by the title alone, and so is a group's, in whose title the group stands. Without the ending.
///
/// # Errors
/// The database's.
pub(super) async fn of(services: &Services, reader: Reader, title: &str, sees_names: bool) -> Result<String, Error> {
    let whose = whose(services, reader.conversation(), sees_names).await?;
    let others = whose.filter(|(user, _)| *user != reader.user());
    Ok(named(title, others.as_ref().map(|(_, name)| name.as_str())))
}

/// Whose copy of an activity it is, by the name that whoever `sees_names`, or does not, knows them by. Where nobody is named in a
/// file, its name names nobody either. None of a group's copy, and of what is no copy.
///
/// # Errors
/// The database's.
pub(super) async fn whose(
    services: &Services,
    copy: ConversationId,
    sees_names: bool,
) -> Result<Option<(UserId, String)>, Error> {
    let mut owners = activities::owners(&services.db, &[copy.uuid()]).await?;
    Ok(owners.remove(&copy.uuid()).and_then(|owner| Some((owner.user, owner.seen(sees_names)?))))
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
