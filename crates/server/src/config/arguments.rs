#![allow(rustdoc::bare_urls, reason = "these comments are the text of --help")]

use std::ffi::OsString;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::admin::Task;

/// What the command line and the environment say, unread: every value is text.
///
/// clap would check the values too, but its errors take several lines and repeat the value, which may be a password.
#[derive(Parser)]
#[command(
    name = "promptgrimoire",
    version,
    about = "A class reads AI conversations together, live.",
    long_about = None,
    after_help = "Every flag can also be given as the environment variable named beside it; a flag wins. \
                  An empty variable counts as unset."
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) settings: Settings,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// What the binary is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run the server (the default)
    Serve,
    /// Bring the database's tables up to date, then leave
    Migrate,
    /// Look after people and classes, beside a running server or without one
    #[command(arg_required_else_help = false)]
    Admin {
        /// What is to be done
        #[command(subcommand)]
        task: Task,
        /// Answer as JSON on stdout, also with why nothing was done: {"error": "..."}
        #[arg(long, global = true)]
        json: bool,
    },
}

/// Which of the server's settings `admin` needs: where the database is, and where a link of its leads to.
const OF_ADMIN: [&str; 3] = ["database_url", "data_dir", "public_origin"];

/// The commands and flags that there are. All settings are read with each command, and a mistake in one is said; the help
/// of `admin` names those that it needs.
pub(super) fn command(words: &[OsString]) -> clap::Command {
    let mut before_help = words.iter().take_while(|word| *word != "--help" && *word != "-h");
    if !before_help.any(|word| word == "admin") {
        return Arguments::command();
    }
    Arguments::command().mut_args(|flag| {
        let is_needed = OF_ADMIN.contains(&flag.get_id().as_str());
        flag.hide(!is_needed)
    })
}

#[derive(Args)]
pub(super) struct Settings {
    /// Postgres to use, as postgres://user:password@host:port/database.
    /// Without it the server runs a private one of its own under DATA_DIR
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true, value_name = "URL")]
    pub(super) database_url: Option<OsString>,

    /// Folder of the embedded database, and of uploaded files without FILES_URL [default: data]
    #[arg(long, env = "DATA_DIR", hide_env_values = true, global = true, value_name = "FOLDER")]
    pub(super) data_dir: Option<OsString>,

    /// IP address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "LISTEN", hide_env_values = true, global = true, value_name = "ADDRESS")]
    pub(super) listen: Option<OsString>,

    /// The origin that browsers use, such as https://annotate.example.org
    /// [default: http://localhost and the port of LISTEN]
    #[arg(long, env = "PUBLIC_ORIGIN", hide_env_values = true, global = true, value_name = "ORIGIN")]
    pub(super) public_origin: Option<OsString>,

    #[command(flatten)]
    pub(super) sign_in: SignInSettings,

    #[command(flatten)]
    pub(super) files: FilesSettings,

    #[command(flatten)]
    pub(super) model: ModelSettings,

    /// What to log, as a tracing filter such as info or server=debug,info [default: info]
    #[arg(long, env = "LOG", hide_env_values = true, global = true, value_name = "FILTER")]
    pub(super) log: Option<OsString>,

    /// How a line of the log is written: text, or json for programs that collect them [default: text]
    #[arg(long, env = "LOG_FORMAT", hide_env_values = true, global = true, value_name = "FORMAT")]
    pub(super) log_format: Option<OsString>,

    /// What Prometheus sends as a bearer token to read /metrics (prefer the variable). Without it /metrics is open where
    /// PUBLIC_ORIGIN is loopback, and nowhere else
    #[arg(long, env = "METRICS_TOKEN", hide_env_values = true, global = true, value_name = "TOKEN")]
    pub(super) metrics_token: Option<OsString>,

    /// Requests of the API that all programs of a person may make in a minute, and as many all their browsers. It is by
    /// person, not by address: a class behind one address is as many as it has people [default: 12000]
    #[arg(long, env = "API_REQUESTS_PER_MINUTE", hide_env_values = true, global = true, value_name = "REQUESTS")]
    pub(super) api_requests_per_minute: Option<OsString>,

    /// Header in which a proxy in front of the server says from where a request comes, such as X-Forwarded-For: its last
    /// address counts. Set it only where the proxy sets the header. It is for limits on sign-in; without it, those of one
    /// address do not hold behind a proxy
    #[arg(long, env = "CLIENT_ADDRESS_HEADER", hide_env_values = true, global = true, value_name = "NAME")]
    pub(super) client_address_header: Option<OsString>,

    /// Chromium, or another browser of its kind, which prints PDFs; without it there are none
    #[arg(long, env = "CHROMIUM_PATH", hide_env_values = true, global = true, value_name = "PROGRAM")]
    pub(super) chromium_path: Option<OsString>,

    /// Private networks into which webhooks may lead too, such as 10.20.0.0/16, with commas between. Without them webhooks
    /// are sent to public hosts alone, by https://
    #[arg(long, env = "WEBHOOK_NETWORKS", hide_env_values = true, global = true, value_name = "NETWORKS")]
    pub(super) webhook_networks: Option<OsString>,

    /// Set to 1 by `cargo xtask dev`: pages load themselves anew when the server was started anew
    #[arg(long, env = "DEV_RELOAD", hide_env_values = true, global = true, value_name = "1")]
    pub(super) dev_reload: Option<OsString>,

    /// Folder of the browser's files [default: site, beside the executable]
    #[arg(long, env = "SITE_ROOT", hide_env_values = true, global = true, value_name = "FOLDER")]
    pub(super) site_root: Option<OsString>,
}

