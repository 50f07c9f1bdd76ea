//! Whatever is in the file: settings or mistakes, never a panic.

use proptest::prelude::*;

use super::*;

const SHIPPED: &str = include_str!("../../../deploy/examples/work-orders/freshet.yaml");
const MISTAKES: &str = include_str!("mistakes.yaml");

fn survives(text: &str) {
    if let Err(error) = parse("f", text, &|name| (name.len() % 2 == 0).then(|| name.to_owned())) {
        assert!(!error.problems().is_empty(), "{text}");
        // To YAML a lone carriage return ends a line too.
        let lines = text.matches(['\n', '\r']).count() + 1;
        for problem in error.problems() {
            assert!(
                problem.line >= 1 && problem.line <= lines + 1 && problem.column >= 1,
                "{problem} in\n{text}"
            );
            assert!(!problem.what.is_empty() && !problem.remedy.is_empty(), "{problem:?}");
        }
    }
}

fn bits() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ \\-:?,\\[\\]{}#&*!|>'\"%@`~\n\ta-e0-9.$]{1,4}",
        Just("${".to_owned()),
        Just("}".to_owned()),
        Just("*a".to_owned()),
        Just("&a ".to_owned()),
        Just("!!int ".to_owned()),
        Just("---\n".to_owned()),
        Just("null".to_owned()),
        any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #[test]
    fn mutated(shipped: bool, edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..30, bits()), 1..8)) {
        let mut chars: Vec<char> = if shipped { SHIPPED } else { MISTAKES }.chars().collect();
        for (at, length, bit) in edits {
            let at = at.index(chars.len());
            let end = chars.len().min(at + length);
            chars.splice(at..end, bit.chars());
            chars.push('\n');
        }
        survives(&chars.into_iter().collect::<String>());
    }

    #[test]
    fn lines_moved(shipped: bool, moves in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 1..10)) {
        let mut lines: Vec<&str> = if shipped { SHIPPED } else { MISTAKES }.lines().collect();
        for (from, to) in moves {
            let line = lines[from.index(lines.len())];
            lines.insert(to.index(lines.len()), line);
        }
        survives(&lines.join("\n"));
    }

    #[test]
    fn any_text(text: String, bits in prop::collection::vec(bits(), 0..40)) {
        survives(&text);
        survives(&bits.concat());
    }
}
