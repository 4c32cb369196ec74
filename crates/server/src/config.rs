//! What the person who runs the server has decided: read once in `main`, checked as a whole, and then only passed on.
//!
//! Every rule about a single value or about values together stands in this module, so that nothing else has to doubt
//! them: whoever holds a `Config` holds one that makes sense.

use std::{
    env,
    ffi::OsString,
    fmt::Display,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process,
    str::FromStr,
    time::Duration,
};

use clap::{CommandFactory, FromArgMatches};
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::{admin, outbound::strangers::Reach};

use arguments::{Arguments, Settings};

pub use arguments::Command;
pub use origin::Origin;
pub use secret::Secret;

mod arguments;
mod files;
mod model;
mod origin;
mod secret;
mod sign_in;
#[cfg(test)]
mod tests;

/// Two hundred a second, over a minute: an archive of ten thousand conversations is brought in at one go, and a loop that
/// has gone wild is slowed down.
const API_REQUESTS_PER_MINUTE: u32 = 12_000;

/// More cannot be told apart within a minute.
const MAX_REQUESTS_PER_MINUTE: u32 = 1_000_000;

/// The configuration of one server. Secrets do not show in its `Debug`.
#[derive(Debug, Clone)]
pub struct Config {
    /// A Postgres to use; `None` is the embedded one under `data_dir`. Holds a password.
    pub database_url: Option<Secret>,
    /// Folder of the embedded database and of uploaded files, absolute. It may not exist yet.
    pub data_dir: PathBuf,
    /// Where to listen. Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// How people sign in.
    pub sign_in: SignIn,
    /// Where uploaded files lie; `None` is a folder under `data_dir`.
    pub files: Option<Bucket>,
    /// The model that answers in chats, where there is one.
    pub model: Option<Model>,
    /// The tracing filter, already known to be one.
    pub log: String,
    /// How a line of the log is written.
    pub log_format: LogFormat,
    /// What a caller of `/metrics` must know. Without it `/metrics` exists only where the public origin is loopback.
    pub metrics_token: Option<Secret>,
    /// Requests of the API that a person's programs may make in a minute, and as many their browsers.
    pub api_requests_per_minute: u32,
    /// The header in which a proxy says from where a request comes.
    pub client_address_header: Option<String>,
    /// The browser that prints PDFs; without one there are none.
    pub chromium_path: Option<PathBuf>,
    /// Where webhooks may lead.
    pub webhook_reach: Reach,
    /// Folder of the browser's files.
    pub site_root: PathBuf,
    /// Whether pages load themselves anew when the server was started anew.
    pub dev_reload: bool,
    origin: Option<Origin>,
}

/// How people sign in.
#[derive(Debug, Clone)]
pub enum SignIn {
    /// A button for each seeded person and no proof. Only ever where the public origin is loopback.
    Development,
    /// At least one of them.
    Providers(Box<Providers>),
}

/// Those who prove to us who somebody is.
#[derive(Debug, Clone)]
pub struct Providers {
    /// Links by e-mail.
    pub stytch: Option<Stytch>,
    /// A university's own sign-in.
    pub oidc: Option<Oidc>,
}

/// A Stytch B2C project.
#[derive(Debug, Clone)]
pub struct Stytch {
    /// `project-test-…` or `project-live-…`.
    pub project_id: String,
    /// The project's secret.
    pub secret: Secret,
    /// The service's address, without `/v1`.
    pub base_url: Url,
}

/// A provider that speaks OpenID Connect.
#[derive(Debug, Clone)]
pub struct Oidc {
    /// Its address, exactly as the provider itself writes it.
    pub issuer: String,
    /// As what it knows us.
    pub client_id: String,
    /// Proves it.
    pub client_secret: Secret,
    /// What people call it: `Continue with …`.
    pub name: String,
    /// Whether its addresses are known to be people's own also where it does not say so (`email_verified`).
    pub trust_email: bool,
}

/// A place in a store that speaks like S3.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// The bucket's name.
    pub name: String,
    /// What stands before the names of all files in it, without slashes around it; may be empty.
    pub prefix: String,
    /// A key's id and its secret. Without one the machine has a role at Amazon.
    pub key: Option<(String, Secret)>,
    /// Belongs to a key that is good for some hours.
    pub session_token: Option<Secret>,
    /// Where the bucket is.
    pub region: String,
    /// The store's address; `None` is Amazon's own.
    pub endpoint: Option<Url>,
}

/// A model behind an API of OpenAI's kind.
#[derive(Debug, Clone)]
pub struct Model {
    /// Sent as a bearer token; a local model server may want none.
    pub api_key: Option<Secret>,
    /// The address up to and including `/v1`.
    pub base_url: Url,
    /// The models' names, as the API knows them; at least one. Without a choice the first is taken.
    pub names: Vec<String>,
    /// Which of the two interfaces to speak.
    pub api: LlmApi,
    /// How long a model may say nothing.
    pub patience: Duration,
    /// Tokens that one person may use in a day (UTC) where no class says otherwise.
    pub tokens_a_day: i64,
}

