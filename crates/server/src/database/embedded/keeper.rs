use std::time::Duration;

use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::Cluster;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a stop waits for one that is being started: an orderly stop takes ten seconds at most.
const LAST_TRY: Duration = Duration::from_secs(3);

/// Whoever sees to it that a server's Postgres runs for as long as the server does. Nothing that was committed is lost
/// when it dies, but until it is back nothing can be read or stored, and nobody else would start it.
///
/// Dropped without [`Keeper::stop`], it lets go of the cluster, which keeps running.
#[derive(Debug)]
pub(crate) struct Keeper {
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Keeper {
    /// Keeps this cluster running. To be called within a tokio runtime.
    pub(crate) fn of(cluster: Cluster) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, task: tokio::spawn(keep(cluster, stopped)) }
    }

    /// Stops Postgres, as [`Cluster::stop`] does.
    ///
    /// # Errors
    /// It does not stop.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        // An error means that the task has panicked, which the next line says.
        let _ = self.stop.send(());
        self.task.await?
    }
}

async fn keep(mut cluster: Cluster, mut stopped: oneshot::Receiver<()>) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            stop = &mut stopped => return if stop.is_ok() { cluster.stop().await } else { Ok(()) },
            () = cluster.died() => {}
        }
        tracing::error!("the embedded database has died: starting it again");
        tokio::select! {
            stop = &mut stopped => return if stop.is_ok() { stop_starting(cluster).await } else { Ok(()) },
            () = revive(&mut cluster) => tracing::info!("the embedded database runs again"),
        }
    }
}

/// Stops a Postgres that is just being started again, if it comes up soon. Else the next server finds it.
async fn stop_starting(mut cluster: Cluster) -> anyhow::Result<()> {
    match timeout(LAST_TRY, cluster.revive()).await {
        Ok(Ok(())) => cluster.stop().await,
        Ok(Err(_)) | Err(_) => Ok(()),
    }
}

/// Tries until it runs.
async fn revive(cluster: &mut Cluster) {
    let mut pause = FIRST_PAUSE;
    while let Err(error) = cluster.revive().await {
        tracing::error!(error = format!("{error:#}"), ?pause, "the embedded database does not start");
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
