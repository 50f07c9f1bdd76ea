use std::ops::ControlFlow;

use super::effect::{Because, Effects, Why};
use super::image::{Image, Images};
use super::reason::Reason;
use super::route::{Led, Route};
use super::rules::{Behind, Does, Rule};
use super::spelling::{Filled, Spelling};
use super::unresolved::Unresolved;
use crate::catalog::{Catalog, ColumnId, Pattern, RelationId, TableId, Template, ViewId};
use crate::change::{Operation, Row, Value};
use crate::rows::Rows;

/// Rows that one event may visit behind relations, for each key that it may delete there: many rows may fill one key.
const VISITS_PER_KEY: usize = 100;

/// One event before its rules.
pub(super) struct Judge<'j, E> {
    pub(super) catalog: &'j Catalog,
    pub(super) rows: &'j Rows,
    pub(super) table: TableId,
    pub(super) operation: Operation,
    pub(super) images: &'j Images<'j>,
    pub(super) spelling: &'j mut Spelling,
    pub(super) unresolved: &'j mut Unresolved,
    pub(super) effects: &'j mut E,
    /// The view whose rows behind relations were walked last.
    pub(super) walked: Option<Walked>,
}

/// What an event's walks of one view came to, over all its rules.
pub(super) struct Walked {
    view: ViewId,
    keys: usize,
    visits: usize,
    /// A key was spelled that the family's pattern does not match.
    odd: bool,
}

impl<'j, E: Effects> Judge<'j, E> {
    /// Whether the change may alter what any of the rules reads.
    pub(super) fn judge(mut self, rules: &'j [Rule]) -> bool {
        let mut is_read = false;
        for rule in rules.iter().filter(|rule| self.images.touch(&rule.reads)) {
            is_read = true;
            match &rule.does {
                Does::DeclaredFamily => self.family(rule, Reason::DeclaredFamily),
                Does::AffectedSets(columns) => self.sets(rule, columns),
                Does::FamilyByPath(_) => self.family(rule, Reason::Path),
                Does::Keys(route) => self.keys(rule, route),
                Does::Behind(behind) => self.behind(rule, behind),
            }
        }
        is_read
    }

    fn keys(&mut self, rule: &'j Rule, route: &Route) {
        let table = self.catalog.table(self.table);
        let own = route.own(self.catalog);
        let alike = |one: Image<'_>, other: Image<'_>| {
            own.iter().all(|column| {
                let value = one.value(table, *column);
                value.is_some() && value == other.value(table, *column)
            })
        };
        let &Images { old, sent, new, .. } = self.images;
        // Most updates leave the holes as they were: one key, spelled and looked up once.
        let stayed = alike(old, new);
        if !stayed {
            self.key(rule, route, old, Reason::OldRow, Reason::UnknownOldRow);
        }
        if !alike(sent, old) && !alike(sent, new) {
            self.key(rule, route, sent, Reason::OldRow, Reason::UnknownOldRow);
        }
        let reason = if stayed { Reason::Row } else { Reason::NewRow };
        self.key(rule, route, new, reason, Reason::UnknownNewRow);
    }

    fn key(&mut self, rule: &'j Rule, route: &Route, image: Image<'_>, reason: Reason, unknown: Reason) {
        let filled = self.fill(rule, route, (self.table, image), unknown);
        let because = self.because(rule);
        if filled.key {
            self.effects.key(rule.view, &self.spelling.key, Why { reason, by: Some(because) });
        }
        if let Some(reason) = filled.doubt {
            self.effects.family(rule.view, Why { reason, by: Some(because) });
        }
    }

    /// Deletes the keys of the rows that lead to this one, or the family if they are too many or not all known.
    fn behind(&mut self, rule: &'j Rule, behind: &Behind) {
        if self.walked.as_ref().is_none_or(|walked| walked.view != rule.view) {
            self.spelling.behind.clear();
            self.walked = Some(Walked { view: rule.view, keys: 0, visits: 0, odd: false });
        }
        let outcome = self.walk_from_row(rule, behind);
        let because = self.because(rule);
        let Some(walked) = &mut self.walked else { return };
        // Where the family goes its keys need not go by themselves, but for those that its pattern does not match.
        if outcome.is_continue() || walked.odd {
            for (view, key) in self.spelling.behind.iter().skip(walked.keys) {
                self.effects.key(view, key, Why { reason: Reason::Behind, by: Some(because) });
            }
        }
        walked.keys = self.spelling.behind.len();
        let odd = walked.odd.then_some(Reason::ColumnType);
        if let Some(reason) = outcome.break_value().or(odd) {
            self.effects.family(rule.view, Why { reason, by: Some(because) });
        }
    }

    fn walk_from_row(&mut self, rule: &'j Rule, behind: &Behind) -> ControlFlow<Reason> {
        let table = self.catalog.table(self.table);
        let key = table.primary_key.first();
        match key.and_then(|key| self.images.key.value(table, *key)) {
            None => ControlFlow::Break(Reason::UnknownOldRow),
            Some(Value::Null | Value::Missing | Value::Unavailable) => {
                ControlFlow::Break(Reason::MissingColumn)
            }
            Some(key) => self.walk(rule, &behind.route, &behind.relations, &key),
        }
    }

