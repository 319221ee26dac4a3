//! Identify, with a bound on what peers may say about this node's own address.
//!
//! What a peer observes becomes a candidate for an external address, and candidates are kept by others for ever. So
//! only the word of peers counts that this node has dialled, only for addresses that could be its own, and only so
//! often.

use std::collections::HashSet;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm,
};
use libp2p::{Multiaddr, PeerId, identify};

use crate::address::endpoint_of;
use crate::transport::gate::Permits;

/// Different candidates over the life of the process.
const CANDIDATES_MAX: usize = 256;

/// See the module.
pub(crate) struct Observed {
    inner: identify::Behaviour,
    permits: Permits,
    dialled: HashSet<ConnectionId>,
    /// Whether the peer that was identified last was dialled: its observation follows right after.
    last_was_dialled: bool,
    candidates: HashSet<Multiaddr>,
}

impl Observed {
    pub(super) fn new(inner: identify::Behaviour, permits: Permits) -> Self {
        Self { inner, permits, dialled: HashSet::new(), last_was_dialled: false, candidates: HashSet::new() }
    }

    /// Whether a candidate is passed on.
    fn admits(&mut self, address: &Multiaddr) -> bool {
        let fits = endpoint_of(address).is_some_and(|endpoint| self.permits.is_open(&endpoint));
        let known = self.candidates.contains(address);
        if !self.last_was_dialled || !fits || (!known && self.candidates.len() >= CANDIDATES_MAX) {
            return false;
        }
        known || self.candidates.insert(address.clone())
    }
}

impl NetworkBehaviour for Observed {
    type ConnectionHandler = THandler<identify::Behaviour>;
    type ToSwarm = identify::Event;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_inbound_connection(connection, peer, local, remote)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let handler =
            self.inner.handle_established_outbound_connection(connection, peer, address, role, port)?;
        self.dialled.insert(connection);
        Ok(handler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match &event {
            FromSwarm::ConnectionClosed(closed) => {
                self.dialled.remove(&closed.connection_id);
            }
            FromSwarm::DialFailure(failure) => {
                self.dialled.remove(&failure.connection_id);
            }
            _ => {}
        }
        self.inner.on_swarm_event(event);
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.inner.on_connection_handler_event(peer, connection, event);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        loop {
            let action = std::task::ready!(self.inner.poll(cx));
            match &action {
                ToSwarm::GenerateEvent(identify::Event::Received { connection_id, .. }) => {
                    self.last_was_dialled = self.dialled.contains(connection_id);
                }
                ToSwarm::NewExternalAddrCandidate(address) if !self.admits(address) => continue,
                _ => {}
            }
            return Poll::Ready(action);
        }
    }
}
