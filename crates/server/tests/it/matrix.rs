//! Who may do what: every route of the API and the socket, asked by every kind of caller.
//!
//! Each cell is a request in a world of its own: what one does is not there for the next. Who is let into one conversation
//! stands in `levels.rs`, pages in `pages.rs`.

mod levels;
mod pages;

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode, header, multipart};
use serde_json::json;
use shared::ids::{ConversationId, RunId, UserId};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, client::IntoClientRequest},
};
use yrs::{Doc, Map, Out, Transact};

use crate::{
    rooms_support::{Peer, highlight},
    support::{
        scene::{Cast, Role, Scene},
        test_app::{Answer, TestApp, Visitor},
    },
};

/// The answers, a column for each caller:
///
/// | column | who calls |
/// |---|---|
/// | out | nobody: signed out |
/// | forgn | the instructor's browser, sent by a page of another site |
/// | strgr | somebody of no class |
/// | other | a student of another class |
/// | stud, tutor, instr | of the class |
/// | owner | of the conversations; a student of the class |
/// | admin | of the site, of no class |
/// | token | a program with a token of the instructor |
/// | bannd | a student of the class who is banned |
///
/// The server has no model (409).
///
/// A word behind a path says which of two things it is asked of. The class has another instructor, so that one may go;
/// where `{user}` and `{token}` stand is a student of the class, and a token of the instructor's.
const TABLE: &str = "
                                                                     out forgn strgr other  stud tutor instr owner admin token bannd
GET    /api/v1/me                                                    401   200   200   200   200   200   200   200   200   200   403
PATCH  /api/v1/me                                                    401   403   200   200   200   200   200   200   200   400   403
GET    /api/v1/me/data                                               401   200   200   200   200   200   200   200   200   400   403
GET    /api/v1/me/erase                                              401   200   200   200   200   200   200   200   200   400   403
POST   /api/v1/me/erase                                              401   403   400   400   400   400   400   400   400   400   403
GET    /api/v1/me/merge                                              401   200   200   200   200   200   200   200   200   400   403
POST   /api/v1/me/merge                                              401   403   400   400   400   400   400   400   400   400   403
POST   /api/v1/me/merge/code                                         401   403   200   200   200   200   200   200   200   400   403
POST   /api/v1/me/merge/preview                                      401   403   400   400   400   400   400   400   400   400   403
POST   /api/v1/sign-out                                              401   403   204   204   204   204   204   204   204   204   403
POST   /api/v1/sign-out-everywhere                                   401   403   204   204   204   204   204   204   204   400   403
GET    /api/v1/sessions                                              401   200   200   200   200   200   200   200   200   400   403
DELETE /api/v1/sessions/{id}                                         401   403   404   404   404   404   204   404   404   400   403
POST   /api/v1/dev/sign-in                                           200   403   200   200   200   200   200   200   200   200   200
GET    /api/v1/notices                                               401   200   200   200   200   200   200   200   200   200   403
GET    /api/v1/search                                                401   200   200   200   200   200   200   200   200   200   403
GET    /api/v1/search/export                                         401   200   200   200   200   200   200   200   200   200   403
GET    /api/v1/search/exports                                        401   200   200   200   200   200   200   200   200   200   403
POST   /api/v1/search/exports                                        401   403   501   501   501   501   501   501   501   501   403
GET    /api/v1/search/exports/{export}                               401   200   404   404   404   404   200   404   404   200   403
GET    /api/v1/search/exports/{export}/file                          401   409   404   404   404   404   409   404   404   409   403
DELETE /api/v1/search/exports/{export}                               401   403   404   404   404   404   204   404   404   204   403
POST   /api/v1/notices/read                                          401   403   200   200   200   200   200   200   200   200   403

GET    /api/v1/tokens                                                401   200   200   200   200   200   200   200   200   400   403
POST   /api/v1/tokens                                                401   403   201   201   201   201   201   201   201   400   403
DELETE /api/v1/tokens/{id}                                           401   403   404   404   404   404   204   404   404   400   403

GET    /api/v1/webhooks                                              401   200   200   200   200   200   200   200   200   200   403
POST   /api/v1/webhooks                                              401   403   404   404   201   201   201   201   403   400   403
GET    /api/v1/webhooks/{webhook}                                    401   200   404   404   404   404   200   404   404   200   403
DELETE /api/v1/webhooks/{webhook}                                    401   403   404   404   404   404   204   404   404   204   403
POST   /api/v1/webhooks/{webhook}/test                               401   403   404   404   404   404   200   404   404   200   403
POST   /api/v1/webhooks/{webhook}/secret                             401   403   404   404   404   404   200   404   404   400   403

