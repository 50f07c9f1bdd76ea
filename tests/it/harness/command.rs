use std::process::{Command, Output};

/// `freshet` with this configuration, until it ends.
pub fn freshet(configuration: &str, arguments: &[&str]) -> Output {
    freshet_with(configuration, arguments, &[])
}

/// The same with variables of the environment.
pub fn freshet_with(configuration: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("freshet.yaml");
    std::fs::write(&file, configuration).expect("a file");
    Command::new(env!("CARGO_BIN_EXE_freshet"))
        .arg("--config")
        .arg(&file)
        .args(arguments)
        .env("REDIS_PASSWORD", "secret")
        .envs(environment.iter().copied())
        .output()
        .expect("freshet starts")
}

/// What it printed, and how it ended.
#[track_caller]
pub fn said(output: &Output, code: i32) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

#[track_caller]
pub fn assert_has(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "no `{part}` in: {said}");
    }
}

/// What `check` warns of, but for the lack of a dead-letter topic: most tests have none.
pub fn warnings(said: &str) -> Vec<&str> {
    let warnings = said.lines().filter(|line| line.starts_with("warning"));
    warnings.filter(|line| !line.contains("there is no dead-letter topic")).collect()
}
