//! The room as a whole: text in, settings or sentences out.

mod audit;
mod catalogue;
mod connections;
mod database;
mod digest;
mod fuzz;
mod groups;
mod parameters;
mod refill;
mod resolved;
mod shape;
mod shipped;
mod tables;
mod tracking;
mod values;
mod views;

use super::*;

/// Without these two lines no configuration is complete; a body begins in line 3.
const HEAD: &str = "kafka: { brokers: b }\nredis: { url: redis://r }\n";

fn nothing_set(_: &str) -> Option<String> {
    None
}

/// Asserts on every mistake in the file `HEAD` and `body` make, as a person sees it.
#[track_caller]
fn check(body: &str, expect: &[&str]) {
    check_file(&format!("{HEAD}{body}"), expect);
}

#[track_caller]
fn check_file(text: &str, expect: &[&str]) {
    let found = match parse("f", text, &nothing_set) {
        Ok(_) => Vec::new(),
        Err(error) => error.to_string().lines().map(str::to_owned).collect(),
    };
    let expect: Vec<String> = expect.iter().map(|problem| format!("f:{problem}")).collect();
    assert_eq!(found, expect, "\n{text}");
}

#[track_caller]
fn loaded(body: &str) -> Settings {
    let text = format!("{HEAD}{body}");
    parse("f", &text, &nothing_set).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

const TABLES: &str = "\
tables:
  order: { topic: app.public.order, primary_key: id, replica_identity: full }
  customer: { topic: app.public.customer, primary_key: id, columns: { code: text } }
  stock: { topic: app.public.stock, primary_key: [shop_id, sku] }
relations:
  order.customer: { column: customer_id, to: customer }
  customer.parent: { column: parent_id, to: customer }
";

/// A view that uses what `TABLES` declares. The views of a case begin in line 12.
const USED: &str = "views:\n  used: { key: 'used:{code}', from: customer }\n";

#[track_caller]
fn views(lines: &str, expect: &[&str]) {
    check(&format!("{TABLES}{USED}{lines}\n"), expect);
}
