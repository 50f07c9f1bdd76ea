//! Random values of random rows: what is computed from the rows' changes is what PostgreSQL says of the rows themselves.
//!
//! Where the two differ on purpose, PostgreSQL is asked for what is meant here: integers are sent as `numeric`, which is as wide as
//! they are on the way; what is divided or averaged is cast to `float8` first; the extremes of truths are `bool_and` and
//! `bool_or`. `round(x, n)` is Python's, and has a table of its own beside the code.

mod aggregates;
mod definitions;
mod expressions;
mod operators;
mod story;
mod written;

use std::env;
use std::fmt::Write as _;
use std::sync::Arc;

use fastrand::Rng;
use freshet::catalog::Catalog;
use freshet::rows::Rows;
use freshet::values::{Datum, Tree, Trouble, Values};
use postgres::{Client, NoTls, SimpleQueryMessage};

use self::definitions::{Asked, Definition};
use self::story::{SHOPS, Story};
use crate::harness::Stack;

/// Takes the place of a random one.
const SEED: &str = "FRESHET_SQL_TRUTH_SEED";
const SCENES: usize = 60;
const DEFINITIONS: usize = 8;

const HEAD: &str = "
kafka: { brokers: b }
redis: { url: redis://r }
tables:
  item: { topic: app.public.item, primary_key: id, columns: { f: float, s: text, d: text, b: boolean } }
  owner: { topic: app.public.owner, primary_key: id, columns: { g: float, name: text, ok: boolean } }
relations:
  item.shop: { column: shop_id, to: owner }
  item.owner: { column: owner_id, to: owner }
  owner.boss: { column: boss_id, to: owner }
views:
  # What is declared must be used.
  all: { key: 'all:{shop}', from: { item: { fill: { shop: shop_id } } }, value: {
    f: max(f), b: max(b), s: count(s), d: count(d), g: max(owner.g), ok: max(owner.ok), name: count(owner.name) } }
";

/// What came of the values.
#[derive(Debug, Default)]
struct Tally {
    /// Both say the same, and something else than that all is null.
    same: usize,
    null: usize,
    /// No row fills the key, and PostgreSQL finds none.
    empty: usize,
    /// Something is divided by zero, or beyond what a type holds.
    failed: usize,
}

#[test]
fn values_are_what_postgresql_says() {
    let seed = match env::var(SEED) {
        Ok(seed) => seed.parse().expect("a number"),
        Err(_) => fastrand::u64(..),
    };
    println!("{SEED}={seed}");
    let stack = Stack::start(&["--services", "postgres"]);
    let mut sql = Client::connect(&stack["DATABASE_URL"], NoTls).expect("PostgreSQL");
    story::tables(&mut sql);
    let mut rng = Rng::with_seed(seed);
    let mut tally = Tally::default();
    for _ in 0..SCENES {
        let story = Story::new(&mut rng);
        story.store(&mut sql);
        let definitions: Vec<_> = (0..DEFINITIONS).map(|_| Definition::new(&mut rng)).collect();
        judge(&mut sql, &story, &definitions, &mut tally);
    }
    println!("{tally:?}");
    let all = SCENES * DEFINITIONS * SHOPS.len();
    assert!(tally.same * 2 > all && tally.failed * 5 < all, "little was compared: {tally:?} of {all}");
}

fn judge(sql: &mut Client, story: &Story, definitions: &[Definition], tally: &mut Tally) {
    let mut text = HEAD.to_owned();
    for (number, Definition { value, .. }) in definitions.iter().enumerate() {
        let _ = writeln!(
            text,
            "  v{number}: {{ key: 'v{number}:{{shop}}', from: {{ item: {{ fill: {{ shop: shop_id }} }} }}, value: {value} }}"
        );
    }
    let settings = freshet::config::parse("random", &text, &|_| None)
        .unwrap_or_else(|mistakes| panic!("{mistakes}\n{text}"));
    let catalog = Arc::new(settings.catalog);
    let rows = story.tell(&catalog);
    for (number, definition) in definitions.iter().enumerate() {
        for shop in SHOPS {
            let key = format!("v{number}:{shop}");
            let found = find(&catalog, &settings.values, &rows, &key);
            let said = definition.asked.iter().map(|asked| ask(sql, asked, shop)).collect();
            let told = || format!("{key} of {definition:#?}\nof {story}is {found:?}\nand in SQL {said:?}");
            match (&found, &said) {
                (Ok(found), Ok(said)) => {
                    assert!(alike(found, said), "{}", told());
                    let is_null = found.iter().flatten().flatten().all(|datum| *datum == Datum::Null);
                    *(if is_null { &mut tally.null } else { &mut tally.same }) += 1;
                }
                (Err(Trouble::Empty), Ok(said)) if said.iter().all(Vec::is_empty) => tally.empty += 1,
                // One of the two may find out without looking at what fails.
                (Err(Trouble::Value | Trouble::Empty) | Ok(_), Err(_)) | (Err(Trouble::Value), Ok(_))
                    if definition.may_fail =>
                {
                    tally.failed += 1;
                }
                _ => panic!("{}", told()),
            }
        }
    }
}

/// The value's expressions as one row, and the elements of its list.
type Found<'d> = Vec<Vec<Vec<Datum<'d>>>>;
type Said = Vec<Vec<Vec<Option<String>>>>;

fn find<'d>(
    catalog: &'d Catalog,
    values: &'d Values,
    rows: &'d Rows,
    key: &str,
) -> Result<Found<'d>, Trouble> {
    let view = key.split(':').next().and_then(|name| catalog.view_by_name(name)).expect("a view");
    let Tree::Map(fields) = values.value(catalog, rows, view, key)? else { panic!("no map") };
    let mut found = vec![vec![Vec::new()]];
    for (_, field) in fields {
        match field {
            Tree::Leaf(datum) => found[0][0].push(datum),
            Tree::List(elements) => found.push(elements.into_iter().map(leaves).collect()),
            Tree::Map(_) => panic!("no map in a map"),
        }
    }
    Ok(found)
}

