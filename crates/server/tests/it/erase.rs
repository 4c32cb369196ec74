//! Accounts that are erased: nothing leads to whoever had them, and what others have of it goes on.

mod anonymous;
mod by_rule;
mod kept;
mod meanwhile;
mod refused;

use std::{
    io::{Cursor, Read},
    path::Path,
};

use reqwest::{Method, StatusCode};
use serde_json::json;
use shared::{
    document::{self, Command, Roots},
    ids::{CommentId, HighlightId, UserId},
    prose, rules,
    sync::CloseCode,
};
use sqlx::PgPool;
use yrs::{ReadTxn, StateVector, Text, Transact, Update, updates::decoder::Decode};
use zip::ZipArchive;

use crate::{
    activities::{activity, class_and_template, copy, run, synced},
    projects::{chat, project},
    revisions::{WORDS, act, mark, save, text},
    rooms_support::{Peer, until},
    support::{
        test_app::{TestApp, Visitor},
        traces::traces,
    },
};

const ERASE: &str = "/api/v1/me/erase";

/// What nobody else is called.
pub(crate) const NAME: &str = "Zenobia Quagga";
pub(crate) const EMAIL: &str = "zenobia.quagga@example.test";

/// A student of the demo class whose name is found wherever it stands.
pub(crate) struct Zoe {
    pub(crate) visitor: Visitor,
    pub(crate) id: UserId,
}

impl Zoe {
    pub(crate) async fn join(app: &TestApp) -> Zoe {
        let visitor = app.newcomer(NAME).await;
        run(
            app,
            "insert into memberships (class_id, user_id, role)
             select c.id, u.id, 'student' from classes c, users u where u.name = 'Zenobia Quagga'",
        )
        .await;
        let id = visitor.id().await.parse().unwrap();
        Zoe { visitor, id }
    }

    async fn erase(&self) {
        let answer = self.visitor.post(ERASE, json!({"confirm": EMAIL})).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    }

    /// Until nothing is left to be done.
    async fn erased(&self, app: &TestApp) {
        self.erase().await;
        until_gone(&app.database.pool, self.id).await;
    }

    /// What would name them.
    fn needles(&self) -> [String; 4] {
        [self.id.to_string(), self.id.uuid().simple().to_string(), NAME.to_owned(), EMAIL.to_owned()]
    }

    pub(crate) fn assert_unnamed(&self, what: &str, bytes: &[u8]) {
        for needle in self.needles() {
            let needle = needle.as_bytes();
            let found = bytes.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle));
            assert!(!found, "{what} names them: {}", String::from_utf8_lossy(bytes));
        }
    }

    pub(crate) async fn assert_untraced(&self, db: &PgPool) {
        for needle in self.needles() {
            assert_eq!(traces(db, &needle).await, Vec::<String>::new(), "{needle}");
        }
    }
}

async fn exists(db: &PgPool, user: UserId) -> bool {
    let found = sqlx::query_scalar("select exists (select from users where id = $1)").bind(user.uuid());
    found.fetch_one(db).await.unwrap()
}

pub(crate) async fn until_gone(db: &PgPool, user: UserId) {
    until(async || !exists(db, user).await).await;
}

pub(crate) async fn comment(
    by: &Visitor,
    talk: &str,
    peer: &mut Peer,
    highlight: HighlightId,
    body: &str,
) -> CommentId {
    peer.until(|peer| document::highlight(&Roots::of(&peer.doc), &peer.doc.transact(), highlight).is_some()).await;
    let id = CommentId::new();
    act(by, talk, peer, Command::Comment { highlight, id, body: body.to_owned(), parent: None }).await;
    id
}

async fn answer_to(
    by: &Visitor,
    talk: &str,
    peer: &mut Peer,
    (highlight, parent): (HighlightId, CommentId),
    body: &str,
) {
    let is_there = |peer: &Peer| {
        let highlight = document::highlight(&Roots::of(&peer.doc), &peer.doc.transact(), highlight);
        highlight.is_some_and(|it| it.comments.iter().any(|comment| comment.id == parent))
    };
    peer.until(is_there).await;
    let say = Command::Comment { highlight, id: CommentId::new(), body: body.to_owned(), parent: Some(parent) };
    act(by, talk, peer, say).await;
}

