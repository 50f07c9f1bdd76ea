//! The command line: one file a command.

mod audit;
mod check;
mod dead_letters;
mod explain;
mod holes;
mod invalidate;
mod run;
mod value;

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{self, Settings};
use crate::kafka::{check_letters, check_properties};
use crate::telemetry::{self, LogFormat};

/// `EX_USAGE`: the configuration or the command line is wrong.
const WRONG_CONFIGURATION: u8 = 64;
/// An audit that came to no answer, where 1 is a bad one.
const UNDONE: u8 = 2;

/// Keeps a Redis cache true to its database, from Debezium change events.
#[derive(Debug, Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  freshet check                                   is the configuration right, is all there?
  freshet explain events.jsonl                    which keys would these events delete, and why?
  freshet run --dry-run                           follow the topics and say what would be deleted
  freshet run                                     follow the topics and delete
  freshet invalidate shop_stats shop_id=5         delete a key by hand
  freshet value shop_stats shop_id=5              what would its value be?
  freshet audit                                   are cached values what the database says?
  freshet dead-letters list                       which events could not be decoded?

The configuration file is ./freshet.yaml unless --config or FRESHET_CONFIG names another.
Exit codes: 0 done, 1 it failed, 64 the configuration or the command line is wrong."
)]
struct Arguments {
    /// The configuration file
    #[arg(
        long,
        short,
        global = true,
        env = "FRESHET_CONFIG",
        default_value = "freshet.yaml",
        value_name = "FILE"
    )]
    config: PathBuf,
    /// How log lines look on standard error; auto is text on a terminal and JSON elsewhere
    #[arg(long, global = true, env = "FRESHET_LOG_FORMAT", default_value = "auto", value_name = "FORMAT")]
    log_format: LogFormat,
    /// Which log lines: a level, or a list such as `info,freshet::kafka=debug`
    #[arg(long, global = true, env = "FRESHET_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Check),
    Explain(explain::Explain),
    Run(run::Run),
    Invalidate(invalidate::Invalidate),
    Value(value::ValueCommand),
    Audit(audit::Audit),
    DeadLetters(dead_letters::DeadLettersCommand),
}

/// What a command comes to: done, or a sentence for standard error and an exit code.
#[derive(Debug)]
enum Failure {
    /// The configuration or the command line is wrong.
    Usage(String),
    /// It was right, and it failed.
    Failed(String),
    /// It could not be done, where having failed means something else.
    Undone(String),
}

impl Failure {
    fn of(error: &dyn Error) -> Self {
        Self::Failed(with_sources(error))
    }
}

/// The error with its sources, in one line.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Text from an event or a server as a terminal may show it: a value can hold line ends and escape sequences.
fn plain(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

/// Runs the command line and says how it went.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nothing is to be done about a closed terminal.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(WRONG_CONFIGURATION) } else { ExitCode::SUCCESS };
        }
    };
    match execute(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(text)) => {
            tell(&text);
            ExitCode::from(WRONG_CONFIGURATION)
        }
        Err(Failure::Failed(text)) => {
            tell(&format!("freshet: {text}"));
            ExitCode::FAILURE
        }
        Err(Failure::Undone(text)) => {
            tell(&format!("freshet: {text}"));
            ExitCode::from(UNDONE)
        }
    }
}

/// Says it on standard error; nothing is to be done where that is closed.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn execute(arguments: &Arguments) -> Result<(), Failure> {
    telemetry::init(arguments.log_format, &arguments.log)
        .map_err(|error| Failure::Usage(format!("--log cannot be read: {error}")))?;
    let settings = settings(arguments)?;
    match &arguments.command {
        Command::Check(check) => check.execute(&arguments.config, &settings),
        Command::Explain(explain) => explain.execute(settings),
        Command::Run(run) => {
            client_takes(&settings)?;
            run.execute(settings)
        }
        Command::Invalidate(invalidate) => invalidate.execute(&settings),
        Command::Value(value) => {
            client_takes(&settings)?;
            value.execute(settings)
        }
        Command::Audit(audit) => {
            client_takes(&settings)?;
            audit.execute(settings)
        }
        Command::DeadLetters(dead_letters) => {
            client_takes(&settings)?;
            dead_letters.execute(settings)
        }
    }
}

/// What the client says to its properties before any server is asked.
fn client_takes(settings: &Settings) -> Result<(), Failure> {
    let letters = || if settings.dead_letters.is_some() { check_letters(&settings.kafka) } else { Ok(()) };
    check_properties(&settings.kafka).and_then(|()| letters()).map_err(|error| {
        Failure::Usage(format!(
            "freshet: {error}; correct it under `kafka.librdkafka` (librdkafka's CONFIGURATION.md lists the properties)"
        ))
    })
}

fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    config::load(&arguments.config, &|name| std::env::var(name).ok())
        .map_err(|error| Failure::Usage(error.to_string()))
}

/// A runtime for a command that speaks with Redis.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::of(&error))
}