fn leaves(element: Tree<'_>) -> Vec<Datum<'_>> {
    let Tree::Map(fields) = element else { panic!("no map") };
    let leaf = |field| match field {
        Tree::Leaf(datum) => datum,
        _ => panic!("no leaf"),
    };
    fields.into_iter().map(|(_, field)| leaf(field)).collect()
}

fn ask(sql: &mut Client, asked: &Asked, shop: i64) -> Result<Vec<Vec<Option<String>>>, String> {
    let answer = sql.simple_query(&asked.of(shop)).map_err(|error| {
        let error = error.as_db_error().expect("an answer");
        // Out of range, divided by zero, no number.
        assert!(["22003", "22012", "22P02"].contains(&error.code().code()), "{error}: {}", asked.of(shop));
        error.to_string()
    })?;
    let rows = answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(rows.map(|row| (0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()).collect())
}

fn alike(found: &Found<'_>, said: &Said) -> bool {
    let cells = |(found, said): (&Vec<Datum<'_>>, &Vec<Option<String>>)| {
        found.len() == said.len() && found.iter().zip(said).all(|(found, said)| is(found, said.as_deref()))
    };
    let rows = |(found, said): (&Vec<Vec<Datum<'_>>>, &Vec<Vec<Option<String>>>)| {
        found.len() == said.len() && found.iter().zip(said).all(cells)
    };
    found.len() == said.len() && found.iter().zip(said).all(rows)
}

/// Floats to the last digit.
fn is(found: &Datum<'_>, said: Option<&str>) -> bool {
    match (found, said) {
        (Datum::Null, said) => said.is_none(),
        (_, None) => false,
        (Datum::Truth(found), Some(said)) => said == if *found { "t" } else { "f" },
        (Datum::Text(found), Some(said)) => found == said,
        (Datum::Float(found), Some(said)) => said.parse() == Ok(*found),
        // One branch of a `case` is a float, and this is the other.
        #[expect(clippy::cast_precision_loss, reason = "PostgreSQL has made it a float")]
        (Datum::Integer(found), Some(said)) => said == found.to_string() || said.parse() == Ok(*found as f64),
    }
}
