//! What lies in the dead-letter topic, and applying it again.
//!
//! A letter is named by its place in the dead-letter topic, `PARTITION:OFFSET`: there are no two of the same, while events
//! of several tables share a partition and an offset, and one event may have been written twice.

mod list;
mod replay;
mod show;

use std::fmt;
use std::str::FromStr;

use clap::{Args, Subcommand};

use super::Failure;
use crate::config::{DeadLetters, Kafka, Settings};
use crate::kafka::{DeadLetter, Read, read_all};
use crate::telemetry;

/// Look at events that could not be decoded, and apply them once they can be
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  freshet dead-letters list                       what could not be decoded, the newest last
  freshet dead-letters list --table order         of one table
  freshet dead-letters show 0:17                  one letter with its headers, key and value
  freshet dead-letters replay 0:17 --dry-run      what would it delete with today's configuration?
  freshet dead-letters replay --all               decode each again and delete what it made stale

A letter is named by its place in the dead-letter topic: PARTITION:OFFSET, the first column of the list.
Nothing is written to the tables' topics or to the dead-letter topic.
Exit codes: 0 done, 1 it failed or a letter still cannot be decoded, 64 the command line is wrong.")]
pub(super) struct DeadLettersCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Replay(replay::Replay),
}

impl DeadLettersCommand {
    pub(super) fn execute(&self, settings: Settings) -> Result<(), Failure> {
        let Some(dead_letters) = settings.dead_letters.clone() else {
            return Err(Failure::Usage(
                "freshet: the configuration has no `dead_letters`, so there is no topic to read".to_owned(),
            ));
        };
        let topic = Topic { kafka: &settings.kafka, dead_letters: &dead_letters };
        match &self.command {
            Command::List(list) => list.execute(&settings.catalog, &topic),
            Command::Show(show) => show.execute(&settings.catalog, &topic),
            Command::Replay(replay) => replay.execute(&settings, &topic),
        }
    }
}

/// The dead-letter topic.
struct Topic<'s> {
    kafka: &'s Kafka,
    dead_letters: &'s DeadLetters,
}

impl Topic<'_> {
    /// Reads every letter up to the end that the topic has now. Says how far it is, on a terminal.
    fn read(&self, mut letter: impl FnMut(DeadLetter, i64)) -> Result<(), Failure> {
        let bar = telemetry::progress("reading letters");
        let topic = self.dead_letters.topic.as_str();
        let read = read_all(self.kafka, topic, |Read { letter: found, written, progress }| {
            bar.set_length(progress.of);
            bar.set_position(progress.done);
            if let Some(found) = found {
                letter(found, written);
            }
        });
        bar.finish_and_clear();
        match read {
            Ok(Some(())) => Ok(()),
            Ok(None) => Err(Failure::Failed(format!(
                "there is no topic {topic}; `freshet check` says how to make it"
            ))),
            Err(error) => Err(Failure::of(&error)),
        }
    }

    /// Reads one letter.
    fn find(&self, place: Place) -> Result<DeadLetter, Failure> {
        let mut found = None;
        self.read(|letter, _| {
            if letter.place == (place.partition, place.offset) {
                found = Some(letter);
            }
        })?;
        found.ok_or_else(|| {
            Failure::Failed(format!(
                "there is no letter {place} in {}; `freshet dead-letters list` shows all",
                self.dead_letters.topic
            ))
        })
    }
}

/// Where a letter lies in the dead-letter topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    partition: i32,
    offset: i64,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no PARTITION:OFFSET, such as 0:17");
        let (partition, offset) = text.split_once(':').ok_or_else(wrong)?;
        let (partition, offset) =
            (partition.parse().map_err(|_| wrong())?, offset.parse().map_err(|_| wrong())?);
        Ok(Self { partition, offset })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.partition, self.offset)
    }
}

/// A time in milliseconds since the Unix epoch, for a person.
fn time(millis: i64) -> String {
    let since = std::time::Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    humantime::format_rfc3339_millis(std::time::UNIX_EPOCH + since).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        for (text, expected) in
            [("0:17", Some((0, 17))), ("3:0", Some((3, 0))), ("17", None), ("a:1", None), ("1:", None)]
        {
            let place = text.parse::<Place>().ok();
            assert_eq!(place.map(|place| (place.partition, place.offset)), expected, "{text}");
            if let Some(place) = place {
                assert_eq!(place.to_string(), text);
            }
        }
    }
}
