use super::*;

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/examples/work-orders/freshet.yaml");

#[test]
fn loads() {
    let settings = load(Path::new(SHIPPED), &nothing_set).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settings.catalog.views.len(), 5);
}
