use super::*;

#[test]
fn all_mistakes_at_once() {
    let error = parse("mistakes.yaml", include_str!("mistakes.yaml"), &nothing_set).expect_err("mistakes");
    insta::assert_snapshot!(error.to_string());
}