GET    /api/v1/conversations                                         401   200   200   200   200   200   200   200   200   200   403
POST   /api/v1/conversations                                         401   403   201   201   201   201   201   201   201   201   403
POST   /api/v1/import                                                401   403   201   201   201   201   201   201   201   201   403
GET    /api/v1/conversations/{id}                          shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/conversations/{id}                          private   401   404   404   404   404   404   404   200   404   404   403
PATCH  /api/v1/conversations/{id}                          shared    401   403   404   404   403   403   403   200   404   403   403
PATCH  /api/v1/conversations/{id}                          private   401   403   404   404   404   404   404   200   404   404   403
DELETE /api/v1/conversations/{id}                          shared    401   403   404   404   403   403   403   409   404   403   403
DELETE /api/v1/conversations/{id}                          private   401   403   404   404   404   404   404   204   404   404   403
GET    /api/v1/trash                                                 401   200   200   200   200   200   200   200   200   200   403
POST   /api/v1/trash/conversations/{id}/restore                      401   403   404   404   404   404   404   204   404   404   403
DELETE /api/v1/trash/conversations/{id}                              401   403   404   404   404   404   404   204   404   404   403
POST   /api/v1/trash/projects/{project}/restore                      401   403   404   404   404   404   404   204   404   404   403
DELETE /api/v1/trash/projects/{project}                              401   403   404   404   404   404   404   204   404   404   403
POST   /api/v1/trash/activities/{activity}/restore                   401   403   404   404   404   204   204   404   204   204   403
DELETE /api/v1/trash/activities/{activity}                           401   403   404   404   404   204   204   404   204   204   403
POST   /api/v1/trash/classes/{class}/restore                         401   403   404   404   404   404   204   404   204   204   403
DELETE /api/v1/trash/classes/{class}                                 401   403   404   404   404   404   204   404   204   204   403
GET    /api/v1/conversations/{id}/comparison               shared    401   400   404   404   400   400   400   400   404   400   403
GET    /api/v1/conversations/{id}/comparison               private   401   404   404   404   404   404   404   400   404   404   403
GET    /api/v1/conversations/{id}/people                   shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/conversations/{id}/people                   private   401   404   404   404   404   404   404   200   404   404   403
GET    /api/v1/conversations/{id}/rights                   shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/conversations/{id}/rights                   private   401   404   404   404   404   404   404   200   404   404   403
GET    /api/v1/conversations/{id}/tags                     shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/conversations/{id}/tags                     private   401   404   404   404   404   404   404   200   404   404   403
PUT    /api/v1/conversations/{id}/text                     shared    401   403   404   404   403   403   403   409   404   403   403
PUT    /api/v1/conversations/{id}/text                     private   401   403   404   404   404   404   404   409   404   404   403
GET    /api/v1/conversations/{id}/revisions                shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/conversations/{id}/revisions                private   401   404   404   404   404   404   404   200   404   404   403
GET    /api/v1/conversations/{id}/revisions/{number}       shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/conversations/{id}/revisions/{number}       private   401   404   404   404   404   404   404   200   404   404   403
GET    /api/v1/conversations/{id}/history                  shared    401   403   404   404   403   403   403   200   404   403   403
GET    /api/v1/conversations/{id}/history                  private   401   404   404   404   404   404   404   200   404   404   403
GET    /api/v1/conversations/{id}/history/{number}         shared    401   403   404   404   403   403   403   200   404   403   403
GET    /api/v1/conversations/{id}/history/{number}         private   401   404   404   404   404   404   404   200   404   404   403
PUT    /api/v1/conversations/{id}/history/{number}/name    shared    401   403   404   404   403   403   403   204   404   403   403
PUT    /api/v1/conversations/{id}/history/{number}/name    private   401   403   404   404   404   404   404   204   404   404   403
DELETE /api/v1/conversations/{id}/history/{number}/name    shared    401   403   404   404   403   403   403   204   404   403   403
DELETE /api/v1/conversations/{id}/history/{number}/name    private   401   403   404   404   404   404   404   204   404   404   403
GET    /api/v1/conversations/{id}/history/{number}/compare shared    401   403   404   404   403   403   403   200   404   403   403
GET    /api/v1/conversations/{id}/history/{number}/compare private   401   404   404   404   404   404   404   200   404   404   403
POST   /api/v1/conversations/{id}/history/{number}/restore shared    401   403   404   404   403   403   403   200   404   403   403
POST   /api/v1/conversations/{id}/history/{number}/restore private   401   403   404   404   404   404   404   200   404   404   403
GET    /api/v1/conversations/{id}/history/export           shared    401   403   404   404   403   403   403   200   404   403   403
GET    /api/v1/conversations/{id}/history/export           private   401   404   404   404   404   404   404   200   404   404   403
PUT    /api/v1/conversations/{id}/history/leave            shared    401   403   404   404   403   403   403   403   404   403   403
PUT    /api/v1/conversations/{id}/history/leave            private   401   403   404   404   404   404   404   403   404   404   403
GET    /api/v1/conversations/{id}/history                  copy      401   403   404   404   404   403   403   404   404   403   403
GET    /api/v1/conversations/{id}/history                  shown     401   200   404   404   404   200   200   404   404   200   403
GET    /api/v1/conversations/{id}/history/{number}         copy      401   403   404   404   404   403   403   404   404   403   403
GET    /api/v1/conversations/{id}/history/{number}         shown     401   200   404   404   404   200   200   404   404   200   403
GET    /api/v1/conversations/{id}/history/{number}/compare copy      401   403   404   404   404   403   403   404   404   403   403
GET    /api/v1/conversations/{id}/history/{number}/compare shown     401   200   404   404   404   200   200   404   404   200   403
GET    /api/v1/conversations/{id}/history/export           copy      401   403   404   404   404   403   403   404   404   403   403
GET    /api/v1/conversations/{id}/history/export           shown     401   200   404   404   404   200   200   404   404   200   403
PUT    /api/v1/conversations/{id}/history/{number}/name    copy      401   403   404   404   404   403   403   404   404   403   403
PUT    /api/v1/conversations/{id}/history/{number}/name    shown     401   403   404   404   404   204   204   404   404   204   403
DELETE /api/v1/conversations/{id}/history/{number}/name    copy      401   403   404   404   404   403   403   404   404   403   403
DELETE /api/v1/conversations/{id}/history/{number}/name    shown     401   403   404   404   404   204   204   404   404   204   403
POST   /api/v1/conversations/{id}/history/{number}/restore copy      401   403   404   404   404   403   403   404   404   403   403
POST   /api/v1/conversations/{id}/history/{number}/restore shown     401   403   404   404   404   200   200   404   404   200   403
PUT    /api/v1/conversations/{id}/history/leave            copy      401   403   404   404   404   403   403   404   404   403   403
PUT    /api/v1/conversations/{id}/history/leave            shown     401   403   404   404   404   403   403   404   404   403   403
GET    /api/v1/conversations/{id}/deleted                  shared    401   200   404   404   403   200   200   200   404   200   403
GET    /api/v1/conversations/{id}/deleted                  private   401   404   404   404   404   404   404   200   404   404   403
POST   /api/v1/conversations/{id}/purge                    shared    401   403   404   404   403   200   200   200   404   200   403
POST   /api/v1/conversations/{id}/purge                    private   401   403   404   404   404   404   404   200   404   404   403
POST   /api/v1/conversations/{id}/annotations              shared    401   403   404   404   200   200   200   200   404   200   403
POST   /api/v1/conversations/{id}/annotations              private   401   403   404   404   404   404   404   200   404   404   403
GET    /api/v1/conversations/{id}/export                   shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/conversations/{id}/export                   private   401   404   404   404   404   404   404   200   404   404   403
GET    /api/v1/conversations/{id}/exports                  shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/conversations/{id}/exports                  private   401   404   404   404   404   404   404   200   404   404   403
POST   /api/v1/conversations/{id}/exports                  shared    401   403   404   404   501   501   501   501   404   501   403
POST   /api/v1/conversations/{id}/exports                  private   401   403   404   404   404   404   404   501   404   404   403
GET    /api/v1/conversations/{id}/exports/{export}                   401   404   404   404   404   404   404   200   404   404   403
GET    /api/v1/conversations/{id}/exports/{export}/file              401   404   404   404   404   404   404   409   404   404   403
DELETE /api/v1/conversations/{id}/exports/{export}                   401   403   404   404   404   404   404   204   404   404   403
GET    /api/v1/conversations/{id}/agreement                shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/conversations/{id}/agreement                private   401   404   404   404   404   404   404   200   404   404   403
GET    /api/v1/conversations/{id}/agreement.csv            shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/conversations/{id}/agreement.csv            private   401   404   404   404   404   404   404   200   404   404   403
GET    /api/v1/conversations/{id}/refused                  shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/conversations/{id}/refused                  private   401   404   404   404   404   404   404   200   404   404   403

