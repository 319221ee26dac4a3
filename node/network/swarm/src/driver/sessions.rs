//! The table of sessions: one for each node, and which connection carries it.
//!
//! **One connection.** When two nodes dial each other at the same moment there are two, and both sides must keep the same.
//! The node with the smaller id decides: while its own dial is young it refuses the lanes that the other opens. The
//! other always gives way. In every other case the newer connection wins, because a node that dials has lost the
//! older one and this side has not noticed yet. What leads through a relay always gives way to what does not.

use std::time::Duration;

use libp2p::Stream;
use libp2p::swarm::ConnectionId;
use tokio::sync::{mpsc, oneshot, watch};
use vibecoin_network::endpoint::{Endpoint, NodeId};
use vibecoin_network::peers::{Direction, Link, Purpose};
use vibecoin_network::score::Fault;
use vibecoin_network::wire::{Goodbye, Lane, Message, encoded_bytes};

use super::DriverTask;
use super::connections::Opening;
use crate::event::{DialError, Event, Session};
use crate::lanes::handler::{OpenFailure, Report};
use crate::lanes::writer::QUEUE_MAX;
use crate::session::{Control, Ended, Lines, Notice, SessionTask};

/// A dial is young for so long: in this time the other side may have dialled without knowing.
const YOUNG: Duration = Duration::from_secs(5);
/// Controls that may wait.
const CONTROLS_MAX: usize = 8;

/// A session, as the driver sees it.
#[derive(Debug)]
pub(super) struct Live {
    pub session: Session,
    pub connection: ConnectionId,
    purpose: Option<Purpose>,
    /// `None` once it is being left.
    wires: Option<Wires>,
    /// Ends when its task has told its last event.
    done: oneshot::Receiver<()>,
}

/// What leads to a session's task.
#[derive(Debug)]
struct Wires {
    controls: mpsc::Sender<Control>,
    talk: mpsc::Sender<Message>,
    bulk: mpsc::Sender<Message>,
    bulk_stream: Option<oneshot::Sender<Stream>>,
    said: watch::Sender<bool>,
    overfull: bool,
}

impl Live {
    pub(super) const fn is_open(&self) -> bool {
        self.wires.is_some()
    }

    /// Has it end with this control; without one it ends at once.
    pub(super) fn close(&mut self, control: Control) {
        if let Some(wires) = self.wires.take() {
            // If there is no room for a reason, it ends without one.
            let _ = wires.controls.try_send(control);
        }
    }

    fn drop_wires(&mut self) {
        self.wires = None;
    }

    fn fault(&self, fault: Fault) {
        if let Some(wires) = &self.wires {
            let _ = wires.controls.try_send(Control::Fault(fault));
        }
    }
}

impl Wires {
    /// The message back if it cannot be taken.
    fn give(&mut self, message: Message) -> Result<(), Message> {
        let lane = match message.kind().lane() {
            Lane::Talk => &self.talk,
            Lane::Bulk => &self.bulk,
        };
        let hello = matches!(message, Message::Hello(_));
        let given = lane.try_send(message);
        match given {
            Ok(()) => {
                if hello {
                    self.said.send_replace(true);
                }
                Ok(())
            }
            Err(mpsc::error::TrySendError::Closed(message)) => Err(message),
            Err(mpsc::error::TrySendError::Full(message)) => {
                if !self.overfull {
                    self.overfull = true;
                    let _ = self.controls.try_send(Control::Fault(Fault::NotReading));
                }
                Err(message)
            }
        }
    }
}

impl DriverTask {
    pub(super) fn send(&mut self, node: NodeId, session: Option<Session>, message: Message) {
        let wires = self
            .sessions
            .get_mut(&node)
            .filter(|live| Some(live.session) == session)
            .and_then(|live| live.wires.as_mut());
        let refused = match wires {
            Some(wires) => wires.give(message).err(),
            None => Some(message),
        };
        if let Some(message) = refused {
            self.outbox.push_sent(node, encoded_bytes(&message));
        }
    }

    pub(super) fn close(&mut self, node: NodeId, session: Option<Session>, goodbye: Goodbye) {
        if let Some(live) = self.sessions.get_mut(&node).filter(|live| Some(live.session) == session) {
            live.close(Control::Close(goodbye));
        }
    }

    pub(super) fn on_notice(&mut self, notice: Notice) {
        let Notice::Introduced(id) = notice;
        let Some(connection) = self.connections.get(&id) else { return };
        if connection.opens && self.carries_session(id, connection) {
            let peer = connection.peer;
            self.swarm.behaviour_mut().lanes.open(peer, id, Lane::Bulk);
        }
    }

    pub(super) fn on_ended(&mut self, ended: &Ended) {
        if self.sessions.get(&ended.node).is_some_and(|live| live.session == ended.session) {
            self.sessions.remove(&ended.node);
        }
        self.swarm.close_connection(ended.connection);
    }

    /// A session's task has panicked: it is told as closed in its place.
    pub(super) fn on_crashed(&mut self) {
        let mut gone = Vec::new();
        self.sessions.retain(|node, live| {
            let stands = live.done.try_recv() == Err(oneshot::error::TryRecvError::Empty);
            if !stands {
                gone.push((*node, live.connection));
            }
            stands
        });
        for (node, connection) in gone {
            self.outbox.push(Event::Closed { node });
            self.swarm.close_connection(connection);
        }
    }

