//! The network as its operator sees it: the answers of `net_*`.

use async_trait::async_trait;
use vibecoin_network::Now;
use vibecoin_network::bans::{Ban, BanError, By, Range, Reason, Subject};
use vibecoin_network::endpoint::{self, Endpoint, NodeId};
use vibecoin_network::machine::Machine;
use vibecoin_network::peers::{self, Peer, Purpose};
use vibecoin_network::score::BAN_POINTS;
use vibecoin_network::sync::Phase;
use vibecoin_network::wire::{Capabilities, Goodbye, Kind, PROTOCOL_VERSION};
use vibecoin_primitives::{Height, Timestamp};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::*;
use vibecoin_swarm::{Reach, format_contact, parse_contact};

use super::owner::{OwnerGone, OwnerHandle, Place};
use crate::api::NetworkFace;
use crate::config::NetworkConfig;

/// See the module.
pub struct Face {
    owner: OwnerHandle,
    node: NodeId,
    config: NetworkConfig,
}

impl Face {
    /// The face of an owner.
    pub const fn new(owner: OwnerHandle, node: NodeId, config: NetworkConfig) -> Self {
        Self { owner, node, config }
    }
}

impl From<OwnerGone> for ApiError {
    fn from(_: OwnerGone) -> Self {
        Self::Stopping
    }
}

#[async_trait]
impl NetworkFace for Face {
    async fn info(&self) -> NetInfo {
        let (node, config) = (self.node, self.config.clone());
        let info =
            self.owner.with(move |machine, place, clock, _| info(machine, place, clock.now(), node, &config));
        // A network that has stopped has no peers.
        info.await.unwrap_or_default()
    }

    async fn peers(&self) -> Result<Vec<PeerInfo>, ApiError> {
        let peers = self.owner.with(|machine, _, clock, _| {
            let now = clock.now();
            machine.peers().all().map(|peer| peer_info(machine, peer, now)).collect()
        });
        Ok(peers.await?)
    }

    async fn add(&self, address: PeerAddress) -> Result<NetAdded, ApiError> {
        let text = address.to_string();
        let contact = parse_contact(&text)
            .map_err(|error| ApiError::AddressRefused { address: text.clone(), reason: error.to_string() })?;
        if contact.node == Some(self.node) {
            let reason = "that is this node itself".to_owned();
            return Err(ApiError::AddressRefused { address: text, reason });
        }
        let added = self.owner.with(move |machine, place, _, _| {
            if place.listening.contains(&contact.endpoint) {
                return Err("that is this node itself");
            }
            let known = machine.connections().book().get(&contact.endpoint).is_some();
            let connected = machine.add(contact);
            Ok(NetAdded { address: text.into(), known, connected })
        });
        added.await?.map_err(|reason| ApiError::AddressRefused {
            address: address.to_string(),
            reason: reason.to_owned(),
        })
    }

    async fn ban(&self, who: BanTarget, seconds: u64, reason: BoundedText) -> Result<BanInfo, ApiError> {
        let ban = self.owner.with(move |machine, _, clock, outputs| {
            let now = clock.now();
            let until_ms = now.unix_ms.saturating_add(seconds.saturating_mul(1_000));
            let kept = Reason::new(reason.as_str());
            machine.ban(now, subject(&who), Some(until_ms), kept, outputs)?;
            Ok(BanInfo {
                who,
                since: Timestamp::new(now.unix_ms),
                until: Timestamp::new(until_ms),
                reason,
                by_operator: true,
            })
        });
        ban.await?.map_err(|error: BanError| ApiError::NotAvailable { reason: error.to_string() })
    }

    async fn unban(&self, who: BanTarget) -> Result<Option<BanInfo>, ApiError> {
        let ended = self
            .owner
            .with(move |machine, _, _, _| machine.unban(&subject(&who)).map(|ban| ban_info(who, &ban)));
        Ok(ended.await?)
    }

    async fn bans(&self) -> Result<NetBans, ApiError> {
        let bans = self.owner.with(|machine, _, clock, _| {
            let connections = machine.connections();
            let goodbyes = connections.goodbyes().rev().map(|parted| GoodbyeInfo {
                node_id: node_id(&parted.node),
                address: parted.endpoint.as_ref().map(ToString::to_string).unwrap_or_default().into(),
                time: Timestamp::new(parted.unix_ms),
                reason: parted.goodbye.words().into(),
                banned: parted.goodbye == Goodbye::Banned,
            });
            NetBans {
                bans: connections
                    .bans()
                    .iter(clock.now().unix_ms)
                    .filter_map(|(subject, ban)| Some(ban_info(target(subject)?, ban)))
                    .collect(),
                goodbyes: goodbyes.collect(),
            }
        });
        Ok(bans.await?)
    }
}

