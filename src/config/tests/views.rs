//! Tables, relations, views and groups that do not agree with each other.

use super::*;
use crate::catalog::{ColumnType, Fill, Pattern, Reads, ReplicaIdentity};

const TABLES: &str = "\
tables:
  order: { topic: app.public.order, primary_key: id, replica_identity: full }
  customer: { topic: app.public.customer, primary_key: id, columns: { code: text } }
  stock: { topic: app.public.stock, primary_key: [shop_id, sku] }
relations:
  order.customer: { column: customer_id, to: customer }
  customer.parent: { column: parent_id, to: customer }
";

/// A view that uses what `TABLES` declares. The views of a case begin in line 12.
const USED: &str = "views:\n  used: { key: 'used:{code}', from: customer }\n";

#[track_caller]
fn views(lines: &str, expect: &[&str]) {
    check(&format!("{TABLES}{USED}{lines}\n"), expect);
}

#[track_caller]
fn groups(lines: &str, expect: &[&str]) {
    let views = "  a: { key: 'a:{id}', from: order }\n  b: { key: 'b:{id}', from: order }\n  c: { family: 'c:*', from: order }\n";
    check(&format!("{TABLES}{USED}{views}invalidate:\n{lines}\n"), expect);
}

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
fn from() {
    views(
        "  v: { family: 'v:*', from: [] }",
        &["12:23: views.v.from: the view is computed from no table; name at least one"],
    );
    views(
        "  v: { family: 'v:*', from: {} }",
        &["12:23: views.v.from: the view is computed from no table; name at least one"],
    );
    views(
        "  v: { family: 'v:*', from: [order, order, shop] }",
        &[
            "12:37: views.v.from[1]: `order` stands twice; name it once",
            "12:44: views.v.from[2]: there is no table `shop`; define it under `tables`, or name one that is (`order`, \
         `customer`, `stock`)",
        ],
    );
    views(
        "  v: { family: 'v:*', from: { oder: {} } }",
        &["12:31: views.v.from.oder: there is no table `oder`; did you mean `order`?"],
    );
}

#[test]
fn keys_and_families() {
    views(
        "  v: { from: order }",
        &[
            "12:3: views.v: the view has neither `key` nor `family`; add a `key` with holes, such as `name:{id}`, or a `family`, \
         such as `name:*`",
        ],
    );
    let key = |key: &str, expect: &str| {
        views(&format!("  v: {{ key: {key:?}, from: order }}"), &[&format!("12:13: views.v.key: {expect}")]);
    };
    key("v:{id", "the brace at character 3 has no partner; a literal brace is doubled: `{{` or `}}`");
    key(
        "v:",
        "the template has no hole; write one, such as `name:{id}`, or use a `family`, such as `name:*`",
    );
    key("v:{a}:{a}", "the hole `{a}` stands twice; each hole is filled once");
    key("v:{a}{b}", "nothing that tells where `{a}` ends follows it; put a separator such as `:` behind it");
    key(
        "v{id}",
        "the template does not begin with a literal that ends in a separator, so its keys cannot be told from others'; \
         begin it like `name:{id}`",
    );
    key("v:{a-b}", "`{a-b}` is no name for a hole; use letters, digits and `_`");
    views(
        "  v: { key: 'v:{code}:x', from: customer }",
        &[
            "12:13: views.v.key: `{code}` holds text and is not the last thing in its template, so its end cannot be told; move \
         it to the end, or use a `family` instead of a `key`",
        ],
    );
    let family = |family: &str, expect: &str| {
        views(
            &format!("  v: {{ family: {family:?}, from: order }}"),
            &[&format!("12:16: views.v.family: {expect}")],
        );
    };
    family("*", "`*` alone would delete every key there is; write a prefix and `*`: `name:*`");
    family("v:", "the family `v:` does not end in `*`; write a prefix and `*`: `name:*`");
    family("", "the family `` does not end in `*`; write a prefix and `*`: `name:*`");
    family(
        "v:?:*",
        "`?` stands before the end of `v:?:*`, and a family is a prefix, not a pattern; write a prefix without `*`, `?`, \
         `[`, `]` and `\\`, and one `*` at its end",
    );
    family(
        "v:{id}:*",
        "`v:{id}:*` has a brace, and a family has no holes; use `key` for a template; a literal brace is doubled: `{{` or \
         `}}`",
    );
    let settings = loaded(&format!("{TABLES}{USED}  v: {{ family: 'v:{{{{a}}}}:*', from: order }}\n"));
    assert_eq!(settings.catalog.views[1].pattern, Pattern::Declared { prefix: "v:{a}:".to_owned() });
}

