//! Deletes keys by hand, in the words of the configuration: a view or a group, and what fills its holes.

mod targets;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::iter;

use clap::Args;
use redis::RedisResult;
use redis::aio::MultiplexedConnection;

use super::{Failure, plain, runtime};
use crate::config::Settings;
use crate::redis::{Along, connect_once, delete, delete_family};
use targets::{Target, targets};

/// Delete a view's key or its whole family by hand
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  freshet invalidate shop_stats shop_id=5         one key
  freshet invalidate shop shop_id=5               that key of each view of the group `shop`
  freshet invalidate shop_stats --family          every key of the view
  freshet invalidate dashboard --family           a declared family, such as `dashboard:*`
  freshet invalidate report shop_id=5             of readers' parameters one set; others are null
  freshet invalidate report                       every set

Exit codes: 0 done, whether or not the keys existed, 1 Redis failed, 64 the command line is wrong.")]
pub(super) struct Invalidate {
    /// A view, or a group under `invalidate`
    #[arg(value_name = "VIEW|GROUP")]
    name: String,
    /// What fills each hole of the key, or a set of parameters
    #[arg(value_name = "HOLE=VALUE")]
    values: Vec<String>,
    /// Delete every key of the view, or of each view of the group
    #[arg(long)]
    family: bool,
}

impl Invalidate {
    pub(super) fn execute(&self, settings: &Settings) -> Result<(), Failure> {
        let targets = targets(&settings.catalog, &self.name, &self.values, self.family).map_err(|wrong| {
            Failure::Usage(
                wrong.iter().map(|wrong| format!("freshet: {wrong}")).collect::<Vec<_>>().join("\n"),
            )
        })?;
        let url = &settings.redis.url;
        runtime()?.block_on(async {
            let failed = |error| Failure::Failed(format!("Redis at {url} failed: {error}"));
            let mut redis = connect_once(url).await.map_err(failed)?;
            for target in &targets {
                let done = target.delete(&mut redis).await.map_err(failed)?;
                writeln!(io::stdout(), "{done}").map_err(|error| Failure::of(&error))?;
            }
            Ok(())
        })
    }
}

impl Target<'_> {
    /// What was done, for a person.
    async fn delete(&self, redis: &mut MultiplexedConnection) -> RedisResult<String> {
        match self {
            Self::Key(key, view) => {
                let named = (key.as_bytes(), Along::of_key(view));
                let deleted = delete(redis, iter::once(named)).await?;
                let what = if deleted.keys == 0 { "not there" } else { "deleted" };
                Ok(format!("{what:<9}  {}", plain(key)))
            }
            Self::Family(view) => {
                let number = delete_family(redis, view).await?.keys;
                let s = if number == 1 { "" } else { "s" };
                Ok(format!("deleted    {number} key{s} of {}", plain(&view.pattern.text())))
            }
        }
    }
}
