//! Tables and relations.

use super::*;

#[test]
fn tables() {
    const VIEWS: &str = "views: { v: { key: 'v:{id}', from: a } }\n";
    let tables = |lines: &str, expect: &[&str]| check(&format!("tables:\n{lines}\n{VIEWS}"), expect);
    tables(
        "  a: { topic: t }\n  b: { topic: t }",
        &[
            "5:15: tables.b.topic: the topic `t` is that of table `a` too; give each table its own topic, or define one table \
         only",
        ],
    );
    tables(
        "  a: { topic: t, primary_key: [] }",
        &[
            "4:31: tables.a.primary_key: the list is empty; name the columns, or remove it where there is no primary key",
        ],
    );
    tables(
        "  a: { topic: t, primary_key: [x, y, x, ''] }",
        &[
            "4:38: tables.a.primary_key[2]: `x` stands twice; name it once",
            "4:41: tables.a.primary_key[3]: this is empty; name a column",
        ],
    );
    tables(
        "  a: { topic: t, columns: { ib: text } }",
        &["4:29: tables.a.columns.ib: `ib` fills no hole of a view; did you mean `id`?"],
    );
    tables(
        "  a: { topic: '' }\n  a.b: { topic: u }",
        &[
            "4:15: tables.a.topic: `` is no name of a topic; use letters, digits, `.`, `_` and `-`, at most 249",
            "5:3: tables.a.b: `a.b` is no name for a table; use letters, digits, `_` and `-`",
        ],
    );
}

#[test]
fn more_than_an_index_can_count() {
    let tables: String = (0..=65_535).map(|n| format!("  t{n}: {{ topic: t{n} }}\n")).collect();
    check(
        &format!("tables:\n{tables}views: {{}}\n"),
        &[
            "3:1: tables: there are 65536 tables; define at most 65535",
            "65540:1: views: no view is defined; define one: `name: { key: …, from: … }`",
        ],
    );
}

#[test]
fn the_source_table_comes_from_the_topic() {
    for (topic, expect) in
        [("a", None), ("a.b", None), ("a.b.c", Some("c")), ("a.b.c.d", Some("d")), ("a.b.", None)]
    {
        let settings = loaded(&format!(
            "tables: {{ t: {{ topic: {topic} }} }}\nviews: {{ v: {{ family: 'v:*', from: t }} }}\n"
        ));
        assert_eq!(settings.catalog.tables[0].source_table.as_deref(), expect, "{topic}");
    }
}

#[test]
fn relations() {
    let relations = |lines: &str, expect: &[&str]| {
        let views = "views: { v: { family: 'v:*', from: a } }\n";
        let tables = "tables: { a: { topic: t, primary_key: id }, b: { topic: u } }\n";
        check(&format!("{tables}relations:\n{lines}\n{views}"), expect);
    };
    relations("  a.self: { column: parent_id, to: a }", &[]);
    relations(
        "  a.b: { column: b_id, to: b }",
        &[
            "5:28: relations.a.b.to: `b` has no primary key of one column to point to; give the table its `primary_key`, or \
         remove the relation",
        ],
    );
    relations(
        "  a.b: { column: b_id, to: bb }",
        &["5:28: relations.a.b.to: there is no table `bb`; did you mean `b`?"],
    );
    relations(
        "  aa.b: { column: b_id, to: a }",
        &["5:3: relations.aa.b: there is no table `aa`; did you mean `a`?"],
    );
    relations(
        "  b: { column: b_id, to: a }",
        &[
            "5:3: relations.b: `b` is no name for a relation; write the table's name, a dot and a name: `order.customer`",
        ],
    );
    relations(
        "  a.b.c: { column: b_id, to: a }",
        &[
            "5:3: relations.a.b.c: `a.b.c` is no name for a relation; write the table's name, a dot and a name: \
         `order.customer`",
        ],
    );
    relations(
        "  a.b: { column: '', to: a }",
        &[
            "5:18: relations.a.b.column: this is empty; name the column that holds the other row's primary key",
        ],
    );
    relations(
        "  a.b: { to: a }",
        &[
            "5:3: relations.a.b: `column` is missing; add it: the column that holds the other row's primary key",
        ],
    );
}

#[test]
fn a_broken_relation_is_reported_once() {
    let body = "\
tables: { a: { topic: t, primary_key: id } }
relations: { a.b: { column: b_id, to: gone } }
views: { v: { key: 'v:{x}', from: { a: { fill: { x: b.x }, reads: [b.name] } } } }
";
    check(
        body,
        &[
            "4:39: relations.a.b.to: there is no table `gone`; define it under `tables`, or name one that is (`a`)",
        ],
    );
}

#[test]
fn paths() {
    let read = |path: &str, expect: &[&str]| {
        views(&format!("  v: {{ family: 'v:*', from: {{ order: {{ reads: [{path}] }} }} }}"), expect);
    };
    read("customer.name, customer.parent.parent.name, note", &[]);
    read(
        "customr.name",
        &[
            "12:48: views.v.from.order.reads[0]: `customr.name`: the relation `order.customr` is not defined; did you mean \
         `customer`?",
        ],
    );
    read(
        "customer.shop.name",
        &[
            "12:48: views.v.from.order.reads[0]: `customer.shop.name`: the relation `customer.shop` is not defined; define \
         `customer.shop: { column: …, to: … }` under `relations`",
        ],
    );
    read(
        "customer",
        &[
            "12:48: views.v.from.order.reads[0]: `customer` is a relation, not a column; write its column `customer_id`, or a \
         column of the other row: `customer.…`",
        ],
    );
    read(
        "customer.parent",
        &[
            "12:48: views.v.from.order.reads[0]: `customer.parent` is a relation, not a column; write its column \
         `customer.parent_id`, or a column of the other row: `customer.parent.…`",
        ],
    );
    read(
        "a..b, .a, a., ''",
        &[
            "12:48: views.v.from.order.reads[0]: `a..b` is no column and no path; write `column`, or `relation.column`",
            "12:54: views.v.from.order.reads[1]: `.a` is no column and no path; write `column`, or `relation.column`",
            "12:58: views.v.from.order.reads[2]: `a.` is no column and no path; write `column`, or `relation.column`",
            "12:62: views.v.from.order.reads[3]: `` is no column and no path; write `column`, or `relation.column`",
        ],
    );
    read("a, a", &["12:51: views.v.from.order.reads[1]: `a` stands twice; name it once"]);
}
