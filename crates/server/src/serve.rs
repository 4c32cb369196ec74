//! Start, and orderly stop.

use std::{net::SocketAddr, pin::pin, time::Duration};

use anyhow::Context;
use axum::serve::ListenerExt;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use crate::{
    config::{Config, SignIn},
    database::Database,
    demo, erase, export, files,
    router::router,
    runs, search,
    services::Services,
    trash, webhooks,
};

/// How long requests under way may take to finish when the server stops. The rooms are closed meanwhile.
const DRAIN: Duration = Duration::from_secs(3);
/// How long a server that is asked to stop while it is starting waits for its database, to stop that too. A Postgres that
/// takes longer is left running, and the next server finds it.
const LAST_START: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or Ctrl+C, then stops in order: no new requests, sockets closed with 1012, documents stored.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    // Before all else: until it listens, a signal ends the process on the spot.
    let mut stop = StopSignal::listen()?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}: is another server running there? (LISTEN)", config.listen))?;
    let bound = listener.local_addr()?;
    if let Some(warning) = config.warning(bound) {
        tracing::warn!("{warning}");
    }
    let Some(database) = open_unless(&mut stop, &config).await? else { return Ok(()) };
    if matches!(config.sign_in, SignIn::Development) {
        demo::seed(database.pool()).await.context("cannot seed the demo data")?;
    }
    let services = Services::new(config, bound, database.pool().clone())?;
    if let Err(refused) = services.files.check().await {
        // Otherwise a Postgres of our own would stay behind.
        database.close().await?;
        return Err(refused);
    }
    announce(&services, bound);
    run(listener, services, async move { stop.came().await }).await?;
    database.close().await
}

/// Opens the database. `None`: the server was asked to stop meanwhile, and there is nothing left to stop.
async fn open_unless(stop: &mut StopSignal, config: &Config) -> anyhow::Result<Option<Database>> {
    let mut opening = pin!(Database::open(config));
    tokio::select! {
        database = &mut opening => return database.map(Some),
        () = stop.came() => tracing::info!("asked to stop before the database is open"),
    }
    if let Ok(database) = tokio::time::timeout(LAST_START, opening).await {
        database?.close().await?;
    }
    Ok(None)
}

/// Serves on `listener` until `stop` resolves.
pub async fn run(
    listener: TcpListener,
    services: Services,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let rooms = services.rooms.clone();
    let runs = services.runs.clone();
    runs::take_over(&services).await;
    let _keeps = in_background(runs::keep(services.clone()));
    let _follows = in_background(rooms.clone().follow_access());
    let _sweeps = in_background(files::follow(services.db.clone(), services.files.clone()));
    let _empties = in_background(trash::follow(services.db.clone(), services.files.clone()));
    let _exports = in_background(export::jobs::follow(services.clone()));
    let _erases = in_background(erase::follow(services.clone()));
    let _webhooks = in_background(webhooks::follow(services.clone()));
    let _searches = in_background(search::follow(services.db.clone(), rooms.clone()));
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    // Otherwise an ack that follows a relayed frame waits 40 ms for the client's TCP to acknowledge that.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
    });
    // Limits on sign-in count by where somebody is.
    let service = router(services).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        stop.await;
        stopping.send_replace(true);
    });
    let server = tokio::spawn(async move { server.await });
    // An error means that the sender is gone, and so the server.
    let _ = stopped.wait_for(|stopped| *stopped).await;
    tracing::info!("stopping");
    let ((), (), drained) = tokio::join!(runs.shutdown(), rooms.shutdown(), tokio::time::timeout(DRAIN, server));
    match drained {
        Ok(outcome) => outcome?.context("the server failed"),
        Err(_) => {
            tracing::warn!("some requests did not finish in time");
            Ok(())
        }
    }
}

/// The name of the span in which the server does what nobody asked for just now.
pub const BACKGROUND: &str = "background";

/// Does it as long as the handle is kept.
fn in_background(work: impl Future<Output = ()> + Send + 'static) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(work.instrument(tracing::debug_span!(BACKGROUND))))
}

fn announce(services: &Services, bound: SocketAddr) {
    tracing::info!(%bound, "ready");
    eprintln!("PromptGrimoire is ready: {}", services.origin);
}

/// What people and service managers stop a server with: Ctrl+C and SIGTERM.
struct StopSignal {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignal {
    fn listen() -> anyhow::Result<StopSignal> {
        let listen = |kind| signal(kind).context("the system does not tell of signals");
        Ok(StopSignal { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// One that came since [`StopSignal::listen`] counts too.
    async fn came(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
