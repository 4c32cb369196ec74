//! A class with one of everything in it, and every kind of person around it.

use serde_json::{Value, json};
use server::sessions::Secret;
use shared::ids::{
    ActivityId, ClassGroupId, ClassId, ConversationId, ExportId, FileId, InvitationId, LinkId, ProjectId,
    PromptVersionId, RosterEntryId, SessionId, ShareId, TokenId, UserId, WebhookId,
};
use sqlx::PgPool;

use super::test_app::{TestApp, Visitor};
use crate::rooms_support;

/// Who they are to the class of a [`Scene`], in the order of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Belongs to no class.
    Stranger,
    /// Is a student of another class.
    Other,
    Student,
    Tutor,
    Instructor,
    /// A student, whose conversations they are.
    Owner,
    /// Belongs to no class, and is an administrator of the site.
    Admin,
    /// A student who is banned.
    Banned,
}

impl Role {
    pub const ALL: [Self; 8] = [
        Self::Stranger,
        Self::Other,
        Self::Student,
        Self::Tutor,
        Self::Instructor,
        Self::Owner,
        Self::Admin,
        Self::Banned,
    ];

    fn in_class(self) -> Option<&'static str> {
        match self {
            Self::Stranger | Self::Other | Self::Admin => None,
            Self::Student | Self::Owner | Self::Banned => Some("student"),
            Self::Tutor => Some("tutor"),
            Self::Instructor => Some("instructor"),
        }
    }
}

/// The people, and two conversations of one of them: they stay, while classes come and go.
pub struct Cast {
    people: Vec<UserId>,
    colleague: UserId,
    /// A student who does nothing.
    pub target: UserId,
    pub shared: ConversationId,
    pub private: ConversationId,
}

impl Cast {
    pub async fn new(app: &TestApp) -> Cast {
        let db = &app.database.pool;
        let mut people = Vec::new();
        for role in Role::ALL {
            people.push(rooms_support::person(db, &format!("{role:?}")).await);
        }
        let owner = &people[Role::Owner as usize];
        let (shared, private) =
            (rooms_support::conversation(db, owner).await, rooms_support::conversation(db, owner).await);
        let cast = Cast {
            colleague: rooms_support::person(db, "Colleague").await.user,
            target: rooms_support::person(db, "Target").await.user,
            shared,
            private,
            people: people.iter().map(|person| person.user).collect(),
        };
        run(db, "update users set is_admin = true where id = $1", &[cast.id(Role::Admin)]).await;
        run(db, "update users set banned_at = now() where id = $1", &[cast.id(Role::Banned)]).await;
        let elsewhere = ClassId::new().uuid();
        run(db, "insert into classes (id, name) values ($1, 'Elsewhere')", &[elsewhere]).await;
        let join = "insert into memberships (class_id, user_id, role) values ($1, $2, 'student')";
        run(db, join, &[elsewhere, cast.id(Role::Other)]).await;
        cast
    }

    pub fn user(&self, role: Role) -> UserId {
        self.people[role as usize]
    }

    fn id(&self, role: Role) -> uuid::Uuid {
        self.user(role).uuid()
    }

    /// One of them, in a browser of their own.
    pub async fn visitor(&self, app: &TestApp, role: Role) -> Visitor {
        app.session_of(self.people[role as usize]).await
    }

    /// The id of one more session of one of them.
    async fn session(&self, app: &TestApp, role: Role) -> String {
        let visitor = self.visitor(app, role).await;
        let sessions = visitor.get("/api/v1/sessions").await.json();
        let own = sessions.as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
        own["id"].as_str().unwrap().to_owned()
    }

    /// A personal access token of one of them, and its id.
    pub async fn token(&self, app: &TestApp, role: Role) -> (String, String) {
        self.visitor(app, role).await.token("x").await
    }
}

async fn run(db: &PgPool, sql: &'static str, ids: &[uuid::Uuid]) {
    let query = ids.iter().fold(sqlx::query(sql), |query, id| query.bind(*id));
    query.execute(db).await.unwrap();
}

