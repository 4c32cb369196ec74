//! Start, and orderly stop.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use axum::serve::ListenerExt;
use tokio::{net::TcpListener, signal};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    config::{Config, SignIn},
    database::Database,
    demo,
    router::router,
    services::Services,
};

/// How long requests under way may take to finish when the server stops. The rooms are closed meanwhile.
const DRAIN: Duration = Duration::from_secs(3);

/// Serves until SIGTERM or Ctrl+C, then stops in order: no new requests, sockets closed with 1012, documents stored.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}: is another server running there? (LISTEN)", config.listen))?;
    let bound = listener.local_addr()?;
    if let Some(warning) = config.warning(bound) {
        tracing::warn!("{warning}");
    }
    let database = Database::open(&config).await?;
    if matches!(config.sign_in, SignIn::Development) {
        demo::seed(database.pool()).await.context("cannot seed the demo data")?;
    }
    let services = Services::new(config, bound, database.pool().clone());
    announce(&services, bound);
    run(listener, services, stop_signal()).await?;
    database.close().await
}

/// Serves on `listener` until `stop` resolves.
pub async fn run(
    listener: TcpListener,
    services: Services,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let rooms = services.rooms.clone();
    let _follows = AbortOnDropHandle::new(tokio::spawn(rooms.clone().follow_access()));
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    // Otherwise an ack that follows a relayed frame waits 40 ms for the client's TCP to acknowledge that.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
    });
    let server = axum::serve(listener, router(services)).with_graceful_shutdown(async move {
        stop.await;
        stopping.send_replace(true);
    });
    let server = tokio::spawn(async move { server.await });
    // An error means that the sender is gone, and so the server.
    let _ = stopped.wait_for(|stopped| *stopped).await;
    tracing::info!("stopping");
    let ((), drained) = tokio::join!(rooms.shutdown(), tokio::time::timeout(DRAIN, server));
    match drained {
        Ok(outcome) => outcome?.context("the server failed"),
        Err(_) => {
            tracing::warn!("some requests did not finish in time");
            Ok(())
        }
    }
}

fn announce(services: &Services, bound: SocketAddr) {
    tracing::info!(%bound, "ready");
    eprintln!("PromptGrimoire is ready: {}", services.origin);
}

async fn stop_signal() {
    let interrupt = async {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut signals) => drop(signals.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
