use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::Trouble;
use super::datum::{Datum, Key};
use super::expression::Given;
use super::fold::Fold;
use super::plan::{Each, Field, Group, Map, Order};
use super::row::{Row, Source};
use super::tree::Tree;
use crate::rows::Image;

/// A group of rows so far. Never empty.
pub(super) struct State<'d> {
    group: &'d Group,
    /// Any of the rows: what the group alone decides is the same in all.
    first: &'d Image,
    folds: Vec<Fold<'d>>,
    /// Of each list its groups. An ordered map, because the column breaks the ties of their order.
    lists: Vec<BTreeMap<Key<'d>, Self>>,
}

impl<'d> State<'d> {
    pub(super) fn new(group: &'d Group, first: &'d Image) -> Self {
        let folds = group.aggregates.iter().map(|aggregate| Fold::new(aggregate.function)).collect();
        Self { group, first, folds, lists: group.lists.iter().map(|_| BTreeMap::new()).collect() }
    }

    /// Takes a row in.
    pub(super) fn add(&mut self, row: &Row<'d>) -> Result<(), Trouble> {
        for (fold, aggregate) in self.folds.iter_mut().zip(&self.group.aggregates) {
            fold.add(aggregate, row)?;
        }
        for (groups, each) in self.lists.iter_mut().zip(&self.group.lists) {
            let by = row.slot(each.by)?;
            let counts = match &each.condition {
                _ if by == Datum::Null => false,
                Some(condition) => condition.holds(row)?,
                None => true,
            };
            if counts {
                let new = || Self::new(&each.group, row.image());
                groups.entry(Key(by)).or_insert_with(new).add(row)?;
            }
        }
        Ok(())
    }

    /// The value of the group.
    pub(super) fn value(self, source: Source<'d>) -> Result<Tree<'d>, Trouble> {
        let aggregates = self.folds.into_iter().map(Fold::result).collect::<Result<_, _>>()?;
        let mut lists = Vec::with_capacity(self.lists.len());
        for (groups, each) in self.lists.into_iter().zip(&self.group.lists) {
            let mut elements = Vec::with_capacity(groups.len());
            for state in groups.into_values() {
                elements.push(state.value(source)?);
            }
            sort(&mut elements, each)?;
            lists.push(Some(Tree::List(elements)));
        }
        let mut done = Done { row: Row::new(source, self.first), aggregates, fields: Vec::new() };
        map(&self.group.value, &mut done, &mut lists)
    }
}

/// A group whose rows have all been taken in.
struct Done<'d> {
    row: Row<'d>,
    aggregates: Vec<Datum<'d>>,
    /// Those of the map that is computed, so far.
    fields: Vec<Datum<'d>>,
}

impl<'d> Given<'d> for Done<'d> {
    fn slot(&self, slot: usize) -> Result<Datum<'d>, Trouble> {
        self.row.slot(slot)
    }

    fn aggregate(&self, aggregate: usize) -> Datum<'d> {
        self.aggregates[aggregate].clone()
    }

    fn field(&self, field: usize) -> Datum<'d> {
        self.fields[field].clone()
    }
}

fn map<'d>(
    Map(fields): &'d Map,
    done: &mut Done<'d>,
    lists: &mut [Option<Tree<'d>>],
) -> Result<Tree<'d>, Trouble> {
    // Maps do not see each other's fields.
    let around = std::mem::take(&mut done.fields);
    let mut trees = Vec::with_capacity(fields.len());
    for (name, field) in fields {
        let (tree, datum) = match field {
            Field::Leaf(expression) => {
                let datum = expression.evaluate(done)?;
                (Tree::Leaf(datum.clone()), datum)
            }
            Field::Map(inner) => (map(inner, done, lists)?, Datum::Null),
            Field::List(list) => (lists[*list].take().unwrap_or(Tree::List(Vec::new())), Datum::Null),
        };
        done.fields.push(datum);
        trees.push((name.as_str(), tree));
    }
    done.fields = around;
    Ok(Tree::Map(trees))
}

/// Sorts a list. Equal elements stay in the order of the column that they are grouped by.
fn sort(elements: &mut [Tree<'_>], each: &Each) -> Result<(), Trouble> {
    let mut trouble = None;
    elements.sort_by(|one, other| {
        let compare = |order: &Order| compare(one, other, *order);
        let unequal = each.order.iter().map(compare).find(|order| *order != Ok(Ordering::Equal));
        unequal.unwrap_or(Ok(Ordering::Equal)).unwrap_or_else(|found| {
            trouble = Some(found);
            Ordering::Equal
        })
    });
    trouble.map_or(Ok(()), Err)
}

/// Nulls come last, whichever way it is sorted.
fn compare(one: &Tree<'_>, other: &Tree<'_>, order: Order) -> Result<Ordering, Trouble> {
    match (leaf(one, order.field), leaf(other, order.field)) {
        (Datum::Null, Datum::Null) => Ok(Ordering::Equal),
        (Datum::Null, _) => Ok(Ordering::Greater),
        (_, Datum::Null) => Ok(Ordering::Less),
        (one, other) => {
            let ascending = one.order(other)?;
            Ok(if order.descending { ascending.reverse() } else { ascending })
        }
    }
}

fn leaf<'t, 'd>(element: &'t Tree<'d>, field: usize) -> &'t Datum<'d> {
    match element {
        Tree::Map(fields) => match &fields[field].1 {
            Tree::Leaf(datum) => datum,
            _ => &Datum::Null,
        },
        _ => &Datum::Null,
    }
}
