use std::net::SocketAddr;

use clap::{CommandFactory, Parser};

use super::{Arguments, Command, Config, LlmApi, LogFormat, Providers, SignIn};

/// The configuration that these flags make. Tests give flags, since the environment is the whole process's; a variable
/// that the developer's own shell may hold is overridden by an empty flag.
fn read(flags: &[&str]) -> Result<Config, String> {
    let names = Arguments::command().get_arguments().filter_map(|flag| flag.get_long()).collect::<Vec<_>>().join(" ");
    let given = |name: &str| flags.iter().any(|flag| flag.split('=').next() == Some(&format!("--{name}")));
    let unset = names.split(' ').filter(|name| !matches!(*name, "help" | "version") && !given(name));
    let unset = unset.map(|name| format!("--{name}=")).collect::<Vec<_>>();
    let all = ["promptgrimoire".to_owned()].into_iter().chain(unset).chain(flags.iter().map(ToString::to_string));
    Config::parse(all).map(|(_, config)| config).map_err(|error| error.to_string())
}

fn refusal(flags: &[&str]) -> String {
    let why = read(flags).expect_err("this configuration is refused");
    assert!(!why.contains('\n'), "one line: {why}");
    why
}

fn bound(value: &str) -> SocketAddr {
    value.parse().unwrap()
}

#[test]
fn with_nothing_set_the_server_is_for_this_machine_alone() {
    let config = read(&[]).unwrap();
    assert_eq!(config.listen, bound("127.0.0.1:8080"));
    assert_eq!(config.public_origin(config.listen).to_string(), "http://localhost:8080");
    assert!(config.database_url.is_none() && config.model.is_none());
    assert!(matches!(config.sign_in, SignIn::Development));
    assert!(config.data_dir.is_absolute() && config.data_dir.ends_with("data"));
    assert_eq!(config.site_root, std::env::current_exe().unwrap().with_file_name("site"));
    assert_eq!(config.log, "info");
    assert_eq!(config.warning(config.listen), None);
}

#[test]
fn the_public_origin_follows_the_port_that_was_bound() {
    let config = read(&["--listen=127.0.0.1:0"]).unwrap();
    assert_eq!(config.public_origin(bound("127.0.0.1:41234")).to_string(), "http://localhost:41234");
}

#[test]
fn a_public_origin_that_was_given_stays_whatever_is_bound() {
    let config = read(&["--public-origin=http://localhost:9000"]).unwrap();
    assert_eq!(config.public_origin(bound("127.0.0.1:41234")).to_string(), "http://localhost:9000");
}

#[test]
fn a_bad_address_is_named_with_its_variable_its_flag_and_its_value() {
    for value in ["8080", "example.org:8080", "127.0.0.1", "127.0.0.1:99999"] {
        let why = refusal(&[&format!("--listen={value}")]);
        assert!(why.contains("LISTEN") && why.contains("--listen") && why.contains(value), "{why}");
    }
    assert_eq!(read(&["--listen=localhost:81"]).unwrap().listen, bound("127.0.0.1:81"));
}

#[test]
fn development_sign_in_exists_on_loopback_only() {
    for origin in ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "https://localhost"] {
        let config = read(&[&format!("--public-origin={origin}")]).unwrap();
        assert!(matches!(config.sign_in, SignIn::Development), "{origin}");
    }
    for origin in ["https://annotate.example.org", "http://192.168.1.5:8080", "http://localhost.example.org"] {
        let why = refusal(&[&format!("--public-origin={origin}")]);
        assert!(why.contains("PUBLIC_ORIGIN") && why.contains("STYTCH_PROJECT_ID"), "{why}");
    }
}

#[test]
fn development_sign_in_that_others_can_reach_is_pointed_out() {
    let config = read(&["--listen=0.0.0.0:8080"]).unwrap();
    assert!(config.warning(config.listen).unwrap().contains("0.0.0.0:8080"));
    let with_stytch = ["--listen=0.0.0.0:8080", "--stytch-project-id=project-test-1", "--stytch-secret=s"];
    let config = read(&with_stytch).unwrap();
    assert_eq!(config.warning(config.listen), None);
}

/// The providers of a configuration that has some.
fn providers(flags: &[&str]) -> Providers {
    match read(flags).unwrap().sign_in {
        SignIn::Providers(providers) => *providers,
        SignIn::Development => panic!("providers are configured"),
    }
}

#[test]
fn stytch_turns_development_sign_in_off_even_on_loopback() {
    let Providers { stytch, oidc } = providers(&["--stytch-project-id=project-test-1", "--stytch-secret=s"]);
    assert_eq!(stytch.unwrap().base_url.as_str(), "https://test.stytch.com/");
    assert!(oidc.is_none());
    let live = ["--stytch-project-id=project-live-1", "--stytch-secret=s", "--public-origin=https://a.example"];
    assert_eq!(providers(&live).stytch.unwrap().base_url.as_str(), "https://api.stytch.com/");
}

