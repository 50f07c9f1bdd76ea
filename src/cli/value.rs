//! What a key's value is by the topics alone.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;

use super::{Failure, holes};
use crate::catalog::{Catalog, Pattern, View, ViewId};
use crate::config::{Settings, suggest};
use crate::kafka::{Progress, RowsNow, rows_now};
use crate::telemetry;
use crate::values::{Spelling, Trouble};

/// Compute a key's value from the change events alone, as the view's `value` says
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  freshet value shop_stats shop_id=5                    as JSON
  freshet value shop_stats shop_id=5 --format pickle    the bytes that Django stores

It reads the topics of the view's tables, one after the other, from their beginnings to their ends, and asks neither the
database nor Redis. So it shows whether a `value` says the same as the application's own code, while nothing is written.
Exit codes: 0 printed, 1 there is no value, or Kafka failed, 64 the command line is wrong.")]
pub(super) struct ValueCommand {
    /// A view with a `value`
    view: String,
    /// What fills each hole of the key
    #[arg(value_name = "HOLE=VALUE")]
    values: Vec<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Spelled::Json)]
    format: Spelled,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Spelled {
    /// As django-redis' JSON serializer reads it, and a line end
    Json,
    /// As Django's Redis cache and django-redis read it by default
    Pickle,
}

impl ValueCommand {
    pub(super) fn execute(&self, settings: Settings) -> Result<(), Failure> {
        let usage = |wrong: &[String]| {
            let lines: Vec<_> = wrong.iter().map(|wrong| format!("freshet: {wrong}")).collect();
            Failure::Usage(lines.join("\n"))
        };
        let catalog = Arc::new(settings.catalog);
        let id = self.view(&catalog).map_err(|wrong| usage(&[wrong]))?;
        let view = catalog.view(id);
        let Pattern::Template(template) = &view.pattern else { return Err(usage(&[no_value(view)])) };
        let key = holes::key(view, template, &self.values, ("value", "")).map_err(|wrong| usage(&wrong))?;

        let tables: BTreeSet<_> = view.tables(&catalog.relations).collect();
        let mut bar = Bar::new();
        let now = rows_now(&settings.kafka, &catalog, &tables, |topic, progress| bar.tell(topic, progress));
        bar.bar.finish_and_clear();
        let now = now.map_err(|error| Failure::of(&error))?;
        let (spelling, end) = match self.format {
            Spelled::Json => (Spelling::Json, "\n"),
            Spelled::Pickle => (Spelling::Pickle, ""),
        };
        let value = settings.values.value(&catalog, &now.rows, id, &key);
        let mut bytes = value
            .and_then(|value| value.bytes(spelling))
            .map_err(|trouble| Failure::Failed(explain(&key, trouble, &now)))?;
        bytes.extend_from_slice(end.as_bytes());
        let mut out = io::stdout();
        out.write_all(&bytes).and_then(|()| out.flush()).map_err(|error| Failure::of(&error))
    }

    fn view(&self, catalog: &Catalog) -> Result<ViewId, String> {
        let computed = || catalog.views.iter().filter(|view| view.computed.is_some());
        match catalog.view_by_name(&self.view) {
            Some(id) if catalog.view(id).computed.is_some() => Ok(id),
            Some(id) => Err(no_value(catalog.view(id))),
            None => {
                let known = computed().map(|view| view.name.as_str());
                let remedy = suggest(&self.view, known, "`freshet check --offline` lists what there is");
                Err(format!("there is no view `{}` with a `value`; {remedy}", self.view))
            }
        }
    }
}

fn no_value(view: &View) -> String {
    format!("the configuration does not say what the value of `{0}` is; add a `value` to it", view.name)
}

/// Why there is no value, and what may be the cause.
fn explain(key: &str, trouble: Trouble, now: &RowsNow) -> String {
    let mut parts = vec![format!("`{key}` has no value: {trouble}")];
    if matches!(trouble, Trouble::Unresolved | Trouble::Doubtful) {
        let lost = |topic: &String| format!("{topic} is not there, or does not tell all rows");
        parts.extend(now.incomplete.iter().map(lost));
        parts.extend((now.poison > 0).then(|| format!("{} events could not be decoded", now.poison)));
    }
    parts.join("; ")
}

/// How far the topics are read, for a person who waits.
struct Bar {
    bar: ProgressBar,
    topic: String,
}

impl Bar {
    fn new() -> Self {
        Self { bar: telemetry::progress("reading"), topic: String::new() }
    }

    fn tell(&mut self, topic: &str, Progress { done, of }: Progress) {
        if self.topic != topic {
            topic.clone_into(&mut self.topic);
            self.bar.reset();
            self.bar.set_message(format!("reading {topic}"));
        }
        self.bar.set_length(of);
        self.bar.set_position(done);
    }
}
