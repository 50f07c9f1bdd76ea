//! Whether cached values are what the database says.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::{Failure, plain, runtime, with_sources};
use crate::audit::{Options, Report, STATEMENT_TIMEOUT, Servers, Stale, Subject, audit};
use crate::catalog::{Catalog, ViewId};
use crate::config::{Settings, suggest};
use crate::database::connect;
use crate::kafka::Lag;
use crate::redis::connect_once;
use crate::telemetry;

/// Of what is wrong, so many are told one by one.
const TOLD: usize = 20;

/// Compare cached values with what the database says
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  freshet audit                            a thousand keys of each view that has a `value`
  freshet audit shop_stats --all           every key of one view
  freshet audit --seed 7                   the keys of an earlier audit again

It reads values from Redis, the rows that they are made of from the database that the configuration names under `database`, and
computes them as the view's `value` says. It changes nothing. A value that differs is looked at again, and is stale if the
database's stays the same, the source has received the change, the group has applied all that is in the view's topics, and
the value still differs after --patience. So a delay is no error.

What cannot be compared is told with its reason: a value in another form than `value_format`, a column whose form in events is not
known here, or a key that no row fills, of which the application may store zeros of its own.

Exit codes: 0 none is stale, 1 some are, 2 it could not be done, or the stream did not pass within --wait, 64 the configuration or
the command line is wrong.")]
pub(super) struct Audit {
    /// Views with a `value`; all of them if none is named
    #[arg(value_name = "VIEW")]
    views: Vec<String>,
    /// How many keys of each view are looked at
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    sample: usize,
    /// Look at every key; their names are held in memory
    #[arg(long, conflicts_with = "sample")]
    all: bool,
    /// Which keys: the same number, the same keys
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// How many rows are held in memory at once; a key of more is not compared
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
    rows: usize,
    /// How long a value may differ after the stream has passed
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = humantime::parse_duration)]
    patience: Duration,
    /// How long the stream is waited for
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = humantime::parse_duration)]
    wait: Duration,
}

impl Audit {
    pub(super) fn execute(&self, settings: Settings) -> Result<(), Failure> {
        let views = self.views(&settings.catalog)?;
        let Some(database) = &settings.database else {
            return Err(Failure::Usage(
                "freshet: an audit compares with the database, of which the configuration says nothing; add \
                 `database: { url: \"${DATABASE_URL}\" }`"
                    .to_owned(),
            ));
        };
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(0..1_000_000));
        let options = Options {
            sample: if self.all { usize::MAX } else { self.sample },
            seed,
            rows: self.rows,
            patience: self.patience,
            wait: self.wait,
        };
        let undone = |error: &dyn std::error::Error| Failure::Undone(with_sources(error));
        let bar = telemetry::progress("connecting");
        let reports = runtime()?.block_on(async {
            let url = &settings.redis.url;
            let redis = connect_once(url)
                .await
                .map_err(|error| Failure::Undone(format!("Redis at {url} failed: {error}")))?;
            let database = connect(&database.url, STATEMENT_TIMEOUT).await.map_err(|error| {
                let url = &database.url;
                Failure::Undone(format!(
                    "the database at {url} failed: {error}; is `database.url` right, and may freshet connect?"
                ))
            })?;
            let lag = Arc::new(Lag::new(&settings.kafka).map_err(|error| undone(&error))?);
            let mut servers = Servers { redis, database, lag };
            let subject = Subject {
                catalog: Arc::new(settings.catalog),
                values: settings.values,
                format: settings.redis.value_format,
            };
            let told = |what: &str, done, of| {
                bar.set_message(format!("reading {what}"));
                bar.set_length(of);
                bar.set_position(done);
            };
            audit(&subject, &mut servers, &views, options, told).await.map_err(|error| undone(&error))
        });
        bar.finish_and_clear();
        let reports = reports?;
        match io::stdout().write_all(text(&reports, seed, self.all).as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(Failure::of(&error)),
            _ => {}
        }
        verdict(&reports)
    }

    fn views(&self, catalog: &Catalog) -> Result<Vec<ViewId>, Failure> {
        if self.views.is_empty() {
            let all: Vec<_> =
                catalog.view_ids().filter(|view| catalog.view(*view).computed.is_some()).collect();
            return if all.is_empty() {
                Err(Failure::Usage(
                    "freshet: no view of the configuration has a `value`, and only such are compared; add one, as \
                     `freshet value` prints it"
                        .to_owned(),
                ))
            } else {
                Ok(all)
            };
        }
        let named = |name: &String| match catalog.view_by_name(name) {
            Some(id) if catalog.view(id).computed.is_some() => Ok(id),
            Some(_) => Err(format!(
                "freshet: the configuration does not say what the value of `{name}` is; add a `value` to it"
            )),
            None => {
                let known = catalog
                    .views
                    .iter()
                    .filter(|view| view.computed.is_some())
                    .map(|view| view.name.as_str());
                let remedy = suggest(name, known, "`freshet check --offline` lists what there is");
                Err(format!("freshet: there is no view `{name}` with a `value`; {remedy}"))
            }
        };
        self.views.iter().map(named).collect::<Result<_, _>>().map_err(Failure::Usage)
    }
}