#[test]
fn stytch_in_part_is_refused_and_says_what_is_missing() {
    assert!(refusal(&["--stytch-project-id=project-test-1"]).contains("set STYTCH_SECRET too"));
    assert!(refusal(&["--stytch-secret=hush"]).contains("set STYTCH_PROJECT_ID too"));
    let why = refusal(&["--stytch-base-url=http://localhost:1"]);
    assert!(why.contains("STYTCH_PROJECT_ID and STYTCH_SECRET"), "{why}");
}

#[test]
fn a_provider_of_identity_is_whole_and_speaks_https() {
    let all = ["--oidc-issuer=https://idp.example/x", "--oidc-client-id=us", "--oidc-client-secret=hush"];
    let Providers { stytch, oidc } = providers(&all);
    let oidc = oidc.unwrap();
    assert!(stytch.is_none());
    assert_eq!((oidc.issuer.as_str(), oidc.name.as_str()), ("https://idp.example/x", "your institution"));
    assert!(!oidc.trust_email);
    let why = refusal(&all[..1]);
    assert!(why.contains("OIDC_CLIENT_ID and OIDC_CLIENT_SECRET"), "{why}");
    assert!(refusal(&["--oidc-name=Uni"]).contains("OIDC_ISSUER"));
    assert!(refusal(&["--oidc-issuer=http://idp.example", all[1], all[2]]).contains("OIDC_ISSUER"));
    assert!(refusal(&["--oidc-trust-email=perhaps"]).contains("OIDC_TRUST_EMAIL"));
    assert!(read(&["--oidc-issuer=http://localhost:1", all[1], all[2]]).is_ok());
    // On a public origin too, and beside Stytch.
    let both = ["--public-origin=https://a.example", "--stytch-project-id=project-live-1", "--stytch-secret=s"];
    let both = providers(&[&all[..], &both[..]].concat());
    assert!(both.stytch.is_some() && both.oidc.is_some());
}

#[test]
fn webhooks_lead_into_networks_that_are_named_and_into_no_others() {
    let reach = |networks: &str| read(&[&format!("--webhook-networks={networks}")]).unwrap().webhook_reach;
    let here = "10.20.3.4".parse().unwrap();
    assert!(!reach("").is_wider() && !reach("").allows(here));
    assert!(reach("fd12::/16, 10.20.0.0/16").allows(here));
    for wrong in ["10.20.3.4", "everywhere", "10.20.0.0/33", "10.0.0.0/8;10.1.0.0/16"] {
        assert!(refusal(&[&format!("--webhook-networks={wrong}")]).contains("WEBHOOK_NETWORKS"), "{wrong}");
    }
}

#[test]
fn the_header_of_a_proxy_is_a_headers_name() {
    assert_eq!(read(&[]).unwrap().client_address_header, None);
    let config = read(&["--client-address-header=X-Forwarded-For"]).unwrap();
    assert_eq!(config.client_address_header.as_deref(), Some("x-forwarded-for"));
    assert!(refusal(&["--client-address-header=a b"]).contains("CLIENT_ADDRESS_HEADER"));
}

#[test]
fn a_model_needs_a_name_and_somebody_to_ask() {
    assert!(read(&["--openai-api-key=k"]).unwrap().model.is_none());
    assert!(read(&["--openai-model=m"]).unwrap().model.is_none());
    let model = read(&["--openai-api-key=k", "--openai-model=m"]).unwrap().model.unwrap();
    assert_eq!((model.base_url.as_str(), model.api), ("https://api.openai.com/v1", LlmApi::Responses));
    let local = ["--openai-base-url=http://localhost:11434/v1", "--openai-model=m", "--llm-api=chat"];
    let model = read(&local).unwrap().model.unwrap();
    assert!(model.api_key.is_none());
    assert_eq!((model.api, model.names), (LlmApi::Chat, vec!["m".to_owned()]));
}

#[test]
fn models_to_choose_from_stand_with_commas_between() {
    let model = |flags: &[&str]| read(&[&["--openai-api-key=k"], flags].concat()).unwrap().model.unwrap();
    let several = model(&["--openai-model=big, small,,big", "--model-patience=5", "--model-tokens-per-day=0"]);
    assert_eq!(several.names, ["big", "small"]);
    assert_eq!((several.patience.as_secs(), several.tokens_a_day), (5, 0));
    assert!(refusal(&["--openai-model=,"]).contains("OPENAI_MODEL"));
    assert!(refusal(&["--model-patience=0"]).contains("MODEL_PATIENCE"));
    assert!(refusal(&["--model-tokens-per-day=-1"]).contains("MODEL_TOKENS_PER_DAY"));
}

#[test]
fn other_bad_values_are_one_line_each() {
    assert!(refusal(&["--llm-api=completions"]).contains("LLM_API"));
    assert!(refusal(&["--openai-base-url=localhost"]).contains("OPENAI_BASE_URL"));
    assert!(refusal(&["--log=server=nonsense=x"]).contains("LOG"));
    assert!(refusal(&["--public-origin=https://a.example/path"]).contains("PUBLIC_ORIGIN"));
    assert!(refusal(&["--lisssten=x"]).contains("--lisssten"));
}

