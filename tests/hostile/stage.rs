//! The network that the offenders come to, and what is seen of it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use serde_json::json;
use tokio::task::JoinHandle;
use vibecoin_primitives::{AddressPrefix, ChainSpec, Timestamp};

use super::site::{Site, ban_of};
use super::watch::{Watch, forget_highest_memory, memory_kib};
use super::{Case, End};
use crate::support::cluster::{Cluster, eventually, runtime, within};
use crate::support::{PATIENCE, forge};

/// The time between two blocks that the miner aims at, in ms.
pub const INTERVAL_MS: u64 = 1_000;
/// The victim must not be left behind. How long it was off the honest tip is printed; the exact bound of two intervals is
/// held by the tests of the state machine, which no busy machine disturbs.
const IN_STEP: Duration = Duration::from_secs(15);
/// Time after which an offender must be gone.
const MINUTE: Duration = Duration::from_secs(60);
/// What all cases together may cost the victim in memory, in KiB.
const MEMORY_KIB: u64 = 64 << 10;
/// Blocks before the offenders come.
const BLOCKS: u64 = 100;

/// A victim and two honest nodes, one of which mines.
pub struct Stage {
    cluster: Cluster,
    site: Site,
    watch: Watch,
    /// Where each offender came.
    sites: Mutex<Vec<Site>>,
}

/// A case that is being played.
pub struct Playing {
    case: Case,
    site: Site,
    began: Instant,
    began_unix_ms: u64,
    /// When the script ended by itself: the victim has ended the connection.
    parted: Arc<Mutex<Option<Instant>>>,
    task: JoinHandle<()>,
}

const VICTIM: usize = 0;
const MINER: usize = 1;
const OTHER: usize = 2;

impl Stage {
    /// Nodes that are connected and have some blocks, and a miner that goes on.
    pub fn start() -> Self {
        let spec = spec();
        let mut cluster = Cluster::new(spec.clone(), 3);
        cluster.start(VICTIM, &[], &[]);
        for joins in [MINER, OTHER] {
            // With its id, so that nobody dials it again who is connected the other way round.
            let victim = &cluster.members[VICTIM];
            let known = format!("{}/p2p/{}", victim.address(), victim.node_id());
            cluster.start(joins, &[], &["--bootstrap", &known]);
        }
        cluster.wait_connected(2);
        let miner = forge::Wallet::number(1_000).address();
        let beneficiary = miner.encode(AddressPrefix::new("dvibe").unwrap());
        cluster.members[MINER].ask("dev_mine", &[json!(BLOCKS), json!(beneficiary)]);
        cluster.members[MINER].mine_for(&beneficiary);
        eventually("the blocks are everywhere", PATIENCE, || {
            let height = cluster.agreement(1)?;
            if height >= BLOCKS { Ok(()) } else { Err(format!("height {height}")) }
        });
        let site = Site::new(&spec, &cluster.members[VICTIM], &cluster.members[OTHER]);
        Self { cluster, site, watch: Watch::default(), sites: Mutex::default() }
    }

    /// Does something while it is watched whether the victim is in step, and says what is wrong in the end.
    pub fn watched(&self, play: impl FnOnce(&Self) -> Vec<String>) -> Vec<String> {
        let victim = self.cluster.members[VICTIM].process().id();
        let before_kib = memory_kib(victim, "VmRSS");
        forget_highest_memory(victim);
        let mut broken = std::thread::scope(|scope| {
            let members = &self.cluster.members;
            scope.spawn(|| self.watch.run(&members[VICTIM], &members[MINER]));
            let _watched = self.watch.until_dropped();
            play(self)
        });
        let lag = self.watch.lag();
        let grown_kib = memory_kib(victim, "VmHWM").saturating_sub(before_kib);
        println!("off the honest tip for {:.0?} at most ({}); {grown_kib} KiB more", lag.longest, lag.during);
        if lag.longest > IN_STEP {
            broken.push(format!("the victim was off the honest tip: {lag:?}"));
        }
        if grown_kib > MEMORY_KIB {
            broken.push(format!("the victim took {grown_kib} KiB more"));
        }
        broken.extend(self.wronged().err());
        for (index, member) in self.cluster.running() {
            if member.process().output().contains("panicked") {
                broken.push(format!("node {index} has panicked"));
            }
        }
        broken
    }

