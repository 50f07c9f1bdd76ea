use std::fmt::Write as _;

use crate::catalog::{Catalog, Column, ColumnId, Hole, Pattern, Reads, ReplicaIdentity, Table, View};
use crate::views::{Does, Rule, Rules};

/// What holds for every view and need not be said of each.
const EVERYWHERE: &str = "
  A new or a deleted row changes all its columns. A truncate, and an event that cannot be decoded, deletes the family.
  So does a row that a snapshot read, unless its primary key alone makes the key.
";

/// What the configuration means, for a person: tables, views with what a change of each table does to them, and groups.
pub(super) fn of(catalog: &Catalog) -> String {
    let rules = Rules::new(catalog);
    let mut text = "Tables\n".to_owned();
    for table in &catalog.tables {
        push_table(&mut text, table);
    }
    text.push_str("\nViews, and what a change of a row deletes\n");
    for id in catalog.view_ids() {
        let view = catalog.view(id);
        push_line(&mut text, 2, &format!("{}: {}{}", view.name, view.pattern.text(), holes(view)));
        for table in catalog.table_ids() {
            let rules = rules.of(table).iter().filter(|rule| rule.view == id);
            for effect in effects(catalog.table(table), rules, &view.pattern) {
                push_line(&mut text, 4, &format!("{}, {}:", catalog.table(table).name, effect.when));
                push_line(&mut text, 6, &effect.what);
            }
        }
    }
    text.push_str(EVERYWHERE);
    if !catalog.groups.is_empty() {
        text.push_str("\nGroups, for `freshet invalidate`\n");
        for group in &catalog.groups {
            let views: Vec<_> = group.views.iter().map(|view| catalog.view(*view).name.as_str()).collect();
            push_line(&mut text, 2, &format!("{}: {}", group.name, views.join(", ")));
        }
    }
    text
}

fn push_table(text: &mut String, table: &Table) {
    push_line(text, 2, &format!("{}: topic {}", table.name, table.topic));
    let key = match names(table, &table.primary_key) {
        key if key.is_empty() => "no primary key".to_owned(),
        key => format!("primary key {key}"),
    };
    let identity = match table.identity {
        ReplicaIdentity::Full => "full replica identity: events tell the whole old row",
        ReplicaIdentity::Default => "default replica identity: of the old row events tell the primary key",
    };
    push_line(text, 4, &format!("{key}; {identity}"));
    let columns: Vec<_> = table.columns.iter().map(|column: &Column| column.name.as_str()).collect();
    let needed = if columns.is_empty() { "none".to_owned() } else { columns.join(", ") };
    push_line(text, 4, &format!("columns needed: {needed}"));
}

/// What changes of a table's row delete of a view.
struct Effect {
    when: String,
    what: String,
}

/// One for the rules that delete keys, and one for all that delete the family because of a path.
fn effects<'r>(table: &Table, rules: impl Iterator<Item = &'r Rule>, pattern: &Pattern) -> Vec<Effect> {
    let (mut effects, mut paths, mut reads) = (Vec::new(), Vec::new(), None);
    for rule in rules {
        let what = match &rule.does {
            Does::FamilyByPath(path) => {
                let path = format!("`{path}`");
                if !paths.contains(&path) {
                    paths.push(path);
                }
                reads = Some(union(reads, &rule.reads));
                continue;
            }
            Does::DeclaredFamily => "the family, as declared".to_owned(),
            Does::Keys(columns) => keys(table, columns, pattern),
        };
        effects.push(Effect { when: when(table, &rule.reads), what });
    }
    if let Some(reads) = reads {
        let what =
            format!("the family, because the key or the value lies behind a relation: {}", paths.join(", "));
        effects.push(Effect { when: when(table, &reads), what });
    }
    effects
}

fn union(all: Option<Reads>, more: &Reads) -> Reads {
    match (all, more) {
        (None, more) => more.clone(),
        (Some(Reads::Columns(mut all)), Reads::Columns(more)) => {
            all.extend(more);
            all.sort_unstable();
            all.dedup();
            Reads::Columns(all)
        }
        (Some(_), _) => Reads::All,
    }
}

/// Only a whole old row tells what changed.
fn when(table: &Table, reads: &Reads) -> String {
    match (reads, table.identity) {
        (Reads::All, _) => "on any change".to_owned(),
        (Reads::Columns(columns), ReplicaIdentity::Full) => {
            format!("on a change of {}", names(table, columns))
        }
        (Reads::Columns(columns), ReplicaIdentity::Default) => {
            format!("on any change (it reads {}, but events do not tell what changed)", names(table, columns))
        }
    }
}

fn keys(table: &Table, columns: &[ColumnId], pattern: &Pattern) -> String {
    let fill = |(hole, column): (&Hole, &ColumnId)| {
        let column = &table.columns[column.index()].name;
        if *column == hole.name { column.clone() } else { format!("{}={column}", hole.name) }
    };
    let by: Vec<_> = pattern.holes().iter().zip(columns).map(fill).collect();
    let by = by.join(", ");
    let unknown: Vec<ColumnId> =
        columns.iter().filter(|column| !table.primary_key.contains(column)).copied().collect();
    match table.identity {
        _ if unknown.is_empty() => format!("the key, by {by}"),
        ReplicaIdentity::Full => {
            format!("the keys of the old and the new row, by {by}")
        }
        ReplicaIdentity::Default => format!(
            "the key of a new row, by {by}; else the family, because events do not tell the old {} \
             (a full replica identity would)",
            names(table, &unknown)
        ),
    }
}

fn holes(view: &View) -> String {
    let holes: Vec<_> =
        view.pattern.holes().iter().map(|hole| format!("{} {}", hole.name, hole.r#type)).collect();
    if holes.is_empty() { String::new() } else { format!(" ({})", holes.join(", ")) }
}

fn names(table: &Table, columns: &[ColumnId]) -> String {
    let names: Vec<_> = columns.iter().map(|column| table.columns[column.index()].name.as_str()).collect();
    names.join(", ")
}

fn push_line(text: &mut String, indent: usize, line: &str) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(text, "{:indent$}{line}", "");
}
