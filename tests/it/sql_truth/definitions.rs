//! Random definitions of values: fields, each of which may name those above, and a list.

use std::fmt::Write as _;

use fastrand::Rng;
use serde_json::to_string;

use super::expressions::Author;
use super::written::{Kind, Written};

const KINDS: [Kind; 5] = [Kind::Integer, Kind::Float, Kind::Number, Kind::Text, Kind::Truth];

/// Of single rows: as a configuration names it, as the joined tables do.
const COLUMNS: &[(Kind, &str, &str)] = &[
    (Kind::Integer, "n", "i.n::numeric"),
    (Kind::Integer, "owner_id", "i.owner_id::numeric"),
    (Kind::Integer, "owner.k", "o.k::numeric"),
    (Kind::Integer, "owner.boss.k", "p.k::numeric"),
    (Kind::Integer, "shop.k", "h.k::numeric"),
    (Kind::Float, "f", "i.f"),
    (Kind::Float, "owner.g", "o.g"),
    (Kind::Text, "s", "i.s"),
    (Kind::Text, "owner.name", "o.name"),
    (Kind::Text, "owner.boss.name", "p.name"),
    (Kind::Truth, "b", "i.b"),
    (Kind::Truth, "owner.ok", "o.ok"),
];

/// What all rows of a shop have in common.
const OF_A_SHOP: &[(Kind, &str, &str)] = &[
    (Kind::Integer, "shop", "i.shop_id::numeric"),
    (Kind::Integer, "shop.k", "h.k::numeric"),
    (Kind::Float, "shop.g", "h.g"),
    (Kind::Text, "shop.name", "h.name"),
    (Kind::Truth, "shop.ok", "h.ok"),
    (Kind::Integer, "shop.boss.k", "q.k::numeric"),
];
const BY_SHOP: &str = "i.shop_id, h.k, h.g, h.name, h.ok, q.k";

/// What a list is made by.
struct By {
    ours: &'static str,
    sql: &'static str,
    /// What follows from it.
    grouped: &'static str,
    /// What the rows of one element have in common besides.
    common: &'static [(Kind, &'static str, &'static str)],
}

const LISTS: &[By] = &[
    By {
        ours: "owner_id",
        sql: "i.owner_id",
        grouped: "o.k, o.name, p.name",
        common: &[
            (Kind::Integer, "owner_id", "i.owner_id::numeric"),
            (Kind::Integer, "owner.k", "o.k::numeric"),
            (Kind::Text, "owner.name", "o.name"),
            (Kind::Text, "owner.boss.name", "p.name"),
        ],
    },
    By { ours: "n", sql: "i.n", grouped: "i.n", common: &[(Kind::Integer, "n", "i.n::numeric")] },
    By { ours: "s", sql: "i.s", grouped: "i.s", common: &[(Kind::Text, "s", "i.s")] },
    By { ours: "b", sql: "i.b", grouped: "i.b", common: &[(Kind::Truth, "b", "i.b")] },
    By {
        ours: "owner.boss_id",
        sql: "o.boss_id",
        grouped: "p.k",
        common: &[(Kind::Integer, "owner.boss.k", "p.k::numeric")],
    },
];

const FROM: &str = "FROM item i LEFT JOIN owner o ON o.id = i.owner_id LEFT JOIN owner p ON p.id = o.boss_id \
    LEFT JOIN owner h ON h.id = i.shop_id LEFT JOIN owner q ON q.id = h.boss_id";

#[derive(Debug)]
pub struct Definition {
    /// As a configuration writes it.
    pub value: String,
    /// The statement that tells the expressions, and the one that tells the list if there is one.
    pub asked: Vec<Asked>,
    pub may_fail: bool,
}

/// A statement, but for the shop.
#[derive(Debug)]
pub struct Asked {
    head: String,
    tail: String,
}

impl Asked {
    pub fn of(&self, shop: i64) -> String {
        let Self { head, tail } = self;
        format!("SELECT {head} {FROM} WHERE i.shop_id = {shop} {tail}")
    }
}

impl Definition {
    pub fn new(rng: &mut Rng) -> Self {
        let mut author = Author { rng, columns: named(COLUMNS), common: named(OF_A_SHOP) };
        let count = author.rng.usize(1..4);
        let fields = fields(&mut author, "a", count);
        let mut may_fail = fields.iter().any(|field| field.may_fail);
        let mut value = ours("a", &fields);
        let mut asked = vec![Asked { head: sql(&fields), tail: format!("GROUP BY {BY_SHOP}") }];
        if author.one_in(3) {
            author.common = named(OF_A_SHOP);
            let (list, of, fails) = list(&mut author);
            value += &list;
            asked.push(of);
            may_fail |= fails;
        }
        Self { value: format!("{{ {value} }}"), asked, may_fail }
    }
}

fn named(names: &[(Kind, &str, &str)]) -> Vec<(Kind, Written)> {
    names.iter().map(|(kind, ours, sql)| (*kind, Written::new(ours, sql))).collect()
}

/// Fields with names that begin like this. Each is common to what follows.
fn fields(author: &mut Author<'_>, name: &str, count: usize) -> Vec<Written> {
    let mut fields = Vec::with_capacity(count);
    for at in 0..count {
        let kind = author.choose(&KINDS);
        let field = author.leaf(kind);
        let named = Written { ours: format!("{name}{at}"), sql: format!("({})", field.sql), ..field };
        author.common.push((kind, named));
        fields.push(field);
    }
    fields
}

fn list(author: &mut Author<'_>) -> (String, Asked, bool) {
    let By { ours: by, sql: of, grouped, common } = &LISTS[author.rng.usize(..LISTS.len())];
    author.common.extend(named(common));
    let condition = author.one_in(2).then(|| author.condition());
    let fields = fields(author, "e", 2);
    let order = author.choose(&["e0", "e0 desc", "e1 desc", "e1"]);
    let is_ordered = !author.one_in(3);
    let mut list = format!("list: {{ each: {by}");
    let mut tail = format!("AND {of} IS NOT NULL");
    if let Some(condition) = &condition {
        let _ = write!(list, ", where: {}", to_string(&condition.ours).expect("a text"));
        let _ = write!(tail, " AND {}", condition.sql);
    }
    let _ = write!(tail, " GROUP BY {BY_SHOP}, {of}, {grouped} ORDER BY ");
    if is_ordered {
        let _ = write!(list, ", order_by: [{order}]");
        let _ = write!(tail, "{} {} NULLS LAST, ", 1 + usize::from(order.starts_with("e1")), &order[2..]);
    }
    tail += of;
    let _ = write!(list, ", value: {{ {} }} }}", ours("e", &fields));
    let may_fail = fields.iter().chain(&condition).any(|part| part.may_fail);
    (list, Asked { head: sql(&fields), tail }, may_fail)
}

fn ours(name: &str, fields: &[Written]) -> String {
    let fields = fields.iter().enumerate();
    fields.map(|(at, field)| format!("{name}{at}: {}, ", to_string(&field.ours).expect("a text"))).collect()
}

fn sql(fields: &[Written]) -> String {
    fields.iter().map(|field| &*field.sql).collect::<Vec<_>>().join(", ")
}
