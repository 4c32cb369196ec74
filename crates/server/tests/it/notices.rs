//! Inboxes: who is told of a comment, who is not, and what becomes of it.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use server::{notices::record::MAX_KEPT, rooms::Rooms};
use shared::{
    ids::{CommentId, HighlightId, UserId},
    prose,
};
use yrs::{Any, Doc, In, Map, MapPrelim, MapRef, Out, Transact, TransactionMut, any};

use crate::{
    rooms_support::{Peer, Wire, doc, never, person},
    support::test_app::{TestApp, Visitor},
};

/// A conversation of the class with a highlight of Ann's: she and Ben are students, Olga teaches and owns it.
pub struct Scene {
    pub app: TestApp,
    pub olga: Reader,
    pub ann: Reader,
    pub ben: Reader,
    pub talk: String,
    message: String,
    pub highlight: HighlightId,
}

pub struct Reader {
    pub visitor: Visitor,
    pub id: UserId,
}

impl Reader {
    async fn of(app: &TestApp, key: &str) -> Self {
        let visitor = app.person(key).await;
        let id = visitor.id().await.parse().unwrap();
        Self { visitor, id }
    }

    /// What stands in the inbox: kind, excerpt, and whether it is read.
    async fn inbox(&self) -> Vec<(String, String, bool)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let inbox = self.visitor.get("/api/v1/notices").await.json();
        let notices = inbox["notices"].as_array().unwrap();
        let unread = notices.iter().filter(|notice| notice["read"] == false).count();
        assert_eq!(inbox["unread"], unread, "{inbox}");
        let line =
            |notice: &Value| (text(&notice["kind"]), text(&notice["excerpt"]), notice["read"].as_bool().unwrap());
        notices.iter().map(line).collect()
    }

    async fn kinds(&self) -> Vec<String> {
        self.inbox().await.into_iter().map(|(kind, ..)| kind).collect()
    }

    async fn read_all(&self) {
        let inbox = self.visitor.get("/api/v1/notices").await.json();
        let answer = self.visitor.post("/api/v1/notices/read", json!({"up_to": inbox["notices"][0]["id"]})).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"unread": 0})));
    }
}

impl Scene {
    async fn new() -> Self {
        Self::over(TestApp::start().await).await
    }

    pub async fn over(app: TestApp) -> Self {
        let (olga, ann, ben) =
            tokio::join!(Reader::of(&app, "instructor"), Reader::of(&app, "student-1"), Reader::of(&app, "student-2"));
        let talk = olga.visitor.conversation("Bread & <butter>", "Some words to mark.", "class").await;
        let read = olga.visitor.get(&format!("/api/v1/conversations/{talk}")).await.json();
        let message = read["messages"][0]["id"].as_str().unwrap().to_owned();
        let highlight = HighlightId::new();
        let scene = Self { app, olga, ann, ben, talk, message, highlight };
        let mut peer = scene.peer(&scene.ann).await;
        peer.edit(|doc| scene.mark(doc, highlight, scene.ann.id)).await;
        peer.settle().await;
        scene
    }

    pub async fn peer(&self, who: &Reader) -> Peer {
        let mut peer = who.visitor.sync(&self.talk).await;
        peer.settle().await;
        peer
    }

    fn mark(&self, doc: &Doc, id: HighlightId, author: UserId) {
        let message = self.message.clone();
        let target = any!([{"message": message, "start": 5, "end": 10, "exact": "words", "prefix": "", "suffix": ""}]);
        let fields: [(&str, In); 7] = [
            ("targets", target.into()),
            ("author", author.to_string().into()),
            ("created_at", 1.into()),
            ("tags", MapPrelim::default().into()),
            ("resolved", Any::Null.into()),
            ("deleted", Any::Null.into()),
            ("comments", MapPrelim::default().into()),
        ];
        let highlights = doc.get_or_insert_map("highlights");
        highlights.insert(&mut doc.transact_mut(), id.to_string(), MapPrelim::from_iter(fields));
    }

    /// Somebody comments on the highlight, and it is committed.
    pub async fn says(&self, who: &Reader, body: &str) -> CommentId {
        let id = CommentId::new();
        let mut peer = self.peer(who).await;
        peer.edit(|doc| add(doc, self.highlight, id, who.id, body)).await;
        peer.settle().await;
        assert_eq!(peer.refused, []);
        id
    }

