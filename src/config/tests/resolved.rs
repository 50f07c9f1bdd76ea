//! What a configuration without mistakes is resolved to.

use super::*;
use crate::catalog::{ColumnType, Fill, Pattern, Reads, ReplicaIdentity};

#[test]
fn what_is_resolved() {
    let catalog = loaded(&format!(
        "{TABLES}views:
  of_customer:
    key: 'of_customer:{{code}}'
    from:
      order: {{ fill: {{ code: customer.code }}, reads: [customer.parent.name, total, customer.name] }}
      customer:
  stock:
    key: 'stock:{{shop_id}}:{{size}}'
    from: stock
invalidate: {{ all: [stock] }}
"
    ))
    .catalog;
    let order = catalog.table(catalog.table_by_topic("app.public.order").expect("the table"));
    assert_eq!((order.source_table.as_deref(), order.identity), (Some("order"), ReplicaIdentity::Full));
    let names =
        |columns: &[crate::catalog::Column]| columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&order.columns), ["id", "customer_id", "total"]);
    let customer = &catalog.tables[1];
    assert_eq!(names(&customer.columns), ["id", "code", "parent_id", "name"]);
    assert_eq!(customer.columns[1].r#type, ColumnType::Text);
    assert_eq!(customer.columns[0].r#type, ColumnType::Any, "nothing was declared");
    assert_eq!(names(&catalog.tables[2].columns), ["shop_id", "sku", "size"]);
    assert_eq!(catalog.tables[2].primary_key.len(), 2);

    let view = &catalog.views[0];
    let Pattern::Template(template) = &view.pattern else { panic!("a template") };
    assert_eq!(template.holes()[0].r#type, ColumnType::Text);
    let from_order = view.sources.iter().find(|source| source.table.index() == 0).expect("from order");
    let Fill::Path(path) = &from_order.fills[0] else { panic!("a path") };
    let spelled = |path: &crate::catalog::Path| {
        let step = |(table, column): (_, crate::catalog::ColumnId)| {
            let table = catalog.table(table);
            format!("{}.{}", table.name, table.columns[column.index()].name)
        };
        let steps: Vec<String> = path.steps(&catalog.relations).map(step).collect();
        let link = path.link(&catalog.relations).index();
        format!("{} = {} -> {}", path.text, order.columns[link].name, steps.join(" -> "))
    };
    assert_eq!(spelled(path), "customer.code = customer_id -> customer.code");
    let paths: Vec<String> = from_order.read_paths.iter().map(spelled).collect();
    assert_eq!(
        paths,
        [
            "customer.parent.name = customer_id -> customer.parent_id -> customer.name",
            "customer.name = customer_id -> customer.name",
        ]
    );
    let Reads::Columns(reads) = &from_order.reads else { panic!("columns") };
    let reads: Vec<&str> = reads.iter().map(|column| order.columns[column.index()].name.as_str()).collect();
    assert_eq!(reads, ["customer_id", "total"], "a link counts without being named");
    let from_customer = view.sources.iter().find(|source| source.table.index() == 1).expect("from customer");
    assert!(matches!(from_customer.fills[..], [Fill::Column(column)] if column.index() == 1));
    assert_eq!(from_customer.reads, Reads::All);
    assert_eq!(
        catalog.group_by_name("all").map(|group| group.views.clone()),
        Some(vec![catalog.view_by_name("stock").expect("it")])
    );
}
