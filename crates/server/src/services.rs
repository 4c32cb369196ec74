//! What handlers share; cheap to clone.

use std::{net::SocketAddr, sync::Arc};

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use sqlx::PgPool;
use tokio::sync::{Mutex, Semaphore};

use crate::{
    attempts::Attempts,
    config::{Config, Origin},
    erase,
    error::Error,
    export::jobs::Bell,
    files::Files,
    outbound::strangers,
    rates::Rates,
    rooms::Rooms,
    runs::Runs,
    sign_in::Ways,
    turns::Turns,
};

/// The server's world.
#[derive(Clone)]
pub struct Services {
    /// The settings.
    pub config: Arc<Config>,
    /// The origin that browsers use.
    pub origin: Origin,
    /// Postgres.
    pub db: PgPool,
    /// The open documents.
    pub rooms: Rooms,
    /// The replies that are being written, and the model that writes them.
    pub runs: Runs,
    /// The ways to sign in.
    pub ways: Ways,
    /// Where the pages find their scripts.
    pub leptos: LeptosOptions,
    /// What people uploaded.
    pub files: Files,
    /// How often the API is asked.
    pub rates: Arc<Rates>,
    /// Codes that people tried to join a class by.
    pub codes_tried: Arc<Attempts>,
    /// Tests of webhooks that people asked for.
    pub webhooks_tested: Arc<Attempts>,
    /// How webhooks are sent.
    pub strangers: strangers::Client,
    /// Held while what copies of an activity begin with is read.
    pub seeds: Arc<Mutex<()>>,
    /// Rings when a file waits to be made.
    pub export_bell: Bell,
    /// Rings when an account is to be erased.
    pub erase_bell: erase::Bell,
    imports: Arc<Semaphore>,
    /// Turns to hold an archive of which several conversations are stored.
    pub archives: Arc<Turns>,
    /// Turns to gather and write an export: to be held until the file is written.
    pub exports: Arc<Turns>,
    /// Turns to download all that is kept of oneself: to be held until that is over.
    pub my_data: Arc<Turns>,
    /// Turns to look in a new text for what is marked in the old one: to be held until it is in its place.
    pub edits: Arc<Turns>,
    /// Turns to look in a text for what was marked in it.
    pub readings: Arc<Turns>,
}

/// Imports that are read at once: each may take seconds of a core and several times its size in memory.
const IMPORTS_AT_ONCE: usize = 2;

/// Archives that are held while their conversations are stored: each has 200 MiB at most.
const ARCHIVES_AT_ONCE: usize = 2;

/// Exports that are gathered and written at once, for the same reason.
const EXPORTS_AT_ONCE: usize = 2;

/// People who download all that is kept of them at once: each takes minutes, and one turn of the exports at a time.
const MY_DATA_AT_ONCE: usize = 4;

/// Texts that are compared and looked through at once.
const EDITS_AT_ONCE: usize = 2;

/// Texts with their documents that are read at once: each may be many megabytes.
const READINGS_AT_ONCE: usize = 4;

impl Services {
    /// The services of a server that listens on `bound`.
    ///
    /// # Errors
    /// What is configured needs what the system does not have.
    pub fn new(config: Config, bound: SocketAddr, db: PgPool) -> anyhow::Result<Self> {
        let origin = config.public_origin(bound);
        let build_id = build_id(&config);
        let leptos = LeptosOptions::builder()
            .output_name("app")
            .site_root(config.site_root.to_string_lossy().as_ref())
            // Named by its content, so that it may be cached for ever.
            .site_pkg_dir(format!("pkg/{build_id}"))
            .site_addr(bound)
            .build();
        Ok(Self {
            rooms: Rooms::new(db.clone()),
            runs: Runs::new(config.model.clone())?,
            files: Files::of(&config)?,
            ways: Ways::new(&config.sign_in)?,
            strangers: strangers::Client::new(config.webhook_reach.clone())?,
            rates: Arc::new(Rates::new(config.api_requests_per_minute)),
            config: Arc::new(config),
            origin,
            db,
            leptos,
            codes_tried: Arc::default(),
            webhooks_tested: Arc::default(),
            seeds: Arc::default(),
            export_bell: Bell::default(),
            erase_bell: erase::Bell::default(),
            imports: Arc::new(Semaphore::new(IMPORTS_AT_ONCE)),
            archives: Arc::new(Turns::new(ARCHIVES_AT_ONCE)),
            exports: Arc::new(Turns::new(EXPORTS_AT_ONCE)),
            my_data: Arc::new(Turns::new(MY_DATA_AT_ONCE)),
            edits: Arc::new(Turns::new(EDITS_AT_ONCE)),
            readings: Arc::new(Turns::new(READINGS_AT_ONCE)),
        })
    }
}

impl Services {
    /// Reads something that is to be imported: on a thread of its own, few at a time.
    pub async fn import<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.imports.clone().acquire_owned().await.map_err(|error| Error::Internal(error.into()))?;
        let reading = tokio::task::spawn_blocking(move || {
            // Held until the work is done, also when nobody waits for it any more.
            let _permit = permit;
            read()
        });
        reading.await.map_err(|error| Error::Internal(error.into()))?
    }
}

/// The name of the build in `site/pkg`. Without one (a server run from `cargo test`) pages are shown, but without scripts.
fn build_id(config: &Config) -> String {
    std::fs::read_to_string(config.site_root.join("build-id"))
        .map_or_else(|_| "none".to_owned(), |id| id.trim().to_owned())
}

impl FromRef<Services> for LeptosOptions {
    fn from_ref(services: &Services) -> Self {
        services.leptos.clone()
    }
}
