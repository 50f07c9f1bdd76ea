//! A database of three tables with a few rows, and what the cached values of its states are.

use std::sync::{Arc, LazyLock};

use crate::catalog::{Catalog, TableId};
use crate::change::{Change, Operation, Row, Snapshot, Value};

/// `base` leads to `mid`, `mid` to `far`, and `base` to itself. Kind `d` has its hole in the base row and reads through
/// two relations; `r` and `q` have theirs behind one relation and two; `e` reads farther than its hole; three tables fill
/// `m`; `p` reads the same table.
const CONFIGURATION: &str = r#"
kafka: { brokers: "localhost:9092", group: test }
redis: { url: "redis://localhost:6379/0" }
tables:
  base: { topic: app.public.base, primary_key: id }
  mid:  { topic: app.public.mid, primary_key: id }
  far:  { topic: app.public.far, primary_key: id, replica_identity: full }
relations:
  base.mid:    { column: mid_id, to: mid }
  base.parent: { column: parent_id, to: base }
  mid.far:     { column: far_id, to: far }
views:
  d: { key: "d:{n}", from: { base: { fill: { n: dept }, reads: [mid.far.name] } } }
  r: { key: "r:{n}", from: { base: { fill: { n: mid.region }, reads: [] } } }
  q: { key: "q:{n}", from: { base: { fill: { n: mid.far.region }, reads: [] } } }
  e: { key: "e:{n}", from: { base: { fill: { n: mid.region }, reads: [mid.far.name] } } }
  m:
    key: "m:{n}"
    from:
      far:  { fill: { n: id }, reads: [name] }
      mid:  { fill: { n: far_id }, reads: [] }
      base: { fill: { n: mid.far_id }, reads: [] }
  p: { key: "p:{n}", from: { base: { fill: { n: id }, reads: [parent.dept] } } }
"#;

pub(super) static CONFIGURED: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    let settings = crate::config::parse("test", CONFIGURATION, &|_| None).expect("a right configuration");
    Arc::new(settings.catalog)
});

pub(super) const TABLES: usize = 3;
pub(super) const BASE: usize = 0;
pub(super) const MID: usize = 1;
pub(super) const FAR: usize = 2;
/// Rows have the ids 1 to this.
pub(super) const IDS: i64 = ROWS as i64;
const ROWS: u8 = 3;
const NAMES: [(&str, [&str; 3]); TABLES] = [
    ("base", ["dept", "mid_id", "parent_id"]),
    ("mid", ["region", "far_id", ""]),
    ("far", ["region", "name", ""]),
];

/// The views in the order of their bits, and last the kind that no configuration may have: one hole in the base row and
/// one behind a relation.
pub(super) const KINDS: [&str; 7] = ["d", "r", "q", "e", "m", "p", "x"];
const X: usize = 6;
/// Each kind has this many keys, of the values 0 to 3; `x` has two holes.
const KEYS_A_KIND: usize = 4;
const KEYS: usize = X * KEYS_A_KIND + 16;

/// The columns of a row but its id, in the order of [`NAMES`]; 0 is null.
pub(super) type Columns = [i64; 3];

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct State(pub(super) [[Option<Columns>; ROWS as usize]; TABLES]);

impl State {
    pub(super) fn get(&self, table: usize, id: i64) -> Option<Columns> {
        let index = usize::try_from(id - 1).ok()?;
        self.0[table].get(index).copied().flatten()
    }

    pub(super) fn set(&mut self, table: usize, id: i64, row: Option<Columns>) {
        let index = usize::try_from(id - 1).expect("an id");
        self.0[table][index] = row;
    }

    /// A number for the value of each key, the same for the same value.
    pub(super) fn contents(&self) -> [u64; KEYS] {
        let mut contents = [0u64; KEYS];
        let mut add = |bit: u32, part: i64, value: i64| {
            let content = &mut contents[bit as usize];
            let part = (part.cast_unsigned() << 32) ^ value.cast_unsigned() ^ 1 << 60;
            *content = (content.rotate_left(7) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        };
        for id in 1..=IDS {
            if let Some([region_or_dept, mid_id, parent_id]) = self.get(BASE, id) {
                let dept = region_or_dept;
                let mid = self.get(MID, mid_id);
                let far = mid.and_then(|[_, far_id, _]| self.get(FAR, far_id));
                let name = far.map_or(0, |[_, name, _]| name);
                add(bit(0, dept), id, name);
                if let Some([region, far_id, _]) = mid {
                    add(bit(1, region), id, 0);
                    add(bit(3, region), id, name);
                    add(x_bit(dept, region), id, 0);
                    if far_id != 0 {
                        add(bit(4, far_id), id, 1);
                    }
                }
                if let Some([region, ..]) = far {
                    add(bit(2, region), id, 0);
                }
                add(bit(5, id), id, self.get(BASE, parent_id).map_or(0, |[dept, ..]| dept));
            }
            if let Some([_, far_id, _]) = self.get(MID, id)
                && far_id != 0
            {
                add(bit(4, far_id), id, 2);
            }
            if let Some([_, name, _]) = self.get(FAR, id) {
                add(bit(4, id), name, 3);
            }
        }
        contents
    }

    /// The keys whose value is another one there, as bits.
    pub(super) fn differing(contents: &[u64; KEYS], other: &[u64; KEYS]) -> u64 {
        let differing = contents.iter().zip(other).enumerate().filter(|(_, (a, b))| a != b);
        differing.fold(0, |bits, (bit, _)| bits | 1 << bit)
    }
}

pub(super) fn bit(kind: usize, value: i64) -> u32 {
    u32::try_from(kind * KEYS_A_KIND).expect("small") + u32::try_from(value).expect("0 to 3")
}

pub(super) fn x_bit(dept: i64, region: i64) -> u32 {
    bit(X, dept * 4 + region)
}

/// All keys of a kind.
pub(super) const fn of_kind(kind: usize) -> u64 {
    let width = if kind == X { 16 } else { KEYS_A_KIND };
    ((1 << width) - 1) << (kind * KEYS_A_KIND)
}

/// The kinds of these keys.
pub(super) fn kinds(bits: u64) -> impl Iterator<Item = usize> {
    (0..KINDS.len()).filter(move |kind| bits & of_kind(*kind) != 0)
}

/// The event of a row that was and is as said.
pub(super) fn change(
    table: usize,
    id: i64,
    (old, new): (Option<Columns>, Option<Columns>),
    operation: Operation,
    position: u64,
) -> Change<'static> {
    let (name, columns) = NAMES[table];
    let at = CONFIGURED.tables.iter().position(|table| table.name == name).expect("a table");
    let of = &CONFIGURED.tables[at];
    let row = |values: Columns| -> Row<'static> {
        let value = |name: &str| match columns.iter().position(|column| *column == name) {
            None => Value::Int(id),
            Some(at) if values[at] == 0 => Value::Null,
            Some(at) => Value::Int(values[at]),
        };
        of.columns.iter().map(|column| value(&column.name)).collect()
    };
    let before = match operation {
        // The `before` of a delete is false under the default identity.
        Operation::Delete if table != FAR => Some(row([0; 3])),
        _ => old.filter(|_| table == FAR).map(row),
    };
    Change {
        table: TableId::from_index(at),
        operation,
        snapshot: Snapshot::Unsaid,
        before,
        after: new.map(row),
        moved: None,
        lsn: Some(position),
        committed_at: Some(position.cast_signed()),
    }
}
