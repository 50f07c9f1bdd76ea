//! The maps, lists and expressions of a view's `value`.

use serde_json::Value;

use super::names::{Names, Scope};
use crate::config::document::child;
use crate::config::problem::{Fault, suggest};
use crate::config::resolve::Context;
use crate::expressions::Mistake;
use crate::values::compile;
use crate::values::{Each, Expression, Field, Group, Map, Order};

/// A mapping as it is written.
pub(super) type Mapping = serde_json::Map<String, Value>;

const OF_A_LIST: [&str; 4] = ["each", "where", "order_by", "value"];

/// Reads what a view's value is made of. What has a mistake is `None`; the mistake was reported.
pub(super) struct Reader<'r, 'c> {
    pub(super) context: &'r mut Context<'c>,
    pub(super) names: Names<'r>,
}

impl Reader<'_, '_> {
    pub(super) fn group(&mut self, written: &Mapping, pointer: &str, by: Option<usize>) -> Option<Group> {
        self.names.scopes.push(Scope { by, ..Scope::default() });
        let value = self.map(written, pointer);
        let Scope { aggregates, lists, .. } = self.names.scopes.pop()?;
        Some(Group { aggregates, lists, value: value? })
    }

    fn map(&mut self, written: &Mapping, pointer: &str) -> Option<Map> {
        if written.is_empty() {
            let fault = Fault::new("the map is empty", "add a field, such as `total: count(*)`");
            self.context.value(pointer, fault);
            return None;
        }
        let around = std::mem::take(&mut self.names.fields);
        let mut fields = Vec::with_capacity(written.len());
        for (name, written) in written {
            let pointer = child(pointer, name);
            let mut read = None;
            let field = match written {
                Value::Object(list) if list.contains_key("each") => self.list(list, &pointer),
                Value::Object(map) => self.map(map, &pointer).map(Field::Map),
                Value::Array(_) | Value::Null => {
                    let fault = Fault::new(
                        "this is no expression",
                        "write one, such as `count(*)`, a map of fields, or a list: `{ each: column, value: { … } }`",
                    );
                    self.context.value(&pointer, fault);
                    None
                }
                // YAML takes `0` for a number and `true` for a truth; they are expressions too.
                _ => {
                    let text = self.context.document.text(&pointer).map(|text| text.text.clone());
                    read = compile::leaf(&text.unwrap_or_default(), &mut self.names)
                        .map_err(|mistake| self.report(&pointer, mistake))
                        .ok();
                    read.as_ref().map(|(expression, _)| Field::Leaf(expression.clone()))
                }
            };
            self.names.fields.push((name.clone(), read));
            fields.push(field.map(|field| (name.clone(), field)));
        }
        self.names.fields = around;
        fields.into_iter().collect::<Option<_>>().map(Map)
    }

    fn list(&mut self, written: &Mapping, pointer: &str) -> Option<Field> {
        for name in written.keys().filter(|name| !OF_A_LIST.contains(&name.as_str())) {
            let fault = Fault::new(
                format!("a list has no `{name}`"),
                suggest(name, OF_A_LIST, "move it into the list's `value`"),
            );
            self.context.name(&child(pointer, name), fault);
        }
        let by = self.text(written, "each", pointer).and_then(|(text, pointer)| {
            self.names.slot(&text).map_err(|mistake| self.report(&pointer, mistake)).ok()
        });
        let condition = if written.contains_key("where") {
            Some(self.text(written, "where", pointer).and_then(|(text, pointer)| {
                let read = compile::condition(&text, &mut self.names);
                read.map_err(|mistake| self.report(&pointer, mistake)).ok()
            }))
        } else {
            None
        };
        let group = if let Some(Value::Object(map)) = written.get("value") {
            self.group(map, &child(pointer, "value"), by.map(|(slot, _)| slot))
        } else {
            let fault = Fault::new(
                "the list does not say what its elements are",
                "add `value: { … }` with the fields of one",
            );
            self.context.name(&child(pointer, "value"), fault);
            None
        };
        let order = self.order(written, pointer, group.as_ref());
        let condition: Option<Expression> = match condition {
            Some(None) => return None,
            Some(condition) => condition,
            None => None,
        };
        let each = Each { by: by?.0, condition, order: order?, group: group? };
        let lists = &mut self.names.scopes.last_mut()?.lists;
        lists.push(each);
        Some(Field::List(lists.len() - 1))
    }

    fn order(&mut self, written: &Mapping, pointer: &str, group: Option<&Group>) -> Option<Vec<Order>> {
        let Some(all) = written.get("order_by") else { return Some(Vec::new()) };
        let pointer = child(pointer, "order_by");
        let Value::Array(all) = all else {
            let fault = Fault::new("this is no list", "write it like `[total desc, id]`");
            self.context.value(&pointer, fault);
            return None;
        };
        let Map(fields) = &group?.value;
        let mut order = Vec::with_capacity(all.len());
        for (at, one) in all.iter().enumerate() {
            let text = one.as_str().unwrap_or_default();
            let mut words = text.split_whitespace();
            let (name, direction) = (words.next().unwrap_or_default(), words.next());
            let is_leaf = |(field, what): &(String, Field)| field == name && matches!(what, Field::Leaf(_));
            let field = fields.iter().position(is_leaf);
            let descending = match direction {
                None | Some("asc") if words.next().is_none() => Some(false),
                Some("desc") if words.next().is_none() => Some(true),
                _ => None,
            };
            let fault = match (field, descending) {
                (Some(field), Some(descending)) => {
                    order.push(Order { field, descending });
                    continue;
                }
                (None, _) => {
                    let leaves = fields.iter().filter(|(_, what)| matches!(what, Field::Leaf(_)));
                    let leaves = leaves.map(|(name, _)| name.as_str());
                    let remedy = suggest(name, leaves, "name a field that is an expression");
                    Fault::new(
                        format!("`{name}` is no expression among the fields of the list's `value`"),
                        remedy,
                    )
                }
                (_, None) => Fault::new(
                    format!("`{text}` is no order"),
                    "write a field, and `asc` or `desc` behind it",
                ),
            };
            self.context.value(&child(&pointer, at), fault);
        }
        (order.len() == all.len()).then_some(order)
    }

    /// A text of a list, with its place.
    fn text(&mut self, written: &Mapping, name: &str, pointer: &str) -> Option<(String, String)> {
        let pointer = child(pointer, name);
        if let Some(Value::String(text)) = written.get(name) {
            return Some((text.clone(), pointer));
        }
        self.context.value(&pointer, Fault::new("this is no text", "write an expression"));
        None
    }

    fn report(&mut self, pointer: &str, Mistake { what, remedy }: Mistake) {
        if !std::mem::take(&mut self.names.elsewhere) {
            self.context.value(pointer, Fault { what, remedy });
        }
    }
}
