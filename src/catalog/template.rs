use std::borrow::Cow;

use super::{ColumnType, KeyFormat};

/// A key with holes, spelled as on the wire: `:1:shop_stats:{shop_id}`.
///
/// Invariant: a name can be split into literals and hole values in one way only. So a hole ends at a literal that
/// cannot be part of its value, or the name's rest is its value. A value that holds the literal all the same
/// ([`holds`](Self::holds) tells) makes a key that [`matches`](Self::matches) may not find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    literals: Vec<String>,
    holes: Vec<Hole>,
}

/// A hole of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    pub name: String,
    pub r#type: ColumnType,
}

/// What is wrong with a template, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("the brace at character {at} has no partner; a literal brace is doubled: `{{{{` or `}}}}`")]
    Brace { at: usize },
    #[error("`{{{name}}}` is no name for a hole; use letters, digits and `_`")]
    HoleName { name: String },
    #[error("the hole `{{{name}}}` stands twice; each hole is filled once")]
    Repeated { name: String },
    #[error(
        "the template has no hole; write one, such as `name:{{id}}`, or use a `family`, such as `name:*`"
    )]
    NoHole,
    #[error(
        "the template does not begin with a literal that ends in a separator, so its keys cannot be told from others'; begin it like `name:{{id}}`"
    )]
    Prefix,
    #[error(
        "`{{{name}}}` holds text and is not the last thing in its template, so its end cannot be told; move it to the end, or use a `family` instead of a `key`"
    )]
    TextNotLast { name: String },
    #[error("nothing that tells where `{{{name}}}` ends follows it; put a separator such as `:` behind it")]
    NoSeparator { name: String },
}

impl Template {
    /// Reads a template as the configuration writes it. `type_of` tells what fills a hole.
    ///
    /// # Panics
    /// Never: there is a literal more than there are holes.
    pub fn parse(
        text: &str,
        format: &KeyFormat,
        mut type_of: impl FnMut(&str) -> ColumnType,
    ) -> Result<Self, TemplateError> {
        let (mut literals, names) = split(text).map_err(|at| TemplateError::Brace { at })?;
        let holes: Vec<Hole> = names.into_iter().map(|name| Hole { r#type: type_of(&name), name }).collect();
        check(&literals, &holes)?;
        literals[0].insert_str(0, &format.prefix);
        literals.last_mut().expect("split yields a literal more than holes").push_str(&format.suffix);
        Ok(Self { literals, holes })
    }

    pub fn holes(&self) -> &[Hole] {
        &self.holes
    }

    /// The literal that every key of this family begins with.
    pub fn prefix(&self) -> &str {
        &self.literals[0]
    }

    /// Appends the key to `out`, asking for the spelling of each hole's value in turn.
    pub fn render(&self, out: &mut String, mut spell: impl FnMut(usize, &mut String)) {
        out.push_str(&self.literals[0]);
        for (hole, literal) in self.literals[1..].iter().enumerate() {
            spell(hole, out);
            out.push_str(literal);
        }
    }

    /// Whether the whole name is a key of this family: `shop_stats:5:lock` is none of `shop_stats:{shop_id}` if the hole
    /// takes integers.
    pub fn matches(&self, name: &[u8]) -> bool {
        self.split(name, |_, _| ())
    }

    /// What fills each hole of a key of this family. `None` if the name is none.
    pub fn values<'n>(&self, name: &'n str) -> Option<Vec<&'n str>> {
        let mut values = Vec::with_capacity(self.holes.len());
        // The holes are cut out of whole characters: what is around them is.
        self.split(name.as_bytes(), |start, end| values.extend(name.get(start..end)))
            .then_some(values)
            .filter(|values| values.len() == self.holes.len())
    }

