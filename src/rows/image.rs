use std::hash::BuildHasher as _;

use foldhash::quality::RandomState;

use super::pack::{self, Cursor, Packed};
use super::position::Position;
use super::texts::Texts;
use crate::catalog::{Catalog, ColumnId, Keep, TableId};
use crate::change::{Row, Value};

/// Shorter texts take less room than their digest.
const DIGEST_BYTES: usize = 8;

/// A row's needed columns, packed: the primary key, the other columns, and at the end the position of the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image(pub(super) Box<[u8]>);

impl Image {
    pub(super) fn position(&self) -> Position {
        pack::split_position(&self.0).1
    }

    /// A packed value tells where it ends, so no other key begins like this one.
    pub(super) fn has_key(&self, key: &[u8]) -> bool {
        self.0.starts_with(key)
    }

    /// All but the position.
    pub(super) fn values(&self) -> &[u8] {
        pack::split_position(&self.0).0
    }
}

/// How the images of one table are packed.
#[derive(Debug)]
pub(super) struct Form {
    /// The columns in the order in which an image holds them.
    columns: Vec<Packing>,
    /// By column, its place in an image.
    places: Vec<usize>,
    keys: usize,
    hasher: RandomState,
}

#[derive(Debug)]
struct Packing {
    column: ColumnId,
    /// A key and a link to one are packed alike in every table, so that they can be compared.
    texts: Option<Texts>,
    digest: bool,
}

impl Form {
    pub(super) fn new(catalog: &Catalog, id: TableId) -> Self {
        let table = catalog.table(id);
        let links = |column: ColumnId| {
            catalog.relations.iter().any(|relation| relation.from == id && relation.column == column)
        };
        let others = (0..table.columns.len()).map(ColumnId::from_index);
        let others = others.filter(|column| !table.primary_key.contains(column));
        // The links come first: they are read more often than the rest.
        let (near, far): (Vec<_>, Vec<_>) = others.partition(|column| links(*column));
        let columns: Vec<Packing> = table
            .primary_key
            .iter()
            .copied()
            .chain(near)
            .chain(far)
            .map(|column| {
                let plain = table.primary_key.contains(&column) || links(column);
                let keep = table.columns[column.index()].keep;
                let digest = !plain && keep == Keep::Digest;
                Packing { column, texts: (!plain).then(Texts::default), digest }
            })
            .collect();
        let mut places = vec![0; columns.len()];
        for (place, packing) in columns.iter().enumerate() {
            places[packing.column.index()] = place;
        }
        Self { columns, places, keys: table.primary_key.len(), hasher: RandomState::default() }
    }

    /// Packs the primary key. False if the row does not say it.
    pub(super) fn pack_key(&self, row: &Row<'_>, out: &mut Vec<u8>) -> bool {
        let mut columns = self.columns[..self.keys].iter().map(|packing| row.get(packing.column.index()));
        self.keys > 0
            && columns.all(|value| match value {
                None | Some(Value::Missing | Value::Unavailable | Value::Null) => false,
                Some(value) => {
                    pack::value(value, out);
                    true
                }
            })
    }

    /// Packs a row. What is unavailable is as in the kept image.
    pub(super) fn pack(
        &mut self,
        row: &Row<'_>,
        position: Position,
        kept: Option<&Image>,
        out: &mut Vec<u8>,
    ) {
        let mut kept = kept.filter(|_| row.contains(&Value::Unavailable)).map(|kept| Cursor(kept.values()));
        for Packing { column, texts, digest } in &mut self.columns {
            let kept = kept.as_mut().map(Cursor::skip);
            match (row.get(column.index()).unwrap_or(&Value::Missing), kept) {
                (Value::Unavailable, Some(kept)) => out.extend_from_slice(kept),
                (value @ Value::Text(text), _) => match texts.as_mut().and_then(|texts| texts.number(text)) {
                    Some(number) => pack::numbered(number, out),
                    None if *digest && text.len() > DIGEST_BYTES => {
                        pack::value(&Value::Digest(self.hasher.hash_one(&**text)), out);
                    }
                    None => pack::value(value, out),
                },
                (Value::Json(json), _) if *digest && json.len() > DIGEST_BYTES => {
                    // An array is not the text that spells it.
                    pack::value(&Value::Digest(self.hasher.hash_one((0_u8, &**json))), out);
                }
                (value, _) => pack::value(value, out),
            }
        }
        pack::position(position, out);
    }

    /// The primary key within an image.
    pub(super) fn key<'i>(&self, image: &'i Image) -> &'i [u8] {
        let mut cursor = Cursor(&image.0);
        for _ in 0..self.keys {
            cursor.skip();
        }
        &image.0[..image.0.len() - cursor.0.len()]
    }

    /// A column within an image, as it is packed.
    pub(super) fn packed<'i>(&self, image: &'i Image, column: ColumnId) -> &'i [u8] {
        self.cursor(image, column).skip()
    }

    pub(super) fn value<'v>(&'v self, image: &'v Image, column: ColumnId) -> Value<'v> {
        self.read(&mut self.cursor(image, column), self.places[column.index()])
    }

    pub(super) fn row<'v>(&'v self, image: &'v Image, into: &mut Row<'v>) {
        into.clear();
        into.resize(self.columns.len(), Value::Missing);
        let mut cursor = Cursor(&image.0);
        for (place, packing) in self.columns.iter().enumerate() {
            into[packing.column.index()] = self.read(&mut cursor, place);
        }
    }

    fn cursor<'i>(&self, image: &'i Image, column: ColumnId) -> Cursor<'i> {
        let mut cursor = Cursor(&image.0);
        for _ in 0..self.places[column.index()] {
            cursor.skip();
        }
        cursor
    }

    fn read<'v>(&'v self, cursor: &mut Cursor<'v>, place: usize) -> Value<'v> {
        match cursor.value() {
            Packed::Value(value) => value,
            Packed::Numbered(number) => {
                let texts = self.columns[place].texts.as_ref().expect("only a column with texts has numbers");
                Value::Text(texts.text(number).into())
            }
        }
    }
}

/// Whether a packed value says where a row points to, or that it points nowhere.
pub(super) fn link(packed: &[u8]) -> Link<'_> {
    match Cursor(packed).value() {
        Packed::Value(Value::Missing | Value::Unavailable) => Link::Unknown,
        Packed::Value(Value::Null) => Link::Nowhere,
        _ => Link::To(packed),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link<'i> {
    To(&'i [u8]),
    Nowhere,
    Unknown,
}