GET    /api/v1/conversations/{id}/sharing                  shared    401   403   404   404   403   403   403   200   404   403   403
GET    /api/v1/conversations/{id}/sharing                  private   401   404   404   404   404   404   404   200   404   404   403
PUT    /api/v1/conversations/{id}/sharing/class            shared    401   403   404   404   403   403   403   204   404   403   403
PUT    /api/v1/conversations/{id}/sharing/class            private   401   403   404   404   404   404   404   204   404   404   403
POST   /api/v1/conversations/{id}/sharing/people           shared    401   403   404   404   403   403   403   201   404   403   403
POST   /api/v1/conversations/{id}/sharing/people           private   401   403   404   404   404   404   404   201   404   404   403
DELETE /api/v1/conversations/{id}/sharing/people/{share}             401   403   404   404   403   403   403   204   404   403   403
POST   /api/v1/conversations/{id}/sharing/links            shared    401   403   404   404   403   403   403   201   404   403   403
POST   /api/v1/conversations/{id}/sharing/links            private   401   403   404   404   404   404   404   201   404   404   403
DELETE /api/v1/conversations/{id}/sharing/links/{link}               401   403   404   404   403   403   403   204   404   403   403
GET    /api/v1/links/{secret}                                        401   200   200   200   200   200   200   200   200   200   403
POST   /api/v1/links/{secret}/open                                   401   403   200   200   200   200   200   200   200   200   403
PUT    /api/v1/conversations/{id}/sharing/anonymity        shared    401   403   404   404   403   403   403   204   404   403   403
PUT    /api/v1/conversations/{id}/sharing/anonymity        private   401   403   404   404   404   404   404   204   404   404   403
PUT    /api/v1/conversations/{id}/sharing/protection       shared    401   403   404   404   403   403   403   204   404   403   403
PUT    /api/v1/conversations/{id}/sharing/protection       private   401   403   404   404   404   404   404   204   404   404   403