    /// Somebody changes fields of a comment.
    pub async fn changes(&self, who: &Reader, id: CommentId, fields: &[(&str, Any)]) {
        let mut peer = self.peer(who).await;
        peer.edit(|doc| {
            let highlights = doc.get_or_insert_map("highlights");
            let mut txn = doc.transact_mut();
            let comments = inner(&inner(&highlights, &txn, &self.highlight.to_string()), &txn, "comments");
            let comment = inner(&comments, &txn, &id.to_string());
            for (key, value) in fields {
                comment.insert(&mut txn, *key, value.clone());
            }
        })
        .await;
        peer.settle().await;
        assert_eq!(peer.refused, []);
    }

    /// The highlight's author marks it deleted, or takes that back.
    pub async fn deletes_highlight(&self, deleted: Any) {
        let mut peer = self.peer(&self.ann).await;
        peer.edit(|doc| {
            let highlights = doc.get_or_insert_map("highlights");
            let mut txn = doc.transact_mut();
            inner(&highlights, &txn, &self.highlight.to_string()).insert(&mut txn, "deleted", deleted);
        })
        .await;
        peer.settle().await;
        assert_eq!(peer.refused, []);
    }

    async fn count(&self) -> i64 {
        sqlx::query_scalar("select count(*) from notices").fetch_one(&self.app.database.pool).await.unwrap()
    }

    pub async fn sql(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.app.database.pool).await.unwrap();
    }
}

pub fn inner(map: &MapRef, txn: &TransactionMut<'_>, key: &str) -> MapRef {
    match map.get(txn, key) {
        Some(Out::YMap(map)) => map,
        other => panic!("no map at {key}: {other:?}"),
    }
}

pub fn add(doc: &Doc, highlight: HighlightId, id: CommentId, author: UserId, body: &str) {
    let highlights = doc.get_or_insert_map("highlights");
    let mut txn = doc.transact_mut();
    let comments = inner(&inner(&highlights, &txn, &highlight.to_string()), &txn, "comments");
    let fields: [(&str, Any); 3] =
        [("author", author.to_string().into()), ("created_at", 2.into()), ("body", body.into())];
    comments.insert(&mut txn, id.to_string(), MapPrelim::from(fields));
}

