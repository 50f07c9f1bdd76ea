//! SASL and TLS, as every client of the process needs them: the group's, that of tracked tables, and `check`'s.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use tempfile::TempDir;

use super::broker::{Broker, free_port};
use super::{World, why_not};
use crate::harness::{Freshet, eventually};

const PASSWORD: &str = "q7-very-secret";
const WRONG: &str = "x9-quite-wrong";
/// To what asks for a scrambled password the broker knows the user by its own records.
const MECHANISMS: [&str; 2] = ["PLAIN", "SCRAM-SHA-256"];

/// A key and a certificate that signs itself, in one file each and both in a third.
fn certificate(folder: &Path) {
    let done = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "ca.pem"])
        .current_dir(folder)
        .output()
        .expect("openssl");
    assert!(done.status.success(), "{done:?}");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
    std::fs::write(folder.join("broker.pem"), read("key.pem") + &read("ca.pem")).expect("a file");
}

/// A broker that also listens with TLS and asks for a password; and where.
fn guarded(folder: &Path) -> (Broker, String) {
    let mut broker = Broker::start();
    broker.tool(
        "kafka.admin.ConfigCommand",
        &[
            "--bootstrap-server",
            &broker.address,
            "--alter",
            "--add-config",
            &format!("SCRAM-SHA-256=[iterations=4096,password={PASSWORD}]"),
            "--entity-type",
            "users",
            "--entity-name",
            "fresh",
        ],
    );
    broker.end("TERM");
    certificate(folder);
    let guarded = format!("127.0.0.1:{}", free_port());
    let plain = format!("PLAINTEXT://{},", broker.address);
    let controller = broker.property("listeners").split_once(',').expect("two").1.to_owned();
    let module = "org.apache.kafka.common.security";
    broker.start_again_with(&[
        ("listeners", format!("{plain}{controller},SASL_SSL://{guarded}")),
        ("advertised.listeners", format!("{plain}SASL_SSL://{guarded}")),
        (
            "listener.security.protocol.map",
            "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL".to_owned(),
        ),
        ("inter.broker.listener.name", "PLAINTEXT".to_owned()),
        ("sasl.enabled.mechanisms", MECHANISMS.join(",")),
        (
            "listener.name.sasl_ssl.plain.sasl.jaas.config",
            format!("{module}.plain.PlainLoginModule required user_fresh=\"{PASSWORD}\";"),
        ),
        (
            "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config",
            format!("{module}.scram.ScramLoginModule required;"),
        ),
        ("ssl.keystore.type", "PEM".to_owned()),
        ("ssl.keystore.location", folder.join("broker.pem").display().to_string()),
    ]);
    (broker, guarded)
}

fn librdkafka(mechanism: &str, ca: &Path) -> String {
    format!(
        "security.protocol: SASL_SSL, sasl.mechanism: {mechanism}, sasl.username: fresh, sasl.password: \
         \"${{KAFKA_PASSWORD}}\", ssl.ca.location: {}, debug: security",
        ca.display()
    )
}

/// What `freshet check` prints with this password, and whether it found all right.
fn check(configuration: &str, password: &str) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("freshet.yaml");
    std::fs::write(&file, configuration).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_freshet"))
        .arg("--config")
        .arg(&file)
        .args(["--log", "trace", "check"])
        .env("KAFKA_PASSWORD", password)
        .output()
        .expect("freshet starts");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn all_clients_authenticate_and_no_secret_is_told() {
    let folder = TempDir::new().expect("a folder");
    let (broker, guarded) = guarded(folder.path());
    let ca = folder.path().join("ca.pem");
    for (mechanism, ids) in MECHANISMS.into_iter().zip([0..100, 100..200]) {
        let world = World::new(&broker.address);
        // Rows of the tracked table are loaded by one more client.
        world.send(ids.start + 1_000..ids.start + 1_010);
        let configuration = world.configuration(&guarded, &librdkafka(mechanism, &ca));
        let (right, said) = check(&configuration, PASSWORD);
        assert!(right, "{said}");
        assert!(said.contains(&format!("{}: 2 partitions", world.rows.name)), "{said}");
        // `check` reads topics' configurations by an admin client.
        assert!(!said.contains("does not tell") && !said.contains(PASSWORD), "{said}");
        let start = |password| {
            let arguments = ["--log", "trace,freshet=trace", "run"];
            Freshet::start_with(&configuration, &arguments, &[("KAFKA_PASSWORD", password)])
        };
        let freshet = start(PASSWORD).ready();
        world.fill(ids.clone());
        world.send(ids);
        world.redis.wait_for_names(&[]);
        eventually("all is committed", || world.behind(), |behind| *behind == 0);
        assert!(!format!("{:?}", freshet.log.lines()).contains(PASSWORD));
        drop(freshet);

        let (right, said) = check(&configuration, WRONG);
        assert!(!right && said.contains("`sasl.password`") && !said.contains(WRONG), "{said}");
        let started = Instant::now();
        let freshet = start(WRONG);
        let line = freshet.log.wait_for("why", |line| line["message"] == "waiting for kafka");
        eprintln!("{mechanism}: told after {:?}: {line}", started.elapsed());
        let why = why_not(&freshet).unwrap_or_default();
        assert!(why.contains("uthentication") && why.contains("`sasl.password`"), "{why}");
        assert!(!format!("{:?}", freshet.log.lines()).contains(WRONG));
        drop(freshet);
    }

    // Whom the client does not trust.
    certificate(folder.path());
    let world = World::new(&broker.address);
    let (right, said) = check(&world.configuration(&guarded, &librdkafka("PLAIN", &ca)), PASSWORD);
    assert!(!right && said.contains("`ssl.ca.location`"), "{said}");
    let (right, said) = check(&world.configuration(&guarded, ""), PASSWORD);
    assert!(!right && said.contains("the security properties"), "{said}");
}