GET    /api/v1/classes                                               401   200   200   200   200   200   200   200   200   200   403
POST   /api/v1/classes                                               401   403   403   403   403   403   201   403   201   201   403
POST   /api/v1/classes/join                                          401   403   200   200   200   200   200   200   200   200   403
GET    /api/v1/invitations/{token}                                   401   200   200   200   200   200   200   200   200   200   403
POST   /api/v1/invitations/{token}/join                              401   403   200   200   200   200   200   200   200   200   403
GET    /api/v1/classes/{class}                                       401   200   404   404   200   200   200   200   200   200   403
PATCH  /api/v1/classes/{class}                                       401   403   404   404   403   403   204   403   204   204   403
DELETE /api/v1/classes/{class}                                       401   403   404   404   403   403   204   403   204   204   403
POST   /api/v1/classes/{class}/leave                                 401   403   404   404   204   204   204   204   404   204   403
POST   /api/v1/classes/{class}/code                                  401   403   404   404   403   403   200   403   200   200   403
DELETE /api/v1/classes/{class}/code                                  401   403   404   404   403   403   204   403   204   204   403
GET    /api/v1/classes/{class}/members                               401   200   404   404   200   200   200   200   200   200   403
GET    /api/v1/classes/{class}/members/{user}                        401   200   404   404   404   200   200   404   200   200   403
DELETE /api/v1/classes/{class}/members/{user}                        401   403   404   404   403   403   204   403   204   204   403
PUT    /api/v1/classes/{class}/members/{user}/role                   401   403   404   404   403   403   204   403   204   204   403
PUT    /api/v1/classes/{class}/members/{user}/group                  401   403   404   404   403   403   204   403   204   204   403
POST   /api/v1/classes/{class}/groups                                401   403   404   404   403   403   201   403   201   201   403
PATCH  /api/v1/classes/{class}/groups/{group}                        401   403   404   404   403   403   204   403   204   204   403
DELETE /api/v1/classes/{class}/groups/{group}                        401   403   404   404   403   403   204   403   204   204   403
GET    /api/v1/classes/{class}/invitations                           401   200   404   404   403   403   200   403   200   200   403
POST   /api/v1/classes/{class}/invitations                           401   403   404   404   403   403   201   403   201   201   403
DELETE /api/v1/classes/{class}/invitations/{invitation}              401   403   404   404   403   403   204   403   204   204   403
POST   /api/v1/classes/{class}/roster                                401   403   404   404   403   403   200   403   200   200   403
DELETE /api/v1/classes/{class}/roster/{entry}                        401   403   404   404   403   403   204   403   204   204   403
POST   /api/v1/conversations/{id}/messages                 shared    401   403   404   404   403   403   403   409   404   403   403
POST   /api/v1/conversations/{id}/messages                 private   401   403   404   404   404   404   404   409   404   404   403
POST   /api/v1/messages/{id}/regenerate                    shared    401   403   404   404   403   403   403   409   404   403   403
POST   /api/v1/messages/{id}/regenerate                    private   401   403   404   404   404   404   404   409   404   404   403
GET    /api/v1/runs/{id}/events                            shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/runs/{id}/events                            private   401   404   404   404   404   404   404   200   404   404   403
POST   /api/v1/runs/{id}/stop                              shared    401   403   404   404   403   403   403   204   404   403   403
POST   /api/v1/runs/{id}/stop                              private   401   403   404   404   404   404   404   204   404   404   403
GET    /api/v1/models                                                401   200   200   200   200   200   200   200   200   200   403

