//! What the configuration says about the data, resolved: tables, relations, views and groups, by index.
//!
//! The catalog is built once by [`config`](crate::config) and never changes while freshet runs. Everything that decides
//! anything about an event is in here, so that `explain`, `run` and the tests cannot differ.

mod key_format;
mod table;
mod template;
mod view;

pub use key_format::KeyFormat;
pub use table::{Column, ColumnId, ColumnType, ReplicaIdentity, Table, TableId};
pub use template::{Hole, Template, TemplateError, escape_glob};
pub use view::{Fill, Group, Path, Pattern, Reads, Source, View, ViewId};

/// The tables, views and groups of one configuration.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub tables: Vec<Table>,
    pub views: Vec<View>,
    pub groups: Vec<Group>,
}

impl Catalog {
    pub fn table(&self, id: TableId) -> &Table {
        &self.tables[id.index()]
    }

    pub fn view(&self, id: ViewId) -> &View {
        &self.views[id.index()]
    }

    pub fn table_ids(&self) -> impl Iterator<Item = TableId> + use<> {
        (0..self.tables.len()).map(TableId::from_index)
    }

    pub fn view_ids(&self) -> impl Iterator<Item = ViewId> + use<> {
        (0..self.views.len()).map(ViewId::from_index)
    }

    pub fn table_by_topic(&self, topic: &str) -> Option<TableId> {
        self.tables.iter().position(|table| table.topic == topic).map(TableId::from_index)
    }

    pub fn view_by_name(&self, name: &str) -> Option<ViewId> {
        self.views.iter().position(|view| view.name == name).map(ViewId::from_index)
    }

    pub fn group_by_name(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }
}
