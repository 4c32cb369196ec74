//! Who was let into a conversation, by their address or by a link, as a viewer, an annotator or an editor: what they may do
//! there, over the API and over the socket. What the members of its class may stands in the other tables.

use std::collections::BTreeSet;

use reqwest::{Method, header};
use server::sessions::Secret;
use shared::{
    access::Grant,
    ids::{LinkId, ShareId, UserId},
};
use yrs::{Doc, Map, Out, Transact};

use crate::{
    matrix::{TABLE, delete, rows, with_body},
    rooms_support::{self, highlight, tag},
    support::{
        scene::{Cast, Scene},
        test_app::TestApp,
    },
};

const LEVELS: &str = "
                                                           by address       by link
                                                         view anno edit  view anno edit
GET    /api/v1/conversations/{id}                        200  200  200   200  200  200
PATCH  /api/v1/conversations/{id}                        403  403  200   403  403  200
DELETE /api/v1/conversations/{id}                        403  403  403   403  403  403
GET    /api/v1/conversations/{id}/comparison             400  400  400   400  400  400
GET    /api/v1/conversations/{id}/people                 200  200  200   200  200  200
GET    /api/v1/conversations/{id}/rights                 200  200  200   200  200  200
GET    /api/v1/conversations/{id}/tags                   200  200  200   200  200  200
PUT    /api/v1/conversations/{id}/text                   403  403  409   403  403  409
GET    /api/v1/conversations/{id}/revisions              200  200  200   200  200  200
GET    /api/v1/conversations/{id}/revisions/{number}     200  200  200   200  200  200
GET    /api/v1/conversations/{id}/history                403  403  200   403  403  200
GET    /api/v1/conversations/{id}/history/{number}       403  403  200   403  403  200
PUT    /api/v1/conversations/{id}/history/{number}/name  403  403  204   403  403  204
DELETE /api/v1/conversations/{id}/history/{number}/name  403  403  204   403  403  204
GET    /api/v1/conversations/{id}/history/{number}/compare 403  403  200   403  403  200
POST   /api/v1/conversations/{id}/history/{number}/restore 403  403  200   403  403  200
GET    /api/v1/conversations/{id}/history/export         403  403  200   403  403  200
PUT    /api/v1/conversations/{id}/history/leave          403  403  403   403  403  403
GET    /api/v1/conversations/{id}/deleted                403  403  403   403  403  403
POST   /api/v1/conversations/{id}/purge                  403  403  403   403  403  403
POST   /api/v1/conversations/{id}/annotations            403  200  200   403  200  200
GET    /api/v1/conversations/{id}/export                 200  200  200   200  200  200
GET    /api/v1/conversations/{id}/exports                200  200  200   200  200  200
POST   /api/v1/conversations/{id}/exports                501  501  501   501  501  501
GET    /api/v1/conversations/{id}/exports/{export}       404  404  404   404  404  404
GET    /api/v1/conversations/{id}/exports/{export}/file  404  404  404   404  404  404
DELETE /api/v1/conversations/{id}/exports/{export}       404  404  404   404  404  404
GET    /api/v1/conversations/{id}/agreement              200  200  200   200  200  200
GET    /api/v1/conversations/{id}/agreement.csv          200  200  200   200  200  200
GET    /api/v1/conversations/{id}/refused                200  200  200   200  200  200
GET    /api/v1/conversations/{id}/sharing                403  403  403   403  403  403
PUT    /api/v1/conversations/{id}/sharing/class          403  403  403   403  403  403
POST   /api/v1/conversations/{id}/sharing/people         403  403  403   403  403  403
DELETE /api/v1/conversations/{id}/sharing/people/{share} 403  403  403   403  403  403
POST   /api/v1/conversations/{id}/sharing/links          403  403  403   403  403  403
DELETE /api/v1/conversations/{id}/sharing/links/{link}   403  403  403   403  403  403
PUT    /api/v1/conversations/{id}/sharing/anonymity      403  403  403   403  403  403
PUT    /api/v1/conversations/{id}/sharing/protection     403  403  403   403  403  403
POST   /api/v1/conversations/{id}/messages               403  403  409   403  403  409
POST   /api/v1/messages/{id}/regenerate                  403  403  409   403  403  409
GET    /api/v1/runs/{id}/events                          200  200  200   200  200  200
POST   /api/v1/runs/{id}/stop                            403  403  204   403  403  204
GET    /api/v1/conversations/{id}/files                  200  200  200   200  200  200
POST   /api/v1/conversations/{id}/files                  403  403  201   403  403  201
GET    /api/v1/conversations/{id}/files/{file}           200  200  200   200  200  200
DELETE /api/v1/conversations/{id}/files/{file}           403  403  204   403  403  204
";

/// What may be changed over the socket: `-` nothing, `own` the notes and what one made, `tags` also others' tags, `all`
/// also what others highlighted. Then the share or the link is ended: the code by which an open socket is closed.
const SOCKETS: &str = "

may change                                                -   own  tags    -   own  tags
ended                                                    4403 4403 4403  4403 4403 4403
";

/// A way in, and as what.
const DOORS: [(Door, Grant); 6] = [
    (Door::Address, Grant::Viewer),
    (Door::Address, Grant::Annotator),
    (Door::Address, Grant::Editor),
    (Door::Link, Grant::Viewer),
    (Door::Link, Grant::Annotator),
    (Door::Link, Grant::Editor),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Address,
    Link,
}

