//! Every route on one screen.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{delete, get, patch, post, put},
};
use shared::api::{IMPORT_PATH, MAX_FILE_BYTES, MAX_ROSTER_BYTES, MAX_UPLOAD_BYTES};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
    services::{ServeDir, ServeFile},
};

use crate::{
    activities, agreement, annotations, classes, config::SignIn, conversations, development, erase, error::Error,
    etags, export, files, health, history, import, merge, metrics, models, my_data, notices, pages, people, projects,
    purge, rates, refused, revisions, roster, runs, search, security, services::Services, sessions, sharing,
    sync_route, tokens, trash, webhooks,
};

/// A JSON body's size at most: a text of 1 MiB in the longest JSON spelling, and some room. What is over that is not a
/// conversation that could be stored; texts just over their own limit still get the answer that names it.
const MAX_JSON_BYTES: usize = 8 << 20;

/// Multipart adds its own lines around a file.
const MULTIPART_SLACK: usize = 64 << 10;

/// What the API is, for machines (OpenAPI 3.1).
pub(crate) const DESCRIPTION: &str = include_str!("openapi.json");

/// The typed API.
fn api(services: &Services) -> Router<Services> {
    let json = of_people().merge(of_conversations()).merge(of_projects()).merge(of_classes());
    let mut routes = json.layer(DefaultBodyLimit::max(MAX_JSON_BYTES)).merge(uploads());
    if matches!(services.config.sign_in, SignIn::Development) {
        routes = routes.route("/api/v1/dev/sign-in", post(development::sign_in));
    }
    let description = ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION);
    routes
        .route("/api/openapi.json", get(|| async { description }))
        .route("/api/{*rest}", axum::routing::any(nothing))
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
}

/// The caller, and how they come in.
fn of_people() -> Router<Services> {
    Router::new()
        .route("/api/v1/me", get(people::me).patch(people::change))
        .route("/api/v1/me/data", get(my_data::get))
        .route("/api/v1/me/erase", get(erase::get).post(erase::erase))
        .route("/api/v1/me/merge", get(merge::get).post(merge::merge))
        .route("/api/v1/me/merge/code", post(merge::make_code))
        .route("/api/v1/me/merge/preview", post(merge::preview))
        .route("/api/v1/sign-out", post(people::sign_out))
        .route("/api/v1/sign-out-everywhere", post(sessions::own::sign_out_everywhere))
        .route("/api/v1/sessions", get(sessions::own::list))
        .route("/api/v1/sessions/{id}", delete(sessions::own::end_one))
        .route("/api/v1/notices", get(notices::list))
        .route("/api/v1/notices/read", post(notices::read))
        .route("/api/v1/search", get(search::search))
        .route("/api/v1/search/export", get(search::export))
        .route("/api/v1/search/exports", get(export::jobs::list).post(export::jobs::start))
        .route("/api/v1/search/exports/{export}", get(export::jobs::get).delete(export::jobs::cancel))
        .route("/api/v1/search/exports/{export}/file", get(export::jobs::file))
        .route("/api/v1/tokens", get(tokens::list).post(tokens::create))
        .route("/api/v1/tokens/{id}", delete(tokens::revoke))
        .route("/api/v1/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/api/v1/webhooks/{webhook}", get(webhooks::get).delete(webhooks::delete))
        .route("/api/v1/webhooks/{webhook}/test", post(webhooks::test))
        .route("/api/v1/webhooks/{webhook}/secret", post(webhooks::renew))
}

