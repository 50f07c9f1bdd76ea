use std::fmt::Write as _;
use std::io::{self, Write as _};

use clap::Args;

use super::{Place, Topic, time};
use crate::catalog::Catalog;
use crate::cli::{Failure, plain};
use crate::kafka::DeadLetter;

/// Show one with all that it holds
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  freshet dead-letters show 0:17

Key, value and headers are shown as text, or in hexadecimal digits after `0x` where they are not UTF-8.")]
pub(super) struct Show {
    /// Its place in the dead-letter topic, as the list shows it
    #[arg(value_name = "PARTITION:OFFSET")]
    place: Place,
}

impl Show {
    pub(super) fn execute(&self, catalog: &Catalog, topic: &Topic<'_>) -> Result<(), Failure> {
        let text = text(&topic.find(self.place)?, catalog);
        match io::stdout().write_all(text.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::of(&error)),
            _ => Ok(()),
        }
    }
}

fn text(letter: &DeadLetter, catalog: &Catalog) -> String {
    let table = catalog.table_by_topic(&letter.topic).map(|table| catalog.table(table).name.as_str());
    let mut text = String::new();
    for (name, value) in [
        ("table", table.unwrap_or("none reads this topic").to_owned()),
        ("topic", plain(&letter.topic)),
        ("partition", letter.partition.to_string()),
        ("offset", letter.offset.to_string()),
        ("time", letter.timestamp.map_or_else(|| "unknown".to_owned(), time)),
        ("group", plain(&letter.group)),
        ("cause", plain(&letter.cause)),
        ("error", plain(&letter.message)),
        ("key", shown(letter.key.as_deref())),
        ("value", shown(letter.value.as_deref())),
    ] {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{name:<9}  {value}");
    }
    for (name, value) in &letter.headers {
        let _ = writeln!(text, "header     {}: {}", plain(name), shown(value.as_deref()));
    }
    text
}

fn shown(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else { return "null".to_owned() };
    match std::str::from_utf8(bytes) {
        Ok("") => "no bytes".to_owned(),
        Ok(text) => plain(text),
        Err(_) => bytes.iter().fold("0x".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes() {
        for (bytes, expected) in [
            (None, "null"),
            (Some(&b""[..]), "no bytes"),
            (Some(b"{\"id\":1}"), "{\"id\":1}"),
            (Some(b"a\n"), "a\\n"),
            (Some(b"\xff\x00"), "0xff00"),
        ] {
            assert_eq!(shown(bytes), expected);
        }
    }
}
