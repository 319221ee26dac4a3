//! The address book: the places of other nodes, kept so that nobody can fill it with its own.
//!
//! After Bitcoin Core's, which answers *Eclipse Attacks on Bitcoin's Peer-to-Peer Network* (Heilman, Kendler, Zohar
//! and Goldberg, 2015). Somebody with many addresses wants all connections that a node makes. Against that stand:
//!
//! - buckets that a secret chooses by the ranges of the address and of its teller ([`buckets`]): one teller reaches a
//!   sixteenth of the table of what was told, one range of addresses a sixteenth of the table of what answered;
//! - what stands and is not hopeless keeps its slot; in the tried table it is dialled before it is replaced;
//! - a slot is drawn by bucket, without regard to how new anything is, half of the time from either table, and never
//!   two outbound connections into one range;
//! - some of the last run's connections are dialled first after a start ([`ANCHORS_MAX`]);
//! - some connections go to *elders* ([`ELDERS`]): what has answered for at least half as long as the oldest in the
//!   book. Whoever began to attack later than that is not among them, with however many addresses. This is not in
//!   Bitcoin; the simulation in `tests/eclipse.rs` shows what a patient attacker does without it. Somebody who answers
//!   for longer than half of the oldest's time is an elder, too: then only their number counts.
//!
//! **Bounds.** 16,384 places in the new table and 4,096 in the tried one, [`NOTES_MAX`] lists of answers: 8 MiB
//! at the most. Its file has at most 3 MiB.
//!
//! Deliberately absent: a clock and chance (both are arguments; times are ms of the wall clock, since they outlive a
//! run), dialling, resolving (names are refused), what peers say about ages or about who lives where (they may say
//! anything), and bans (the caller refuses what is banned when something is chosen).

use std::collections::BTreeMap;
use std::fmt;

use rand::{Rng, RngExt};

use crate::endpoint::{Contact, Endpoint, Group, Host, NodeId};

mod anchors;
mod answers;
pub mod buckets;
mod entry;
mod file;
mod outbound;
mod select;
mod tables;
mod trials;

#[cfg(test)]
mod tests;

pub use anchors::ANCHORS_MAX;
pub use answers::{ANSWER_MAX, ANSWER_MIN, NOTES_MAX};
pub use file::{BookFileError, Restored};
pub use outbound::{ELDERS, Outbound, Role};
pub use select::Choice;

use answers::Notes;
use buckets::{BucketKey, NEW_BUCKETS, TRIED_BUCKETS, Table};
use entry::{Entry, Standing};

/// Places in the new table that one address can have at most, told by as many ranges.
const PLACES_MAX: usize = 8;

/// What the book does against whoever floods it. A node does all of it; a simulation takes something away to see what
/// it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defences {
    /// Buckets are chosen by ranges of addresses and tellers, and not by the address alone.
    pub source_keys: bool,
    /// What was told does not replace what stands and is not hopeless.
    pub first_come: bool,
    /// What answered is replaced only once it no longer answers.
    pub test_before_evict: bool,
    /// Connections of the last run are made first.
    pub anchors: bool,
    /// Some connections go to what has answered for longest.
    pub elders: bool,
}

impl Defences {
    /// All of them.
    pub const ALL: Self =
        Self { source_keys: true, first_come: true, test_before_evict: true, anchors: true, elders: true };
    /// None of them.
    pub const NONE: Self = Self {
        source_keys: false,
        first_come: false,
        test_before_evict: false,
        anchors: false,
        elders: false,
    };
}

/// How a book is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookSettings {
    /// Whether addresses that are not public are taken: for networks at home and in tests. They are told to local
    /// askers only.
    pub locals: bool,
    /// What it does against floods.
    pub defences: Defences,
}

impl BookSettings {
    /// A node in public.
    pub const PUBLIC: Self = Self { locals: false, defences: Defences::ALL };
    /// A node of a network at home or of a test.
    pub const LOCAL: Self = Self { locals: true, defences: Defences::ALL };
}

/// What became of an address that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is in the book now.
    New,
    /// It was there, and stands in one more place now.
    Again,
    /// It was there, and nothing has changed but the time it was last heard of.
    Known,
    /// Its slot is taken by something that is not hopeless.
    Full,
    /// It is a name, or a local address where these are not taken.
    Unwanted,
}

/// What became of a place that answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proven {
    /// It is not in the book: somebody must tell of it first.
    Unknown,
    /// It has come into the tried table.
    Promoted,
    /// It was there.
    Already,
    /// Its slot is taken: whoever stands there is dialled first.
    Waits,
}

/// What is known about one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// It, and who answered there last.
    pub contact: Contact,
    /// Whether it is in the tried table.
    pub tried: bool,
    /// When it was last told of or seen, in ms.
    pub heard_ms: u64,
    /// When it last answered, in ms; `None` for never.
    pub answered_ms: Option<u64>,
    /// Counted failures since then.
    pub failures: u32,
}

/// The address book.
#[derive(Clone)]
pub struct AddressBook {
    settings: BookSettings,
    key: BucketKey,
    entries: Vec<Option<Entry>>,
    vacant: Vec<u32>,
    index: BTreeMap<Endpoint, u32>,
    new: Table,
    tried: Table,
    tried_count: usize,
    /// Entries that answered and whose slot of the tried table is taken.
    waiting: Vec<u32>,
    /// When anything last answered: a node without a network counts no failures.
    answered_ms: u64,
    anchors: Vec<Contact>,
    anchors_due: Vec<Contact>,
    notes: Notes,
}

