//! Events of tracked tables, written as text and read in order.

use std::sync::{Arc, LazyLock};

use super::read_row;
use crate::catalog::{Catalog, TableId, ViewId};
use crate::change::{Change, Operation, Snapshot};
use crate::rows::Rows;
use crate::views::{Effects, Evaluator, Why};

const CONFIGURATION: &str = r#"
kafka: { brokers: "localhost:9092", group: test }
redis: { url: "redis://localhost:6379/0" }
tables:
  order:    { topic: app.public.order, primary_key: id }
  customer: { topic: app.public.customer, primary_key: id }
  region:   { topic: app.public.region, primary_key: id, columns: { code: text } }
  visit:    { topic: app.public.visit, primary_key: id }
  line:     { topic: app.public.line, primary_key: [order_id, number] }
  note:     { topic: app.public.note, primary_key: id, columns: { title: text } }
  node:     { topic: app.public.node, primary_key: id }
  stock:    { topic: app.public.stock, primary_key: id, replica_identity: full, tracked: true }
relations:
  order.customer:  { column: customer_id, to: customer }
  customer.region: { column: region_id, to: region }
  visit.order:     { column: order_id, to: order }
  node.parent:     { column: parent_id, to: node }
views:
  shop:
    key: "shop:{shop_id}"
    fan_out_limit: 2
    from:
      order: { fill: { shop_id: shop_id }, reads: [status, customer.region.name] }
      visit: { fill: { shop_id: shop_id }, reads: [] }
  customer:
    key: "customer:{id}"
    from:
      customer: { fill: { id: id }, reads: [name] }
      order: { fill: { id: customer_id }, reads: [] }
      visit: { fill: { id: order.customer_id }, reads: [order.customer.name] }
  code:
    key: "code:{code}"
    from: { order: { fill: { code: customer.region.code }, reads: [] } }
  seat:
    key: "seat:{seat_id}"
    from: { line: { fill: { seat_id: seat_id }, reads: [] } }
  title:
    key: "title:{title}"
    from: { note: { fill: { title: title }, reads: [size] } }
  node:
    key: "node:{id}"
    from: { node: { fill: { id: id }, reads: [parent.name, parent.parent.name] } }
  stock:
    key: "stock:{shop_id}"
    from: { stock: { fill: { shop_id: shop_id }, reads: [] } }
"#;

pub(super) static CONFIGURED: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    let settings = crate::config::parse("test", CONFIGURATION, &|_| None).expect("a right configuration");
    Arc::new(settings.catalog)
});

/// Reads events in order, each with a higher position than the one before.
pub(super) struct History {
    pub(super) evaluator: Evaluator,
    pub(super) rows: Rows,
    position: u64,
}

impl History {
    pub(super) fn new() -> Self {
        let evaluator = Evaluator::new(Arc::clone(&CONFIGURED));
        Self { evaluator, rows: Rows::new(Arc::clone(&CONFIGURED)), position: 100 }
    }

    /// Reads `TABLE OPERATION [@LSN/TIME] ROW [< BEFORE]` (the time in minutes), `forget TABLE ROW`, `incomplete TABLE` or
    /// `passed TABLE`.
    pub(super) fn read(&mut self, text: &str, effects: &mut impl Effects) {
        let (first, rest) = text.split_once(' ').expect("two words");
        let (second, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        match first {
            "incomplete" => self.rows.incomplete(table(second)),
            "passed" => {
                self.evaluator.passed(&mut self.rows, table(second), effects);
            }
            "forget" => {
                let row = read_row(&CONFIGURED, table(second), rest);
                self.rows.forget(table(second), Some(&row));
            }
            name => {
                let change = self.change(table(name), second, rest);
                self.evaluator.evaluate(&mut self.rows, &change, effects);
            }
        }
    }

    fn change<'a>(&mut self, table: TableId, operation: &str, rest: &'a str) -> Change<'a> {
        let operation = match operation {
            "c" => Operation::Create,
            "u" => Operation::Update,
            "d" => Operation::Delete,
            "r" => Operation::Snapshot,
            "t" => Operation::Truncate,
            other => panic!("no operation {other}"),
        };
        self.position += 1;
        let (mut lsn, mut time) = (self.position, self.position);
        let mut rest = rest;
        if let Some((position, row)) = rest.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
            let (l, t) = position.split_once('/').expect("@LSN/TIME");
            (lsn, time, rest) = (l.parse().expect("a number"), t.parse().expect("a number"), row);
        }
        let (row, before) = rest.split_once('<').unwrap_or((rest, ""));
        let image = |text: &'a str| (!text.is_empty()).then(|| read_row(&CONFIGURED, table, text));
        let (before, after) = match operation {
            Operation::Delete => (image(row), None),
            _ => (image(before), image(row)),
        };
        Change {
            table,
            operation,
            snapshot: Snapshot::Unsaid,
            before,
            after,
            moved: None,
            lsn: Some(lsn),
            committed_at: Some(time.cast_signed() * 60_000_000),
        }
    }
}

/// Reads all events and says what the last one does, in any order.
#[track_caller]
pub(super) fn check(events: &[&str], expected: &[&str]) {
    let mut history = History::new();
    let (last, earlier) = events.split_last().expect("an event");
    for event in earlier {
        history.read(event, &mut Named::default());
    }
    let mut effects = Named::default();
    history.read(last, &mut effects);
    let mut found = effects.0;
    found.sort();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected, "{last}");
}

/// Effects as lines: `key reason` or `family view reason`.
#[derive(Default)]
struct Named(Vec<String>);

impl Effects for Named {
    fn key(&mut self, _: ViewId, key: &str, why: Why<'_>) {
        self.0.push(format!("{key} {}", why.reason.label()));
    }

    fn family(&mut self, view: ViewId, why: Why<'_>) {
        self.0.push(format!("family {} {}", CONFIGURED.view(view).name, why.reason.label()));
    }
}

fn table(name: &str) -> TableId {
    let found = CONFIGURED.table_ids().find(|id| CONFIGURED.table(*id).name == name);
    found.unwrap_or_else(|| panic!("no table {name}"))
}