/// Conversations, with whom they are shared, and what models write in them.
fn of_conversations() -> Router<Services> {
    Router::new()
        .route("/api/v1/conversations", get(conversations::list).post(conversations::create))
        .route(
            "/api/v1/conversations/{id}",
            get(conversations::get).patch(conversations::rename).delete(trash::put_conversation),
        )
        .route("/api/v1/conversations/{id}/messages", post(runs::send))
        .route("/api/v1/messages/{id}/regenerate", post(runs::regenerate))
        .route("/api/v1/runs/{id}/events", get(runs::events))
        .route("/api/v1/runs/{id}/stop", post(runs::stop))
        .route("/api/v1/models", get(models::list))
        .route("/api/v1/conversations/{id}/comparison", get(conversations::compare))
        .route("/api/v1/conversations/{id}/revisions", get(revisions::list))
        .route("/api/v1/conversations/{id}/revisions/{number}", get(revisions::get))
        .route("/api/v1/conversations/{id}/history", get(history::list))
        .route("/api/v1/conversations/{id}/history/export", get(history::export))
        .route("/api/v1/conversations/{id}/history/leave", put(history::change_leave))
        .route("/api/v1/conversations/{id}/history/{number}", get(history::get))
        .route(
            "/api/v1/conversations/{id}/history/{number}/name",
            put(history::give_name).delete(history::take_name_away),
        )
        .route("/api/v1/conversations/{id}/history/{number}/compare", get(history::compare))
        .route("/api/v1/conversations/{id}/history/{number}/restore", post(history::restore))
        .route("/api/v1/conversations/{id}/deleted", get(purge::list))
        .route("/api/v1/conversations/{id}/purge", post(purge::purge))
        .route("/api/v1/conversations/{id}/people", get(conversations::people))
        .route("/api/v1/conversations/{id}/rights", get(conversations::rights))
        .route("/api/v1/conversations/{id}/tags", get(conversations::tags))
        .route("/api/v1/conversations/{id}/refused", get(refused::list))
        .route("/api/v1/conversations/{id}/export", get(export::get))
        .route("/api/v1/conversations/{id}/exports", get(export::jobs::list).post(export::jobs::start))
        .route("/api/v1/conversations/{id}/exports/{export}", get(export::jobs::get).delete(export::jobs::cancel))
        .route("/api/v1/conversations/{id}/exports/{export}/file", get(export::jobs::file))
        .route("/api/v1/conversations/{id}/agreement", get(agreement::get))
        .route("/api/v1/conversations/{id}/agreement.csv", get(agreement::csv))
        .route("/api/v1/conversations/{id}/sharing", get(sharing::get))
        .route("/api/v1/conversations/{id}/sharing/class", put(sharing::share_with_class))
        .route("/api/v1/conversations/{id}/sharing/anonymity", put(sharing::set_anonymity))
        .route("/api/v1/conversations/{id}/sharing/protection", put(sharing::protect))
        .route("/api/v1/conversations/{id}/sharing/people", post(sharing::share_with_person))
        .route("/api/v1/conversations/{id}/sharing/people/{share}", delete(sharing::end_share))
        .route("/api/v1/conversations/{id}/sharing/links", post(sharing::create_link))
        .route("/api/v1/conversations/{id}/sharing/links/{link}", delete(sharing::revoke_link))
        .route("/api/v1/trash", get(trash::list))
        .route("/api/v1/trash/conversations/{id}", delete(trash::purge_conversation))
        .route("/api/v1/trash/conversations/{id}/restore", post(trash::restore_conversation))
        .route("/api/v1/trash/projects/{project}", delete(trash::purge_project))
        .route("/api/v1/trash/projects/{project}/restore", post(trash::restore_project))
        .route("/api/v1/trash/classes/{class}", delete(trash::purge_class))
        .route("/api/v1/trash/classes/{class}/restore", post(trash::restore_class))
        .route("/api/v1/trash/activities/{activity}", delete(trash::purge_activity))
        .route("/api/v1/trash/activities/{activity}/restore", post(trash::restore_activity))
        .route("/api/v1/links/{secret}", get(sharing::preview_link))
        .route("/api/v1/links/{secret}/open", post(sharing::open_link))
        .route("/api/v1/conversations/{id}/files/{file}", get(files::download_of_chat).delete(files::delete_of_chat))
}

