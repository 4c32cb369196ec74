//! What happens while somebody is being erased.

use server::rooms::Timing;
use shared::sync::CloseCode;

use super::{EMAIL, NAME, Zoe, bytes, count, discussed, exists, until_gone, whole};
use crate::{
    activities::{activity, class_and_template, copy, run, synced},
    revisions::mark,
    rooms_support::until,
    support::{
        test_app::{TestApp, Visitor},
        traces::traces,
    },
};

/// An activity whose copies begin with what she marked.
async fn begun_by(olga: &Visitor, zoe: &Zoe) -> String {
    let (class, _) = class_and_template(olga).await;
    let template = olga.conversation("Text", "Some words to mark.", "class").await;
    mark(&zoe.visitor, &template, &mut synced(&zoe.visitor, &template).await, "Some words").await;
    activity(olga, &class, &template, "individual").await
}

#[tokio::test]
async fn what_could_not_be_done_is_gone_on_with_by_the_next_server() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let zoe = Zoe::join(&app).await;
    let (talk, _) = discussed(&olga, &zoe).await;
    let other = olga.conversation("Another", "Other words to mark.", "class").await;
    mark(&zoe.visitor, &other, &mut synced(&zoe.visitor, &other).await, "Other words").await;
    let db = app.database.pool.clone();
    until(async || traces(&db, NAME).await.iter().any(|table| table == "search_entries")).await;
    app.rooms.close(talk.parse().unwrap(), CloseCode::Restarting).await;
    // It cannot be read.
    run(&app, "update annotation_document_state set crdt_state = '\\xff'::bytea || crdt_state where conversation_id = (select id from conversations where title = 'Harbour')").await;
    zoe.erase().await;
    let in_bytes = "select count(*) from annotation_client k join conversations c on c.id = k.conversation_id
                    join users u on u.id = k.author where c.title = 'Another' and u.is_former";
    until(async || count(&db, in_bytes).await > 0).await;
    assert!(exists(&db, zoe.id).await, "one is left");
    let peer = synced(&olga, &other).await;
    zoe.assert_unnamed("the other", &bytes(&peer));
    // Already they are nobody.
    assert_eq!(traces(&db, EMAIL).await, Vec::<String>::new());
    // But where somebody called them so in what cannot be read.
    let unread = ["annotation_document_state", "conversation_revisions", "history_steps", "search_entries"];
    assert_eq!(traces(&db, NAME).await, unread);
    let before: Vec<_> = whole(&peer).highlights.values().map(|it| it.author).collect();
    let database = app.stop_and_keep().await;
    // A request that was under way wrote the name once more.
    sqlx::query("update users set name = $1 where erasing_since is not null").bind(NAME).execute(&db).await.unwrap();
    let app = TestApp::start_on(database, &[], Timing::default()).await;
    until(async || traces(&db, NAME).await == unread).await;
    assert!(exists(&db, zoe.id).await);
    let database = app.stop_and_keep().await;
    sqlx::query(
        "update annotation_document_state set crdt_state = substr(crdt_state, 2) where get_byte(crdt_state, 0) = 255",
    )
    .execute(&db)
    .await
    .unwrap();
    let app = TestApp::start_on(database, &[], Timing::default()).await;
    until_gone(&db, zoe.id).await;
    zoe.assert_untraced(&db).await;
    let olga = app.person("instructor").await;
    let after: Vec<_> = whole(&synced(&olga, &other).await).highlights.values().map(|it| it.author).collect();
    assert_eq!(after, before, "nothing is done twice");
    assert_eq!(count(&db, "select count(*) from erased_as").await, 0);
}

