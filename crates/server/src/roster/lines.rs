//! People of rows: what is said about each, and everything that is wrong with it.

use std::collections::HashMap;

use shared::{
    access::Role,
    api::{Fault, MAX_ROSTER_LINES},
};

use super::table::{Row, too_many};
use crate::{error::Error, names, sign_in::Email};

/// Faults that are listed; whoever has more has mistaken the file.
const MAX_FAULTS: usize = 200;

/// What a roster says of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub line: u32,
    pub name: String,
    /// In lower case.
    pub email: String,
    /// Nothing where it says nothing.
    pub role: Option<Role>,
    pub group: Option<String>,
}

/// Whoever sends it, as the class knows them.
pub(super) struct Own {
    /// In lower case.
    pub email: String,
    pub role: Role,
}

impl Own {
    /// A slip in a file must not take the class away from whoever sends it.
    fn refuse(&self, line: &Line) -> Option<String> {
        let changes = line.email == self.email && line.role.is_some_and(|role| role != self.role);
        changes.then(|| "This is you: your own role is changed on the class's page, not by a roster.".to_owned())
    }
}

/// A column that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Column {
    Name,
    FirstName,
    LastName,
    Email,
    Role,
    Group,
}

/// As people and learning platforms call it: case, spaces and hyphens do not matter.
fn column(heading: &str) -> Option<Column> {
    let key: String = heading.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    Some(match key.as_str() {
        "name" | "fullname" | "displayname" | "student" | "studentname" => Column::Name,
        "firstname" | "firstnames" | "givenname" | "givennames" | "vorname" => Column::FirstName,
        "lastname" | "surname" | "familyname" | "nachname" => Column::LastName,
        "email" | "emailaddress" | "mail" | "emailadresse" => Column::Email,
        "role" | "rolle" => Column::Role,
        "group" | "groups" | "groupname" | "gruppe" | "tutorial" => Column::Group,
        _ => return None,
    })
}

/// Where the columns are.
struct Headings(HashMap<Column, usize>);

impl Headings {
    fn read(row: &Row) -> Result<Self, Error> {
        let mut found = HashMap::new();
        for (at, heading) in row.cells.iter().enumerate() {
            let Some(column) = column(heading) else { continue };
            if found.insert(column, at).is_some() {
                let why = format!("line {}: two columns say the same: {heading:?}.", row.line);
                return Err(Error::Invalid("bad_headings", why));
            }
        }
        let has_name = found.contains_key(&Column::Name)
            || found.contains_key(&Column::FirstName) && found.contains_key(&Column::LastName);
        for (is_there, what) in [(found.contains_key(&Column::Email), "E-mail"), (has_name, "Name")] {
            if !is_there {
                let why = format!(
                    "line {}: there is no column {what:?}. The first line names the columns: Name and E-mail, and where \
                     wanted Role and Group.",
                    row.line
                );
                return Err(Error::Invalid("bad_headings", why));
            }
        }
        Ok(Self(found))
    }

