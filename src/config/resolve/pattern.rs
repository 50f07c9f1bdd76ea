//! Which names belong to a view: `key` or `family`.

use crate::catalog::{ColumnType, KeyFormat, Pattern, Template};
use crate::config::problem::Fault;

pub(super) fn template(
    text: &str,
    format: &KeyFormat,
    type_of: impl FnMut(&str) -> ColumnType,
) -> Result<Pattern, Fault> {
    Template::parse(text, format, type_of).map(Pattern::Template).map_err(|error| Fault::of(&error))
}

pub(super) fn family(text: &str, format: &KeyFormat) -> Result<Pattern, Fault> {
    let Some(prefix) = text.strip_suffix('*') else {
        return Err(Fault::new(
            format!("the family `{text}` does not end in `*`"),
            "write a prefix and `*`: `name:*`",
        ));
    };
    if prefix.is_empty() {
        return Err(Fault::new(
            "`*` alone would delete every key there is",
            "write a prefix and `*`: `name:*`",
        ));
    }
    if let Some(glob) = prefix.chars().find(|c| matches!(c, '*' | '?' | '[' | ']' | '\\')) {
        return Err(Fault::new(
            format!("`{glob}` stands before the end of `{text}`, and a family is a prefix, not a pattern"),
            "write a prefix without `*`, `?`, `[`, `]` and `\\`, and one `*` at its end",
        ));
    }
    let literal = prefix.replace("{{", "").replace("}}", "");
    if literal.contains(['{', '}']) {
        return Err(Fault::new(
            format!("`{text}` has a brace, and a family has no holes"),
            "use `key` for a template; a literal brace is doubled: `{{` or `}}`",
        ));
    }
    let prefix = prefix.replace("{{", "{").replace("}}", "}");
    Ok(Pattern::Declared { prefix: format!("{}{prefix}", format.prefix) })
}
