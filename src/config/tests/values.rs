//! Views whose values are written.

use super::*;
use crate::catalog::{Keep, Reads, TableId};

const COMPUTED: &str = "\
tables:
  task: { topic: app.public.task, primary_key: id, columns: { status: text } }
  user: { topic: app.public.user, primary_key: id, columns: { name: text, active: boolean } }
  team: { topic: app.public.team, primary_key: id, columns: { name: text } }
relations:
  task.team: { column: team_id, to: team }
  task.user: { column: user_id, to: user }
views:
";

/// A view with this value; its text begins in line 12, column 83.
fn view(value: &str) -> String {
    format!(
        "{COMPUTED}  v: {{ key: 'v:{{team}}', ttl: 5m, from: {{ task: {{ fill: {{ team: team_id }} }} }},\n    value: {value} }}\n"
    )
}

const VALUE: &str = "{ total: count(*), new: \"count(*) filter (where status = 'new')\", name: team.name,
    users: { each: user_id, where: user.active, order_by: [total desc, name], value: { name: user.name, total: count(*) } } }";

/// The one mistake of a value in line 12, wherever in the line.
#[track_caller]
fn mistake(value: &str, expect: &str) {
    let error = parse("f", &format!("{HEAD}{}", view(value)), &nothing_set).expect_err(value).to_string();
    // What is not used because of the mistake is not reported.
    assert_eq!(error.lines().count(), 1, "{error}");
    let said = error.split_once(" views.v.value").map_or(error.as_str(), |(_, said)| said);
    assert_eq!(said, expect, "{value}");
}

#[test]
fn what_is_resolved() {
    let settings = loaded(&view(VALUE));
    let catalog = &settings.catalog;
    let view = &catalog.views[0];
    let computed = view.computed.expect("a view with a value");
    assert_eq!(computed.hole, 0);
    assert!(catalog.relation(computed.relation).reversed);
    assert!(settings.values.has(catalog.view_by_name("v").expect("it")));
    let source = &view.sources[0];
    let paths: Vec<&str> = source.read_paths.iter().map(|path| path.text.as_str()).collect();
    assert_eq!(paths, ["team.name", "user.active", "user.name"]);
    assert!(source.read_paths.iter().all(|path| path.followed));
    let columns = &catalog.table(source.table).columns;
    let Reads::Columns(reads) = &source.reads else { panic!("columns") };
    let reads: Vec<&str> = reads.iter().map(|column| columns[column.index()].name.as_str()).collect();
    assert_eq!(reads, ["team_id", "status", "user_id"]);
    for table in catalog.table_ids() {
        assert!(catalog.table(table).tracked);
        assert!(catalog.table(table).columns.iter().all(|column| column.keep == Keep::Value));
    }
}

#[test]
fn a_table_that_only_finds_the_rows_is_not_tracked() {
    let catalog = loaded(
        &view("{ total: \"count(*) filter (where user.active and status = user.name)\" }")
            .replace("name: text } }\nrelations", "} }\nrelations")
            .replace(", columns: { }", ""),
    )
    .catalog;
    let tracked = |index| catalog.table(TableId::from_index(index)).tracked;
    assert_eq!([tracked(0), tracked(1), tracked(2)], [true, true, false]);
}

#[test]
fn the_digest_changes_with_the_value() {
    let digest = |body: &str| loaded(body).catalog.views[0].digest;
    let base = digest(&view(VALUE));
    assert_eq!(digest(&view(VALUE).replace("5m", "6m")), base);
    for (from, to) in [("'new')", "'old')"), ("total desc", "total"), ("new: \"", "old: \"")] {
        let changed = view(VALUE).replace(from, to);
        assert_ne!(changed, view(VALUE));
        assert_ne!(digest(&changed), base, "{to}");
    }
}

/// A team without tasks that is renamed has a value too.
#[test]
fn other_tables_may_affect_it() {
    let other = "{ task: { fill: { team: team_id } }, team: { fill: { team: id }, reads: [name] } }";
    let catalog = loaded(&view(VALUE).replace("{ task: { fill: { team: team_id } } }", other)).catalog;
    let sources = &catalog.views[0].sources;
    let names: Vec<&str> = sources.iter().map(|source| catalog.table(source.table).name.as_str()).collect();
    assert_eq!(names, ["task", "team"]);
    assert_eq!(sources[1].fills.len(), 1);
}

