//! What readers ask a family for.

use super::*;
use crate::catalog::{Keep, Need, TableId};

const VIEW: &str = "  v: { family: 'v:*', key: 'v:{md5_8(:from, :shop_id)}', from: [order, customer]";

#[test]
fn what_is_resolved() {
    let settings = loaded(&format!(
        "{TABLES}{USED}{VIEW}, max_sets: 5, affects: \":shop_id is null or shop_id = :shop_id\" }}\n"
    ));
    let view = &settings.catalog.views[1];
    let parameters = view.parameters.as_ref().expect("parameters");
    assert_eq!((parameters.names.join(" ").as_str(), parameters.max_sets), ("from shop_id", 5));
    assert_eq!(parameters.key.text(), "v:{md5_8(:from, :shop_id)}");
    let order = settings.catalog.table_by_topic("app.public.order").expect("the table");
    let affects = view.affects(order).expect("a condition");
    let columns = &settings.catalog.table(order).columns;
    assert_eq!(
        affects.columns.iter().map(|column| columns[column.index()].name.as_str()).collect::<Vec<_>>(),
        ["shop_id"]
    );
    assert_eq!(columns[affects.columns[0].index()].keep, Keep::Value);
    assert!(
        settings
            .catalog
            .table_ids()
            .filter(|table| *table != order)
            .all(|table| view.affects(table).is_none())
    );

    let plain = loaded(&format!("{TABLES}{USED}{VIEW} }}\n"));
    let parameters = plain.catalog.views[1].parameters.as_ref().expect("parameters");
    assert_eq!((parameters.max_sets, &parameters.affects), (1_000, &None));
}

#[test]
fn it_is_about_the_table_that_is_written_first() {
    for (from, expected) in [
        ("{ stock: , customer: }", "stock"),
        ("{ customer: , stock: }", "customer"),
        ("[stock, customer]", "stock"),
        ("customer", "customer"),
    ] {
        let settings = loaded(&format!(
            "{TABLES}{USED}  v: {{ family: 'v:*', key: 'v:{{:id}}', affects: 'sku = :id', from: {from} }}\n"
        ));
        let parameters = settings.catalog.views[1].parameters.as_ref().expect("parameters");
        let table = parameters.affects.as_ref().expect("a condition").table;
        assert_eq!(settings.catalog.table(table).name, expected);
    }
}

#[test]
fn the_old_row_is_needed() {
    let need = |affects: &str, identity: &str| {
        let tables =
            format!("tables: {{ a: {{ topic: t, primary_key: id, replica_identity: {identity} }} }}\n");
        let body =
            format!("{tables}views: {{ v: {{ family: 'v:*', key: 'v:{{:p}}', from: a{affects} }} }}\n");
        loaded(&body).catalog.needs_rows(TableId::from_index(0))
    };
    assert_eq!(need("", "default"), None);
    assert_eq!(need(", affects: 'x = :p'", "default"), Some(Need::OldRow));
    assert_eq!(need(", affects: 'x = :p'", "full"), None);
    // The key stays: a primary-key change is a delete and a create.
    assert_eq!(need(", affects: 'id = :p'", "default"), None);
}

#[test]
fn mistakes() {
    let with = |rest: &str, expect: &str| views(&format!("  v: {{ from: order, {rest} }}"), &[expect]);
    let both = "the view has no parameters; add both a `family` and a `key` with parameters, such as \
                `name:{md5_8(:from, :until)}`, or remove it";
    with("family: 'v:*', affects: 'id = :id'", &format!("12:36: views.v.affects: {both}"));
    with("family: 'v:*', max_sets: 5", &format!("12:36: views.v.max_sets: {both}"));
    with("key: 'v:{id}', max_sets: 5", &format!("12:36: views.v.max_sets: {both}"));
    with(
        "family: 'v:*', key: 'v:{id}'",
        "12:41: views.v.key: `{id}` is no parameter, and no row fills the key of a family; write `{:name}`, or \
         `{md5_8(:one, :other)}`",
    );
    with(
        "family: 'v:*', key: 'w:{:id}'",
        "12:41: views.v.key: the key does not begin with the family's prefix `v:`; begin it so",
    );
    let affects = |condition: &str, expect: &str| {
        with(
            &format!("family: 'v:*', key: 'v:{{:id}}', affects: \"{condition}\""),
            &format!("12:61: views.v.affects: {expect}"),
        );
    };
    affects("id = :di", "the key has no parameter `:di`; did you mean `:id`?");
    affects(
        "note = 'x'",
        "`note = 'x'` compares a text with a column that was not declared to hold text; declare the column `text` under the `columns` of its table",
    );
    affects("customer.code = :id", "`customer.code` leads to another row; name a column of the row itself");
    affects("id", "`id` is true of nothing by itself; compare it, such as `id = :id`");
    with(
        "family: 'v:*', key: 'v:{:id}', max_sets: 0",
        "12:62: views.v.max_sets: value is less than the minimum of 1; see the JSON Schema of the configuration",
    );
}

#[test]
fn a_declared_type_may_be_for_a_condition() {
    let tables = "tables: { a: { topic: t, primary_key: id, columns: { kind: text } } }\n";
    let view =
        "views: { v: { family: 'v:*', key: 'v:{:k}', affects: \"kind = 'x' and :k = 5\", from: a } }\n";
    loaded(&format!("{tables}{view}"));
}

#[test]
fn the_digest_changes_with_what_is_kept() {
    let digest = |rest: &str| {
        loaded(&format!("{TABLES}{USED}  v: {{ family: 'v:*', from: order, {rest} }}\n")).catalog.views[1]
            .digest
    };
    let all = [
        "ttl: 1s",
        "key: 'v:{:a}'",
        "key: 'v:{:a}:{:b}'",
        "key: 'v:{:a}', affects: 'x = :a'",
        "key: 'v:{:a}', affects: 'y = :a'",
    ]
    .map(digest);
    assert!(all.iter().enumerate().all(|(at, one)| !all[..at].contains(one)), "{all:?}");
    assert_eq!(digest("key: 'v:{:a}', affects: 'x = :a', max_sets: 7"), all[3]);
}
