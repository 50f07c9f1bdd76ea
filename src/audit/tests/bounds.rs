//! Whatever lies in Redis, reading it neither fails loudly nor takes much.

use std::io::Write as _;

use proptest::prelude::*;

use super::python::pickles;
use crate::audit::{Cached, Unreadable, difference};
use crate::values::{Datum, Spelling, Tree};

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(bytes).expect("bytes");
    zlib.finish().expect("bytes")
}

#[test]
fn a_compressed_value_is_read_up_to_a_size() {
    let small = Cached::read(&packed(b"{\"a\": [1, 2.5, null]}"), Spelling::Json).expect("JSON");
    assert_eq!(Ok(small), Cached::read(b"{\"a\":[1,2.5,null]}", Spelling::Json));
    assert_eq!(Cached::read(&packed(&vec![b' '; 17 << 20]), Spelling::Json), Err(Unreadable::TooLarge));
}

#[test]
fn depth_costs_no_stack() {
    let depth = 300_000;
    let deep = [vec![b']'; depth], vec![b'a'; depth - 1], vec![b'.']].concat();
    let cached = Cached::read(&deep, Spelling::Pickle).expect("a pickle");
    assert!(difference(&cached, &Tree::List(Vec::new())).expect("lists").is_some());
    assert!(Cached::read("[".repeat(depth).as_bytes(), Spelling::Json).is_err());
}

#[test]
fn what_stands_in_itself_ends() {
    let cached = Cached::read(b"\x80\x02]q\x00h\x00a.", Spelling::Pickle).expect("a pickle");
    let expected = Tree::List(vec![Tree::List(vec![Tree::List(Vec::new())])]);
    let found = difference(&cached, &expected).expect("lists").expect("a difference");
    assert_eq!(found.path, "[0][0]");
}

/// A text that is fetched again takes two bytes of a pickle and must not be copied each time.
#[test]
fn one_long_text_makes_no_many() {
    let long = "1".repeat(1 << 12);
    let length = u32::try_from(long.len()).expect("a length").to_le_bytes();
    let text = [b"X".as_slice(), &length, long.as_bytes(), b"q\x01"].concat();
    let class = b"cdecimal\nDecimal\nq\x02";
    let decimals = [b"\x80\x02]".as_slice(), &text, class, &b"h\x02h\x01\x85R".repeat(100), b"."].concat();
    assert_eq!(Cached::read(&decimals, Spelling::Pickle), Err(Unreadable::TooLarge));
    let classes = [b"\x80\x04]".as_slice(), &text, &b"h\x01h\x01\x93".repeat(100), b"."].concat();
    assert_eq!(Cached::read(&classes, Spelling::Pickle), Err(Unreadable::TooLarge));
}

fn tree() -> impl Strategy<Value = Tree<'static>> {
    let leaf = prop_oneof![
        Just(Datum::Null),
        any::<bool>().prop_map(Datum::Truth),
        any::<i64>().prop_map(|number| Datum::Integer(number.into())),
        prop::num::f64::NORMAL.prop_map(Datum::Float),
        any::<String>().prop_map(|text| Datum::Text(text.into())),
    ];
    leaf.prop_map(Tree::Leaf).prop_recursive(4, 40, 6, |inner| {
        let fields = prop::collection::vec(inner.clone(), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(Tree::List),
            fields.prop_map(|values| Tree::Map(["a", "b", "c", "d"].into_iter().zip(values).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(tree in tree()) {
        for format in [Spelling::Pickle, Spelling::Json] {
            let cached = Cached::read(&tree.bytes(format).expect("bytes"), format).expect("what was written");
            prop_assert_eq!(difference(&cached, &tree), Ok(None));
        }
    }

    #[test]
    fn no_bytes_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        number in 0..3_usize,
        at in any::<prop::sample::Index>(),
        by in any::<u8>(),
    ) {
        let _ = Cached::read(&bytes, Spelling::Pickle);
        let _ = Cached::read(&[b"\x80\x04", bytes.as_slice()].concat(), Spelling::Pickle);
        let mut near = pickles().nth(number).expect("a pickle");
        let at = at.index(near.len());
        near[at] = by;
        let _ = Cached::read(&near, Spelling::Pickle);
        near.truncate(at);
        let _ = Cached::read(&near, Spelling::Pickle);
    }
}
