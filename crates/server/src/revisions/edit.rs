//! A text that is edited.

use std::collections::HashSet;

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
};
use serde::Deserialize;
use shared::{
    api::{ChangedAnchor, Confirmed, EditText, MAX_CHANGED_ANCHORS, MAX_REVISION_BYTES, MAX_REVISIONS, TextEdited},
    document,
    ids::{ConversationId, HighlightId, UserId},
    selector::check_size,
    sync::{CloseCode, MAX_DOCUMENT},
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use yrs::Doc;

use super::{
    anchors::{Edit, Fate, New},
    draft::{Draft, Drafted, present},
};
use crate::{access, authors, error::Error, rooms::persistence, services::Services, sessions::Caller};

/// How often people may have written in the document while its targets were looked for.
const TRIES: usize = 5;

/// Of a quote that is told.
const TOLD_CHARS: usize = 160;

/// The query of [`edit`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct How {
    /// Whether it is only told what would be done.
    #[serde(default)]
    preview: bool,
}

/// `PUT /api/v1/conversations/{id}/text`
pub async fn edit(
    State(services): State<Services>,
    caller: Caller,
    path: Result<Path<ConversationId>, PathRejection>,
    query: Result<Query<How>, QueryRejection>,
    body: Result<Json<EditText>, JsonRejection>,
) -> Result<Json<TextEdited>, Error> {
    let Path(id) = path?;
    let editor = access::text_editor(&services.db, caller.id, id).await?;
    let Query(How { preview }) = query?;
    let Json(EditText { base, messages, confirmed, .. }) = body?;
    // Whoever edits is somebody there.
    authors::of(&services.db, editor.reader()).await?;
    let turn = services.edits.take(caller.id).await?;
    refuse(&look(&services.db, id).await?, base)?;
    let present = present(&services.db, id).await?;
    let draft = services.import(move || Draft::of(present, messages)).await?;
    let asked = Asked { id, by: caller.id, base, confirmed };
    // Goes on when nobody waits any more: whoever holds the text that is replaced has to hear of it.
    let work = tokio::spawn(async move {
        let _turn = turn;
        if preview { told(&services, &asked, draft).await } else { replace(&services, &asked, &draft).await }
    });
    work.await.map_err(|error| Error::Internal(error.into()))?.map(Json)
}

/// What is asked for, without the text.
struct Asked {
    id: ConversationId,
    by: UserId,
    base: i32,
    confirmed: Option<Confirmed>,
}

/// What would become of the highlights.
async fn told(services: &Services, asked: &Asked, draft: Draft) -> Result<TextEdited, Error> {
    let edit = compare(&draft).await?;
    let (_, (_, report)) = look_for_all(services, asked, edit).await?;
    Ok(TextEdited { rendered: draft.rendered, ..report })
}

/// Puts the new text into the place of the present one.
async fn replace(services: &Services, asked: &Asked, draft: &Draft) -> Result<TextEdited, Error> {
    let &Asked { id, by, base, .. } = asked;
    let mut edit = compare(draft).await?;
    for _ in 0..TRIES {
        let (rewritten, (work, report)) = look_for_all(services, asked, edit).await?;
        edit = work;
        if draft.is_as_before {
            return Ok(report);
        }
        if asked.confirmed.is_some_and(|confirmed| confirmed.is_worse_now(&report)) {
            return Err(Error::Worse(Box::new(report)));
        }
        if rewritten.compacted.bytes() > MAX_DOCUMENT {
            let why =
                "What people added here fills its document: nothing more can be written in it, and the text stays.";
            return Err(Error::Conflict("document_full", why.into()));
        }
        let mut tx = services.db.begin().await?;
        refuse(&hold(&mut tx, asked).await?, base)?;
        if persistence::replace(&mut tx, &rewritten.compacted).await? {
            keep(&mut tx, (id, base), by, &rewritten.before).await?;
            put(&mut tx, (id, base), by, draft).await?;
            tx.commit().await?;
            // Whoever has it open holds the text and the document before.
            services.rooms.close(id, CloseCode::WrongEpoch).await;
            return Ok(TextEdited { revision: base + 1, ..report });
        }
        // Somebody wrote meanwhile.
        tx.rollback().await?;
    }
    let why = "People are writing here so busily that the text could not be put in its place. Try again.";
    Err(Error::Conflict("busy", why.into()))
}

