//! Tables.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::relations::Known;
use super::{Context, MOST, Part};
use crate::catalog::{
    Column, ColumnId, ColumnType, Keep, Relation, RelationId, ReplicaIdentity, Table, TableId,
};
use crate::config::document::child;
use crate::config::problem::{Fault, suggest};
use crate::config::raw;

/// The tables so far. Columns are added to them as something turns out to need them.
pub(super) struct Tables {
    pub(super) found: Vec<Table>,
    names: HashMap<String, TableId>,
    /// By table: the columns whose type was given, those of them that fill a hole, and what the table was read from.
    details: Vec<Details>,
    pub(super) relations: HashMap<(TableId, String), Known>,
    /// The relations that paths follow, each once.
    pub(super) followed: Vec<Relation>,
}

struct Details {
    types: BTreeMap<String, ColumnType>,
    filling: BTreeSet<String>,
    pointer: String,
    is_read: bool,
    tracked: Option<bool>,
}

impl Tables {
    pub(super) fn read(context: &mut Context<'_>) -> Self {
        let mut tables = Self {
            found: Vec::new(),
            names: HashMap::new(),
            details: Vec::new(),
            relations: HashMap::new(),
            followed: Vec::new(),
        };
        let parts = context.parts::<raw::Table>("tables", "a table");
        if context.is_empty("tables") {
            context.name("/tables", Fault::new("no table is defined", "define one: `name: { topic: … }`"));
        }
        let mut topics = HashMap::new();
        for part in parts {
            if let Some(raw) = &part.content {
                check_topic(context, &part, &raw.topic, &mut topics);
            }
            tables.add(context, part);
        }
        for part in context.parts::<raw::Relation>("relations", "a relation") {
            tables.relation(context, &part);
        }
        tables
    }

    pub(super) fn by_name(&self, name: &str) -> Option<TableId> {
        self.names.get(name).copied()
    }

    pub(super) fn name(&self, table: TableId) -> &str {
        &self.found[table.index()].name
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.found.iter().map(|table| table.name.as_str())
    }

    pub(super) fn relations_of(&self, table: TableId) -> impl Iterator<Item = &str> + Clone {
        self.relations.keys().filter(move |(of, _)| *of == table).map(|(_, name)| name.as_str())
    }

