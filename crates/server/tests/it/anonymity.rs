//! Anonymous conversations from three perspectives: who writes, a peer, and staff. And texts that are protected.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::{
    ids::{CommentId, HighlightId, UserId},
    sync::CloseCode,
};
use yrs::{ReadTxn, StateVector, Text, Transact};

use crate::{
    notices::{add, call},
    rooms_support::{Peer, highlight, until},
    support::test_app::{Answer, TestApp, Visitor},
};

const ADDRESS: &str = "/api/v1/conversations";

/// An anonymous conversation of a student, shared with the class; everybody has opened it once.
struct Scene {
    app: TestApp,
    /// A student, and its owner.
    ann: Reader,
    /// Another student.
    ben: Reader,
    /// Teaches the class.
    olga: Reader,
    talk: String,
}

struct Reader {
    visitor: Visitor,
    user: String,
    /// What nobody else may find where it is anonymous: name and address.
    name: String,
    email: String,
    /// Who they are in the document.
    author: UserId,
    seen_as: String,
}

impl Reader {
    async fn of(visitor: Visitor, talk: &str) -> Self {
        let me = visitor.get("/api/v1/me").await.json();
        let read = visitor.get(&format!("{ADDRESS}/{talk}")).await.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            user: text(&me["id"]),
            name: text(&me["name"]),
            email: text(&me["email"]),
            author: text(&read["author_id"]).parse().unwrap(),
            seen_as: text(&read["anonymity"]["seen_as"]),
            visitor,
        }
    }

    async fn peer(&self, talk: &str) -> Peer {
        let mut peer = self.visitor.sync(talk).await;
        peer.settle().await;
        peer
    }

    /// What may not be found anywhere in what others get.
    fn secrets(&self) -> [&str; 3] {
        [&self.user, &self.name, &self.email]
    }
}