/// Projects.
fn of_projects() -> Router<Services> {
    Router::new()
        .route("/api/v1/projects", get(projects::list).post(projects::create))
        .route("/api/v1/projects/{project}", get(projects::get).patch(projects::change).delete(trash::put_project))
        .route("/api/v1/projects/{project}/prompts", get(projects::list_prompts).post(projects::create_prompt))
        .route("/api/v1/projects/{project}/prompts/{prompt}/activate", post(projects::activate_prompt))
        .route("/api/v1/projects/{project}/conversations", get(projects::list_chats).post(projects::create_chat))
        .route(
            "/api/v1/projects/{project}/files/{file}",
            get(files::download_of_project).delete(files::delete_of_project),
        )
}

/// Classes and their activities.
fn of_classes() -> Router<Services> {
    Router::new()
        .route("/api/v1/classes", get(classes::list).post(classes::create))
        .route("/api/v1/classes/join", post(classes::join_by_code))
        .route("/api/v1/classes/{class}", get(classes::get).patch(classes::change).delete(trash::put_class))
        .route("/api/v1/classes/{class}/leave", post(classes::leave))
        .route("/api/v1/classes/{class}/code", post(classes::rotate_code).delete(classes::switch_off_code))
        .route("/api/v1/classes/{class}/members", get(classes::list_members))
        .route("/api/v1/classes/{class}/members/{user}", get(classes::get_member).delete(classes::remove_member))
        .route("/api/v1/classes/{class}/members/{user}/role", put(classes::set_role))
        .route("/api/v1/classes/{class}/members/{user}/group", put(classes::set_group))
        .route("/api/v1/classes/{class}/models", get(models::get_of_class).put(models::set_of_class))
        .route("/api/v1/classes/{class}/groups", post(classes::create_group))
        .route("/api/v1/classes/{class}/groups/{group}", patch(classes::rename_group).delete(classes::delete_group))
        .route("/api/v1/classes/{class}/invitations", get(classes::list_invitations).post(classes::create_invitation))
        .route("/api/v1/classes/{class}/invitations/{invitation}", delete(classes::revoke_invitation))
        .route("/api/v1/classes/{class}/roster/{entry}", delete(roster::remove))
        .route("/api/v1/classes/{class}/activities", get(activities::list).post(activities::create))
        .route("/api/v1/classes/{class}/templates", get(activities::templates))
        .route("/api/v1/activities/open", get(activities::list_to_do))
        .route(
            "/api/v1/activities/{activity}",
            get(activities::get).put(activities::change).delete(trash::put_activity),
        )
        .route("/api/v1/activities/{activity}/start", post(activities::start))
        .route("/api/v1/activities/{activity}/overview", get(activities::get_overview))
        .route("/api/v1/activities/{activity}/overview.csv", get(activities::overview_csv))
        .route("/api/v1/activities/{activity}/export", get(export::get_of_activity))
        .route("/api/v1/activities/{activity}/exports", get(export::jobs::list).post(export::jobs::start))
        .route("/api/v1/activities/{activity}/exports/{export}", get(export::jobs::get).delete(export::jobs::cancel))
        .route("/api/v1/activities/{activity}/exports/{export}/file", get(export::jobs::file))
        .route("/api/v1/activities/{activity}/agreement", get(agreement::get_of_activity))
        .route("/api/v1/activities/{activity}/agreement.csv", get(agreement::csv_of_activity))
        .route("/api/v1/activities/{activity}/reveal", post(activities::reveal))
        .route("/api/v1/activities/{activity}/late", post(activities::take_in_late_work))
        .route("/api/v1/invitations/{token}", get(classes::preview_invitation))
        .route("/api/v1/invitations/{token}/join", post(classes::accept_invitation))
}

