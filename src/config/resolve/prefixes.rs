//! No key may belong to two views.

use super::{Context, Part};
use crate::catalog::{Pattern, View};
use crate::config::document::child;
use crate::config::problem::Fault;

/// What the names of leases and of other keys that readers and freshet share begin with.
const OURS: &str = "freshet:";

pub(super) fn check(context: &mut Context<'_>, views: &[Part<View>]) {
    let mut sorted: Vec<(&str, usize)> = views
        .iter()
        .enumerate()
        .filter_map(|(index, part)| Some((prefix(&part.content.as_ref()?.pattern), index)))
        .collect();
    for (prefix, index) in &sorted {
        if prefix.starts_with(OURS) || OURS.starts_with(prefix) {
            let fault = Fault::new(
                format!("names that begin with `{OURS}` are freshet's own, such as those of leases"),
                "choose another prefix",
            );
            let part = &views[*index];
            if let Some(view) = &part.content {
                context.value(&setting(part, view), fault);
            }
        }
    }
    sorted.sort_unstable();
    // Sorted, the names that begin with a prefix follow it without a gap.
    let mut outer: Vec<(&str, usize)> = Vec::new();
    for (prefix, index) in sorted {
        while outer.last().is_some_and(|(outer, _)| !prefix.starts_with(outer)) {
            outer.pop();
        }
        if let Some((_, other)) = outer.last() {
            let (first, second) = (index.min(*other), index.max(*other));
            report(context, &views[first], &views[second]);
        }
        outer.push((prefix, index));
    }
}

fn report(context: &mut Context<'_>, first: &Part<View>, second: &Part<View>) {
    let (Some(a), Some(b)) = (&first.content, &second.content) else { return };
    let (ours, other) = (prefix(&b.pattern), prefix(&a.pattern));
    let fault = if shape(&a.pattern) == shape(&b.pattern) {
        Fault::new(
            format!("this names the same keys as view `{}`", first.name),
            "make one view of them, with the tables of both under `from`",
        )
    } else {
        let what = if ours == other {
            format!("the prefix `{ours}` is that of view `{}` too", first.name)
        } else if ours.starts_with(other) {
            format!("the prefix `{ours}` begins with that of view `{}`, `{other}`", first.name)
        } else {
            format!("the prefix of view `{}`, `{other}`, begins with this one, `{ours}`", first.name)
        };
        Fault::new(what, "choose prefixes of which neither begins with the other")
    };
    context.value(&setting(second, b), fault);
}

/// The place of what spells the view's names.
fn setting(part: &Part<View>, view: &View) -> String {
    let name = match view.pattern {
        Pattern::Template(_) => "key",
        Pattern::Declared { .. } => "family",
    };
    child(&part.pointer, name)
}

fn prefix(pattern: &Pattern) -> &str {
    match pattern {
        Pattern::Template(template) => template.prefix(),
        Pattern::Declared { prefix } => prefix,
    }
}

/// The names that match, whatever the holes are called.
fn shape(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Declared { prefix } => format!("{prefix}*"),
        Pattern::Template(template) => {
            let mut shape = String::new();
            template.render(&mut shape, |hole, out| {
                out.push('\0');
                out.push_str(&template.holes()[hole].r#type.to_string());
            });
            shape
        }
    }
}
