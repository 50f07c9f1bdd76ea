use std::sync::Arc;

use crate::catalog::{Catalog, TableId, ViewId};
use crate::change::{Change, Operation, Row, Snapshot, Value};
use crate::config::Settings;
use crate::rows::Rows;
use crate::values::{Datum, Spelling, Tree, Trouble, Values};
use crate::views::{Effects, Evaluator, Why};

/// A configuration, and rows.
pub(super) struct Scene {
    pub(super) catalog: Arc<Catalog>,
    pub(super) values: Values,
    pub(super) rows: Rows,
    position: u64,
}

impl Scene {
    /// `body` is a configuration without its connections.
    pub(super) fn new(body: &str) -> Self {
        let head = "kafka: { brokers: b }\nredis: { url: redis://r }\n";
        let text = format!("{head}{body}");
        let settings: Settings =
            crate::config::parse("test", &text, &|_| None).unwrap_or_else(|e| panic!("{e}"));
        let catalog = Arc::new(settings.catalog);
        let rows = Rows::new(Arc::clone(&catalog));
        Self { catalog, values: settings.values, rows, position: 0 }
    }

    /// The same configuration, without a row.
    pub(super) fn empty(&self) -> Self {
        let (catalog, values) = (Arc::clone(&self.catalog), self.values.clone());
        Self { rows: Rows::new(Arc::clone(&catalog)), catalog, values, position: 0 }
    }

    /// Reads `TABLE COLUMN=VALUE …` as a row that was created or updated; `-TABLE …` as one that was deleted.
    pub(super) fn row(&mut self, text: &str) {
        self.affected(text);
    }

    /// Reads a row in the same way, and says which keys its change affects.
    pub(super) fn affected(&mut self, text: &str) -> Vec<String> {
        let (operation, text) = match text.strip_prefix('-') {
            Some(text) => (Operation::Delete, text),
            None => (Operation::Create, text),
        };
        let (name, columns) = text.split_once(' ').expect("a table and columns");
        let table = self.table(name);
        let row = self.read(table, columns);
        let (before, after) =
            if operation == Operation::Delete { (Some(row), None) } else { (None, Some(row)) };
        self.position += 1;
        let change = Change {
            table,
            operation,
            snapshot: Snapshot::Unsaid,
            before,
            after,
            moved: None,
            lsn: Some(self.position),
            committed_at: Some(self.position.cast_signed()),
        };
        let mut keys = Affected::default();
        Evaluator::new(Arc::clone(&self.catalog)).evaluate(&mut self.rows, &change, &mut keys);
        keys.0
    }

    pub(super) fn table(&self, name: &str) -> TableId {
        let found = self.catalog.table_ids().find(|id| self.catalog.table(*id).name == name);
        found.unwrap_or_else(|| panic!("no table {name}"))
    }

    /// The needed columns of a row; what is not written is missing.
    fn read<'t>(&self, table: TableId, text: &'t str) -> Row<'t> {
        let mut row = vec![Value::Missing; self.catalog.table(table).columns.len()];
        for (name, value) in text.split(' ').filter_map(|column| column.split_once('=')) {
            let Some(column) = self.catalog.table(table).column(name) else { continue };
            row[column.index()] = match (value, value.parse()) {
                (_, Ok(number)) => Value::Int(number),
                ("null", _) => Value::Null,
                ("true" | "false", _) => Value::Bool(value == "true"),
                ("unavailable", _) => Value::Unavailable,
                _ if value.parse::<f64>().is_ok() => Value::Json(value.into()),
                _ => Value::Text(value.into()),
            };
        }
        row
    }

    fn view(&self) -> ViewId {
        self.catalog.view_ids().find(|view| self.values.has(*view)).expect("a view with a value")
    }

    pub(super) fn value(&self, key: &str) -> Result<Tree<'_>, Trouble> {
        self.values.value(&self.catalog, &self.rows, self.view(), key)
    }

    pub(super) fn bytes(&self, key: &str, format: Spelling) -> Result<Vec<u8>, Trouble> {
        self.value(key)?.bytes(format)
    }
}

#[derive(Default)]
struct Affected(Vec<String>);

impl Effects for Affected {
    fn key(&mut self, _: ViewId, key: &str, _: Why<'_>) {
        self.0.push(key.to_owned());
    }

    fn family(&mut self, _: ViewId, _: Why<'_>) {}
}

/// Tasks of teams with users: what most tests need. `value` is the view's value.
pub(super) fn tasks(value: &str) -> Scene {
    Scene::new(
        &format!(
            "
tables:
  task: {{ topic: app.public.task, primary_key: id, columns: {{ status: text }} }}
  user: {{ topic: app.public.user, primary_key: id, columns: {{ name: text, active: boolean, rate: float }} }}
  team: {{ topic: app.public.team, primary_key: id, columns: {{ title: text }} }}
relations:
  task.team: {{ column: team_id, to: team }}
  task.user: {{ column: user_id, to: user }}
views:
  used: {{ family: 'used:*', from: {{ task: {{ reads: [user.name, user.active, user.rate, team.title, status] }} }} }}
  typed_status: {{ key: 'status:{{status}}', from: task }}
  typed_name: {{ key: 'name:{{name}}', from: user }}
  typed_active: {{ key: 'active:{{active}}', from: user }}
  typed_rate: {{ key: 'rate:{{rate}}', from: user }}
  typed_title: {{ key: 'title:{{title}}', from: team }}
  v: {{ key: 'v:{{team}}', ttl: 5m, from: {{ task: {{ fill: {{ team: team_id }} }} }}, value: {value} }}
"
        ),
    )
}

pub(super) fn int(number: i128) -> Tree<'static> {
    Tree::Leaf(Datum::Integer(number))
}

pub(super) fn float(number: f64) -> Tree<'static> {
    Tree::Leaf(Datum::Float(number))
}

pub(super) fn text(text: &str) -> Tree<'_> {
    Tree::Leaf(Datum::Text(text.into()))
}

pub(super) fn map<'t>(fields: impl IntoIterator<Item = (&'t str, Tree<'t>)>) -> Tree<'t> {
    Tree::Map(fields.into_iter().collect())
}
