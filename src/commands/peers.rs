//! `vibecoin peers`: whom the running node knows in its network.

use vibecoin_rpc::types::{
    BanInfo, Direction, NetBans, NetInfo, PeerInfo, PeerKind, Reachability, SyncPhase, SyncProgress,
    UpnpState,
};
use vibecoin_rpc::{NodeApi, OperatorApi};
use vibecoin_tui::format;

use crate::attach;
use crate::cli::node::PeersCommand;
use crate::context::{Context, now};
use crate::failure::Outcome;
use crate::output::{Paper, Side, Tint};

/// Runs a command of `vibecoin peers`.
///
/// # Errors
/// [`Failure::NoNode`](crate::failure::Failure::NoNode), or what the node answers.
pub fn run(context: &Context, command: &PeersCommand) -> Outcome {
    let out = &context.out;
    context.wait(async {
        let node = attach::node(context).await?;
        match command {
            PeersCommand::List => {
                let peers = node.net_peers().await?;
                out.answer(&peers, |paper| list(paper, &peers))
            }
            PeersCommand::Info => {
                let info = node.net_info().await?;
                out.answer(&info, |paper| about(paper, &info))
            }
            PeersCommand::Add { address } => {
                let added = node.net_add(address.clone()).await?;
                out.answer(&added, |paper| {
                    let what = if added.connected { "is connected already" } else { "is dialled now" };
                    paper.line(format!("{} {what}.", added.address));
                })
            }
            PeersCommand::Ban { who, seconds, reason } => {
                let ban = node.net_ban(*who, *seconds, reason.clone()).await?;
                out.answer(&ban, |paper| {
                    paper.line(format!(
                        "{} is banned until {} UTC.",
                        ban.who,
                        format::moment(ban.until.get())
                    ));
                })
            }
            PeersCommand::Unban { who } => {
                let ban = node.net_unban(*who).await?;
                out.answer(&ban, |paper| {
                    paper.line(format!("{} is not banned any more.", ban.who));
                })
            }
            PeersCommand::Bans => {
                let bans = node.net_bans().await?;
                out.answer(&bans, |paper| banned(paper, &bans))
            }
        }
    })
}

fn list(paper: &mut Paper, peers: &[PeerInfo]) {
    let columns = [
        ("", Side::Left),
        ("node", Side::Left),
        ("address", Side::Left),
        ("client", Side::Left),
        ("height", Side::Right),
        ("ms", Side::Right),
        ("in", Side::Right),
        ("out", Side::Right),
        ("score", Side::Right),
        ("for", Side::Right),
    ];
    let rows: Vec<Vec<String>> = peers.iter().map(row).collect();
    paper.table(&columns, &rows, "Nobody is connected.");
    for peer in peers.iter().filter(|peer| peer.score > 0) {
        let why: Vec<String> =
            peer.faults.iter().map(|fault| format!("{} ({})", fault.reason, fault.points)).collect();
        paper.tinted(Tint::Caution, format!("{}: {}", peer.node_id, why.join(", ")));
    }
}

fn row(peer: &PeerInfo) -> Vec<String> {
    let arrow = match (peer.direction, peer.kind) {
        (Direction::Inbound, _) => "in",
        (Direction::Outbound, PeerKind::Full) => "out",
        (Direction::Outbound, PeerKind::Feeler) => "out, a look",
    };
    let unknown = || "-".to_owned();
    let relayed = if peer.relay.is_some() { " (by a relay)" } else { "" };
    vec![
        arrow.to_owned(),
        peer.node_id.to_string(),
        format!("{}{relayed}", peer.address),
        peer.agent.to_string(),
        peer.claimed.map_or_else(unknown, |claimed| claimed.height.to_string()),
        peer.latency_ms.map_or_else(unknown, |ms| format!("{ms:.0}")),
        format::bytes(peer.in_bytes).to_string(),
        format::bytes(peer.out_bytes).to_string(),
        format!("{} of {}", peer.score, peer.score_max),
        format::span(now().saturating_since(peer.connected_since) / 1_000).to_string(),
    ]
}

