//! Is the configuration right, and is everything there that it needs? Says what the configuration means, then asks.

mod database;
mod dead_letters;
mod finding;
mod kafka;
mod meaning;
mod redis;
#[cfg(test)]
mod tests;
mod topics;
mod tracking;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::Args;

use super::{Failure, runtime};
use crate::config::Settings;
use finding::{Finding, Section};

/// How long a server may take for all that it is asked.
const ANSWER: Duration = Duration::from_secs(5);

/// How long the Kafka client may take beyond its own deadline before it is left alone.
const GRACE: Duration = Duration::from_secs(2);

/// Say what the configuration means, and whether Kafka and Redis have what it needs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  freshet check                                   the configuration, then Kafka and Redis
  freshet check --offline                         the configuration alone

It deletes no cached value. Each server has 5 seconds to answer.
Exit codes: 0 nothing is wrong, 1 something is, 64 the configuration is wrong.")]
pub(super) struct Check {
    /// Ask neither Kafka nor Redis
    #[arg(long)]
    offline: bool,
}

impl Check {
    pub(super) fn execute(&self, file: &Path, settings: &Settings) -> Result<(), Failure> {
        let mut text = format!("{} is a right configuration\n\n", file.display());
        text.push_str(&meaning::of(&settings.catalog));
        show(&text)?;

        let properties = kafka::properties(&settings.kafka);
        let refused = properties.as_ref().is_some_and(Finding::is_wrong);
        let mut sections = Vec::new();
        let tables = tracking::findings(&settings.catalog);
        if !tables.is_empty() {
            sections.push(Section::new("Tables".to_owned(), tables));
        }
        if settings.dead_letters.is_none() {
            sections.push(Section::new("Dead letters".to_owned(), vec![dead_letters::none()]));
        }
        if let Some(finding) = properties {
            sections.push(Section::new("librdkafka".to_owned(), vec![finding]));
        }
        if !self.offline {
            // They are asked at once: two dead servers cost the time of one.
            let answer = (!refused).then(|| ask_kafka(settings));
            let runtime = runtime()?;
            let database = async {
                match &settings.database {
                    Some(database) => Some((database, database::ask(settings, database).await)),
                    None => None,
                }
            };
            let (redis, database) = runtime.block_on(async { tokio::join!(redis::ask(settings), database) });
            // A name that is still being looked up is left behind.
            runtime.shutdown_background();
            if let Some(answer) = answer {
                sections.push(Section::new(format!("Kafka at {}", settings.kafka.brokers), answer()));
            }
            sections.push(Section::new(format!("Redis at {}", settings.redis.url), redis));
            if let Some((database, findings)) = database {
                sections.push(Section::new(format!("PostgreSQL at {}", database.url), findings));
            }
        }
        let mut text = String::new();
        for section in &sections {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "\n{section}");
        }
        show(&text)?;

        let wrong = sections.iter().map(Section::wrong).sum::<usize>();
        let said = match wrong {
            0 => return Ok(()),
            1 => "1 thing is wrong".to_owned(),
            number => format!("{number} things are wrong"),
        };
        Err(if refused { Failure::Usage(format!("freshet: {said}")) } else { Failure::Failed(said) })
    }
}

/// Asks on a thread that is left behind if it hangs: closing a Kafka client has no deadline of its own.
fn ask_kafka(settings: &Settings) -> impl FnOnce() -> Vec<Finding> + use<> {
    let (answered, answer) = mpsc::channel();
    let Settings { kafka, catalog, dead_letters, .. } = settings.clone();
    thread::spawn(move || {
        // Nobody waits any more if it took too long.
        let _ = answered.send(kafka::ask(&kafka, &catalog, dead_letters.as_ref()));
    });
    move || answer.recv_timeout(ANSWER + GRACE).unwrap_or_else(|_| vec![kafka::silent()])
}

fn show(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        // Whoever read the output has seen enough; what is wrong is said by the exit code all the same.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::of(&error)),
        _ => Ok(()),
    }
}
