use super::expression::Expression;
use super::fold::Aggregate;
use crate::catalog::{ColumnId, ColumnType, RelationId, TableId};

/// How the value of one view's keys is computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub table: TableId,
    /// What is read of the rows, each once.
    pub slots: Vec<Slot>,
    pub group: Group,
}

/// A column of the row itself, or of one that relations lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub relations: Vec<RelationId>,
    /// The last relation's table, or the row's own.
    pub table: TableId,
    pub column: ColumnId,
    pub r#type: ColumnType,
}

/// What is computed of a group of rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    /// Those of all the maps of the group, each once.
    pub aggregates: Vec<Aggregate>,
    pub lists: Vec<Each>,
    pub value: Map,
}

/// A list with an element for each of the values that a column has in a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Each {
    pub by: usize,
    /// Which of the rows count.
    pub condition: Option<Expression>,
    pub order: Vec<Order>,
    pub group: Group,
}

/// A field of a list's elements that they are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub field: usize,
    pub descending: bool,
}

/// Fields with their names, in the order in which they were written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Map(pub Vec<(String, Field)>);

#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    Leaf(Expression),
    Map(Map),
    /// By its number in the group.
    List(usize),
}