fn about(paper: &mut Paper, info: &NetInfo) {
    if !info.enabled {
        paper.line("This node has no network: it was started with --p2p off, or belongs to a wallet.");
        return;
    }
    paper.fact_if("node", info.node_id).fact("client", &info.agent).fact("protocol", info.protocol_version);
    for address in &info.listening {
        paper.fact("listens at", address);
    }
    for external in &info.external {
        let how = serde_json::to_value(external.known_by).unwrap_or_default();
        paper.fact("reached at", format!("{} ({})", external.address, how.as_str().unwrap_or_default()));
    }
    paper.fact("reachable", reachable(info));
    let (peers, limits) = (info.peers, info.limits);
    paper
        .fact("peers out", format!("{} of {}", peers.outbound, limits.outbound_target))
        .fact("peers in", format!("{} of {}", peers.inbound, limits.inbound_max))
        .fact("known addresses", format!("{} tried, {} only heard of", info.book.tried, info.book.new))
        .fact("bans", info.bans)
        .fact("received", format::bytes(info.traffic.in_bytes))
        .fact("sent", format::bytes(info.traffic.out_bytes))
        .fact("synchronisation", progress(&info.sync));
    if info.paused {
        paper.tinted(Tint::Caution, "The network is paused: nobody is dialled or taken.");
    }
}

fn reachable(info: &NetInfo) -> String {
    let reach = match info.nat.reachability {
        Reachability::Unknown => "not known yet",
        Reachability::Public => "yes",
        Reachability::Private => "no: behind a router or a firewall",
        Reachability::Relayed => "through a relay",
    };
    let router = match info.nat.upnp {
        UpnpState::Off => "",
        UpnpState::Searching => "; looking for a router that opens a port",
        UpnpState::NotFound => "; no router here opens ports",
        UpnpState::NotRoutable => "; the router has no public address",
        UpnpState::Mapped => "; the router has opened a port",
    };
    format!("{reach}{router}")
}

/// How far synchronisation is, in a line.
pub fn progress(sync: &SyncProgress) -> String {
    let (what, unit) = match sync.phase {
        SyncPhase::Idle => return "none needed".to_owned(),
        SyncPhase::Headers => ("headers", "headers/s"),
        SyncPhase::Blocks => ("blocks", "blocks/s"),
        SyncPhase::State => ("the state", "entries/s"),
        SyncPhase::History => ("older blocks", "blocks/s"),
    };
    let mut text = format!("{what}, {} of {} ({:.1} %)", sync.at, sync.to, sync.done * 100.0);
    if let Some(rate) = sync.rate_per_s {
        text += &format!(", {rate:.0} {unit}");
    }
    if let Some(seconds) = sync.eta_s {
        text += &format!(", {} left", format::span(seconds));
    }
    text
}

fn banned(paper: &mut Paper, bans: &NetBans) {
    let moment = |time: vibecoin_primitives::Timestamp| format::moment(time.get()).to_string();
    let row = |ban: &BanInfo| {
        let by = if ban.by_operator { "you" } else { "the node" };
        vec![ban.who.to_string(), moment(ban.until), by.to_owned(), ban.reason.to_string()]
    };
    let columns =
        [("banned", Side::Left), ("until (UTC)", Side::Left), ("by", Side::Left), ("why", Side::Left)];
    let rows: Vec<Vec<String>> = bans.bans.iter().map(row).collect();
    paper.table(&columns, &rows, "Nobody is banned.");
    if bans.goodbyes.is_empty() {
        return;
    }
    paper.gap();
    let columns =
        [("said goodbye", Side::Left), ("at", Side::Left), ("when (UTC)", Side::Left), ("why", Side::Left)];
    let rows: Vec<Vec<String>> = bans
        .goodbyes
        .iter()
        .map(|word| {
            let ban = if word.banned { "has banned this node: " } else { "" };
            vec![
                word.node_id.to_string(),
                word.address.to_string(),
                moment(word.time),
                format!("{ban}{}", word.reason),
            ]
        })
        .collect();
    paper.table(&columns, &rows, "");
}