#[test]
fn secrets_show_neither_in_debug_nor_in_errors() {
    let config = read(&[
        "--database-url=postgres://me:hush1@localhost/db",
        "--stytch-project-id=project-test-1",
        "--stytch-secret=hush2",
        "--openai-api-key=hush3",
        "--openai-model=m",
        "--metrics-token=hush4",
        "--oidc-issuer=https://idp.example",
        "--oidc-client-id=us",
        "--oidc-client-secret=hush5",
    ]);
    let shown = format!("{:?}", config.unwrap());
    assert!(!shown.contains("hush"), "{shown}");
    let why = refusal(&["--database-url=mysql://me:hush@localhost/db"]);
    assert!(why.contains("DATABASE_URL") && !why.contains("hush"), "{why}");
}

#[test]
fn help_documents_every_setting_and_prints_no_value_of_the_environment() {
    let mut command = Arguments::command();
    let help = command.render_help().to_string();
    for name in Config::variables() {
        assert!(help.contains(&format!("[env: {name}]")), "{name} in\n{help}");
    }
    assert!(command.get_arguments().all(|flag| flag.get_env().is_none() || flag.is_hide_env_values_set()));
    let settings =
        command.get_arguments().filter(|flag| flag.get_long().is_some_and(|name| !matches!(name, "help" | "version")));
    assert_eq!(settings.count(), Config::variables().len(), "each setting is a variable too");
}

#[test]
fn serving_is_the_default_and_flags_may_follow_the_command() {
    let parse = |flags: &[&str]| Arguments::try_parse_from(flags).ok().unwrap();
    assert_eq!(parse(&["promptgrimoire"]).command, None);
    assert_eq!(parse(&["promptgrimoire", "serve"]).command, Some(Command::Serve));
    let migrate = parse(&["promptgrimoire", "migrate", "--listen=127.0.0.1:9"]);
    assert_eq!(migrate.command, Some(Command::Migrate));
    assert_eq!(migrate.settings.listen.unwrap(), "127.0.0.1:9");
}

#[test]
fn a_log_is_for_people_or_for_programs() {
    assert_eq!(read(&[]).unwrap().log_format, LogFormat::Text);
    assert_eq!(read(&["--log-format=json"]).unwrap().log_format, LogFormat::Json);
    let why = refusal(&["--log-format=xml"]);
    assert!(why.contains("LOG_FORMAT") && why.contains("xml"), "{why}");
}

#[test]
fn help_speaks_to_who_runs_the_server_and_not_to_who_writes_it() {
    let help = Arguments::command().render_long_help().to_string();
    assert!(help.starts_with("A class reads AI conversations together, live.\n\nUsage:"), "{help}");
}

#[test]
fn files_lie_under_the_folder_of_data_or_in_a_bucket() {
    let none = read(&["--aws-access-key-id=AKIA", "--aws-region=eu-west-1"]).unwrap();
    assert!(none.files.is_none(), "a key alone names no store");
    let own = read(&["--files-url=s3://my-bucket"]).unwrap().files.unwrap();
    assert_eq!((own.name.as_str(), own.prefix.as_str(), own.region.as_str()), ("my-bucket", "", "us-east-1"));
    assert!(own.key.is_none() && own.endpoint.is_none());
    let flags =
        ["--aws-access-key-id=AKIA", "--aws-secret-access-key=hidden words", "--aws-endpoint-url=http://minio:9000"];
    let other = read(&[&["--files-url=s3://my.bucket/a/b-c/"], &flags[..]].concat()).unwrap().files.unwrap();
    assert_eq!((other.name.as_str(), other.prefix.as_str()), ("my.bucket", "a/b-c"));
    assert_eq!(other.endpoint.as_ref().unwrap().as_str(), "http://minio:9000/");
    assert!(!format!("{other:?}").contains("hidden words"));
}

#[test]
fn a_store_that_is_said_by_half_or_wrongly_is_refused() {
    let too_long = format!("s3://bucket/{}", "a".repeat(501));
    let wrong = [
        "my-bucket",
        "http://my-bucket",
        "s3://",
        "s3://b",
        "s3://my bucket",
        "s3://bucket//a",
        "s3://bucket/../a",
        &too_long,
    ];
    for value in wrong {
        let why = refusal(&[&format!("--files-url={value}")]);
        assert!(why.starts_with("FILES_URL (or --files-url) is ") && why.contains("s3://bucket/prefix"), "{why}");
    }
    let bucket = "--files-url=s3://bucket";
    assert!(refusal(&[bucket, "--aws-access-key-id=AKIA"]).starts_with("AWS_SECRET_ACCESS_KEY is missing"));
    let why = refusal(&[bucket, "--aws-secret-access-key=hidden words"]);
    assert!(why.starts_with("AWS_ACCESS_KEY_ID is missing") && !why.contains("hidden"), "{why}");
    assert!(refusal(&[bucket, "--aws-endpoint-url=minio:9000"]).contains("AWS_ENDPOINT_URL"));
}