/// A class of the cast with another instructor, a student who does nothing, a group, a line of the roster, a code and a
/// link; the shared conversation is shared with it.
pub struct Scene {
    pub class: ClassId,
    group: ClassGroupId,
    target: UserId,
    entry: RosterEntryId,
    invitation: InvitationId,
    link: String,
    /// A personal access token of the instructor.
    token: String,
    /// A session of the instructor's.
    session: String,
    shared: ConversationId,
    private: ConversationId,
    share: ShareId,
    door: LinkId,
    secret: String,
    /// An activity that nobody has started, with the shared conversation as its template.
    activity: ActivityId,
    /// One of which the student who does nothing has a copy, with late work in it.
    started: ActivityId,
    copy: ConversationId,
    /// The same of one of which staff see the history.
    shown: ConversationId,
    /// A file that the owner had made of the shared conversation, which could not be.
    export: ExportId,
    /// Of the activity that nobody has started, made by the instructor.
    printed: ExportId,
    /// Of a search of the instructor's.
    sought: ExportId,
    /// Of the class; the shared conversation is a chat of it.
    class_project: Home,
    /// The owner's; the private conversation is a chat of it.
    own_project: Home,
    /// A conversation of the owner's, a project of theirs, and an activity of the class that are in the trash.
    webhook: WebhookId,
    thrown: ConversationId,
    thrown_project: ProjectId,
    thrown_activity: ActivityId,
    /// A class of the same people that is in the trash.
    thrown_class: ClassId,
}

/// A project with a prompt that is not active, a file, and a file of its chat.
#[derive(Clone, Copy)]
struct Home {
    project: ProjectId,
    prompt: PromptVersionId,
    file: FileId,
    chat_file: FileId,
}

impl Home {
    fn of_nothing() -> Home {
        Home {
            project: ProjectId::new(),
            prompt: PromptVersionId::new(),
            file: FileId::new(),
            chat_file: FileId::new(),
        }
    }

    async fn new(app: &TestApp, owner: UserId, class: Option<ClassId>, chat: ConversationId) -> Home {
        let home = Home::of_nothing();
        let Home { project, prompt, file, chat_file } = home;
        let mut tx = app.database.pool.begin().await.unwrap();
        let active = PromptVersionId::new();
        sqlx::query(
            "insert into projects (id, name, owner_id, class_id, active_prompt_id) values ($1, 'Home', $2, $3, $4)",
        )
        .bind(project.uuid())
        .bind(owner.uuid())
        .bind(class.map(ClassId::uuid))
        .bind(active.uuid())
        .execute(&mut *tx)
        .await
        .unwrap();
        for (version, id) in [(1, active), (2, prompt)] {
            sqlx::query(
                "insert into prompt_versions (id, project_id, version, name, content) values ($1, $2, $3, 'x', 'x')",
            )
            .bind(id.uuid())
            .bind(project.uuid())
            .bind(version)
            .execute(&mut *tx)
            .await
            .unwrap();
        }
        for (id, chat) in [(file, None), (chat_file, Some(chat.uuid()))] {
            sqlx::query(
                "insert into files (id, project_id, conversation_id, name, media_type, size, sha256, stored_at)
                 values ($1, $2, $3, 'a.txt', 'text/plain', 5, sha256('words'), now())",
            )
            .bind(id.uuid())
            .bind(project.uuid())
            .bind(chat)
            .execute(&mut *tx)
            .await
            .unwrap();
            std::fs::write(app.uploads.join(id.to_string()), "words").unwrap();
        }
        sqlx::query("update conversations set project_id = $1 where id = $2")
            .bind(project.uuid())
            .bind(chat.uuid())
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        home
    }
}

/// The id of nothing.
const NOBODY: &str = "0190c1a2-0000-7000-8000-000000000000";

/// As it is stored, without the hyphen.
const CODE: &str = "BCDFGHJK";

