//! This node's place in the network: whether it can be reached, by what means, and through whom.

use std::collections::HashMap;

use libp2p::autonat::v2 as autonat;
use libp2p::core::transport::ListenerId;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId, dcutr, relay, upnp};
use vibecoin_network::endpoint::Endpoint;

use super::DriverTask;
use crate::address::{endpoint_of, is_relayed, multiaddr_of, node_of};
use crate::event::{Event, NatState, Reach};

/// Relays that a node behind a router keeps.
const RELAYS_WANTED: usize = 2;
/// Nodes that say that they relay, and are remembered.
const CANDIDATES_MAX: usize = 16;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Nat {
    state: NatState,
    /// Where others have reached this node, or its owner says so.
    external: Vec<Endpoint>,
    /// Connected nodes that say that they relay, with the connection and where they are.
    candidates: HashMap<PeerId, (ConnectionId, Multiaddr)>,
    /// Relays that were asked, by the listener that stands for each.
    asked: HashMap<ListenerId, PeerId>,
}

impl Nat {
    pub(super) fn relays_through(&self, peer: &PeerId) -> bool {
        self.asked.values().any(|asked| asked == peer)
    }
}

impl DriverTask {
    fn change_nat(&mut self, change: impl FnOnce(&mut NatState)) {
        let before = self.nat.state.clone();
        change(&mut self.nat.state);
        if self.nat.state != before {
            self.outbox.push(Event::Nat(self.nat.state.clone()));
        }
    }

    /// The owner says that this node can be reached there.
    pub(crate) fn add_external(&mut self, endpoint: &Endpoint) {
        let address = multiaddr_of(endpoint);
        self.swarm.add_external_address(address.clone());
        self.on_external(&address, true);
    }

    pub(super) fn on_external(&mut self, address: &Multiaddr, reachable: bool) {
        let Some(endpoint) = endpoint_of(address).filter(|_| !is_relayed(address)) else { return };
        let known = self.nat.external.contains(&endpoint);
        if known == reachable {
            return;
        }
        if reachable {
            self.nat.external.push(endpoint.clone());
        } else {
            self.nat.external.retain(|other| *other != endpoint);
        }
        self.outbox.push(Event::External { endpoint, reachable });
        let reach = if self.nat.external.is_empty() { Reach::Unknown } else { Reach::Public };
        self.change_nat(|state| state.reach = reach);
    }

    /// Somebody has tried to reach this node. Success comes as a confirmed address.
    pub(super) fn on_probe(&mut self, event: &autonat::client::Event) {
        // One that fails costs no more than a relay that was not needed.
        if event.result.is_err() && self.nat.external.is_empty() {
            self.change_nat(|state| state.reach = Reach::Private);
            self.look_for_relays();
        }
    }

    pub(super) fn on_router(&mut self, event: upnp::Event) {
        match event {
            upnp::Event::NewExternalAddr { external_addr, .. } => {
                let forwarded = endpoint_of(&external_addr);
                self.change_nat(|state| state.forwarded = forwarded);
            }
            upnp::Event::ExpiredExternalAddr { external_addr, .. } => {
                let expired = endpoint_of(&external_addr);
                self.change_nat(|state| {
                    if state.forwarded == expired {
                        state.forwarded = None;
                    }
                });
            }
            upnp::Event::GatewayNotFound | upnp::Event::NonRoutableGateway => {
                tracing::debug!("no router here forwards ports");
            }
        }
    }

    pub(super) fn on_hole_punched(&mut self, event: &dcutr::Event) {
        let punched = event.result.is_ok();
        if let Err(error) = &event.result {
            tracing::debug!(peer = %event.remote_peer_id, %error, "no direct connection");
        }
        self.change_nat(|state| {
            let count = if punched { &mut state.punched } else { &mut state.punch_failures };
            *count += 1;
        });
    }

    /// A connected node says that it relays.
    pub(super) fn add_relay_candidate(&mut self, peer: PeerId, id: ConnectionId) {
        let Some(connection) = self.connections.get(&id) else { return };
        // Of a node that has dialled this one the place is not known.
        let Some(endpoint) = connection.endpoint.as_ref().filter(|_| connection.opens) else { return };
        if self.nat.candidates.len() < CANDIDATES_MAX {
            self.nat.candidates.insert(peer, (id, multiaddr_of(endpoint)));
        }
        self.look_for_relays();
    }

    pub(super) fn forget_relay_candidate(&mut self, id: ConnectionId) {
        self.nat.candidates.retain(|_, (connection, _)| *connection != id);
    }

    /// Asks for reservations while this node cannot be reached.
    pub(super) fn look_for_relays(&mut self) {
        if self.nat.state.reach != Reach::Private {
            return;
        }
        let missing = RELAYS_WANTED.saturating_sub(self.nat.asked.len());
        let chosen: Vec<_> = self
            .nat
            .candidates
            .iter()
            .filter(|(peer, _)| !self.nat.relays_through(peer))
            .take(missing)
            .map(|(peer, (_, address))| (*peer, address.clone()))
            .collect();
        for (peer, address) in chosen {
            let through = address.with(Protocol::P2p(peer)).with(Protocol::P2pCircuit);
            match self.swarm.listen_on(through) {
                Ok(listener) => {
                    self.nat.asked.insert(listener, peer);
                }
                Err(error) => tracing::debug!(%peer, %error, "cannot ask for a reservation"),
            }
        }
    }

    pub(super) fn on_relay(&mut self, event: &relay::client::Event) {
        if let relay::client::Event::ReservationReqAccepted { relay_peer_id, renewal: false, .. } = event {
            let Some(node) = node_of(relay_peer_id) else { return };
            self.change_nat(|state| {
                if !state.relays.contains(&node) {
                    state.relays.push(node);
                }
            });
        }
    }

    /// A reservation has ended, or was not given. Another node may be asked at the next look.
    pub(super) fn on_relay_lost(&mut self, listener: ListenerId) {
        let Some(peer) = self.nat.asked.remove(&listener) else { return };
        self.nat.candidates.remove(&peer);
        if let Some(node) = node_of(&peer) {
            self.change_nat(|state| state.relays.retain(|relay| *relay != node));
        }
    }
}
