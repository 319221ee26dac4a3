//! What the swarm reports, routed to whom it concerns.

use libp2p::core::ConnectedPoint;
use libp2p::ping;
use libp2p::swarm::{ConnectionId, SwarmEvent};
use libp2p::{Multiaddr, PeerId};

use super::DriverTask;
use super::connections::{Connection, Opening};
use crate::address::{endpoint_of, is_relayed, node_of};
use crate::behaviour::BehaviourEvent;
use crate::event::{DialError, Event};

/// A connection on which so many pings in a row have no answer is dead.
const SILENT_PINGS_MAX: u32 = 2;

impl DriverTask {
    pub(super) fn on_swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.on_behaviour_event(event),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.on_established(peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed { connection_id, .. } => self.on_connection_closed(connection_id),
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                self.on_dial_error(connection_id, &error);
            }
            SwarmEvent::NewListenAddr { address, .. } => self.on_listening(&address, true),
            SwarmEvent::ExpiredListenAddr { address, .. } => self.on_listening(&address, false),
            SwarmEvent::ListenerClosed { listener_id, addresses, reason } => {
                if let Err(error) = reason {
                    tracing::warn!(%error, "no longer listening");
                }
                for address in &addresses {
                    self.on_listening(address, false);
                }
                self.on_relay_lost(listener_id);
            }
            SwarmEvent::ListenerError { error, .. } => {
                tracing::debug!(%error, "a connection was not accepted")
            }
            SwarmEvent::ExternalAddrConfirmed { address } => self.on_external(&address, true),
            SwarmEvent::ExternalAddrExpired { address } => self.on_external(&address, false),
            // Incoming connections count once they have proven who they are.
            _ => {}
        }
    }

    fn on_behaviour_event(&mut self, event: BehaviourEvent) {
        match event {
            BehaviourEvent::Lanes(event) => self.on_report(event.connection, event.report),
            BehaviourEvent::Ping(event) => self.on_ping(event),
            BehaviourEvent::Identify(event) => self.on_identify(event),
            BehaviourEvent::Kad(event) => self.on_table(event),
            BehaviourEvent::Mdns(event) => self.on_local_network(event),
            BehaviourEvent::AutonatClient(event) => self.on_probe(&event),
            BehaviourEvent::RelayClient(event) => self.on_relay(&event),
            BehaviourEvent::Dcutr(event) => self.on_hole_punched(&event),
            BehaviourEvent::Upnp(event) => self.on_router(event),
            BehaviourEvent::AutonatServer(_) | BehaviourEvent::RelayServer(_) => {}
            BehaviourEvent::Limits(never) | BehaviourEvent::Memory(never) => match never {},
        }
    }

    fn on_established(&mut self, peer: PeerId, id: ConnectionId, point: &ConnectedPoint) {
        let dialling = self.dials.remove(&id);
        // The lanes' part of the swarm has refused everybody else.
        let Some(node) = node_of(&peer) else { return };
        let connection = Connection::new(peer, node, point);
        let (relayed, opens) = (connection.relayed, connection.opens);
        self.connections.insert(id, connection);
        let carrier = self.sessions.get(&node).filter(|live| live.is_open()).map(|live| live.connection);
        let becomes_direct = carrier.is_some_and(|carrier| self.is_through_relay(carrier)) && !relayed;
        match dialling {
            Some(dialling) if carrier.is_some() && !becomes_direct => {
                self.fail(dialling, DialError::Connected);
                self.swarm.close_connection(id);
            }
            Some(dialling) => self.open_talk(id, peer, Opening::Dialled(dialling)),
            None if becomes_direct && opens => self.open_talk(id, peer, Opening::Punched),
            None => {}
        }
    }

    fn on_connection_closed(&mut self, id: ConnectionId) {
        self.drop_session(id);
        self.forget_relay_candidate(id);
        let opening = self.connections.remove(&id).and_then(|connection| connection.opening);
        if let Some(Opening::Dialled(dialling)) = opening {
            self.fail(dialling, DialError::Handshake);
        }
    }

    fn on_ping(&mut self, event: ping::Event) {
        let Some(connection) = self.connections.get_mut(&event.connection) else { return };
        match event.result {
            Ok(round_trip) => {
                connection.silent_pings = 0;
                let node = connection.node;
                if self.sessions.get(&node).is_some_and(|live| live.connection == event.connection) {
                    let ms = u64::try_from(round_trip.as_millis()).unwrap_or(u64::MAX);
                    self.outbox.offer(Event::Latency { node, ms });
                }
            }
            Err(ping::Failure::Timeout) => {
                connection.silent_pings += 1;
                if connection.silent_pings >= SILENT_PINGS_MAX {
                    self.swarm.close_connection(event.connection);
                }
            }
            Err(ping::Failure::Unsupported | ping::Failure::Other { .. }) => {}
        }
    }

    fn on_listening(&mut self, address: &Multiaddr, listens: bool) {
        if is_relayed(address) {
            return;
        }
        if let Some(endpoint) = endpoint_of(address) {
            self.outbox.push(if listens {
                Event::Listening(endpoint)
            } else {
                Event::ListeningEnded(endpoint)
            });
        }
    }
}
