use super::image::Image;
use super::keys::Keys;
use super::reason::Reason;
use crate::catalog::{ColumnId, Table, Template, ViewId};
use crate::change::Value;

/// The buffers that keys are spelled in, so that an event allocates nothing.
#[derive(Debug, Default)]
pub(super) struct Spelling {
    pub(super) key: String,
    /// What one event deletes of one view behind relations.
    pub(super) behind: Keys,
    /// A view whose key would be filled by a value that the column's type does not allow.
    pub(super) wrong_type: Option<ViewId>,
}

/// What one image yields of a template.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// The buffer holds a key.
    pub(super) key: bool,
    /// The key is not, or not alone, what this row may have filled.
    pub(super) doubt: Option<Reason>,
}

impl Spelling {
    /// Spells the key that this image of a row fills.
    pub(super) fn fill(
        &mut self,
        template: &Template,
        table: &Table,
        columns: &[ColumnId],
        image: Image<'_>,
        unknown: Reason,
    ) -> Filled {
        if matches!(image, Image::Absent) {
            return Filled::default();
        }
        let mut filled = Filled { key: true, doubt: None };
        for (hole, column) in columns.iter().enumerate() {
            match image.value(table, *column) {
                None => return Filled { key: false, doubt: Some(unknown) },
                // A null fills no hole: the row has no such key, whatever its other columns hold.
                Some(Value::Null) => return Filled::default(),
                Some(value) => match doubt(&value, template, hole) {
                    None => {}
                    Some(Doubt { spelled, reason }) => {
                        filled.key &= spelled;
                        filled.doubt = Some(reason);
                    }
                },
            }
        }
        if filled.key {
            self.key.clear();
            template.render(&mut self.key, |hole, out| {
                if let Some(value) = image.value(table, columns[hole]) {
                    spell(&value, out);
                }
            });
        }
        filled
    }
}

struct Doubt {
    spelled: bool,
    reason: Reason,
}

/// Whether a value does not belong in a hole, and whether its spelling is known all the same.
fn doubt(value: &Value<'_>, template: &Template, hole: usize) -> Option<Doubt> {
    match value {
        Value::Int(_) | Value::UInt(_) => None,
        Value::Text(text) if template.holds(hole, text) => None,
        Value::Text(_) => Some(Doubt { spelled: true, reason: Reason::ColumnType }),
        Value::Missing => Some(Doubt { spelled: false, reason: Reason::MissingColumn }),
        Value::Unavailable => Some(Doubt { spelled: false, reason: Reason::UnavailableColumn }),
        Value::Null | Value::Bool(_) | Value::Json(_) | Value::Digest(_) => {
            Some(Doubt { spelled: false, reason: Reason::ColumnType })
        }
    }
}

fn spell(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Int(number) => out.push_str(itoa::Buffer::new().format(*number)),
        Value::UInt(number) => out.push_str(itoa::Buffer::new().format(*number)),
        Value::Text(text) => out.push_str(text),
        Value::Missing
        | Value::Unavailable
        | Value::Null
        | Value::Bool(_)
        | Value::Json(_)
        | Value::Digest(_) => {
            unreachable!("such a value is in doubt and spells no key")
        }
    }
}
