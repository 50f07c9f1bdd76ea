//! What Python itself pickles.

use super::super::cached::Part;
use crate::audit::{Cached, difference};
use crate::values::{Datum, Spelling, Tree};

/// One value by Python's protocols 2, 4 and 5.
const PICKLES: [&str; 3] = [
    "80027d7100285805000000746f74616c71014b035804000000726174657102474040aa3d70a3d70a58040000006e6f6e6571034e58020000006f6b71048858020000006e6f71058958040000006e616d6571065809000000c39c6e616c20225a22710758040000006c69737471085d7109284b014afeffffff4d2c014a701101008a060000000000018a0800000000000000808a0900000000000000004065580100000074710a4b014b0286710b58010000006d710c7d710d580100000061710e7d710f58010000006271105d71117373580100000064711263646563696d616c0a446563696d616c0a7113580500000031322e353071148571155271165805000000616761696e71175d7118285801000000787119681965752e",
    "800495d3000000000000007d94288c05746f74616c944b038c047261746594474040aa3d70a3d70a8c046e6f6e65944e8c026f6b94888c026e6f94898c046e616d65948c09c39c6e616c20225a22948c046c697374945d94284b014afeffffff4d2c014a701101008a060000000000018a0800000000000000808a09000000000000000040658c0174944b014b0286948c016d947d948c0161947d948c0162945d9473738c0164948c07646563696d616c948c07446563696d616c9493948c0531322e353094859452948c05616761696e945d94288c017894681b65752e",
    "800595d3000000000000007d94288c05746f74616c944b038c047261746594474040aa3d70a3d70a8c046e6f6e65944e8c026f6b94888c026e6f94898c046e616d65948c09c39c6e616c20225a22948c046c697374945d94284b014afeffffff4d2c014a701101008a060000000000018a0800000000000000808a09000000000000000040658c0174944b014b0286948c016d947d948c0161947d948c0162945d9473738c0164948c07646563696d616c948c07446563696d616c9493948c0531322e353094859452948c05616761696e945d94288c017894681b65752e",
];

pub(super) fn pickles() -> impl Iterator<Item = Vec<u8>> {
    PICKLES.into_iter().map(|text| {
        let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("digits");
        (0..text.len()).step_by(2).map(digits).collect()
    })
}

fn int(number: i128) -> Tree<'static> {
    Tree::Leaf(Datum::Integer(number))
}

fn text(text: &str) -> Tree<'_> {
    Tree::Leaf(Datum::Text(text.into()))
}

fn expected(total: i128) -> Tree<'static> {
    let list = [1, -2, 300, 70_000, 1 << 40, -(1 << 63), 1 << 70].map(int).into();
    Tree::Map(vec![
        // Not in the order of the pickle.
        ("again", Tree::List(vec![text("x"), text("x")])),
        ("total", int(total)),
        ("rate", Tree::Leaf(Datum::Float(33.33))),
        ("none", Tree::Leaf(Datum::Null)),
        ("ok", Tree::Leaf(Datum::Truth(true))),
        ("no", Tree::Leaf(Datum::Truth(false))),
        ("name", text("Ünal \"Z\"")),
        ("list", Tree::List(list)),
        ("t", Tree::List(vec![int(1), int(2)])),
        ("m", Tree::Map(vec![("a", Tree::Map(vec![("b", Tree::List(Vec::new()))]))])),
        ("d", Tree::Leaf(Datum::Float(12.5))),
    ])
}

#[test]
fn what_python_writes_is_read_and_compared() {
    for pickle in pickles() {
        let cached = Cached::read(&pickle, Spelling::Pickle).expect("a pickle");
        assert_eq!(difference(&cached, &expected(3)), Ok(None));
        let found = difference(&cached, &expected(4)).expect("plain values").expect("a difference");
        assert_eq!((&*found.path, &*found.cached, &*found.database), ("total", "3", "4"));
    }
}

#[test]
fn an_integer_of_django_is_its_digits() {
    let cached = Cached::read(b"-42", Spelling::Pickle).expect("an integer");
    assert_eq!(cached.parts[cached.root], Part::Integer(-42));
}
