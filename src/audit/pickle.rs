//! What Django and django-redis pickle, without Python: plain values, in the protocols from 2 on.
//!
//! A pickle is a program for a stack machine. This one runs it in a loop, builds no object and calls nothing. What a
//! program may do with a byte is bounded, so that its length bounds the whole.

use std::collections::HashMap;

use super::cached::{Cached, MOST_PARTS, Part, Unreadable};

/// What the name of a class, and the text of a decimal, has at most. A pickle names both again in a few bytes, and each time they
/// are copied.
const MOST_NAME: usize = 1_000;

pub(super) fn read(bytes: &[u8]) -> Result<Cached, Unreadable> {
    Machine {
        rest: bytes,
        value: Cached { parts: Vec::new(), root: 0 },
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    }
    .run()
}

struct Machine<'b> {
    rest: &'b [u8],
    value: Cached,
    /// Parts by number.
    stack: Vec<usize>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, usize>,
}

impl Machine<'_> {
    fn run(mut self) -> Result<Cached, Unreadable> {
        loop {
            let [opcode] = self.array()?;
            match opcode {
                // Of a protocol before 2 the first byte is none of these.
                0x80 => drop(self.take(1)?),
                0x95 => drop(self.take(8)?),
                b'.' => {
                    self.value.root = self.pop()?;
                    return Ok(self.value);
                }
                b'(' => self.marks.push(self.stack.len()),
                // The last one: what is set of an object of which nothing is read.
                b'0' | b'b' => drop(self.pop()?),
                b'N' => self.push(Part::Null)?,
                0x88 => self.push(Part::Truth(true))?,
                0x89 => self.push(Part::Truth(false))?,
                b'J' | b'K' | b'M' | 0x8a | 0x8b => self.integer(opcode)?,
                b'G' => {
                    let number = f64::from_be_bytes(self.array()?);
                    self.push(Part::Float(number))?;
                }
                b'X' | 0x8c | 0x8d => self.text(opcode)?,
                b'B' | b'C' | 0x8e => {
                    let length = self.length(opcode)?;
                    self.take(length)?;
                    self.push(Part::Other("bytes".to_owned()))?;
                }
                b']' | b')' => self.push(Part::List(Vec::new()))?,
                b'}' => self.push(Part::Map(Vec::new()))?,
                b'a' | b'e' | b's' | b'u' => self.fill(opcode)?,
                b't' | 0x85..=0x87 => {
                    let items = match opcode {
                        b't' => self.marked()?,
                        _ => self.last(usize::from(opcode - 0x84))?,
                    };
                    self.push(Part::List(items))?;
                }
                b'q' | b'r' | 0x94 | b'h' | b'j' => self.memorise(opcode)?,
                b'c' | 0x93 => self.class(opcode)?,
                b'R' | 0x81 => self.object()?,
                other => return Err(Unreadable::Opcode(other)),
            }
            if self.stack.len() > MOST_PARTS {
                return Err(Unreadable::TooLarge);
            }
        }
    }

    fn integer(&mut self, opcode: u8) -> Result<(), Unreadable> {
        let number = match opcode {
            b'J' => i32::from_le_bytes(self.array()?).into(),
            b'K' => self.array::<1>()?[0].into(),
            b'M' => u16::from_le_bytes(self.array()?).into(),
            _ => {
                let length = self.length(opcode)?;
                let bytes = self.take(length)?;
                if length > 16 {
                    return Err(Unreadable::TooLarge);
                }
                // Two's complement of as many bytes as it takes.
                let negative = bytes.last().is_some_and(|last| *last >= 0x80);
                let mut wide = [if negative { 0xff } else { 0 }; 16];
                wide[..length].copy_from_slice(bytes);
                i128::from_le_bytes(wide)
            }
        };
        self.push(Part::Integer(number))
    }

    fn text(&mut self, opcode: u8) -> Result<(), Unreadable> {
        let length = self.length(opcode)?;
        let bytes = self.take(length)?;
        let text = str::from_utf8(bytes).map_err(|_| Unreadable::Pickle)?.to_owned();
        self.push(Part::Text(text))
    }

    /// The length that stands before what has one.
    fn length(&mut self, opcode: u8) -> Result<usize, Unreadable> {
        let length = match opcode {
            b'C' | 0x8a | 0x8c => self.array::<1>()?[0].into(),
            0x8d | 0x8e => u64::from_le_bytes(self.array()?),
            _ => u32::from_le_bytes(self.array()?).into(),
        };
        usize::try_from(length).map_err(|_| Unreadable::Pickle)
    }

    /// Adds to a list or a map.
    fn fill(&mut self, opcode: u8) -> Result<(), Unreadable> {
        let items = match opcode {
            b'a' => self.last(1)?,
            b's' => self.last(2)?,
            _ => self.marked()?,
        };
        let to = *self.stack.last().ok_or(Unreadable::Pickle)?;
        match (&mut self.value.parts[to], opcode) {
            (Part::List(list), b'a' | b'e') => list.extend(items),
            (Part::Map(map), b's' | b'u') => {
                let (pairs, []) = items.as_chunks::<2>() else { return Err(Unreadable::Pickle) };
                map.extend(pairs.iter().map(|[key, value]| (*key, *value)));
            }
            (Part::Other(_), _) => {}
            _ => return Err(Unreadable::Pickle),
        }
        Ok(())
    }

    fn memorise(&mut self, opcode: u8) -> Result<(), Unreadable> {
        let number = match opcode {
            0x94 => u32::try_from(self.memo.len()).map_err(|_| Unreadable::TooLarge)?,
            b'q' | b'h' => self.array::<1>()?[0].into(),
            _ => u32::from_le_bytes(self.array()?),
        };
        if matches!(opcode, b'h' | b'j') {
            self.stack.push(*self.memo.get(&number).ok_or(Unreadable::Pickle)?);
        } else {
            self.memo.insert(number, *self.stack.last().ok_or(Unreadable::Pickle)?);
        }
        Ok(())
    }

    fn class(&mut self, opcode: u8) -> Result<(), Unreadable> {
        let (module, name) = if opcode == b'c' {
            let names = (self.line()?.to_owned(), self.line()?.to_owned());
            if names.0.len() + names.1.len() > MOST_NAME {
                return Err(Unreadable::TooLarge);
            }
            names
        } else {
            let names = self.last(2)?;
            match (&self.value.parts[names[0]], &self.value.parts[names[1]]) {
                (Part::Text(module), Part::Text(name)) if module.len() + name.len() <= MOST_NAME => {
                    (module.clone(), name.clone())
                }
                (Part::Text(_), Part::Text(_)) => return Err(Unreadable::TooLarge),
                _ => return Err(Unreadable::Pickle),
            }
        };
        self.push(Part::Other(format!("{module}.{name}")))
    }

    /// A class called with arguments. Of a decimal they are its text.
    fn object(&mut self) -> Result<(), Unreadable> {
        let parts = self.last(2)?;
        let Part::Other(class) = &self.value.parts[parts[0]] else { return Err(Unreadable::Pickle) };
        let argument = match &self.value.parts[parts[1]] {
            Part::List(arguments) => arguments.first().map(|first| &self.value.parts[*first]),
            _ => None,
        };
        let object = match argument {
            Some(Part::Text(text)) if class == "decimal.Decimal" => {
                if text.len() > MOST_NAME {
                    return Err(Unreadable::TooLarge);
                }
                Part::Decimal(text.clone())
            }
            _ => Part::Other(class.clone()),
        };
        self.push(object)
    }

    fn push(&mut self, part: Part) -> Result<(), Unreadable> {
        let number = self.value.push(part)?;
        self.stack.push(number);
        Ok(())
    }

    fn pop(&mut self) -> Result<usize, Unreadable> {
        // A mark is nothing that can be taken.
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            Err(Unreadable::Pickle)
        } else {
            self.stack.pop().ok_or(Unreadable::Pickle)
        }
    }

    fn last(&mut self, count: usize) -> Result<Vec<usize>, Unreadable> {
        let at = self.stack.len().checked_sub(count).ok_or(Unreadable::Pickle)?;
        Ok(self.stack.split_off(at))
    }

    /// What was pushed since the last mark.
    fn marked(&mut self) -> Result<Vec<usize>, Unreadable> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len()).ok_or(Unreadable::Pickle)?;
        Ok(self.stack.split_off(mark))
    }

    fn take(&mut self, count: usize) -> Result<&[u8], Unreadable> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Unreadable::Pickle)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Unreadable::Pickle)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn line(&mut self) -> Result<&str, Unreadable> {
        let end = self.rest.iter().position(|byte| *byte == b'\n').ok_or(Unreadable::Pickle)?;
        let (line, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        str::from_utf8(line).map_err(|_| Unreadable::Pickle)
    }
}
