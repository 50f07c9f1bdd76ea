//! A SQL statement with named parameters, as the database takes it.

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

/// A statement whose parameters `:name` have become `$1`, `$2` and so on. The database itself finds out their types from
/// where they stand; values are sent to it as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub text: String,
    /// Each once, in the order of their numbers.
    pub parameters: Vec<String>,
}

/// What is wrong with a statement, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    #[error("{0}; correct the SQL")]
    NoSql(String),
    #[error("`{0}` is a parameter without a name; write it like `:name`")]
    Unnamed(String),
}

impl Statement {
    /// Reads a statement. A colon with a word right behind it is a parameter, but not in quotes or comments: the
    /// end of a slice is written with a blank, as in `a[1: n]`.
    pub fn parse(source: &str) -> Result<Self, StatementError> {
        let tokens = Tokenizer::new(&PostgreSqlDialect {}, source)
            .tokenize_with_location()
            .map_err(|error| StatementError::NoSql(error.to_string()))?;
        let (mut text, mut parameters) = (String::with_capacity(source.len()), Vec::<String>::new());
        let (mut copied, mut lines) = (0, Lines::new(source));
        for (token, next) in tokens.iter().zip(tokens.iter().skip(1)) {
            if let Some(name) = parameter(token, next) {
                let index = parameters.iter().position(|known| known == name).unwrap_or_else(|| {
                    parameters.push(name.to_owned());
                    parameters.len() - 1
                });
                let start = lines.offset(token.span.start);
                text.push_str(&source[copied..start]);
                text.push('$');
                text.push_str(&(index + 1).to_string());
                copied = start + 1 + name.len();
            }
        }
        if let Some(token) = tokens.iter().find(|token| matches!(token.token, Token::Placeholder(_))) {
            return Err(StatementError::Unnamed(token.token.to_string()));
        }
        text.push_str(&source[copied..]);
        Ok(Self { text, parameters })
    }
}

/// The name of the parameter that begins with this token.
fn parameter<'t>(token: &TokenWithSpan, next: &'t TokenWithSpan) -> Option<&'t str> {
    match &next.token {
        Token::Word(word) if token.token == Token::Colon && word.quote_style.is_none() => Some(&word.value),
        _ => None,
    }
}

/// From places to offsets, each behind the one before.
struct Lines<'s> {
    source: &'s str,
    number: u64,
    start: usize,
}

impl<'s> Lines<'s> {
    const fn new(source: &'s str) -> Self {
        Self { source, number: 1, start: 0 }
    }

    fn offset(&mut self, place: Location) -> usize {
        while self.number < place.line {
            let rest = &self.source[self.start..];
            self.start += rest.find('\n').map_or(rest.len(), |end| end + 1);
            self.number += 1;
        }
        let characters = usize::try_from(place.column.saturating_sub(1)).unwrap_or(usize::MAX);
        let line = &self.source[self.start..];
        self.start + line.char_indices().nth(characters).map_or(line.len(), |(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, text: &str, parameters: &[&str]) {
        let statement = Statement::parse(source).expect("a statement");
        assert_eq!(
            (statement.text.as_str(), statement.parameters.as_slice()),
            (text, &parameters.iter().map(ToString::to_string).collect::<Vec<_>>()[..])
        );
    }

    #[test]
    fn parameters_get_numbers() {
        check("select 1", "select 1", &[]);
        check("select :a", "select $1", &["a"]);
        check(
            "select x -- of :b\nfrom t /* :c */\nwhere é = 'é:d' and id = :id::bigint\n  and (:day::date is null or day=:day) and n = :id;\n",
            "select x -- of :b\nfrom t /* :c */\nwhere é = 'é:d' and id = $1::bigint\n  and ($2::date is null or day=$2) and n = $1;\n",
            &["id", "day"],
        );
        check(
            "select a[1: n], \":e\", $$ :f $$, f(x := :g)",
            "select a[1: n], \":e\", $$ :f $$, f(x := $1)",
            &["g"],
        );
    }

    #[test]
    fn what_is_no_statement_with_names() {
        assert_eq!(Statement::parse("select $1, :a"), Err(StatementError::Unnamed("$1".to_owned())));
        assert!(matches!(Statement::parse("select 'a"), Err(StatementError::NoSql(_))));
    }
}
