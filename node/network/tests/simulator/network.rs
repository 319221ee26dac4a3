//! What lies between the nodes: connections in virtual time, and the queue of everything that is to come.

use std::collections::BTreeMap;

use rand::RngExt;
use rand::rngs::SmallRng;
use vibecoin_network::endpoint::Contact;
use vibecoin_network::peers::Purpose;
use vibecoin_network::wire::{Lane, Message};
use vibecoin_network::world::{Claim, Query, Ticket};

use super::plan::Plan;

/// Something that is to come.
#[derive(Clone, Debug)]
pub enum Event {
    Tick(usize),
    /// A connection stands: its number, who dialled, whom, and what for.
    Connect {
        dialler: usize,
        other: usize,
        purpose: Purpose,
    },
    DialFailed {
        node: usize,
        life: u32,
        contact: Contact,
        purpose: Purpose,
    },
    /// A connection is gone for both.
    Cut(u64),
    Deliver {
        link: u64,
        to: usize,
        message: Message,
        bytes: usize,
    },
    Sent {
        link: u64,
        node: usize,
        bytes: usize,
    },
    Judge {
        node: usize,
        life: u32,
        ticket: Ticket,
        claim: Claim,
    },
    Look {
        node: usize,
        life: u32,
        ticket: Ticket,
        query: Query,
    },
    /// The next thing of the plan.
    Happening(usize),
}

/// A connection.
#[derive(Clone, Debug)]
pub struct Link {
    pub ends: (usize, usize),
    latency_ms: u64,
    /// When the last message arrives, by direction and lane.
    last_ms: [[u64; 2]; 2],
    /// Until when nothing goes through, by direction.
    stalled_ms: [u64; 2],
}

impl Link {
    pub fn other(&self, node: usize) -> usize {
        if self.ends.0 == node { self.ends.1 } else { self.ends.0 }
    }

    fn direction(&self, from: usize) -> usize {
        usize::from(self.ends.0 != from)
    }
}

/// See the module.
pub struct Network {
    pub now_ms: u64,
    pub links: BTreeMap<u64, Link>,
    /// Nodes whose bit is set cannot reach the others.
    pub split: Option<u32>,
    queue: BTreeMap<(u64, u64), Event>,
    next: u64,
    latency_ms: (u64, u64),
    /// Messages in 10,000 that are lost, doubled or overtaken.
    pub loss: u32,
}

impl Network {
    pub fn new(plan: &Plan) -> Self {
        Self {
            now_ms: 0,
            links: BTreeMap::new(),
            split: None,
            queue: BTreeMap::new(),
            next: 0,
            latency_ms: plan.latency_ms,
            loss: plan.loss,
        }
    }

    /// Puts an event into the queue.
    pub fn at(&mut self, at_ms: u64, event: Event) {
        self.next += 1;
        self.queue.insert((at_ms.max(self.now_ms), self.next), event);
    }

    /// The next event; the clock goes on to it.
    pub fn pop(&mut self) -> Option<Event> {
        let ((at_ms, _), event) = self.queue.pop_first()?;
        self.now_ms = at_ms;
        Some(event)
    }

    /// Events that are to come.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether two nodes can reach each other.
    pub fn reaches(&self, one: usize, other: usize) -> bool {
        self.split.is_none_or(|side| (side >> one) & 1 == (side >> other) & 1)
    }

    /// Connects two nodes, and says the number of the connection.
    pub fn connect(&mut self, rng: &mut SmallRng, dialler: usize, other: usize) -> u64 {
        self.next += 1;
        let latency_ms = rng.random_range(self.latency_ms.0..=self.latency_ms.1);
        let link =
            Link { ends: (dialler, other), latency_ms, last_ms: [[self.now_ms; 2]; 2], stalled_ms: [0; 2] };
        self.links.insert(self.next, link);
        self.next
    }

    /// Carries a message of `bytes` to the other end.
    pub fn send(&mut self, rng: &mut SmallRng, number: u64, from: usize, message: Message, bytes: usize) {
        let Some(link) = self.links.get_mut(&number) else { return };
        let direction = link.direction(from);
        let lane = usize::from(message.kind().lane() == Lane::Bulk);
        let leaves_ms = self.now_ms.max(link.stalled_ms[direction]);
        let mut arrives_ms = leaves_ms + link.latency_ms + rng.random_range(0..5);
        let to = link.other(from);
        let mut copies = 1;
        if self.loss > 0 && rng.random_ratio(self.loss, 10_000) {
            match rng.random_range(0..3) {
                0 => copies = 0,
                1 => copies = 2,
                _ => arrives_ms += rng.random_range(0..2_000),
            }
        } else {
            // One after the other.
            arrives_ms = arrives_ms.max(link.last_ms[direction][lane]);
            link.last_ms[direction][lane] = arrives_ms;
        }
        self.at(leaves_ms, Event::Sent { link: number, node: from, bytes });
        for copy in 0..copies {
            let message = message.clone();
            self.at(arrives_ms + copy * 40, Event::Deliver { link: number, to, message, bytes });
        }
    }

    /// Nothing goes from the nodes whose bit is set to the others for a while.
    pub fn stall(&mut self, side: u32, for_ms: u64) {
        let until_ms = self.now_ms + for_ms;
        for link in self.links.values_mut() {
            let on = |node: usize| (side >> node) & 1 == 1;
            if on(link.ends.0) && !on(link.ends.1) {
                link.stalled_ms[0] = link.stalled_ms[0].max(until_ms);
            } else if on(link.ends.1) && !on(link.ends.0) {
                link.stalled_ms[1] = link.stalled_ms[1].max(until_ms);
            }
        }
    }

    /// The latency of a connection, in ms.
    pub fn latency_of(&self, number: u64) -> u64 {
        self.links.get(&number).map_or(0, |link| link.latency_ms)
    }
}