/// The two interfaces that model servers offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LlmApi {
    /// `POST /responses`
    Responses,
    /// `POST /chat/completions`, which is all that many other servers have.
    Chat,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be used: one line for the person who wrote it, never with a secret in it.
    #[error("{0}")]
    Wrong(String),
    /// It was not wanted: the text that `--help` or `--version` asked for.
    #[error("{0}")]
    Asked(String),
}

impl Config {
    /// Reads this process's flags and environment; answers `--help` and `--version` itself, and leaves with one line
    /// on stderr and exit code 2 when a value is wrong.
    pub fn read_or_exit() -> (Command, Config) {
        let read = Self::parse(env::args_os()).and_then(|(command, config)| match command {
            Command::Serve => config.has_site().map(|()| (command, config)),
            _ => Ok((command, config)),
        });
        read.unwrap_or_else(|error| match error {
            ConfigError::Asked(text) => {
                print!("{text}");
                process::exit(0)
            }
            ConfigError::Wrong(why) => {
                // What was asked for could not be read: what it was meant to be is guessed from its words.
                let words: Vec<OsString> = env::args_os().collect();
                let as_json = ["admin", "--json"].iter().all(|word| words.iter().any(|given| given == word));
                admin::complain(as_json, &why);
                process::exit(2)
            }
        })
    }

    /// Pages without styles and scripts are of no use: whoever starts the server is told.
    fn has_site(&self) -> Result<(), ConfigError> {
        if self.site_root.join("build-id").is_file() {
            return Ok(());
        }
        let folder = self.site_root.display();
        Err(ConfigError::Wrong(format!(
            "SITE_ROOT: {folder} holds no site (the folder `site` that `cargo xtask build` makes beside the program)"
        )))
    }

    /// Reads a command line, whose first word is the program's name, and the environment.
    ///
    /// # Errors
    /// The first value that is wrong.
    pub fn parse<I>(words: I) -> Result<(Command, Config), ConfigError>
    where
        I: IntoIterator,
        I::Item: Into<OsString> + Clone,
    {
        let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
        let read = arguments::command(&words).try_get_matches_from(words);
        let arguments = read.and_then(|matches| Arguments::from_arg_matches(&matches)).map_err(|error| {
            if error.use_stderr() { one_line(&error) } else { ConfigError::Asked(error.render().to_string()) }
        })?;
        Ok((arguments.command.unwrap_or(Command::Serve), Config::check(arguments.settings)?))
    }

    /// The environment variables that are read, for whoever starts the program without those of their own.
    pub fn variables() -> Vec<String> {
        let command = Arguments::command();
        command.get_arguments().filter_map(|flag| Some(flag.get_env()?.to_str()?.to_owned())).collect()
    }

    /// The origin that browsers use, once the listener knows its port.
    pub fn public_origin(&self, bound: SocketAddr) -> Origin {
        self.origin.clone().unwrap_or_else(|| Origin::localhost(bound.port()))
    }

    /// Something that is allowed but that the person who started the server should know, in one line.
    pub fn warning(&self, bound: SocketAddr) -> Option<String> {
        let exposed = matches!(self.sign_in, SignIn::Development) && !bound.ip().is_loopback();
        exposed.then(|| {
            format!(
                "LISTEN is {bound}: whoever can reach it can sign in as anybody, since sign-in is the development one"
            )
        })
    }

    fn check(settings: Settings) -> Result<Config, ConfigError> {
        let listen = match text("LISTEN", settings.listen)? {
            None => SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            Some(value) => value.replacen("localhost:", "127.0.0.1:", 1).parse().map_err(|_| {
                wrong("LISTEN", &value, "not an IP address and a port such as 127.0.0.1:8080 or [::]:8080")
            })?,
        };
        let origin = match text("PUBLIC_ORIGIN", settings.public_origin)? {
            None => None,
            Some(value) => Some(value.parse::<Origin>().map_err(|why| wrong("PUBLIC_ORIGIN", &value, why))?),
        };
        let log = text("LOG", settings.log)?.unwrap_or_else(|| "info".to_owned());
        EnvFilter::try_new(&log)
            .map_err(|_| wrong("LOG", &log, "not a tracing filter such as info or server=debug,info"))?;
        Ok(Config {
            database_url: database_url(settings.database_url)?,
            data_dir: data_dir(settings.data_dir)?,
            listen,
            sign_in: settings.sign_in.check(origin.as_ref())?,
            files: settings.files.check()?,
            model: settings.model.check()?,
            log,
            log_format: match text("LOG_FORMAT", settings.log_format)?.as_deref() {
                None | Some("text") => LogFormat::Text,
                Some("json") => LogFormat::Json,
                Some(value) => return Err(wrong("LOG_FORMAT", value, "neither text nor json")),
            },
            metrics_token: text("METRICS_TOKEN", settings.metrics_token)?.map(Secret::new),
            api_requests_per_minute: number(
                "API_REQUESTS_PER_MINUTE",
                text("API_REQUESTS_PER_MINUTE", settings.api_requests_per_minute)?,
                API_REQUESTS_PER_MINUTE,
                |requests| (1..=MAX_REQUESTS_PER_MINUTE).contains(requests),
            )?,
            client_address_header: sign_in::header_name(settings.client_address_header)?,
            chromium_path: chromium_path(settings.chromium_path)?,
            webhook_reach: webhook_reach(settings.webhook_networks)?,
            site_root: site_root(settings.site_root)?,
            dev_reload: text("DEV_RELOAD", settings.dev_reload)?.is_some(),
            origin,
        })
    }
}

