//! The load generator's program; see the library.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use load::{
    chat,
    loads::{self, Load, Settings},
    ours,
    outcome::Outcome,
    processes::Watched,
    report,
    search::{self, Asked},
    target::{Kind, Target},
};
use tokio::{net::TcpStream, time::sleep};

/// How long a server may take until it listens.
const LISTENS: Duration = Duration::from_secs(60);
const SILENCE: Duration = Duration::from_secs(10);
/// Our own server takes a snapshot 5 s after the last change.
const AFTERMATH: Duration = Duration::from_secs(6);

/// Puts sync servers under load. `cargo xtask bench` starts it.
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
    /// Has many replies of models written and read, at the model itself and at a server
    Chat(chat::Measure),
    /// Has replies written and read until the standard input ends
    Crowd(chat::Place),
    /// Prints tables of a chat's measurement, and writes them into a document
    ChatReport(chat::Facts),
    /// Fills our own server with conversations, and searches in them
    Search {
        /// The server's origin
        #[arg(long)]
        origin: String,
        /// Where it listens
        #[arg(long)]
        address: SocketAddr,
        /// Its process id
        #[arg(long)]
        pid: u32,
        /// The product's program; its data are named by the environment, as for the server
        #[arg(long)]
        program: PathBuf,
        /// How many conversations
        #[arg(long)]
        conversations: usize,
    },
    /// Names the loads, a line each: its name, and how many rooms it needs
    List,
    /// Prints tables of outcomes, and writes them into a document
    Report {
        /// The folder of the outcomes
        #[arg(long)]
        outcomes: PathBuf,
        /// A file with the commit, the versions and what failed
        #[arg(long)]
        facts: PathBuf,
        /// The document, if one is to be written
        #[arg(long)]
        document: Option<PathBuf>,
    },
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

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<()> {
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
        Command::Chat(measure) => runtime.block_on(apart(chat::measure(measure, threads))),
        Command::Crowd(place) => runtime.block_on(apart(chat::crowd(place))),
        Command::ChatReport(facts) => chat::report(&facts),
        Command::Search { origin, address, pid, program, conversations } => runtime.block_on(async {
            let asked = Asked { origin, address, pid, program, conversations, threads };
            println!("{}", search::measure(&asked).await?);
            Ok(())
        }),
        Command::List => {
            Load::ALL.iter().for_each(|load| println!("{} {}", load.slug(), load.rooms()));
            Ok(())
        }
        Command::Report { outcomes, facts, document } => tell(&outcomes, &facts, document.as_deref()),
    }
}

/// On a worker of its own, where it competes fairly with the clients.
async fn apart(work: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
    tokio::spawn(work).await?
}

async fn perform(run: Run, threads: usize) -> Result<()> {
    listens(run.address).await?;
    let target = Target::new(run.server, run.address, run.rooms.as_deref())?;
    let witness = run.node.zip(run.witness);
    let (warm_up, seconds) = (run.warm_up, run.seconds);
    let settings = Settings { warm_up, seconds, silence: SILENCE, aftermath: AFTERMATH, threads, witness };
    let load = run.load;
    // On a worker of its own, where it competes fairly with the clients.
    let outcome = tokio::spawn(async move { loads::run(load, &target, Watched { server: run.pid }, &settings).await });
    let outcome = outcome.await??;
    println!("{}", outcome.line());
    write(&run.out, &serde_json::to_string_pretty(&outcome)?)
}

/// Prints the outcomes in a folder, and puts them into a document.
fn tell(folder: &Path, facts: &Path, document: Option<&Path>) -> Result<()> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        outcomes.push(serde_json::from_str(&read(&entry?.path())?)?);
    }
    outcomes.sort_by(|a, b| (&a.load, a.server).cmp(&(&b.load, b.server)));
    let facts = serde_json::from_str(&read(facts)?)?;
    print!("{}", report::terminal(&outcomes, &facts));
    let Some(document) = document else { return Ok(()) };
    let measured = report::markdown(&outcomes, &facts);
    write(document, &report::splice(&read(document)?, &measured)?)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

async fn listens(address: SocketAddr) -> Result<()> {
    let waiting = async {
        while TcpStream::connect(address).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LISTENS, waiting).await.with_context(|| format!("nobody listens on {address}"))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
