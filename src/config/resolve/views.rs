//! Views: which keys, from which tables, by which columns.

use std::iter;
use std::time::Duration;

use super::fills::fill_of;
use super::paths::{Target, Unresolved};
use super::tables::Tables;
use super::values::Written;
use super::{Context, Part, pattern, prefixes};
use crate::catalog::{Affects, ColumnId, Fill, KeyFormat, Pattern, Reads, Source, TableId, View};
use crate::config::document::child;
use crate::config::problem::Fault;
use crate::config::raw;

/// A second delete later than this serves no reader, and each restart would repeat what happened since. A hold as long
/// would leave the database to itself.
const LONGEST_SETTLE: Duration = Duration::from_mins(1);

/// The views, and beside each how its values are computed, if they are.
pub(super) fn read(
    context: &mut Context<'_>,
    tables: &mut Tables,
    format: &KeyFormat,
) -> (Vec<Part<View>>, Vec<Option<Written>>) {
    let parts = context.parts::<raw::View>("views", "a view");
    if context.is_empty("views") {
        context.name("/views", Fault::new("no view is defined", "define one: `name: { key: …, from: … }`"));
    }
    let (views, written): (Vec<Part<View>>, Vec<_>) = parts
        .into_iter()
        .map(|part| {
            let read = part.content.and_then(|raw| {
                Reader { context, tables, format, name: &part.name, pointer: &part.pointer }.view(&raw)
            });
            let (content, written) = read.map_or((None, None), |(view, written)| (Some(view), written));
            (Part { name: part.name, pointer: part.pointer, content }, written)
        })
        .unzip();
    prefixes::check(context, &views);
    (views, written)
}

pub(super) struct Reader<'r, 'c> {
    pub context: &'r mut Context<'c>,
    pub tables: &'r mut Tables,
    pub format: &'r KeyFormat,
    pub name: &'r str,
    pub pointer: &'r str,
}

/// A table of `from`, with the place of what is said about it.
pub(super) struct Feed<'r> {
    pub table: TableId,
    pub pointer: String,
    pub source: Option<&'r raw::Source>,
}

impl Reader<'_, '_> {
    fn view(&mut self, raw: &raw::View) -> Option<(View, Option<Written>)> {
        let feeds = self.feeds(&raw.from);
        let ttl = raw.ttl.as_deref().and_then(|text| self.ttl(text));
        let settle = raw.settle.as_deref().and_then(|text| self.settle(text));
        let hold = raw.hold.as_deref().and_then(|text| self.hold(text));
        if settle.is_some() && hold.is_some() {
            let fault = Fault::new(
                "a `hold` beside a `settle` protects nobody: what a reader fills from a replica before the second delete goes with it",
                "keep `hold` if all readers use leases, else `settle`, longer than the replica lags",
            );
            self.context.name(&child(self.pointer, "hold"), fault);
        }
        let warm = self.warm(raw, ttl);
        let pattern = self.pattern(raw, &feeds);
        let refill = self.refill(raw, ttl, pattern.as_ref());
        let parameters = self.parameters(raw, pattern.as_ref(), &feeds);
        let affects = parameters.as_ref().ok().and_then(|parameters| parameters.as_ref()?.affects.as_ref());
        let (sources, computed, written) = if let Some(value) = &raw.value {
            let template = pattern.as_ref().and_then(|pattern| match pattern {
                Pattern::Template(template) => Some(template),
                Pattern::Declared { .. } => None,
            });
            // The value is computed from the first table's rows; those of the others may alter it all the same.
            let first = self.first(&feeds)?;
            let (base, others): (Vec<_>, Vec<_>) = feeds.iter().partition(|feed| feed.table == first);
            let (source, computed, written) = self.computed(raw, value, base.first()?, template)?;
            let others = self.sources(&others, pattern.as_ref(), None)?;
            (iter::once(source).chain(others).collect(), Some(computed), Some(written))
        } else {
            let all: Vec<_> = feeds.iter().collect();
            (self.sources(&all, pattern.as_ref(), affects)?, None, None)
        };
        let view = View {
            name: self.name.to_owned(),
            pattern: pattern?,
            parameters: parameters.ok()?,
            sources,
            computed,
            warm,
            refill: refill.ok()?,
            ttl,
            settle,
            hold,
            fan_out_limit: raw.fan_out_limit,
            digest: 0,
        };
        Some((view, written))
    }