impl AddressBook {
    /// An empty book. The secret is the node's own, and the same over restarts.
    #[must_use]
    pub fn new(secret: &[u8; 32], settings: BookSettings) -> Self {
        Self {
            settings,
            key: BucketKey::new(secret, settings.defences),
            entries: Vec::new(),
            vacant: Vec::new(),
            index: BTreeMap::new(),
            new: Table::new(NEW_BUCKETS),
            tried: Table::new(TRIED_BUCKETS),
            tried_count: 0,
            waiting: Vec::new(),
            answered_ms: 0,
            anchors: Vec::new(),
            anchors_due: Vec::new(),
            notes: Notes::default(),
        }
    }

    /// Takes note of an address that somebody in the range `source` told of.
    ///
    /// The source is the range of the teller's own address as this node sees it, never what the teller says; for
    /// addresses that a node tells of itself it is the range of that address, and for a seed the seed's.
    pub fn add(&mut self, endpoint: &Endpoint, source: &Group, now_ms: u64, rng: &mut impl Rng) -> Added {
        if !self.wants(endpoint) {
            return Added::Unwanted;
        }
        let Some(&id) = self.index.get(endpoint) else {
            return self.add_unknown(endpoint, source, now_ms);
        };
        let entry = self.entry_mut(id);
        entry.heard_ms = entry.heard_ms.max(now_ms);
        match &entry.standing {
            Standing::Tried(_) => Added::Known,
            Standing::New(places) if places.len() >= PLACES_MAX => Added::Known,
            // Each further place is half as likely, or whoever repeats itself would own what it repeats.
            Standing::New(places) if rng.random_ratio(1, 1 << places.len()) => {
                self.add_place(id, source, now_ms)
            }
            Standing::New(_) => Added::Known,
        }
    }

    /// A dial of this place begins.
    pub fn dialled(&mut self, endpoint: &Endpoint, now_ms: u64) {
        if let Some(entry) = self.find_mut(endpoint) {
            entry.dialled_ms = now_ms;
        }
    }

    /// A dial of this place has failed: nobody was there, or nobody of this network.
    ///
    /// It counts only if something else has answered since the last failure that counted, so that a node whose own
    /// cable is out does not give up the whole book.
    pub fn failed(&mut self, endpoint: &Endpoint, now_ms: u64) {
        let answered_ms = self.answered_ms;
        if let Some(entry) = self.find_mut(endpoint) {
            entry.dialled_ms = now_ms;
            if entry.counted_ms <= answered_ms {
                entry.counted_ms = now_ms;
                entry.failures = entry.failures.saturating_add(1);
            }
        }
    }

    /// A dial of this place has ended in a handshake with `node`. Only dials count: whoever connects from somewhere
    /// has not shown to be reachable there.
    pub fn good(&mut self, endpoint: &Endpoint, node: NodeId, now_ms: u64) -> Proven {
        let Some(&id) = self.index.get(endpoint) else { return Proven::Unknown };
        self.answered_ms = self.answered_ms.max(now_ms);
        let entry = self.entry_mut(id);
        entry.node = Some(node);
        entry.heard_ms = now_ms;
        entry.dialled_ms = now_ms;
        entry.answered_ms = now_ms;
        entry.failures = 0;
        if entry.is_tried() { Proven::Already } else { self.promote_or_wait(id, now_ms) }
    }

    /// An outbound connection to this place still stands, or has just ended after a while.
    pub fn seen(&mut self, endpoint: &Endpoint, now_ms: u64) {
        if let Some(entry) = self.find_mut(endpoint).filter(|entry| entry.answered_ms != 0) {
            entry.heard_ms = entry.heard_ms.max(now_ms);
            entry.answered_ms = entry.answered_ms.max(now_ms);
        }
    }

    /// Strikes a place out: it is this node itself, or of another network.
    pub fn forget(&mut self, endpoint: &Endpoint) {
        if let Some(&id) = self.index.get(endpoint) {
            self.remove(id);
        }
        self.anchors.retain(|anchor| anchor.endpoint != *endpoint);
        self.anchors_due.retain(|anchor| anchor.endpoint != *endpoint);
    }

    /// What is known about a place.
    #[must_use]
    pub fn get(&self, endpoint: &Endpoint) -> Option<Known> {
        self.index.get(endpoint).map(|&id| {
            let entry = self.entry(id);
            Known {
                contact: entry.contact(),
                tried: entry.is_tried(),
                heard_ms: entry.heard_ms,
                answered_ms: (entry.answered_ms != 0).then_some(entry.answered_ms),
                failures: entry.failures,
            }
        })
    }

    /// How many places are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// How many of them are in the tried table.
    #[must_use]
    pub const fn tried_len(&self) -> usize {
        self.tried_count
    }

    fn wants(&self, endpoint: &Endpoint) -> bool {
        match endpoint.host() {
            Host::Dns(_) => false,
            Host::Ip4(_) | Host::Ip6(_) => self.settings.locals || endpoint.is_global(),
        }
    }
}

impl fmt::Debug for AddressBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "AddressBook({} places, {} tried, {} anchors)",
            self.len(),
            self.tried_count,
            self.anchors.len()
        )
    }
}