/// Lets somebody in.
async fn let_in(app: &TestApp, cast: &Cast, guest: UserId, (door, grant): (Door, Grant)) {
    let db = &app.database.pool;
    let (share, link) = (ShareId::new(), LinkId::new());
    let query = match door {
        Door::Address => sqlx::query(
            "insert into conversation_shares (id, conversation_id, email, user_id, access)
             select $1, $2, lower(email), id, $3::granted_access from users where id = $4",
        )
        .bind(share.uuid()),
        Door::Link => sqlx::query(
            "with made as (insert into conversation_links (id, conversation_id, token_hash, access, expires_at)
                           values ($1, $2, $5, $3::granted_access, now() + interval '1 day') returning id)
             insert into conversation_link_uses (link_id, user_id) select id, $4 from made",
        )
        .bind(link.uuid()),
    };
    let query = query.bind(cast.shared.uuid()).bind(grant.as_str()).bind(guest.uuid());
    let query = if door == Door::Link { query.bind(Secret::new().unwrap().hash()) } else { query };
    query.execute(db).await.unwrap();
}

#[tokio::test]
async fn each_level_may_do_over_the_api_what_the_table_says() {
    let app = TestApp::start().await;
    let cast = Cast::new(&app).await;
    let guest = rooms_support::person(&app.database.pool, "Guest").await.user;
    let mut wrong = Vec::new();
    for (what, answers) in rows(LEVELS, 3, DOORS.len()) {
        let (method, path) = (what[0], what[1]);
        for (door, expected) in DOORS.into_iter().zip(answers) {
            let scene = Scene::new(&app, &cast).await;
            let_in(&app, &cast, guest, door).await;
            let origin = app.origin();
            let with = |request: reqwest::RequestBuilder| {
                with_body(request.header(header::ORIGIN, origin), &scene, method, path)
            };
            let verb = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = app.session_of(guest).await.send(verb, &scene.fill(path, "shared"), with).await;
            if answer.status.as_str() != expected {
                wrong.push(format!("{method} {path} as {door:?}: {}, not {expected}: {}", answer.status, answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_route_of_a_conversation_has_a_row() {
    let of = |table, heads, columns| -> BTreeSet<String> {
        let rows = rows(table, heads, columns).into_iter().map(|(what, _)| format!("{} {}", what[0], what[1]));
        let of_one = ["conversations", "messages", "runs"].map(|kind| format!(" /api/v1/{kind}/{{id}}"));
        rows.filter(|row| of_one.iter().any(|path| row.contains(path))).collect()
    };
    assert_eq!(of(LEVELS, 3, DOORS.len()), of(TABLE, 2, super::CALLERS.len()));
}

#[tokio::test]
async fn each_level_may_change_over_the_socket_what_the_table_says_and_is_shown_out() {
    let app = TestApp::start().await;
    let cast = Cast::new(&app).await;
    Scene::new(&app, &cast).await;
    let table = rows(SOCKETS, 2, DOORS.len());
    let mut wrong = Vec::new();
    for (column, door) in DOORS.into_iter().enumerate() {
        let guest = rooms_support::person(&app.database.pool, "Guest").await.user;
        let_in(&app, &cast, guest, door).await;
        let mut author = app.session_of(cast.target).await.sync(&cast.shared.to_string()).await;
        author.until(|peer| peer.synced).await;
        let mut theirs = (String::new(), String::new());
        let made = |doc: &Doc| {
            (highlight(doc, cast.shared, cast.target, false).to_string(), tag(doc, cast.target).to_string())
        };
        author.edit(|doc| theirs = made(doc)).await;
        author.settle().await;
        assert!(author.refused.is_empty(), "{:?}", author.refused);

        let visitor = app.session_of(guest).await;
        let mut peer = visitor.sync(&cast.shared.to_string()).await;
        peer.until(|peer| peer.synced).await;
        let mut may = "-";
        peer.write("x").await;
        peer.settle().await;
        if peer.refused.is_empty() {
            may = "own";
            // A refusal ends what a peer can say: the next question is another's.
            let mut next = visitor.sync(&cast.shared.to_string()).await;
            next.until(|peer| peer.synced).await;
            next.edit(|doc| rename_tag(doc, &theirs.1)).await;
            next.settle().await;
            if next.refused.is_empty() {
                may = "tags";
                next.edit(|doc| delete(doc, &theirs.0, guest)).await;
                next.settle().await;
                if next.refused.is_empty() {
                    may = "all";
                }
            }
        }
        for sql in ["delete from conversation_shares", "update conversation_links set revoked_at = now()"] {
            sqlx::query(sql).execute(&app.database.pool).await.unwrap();
        }
        let code = peer.until_closed().await.map_or(0, |code| code.code()).to_string();
        for (found, (what, answers)) in [may, &code].into_iter().zip(&table) {
            if found != answers[column] {
                wrong.push(format!("{what:?} as {door:?}: {found}, not {}", answers[column]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn rename_tag(doc: &Doc, tag: &str) {
    let tags = doc.get_or_insert_map("tags");
    let mut txn = doc.transact_mut();
    let Some(Out::YMap(map)) = tags.get(&txn, tag) else { panic!("no tag") };
    map.insert(&mut txn, "name", "Renamed");
}