GET    /api/v1/projects                                              401   200   200   200   200   200   200   200   200   200   403
POST   /api/v1/projects                                              401   403   201   201   201   201   201   201   201   201   403
GET    /api/v1/projects/{project}                          class     401   200   404   404   200   200   200   200   200   200   403
GET    /api/v1/projects/{project}                          own       401   404   404   404   404   404   404   200   404   404   403
PATCH  /api/v1/projects/{project}                          class     401   403   404   404   403   204   204   403   204   204   403
PATCH  /api/v1/projects/{project}                          own       401   403   404   404   404   404   404   204   404   404   403
DELETE /api/v1/projects/{project}                          class     401   403   404   404   403   204   204   403   204   204   403
DELETE /api/v1/projects/{project}                          own       401   403   404   404   404   404   404   204   404   404   403
GET    /api/v1/projects/{project}/prompts                  class     401   200   404   404   200   200   200   200   200   200   403
GET    /api/v1/projects/{project}/prompts                  own       401   404   404   404   404   404   404   200   404   404   403
POST   /api/v1/projects/{project}/prompts                  class     401   403   404   404   403   201   201   403   201   201   403
POST   /api/v1/projects/{project}/prompts                  own       401   403   404   404   404   404   404   201   404   404   403
POST   /api/v1/projects/{project}/prompts/{prompt}/activate class   401   403   404   404   403   204   204   403   204   204   403
POST   /api/v1/projects/{project}/prompts/{prompt}/activate own     401   403   404   404   404   404   404   204   404   404   403
GET    /api/v1/projects/{project}/conversations            class     401   200   404   404   200   200   200   200   200   200   403
GET    /api/v1/projects/{project}/conversations            own       401   404   404   404   404   404   404   200   404   404   403
POST   /api/v1/projects/{project}/conversations            class     401   403   404   404   201   201   201   201   201   201   403
POST   /api/v1/projects/{project}/conversations            own       401   403   404   404   404   404   404   201   404   404   403
GET    /api/v1/projects/{project}/files                    class     401   200   404   404   200   200   200   200   200   200   403
GET    /api/v1/projects/{project}/files                    own       401   404   404   404   404   404   404   200   404   404   403
POST   /api/v1/projects/{project}/files                    class     401   403   404   404   403   201   201   403   201   201   403
POST   /api/v1/projects/{project}/files                    own       401   403   404   404   404   404   404   201   404   404   403
GET    /api/v1/projects/{project}/files/{file}             class     401   200   404   404   200   200   200   200   200   200   403
GET    /api/v1/projects/{project}/files/{file}             own       401   404   404   404   404   404   404   200   404   404   403
DELETE /api/v1/projects/{project}/files/{file}             class     401   403   404   404   403   204   204   403   204   204   403
DELETE /api/v1/projects/{project}/files/{file}             own       401   403   404   404   404   404   404   204   404   404   403
GET    /api/v1/conversations/{id}/files                    shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/conversations/{id}/files                    private   401   404   404   404   404   404   404   200   404   404   403
POST   /api/v1/conversations/{id}/files                    shared    401   403   404   404   403   403   403   201   404   403   403
POST   /api/v1/conversations/{id}/files                    private   401   403   404   404   404   404   404   201   404   404   403
GET    /api/v1/conversations/{id}/files/{file}             shared    401   200   404   404   200   200   200   200   404   200   403
GET    /api/v1/conversations/{id}/files/{file}             private   401   404   404   404   404   404   404   200   404   404   403
DELETE /api/v1/conversations/{id}/files/{file}             shared    401   403   404   404   403   403   403   204   404   403   403
DELETE /api/v1/conversations/{id}/files/{file}             private   401   403   404   404   404   404   404   204   404   404   403

GET    /api/v1/classes/{class}/models                                401   200   404   404   403   200   200   403   200   200   403
PUT    /api/v1/classes/{class}/models                                401   403   404   404   403   403   204   403   204   204   403

