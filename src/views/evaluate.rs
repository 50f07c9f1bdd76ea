use std::sync::Arc;

use super::effect::{Effects, Reason, Why};
use super::image::{Image, differs};
use super::rules::{Does, Rule, Rules};
use crate::catalog::{
    Catalog, ColumnId, ColumnType, Pattern, Reads, ReplicaIdentity, Table, TableId, Template, ViewId,
};
use crate::change::{Change, Operation, Value};

/// Applies the rules of a catalog to changes.
///
/// It owns the buffer that keys are spelled in, so that an event allocates nothing.
#[derive(Debug)]
pub struct Evaluator {
    catalog: Arc<Catalog>,
    rules: Rules,
    key: String,
    /// By table, whether its `before` is the whole old row: as configured, until an event proves otherwise.
    full: Vec<bool>,
    wrong_type: Option<ViewId>,
}

impl Evaluator {
    pub fn new(catalog: Arc<Catalog>) -> Self {
        let rules = Rules::new(&catalog);
        let full = catalog.tables.iter().map(|table| table.identity == ReplicaIdentity::Full).collect();
        Self { catalog, rules, key: String::new(), full, wrong_type: None }
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Reports what this change does to cached values.
    pub fn evaluate(&mut self, change: &Change<'_>, effects: &mut impl Effects) {
        let table = self.catalog.table(change.table);
        if change.operation == Operation::Truncate {
            return self.widen(change.table, Reason::Truncate, effects);
        }
        let full = &mut self.full[change.table.index()];
        // A source that sends no old row of an update sends a false one of a delete.
        *full &= change.operation != Operation::Update || change.before.is_some();
        let (old, new) = (Image::old(*full, change), Image::new(change));
        for rule in self.rules.of(change.table) {
            if !touches(rule, old, new) {
                continue;
            }
            let why = |reason| Why { reason, by: Some((rule, table, change)) };
            match &rule.does {
                Does::DeclaredFamily => effects.family(rule.view, why(Reason::DeclaredFamily)),
                Does::FamilyByPath(_) => effects.family(rule.view, why(Reason::Path)),
                Does::Keys(columns) => {
                    let Pattern::Template(template) = &self.catalog.view(rule.view).pattern else {
                        unreachable!("only a template has holes to fill")
                    };
                    // Most updates leave the holes as they were: one key, spelled and looked up once.
                    let images = if same(table, columns, old, new) {
                        &[(new, Reason::Row, Reason::UnknownNewRow)][..]
                    } else {
                        &[
                            (old, Reason::OldRow, Reason::UnknownOldRow),
                            (new, Reason::NewRow, Reason::UnknownNewRow),
                        ]
                    };
                    for (image, reason, unknown) in images {
                        let filled = fill(&mut self.key, template, table, columns, *image, *unknown);
                        if filled.key {
                            effects.key(rule.view, &self.key, why(*reason));
                        }
                        if filled.doubt == Some(Reason::ColumnType) {
                            self.wrong_type = Some(rule.view);
                        }
                        if let Some(doubt) = filled.doubt {
                            effects.family(rule.view, why(doubt));
                        }
                    }
                }
            }
        }
    }

    /// Whether the change may alter what any view reads. If so and nothing goes, a null filled no hole.
    pub fn is_read(&self, change: &Change<'_>) -> bool {
        let (old, new) = (Image::old(self.full[change.table.index()], change), Image::new(change));
        self.rules.of(change.table).iter().any(|rule| touches(rule, old, new))
    }

    /// A view whose key the last change would fill by a value that the column's type does not allow. Asking forgets it.
    pub fn take_wrong_type(&mut self) -> Option<ViewId> {
        self.wrong_type.take()
    }

    /// Whether the table's `before` is still taken for the whole old row.
    pub fn believes(&self, table: TableId) -> bool {
        self.full[table.index()]
    }

    /// Reports the families of every view that this table's rows may touch.
    pub fn widen(&self, table: TableId, reason: Reason, effects: &mut impl Effects) {
        for view in self.rules.views_of(table) {
            effects.family(view, Why::because(reason));
        }
    }
}

/// Whether the change may alter what the rule is about. Unless both images are known, it may.
fn touches(rule: &Rule, old: Image<'_, '_>, new: Image<'_, '_>) -> bool {
    match (old, new, &rule.reads) {
        (Image::Known(old), Image::Known(new), Reads::Columns(columns)) => {
            columns.iter().any(|column| differs(&old[column.index()], &new[column.index()]))
        }
        _ => true,
    }
}

/// Whether both images fill the holes alike.
fn same(table: &Table, columns: &[ColumnId], old: Image<'_, '_>, new: Image<'_, '_>) -> bool {
    columns.iter().all(|column| {
        let new = new.value(table, *column);
        new.is_some() && old.value(table, *column) == new
    })
}

/// What one image yields of a template.
#[derive(Default)]
struct Filled {
    /// The buffer holds a key.
    key: bool,
    /// The key is not, or not alone, what this row may have filled.
    doubt: Option<Reason>,
}

fn fill(
    key: &mut String,
    template: &Template,
    table: &Table,
    columns: &[ColumnId],
    image: Image<'_, '_>,
    unknown: Reason,
) -> Filled {
    if matches!(image, Image::Absent) {
        return Filled::default();
    }
    let mut filled = Filled { key: true, doubt: None };
    for (column, hole) in columns.iter().zip(template.holes()) {
        match image.value(table, *column) {
            None => return Filled { key: false, doubt: Some(unknown) },
            // A null fills no hole: the row has no such key, whatever its other columns hold.
            Some(Value::Null) => return Filled::default(),
            Some(value) => match doubt(value, hole.r#type) {
                None => {}
                Some(Doubt { spelled, reason }) => {
                    filled.key &= spelled;
                    filled.doubt = Some(reason);
                }
            },
        }
    }
    if filled.key {
        key.clear();
        template.render(key, |hole, out| {
            if let Some(value) = image.value(table, columns[hole]) {
                spell(value, out);
            }
        });
    }
    filled
}

struct Doubt {
    spelled: bool,
    reason: Reason,
}

/// Whether a value does not belong in a hole of this type, and whether its spelling is known all the same.
fn doubt(value: &Value<'_>, hole: ColumnType) -> Option<Doubt> {
    match (value, hole) {
        (Value::Int(_) | Value::UInt(_), _) | (Value::Text(_), ColumnType::Text) => None,
        (Value::Text(text), ColumnType::Integer) if is_integer(text) => None,
        (Value::Text(_), ColumnType::Integer) => Some(Doubt { spelled: true, reason: Reason::ColumnType }),
        (Value::Missing, _) => Some(Doubt { spelled: false, reason: Reason::MissingColumn }),
        (Value::Unavailable, _) => Some(Doubt { spelled: false, reason: Reason::UnavailableColumn }),
        (Value::Null | Value::Bool(_) | Value::Json(_), _) => {
            Some(Doubt { spelled: false, reason: Reason::ColumnType })
        }
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn spell(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Int(number) => out.push_str(itoa::Buffer::new().format(*number)),
        Value::UInt(number) => out.push_str(itoa::Buffer::new().format(*number)),
        Value::Text(text) => out.push_str(text),
        Value::Missing | Value::Unavailable | Value::Null | Value::Bool(_) | Value::Json(_) => {
            unreachable!("such a value is in doubt and spells no key")
        }
    }
}
