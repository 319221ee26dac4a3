//! The running swarm: one task that owns it, takes commands, and keeps the table of connections and sessions.
//!
//! The task waits for many things at once and for none of them alone. What it cannot tell at once it keeps; as long as
//! that is much, it leaves the swarm alone, so that the peers have to wait, but it always takes commands.

mod connections;
mod dials;
mod discovery;
mod nat;
mod outbox;
mod sessions;
mod swarm_events;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use libp2p::Swarm;
use libp2p::swarm::ConnectionId;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use vibecoin_network::endpoint::{Contact, NodeId};
use vibecoin_network::wire::{Goodbye, WireLimits};

use crate::behaviour::Behaviour;
use crate::command::Command;
use crate::config::SwarmError;
use crate::event::{Event, Session};
use crate::lanes::purse::Purses;
use crate::session::{Control, Ended, Notice};
use crate::transport::Shared;

use connections::Connection;
use dials::Dialling;
use discovery::Discovery;
use nat::Nat;
use outbox::Outbox;
use sessions::Live;

/// Between two looks at what is not driven by anybody: connections without a use, the table of addresses, relays.
const LOOK: Duration = Duration::from_secs(5);
/// Time to part with everybody when the node stops.
const STOP: Duration = Duration::from_secs(3);

/// What the task is made of.
pub(crate) struct Parts {
    pub swarm: Swarm<Behaviour>,
    pub me: NodeId,
    pub limits: WireLimits,
    pub shared: Shared,
    pub proxied: bool,
    pub relaying: bool,
    /// What nodes of this network tell as theirs.
    pub family: String,
    pub commands: mpsc::Receiver<(Command, Option<Session>)>,
    pub events: mpsc::Sender<Event>,
}

/// See the module.
pub(crate) struct DriverTask {
    swarm: Swarm<Behaviour>,
    me: NodeId,
    limits: WireLimits,
    shared: Shared,
    proxied: bool,
    relaying: bool,
    family: String,
    commands: mpsc::Receiver<(Command, Option<Session>)>,
    events: mpsc::Sender<Event>,
    outbox: Outbox,
    purses: Purses,
    connections: HashMap<ConnectionId, Connection>,
    dials: HashMap<ConnectionId, Dialling>,
    sessions: HashMap<NodeId, Live>,
    session_count: u64,
    tasks: JoinSet<Ended>,
    notices: (mpsc::Sender<Notice>, mpsc::Receiver<Notice>),
    lookups: JoinSet<Vec<Contact>>,
    discovery: Discovery,
    nat: Nat,
}

/// Notices that may wait: the task takes them as they come.
const NOTICES_MAX: usize = 64;

impl DriverTask {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { swarm, me, limits, shared, proxied, relaying, family, commands, events } = parts;
        Self {
            swarm,
            me,
            purses: Purses::new(&limits),
            limits,
            shared,
            proxied,
            relaying,
            family,
            commands,
            events,
            outbox: Outbox::default(),
            connections: HashMap::new(),
            dials: HashMap::new(),
            sessions: HashMap::new(),
            session_count: 0,
            tasks: JoinSet::new(),
            notices: mpsc::channel(NOTICES_MAX),
            lookups: JoinSet::new(),
            discovery: Discovery::new(Instant::now()),
            nat: Nat::default(),
        }
    }

    /// Runs until it is cancelled, or nobody gives commands or takes events any more.
    pub(crate) async fn run(mut self, cancel: CancellationToken) -> Result<(), SwarmError> {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let events = self.events.clone();
        loop {
            self.outbox.flush(&events);
            tokio::select! {
                () = cancel.cancelled() => break,
                permit = events.reserve(), if !self.outbox.is_empty() => match permit {
                    Ok(permit) => self.outbox.send_one(permit),
                    Err(_) => break,
                },
                Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    match ended {
                        Ok(ended) => self.on_ended(&ended),
                        Err(_) => self.on_crashed(),
                    }
                }
                Some(notice) = self.notices.1.recv() => self.on_notice(notice),
                command = self.commands.recv() => match command {
                    Some((command, session)) => self.on_command(command, session),
                    None => break,
                },
                Some(found) = self.lookups.join_next(), if !self.lookups.is_empty() => {
                    self.on_looked_up(found.unwrap_or_default());
                }
                event = self.swarm.select_next_some(), if !self.outbox.is_full() => self.on_swarm_event(event),
                _ = look.tick() => self.on_look(),
            }
        }
        // Whoever does not take the last events is not waited for.
        let _ = timeout(STOP, self.part()).await;
        self.tasks.shutdown().await;
        if cancel.is_cancelled() { Ok(()) } else { Err(SwarmError::Deserted) }
    }

    fn on_command(&mut self, command: Command, session: Option<Session>) {
        match command {
            Command::Send { node, message } => self.send(node, session, message),
            Command::Close { node, goodbye } => self.close(node, session, goodbye),
            Command::Dial { contact, purpose } => self.dial(contact, purpose),
            Command::Resolve(name) => self.resolve(&name),
        }
    }

    fn on_look(&mut self) {
        let now = Instant::now();
        self.sweep(now);
        self.look_for_nodes(now);
        self.look_for_relays();
    }

    /// Parts with every peer.
    async fn part(&mut self) {
        for live in self.sessions.values_mut() {
            live.close(Control::Close(Goodbye::Stopping));
        }
        while !self.tasks.is_empty() {
            tokio::select! {
                ended = self.tasks.join_next() => {
                    if let Some(Ok(ended)) = ended {
                        self.on_ended(&ended);
                    }
                }
                Some(_) = self.notices.1.recv() => {}
                _ = self.swarm.select_next_some() => {}
            }
        }
    }
}
