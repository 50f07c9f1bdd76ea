use std::collections::BTreeMap;
use std::io::{self, Write};

use super::judge::{Goes, Verdict};
use crate::cli::plain;

pub(super) fn json(output: &mut dyn Write, verdict: &Verdict) -> io::Result<()> {
    serde_json::to_writer(&mut *output, verdict)?;
    output.write_all(b"\n")
}

/// A headline, and below it each key and each family with the reason.
pub(in crate::cli) fn text(output: &mut dyn Write, which: &str, verdict: &Verdict) -> io::Result<()> {
    writeln!(output, "{which}: {}", headline(verdict))?;
    if let Some(error) = &verdict.error {
        writeln!(output, "  error    {}", plain(error))?;
    }
    if let Some(ignored) = &verdict.ignored {
        writeln!(output, "  nothing  {ignored}")?;
    }
    let effects: Vec<_> = verdict
        .effects
        .iter()
        .map(|effect| match &effect.goes {
            Goes::Key(key) => ("key   ", plain(key), effect),
            Goes::Family(pattern) => ("family", plain(pattern), effect),
            Goes::Affected { family, rows } => {
                let row = |row: &BTreeMap<String, String>| {
                    row.iter()
                        .map(|(column, value)| format!("{column} = {value}"))
                        .collect::<Vec<_>>()
                        .join(", ")
                };
                let rows = rows.iter().map(row).collect::<Vec<_>>().join(" or ");
                ("family", plain(&format!("{family} but for sets unaffected by {rows}")), effect)
            }
        })
        .collect();
    let width = effects.iter().map(|(_, name, _)| name.chars().count()).max().unwrap_or_default();
    for (kind, name, effect) in effects {
        write!(output, "  {kind}   {name:width$}  {}", effect.why)?;
        match &effect.settle {
            Some(settle) => writeln!(output, "; again after {settle}")?,
            None => writeln!(output)?,
        }
    }
    Ok(())
}

/// What it is and where it stood: `update of order (app.public.order, partition 0, offset 7)`.
fn headline(verdict: &Verdict) -> String {
    let what = match (verdict.operation, &verdict.table) {
        (Some(operation), Some(table)) => format!("{operation} of {table}"),
        (None, Some(table)) => format!("an event of {table} that cannot be decoded"),
        _ if verdict.error.is_some() => return "no event".to_owned(),
        _ => "an event of no table".to_owned(),
    };
    let position = [
        verdict.topic.as_deref().map(plain),
        verdict.partition.map(|partition| format!("partition {partition}")),
        verdict.offset.map(|offset| format!("offset {offset}")),
    ];
    let position = position.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if position.is_empty() { what } else { format!("{what} ({position})") }
}