    pub(super) fn on_report(&mut self, id: ConnectionId, report: Report) {
        match report {
            Report::Open { lane: Lane::Talk, stream } => self.on_talk(id, stream),
            Report::Open { lane: Lane::Bulk, stream } => self.on_bulk(id, stream),
            Report::Failed { lane: Lane::Talk, failure } => self.on_talk_failed(id, failure),
            // The session has no second lane: it ends.
            Report::Failed { lane: Lane::Bulk, .. } => self.drop_session(id),
            Report::Noise => self.on_noise(id),
        }
    }

    fn on_noise(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(&id) else { return };
        match self.sessions.get(&connection.node) {
            Some(live) if live.is_open() => live.fault(Fault::Noise),
            _ => {
                self.swarm.close_connection(id);
            }
        }
    }

    /// Ends the session on a connection that broke.
    pub(super) fn drop_session(&mut self, id: ConnectionId) {
        if let Some(live) = self.sessions.values_mut().find(|live| live.connection == id) {
            live.drop_wires();
        }
    }

    fn on_bulk(&mut self, id: ConnectionId, stream: Stream) {
        let Some(connection) = self.connections.get(&id) else { return };
        let live = self.sessions.get_mut(&connection.node).filter(|live| live.connection == id);
        let waits = live.and_then(|live| live.wires.as_mut()).and_then(|wires| wires.bulk_stream.take());
        if let Some(waits) = waits {
            // Nobody waits any more if the session ends now.
            let _ = waits.send(stream);
        }
    }

    fn on_talk_failed(&mut self, id: ConnectionId, failure: OpenFailure) {
        let Some(opening) = self.connections.get_mut(&id).and_then(|connection| connection.opening.take())
        else {
            return;
        };
        if let Opening::Dialled(dialling) = opening {
            let error = match failure {
                OpenFailure::Unsupported => DialError::OtherProtocol,
                OpenFailure::Broken => DialError::Handshake,
            };
            self.fail(dialling, error);
        }
        self.swarm.close_connection(id);
    }

    /// A talk lane is open, from whichever side. It gets a session, or its connection is closed.
    fn on_talk(&mut self, id: ConnectionId, stream: Stream) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let node = connection.node;
        let opening = connection.opening.take();
        if self.must_refuse(id, node) {
            if let Some(Opening::Dialled(dialling)) = opening {
                self.fail(dialling, DialError::Connected);
            }
            self.swarm.close_connection(id);
            return;
        }
        let before = self.sessions.remove(&node);
        let inherits = before.as_ref().filter(|live| self.is_relayed(live.connection));
        let (purpose, dialled) = match opening {
            Some(Opening::Dialled(dialling)) => (Some(dialling.purpose), Some(dialling.contact.endpoint)),
            // It is still the connection that the node wanted then.
            Some(Opening::Punched) | None => (inherits.and_then(|live| live.purpose), None),
        };
        self.begin(id, node, (purpose, dialled), before, stream);
    }

    fn is_relayed(&self, id: ConnectionId) -> bool {
        self.connections.get(&id).is_some_and(|connection| connection.relayed)
    }

    /// See the module: one connection.
    fn must_refuse(&self, id: ConnectionId, node: NodeId) -> bool {
        let Some(new) = self.connections.get(&id) else { return true };
        let rival = self.sessions.get(&node).filter(|live| live.is_open()).map(|live| live.connection);
        let dialled = self
            .connections
            .iter()
            .find(|(other, connection)| {
                **other != id && connection.node == node && connection.opening.is_some()
            })
            .map(|(other, _)| *other);
        let Some(old) = rival.or(dialled).and_then(|rival| self.connections.get(&rival)) else {
            return false;
        };
        if new.relayed != old.relayed {
            return new.relayed;
        }
        if new.opens {
            // While this dial was under way another led to a session.
            return rival.is_some();
        }
        old.opens && self.me < node && old.since.elapsed() < YOUNG
    }

    fn begin(
        &mut self,
        id: ConnectionId,
        node: NodeId,
        (purpose, dialled): (Option<Purpose>, Option<Endpoint>),
        before: Option<Live>,
        stream: Stream,
    ) {
        let Some(connection) = self.connections.get(&id) else { return };
        let direction = if connection.opens { Direction::Outbound } else { Direction::Inbound };
        self.session_count += 1;
        let session = Session(self.session_count);
        let link = Link { direction, endpoint: dialled.or_else(|| connection.endpoint.clone()), purpose };
        let task = SessionTask {
            node,
            session,
            connection: id,
            link,
            limits: self.limits,
            purse: self.purses.of_peer(direction),
            meter: self.shared.meters.of(connection.peer),
            events: self.events.clone(),
            notices: self.notices.0.clone(),
        };
        let (controls, controls_receiver) = mpsc::channel(CONTROLS_MAX);
        let (talk, talk_receiver) = mpsc::channel(QUEUE_MAX);
        let (bulk, bulk_receiver) = mpsc::channel(QUEUE_MAX);
        let (bulk_stream, bulk_stream_receiver) = oneshot::channel();
        let (said, said_receiver) = watch::channel(false);
        let (after, done) = oneshot::channel();
        let lines = Lines {
            controls: controls_receiver,
            talk: talk_receiver,
            bulk: bulk_receiver,
            bulk_stream: bulk_stream_receiver,
            said: said_receiver,
            // The wires of the one before are dropped here, and so it ends.
            before: before.map(|live| live.done),
            after,
        };
        self.tasks.spawn(task.run(stream, lines));
        let wires = Wires { controls, talk, bulk, bulk_stream: Some(bulk_stream), said, overfull: false };
        let live = Live { session, connection: id, purpose, wires: Some(wires), done };
        self.sessions.insert(node, live);
    }
}
