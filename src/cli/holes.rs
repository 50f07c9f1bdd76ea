//! A key by what fills its holes, as a command line says it: `shop_id=5`.

use crate::catalog::{ColumnType, Hole, Template, View};
use crate::config::suggest;

/// A command's name, and what else it takes.
pub(super) type Command = (&'static str, &'static str);

/// The key on the wire; an error holds everything that is wrong with the words.
pub(super) fn key(
    view: &View,
    template: &Template,
    words: &[String],
    command: Command,
) -> Result<String, Vec<String>> {
    let holes = template.holes();
    let mut values: Vec<Option<&str>> = vec![None; holes.len()];
    let mut wrong = Vec::new();
    for word in words {
        let Some((name, value)) = word.split_once('=') else {
            wrong.push(format!("`{word}` is no `hole=value`; {}", example(view, command)));
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
        wrong.push(format!(
            "nothing fills {} of `{}`; {}",
            missing.join(", "),
            view.name,
            example(view, command)
        ));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut key = String::new();
    template.render(&mut key, |hole, out| out.push_str(values[hole].unwrap_or_default()));
    Ok(key)
}

/// A command line that would do: ``write it like `freshet invalidate shop_stats shop_id=5` ``.
fn example(view: &View, (command, otherwise): Command) -> String {
    let fill = |hole: &Hole| {
        let value = if hole.r#type == ColumnType::Text { "abc" } else { "5" };
        format!(" {}={value}", hole.name)
    };
    let holes: String = view.pattern.holes().iter().map(fill).collect();
    format!("write it like `freshet {command} {}{holes}`{otherwise}", view.name)
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