/// Makes one; its message has the conversation's id, as helpers expect.
async fn talk_of(app: &TestApp, owner: &Visitor, share: &str) -> String {
    let body = json!({"title": "A talk", "text": "Some words to mark.", "share": share, "anonymous": true});
    let made = owner.post(ADDRESS, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    sql(app, "update messages set id = conversation_id where text = 'Some words to mark.'").await;
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn sql(app: &TestApp, sql: &'static str) {
    assert!(sqlx::query(sql).execute(&app.database.pool).await.unwrap().rows_affected() > 0, "{sql}");
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn assert_hides(what: &str, found: &[u8], reader: &Reader) {
    for secret in reader.secrets() {
        assert!(!holds(found, secret), "{what} tells {secret}: {}", String::from_utf8_lossy(found));
    }
}

fn bytes(peer: &Peer) -> Vec<u8> {
    peer.doc.transact().encode_state_as_update_v1(&StateVector::default())
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let [ann, ben, olga] =
            [app.person("student-1").await, app.person("student-2").await, app.person("instructor").await];
        let talk = talk_of(&app, &ann, "class").await;
        let [ann, ben, olga] = [ann, ben, olga].map(|visitor| Reader::of(visitor, &talk));
        let (ann, ben, olga) = (ann.await, ben.await, olga.await);
        Self { app, ann, ben, olga, talk }
    }

    /// Somebody marks the text, says something there, and writes in the notes and a response.
    async fn writes(&self, who: &Reader, words: &str) -> (HighlightId, CommentId) {
        let (mut peer, comment) = (who.peer(&self.talk).await, CommentId::new());
        let (talk, author) = (self.talk.parse().unwrap(), who.author);
        let mut marked = None;
        peer.edit(|doc| marked = Some(highlight(doc, talk, author, false))).await;
        let marked = marked.unwrap();
        peer.edit(|doc| add(doc, marked, comment, author, words)).await;
        peer.write("x").await;
        peer.edit(|doc| {
            doc.get_or_insert_text(format!("response:{author}")).insert(&mut doc.transact_mut(), 0, "Yes.");
        })
        .await;
        peer.settle().await;
        assert_eq!(peer.refused, []);
        (marked, comment)
    }

    async fn get(&self, who: &Reader, part: &str) -> Answer {
        let answer = who.visitor.get(&format!("{ADDRESS}/{}{part}", self.talk)).await;
        assert_eq!(answer.status, StatusCode::OK, "{part}: {}", answer.body);
        answer
    }

    /// Somebody among the people, as `reader` sees them.
    async fn person(&self, reader: &Reader, who: &Reader) -> Value {
        let people = self.get(reader, "/people").await.json();
        let id = who.author.to_string();
        people.as_array().unwrap().iter().find(|person| person["id"] == id.as_str()).cloned().unwrap()
    }
}

#[tokio::test]
async fn a_peer_learns_nothing_and_staff_see_names() {
    let scene = Scene::new().await;
    let Scene { ann, ben, olga, talk, .. } = &scene;
    scene.writes(ann, "I think so.").await;
    scene.writes(ben, &call(&[ann.author])).await;
    scene.writes(olga, "Well.").await;

    let read = scene.get(ann, "").await.json();
    assert_eq!(read["anonymity"]["hidden"], true);
    assert_eq!(read["anonymity"]["names_seen_by"], "staff");
    assert_eq!(read["sees_names"], false, "an owner who is a student sees no names");
    assert_eq!(ann.seen_as.split(' ').count(), 2);
    assert_ne!(ann.seen_as, ben.seen_as);
    assert_eq!(scene.get(olga, "").await.json()["anonymity"]["hidden"], false);
    assert_eq!(olga.seen_as, olga.name);

    // The peer: what anybody could ask for, and the page.
    let mut found = Vec::new();
    for part in ["", "/people", "/rights", "/tags", "/refused"] {
        found.push((part.to_owned(), scene.get(ben, part).await.body));
    }
    for path in [ADDRESS, "/api/v1/notices", &format!("/c/{talk}"), "/", "/inbox"] {
        found.push((path.to_owned(), ben.visitor.get(path).await.body));
    }
    let peer = ben.peer(talk).await;
    for (what, body) in &found {
        assert_hides(what, body.as_bytes(), ann);
    }
    assert_hides("the document", &bytes(&peer), ann);
    assert_hides("the document", &bytes(&peer), ben);
    assert!(!holds(&bytes(&peer), &olga.user), "staff have aliases too");
    assert!(holds(&bytes(&peer), &ann.author.to_string()));

    // Each as each sees them.
    let named =
        |who: &Reader, pseudonym: &Reader| json!({"id": who.author, "name": who.name, "pseudonym": pseudonym.seen_as});
    assert_eq!(scene.person(ben, ann).await, json!({"id": ann.author, "name": ann.seen_as}));
    assert_eq!(scene.person(ben, olga).await, json!({"id": olga.author, "name": olga.name}));
    assert_eq!(scene.person(ben, ben).await, named(ben, ben), "oneself is oneself");
    assert_eq!(scene.person(olga, ann).await, named(ann, ann));
    let of = async |who: &Reader| {
        let listed = who.visitor.get(ADDRESS).await.json();
        let own = listed.as_array().unwrap().iter().find(|line| line["id"] == talk.as_str()).cloned().unwrap();
        own["owner"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (of(ben).await, of(olga).await, of(ann).await),
        (ann.seen_as.clone(), ann.name.clone(), ann.name.clone())
    );

    // Whose it really is, the server knows.
    let authors: Vec<Option<uuid::Uuid>> =
        sqlx::query_scalar("select author from annotation_update union select author from annotation_client")
            .fetch_all(&scene.app.database.pool)
            .await
            .unwrap();
    for reader in [ann, ben, olga] {
        assert!(authors.contains(&Some(reader.user.parse().unwrap())), "{}", reader.name);
    }
}

#[tokio::test]
async fn nobody_writes_under_their_user_id_nor_anothers_alias() {
    let scene = Scene::new().await;
    let talk = scene.talk.parse().unwrap();
    for author in [scene.ben.user.parse().unwrap(), scene.ann.author] {
        let mut peer = scene.ben.peer(&scene.talk).await;
        peer.edit(|doc| {
            highlight(doc, talk, author, false);
        })
        .await;
        peer.settle().await;
        assert_eq!(peer.refused.iter().map(|refused| refused.code.as_str()).collect::<Vec<_>>(), ["forged_author"]);
        let mut peer = scene.ben.peer(&scene.talk).await;
        peer.edit(|doc| {
            doc.get_or_insert_text(format!("response:{author}")).insert(&mut doc.transact_mut(), 0, "x");
        })
        .await;
        peer.settle().await;
        assert_eq!(peer.refused.len(), 1, "another's response");
    }
}

#[tokio::test]
async fn presence_says_the_alias_and_the_pseudonym_whatever_the_client_says() {
    let scene = Scene::new().await;
    let Scene { ann, ben, olga, talk, .. } = &scene;
    let (mut from, mut to) = (ann.peer(talk).await, ben.peer(talk).await);
    let said = json!({
        "user": {"id": ann.user, "name": ann.name, "email": ann.email, "color": "#123456"},
        "name": ann.name, "reads": talk, "responds": true,
    });
    from.announce(7, 1, &said.to_string()).await;
    to.until(|peer| peer.sees(7).is_some()).await;
    let seen: Value = serde_json::from_str(to.sees(7).unwrap()).unwrap();
    assert_eq!(seen, json!({"user": {"id": ann.author, "name": ann.seen_as}, "reads": talk, "responds": true}));
    // All get the same bytes: also staff find the names in the list of people alone.
    let mut staff = olga.peer(talk).await;
    staff.announce(8, 1, &json!({"user": {}}).to_string()).await;
    staff.until(|peer| peer.sees(7).is_some()).await;
    assert_eq!(staff.sees(7), to.sees(7));
    to.until(|peer| peer.sees(8).is_some()).await;
    let seen: Value = serde_json::from_str(to.sees(8).unwrap()).unwrap();
    assert_eq!(seen["user"], json!({"id": olga.author, "name": olga.name}));
}

#[tokio::test]
async fn a_mention_reaches_its_person_and_does_not_say_who_wrote_it() {
    let scene = Scene::new().await;
    let Scene { ann, ben, olga, .. } = &scene;
    scene.writes(ben, &format!("Is it? {}", call(&[ann.author, olga.author]))).await;
    let first = async |who: &Reader| who.visitor.get("/api/v1/notices").await.json()["notices"][0].clone();
    let (to_ann, to_olga) = (first(ann).await, first(olga).await);
    assert_eq!(to_ann["by"], json!({"id": ben.author, "name": ben.seen_as}));
    assert_eq!(to_olga["by"], json!({"id": ben.author, "name": ben.name, "pseudonym": ben.seen_as}));
    assert_hides("the inbox", ann.visitor.get("/inbox").await.body.as_bytes(), ben);
    // An id that is no alias there names nobody: not even the person whose it is elsewhere.
    let strangers: Vec<UserId> = [&ann.user, &olga.user].map(|user| user.parse().unwrap()).into();
    let before = ann.visitor.get("/api/v1/notices").await.json();
    scene.writes(ben, &call(&strangers)).await;
    assert_eq!(ann.visitor.get("/api/v1/notices").await.json(), before);
}

#[tokio::test]
async fn who_becomes_staff_keeps_the_pseudonym_and_sees_names() {
    let scene = Scene::new().await;
    let user: UserId = scene.ben.user.parse().unwrap();
    sqlx::query("update memberships set role = 'tutor' where user_id = $1")
        .bind(user.uuid())
        .execute(&scene.app.database.pool)
        .await
        .unwrap();
    assert_eq!(scene.person(&scene.ann, &scene.ben).await["name"], scene.ben.seen_as.as_str());
    assert_eq!(scene.person(&scene.ben, &scene.ann).await["name"], scene.ann.name.as_str());
    sql(&scene.app, "update classes set archived_at = now()").await;
    assert_eq!(scene.person(&scene.ben, &scene.ann).await["name"], scene.ann.name.as_str(), "also when it is over");
}

#[tokio::test]
async fn in_a_private_share_the_owner_sees_names_and_guests_do_not() {
    let app = TestApp::start().await;
    let owner = app.person("student-1").await;
    let talk = talk_of(&app, &owner, "none").await;
    let made = owner.post(&format!("{ADDRESS}/{talk}/sharing/links"), json!({"access": "annotator", "days": 7})).await;
    let link = made.json()["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let [cat, dan] = [app.newcomer("Cat").await, app.newcomer("Dan").await];
    let preview = cat.get(&format!("/api/v1/links/{link}")).await.json();
    assert_eq!((&preview["owner"], &preview["names_seen_by"]), (&json!("Demo Student 1"), &json!("owner")));
    let page = cat.get(&format!("/s/{link}")).await.body;
    assert!(page.contains("will see a pseudonym"), "{page}");
    for guest in [&cat, &dan] {
        guest.post(&format!("/api/v1/links/{link}/open"), json!({})).await;
        guest.get(&format!("{ADDRESS}/{talk}")).await;
    }
    let people = async |who: &Visitor| who.get(&format!("{ADDRESS}/{talk}/people")).await.body;
    let (of_owner, of_cat) = (people(&owner).await, people(&cat).await);
    assert!(of_owner.contains("\"Cat\"") && of_owner.contains("\"Dan\""), "{of_owner}");
    assert!(of_cat.contains("\"Cat\"") && of_cat.contains("Demo Student 1") && !of_cat.contains("Dan"), "{of_cat}");

    // They were told that the owner sees their names, and no staff.
    let class = owner.get(&format!("{ADDRESS}/{talk}/sharing")).await.json()["classes"][0]["id"].clone();
    let refused = owner.change(Method::PUT, &format!("{ADDRESS}/{talk}/sharing/class"), json!({"class": class})).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::CONFLICT, "names_settled"));
}

#[tokio::test]
async fn an_owner_who_takes_it_out_of_the_class_sees_no_more_names_than_before() {
    let scene = Scene::new().await;
    let Scene { ann, ben, .. } = &scene;
    let path = format!("{ADDRESS}/{}/sharing/class", scene.talk);
    let class = ann.visitor.get(&format!("{ADDRESS}/{}/sharing", scene.talk)).await.json()["class"]["id"].clone();
    let to = async |class: Value| ann.visitor.change(Method::PUT, &path, json!({ "class": class })).await.status;
    scene.writes(ben, "Hm.").await;
    assert_eq!(to(Value::Null).await, StatusCode::NO_CONTENT);
    assert_eq!(ben.visitor.get(&format!("{ADDRESS}/{}", scene.talk)).await.status, StatusCode::NOT_FOUND);
    assert_hides("what is left", scene.get(ann, "/people").await.body.as_bytes(), ben);
    assert_eq!(to(class).await, StatusCode::NO_CONTENT);
    assert_eq!(scene.person(ben, ann).await["name"], ann.seen_as.as_str());
}

#[tokio::test]
async fn it_can_be_changed_until_somebody_has_written() {
    let app = TestApp::start().await;
    let (owner, guest) = (app.person("student-1").await, app.person("student-2").await);
    let talk = owner.conversation("x", "Some words to mark.", "class").await;
    let path = format!("{ADDRESS}/{talk}/sharing/anonymity");
    let set = async |anonymous: bool| owner.change(Method::PUT, &path, json!({ "anonymous": anonymous })).await;
    let user = owner.id().await;
    let mut open = guest.sync(&talk).await;
    open.settle().await;
    assert!(holds(&bytes(&open), &user));

    assert_eq!(set(true).await.status, StatusCode::NO_CONTENT);
    assert_eq!(open.until_closed().await, Some(CloseCode::WrongEpoch));
    let again = Reader::of(guest, &talk).await;
    let mut peer = again.peer(&talk).await;
    assert!(!holds(&bytes(&peer), &user), "nothing of the owner's id is left");
    let shown = owner.get(&format!("{ADDRESS}/{talk}/sharing")).await.json();
    assert_eq!(shown["anonymous"], true);
    assert_eq!(set(true).await.status, StatusCode::NO_CONTENT, "as it is");
    peer.write("here").await;
    peer.settle().await;
    assert_eq!(peer.refused, []);
    let refused = set(false).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::CONFLICT, "written"));
    assert_eq!(owner.get(&format!("{ADDRESS}/{talk}/sharing")).await.json()["anonymous"], true);
    peer.write("and still here").await;
    peer.settle().await;
}