pub(crate) async fn respond(peer: &mut Peer, author: UserId, words: &str) {
    peer.edit(|doc| doc.get_or_insert_text(format!("response:{author}")).insert(&mut doc.transact_mut(), 0, words))
        .await;
    peer.settle().await;
}

pub(crate) async fn note(peer: &mut Peer, words: &str) {
    peer.write(words).await;
    peer.settle().await;
}

pub(crate) fn bytes(peer: &Peer) -> Vec<u8> {
    peer.doc.transact().encode_state_as_update_v1(&StateVector::default())
}

pub(crate) fn whole(peer: &Peer) -> document::whole::Whole {
    rules::whole(&peer.doc).unwrap()
}

/// A file, and what is in it where it is a zip.
async fn taken(by: &Visitor, path: &str) -> Vec<(String, Vec<u8>)> {
    let answer = by.request(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    let bytes = answer.bytes().await.unwrap().to_vec();
    let mut parts = vec![(path.to_owned(), bytes.clone())];
    if let Ok(mut zip) = ZipArchive::new(Cursor::new(bytes)) {
        for index in 0..zip.len() {
            let mut entry = zip.by_index(index).unwrap();
            let mut part = Vec::new();
            entry.read_to_end(&mut part).unwrap();
            parts.push((format!("{path} · {}", entry.name().unwrap()), part));
        }
    }
    parts
}

fn files_under(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { files_under(&entry.path()) } else { 1 }).sum()
}

pub(crate) async fn count(db: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(db).await.unwrap()
}

/// A conversation of the class in which they marked, said, noted and answered, once before its text was edited, and in which
/// others speak to them.
pub(crate) async fn discussed(olga: &Visitor, zoe: &Zoe) -> (String, HighlightId) {
    let talk = olga.conversation("Harbour", WORDS, "class").await;
    let (mut hers, mut theirs) = (synced(olga, &talk).await, synced(&zoe.visitor, &talk).await);
    let passage = mark(&zoe.visitor, &talk, &mut theirs, "leave before dawn").await;
    let said = comment(&zoe.visitor, &talk, &mut theirs, passage, "Before dawn it is dark.").await;
    // As the app writes it.
    let mention = format!("Do you agree, {}?", prose::mention(NAME, zoe.id));
    answer_to(olga, &talk, &mut hers, (passage, said), &mention).await;
    mark(&zoe.visitor, &talk, &mut theirs, "follow the boats everywhere").await;
    respond(&mut theirs, zoe.id, "My answer is the tide.").await;
    note(&mut theirs, "Theirs in the notes. ").await;
    hers.until(|peer| peer.notes().contains("Theirs")).await;
    // Bit by bit, as people type.
    let (head, tail) = (&zoe.id.to_string()[..9], &zoe.id.to_string()[9..]);
    note(&mut hers, &format!("Ask {tail}. ")).await;
    let at = hers.notes().find(tail).unwrap() as u32;
    hers.edit(|doc| Roots::of(doc).notes.insert(&mut doc.transact_mut(), at, head)).await;
    hers.settle().await;
    // And at once.
    note(&mut hers, &format!("Or {}. ", zoe.id)).await;
    let (base, mut messages) = text(olga, &talk).await;
    messages[0]["markdown"] = "Why is the port so quiet in the early morning?".into();
    save(olga, &talk, base, &messages).await;
    (talk, passage)
}

/// What is theirs alone: a conversation, a project with a file and a chat, and all that programs come by.
pub(crate) async fn own_things(app: &TestApp, zoe: &Zoe) -> String {
    let me = &zoe.visitor;
    let talk = me.conversation("A diary", "Nobody reads this diary.", "none").await;
    let mut peer = synced(me, &talk).await;
    note(&mut peer, "Words of a diary.").await;
    let path = project(me, "Thesis on Quagga-7").await;
    chat(me, &path).await;
    let added = me.upload(&format!("{path}/files"), "draft.txt", "Drafted by a quagga").await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
    let hook =
        me.post("/api/v1/webhooks", json!({"url": "https://receiver.example/", "about": format!("/c/{talk}")})).await;
    assert_eq!(hook.status, StatusCode::CREATED, "{}", hook.body);
    run(
        app,
        "insert into roster_entries (id, class_id, email, name, role)
         select gen_random_uuid(), id, 'zenobia.quagga@example.test', 'Zenobia Quagga', 'student' from classes",
    )
    .await;
    run(
        app,
        "insert into export_jobs (id, conversation_id, user_id, format, state)
         select gen_random_uuid(), gen_random_uuid(), id, 'pdf', 'queued' from users where name = 'Zenobia Quagga'",
    )
    .await;
    talk
}

