//! The table.

use super::*;

/// Everything that an edit may need to name.
struct Ids {
    people: People,
    message: MessageId,
    highlight: String,
    comment: String,
    tag: String,
    locked: String,
    used: String,
    used_id: TagId,
    group: String,
}

impl Ids {
    fn of(world: &World) -> Self {
        Self {
            people: world.people,
            message: world.message,
            highlight: world.highlight.to_string(),
            comment: world.comment.to_string(),
            tag: world.tag.to_string(),
            locked: world.locked.to_string(),
            used: world.used.to_string(),
            used_id: world.used,
            group: world.group.to_string(),
        }
    }

    fn highlight(&self, roots: &Roots, txn: &TransactionMut) -> MapRef {
        inner(&roots.highlights, txn, &self.highlight)
    }

    fn comments(&self, roots: &Roots, txn: &TransactionMut) -> MapRef {
        inner(&self.highlight(roots, txn), txn, "comments")
    }

    fn comment(&self, roots: &Roots, txn: &TransactionMut) -> MapRef {
        inner(&self.comments(roots, txn), txn, &self.comment)
    }

    fn tag(&self, roots: &Roots, txn: &TransactionMut, id: &str) -> MapRef {
        inner(&roots.tags, txn, id)
    }
}

/// One row: who does what, and what becomes of it. Whatever is refused leaves the document as it was.
fn row(
    who: fn(&People) -> Sender,
    edit: impl FnOnce(&Ids, &Roots, &mut TransactionMut),
    expected: Result<(), Refusal>,
) {
    let mut world = World::new();
    let (ids, before) = (Ids::of(&world), world.doc.transact().snapshot());
    let sender = who(&world.people);
    assert_eq!(world.tries(&sender, |roots, txn| edit(&ids, roots, txn)), expected);
    if expected.is_err() {
        assert_eq!(world.doc.transact().snapshot(), before, "a refused update leaves no trace");
    } else {
        assert_ne!(world.doc.transact().snapshot(), before, "the row changes something");
    }
}

/// Two rows in turn, on one document.
fn then(
    first: (fn(&People) -> Sender, impl FnOnce(&Ids, &Roots, &mut TransactionMut)),
    second: (fn(&People) -> Sender, impl FnOnce(&Ids, &Roots, &mut TransactionMut)),
    expected: Result<(), Refusal>,
) {
    let mut world = World::new();
    let ids = Ids::of(&world);
    let (one, two) = (first.0(&world.people), second.0(&world.people));
    world.must(&one, |roots, txn| first.1(&ids, roots, txn));
    assert_eq!(world.tries(&two, |roots, txn| second.1(&ids, roots, txn)), expected);
}

macro_rules! rows {
    ($($name:ident: $who:ident, |$ids:ident, $roots:ident, $txn:ident| $edit:expr => $expected:expr;)*) => {$(
        #[test]
        fn $name() {
            row(|people| people.$who, |$ids, $roots, $txn| { let _ = ($ids, $roots); $edit; }, $expected);
        }
    )*};
}

fn new() -> String {
    HighlightId::new().to_string()
}