/// What takes files: each has its own limit.
fn uploads() -> Router<Services> {
    let of_files = DefaultBodyLimit::max(MAX_FILE_BYTES + MULTIPART_SLACK);
    Router::new()
        .route(
            "/api/v1/classes/{class}/roster",
            post(roster::upload).layer(DefaultBodyLimit::max(MAX_ROSTER_BYTES + MULTIPART_SLACK)),
        )
        .route(
            "/api/v1/projects/{project}/files",
            get(files::list_of_project).post(files::add_to_project).layer(of_files),
        )
        .route("/api/v1/conversations/{id}/files", get(files::list_of_chat).post(files::add_to_chat).layer(of_files))
        .route(
            "/api/v1/conversations/{id}/annotations",
            post(annotations::bring_in).layer(DefaultBodyLimit::max(annotations::MAX_BYTES)),
        )
        .route(
            "/api/v1/conversations/{id}/text",
            put(revisions::edit).layer(DefaultBodyLimit::max(revisions::MAX_BYTES)),
        )
        .route(
            IMPORT_PATH,
            post(import::upload::upload).layer(DefaultBodyLimit::max(MAX_UPLOAD_BYTES + MULTIPART_SLACK)),
        )
}

async fn nothing() -> Error {
    Error::NotFound
}

/// The whole server.
pub fn router(services: Services) -> Router {
    let api = api(&services);
    let mut plain = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::show))
        .route("/sync/{conversation_id}", get(sync_route::upgrade))
        .route("/sign-out", post(people::sign_out_by_form))
        .route("/sign-out-everywhere", post(sessions::own::sign_out_everywhere_by_form))
        .route("/inbox/read", post(notices::read_by_form));
    if matches!(services.config.sign_in, SignIn::Development) {
        plain = plain.route("/sign-in", post(development::sign_in_by_form));
    }
    if services.config.dev_reload {
        // A new number each time the server is started.
        let start = uuid::Uuid::now_v7().to_string();
        plain = plain.route("/dev/start", get(|| async { start }));
    }
    let guard = middleware::from_fn_with_state(services.clone(), security::refuse_foreign_mutations);
    plain
        .merge(pages::routes(&services, api.clone()))
        .merge(api.layer(middleware::from_fn(etags::tag)).layer(middleware::from_fn(rates::say)))
        .merge(assets(&services))
        // A zip does not get smaller.
        .layer(
            CompressionLayer::new()
                .compress_when(DefaultPredicate::new().and(NotForContentType::new("application/zip"))),
        )
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            Error::Internal(anyhow::anyhow!("a handler panicked")).into_response()
        }))
        .layer(guard)
        .layer(middleware::from_fn(security::add_headers))
        .with_state(services)
}

/// Scripts, styles and fonts. Those under `/pkg` are named by their content and never change.
fn assets(services: &Services) -> Router<Services> {
    let site = &services.config.site_root;
    // Only what was found: a file that is not there yet must not be missing for a year.
    let cached = |seconds: &'static str| {
        middleware::map_response(move |mut response: Response| async move {
            if !response.status().is_client_error() {
                response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(seconds));
            }
            response
        })
    };
    let missing = || get(|| async { StatusCode::NOT_FOUND.into_response() });
    let folder = |name: &str| ServeDir::new(site.join(name)).precompressed_br().fallback(missing());
    let forever =
        Router::new().nest_service("/pkg", folder("pkg")).layer(cached("public, max-age=31536000, immutable"));
    // Its own policy: a worker keeps to the one that its script came with, and this one fetches.
    let worker = Router::new()
        .route_service("/service-worker.js", ServeFile::new(site.join("service-worker.js")).precompressed_br())
        .layer(cached("no-cache"))
        .layer(middleware::map_response(security::with_policy_of_worker));
    let a_day = Router::new()
        .nest_service("/fonts", folder("fonts"))
        .route_service("/favicon.svg", ServeFile::new(site.join("favicon.svg")))
        .route_service("/robots.txt", ServeFile::new(site.join("robots.txt")))
        .layer(cached("public, max-age=86400"));
    forever.merge(a_day).merge(worker)
}
