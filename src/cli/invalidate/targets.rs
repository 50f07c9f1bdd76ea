use crate::catalog::{Catalog, Parameters, Pattern, View};
use crate::change::Value;
use crate::cli::holes;
use crate::config::suggest;

/// What a command line deletes.
#[derive(Debug)]
pub(super) enum Target<'c> {
    Key(String, &'c View),
    Family(&'c View),
}

/// Reads the command line's words against the catalog; an error holds everything that is wrong with them.
pub(super) fn targets<'c>(
    catalog: &'c Catalog,
    name: &str,
    values: &[String],
    family: bool,
) -> Result<Vec<Target<'c>>, Vec<String>> {
    let views = named(catalog, name).map_err(|wrong| vec![wrong])?;
    if family {
        return if values.is_empty() {
            Ok(views.into_iter().map(Target::Family).collect())
        } else {
            Err(vec![
                "`--family` deletes every key, so it takes no holes; leave out one of the two".to_owned(),
            ])
        };
    }
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for view in views {
        let target = match &view.parameters {
            // Of parameters each may be left out, and without any of them all sets are meant.
            Some(_) if values.is_empty() => Ok(Target::Family(view)),
            Some(parameters) => set(view, parameters, values).map(|key| Target::Key(key, view)),
            None => key(view, values).map(|key| Target::Key(key, view)),
        };
        match target {
            Ok(target) => found.push(target),
            Err(faults) => wrong.extend(faults),
        }
    }
    if wrong.is_empty() {
        Ok(found)
    } else {
        // The views of a group have the same holes, and would say the same.
        wrong.dedup();
        Err(wrong)
    }
}

fn named<'c>(catalog: &'c Catalog, name: &str) -> Result<Vec<&'c View>, String> {
    if let Some(view) = catalog.view_by_name(name) {
        return Ok(vec![catalog.view(view)]);
    }
    if let Some(group) = catalog.group_by_name(name) {
        return Ok(group.views.iter().map(|view| catalog.view(*view)).collect());
    }
    let views = catalog.views.iter().map(|view| view.name.as_str());
    let known = views.chain(catalog.groups.iter().map(|group| group.name.as_str()));
    let remedy = suggest(name, known, "`freshet check --offline` lists what there is");
    Err(format!("there is no view and no group `{name}`; {remedy}"))
}

/// The key of one set of parameters. One that is left out, or empty, is null.
fn set(view: &View, parameters: &Parameters, words: &[String]) -> Result<String, Vec<String>> {
    let mut values: Vec<Option<&str>> = vec![None; parameters.names.len()];
    let mut wrong = Vec::new();
    for word in words {
        let Some((name, value)) = word.split_once('=') else {
            let like = format!("freshet invalidate {} {}=5", view.name, parameters.names[0]);
            wrong.push(format!("`{word}` is no `parameter=value`; write it like `{like}`"));
            continue;
        };
        match parameters.names.iter().position(|known| known == name) {
            None => {
                let remedy = suggest(name, parameters.names.iter().map(String::as_str), "it has others");
                wrong.push(format!("`{}` has no parameter `{name}`; {remedy}", view.name));
            }
            Some(at) if values[at].is_some() => wrong.push(format!("`{name}` is given twice; give it once")),
            Some(at) => values[at] = Some(value),
        }
    }
    let value = |value: Option<&str>| Value::Text(value.unwrap_or_default().to_owned().into());
    let set: Vec<Value<'_>> = values.into_iter().map(value).collect();
    if wrong.is_empty() { Ok(parameters.key.spell(&set)) } else { Err(wrong) }
}

fn key(view: &View, words: &[String]) -> Result<String, Vec<String>> {
    let Pattern::Template(template) = &view.pattern else {
        let (name, pattern) = (&view.name, view.pattern.text());
        return Err(vec![format!(
            "`{name}` is a declared family without holes; `freshet invalidate {name} --family` deletes `{pattern}`"
        )]);
    };
    holes::key(view, template, words, ("invalidate", ", or `--family` for every key"))
}