fn verdict(reports: &[Report]) -> Result<(), Failure> {
    let sum = |of: fn(&Report) -> usize| reports.iter().map(of).sum::<usize>();
    let (checked, stale, behind) =
        (sum(|report| report.checked), sum(|report| report.stale.len()), sum(|report| report.behind.len()));
    if stale > 0 {
        return Err(Failure::Failed(format!("{stale} of {checked} values are stale")));
    }
    if behind > 0 {
        return Err(Failure::Undone(format!(
            "{behind} of {checked} values differ, and the stream has not passed the changes: is the connector running, and is \
             freshet? `freshet_unapplied_lag_records` shows how far it is; audit again, or wait longer by --wait"
        )));
    }
    Ok(())
}

/// A table of the views, and what is wrong in lines below it.
fn text(reports: &[Report], seed: u64, all: bool) -> String {
    let mut text = String::new();
    let header = ["view", "checked", "true", "stale", "behind", "changed", "not compared"].map(str::to_owned);
    let line = |report: &Report| {
        [
            report.view.clone(),
            report.checked.to_string(),
            report.right.to_string(),
            report.stale.len().to_string(),
            report.behind.len().to_string(),
            (report.gone + report.changing).to_string(),
            report.not_compared().to_string(),
        ]
    };
    let lines: Vec<_> = std::iter::once(header).chain(reports.iter().map(line)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<_> = (0..7).map(width).collect();
    for line in &lines {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{:<width$}", line[0], width = widths[0]);
        for (column, width) in line.iter().zip(&widths).skip(1) {
            let _ = write!(text, "  {column:>width$}");
        }
        text.push('\n');
    }
    for report in reports {
        told(&mut text, "stale ", &report.stale);
        told(&mut text, "behind", &report.behind);
        for (why, (count, key)) in &report.incomparable {
            let _ = match key {
                Some(key) => writeln!(text, "not compared  {count}, such as {}: {}", plain(key), plain(why)),
                None => writeln!(text, "not compared  {}, {count}: {}", report.view, plain(why)),
            };
        }
    }
    if !all {
        let _ = writeln!(text, "--seed {seed} looks at these keys again");
    }
    text
}

fn told(text: &mut String, word: &str, values: &[Stale]) {
    for Stale { key, difference, age } in values.iter().take(TOLD) {
        let age = age.map_or_else(String::new, |age| {
            format!(
                ", written at most {} ago",
                humantime::format_duration(Duration::from_secs(age.as_secs()))
            )
        });
        let _ = writeln!(text, "{word}  {}: {}{age}", plain(key), plain(&difference.to_string()));
    }
    if values.len() > TOLD {
        let _ = writeln!(text, "{word}  and {} more", values.len() - TOLD);
    }
}