    /// The column's index; from now on it is extracted from the table's events.
    pub(super) fn need(&mut self, table: TableId, name: &str) -> ColumnId {
        let r#type = self.type_of(table, name);
        let table = &mut self.found[table.index()];
        table.column(name).unwrap_or_else(|| {
            // Beyond the limit `finish` reports the table, and nothing is built; any index will do.
            if table.columns.len() <= MOST {
                table.columns.push(Column { name: name.to_owned(), r#type, keep: Keep::default() });
            }
            ColumnId::from_index(table.columns.len() - 1)
        })
    }

    /// The index of a relation that a path follows.
    pub(super) fn follow(&mut self, from: TableId, column: &str, to: TableId) -> RelationId {
        let relation = Relation { from, column: self.need(from, column), to, reversed: false };
        let known = self.followed.iter().position(|followed| *followed == relation);
        RelationId::from_index(known.unwrap_or_else(|| {
            // Each stands for a column that is needed, and `finish` reports a table with too many.
            self.followed.push(relation);
            self.followed.len() - 1
        }))
    }

    pub(super) fn type_of(&self, table: TableId, column: &str) -> ColumnType {
        self.details[table.index()].types.get(column).copied().unwrap_or_default()
    }

    pub(super) fn fills(&mut self, table: TableId, column: &str) {
        self.details[table.index()].filling.insert(column.to_owned());
    }

    /// Whether more than the table's name is known.
    pub(super) fn is_read(&self, table: TableId) -> bool {
        self.details[table.index()].is_read
    }

    /// What the configuration says of whether a table is tracked.
    pub(super) fn forced(&self, table: TableId) -> Option<bool> {
        self.details[table.index()].tracked
    }

    /// Reports what of the tables does not agree with the views. `complete` says that every view told what it needs.
    pub(super) fn check(&self, context: &mut Context<'_>, complete: bool) {
        for (table, details) in self.found.iter().zip(&self.details) {
            if table.columns.len() > MOST {
                let what = format!("more than {MOST} columns of `{}` are used", table.name);
                context.name(&details.pointer, Fault::new(what, "use fewer"));
            }
            for column in details.types.keys().filter(|column| complete && !details.filling.contains(*column))
            {
                let pointer = child(&child(&details.pointer, "columns"), column);
                let remedy = suggest(
                    column,
                    details.filling.iter().map(String::as_str),
                    "remove it, or name a column that does",
                );
                context.name(&pointer, Fault::new(format!("`{column}` fills no hole of a view"), remedy));
            }
        }
    }

    fn add(&mut self, context: &mut Context<'_>, part: Part<raw::Table>) {
        let id = TableId::from_index(self.found.len());
        let is_read = part.content.is_some();
        let raw = part.content.unwrap_or(raw::Table {
            topic: String::new(),
            primary_key: None,
            replica_identity: raw::Identity::Default,
            columns: BTreeMap::new(),
            tracked: None,
        });
        if raw.tracked == Some(true) && raw.primary_key.is_none() {
            let fault = Fault::new(
                "without a primary key its rows cannot be told apart",
                "name the `primary_key`, or remove `tracked`",
            );
            context.name(&child(&part.pointer, "tracked"), fault);
        }
        let types = raw.columns.into_iter().map(|(name, r#type)| (name, column_type(r#type))).collect();
        self.found.push(Table {
            name: part.name.clone(),
            source_table: source_table(&raw.topic),
            topic: raw.topic,
            identity: match raw.replica_identity {
                raw::Identity::Default => ReplicaIdentity::Default,
                raw::Identity::Full => ReplicaIdentity::Full,
            },
            columns: Vec::new(),
            primary_key: Vec::new(),
            tracked: false,
        });
        self.names.insert(part.name, id);
        self.details.push(Details {
            types,
            filling: BTreeSet::new(),
            pointer: part.pointer.clone(),
            is_read,
            tracked: raw.tracked,
        });
        let keys = key_columns(context, &child(&part.pointer, "primary_key"), raw.primary_key);
        for column in keys {
            let column = self.need(id, &column);
            self.found[id.index()].primary_key.push(column);
        }
    }

    /// A table by name; reports that there is none.
    pub(super) fn known<'c>(
        &self,
        context: &mut Context<'c>,
        name: &str,
        report: impl FnOnce(&mut Context<'c>, Fault),
    ) -> Option<TableId> {
        let found = self.by_name(name);
        if found.is_none() {
            let remedy = suggest(name, self.names(), "define it under `tables`, or name one that is");
            report(context, Fault::new(format!("there is no table `{name}`"), remedy));
        }
        found
    }
}

fn check_topic(
    context: &mut Context<'_>,
    part: &Part<raw::Table>,
    topic: &str,
    topics: &mut HashMap<String, String>,
) {
    let pointer = child(&part.pointer, "topic");
    if let Err(fault) = topic_name(topic) {
        context.value(&pointer, fault);
    } else if let Some(other) = topics.get(topic) {
        let what = format!("the topic `{topic}` is that of table `{other}` too");
        context.value(&pointer, Fault::new(what, "give each table its own topic, or define one table only"));
    } else {
        topics.insert(topic.to_owned(), part.name.clone());
    }
}

pub(super) fn topic_name(topic: &str) -> Result<(), Fault> {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if topic.is_empty() || topic.len() > 249 || !topic.chars().all(is_legal) {
        let what = format!("`{topic}` is no name of a topic");
        return Err(Fault::new(what, "use letters, digits, `.`, `_` and `-`, at most 249"));
    }
    Ok(())
}

fn key_columns(context: &mut Context<'_>, pointer: &str, names: Option<raw::Names>) -> Vec<String> {
    let names = match names {
        None => return Vec::new(),
        Some(raw::Names::One(name)) => vec![name],
        Some(raw::Names::Many(names)) if names.is_empty() => {
            let fault = Fault::new(
                "the list is empty",
                "name the columns, or remove it where there is no primary key",
            );
            context.value(pointer, fault);
            return Vec::new();
        }
        Some(raw::Names::Many(names)) => names,
    };
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() {
            context.value(&child(pointer, index), Fault::new("this is empty", "name a column"));
        } else if names[..index].contains(name) {
            context
                .value(&child(pointer, index), Fault::new(format!("`{name}` stands twice"), "name it once"));
        }
    }
    names
}

/// Debezium names a topic `prefix.schema.table`, or `prefix.database.schema.table`.
fn source_table(topic: &str) -> Option<String> {
    let mut segments = topic.rsplit('.');
    let table = segments.next()?;
    (segments.count() >= 2 && !table.is_empty()).then(|| table.to_owned())
}

const fn column_type(raw: raw::Type) -> ColumnType {
    match raw {
        raw::Type::Integer => ColumnType::Integer,
        raw::Type::Text => ColumnType::Text,
        raw::Type::Boolean => ColumnType::Boolean,
        raw::Type::Float => ColumnType::Float,
    }
}