/// Compares the texts, on a thread of its own.
async fn compare(draft: &Draft) -> Result<Edit, Error> {
    let new = |message: &Drafted| New { id: message.id, from: message.from.clone(), text: message.text.clone() };
    let (old, new) = (draft.old.clone(), draft.messages.iter().map(new).collect());
    let edit = tokio::task::spawn_blocking(move || Edit::new(old, new)).await;
    edit.map_err(|error| Error::Internal(error.into()))
}

/// Looks for all that is marked in the document as it is committed. Gives the edit back: people may write meanwhile.
async fn look_for_all(
    services: &Services,
    asked: &Asked,
    edit: Edit,
) -> Result<(persistence::Rewritten<()>, (Edit, TextEdited)), Error> {
    let base = asked.base;
    let rewritten = services.rooms.rewrite(asked.id, asked.by, move |doc| {
        let report = retarget(doc, &edit);
        (edit, TextEdited { revision: base, ..report })
    });
    let rewritten = rewritten.await.map_err(|error| Error::Internal(error.into()))?.ok_or(Error::NotFound)?;
    let persistence::Rewritten { compacted, before, what } = rewritten;
    Ok((persistence::Rewritten { compacted, before, what: () }, what))
}

/// What decides whether a text can be edited.
struct Facts {
    revision: i32,
    is_chat: bool,
    is_copy: bool,
    /// Somebody has begun an activity with it.
    is_begun: bool,
    /// Bytes that are kept of earlier texts.
    kept: i64,
}

/// In a transaction in which nobody else edits it, says anything in it, or begins an activity with it; and whoever asked may
/// still edit it.
async fn hold(conn: &mut PgConnection, asked: &Asked) -> Result<Facts, Error> {
    // Whoever writes in the document refers to this row, and goes on.
    sqlx::query!("select from conversations where id = $1 for no key update", asked.id.uuid())
        .fetch_optional(&mut *conn)
        .await?
        .ok_or(Error::NotFound)?;
    // While the texts were compared they may have been removed, or the text protected.
    access::text_editor(&mut *conn, asked.by, asked.id).await?;
    look(conn, asked.id).await
}

async fn look(db: impl sqlx::PgExecutor<'_>, id: ConversationId) -> Result<Facts, Error> {
    let facts = sqlx::query_as!(
        Facts,
        r#"select c.revision,
                  c.leaf_id is not null or c.project_id is not null as "is_chat!",
                  exists (select from activity_copies w where w.conversation_id = c.id) as "is_copy!",
                  exists (select from activities a where a.template_id = c.id and a.seed is not null) as "is_begun!",
                  (select coalesce(sum(r.bytes), 0)::bigint
                   from conversation_revisions r
                   where r.conversation_id = c.id) as "kept!"
           from conversations c
           where c.id = $1 and c.trashed_at is null"#,
        id.uuid()
    );
    facts.fetch_optional(db).await?.ok_or(Error::NotFound)
}

/// Why nobody edits a text as things are.
pub(super) async fn hindrance(db: &PgPool, id: ConversationId) -> Result<Option<String>, Error> {
    let facts = look(db, id).await?;
    Ok(refuse(&facts, facts.revision).err().map(|why| why.to_string()))
}

fn refuse(facts: &Facts, base: i32) -> Result<(), Error> {
    let conflict = |code, why: &str| Err(Error::Conflict(code, why.into()));
    match facts {
        Facts { is_chat: true, .. } => conflict(
            "chat",
            "This is a chat, or was brought in with the branches of one: what people and models said in it stays as they said \
             it. Texts whose messages are one row can be edited.",
        ),
        Facts { is_copy: true, .. } => conflict(
            "copy",
            "All copies of an activity have the same text, so that they can be compared and read together. Edit the \
             template, before anybody starts.",
        ),
        Facts { is_begun: true, .. } => conflict(
            "begun",
            "Somebody has started the activity that begins with this text, and all its copies have the same. Import the \
             text anew, and give another activity that.",
        ),
        Facts { revision, .. } if *revision != base => conflict(
            "edited_meanwhile",
            "Somebody else has edited this text meanwhile. What you wrote is still here: look at their text, and then \
             put yours in its place or take it over.",
        ),
        Facts { revision, .. } if *revision >= MAX_REVISIONS => conflict(
            "too_many_revisions",
            "This text was edited 200 times, and all of them are kept: no more fit. Export it, and import that.",
        ),
        Facts { kept, .. } if *kept >= MAX_REVISION_BYTES => conflict(
            "too_much_kept",
            "The earlier texts of this conversation, and what was marked in them, take up 64 MiB: no more fit. Export it, \
             and import that.",
        ),
        Facts { .. } => Ok(()),
    }
}

