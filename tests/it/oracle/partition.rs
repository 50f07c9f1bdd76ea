//! Kafka's default partitioner, for the keys that Debezium writes.

/// The partition in which the changes of the row with this `id` lie.
pub fn partition_of(id: i64, partitions: i32) -> i32 {
    let hash = murmur2(format!("{{\"id\":{id}}}").as_bytes()) & 0x7fff_ffff;
    i32::try_from(hash).expect("31 bits") % partitions
}

/// As the Java client has it.
fn murmur2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let (words, rest) = bytes.as_chunks::<4>();
    let mut hash = 0x9747_b28c ^ u32::try_from(bytes.len()).expect("a short key");
    for word in words {
        let word = u32::from_le_bytes(*word).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ (word ^ (word >> 24)).wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (place, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * place);
        }
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// Vectors of the Java client's own test.
#[test]
fn the_hash_is_the_java_clients() {
    let signed = |text: &str| murmur2(text.as_bytes()).cast_signed();
    assert_eq!(signed("21"), -973_932_308);
    assert_eq!(signed("foobar"), -790_332_482);
    assert_eq!(signed("a-little-bit-long-string"), -985_981_536);
    assert_eq!(signed("a-little-bit-longer-string"), -1_486_304_829);
    assert_eq!(signed("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"), -58_897_971);
    assert_eq!(signed("abc"), 479_470_107);
}
