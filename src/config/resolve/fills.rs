//! Which column or path fills each hole of a view's key.

use super::paths::Target;
use super::views::{Feed, Reader};
use crate::catalog::{Fill, Template};
use crate::config::document::child;
use crate::config::problem::{Fault, suggest};

impl Reader<'_, '_> {
    /// Without a pattern nothing can be filled, but what is said can be checked.
    pub(super) fn targets_only(&mut self, feed: &Feed<'_>) -> Option<Vec<Fill>> {
        let pointer = child(&feed.pointer, "fill");
        for (hole, text) in feed.source.and_then(|source| source.fill.as_ref()).into_iter().flatten() {
            self.target(feed.table, text, &child(&pointer, hole));
        }
        None
    }

    pub(super) fn no_fills(&mut self, feed: &Feed<'_>) -> Option<Vec<Fill>> {
        if feed.source.is_some_and(|source| source.fill.is_some()) {
            let fault = Fault::new("a family has no holes to fill", "remove it, or use a `key` with holes");
            self.context.name(&child(&feed.pointer, "fill"), fault);
            return None;
        }
        Some(Vec::new())
    }

    pub(super) fn fills(&mut self, template: &Template, feed: &Feed<'_>) -> Option<Vec<Fill>> {
        let fill = feed.source.and_then(|source| source.fill.as_ref());
        let pointer = if fill.is_some() { child(&feed.pointer, "fill") } else { feed.pointer.clone() };
        for name in fill.into_iter().flatten().map(|(name, _)| name) {
            if !template.holes().iter().any(|hole| hole.name == *name) {
                let holes = template.holes().iter().map(|hole| hole.name.as_str());
                let remedy = suggest(name, holes, "name a hole that the key has");
                let fault = Fault::new(format!("the key has no hole `{{{name}}}`"), remedy);
                self.context.name(&child(&pointer, name), fault);
            }
        }
        let mut targets = Vec::with_capacity(template.holes().len());
        for hole in template.holes() {
            let name = &hole.name;
            let pointer = if fill.is_some() { child(&pointer, name) } else { pointer.clone() };
            let Some(text) = fill_of(feed, name) else {
                let fault = Fault::new(
                    format!("nothing fills the hole `{{{name}}}` from `{}`", self.tables.name(feed.table)),
                    format!("add `{name}: column`"),
                );
                self.context.name(&child(&feed.pointer, "fill"), fault);
                targets.push(None);
                continue;
            };
            let target = self.target(feed.table, text, &pointer);
            if let Some(r#type) = target.as_ref().and_then(|target| target.r#type(self.tables))
                && r#type != hole.r#type
            {
                let fault = Fault::new(
                    format!(
                        "`{text}` is of type {type} and fills the hole `{{{name}}}`, which another table fills with {}",
                        hole.r#type
                    ),
                    "give both columns one type under the `columns` of their tables",
                );
                self.context.value(&pointer, fault);
            }
            targets.push(target);
        }
        let targets: Vec<Target> = targets.into_iter().collect::<Option<_>>()?;
        self.one_way(&targets, &pointer);
        Some(targets.iter().map(|target| target.fill(self.tables)).collect())
    }

    /// All holes in the base row, or all behind one path: of two rows that fill one key together, neither is known to
    /// be the right partner when the other changes.
    fn one_way(&mut self, targets: &[Target], pointer: &str) {
        let named = |target: &Target| match target.way() {
            "" => "the row itself".to_owned(),
            way => format!("`{way}`"),
        };
        let Some((first, others)) = targets.split_first() else { return };
        if let Some(other) = others.iter().find(|other| other.way() != first.way()) {
            let fault = Fault::new(
                format!(
                    "the holes are filled partly from {} and partly from {}, which cannot be kept true",
                    named(first),
                    named(other)
                ),
                "fill all of them from one row, or use a `family` instead of a `key`",
            );
            self.context.name(pointer, fault);
        }
    }
}

/// What fills a hole: what `fill` says, or without `fill` the column of that name.
pub(super) fn fill_of<'a>(feed: &Feed<'a>, hole: &'a str) -> Option<&'a str> {
    match feed.source.and_then(|source| source.fill.as_ref()) {
        Some(fill) => fill.get(hole).map(String::as_str),
        None => Some(hole),
    }
}