pub fn call(people: &[UserId]) -> String {
    people.iter().map(|id| prose::mention("X", *id)).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_comment_tells_whom_it_mentions_and_whom_it_answers() {
    let scene = Scene::new().await;
    let id = scene.says(&scene.ben, &format!("**Why**, {}?", call(&[scene.olga.id]))).await;
    let inbox = scene.olga.visitor.get("/api/v1/notices").await.json();
    let notice = &inbox["notices"][0];
    let expected = json!({
        "id": notice["id"], "kind": "mention", "conversation": scene.talk, "title": "Bread & <butter>",
        "highlight": scene.highlight, "comment": id, "by": {"id": scene.ben.id, "name": "Demo Student 2"},
        "excerpt": "Why, @X?", "created_at": notice["created_at"], "read": false,
    });
    assert_eq!((notice, &inbox["unread"], &inbox["next"]), (&expected, &json!(1), &Value::Null));
    assert_eq!(scene.ann.kinds().await, ["reply"], "it is about her highlight");
    assert_eq!(scene.ben.kinds().await, [""; 0], "never to oneself");
    // Now Ben has a part in it too.
    scene.says(&scene.olga, "Because").await;
    assert_eq!((scene.ann.kinds().await.len(), scene.ben.kinds().await), (2, vec!["reply".to_owned()]));
    assert_eq!(scene.olga.kinds().await.len(), 1);
}

#[tokio::test]
async fn a_mention_wins_and_there_is_one_notice_for_each_person_and_comment() {
    let scene = Scene::new().await;
    scene.says(&scene.ben, &call(&[scene.ann.id, scene.ben.id, scene.ann.id])).await;
    assert_eq!(scene.ann.kinds().await, ["mention"]);
    assert_eq!(scene.count().await, 1);
}

#[tokio::test]
async fn an_edit_tells_who_is_mentioned_only_now_and_takes_back_what_is_not_there_any_more() {
    let scene = Scene::new().await;
    let id = scene.says(&scene.ben, "Why?").await;
    scene.ann.read_all().await;
    let body = |text: String| [("body", Any::from(text)), ("edited_at", Any::from(3))];
    scene.changes(&scene.ben, id, &body("Why not?".into())).await;
    assert_eq!(scene.ann.inbox().await, [("reply".into(), "Why not?".into(), true)], "other words alone are no news");
    scene.changes(&scene.ben, id, &body(format!("Why? {}", call(&[scene.ann.id, scene.olga.id])))).await;
    assert_eq!(scene.ann.inbox().await, [("mention".into(), "Why? @X @X".into(), false)]);
    scene.ann.read_all().await;
    scene.changes(&scene.ben, id, &body(format!("Why? {}", call(&[scene.ann.id])))).await;
    assert_eq!(scene.ann.inbox().await, [("mention".into(), "Why? @X".into(), true)], "mentioned before");
    assert_eq!(scene.olga.kinds().await, [""; 0]);
    scene.changes(&scene.ben, id, &body("Why?".into())).await;
    assert_eq!(scene.count().await, 0);
}

#[tokio::test]
async fn what_is_deleted_is_not_shown_and_comes_back_as_it_was() {
    let scene = Scene::new().await;
    let (words, id) = (call(&[scene.olga.id]), scene.says(&scene.ben, &call(&[scene.olga.id])).await);
    scene.olga.read_all().await;
    scene.changes(&scene.ben, id, &[("deleted", true.into()), ("body", "".into())]).await;
    assert_eq!((scene.olga.kinds().await.len(), scene.ann.kinds().await.len()), (0, 0));
    let kept: Vec<String> =
        sqlx::query_scalar("select excerpt from notices").fetch_all(&scene.app.database.pool).await.unwrap();
    assert_eq!(kept, ["", ""], "the words are gone");
    scene.changes(&scene.ben, id, &[("deleted", false.into()), ("body", words.as_str().into())]).await;
    assert_eq!(scene.olga.inbox().await, [("mention".into(), "@X".into(), true)]);
    assert_eq!(scene.ann.inbox().await, [("reply".into(), "@X".into(), false)]);

    let by = scene.ann.id.to_string();
    scene.deletes_highlight(any!({"by": by, "at": 3})).await;
    scene.says(&scene.ben, "said in a train").await;
    assert_eq!((scene.olga.kinds().await.len(), scene.ann.kinds().await.len()), (0, 0));
    scene.deletes_highlight(Any::Null).await;
    assert_eq!((scene.olga.kinds().await.len(), scene.ann.kinds().await.len()), (1, 2));
}

#[tokio::test]
async fn a_notice_is_shown_only_as_long_as_its_reader_may_see_the_conversation() {
    let scene = Scene::new().await;
    scene.says(&scene.ben, &call(&[scene.ann.id])).await;
    let shared = "update conversations set share = 'class' where title like 'Bread%'";
    let hidden = "update conversations set share = 'none' where title like 'Bread%'";
    scene.sql(hidden).await;
    assert_eq!(scene.ann.inbox().await, []);
    assert_eq!(scene.ann.visitor.get("/api/v1/notices").await.json()["unread"], 0);
    scene.sql(shared).await;
    assert_eq!(scene.ann.kinds().await, ["mention"]);
    // Who has no access when it is said is not told, not even later.
    scene.sql(hidden).await;
    scene.says(&scene.olga, &call(&[scene.ann.id, scene.ben.id])).await;
    scene.sql(shared).await;
    assert_eq!((scene.ann.kinds().await.len(), scene.ben.kinds().await.len()), (1, 0));
}

#[tokio::test]
async fn nobody_is_told_who_is_nobody_or_has_no_access() {
    let scene = Scene::new().await;
    let stranger = person(&scene.app.database.pool, "A stranger").await.user;
    scene.says(&scene.ben, &call(&[stranger, UserId::new(), scene.olga.id])).await;
    assert_eq!((scene.olga.kinds().await.len(), scene.count().await), (1, 2), "and Ann, whom it answers");
}

#[tokio::test]
async fn a_comment_of_the_same_id_elsewhere_touches_nobodys_notices() {
    let scene = Scene::new().await;
    let id = scene.says(&scene.ben, &call(&[scene.ann.id])).await;
    // Olga makes the same ids in a conversation of her own, and deletes them there.
    let talk = scene.olga.visitor.conversation("Another", "Some words to mark.", "class").await;
    let read = scene.olga.visitor.get(&format!("/api/v1/conversations/{talk}")).await.json();
    let message = read["messages"][0]["id"].as_str().unwrap().to_owned();
    let other = Scene { talk, message, ..scene };
    let mut peer = other.peer(&other.olga).await;
    peer.edit(|doc| other.mark(doc, other.highlight, other.olga.id)).await;
    peer.edit(|doc| add(doc, other.highlight, id, other.olga.id, &call(&[other.ben.id]))).await;
    peer.settle().await;
    assert_eq!(other.ben.kinds().await, ["mention"]);
    other.changes(&other.olga, id, &[("deleted", true.into()), ("body", "".into())]).await;
    assert_eq!((other.ben.kinds().await.len(), other.ann.kinds().await), (0, vec!["mention".to_owned()]));
}

#[tokio::test]
async fn a_stock_client_tells_like_any_other() {
    let scene = Scene::new().await;
    let (_, token) = scene.ben.visitor.token("stock").await;
    let url = format!("{}/sync/{}?token={token}", scene.app.origin().replace("http", "ws"), scene.talk);
    let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let mut stock = Peer::over(Wire::Socket(Box::new(socket)), doc()).await;
    stock.until(|peer| peer.synced).await;
    let mut ann = scene.peer(&scene.ann).await;
    let before = ann.heard.len();
    let (id, body) = (CommentId::new(), call(&[scene.ann.id]));
    stock.edit(|doc| add(doc, scene.highlight, id, scene.ben.id, &body)).await;
    // What Ann hears is committed, and her notice with it.
    ann.until(|peer| peer.heard[before..].contains(&0)).await;
    assert_eq!(scene.ann.kinds().await, ["mention"]);
}

#[tokio::test]
async fn the_same_update_again_tells_nobody_twice_not_even_after_a_restart() {
    let scene = Scene::new().await;
    let mut peer = scene.peer(&scene.ben).await;
    let id = CommentId::new();
    let (highlight, ben, body) = (scene.highlight, scene.ben.id, call(&[scene.ann.id]));
    let update = peer.edit_silently(|doc| add(doc, highlight, id, ben, &body));
    peer.say_update(&update).await;
    peer.say_update(&update).await;
    peer.settle().await;
    scene.ann.read_all().await;
    let mut again = scene.peer(&scene.ben).await;
    again.say_update(&update).await;
    again.settle().await;
    assert_eq!(scene.ann.inbox().await, [("mention".into(), "@X".into(), true)]);
    // Another server on the same database, from the log and from a snapshot.
    scene.app.rooms.shutdown().await;
    let db = &scene.app.database.pool;
    let rooms = Rooms::with_timing(db.clone(), never());
    let mut member = person(db, "Ben elsewhere").await;
    member.user = scene.ben.id;
    let mut peer = Peer::join(&rooms, scene.talk.parse().unwrap(), &member).await;
    peer.settle().await;
    peer.say_update(&update).await;
    peer.settle().await;
    assert_eq!(scene.ann.inbox().await, [("mention".into(), "@X".into(), true)]);
}

#[tokio::test]
async fn what_comes_at_once_after_an_absence_tells_what_it_came_to() {
    let scene = Scene::new().await;
    let mut peer = scene.peer(&scene.ben).await;
    let (kept, gone) = (CommentId::new(), CommentId::new());
    let (highlight, ben, ann, olga) = (scene.highlight, scene.ben.id, scene.ann.id, scene.olga.id);
    let set = |doc: &Doc, id: CommentId, key: &str, value: Any| {
        let highlights = doc.get_or_insert_map("highlights");
        let mut txn = doc.transact_mut();
        let comments = inner(&inner(&highlights, &txn, &highlight.to_string()), &txn, "comments");
        inner(&comments, &txn, &id.to_string()).insert(&mut txn, key, value);
    };
    // None waits for the one before, so that the server may take several into one commit.
    peer.edit(|doc| add(doc, highlight, kept, ben, &call(&[olga]))).await;
    peer.edit(|doc| set(doc, kept, "body", call(&[ann]).into())).await;
    peer.edit(|doc| add(doc, highlight, gone, ben, &call(&[olga]))).await;
    let delete = peer.edit_silently(|doc| {
        set(doc, gone, "deleted", true.into());
        set(doc, gone, "body", "".into());
    });
    peer.say_update(&delete).await;
    peer.settle().await;
    assert_eq!(peer.refused, []);
    assert_eq!((scene.ann.kinds().await, scene.olga.kinds().await.len()), (vec!["mention".to_owned()], 0));
}

#[tokio::test]
async fn fifty_mentions_of_a_comment_count() {
    let scene = Scene::new().await;
    let db = &scene.app.database.pool;
    let mut people = Vec::new();
    for number in 0..60 {
        let user = person(db, &format!("Student {number}")).await.user;
        let join = "insert into memberships (class_id, user_id, role) select id, $1, 'student' from classes";
        sqlx::query(join).bind(user.uuid()).execute(db).await.unwrap();
        people.push(user);
    }
    scene.says(&scene.ben, &call(&people)).await;
    assert_eq!(scene.count().await, 51, "and Ann, whom it answers");
}

#[tokio::test]
async fn an_inbox_that_is_full_lets_go_of_the_oldest_and_first_of_those_that_were_read() {
    let scene = Scene::new().await;
    let fill =
        "insert into notices (id, user_id, conversation_id, highlight_id, comment_id, kind, by_user, excerpt, read_at)
                select uuidv7_of.id, $1, $2, gen_random_uuid(), gen_random_uuid(), 'reply', $3, 'number ' || n,
                    case when n % 2 = 0 then now() end
                from (
                    select n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id
                    from generate_series(1, $4) as n
                ) as uuidv7_of";
    let talk: uuid::Uuid = scene.talk.parse().unwrap();
    let fill = sqlx::query(fill).bind(scene.ann.id.uuid()).bind(talk).bind(scene.ben.id.uuid());
    fill.bind(i32::try_from(MAX_KEPT).unwrap()).execute(&scene.app.database.pool).await.unwrap();
    scene.says(&scene.ben, "one more").await;
    assert_eq!(scene.count().await, MAX_KEPT - 100);
    let left = "select count(*) from notices where read_at is not null";
    let read: i64 = sqlx::query_scalar(left).fetch_one(&scene.app.database.pool).await.unwrap();
    assert_eq!(read, MAX_KEPT / 2 - 101);
    let oldest = "select excerpt from notices where read_at is not null order by id limit 1";
    let oldest: String = sqlx::query_scalar(oldest).fetch_one(&scene.app.database.pool).await.unwrap();
    assert_eq!(oldest, "number 204");
    assert_eq!(scene.ann.visitor.get("/api/v1/notices").await.json()["unread"], MAX_KEPT / 2 + 1);
}

#[tokio::test]
async fn a_fault_in_telling_takes_nobodys_words_with_it() {
    let scene = Scene::new().await;
    scene.sql("alter table notices rename to elsewhere").await;
    scene.says(&scene.ben, &call(&[scene.ann.id])).await;
    scene.sql("alter table elsewhere rename to notices").await;
    assert_eq!(scene.count().await, 0);
    scene.says(&scene.ben, &call(&[scene.ann.id])).await;
    assert_eq!(scene.ann.kinds().await, ["mention"]);
}

#[tokio::test]
async fn nobody_sees_or_marks_anothers_and_pages_follow_one_another() {
    let scene = Scene::new().await;
    for number in 0..5 {
        scene.says(&scene.ben, &format!("number {number}")).await;
    }
    let (ann, olga) = (&scene.ann.visitor, &scene.olga.visitor);
    let page = |query: String| async move { ann.get(&format!("/api/v1/notices?{query}")).await.json() };
    let excerpts = |page: &Value| {
        let notices = page["notices"].as_array().unwrap().iter();
        notices.map(|notice| notice["excerpt"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = page("limit=2".into()).await;
    assert_eq!((excerpts(&first), &first["unread"]), (vec!["number 4".to_owned(), "number 3".into()], &json!(5)));
    let second = page(format!("limit=2&before={}", first["next"].as_str().unwrap())).await;
    assert_eq!(excerpts(&second), ["number 2", "number 1"]);
    let last = page(format!("limit=2&before={}", second["next"].as_str().unwrap())).await;
    assert_eq!((excerpts(&last), &last["next"]), (vec!["number 0".to_owned()], &Value::Null));

    let id = first["notices"][0]["id"].clone();
    assert_eq!(olga.get("/api/v1/notices").await.json()["notices"], json!([]));
    for body in [json!({"ids": [id]}), json!({"up_to": id})] {
        let answer = olga.post("/api/v1/notices/read", body).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"unread": 0})));
    }
    assert_eq!(page("limit=1".into()).await["unread"], 5);
    let read = ann.post("/api/v1/notices/read", json!({"ids": [id]})).await.json();
    assert_eq!(read["unread"], 4);
    let read = ann.post("/api/v1/notices/read", json!({"up_to": second["notices"][0]["id"]})).await.json();
    assert_eq!(read["unread"], 1, "the second of the newest is left");
}