fn info(machine: &Machine, place: &Place, now: Now, node: NodeId, config: &NetworkConfig) -> NetInfo {
    let connections = machine.connections();
    let count = |direction| u32::try_from(machine.peers().count(direction)).unwrap_or(u32::MAX);
    let (received, sent) = machine.traffic();
    let dials = connections.dials();
    let own = |endpoint: &Endpoint| format!("{endpoint}/p2p/{}", node_id(&node)).into();
    NetInfo {
        enabled: true,
        node_id: Some(node_id(&node)),
        agent: machine.config().agent.as_str().into(),
        protocol_version: u32::from(PROTOCOL_VERSION),
        listening: place.listening.iter().map(own).collect(),
        external: external(place, config),
        nat: NatInfo {
            reachability: match place.nat.reach {
                Reach::Unknown => Reachability::Unknown,
                Reach::Public => Reachability::Public,
                Reach::Private if place.nat.relays.is_empty() => Reachability::Private,
                Reach::Private => Reachability::Relayed,
            },
            upnp: if place.nat.forwarded.is_some() { UpnpState::Mapped } else { UpnpState::Off },
            relay_server: config.relay_server,
        },
        peers: PeerCounts {
            inbound: count(peers::Direction::Inbound),
            outbound: count(peers::Direction::Outbound),
        },
        limits: NetLimits { inbound_max: config.inbound_max, outbound_target: config.outbound_target },
        traffic: Traffic {
            in_bytes: received.total_bytes(),
            out_bytes: sent.total_bytes(),
            kinds: kinds(&received, &sent),
        },
        book: BookInfo {
            new: (connections.book().len() - connections.book().tried_len()) as u64,
            tried: connections.book().tried_len() as u64,
            anchors: connections
                .book()
                .anchors()
                .iter()
                .map(|anchor| format_contact(anchor).into())
                .collect(),
        },
        dials: DialCounts { started: dials.started, connected: dials.connected, failed: dials.failed },
        faults: connections
            .faults()
            .iter()
            .map(|(reason, count)| FaultCount { reason: (*reason).to_owned(), count: *count })
            .collect(),
        bans: connections.bans().iter(now.unix_ms).count() as u64,
        paused: false,
        sync: progress(machine),
        servers: servers(machine, now),
    }
}

/// How far the synchronisation is.
fn progress(machine: &Machine) -> SyncProgress {
    let progress = machine.sync().progress();
    let (from, at, to) = (progress.from, progress.at, progress.target);
    let way = to.saturating_sub(from);
    SyncProgress {
        phase: match progress.phase {
            Phase::Idle => SyncPhase::Idle,
            Phase::Headers => SyncPhase::Headers,
            Phase::State => SyncPhase::State,
            Phase::Blocks => SyncPhase::Blocks,
            Phase::History => SyncPhase::History,
        },
        from: Height::new(from),
        at: Height::new(at),
        to: Height::new(to),
        done: if way == 0 { 1.0 } else { at.saturating_sub(from) as f64 / way as f64 },
        rate_per_s: (progress.rate_per_s > 0.0).then_some(progress.rate_per_s),
        eta_s: progress.eta_ms.map(|ms| ms.div_ceil(1_000)),
    }
}

fn servers(machine: &Machine, now: Now) -> Vec<SyncServer> {
    let served = |peer: &Peer| -> u64 {
        [Kind::Headers, Kind::Block, Kind::StateChunk]
            .iter()
            .map(|kind| peer.received.messages_of(*kind))
            .sum()
    };
    let servers = machine.sync().servers(now.ms);
    servers
        .filter_map(|(node, bytes_per_s, stalling)| {
            let in_flight = u32::try_from(machine.requests().count(node)).unwrap_or(u32::MAX);
            let served = served(machine.peers().get(&node)?);
            Some(SyncServer { node_id: node_id(&node), in_flight, served, bytes_per_s, stalling })
        })
        .collect()
}

fn external(place: &Place, config: &NetworkConfig) -> Vec<ExternalAddress> {
    let configured = config
        .external
        .iter()
        .map(|text| ExternalAddress { address: text.as_str().into(), known_by: KnownBy::Configured });
    let is_configured = |endpoint: &&Endpoint| !config.external.contains(&endpoint.to_string());
    let shown = place.reachable.iter().filter(is_configured).map(|endpoint| ExternalAddress {
        address: endpoint.to_string().into(),
        known_by: if place.nat.forwarded.as_ref() == Some(endpoint) {
            KnownBy::Upnp
        } else {
            KnownBy::Confirmed
        },
    });
    configured.chain(shown).collect()
}