rows! {
    // Highlights.
    a_highlight_is_made_in_ones_own_name: ben, |ids, roots, txn| {
        let by = ids.people.ben.author;
        roots.highlights.insert(txn, new(), highlight_of(by, ids.message, ids.used_id))
    } => Ok(());
    a_highlight_in_anothers_name_is_forged: ben, |ids, roots, txn| {
        let by = ids.people.ann.author;
        roots.highlights.insert(txn, new(), highlight_of(by, ids.message, ids.used_id))
    } => Err(Refusal::ForgedAuthor);
    not_even_a_moderator_writes_in_anothers_name: olga, |ids, roots, txn| {
        let by = ids.people.ann.author;
        roots.highlights.insert(txn, new(), highlight_of(by, ids.message, ids.used_id))
    } => Err(Refusal::ForgedAuthor);
    a_viewer_highlights_nothing: vic, |ids, roots, txn| {
        let by = ids.people.vic.author;
        roots.highlights.insert(txn, new(), highlight_of(by, ids.message, ids.used_id))
    } => Err(Refusal::ReadOnly);
    a_highlight_may_be_made_and_deleted_in_one_update: ben, |ids, roots, txn| {
        let map = roots.highlights.insert(txn, new(), highlight_of(ids.people.ben.author, ids.message, ids.used_id));
        map.insert(txn, "deleted", stamp(&ids.people.ben))
    } => Ok(());
    an_author_never_changes: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "author", ids.people.ben.author.to_string())
    } => Err(Refusal::Fixed);
    a_time_of_creation_never_changes: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "created_at", NOW + 1)
    } => Err(Refusal::Fixed);
    a_highlight_without_targets_is_incomplete: ben, |ids, roots, txn| {
        let mut map = highlight_of(ids.people.ben.author, ids.message, ids.used_id);
        map.remove("targets");
        roots.highlights.insert(txn, new(), map)
    } => Err(Refusal::Incomplete);
    a_highlight_without_a_thread_is_incomplete: ben, |ids, roots, txn| {
        let mut map = highlight_of(ids.people.ben.author, ids.message, ids.used_id);
        map.remove("comments");
        roots.highlights.insert(txn, new(), map)
    } => Err(Refusal::Incomplete);
    a_highlight_is_not_put_in_anothers_place: ben, |ids, roots, txn| {
        let map = highlight_of(ids.people.ben.author, ids.message, ids.used_id);
        roots.highlights.insert(txn, ids.highlight.clone(), map)
    } => Err(Refusal::Replaced);
    its_own_author_does_not_replace_a_highlight_either: ann, |ids, roots, txn| {
        let map = highlight_of(ids.people.ann.author, ids.message, ids.used_id);
        roots.highlights.insert(txn, ids.highlight.clone(), map)
    } => Err(Refusal::Replaced);
    a_highlight_is_not_removed: ann, |ids, roots, txn| {
        roots.highlights.remove(txn, &ids.highlight)
    } => Err(Refusal::Removed);
    a_moderator_does_not_remove_a_highlight: olga, |ids, roots, txn| {
        roots.highlights.remove(txn, &ids.highlight)
    } => Err(Refusal::Removed);
    ones_own_highlight_is_attached_anew: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "targets", targets(ids.message, 4, 9))
    } => Ok(());
    anothers_highlight_is_not: ben, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "targets", targets(ids.message, 4, 9))
    } => Err(Refusal::NotYours);
    a_moderator_attaches_any: olga, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "targets", targets(ids.message, 4, 9))
    } => Ok(());
    targets_lie_inside_their_message: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "targets", targets(ids.message, 4, 101))
    } => Err(Refusal::OutsideMessage);
    targets_may_reach_its_end: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "targets", targets(ids.message, 4, 100))
    } => Ok(());
    targets_name_a_message_of_the_conversation: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "targets", targets(MessageId::new(), 4, 9))
    } => Err(Refusal::OutsideMessage);
    targets_run_forwards: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "targets", targets(ids.message, 9, 9))
    } => Err(Refusal::OutsideMessage);
    targets_have_the_six_keys: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "targets", any!([{"start": 1, "end": 2}]))
    } => Err(Refusal::InvalidValue);
    there_is_at_least_one_target: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "targets", any!([]))
    } => Err(Refusal::InvalidValue);
    nobody_but_an_import_makes_a_lost_target: ann, |ids, roots, txn| {
        let message = ids.message.to_string();
        let lost = any!([{"message": message, "start": 0, "end": 1, "exact": "x", "prefix": "", "suffix": "", "lost": true}]);
        ids.highlight(roots, txn).insert(txn, "targets", lost)
    } => Err(Refusal::OutsideMessage);
    anybody_resolves_a_thread_in_their_own_name: ben, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "resolved", stamp(&ids.people.ben))
    } => Ok(());
    nobody_resolves_in_anothers_name: ben, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "resolved", stamp(&ids.people.ann))
    } => Err(Refusal::ForgedAuthor);
    a_stamp_is_who_and_when: ben, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "resolved", true)
    } => Err(Refusal::InvalidValue);
    ones_own_highlight_is_marked_deleted: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "deleted", stamp(&ids.people.ann))
    } => Ok(());
    anothers_highlight_is_not_deleted: ben, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "deleted", stamp(&ids.people.ben))
    } => Err(Refusal::NotYours);
    an_editor_does_not_delete_anothers_highlight: eve, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "deleted", stamp(&ids.people.eve))
    } => Err(Refusal::NotYours);
    a_moderator_deletes_any: olga, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "deleted", stamp(&ids.people.olga))
    } => Ok(());
    nobody_deletes_in_anothers_name: olga, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "deleted", stamp(&ids.people.ann))
    } => Err(Refusal::ForgedAuthor);
    a_field_that_the_schema_lacks_is_refused: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "importance", 1)
    } => Err(Refusal::UnknownKey);
    a_field_is_not_taken_out: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).remove(txn, "targets")
    } => Err(Refusal::Removed);

    // Tags on highlights.
    anybody_puts_a_tag_on_any_highlight: ben, |ids, roots, txn| {
        inner(&ids.highlight(roots, txn), txn, "tags").insert(txn, ids.tag.clone(), 3)
    } => Ok(());
    a_locked_tag_can_be_used: ben, |ids, roots, txn| {
        inner(&ids.highlight(roots, txn), txn, "tags").insert(txn, ids.locked.clone(), 3)
    } => Ok(());
    a_viewer_does_not: vic, |ids, roots, txn| {
        inner(&ids.highlight(roots, txn), txn, "tags").insert(txn, ids.tag.clone(), 3)
    } => Err(Refusal::ReadOnly);
    anybody_takes_a_tag_off: ben, |ids, roots, txn| {
        inner(&ids.highlight(roots, txn), txn, "tags").remove(txn, &ids.used)
    } => Ok(());
    anybody_moves_a_card_on_the_board: ben, |ids, roots, txn| {
        inner(&ids.highlight(roots, txn), txn, "tags").insert(txn, ids.used.clone(), 2.25)
    } => Ok(());
    a_place_on_the_board_is_a_number: ben, |ids, roots, txn| {
        inner(&ids.highlight(roots, txn), txn, "tags").insert(txn, ids.used.clone(), "first")
    } => Err(Refusal::InvalidValue);
    a_place_on_the_board_is_finite: ben, |ids, roots, txn| {
        inner(&ids.highlight(roots, txn), txn, "tags").insert(txn, ids.used.clone(), f64::NAN)
    } => Err(Refusal::InvalidValue);
    a_tag_that_is_not_there_is_not_put_on: ben, |ids, roots, txn| {
        inner(&ids.highlight(roots, txn), txn, "tags").insert(txn, new(), 3)
    } => Err(Refusal::NoSuchThing);
    the_tags_of_a_highlight_are_not_replaced: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "tags", MapPrelim::default())
    } => Err(Refusal::Replaced);
    a_thread_is_not_replaced: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "comments", MapPrelim::default())
    } => Err(Refusal::Replaced);

    // Comments.
    anybody_comments_in_their_own_name: ben, |ids, roots, txn| {
        ids.comments(roots, txn).insert(txn, new(), comment_of(ids.people.ben.author, "but"))
    } => Ok(());
    a_comment_in_anothers_name_is_forged: ben, |ids, roots, txn| {
        ids.comments(roots, txn).insert(txn, new(), comment_of(ids.people.ann.author, "but"))
    } => Err(Refusal::ForgedAuthor);
    a_comment_says_something: ben, |ids, roots, txn| {
        ids.comments(roots, txn).insert(txn, new(), comment_of(ids.people.ben.author, " "))
    } => Err(Refusal::InvalidValue);
    a_comment_has_a_limit: ben, |ids, roots, txn| {
        let body = "é".repeat(document::MAX_COMMENT_CHARS + 1);
        ids.comments(roots, txn).insert(txn, new(), comment_of(ids.people.ben.author, &body))
    } => Err(Refusal::TooLong);
    a_comment_may_have_just_that_length: ben, |ids, roots, txn| {
        let body = "é".repeat(document::MAX_COMMENT_CHARS);
        ids.comments(roots, txn).insert(txn, new(), comment_of(ids.people.ben.author, &body))
    } => Ok(());
    a_reply_names_its_parent: ben, |ids, roots, txn| {
        let mut reply = comment_of(ids.people.ben.author, "but");
        reply.insert("parent".into(), In::from(ids.comment.clone()));
        ids.comments(roots, txn).insert(txn, new(), reply)
    } => Ok(());
    a_parent_is_in_the_thread: ben, |ids, roots, txn| {
        let mut reply = comment_of(ids.people.ben.author, "but");
        reply.insert("parent".into(), In::from(new()));
        ids.comments(roots, txn).insert(txn, new(), reply)
    } => Err(Refusal::NoSuchThing);
    comments_do_not_answer_each_other_in_a_ring: ben, |ids, roots, txn| {
        let (one, two) = (new(), new());
        for (id, parent) in [(&one, &two), (&two, &one)] {
            let mut reply = comment_of(ids.people.ben.author, "but");
            reply.insert("parent".into(), In::from(parent.clone()));
            ids.comments(roots, txn).insert(txn, id.clone(), reply);
        }
    } => Err(Refusal::InvalidValue);
    a_parent_never_changes: ann, |ids, roots, txn| {
        ids.comment(roots, txn).insert(txn, "parent", ids.comment.clone())
    } => Err(Refusal::Fixed);
    ones_own_comment_is_edited: ann, |ids, roots, txn| {
        let comment = ids.comment(roots, txn);
        comment.insert(txn, "body", "better");
        comment.insert(txn, "edited_at", NOW + 5)
    } => Ok(());
    anothers_comment_is_not_edited: ben, |ids, roots, txn| {
        ids.comment(roots, txn).insert(txn, "body", "worse")
    } => Err(Refusal::NotYours);
    a_moderator_does_not_put_words_in_anybodys_mouth: olga, |ids, roots, txn| {
        ids.comment(roots, txn).insert(txn, "body", "worse")
    } => Err(Refusal::NotYours);
    ones_own_comment_is_marked_deleted: ann, |ids, roots, txn| {
        let comment = ids.comment(roots, txn);
        comment.insert(txn, "body", "");
        comment.insert(txn, "deleted", true)
    } => Ok(());
    anothers_comment_is_not_deleted: ben, |ids, roots, txn| {
        let comment = ids.comment(roots, txn);
        comment.insert(txn, "body", "");
        comment.insert(txn, "deleted", true)
    } => Err(Refusal::NotYours);
    a_moderator_deletes_any_comment: olga, |ids, roots, txn| {
        let comment = ids.comment(roots, txn);
        comment.insert(txn, "body", "");
        comment.insert(txn, "deleted", true)
    } => Ok(());
    a_comment_is_not_removed: ann, |ids, roots, txn| {
        ids.comments(roots, txn).remove(txn, &ids.comment)
    } => Err(Refusal::Removed);
    a_comment_is_not_replaced: ben, |ids, roots, txn| {
        ids.comments(roots, txn).insert(txn, ids.comment.clone(), comment_of(ids.people.ben.author, "mine now"))
    } => Err(Refusal::Replaced);
    a_deleted_comments_time_stays: ann, |ids, roots, txn| {
        ids.comment(roots, txn).insert(txn, "created_at", 0)
    } => Err(Refusal::Fixed);

    // Tags.
    anybody_adds_a_tag_in_their_own_name: ben, |ids, roots, txn| {
        roots.tags.insert(txn, new(), tag_of(ids.people.ben.author, "New"))
    } => Ok(());
    a_tag_in_anothers_name_is_forged: ben, |ids, roots, txn| {
        roots.tags.insert(txn, new(), tag_of(ids.people.ann.author, "New"))
    } => Err(Refusal::ForgedAuthor);
    only_a_moderator_adds_a_locked_tag: ben, |ids, roots, txn| {
        let mut tag = tag_of(ids.people.ben.author, "New");
        tag.insert("locked".into(), In::from(true));
        roots.tags.insert(txn, new(), tag)
    } => Err(Refusal::ModeratorsOnly);
    a_tag_has_a_name: ben, |ids, roots, txn| {
        roots.tags.insert(txn, new(), tag_of(ids.people.ben.author, " "))
    } => Err(Refusal::InvalidValue);
    a_tags_name_has_a_limit: ben, |ids, roots, txn| {
        roots.tags.insert(txn, new(), tag_of(ids.people.ben.author, &"x".repeat(101)))
    } => Err(Refusal::TooLong);
    a_tags_colour_is_a_colour: ben, |ids, roots, txn| {
        let mut tag = tag_of(ids.people.ben.author, "New");
        tag.insert("colour".into(), In::from("red;}"));
        roots.tags.insert(txn, new(), tag)
    } => Err(Refusal::InvalidValue);
    a_tags_group_is_there: ben, |ids, roots, txn| {
        let mut tag = tag_of(ids.people.ben.author, "New");
        tag.insert("group".into(), In::from(new()));
        roots.tags.insert(txn, new(), tag)
    } => Err(Refusal::NoSuchThing);
    a_tag_stands_in_a_group: ann, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.tag).insert(txn, "group", ids.group.clone())
    } => Ok(());
    ones_own_tag_is_renamed: ann, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.tag).insert(txn, "name", "Renamed")
    } => Ok(());
    anothers_tag_is_not_renamed: ben, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.tag).insert(txn, "name", "Renamed")
    } => Err(Refusal::NotYours);
    an_editor_renames_any_tag: eve, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.tag).insert(txn, "name", "Renamed")
    } => Ok(());
    a_locked_tag_is_not_changed: eve, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.locked).insert(txn, "name", "Renamed")
    } => Err(Refusal::Locked);
    a_locked_tag_is_not_deleted: ann, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.locked).insert(txn, "deleted", true)
    } => Err(Refusal::Locked);
    an_editor_does_not_unlock: eve, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.locked).insert(txn, "locked", false)
    } => Err(Refusal::ModeratorsOnly);
    ones_own_tag_is_not_locked_by_oneself: ann, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.tag).insert(txn, "locked", true)
    } => Err(Refusal::ModeratorsOnly);
    a_moderator_unlocks: olga, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.locked).insert(txn, "locked", false)
    } => Ok(());
    ones_own_tag_is_marked_deleted: ann, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.tag).insert(txn, "deleted", true)
    } => Ok(());
    anothers_tag_is_not_deleted: ben, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.tag).insert(txn, "deleted", true)
    } => Err(Refusal::NotYours);
    a_tag_in_use_is_not_deleted: olga, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.used).insert(txn, "deleted", true)
    } => Err(Refusal::InUse);
    a_tag_in_use_is_merged: olga, |ids, roots, txn| {
        let tag = ids.tag(roots, txn, &ids.used);
        tag.insert(txn, "merged_into", ids.tag.clone());
        tag.insert(txn, "deleted", true)
    } => Ok(());
    a_tag_is_not_merged_into_itself: olga, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.used).insert(txn, "merged_into", ids.used.clone())
    } => Err(Refusal::InvalidValue);
    a_tag_is_merged_into_one_that_is_there: olga, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.used).insert(txn, "merged_into", new())
    } => Err(Refusal::NoSuchThing);
    a_tag_is_not_removed: ann, |ids, roots, txn| {
        roots.tags.remove(txn, &ids.tag)
    } => Err(Refusal::Removed);
    a_tag_is_not_replaced: olga, |ids, roots, txn| {
        roots.tags.insert(txn, ids.tag.clone(), tag_of(ids.people.olga.author, "Mine now"))
    } => Err(Refusal::Replaced);
    a_tags_author_never_changes: ann, |ids, roots, txn| {
        ids.tag(roots, txn, &ids.tag).insert(txn, "author", ids.people.ben.author.to_string())
    } => Err(Refusal::Fixed);

    // Groups.
    anybody_adds_a_group: ben, |ids, roots, txn| {
        roots.tag_groups.insert(txn, new(), group_of(ids.people.ben.author))
    } => Ok(());
    a_group_in_anothers_name_is_forged: ben, |ids, roots, txn| {
        roots.tag_groups.insert(txn, new(), group_of(ids.people.ann.author))
    } => Err(Refusal::ForgedAuthor);
    anothers_group_is_not_changed: ben, |ids, roots, txn| {
        inner(&roots.tag_groups, txn, &ids.group).insert(txn, "name", "Renamed")
    } => Err(Refusal::NotYours);
    an_editor_changes_any_group: eve, |ids, roots, txn| {
        inner(&roots.tag_groups, txn, &ids.group).insert(txn, "colour", "#000000")
    } => Ok(());
    ones_own_group_is_marked_deleted: ann, |ids, roots, txn| {
        inner(&roots.tag_groups, txn, &ids.group).insert(txn, "deleted", true)
    } => Ok(());
    a_group_is_not_removed: ann, |ids, roots, txn| {
        roots.tag_groups.remove(txn, &ids.group)
    } => Err(Refusal::Removed);

    // Texts, and what is nobody's.
    anybody_writes_in_the_notes: ben, |_ids, roots, txn| roots.notes.insert(txn, 3, "x") => Ok(());
    anybody_takes_out_of_the_notes: ben, |_ids, roots, txn| roots.notes.remove_range(txn, 1, 3) => Ok(());
    a_viewer_writes_nothing_in_the_notes: vic, |_ids, roots, txn| roots.notes.insert(txn, 3, "x") => Err(Refusal::ReadOnly);
    a_viewer_takes_nothing_out_of_the_notes: vic, |_ids, roots, txn| {
        roots.notes.remove_range(txn, 1, 3)
    } => Err(Refusal::ReadOnly);
    texts_carry_no_formatting: ben, |_ids, roots, txn| {
        roots.notes.format(txn, 0, 2, [("bold".into(), true.into())].into())
    } => Err(Refusal::UnknownKind);
    texts_hold_nothing_but_text: ben, |_ids, roots, txn| {
        roots.notes.insert_embed(txn, 0, Any::from("x"))
    } => Err(Refusal::UnknownKind);
    the_servers_part_is_the_servers: olga, |_ids, roots, txn| {
        roots.meta.insert(txn, "schema", 2)
    } => Err(Refusal::ServerOnly);
    a_key_that_is_no_id_is_refused: ben, |ids, roots, txn| {
        let map = highlight_of(ids.people.ben.author, ids.message, ids.used_id);
        roots.highlights.insert(txn, "my-highlight", map)
    } => Err(Refusal::InvalidId);
    a_value_in_a_maps_place_is_refused: ben, |_ids, roots, txn| {
        roots.highlights.insert(txn, new(), "a highlight")
    } => Err(Refusal::UnknownKind);
    a_list_in_a_maps_place_is_refused: ben, |_ids, roots, txn| {
        roots.highlights.insert(txn, new(), ArrayPrelim::from([1]))
    } => Err(Refusal::UnknownKind);
    bytes_in_a_values_place_are_refused: ann, |ids, roots, txn| {
        ids.comment(roots, txn).insert(txn, "body", vec![1_u8, 2])
    } => Err(Refusal::InvalidValue);
    a_map_in_a_values_place_is_refused: ann, |ids, roots, txn| {
        ids.highlight(roots, txn).insert(txn, "targets", MapPrelim::default())
    } => Err(Refusal::UnknownKind);
}

