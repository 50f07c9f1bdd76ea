//! Views whose values the database is asked for.

use std::time::Duration;

use super::parameters::Reported;
use super::views::Reader;
use crate::catalog::{Pattern, Refill};
use crate::config::document::child;
use crate::config::problem::{Fault, suggest};
use crate::config::raw;
use crate::database::Statement;

impl Reader<'_, '_> {
    /// What the database is asked, if it is. An error means that there is a mistake, which was reported.
    pub(super) fn refill(
        &mut self,
        raw: &raw::View,
        ttl: Option<Duration>,
        pattern: Option<&Pattern>,
    ) -> Result<Option<Refill>, Reported> {
        let Some(raw::Warm::Asked(raw::Asked { sql: file })) = &raw.warm else { return Ok(None) };
        let ttl = self.lives(raw, ttl);
        let pointer = child(&child(self.pointer, "warm"), "sql");
        if self.context.shape.value.get("database").is_none() {
            let fault = Fault::new("there is no `database` to ask", "add `database: { url: … }`");
            self.context.name(&pointer, fault);
        }
        if matches!(pattern, Some(Pattern::Declared { .. })) {
            let fault = Fault::new(
                "no row tells the keys of a family, so there is nothing to ask for",
                "use a `key` with holes, or remove `warm`",
            );
            self.context.name(&pointer, fault);
        }
        let statement = self.statement(file).map_err(|fault| self.context.value(&pointer, fault));
        let (Some(Pattern::Template(template)), Ok(statement)) = (pattern, statement) else {
            return Err(Reported);
        };
        let mut holes = Vec::with_capacity(statement.parameters.len());
        for name in &statement.parameters {
            let known = template.holes();
            let Some(hole) = known.iter().position(|hole| hole.name == *name) else {
                let known: Vec<_> = known.iter().map(|hole| format!(":{}", hole.name)).collect();
                let known = known.iter().map(String::as_str);
                let remedy = suggest(&format!(":{name}"), known, "name one that it has");
                let fault = Fault::new(format!("the key has no hole for the parameter `:{name}`"), remedy);
                self.context.value(&pointer, fault);
                return Err(Reported);
            };
            holes.push(hole);
        }
        let ttl = ttl.ok_or(Reported)?;
        Ok(Some(Refill { ttl, file: file.clone(), sql: statement.text, holes }))
    }

    fn statement(&self, file: &str) -> Result<Statement, Fault> {
        let text = std::fs::read_to_string(self.context.folder.join(file)).map_err(|error| {
            Fault::new(format!("the file `{file}` cannot be read: {error}"), "name a file that can")
        })?;
        Statement::parse(&text).map_err(|error| Fault::of(&error))
    }
}
