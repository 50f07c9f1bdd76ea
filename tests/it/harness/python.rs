use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python that the example app runs with: of the virtual environment, which is made if there is none.
pub fn python() -> PathBuf {
    let made = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/local/python"))
        .output()
        .expect("deploy/local/python starts");
    assert!(made.status.success(), "no Python: {}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).expect("a path").trim().into()
}
