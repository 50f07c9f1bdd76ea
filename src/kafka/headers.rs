use std::panic::{AssertUnwindSafe, catch_unwind};

use rdkafka::message::{Header, Headers};

/// The headers of a record whose names are UTF-8. At another name `rdkafka` panics, and there is no other way to it: one
/// such record would end every copy that reads it.
pub(super) fn readable<H: Headers>(headers: &H) -> impl Iterator<Item = Header<'_, &[u8]>> {
    (0..headers.count()).filter_map(|place| catch_unwind(AssertUnwindSafe(|| headers.try_get(place))).ok()?)
}