/// Updates that wait apart from a copy: one of theirs that came late, and one of somebody else's that was refused.
pub(crate) async fn waiting(db: &PgPool, copy: &str, zoe: &Zoe, update: &[u8]) {
    for query in [
        "insert into late_work (conversation_id, user_id, update) select $1, id, $3 from users where id = $2",
        "insert into refused_update (id, conversation_id, user_id, update, code)
         select gen_random_uuid(), $1, id, $3, 'x' from users where name = 'Demo Student 1' and id <> $2",
    ] {
        let query = sqlx::query(query).bind(copy.parse::<uuid::Uuid>().unwrap()).bind(zoe.id.uuid()).bind(update);
        assert_eq!(query.execute(db).await.unwrap().rows_affected(), 1);
    }
}

#[tokio::test]
async fn whoever_is_erased_leaves_no_trace_and_their_words_stay_by_a_former_member() {
    let app = TestApp::start().await;
    let (olga, ben) = (app.person("instructor").await, app.person("student-1").await);
    let zoe = Zoe::join(&app).await;
    let (talk, passage) = discussed(&olga, &zoe).await;
    let diary = own_things(&app, &zoe).await;
    let (class, template) = class_and_template(&olga).await;
    let task = activity(&olga, &class, &template, "individual").await;
    let (theirs, his) = (copy(&zoe.visitor, &task).await, copy(&ben, &task).await);
    let mut peer = synced(&zoe.visitor, &theirs).await;
    mark(&zoe.visitor, &theirs, &mut peer, "Some words").await;
    mark(&ben, &his, &mut synced(&ben, &his).await, "Some words").await;
    waiting(&app.database.pool, &theirs, &zoe, &bytes(&peer)).await;
    let (_, token) = zoe.visitor.token("x").await;
    let db = &app.database.pool;
    for needle in [zoe.id.to_string(), EMAIL.to_owned(), NAME.to_owned(), "quagga".to_owned()] {
        assert!(!traces(db, &needle).await.is_empty(), "{needle} can be found");
    }
    assert_eq!(files_under(&app.uploads), 1);

    let foreseen = zoe.visitor.get(ERASE).await.json();
    let expected = json!({
        "conversations": 2, "shared": 0, "stays": 0, "projects": 1, "last_admin": false, "sign_in_again": false,
        "classes": [{"id": class, "name": "Demo class", "when_erased": "keep", "last_instructor": false}],
    });
    assert_eq!(foreseen, expected);
    let mut open = synced(&zoe.visitor, &talk).await;
    let mut others = synced(&olga, &talk).await;
    let mut by_token = zoe.visitor.sync_by_token(&talk, &token).await;
    zoe.erase().await;
    assert_eq!(open.until_closed().await, Some(CloseCode::Denied));
    by_token.until_closed().await;
    assert_eq!(zoe.visitor.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
    let bearer = |request: reqwest::RequestBuilder| request.bearer_auth(&token);
    let program = app.stranger().send(Method::GET, "/api/v1/me", bearer).await;
    assert_eq!(program.status, StatusCode::UNAUTHORIZED);
    assert_eq!(others.until_closed().await, Some(CloseCode::WrongEpoch), "whoever has it open holds the one before");
    until_gone(db, zoe.id).await;

    zoe.assert_untraced(db).await;
    assert_eq!(traces(db, "diary").await, Vec::<String>::new());
    assert_eq!(traces(db, "Quagga-7").await, Vec::<String>::new());
    assert_eq!((files_under(&app.uploads), count(db, "select count(*) from projects").await), (0, 0));
    assert_eq!(olga.get(&format!("/api/v1/conversations/{diary}")).await.status, StatusCode::NOT_FOUND);

    // Their words are there as ever, one voice in one place and another in the other.
    let peer = synced(&olga, &talk).await;
    zoe.assert_unnamed("the document", &bytes(&peer));
    let now = whole(&peer);
    let former = now.highlights[&passage].author;
    assert_eq!(now.responses[&former], "My answer is the tide.");
    assert_eq!(now.notes, format!("Theirs in the notes. Ask {former}. Or {former}. "));
    let bodies: Vec<_> =
        now.highlights[&passage].comments.values().map(|it| (it.author == former, &*it.body)).collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.contains(&(true, "Before dawn it is dark.")), "{bodies:?}");
    assert!(bodies.contains(&(false, &format!("Do you agree, [@Former member](mention:{former})?"))), "{bodies:?}");
    // Whoever has the one before open, and types there, has them taken out by what is new.
    let update = Update::decode_v1(&bytes(&peer)).unwrap();
    others.doc.transact_mut().apply_update(update).unwrap();
    assert_eq!(others.notes(), now.notes);
    let peer = synced(&olga, &theirs).await;
    zoe.assert_unnamed("the copy", &bytes(&peer));
    let in_copy: Vec<_> = whole(&peer).highlights.values().map(|it| it.author).collect();
    assert!(in_copy.len() == 1 && in_copy[0] != former, "nothing leads from one to the other");
    assert_everything_others_get(&olga, &zoe, &talk, &task, &theirs).await;

    // All copies are merged as ever.
    let revealed = olga.post(&format!("{task}/reveal"), json!({"copies": [theirs, his]})).await;
    assert_eq!(revealed.status, StatusCode::CREATED, "{}", revealed.body);
    let together = revealed.json()["id"].as_str().unwrap().to_owned();
    let peer = synced(&ben, &together).await;
    zoe.assert_unnamed("what is revealed", &bytes(&peer));
    let authors: Vec<_> = whole(&peer).highlights.values().map(|it| it.author).collect();
    assert!(authors.len() == 2 && authors.contains(&in_copy[0]), "{authors:?}");
    let people = ben.get(&format!("/api/v1/conversations/{together}/people")).await.body;
    assert!(people.contains("Former member"), "{people}");
    zoe.assert_untraced(db).await;
}

