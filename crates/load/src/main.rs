//! The load generator's program; see the library.

use std::{fs, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use load::{
    loads::{self, Load, Settings},
    ours,
    processes::Watched,
    target::{Kind, Target},
};
use tokio::{net::TcpStream, time::sleep};

/// How long a server may take until it listens.
const LISTENS: Duration = Duration::from_secs(60);

/// Puts sync servers under load. `cargo xtask bench sync` starts it.
#[derive(Parser)]
#[command(name = "load")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Signs in to our own server and makes rooms there
    Prepare {
        /// The server's origin
        #[arg(long)]
        origin: String,
        /// How many
        #[arg(long)]
        rooms: usize,
        /// The file to write the token and the ids to
        #[arg(long)]
        out: PathBuf,
    },
    /// Runs one load on a server that listens
    Run(Box<Run>),
}

#[derive(Args)]
struct Run {
    /// What the server is
    #[arg(long, value_enum)]
    server: Kind,
    /// Where it listens
    #[arg(long)]
    address: SocketAddr,
    /// Its process id
    #[arg(long)]
    pid: u32,
    /// What `prepare` wrote
    #[arg(long)]
    rooms: Option<PathBuf>,
    /// The load
    #[arg(long, value_enum)]
    load: Load,
    /// Seconds that are counted
    #[arg(long, default_value_t = 30.0)]
    seconds: f64,
    /// Seconds before that
    #[arg(long, default_value_t = 3.0)]
    warm_up: f64,
    /// The node program for the witness
    #[arg(long, requires = "witness")]
    node: Option<PathBuf>,
    /// The witness's script, beside its packages
    #[arg(long)]
    witness: Option<PathBuf>,
    /// The file to write the outcome to
    #[arg(long)]
    out: PathBuf,
}

fn main() -> Result<()> {
    // Half of the machine at most: the rest is the server's.
    let cores: usize = std::thread::available_parallelism().map_or(1, Into::into);
    let threads = (cores / 2).clamp(1, 4);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    match Arguments::parse().command {
        Command::Prepare { origin, rooms, out } => runtime.block_on(async {
            let prepared = ours::prepare(&origin, rooms).await?;
            write(&out, &serde_json::to_string(&prepared)?)
        }),
        Command::Run(run) => runtime.block_on(perform(*run, threads)),
    }
}

async fn perform(run: Run, threads: usize) -> Result<()> {
    listens(run.address).await?;
    let target = Target::new(run.server, run.address, run.rooms.as_deref())?;
    let witness = run.node.zip(run.witness);
    let settings = Settings { warm_up: run.warm_up, seconds: run.seconds, threads, witness };
    let load = run.load;
    // On a worker of its own, where it competes fairly with the clients.
    let outcome = tokio::spawn(async move {
        loads::run(load, &target, Watched { server: run.pid }, &settings).await
    });
    write(&run.out, &serde_json::to_string_pretty(&outcome.await??)?)
}

async fn listens(address: SocketAddr) -> Result<()> {
    let waiting = async {
        while TcpStream::connect(address).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LISTENS, waiting).await.with_context(|| format!("nobody listens on {address}"))
}

fn write(path: &PathBuf, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