GET    /api/v1/classes/{class}/activities                            401   200   404   404   200   200   200   200   200   200   403
POST   /api/v1/classes/{class}/activities                            401   403   404   404   403   201   201   403   201   201   403
GET    /api/v1/classes/{class}/templates                             401   200   404   404   403   200   200   403   200   200   403
GET    /api/v1/activities/open                                       401   200   200   200   200   200   200   200   200   200   403
GET    /api/v1/activities/{activity}                                 401   200   404   404   200   200   200   200   200   200   403
PUT    /api/v1/activities/{activity}                                 401   403   404   404   403   204   204   403   204   204   403
DELETE /api/v1/activities/{activity}                                 401   403   404   404   403   204   204   403   204   204   403
DELETE /api/v1/activities/{activity}                       started   401   403   404   404   403   204   204   403   204   204   403
POST   /api/v1/activities/{activity}/start                           401   403   404   404   200   200   200   200   409   200   403
GET    /api/v1/activities/{activity}/overview              started   401   200   404   404   403   200   200   403   200   200   403
GET    /api/v1/activities/{activity}/overview.csv          started   401   200   404   404   403   200   200   403   200   200   403
GET    /api/v1/activities/{activity}/export                started   401   200   404   404   403   200   200   403   403   200   403
GET    /api/v1/activities/{activity}/exports                         401   200   404   404   403   200   200   403   403   200   403
POST   /api/v1/activities/{activity}/exports                         401   403   404   404   403   501   501   403   403   501   403
GET    /api/v1/activities/{activity}/exports/{export}                401   200   404   404   403   404   200   403   403   200   403
GET    /api/v1/activities/{activity}/exports/{export}/file           401   409   404   404   403   404   409   403   403   409   403
DELETE /api/v1/activities/{activity}/exports/{export}                401   403   404   404   404   404   204   404   404   204   403
GET    /api/v1/activities/{activity}/agreement             started   401   200   404   404   403   200   200   403   403   200   403
GET    /api/v1/activities/{activity}/agreement.csv         started   401   200   404   404   403   200   200   403   403   200   403
POST   /api/v1/activities/{activity}/reveal                          401   403   404   404   403   409   409   403   409   409   403
POST   /api/v1/activities/{activity}/late                  started   401   403   404   404   403   200   200   403   200   200   403
POST   /api/v1/activities/{activity}/late                            401   403   404   404   403   404   404   403   404   404   403
";

/// What a conversation's socket says to each, and what they may change there: `-` is nothing, and then `notes` their
/// highlights and the shared notes, `all` also what others made. A number is the code that it closes with, `403` an
/// answer before it opens.
const SOCKETS: &str = "
             out forgn strgr other  stud tutor instr owner admin token bannd
shared      4401   403  4404  4404 notes   all   all   all  4404   all  4403
private     4401   403  4404  4404  4404  4404  4404   all  4404  4404  4403
archived    4401   403  4404  4404     -     -     -   all  4404     -  4403
copy        4401   403  4404  4404 notes   all   all notes  4404   all  4403
closed      4401   403  4404  4404     -   all   all     -  4404   all  4403
another's   4401   403  4404  4404  4404   all   all  4404  4404   all  4403
group's     4401   403  4404  4404 notes   all   all  4404  4404   all  4403
";

/// The conversation becomes everybody's copy of an activity, of one that has closed, and a copy of somebody who does
/// nothing, and the copy of a group in which the student is and its owner is not: whose it was then means nothing.
const COPY: &str = "insert into activity_copies (conversation_id, activity_id)
     select $1, id from activities where title = 'Started'";
const CLOSED_COPY: &str = "with closed as (update activities set closes_at = now() where title = 'Started')
     insert into activity_copies (conversation_id, activity_id) select $1, id from activities where title = 'Started'";
const ANOTHERS_COPY: &str = "insert into activity_copies (conversation_id, activity_id, user_id)
     select $1, a.id, u.id from activities a, users u where a.title = 'Unused' and u.name = 'Target'";

const GROUPS_COPY: &str = "with of_it as (
         insert into class_groups (id, class_id, name)
         select gen_random_uuid(), class_id, one.name
         from activities, (values ('Theirs'), ('Another')) one (name)
         where title = 'Started'
         returning id, class_id, name
     ), put as (
         update memberships m
         set group_id = o.id
         from of_it o, users u
         where m.class_id = o.class_id and m.user_id = u.id and m.role = 'student'
           and o.name = case when u.name = 'Student' then 'Theirs' else 'Another' end
     )
     insert into activity_copies (conversation_id, activity_id, group_id)
     select $1, a.id, o.id
     from activities a
     join of_it o on o.class_id = a.class_id and o.name = 'Theirs'
     where a.title = 'Started'";

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    SignedOut,
    WrongOrigin,
    Person(Role),
    Token,
    /// The same program, with a token that only reads.
    Reader,
}

const CALLERS: [Caller; 11] = [
    Caller::SignedOut,
    Caller::WrongOrigin,
    Caller::Person(Role::Stranger),
    Caller::Person(Role::Other),
    Caller::Person(Role::Student),
    Caller::Person(Role::Tutor),
    Caller::Person(Role::Instructor),
    Caller::Person(Role::Owner),
    Caller::Person(Role::Admin),
    Caller::Token,
    Caller::Person(Role::Banned),
];

