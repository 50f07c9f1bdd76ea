//! Views that do not agree with the tables or with themselves.

use super::*;
use crate::catalog::Pattern;

#[test]
fn from() {
    views(
        "  v: { family: 'v:*', from: [] }",
        &["12:23: views.v.from: the view is computed from no table; name at least one"],
    );
    views(
        "  v: { family: 'v:*', from: {} }",
        &["12:23: views.v.from: the view is computed from no table; name at least one"],
    );
    views(
        "  v: { family: 'v:*', from: [order, order, shop] }",
        &[
            "12:37: views.v.from[1]: `order` stands twice; name it once",
            "12:44: views.v.from[2]: there is no table `shop`; define it under `tables`, or name one that is (`order`, \
         `customer`, `stock`)",
        ],
    );
    views(
        "  v: { family: 'v:*', from: { oder: {} } }",
        &["12:31: views.v.from.oder: there is no table `oder`; did you mean `order`?"],
    );
}

#[test]
fn keys_and_families() {
    views(
        "  v: { from: order }",
        &[
            "12:3: views.v: the view has neither `key` nor `family`; add a `key` with holes, such as `name:{id}`, or a `family`, \
         such as `name:*`",
        ],
    );
    let key = |key: &str, expect: &str| {
        views(&format!("  v: {{ key: {key:?}, from: order }}"), &[&format!("12:13: views.v.key: {expect}")]);
    };
    key("v:{id", "the brace at character 3 has no partner; a literal brace is doubled: `{{` or `}}`");
    key(
        "v:",
        "the template has no hole; write one, such as `name:{id}`, or use a `family`, such as `name:*`",
    );
    key("v:{a}:{a}", "the hole `{a}` stands twice; each hole is filled once");
    key("v:{a}{b}", "nothing that tells where `{a}` ends follows it; put a separator such as `:` behind it");
    key(
        "v{id}",
        "the template does not begin with a literal that ends in a separator, so its keys cannot be told from others'; \
         begin it like `name:{id}`",
    );
    key("v:{a-b}", "`{a-b}` is no name for a hole; use letters, digits and `_`");
    views(
        "  v: { key: 'v:{code}:x', from: customer }",
        &[
            "12:13: views.v.key: `{code}` holds text and is not the last thing in its template, so its end cannot be told; move \
         it to the end, or use a `family` instead of a `key`",
        ],
    );
    let family = |family: &str, expect: &str| {
        views(
            &format!("  v: {{ family: {family:?}, from: order }}"),
            &[&format!("12:16: views.v.family: {expect}")],
        );
    };
    family("*", "`*` alone would delete every key there is; write a prefix and `*`: `name:*`");
    family("v:", "the family `v:` does not end in `*`; write a prefix and `*`: `name:*`");
    family("", "the family `` does not end in `*`; write a prefix and `*`: `name:*`");
    family(
        "v:?:*",
        "`?` stands before the end of `v:?:*`, and a family is a prefix, not a pattern; write a prefix without `*`, `?`, \
         `[`, `]` and `\\`, and one `*` at its end",
    );
    family(
        "v:{id}:*",
        "`v:{id}:*` has a brace, and a family has no holes; use `key` for a template; a literal brace is doubled: `{{` or \
         `}}`",
    );
    let settings = loaded(&format!("{TABLES}{USED}  v: {{ family: 'v:{{{{a}}}}:*', from: order }}\n"));
    assert_eq!(settings.catalog.views[1].pattern, Pattern::Declared { prefix: "v:{a}:".to_owned() });
}

#[test]
fn ttl() {
    let settings = loaded(&format!("{TABLES}{USED}  v: {{ family: 'v:*', from: order, ttl: 1h30m }}\n"));
    assert_eq!(settings.catalog.views[1].ttl.map(|ttl| ttl.as_secs()), Some(5_400));
    assert_eq!(settings.catalog.views[0].ttl, None);
    let ttl = |ttl: &str, expect: &str| {
        views(
            &format!("  v: {{ family: 'v:*', from: order, ttl: {ttl} }}"),
            &[&format!("12:41: views.v.ttl: {expect}")],
        );
    };
    ttl("300", "this is a number and must be text; write it with a unit, such as `5m` or `300s`");
    ttl("0s", "a value that lives no time is not cached; write it like `5m`, `300s` or `1h30m`");
    ttl(
        "5x",
        "`5x` is no duration: unknown time unit \"x\", supported units: ns, us/µs, ms, sec, min, hours, days, weeks, \
               months, years (and few variations); write it like `5m`, `300s` or `1h30m`",
    );
}

