use serde::ser::{Error as _, SerializeMap as _};
use serde::{Serialize, Serializer};

use super::datum::Datum;
use super::{Spelling, Trouble};

/// A value that is computed: what the bytes in Redis spell.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree<'t> {
    Leaf(Datum<'t>),
    List(Vec<Self>),
    /// The fields in the order in which they were written.
    Map(Vec<(&'t str, Self)>),
}

impl Tree<'_> {
    /// The bytes that a reader of this spelling understands. An integer beyond 64 bits is none that a database holds.
    pub fn bytes(&self, spelling: Spelling) -> Result<Vec<u8>, Trouble> {
        match spelling {
            Spelling::Pickle => {
                serde_pickle::to_vec(self, serde_pickle::SerOptions::new()).map_err(|_| Trouble::Value)
            }
            Spelling::Json => serde_json::to_vec(self).map_err(|_| Trouble::Value),
        }
    }
}

impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Leaf(Datum::Null) => to.serialize_unit(),
            Self::Leaf(Datum::Truth(truth)) => to.serialize_bool(*truth),
            Self::Leaf(Datum::Integer(number)) => {
                let number = i64::try_from(*number).map_err(|_| S::Error::custom("beyond 64 bits"))?;
                to.serialize_i64(number)
            }
            Self::Leaf(Datum::Float(number)) => to.serialize_f64(*number),
            Self::Leaf(Datum::Text(text)) => to.serialize_str(text),
            Self::List(list) => to.collect_seq(list),
            Self::Map(fields) => {
                let mut map = to.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}
