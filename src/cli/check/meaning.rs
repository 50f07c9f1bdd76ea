use std::fmt::Write as _;

use humantime::format_duration;

use super::tracking;
use crate::catalog::{
    Catalog, Column, ColumnId, ColumnType, Hole, Parameters, Pattern, Reads, Refill, ReplicaIdentity, Table,
    TableId, View, Warm,
};
use crate::views::{Does, Rule, Rules};

/// What holds for every view and need not be said of each.
const EVERYWHERE: &str = "
  A new or a deleted row changes all its columns. A truncate, and an event that cannot be decoded, deletes the family.
  So does a row that a snapshot read and that is not kept, unless its primary key alone makes the key.
";

/// What the configuration means, for a person: tables, views with what a change of each table does to them, and groups.
pub(super) fn of(catalog: &Catalog) -> String {
    let rules = Rules::new(catalog);
    let mut text = "Tables\n".to_owned();
    for table in catalog.table_ids() {
        push_table(&mut text, catalog, table);
    }
    if !catalog.components.is_empty() {
        text.push_str("\nTracked tables, those in a line led by one copy of freshet\n");
        for component in tracking::components(catalog) {
            push_line(&mut text, 2, &component);
        }
    }
    text.push_str("\nViews, and what a change of a row deletes\n");
    for id in catalog.view_ids() {
        let view = catalog.view(id);
        push_line(
            &mut text,
            2,
            &format!("{}: {}{}{}", view.name, view.pattern.text(), holes(view), computed(view)),
        );
        for line in view.parameters.iter().flat_map(parameters) {
            push_line(&mut text, 4, &line);
        }
        if let Some(warm) = view.warm {
            push_line(&mut text, 4, &written(warm));
        }
        if let Some(refill) = &view.refill {
            push_line(&mut text, 4, &asked(refill));
        }
        if let Some(again) = again(view) {
            push_line(&mut text, 4, &again);
        }
        for path in tracking::paths(catalog, view) {
            push_line(&mut text, 4, &path);
        }
        for table in catalog.table_ids() {
            let rules = rules.of(table).iter().filter(|rule| rule.view == id);
            for effect in effects(catalog.table(table), rules, view) {
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

fn push_table(text: &mut String, catalog: &Catalog, id: TableId) {
    let table = catalog.table(id);
    push_line(text, 2, &format!("{}: topic {}", table.name, table.topic));
    let key = match names(table, &table.primary_key) {
        key if key.is_empty() => "no primary key".to_owned(),
        key => format!("primary key {key}"),
    };
    let identity = match table.identity {
        ReplicaIdentity::Full => "full replica identity: events tell the whole old row",
        ReplicaIdentity::Default if table.primary_key.is_empty() => {
            "default replica identity: of the old row events tell nothing"
        }
        ReplicaIdentity::Default => "default replica identity: of the old row events tell the primary key",
    };
    push_line(text, 4, &format!("{key}; {identity}"));
    push_line(text, 4, &tracking::of(catalog, id));
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
fn effects<'r>(table: &Table, rules: impl Iterator<Item = &'r Rule>, view: &View) -> Vec<Effect> {
    let (pattern, limit) = (&view.pattern, view.fan_out_limit);
    let (mut effects, mut paths, mut reads) = (Vec::new(), Vec::new(), None::<Reads>);
    for rule in rules {
        let what = match &rule.does {
            Does::FamilyByPath(path) => {
                let path = format!("`{path}`");
                if !paths.contains(&path) {
                    paths.push(path);
                }
                match &mut reads {
                    None => reads = Some(rule.reads.clone()),
                    Some(reads) => reads.join(&rule.reads),
                }
                continue;
            }
            Does::DeclaredFamily => "the family, as declared".to_owned(),
            Does::AffectedSets(_) => {
                "the family, as declared, but for registered sets that neither the old nor the new row affects"
                    .to_owned()
            }
            Does::Keys(route) if route.relations.is_empty() => keys(table, &route.columns, pattern),
            Does::Keys(route) => format!("the keys that the old and the new row lead to, by {}", route.text),
            Does::Behind(behind) => format!(
                "the keys of the rows that lead to it, by {}; the family if they are more than {limit}",
                behind.paths
            ),
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

/// Only a whole old row tells what changed, as it is kept or sent.
fn when(table: &Table, reads: &Reads) -> String {
    match (reads, table.identity) {
        (Reads::All, _) => "on any change".to_owned(),
        (Reads::Columns(columns), _) if table.tracked => format!("on a change of {}", names(table, columns)),
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
        identity if table.tracked || identity == ReplicaIdentity::Full => {
            format!("the keys of the old and the new row, by {by}")
        }
        _ => format!(
            "the key of a new row, by {by}; else the family, because events do not tell the old {} \
             (a full replica identity would)",
            names(table, &unknown)
        ),
    }
}

/// What readers ask for.
fn parameters(parameters: &Parameters) -> Vec<String> {
    let names: Vec<_> = parameters.names.iter().map(|name| format!(":{name}")).collect();
    let mut lines =
        vec![format!("parameters {}; the key of a set is {}", names.join(", "), parameters.key.text())];
    if let Some(affects) = &parameters.affects {
        let most = parameters.max_sets;
        lines.push(format!("a row affects a set where {}; the {most} youngest sets count", affects.text));
    }
    lines
}

/// Whether freshet can tell the values.
fn computed(view: &View) -> &'static str {
    if view.computed.is_some() { ", computed by `freshet value`" } else { "" }
}

/// How the values are written.
fn written(warm: Warm) -> String {
    let Warm { ttl, max_groups } = warm;
    format!(
        "written instead of deleted where the value is known; lives up to {}, renewed before; at most {max_groups} keys",
        format_duration(ttl)
    )
}

/// Where the values come from after a deletion.
fn asked(refill: &Refill) -> String {
    format!(
        "once a key is deleted, the database is asked for its value by {}; what it tells lives up to {}",
        refill.file,
        format_duration(refill.ttl)
    )
}

/// What happens after a deletion.
fn again(view: &View) -> Option<String> {
    if let Some(settle) = view.settle {
        let done = if view.warm.is_some() { "written" } else { "deleted" };
        return Some(format!("{done} again after {}", format_duration(settle)));
    }
    view.hold.map(|hold| {
        let hold = format_duration(hold);
        format!("for {hold} after its deletion nobody gets a lease of a key; after that it is deleted again")
    })
}

fn holes(view: &View) -> String {
    let one = |hole: &Hole| match hole.r#type {
        ColumnType::Any => hole.name.clone(),
        declared => format!("{} {declared}", hole.name),
    };
    let holes: Vec<_> = view.pattern.holes().iter().map(one).collect();
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