    /// What the view takes from each table, as `fill` and `reads` say.
    fn sources(
        &mut self,
        feeds: &[&Feed<'_>],
        pattern: Option<&Pattern>,
        affects: Option<&Affects>,
    ) -> Option<Vec<Source>> {
        let mut sources = Vec::with_capacity(feeds.len());
        for feed in feeds {
            let fills = match pattern {
                Some(Pattern::Template(template)) => self.fills(template, feed),
                Some(Pattern::Declared { .. }) => self.no_fills(feed),
                None => self.targets_only(feed),
            };
            let reads = self.reads(feed, fills.as_deref().unwrap_or_default());
            sources.push(fills.zip(reads).map(|(fills, (mut reads, read_paths))| {
                // A row that moves from one set to another changes both.
                if let Some(affects) = affects.filter(|affects| affects.table == feed.table) {
                    reads.join(&Reads::Columns(affects.columns.clone()));
                }
                Source { table: feed.table, fills, reads, read_paths }
            }));
        }
        sources.into_iter().collect()
    }

    /// The tables that exist.
    fn feeds<'r>(&mut self, from: &'r raw::From) -> Vec<Feed<'r>> {
        let pointer = child(self.pointer, "from");
        let mentions: Vec<(&str, String, Option<&raw::Source>)> = match from {
            raw::From::One(name) => vec![(name.as_str(), pointer.clone(), None)],
            raw::From::Many(names) => names
                .iter()
                .enumerate()
                .map(|(index, name)| (name.as_str(), child(&pointer, index), None))
                .collect(),
            raw::From::Each(sources) => sources
                .iter()
                .map(|(name, source)| (name.as_str(), child(&pointer, name), source.as_ref()))
                .collect(),
        };
        if mentions.is_empty() {
            let fault = Fault::new("the view is computed from no table", "name at least one");
            self.context.name(&pointer, fault);
        }
        let mut feeds: Vec<Feed<'r>> = Vec::with_capacity(mentions.len());
        for (name, pointer, source) in mentions {
            let known = self.tables.known(self.context, name, |context, fault| context.name(&pointer, fault));
            match known {
                None => {}
                Some(table) if feeds.iter().any(|feed| feed.table == table) => {
                    self.context
                        .value(&pointer, Fault::new(format!("`{name}` stands twice"), "name it once"));
                }
                Some(table) => feeds.push(Feed { table, pointer, source }),
            }
        }
        feeds
    }

    fn ttl(&mut self, text: &str) -> Option<Duration> {
        let remedy = "write it like `5m`, `300s` or `1h30m`";
        self.duration("ttl", text, remedy, |ttl| {
            ttl.is_zero().then_some("a value that lives no time is not cached")
        })
    }

    fn settle(&mut self, text: &str) -> Option<Duration> {
        let remedy = "write it like `500ms` or `1s`";
        self.duration("settle", text, remedy, |settle| {
            if settle.is_zero() {
                Some("a second delete at once comes before the value that it is for")
            } else if settle > LONGEST_SETTLE {
                Some(
                    "the second delete is for a value that was read before a change and stored after the first delete, and \
                     no offset is committed before it; more than `1m` is refused",
                )
            } else {
                None
            }
        })
    }

    fn hold(&mut self, text: &str) -> Option<Duration> {
        let remedy = "write it like `500ms` or `1s`";
        self.duration("hold", text, remedy, |hold| {
            if hold < Duration::from_millis(1) {
                Some("Redis counts in milliseconds, so that less than `1ms` holds nothing")
            } else if hold > LONGEST_SETTLE {
                Some("nobody stores what was deleted for as long; more than `1m` is refused")
            } else {
                None
            }
        })
    }

    /// A duration, unless `wrong` says what is wrong with it.
    fn duration(
        &mut self,
        name: &str,
        text: &str,
        remedy: &str,
        wrong: impl Fn(Duration) -> Option<&'static str>,
    ) -> Option<Duration> {
        let fault = match humantime::parse_duration(text).map(|duration| (duration, wrong(duration))) {
            Ok((duration, None)) => return Some(duration),
            Ok((_, Some(wrong))) => Fault::new(wrong, remedy),
            Err(error) => Fault::new(format!("`{text}` is no duration: {error}"), remedy),
        };
        self.context.value(&child(self.pointer, name), fault);
        None
    }

    fn pattern(&mut self, raw: &raw::View, feeds: &[Feed<'_>]) -> Option<Pattern> {
        let (pointer, pattern) = match (&raw.key, &raw.family) {
            (Some(key), None) => {
                let tables = &*self.tables;
                let type_of = |hole: &str| {
                    let filled =
                        |feed: &Feed<'_>| Target::find(tables, feed.table, fill_of(feed, hole)?).ok();
                    feeds
                        .iter()
                        .filter_map(filled)
                        .find_map(|target| target.r#type(tables))
                        .unwrap_or_default()
                };
                (child(self.pointer, "key"), pattern::template(key, self.format, type_of))
            }
            // A key beside a family is that of readers' parameters, and narrows nothing.
            (_, Some(family)) => (child(self.pointer, "family"), pattern::family(family, self.format)),
            (None, None) => {
                let written = |name| self.context.shape.value.pointer(&child(self.pointer, name)).is_some();
                if !self.context.is_misspelled(self.pointer) && !written("key") && !written("family") {
                    let fault = Fault::new(
                        "the view has neither `key` nor `family`",
                        "add a `key` with holes, such as `name:{id}`, or a `family`, such as `name:*`",
                    );
                    self.context.name(self.pointer, fault);
                }
                return None;
            }
        };
        match pattern {
            Ok(pattern) => Some(pattern),
            Err(fault) => {
                self.context.value(&pointer, fault);
                None
            }
        }
    }

    /// What the value depends on: columns of the row itself, and paths.
    fn reads(&mut self, feed: &Feed<'_>, fills: &[Fill]) -> Option<(Reads, Vec<crate::catalog::Path>)> {
        let Some(reads) = feed.source.and_then(|source| source.reads.as_ref()) else {
            return Some((Reads::All, Vec::new()));
        };
        let pointer = child(&feed.pointer, "reads");
        let mut columns: Vec<ColumnId> = fills
            .iter()
            .map(|fill| match fill {
                Fill::Column(column) => *column,
                Fill::Path(path) => path.link(&self.tables.followed),
            })
            .collect();
        let (mut paths, mut complete) = (Vec::new(), true);
        for (index, text) in reads.iter().enumerate() {
            let pointer = child(&pointer, index);
            if reads[..index].contains(text) {
                self.context.value(&pointer, Fault::new(format!("`{text}` stands twice"), "name it once"));
            }
            match self.target(feed.table, text, &pointer).map(|target| target.path(self.tables)) {
                Some(Ok(path)) => {
                    columns.push(path.link(&self.tables.followed));
                    paths.push(path);
                }
                Some(Err(column)) => columns.push(column),
                None => complete = false,
            }
        }
        columns.sort_unstable();
        columns.dedup();
        complete.then_some((Reads::Columns(columns), paths))
    }

    pub(super) fn target(&mut self, table: TableId, text: &str, pointer: &str) -> Option<Target> {
        match Target::find(self.tables, table, text) {
            Ok(target) => Some(target),
            Err(Unresolved::Elsewhere) => None,
            Err(Unresolved::Fault(fault)) => {
                self.context.value(pointer, fault);
                None
            }
        }
    }
}
