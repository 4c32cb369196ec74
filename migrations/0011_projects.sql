-- Projects: homes for chats with a model, with the instructions that the model is given (prompts) and files. A project is
-- somebody's own or a class's (`server::access::projects`). What is deleted of it is marked: its conversations live on
-- with their annotations, and each reply keeps the prompt that produced it.

create table projects (
    id uuid primary key,
    name text not null constraint projects_name_length check (char_length(name) between 1 and 200),
    -- Who made it; it is theirs alone unless it is a class's.
    owner_id uuid not null references users,
    class_id uuid references classes,
    -- The one that new replies are given. Not null: exactly one of a project's prompts is active at any time, and a change
    -- is one statement. A new project begins with one without content, which gives the model no instructions.
    active_prompt_id uuid not null,
    created_at timestamptz not null default now(),
    deleted_at timestamptz
);
create index projects_owner on projects (owner_id, id desc) where deleted_at is null;
create index projects_class on projects (class_id, id desc) where deleted_at is null and class_id is not null;

-- A prompt never changes: editing makes the next version.
create table prompt_versions (
    id uuid primary key,
    project_id uuid not null references projects on delete cascade,
    version integer not null constraint prompt_versions_version check (version > 0),
    name text not null constraint prompt_versions_name_length check (char_length(name) between 1 and 200),
    content text not null constraint prompt_versions_content_size check (octet_length(content) <= 65536),
    created_by uuid references users on delete set null,
    created_at timestamptz not null default now(),
    constraint prompt_versions_version_unique unique (project_id, version),
    -- What a project refers to, so that its active prompt is one of its own.
    constraint prompt_versions_of_project unique (project_id, id)
);

alter table projects
    add constraint projects_active_prompt foreign key (id, active_prompt_id)
        references prompt_versions (project_id, id) deferrable initially deferred;

create function refuse_change_of_prompt() returns trigger language plpgsql as $$
begin
    raise exception 'a prompt version never changes' using errcode = 'restrict_violation';
end
$$;

-- All but `created_by`, which is emptied when somebody is deleted.
create trigger prompt_versions_immutable
    before update of id, project_id, version, name, content, created_at on prompt_versions
    for each row execute function refuse_change_of_prompt();

-- A conversation of a project is a chat: it may have no messages yet.
alter table conversations
    add column project_id uuid references projects,
    -- Nobody named it yet: its first message does.
    add column untitled boolean not null default false;
create index conversations_project on conversations (project_id, id desc) where project_id is not null;

-- A row is there before its bytes are and longer than them, so that no bytes are left that no row knows of
-- (`server::files::sweep`): `stored_at` says that they are there, `deleted_at` that they go or went.
create table files (
    id uuid primary key,
    project_id uuid not null references projects,
    -- Of one chat alone; without one it is for everybody in the project. No foreign key: the row outlives the chat until
    -- its bytes are gone.
    conversation_id uuid,
    uploader_id uuid references users on delete set null,
    name text not null constraint files_name_length check (char_length(name) between 1 and 200),
    -- What the bytes say that they are, whatever the name and the sender said.
    media_type text not null constraint files_media_type_length check (char_length(media_type) between 1 and 100),
    size bigint not null constraint files_size check (size between 1 and 26214400),
    sha256 bytea not null constraint files_sha256_length check (octet_length(sha256) = 32),
    created_at timestamptz not null default now(),
    stored_at timestamptz,
    deleted_at timestamptz,
    -- The bytes are gone; the row stays for the messages that it was attached to.
    purged_at timestamptz
);
create index files_project on files (project_id, id desc) where deleted_at is null;
create index files_conversation on files (conversation_id, id desc) where conversation_id is not null;
create index files_uploader on files (uploader_id) where deleted_at is null;
create index files_unfinished on files (created_at)
    where stored_at is null or (deleted_at is not null and purged_at is null);

create function delete_files_of_conversation() returns trigger language plpgsql as $$
begin
    update files
    set deleted_at = now()
    where conversation_id = old.id and deleted_at is null;
    return null;
end
$$;

create trigger conversations_delete_files
    after delete on conversations
    for each row execute function delete_files_of_conversation();

-- What was sent along with a message: files of its chat, or of the chat's project.
create table message_files (
    conversation_id uuid not null,
    message_id uuid not null,
    file_id uuid not null references files,
    position smallint not null constraint message_files_position check (position between 0 and 19),
    primary key (conversation_id, message_id, file_id),
    constraint message_files_position_unique unique (conversation_id, message_id, position),
    constraint message_files_message foreign key (conversation_id, message_id)
        references messages (conversation_id, id) on delete cascade
);
create index message_files_file on message_files (file_id);
