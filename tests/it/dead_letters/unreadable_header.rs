//! A header whose name is no UTF-8. No client library of Rust writes one, but some of other languages do, so it is
//! written in the protocol's own bytes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::{POISON, World, wait_for_letters};
use crate::harness::{Topic, create};

#[test]
fn a_header_that_cannot_be_read_stops_nobody() {
    let world = World::new(1);
    let _freshet = world.start();
    world.redis.fill(&["shop:7", "shop:8", "other"]);
    let good = create(1, 7);
    let good = (good.key.as_bytes(), good.value.as_slice());
    let poison = (POISON.key.expect("a key"), POISON.value.expect("a value"));
    let headers: [(&[u8], &[u8]); 2] = [(b"\xff", b"1"), (b"trace", b"2")];
    for (key, value) in [good, poison] {
        produce(&world.topic, key, value, &headers);
    }
    world.topic.wait_for_offsets(&[2]);
    world.redis.wait_for_names(&["other"]);
    let found = wait_for_letters(&world.letters, 1);
    assert_eq!(found[0].headers[0], ("trace".to_owned(), Some(b"2".to_vec())));
    assert_eq!(found[0].value.as_deref(), POISON.value);
}

/// Appends one record to partition 0: a `Produce` request of version 3 with one record batch.
fn produce(topic: &Topic, key: &[u8], value: &[u8], headers: &[(&[u8], &[u8])]) {
    let mut record = vec![0, 0, 0];
    for bytes in [key, value] {
        varint(&mut record, bytes.len());
        record.extend(bytes);
    }
    varint(&mut record, headers.len());
    for bytes in headers.iter().flat_map(|(name, value)| [name, value]) {
        varint(&mut record, bytes.len());
        record.extend(*bytes);
    }
    // From the attributes on, which the checksum covers.
    let mut batch = vec![0; 6];
    batch.extend(POISON.time.to_be_bytes().repeat(2));
    batch.extend([0xff; 14]);
    batch.extend(1_i32.to_be_bytes());
    varint(&mut batch, record.len());
    batch.extend(record);
    let mut records = vec![0; 8];
    records.extend(length(batch.len() + 9));
    records.extend([0xff, 0xff, 0xff, 0xff, 2]);
    records.extend(crc32c(&batch).to_be_bytes());
    records.extend(batch);
    // Produce, version 3, a number, no client's name, no transaction, all acknowledgements, 10 s.
    let mut request = vec![0, 0, 0, 3, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0x27, 0x10];
    request.extend(length(1));
    request.extend(&length(topic.name.len())[2..]);
    request.extend(topic.name.as_bytes());
    request.extend([length(1), length(0), length(records.len())].concat());
    request.extend(records);
    let mut broker = TcpStream::connect(&topic.brokers).expect("a broker");
    broker.write_all(&[&length(request.len())[..], &request].concat()).expect("a request");
    // Length, number, one topic with its name, one partition: then its number and the error.
    let mut answer = vec![0; 4 + 4 + 4 + 2 + topic.name.len() + 4 + 4 + 2];
    broker.read_exact(&mut answer).expect("an answer");
    assert!(answer.ends_with(&[0, 0]), "{answer:?}");
}

fn length(of: usize) -> [u8; 4] {
    u32::try_from(of).expect("a few bytes").to_be_bytes()
}

/// Kafka's variable-length numbers, of which those that are not negative are even.
fn varint(bytes: &mut Vec<u8>, number: usize) {
    let mut rest = number * 2;
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).expect("seven bits") | 128);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).expect("seven bits"));
}

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 },
        )
    })
}
