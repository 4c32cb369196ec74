//! What handlers share; cheap to clone.

use std::{net::SocketAddr, sync::Arc};

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use sqlx::PgPool;

use crate::{
    config::{Config, Origin},
    rooms::Rooms,
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
    /// Where the pages find their scripts.
    pub leptos: LeptosOptions,
}

impl Services {
    /// The services of a server that listens on `bound`.
    pub fn new(config: Config, bound: SocketAddr, db: PgPool) -> Self {
        let origin = config.public_origin(bound);
        let build_id = build_id(&config);
        let leptos = LeptosOptions::builder()
            .output_name("app")
            .site_root(config.site_root.to_string_lossy().as_ref())
            // Named by its content, so that it may be cached for ever.
            .site_pkg_dir(format!("pkg/{build_id}"))
            .site_addr(bound)
            .build();
        Self { rooms: Rooms::new(db.clone()), config: Arc::new(config), origin, db, leptos }
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