impl Scene {
    pub async fn new(app: &TestApp, cast: &Cast) -> Scene {
        let db = &app.database.pool;
        let (class, group, entry) = (ClassId::new(), ClassGroupId::new(), RosterEntryId::new());
        let (invitation, secret) = (InvitationId::new(), Secret::new().unwrap());
        run(db, "update classes set join_code = null", &[]).await;
        sqlx::query("insert into classes (id, name, join_code) values ($1, 'A class', $2)")
            .bind(class.uuid())
            .bind(CODE)
            .execute(db)
            .await
            .unwrap();
        let members = Role::ALL.iter().filter_map(|role| Some((cast.id(*role), role.in_class()?)));
        let others = [(cast.colleague.uuid(), "instructor"), (cast.target.uuid(), "student")];
        for (user, role) in members.chain(others) {
            sqlx::query("insert into memberships (class_id, user_id, role) values ($1, $2, $3)")
                .bind(class.uuid())
                .bind(user)
                .bind(role)
                .execute(db)
                .await
                .unwrap();
        }
        run(db, "insert into class_groups (id, class_id, name) values ($1, $2, 'Lab')", &[group.uuid(), class.uuid()])
            .await;
        let waits = "insert into roster_entries (id, class_id, email, name, role)
                     values ($1, $2, 'waits@example.test', 'Waits', 'student')";
        run(db, waits, &[entry.uuid(), class.uuid()]).await;
        sqlx::query(
            "insert into class_invitations (id, class_id, token_hash, role, expires_at, max_uses)
             values ($1, $2, $3, 'student', now() + interval '1 day', 2000)",
        )
        .bind(invitation.uuid())
        .bind(class.uuid())
        .bind(secret.hash())
        .execute(db)
        .await
        .unwrap();
        let share = "update conversations
                     set class_id = $1, share = 'class', alias_scope = null, copy_protected = false
                     where id = $2";
        run(db, share, &[class.uuid(), cast.shared.uuid()]).await;
        let (door_secret, share, door) = (Secret::new().unwrap(), ShareId::new(), LinkId::new());
        run(db, "delete from conversation_shares", &[]).await;
        run(db, "delete from conversation_links", &[]).await;
        let share_it = "insert into conversation_shares (id, conversation_id, email, access)
                        values ($1, $2, 'let-in@example.test', 'viewer')";
        run(db, share_it, &[share.uuid(), cast.shared.uuid()]).await;
        sqlx::query(
            "insert into conversation_links (id, conversation_id, token_hash, access, expires_at)
             values ($1, $2, $3, 'viewer', now() + interval '1 day')",
        )
        .bind(door.uuid())
        .bind(cast.shared.uuid())
        .bind(door_secret.hash())
        .execute(db)
        .await
        .unwrap();
        // Named like their conversation, and so is its only message.
        let runs =
            "insert into runs (id, conversation_id, message_id, user_id, model, state, idempotency_key, request_hash)
                    select c.id, c.id, c.id, c.owner_id, 'm', 'over', c.id, sha256('x')
                    from conversations c
                    where c.id in ($1, $2)
                    on conflict do nothing";
        run(db, runs, &[cast.shared.uuid(), cast.private.uuid()]).await;
        let steps = "insert into history_steps
                         (conversation_id, number, epoch, seq, is_base, began_at, ended_at, update, changes)
                     select id, 1, 1, 0, true, now(), now(), '\\x0000', '{}'
                     from conversations
                     where id in ($1, $2)
                     on conflict (conversation_id, number)
                     do update set name = null, named_by = null, named_at = null";
        run(db, steps, &[cast.shared.uuid(), cast.private.uuid()]).await;
        let (activity, started) = (ActivityId::new(), ActivityId::new());
        let (copy, shown) = (ConversationId::new(), ConversationId::new());
        let (export, printed, sought) = (ExportId::new(), ExportId::new(), ExportId::new());
        // In one statement: there are hundreds of scenes.
        sqlx::query(
            "with tasks as (
                 insert into activities (id, class_id, title, instructions, template_id, mode)
                 values ($1, $3, 'Unused', '', $4, 'individual'), ($2, $3, 'Started', '', $4, 'individual')
             ), made as (
                 insert into conversations (id, title, owner_id) values ($5, 'A copy', $6)
             ), copies as (
                 insert into activity_copies (conversation_id, activity_id, user_id) values ($5, $2, $6)
             ), documents as (
                 insert into annotation_document_state (conversation_id, crdt_state, seq) values ($5, '\\x0000', 0)
             ), exports as (
                 insert into export_jobs (id, conversation_id, activity_id, query, user_id, format, state)
                 values ($7, $4, null, null, $8, 'pdf', 'failed'), ($9, null, $1, null, $10, 'pdf', 'failed'),
                        ($11, null, null, 'evidence', $10, 'pdf', 'failed')
             )
             insert into late_work (conversation_id, user_id, update) values ($5, $6, '\\x0000')",
        )
        .bind(activity.uuid())
        .bind(started.uuid())
        .bind(class.uuid())
        .bind(cast.shared.uuid())
        .bind(copy.uuid())
        .bind(cast.target.uuid())
        .bind(export.uuid())
        .bind(cast.id(Role::Owner))
        .bind(printed.uuid())
        .bind(cast.id(Role::Instructor))
        .bind(sought.uuid())
        .execute(db)
        .await
        .unwrap();
        // The same, of an activity that lets staff see how it came to be.
        run(
            db,
            "with tasks as (
                 insert into activities (id, class_id, title, instructions, template_id, mode, staff_see_history)
                 values ($2, $3, 'Shown', '', $4, 'individual', true)
             ), made as (
                 insert into conversations (id, title, owner_id) values ($5, 'A copy', $6)
             ), documents as (
                 insert into annotation_document_state (conversation_id, crdt_state, seq) values ($5, '\\x0000', 0)
             ), copies as (
                 insert into activity_copies (conversation_id, activity_id, user_id) values ($5, $2, $6)
             )
             insert into history_steps
                 (conversation_id, number, epoch, seq, is_base, began_at, ended_at, update, changes)
             select id, 1, 1, 0, true, now(), now(), '\\x0000', '{}'
             from unnest(array[$1, $5]) as id",
            &[
                copy.uuid(),
                ActivityId::new().uuid(),
                class.uuid(),
                cast.shared.uuid(),
                shown.uuid(),
                cast.target.uuid(),
            ],
        )
        .await;
        Self::without_projects(db).await;
        run(db, "delete from conversations where title = 'Thrown away'", &[]).await;
        run(db, "update conversations set trashed_at = null", &[]).await;
        let thrown = ConversationId::new();
        run(
            db,
            "insert into conversations (id, title, owner_id, trashed_at) values ($1, 'Thrown away', $2, now())",
            &[thrown.uuid(), cast.id(Role::Owner)],
        )
        .await;
        let (thrown_project, thrown_activity) = (ProjectId::new(), ActivityId::new());
        run(
            db,
            "with made as (
                 insert into projects (id, name, owner_id, active_prompt_id, deleted_at) values ($1, 'Thrown', $2, $3, now())
             )
             insert into prompt_versions (id, project_id, version, name, content) values ($3, $1, 1, '-', '')",
            &[thrown_project.uuid(), cast.id(Role::Owner), PromptVersionId::new().uuid()],
        )
        .await;
        run(
            db,
            "insert into activities (id, class_id, title, instructions, template_id, mode, trashed_at)
             values ($1, $2, 'Thrown away', '', $3, 'together', now())",
            &[thrown_activity.uuid(), class.uuid(), cast.shared.uuid()],
        )
        .await;
        let webhook = WebhookId::new();
        run(db, "delete from webhooks", &[]).await;
        run(
            db,
            "insert into webhooks (id, user_id, class_id, url, secret) values ($1, $2, $3, 'https://127.0.0.1/', 'x')",
            &[webhook.uuid(), cast.id(Role::Instructor), class.uuid()],
        )
        .await;
        // What was there before: nobody can teach hundreds of classes.
        run(db, "delete from classes where id <> $1 and name not in ('Elsewhere', 'Demo class')", &[class.uuid()])
            .await;
        let thrown_class = ClassId::new();
        run(db, "insert into classes (id, name, trashed_at) values ($1, 'Thrown away', now())", &[thrown_class.uuid()])
            .await;
        let of_same = "insert into trashed_memberships (class_id, user_id, role)
                       select $1, user_id, role from memberships where class_id = $2";
        run(db, of_same, &[thrown_class.uuid(), class.uuid()]).await;
        Scene {
            class,
            group,
            target: cast.target,
            entry,
            invitation,
            link: secret.text(),
            token: cast.token(app, Role::Instructor).await.0,
            session: cast.session(app, Role::Instructor).await,
            shared: cast.shared,
            private: cast.private,
            share,
            door,
            secret: door_secret.text(),
            activity,
            started,
            copy,
            shown,
            export,
            printed,
            sought,
            class_project: Home::new(app, cast.user(Role::Instructor), Some(class), cast.shared).await,
            own_project: Home::new(app, cast.user(Role::Owner), None, cast.private).await,
            webhook,
            thrown,
            thrown_project,
            thrown_activity,
            thrown_class,
        }
    }

    /// The same with ids that name nothing.
    pub fn of_nothing() -> Scene {
        Scene {
            class: ClassId::new(),
            group: ClassGroupId::new(),
            target: UserId::new(),
            entry: RosterEntryId::new(),
            invitation: InvitationId::new(),
            link: Secret::new().unwrap().text(),
            token: TokenId::new().to_string(),
            session: SessionId::new().to_string(),
            shared: ConversationId::new(),
            private: ConversationId::new(),
            share: ShareId::new(),
            door: LinkId::new(),
            secret: Secret::new().unwrap().text(),
            activity: ActivityId::new(),
            started: ActivityId::new(),
            copy: ConversationId::new(),
            shown: ConversationId::new(),
            export: ExportId::new(),
            printed: ExportId::new(),
            sought: ExportId::new(),
            class_project: Home::of_nothing(),
            own_project: Home::of_nothing(),
            webhook: WebhookId::new(),
            thrown: ConversationId::new(),
            thrown_project: ProjectId::new(),
            thrown_activity: ActivityId::new(),
            thrown_class: ClassId::new(),
        }
    }

    /// Nobody can have hundreds of them.
    async fn without_projects(db: &PgPool) {
        for sql in [
            "delete from conversations where untitled",
            "update conversations set project_id = null",
            "delete from files",
            "delete from projects",
        ] {
            run(db, sql, &[]).await;
        }
    }

    /// A path of the API with its parameters filled in. `kind` is which conversation `{id}` is: `private`, or else the
    /// shared one; which activity: `started`, or else the unused one; and which project `{project}` is: `own`, or else the
    /// class's.
    pub fn fill(&self, path: &str, kind: &str) -> String {
        if ["/api/v1/search", "/api/v1/search/export"].contains(&path) {
            return format!("{path}?q=evidence");
        }
        let conversation = match kind {
            "private" => self.private,
            "copy" => self.copy,
            "shown" => self.shown,
            _ => self.shared,
        };
        let home = if ["private", "own"].contains(&kind) { self.own_project } else { self.class_project };
        let file = if path.starts_with("/api/v1/projects") { home.file } else { home.chat_file };
        let (project, activity) = match kind {
            _ if path.starts_with("/api/v1/trash/") => (self.thrown_project, self.thrown_activity),
            "started" => (home.project, self.started),
            _ => (home.project, self.activity),
        };
        let class = if path.starts_with("/api/v1/trash/") { self.thrown_class } else { self.class };
        let export = match path.split('/').nth(3) {
            Some("activities") => self.printed,
            Some("search") => self.sought,
            _ => self.export,
        };
        let id = match path.split('/').nth(3) {
            Some("tokens") => self.token.clone(),
            Some("sessions") => self.session.clone(),
            Some("trash") => self.thrown.to_string(),
            _ => conversation.to_string(),
        };
        [
            ("{id}", id),
            ("{class}", class.to_string()),
            ("{group}", self.group.to_string()),
            ("{user}", self.target.to_string()),
            ("{entry}", self.entry.to_string()),
            ("{invitation}", self.invitation.to_string()),
            ("{token}", self.link.clone()),
            ("{share}", self.share.to_string()),
            ("{link}", self.door.to_string()),
            ("{secret}", self.secret.clone()),
            ("{activity}", activity.to_string()),
            ("{project}", project.to_string()),
            ("{prompt}", home.prompt.to_string()),
            ("{file}", file.to_string()),
            ("{export}", export.to_string()),
            // The present one of all.
            ("{number}", "1".to_owned()),
            ("{webhook}", self.webhook.to_string()),
        ]
        .iter()
        .fold(path.to_owned(), |path, (name, value)| path.replace(name, value))
    }

    /// What a request to this path holds, so that it is done if it is allowed.
    pub fn body(&self, method: &str, path: &str) -> Option<Value> {
        Some(match (method, path) {
            ("POST", "/api/v1/dev/sign-in") => json!({"person": "student-1"}),
            ("PATCH", "/api/v1/me") => json!({"name": "x"}),
            ("POST", "/api/v1/notices/read") => json!({"ids": [NOBODY]}),
            ("POST", "/api/v1/tokens") => json!({"name": "x"}),
            ("POST", "/api/v1/webhooks") => {
                json!({"url": "https://receiver.example/", "about": format!("/classes/{}", self.class)})
            }
            ("POST", "/api/v1/webhooks/{webhook}/secret") => json!({}),
            ("POST", "/api/v1/conversations") => json!({"title": "x", "text": "x", "share": "none"}),
            ("PATCH", "/api/v1/conversations/{id}") => json!({"title": "Renamed"}),
            ("PUT", "/api/v1/conversations/{id}/sharing/class") => json!({"class": null}),
            ("PUT", "/api/v1/conversations/{id}/sharing/anonymity") => json!({"anonymous": true}),
            ("PUT", "/api/v1/conversations/{id}/sharing/protection") => json!({"copy_protected": true}),
            ("POST", "/api/v1/conversations/{id}/sharing/people") => {
                json!({"email": "new@example.test", "access": "annotator"})
            }
            ("POST", "/api/v1/conversations/{id}/sharing/links") => json!({"access": "viewer", "days": 1}),
            ("POST", "/api/v1/conversations/{id}/exports" | "/api/v1/activities/{activity}/exports") => {
                json!({"format": "pdf"})
            }
            ("POST", "/api/v1/search/exports") => json!({"format": "pdf", "q": "evidence"}),
            ("POST", "/api/v1/conversations/{id}/messages") => json!({"text": "x"}),
            ("POST", "/api/v1/conversations/{id}/annotations") => json!([]),
            // Nobody's: the people stay.
            ("POST", "/api/v1/me/merge" | "/api/v1/me/merge/preview") => json!({"code": "BCDF-GHJK-MNPQ-RSTV"}),
            ("POST", "/api/v1/me/merge/code") => json!({}),
            ("POST", "/api/v1/me/erase") => json!({"confirm": "nobody@example.test"}),
            ("POST", "/api/v1/conversations/{id}/purge") => json!({"items": [{"kind": "highlight", "id": NOBODY}]}),
            // Of a text that there never was: all who may edit it are told so.
            ("PUT", "/api/v1/conversations/{id}/text") => {
                json!({"base": 0, "messages": [{"role": "user", "markdown": "x"}]})
            }
            ("PUT", "/api/v1/conversations/{id}/history/{number}/name") => json!({"name": "Draft"}),
            ("POST", "/api/v1/messages/{id}/regenerate") => json!({}),
            ("PUT", "/api/v1/classes/{class}/models") => {
                json!({"models": null, "tokens_a_person": 1, "tokens_a_class": null, "period": "day"})
            }
            ("POST", "/api/v1/projects") => json!({"name": "New"}),
            ("PATCH", "/api/v1/projects/{project}") => json!({"name": "Renamed"}),
            ("POST", "/api/v1/projects/{project}/prompts") => json!({"name": "New", "content": "Be kind."}),
            ("POST", "/api/v1/projects/{project}/conversations") => json!({}),
            ("POST", "/api/v1/classes") => json!({"name": "New"}),
            ("POST", "/api/v1/classes/join") => json!({"code": "bcdf-ghjk"}),
            ("PATCH", "/api/v1/classes/{class}") => json!({"name": "Renamed"}),
            ("PUT", "/api/v1/classes/{class}/members/{user}/role") => json!({"role": "tutor"}),
            ("PUT", "/api/v1/classes/{class}/members/{user}/group") => json!({"group": self.group}),
            ("POST", "/api/v1/classes/{class}/groups") => json!({"name": "New"}),
            ("PATCH", "/api/v1/classes/{class}/groups/{group}") => json!({"name": "Renamed"}),
            ("POST", "/api/v1/classes/{class}/activities") | ("PUT", "/api/v1/activities/{activity}") => {
                json!({"title": "New", "template": self.shared, "mode": "individual"})
            }
            ("POST", "/api/v1/activities/{activity}/reveal") => json!({"random": 1}),
            ("POST", "/api/v1/activities/{activity}/late") => json!({"copy": self.copy, "person": self.target}),
            ("POST", "/api/v1/classes/{class}/invitations") => json!({"role": "student", "days": 1, "max_uses": 1}),
            _ => return None,
        })
    }

    /// The file of a request that sends one.
    pub fn file(path: &str) -> Option<&'static str> {
        match path {
            "/api/v1/import" | "/api/v1/projects/{project}/files" | "/api/v1/conversations/{id}/files" => {
                Some("Some words.")
            }
            "/api/v1/classes/{class}/roster" => Some("Name,E-mail\nNew,new@example.test\n"),
            _ => None,
        }
    }
}
