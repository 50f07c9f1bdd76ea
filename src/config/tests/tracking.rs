//! Which tables are tracked, what is kept of their rows, which paths are followed, and which tables belong together.

use super::*;
use crate::catalog::{Catalog, Column, Fill, Keep, Need, TableId};

/// Two tables of each identity and one without a key, and relations between them. What follows a name in a case is added
/// to that table.
fn catalog(tables: &[(&str, &str)], views: &str) -> Catalog {
    let tables: String = [
        ("line", "topic: app.public.line, primary_key: [order_id, no], replica_identity: full"),
        ("order", "topic: app.public.order, primary_key: id, replica_identity: full"),
        ("customer", "topic: app.public.customer, primary_key: id"),
        ("shop", "topic: app.public.shop, primary_key: id"),
        ("visit", "topic: app.public.visit"),
    ]
    .map(|(name, base)| {
        let more = tables.iter().find(|(table, _)| *table == name).map_or("", |(_, more)| more);
        let separator = if more.is_empty() { "" } else { ", " };
        format!("  {name}: {{ {base}{separator}{more} }}\n")
    })
    .concat();
    let relations = "relations:\n  line.order: { column: order_id, to: order }\n  \
             order.customer: { column: customer_id, to: customer }\n  \
             customer.shop: { column: shop_id, to: shop }\n  visit.shop: { column: shop_id, to: shop }\n";
    loaded(&format!("tables:\n{tables}{relations}views:\n{views}\n")).catalog
}

fn names(catalog: &Catalog, ids: impl IntoIterator<Item = TableId>) -> String {
    ids.into_iter().map(|id| catalog.table(id).name.as_str()).collect::<Vec<_>>().join(" ")
}

fn tracked(catalog: &Catalog) -> String {
    names(catalog, catalog.tracked_tables())
}

#[test]
fn a_table_is_tracked_where_its_events_do_not_suffice() {
    for (views, expected) in [
        // A whole old row, and no relation.
        ("v: { key: 'v:{x}', from: { order: { reads: [y] } } }", ""),
        ("v: { family: 'v:*', from: { order: { reads: [y] } } }", ""),
        // Without it a change of other columns cannot be told from one that counts.
        ("v: { key: 'v:{id}', from: { customer: { reads: [y] } } }", "customer"),
        ("v: { key: 'v:{id}', from: { customer: { reads: [] } } }", "customer"),
        ("v: { family: 'v:*', from: { customer: { reads: [y] } } }", "customer"),
        // Nor is the old key known, unless the primary key makes it.
        ("v: { key: 'v:{x}', from: customer }", "customer"),
        ("v: { key: 'v:{id}:{x}', from: customer }", "customer"),
        ("v: { key: 'v:{id}', from: customer }", ""),
        ("v: { family: 'v:*', from: customer }", ""),
        ("v: { key: 'v:{id}', from: customer }\n  w: { key: 'w:{x}', from: customer }", "customer"),
        // A path: where it begins, where it passes and where it ends.
        ("v: { key: 'v:{x}', from: { order: { reads: [customer.name] } } }", "order customer"),
        ("v: { key: 'v:{x}', from: { order: { fill: { x: customer.name } } } }", "order customer"),
        (
            "v: { key: 'v:{x}', from: { line: { reads: [order.customer.shop.name] } } }",
            "line order customer shop",
        ),
        ("v: { family: 'v:*', from: { order: { reads: [customer.name] } } }", "order customer"),
        // Rows without a key cannot be told apart.
        ("v: { key: 'v:{x}', from: { visit: { reads: [y] } } }", ""),
        ("v: { key: 'v:{x}', from: { visit: { reads: [shop.name] } } }", "shop"),
    ] {
        assert_eq!(tracked(&catalog(&[], &format!("  {views}"))), expected, "{views}");
    }
}

