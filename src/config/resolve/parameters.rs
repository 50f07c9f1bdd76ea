//! What readers ask a family for: a `key` beside it, `affects` and `max_sets`.

use super::views::{Feed, Reader};
use crate::catalog::{Affects, ColumnId, ColumnType, ParameterKey, Parameters, Pattern, TableId};
use crate::config::document::child;
use crate::config::problem::{Fault, suggest};
use crate::config::raw;
use crate::expressions::{Condition, Kind, Mistake, Name, Operand};

/// Registered sets that count, unless the configuration says otherwise.
const MAX_SETS: usize = 1_000;

/// A mistake, which was reported.
pub(super) struct Reported;

impl Reader<'_, '_> {
    /// An error means that there is a mistake, which was reported.
    pub(super) fn parameters(
        &mut self,
        raw: &raw::View,
        pattern: Option<&Pattern>,
        feeds: &[Feed<'_>],
    ) -> Result<Option<Parameters>, Reported> {
        let (Some(key), Some(_)) = (&raw.key, &raw.family) else { return self.none(raw).map(|()| None) };
        let Some(Pattern::Declared { prefix }) = pattern else { return Err(Reported) };
        let (key, names) = match ParameterKey::parse(key, self.format, prefix) {
            Ok(parsed) => parsed,
            Err(error) => {
                self.context.value(&child(self.pointer, "key"), Fault::of(&error));
                return Err(Reported);
            }
        };
        let affects = match &raw.affects {
            Some(text) => {
                let table = self.first(feeds).ok_or(Reported)?;
                Some(self.affects(text, &names, table)?)
            }
            None => None,
        };
        Ok(Some(Parameters { names, key, affects, max_sets: raw.max_sets.unwrap_or(MAX_SETS) }))
    }

    /// Nothing is said of parameters where there are none.
    fn none(&mut self, raw: &raw::View) -> Result<(), Reported> {
        let said = [("affects", raw.affects.is_some()), ("max_sets", raw.max_sets.is_some())];
        for (name, _) in said.iter().filter(|(_, said)| *said) {
            let fault = Fault::new(
                "the view has no parameters",
                "add both a `family` and a `key` with parameters, such as `name:{md5_8(:from, :until)}`, or remove it",
            );
            self.context.name(&child(self.pointer, name), fault);
        }
        if said.iter().any(|(_, said)| *said) { Err(Reported) } else { Ok(()) }
    }

    /// The table that is named first under `from`, if it exists.
    pub(super) fn first(&self, feeds: &[Feed<'_>]) -> Option<TableId> {
        let from = self.context.shape.value.pointer(&child(self.pointer, "from"))?;
        let first = match from {
            serde_json::Value::Object(map) => map.keys().next()?,
            serde_json::Value::Array(list) => list.first()?.as_str()?,
            from => from.as_str()?,
        };
        let table = self.tables.by_name(first)?;
        feeds.iter().any(|feed| feed.table == table).then_some(table)
    }

    fn affects(&mut self, text: &str, names: &[String], table: TableId) -> Result<Affects, Reported> {
        let mut columns: Vec<ColumnId> = Vec::new();
        let tables = &mut *self.tables;
        let mut resolve = |name: Name<'_>| match name {
            Name::Parameter(name) => {
                let index = names.iter().position(|known| known == name).ok_or_else(|| {
                    let known: Vec<String> = names.iter().map(|name| format!(":{name}")).collect();
                    let known = known.iter().map(String::as_str);
                    let remedy = suggest(&format!(":{name}"), known, "name one that it has");
                    Mistake::new(format!("the key has no parameter `:{name}`"), remedy)
                })?;
                Ok((Operand::Parameter(index), Kind::Any))
            }
            Name::Column(name) => {
                let r#type = tables.type_of(table, name);
                tables.fills(table, name);
                let column = tables.need(table, name);
                let index = columns.iter().position(|known| *known == column).unwrap_or_else(|| {
                    columns.push(column);
                    columns.len() - 1
                });
                let kind = match r#type {
                    ColumnType::Any | ColumnType::Float => Kind::Any,
                    ColumnType::Boolean => Kind::Truth,
                    ColumnType::Integer => Kind::Integer,
                    ColumnType::Text => Kind::Text,
                };
                Ok((Operand::Column { index, holds: kind }, kind))
            }
        };
        match Condition::parse(text, &mut resolve) {
            Ok(condition) => Ok(Affects { text: text.to_owned(), table, columns, condition }),
            Err(Mistake { what, remedy }) => {
                self.context.value(&child(self.pointer, "affects"), Fault { what, remedy });
                Err(Reported)
            }
        }
    }
}