    /// Whether the whole name is a key of this family. `found` is told where each value begins and ends.
    fn split(&self, name: &[u8], mut found: impl FnMut(usize, usize)) -> bool {
        let Some(mut rest) = name.strip_prefix(self.literals[0].as_bytes()) else { return false };
        for (index, (hole, literal)) in self.holes.iter().zip(&self.literals[1..]).enumerate() {
            let length = match hole.r#type {
                ColumnType::Integer => integer_length(rest),
                ColumnType::Any | ColumnType::Boolean | ColumnType::Float => {
                    any_length(rest, self.end(index))
                }
                ColumnType::Text => rest.len().checked_sub(literal.len()),
            };
            let Some((length, after)) =
                length.and_then(|length| Some((length, rest[length..].strip_prefix(literal.as_bytes())?)))
            else {
                return false;
            };
            let start = name.len() - rest.len();
            found(start, start + length);
            rest = after;
        }
        rest.is_empty()
    }

    /// Whether a value of the column that fills this hole may be spelled so, and its end be told.
    pub fn holds(&self, hole: usize, spelling: &str) -> bool {
        match self.holes[hole].r#type {
            ColumnType::Integer => integer_length(spelling.as_bytes()) == Some(spelling.len()),
            ColumnType::Any | ColumnType::Boolean | ColumnType::Float => {
                any_length(spelling.as_bytes(), self.end(hole)) == Some(spelling.len())
            }
            ColumnType::Text => true,
        }
    }

    /// The character that no value of an undeclared hole may hold: that of the literal behind the hole, or the separator
    /// before it. So `shop_stats:5:lock` is none of `shop_stats:{shop_id}`, whatever a shop's id is.
    fn end(&self, hole: usize) -> Option<char> {
        self.literals[hole + 1].chars().next().or_else(|| self.literals[hole].chars().last())
    }

    /// The pattern for `SCAN`. It is wider than [`matches`](Self::matches), which decides.
    pub fn glob(&self) -> String {
        self.literals.iter().map(|literal| escape_glob(literal)).collect::<Vec<_>>().join("*")
    }

    /// The template as a person reads it, on the wire.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.render(&mut text, |hole, out| {
            out.push('{');
            out.push_str(&self.holes[hole].name);
            out.push('}');
        });
        text
    }
}

/// Escapes what `SCAN` would take for a wildcard. Redis knows `*`, `?`, `[…]` and the backslash.
pub fn escape_glob(literal: &str) -> Cow<'_, str> {
    if !literal.contains(['*', '?', '[', ']', '\\']) {
        return Cow::Borrowed(literal);
    }
    let mut escaped = String::with_capacity(literal.len() + 4);
    for c in literal.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    Cow::Owned(escaped)
}

/// The literals around the holes (one more than holes), and the holes' names; or the place of a brace without a partner.
pub(super) fn split(text: &str) -> Result<(Vec<String>, Vec<String>), usize> {
    let mut literals = vec![String::new()];
    let mut names = Vec::new();
    let mut chars = text.chars().enumerate().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '{' | '}' if chars.next_if(|(_, next)| *next == c).is_some() => {
                literals.last_mut().expect("never empty").push(c);
            }
            '{' => {
                let mut name = String::new();
                loop {
                    match chars.next() {
                        Some((_, '}')) => break,
                        Some((_, '{')) | None => return Err(at + 1),
                        Some((_, c)) => name.push(c),
                    }
                }
                names.push(name);
                literals.push(String::new());
            }
            '}' => return Err(at + 1),
            c => literals.last_mut().expect("never empty").push(c),
        }
    }
    Ok((literals, names))
}

fn check(literals: &[String], holes: &[Hole]) -> Result<(), TemplateError> {
    if holes.is_empty() {
        return Err(TemplateError::NoHole);
    }
    if literals[0].is_empty() || literals[0].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-')
    {
        return Err(TemplateError::Prefix);
    }
    for (index, hole) in holes.iter().enumerate() {
        let name = hole.name.clone();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(TemplateError::HoleName { name });
        }
        if holes[..index].iter().any(|earlier| earlier.name == name) {
            return Err(TemplateError::Repeated { name });
        }
        let (last, after) = (index + 1 == holes.len(), &literals[index + 1]);
        if hole.r#type == ColumnType::Text && !(last && after.is_empty()) {
            return Err(TemplateError::TextNotLast { name });
        }
        let separated =
            if last { !after.starts_with(|c: char| c.is_ascii_digit()) } else { !after.is_empty() };
        if !separated || after.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(TemplateError::NoSeparator { name });
        }
    }
    Ok(())
}

/// The length of the integer that `rest` begins with: `-?[0-9]+`.
fn integer_length(rest: &[u8]) -> Option<usize> {
    let sign = usize::from(rest.first() == Some(&b'-'));
    let digits = rest[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits > 0).then_some(sign + digits)
}

/// The length of the value that ends before this character. A value's own first character may be any, as the sign of a
/// number in `{x}-{y}`.
fn any_length(rest: &[u8], end: Option<char>) -> Option<usize> {
    let mut buffer = [0; 4];
    let end = end?.encode_utf8(&mut buffer).as_bytes();
    let at = rest.get(1..)?.windows(end.len()).position(|window| window == end);
    Some(at.map_or(rest.len(), |at| at + 1))
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