#[test]
fn ttl() {
    let settings = loaded(&format!("{TABLES}{USED}  v: {{ family: 'v:*', from: order, ttl: 1h30m }}\n"));
    assert_eq!(settings.catalog.views[1].ttl.map(|ttl| ttl.as_secs()), Some(5_400));
    assert_eq!(settings.catalog.views[0].ttl, None);
    let ttl = |ttl: &str, expect: &str| {
        views(
            &format!("  v: {{ family: 'v:*', from: order, ttl: {ttl} }}"),
            &[&format!("12:41: views.v.ttl: {expect}")],
        );
    };
    ttl("300", "this is a number and must be text; write it with a unit, such as `5m` or `300s`");
    ttl("0s", "a value that lives no time is not cached; write it like `5m`, `300s` or `1h30m`");
    ttl(
        "5x",
        "`5x` is no duration: unknown time unit \"x\", supported units: ns, us/µs, ms, sec, min, hours, days, weeks, \
               months, years (and few variations); write it like `5m`, `300s` or `1h30m`",
    );
}

#[test]
fn fills() {
    views(
        "  v:\n    key: 'v:{a}:{b}'\n    from:\n      order: { fill: { a: x, bb: y } }\n      customer: { fill: {} }",
        &[
            "15:16: views.v.from.order.fill: nothing fills the hole `{b}` from `order`; add `b: column`",
            "15:30: views.v.from.order.fill.bb: the key has no hole `{bb}`; did you mean `b`?",
            "16:19: views.v.from.customer.fill: nothing fills the hole `{a}` from `customer`; add `a: column`",
            "16:19: views.v.from.customer.fill: nothing fills the hole `{b}` from `customer`; add `b: column`",
        ],
    );
    views(
        "  v: { family: 'v:*', from: { order: { fill: { a: x } } } }",
        &[
            "12:40: views.v.from.order.fill: a family has no holes to fill; remove it, or use a `key` with holes",
        ],
    );
    views(
        "  v: { key: 'v:{code}', from: [customer, order] }",
        &[
            "12:42: views.v.from[1]: `code` is of type integer and fills the hole `{code}`, which another table fills with text; \
         give both columns one type under the `columns` of their tables",
        ],
    );
}

#[test]
fn holes_of_two_rows() {
    const EXPECT: &str =
        "which cannot be kept true; fill all of them from one row, or use a `family` instead of a `key`";
    let fill = |fill: &str, expect: &[&str]| {
        views(
            &format!("  v: {{ key: 'v:{{a}}:{{b}}', from: {{ order: {{ fill: {{ {fill} }} }} }} }}"),
            expect,
        );
    };
    fill("a: x, b: y", &[]);
    fill("a: customer.x, b: customer.y", &[]);
    fill(
        "a: customer_id, b: customer.region",
        &[&format!(
            "12:43: views.v.from.order.fill: the holes are filled partly from the row itself and partly from `customer`, {EXPECT}"
        )],
    );
    fill(
        "a: customer.parent.x, b: customer.y",
        &[&format!(
            "12:43: views.v.from.order.fill: the holes are filled partly from `customer.parent` and partly from `customer`, \
         {EXPECT}"
        )],
    );
}

#[test]
fn prefixes() {
    const REMEDY: &str = "choose prefixes of which neither begins with the other";
    views(
        "  a: { key: 'a:{x}', from: order }\n  b: { key: 'a:{y}', from: order }",
        &[
            "13:13: views.b.key: this names the same keys as view `a`; make one view of them, with the tables of both under \
         `from`",
        ],
    );
    views(
        "  a: { family: 'a:*', from: order }\n  b: { family: 'a:*', from: order }",
        &[
            "13:16: views.b.family: this names the same keys as view `a`; make one view of them, with the tables of both under \
         `from`",
        ],
    );
    views(
        "  a: { key: 'a:{x}', from: order }\n  b: { key: 'a:{y}:b', from: order }",
        &[&format!("13:13: views.b.key: the prefix `a:` is that of view `a` too; {REMEDY}")],
    );
    views(
        "  a: { key: 'a:{x}', from: order }\n  b: { family: 'a:b:*', from: order }\n  c: { key: 'a_:{x}', from: order }",
        &[&format!("13:16: views.b.family: the prefix `a:b:` begins with that of view `a`, `a:`; {REMEDY}")],
    );
    views(
        "  a: { key: 'a:b:{x}', from: order }\n  b: { family: 'a*', from: order }\n  c: { key: 'a_:{x}', from: order }",
        &[
            &format!(
                "13:16: views.b.family: the prefix of view `a`, `a:b:`, begins with this one, `a`; {REMEDY}"
            ),
            &format!("14:13: views.c.key: the prefix `a_:` begins with that of view `b`, `a`; {REMEDY}"),
        ],
    );
}