#[test]
fn what_the_rows_are_needed_for() {
    let catalog = catalog(
        &[("shop", "tracked: false")],
        "  v: { key: 'v:{x}', from: { order: , customer: { reads: [shop.name] }, visit: } }",
    );
    let needs: Vec<_> = catalog.table_ids().map(|table| catalog.needs_rows(table)).collect();
    assert_eq!(needs, [None, None, Some(Need::OnAPath), Some(Need::OnAPath), Some(Need::OldRow)]);
}

#[test]
fn a_table_can_be_forced_either_way() {
    let reads = "  v: { key: 'v:{x}', from: { order: { reads: [y] }, customer: { reads: [y] } } }";
    for (table, tracked_too, expected) in [
        ("order", "tracked: true", "order customer"),
        ("order", "tracked: false", "customer"),
        ("customer", "tracked: false", ""),
        ("customer", "tracked: true", "customer"),
        // One that no view needs.
        ("shop", "tracked: true", "customer shop"),
    ] {
        let catalog = catalog(&[(table, tracked_too)], reads);
        assert_eq!(tracked(&catalog), expected, "{table} {tracked_too}");
    }
    check(
        "tables: { a: { topic: t, tracked: true } }\nviews: { v: { family: 'v:*', from: a } }\n",
        &[
            "3:26: tables.a.tracked: without a primary key its rows cannot be told apart; name the `primary_key`, or remove \
         `tracked`",
        ],
    );
    check(
        "tables: { a: { topic: t, tracked: yes } }\nviews: { v: { family: 'v:*', from: a } }\n",
        &["3:35: tables.a.tracked: this is text and must be `true` or `false`; write `true` or `false`"],
    );
}

#[test]
fn tables_belong_together_that_a_view_ties() {
    let order = "o: { key: 'o:{x}', from: { order: { reads: [customer.name] } } }";
    for (tables, views, expected) in [
        // Two independent ones, in the order of the topics' names and not of the file.
        (
            &[][..],
            &["c: { key: 'c:{x}', from: customer }", "s: { key: 's:{x}', from: shop }"][..],
            "customer | shop",
        ),
        (&[], &["s: { key: 's:{x}', from: shop }", "c: { key: 'c:{x}', from: customer }"], "customer | shop"),
        // A path ties, and so do two views that share a table.
        (&[], &[order], "customer order"),
        (&[], &["v: { key: 'v:{x}', from: [customer, shop] }"], "customer shop"),
        (
            &[],
            &[order, "s: { key: 's:{x}', from: { customer: { reads: [shop.name] } } }"],
            "customer order shop",
        ),
        // A stateless table ties nothing by itself, but its view does.
        (&[], &["v: { key: 'v:{x}', from: { line: , customer: { reads: [y] } } }"], "customer"),
        (
            &[("customer", "tracked: false")],
            &["v: { key: 'v:{x}', from: { order: { reads: [customer.shop.name] } } }"],
            "order shop",
        ),
        // A view of stateless tables alone is in no component.
        (&[], &["v: { key: 'v:{x}', from: order }"], ""),
    ] {
        let catalog = catalog(tables, &format!("  {}", views.join("\n  ")));
        let components = catalog.components.iter().map(|component| names(&catalog, component.tables.clone()));
        assert_eq!(components.collect::<Vec<_>>().join(" | "), expected, "{views:?}");
        for table in catalog.table_ids() {
            let of = catalog.component_of(table);
            assert_eq!(of.is_some(), catalog.table(table).tracked, "{views:?}");
            assert!(of.is_none_or(|of| catalog.component(of).tables.contains(&table)));
        }
    }
}

/// Each path with whether it is followed, and the relations that are asked for in reverse.
fn paths(catalog: &Catalog) -> String {
    let mut said = Vec::new();
    for source in catalog.views.iter().flat_map(|view| &view.sources) {
        let of_fill = |fill: &'_ Fill| match fill {
            Fill::Path(path) => Some(path.clone()),
            Fill::Column(_) => None,
        };
        for path in source.fills.iter().filter_map(of_fill).chain(source.read_paths.iter().cloned()) {
            said.push(if path.followed { path.text } else { format!("({})", path.text) });
        }
    }
    for relation in catalog.relations.iter().filter(|relation| relation.reversed) {
        said.push(format!("{}<{}", names(catalog, [relation.to]), names(catalog, [relation.from])));
    }
    said.join(" ")
}