#[tokio::test]
async fn what_the_inbox_cannot_be_asked_is_said() {
    let scene = Scene::new().await;
    let ann = &scene.ann.visitor;
    for query in ["limit=0", "limit=101", "limit=x", "before=x", "before=00000000", "what=1"] {
        let answer = ann.get(&format!("/api/v1/notices?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        answer.problem();
    }
    let id = UserId::new();
    for body in [json!({}), json!({"ids": []}), json!({"ids": [id], "up_to": id}), json!({"ids": vec![id; 101]})] {
        let answer = ann.post("/api/v1/notices/read", body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        answer.problem();
    }
    let stranger = scene.app.stranger();
    assert_eq!(stranger.get("/api/v1/notices").await.status, StatusCode::UNAUTHORIZED);
    let answer = stranger.post("/api/v1/notices/read", json!({"ids": [id]})).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let foreign = |path: &'static str| {
        ann.send(Method::POST, path, |request| {
            request.header(header::ORIGIN, "https://elsewhere.example").json(&json!({"ids": [id]}))
        })
    };
    for path in ["/api/v1/notices/read", "/inbox/read"] {
        assert_eq!(foreign(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn the_inbox_is_a_page_and_each_page_counts() {
    let scene = Scene::new().await;
    let ann = &scene.ann.visitor;
    assert!(ann.get("/inbox").await.body.contains("Nothing yet."));
    let id = scene.says(&scene.ben, "<b>\"Why\"</b> & how").await;
    let page = ann.get("/inbox").await.body;
    let link = format!("/c/{}#h={}&amp;c={id}", scene.talk, scene.highlight);
    for part in [&*link, "Demo Student 2", "&lt;b&gt;\"Why\"&lt;/b&gt; &amp; how", "Bread &amp; &lt;butter&gt;"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for path in ["/", "/inbox", "/import", &format!("/c/{}", scene.talk), "/nowhere"] {
        assert!(ann.get(path).await.body.contains("aria-label=\"Inbox, 1 unread\""), "{path}");
    }
    let newest = ann.get("/api/v1/notices").await.json()["notices"][0]["id"].as_str().unwrap().to_owned();
    let origin = scene.app.origin();
    let form = |request: reqwest::RequestBuilder| {
        let request = request.header(header::ORIGIN, &origin);
        request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(format!("up_to={newest}"))
    };
    let answer = ann.send(Method::POST, "/inbox/read", form).await;
    assert_eq!((answer.status, &answer.headers[header::LOCATION]), (StatusCode::SEE_OTHER, &"/inbox".parse().unwrap()));
    assert!(ann.get("/").await.body.contains("aria-label=\"Inbox\""));
    let answer = scene.app.stranger().get("/inbox").await;
    assert_eq!(answer.headers[header::LOCATION], "/sign-in?next=%2Finbox");
}