impl Caller {
    /// Their browser; a program's has nobody in it.
    async fn visitor(self, app: &TestApp, cast: &Cast) -> Visitor {
        match self {
            Self::SignedOut | Self::Token | Self::Reader => app.stranger(),
            Self::WrongOrigin => cast.visitor(app, Role::Instructor).await,
            Self::Person(role) => cast.visitor(app, role).await,
        }
    }

    /// What it sends, if it is a program.
    async fn token(self, app: &TestApp, cast: &Cast) -> Option<String> {
        let scope = match self {
            Self::Token => "write",
            Self::Reader => "read",
            _ => return None,
        };
        let instructor = cast.visitor(app, Role::Instructor).await;
        Some(instructor.token_as(json!({"name": "x", "scope": scope})).await.1)
    }
}

/// What stands before the answers in a table below so many lines of heads, and as many answers as it has columns.
fn rows(table: &'static str, heads: usize, columns: usize) -> Vec<(Vec<&'static str>, Vec<&'static str>)> {
    let lines = table.lines().skip(heads).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let rows = lines.filter(|words| !words.is_empty()).map(|mut words| {
        let answers = words.split_off(words.len() - columns);
        (words, answers)
    });
    rows.collect()
}

/// With what such a request holds.
fn with_body(request: reqwest::RequestBuilder, scene: &Scene, method: &str, path: &str) -> reqwest::RequestBuilder {
    let request = request.header("idempotency-key", RunId::new().to_string());
    match (scene.body(method, path), Scene::file(path)) {
        (Some(body), _) => request.json(&body),
        (None, Some(file)) => {
            let file = multipart::Part::text(file).file_name("a.txt");
            request.multipart(multipart::Form::new().part("file", file))
        }
        (None, None) => request,
    }
}

async fn ask(
    app: &TestApp,
    cast: &Cast,
    caller: Caller,
    method: &str,
    path: &str,
    scene: &Scene,
    kind: &str,
) -> Answer {
    let visitor = caller.visitor(app, cast).await;
    let bearer = caller.token(app, cast).await;
    let origin = if caller == Caller::WrongOrigin { "https://example.org".to_owned() } else { app.origin() };
    let with = |mut request: reqwest::RequestBuilder| {
        request = match bearer {
            Some(token) => request.bearer_auth(token),
            None => request.header(header::ORIGIN, origin),
        };
        with_body(request, scene, method, path)
    };
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    visitor.send(method, &scene.fill(path, kind), with).await
}

