use super::targets::{Target, targets};
use crate::catalog::Catalog;

const CONFIGURATION: &str = r#"
kafka: { brokers: "localhost:9092", group: test }
redis: { url: "redis://localhost:6379/0", key_format: ":1:{}" }
tables:
  order:    { topic: app.public.order, primary_key: id, columns: { shop_id: integer } }
  customer: { topic: app.public.customer, primary_key: id, columns: { code: text } }
views:
  shop_stats: { key: "shop_stats:{shop_id}", from: order }
  shop_load:  { key: "shop_load:{shop_id}", from: order }
  pair:       { key: "pair:{shop_id}:{customer_id}", from: order }
  code:       { key: "code:{code}", from: customer }
  board:      { family: "board:*", from: [order] }
  report:     { family: "report:*", key: "report:{md5_8(:from, :until, :shop_id)}", from: [order] }
invalidate:
  shop: [shop_stats, shop_load]
"#;

fn catalog() -> Catalog {
    crate::config::parse("test", CONFIGURATION, &|_| None).expect("a right configuration").catalog
}

/// What a command line deletes, or what is wrong with it, each on a line.
fn say(words: &str) -> String {
    let catalog = catalog();
    let mut words = words.split_whitespace().map(str::to_owned);
    let name = words.next().expect("a name");
    let (flags, values): (Vec<_>, Vec<_>) = words.partition(|word| word == "--family");
    let lines = match targets(&catalog, &name, &values, !flags.is_empty()) {
        Err(wrong) => wrong,
        Ok(targets) => targets
            .iter()
            .map(|target| match target {
                Target::Key(key, _) => key.clone(),
                Target::Family(view) => format!("every {}", view.pattern.text()),
            })
            .collect(),
    };
    lines.join("\n")
}

#[test]
fn what_goes() {
    for (words, expected) in [
        ("shop_stats shop_id=5", ":1:shop_stats:5"),
        ("shop_stats shop_id=-5", ":1:shop_stats:-5"),
        ("pair customer_id=7 shop_id=5", ":1:pair:5:7"),
        // Of a column without a declared type any value may be in a key.
        ("pair customer_id=x:y shop_id=5", ":1:pair:5:x:y"),
        ("shop shop_id=5", ":1:shop_stats:5\n:1:shop_load:5"),
        ("code code=a=b", ":1:code:a=b"),
        ("shop_stats --family", "every :1:shop_stats:{shop_id}"),
        ("shop --family", "every :1:shop_stats:{shop_id}\nevery :1:shop_load:{shop_id}"),
        ("board --family", "every :1:board:*"),
        ("report", "every :1:report:*"),
        ("report --family", "every :1:report:*"),
        ("report shop_id=5", ":1:report:60deb508"),
        ("report shop_id=5 until=2026-01-31 from=2026-01-01", ":1:report:c51f571a"),
        ("report shop_id=", ":1:report:4501c091"),
        // As text; the number 0 is null.
        ("report shop_id=0", ":1:report:c81df612"),
    ] {
        assert_eq!(say(words), expected, "{words}");
    }
}

#[test]
fn what_is_wrong_with_a_command_line() {
    let like = "write it like `freshet invalidate shop_stats shop_id=5`, or `--family` for every key";
    let integer = "the hole takes an integer, in digits as the database prints it";
    for (words, expected) in [
        ("shop_stat shop_id=5", "there is no view and no group `shop_stat`; did you mean `shop_stats`?".into()),
        (
            "region id=5",
            "there is no view and no group `region`; `freshet check --offline` lists what there is (`shop_stats`, \
             `shop_load`, `pair`, `code`, `board`, `report`, `shop`)"
                .into(),
        ),
        ("shop_stats", format!("nothing fills `shop_id` of `shop_stats`; {like}")),
        (
            "pair customer_id=7",
            "nothing fills `shop_id` of `pair`; write it like `freshet invalidate pair shop_id=5 customer_id=5`, or \
             `--family` for every key"
                .into(),
        ),
        ("shop_stats shop=5", "`shop_stats` has no hole `shop`; it has others (`shop_id`)".into()),
        ("shop_stats shopid=5", "`shop_stats` has no hole `shopid`; did you mean `shop_id`?".into()),
        ("shop_stats 5", format!("`5` is no `hole=value`; {like}")),
        ("shop_stats shop_id=5 shop_id=6", "`shop_id` is given twice; give it once".into()),
        ("shop_stats shop_id=five", format!("`shop_id=five`: {integer}")),
        ("shop_stats shop_id=", format!("`shop_id=`: {integer}")),
        ("shop_stats shop_id=05", format!("`shop_id=05`: {integer}")),
        ("shop_stats shop_id=-0", format!("`shop_id=-0`: {integer}")),
        ("shop shop_id=five", format!("`shop_id=five`: {integer}")),
        (
            "pair shop_id=x customer=7",
            format!("`shop_id=x`: {integer}\n`pair` has no hole `customer`; did you mean `customer_id`?"),
        ),
        (
            "board",
            "`board` is a declared family without holes; `freshet invalidate board --family` deletes `:1:board:*`"
                .into(),
        ),
        ("report shop=5", "`report` has no parameter `shop`; it has others (`from`, `until`, `shop_id`)".into()),
        ("report shop_id=5 shop_id=6", "`shop_id` is given twice; give it once".into()),
        ("report 5", "`5` is no `parameter=value`; write it like `freshet invalidate report from=5`".into()),
        (
            "shop_stats shop_id=5 --family",
            "`--family` deletes every key, so it takes no holes; leave out one of the two".into(),
        ),
    ] {
        let expected: String = expected;
        assert_eq!(say(words), expected, "{words}");
    }
}
