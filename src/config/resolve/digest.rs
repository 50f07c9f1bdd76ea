//! A number that changes when a view's events may delete other keys than before.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::catalog::{Catalog, Fill, Parameters, Path, Pattern, Reads, ReplicaIdentity, Source, Table, View};
use crate::values::{Format, Spelling};

/// From a text of everything that decides, in an order that does not depend on that of the file. Its form is part of
/// what is committed to Kafka: a change of it deletes every family once.
///
/// `ttl`, `settle`, `hold` and `max_sets` are not in it: they do not decide which keys go. What was deleted under another `settle` was deleted
/// again as that one asked before its offset was committed.
///
/// `value` is how a key's value is computed, `format` how it is spelled where freshet writes it.
pub(super) fn of(view: &View, catalog: &Catalog, value: Option<&Value>, format: Option<Format>) -> u64 {
    let pattern = match &view.pattern {
        Pattern::Template(template) => {
            let types: Vec<String> = template.holes().iter().map(|hole| hole.r#type.to_string()).collect();
            json!(["template", template.text(), types])
        }
        Pattern::Declared { prefix } => json!(["family", prefix]),
    };
    let sources = sorted(view.sources.iter().map(|source| of_source(source, catalog)));
    let mut parts = vec![pattern, sources];
    // Their key and their condition decide what is kept.
    parts.extend(view.parameters.as_ref().map(of_parameters));
    // A value of another definition must not stay.
    parts.extend(value.cloned());
    // Nor one that freshet has written, when it does so no more.
    parts.extend(view.warm.and(format).map(|format| json!(["warm", name(format)])));
    // Nor one that another statement told.
    parts.extend(view.refill.as_ref().map(|refill| json!(["sql", refill.sql, format.map(name)])));
    let text = Value::Array(parts).to_string();
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

const fn name(format: Format) -> &'static str {
    match (format.spelling, format.compressed) {
        (Spelling::Pickle, false) => "pickle",
        (Spelling::Json, false) => "json",
        (Spelling::Pickle, true) => "pickle+zlib",
        (Spelling::Json, true) => "json+zlib",
    }
}

fn of_parameters(parameters: &Parameters) -> Value {
    json!([parameters.key.text(), parameters.affects.as_ref().map(|affects| &affects.text)])
}

fn of_source(source: &Source, catalog: &Catalog) -> Value {
    let table = catalog.table(source.table);
    let fills: Vec<Value> = source
        .fills
        .iter()
        .map(|fill| match fill {
            Fill::Column(column) => json!(table.columns[column.index()].name),
            Fill::Path(path) => of_path(path, table, catalog),
        })
        .collect();
    let reads = match &source.reads {
        Reads::All => json!("all"),
        Reads::Columns(columns) => {
            sorted(columns.iter().map(|column| json!(table.columns[column.index()].name)))
        }
    };
    let paths = sorted(source.read_paths.iter().map(|path| of_path(path, table, catalog)));
    json!([of_table(table), fills, reads, paths])
}

fn of_path(path: &Path, base: &Table, catalog: &Catalog) -> Value {
    let steps = path.steps(&catalog.relations).map(|(table, column)| {
        let table = catalog.table(table);
        json!([of_table(table), table.columns[column.index()].name])
    });
    json!([base.columns[path.link(&catalog.relations).index()].name, steps.collect::<Vec<_>>()])
}

fn of_table(table: &Table) -> Value {
    let key: Vec<&str> =
        table.primary_key.iter().map(|column| table.columns[column.index()].name.as_str()).collect();
    let identity = match table.identity {
        ReplicaIdentity::Default => "default",
        ReplicaIdentity::Full => "full",
    };
    json!([table.topic, table.source_table, key, identity])
}

fn sorted(values: impl Iterator<Item = Value>) -> Value {
    let mut values: Vec<Value> = values.collect();
    values.sort_by_cached_key(Value::to_string);
    Value::Array(values)
}