#[tokio::test]
async fn names_come_back_where_nobody_has_written() {
    let scene = Scene::new().await;
    let path = format!("{ADDRESS}/{}/sharing/anonymity", scene.talk);
    let changed = scene.ann.visitor.change(Method::PUT, &path, json!({"anonymous": false})).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.body);
    let read = scene.get(&scene.ben, "").await.json();
    assert_eq!((&read["author_id"], &read["anonymity"]), (&json!(scene.ben.user), &Value::Null));
    let peer = scene.ben.peer(&scene.talk).await;
    assert!(holds(&bytes(&peer), &scene.ann.user) && !holds(&bytes(&peer), &scene.ann.author.to_string()));
}

#[tokio::test]
async fn no_two_people_of_a_conversation_are_called_the_same() {
    let app = TestApp::start().await;
    let owner = app.person("instructor").await;
    let talk = talk_of(&app, &owner, "class").await;
    let mut seen = std::collections::BTreeSet::new();
    // So many that some are drawn twice.
    for number in 0..150 {
        let guest = app.newcomer(&format!("Guest {number}")).await;
        sqlx::query("insert into memberships (class_id, user_id, role) select id, $1, 'student' from classes")
            .bind(guest.id().await.parse::<UserId>().unwrap().uuid())
            .execute(&app.database.pool)
            .await
            .unwrap();
        assert!(seen.insert(Reader::of(guest, &talk).await.seen_as));
    }
}

