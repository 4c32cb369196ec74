//! The binary `promptgrimoire`: the server and its tools.

use std::{
    env,
    io::{self, IsTerminal},
    process::ExitCode,
};

use server::{
    admin,
    config::{Command, Config, LogFormat},
    database::Database,
    import::apart,
    serve,
};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    // Before anything is read that is none of its business.
    if env::args_os().nth(1).is_some_and(|argument| argument == apart::READ_DOCUMENT) {
        return if apart::read_here().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let (command, config) = Config::read_or_exit();
    // The filter was checked with the rest of the settings.
    // Before it, so that it can be asked for: Postgres tells at each start that what is made once is there.
    let filter = EnvFilter::try_new(format!("sqlx::postgres::notice=warn,{}", config.log)).unwrap_or_default();
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    match config.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    let as_json = matches!(command, Command::Admin { json: true, .. });
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("promptgrimoire: the system gives no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(command, config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            admin::complain(as_json, &format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, config: Config) -> anyhow::Result<()> {
    match command {
        Command::Serve => serve::serve(config).await,
        Command::Migrate => Database::open(&config).await?.close().await,
        Command::Admin { task, json } => admin::run(task, json, &config).await,
    }
}