/// Writes into the document where its highlights are now, and tells it.
fn retarget(doc: &Doc, edit: &Edit) -> TextEdited {
    let deleted: HashSet<HighlightId> = {
        let (roots, mut ids) = (document::Roots::of(doc), HashSet::new());
        let txn = yrs::Transact::transact(doc);
        for id in document::highlight_ids(&roots, &txn) {
            if document::highlight(&roots, &txn, id).is_none_or(|highlight| highlight.deleted.is_some()) {
                ids.insert(id);
            }
        }
        ids
    };
    let mut report = TextEdited { revision: 0, exact: 0, moved: 0, lost: 0, changes: Vec::new(), rendered: Vec::new() };
    document::retarget(doc, |id, targets| {
        let looked: Vec<_> = targets.iter().map(|target| edit.target(target)).collect();
        // What stands around them now may be longer than what stood there, and more than fits.
        let fits = check_size(&looked.iter().map(|(target, _)| target.clone()).collect::<Vec<_>>()).is_ok();
        let unlooked = || targets.iter().map(|target| edit.unlooked(target)).collect();
        let mut now: Vec<_> = if fits { looked } else { unlooked() };
        // In the order of the text.
        now.sort_by_key(|(target, fate)| (*fate == Fate::Lost, edit.place_of(target.message), target.start));
        let worst = now.iter().map(|(_, fate)| *fate).max();
        if let Some(fate) = worst.filter(|_| !deleted.contains(&id)) {
            let anchor = match fate {
                Fate::Exact => {
                    report.exact += 1;
                    None
                }
                Fate::Moved => {
                    report.moved += 1;
                    Some("moved")
                }
                Fate::Lost => {
                    report.lost += 1;
                    Some("lost")
                }
            };
            if let Some(anchor) = anchor.filter(|_| report.changes.len() < MAX_CHANGED_ANCHORS) {
                let worst = now.iter().find(|(_, each)| *each == fate).map(|(target, _)| &target.exact);
                let quote = worst.map(|exact| exact.chars().take(TOLD_CHARS).collect()).unwrap_or_default();
                report.changes.push(ChangedAnchor { highlight: id, quote, anchor: anchor.to_owned() });
            }
        }
        now.into_iter().map(|(target, _)| target).collect()
    });
    // The worst first.
    report.changes.sort_by(|a, b| (&a.anchor, &a.quote).cmp(&(&b.anchor, &b.quote)));
    report
}

