//! The figures of the network.

use vibecoin_rpc::types::{NetInfo, Reachability, SyncPhase};

use super::Page;

/// Every phase of synchronisation with its name in a label.
const PHASES: [(SyncPhase, &str); 5] = [
    (SyncPhase::Idle, "idle"),
    (SyncPhase::Headers, "headers"),
    (SyncPhase::Blocks, "blocks"),
    (SyncPhase::State, "state"),
    (SyncPhase::History, "history"),
];

/// Everything there is to count of a node among its peers; a node without a network has zeros.
pub(super) fn peers(page: &mut Page, net: &NetInfo) {
    page.head("vibecoin_peers_by_direction", "gauge", "Connected nodes, by who went to whom.");
    for (direction, count) in [("in", net.peers.inbound), ("out", net.peers.outbound)] {
        page.row(&format!("vibecoin_peers_by_direction{{direction=\"{direction}\"}}"), f64::from(count));
    }
    page.one(
        "vibecoin_peers_inbound_max",
        "gauge",
        "Peers that may come.",
        f64::from(net.limits.inbound_max),
    );
    page.one(
        "vibecoin_peers_outbound_target",
        "gauge",
        "Peers that the node tries to have gone to.",
        f64::from(net.limits.outbound_target),
    );
    let reachable = net.nat.reachability == Reachability::Public;
    page.one(
        "vibecoin_reachable",
        "gauge",
        "1 if others reach the node directly.",
        f64::from(u8::from(reachable)),
    );
    page.one("vibecoin_bans", "gauge", "Bans in force.", net.bans as f64);
    page.head(
        "vibecoin_known_addresses",
        "gauge",
        "Addresses in the book, by whether somebody was met there.",
    );
    for (table, count) in [("new", net.book.new), ("tried", net.book.tried)] {
        page.row(&format!("vibecoin_known_addresses{{table=\"{table}\"}}"), count as f64);
    }
    page.head("vibecoin_dials_total", "counter", "Attempts to reach others, by what became of them.");
    for (outcome, count) in [("connected", net.dials.connected), ("failed", net.dials.failed)] {
        page.row(&format!("vibecoin_dials_total{{outcome=\"{outcome}\"}}"), count as f64);
    }
    page.head("vibecoin_peer_faults_total", "counter", "What peers did wrong.");
    for fault in &net.faults {
        page.row(&format!("vibecoin_peer_faults_total{{reason=\"{}\"}}", fault.reason), fault.count as f64);
    }
    traffic(page, net);
    sync(page, net);
}

fn traffic(page: &mut Page, net: &NetInfo) {
    page.head("vibecoin_network_bytes_total", "counter", "Bytes to and from peers, all together.");
    for (direction, bytes) in [("in", net.traffic.in_bytes), ("out", net.traffic.out_bytes)] {
        page.row(&format!("vibecoin_network_bytes_total{{direction=\"{direction}\"}}"), bytes as f64);
    }
    page.head("vibecoin_message_bytes_total", "counter", "Bytes of messages, by kind.");
    for kind in &net.traffic.kinds {
        by_kind(page, "vibecoin_message_bytes_total", &kind.kind, kind.in_bytes, kind.out_bytes);
    }
    page.head("vibecoin_messages_total", "counter", "Messages, by kind.");
    for kind in &net.traffic.kinds {
        by_kind(page, "vibecoin_messages_total", &kind.kind, kind.in_messages, kind.out_messages);
    }
}

fn by_kind(page: &mut Page, name: &str, kind: &str, received: u64, sent: u64) {
    for (direction, count) in [("in", received), ("out", sent)] {
        page.row(&format!("{name}{{direction=\"{direction}\",kind=\"{kind}\"}}"), count as f64);
    }
}

fn sync(page: &mut Page, net: &NetInfo) {
    let sync = &net.sync;
    page.head("vibecoin_sync_phase", "gauge", "1 for what the node is catching up with.");
    for (phase, name) in PHASES {
        let here = f64::from(u8::from(phase == sync.phase));
        page.row(&format!("vibecoin_sync_phase{{phase=\"{name}\"}}"), here);
    }
    page.one("vibecoin_sync_height", "gauge", "How far the phase is.", sync.at.get() as f64);
    page.one("vibecoin_sync_target_height", "gauge", "Where the phase goes.", sync.to.get() as f64);
    page.one("vibecoin_sync_done_ratio", "gauge", "The part of the phase that is done.", sync.done);
    page.one(
        "vibecoin_sync_per_second",
        "gauge",
        "Headers, blocks or entries of the state a second; 0 while nothing is known.",
        sync.rate_per_s.unwrap_or_default(),
    );
    // None is not zero: what cannot be told is left out.
    page.head("vibecoin_sync_eta_seconds", "gauge", "Seconds that are left, when that can be told.");
    if let Some(seconds) = sync.eta_s {
        page.row("vibecoin_sync_eta_seconds", seconds as f64);
    }
}
