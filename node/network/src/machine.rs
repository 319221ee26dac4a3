//! The machine: an input comes in with the time, is routed to its room, and outputs come out.

use rand::SeedableRng;
use rand::rngs::SmallRng;

use crate::bans::{Ban, BanError, Bans, Reason, Subject};
use crate::book::AddressBook;
use crate::config::Config;
use crate::connections::Connections;
use crate::endpoint::Contact;
use crate::peers::{Peers, Traffic};
use crate::relay::Relay;
use crate::requests::Requests;
use crate::serve::Serve;
use crate::sync::Sync;
use crate::turn::{Now, Output, Tickets, Turn};
use crate::wire::Goodbye;
use crate::world::World;

mod input;
mod rooms;

pub use input::{Input, Source};

use rooms::Rooms;

/// Bytes that may wait for a peer before it is not sent anything that can be left out.
pub const UNSENT_SOFT_MAX: usize = 4 << 20;
/// A pause between two inputs that shows that this node itself stood still, in ms.
const STANDSTILL_MS: u64 = 2_000;

/// See the module.
pub struct Machine {
    config: Config,
    rng: SmallRng,
    peers: Peers,
    requests: Requests,
    tickets: Tickets,
    connections: Connections,
    sync: Sync,
    relay: Relay,
    serve: Serve,
    outputs: Vec<Output>,
    /// Traffic of peers that have gone: received and sent.
    past: (Traffic, Traffic),
    last_ms: u64,
}

impl Machine {
    /// A machine with an empty book and no bans; `seed` decides everything that is left to chance.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        let book = AddressBook::new(&config.secret, config.book_settings());
        Self::resume(config, book, Bans::default(), seed)
    }

    /// A machine with the book and the bans of the last run.
    #[must_use]
    pub fn resume(config: Config, book: AddressBook, bans: Bans, seed: u64) -> Self {
        Self {
            connections: Connections::new(&config, book, bans),
            sync: Sync::new(&config),
            relay: Relay::default(),
            serve: Serve::default(),
            config,
            rng: SmallRng::seed_from_u64(seed),
            peers: Peers::default(),
            requests: Requests::default(),
            tickets: Tickets::default(),
            outputs: Vec::new(),
            past: Default::default(),
            last_ms: 0,
        }
    }

    /// Works on one input. What is to be done then is appended to `outputs`, in order.
    pub fn handle(&mut self, now: Now, world: &dyn World, input: Input, outputs: &mut Vec<Output>) {
        if let Input::Closed { node } = &input
            && let Some(peer) = self.peers.get(node)
        {
            self.past.0.add(&peer.received);
            self.past.1.add(&peer.sent);
        }
        let pause_ms = now.ms.saturating_sub(self.last_ms);
        self.last_ms = now.ms;
        if pause_ms > STANDSTILL_MS {
            // Whoever seems late may have answered long ago.
            self.requests.postpone(pause_ms);
        }
        let (mut faults, mut behind) = (Vec::new(), Vec::new());
        let mut turn = Turn {
            now,
            config: &self.config,
            world,
            rng: &mut self.rng,
            peers: &mut self.peers,
            requests: &mut self.requests,
            tickets: &mut self.tickets,
            outputs: &mut self.outputs,
            faults: &mut faults,
            behind: &mut behind,
            catching_up: self.sync.is_catching_up(),
        };
        let mut rooms = Rooms {
            connections: &mut self.connections,
            sync: &mut self.sync,
            relay: &mut self.relay,
            serve: &mut self.serve,
        };
        rooms.route(&mut turn, input);
        rooms.settle(&mut turn);
        outputs.append(&mut self.outputs);
    }

    /// Who is connected.
    #[must_use]
    pub const fn peers(&self) -> &Peers {
        &self.peers
    }

    /// How far the synchronisation is.
    #[must_use]
    pub const fn sync(&self) -> &Sync {
        &self.sync
    }

    /// The book, the bans, and who said goodbye.
    #[must_use]
    pub const fn connections(&self) -> &Connections {
        &self.connections
    }

    /// What it was told once.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// What peers were asked.
    #[must_use]
    pub const fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Everything received and sent since the start.
    #[must_use]
    pub fn traffic(&self) -> (Traffic, Traffic) {
        let (mut received, mut sent) = self.past.clone();
        for peer in self.peers.all() {
            received.add(&peer.received);
            sent.add(&peer.sent);
        }
        (received, sent)
    }

    /// The bytes of the book and of the bans, to be kept over a restart.
    #[must_use]
    pub fn to_keep(&self) -> (Vec<u8>, Vec<u8>) {
        (self.connections.book().to_bytes(), self.connections.bans().to_bytes())
    }

    /// Dials a place by the word of the operator, and keeps a connection to it. True if it is connected already.
    pub fn add(&mut self, contact: Contact) -> bool {
        self.connections.add(&self.peers, contact)
    }

    /// Bans somebody by the word of the operator, until `until_ms` after the Unix epoch (`None`: for good), and parts
    /// with everybody whom that concerns.
    ///
    /// # Errors
    /// [`BanError`] if there are too many such bans.
    pub fn ban(
        &mut self,
        now: Now,
        who: Subject,
        until_ms: Option<u64>,
        reason: Reason,
        outputs: &mut Vec<Output>,
    ) -> Result<(), BanError> {
        let concerned = self.connections.ban(&self.peers, who, until_ms, reason, now)?;
        for node in concerned {
            if let Some(peer) = self.peers.get_mut(&node) {
                peer.leaving = Some(Goodbye::Operator);
                outputs.push(Output::Close { node, goodbye: Goodbye::Operator });
            }
        }
        Ok(())
    }

    /// Ends a ban, and answers what it was.
    pub fn unban(&mut self, who: &Subject) -> Option<Ban> {
        self.connections.unban(who)
    }
}
