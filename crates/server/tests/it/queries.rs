//! No page asks the database more often because there is more to show. That no class makes one ask more often stands in
//! `classes.rs`, that no number of conversations does in `home.rs`.

use reqwest::StatusCode;

use crate::support::{counting, test_app::TestApp};

/// What a page may ask at most, so that nobody adds a question for each of something small.
const AT_MOST: usize = 25;

#[tokio::test]
async fn no_page_asks_more_because_a_conversation_or_an_account_is_large() {
    let app = TestApp::start().await;
    let ann = app.person("student-1").await;
    let talk = ann.conversation("A talk", "User: a\n\nAssistant: b", "class").await;
    let pages = [
        "/".to_owned(),
        "/inbox".to_owned(),
        "/account".to_owned(),
        format!("/c/{talk}"),
        format!("/c/{talk}/share"),
        format!("/api/v1/conversations/{talk}"),
        format!("/api/v1/conversations/{talk}/people"),
        format!("/api/v1/conversations/{talk}/agreement"),
        format!("/api/v1/conversations/{talk}/sharing"),
        "/api/v1/notices".to_owned(),
        "/api/v1/sessions".to_owned(),
        "/api/v1/tokens".to_owned(),
        "/api/v1/webhooks".to_owned(),
    ];
    let count = async || {
        let mut counts = Vec::new();
        for page in &pages {
            let (answer, queries) = counting::queries(ann.get(page)).await;
            assert_eq!(answer.status, StatusCode::OK, "{page}: {}", answer.body);
            assert!((1..=AT_MOST).contains(&queries), "{page}: {queries}");
            counts.push((page, queries));
        }
        counts
    };
    // One of each first: what is there at all may be asked for.
    for size in [1, 80] {
        grow(&app, &talk, size).await;
        if size == 1 {
            continue;
        }
        let large = count().await;
        shrink(&app).await;
        assert_eq!(large, count().await);
    }
}

/// So many more of everything that a page may show.
async fn grow(app: &TestApp, talk: &str, size: i32) {
    let talk: uuid::Uuid = talk.parse().unwrap();
    for sql in [
        "insert into messages (id, conversation_id, position, role, markdown, text, renderer)
         select gen_random_uuid(), $1, 1000 * $2 + n, 'user', 'x', 'x', 1 from generate_series(1, $2) n",
        "insert into users (id, name, email)
         select gen_random_uuid(), 'Crowd ' || n, $2 || '-' || n || '@crowd.example' from generate_series(1, $2) n
         where $1 is not null",
        "insert into conversation_shares (id, conversation_id, email, user_id, access, opened_at)
         select gen_random_uuid(), $1, email, id, 'viewer', now() from users
         where email like $2 || '-%@crowd.example'",
        "insert into conversation_links (id, conversation_id, token_hash, access, expires_at)
         select gen_random_uuid(), $1, sha256(($2 || '-' || n)::bytea), 'viewer', now() + interval '1 day'
         from generate_series(1, least($2, 15)) n",
        "insert into sessions (token_hash, user_id, expires_at)
         select sha256(('s' || $2 || '-' || n)::bytea), owner_id, now() + interval '1 day'
         from conversations, generate_series(1, $2) n where conversations.id = $1",
        "insert into tokens (id, user_id, name, token_hash)
         select gen_random_uuid(), owner_id, 'x', sha256(('t' || $2 || '-' || n)::bytea)
         from conversations, generate_series(1, $2) n where conversations.id = $1",
        "with made as (
             insert into webhooks (id, user_id, conversation_id, url, secret)
             select gen_random_uuid(), owner_id, id, 'https://example.org', 'x'
             from conversations, generate_series(1, $2) n where conversations.id = $1
             returning id)
         insert into webhook_deliveries (id, webhook_id, state) select gen_random_uuid(), id, 'failed' from made",
        "insert into notices (id, user_id, conversation_id, highlight_id, comment_id, kind, by_user, excerpt)
         select gen_random_uuid(), owner_id, id, gen_random_uuid(), gen_random_uuid(), 'reply', owner_id, 'x'
         from conversations, generate_series(1, $2) n where conversations.id = $1",
    ] {
        sqlx::query(sql).bind(talk).bind(size).execute(&app.database.pool).await.unwrap();
    }
}

/// Leaves one of each.
async fn shrink(app: &TestApp) {
    for sql in [
        "delete from messages where position >= 80000",
        "delete from users where email like '80-%'",
        "delete from conversation_links where id <> (select id from conversation_links limit 1)",
        "delete from tokens where id <> (select id from tokens limit 1)",
        "delete from webhooks where id <> (select id from webhooks limit 1)",
        "delete from notices where id <> (select id from notices limit 1)",
    ] {
        sqlx::query(sql).execute(&app.database.pool).await.unwrap();
    }
}

#[tokio::test]
async fn no_page_of_a_project_asks_more_because_there_is_more_in_it() {
    let app = TestApp::start().await;
    let ann = app.person("student-1").await;
    let made = ann.post("/api/v1/projects", serde_json::json!({"name": "Mine"})).await.json();
    let project = made["id"].as_str().unwrap().to_owned();
    let pages = ["/projects".to_owned(), format!("/projects/{project}")];
    let api = ["", "/prompts", "/conversations", "/files"].map(|part| format!("/api/v1/projects/{project}{part}"));
    let pages: Vec<String> = pages.into_iter().chain(api).collect();
    let count = async || {
        let mut counts = Vec::new();
        for page in &pages {
            let (answer, queries) = counting::queries(ann.get(page)).await;
            assert_eq!(answer.status, StatusCode::OK, "{page}: {}", answer.body);
            assert!((1..=AT_MOST).contains(&queries), "{page}: {queries}");
            counts.push(queries);
        }
        counts
    };
    let more = async |size: i32| {
        for sql in [
            "insert into files (id, project_id, uploader_id, name, media_type, size, sha256, stored_at)
             select gen_random_uuid(), id, owner_id, 'x', 'text/plain', 1, sha256('x'), now()
             from projects, generate_series(1, $2) where id = $1",
            "insert into prompt_versions (id, project_id, version, name, content)
             select gen_random_uuid(), $1, 100 * $2 + n, 'x', 'x' from generate_series(1, $2) n",
            "insert into conversations (id, title, owner_id, project_id)
             select gen_random_uuid(), 'x', owner_id, id from projects, generate_series(1, $2) where id = $1",
        ] {
            let project: uuid::Uuid = project.parse().unwrap();
            sqlx::query(sql).bind(project).bind(size).execute(&app.database.pool).await.unwrap();
        }
    };
    more(1).await;
    let small = count().await;
    more(60).await;
    assert_eq!(count().await, small);
}
