//! The room as a whole: text in, settings or sentences out.

use super::*;

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/examples/work-orders/freshet.yaml");

#[test]
fn the_shipped_configuration_loads() {
    let settings = load(Path::new(SHIPPED), &|_| None).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settings.catalog.views.len(), 5);
}