#[tokio::test]
async fn what_copies_begin_with_from_a_template_that_was_not_done_yet_names_nobody() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let zoe = Zoe::join(&app).await;
    let task = begun_by(&olga, &zoe).await;
    let (db, other) = (&app.database.pool, app.person("student-1").await);
    copy(&other, &task).await;
    // Somebody begins just before the template is done: what was read of it is as it was.
    run(&app, "create table begun as select seed, seed_authors, seed_tally from activities").await;
    for statement in [
        "create function begin_late() returns trigger language plpgsql as $$
         begin
             if exists (select from activities where template_id = new.conversation_id) then
                 update activities a set seed = b.seed, seed_authors = b.seed_authors, seed_tally = b.seed_tally
                 from begun b;
                 delete from begun;
             end if;
             return new;
         end $$",
        "create trigger begin_late after update of epoch on annotation_document_state
         for each row when (old.epoch <> new.epoch) execute function begin_late()",
    ] {
        sqlx::query(statement).execute(db).await.unwrap();
    }
    zoe.erased(&app).await;
    sqlx::query("drop table begun").execute(db).await.unwrap();
    zoe.assert_untraced(db).await;
    let second = copy(&app.person("student-2").await, &task).await;
    let peer = synced(&olga, &second).await;
    zoe.assert_unnamed("a copy", &bytes(&peer));
    assert_eq!(whole(&peer).highlights.len(), 1);
}

#[tokio::test]
async fn whoever_writes_their_id_into_a_message_keeps_nothing_back() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let zoe = Zoe::join(&app).await;
    let words = format!("Somebody has the id {}.", zoe.id);
    olga.conversation("Of an id", &words, "class").await;
    let db = &app.database.pool;
    until(async || count(db, "select count(*) from search_entries where body like 'Somebody has%'").await > 0).await;
    // As if these were found again faster than all is gone through.
    for statement in [
        "create function stay() returns trigger language plpgsql as $$ begin return null; end $$",
        "create trigger stay before delete on search_entries
         for each row when (old.body like 'Somebody has%') execute function stay()",
    ] {
        sqlx::query(statement).execute(db).await.unwrap();
    }
    zoe.erase().await;
    until_gone(db, zoe.id).await;
    assert_eq!(traces(db, &zoe.id.to_string()).await, ["messages", "search_entries"], "it is her word");
}

#[tokio::test]
async fn what_says_who_wrote_what_no_copy_begins_with_any_more_names_nobody() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let zoe = Zoe::join(&app).await;
    let task = begun_by(&olga, &zoe).await;
    copy(&app.person("student-1").await, &task).await;
    run(&app, "update activities set seed = null").await;
    let db = &app.database.pool;
    assert!(traces(db, &zoe.id.to_string()).await.contains(&"activities".to_owned()));
    zoe.erased(&app).await;
    zoe.assert_untraced(db).await;
}

#[tokio::test]
async fn what_copies_begin_with_and_cannot_be_read_keeps_the_rest_not_back() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let zoe = Zoe::join(&app).await;
    let task = begun_by(&olga, &zoe).await;
    copy(&app.person("student-1").await, &task).await;
    run(&app, "update activities set seed = '\\xff'::bytea || seed").await;
    zoe.erase().await;
    let db = &app.database.pool;
    let elsewhere = "select count(*) from annotation_client k join users u on u.id = k.author where u.is_former";
    until(async || count(db, elsewhere).await >= 2).await;
    assert!(exists(db, zoe.id).await);
}

#[tokio::test]
async fn what_is_in_line_for_them_in_a_chat_of_somebody_elses_is_not_begun() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let zoe = Zoe::join(&app).await;
    olga.conversation("Chat", "User: Is there anybody?", "class").await;
    run(
        &app,
        "with said as (
             insert into messages (id, conversation_id, position, role, markdown, text, renderer, state, author_id)
             select gen_random_uuid(), c.id, 99, 'assistant', '', '', 1, 'waiting', u.id
             from conversations c, users u where c.title = 'Chat' and u.name = 'Zenobia Quagga'
             returning id, conversation_id, author_id)
         insert into runs (id, conversation_id, message_id, user_id, model, state, idempotency_key, request_hash, alive_at)
         select gen_random_uuid(), conversation_id, id, author_id, 'm', 'waiting', 'k', sha256('x'), now() + interval '1 day'
         from said",
    )
    .await;
    zoe.erased(&app).await;
    let ended = "select count(*) from runs r join messages m on m.id = r.message_id where r.state = 'over' and m.state = 'stopped'";
    assert_eq!(count(&app.database.pool, ended).await, 1);
}