#[test]
fn a_path_is_followed_if_every_table_on_it_is_tracked() {
    let read = "  v: { key: 'v:{x}', from: { order: { reads: [customer.shop.name] } } }";
    let fill = "  v: { key: 'v:{x}', from: { order: { fill: { x: customer.shop_id }, reads: [y] } } }";
    let both =
        "  v: { key: 'v:{x}', from: { order: { fill: { x: customer.x }, reads: [customer.shop.name] } } }";
    for (tables, views, expected) in [
        (&[][..], read, "customer.shop.name customer<order shop<customer"),
        // What fills the hole is changed by the far row itself, so nothing is asked for in reverse.
        (&[], fill, "customer.shop_id"),
        (&[], both, "customer.x customer.shop.name customer<order shop<customer"),
        (&[("order", "tracked: false")], read, "(customer.shop.name)"),
        (&[("customer", "tracked: false")], read, "(customer.shop.name)"),
        (&[("shop", "tracked: false")], read, "(customer.shop.name)"),
        (&[("shop", "tracked: false")], both, "customer.x (customer.shop.name)"),
        (
            &[("shop", "tracked: false")],
            "  v: { key: 'v:{x}', from: { order: { reads: [customer.name, customer.shop.name] } } }",
            "customer.name (customer.shop.name) customer<order",
        ),
        // Whose holes cannot be filled, its keys cannot be spelled.
        (
            &[("shop", "tracked: false")],
            "  v: { key: 'v:{x}', from: { order: { fill: { x: customer.shop.code }, reads: [customer.name] } } }",
            "(customer.shop.code) (customer.name)",
        ),
        // Of a declared family no rows are looked for.
        (&[], "  v: { family: 'v:*', from: { order: { reads: [customer.name] } } }", "customer.name"),
        (&[], "  v: { key: 'v:{x}', from: { visit: { reads: [shop.name] } } }", "(shop.name)"),
    ] {
        assert_eq!(paths(&catalog(tables, views)), expected, "{views}");
    }
}

#[test]
fn what_is_kept_of_a_row() {
    let catalog = catalog(
        &[],
        "  v: { key: 'v:{x}', from: { order: { fill: { x: customer.code }, reads: [note, customer.shop.name] } } }\n  \
         w: { key: 'w:{y}', from: { shop: { fill: { y: region }, reads: [text] } } }",
    );
    let kept = |name: &str| {
        let table = catalog.tables.iter().find(|table| table.name == name).expect("a table");
        let of = |keep| {
            let of = |column: &&Column| column.keep == keep;
            table.columns.iter().filter(of).map(|column| column.name.as_str()).collect::<Vec<_>>().join(" ")
        };
        (of(Keep::Value), of(Keep::Digest))
    };
    let expected = |value: &str, digest: &str| (value.to_owned(), digest.to_owned());
    assert_eq!(kept("order"), expected("id customer_id", "note"));
    assert_eq!(kept("customer"), expected("id code shop_id", ""));
    assert_eq!(kept("shop"), expected("id region", "name text"));
}

#[test]
fn how_many_keys_a_change_behind_a_relation_may_delete() {
    let limit = |setting: &str| {
        catalog(&[], &format!("  v: {{ key: 'v:{{x}}', from: order{setting} }}")).views[0].fan_out_limit
    };
    assert_eq!(limit(""), 10_000);
    assert_eq!(limit(", fan_out_limit: 1"), 1);
    let wrong = |value: &str, expect: &str| {
        views(
            &format!("  v: {{ family: 'v:*', from: order, fan_out_limit: {value} }}"),
            &[&format!("12:51: views.v.fan_out_limit: {expect}")],
        );
    };
    wrong("0", "value is less than the minimum of 1; see the JSON Schema of the configuration");
    wrong("many", "this is text and must be a whole number; write a whole number");
}