/// What somebody does in a root that the schema lacks, or in a response.
fn in_text(name: impl Fn(&People) -> String, who: fn(&People) -> Sender, cut: bool) -> Result<(), Refusal> {
    let mut world = World::new();
    let sender = who(&world.people);
    let peer = world.peer();
    let text = peer.doc.get_or_insert_text(name(&world.people).as_str());
    let update = peer.update(|_, txn| if cut { text.remove_range(txn, 0, 2) } else { text.push(txn, "x") });
    match world.judge(&sender, &update) {
        Ok(()) => Ok(()),
        Err(Unfit::Refused(refusal)) => Err(refusal),
        Err(Unfit::Malformed) => panic!("a real update is malformed"),
    }
}

#[test]
fn a_response_is_its_members_alone() {
    let response = |people: &People| format!("response:{}", people.ann.author);
    for cut in [false, true] {
        assert_eq!(in_text(response, |people| people.ann, cut), Ok(()));
        assert_eq!(in_text(response, |people| people.ben, cut), Err(Refusal::NotYours));
        assert_eq!(in_text(response, |people| people.olga, cut), Err(Refusal::NotYours));
    }
}

#[test]
fn unknown_roots_are_refused() {
    for name in ["scratch", "response:", "response:me", "Notes", ""] {
        assert_eq!(in_text(|_| name.to_owned(), |people| people.olga, false), Err(Refusal::UnknownRoot), "{name}");
    }
}

