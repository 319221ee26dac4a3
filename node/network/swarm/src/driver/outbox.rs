//! Events that the driver could not tell yet.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use vibecoin_network::endpoint::NodeId;

use crate::event::Event;

/// From so many on the swarm is left alone.
const FULL: usize = 256;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Outbox(VecDeque<Event>);

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= FULL
    }

    /// Keeps an event that must be told.
    pub(super) fn push(&mut self, event: Event) {
        self.0.push_back(event);
    }

    /// Keeps an event that may be left out when there is too much to tell.
    pub(super) fn offer(&mut self, event: Event) {
        if !self.is_full() {
            self.push(event);
        }
    }

    /// Keeps bytes that count as sent; those of one node together.
    pub(super) fn push_sent(&mut self, to: NodeId, more: usize) {
        for event in &mut self.0 {
            match event {
                Event::Sent { node, bytes } if *node == to => {
                    *bytes += more;
                    return;
                }
                _ => {}
            }
        }
        self.push(Event::Sent { node: to, bytes: more });
    }

    /// Tells what there is room for.
    pub(super) fn flush(&mut self, events: &mpsc::Sender<Event>) {
        while !self.0.is_empty() {
            let Ok(permit) = events.try_reserve() else { return };
            self.send_one(permit);
        }
    }

    pub(super) fn send_one(&mut self, permit: mpsc::Permit<'_, Event>) {
        if let Some(event) = self.0.pop_front() {
            permit.send(event);
        }
    }
}
