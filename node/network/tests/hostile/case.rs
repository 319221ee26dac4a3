//! What a case is, and what is asked of its run.

use vibecoin_network::peers::Direction;
use vibecoin_network::testing::forge;
use vibecoin_network::wire::{Goodbye, Message, TipClaim};

use crate::scene::{Scene, Seen};

/// Time after which the offender must be gone, in ms.
const MINUTE_MS: u64 = 60_000;
/// What one offender may cost in memory, unless its case says otherwise, in KiB.
pub const MEMORY_KIB: u64 = 16 << 10;

/// Where the machine stands when the offender begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the tip of the honest peers.
    InStep,
    /// So many blocks behind, and the offender is the first whom it meets.
    Behind(usize),
    /// The same, and it wants a state.
    State(usize),
}

/// How a run ends for the offender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Banned within a minute, for this fault, or for one of these.
    Banned(&'static str),
    /// Told goodbye within a minute, and not banned: nothing can be proven.
    Parted(Goodbye),
    /// It may stay: an honest node could do the same. Why that is harmless.
    Stays(&'static str),
}

/// What happens to a script.
pub enum Moment {
    /// It starts.
    Begin,
    /// The machine said something to the offender.
    Heard(Message),
    /// A step of virtual time.
    Step,
}

/// What the offender does.
pub type Script = Box<dyn FnMut(&mut Scene, Moment)>;

/// One hostile behaviour.
pub struct Case {
    pub name: &'static str,
    pub start: Start,
    /// The tip that the offender tells in the handshake.
    pub claim: fn(&Scene) -> TipClaim,
    pub script: fn() -> Script,
    pub end: End,
    pub memory_kib: u64,
    /// Who may have opened the connection.
    pub directions: &'static [Direction],
}

impl Case {
    /// An offender that connects at the beginning, and claims what the honest ones claim.
    pub fn new(name: &'static str, end: End, script: fn() -> Script) -> Self {
        Self {
            name,
            start: Start::InStep,
            claim: |scene| scene.chain.claim(),
            script,
            end,
            memory_kib: MEMORY_KIB,
            directions: &[Direction::Inbound, Direction::Outbound],
        }
    }

    pub fn claiming(self, claim: fn(&Scene) -> TipClaim) -> Self {
        Self { claim, ..self }
    }

    pub fn starting(self, start: Start) -> Self {
        Self { start, ..self }
    }

    pub fn within(self, memory_kib: u64) -> Self {
        Self { memory_kib, ..self }
    }

    /// For offenders that come by themselves only.
    pub fn inbound(self) -> Self {
        Self { directions: &[Direction::Inbound], ..self }
    }

    /// Plays it with the connection opened by either side.
    pub fn play(&self, direction: Direction) -> Seen {
        Scene::new(self, direction).play(self)
    }

    /// What is wrong with a run; nothing if the case holds.
    pub fn broken(&self, seen: &Seen) -> Vec<String> {
        let mut broken = seen.wronged.clone();
        let mut check = |holds: bool, what: String| {
            if !holds {
                broken.push(what);
            }
        };
        let named =
            |names: &str| seen.faults.iter().any(|(fault, _)| names.split(' ').any(|name| name == *fault));
        match self.end {
            End::Banned(fault) => {
                let in_time = seen.banned_ms.is_some_and(|ms| ms <= MINUTE_MS);
                check(in_time, format!("not banned in a minute: {:?}", seen.faults));
                check(named(fault), format!("no {fault}: {:?}", seen.faults));
            }
            End::Parted(goodbye) => {
                let parted = seen.parted.is_some_and(|(said, ms)| said == goodbye && ms <= MINUTE_MS);
                check(parted, format!("not parted with by {goodbye:?}: {:?}", seen.parted));
                check(seen.banned_ms.is_none(), "banned without proof".to_owned());
            }
            End::Stays(_) => {
                check(seen.parted.is_none(), format!("parted with: {:?} {:?}", seen.parted, seen.faults));
            }
        }
        let intervals_ms = 2 * forge::INTERVAL_MS;
        check(seen.caught_up_ms.is_some_and(|ms| ms <= MINUTE_MS), "never at the honest tip".to_owned());
        check(seen.lag_max_ms <= intervals_ms, format!("{} ms behind the honest tip", seen.lag_max_ms));
        check(seen.has_transactions, "honest transactions did not arrive".to_owned());
        check(seen.memory_kib <= self.memory_kib, format!("{} KiB more memory", seen.memory_kib));
        broken
    }
}