#[test]
fn what_a_view_with_a_value_may_not_be() {
    let base = view(VALUE);
    let with = |from: &str, to: &str, expect: &[&str]| {
        let changed = base.replace(from, to);
        assert_ne!(changed, base);
        check(&changed, expect);
    };
    with(
        "team_id } }",
        "team_id }, reads: [status] }",
        &["11:75: views.v.from.task.reads: what is read is what `value` names; remove it, or remove `value`"],
    );
    with(
        "team: team_id",
        "team: user.team_id",
        &[
            "11:50: views.v.from.task.fill: `user.team_id` fills a hole from another row, whose key's rows are not found; fill the holes by columns of the row itself, or remove `value`",
        ],
    );
    with(
        "team: team_id",
        "team: shop_id",
        &[
            "11:8: views.v.key: no relation of `task` finds the rows of a key: none has the column that fills a hole; define one under `relations`, such as `task.…: { column: shop_id, to: … }`, or remove `value`",
            "12:84: views.v.value.name: `team.name` is no field above in the same map, no hole, and nothing that all rows of the group have in common; put it into an aggregate, such as `max(…)`; or name a field above, a hole, the column of `each`, or what lies behind one of these",
        ],
    );
    with(
        "app.public.user,",
        "app.public.user, tracked: false,",
        &[
            "12:5: views.v.value: a value is computed from the rows of `user`, which is `tracked: false`; remove that from the table, or remove `value`",
        ],
    );
    with(
        "app.public.task, primary_key: id",
        "app.public.task",
        &[
            "12:5: views.v.value: a value is computed from the rows of `task`, which has no primary key to keep them by; name its `primary_key`, or remove `value`",
        ],
    );
    check(
        &base
            .replace("key: 'v:{team}'", "family: 'v:*'")
            .replace("{ task: { fill: { team: team_id } } }", "task"),
        &[
            "11:8: views.v.family: the keys of a family are not known, so that their values cannot be computed; use a `key` alone, with holes that a row fills, or remove `value`",
        ],
    );
}

#[test]
fn mistakes_of_expressions() {
    let common = "is no field above in the same map, no hole, and nothing that all rows of the group have in common; put it into an aggregate, such as `max(…)`; or name a field above, a hole, the column of `each`, or what lies behind one of these";
    let types =
        "use one type; a column's is declared under the `columns` of its table, and is `integer` otherwise";
    mistake("{ x: status }", &format!(".x: `status` {common}"));
    mistake("{ x: user.name }", &format!(".x: `user.name` {common}"));
    mistake("{ x: y, y: count(*) }", &format!(".x: `y` {common}"));
    mistake("{ m: { y: count(*) }, x: y }", &format!(".x: `y` {common}"));
    mistake(
        "{ x: count(usr.name) }",
        ".x: `usr.name`: the relation `task.usr` is not defined; did you mean `user`?",
    );
    mistake(
        "{ x: \"count(*) filter (where status = 5)\" }",
        &format!(".x: `status = 5` puts a text beside an integer; {types}"),
    );
    mistake(
        "{ x: \"coalesce(count(*), 'none')\" }",
        &format!(".x: `coalesce(count(*), 'none')` puts an integer beside a text; {types}"),
    );
    mistake(
        "{ x: sum(status) }",
        ".x: `sum(status)` adds up what is a text; name a column of integers, or `count` the rows",
    );
    mistake(
        "{ x: count(count(id)) }",
        ".x: the aggregate `count(id)` stands where there is one row only; use columns and paths here",
    );
    mistake(
        "{ x: max(status) }",
        ".x: `max(status)`: which text comes before which is the database's to say, and no event tells; leave this view to the application",
    );
    mistake(
        "{ x: \"count(*) filter (where id)\" }",
        ".x: `id` is an integer, which is true of nothing by itself; compare it, such as `status = 'new'`; a column of truths is declared `boolean` under the `columns` of its table",
    );
    mistake(
        "{ x: \"round(avg(id), -1)\" }",
        ".x: `round(avg(id), -1)` does not say how many digits there are to be; write a number from 0 to 15, such as `round(x, 2)`",
    );
    mistake(
        "{ x: \"count(*\" }",
        ".x: this is no SQL expression: Expected: ), found: EOF; write one, such as `count(*)`",
    );
    mistake(
        "{ team_id: count(*), y: team_id }",
        ".y: `team_id` is a field above and a column too, which are not the same; give the field or the hole another name",
    );
    mistake(
        "{ team: count(*), y: team }",
        ".y: `team` is a field above and a hole of the key too, which are not the same; give the field or the hole another name",
    );
    mistake("{ }", ": the map is empty; add a field, such as `total: count(*)`");
    mistake(
        "{ x: }",
        ".x: this is no expression; write one, such as `count(*)`, a map of fields, or a list: `{ each: column, value: { … } }`",
    );
    mistake(
        "{ x: { each: user_id } }",
        ".x: the list does not say what its elements are; add `value: { … }` with the fields of one",
    );
    mistake(
        "{ x: { each: user_id, were: id = 1, value: { y: count(*) } } }",
        ".x.were: a list has no `were`; did you mean `where`?",
    );
    mistake(
        "{ x: { each: user_id, order_by: [z], value: { y: count(*) } } }",
        ".x.order_by[0]: `z` is no expression among the fields of the list's `value`; name a field that is an expression (`y`)",
    );
    mistake(
        "{ x: { each: user_id, order_by: [y up], value: { y: count(*) } } }",
        ".x.order_by[0]: `y up` is no order; write a field, and `asc` or `desc` behind it",
    );
    mistake(
        "{ x: { each: user_id, where: count(*) > 1, value: { y: count(*) } } }",
        ".x.where: the aggregate `count(*)` stands where there is one row only; use columns and paths here",
    );
    // The stack is not exhausted.
    mistake(
        &format!("{{ x: {}1 }}", "1 + ".repeat(900)),
        ".x: the expression is nested more than 64 levels deep; give a part of it a name as a field above",
    );
}

#[test]
fn a_field_may_be_named_like_the_hole_that_it_repeats() {
    let body = view("{ team: team, twice: team }");
    loaded(
        &body
            .replace(", columns: { status: text }", "")
            .replace(", columns: { name: text, active: boolean }", "")
            .replace(", columns: { name: text }", ""),
    );
}