#[test]
fn hold() {
    let settings = loaded(&format!("{TABLES}{USED}  v: {{ family: 'v:*', from: order, hold: 500ms }}\n"));
    let view = &settings.catalog.views[1];
    assert_eq!(view.hold.map(|hold| hold.as_millis()), Some(500));
    assert_eq!((view.settle, view.again()), (None, view.hold));
    assert!(settings.catalog.settles(), "its family goes again");
    views("  v: { family: 'v:*', from: order, hold: 1m }", &[]);
    let hold = |hold: &str, expect: &str| {
        views(
            &format!("  v: {{ family: 'v:*', from: order, hold: {hold} }}"),
            &[&format!("12:42: views.v.hold: {expect}")],
        );
    };
    hold("1", "this is a number and must be text; write it with a unit, such as `5m` or `300s`");
    hold(
        "900us",
        "Redis counts in milliseconds, so that less than `1ms` holds nothing; write it like `500ms` or `1s`",
    );
    hold(
        "61s",
        "nobody stores what was deleted for as long; more than `1m` is refused; write it like `500ms` or `1s`",
    );
    views(
        "  v: { family: 'v:*', from: order, settle: 1s, hold: 1s }",
        &[
            "12:48: views.v.hold: a `hold` beside a `settle` protects nobody: what a reader fills from a replica before the \
           second delete goes with it; keep `hold` if all readers use leases, else `settle`, longer than the replica lags",
        ],
    );
}

#[test]
fn names_of_freshets_own_are_no_view() {
    let is_ours =
        "names that begin with `freshet:` are freshet's own, such as those of leases; choose another prefix";
    for family in ["freshet:lease:*", "freshet:*", "fre*"] {
        views(
            &format!("  v: {{ family: '{family}', from: order }}"),
            &[&format!("12:16: views.v.family: {is_ours}")],
        );
    }
    views("  v: { family: 'freshets:*', from: order }", &[]);
}

#[test]
fn settle() {
    let settings = loaded(&format!("{TABLES}{USED}  v: {{ family: 'v:*', from: order, settle: 1500ms }}\n"));
    assert_eq!(settings.catalog.views[1].settle.map(|settle| settle.as_millis()), Some(1_500));
    assert_eq!(settings.catalog.views[0].settle, None);
    assert!(settings.catalog.settles());
    views("  v: { family: 'v:*', from: order, settle: 1m }", &[]);
    let settle = |settle: &str, expect: &str| {
        views(
            &format!("  v: {{ family: 'v:*', from: order, settle: {settle} }}"),
            &[&format!("12:44: views.v.settle: {expect}")],
        );
    };
    settle("1", "this is a number and must be text; write it with a unit, such as `5m` or `300s`");
    settle(
        "0s",
        "a second delete at once comes before the value that it is for; write it like `500ms` or `1s`",
    );
    settle(
        "61s",
        "the second delete is for a value that was read before a change and stored after the first delete, and no offset is \
         committed before it; more than `1m` is refused; write it like `500ms` or `1s`",
    );
    settle("soon", "`soon` is no duration: expected number at 0; write it like `500ms` or `1s`");
}

#[test]
fn fills() {
    views(
        "  v:\n    key: 'v:{a}:{b}'\n    from:\n      order: { fill: { a: x, bb: y } }\n      customer: { fill: {} }",
        &[
            "15:16: views.v.from.order.fill: nothing fills the hole `{b}` from `order`; add `b: column`",
            "15:30: views.v.from.order.fill.bb: the key has no hole `{bb}`; did you mean `b`?",
            "16:19: views.v.from.customer.fill: nothing fills the hole `{a}` from `customer`; add `a: column`",
            "16:19: views.v.from.customer.fill: nothing fills the hole `{b}` from `customer`; add `b: column`",
        ],
    );
    views(
        "  v: { family: 'v:*', from: { order: { fill: { a: x } } } }",
        &[
            "12:40: views.v.from.order.fill: a family has no holes to fill; remove it, or use a `key` with holes",
        ],
    );
}

#[test]
fn types_of_holes() {
    let types = |columns: &str, expect: &[&str]| {
        check(
            &format!(
                "tables:\n  a: {{ topic: t }}\n  b: {{ topic: u, columns: {{ code: text }} }}\n  c: {{ topic: w{columns} }}\n\
                 views:\n  v: {{ key: 'v:{{code}}', from: {{ a: , b: , c: {{ fill: {{ code: size }} }} }} }}\n"
            ),
            expect,
        );
    };
    // Where nothing is declared, the declared type of another table's column holds.
    types("", &[]);
    types(", columns: { size: text }", &[]);
    types(
        ", columns: { size: integer }",
        &[
            "8:62: views.v.from.c.fill.code: `size` is of type integer and fills the hole `{code}`, which another table fills \
         with text; give both columns one type under the `columns` of their tables",
        ],
    );
}

#[test]
fn holes_of_two_rows() {
    const EXPECT: &str =
        "which cannot be kept true; fill all of them from one row, or use a `family` instead of a `key`";
    let fill = |fill: &str, expect: &[&str]| {
        views(
            &format!("  v: {{ key: 'v:{{a}}:{{b}}', from: {{ order: {{ fill: {{ {fill} }} }} }} }}"),
            expect,
        );
    };
    fill("a: x, b: y", &[]);
    fill("a: customer.x, b: customer.y", &[]);
    fill(
        "a: customer_id, b: customer.region",
        &[&format!(
            "12:43: views.v.from.order.fill: the holes are filled partly from the row itself and partly from `customer`, {EXPECT}"
        )],
    );
    fill(
        "a: customer.parent.x, b: customer.y",
        &[&format!(
            "12:43: views.v.from.order.fill: the holes are filled partly from `customer.parent` and partly from `customer`, \
         {EXPECT}"
        )],
    );
}
