//! `${NAME}`, `${NAME:-default}` and `${file:/path}` in one scalar.

use std::ops::Range;

use super::Environment;
use super::problem::Fault;

/// A scalar's text, and which parts of it did not come from the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub text: String,
    pub outside: Vec<Range<usize>>,
}

impl Text {
    /// Whether `range` came from the environment or a file as a whole, so that it may be a secret.
    pub(super) fn is_outside(&self, range: &Range<usize>) -> bool {
        let mut at = range.start;
        for part in &self.outside {
            if part.start <= at && at < part.end {
                at = part.end;
            }
        }
        at >= range.end
    }
}

/// Fills in what stands in `${…}`. This happens after the YAML was read, so that a value cannot change its structure.
/// All that cannot be filled in is returned as faults.
pub(super) fn interpolate(source: &str, env: Environment<'_>) -> (Text, Vec<Fault>) {
    let mut out = Text::default();
    let mut faults = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find("${") {
        if let Some(before) = rest[..at].strip_suffix('$') {
            out.text.push_str(before);
            out.text.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        out.text.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('}').map(|end| at + end) else {
            faults.push(Fault::new("`${` has no `}`", "close it, or write `$${` for a literal `${`"));
            return (out, faults);
        };
        match fill(&rest[at + 2..end], env) {
            Ok(Filled::Outside(value)) => {
                let start = out.text.len();
                out.text.push_str(&value);
                out.outside.push(start..out.text.len());
            }
            Ok(Filled::Default(value)) => out.text.push_str(value),
            Err(fault) => faults.push(fault),
        }
        rest = &rest[end + 1..];
    }
    out.text.push_str(rest);
    (out, faults)
}

enum Filled<'a> {
    Outside(String),
    /// The default stands in the file, so it is no secret.
    Default(&'a str),
}

fn fill<'a>(inner: &'a str, env: Environment<'_>) -> Result<Filled<'a>, Fault> {
    if let Some(path) = inner.strip_prefix("file:") {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Fault::new(format!("the file `{path}` cannot be read: {error}"), "name a file that can")
        })?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        return Ok(Filled::Outside(text.strip_suffix('\r').unwrap_or(text).to_owned()));
    }
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    if name.is_empty()
        || name.starts_with(|c: char| c.is_ascii_digit())
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    {
        return Err(Fault::new(
            format!("`${{{inner}}}` names no environment variable"),
            "write `${NAME}`, `${NAME:-default}` or `${file:/path}`, or `$${` for a literal `${`",
        ));
    }
    match (env(name), default) {
        (_, Some(default)) if default.contains("${") => Err(Fault::new(
            format!("the default of `{name}` holds another `${{`"),
            "write the default out; a variable in a default is not filled in",
        )),
        (Some(value), None) => Ok(Filled::Outside(value)),
        (Some(value), Some(_)) if !value.is_empty() => Ok(Filled::Outside(value)),
        (_, Some(default)) => Ok(Filled::Default(default)),
        (None, None) => Err(Fault::new(
            format!("the environment variable `{name}` is not set"),
            format!("set it, or write `${{{name}:-…}}` with a default"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expect: Result<&str, &str>) {
        let env = |name: &str| match name {
            "HOST" => Some("h".to_owned()),
            "EMPTY" => Some(String::new()),
            "NASTY" => Some("${HOST}: [".to_owned()),
            _ => None,
        };
        let (text, faults) = interpolate(source, &env);
        match expect {
            Ok(expect) => assert_eq!((text.text.as_str(), faults), (expect, vec![]), "{source}"),
            Err(what) => {
                assert_eq!(faults.iter().map(|fault| &fault.what).collect::<Vec<_>>(), [what], "{source}");
            }
        }
    }

    #[test]
    fn fills_in() {
        check("plain $ and } and {}", Ok("plain $ and } and {}"));
        check("a ${HOST}:${PORT:-6379}!", Ok("a h:6379!"));
        check("${EMPTY}|${EMPTY:-x}|${NONE:-}", Ok("|x|"));
        check("$${HOST} $$${HOST}", Ok("${HOST} $${HOST}"));
        check("${NASTY}", Ok("${HOST}: ["));
        check("${NONE}", Err("the environment variable `NONE` is not set"));
        check("x ${HOST", Err("`${` has no `}`"));
        check("${}", Err("`${}` names no environment variable"));
        check("${1A}", Err("`${1A}` names no environment variable"));
        check("${HOST-x}", Err("`${HOST-x}` names no environment variable"));
        check("${NONE:-${HOST}}", Err("the default of `NONE` holds another `${`"));
    }

    #[test]
    fn a_file_loses_its_last_line_end() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("password");
        std::fs::write(&path, " s3cret \n").expect("written");
        let (text, faults) = interpolate(&format!("<${{file:{}}}>", path.display()), &|_| None);
        assert_eq!((text.text.as_str(), faults), ("< s3cret >", vec![]));
        assert!(text.outside.len() == 1 && text.is_outside(&(1..9)) && !text.is_outside(&(0..1)), "{text:?}");

        let (_, faults) = interpolate(&format!("${{file:{}/none}}", directory.path().display()), &|_| None);
        assert!(faults[0].what.contains("cannot be read: "), "{faults:?}");
    }

    #[test]
    fn knows_what_came_from_outside() {
        let (text, _) = interpolate("a${A}${B}b", &|name| Some(name.repeat(2)));
        assert_eq!(text.text, "aAABBb");
        assert!(text.is_outside(&(1..5)));
        assert!(text.is_outside(&(2..3)));
        assert!(!text.is_outside(&(0..5)));
        assert!(!text.is_outside(&(1..6)));
    }
}
