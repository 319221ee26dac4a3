//! The next outbound connection: anchors first, then elders, then whatever is drawn; one in each range.

use std::collections::BTreeSet;

use rand::Rng;

use super::{AddressBook, Choice};
use crate::endpoint::{Contact, Endpoint, Group};

/// How many of the outbound connections go to elders, once there are any.
pub const ELDERS: usize = 2;

/// Why a place was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It was connected in the last run.
    Anchor,
    /// It has answered for long, compared with others.
    Elder,
    /// It was drawn.
    Ordinary,
}

/// An outbound connection that stands or is being made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// Where to.
    pub contact: Contact,
    /// Why.
    pub role: Role,
}

impl AddressBook {
    /// The next place to connect to, given those that stand or are being dialled, feelers excepted; `usable` says no
    /// to what is banned, this node itself, or waits after a failure. Never a second one in a range.
    ///
    /// Each anchor is offered once; see [`AddressBook::recall_anchors`].
    pub fn next_outbound(
        &mut self,
        standing: &[Outbound],
        now_ms: u64,
        usable: impl Fn(&Endpoint) -> bool,
        rng: &mut impl Rng,
    ) -> Option<Outbound> {
        let taken: BTreeSet<Group> =
            standing.iter().map(|outbound| outbound.contact.endpoint.group()).collect();
        let usable = |endpoint: &Endpoint| !taken.contains(&endpoint.group()) && usable(endpoint);
        while let Some(contact) = self.anchors_due.pop() {
            if usable(&contact.endpoint) {
                return Some(Outbound { contact, role: Role::Anchor });
            }
        }
        let elders = standing.iter().filter(|outbound| outbound.role == Role::Elder).count();
        if self.settings.defences.elders
            && elders < ELDERS
            && let Some(contact) = self.select(Choice::Elder, now_ms, usable, rng)
        {
            return Some(Outbound { contact, role: Role::Elder });
        }
        let contact = self.select(Choice::Any, now_ms, usable, rng)?;
        Some(Outbound { contact, role: Role::Ordinary })
    }
}
