//! The network, translated.

use std::net::IpAddr;

use vibecoin_client::WalletError;
use vibecoin_client::api::{
    self, ApiError, BanTarget, BoundedText, Direction, Host, KnownBy, NetInfo, PeerAddress, PeerInfo,
    PeerKind, Reachability, SyncPhase, SyncProgress, Transport, UpnpState,
};

use super::ClientBackend;
use crate::model::*;
use crate::safe::{SafeText, ink};

fn text(value: impl std::fmt::Display) -> SafeText {
    SafeText::new(&value.to_string())
}

/// The network's tab.
pub(super) async fn view(backend: &ClientBackend) -> Result<NetworkView, WalletError> {
    let info = backend.node().net_info().await?;
    if !info.enabled {
        let absent = "this node has no network: it belongs to a wallet, or was started with --p2p off";
        return Ok(NetworkView { absent: Some(absent.into()), ..NetworkView::default() });
    }
    let (peers, bans, unavailable) = match backend.operator() {
        Ok(operator) => (operator.net_peers().await?, operator.net_bans().await?, None),
        Err(_) => {
            let why = "peers and bans are the operator's: this program only looks at that node";
            (Vec::new(), api::NetBans::default(), Some(why.into()))
        }
    };
    Ok(NetworkView {
        absent: None,
        unavailable,
        own: own(&info),
        sync: sync(&info),
        peers: peers.iter().map(peer_row).collect(),
        bans: bans.bans.iter().map(ban_row).collect(),
        goodbyes: bans.goodbyes.iter().map(goodbye_row).collect(),
    })
}

/// Reads what somebody typed or chose.
fn read<T: std::str::FromStr<Err: std::fmt::Display>>(typed: &str) -> Result<T, WalletError> {
    typed
        .parse()
        .map_err(|error: T::Err| WalletError::Api(ApiError::InvalidParams { reason: error.to_string() }))
}

pub(super) async fn add(backend: &ClientBackend, address: String) -> Result<NetworkView, WalletError> {
    backend.operator()?.net_add(read(&address)?).await?;
    view(backend).await
}

pub(super) async fn ban(
    backend: &ClientBackend,
    who: SafeText,
    seconds: u64,
) -> Result<NetworkView, WalletError> {
    let who: BanTarget = read(who.as_str())?;
    backend.operator()?.net_ban(who, Some(seconds), None).await?;
    view(backend).await
}

pub(super) async fn unban(backend: &ClientBackend, who: SafeText) -> Result<NetworkView, WalletError> {
    let who: BanTarget = read(who.as_str())?;
    backend.operator()?.net_unban(who).await?;
    view(backend).await
}

fn own(info: &NetInfo) -> OwnNode {
    let (reach, reachable) = match info.nat.reachability {
        Reachability::Unknown => ("not known yet", Reach::Unknown),
        Reachability::Public => ("public: others reach this node", Reach::Good),
        Reachability::Private => ("private: nobody can come", Reach::Poor),
        Reachability::Relayed => ("through a relay", Reach::Poor),
    };
    let router = match info.nat.upnp {
        UpnpState::Off => "",
        UpnpState::Searching => "asking the router",
        UpnpState::NotFound => "no router opens ports",
        UpnpState::NotRoutable => "the router has no public address",
        UpnpState::Mapped => "the router has opened a port",
    };
    let external = info.external.iter().map(|known| (text(&known.address), known_by(known.known_by).into()));
    let mut addresses: Vec<(SafeText, SafeText)> = external.collect();
    if addresses.is_empty() {
        addresses = info.listening.iter().map(|address| (text(address), "listens there".into())).collect();
    }
    OwnNode {
        id: info.node_id.map(text).unwrap_or_default(),
        reach: reach.into(),
        reachable,
        router: router.into(),
        addresses,
        outbound: (info.peers.outbound, info.limits.outbound_target),
        inbound: (info.peers.inbound, info.limits.inbound_max),
        known: (info.book.tried, info.book.new),
        bytes: (info.traffic.in_bytes, info.traffic.out_bytes),
        paused: info.paused,
    }
}

const fn known_by(how: KnownBy) -> &'static str {
    match how {
        KnownBy::Configured => "configured",
        KnownBy::Upnp => "opened by the router",
        KnownBy::Confirmed => "confirmed by a peer",
        KnownBy::Observed => "seen by peers",
        KnownBy::Relay => "a relay's",
    }
}

