//! What the configuration says about the data, resolved: tables, relations, views and groups, by index.
//!
//! The catalog is built once by [`config`](crate::config) and never changes while freshet runs. Everything that decides
//! anything about an event is in here, so that `explain`, `run` and the tests cannot differ.

mod key_format;
mod parameters;
mod relation;
mod table;
mod template;
mod tracking;
mod view;

pub use key_format::KeyFormat;
pub use parameters::{Affects, ParameterKey, ParameterKeyError, Parameters};
pub use relation::{Relation, RelationId};
pub use table::{Column, ColumnId, ColumnType, Keep, ReplicaIdentity, Table, TableId};
pub use template::{Hole, Template, TemplateError, escape_glob};
pub use tracking::{Component, ComponentId, Need};
pub use view::{Computed, Fill, Group, Path, Pattern, Reads, Refill, Source, View, ViewId, Warm};

/// The tables, views and groups of one configuration.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub tables: Vec<Table>,
    /// Those that a view's path follows.
    pub relations: Vec<Relation>,
    pub views: Vec<View>,
    pub groups: Vec<Group>,
    /// The tracked tables, those together that a view ties together.
    pub components: Vec<Component>,
}

impl Catalog {
    pub fn table(&self, id: TableId) -> &Table {
        &self.tables[id.index()]
    }

    pub fn relation(&self, id: RelationId) -> &Relation {
        &self.relations[id.index()]
    }

    pub fn component(&self, id: ComponentId) -> &Component {
        &self.components[id.index()]
    }

    /// The component that a tracked table is in.
    pub fn component_of(&self, table: TableId) -> Option<ComponentId> {
        self.components
            .iter()
            .position(|component| component.tables.contains(&table))
            .map(ComponentId::from_index)
    }

    /// The component of a view's tracked tables.
    pub fn component_of_view(&self, view: ViewId) -> Option<ComponentId> {
        self.view(view).tables(&self.relations).find_map(|table| self.component_of(table))
    }

    pub fn view(&self, id: ViewId) -> &View {
        &self.views[id.index()]
    }

    pub fn table_ids(&self) -> impl Iterator<Item = TableId> + use<> {
        (0..self.tables.len()).map(TableId::from_index)
    }

    pub fn tracked_tables(&self) -> impl Iterator<Item = TableId> + '_ {
        self.table_ids().filter(|table| self.table(*table).tracked)
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

    /// Whether any view asks for a second delete, of keys or of families.
    pub fn settles(&self) -> bool {
        self.views.iter().any(|view| view.settle.is_some() || view.hold.is_some())
    }

    pub fn group_by_name(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }
}
