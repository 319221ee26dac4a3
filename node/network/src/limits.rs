//! How many connections there may be, and who goes when there is no room.
//!
//! After Bitcoin Core's: an inbound connection that is one of the best by any of several measures is safe, and the
//! measures have nothing to do with each other, so whoever wants all inbound connections must be better than everybody
//! in everything: near, long-standing, first with blocks and with transactions, and spread over ranges that a secret
//! chooses. Of the rest, the range with the most connections loses its youngest.
//!
//! Functions over facts: nothing is remembered here.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use siphasher::sip::SipHasher24;
use vibecoin_primitives::encoding::encode;

use crate::endpoint::{Group, Host};

#[cfg(test)]
mod tests;

/// Safe for where they are: one of each of the ranges that the secret puts first.
const SAFE_BY_RANGE: usize = 4;
/// Safe for being near.
const SAFE_BY_LATENCY: usize = 8;
/// Safe for the transactions they were first with.
const SAFE_BY_TRANSACTIONS: usize = 4;
/// Safe for the blocks they were first with.
const SAFE_BY_BLOCKS: usize = 4;

/// How many connections there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Outbound connections to hold, feelers not among them.
    pub outbound_target: usize,
    /// Inbound connections.
    pub inbound_max: usize,
    /// Inbound connections from one range of public addresses.
    pub inbound_per_group_max: usize,
    /// Inbound connections from one public address ([`Host::site`]).
    pub inbound_per_host_max: usize,
}

impl ConnectionLimits {
    /// A node's, unless its owner says otherwise: a quarter of the room for one range, a few for the households and
    /// companies behind one address.
    pub const NODE: Self =
        Self { outbound_target: 8, inbound_max: 64, inbound_per_group_max: 16, inbound_per_host_max: 4 };
}

/// What is known about an inbound connection. Times are ms of one clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound<Id> {
    /// Which one.
    pub id: Id,
    /// Where from.
    pub host: Host,
    /// When it was made.
    pub connected_ms: u64,
    /// The shortest time in which it answered, in ms.
    pub latency_ms: Option<u64>,
    /// When it was last first with a block that proved valid.
    pub block_ms: Option<u64>,
    /// When it was last first with a transaction that the pool took.
    pub transaction_ms: Option<u64>,
}

/// What to do about a new inbound connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission<Id> {
    /// There is room.
    Admit,
    /// There is, once this one is closed.
    Replace(Id),
    /// Too many from the same address.
    HostFull,
    /// Too many from the same range.
    GroupFull,
    /// All that are there are better.
    AllFull,
}

/// Whether somebody from `newcomer` may come in.
///
/// Limits by address and range count for public addresses. What is not public is a neighbour, or a proxy that hides
/// everybody behind one address.
#[must_use]
pub fn admit<Id: Copy + Ord>(
    limits: &ConnectionLimits,
    inbound: &[Inbound<Id>],
    newcomer: &Host,
    secret: &[u8; 32],
) -> Admission<Id> {
    if newcomer.is_global() {
        let (site, group) = (newcomer.site(), newcomer.group());
        if inbound.iter().filter(|peer| peer.host.site() == site).count() >= limits.inbound_per_host_max {
            return Admission::HostFull;
        }
        if inbound.iter().filter(|peer| peer.host.group() == group).count() >= limits.inbound_per_group_max {
            return Admission::GroupFull;
        }
    }
    if inbound.len() < limits.inbound_max {
        return Admission::Admit;
    }
    select_to_evict(inbound, secret).map_or(Admission::AllFull, Admission::Replace)
}

/// The inbound connection that is missed least; `None` if all are safe.
#[must_use]
pub fn select_to_evict<Id: Copy + Ord>(inbound: &[Inbound<Id>], secret: &[u8; 32]) -> Option<Id> {
    let mut rest: Vec<&Inbound<Id>> = inbound.iter().collect();
    // So that the order in which they are told decides nothing.
    rest.sort_by_key(|peer| peer.id);
    spare_ranges(&mut rest, secret);
    spare(&mut rest, SAFE_BY_LATENCY, |peer| peer.latency_ms);
    spare(&mut rest, SAFE_BY_TRANSACTIONS, |peer| peer.transaction_ms.map(std::cmp::Reverse));
    spare(&mut rest, SAFE_BY_BLOCKS, |peer| peer.block_ms.map(std::cmp::Reverse));
    let oldest = rest.len() / 2;
    spare(&mut rest, oldest, |peer| Some(peer.connected_ms));
    youngest_of_largest(&rest)
}

/// Takes the `count` best out of the list, the least value first. Who has no value is never among them.
fn spare<Id, K: Ord>(rest: &mut Vec<&Inbound<Id>>, count: usize, value: impl Fn(&Inbound<Id>) -> Option<K>) {
    rest.sort_by_cached_key(|peer| {
        let value = value(peer);
        (value.is_none(), value)
    });
    let valued = rest.iter().take_while(|peer| value(peer).is_some()).count();
    rest.drain(..count.min(valued));
}

/// Takes the longest-standing of each of a few ranges out of the list. Nobody else knows which ranges these are.
fn spare_ranges<Id: Copy + Ord>(rest: &mut Vec<&Inbound<Id>>, secret: &[u8; 32]) {
    let mut ranges: BTreeMap<(u64, Group), (u64, Id)> = BTreeMap::new();
    for peer in rest.iter() {
        let group = peer.host.group();
        let oldest = ranges.entry((rank(secret, &group), group)).or_insert((peer.connected_ms, peer.id));
        *oldest = (*oldest).min((peer.connected_ms, peer.id));
    }
    let safe: BTreeSet<Id> = ranges.into_values().take(SAFE_BY_RANGE).map(|(_, id)| id).collect();
    rest.retain(|peer| !safe.contains(&peer.id));
}

fn rank(secret: &[u8; 32], group: &Group) -> u64 {
    let (key, _) = secret.split_first_chunk::<16>().expect("a secret has 32 bytes");
    let mut hasher = SipHasher24::new_with_key(key);
    hasher.write(b"inbound range");
    hasher.write(&encode(group));
    hasher.finish()
}

/// The youngest connection of the range that has most; of several such ranges, the one with the youngest.
fn youngest_of_largest<Id: Copy + Ord>(rest: &[&Inbound<Id>]) -> Option<Id> {
    let mut ranges: BTreeMap<Group, (usize, (u64, Id))> = BTreeMap::new();
    for peer in rest {
        let age = (peer.connected_ms, peer.id);
        let (count, youngest) = ranges.entry(peer.host.group()).or_insert((0, age));
        *count += 1;
        *youngest = (*youngest).max(age);
    }
    ranges.into_values().max().map(|(_, (_, id))| id)
}