    fn cell<'a>(&self, row: &'a Row, column: Column) -> &'a str {
        self.0.get(&column).and_then(|at| row.cells.get(*at)).map_or("", String::as_str)
    }

    fn name(&self, row: &Row) -> String {
        let parts = [Column::Name, Column::FirstName, Column::LastName].map(|column| self.cell(row, column));
        let whole = if parts[0].is_empty() { format!("{} {}", parts[1], parts[2]) } else { parts[0].to_owned() };
        whole.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Reads all rows, or names everything that is wrong, all at once: who has mended it is not told of more. `own` is whoever
/// sends it, where they belong to the class.
pub(super) fn read(rows: Vec<Row>, own: Option<&Own>) -> Result<Vec<Line>, Error> {
    let Some((first, rest)) = rows.split_first() else {
        return Err(Error::Invalid("empty", "file: there is nothing in it.".into()));
    };
    let headings = Headings::read(first)?;
    if rest.is_empty() {
        return Err(Error::Invalid("empty", "file: there is nobody in it, only the line of headings.".into()));
    }
    if rest.len() > MAX_ROSTER_LINES {
        return Err(too_many());
    }
    let (mut lines, mut faults, mut seen) = (Vec::with_capacity(rest.len()), Vec::new(), HashMap::new());
    for row in rest {
        let (line, mut of_row) = person(&headings, row);
        // Of a line that is wrong otherwise, too.
        if !line.email.is_empty() {
            let before = *seen.entry(line.email.clone()).or_insert(line.line);
            of_row.extend((before != line.line).then(|| format!("{} is on line {before} already.", line.email)));
            of_row.extend(own.and_then(|own| own.refuse(&line)));
        }
        faults.extend(of_row.into_iter().map(|detail| Fault { line: row.line, detail }));
        lines.push(line);
    }
    if faults.is_empty() { Ok(lines) } else { Err(refusal(faults)) }
}

/// All that is wrong, as one error: nothing was changed.
fn refusal(mut faults: Vec<Fault>) -> Error {
    let count = faults.len();
    let more = count.saturating_sub(MAX_FAULTS);
    let listed =
        if more > 0 { format!(" The first {MAX_FAULTS} are listed; {more} more are not.") } else { String::new() };
    faults.truncate(MAX_FAULTS);
    let what = if count == 1 { "1 thing is wrong".to_owned() } else { format!("{count} things are wrong") };
    Error::Several("bad_roster", format!("{what} with this roster, and nothing was changed.{listed}"), faults)
}

/// What a row says, and what is wrong with it; where there is no good address it is empty.
fn person(headings: &Headings, row: &Row) -> (Line, Vec<String>) {
    let mut faults = Vec::new();
    let mut keep = |result: Result<(), String>| faults.extend(result.err());
    let name = headings.name(row);
    keep(check(&name, "name", 200));
    if name.is_empty() {
        keep(Err("There is no name.".into()));
    }
    let email = email(headings.cell(row, Column::Email)).unwrap_or_else(|fault| {
        keep(Err(fault));
        String::new()
    });
    let group = group(headings.cell(row, Column::Group)).unwrap_or_else(|fault| {
        keep(Err(fault));
        None
    });
    keep(check(group.as_deref().unwrap_or_default(), "group", 100));
    let role = headings.cell(row, Column::Role).to_ascii_lowercase();
    let role = match role.as_str() {
        "" => None,
        text => text.parse().map(Some).unwrap_or_else(|_| {
            keep(Err(format!("{:?} is no role: student, tutor or instructor is expected.", cut(text))));
            None
        }),
    };
    (Line { line: row.line, name, email, role, group }, faults)
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

fn check(text: &str, what: &str, limit: usize) -> Result<(), String> {
    if text.chars().count() > limit {
        return Err(format!("The {what} is too long: at most {limit} characters."));
    }
    match names::unfit(text) {
        Some(why) if !text.is_empty() => Err(format!("In the {what} {why}")),
        _ => Ok(()),
    }
}

/// Learning platforms put groups in brackets, and several beside each other; here somebody is in one.
fn group(cell: &str) -> Result<Option<String>, String> {
    let groups: Vec<&str> = match cell.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.split("],").map(|group| group.trim().trim_start_matches('[')).collect(),
        None => vec![cell],
    };
    match groups[..] {
        [group] => Ok(Some(group.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|group| !group.is_empty())),
        _ => Err("There are several groups, and a person is in one.".into()),
    }
}

/// Somebody's address, in lower case.
fn email(cell: &str) -> Result<String, String> {
    match Email::parse(cell) {
        Some(email) => Ok(email.as_str().to_owned()),
        None if cell.is_empty() => Err("There is no e-mail address.".into()),
        None => Err(format!("{:?} is no e-mail address.", cut(cell))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: u32, cells: &[&str]) -> Row {
        Row { line, cells: cells.iter().map(|cell| (*cell).to_owned()).collect() }
    }

    fn faults(rows: Vec<Row>) -> Vec<(u32, String)> {
        match read(rows, None) {
            Err(Error::Several("bad_roster", _, faults)) => {
                faults.into_iter().map(|fault| (fault.line, fault.detail)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn columns_are_found_by_their_names_in_any_order() {
        let line = Line {
            line: 2,
            name: "Ann Lee".into(),
            email: "ann.lee@uni.example".into(),
            role: Some(Role::Tutor),
            group: Some("Lab 1".into()),
        };
        let own = vec![
            row(1, &["Role", "e-mail", "ID", "NAME", "Group"]),
            row(2, &["Tutor", "Ann.Lee@uni.example", "7", "Ann  Lee", "Lab 1"]),
        ];
        assert_eq!(read(own, None).unwrap(), std::slice::from_ref(&line));
        let moodle = vec![
            row(1, &["First name", "Last name", "ID number", "Email address", "Groups", "Role"]),
            row(2, &["Ann", "Lee", "7", "ann.lee@uni.example", "[Lab 1]", "tutor"]),
        ];
        assert_eq!(read(moodle, None).unwrap(), [line]);
        let short = read(vec![row(1, &["Name", "Mail", "Role"]), row(4, &["Ann", "a@b.org"])], None).unwrap();
        assert_eq!((short[0].role, short[0].group.clone(), short[0].line), (None, None, 4));
    }

    #[test]
    fn everything_that_is_wrong_is_named_with_its_line() {
        let long = "x".repeat(201);
        let rows = vec![
            row(1, &["Name", "E-mail", "Role", "Group"]),
            row(2, &["Ann", "ann@uni.example", "", ""]),
            row(3, &["", "not an address", "boss", ""]),
            row(5, &[&long, "", "", "[A], [B]"]),
            row(6, &["Ann again", "ANN@uni.example", "", ""]),
            row(7, &["B\u{7}en", "ben@localhost", "student", ""]),
        ];
        let found = faults(rows);
        let expected = [
            (3, "There is no name."),
            (3, "\"not an address\" is no e-mail address."),
            (3, "\"boss\" is no role: student, tutor or instructor is expected."),
            (5, "The name is too long: at most 200 characters."),
            (5, "There is no e-mail address."),
            (5, "There are several groups, and a person is in one."),
            (6, "ann@uni.example is on line 2 already."),
            (7, "In the name there are characters that cannot be shown."),
            (7, "\"ben@localhost\" is no e-mail address."),
        ];
        assert_eq!(found, expected.map(|(line, detail)| (line, detail.to_owned())));
    }

    #[test]
    fn who_mends_one_thing_is_not_told_of_another_then() {
        let own = Own { email: "me@uni.example".into(), role: Role::Instructor };
        let rows = vec![
            row(1, &["Name", "E-mail", "Role"]),
            row(2, &["", "ann@uni.example", "student"]),
            row(3, &["Ann", "ann@uni.example", "student"]),
            row(4, &["", "me@uni.example", "tutor"]),
            row(5, &["Me", "me@uni.example", "instructor"]),
        ];
        let Err(Error::Several(_, _, found)) = read(rows, Some(&own)) else { panic!("it is taken") };
        let found: Vec<_> = found.into_iter().map(|fault| (fault.line, fault.detail)).collect();
        let expected = [
            (2, "There is no name."),
            (3, "ann@uni.example is on line 2 already."),
            (4, "There is no name."),
            (4, "This is you: your own role is changed on the class's page, not by a roster."),
            (5, "me@uni.example is on line 4 already."),
        ];
        assert_eq!(found, expected.map(|(line, detail)| (line, detail.to_owned())));
    }

    #[test]
    fn where_not_all_that_is_wrong_is_listed_it_says_how_much_is_not() {
        let people = (0..253).map(|n| row(n + 2, &["", &format!("a{n}@uni.example")]));
        let all = [row(1, &["Name", "E-mail"])].into_iter().chain(people).collect();
        let Err(Error::Several(_, why, listed)) = read(all, None) else { panic!("it is taken") };
        assert_eq!(listed.len(), 200);
        assert!(why.contains("253 things are wrong") && why.contains("53 more are not"), "{why}");
    }

    #[test]
    fn a_file_without_the_columns_or_without_people_says_so() {
        for (rows, code) in [
            (vec![], "empty"),
            (vec![row(1, &["Name", "E-mail"])], "empty"),
            (vec![row(1, &["Ann", "ann@uni.example"])], "bad_headings"),
            (vec![row(1, &["Name", "E-mail", "Mail"])], "bad_headings"),
        ] {
            assert!(matches!(read(rows, None), Err(Error::Invalid(found, _)) if found == code), "{code}");
        }
    }

    #[test]
    fn as_many_people_as_may_be_are_read_and_no_more() {
        let roster = |people: u32| {
            let people = (0..people).map(|n| row(n + 2, &["Ann", &format!("a{n}@uni.example")]));
            read([row(1, &["Name", "E-mail"])].into_iter().chain(people).collect(), None)
        };
        assert_eq!(roster(MAX_ROSTER_LINES as u32).unwrap().len(), MAX_ROSTER_LINES);
        assert!(matches!(roster(MAX_ROSTER_LINES as u32 + 1), Err(Error::TooLarge(_))));
    }
}