fn sync(info: &NetInfo) -> SyncRow {
    let progress = &info.sync;
    // Heights are counted in the phase's own things; the state is not, so its rate says what of.
    let (what, unit) = match progress.phase {
        SyncPhase::Idle => (None, ""),
        SyncPhase::Headers => (Some("headers"), "/s"),
        SyncPhase::Blocks => (Some("blocks"), "/s"),
        SyncPhase::State => (Some("state"), " entries/s"),
        SyncPhase::History => (Some("older blocks"), "/s"),
    };
    SyncRow {
        what: what.map(Into::into),
        at: progress.at.get(),
        to: progress.to.get(),
        done: progress.done,
        rate: progress.rate_per_s.map(|rate| ink!("{}{unit}", crate::format::si(rate))),
        eta_s: progress.eta_s,
        servers: info.servers.len(),
        stalling: info.servers.iter().filter(|server| server.stalling).count(),
    }
}

/// What the title line says of synchronisation; none when the node is as far as its peers.
pub(super) fn catching_up(progress: &SyncProgress) -> Option<SyncState> {
    match progress.phase {
        // Older blocks come in the background: all that is asked of the node is right already.
        SyncPhase::Idle | SyncPhase::History => None,
        SyncPhase::Headers | SyncPhase::Blocks | SyncPhase::State => Some(SyncState::Syncing {
            target: progress.to.get(),
            done: Some(progress.done),
            eta_s: progress.eta_s,
        }),
    }
}

fn peer_row(info: &PeerInfo) -> PeerRow {
    let kind = match info.kind {
        PeerKind::Full => "everything",
        PeerKind::Feeler => "a short look",
    };
    let mut kinds: Vec<_> =
        info.traffic.iter().map(|kind| (text(&kind.kind), kind.in_bytes, kind.out_bytes)).collect();
    kinds.sort_by_key(|(_, received, sent)| std::cmp::Reverse(received.saturating_add(*sent)));
    let in_flight: Vec<String> =
        info.in_flight.iter().map(|one| format!("{} {}", one.count, one.kind)).collect();
    let capabilities: Vec<&str> = info.capabilities.iter().map(BoundedText::as_str).collect();
    let (place, ip) = place(&info.address);
    PeerRow {
        id: text(info.node_id),
        place,
        address: text(&info.address),
        // Behind a relay, the address is the relay's.
        ip: ip.filter(|_| info.relay.is_none()).map(text),
        outbound: info.direction == Direction::Outbound,
        kind: kind.into(),
        relay: info.relay.map(text),
        agent: text(&info.agent),
        capabilities: SafeText::new(&capabilities.join(", ")),
        height: info.claimed.map(|claimed| claimed.height.get()),
        latency_ms: info.latency_ms,
        since_ms: info.connected_since.get(),
        bytes: (info.in_bytes, info.out_bytes),
        kinds,
        score: (info.score, info.score_max),
        faults: info
            .faults
            .iter()
            .map(|fault| FaultRow {
                time_ms: fault.time.get(),
                reason: SafeText::new(&fault.reason),
                points: fault.points,
            })
            .collect(),
        in_flight: SafeText::new(&in_flight.join(", ")),
        last: info.last_message.as_ref().map(|last| (SafeText::new(&last.kind), last.time.get())),
    }
}

/// Host and port of a multiaddr in short, as `203.0.113.9:8423`, and the IP address in it. What is none of the usual
/// forms is shown as it is.
fn place(address: &BoundedText) -> (SafeText, Option<IpAddr>) {
    let Ok(read) = address.as_str().parse::<PeerAddress>() else { return (text(address), None) };
    let host = match read.host() {
        Host::Ip(IpAddr::V6(ip)) => format!("[{ip}]"),
        Host::Ip(ip) => ip.to_string(),
        Host::Dns4(name) | Host::Dns6(name) | Host::DnsAddr(name) => name.clone(),
    };
    let short = match read.transport() {
        Some(Transport::Tcp(port)) => ink!("{host}:{port}"),
        Some(Transport::Quic(port)) => ink!("{host}:{port} quic"),
        None => SafeText::new(&host),
    };
    let ip = match read.host() {
        Host::Ip(ip) => Some(*ip),
        Host::Dns4(_) | Host::Dns6(_) | Host::DnsAddr(_) => None,
    };
    (short, ip)
}

fn ban_row(info: &api::BanInfo) -> BanRow {
    BanRow {
        who: text(info.who),
        until_ms: info.until.get(),
        reason: text(&info.reason),
        by_operator: info.by_operator,
    }
}

fn goodbye_row(info: &api::GoodbyeInfo) -> GoodbyeRow {
    GoodbyeRow {
        id: text(info.node_id),
        place: place(&info.address).0,
        time_ms: info.time.get(),
        reason: text(&info.reason),
        banned: info.banned,
    }
}