#[test]
fn a_root_that_is_a_map_takes_no_list() {
    let mut world = World::new();
    let ben = world.people.ben;
    // An array under the name of the map: the wire does not say which a root is.
    let doc = document::empty();
    let list = doc.get_or_insert_array("highlights");
    list.push_back(&mut doc.transact_mut(), 1);
    let update = doc.transact().encode_diff_v1(&StateVector::default());
    assert_eq!(world.judge(&ben, &update), Err(Unfit::Refused(Refusal::UnknownKind)));
    let map = doc.get_or_insert_map("notes");
    let before = doc.transact().state_vector();
    map.insert(&mut doc.transact_mut(), "key", "value");
    let update = doc.transact().encode_diff_v1(&before);
    let mut world = World::new();
    world.places = Places::default();
    assert!(matches!(world.judge(&ben, &update), Err(Unfit::Refused(_))));
}

#[test]
fn what_a_moderator_deleted_its_author_does_not_bring_back() {
    let delete = |ids: &Ids, roots: &Roots, txn: &mut TransactionMut| {
        ids.highlight(roots, txn).insert(txn, "deleted", stamp(&ids.people.olga));
    };
    let restore = |ids: &Ids, roots: &Roots, txn: &mut TransactionMut| {
        ids.highlight(roots, txn).insert(txn, "deleted", Any::Null);
    };
    then((|people| people.olga, delete), (|people| people.ann, restore), Err(Refusal::NotYours));
    then((|people| people.olga, delete), (|people| people.olga, restore), Ok(()));
    let over = |ids: &Ids, roots: &Roots, txn: &mut TransactionMut| {
        ids.highlight(roots, txn).insert(txn, "deleted", stamp(&ids.people.ann));
    };
    then((|people| people.olga, delete), (|people| people.ann, over), Err(Refusal::NotYours));
    then((|people| people.ann, over), (|people| people.ann, restore), Ok(()));
}

