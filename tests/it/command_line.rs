//! What a person who mistypes sees.

use std::process::{Command, Output};

fn freshet(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_freshet")).args(arguments).output().expect("freshet starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn a_wrong_configuration_names_each_line_and_exits_64() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.yaml");
    let wrong = "kafka: { brokers: b, group: g }\n\
                 redis: { url: \"redis://h/0\", colour: red }\n\
                 tables: { row: { topic: t, primary_key: id } }\n\
                 views:\n  v: { key: \"v:{x}\", from: rows }\n  w: { family: \"w:*\", from: row, settle: 1h }\n";
    std::fs::write(&file, wrong).expect("a file");
    let file = file.display().to_string();
    let output = freshet(&["run", "--config", &file]);
    assert_eq!(output.status.code(), Some(64));
    let said = text(&output.stderr);
    for (line, part) in [(2, "colour"), (5, "rows"), (6, "settle")] {
        assert!(
            said.lines().any(|text| text.starts_with(&format!("{file}:{line}:")) && text.contains(part)),
            "no word of `{part}` in line {line}: {said}"
        );
    }
}

#[test]
fn a_missing_file_and_a_wrong_word_exit_64() {
    let output = freshet(&["run", "--config", "/does/not/exist.yaml"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("/does/not/exist.yaml"));
    let output = freshet(&["rum"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("run"));
    assert_eq!(freshet(&["run", "--log", "=,="]).status.code(), Some(64));
}

#[test]
fn help_teaches_by_example() {
    let output = freshet(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stdout);
    for part in ["Examples:", "freshet run --dry-run", "Exit codes:", "FRESHET_CONFIG"] {
        assert!(said.contains(part), "{said}");
    }
}
