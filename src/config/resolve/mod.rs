//! From the parts of a configuration to settings that agree with themselves.

mod audit;
mod connections;
mod database;
mod dead_letters;
mod digest;
mod fills;
mod groups;
mod parameters;
mod paths;
mod pattern;
mod prefixes;
mod refill;
mod relations;
mod tables;
mod values;
mod views;
mod warm;

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::document::{Document, child};
use super::problem::{Fault, Problems};
use super::schema::Shape;
use super::settings::Settings;
use crate::catalog::{Catalog, TableId};
use crate::values::Values;

/// An index of tables, columns and views has 16 bits.
const MOST: usize = 65_535;

/// What every check needs to report something.
struct Context<'a> {
    document: &'a Document,
    shape: &'a Shape,
    /// At which the paths of other files begin.
    folder: &'a Path,
    problems: &'a mut Problems,
}

/// One named part of the configuration. Without content if its shape is wrong, which was reported by then.
struct Part<T> {
    name: String,
    pointer: String,
    content: Option<T>,
}

impl Context<'_> {
    fn value(&mut self, pointer: &str, fault: Fault) {
        self.problems.value(self.document, pointer, fault);
    }

    fn name(&mut self, pointer: &str, fault: Fault) {
        self.problems.name(self.document, pointer, fault);
    }

    /// Whether something below `pointer` is misspelled, so that what is missing there may just be that.
    fn is_misspelled(&self, pointer: &str) -> bool {
        self.shape.misspelled.contains(pointer)
    }

    fn is_empty(&self, section: &str) -> bool {
        self.shape.value.get(section).and_then(Value::as_object).is_some_and(serde_json::Map::is_empty)
    }

    fn one<T: DeserializeOwned>(&mut self, pointer: &str) -> Option<T> {
        self.content(pointer, self.shape.value.pointer(pointer)?)
    }

    /// Reads one part. It fails only where the schema has found a mistake; if ever the types are stricter than their
    /// schema, it says so rather than nothing.
    fn content<T: DeserializeOwned>(&mut self, pointer: &str, value: &Value) -> Option<T> {
        match serde_json::from_value(value.clone()) {
            Ok(content) => Some(content),
            Err(error) => {
                if self.problems.is_empty() {
                    self.name(
                        pointer,
                        Fault::new(format!("this cannot be read: {error}"), "compare it with the schema"),
                    );
                }
                None
            }
        }
    }

    /// The parts of a section, in the order of the file.
    fn parts<T: DeserializeOwned>(&mut self, section: &str, a_part: &str) -> Vec<Part<T>> {
        let pointer = format!("/{section}");
        let Some(Value::Object(map)) = self.shape.value.pointer(&pointer) else { return Vec::new() };
        if map.len() > MOST {
            let what = format!("there are {} {section}", map.len());
            self.name(&pointer, Fault::new(what, format!("define at most {MOST}")));
            return Vec::new();
        }
        let mut parts = Vec::with_capacity(map.len());
        for (name, value) in map {
            let pointer = child(&pointer, name);
            if section != "relations" && !is_name(name) {
                let what = format!("`{name}` is no name for {a_part}");
                self.name(&pointer, Fault::new(what, "use letters, digits, `_` and `-`"));
            }
            let content = self.content(&pointer, value);
            parts.push(Part { name: name.clone(), pointer, content });
        }
        parts
    }
}

/// Names stand in paths, on the command line and in metrics, so they hold no dots and no blanks.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

pub(super) fn resolve(
    document: &Document,
    shape: &Shape,
    folder: &Path,
    problems: &mut Problems,
) -> Option<Settings> {
    let mut context = Context { document, shape, folder, problems };
    let (kafka, redis, http) =
        (connections::kafka(&mut context), connections::redis(&mut context), connections::http(&mut context));
    let database = database::read(&mut context);
    let has_database = context.shape.value.get("database").is_some();
    let audit = audit::read(&mut context, has_database);
    let format = redis.as_ref().map(|redis| redis.key_format.clone()).unwrap_or_default();

    let mut tables = tables::Tables::read(&mut context);
    let dead_letters = dead_letters::read(&mut context, &tables);
    let found = context.problems.len();
    let (views, written) = views::read(&mut context, &mut tables, &format);
    let complete = context.problems.len() == found && views.iter().all(|view| view.content.is_some());
    let groups = groups::read(&mut context, &views);

    let views: Option<Vec<_>> = views.into_iter().map(|part| part.content).collect();
    tables.check(&mut context, complete);
    let forced: Vec<Option<bool>> =
        (0..tables.found.len()).map(|index| tables.forced(TableId::from_index(index))).collect();
    let mut catalog = Catalog {
        tables: tables.found,
        relations: tables.followed,
        views: views?,
        groups,
        components: Vec::new(),
    };
    for index in 0..catalog.views.len() {
        let definition = written[index].as_ref().map(|written| &written.definition);
        let format = redis.as_ref().map(|redis| redis.value_format);
        catalog.views[index].digest = digest::of(&catalog.views[index], &catalog, definition, format);
    }
    catalog.track(|table| forced[table.index()]);
    let plans = written.into_iter().map(|written| written.map(|written| written.plan));
    let values = Values::new(plans);
    Some(Settings {
        kafka: kafka?,
        redis: redis?,
        http: http?,
        database: database?,
        audit: audit?,
        dead_letters: dead_letters?,
        catalog,
        values,
    })
}