/// How people sign in.
#[derive(Args)]
pub(super) struct SignInSettings {
    /// Stytch project (B2C) for sign-in by a link in an e-mail. PUBLIC_ORIGIN/sign-in/callback has to be among its redirect
    /// URLs, for login and for sign-up. Without Stytch and OIDC there is development sign-in alone, on loopback
    #[arg(long, env = "STYTCH_PROJECT_ID", hide_env_values = true, global = true, value_name = "ID")]
    pub(super) stytch_project_id: Option<OsString>,

    /// Secret of the Stytch project (prefer the variable: other users can read a command line)
    #[arg(long, env = "STYTCH_SECRET", hide_env_values = true, global = true, value_name = "SECRET")]
    pub(super) stytch_secret: Option<OsString>,

    /// Stytch's address [default: the test or live service, as the project's id says]
    #[arg(long, env = "STYTCH_BASE_URL", hide_env_values = true, global = true, value_name = "URL")]
    pub(super) stytch_base_url: Option<OsString>,

    /// OpenID Connect provider for sign-in, such as https://central.aaf.edu.au, exactly as it writes itself. There,
    /// PUBLIC_ORIGIN/sign-in/oidc/callback has to be entered as the redirect URI
    #[arg(long, env = "OIDC_ISSUER", hide_env_values = true, global = true, value_name = "URL")]
    pub(super) oidc_issuer: Option<OsString>,

    /// As what the OpenID Connect provider knows this server
    #[arg(long, env = "OIDC_CLIENT_ID", hide_env_values = true, global = true, value_name = "ID")]
    pub(super) oidc_client_id: Option<OsString>,

    /// Secret of that client (prefer the variable: other users can read a command line)
    #[arg(long, env = "OIDC_CLIENT_SECRET", hide_env_values = true, global = true, value_name = "SECRET")]
    pub(super) oidc_client_secret: Option<OsString>,

    /// What people call the provider: the button says "Continue with" it [default: your institution]
    #[arg(long, env = "OIDC_NAME", hide_env_values = true, global = true, value_name = "NAME")]
    pub(super) oidc_name: Option<OsString>,

    /// Set to true where all addresses that the provider tells are people's own, though it does not say so (email_verified)
    #[arg(long, env = "OIDC_TRUST_EMAIL", hide_env_values = true, global = true, value_name = "BOOLEAN")]
    pub(super) oidc_trust_email: Option<OsString>,
}

/// Where uploaded files lie.
#[derive(Args)]
pub(super) struct FilesSettings {
    /// Bucket of an S3-compatible store for uploaded files, such as s3://bucket or s3://bucket/prefix
    /// [default: the folder files under DATA_DIR]
    #[arg(long, env = "FILES_URL", hide_env_values = true, global = true, value_name = "URL")]
    pub(super) files_url: Option<OsString>,

    /// Key of that store. Without one the machine's own role at Amazon is used
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true, global = true, value_name = "ID")]
    pub(super) aws_access_key_id: Option<OsString>,

    /// Secret of that key (prefer the variable: other users can read a command line)
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true, global = true, value_name = "SECRET")]
    pub(super) aws_secret_access_key: Option<OsString>,

    /// What belongs to a key that is good for some hours alone (prefer the variable)
    #[arg(long, env = "AWS_SESSION_TOKEN", hide_env_values = true, global = true, value_name = "TOKEN")]
    pub(super) aws_session_token: Option<OsString>,

    /// Where the bucket is [default: us-east-1, which stores of others take for any]
    #[arg(long, env = "AWS_REGION", hide_env_values = true, global = true, value_name = "REGION")]
    pub(super) aws_region: Option<OsString>,

    /// Address of a store that is not Amazon's, such as https://minio.example.org:9000 [default: Amazon's, of the region]
    #[arg(long, env = "AWS_ENDPOINT_URL", hide_env_values = true, global = true, value_name = "URL")]
    pub(super) aws_endpoint_url: Option<OsString>,
}

/// The model that answers in chats.
#[derive(Args)]
pub(super) struct ModelSettings {
    /// Key of the model's API (prefer the variable). A local model server may need none
    #[arg(long, env = "OPENAI_API_KEY", hide_env_values = true, global = true, value_name = "KEY")]
    pub(super) openai_api_key: Option<OsString>,

    /// Address of an API that speaks OpenAI's language [default: https://api.openai.com/v1]
    #[arg(long, env = "OPENAI_BASE_URL", hide_env_values = true, global = true, value_name = "URL")]
    pub(super) openai_base_url: Option<OsString>,

    /// Model that answers in chats, or several with commas between, of which people choose; the first is taken without a
    /// choice. Without it chats say that no model is configured
    #[arg(long, env = "OPENAI_MODEL", hide_env_values = true, global = true, value_name = "MODEL")]
    pub(super) openai_model: Option<OsString>,

    /// Which of OpenAI's two interfaces the model's API has: responses or chat [default: responses]
    #[arg(long, env = "LLM_API", hide_env_values = true, global = true, value_name = "API")]
    pub(super) llm_api: Option<OsString>,

    /// Seconds that a model may say nothing, thinking included, before its reply counts as interrupted [default: 120]
    #[arg(long, env = "MODEL_PATIENCE", hide_env_values = true, global = true, value_name = "SECONDS")]
    pub(super) model_patience: Option<OsString>,

    /// Tokens that one person may use in a day (UTC) where their class has no quota of its own [default: 500000]
    #[arg(long, env = "MODEL_TOKENS_PER_DAY", hide_env_values = true, global = true, value_name = "TOKENS")]
    pub(super) model_tokens_per_day: Option<OsString>,
}
