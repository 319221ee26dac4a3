//! Whom this node does not talk to.
//!
//! **Nobody can be framed.** The node bans whom it met: the key that a peer proved to own, and the public address at
//! the other end of the connection ([`Met`]). An address that somebody only names is never banned, and neither is a
//! relay for what came through it, nor a private address, behind which there may be anybody: several nodes on one
//! machine, a whole house behind a proxy. There the key alone is banned. A new key is free, so what holds off an
//! attacker in public is the address; at home it is the owner of the house.
//!
//! **Bounds.** [`AUTOMATIC_MAX`] bans of the node's own, of which the first to end is the first to go when there are
//! too many, and [`OPERATOR_MAX`] of the operator's, which never make room for others.
//!
//! Deliberately absent: a clock (times are ms of the wall clock, since bans outlive a run), the decision who deserves
//! it, and the closing of connections.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::endpoint::{Endpoint, Host, NodeId};

mod file;
mod range;
mod reason;
mod subject;

#[cfg(test)]
mod tests;

pub use file::{BanFileError, RestoredBans};
pub use range::{Range, RangeError};
pub use reason::Reason;
pub use subject::{Subject, SubjectError};

/// Bans that the node itself speaks, at most: two for each offender.
pub const AUTOMATIC_MAX: usize = 4_096;
/// Bans that the operator speaks, at most.
pub const OPERATOR_MAX: usize = 1_024;

/// The two ends of a connection that was really there.
#[derive(Clone, Copy, Debug)]
pub struct Met<'a> {
    /// The key that the peer proved to own.
    pub node: NodeId,
    /// Where the connection came from or went to; `None` if it went through a relay, whose address it would be.
    pub host: Option<&'a Host>,
}

/// Who spoke a ban.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum By {
    /// The node, after what a peer did.
    Node,
    /// The operator.
    Operator,
}

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Ban {
    /// Who spoke it.
    pub by: By,
    /// Why.
    pub reason: Reason,
    /// Since when, in ms.
    pub since_ms: u64,
    /// When it ends, in ms; `None` for never.
    pub until_ms: Option<u64>,
}

impl Ban {
    fn holds(&self, now_ms: u64) -> bool {
        self.until_ms.is_none_or(|until_ms| now_ms < until_ms)
    }
}

/// Why the operator cannot ban.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BanError {
    /// The list is full.
    #[error("there are {OPERATOR_MAX} bans by hand already")]
    TooMany,
}

/// All bans.
#[derive(Clone, Debug, Default)]
pub struct Bans {
    bans: BTreeMap<Subject, Ban>,
    /// How many ranges of each width there are: only these widths are looked up.
    widths: BTreeMap<(bool, u8), usize>,
}

impl Bans {
    /// No bans.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bans a peer for what it did, until `until_ms`. A ban that ends later or that the operator spoke stays.
    pub fn ban_met(&mut self, met: Met<'_>, reason: &Reason, now_ms: u64, until_ms: u64) {
        self.prune(now_ms);
        let range = met.host.filter(|host| host.is_global()).and_then(Range::of_site);
        for subject in [Some(Subject::Node(met.node)), range.map(Subject::Range)].into_iter().flatten() {
            let ban =
                Ban { by: By::Node, reason: reason.clone(), since_ms: now_ms, until_ms: Some(until_ms) };
            self.add_automatic(subject, ban);
        }
    }

    /// Bans what the operator names, until `until_ms` or for ever, in place of what was there.
    ///
    /// # Errors
    /// [`BanError::TooMany`].
    pub fn ban_named(
        &mut self,
        subject: Subject,
        reason: Reason,
        now_ms: u64,
        until_ms: Option<u64>,
    ) -> Result<(), BanError> {
        self.prune(now_ms);
        let known = self.bans.get(&subject).is_some_and(|ban| ban.by == By::Operator);
        if !known && self.count(By::Operator) >= OPERATOR_MAX {
            return Err(BanError::TooMany);
        }
        self.insert(subject, Ban { by: By::Operator, reason, since_ms: now_ms, until_ms });
        Ok(())
    }

    /// Lifts a ban, whoever spoke it.
    pub fn lift(&mut self, subject: &Subject) -> Option<Ban> {
        let ban = self.bans.remove(subject)?;
        if let Subject::Range(range) = subject {
            let width = (range.is_ip4(), range.bits());
            if let Some(count) = self.widths.get_mut(&width) {
                *count -= 1;
                if *count == 0 {
                    self.widths.remove(&width);
                }
            }
        }
        Some(ban)
    }

    /// The ban that keeps this peer out, if any.
    #[must_use]
    pub fn against(&self, met: Met<'_>, now_ms: u64) -> Option<(Subject, &Ban)> {
        self.against_node(met.node, now_ms).or_else(|| self.against_host(met.host?, now_ms))
    }

    /// The ban of this node, if any.
    #[must_use]
    pub fn against_node(&self, node: NodeId, now_ms: u64) -> Option<(Subject, &Ban)> {
        self.holding(Subject::Node(node), now_ms)
    }

    /// The ban that covers this address, if any.
    #[must_use]
    pub fn against_host(&self, host: &Host, now_ms: u64) -> Option<(Subject, &Ban)> {
        self.widths
            .keys()
            .filter_map(|&(ip4, bits)| Range::new(host, bits).filter(|range| range.is_ip4() == ip4))
            .find_map(|range| self.holding(Subject::Range(range), now_ms))
    }

    /// Whether a place may be dialled.
    #[must_use]
    pub fn allows(&self, endpoint: &Endpoint, now_ms: u64) -> bool {
        self.against_host(endpoint.host(), now_ms).is_none()
    }

    /// All bans that hold.
    pub fn iter(&self, now_ms: u64) -> impl Iterator<Item = (&Subject, &Ban)> {
        self.bans.iter().filter(move |(_, ban)| ban.holds(now_ms))
    }

    /// How many there are, those that have ended lately among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bans.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bans.is_empty()
    }

    /// Forgets what has ended.
    pub fn prune(&mut self, now_ms: u64) {
        let ended: Vec<Subject> =
            self.bans.iter().filter(|(_, ban)| !ban.holds(now_ms)).map(|(subject, _)| *subject).collect();
        for subject in ended {
            self.lift(&subject);
        }
    }

    fn add_automatic(&mut self, subject: Subject, ban: Ban) {
        match self.bans.get(&subject) {
            Some(there) if there.by == By::Operator || there.until_ms >= ban.until_ms => return,
            Some(_) => {}
            None if self.count(By::Node) >= AUTOMATIC_MAX => {
                let automatic = self.bans.iter().filter(|(_, ban)| ban.by == By::Node);
                let first = automatic.min_by_key(|(_, ban)| ban.until_ms).map(|(subject, _)| *subject);
                first.and_then(|first| self.lift(&first));
            }
            None => {}
        }
        self.insert(subject, ban);
    }

    fn insert(&mut self, subject: Subject, ban: Ban) {
        if self.bans.insert(subject, ban).is_none()
            && let Subject::Range(range) = subject
        {
            *self.widths.entry((range.is_ip4(), range.bits())).or_default() += 1;
        }
    }

    fn holding(&self, subject: Subject, now_ms: u64) -> Option<(Subject, &Ban)> {
        self.bans.get(&subject).filter(|ban| ban.holds(now_ms)).map(|ban| (subject, ban))
    }

    fn count(&self, by: By) -> usize {
        self.bans.values().filter(|ban| ban.by == by).count()
    }
}
