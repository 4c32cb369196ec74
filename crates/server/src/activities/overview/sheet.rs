//! The overview as a sheet that other programs open.

use shared::api::Overview;

use crate::spreadsheet;

/// One line for each person, and then for each student who has never signed in.
pub(super) fn of(overview: &Overview) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: Vec<String>| spreadsheet::line(&mut writer, cells);
    let first =
        ["Name", "E-mail", "Group", "Started", "Highlights", "Comments", "Replies", "Last active", "Late changes"];
    let tags =
        overview.tags.iter().flat_map(|tag| [format!("Tag: {}", tag.name), format!("Comments on: {}", tag.name)]);
    let none = "0".to_owned();
    write(first.into_iter().map(str::to_owned).chain(tags).collect());
    for person in &overview.people {
        let late: i64 = person.late.iter().map(|late| late.changes).sum();
        let cells = [
            person.name.clone(),
            person.email.clone(),
            person.group.clone().unwrap_or_default(),
            if person.started { "yes" } else { "no" }.to_owned(),
            person.highlights.to_string(),
            person.comments.to_string(),
            person.replies.to_string(),
            person.last_active.clone().unwrap_or_default(),
            late.to_string(),
        ];
        let of_tags = person.tagged.iter().zip(&person.commented).flat_map(|(marked, said)| [marked, said]);
        write(cells.into_iter().chain(of_tags.map(u32::to_string)).collect());
    }
    for one in &overview.waiting {
        let who = [one.name.clone(), one.email.clone(), one.group.clone().unwrap_or_default(), "no".to_owned()];
        let counts = [none.clone(), none.clone(), none.clone(), String::new(), none.clone()];
        let of_tags = std::iter::repeat_n(none.clone(), 2 * overview.tags.len());
        write(who.into_iter().chain(counts).chain(of_tags).collect());
    }
    spreadsheet::text(writer)
}
