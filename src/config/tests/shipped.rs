//! The configuration that is shipped, as it is understood.

use crate::catalog::{Catalog, Fill, Pattern, Reads, ReplicaIdentity};

use super::*;

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/examples/work-orders/freshet.yaml");

fn shipped(env: Environment<'_>) -> Settings {
    load(Path::new(SHIPPED), env).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn connections() {
    let settings = shipped(&nothing_set);
    assert_eq!(
        (settings.kafka.brokers.as_str(), settings.kafka.group.as_str()),
        ("localhost:9092", "freshet")
    );
    assert_eq!(settings.redis.url.expose(), "redis://localhost:6379/0");
    assert_eq!(settings.redis.key_format.prefix, ":1:");
    assert_eq!(settings.http.listen.to_string(), "127.0.0.1:9090");

    let settings = shipped(&|name| match name {
        "KAFKA_BROKERS" => Some("kafka-1:9092,kafka-2:9092".to_owned()),
        "REDIS_URL" => Some("rediss://:secret@cache:6380/2".to_owned()),
        "FRESHET_HTTP_LISTEN" => Some("0.0.0.0:80".to_owned()),
        _ => None,
    });
    assert_eq!(settings.kafka.brokers, "kafka-1:9092,kafka-2:9092");
    assert_eq!(settings.redis.url.to_string(), "rediss://:***@cache:6380/2");
    assert_eq!(settings.http.listen.to_string(), "0.0.0.0:80");
}

#[test]
fn tables() {
    let catalog = shipped(&nothing_set).catalog;
    let tables: Vec<String> = catalog
        .tables
        .iter()
        .map(|table| {
            let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
            let full = if table.identity == ReplicaIdentity::Full { " full" } else { "" };
            let source_table = table.source_table.as_deref().unwrap_or_default();
            assert_eq!(table.topic, format!("app.public.{source_table}"));
            assert_eq!(table.primary_key.len(), 1);
            format!("{} {source_table}{full}: {}", table.name, columns.join(" "))
        })
        .collect();
    assert_eq!(
        tables,
        [
            "task workorder_workordertask: id assigned_department_id status assigned_operator_id work_order_process_id \
         production_quantity quantity_completed quantity_defective created_at",
            "task_log workorder_tasklog: id task_id log_type created_at",
            "process workorder_workorderprocess: id work_order_id",
            "work_order workorder_workorder: id priority",
            "department workorder_department: id name",
            "user auth_user: id is_active is_superuser username first_name last_name",
        ]
    );
}

#[test]
fn tracking() {
    let catalog = shipped(&nothing_set).catalog;
    let names = |tables: &[crate::catalog::TableId]| {
        tables.iter().map(|table| catalog.table(*table).name.as_str()).collect::<Vec<_>>().join(" ")
    };
    let components: Vec<String> =
        catalog.components.iter().map(|component| names(&component.tables)).collect();
    assert_eq!(
        components,
        ["user department task_log work_order process task"],
        "every table, tied by the views"
    );
    let followed = catalog.views.iter().flat_map(|view| &view.sources).all(|source| {
        let fills = source.fills.iter().all(|fill| !matches!(fill, Fill::Path(path) if !path.followed));
        fills && source.read_paths.iter().all(|path| path.followed)
    });
    assert!(followed);
    let reversed: Vec<String> = catalog
        .relations
        .iter()
        .filter(|relation| relation.reversed)
        .map(|relation| format!("{} of {}", names(&[relation.from]), names(&[relation.to])))
        .collect();
    assert_eq!(reversed, ["task of department", "task of user", "task of process", "process of work_order"]);
}

#[test]
fn views() {
    let catalog = shipped(&nothing_set).catalog;
    let views: Vec<String> = catalog.views.iter().map(|view| spelled(&catalog, view)).collect();
    insta::assert_snapshot!(views.join("\n"));
    let groups: Vec<String> = catalog
        .groups
        .iter()
        .map(|group| {
            let views: Vec<&str> = group.views.iter().map(|view| catalog.view(*view).name.as_str()).collect();
            format!("{}: {}", group.name, views.join(" "))
        })
        .collect();
    assert_eq!(groups, ["department: task_stats dept_workload", "operator: operator_stats"]);
}

fn spelled(catalog: &Catalog, view: &crate::catalog::View) -> String {
    let pattern = match &view.pattern {
        Pattern::Template(template) => template.text(),
        Pattern::Declared { prefix } => format!("{prefix}*"),
    };
    let mut lines = vec![format!("{} {pattern} {:?}", view.name, view.ttl)];
    for source in &view.sources {
        let table = catalog.table(source.table);
        let name = |column: crate::catalog::ColumnId| table.columns[column.index()].name.as_str();
        let fills: Vec<&str> = source
            .fills
            .iter()
            .map(|fill| match fill {
                Fill::Column(column) => name(*column),
                Fill::Path(path) => path.text.as_str(),
            })
            .collect();
        let reads = match &source.reads {
            Reads::All => "everything".to_owned(),
            Reads::Columns(columns) => {
                columns.iter().map(|column| name(*column)).collect::<Vec<_>>().join(" ")
            }
        };
        let paths: Vec<&str> = source.read_paths.iter().map(|path| path.text.as_str()).collect();
        lines.push(format!("  {} fills {fills:?} reads {reads} through {paths:?}", table.name));
    }
    lines.join("\n")
}
