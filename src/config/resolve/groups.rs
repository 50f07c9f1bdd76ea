//! Groups of views that are invalidated together by hand.

use std::collections::BTreeSet;

use super::{Context, Part};
use crate::catalog::{Group, Pattern, View, ViewId};
use crate::config::document::child;
use crate::config::problem::{Fault, suggest};

pub(super) fn read(context: &mut Context<'_>, views: &[Part<View>]) -> Vec<Group> {
    let parts = context.parts::<Vec<String>>("invalidate", "a group");
    parts.into_iter().filter_map(|part| group(context, views, part)).collect()
}

fn group(context: &mut Context<'_>, views: &[Part<View>], part: Part<Vec<String>>) -> Option<Group> {
    let names = part.content?;
    if views.iter().any(|view| view.name == part.name) {
        let fault =
            Fault::new(format!("`{}` is the name of a view too", part.name), "give the group another name");
        context.name(&part.pointer, fault);
    }
    if names.is_empty() {
        context.name(&part.pointer, Fault::new("the group is empty", "name at least one view, or remove it"));
    }
    let mut members: Vec<usize> = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let pointer = child(&part.pointer, index);
        match views.iter().position(|view| view.name == *name) {
            None => {
                let known = views.iter().map(|view| view.name.as_str());
                let remedy = suggest(name, known, "define it under `views`, or name one that is");
                context.value(&pointer, Fault::new(format!("there is no view `{name}`"), remedy));
            }
            Some(view) if members.contains(&view) => {
                context.value(&pointer, Fault::new(format!("`{name}` stands twice"), "name it once"));
            }
            Some(view) => {
                if let Some(first) = members.first()
                    && let Some(fault) = differ(&views[*first], &views[view])
                {
                    context.value(&pointer, fault);
                }
                members.push(view);
            }
        }
    }
    Some(Group { name: part.name, views: members.into_iter().map(ViewId::from_index).collect() })
}

/// One set of values is given for the whole group, so all its views must have the same holes.
fn differ(first: &Part<View>, other: &Part<View>) -> Option<Fault> {
    let (a, b) = (holes(first.content.as_ref()?), holes(other.content.as_ref()?));
    (a != b).then(|| {
        Fault::new(
            format!("`{}` has {} and `{}` has {}", first.name, listed(&a), other.name, listed(&b)),
            "name views with the same holes",
        )
    })
}

fn holes(view: &View) -> BTreeSet<&str> {
    match &view.pattern {
        Pattern::Template(template) => template.holes().iter().map(|hole| hole.name.as_str()).collect(),
        Pattern::Declared { .. } => {
            let parameters = view.parameters.iter().flat_map(|parameters| &parameters.names);
            parameters.map(String::as_str).collect()
        }
    }
}

fn listed(holes: &BTreeSet<&str>) -> String {
    let all: Vec<String> = holes.iter().map(|hole| format!("`{{{hole}}}`")).collect();
    match all.as_slice() {
        [] => "no hole".to_owned(),
        [hole] => format!("the hole {hole}"),
        _ => format!("the holes {}", all.join(", ")),
    }
}