    /// Visits the rows that point to the row with this key, by the last of the relations, and so on to the source's own
    /// rows.
    fn walk(
        &mut self,
        rule: &'j Rule,
        route: &Route,
        relations: &[RelationId],
        key: &Value<'_>,
    ) -> ControlFlow<Reason> {
        let Some((last, relations)) = relations.split_last() else { return ControlFlow::Continue(()) };
        let from = self.catalog.relation(*last).from;
        let rows = self.rows;
        let Some(pointing) = rows.pointing(*last, key) else { return ControlFlow::Break(Reason::Incomplete) };
        let limit = self.catalog.view(rule.view).fan_out_limit;
        for kept in pointing {
            if let Some(walked) = &mut self.walked {
                walked.visits += 1;
                if walked.visits > limit.saturating_mul(VISITS_PER_KEY) {
                    return ControlFlow::Break(Reason::FanOut);
                }
            }
            let image = Image::Kept { rows, table: from, kept };
            let table = self.catalog.table(from);
            if relations.is_empty() {
                self.base(rule, route, (from, image))?;
            } else if let Some(key) = table.primary_key.first().and_then(|key| image.value(table, *key)) {
                self.walk(rule, route, relations, &key)?;
            }
            if self.spelling.behind.len() > limit {
                return ControlFlow::Break(Reason::FanOut);
            }
        }
        ControlFlow::Continue(())
    }

    /// Notes the key of a source's own row.
    fn base(&mut self, rule: &'j Rule, route: &Route, row: (TableId, Image<'_>)) -> ControlFlow<Reason> {
        let filled = self.fill(rule, route, row, Reason::UnknownFarRow);
        if filled.key {
            self.spelling.behind.insert(rule.view, &self.spelling.key);
        }
        match filled.doubt {
            None => ControlFlow::Continue(()),
            Some(Reason::ColumnType) if filled.key => {
                if let Some(walked) = &mut self.walked {
                    walked.odd = true;
                }
                ControlFlow::Continue(())
            }
            Some(doubt) => ControlFlow::Break(doubt),
        }
    }

    /// Spells the key that a row fills by this route.
    fn fill(&mut self, rule: &'j Rule, route: &Route, row: (TableId, Image<'_>), unknown: Reason) -> Filled {
        let (table, image) = match route.follow(self.catalog, self.rows, row, unknown) {
            Led::To(table, image) => (table, image),
            Led::Nowhere => return Filled::default(),
            Led::Unseen(table, key) => {
                self.unresolved.note(rule.view, table, &key);
                return Filled::default();
            }
            Led::Doubt(reason) => return Filled { key: false, doubt: Some(reason) },
        };
        let table = self.catalog.table(table);
        let template = self.template(rule.view);
        let filled = self.spelling.fill(template, table, &route.columns, image, unknown);
        if filled.doubt == Some(Reason::ColumnType) {
            self.spelling.wrong_type = Some(rule.view);
        }
        filled
    }

    /// Deletes the family but for the sets that no image of the row affects. If one is not known, every set may be affected.
    fn sets(&mut self, rule: &'j Rule, columns: &[ColumnId]) {
        let table = self.catalog.table(self.table);
        let &Images { old, sent, new, .. } = self.images;
        let mut rows: Vec<Row<'_>> = Vec::with_capacity(3);
        for (image, unknown) in
            [(old, Reason::UnknownOldRow), (sent, Reason::UnknownOldRow), (new, Reason::UnknownNewRow)]
        {
            if matches!(image, Image::Absent) {
                continue;
            }
            let mut row = Vec::with_capacity(columns.len());
            for column in columns {
                row.push(match image.value(table, *column) {
                    None => return self.family(rule, unknown),
                    Some(Value::Missing) => return self.family(rule, Reason::MissingColumn),
                    Some(Value::Unavailable) => return self.family(rule, Reason::UnavailableColumn),
                    Some(value) => value,
                });
            }
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        if rows.is_empty() {
            return self.family(rule, Reason::DeclaredFamily);
        }
        let because = self.because(rule);
        self.effects.affected(rule.view, &rows, Why { reason: Reason::DeclaredFamily, by: Some(because) });
    }

    fn family(&mut self, rule: &'j Rule, reason: Reason) {
        let because = self.because(rule);
        self.effects.family(rule.view, Why { reason, by: Some(because) });
    }

    fn because(&self, rule: &'j Rule) -> Because<'j> {
        let table = self.catalog.table(self.table);
        Because { rule, table, operation: self.operation, images: self.images }
    }

    fn template(&self, view: ViewId) -> &'j Template {
        match &self.catalog.view(view).pattern {
            Pattern::Template(template) => template,
            Pattern::Declared { .. } => unreachable!("only a template has holes to fill"),
        }
    }
}
