//! The part of the swarm that opens and accepts lanes.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NotifyHandler, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use vibecoin_network::wire::Lane;

use super::LaneProtocols;
use super::handler::{Handler, Report};
use crate::address::node_of;
use crate::transport::meter::Meters;

/// See the module.
pub(crate) struct Behaviour {
    protocols: LaneProtocols,
    meters: Meters,
    actions: VecDeque<ToSwarm<Event, Lane>>,
    waker: Option<Waker>,
}

/// Something that concerns the lanes of a connection.
#[derive(Debug)]
pub(crate) struct Event {
    /// Which connection.
    pub connection: ConnectionId,
    /// What happened.
    pub report: Report,
}

/// The other side has a key of a kind that no node has.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("nodes have Ed25519 keys")]
struct NoNode;

impl Behaviour {
    pub(crate) const fn new(protocols: LaneProtocols, meters: Meters) -> Self {
        Self { protocols, meters, actions: VecDeque::new(), waker: None }
    }

    /// Opens a lane. One [`Report`] follows, unless the connection is closed first.
    pub(crate) fn open(&mut self, peer: PeerId, connection: ConnectionId, lane: Lane) {
        let handler = NotifyHandler::One(connection);
        self.actions.push_back(ToSwarm::NotifyHandler { peer_id: peer, handler, event: lane });
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn handler(&self, peer: PeerId, opens: bool) -> Result<Handler, ConnectionDenied> {
        node_of(&peer).ok_or_else(|| ConnectionDenied::new(NoNode))?;
        Ok(Handler::new(self.protocols.clone(), opens, self.meters.of(peer)))
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Event;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.handler(peer, false)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        role: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.handler(peer, role == Endpoint::Dialer)
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        connection: ConnectionId,
        report: THandlerOutEvent<Self>,
    ) {
        self.actions.push_back(ToSwarm::GenerateEvent(Event { connection, report }));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Event, THandlerInEvent<Self>>> {
        if let Some(action) = self.actions.pop_front() {
            return Poll::Ready(action);
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}
