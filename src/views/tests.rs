//! Rows of a shop against a small configuration: which keys go, which families, and why.

mod history;
mod interleavings;
mod sets;
mod tracked;
mod why;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use super::*;
use crate::catalog::{Catalog, TableId, ViewId};
use crate::change::{self, Change, Operation, Row, Value};
use crate::rows::Rows;

const CONFIGURATION: &str = r#"
kafka: { brokers: "localhost:9092", group: test }
redis: { url: "redis://localhost:6379/0", key_format: ":1:{}" }
tables:
  order:    { topic: app.public.order, primary_key: id, replica_identity: full, tracked: false, columns: { shop_id: integer } }
  visit:    { topic: app.public.visit, primary_key: id, tracked: false }
  tag:      { topic: app.public.tag, primary_key: id, tracked: false }
  customer: { topic: app.public.customer, primary_key: id, replica_identity: full, tracked: false, columns: { code: text } }
relations:
  order.customer: { column: customer_id, to: customer }
views:
  shop:
    key: "shop:{shop_id}"
    from:
      order: { fill: { shop_id: shop_id }, reads: [status, customer.name] }
      visit: { fill: { shop_id: shop_id } }
  pair:
    key: "pair:{shop_id}:{customer_id}"
    from: order
  code:
    key: "code:{code}"
    from: { customer: { fill: { code: code }, reads: [] } }
  one:
    key: "customer:{id}"
    from: { customer: { fill: { id: id } }, visit: { fill: { id: id } } }
  region:
    key: "region:{region_id}"
    from: { order: { fill: { region_id: customer.region_id }, reads: [status] } }
  tag:
    key: "tag:{name}:{id}"
    from: tag
  board:
    family: "board:*"
    from: [visit]
"#;

/// Collects effects as lines: `view key reason`.
#[derive(Default)]
struct Lines(Vec<String>);

impl Effects for Lines {
    fn key(&mut self, _: ViewId, key: &str, why: Why<'_>) {
        self.0.push(format!("{key} {}", why.reason.label()));
    }

    fn family(&mut self, view: ViewId, why: Why<'_>) {
        self.0.push(format!("family {} {}", CONFIGURED.view(view).name, why.reason.label()));
    }
}

static CONFIGURED: std::sync::LazyLock<Arc<Catalog>> = std::sync::LazyLock::new(|| {
    let settings = crate::config::parse("test", CONFIGURATION, &|_| None).expect("a right configuration");
    Arc::new(settings.catalog)
});

/// No table of this configuration is tracked.
fn rows() -> Rows {
    Rows::new(Arc::clone(&CONFIGURED))
}

fn table(name: &str) -> TableId {
    let index = CONFIGURED.tables.iter().position(|table| table.name == name).expect("a table");
    TableId::from_index(index)
}

fn row(of: TableId, text: &str) -> Row<'_> {
    read_row(&CONFIGURED, of, text)
}

/// A row from `column=value` pairs: `null`, `missing`, `unavailable`, `true`, a number, `{…}`, or else text.
fn read_row<'a>(catalog: &Catalog, of: TableId, text: &'a str) -> Row<'a> {
    let of = catalog.table(of);
    let mut row: Row<'a> = vec![Value::Missing; of.columns.len()];
    for pair in text.split_whitespace() {
        let (name, value) = pair.split_once('=').expect("column=value");
        let column = of.column(name).unwrap_or_else(|| panic!("no column {name}"));
        row[column.index()] = match value {
            "null" => Value::Null,
            "missing" => Value::Missing,
            "unavailable" => Value::Unavailable,
            "true" => Value::Bool(true),
            json if json.starts_with('{') => Value::Json(Cow::Borrowed(json)),
            value => value.parse().map_or(Value::Text(Cow::Borrowed(value)), Value::Int),
        };
    }
    row
}

fn change<'a>(name: &str, operation: Operation, before: &'a str, after: &'a str) -> Change<'a> {
    let table = table(name);
    let image = |text: &'a str| (!text.is_empty()).then(|| row(table, text));
    Change {
        table,
        operation,
        snapshot: change::Snapshot::Unsaid,
        before: image(before),
        after: image(after),
        moved: None,
        lsn: None,
        committed_at: None,
    }
}

#[track_caller]
fn check(change: &Change<'_>, expected: &[&str]) {
    let mut lines = Lines::default();
    Evaluator::new(Arc::clone(&CONFIGURED)).evaluate(&mut rows(), change, &mut lines);
    lines.0.sort();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(lines.0, expected);
}

