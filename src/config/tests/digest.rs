//! A view's digest changes with what its events delete, and with nothing else.

use super::*;

const BASE: &str = "\
tables:
  order: { topic: app.public.order, primary_key: id, replica_identity: full }
  customer: { topic: app.public.customer, primary_key: id }
relations:
  order.customer: { column: customer_id, to: customer }
views:
  v:
    key: 'v:{customer_id}'
    from:
      order: { fill: { customer_id: customer_id }, reads: [total, note, customer.name, customer.rank] }
      customer: { fill: { customer_id: id } }
";

#[track_caller]
fn digest(body: &str) -> u64 {
    let catalog = loaded(body).catalog;
    catalog.view(catalog.view_by_name("v").expect("the view")).digest
}

/// The base with replacements, each of which must apply.
fn changed(replacements: &[(&str, &str)]) -> String {
    replacements.iter().fold(BASE.to_owned(), |body, (from, to)| {
        assert!(body.contains(from), "{from} in {body}");
        body.replace(from, to)
    })
}

#[test]
fn is_the_same_for_ever() {
    assert_eq!(
        digest(BASE),
        13_945_429_698_990_124_883,
        "a change of the digest's form deletes every user's families once; is it worth that?"
    );
}

#[test]
fn does_not_depend_on_order_names_or_comments() {
    let same = [
        changed(&[("views:", "# A comment.\nviews:\n  w: { family: 'w:*', from: [customer, order] }")]),
        changed(&[(
            "[total, note, customer.name, customer.rank]",
            "[customer.rank, customer.name, note, total]",
        )]),
        changed(&[("[total, note,", "[total, note, customer_id,")]),
        changed(&[
            ("  order: { topic: app.public.order, primary_key: id, replica_identity: full }\n", ""),
            (
                "relations:",
                "  order: { topic: app.public.order, primary_key: id, replica_identity: full }\nrelations:",
            ),
        ]),
        changed(&[("order", "purchase"), ("app.public.purchase", "app.public.order")]),
        changed(&[("    from:", "    ttl: 5m\n    from:")]),
        changed(&[("    from:", "    settle: 1s\n    from:")]),
        changed(&[(
            "relations:",
            "  more: { topic: app.public.more }\nrelations:\n  order.more: { column: x, to: customer }",
        )]),
    ];
    for body in same {
        assert_eq!(digest(&body), digest(BASE), "{body}");
    }
}

#[test]
fn changes_with_what_is_deleted() {
    let different = [
        changed(&[("'v:{", "'w:{")]),
        changed(&[("'v:{customer_id}'", "'v:{customer_id}:x'")]),
        changed(&[("replica_identity: full", "replica_identity: default")]),
        changed(&[("app.public.order", "app.public.orders")]),
        changed(&[("app.public.order, primary_key: id", "app.public.order, primary_key: number")]),
        changed(&[("{ customer_id: customer_id }", "{ customer_id: payer_id }")]),
        changed(&[("{ customer_id: customer_id }", "{ customer_id: customer.id }")]),
        changed(&[("column: customer_id", "column: payer_id")]),
        changed(&[("full }", "full, columns: { customer_id: integer } }")]),
        changed(&[("full }", "full, columns: { customer_id: text } }")]),
        changed(&[("[total, note,", "[total,")]),
        changed(&[("customer.name, customer.rank", "customer.name")]),
        changed(&[(", reads: [total, note, customer.name, customer.rank]", "")]),
        changed(&[("      customer: { fill: { customer_id: id } }\n", "")]),
    ];
    let mut seen = vec![digest(BASE)];
    for body in different {
        let digest = digest(&body);
        assert!(!seen.contains(&digest), "{body}");
        seen.push(digest);
    }
    let head = HEAD.replace("redis://r", "redis://r, key_format: ':1:{}'");
    let settings =
        parse("f", &format!("{head}{BASE}"), &nothing_set).unwrap_or_else(|error| panic!("{error}"));
    assert!(
        !seen.contains(&settings.catalog.views[0].digest),
        "the key format is part of the wire's spelling"
    );
}
