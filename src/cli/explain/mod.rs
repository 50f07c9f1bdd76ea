//! What recorded events do to cached values, and why: the same decoder and the same rules as `run`, without a server.

mod judge;
pub(super) mod print;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::Failure;
use crate::catalog::Catalog;
use crate::config::Settings;
use judge::Verdict;
pub(super) use judge::{Goes, Judge};

/// Say which keys recorded events delete, and why; asks no server and deletes nothing
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  freshet explain events.jsonl                    what each event deletes, with the reason
  freshet explain events.jsonl --json | jq .      the same as one JSON object a line
  tail -n 5 events.jsonl | freshet explain -      from standard input

One JSON object a line: a captured record, such as
  {\"topic\": \"app.public.order\", \"partition\": 0, \"offset\": 7, \"key\": \"…\", \"value\": \"…\"}
or an event's value alone, which then says its table by `source`.
Exit code 1 if a line is neither; the other lines are explained all the same.")]
pub(super) struct Explain {
    /// The events, one JSON object a line; `-` is standard input
    #[arg(value_name = "EVENTS.jsonl")]
    events: PathBuf,
    /// Print one JSON object a line of input
    #[arg(long)]
    json: bool,
}

/// How many lines came to what.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    deleting: u64,
    nothing: u64,
    undecodable: u64,
    no_events: u64,
}

impl Explain {
    pub(super) fn execute(&self, settings: Settings) -> Result<(), Failure> {
        let catalog = Arc::new(settings.catalog);
        let explain = |input: &mut dyn BufRead| {
            explain(input, &mut BufWriter::new(io::stdout().lock()), &catalog, self.json)
        };
        let result = if self.events == Path::new("-") {
            explain(&mut io::stdin().lock())
        } else {
            let name = self.events.display();
            let file = File::open(&self.events)
                .map_err(|error| Failure::Usage(format!("freshet: `{name}` cannot be read: {error}")))?;
            explain(&mut BufReader::new(file))
        };
        let summary = match result {
            Ok(summary) => summary,
            // Whoever read the output has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(Failure::of(&error)),
        };
        if !self.json {
            // Nothing is to be done where it is closed.
            let _ = writeln!(io::stderr(), "{summary}");
        }
        match summary.no_events {
            0 => Ok(()),
            1 => Err(Failure::Failed("1 line is no event".to_owned())),
            number => Err(Failure::Failed(format!("{number} lines are no events"))),
        }
    }
}

/// Explains each line as it is read; holds one at a time.
fn explain(
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    catalog: &Arc<Catalog>,
    json: bool,
) -> io::Result<Summary> {
    let mut judge = Judge::new(Arc::clone(catalog));
    let mut summary = Summary::default();
    let (mut line, mut number) = (Vec::new(), 0);
    while input.read_until(b'\n', &mut line)? > 0 {
        number += 1;
        // Kafka's console consumer prints a tombstone, which follows each delete, as a bare null.
        if !matches!(line.trim_ascii(), b"" | b"null") {
            let verdict = judge.line(number, &line);
            summary.count(&verdict);
            if json {
                print::json(output, &verdict)?;
            } else {
                print::text(output, &format!("line {number}"), &verdict)?;
            }
            // The next line may be long in coming.
            output.flush()?;
        }
        line.clear();
    }
    Ok(summary)
}

impl Summary {
    fn count(&mut self, verdict: &Verdict) {
        *match (&verdict.error, verdict.effects.is_empty()) {
            (Some(_), _) if verdict.table.is_none() => &mut self.no_events,
            (Some(_), _) => &mut self.undecodable,
            (None, false) => &mut self.deleting,
            (None, true) => &mut self.nothing,
        } += 1;
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { deleting, nothing, undecodable, no_events } = self;
        let lines = deleting + nothing + undecodable + no_events;
        let s = if lines == 1 { "" } else { "s" };
        write!(
            f,
            "{lines} line{s}: {deleting} delete something, {nothing} nothing, {undecodable} cannot be decoded, \
             {no_events} are no events"
        )
    }
}