#[test]
fn invalidation_groups() {
    groups("  g: [a, b]\n  f: [c]", &[]);
    groups(
        "  g: [a, c]",
        &[
            "16:10: invalidate.g[1]: `a` has the hole `{id}` and `c` has no hole; name views with the same holes",
        ],
    );
    groups("  g: [a, a]", &["16:10: invalidate.g[1]: `a` stands twice; name it once"]);
    groups("  g: [x]", &["16:7: invalidate.g[0]: there is no view `x`; did you mean `a`?"]);
    groups("  g: []", &["16:3: invalidate.g: the group is empty; name at least one view, or remove it"]);
    groups("  a: [b]", &["16:3: invalidate.a: `a` is the name of a view too; give the group another name"]);
    groups(
        "  g: [a]\n  g: [b]",
        &["17:3: invalidate.g: `g` is defined twice; the first is in line 16; keep one"],
    );
    groups("  g: a", &["16:6: invalidate.g: this is text and must be a list; write a list"]);
}

#[test]
fn what_is_resolved() {
    let catalog = loaded(&format!(
        "{TABLES}views:
  of_customer:
    key: 'of_customer:{{code}}'
    from:
      order: {{ fill: {{ code: customer.code }}, reads: [customer.parent.name, total, customer.name] }}
      customer:
  stock:
    key: 'stock:{{shop_id}}:{{size}}'
    from: stock
invalidate: {{ all: [stock] }}
"
    ))
    .catalog;
    let order = catalog.table(catalog.table_by_topic("app.public.order").expect("the table"));
    assert_eq!((order.source_table.as_deref(), order.identity), (Some("order"), ReplicaIdentity::Full));
    let names =
        |columns: &[crate::catalog::Column]| columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&order.columns), ["id", "customer_id", "total"]);
    let customer = &catalog.tables[1];
    assert_eq!(names(&customer.columns), ["id", "code", "parent_id", "name"]);
    assert_eq!(customer.columns[1].r#type, ColumnType::Text);
    assert_eq!(names(&catalog.tables[2].columns), ["shop_id", "sku", "size"]);
    assert_eq!(catalog.tables[2].primary_key.len(), 2);

    let view = &catalog.views[0];
    let Pattern::Template(template) = &view.pattern else { panic!("a template") };
    assert_eq!(template.holes()[0].r#type, ColumnType::Text);
    let from_order = view.sources.iter().find(|source| source.table.index() == 0).expect("from order");
    let Fill::Path(path) = &from_order.fills[0] else { panic!("a path") };
    let spelled = |path: &crate::catalog::Path| {
        let step = |(table, column): &(_, crate::catalog::ColumnId)| {
            let table = catalog.table(*table);
            format!("{}.{}", table.name, table.columns[column.index()].name)
        };
        let steps: Vec<String> = path.steps.iter().map(step).collect();
        format!("{} = {} -> {}", path.text, order.columns[path.link.index()].name, steps.join(" -> "))
    };
    assert_eq!(spelled(path), "customer.code = customer_id -> customer.code");
    let paths: Vec<String> = from_order.read_paths.iter().map(spelled).collect();
    assert_eq!(
        paths,
        [
            "customer.parent.name = customer_id -> customer.parent_id -> customer.name",
            "customer.name = customer_id -> customer.name",
        ]
    );
    let Reads::Columns(reads) = &from_order.reads else { panic!("columns") };
    let reads: Vec<&str> = reads.iter().map(|column| order.columns[column.index()].name.as_str()).collect();
    assert_eq!(reads, ["customer_id", "total"], "a link counts without being named");
    let from_customer = view.sources.iter().find(|source| source.table.index() == 1).expect("from customer");
    assert!(matches!(from_customer.fills[..], [Fill::Column(column)] if column.index() == 1));
    assert_eq!(from_customer.reads, Reads::All);
    assert_eq!(
        catalog.group_by_name("all").map(|group| group.views.clone()),
        Some(vec![catalog.view_by_name("stock").expect("it")])
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
