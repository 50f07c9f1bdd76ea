//! YAML to JSON, with the place of everything.
//!
//! Read event by event rather than into saphyr's own tree, for three reasons: every duplicate is reported and not just
//! the first, no depth of nesting can exhaust the stack, and a scalar is typed only after `${…}` was filled in.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr::{Scalar, ScalarStyle, Tag};
use saphyr_parser::{Event, Parser, ScanError, Span};
use serde_json::{Map, Value};

use super::Environment;
use super::interpolate::{Text, interpolate};
use super::problem::{Fault, Problems};

/// Nothing that can be configured is nested deeper than about six levels.
const MAX_DEPTH: usize = 32;

/// A place in the file; both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub line: usize,
    pub column: usize,
}

/// Where a value and its name stand, and how a person names it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub path: String,
    pub key: Option<Mark>,
    pub value: Mark,
    /// A scalar as it was written, before it was taken for a number.
    pub text: Option<Text>,
}

/// The file as JSON, and the place of each value by its JSON pointer.
pub(super) struct Document {
    pub value: Value,
    places: HashMap<String, Place>,
}

impl Document {
    /// The place of a value, or of the nearest one around it that exists.
    pub(super) fn place(&self, pointer: &str) -> Place {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.places.get(pointer) {
                return place.clone();
            }
            if let Some((parent, _)) = pointer.rsplit_once('/') {
                pointer = parent;
            } else {
                let value = Mark { line: 1, column: 1 };
                return Place { path: String::new(), key: None, value, text: None };
            }
        }
    }

    /// A scalar's text. Unlike its JSON value it keeps `007` as it is.
    pub(super) fn text(&self, pointer: &str) -> Option<&Text> {
        self.places.get(pointer)?.text.as_ref()
    }

    /// Reads the file. `None` if what was read is too little to go on with; then there are problems.
    pub(super) fn read(source: &str, env: Environment<'_>, problems: &mut Problems) -> Option<Self> {
        let mut builder = Builder { env, problems, places: HashMap::new(), frames: Vec::new(), root: None };
        for event in Parser::new_from_str(source) {
            let done = match event {
                Ok((event, span)) => builder.event(event, span),
                Err(error) => Err(syntax(source, &error)),
            };
            if let Err((mark, fault)) = done {
                problems.push(mark, "", fault);
                return None;
            }
        }
        let (places, root) = (builder.places, builder.root);
        if root.is_none() {
            let remedy = "describe `kafka`, `redis`, `tables` and `views`";
            problems.push(Mark { line: 1, column: 1 }, "", Fault::new("the file is empty", remedy));
        }
        root.map(|value| Self { value, places })
    }
}

/// The JSON pointer of a part of what `parent` points to.
pub(super) fn child(parent: &str, name: impl std::fmt::Display) -> String {
    format!("{parent}/{}", name.to_string().replace('~', "~0").replace('/', "~1"))
}

fn mark(span: Span) -> Mark {
    Mark { line: span.start.line(), column: span.start.col() + 1 }
}

fn syntax(source: &str, error: &ScanError) -> (Mark, Fault) {
    let at = Mark { line: error.marker().line().max(1), column: error.marker().col() + 1 };
    let line = source.lines().nth(at.line - 1).unwrap_or_default();
    let remedy = if line.contains('\t') {
        "indent with spaces, not tabs"
    } else if line.contains("${") {
        "put text that holds `${…}` in double quotes"
    } else {
        "correct the YAML here or shortly before"
    };
    (at, Fault::new(format!("this is no YAML: {}", error.info()), remedy))
}

struct Builder<'a, 'p> {
    env: Environment<'a>,
    problems: &'p mut Problems,
    places: HashMap<String, Place>,
    frames: Vec<Frame>,
    root: Option<Value>,
}

/// A list or mapping that is being read.
struct Frame {
    pointer: String,
    path: String,
    content: Content,
}

enum Content {
    List(Vec<Value>),
    /// With the name whose value comes next.
    Mapping(Map<String, Value>, Option<(String, Mark)>),
}

/// Where the next value belongs.
struct Slot {
    pointer: String,
    path: String,
    key: Option<Mark>,
}

type Step<T> = Result<T, (Mark, Fault)>;

