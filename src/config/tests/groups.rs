//! Views beside each other, and groups of them.

use super::*;

#[track_caller]
fn groups(lines: &str, expect: &[&str]) {
    let views = "  a: { key: 'a:{id}', from: order }\n  b: { key: 'b:{id}', from: order }\n  c: { family: 'c:*', from: order }\n";
    check(&format!("{TABLES}{USED}{views}invalidate:\n{lines}\n"), expect);
}

#[test]
fn prefixes() {
    const REMEDY: &str = "choose prefixes of which neither begins with the other";
    views(
        "  a: { key: 'a:{x}', from: order }\n  b: { key: 'a:{y}', from: order }",
        &[
            "13:13: views.b.key: this names the same keys as view `a`; make one view of them, with the tables of both under \
         `from`",
        ],
    );
    views(
        "  a: { family: 'a:*', from: order }\n  b: { family: 'a:*', from: order }",
        &[
            "13:16: views.b.family: this names the same keys as view `a`; make one view of them, with the tables of both under \
         `from`",
        ],
    );
    views(
        "  a: { key: 'a:{x}', from: order }\n  b: { key: 'a:{y}:b', from: order }",
        &[&format!("13:13: views.b.key: the prefix `a:` is that of view `a` too; {REMEDY}")],
    );
    views(
        "  a: { key: 'a:{x}', from: order }\n  b: { family: 'a:b:*', from: order }\n  c: { key: 'a_:{x}', from: order }",
        &[&format!("13:16: views.b.family: the prefix `a:b:` begins with that of view `a`, `a:`; {REMEDY}")],
    );
    views(
        "  a: { key: 'a:b:{x}', from: order }\n  b: { family: 'a*', from: order }\n  c: { key: 'a_:{x}', from: order }",
        &[
            &format!(
                "13:16: views.b.family: the prefix of view `a`, `a:b:`, begins with this one, `a`; {REMEDY}"
            ),
            &format!("14:13: views.c.key: the prefix `a_:` begins with that of view `b`, `a`; {REMEDY}"),
        ],
    );
}

#[test]
fn invalidation_groups() {
    groups("  g: [a, b]\n  f: [c]", &[]);
    groups(
        "  g: [a, c]",
        &[
            "16:10: invalidate.g[1]: `a` has the hole `{id}` and `c` has no hole; name views with the same holes",
        ],
    );
    groups("  g: [a, a]", &["16:10: invalidate.g[1]: `a` stands twice; name it once"]);
    groups(
        "  g: [x]",
        &[
            "16:7: invalidate.g[0]: there is no view `x`; define it under `views`, or name one that is (`used`, `a`, `b`, `c`)",
        ],
    );
    groups("  g: []", &["16:3: invalidate.g: the group is empty; name at least one view, or remove it"]);
    groups("  a: [b]", &["16:3: invalidate.a: `a` is the name of a view too; give the group another name"]);
    groups(
        "  g: [a]\n  g: [b]",
        &["17:3: invalidate.g: `g` is defined twice; the first is in line 16; keep one"],
    );
    groups("  g: a", &["16:6: invalidate.g: this is text and must be a list; write a list"]);
}
