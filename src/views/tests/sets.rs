//! Which sets of parameters a change affects.

use super::*;
use crate::catalog::Parameters;

const SETS: &str = r#"
kafka: { brokers: "localhost:9092", group: test }
redis: { url: "redis://localhost:6379/0" }
tables:
  order: { topic: app.public.order, primary_key: id, replica_identity: full, columns: { shop_id: integer } }
  shop:  { topic: app.public.shop, primary_key: id, replica_identity: full }
views:
  report:
    family: "report:*"
    key: "report:{md5_8(:from, :shop_id)}"
    affects: ":shop_id is null or shop_id = :shop_id"
    from: { order: { reads: [status] }, shop: }
"#;

/// The sets that go, of these.
const REGISTERED: [&str; 5] = ["[null,null]", "[null,5]", "[\"2026\",\"6\"]", "[null,7]", "[null,\"x\"]"];

#[derive(Default)]
struct Taken(Option<Scope>, Vec<&'static str>);

impl Effects for Taken {
    fn key(&mut self, _: ViewId, key: &str, _: Why<'_>) {
        panic!("a family's key {key}");
    }

    fn family(&mut self, _: ViewId, why: Why<'_>) {
        self.1.push(why.reason.label());
        self.0 = Some(Scope::Whole);
    }

    fn affected(&mut self, _: ViewId, rows: &[Row<'_>], why: Why<'_>) {
        self.1.push(why.reason.label());
        assert!(self.0.replace(Scope::of(rows)).is_none(), "one scope");
    }
}

/// `shop` is of another table.
#[track_caller]
fn check(table: &str, operation: Operation, images: [&str; 2], expected: &str) {
    let catalog = Arc::new(crate::config::parse("test", SETS, &|_| None).expect("right").catalog);
    let mut rows = Rows::new(Arc::clone(&catalog));
    let id = TableId::from_index(usize::from(table == "shop"));
    let [before, after] = images.map(|text| (!text.is_empty()).then(|| read_row(&catalog, id, text)));
    let change = Change {
        table: id,
        operation,
        snapshot: change::Snapshot::Unsaid,
        before,
        after,
        moved: None,
        lsn: None,
        committed_at: None,
    };
    let mut taken = Taken::default();
    Evaluator::new(Arc::clone(&catalog)).evaluate(&mut rows, &change, &mut taken);
    let parameters = catalog.views[0].parameters.as_ref().expect("parameters");
    let said = match taken.0 {
        None => "nothing".to_owned(),
        Some(Scope::Whole) => format!("all, {}", taken.1.join(" ")),
        Some(Scope::Affected(affecting)) => gone(&affecting, parameters),
    };
    assert_eq!(said, expected, "{operation:?} of {table}: {images:?}");
}

fn gone(affecting: &Affecting, parameters: &Parameters) -> String {
    let affected = REGISTERED.iter().filter(|member| {
        let set = parameters.set(member.as_bytes()).expect("a set");
        affecting.affects(parameters, &set)
    });
    affected.copied().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_old_and_the_new_row_decide() {
    let six = "[\"2026\",\"6\"]";
    let doubt = "[null,\"x\"]";
    check("order", Create, ["", "id=1 shop_id=5 status=a"], &format!("[null,null] [null,5] {doubt}"));
    check("order", Delete, ["id=1 shop_id=6 status=a", ""], &format!("[null,null] {six} {doubt}"));
    check(
        "order",
        Update,
        ["id=1 shop_id=5 status=a", "id=1 shop_id=6 status=a"],
        &format!("[null,null] [null,5] {six} {doubt}"),
    );
    check(
        "order",
        Update,
        ["id=1 shop_id=9 status=a", "id=1 shop_id=9 status=b"],
        &format!("[null,null] {doubt}"),
    );
    // A null is no shop's.
    check("order", Create, ["", "id=1 shop_id=null status=a"], "[null,null]");
    check("order", Update, ["id=1 shop_id=5 status=a", "id=1 shop_id=5 status=a"], "nothing");
    // What cannot be compared with a number.
    check("order", Create, ["", "id=1 shop_id={} status=a"], &REGISTERED.join(" "));
}

#[test]
fn in_doubt_every_set_goes() {
    check("order", Snapshot, ["", "id=1 shop_id=5 status=a"], "all, unknown_old_row");
    check("order", Update, ["", "id=1 shop_id=5 status=a"], "all, unknown_old_row");
    check("order", Delete, ["", ""], "all, unknown_old_row");
    check("order", Create, ["", "id=1 status=a"], "all, missing_column");
    check("order", Create, ["", "id=1 shop_id=unavailable status=a"], "all, unavailable_column");
    check("order", Truncate, ["", ""], "all, truncate");
    check("shop", Create, ["", "id=5"], "all, declared_family");
}

#[test]
fn many_rows_are_one_scope_until_they_are_too_many() {
    let catalog = crate::config::parse("test", SETS, &|_| None).expect("right").catalog;
    let parameters = catalog.views[0].parameters.as_ref().expect("parameters");
    let mut scope = Scope::of(&[vec![Value::Int(5)]]);
    for shop in (10..250).chain(10..250) {
        scope.add(&[vec![Value::Int(shop)]]);
    }
    let mut other = Scope::of(&[vec![Value::Text("far".into())]]);
    other.join(scope.clone());
    let Scope::Affected(affecting) = &other else { panic!("241 different rows fit") };
    // A text is no number: it may be any.
    assert_eq!(gone(affecting, parameters), REGISTERED.join(" "));
    let Scope::Affected(affecting) = &scope else { panic!("240 different rows fit") };
    assert_eq!(gone(affecting, parameters), "[null,null] [null,5] [null,\"x\"]");
    assert!(scope.bytes() > 0);
    for shop in 250..270 {
        scope.add(&[vec![Value::Int(shop)]]);
    }
    assert_eq!(scope, Scope::Whole);
    scope.add(&[vec![Value::Int(1)]]);
    scope.join(other.clone());
    assert_eq!(scope, Scope::Whole, "it stays so");
    assert_eq!(Scope::of(&[vec![Value::Text("x".repeat(20_000).into())]]), Scope::Whole);
    other.join(Scope::Whole);
    assert_eq!(other, Scope::Whole);
}