/// The scheme only: the rest is checked by the connection, whose errors are made not to show the password.
fn database_url(value: Option<OsString>) -> Result<Option<Secret>, ConfigError> {
    match text("DATABASE_URL", value)? {
        None => Ok(None),
        Some(value) if value.starts_with("postgres://") || value.starts_with("postgresql://") => {
            Ok(Some(Secret::new(value)))
        }
        Some(_) => Err(ConfigError::Wrong(
            "DATABASE_URL (or --database-url) is not a Postgres address such as \
             postgres://user:password@host:5432/database"
                .to_owned(),
        )),
    }
}

/// Absolute, because Postgres runs in a folder of its own and a relative path would mean another place there.
fn data_dir(value: Option<OsString>) -> Result<PathBuf, ConfigError> {
    let value = value.filter(|value| !value.is_empty()).unwrap_or_else(|| "data".into());
    std::path::absolute(&value).map_err(|error| wrong("DATA_DIR", &value.to_string_lossy(), error))
}

fn chromium_path(value: Option<OsString>) -> Result<Option<PathBuf>, ConfigError> {
    let Some(value) = value.filter(|value| !value.is_empty()).map(PathBuf::from) else { return Ok(None) };
    if value.is_absolute() && value.is_file() {
        return Ok(Some(value));
    }
    Err(wrong(
        "CHROMIUM_PATH",
        &value.to_string_lossy(),
        "not the absolute path of a program such as /usr/bin/chromium",
    ))
}

fn webhook_reach(value: Option<OsString>) -> Result<Reach, ConfigError> {
    let Some(value) = text("WEBHOOK_NETWORKS", value)? else { return Ok(Reach::default()) };
    let networks = value.split(',').map(|network| network.trim().parse()).collect::<Result<_, _>>();
    let why = "not networks such as 10.20.0.0/16 or fd12:3456::/32, with commas between";
    networks.map(Reach::with).map_err(|_| wrong("WEBHOOK_NETWORKS", &value, why))
}

fn site_root(value: Option<OsString>) -> Result<PathBuf, ConfigError> {
    match value.filter(|value| !value.is_empty()) {
        Some(value) => Ok(PathBuf::from(value)),
        None => env::current_exe().map(|path| path.with_file_name("site")).map_err(|error| {
            ConfigError::Wrong(format!("SITE_ROOT must be set: this executable has no known place ({error})"))
        }),
    }
}

fn web_address(name: &str, value: &str) -> Result<Url, ConfigError> {
    let why = "not a web address such as https://api.example.org/v1";
    let url = Url::parse(value).map_err(|_| wrong(name, value, why))?;
    let bare = url.query().is_none() && url.fragment().is_none();
    if matches!(url.scheme(), "http" | "https") && bare { Ok(url) } else { Err(wrong(name, value, why)) }
}

/// A value as text, without the white space around it; `None` where there is nothing else, since an empty variable is
/// how people unset one in a compose file.
fn text(name: &str, value: Option<OsString>) -> Result<Option<String>, ConfigError> {
    let Some(value) = value else { return Ok(None) };
    let value = value.into_string().map_err(|_| ConfigError::Wrong(format!("{name} is not UTF-8 text")))?;
    let value = value.trim();
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

fn number<T: FromStr>(
    name: &str,
    value: Option<String>,
    default: T,
    fits: impl Fn(&T) -> bool,
) -> Result<T, ConfigError> {
    let Some(value) = value else { return Ok(default) };
    value.parse().ok().filter(|number| fits(number)).ok_or_else(|| wrong(name, &value, "not a number that fits"))
}

fn wrong(name: &str, value: &str, why: impl Display) -> ConfigError {
    let flag = name.to_ascii_lowercase().replace('_', "-");
    ConfigError::Wrong(format!("{name} (or --{flag}) is {value:?}: {why}"))
}

/// clap's first paragraph says what is wrong, and lists what is missing; the rest is usage, of the command that was meant.
fn one_line(error: &clap::Error) -> ConfigError {
    let rendered = error.render().to_string();
    let said = rendered.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect::<Vec<_>>().join(" ");
    let usage = rendered.lines().find_map(|line| line.strip_prefix("Usage: "));
    let command = usage.map_or("promptgrimoire", |usage| usage.split(" [").next().unwrap_or(usage));
    let command: Vec<&str> = command.split_whitespace().take_while(|word| !word.starts_with(['<', '-'])).collect();
    ConfigError::Wrong(format!("{}; see {} --help", said.trim_start_matches("error: "), command.join(" ")))
}
