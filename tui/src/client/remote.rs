//! The light client, translated: how it stands with the servers, and what that costs.
//!
//! Deliberately absent: what a server wrote. The light client keeps errors and evidence in words of its own, and only
//! those are shown.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use vibecoin_client::light::servers::{Health, Route, ServerId};
use vibecoin_client::light::standing::{self as light, Stand, Warning};
use vibecoin_client::light::{Head, LightClient};
use vibecoin_primitives::{Address, Height};

use super::disagreements;
use crate::model::*;
use crate::safe::{SafeText, ink};

/// Disagreements that are shown; as many as are kept.
const DISAGREEMENTS_MAX: usize = vibecoin_client::light::journal::ENTRIES_MAX;
/// A rate is not told before so long.
const RATE_AFTER: Duration = Duration::from_secs(30);
const DAY_S: u64 = 86_400;

/// Looks at a light client again and again, and remembers what only comparing shows.
pub(super) struct Watcher {
    light: Arc<LightClient>,
    started: Instant,
    /// The height that was kept from an earlier start.
    resumed_from: Option<u64>,
    /// What it took to have a proven tip; since when, and after how many bytes, it is followed.
    proof: Option<(ProofRow, Instant, u64)>,
    /// The height that each server has proven.
    proven: BTreeMap<ServerId, u64>,
    /// The rate, and the bytes that it was reckoned from: it is reckoned again only when there are more.
    day: Option<(u64, u64)>,
}

impl Watcher {
    pub(super) fn new(light: Arc<LightClient>) -> Self {
        let resumed_from = light.head().map(|head| head.height().get());
        Self { light, started: Instant::now(), resumed_from, proof: None, proven: BTreeMap::new(), day: None }
    }

    /// Whether the first proof is still waited for.
    pub(super) const fn is_waiting(&self) -> bool {
        self.proof.is_none()
    }

    /// How it stands now, for a wallet with these addresses.
    pub(super) fn look(&mut self, addresses: &[Address]) -> RemoteView {
        let heard = self.light.standing();
        let disagreements: Vec<DisagreementRow> =
            self.light.disagreements(DISAGREEMENTS_MAX).iter().map(disagreements::row).collect();
        self.note_proven(&heard);
        let servers = self.servers(&heard, addresses);
        let standing = standing(&heard, &servers);
        self.remember(standing, &heard);
        let traffic = self.light.servers().traffic();
        let bytes = (traffic.received_bytes, traffic.sent_bytes);
        RemoteView {
            standing,
            proven: heard.head.as_ref().map(proven_tip),
            depth: self.light.options().confirmations,
            servers,
            disagreements,
            proof: self.proof.as_ref().map(|(proof, ..)| proof.clone()),
            traffic: RemoteTraffic { bytes, day_bytes: self.day_bytes(bytes.0.saturating_add(bytes.1)) },
            kept: self.light.options().directory.is_some(),
            cautions: heard.warnings.iter().filter_map(caution).collect(),
        }
    }

    /// Remembers what each server has proven: what it claims newly is not, and what it has proven stays so.
    fn note_proven(&mut self, heard: &light::Standing) {
        let head = heard.head.map(|head| head.height().get());
        for (id, opinion) in &heard.opinions {
            let height = match opinion.stand {
                Stand::Agrees => head,
                Stand::Behind { blocks } => head.map(|head| head.saturating_sub(blocks)),
                Stand::Unheard
                | Stand::Forked { .. }
                | Stand::Ahead { .. }
                | Stand::Refuted
                | Stand::Silent => None,
            };
            if let Some(height) = height {
                self.proven.insert(*id, height);
            }
        }
    }

    fn servers(&self, heard: &light::Standing, addresses: &[Address]) -> Vec<ServerRow> {
        let servers = self.light.servers();
        let followed = servers.order(Route::Any).first().copied();
        let head = heard.head.map(|head| head.height().get());
        let notes = self.light.disagreements(DISAGREEMENTS_MAX);
        let row = |(id, opinion): &(ServerId, light::Opinion)| {
            let (server, thought) = (servers.server(*id), servers.standing(*id));
            let traffic = server.traffic();
            let url = server.url().as_str();
            let of_it = |note: &&_| disagreements::is_about(note, url);
            let learns = |address: &&Address| servers.is_spread() || servers.assigned(address) == Some(*id);
            ServerRow {
                url: SafeText::new(url),
                state: state(thought.health(), opinion, followed == Some(*id)),
                latency_ms: thought.latency().map(|mean| (mean.as_secs_f64() * 1_000.0).round()),
                claimed: match (opinion.stand, opinion.tip) {
                    // What it announced since is taken already.
                    (Stand::Agrees, Some((height, _))) => head.max(Some(height.get())),
                    (_, tip) => tip.map(|(height, _)| height.get()),
                },
                proven: self.proven.get(id).copied(),
                faults: notes.iter().filter(of_it).filter_map(disagreements::fault).collect(),
                questions: (thought.answers(), thought.failures()),
                bytes: (traffic.received_bytes, traffic.sent_bytes),
                addresses: addresses.iter().filter(learns).count(),
            }
        };
        heard.opinions.iter().map(row).collect()
    }

    /// The first proven tip; one that was kept counts once it is followed.
    fn remember(&mut self, standing: Standing, heard: &light::Standing) {
        let (Some(head), None) = (heard.head, &self.proof) else { return };
        if self.resumed_from.is_some() && standing != Standing::Following {
            return;
        }
        let traffic = self.light.servers().traffic();
        let proof = ProofRow {
            time_ms: heard.now.get(),
            height: head.height().get(),
            bytes: traffic.received_bytes,
            round_trips: traffic.round_trips,
            took_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            checked_us: self.light.last_proof().map(|cost| cost.verified_us),
            resumed_from: self.resumed_from,
        };
        let so_far = traffic.received_bytes.saturating_add(traffic.sent_bytes);
        self.proof = Some((proof, Instant::now(), so_far));
    }

