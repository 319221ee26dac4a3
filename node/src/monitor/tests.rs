#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use vibecoin_rpc::types::*;

use super::*;

/// A node's figures when everything has happened once.
fn busy() -> NetInfo {
    let kind = MessageTraffic {
        kind: "headers".to_owned(),
        in_bytes: 1,
        out_bytes: 2,
        in_messages: 3,
        out_messages: 4,
    };
    NetInfo {
        enabled: true,
        peers: PeerCounts { inbound: 5, outbound: 3 },
        traffic: Traffic { in_bytes: 7, out_bytes: 8, kinds: vec![kind] },
        faults: vec![FaultCount { reason: "bad_proof".to_owned(), count: 2 }],
        bans: 1,
        sync: SyncProgress {
            phase: SyncPhase::Blocks,
            done: 0.5,
            rate_per_s: Some(400.0),
            eta_s: Some(12),
            ..SyncProgress::default()
        },
        ..NetInfo::default()
    }
}

/// The labels of every metric on a page; of one that has no row yet, none.
fn labels(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in page.lines() {
        if let Some(about) = line.strip_prefix("# TYPE ") {
            all.entry(about.split(' ').next().unwrap().to_owned()).or_default();
        } else if let Some((name, rest)) = line.split_once('{').filter(|_| !line.starts_with('#')) {
            let names =
                rest.split(',').filter_map(|label| label.split_once("=\"")).map(|(name, _)| name.to_owned());
            all.get_mut(name).unwrap_or_else(|| panic!("{name} has no type")).extend(names);
        }
    }
    all
}

#[test]
fn the_network_is_counted_by_direction_kind_and_reason() {
    let mut page = Page::default();
    peers::peers(&mut page, &busy());
    for row in [
        "vibecoin_peers_by_direction{direction=\"in\"} 5",
        "vibecoin_peers_by_direction{direction=\"out\"} 3",
        "vibecoin_network_bytes_total{direction=\"out\"} 8",
        "vibecoin_message_bytes_total{direction=\"out\",kind=\"headers\"} 2",
        "vibecoin_messages_total{direction=\"in\",kind=\"headers\"} 3",
        "vibecoin_peer_faults_total{reason=\"bad_proof\"} 2",
        "vibecoin_bans 1",
        "vibecoin_sync_phase{phase=\"blocks\"} 1",
        "vibecoin_sync_phase{phase=\"idle\"} 0",
        "vibecoin_sync_eta_seconds 12",
    ] {
        assert!(page.0.lines().any(|line| line == row), "{row} is not in\n{}", page.0);
    }
    let mut idle = Page::default();
    peers::peers(&mut idle, &NetInfo::default());
    assert!(!idle.0.lines().any(|line| line.starts_with("vibecoin_sync_eta_seconds ")), "nobody knows");
    assert!(idle.0.lines().any(|line| line == "vibecoin_sync_phase{phase=\"idle\"} 1"));
}

/// What a dashboard and its alerts ask for is what a node answers: every metric, and every label of it.
#[tokio::test(flavor = "multi_thread")]
async fn every_metric_of_the_dashboard_exists() {
    let mut config = crate::NodeConfig::new(vibecoin_primitives::Network::Devnet, None);
    config.metrics = Some("127.0.0.1:0".parse().unwrap());
    let node = crate::Node::start(config).await.unwrap();
    let handle = node.handle();
    handle.mine_now(vibecoin_primitives::Address::new([1; 20]), 1).await.unwrap();
    let mut socket = TcpStream::connect(handle.metrics_address().unwrap()).await.unwrap();
    socket.write_all(b"GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    handle.stop();
    node.run().await.unwrap();

    let mut known = labels(&answer);
    let mut page = Page::default();
    peers::peers(&mut page, &busy());
    for (name, more) in labels(&page.0) {
        assert!(known.contains_key(&name), "{name} is missing for a node without a network");
        known.entry(name).or_default().extend(more);
    }
    let assets = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../assets");
    for file in ["dashboards/vibecoin.json", "deploy/prometheus-rules.yml"] {
        let text = std::fs::read_to_string(assets.join(file)).unwrap();
        let asked = expressions(&text);
        assert!(asked.len() >= 5, "{file} asks for {asked:?} only");
        for (name, labels) in asked {
            let has = known.get(&name).unwrap_or_else(|| panic!("{file}: a node has no {name}"));
            for label in labels {
                assert!(has.contains(&label), "{file}: {name} has no label {label}, but {has:?}");
            }
        }
    }
}

/// The metrics that a text names, each with the labels that are asked of it in braces.
fn expressions(text: &str) -> Vec<(String, Vec<String>)> {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    text.match_indices("vibecoin_")
        // The middle of a word, or a name of something else in quotes, is none.
        .filter(|(at, _)| !text[..*at].ends_with(is_name))
        .map(|(at, _)| {
            let rest = &text[at..];
            let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
            let selector =
                rest[end..].strip_prefix('{').and_then(|inner| inner.split('}').next()).unwrap_or_default();
            let labels = selector
                .split(',')
                .filter_map(|label| label.split_once('='))
                .map(|(name, _)| name.trim_end_matches(['!', '~']).trim().to_owned())
                .filter(|name| !matches!(name.as_str(), "job" | "instance" | ""))
                .collect();
            (rest[..end].to_owned(), labels)
        })
        .collect()
}