/// Keeps the present text, with the document as it was.
async fn keep(
    conn: &mut PgConnection,
    (id, number): (ConversationId, i32),
    by: UserId,
    document: &[u8],
) -> Result<(), Error> {
    sqlx::query!(
        "insert into conversation_revisions
             (conversation_id, number, made_at, made_by, replaced_by, crdt_state, highlight_count, bytes)
         select c.id, $2, coalesce(c.revised_at, c.created_at), c.revised_by, $3, $4::bytea, d.highlight_count,
                octet_length($4::bytea)
                    + (select coalesce(sum(octet_length(m.markdown) + octet_length(m.text)), 0)
                       from messages m
                       where m.conversation_id = c.id)
         from conversations c
         join annotation_document_state d on d.conversation_id = c.id
         where c.id = $1",
        id.uuid(),
        number,
        by.uuid(),
        document
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into revision_messages
             (conversation_id, number, id, position, role, title, markdown, text, renderer, state, author_id,
              imported_author, model, input_tokens, output_tokens, reason_code, reason, created_at)
         select conversation_id, $2, id, position, role, title, markdown, text, renderer, state, author_id,
                imported_author, model, input_tokens, output_tokens, reason_code, reason, created_at
         from messages
         where conversation_id = $1",
        id.uuid(),
        number
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts the new text into the place of the one that was kept. What was known of a message goes with the first that comes
/// from it, and with each part of it.
async fn put(
    conn: &mut PgConnection,
    (id, base): (ConversationId, i32),
    by: UserId,
    draft: &Draft,
) -> Result<(), Error> {
    sqlx::query!("delete from messages where conversation_id = $1", id.uuid()).execute(&mut *conn).await?;
    let of = |message: &Drafted| message.from.first().map(|id| id.uuid());
    let ids: Vec<Uuid> = draft.messages.iter().map(|message| message.id.uuid()).collect();
    let sources: Vec<Option<Uuid>> = draft.messages.iter().map(of).collect();
    let roles: Vec<&str> = draft.messages.iter().map(|message| message.role.as_str()).collect();
    let titles: Vec<Option<&str>> = draft.messages.iter().map(|message| message.title.as_deref()).collect();
    let markdowns: Vec<&str> = draft.messages.iter().map(|message| &*message.markdown).collect();
    let texts: Vec<&str> = draft.messages.iter().map(|message| &*message.text).collect();
    let renderers: Vec<i16> = draft.messages.iter().map(|message| message.renderer).collect();
    sqlx::query!(
        "insert into messages
             (id, conversation_id, position, role, title, markdown, text, renderer, state, author_id, imported_author,
              model, input_tokens, output_tokens, reason_code, reason, created_at)
         select new.id, $1, new.number - 1, new.role, new.title, new.markdown, new.text, new.renderer,
                coalesce(old.state, 'complete'), old.author_id, old.imported_author, old.model, old.input_tokens,
                old.output_tokens, old.reason_code, old.reason, coalesce(old.created_at, now())
         from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::smallint[])
             with ordinality as new (id, source, role, title, markdown, text, renderer, number)
         left join revision_messages old
             on old.conversation_id = $1 and old.number = $2 and old.id = new.source",
        id.uuid(),
        base,
        &ids,
        &sources as _,
        &roles as _,
        &titles as _,
        &markdowns as _,
        &texts as _,
        &renderers
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update conversations set revision = $2, revised_at = now(), revised_by = $3 where id = $1",
        id.uuid(),
        base + 1,
        by.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use shared::{
        access::Access,
        document::{Command, Roots, execute},
        ids::MessageId,
        rules::Sender,
        selector::{Anchor, Target, resolve},
        text::{CharOffset, OffsetMap},
    };
    use yrs::{Transact, Update, updates::decoder::Decode};

    use super::{super::anchors::Old, *};

    /// What stands around its passages now is more than fits into one highlight: nobody is told that it is where it was.
    #[test]
    fn what_grows_over_its_limit_is_asked_about() {
        let author = UserId::new();
        let (mut old, mut targets) = (Vec::new(), Vec::new());
        loop {
            let text = format!("This is message number {}, and all of it is marked.", old.len());
            let (id, map) = (MessageId::new(), OffsetMap::new(&text));
            targets.push(Target::describe(id, &text, &map, CharOffset(0)..map.end()).unwrap());
            if check_size(&targets).is_err() {
                targets.pop();
                break;
            }
            old.push(Old { id, text });
        }
        let new =
            |old: &Old| New { id: old.id, from: vec![old.id], text: format!("{} {}", old.text, "🐋".repeat(40)) };
        let news: Vec<New> = old.iter().map(new).collect();

        let doc = document::empty();
        let seed = Update::decode_v1(&document::seed(author)).unwrap();
        doc.transact_mut().apply_update(seed).unwrap();
        let (roots, id) = (Roots::of(&doc), HighlightId::new());
        let tag = document::tags(&roots, &doc.transact())[0].id;
        let sender = Sender { author, access: Access::Owner, moderates: true };
        execute(&roots, &mut doc.transact_mut(), &sender, 1, Command::Highlight { id, targets, tag }).unwrap();

        let report = retarget(&doc, &Edit::new(old, news.clone()));
        assert_eq!([report.exact, report.moved, report.lost], [0, 1, 0]);
        let targets = document::highlight(&roots, &doc.transact(), id).unwrap().targets;
        assert_eq!(targets.len(), news.len());
        for (target, new) in targets.iter().zip(&news) {
            let anchor = resolve(target, &new.text, &OffsetMap::new(&new.text));
            assert!(matches!(anchor, Anchor::Moved { .. }), "{anchor:?} {target:?}");
        }
    }
}
