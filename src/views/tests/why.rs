use std::fmt::Write as _;

use super::history::{CONFIGURED, History};
use crate::catalog::ViewId;
use crate::views::{Effects, Why};

#[derive(Default)]
struct Whys(String);

impl Effects for Whys {
    fn key(&mut self, _: ViewId, key: &str, why: Why<'_>) {
        writeln!(self.0, "{key}: {why}").expect("a string");
    }

    fn family(&mut self, view: ViewId, why: Why<'_>) {
        writeln!(self.0, "{}: {why}", CONFIGURED.view(view).name).expect("a string");
    }
}

#[test]
fn why_says_which_path_led_to_the_key() {
    let (mut history, mut whys) = (History::new(), Whys::default());
    for event in [
        "region c id=1 code=north name=n",
        "customer c id=7 region_id=1 name=x",
        "order c id=1 shop_id=2 customer_id=7 status=new",
        "visit c id=1 order_id=1 shop_id=2",
        "region u id=1 code=south name=m",
        "customer u id=7 region_id=null name=z",
        "incomplete order",
        "customer d id=7",
        "customer u id=9 region_id=null name=z",
    ] {
        writeln!(whys.0, "-- {event}").expect("a string");
        history.read(event, &mut whys);
    }
    insta::assert_snapshot!(whys.0, @r"
    -- region c id=1 code=north name=n
    code:north: the row after the change, by code as the end of customer.region.code; create of region
    -- customer c id=7 region_id=1 name=x
    customer:7: the row after the change, by id; create of customer
    code:north: the row after the change, by region.code as the end of customer.region.code; create of customer
    -- order c id=1 shop_id=2 customer_id=7 status=new
    shop:2: the row after the change, by shop_id; create of order
    customer:7: the row after the change, by customer_id; create of order
    code:north: the row after the change, by customer.region.code; create of order
    -- visit c id=1 order_id=1 shop_id=2
    shop:2: the row after the change, by shop_id; create of visit
    customer:7: the row after the change, by order.customer_id; create of visit
    -- region u id=1 code=south name=m
    shop:2: the row behind customer.region.name; update of region, changed: name
    code:north: the row before the change, by code as the end of customer.region.code; update of region, changed: code
    code:south: the row after the change, by code as the end of customer.region.code; update of region, changed: code
    -- customer u id=7 region_id=null name=z
    shop:2: the row behind customer.region.name; update of customer, changed: region_id
    customer:7: the row before and after the change, by id; update of customer, changed: name
    customer:7: the row behind order.customer.name; update of customer, changed: name
    code:south: the row before the change, by region.code as the end of customer.region.code; update of customer, changed: region_id
    -- incomplete order
    -- customer d id=7
    shop: not all rows that lead to the row are known, behind customer.region.name; delete of customer
    customer:7: the row before the change, by id; delete of customer
    customer: not all rows that lead to the row are known, behind order.customer.name; delete of customer
    -- customer u id=9 region_id=null name=z
    shop: the topic has not shown the row before: it does not hold all rows
    customer: the topic has not shown the row before: it does not hold all rows
    code: the topic has not shown the row before: it does not hold all rows
    ");
}