fn kinds(received: &peers::Traffic, sent: &peers::Traffic) -> Vec<MessageTraffic> {
    Kind::ALL
        .into_iter()
        .filter(|kind| received.messages_of(*kind) + sent.messages_of(*kind) > 0)
        .map(|kind| MessageTraffic {
            kind: kind.name().to_owned(),
            in_bytes: received.bytes_of(kind),
            out_bytes: sent.bytes_of(kind),
            in_messages: received.messages_of(kind),
            out_messages: sent.messages_of(kind),
        })
        .collect()
}

fn peer_info(machine: &Machine, peer: &Peer, now: Now) -> PeerInfo {
    // The machine's clock told in the world's time.
    let time = |ms: u64| Timestamp::new(now.unix_ms.saturating_sub(now.ms.saturating_sub(ms)));
    let hello = peer.hello.as_ref();
    PeerInfo {
        node_id: node_id(&peer.node),
        address: peer.link.endpoint.as_ref().map(ToString::to_string).unwrap_or_default().into(),
        direction: match peer.link.direction {
            peers::Direction::Inbound => Direction::Inbound,
            peers::Direction::Outbound => Direction::Outbound,
        },
        kind: match peer.link.purpose {
            Some(Purpose::Feeler) => PeerKind::Feeler,
            Some(Purpose::Full | Purpose::Anchor | Purpose::Operator) | None => PeerKind::Full,
        },
        relay: None,
        agent: hello.map(|hello| hello.agent.as_str().into()).unwrap_or_default(),
        protocol_version: hello.map(|hello| u32::from(hello.version)).unwrap_or_default(),
        capabilities: hello.map(|hello| capabilities(hello.capabilities)).unwrap_or_default(),
        claimed: hello.map(|_| Claimed {
            height: peer.tip.height,
            work: WorkText(peer.tip.work),
            tip: peer.tip.id,
        }),
        latency_ms: peer.latency_ms.map(|ms| ms as f64),
        connected_since: time(peer.since_ms),
        in_bytes: peer.received.total_bytes(),
        out_bytes: peer.sent.total_bytes(),
        traffic: kinds(&peer.received, &peer.sent),
        score: peer.score.points(now.ms),
        score_max: BAN_POINTS,
        faults: peer
            .score
            .faults()
            .map(|recorded| FaultInfo {
                time: time(recorded.at_ms),
                reason: recorded.fault.to_string(),
                points: recorded.fault.points(),
            })
            .rev()
            .collect(),
        in_flight: in_flight(machine, peer, now),
        last_message: peer
            .heard_kind
            .map(|kind| LastMessage { kind: kind.name().to_owned(), time: time(peer.heard_ms) }),
    }
}

fn in_flight(machine: &Machine, peer: &Peer, now: Now) -> Vec<InFlight> {
    let mut found: Vec<InFlight> = Vec::new();
    for open in machine.requests().of(peer.node) {
        let age_ms = now.ms.saturating_sub(open.asked_ms);
        match found.iter_mut().find(|known| known.kind == open.kind.name()) {
            Some(known) => {
                known.count += 1;
                known.oldest_ms = known.oldest_ms.max(age_ms);
            }
            None => {
                found.push(InFlight { kind: open.kind.name().to_owned(), count: 1, oldest_ms: age_ms });
            }
        }
    }
    found
}

fn capabilities(capabilities: Capabilities) -> Vec<BoundedText> {
    let names = [
        (Capabilities::BLOCKS, "blocks"),
        (Capabilities::HISTORY, "history"),
        (Capabilities::STATE, "state"),
        (Capabilities::TRANSACTIONS, "transactions"),
    ];
    names.into_iter().filter(|(bit, _)| capabilities.has(*bit)).map(|(_, name)| name.into()).collect()
}

const fn node_id(node: &NodeId) -> NodeIdText {
    NodeIdText::new(*node.as_bytes())
}

/// Who is meant, in the words of the machine.
fn subject(who: &BanTarget) -> Subject {
    match who {
        BanTarget::Node(node) => Subject::Node(NodeId::new(*node.as_bytes())),
        BanTarget::Range(range) => {
            let host = endpoint::Host::from(range.base());
            // A range of the API has no more bits than its address.
            Subject::Range(Range::new(&host, range.prefix()).expect("a prefix within its address"))
        }
    }
}

/// Who is meant, in the words of the API; `None` for a range that is none of addresses.
fn target(subject: &Subject) -> Option<BanTarget> {
    match subject {
        Subject::Node(node) => Some(BanTarget::Node(node_id(node))),
        Subject::Range(range) => AddressRange::new(range.first().ip()?, range.bits()).map(BanTarget::Range),
    }
}

fn ban_info(who: BanTarget, ban: &Ban) -> BanInfo {
    BanInfo {
        who,
        since: Timestamp::new(ban.since_ms),
        until: Timestamp::new(ban.until_ms.unwrap_or(u64::MAX)),
        reason: ban.reason.as_str().into(),
        by_operator: ban.by == By::Operator,
    }
}
