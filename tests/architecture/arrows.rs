//! The arrows between the crates of the workspace, and the libraries that have one owner.

use std::collections::{BTreeMap, BTreeSet};

use super::workspace::packages;

/// Each crate with the crates of this workspace that its code may import, development excepted.
/// The binary names the inner crates for `bench` and the offline `chain` commands; `sources` keeps it at that.
const ARROWS: &[(&str, &[&str])] = &[
    ("crypto", &[]),
    ("primitives", &["crypto"]),
    ("consensus", &["crypto", "primitives"]),
    ("storage", &["crypto", "primitives"]),
    ("execution", &["crypto", "primitives", "storage"]),
    ("chain", &["consensus", "crypto", "execution", "primitives", "storage"]),
    ("mempool", &["consensus", "crypto", "primitives", "storage"]),
    ("network", &["crypto", "primitives"]),
    ("swarm", &["network", "primitives"]),
    ("rpc", &["crypto", "primitives"]),
    (
        "node",
        &[
            "chain",
            "consensus",
            "crypto",
            "execution",
            "mempool",
            "network",
            "primitives",
            "rpc",
            "storage",
            "swarm",
        ],
    ),
    ("client", &["consensus", "crypto", "primitives", "rpc"]),
    ("tui", &["client", "primitives"]),
    (
        "",
        &[
            "chain",
            "client",
            "consensus",
            "crypto",
            "execution",
            "mempool",
            "node",
            "primitives",
            "rpc",
            "storage",
            "tui",
        ],
    ),
];

/// Libraries with few owners: nobody else's code depends on them.
const OWNED: &[(&str, &[&str])] = &[
    ("rocksdb", &["vibecoin-storage"]),
    ("ratatui", &["vibecoin-tui"]),
    ("crossterm", &["vibecoin-tui"]),
    ("jsonrpsee", &["vibecoin-rpc", "vibecoin"]),
    ("clap", &["vibecoin"]),
    ("color-eyre", &["vibecoin"]),
    ("ed25519-dalek", &["vibecoin-crypto"]),
    ("ed25519-zebra", &["vibecoin-crypto"]),
    ("argon2", &["vibecoin-client"]),
    ("chacha20poly1305", &["vibecoin-client"]),
    ("bip39", &["vibecoin-client"]),
    ("reqwest", &["vibecoin-client"]),
    ("libp2p", &["vibecoin-swarm"]),
];

/// The rules calculate: none of them may wait for anything, or reach for a clock, a random number or a socket.
const PURE: &[&str] = &["crypto", "primitives", "consensus", "execution", "storage", "mempool", "network"];
const IMPURE_LIBRARIES: &[&str] =
    &["tokio", "tokio-util", "futures-util", "reqwest", "jsonrpsee", "tracing-subscriber"];

fn package_name(short: &str) -> String {
    if short.is_empty() { "vibecoin".to_owned() } else { format!("vibecoin-{short}") }
}

#[test]
fn nobody_imports_whom_the_table_does_not_allow() {
    let table: BTreeMap<String, BTreeSet<String>> = ARROWS
        .iter()
        .map(|(from, to)| (package_name(from), to.iter().map(|to| package_name(to)).collect()))
        .collect();
    let found: BTreeMap<String, BTreeSet<String>> = packages()
        .into_iter()
        .map(|package| {
            let ours = package.normal.into_iter().filter(|name| name.starts_with("vibecoin")).collect();
            (package.name, ours)
        })
        .collect();
    let crates = |map: &BTreeMap<String, BTreeSet<String>>| map.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(crates(&found), crates(&table), "the crates of the workspace (left) and of the table (right)");
    for (name, imports) in &found {
        let forbidden: Vec<_> = imports.difference(&table[name]).collect();
        assert!(forbidden.is_empty(), "{name} imports {forbidden:?}, which the table does not allow");
    }
}

#[test]
fn a_library_with_an_owner_is_reached_through_it() {
    let packages = packages();
    for (library, owners) in OWNED {
        for package in packages.iter().filter(|package| package.normal.contains(*library)) {
            assert!(
                owners.contains(&package.name.as_str()),
                "{} depends on {library}, which belongs to {owners:?}",
                package.name
            );
        }
    }
}

#[test]
fn what_calculates_neither_waits_nor_reaches_out() {
    let packages = packages();
    for short in PURE {
        let name = package_name(short);
        let package = packages.iter().find(|package| package.name == name).expect("a crate of the workspace");
        for library in IMPURE_LIBRARIES {
            assert!(!package.normal.contains(*library), "{name} depends on {library}");
        }
    }
}

#[test]
fn validity_and_execution_depend_on_no_source_of_chance() {
    for package in packages() {
        if ["vibecoin-consensus", "vibecoin-execution"].contains(&package.name.as_str()) {
            for library in ["rand", "getrandom", "chrono", "time"] {
                assert!(!package.normal.contains(library), "{} depends on {library}", package.name);
            }
        }
    }
}
