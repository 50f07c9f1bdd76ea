//! Many-to-one relations, each named `table.relation`.

use super::tables::Tables;
use super::{Context, Part, is_name};
use crate::catalog::TableId;
use crate::config::document::child;
use crate::config::problem::Fault;
use crate::config::raw;

/// A relation that was defined.
pub(super) enum Known {
    Relation(Relation),
    /// Its own mistakes are reported where it is defined.
    Broken,
}

#[derive(Clone)]
pub(super) struct Relation {
    pub column: String,
    pub to: TableId,
}

impl Tables {
    pub(super) fn relation(&mut self, context: &mut Context<'_>, part: &Part<raw::Relation>) {
        let Some((table, name)) = part.name.split_once('.').filter(|(_, name)| is_name(name)) else {
            let what = format!("`{}` is no name for a relation", part.name);
            context.name(
                &part.pointer,
                Fault::new(what, "write the table's name, a dot and a name: `order.customer`"),
            );
            return;
        };
        let from = self.known(context, table, |context, fault| context.name(&part.pointer, fault));
        let resolved = part.content.as_ref().and_then(|raw| {
            let to_pointer = child(&part.pointer, "to");
            let to = self.known(context, &raw.to, |context, fault| context.value(&to_pointer, fault))?;
            if self.is_read(to) && self.found[to.index()].primary_key.len() != 1 {
                let what = format!("`{}` has no primary key of one column to point to", raw.to);
                context.value(
                    &to_pointer,
                    Fault::new(what, "give the table its `primary_key`, or remove the relation"),
                );
                return None;
            }
            if raw.column.is_empty() {
                let fault =
                    Fault::new("this is empty", "name the column that holds the other row's primary key");
                context.value(&child(&part.pointer, "column"), fault);
                return None;
            }
            Some(Relation { column: raw.column.clone(), to })
        });
        if let Some(from) = from {
            self.relations.insert((from, name.to_owned()), resolved.map_or(Known::Broken, Known::Relation));
        }
    }
}
