//! What a page lets a person do is what the server takes, and what takes it back leaves things as they were.

use proptest::prelude::*;

use super::*;
use crate::{
    document::{Command, Highlight, Tag, TagGroup, execute, inverse},
    selector::Target,
    text::CharOffset,
};

/// A command, by numbers that choose among what is there.
pub(super) type Choice = (u8, u8, u8, u8);

/// All that is shown, but for the time of a comment's last edit, which no undo takes back.
#[derive(Debug, PartialEq)]
struct Shown(Vec<Highlight>, Vec<Tag>, Vec<TagGroup>);

fn shown(world: &World) -> Shown {
    let txn = world.doc.transact();
    let mut highlights = document::highlights(&world.roots, &txn);
    for comment in highlights.iter_mut().flat_map(|highlight| &mut highlight.comments) {
        comment.edited_at = None;
    }
    // Who takes a reopening back resolves it in their own name, then.
    for highlight in &mut highlights {
        highlight.resolved = highlight.resolved.map(|_| document::Stamp { by: highlight.author, at: 0 });
    }
    // Where a comment was never, and where it is deleted again, nothing is read.
    for highlight in &mut highlights {
        highlight.comments.retain(|comment| !comment.deleted);
    }
    Shown(highlights, document::tags(&world.roots, &txn), document::groups(&world.roots, &txn))
}

fn pick<T: Copy>(all: &[T], number: u8) -> Option<T> {
    all.get(usize::from(number) % all.len().max(1)).copied()
}

/// The command that the numbers mean in this world.
pub(super) fn command(world: &World, (kind, a, b, c): Choice) -> Option<Command> {
    let Shown(highlights, tags, groups) = shown(world);
    let id = pick(&highlights.iter().map(|highlight| highlight.id).collect::<Vec<_>>(), a);
    let tag_ids: Vec<TagId> = tags.iter().map(|tag| tag.id).collect();
    let (tag, other) = (pick(&tag_ids, b)?, pick(&tag_ids, c)?);
    let group = pick(&groups.iter().map(|group| group.id).collect::<Vec<_>>(), b);
    let comment = highlights
        .iter()
        .find(|highlight| Some(highlight.id) == id)
        .and_then(|highlight| pick(&highlight.comments.iter().map(|comment| comment.id).collect::<Vec<_>>(), b));
    let name = format!("Name {c}");
    let body = format!("Words {c}");
    let target = |start: u32| Target {
        message: world.message,
        start: CharOffset(start),
        end: CharOffset(start + 4),
        exact: "some".into(),
        prefix: String::new(),
        suffix: String::new(),
        lost: false,
    };
    Some(match kind % 25 {
        0 => Command::Highlight { id: HighlightId::new(), targets: vec![target(u32::from(c) % 50)], tag },
        1 => Command::Comment { highlight: id?, id: CommentId::new(), body, parent: None },
        2 => Command::Comment { highlight: id?, id: CommentId::new(), body, parent: Some(comment?) },
        3 => Command::EditComment { highlight: id?, id: comment?, body },
        4 => Command::DeleteComment { highlight: id?, id: comment? },
        5 => Command::Delete(id?),
        6 => Command::Resolve(id?),
        7 => Command::Reopen(id?),
        8 => Command::Attach(id?, vec![target(u32::from(c) % 50)]),
        9 => Command::AddTag(id?, tag),
        10 => Command::RemoveTag(id?, tag),
        11 => Command::Move { highlight: id?, from: Some(tag), to: other, order: f64::from(c) },
        12 => Command::Move { highlight: id?, from: None, to: tag, order: f64::from(c) },
        13 => Command::NewTag { id: TagId::new(), name, colour: "#246997".into() },
        14 => Command::EditTag { id: tag, name: Some(name), colour: None, description: Some(body), group: Some(group) },
        15 => Command::MoveTag(tag, f64::from(c)),
        16 => Command::LockTag(tag, c.is_multiple_of(2)),
        17 => Command::DeleteTag(tag),
        18 => Command::MergeTag { from: tag, into: other },
        19 => Command::NewGroup { id: TagGroupId::new(), name },
        20 => Command::RenameGroup(group?, name),
        21 => Command::DeleteGroup(group?),
        22 => Command::EditTag {
            id: tag,
            name: None,
            colour: Some("#cd9400".into()),
            description: Some(String::new()),
            group: Some(None),
        },
        23 => Command::MoveGroup(group?, f64::from(c)),
        _ => Command::AddTag(id?, other),
    })
}

/// Does a command as a page does; whether the page lets it. What it lets, the server takes.
pub(super) fn does(world: &mut World, sender: &Sender, now: i64, command: &Command) -> bool {
    let peer = world.peer();
    let mut done = Ok(());
    let update = peer.update(|roots, txn| done = execute(roots, txn, sender, now, command.clone()));
    assert_eq!(world.judge(sender, &update), Ok(()), "{command:?}, which the page answered with {done:?}");
    done.is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_server_takes_what_a_page_lets_people_do_and_take_back(
        choices in proptest::collection::vec((0u8..4, any::<Choice>()), 1..24),
    ) {
        let mut world = World::new();
        let people = [world.people.ann, world.people.ben, world.people.eve, world.people.olga];
        let mut now = NOW;
        for (who, choice) in choices {
            now += 1;
            let sender = people[usize::from(who)];
            let Some(command) = command(&world, choice) else { continue };
            let before = shown(&world);
            let back = inverse(&world.roots, &world.doc.transact(), &command);
            if !does(&mut world, &sender, now, &command) {
                prop_assert_eq!(shown(&world), before, "{:?} was refused", command);
                continue;
            }
            let after = shown(&world);
            let Some(back) = back else { continue };
            if matches!(command, Command::Move { .. }) {
                // Where it came to, it may have stood already, elsewhere: that place is not told back.
                continue;
            }
            let again = inverse(&world.roots, &world.doc.transact(), &back);
            if does(&mut world, &sender, now + 1, &back) {
                prop_assert_eq!(shown(&world), before, "{:?} taken back by {:?}", command, back);
                let again = again.expect("what was taken back can be done again");
                prop_assert!(does(&mut world, &sender, now + 2, &again), "{:?}", again);
                let Command::DeleteComment { .. } = command else {
                    prop_assert_eq!(shown(&world), after, "{:?} done again by {:?}", command, again);
                    continue;
                };
            }
        }
    }
}