#[tokio::test]
async fn every_caller_gets_from_every_route_what_the_table_says() {
    let app = TestApp::start().await;
    let cast = Cast::new(&app).await;
    let mut wrong = Vec::new();
    for (what, answers) in rows(TABLE, 2, CALLERS.len()) {
        let (method, path, kind) = (what[0], what[1], what.get(2).copied().unwrap_or_default());
        for (caller, expected) in CALLERS.into_iter().zip(answers) {
            let scene = Scene::new(&app, &cast).await;
            let answer = ask(&app, &cast, caller, method, path, &scene, kind).await;
            let status = answer.status.as_str().to_owned();
            if status != expected {
                wrong.push(format!("{method} {path} {kind} by {caller:?}: {status}, not {expected}: {}", answer.body));
            } else if status == "404" {
                let nothing = ask(&app, &cast, caller, method, path, &Scene::of_nothing(), kind).await;
                if (nothing.status, &nothing.body) != (answer.status, &answer.body) {
                    wrong.push(format!(
                        "{method} {path} {kind} by {caller:?} tells what is not there from what is hidden"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a token that only reads is answered follows from the column of the token: so no route is forgotten.
#[tokio::test]
async fn a_token_that_reads_is_told_what_its_owner_may_read_and_changes_nothing() {
    let app = TestApp::start().await;
    let cast = Cast::new(&app).await;
    let column = CALLERS.iter().position(|caller| *caller == Caller::Token).unwrap();
    let mut wrong = Vec::new();
    for (what, answers) in rows(TABLE, 2, CALLERS.len()) {
        let (method, path, kind) = (what[0], what[1], what.get(2).copied().unwrap_or_default());
        let expected = match (method, path) {
            ("GET", _) => answers[column],
            // It asks for nobody, and so for no token either.
            ("POST", "/api/v1/dev/sign-in") => "200",
            _ => "403",
        };
        let scene = Scene::new(&app, &cast).await;
        let answer = ask(&app, &cast, Caller::Reader, method, path, &scene, kind).await;
        let is_why = expected != "403" || method == "GET" || answer.problem() == "read_only_token";
        if answer.status.as_str() != expected || !is_why {
            wrong.push(format!("{method} {path} {kind}: {}, not {expected}: {}", answer.status, answer.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_route_has_a_row_and_every_row_is_of_a_route() {
    let app = TestApp::start().await;
    let document = app.stranger().get("/api/openapi.json").await.json();
    let described: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, operations)| {
            operations.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let in_table: BTreeSet<String> =
        rows(TABLE, 2, CALLERS.len()).iter().map(|(what, _)| format!("{} {}", what[0], what[1])).collect();
    assert_eq!(described, in_table);
}

#[tokio::test]
async fn every_caller_may_change_over_the_socket_what_the_table_says() {
    let app = TestApp::start().await;
    let cast = Cast::new(&app).await;
    let mut wrong = Vec::new();
    for (what, answers) in rows(SOCKETS, 2, CALLERS.len()) {
        let scene = Scene::new(&app, &cast).await;
        let highlights = highlights_of_another(&app, &cast).await;
        let (change, id) = match what[0] {
            "private" => ("update conversations set share = 'none' where id = $1", cast.shared.uuid()),
            "copy" => (COPY, cast.shared.uuid()),
            "closed" => (CLOSED_COPY, cast.shared.uuid()),
            "another's" => (ANOTHERS_COPY, cast.shared.uuid()),
            "group's" => (GROUPS_COPY, cast.shared.uuid()),
            "archived" => ("update classes set archived_at = now() where id = $1", scene.class.uuid()),
            _ => ("select $1", scene.class.uuid()),
        };
        sqlx::query(change).bind(id).execute(&app.database.pool).await.unwrap();
        for ((caller, expected), highlight) in CALLERS.into_iter().zip(answers).zip(highlights) {
            let found = may_change(&app, &cast, caller, &highlight).await;
            if found != expected {
                wrong.push(format!("{} by {caller:?}: {found}, not {expected}", what[0]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One for each caller, made by a student who is none of them while the conversation was shared.
async fn highlights_of_another(app: &TestApp, cast: &Cast) -> Vec<String> {
    let mut author = app.session_of(cast.target).await.sync(&cast.shared.to_string()).await;
    author.until(|peer| peer.synced).await;
    let mut made = Vec::new();
    for _ in CALLERS {
        author.edit(|doc| made.push(highlight(doc, cast.shared, cast.target, false).to_string())).await;
    }
    author.settle().await;
    assert!(author.refused.is_empty(), "{:?}", author.refused);
    made
}

/// As [`SOCKETS`] spells it.
async fn may_change(app: &TestApp, cast: &Cast, caller: Caller, highlight: &str) -> String {
    let mut peer = match open(app, cast, caller, cast.shared).await {
        Ok(peer) => peer,
        Err(status) => return status.as_str().to_owned(),
    };
    while !peer.synced && peer.closed.is_none() {
        peer.hear().await;
    }
    if let Some(code) = peer.closed {
        return code.to_string();
    }
    peer.write("x").await;
    peer.settle().await;
    if !peer.refused.is_empty() {
        return "-".to_owned();
    }
    let me = match caller {
        Caller::Person(role) => cast.user(role),
        _ => cast.user(Role::Instructor),
    };
    peer.edit(|doc| delete(doc, highlight, me)).await;
    peer.settle().await;
    if peer.refused.is_empty() { "all".to_owned() } else { "notes".to_owned() }
}

pub fn delete(doc: &Doc, highlight: &str, by: UserId) {
    let highlights = doc.get_or_insert_map("highlights");
    let mut txn = doc.transact_mut();
    let Some(Out::YMap(map)) = highlights.get(&txn, highlight) else { panic!("no highlight") };
    map.insert(&mut txn, "deleted", yrs::any!({"by": by.to_string(), "at": 3}));
}

/// A socket, or the answer that refused it.
async fn open(app: &TestApp, cast: &Cast, caller: Caller, talk: ConversationId) -> Result<Peer, StatusCode> {
    let id = talk.to_string();
    let visitor = match caller {
        Caller::SignedOut => app.stranger(),
        Caller::WrongOrigin => {
            let visitor = cast.visitor(app, Role::Instructor).await;
            let mut request =
                format!("{}/sync/{id}", app.origin().replacen("http", "ws", 1)).into_client_request().unwrap();
            request.headers_mut().insert("cookie", visitor.cookie.parse().unwrap());
            request.headers_mut().insert("origin", "https://example.org".parse().unwrap());
            return match connect_async(request).await {
                Err(tungstenite::Error::Http(answer)) => Err(answer.status()),
                other => panic!("{other:?}"),
            };
        }
        Caller::Person(role) => cast.visitor(app, role).await,
        Caller::Token | Caller::Reader => {
            let token = caller.token(app, cast).await.unwrap();
            return Ok(app.stranger().sync_by_token(&id, &token).await);
        }
    };
    Ok(visitor.sync(&id).await)
}
