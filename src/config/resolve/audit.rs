//! What `freshet run` audits by itself.

use std::time::Duration;

use super::Context;
use crate::config::problem::Fault;
use crate::config::raw;
use crate::config::settings::Audit;

/// More often, an audit is a load of its own.
const LEAST: Duration = Duration::from_secs(10);
const REMEDY: &str = "write it like `every: 10m`";

/// `Some(None)` where the section is not given. `database`: whether there is one to compare with.
#[expect(clippy::option_option, reason = "the outer one is of every part: it has a mistake")]
pub(super) fn read(context: &mut Context<'_>, database: bool) -> Option<Option<Audit>> {
    if context.shape.value.get("audit").is_none() {
        return Some(None);
    }
    if !database {
        let fault = Fault::new(
            "an audit compares with the database, of which nothing is said",
            "add `database: { url: \"${DATABASE_URL}\" }`, or remove `audit`",
        );
        context.name("/audit", fault);
    }
    let raw: raw::Audit = context.one("/audit")?;
    let fault = match humantime::parse_duration(&raw.every) {
        Ok(every) if every >= LEAST => return Some(Some(Audit { every, sample: raw.sample })),
        Ok(_) => Fault::new("less than `10s` is refused", REMEDY),
        Err(error) => Fault::new(format!("`{}` is no duration: {error}", raw.every), REMEDY),
    };
    context.value("/audit/every", fault);
    None
}
