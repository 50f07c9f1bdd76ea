use std::fmt::Write as _;
use std::io::{self, Write as _};

use clap::Args;

use super::{Place, Topic, time};
use crate::catalog::Catalog;
use crate::cli::{Failure, plain};

/// List them, the newest last
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  freshet dead-letters list
  freshet dead-letters list --table order --cause malformed

Columns: the letter's place in the dead-letter topic, when it was written, the table, the cause, and where the event
lies: topic, partition and offset.")]
pub(super) struct List {
    /// Only those of this table
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
    /// Only those with this cause, such as `malformed`
    #[arg(long, value_name = "CAUSE")]
    cause: Option<String>,
}

impl List {
    pub(super) fn execute(&self, catalog: &Catalog, topic: &Topic<'_>) -> Result<(), Failure> {
        if let Some(table) = &self.table
            && !catalog.tables.iter().any(|own| own.name == *table)
        {
            return Err(Failure::Usage(format!("freshet: there is no table `{table}`")));
        }
        // Without keys and values: of those there may be more than memory.
        let mut lines: Vec<(i64, (i32, i64), [String; 5])> = Vec::new();
        topic.read(|letter, written| {
            let table = catalog.table_by_topic(&letter.topic).map(|table| catalog.table(table).name.as_str());
            let of_table = self.table.as_deref().is_none_or(|wanted| table == Some(wanted));
            let of_cause = self.cause.as_ref().is_none_or(|wanted| letter.cause == *wanted);
            if of_table && of_cause {
                let place = Place { partition: letter.place.0, offset: letter.place.1 };
                let columns = [
                    place.to_string(),
                    time(written),
                    table.unwrap_or("-").to_owned(),
                    plain(&letter.cause),
                    format!(
                        "{} partition {} offset {}",
                        plain(&letter.topic),
                        letter.partition,
                        letter.offset
                    ),
                ];
                lines.push((written, letter.place, columns));
            }
        })?;
        lines.sort();
        let width =
            |column: usize| lines.iter().map(|(_, _, columns)| columns[column].len()).max().unwrap_or(0);
        let widths = [0, 1, 2, 3].map(width);
        let mut text = String::new();
        for (_, _, columns) in &lines {
            for (column, width) in columns.iter().zip(widths) {
                // Writing to a `String` cannot fail.
                let _ = write!(text, "{column:width$}  ");
            }
            text.push_str(&columns[4]);
            text.push('\n');
        }
        match io::stdout().write_all(text.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(Failure::of(&error)),
            _ => {}
        }
        let s = if lines.len() == 1 { "" } else { "s" };
        // Nothing is to be done where it is closed.
        let _ = writeln!(io::stderr(), "{} letter{s} in {}", lines.len(), topic.dead_letters.topic);
        Ok(())
    }
}