    /// What a day costs at the rate since the tip is followed.
    fn day_bytes(&mut self, bytes: u64) -> Option<u64> {
        let (_, since, before) = self.proof.as_ref()?;
        if self.day.is_none_or(|(_, reckoned_from)| reckoned_from != bytes) && since.elapsed() >= RATE_AFTER {
            let day = bytes.saturating_sub(*before).saturating_mul(DAY_S) / since.elapsed().as_secs().max(1);
            self.day = Some((day, bytes));
        }
        self.day.map(|(day, _)| day)
    }
}

fn proven_tip(head: &Head) -> ProvenTip {
    ProvenTip {
        height: head.height().get(),
        id: SafeText::new(&head.id.to_string()),
        time_ms: head.header.time.get(),
    }
}

const fn state(health: Health, opinion: &light::Opinion, followed: bool) -> ServerState {
    match (health, opinion.stand) {
        (Health::Distrusted, _) => ServerState::Distrusted,
        (_, Stand::Refuted) => ServerState::Refuted,
        (Health::Failing, _) | (_, Stand::Silent) => ServerState::Silent,
        (_, Stand::Ahead { by_ms }) => ServerState::Ahead { by_ms },
        (_, Stand::Forked { fork_height }) => ServerState::OtherBranch { since: fork_height.get() },
        (_, Stand::Agrees | Stand::Behind { .. }) if followed => ServerState::Followed,
        (_, Stand::Agrees | Stand::Behind { .. }) => ServerState::Ready,
        // Between two questions one is unheard for a moment that has answered all along.
        (Health::Well, Stand::Unheard) if opinion.tip.is_some() => ServerState::Ready,
        (Health::Unknown | Health::Well, Stand::Unheard) => ServerState::Untried,
    }
}

fn standing(heard: &light::Standing, servers: &[ServerRow]) -> Standing {
    let warns = |is: fn(&Warning) -> bool| heard.warnings.iter().any(is);
    let all = |is: fn(ServerState) -> bool| servers.iter().all(|server| is(server.state));
    if all(|state| state == ServerState::Distrusted) {
        return Standing::AllFalse;
    }
    if warns(|warning| matches!(warning, Warning::SlowClock { .. })) {
        return Standing::ClockWrong;
    }
    if all(|state| matches!(state, ServerState::Silent | ServerState::Distrusted)) {
        return Standing::Unreachable;
    }
    if all(|state| matches!(state, ServerState::Refuted | ServerState::Silent | ServerState::Distrusted)) {
        return Standing::NoProof;
    }
    let is_heard = |server: &ServerRow| {
        server.state.is_in_use() || matches!(server.state, ServerState::OtherBranch { .. })
    };
    match heard.head {
        None if servers.iter().any(|server| server.claimed.is_some()) => Standing::Proving,
        None => Standing::Asking,
        Some(_) if warns(|warning| matches!(warning, Warning::StaleTip { .. })) => Standing::Stale,
        Some(_) if servers.iter().any(is_heard) => Standing::Following,
        Some(_) => Standing::Asking,
    }
}

/// A warning that the standing does not tell already.
fn caution(warning: &Warning) -> Option<Caution> {
    let servers = |n: &usize| match n {
        1 => SafeText::from("1 server"),
        n => ink!("{n} servers"),
    };
    let words: SafeText = match warning {
        Warning::NothingProven | Warning::StaleTip { .. } | Warning::SlowClock { .. } => return None,
        Warning::FutureTip { servers: n } => {
            ink!("{} ahead of the clock here: such blocks are not taken before their time", servers(n))
        }
        Warning::OneVoice => "only one server is heard: it could keep blocks and payments back".into(),
        Warning::Disagreement { servers: n } => {
            ink!("{} on another branch, which is not heavier by enough", servers(n))
        }
        Warning::Refuted { servers: n } => ink!("{} said something false, or did not prove it", servers(n)),
        Warning::Reorganised => {
            "the chain changed its branch lately, deeply: find out why before you trust a payment".into()
        }
        Warning::FalseSegment { height } => {
            ink!("the Proof of History of block {height} is proven false: trust nothing from there on")
        }
        Warning::Damaged => "what was kept here was damaged, and was proven again".into(),
    };
    Some(Caution { words, grave: warning.is_grave() })
}

/// The title line's view of the chain, once something is proven.
pub(super) fn status(light: &LightClient, network: &str) -> Option<ChainStatus> {
    let heard = light.standing();
    let head = heard.head?;
    let spec = light.spec();
    let pace = if spec.retargets() {
        // What the proven difficulty asks for: no server's word.
        Pace::HashRate(super::chain::work(head.header.bits) * 1_000.0 / spec.interval_ms.max(1) as f64)
    } else {
        Pace::Paced { interval_ms: spec.interval_ms }
    };
    let reorganised = heard.warnings.contains(&Warning::Reorganised);
    Some(ChainStatus {
        network: SafeText::new(network),
        height: head.height().get(),
        tip_time_ms: head.header.time.get(),
        sync: SyncState::Synced,
        peers: None,
        pace,
        target_interval_ms: spec.interval_ms,
        trust: Trust::Proven,
        poh: None,
        kept: None,
        warnings: Vec::new(),
        alarm: reorganised.then(|| disagreements::depth(&light.disagreements(DISAGREEMENTS_MAX))).flatten(),
    })
}

/// Where a wallet of fresh words begins: it cannot have received anything before.
pub(super) fn birthday(light: &LightClient) -> Height {
    light.head().map_or(Height::GENESIS, |head| head.height())
}
