//! What comes over beside the documents: of what both had, the more.

use serde_json::json;
use shared::{prose, sync::CloseCode};
use sqlx::Row;

use super::{EMAIL, NAME, STAYS, Yo, Zoe, code};
use crate::{
    activities::{activity, class_and_template, copy, run, synced},
    erase::{comment, count, discussed, note, until_gone, whole},
    rooms_support::until,
    support::test_app::TestApp,
};

#[tokio::test]
async fn of_what_both_had_the_more_is_kept() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    let db = &app.database.pool;
    for statement in [
        "insert into class_groups (id, class_id, name) select gen_random_uuid(), id, 'Reds' from classes",
        "update memberships set role = 'tutor', group_id = (select id from class_groups)
         where user_id = (select id from users where name = 'Zenobia Quagga')",
        "insert into classes (id, name, trashed_at) values (gen_random_uuid(), 'Thrown away', now())",
        "insert into trashed_memberships (class_id, user_id, role)
         select k.id, u.id, case u.name when 'Zenobia Quagga' then 'instructor' else 'student' end
         from classes k, users u where k.name = 'Thrown away' and u.name in ('Zenobia Quagga', 'Yolanda Okapi')",
        "insert into classes (id, name) values (gen_random_uuid(), 'By roster')",
        "insert into roster_entries (id, class_id, email, name, role)
         select gen_random_uuid(), id, 'zenobia.quagga@example.test', 'Z', 'student' from classes where name = 'By roster'",
        "update users set may_create_classes = true where name = 'Zenobia Quagga'",
        "insert into model_usage (run_id, user_id, model, input_tokens, output_tokens, estimated)
         select gen_random_uuid(), id, 'm', 5, 6, false from users where name = 'Zenobia Quagga'",
    ] {
        run(&app, statement).await;
    }
    let shared = olga.conversation("Shared", "Words to read.", "none").await;
    let waiting = olga.conversation("Waiting", "Words to read.", "none").await;
    for (talk, email, access) in
        [(&shared, EMAIL, "editor"), (&shared, "yolanda.okapi@example.test", "viewer"), (&waiting, EMAIL, "annotator")]
    {
        let path = format!("/api/v1/conversations/{talk}/sharing/people");
        let given = olga.post(&path, json!({"email": email, "access": access})).await;
        assert!(given.status.is_success(), "{}", given.body);
    }
    run(&app, "update conversation_shares s set user_id = u.id from users u, conversations c where lower(u.email) = s.email and c.id = s.conversation_id and c.title = 'Shared'").await;
    run(&app, "update conversation_shares s set user_id = null from conversations c where c.id = s.conversation_id and c.title = 'Waiting'").await;
    let own = zoe.visitor.conversation("Own", "Words to read.", "none").await;
    let path = format!("/api/v1/conversations/{own}/sharing/people");
    zoe.visitor.post(&path, json!({"email": "yolanda.okapi@example.test", "access": "viewer"})).await;
    run(&app, "update conversation_shares s set user_id = u.id from users u, conversations c where lower(u.email) = s.email and c.id = s.conversation_id and c.title = 'Own'").await;

    yo.merged(&app, &zoe).await;
    let roles = sqlx::query(
        "select m.role, g.name from memberships m left join class_groups g on g.id = m.group_id
         join classes k on k.id = m.class_id where m.user_id = $1 order by k.name",
    );
    let roles = roles.bind(yo.id.uuid()).fetch_all(db).await.unwrap();
    let roles: Vec<(String, Option<String>)> = roles.iter().map(|row| (row.get(0), row.get(1))).collect();
    // What waits for an address waits for who proves to have it.
    assert_eq!(roles, [("tutor".to_owned(), Some("Reds".to_owned()))]);
    let trashed = "select count(*) from trashed_memberships where role = 'instructor'";
    assert_eq!((count(db, trashed).await, count(db, "select count(*) from trashed_memberships").await), (1, 1));
    let rights = "select count(*) from users where name = 'Yolanda Okapi' and may_create_classes";
    assert_eq!(count(db, rights).await, 1);
    assert_eq!(yo.visitor.get(&format!("/api/v1/conversations/{waiting}")).await.status, 404);
    for talk in [&shared, &own] {
        assert_eq!(yo.visitor.get(&format!("/api/v1/conversations/{talk}")).await.status, 200);
    }
    let rights = yo.visitor.get(&format!("/api/v1/conversations/{shared}/rights")).await.json();
    assert_eq!(rights["access"], "editor");
    let own_share = "select count(*) from conversation_shares s join conversations c on c.id = s.conversation_id where c.title = 'Own'";
    assert_eq!(count(db, own_share).await, 0, "nobody is let in to what is their own");
    assert_eq!(
        count(db, "select count(*) from model_usage m join users u on u.id = m.user_id where u.name = 'Yolanda Okapi'")
            .await,
        1
    );
}