#[tokio::test]
async fn a_protected_text_is_not_to_be_copied_but_by_its_owner_and_staff() {
    let app = TestApp::start().await;
    let [ann, ben, olga] =
        [app.person("student-1").await, app.person("student-2").await, app.person("instructor").await];
    let talk = ann.conversation("x", "A text.", "class").await;
    let may = async |who: &Visitor| who.get(&format!("{ADDRESS}/{talk}/rights")).await.json()["may_copy"] == true;
    assert!(may(&ann).await && may(&ben).await && may(&olga).await);
    let mut peer = ben.sync(&talk).await;
    peer.settle().await;
    let path = format!("{ADDRESS}/{talk}/sharing/protection");
    let set = ann.change(Method::PUT, &path, json!({"copy_protected": true})).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT);
    assert!(may(&ann).await && !may(&ben).await && may(&olga).await);
    // The epoch is said again: what somebody may do has changed.
    let before = peer.heard.iter().filter(|kind| **kind == 101).count();
    peer.until(|peer| peer.heard.iter().filter(|kind| **kind == 101).count() > before).await;
    let page = ben.get(&format!("/c/{talk}")).await.body;
    assert!(page.contains("data-protected") && !ann.get(&format!("/c/{talk}")).await.body.contains("data-protected"));
}

#[tokio::test]
async fn whoever_was_looked_up_before_the_document_changed_hands_is_looked_up_again() {
    let world = crate::rooms_support::world().await;
    let stale = server::rooms::Member { of_epoch: Some(0), ..world.ben.clone() };
    let mut peer = Peer::join(&world.rooms, world.talk, &stale).await;
    assert_eq!(peer.until_closed().await, Some(CloseCode::TryLater));
    let mut open = Peer::join(&world.rooms, world.talk, &world.ann).await;
    open.settle().await;
    sqlx::query("update annotation_document_state set epoch = 2").execute(&world.db).await.unwrap();
    let newer = server::rooms::Member { of_epoch: Some(2), ..world.ben.clone() };
    let mut peer = Peer::join(&world.rooms, world.talk, &newer).await;
    peer.settle().await;
    assert_eq!(open.until_closed().await, Some(CloseCode::TryLater), "that room was of the document before");
    until(async || world.rooms.open() == 1).await;
}
