//! Two hosts behind routers that masquerade them, a relay between, and a punched hole: `scripts/nat-test` with the
//! example `nat`, over TCP and over QUIC. Needs root, network namespaces and nft; elsewhere it says so.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// What else there must be on the machine.
fn missing(transport: &str) -> Option<String> {
    let space = format!("vp{}-{transport}", std::process::id());
    let steps: [&[&str]; 3] = [
        &["ip", "netns", "add", &space],
        &["ip", "netns", "exec", &space, "nft", "list", "ruleset"],
        &["ip", "netns", "del", &space],
    ];
    let missing = steps.into_iter().find_map(|step| {
        let output = match Command::new(step[0]).args(&step[1..]).output() {
            Ok(output) => output,
            Err(error) => return Some(format!("{}: {error}", step[0])),
        };
        let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        (!output.status.success()).then(|| format!("{}: {words}", step.join(" ")))
    });
    if missing.is_some() {
        // What was not made cannot be removed.
        let _ = Command::new("ip").args(["netns", "del", &space]).output();
    }
    missing
}

/// The example that cargo builds beside the tests.
fn example() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.parent().and_then(Path::parent).unwrap().join("examples").join("nat")
}

#[test]
fn two_hosts_behind_routers_come_to_a_direct_connection_over_tcp() {
    punch("tcp");
}

#[test]
fn two_hosts_behind_routers_come_to_a_direct_connection_over_quic() {
    punch("quic");
}

fn punch(transport: &str) {
    let program = example();
    if !program.exists() {
        println!("not tried: cargo has not built the example {}", program.display());
        return;
    }
    if let Some(missing) = missing(transport) {
        println!("not tried: {missing}");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scripts/nat-test");
    let began = Instant::now();
    let output = Command::new(&script).arg(&program).arg(transport).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{transport}, {:.1?}:\n{said}", began.elapsed());
    assert!(output.status.success(), "{transport}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("the connection is direct"), "{said}");
}