#[test]
fn a_deleted_comment_is_not_given_words_and_may_be_restored() {
    let delete = |ids: &Ids, roots: &Roots, txn: &mut TransactionMut| {
        let comment = ids.comment(roots, txn);
        comment.insert(txn, "body", "");
        comment.insert(txn, "deleted", true);
    };
    let words = |ids: &Ids, roots: &Roots, txn: &mut TransactionMut| {
        ids.comment(roots, txn).insert(txn, "body", "after all");
    };
    let restore = |ids: &Ids, roots: &Roots, txn: &mut TransactionMut| {
        let comment = ids.comment(roots, txn);
        comment.insert(txn, "body", "after all");
        comment.insert(txn, "deleted", false);
    };
    then((|people| people.ann, delete), (|people| people.ann, words), Err(Refusal::Deleted));
    then((|people| people.ann, delete), (|people| people.ann, restore), Ok(()));
    then((|people| people.ann, delete), (|people| people.ben, restore), Err(Refusal::NotYours));
}

#[test]
fn a_reply_to_a_deleted_comment_and_highlight_is_taken() {
    let delete = |ids: &Ids, roots: &Roots, txn: &mut TransactionMut| {
        ids.highlight(roots, txn).insert(txn, "deleted", stamp(&ids.people.ann));
        let comment = ids.comment(roots, txn);
        comment.insert(txn, "body", "");
        comment.insert(txn, "deleted", true);
    };
    let reply = |ids: &Ids, roots: &Roots, txn: &mut TransactionMut| {
        let mut reply = comment_of(ids.people.ben.author, "written in a train");
        reply.insert("parent".into(), In::from(ids.comment.clone()));
        ids.comments(roots, txn).insert(txn, new(), reply);
    };
    then((|people| people.ann, delete), (|people| people.ben, reply), Ok(()));
}

#[test]
fn a_tag_whose_highlights_are_deleted_is_not_in_use() {
    let delete = |ids: &Ids, roots: &Roots, txn: &mut TransactionMut| {
        ids.highlight(roots, txn).insert(txn, "deleted", stamp(&ids.people.ann));
    };
    let tag = |ids: &Ids, roots: &Roots, txn: &mut TransactionMut| {
        ids.tag(roots, txn, &ids.used).insert(txn, "deleted", true);
    };
    then((|people| people.ann, delete), (|people| people.olga, tag), Ok(()));
}

#[test]
fn nobody_takes_out_what_the_server_has_written() {
    let mut world = World::new();
    let olga = world.people.olga;
    let server = world.peer();
    let stored = server.update(|roots, txn| _ = roots.meta.insert(txn, "schema", 1));
    world.places.learn_stored(&stored, known(&world.doc));
    world.doc.transact_mut().apply_update(Update::decode_v1(&stored).unwrap()).unwrap();
    assert_eq!(world.tries(&olga, |roots, txn| _ = roots.meta.remove(txn, "schema")), Err(Refusal::ServerOnly));
}