impl Builder<'_, '_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Step<()> {
        let at = mark(span);
        match event {
            Event::DocumentStart(_) if self.root.is_some() => Err((
                at,
                Fault::new(
                    "a second document begins here",
                    "keep one document in the file; remove the `---`",
                ),
            )),
            Event::Scalar(text, style, _, tag) => {
                if self.awaits_name() {
                    self.name(at, text, style);
                    return Ok(());
                }
                let slot = self.slot(at)?;
                let value = self.scalar(&slot, at, &text, style, tag.as_ref());
                self.put(value);
                Ok(())
            }
            Event::Alias(_) => {
                let fault = Fault::new("an alias (`*name`) is not read", "write the value out");
                if self.awaits_name() {
                    return Err((at, fault));
                }
                let slot = self.slot(at)?;
                self.problems.push(at, &slot.path, fault);
                self.stand_in(&slot, at);
                Ok(())
            }
            Event::SequenceStart(..) => self.open(at, Content::List(Vec::new())),
            Event::MappingStart(..) => self.open(at, Content::Mapping(Map::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(frame) = self.frames.pop() {
                    self.put(match frame.content {
                        Content::List(list) => Value::Array(list),
                        Content::Mapping(map, _) => Value::Object(map),
                    });
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn awaits_name(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { content: Content::Mapping(_, None), .. }))
    }

    fn name(&mut self, at: Mark, text: Cow<'_, str>, style: ScalarStyle) {
        let is_text =
            style != ScalarStyle::Plain || matches!(Scalar::parse_from_cow(text.clone()), Scalar::String(_));
        let Some(Frame { path, pointer, content: Content::Mapping(map, next) }) = self.frames.last_mut()
        else {
            return;
        };
        let path = join(path, &text);
        if !is_text {
            let fault = Fault::new(format!("the name `{text}` is not text"), "put it in quotes");
            self.problems.push(at, &path, fault);
        }
        if map.contains_key(text.as_ref()) {
            let line =
                self.places.get(&child(pointer, &text)).and_then(|place| place.key).map_or(0, |key| key.line);
            let fault = Fault::new(
                format!("`{text}` is defined twice"),
                format!("the first is in line {line}; keep one"),
            );
            self.problems.push(at, &path, fault);
        }
        *next = Some((text.into_owned(), at));
    }

    /// Where the value that begins at `at` belongs.
    fn slot(&mut self, at: Mark) -> Step<Slot> {
        if self.frames.len() >= MAX_DEPTH {
            let what = format!("this is nested more than {MAX_DEPTH} levels deep");
            return Err((at, Fault::new(what, "no setting is; remove it")));
        }
        Ok(match self.frames.last() {
            None => Slot { pointer: String::new(), path: String::new(), key: None },
            Some(Frame { pointer, path, content: Content::List(list) }) => Slot {
                pointer: child(pointer, list.len()),
                path: format!("{path}[{}]", list.len()),
                key: None,
            },
            Some(Frame { pointer, path, content: Content::Mapping(_, Some((name, key))) }) => {
                Slot { pointer: child(pointer, name), path: join(path, name), key: Some(*key) }
            }
            Some(Frame { content: Content::Mapping(_, None), .. }) => {
                return Err((at, Fault::new("a name cannot be a list or a mapping", "use text as the name")));
            }
        })
    }

    fn open(&mut self, at: Mark, content: Content) -> Step<()> {
        let slot = self.slot(at)?;
        self.remember(&slot, at, None);
        self.frames.push(Frame { pointer: slot.pointer, path: slot.path, content });
        Ok(())
    }

    /// The first place stays, where a name stands twice.
    fn remember(&mut self, slot: &Slot, at: Mark, text: Option<Text>) {
        let place = || Place { path: slot.path.clone(), key: slot.key, value: at, text };
        self.places.entry(slot.pointer.clone()).or_insert_with(place);
    }

    fn put(&mut self, value: Value) {
        match self.frames.last_mut() {
            None => self.root = Some(value),
            Some(Frame { content: Content::List(list), .. }) => list.push(value),
            Some(Frame { content: Content::Mapping(map, next), .. }) => {
                if let Some((name, _)) = next.take() {
                    map.entry(name).or_insert(value);
                }
            }
        }
    }

    fn stand_in(&mut self, slot: &Slot, at: Mark) {
        self.remember(slot, at, None);
        self.problems.unread(&slot.pointer);
        self.put(Value::Null);
    }

    fn scalar(
        &mut self,
        slot: &Slot,
        at: Mark,
        source: &str,
        style: ScalarStyle,
        tag: Option<&Cow<'_, Tag>>,
    ) -> Value {
        let (text, faults) = interpolate(source, self.env);
        let unread = !faults.is_empty();
        for fault in faults {
            self.problems.push(at, &slot.path, fault);
        }
        let plain: Cow<'_, str> = Cow::Owned(text.text.clone());
        let value = match Scalar::parse_from_cow_and_metadata(plain, style, tag) {
            // An empty variable in an unquoted scalar is empty text; only nothing at all is null.
            Some(Scalar::Null) if text.text.is_empty() && !source.is_empty() => Value::String(String::new()),
            Some(Scalar::Null) => Value::Null,
            Some(Scalar::Boolean(value)) => Value::Bool(value),
            Some(Scalar::Integer(value)) => Value::from(value),
            Some(Scalar::FloatingPoint(value)) => Value::from(value.into_inner()),
            Some(Scalar::String(value)) => Value::String(value.into_owned()),
            None => {
                let fault =
                    Fault::new("the tag does not fit the value", "remove the tag; no setting needs one");
                self.problems.push(at, &slot.path, fault);
                self.problems.unread(&slot.pointer);
                Value::Null
            }
        };
        self.remember(slot, at, Some(text));
        if unread {
            self.problems.unread(&slot.pointer);
            return Value::String(String::new());
        }
        value
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