use Operation::{Create, Delete, Snapshot, Truncate, Update};

#[test]
fn a_move_deletes_the_keys_of_both_images() {
    check(
        &change(
            "order",
            Update,
            "id=1 shop_id=2 customer_id=7 status=new",
            "id=1 shop_id=3 customer_id=7 status=new",
        ),
        &[":1:shop:2 old_row", ":1:shop:3 new_row", ":1:pair:2:7 old_row", ":1:pair:3:7 new_row"],
    );
}

#[test]
fn a_column_that_no_view_reads_touches_only_views_that_read_all() {
    let row = "id=1 shop_id=2 customer_id=7 status=new";
    // `pair` says nothing of what it reads, so every update counts.
    check(&change("order", Update, row, row), &[":1:pair:2:7 row"]);
    // `code` reads only its hole.
    check(
        &change("customer", Update, "id=7 code=a name=x region_id=1", "id=7 code=a name=x region_id=1"),
        &[":1:customer:7 row"],
    );
}

#[test]
fn an_insert_has_no_old_row_and_a_delete_no_new_one() {
    let row = "id=1 shop_id=2 customer_id=7 status=new";
    check(
        &change("order", Create, "", row),
        &[":1:shop:2 new_row", ":1:pair:2:7 new_row", "family region path"],
    );
    check(
        &change("order", Delete, row, ""),
        &[":1:shop:2 old_row", ":1:pair:2:7 old_row", "family region path"],
    );
}

#[test]
fn a_null_fills_no_hole() {
    check(
        &change("order", Create, "", "id=1 shop_id=null customer_id=7 status=new"),
        &["family region path"],
    );
    check(
        &change("order", Create, "", "id=1 shop_id=2 customer_id=null status=new"),
        &[":1:shop:2 new_row", "family region path"],
    );
}

#[test]
fn under_the_default_identity_only_the_key_of_the_old_row_is_true() {
    let after = "id=5 shop_id=2";
    check(
        &change("visit", Update, "", after),
        &[
            ":1:shop:2 new_row",
            "family shop unknown_old_row",
            ":1:customer:5 row",
            "family board declared_family",
        ],
    );
    // The `before` of a delete looks whole and is false: `shop_id` is null there whatever it was.
    check(
        &change("visit", Delete, "id=5 shop_id=null", ""),
        &["family shop unknown_old_row", ":1:customer:5 old_row", "family board declared_family"],
    );
    // Nor is it believed on an update, should a source send it.
    check(
        &change("visit", Update, "id=5 shop_id=2", after),
        &[
            ":1:shop:2 new_row",
            "family shop unknown_old_row",
            ":1:customer:5 row",
            "family board declared_family",
        ],
    );
}

#[test]
fn a_full_identity_that_sends_no_old_row_is_in_doubt() {
    check(
        &change("order", Update, "", "id=1 shop_id=2 customer_id=7 status=new"),
        &[
            ":1:shop:2 new_row",
            "family shop unknown_old_row",
            ":1:pair:2:7 new_row",
            "family pair unknown_old_row",
            "family region path",
        ],
    );
}

#[test]
fn a_snapshot_may_have_replaced_any_row() {
    check(
        &change("order", Snapshot, "", "id=1 shop_id=2 customer_id=7 status=new"),
        &[
            ":1:shop:2 new_row",
            "family shop unknown_old_row",
            ":1:pair:2:7 new_row",
            "family pair unknown_old_row",
            "family region path",
        ],
    );
}

#[test]
fn a_truncate_deletes_each_family_of_the_table_once() {
    check(
        &change("customer", Truncate, "", ""),
        &["family code truncate", "family one truncate", "family shop truncate", "family region truncate"],
    );
}

#[test]
fn a_column_behind_a_relation_deletes_the_family() {
    check(
        &change("customer", Update, "id=7 code=a name=x region_id=1", "id=7 code=a name=y region_id=1"),
        &["family shop path", ":1:customer:7 row"],
    );
    check(
        &change("customer", Update, "id=7 code=a name=x region_id=1", "id=7 code=a name=x region_id=2"),
        &["family region path", ":1:customer:7 row"],
    );
    // The link counts as read.
    check(
        &change(
            "order",
            Update,
            "id=1 shop_id=2 customer_id=7 status=new",
            "id=1 shop_id=2 customer_id=8 status=new",
        ),
        &[":1:shop:2 row", ":1:pair:2:7 old_row", ":1:pair:2:8 new_row", "family region path"],
    );
}