    /// Begins to play a case.
    pub fn begin(&self, case: Case) -> Playing {
        let site = self.site.for_another();
        self.sites.lock().push(site.clone());
        let parted = Arc::new(Mutex::new(None));
        let (script, end) = ((case.script)(site.clone()), Arc::clone(&parted));
        let task = runtime().spawn(async move {
            script.await;
            *end.lock() = Some(Instant::now());
        });
        Playing { case, site, began: Instant::now(), began_unix_ms: unix_ms(), parted, task }
    }

    /// Waits for the end of a case, and says what is wrong.
    pub fn finish(&self, playing: Playing) -> Vec<String> {
        let name = playing.case.name;
        self.watch.play(name);
        let ended = self.wait_for_end(&playing);
        playing.task.abort();
        println!("| `{name}` | {} |", ended.as_ref().unwrap_or_else(|what| what));
        let wrong = [ended.err(), self.wronged().err()];
        wrong.into_iter().flatten().map(|what| format!("{name}: {what}")).collect()
    }

    fn wait_for_end(&self, playing: &Playing) -> Result<String, String> {
        let left = || MINUTE.saturating_sub(playing.began.elapsed());
        let id = within(left(), || playing.site.offender().ok_or_else(|| "it never came".to_owned()))?;
        match playing.case.end {
            End::Banned(words) => {
                let (reason, since_ms) =
                    within(left(), || self.ban_of(&id).ok_or_else(|| "not banned".to_owned()))?;
                if !reason.contains(words) {
                    return Err(format!("banned, but because it {reason}"));
                }
                let after_ms = since_ms.saturating_sub(playing.began_unix_ms);
                Ok(format!("banned after {:.1} s: it {reason}", after_ms as f64 / 1_000.0))
            }
            End::Parted => {
                let parted = || playing.parted.lock().ok_or_else(|| "still connected".to_owned());
                let after = within(left(), parted)? - playing.began;
                self.not_banned(&id)?;
                Ok(format!("parted with after {:.1} s", after.as_secs_f64()))
            }
            End::Stays => {
                self.not_banned(&id)?;
                let peers = self.cluster.members[VICTIM].peers();
                if !peers.contains(&id) || playing.parted.lock().is_some() {
                    return Err("gone, without any reason".to_owned());
                }
                Ok(format!("still there after {:.1} s", playing.began.elapsed().as_secs_f64()))
            }
        }
    }

    fn not_banned(&self, id: &str) -> Result<(), String> {
        self.ban_of(id).map_or(Ok(()), |(reason, _)| Err(format!("banned without proof: it {reason}")))
    }

    fn ban_of(&self, id: &str) -> Option<(String, u64)> {
        ban_of(&self.cluster.members[VICTIM], id)
    }

    /// Whether any honest node is banned by another, has points, or is missing.
    fn wronged(&self) -> Result<(), String> {
        let offenders: Vec<_> = self.sites.lock().iter().filter_map(Site::offender).collect();
        for (index, member) in self.cluster.running() {
            let bans = member.ask("net_bans", &[]);
            for ban in bans["bans"].as_array().unwrap() {
                let who = ban["who"].as_str().unwrap_or_default();
                if !offenders.iter().any(|id| id == who) {
                    return Err(format!("node {index} has banned {ban}"));
                }
            }
            let peers = member.ask("net_peers", &[]);
            let peers = peers.as_array().unwrap();
            for other in self.cluster.members.iter().filter(|other| other.node_id() != member.node_id()) {
                let listed = peers.iter().find(|peer| peer["node_id"] == other.node_id());
                let Some(listed) = listed else {
                    return Err(format!("node {index} has lost the honest node {}", other.node_id()));
                };
                if listed["score"] != 0 {
                    return Err(format!("node {index} has against an honest node: {}", listed["faults"]));
                }
            }
        }
        Ok(())
    }
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// A devnet of its own with segments that cost nothing, so that blocks can be forged while others mine.
pub fn spec() -> ChainSpec {
    let genesis_ms = unix_ms() - 3_600_000;
    ChainSpec { interval_ms: INTERVAL_MS, genesis_time: Timestamp::new(genesis_ms), ..forge::spec(8) }
}