#[tokio::test]
async fn what_was_said_to_both_is_told_once_and_goes_on_being_told() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    let (talk, passage) = discussed(&olga, &zoe).await;
    let db = &app.database.pool;
    let mut hers = synced(&olga, &talk).await;
    let both = [(NAME, zoe.id), (STAYS, yo.id)].map(|(name, id)| prose::mention(name, id)).join(" ");
    comment(&olga, &talk, &mut hers, passage, &both).await;
    until(async || count(db, "select count(*) from notices").await == 3).await;
    yo.merged(&app, &zoe).await;
    let listed = yo.visitor.get("/api/v1/notices").await.json();
    assert_eq!(listed["unread"], 2, "{listed}");
    assert!(!listed.to_string().contains(NAME), "{listed}");
}

#[tokio::test]
async fn requests_that_were_under_way_bring_nothing_back() {
    let app = TestApp::start().await;
    let olga = app.person("instructor").await;
    let (zoe, yo) = (Zoe::join(&app).await, Yo::join(&app).await);
    let (class, template) = class_and_template(&olga).await;
    let task = activity(&olga, &class, &template, "individual").await;
    let theirs = copy(&yo.visitor, &task).await;
    note(&mut synced(&yo.visitor, &theirs).await, "Kept. ").await;
    olga.conversation("Two runs", "User: One?\n\nAssistant: Two.", "class").await;
    // Something that cannot be read, so that it does not end.
    let diary = zoe.visitor.conversation("A diary", "Nobody reads this diary.", "none").await;
    note(&mut synced(&zoe.visitor, &diary).await, "Words.").await;
    app.rooms.close(diary.parse().unwrap(), CloseCode::Restarting).await;
    run(&app, "update annotation_document_state set crdt_state = '\\xff'::bytea || crdt_state where conversation_id = (select id from conversations where title = 'A diary')").await;
    let answer = yo.take(&code(&zoe.visitor).await).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    let goes = "(select id from users where merged_into is not null)";
    for statement in [
        format!("insert into conversations (id, title, owner_id) select gen_random_uuid(), title, {goes} from (values ('Late'), ('Late copy')) as late (title)"),
        format!(
            "insert into activity_copies (conversation_id, activity_id, user_id)
             select c.id, a.id, {goes} from conversations c, activities a where c.title = 'Late copy'"
        ),
        // By the same key as a request of the other account.
        format!(
            "insert into runs (id, conversation_id, message_id, user_id, model, state, idempotency_key, request_hash)
             select gen_random_uuid(), c.id, m.id,
                    case m.role when 'user' then {goes} else (select id from users where name = 'Yolanda Okapi' and merged_into is null) end,
                    'm', 'over', 'k', sha256('x')
             from conversations c join messages m on m.conversation_id = c.id where c.title = 'Two runs'"
        ),
        format!("update users set name = 'Zenobia Quagga', pronouns = 'she' where id = {goes}"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&app.database.pool).await.unwrap();
    }
    run(
        &app,
        "update annotation_document_state set crdt_state = substr(crdt_state, 2) where get_byte(crdt_state, 0) = 255",
    )
    .await;
    let db = &app.database.pool;
    until_gone(db, zoe.id).await;
    zoe.assert_untraced(db).await;
    let late = "select count(*) from conversations c join users u on u.id = c.owner_id where c.title like 'Late%' and u.name = 'Yolanda Okapi'";
    assert_eq!(count(db, late).await, 1, "nobody could write in the copy");
    assert_eq!(
        count(db, "select count(*) from runs r join users u on u.id = r.user_id where u.name = 'Yolanda Okapi'").await,
        2
    );
    assert_eq!(whole(&synced(&yo.visitor, &theirs).await).notes, "Kept. ");
}
