//! Where events go that cannot be decoded.

use super::Context;
use super::tables::{Tables, topic_name};
use crate::config::problem::Fault;
use crate::config::raw;
use crate::config::settings::DeadLetters;

const TOPIC: &str = "/dead_letters/topic";

/// `Some(None)` where the section is not given.
#[expect(clippy::option_option, reason = "the outer one is of every part: it has a mistake")]
pub(super) fn read(context: &mut Context<'_>, tables: &Tables) -> Option<Option<DeadLetters>> {
    if context.shape.value.get("dead_letters").is_none() {
        return Some(None);
    }
    let raw: raw::DeadLetters = context.one("/dead_letters")?;
    if let Err(fault) = topic_name(&raw.topic) {
        context.value(TOPIC, fault);
    } else if let Some(table) = tables.found.iter().find(|table| table.topic == raw.topic) {
        let what = format!("the topic `{}` is that of table `{}`", raw.topic, table.name);
        let fault = Fault::new(what, "name a topic that no table reads: freshet would read its own letters");
        // Where the topic is a default there is no place of it.
        if context.shape.value.pointer(TOPIC).is_some() {
            context.value(TOPIC, fault);
        } else {
            context.name("/dead_letters", fault);
        }
    }
    Some(Some(DeadLetters { topic: raw.topic, max_per_minute: raw.max_per_minute }))
}