/// Lists, pages and files.
async fn assert_everything_others_get(olga: &Visitor, zoe: &Zoe, talk: &str, task: &str, theirs: &str) {
    let at = |path: &str| format!("/api/v1/conversations/{talk}{path}");
    let mut answers = Vec::new();
    for path in [
        at(""),
        at("/people"),
        at("/revisions"),
        at("/revisions/1"),
        at("/deleted"),
        at("/agreement"),
        at("/sharing"),
        "/api/v1/notices".into(),
        "/api/v1/classes".into(),
        "/api/v1/conversations".into(),
        task.to_owned(),
        format!("{task}/overview"),
        format!("{task}/overview.csv"),
        format!("{task}/export?format=jsonld"),
        format!("{task}/export?format=csv"),
        format!("/c/{talk}"),
        format!("/c/{theirs}"),
        format!("/c/{talk}/revisions/1"),
        format!("/c/{talk}/annotations"),
        format!("/activities/{}/overview", task.rsplit('/').next().unwrap()),
    ] {
        answers.extend(taken(olga, &path).await);
    }
    for format in ["jsonld", "csv", "markdown", "html", "docx", "annotations", "bundle"] {
        answers.extend(taken(olga, &at(&format!("/export?format={format}"))).await);
    }
    for (what, bytes) in &answers {
        zoe.assert_unnamed(what, bytes);
        assert!(!bytes.windows(14).any(|window| window == b"erased.invalid"), "{what} shows an address of nobody");
    }
    let names_them = |path: &str| {
        let of = answers.iter().filter(|(what, _)| what.starts_with(path));
        of.into_iter().any(|(_, bytes)| bytes.windows(13).any(|window| window == b"Former member"))
    };
    for path in [at("/people"), at("/export?format=markdown"), at("/export?format=bundle"), format!("{task}/overview")]
    {
        assert!(names_them(&path), "{path}");
    }
    let found = olga.get("/api/v1/search?q=dawn").await;
    zoe.assert_unnamed("a search", found.body.as_bytes());
}
