use crate::catalog::{Catalog, ColumnType, Hole, Parameters, Pattern, View};
use crate::change::Value;
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
    let holes = template.holes();
    let mut values: Vec<Option<&str>> = vec![None; holes.len()];
    let mut wrong = Vec::new();
    for word in words {
        let Some((name, value)) = word.split_once('=') else {
            wrong.push(format!("`{word}` is no `hole=value`; {}", example(view)));
            continue;
        };
        match holes.iter().position(|hole| hole.name == name) {
            None => {
                let known = holes.iter().map(|hole| hole.name.as_str());
                let remedy = suggest(name, known, "it has others");
                wrong.push(format!("`{}` has no hole `{name}`; {remedy}", view.name));
            }
            Some(at) if values[at].is_some() => {
                wrong.push(format!("`{name}` is given twice; give it once"));
            }
            Some(at) => {
                if !is_of(value, holes[at].r#type) {
                    wrong.push(format!(
                        "`{word}`: the hole takes an integer, in digits as the database prints it"
                    ));
                }
                values[at] = Some(value);
            }
        }
    }
    let missing: Vec<String> = holes
        .iter()
        .zip(&values)
        .filter(|(_, value)| value.is_none())
        .map(|(hole, _)| format!("`{}`", hole.name))
        .collect();
    // A misspelled hole is missing too, and says so once.
    if !missing.is_empty() && wrong.is_empty() {
        wrong.push(format!("nothing fills {} of `{}`; {}", missing.join(", "), view.name, example(view)));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut key = String::new();
    template.render(&mut key, |hole, out| out.push_str(values[hole].unwrap_or_default()));
    Ok(key)
}

/// A command line that would do: ``write `freshet invalidate shop_stats shop_id=5` ``.
fn example(view: &View) -> String {
    let fill = |hole: &Hole| {
        let value = if hole.r#type == ColumnType::Text { "abc" } else { "5" };
        format!(" {}={value}", hole.name)
    };
    let holes: String = view.pattern.holes().iter().map(fill).collect();
    format!("write it like `freshet invalidate {}{holes}`, or `--family` for every key", view.name)
}

/// Whether a value can stand in a key: an integer of another spelling (`+5`, `007`) is in no key.
fn is_of(value: &str, r#type: ColumnType) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    match r#type {
        ColumnType::Any | ColumnType::Text | ColumnType::Boolean | ColumnType::Float => true,
        ColumnType::Integer => {
            digits.bytes().all(|byte| byte.is_ascii_digit())
                && !digits.is_empty()
                && (digits == value || digits != "0")
                && (digits.len() == 1 || !digits.starts_with('0'))
        }
    }
}