#[test]
fn a_value_of_another_type_widens() {
    let row = |shop: &'static str| -> String { format!("id=1 shop_id={shop} customer_id=null status=new") };
    for (shop, expected) in [
        // It is spelled as it stands, and the family goes.
        ("main", &[":1:shop:main new_row", "family shop column_type", "family region path"][..]),
        ("true", &["family shop column_type", "family region path"]),
        ("{}", &["family shop column_type", "family region path"]),
        ("missing", &["family shop missing_column", "family region path"]),
        ("unavailable", &["family shop unavailable_column", "family region path"]),
    ] {
        check(&change("order", Create, "", &row(shop)), expected);
    }
}

#[test]
fn text_fills_a_text_hole_as_it_stands() {
    check(
        &change("customer", Create, "", "id=7 code=a:*?[] name=x region_id=1"),
        &[":1:code:a:*?[] new_row", ":1:customer:7 new_row", "family shop path", "family region path"],
    );
}

#[test]
fn a_hole_of_no_declared_type_takes_integers_and_texts() {
    for (row, expected) in [
        ("id=5 name=7", &[":1:tag:7:5 new_row"][..]),
        ("id=5 name=-7", &[":1:tag:-7:5 new_row"]),
        ("id=5 name=a", &[":1:tag:a:5 new_row"]),
        ("id=a name=b", &[":1:tag:b:a new_row"]),
        ("id=a:b name=a", &[":1:tag:a:a:b new_row", "family tag column_type"]),
        // Where the value ends could not be told.
        ("id=5 name=a:b", &[":1:tag:a:b:5 new_row", "family tag column_type"]),
        ("id=5 name=true", &["family tag column_type"]),
    ] {
        check(&change("tag", Create, "", row), expected);
    }
}

#[test]
fn an_unavailable_value_did_not_change_and_a_missing_one_may_have() {
    let (old, keys) = ("id=7 code=a name=x region_id=1", [":1:customer:7 row"]);
    check(&change("customer", Update, old, "id=7 code=a name=unavailable region_id=1"), &keys);
    check(
        &change("customer", Update, old, "id=7 code=a name=missing region_id=1"),
        &[&keys[..], &["family shop path"]].concat(),
    );
}

#[test]
fn why_names_columns_and_never_values() {
    struct Whys(String);
    impl Effects for Whys {
        fn key(&mut self, _: ViewId, key: &str, why: Why<'_>) {
            writeln!(self.0, "{key}: {why}").expect("a string");
        }
        fn family(&mut self, view: ViewId, why: Why<'_>) {
            writeln!(self.0, "{}: {why}", CONFIGURED.view(view).name).expect("a string");
        }
    }
    let change = change(
        "order",
        Update,
        "id=1 shop_id=2 customer_id=7 status=new",
        "id=1 shop_id=3 customer_id=8 status=paid",
    );
    let mut whys = Whys(String::new());
    Evaluator::new(Arc::clone(&CONFIGURED)).evaluate(&mut rows(), &change, &mut whys);
    insta::assert_snapshot!(whys.0, @r"
    :1:shop:2: the row before the change, by shop_id; update of order, changed: shop_id, status, customer_id
    :1:shop:3: the row after the change, by shop_id; update of order, changed: shop_id, status, customer_id
    :1:pair:2:7: the row before the change, by shop_id, customer_id; update of order, changed: shop_id, status, customer_id
    :1:pair:3:8: the row after the change, by shop_id, customer_id; update of order, changed: shop_id, status, customer_id
    region: the key or the value lies behind a relation, by customer.region_id; update of order, changed: status, customer_id
    ");
}

#[test]
fn an_update_without_an_old_row_ends_the_belief_in_a_full_identity() {
    let (mut evaluator, table) = (Evaluator::new(Arc::clone(&CONFIGURED)), table("order"));
    let mut lines = Lines::default();
    assert!(evaluator.believes(table));
    let row = "id=1 shop_id=2 customer_id=7 status=new";
    evaluator.evaluate(&mut rows(), &change("order", Update, "", row), &mut lines);
    assert!(!evaluator.believes(table));
    // The `before` of the delete that follows is false: its columns are null whatever they were.
    lines.0.clear();
    let gone = "id=1 shop_id=null customer_id=null status=new";
    evaluator.evaluate(&mut rows(), &change("order", Delete, gone, ""), &mut lines);
    lines.0.sort();
    assert_eq!(lines.0, ["family pair unknown_old_row", "family region path", "family shop unknown_old_row"]);
}
