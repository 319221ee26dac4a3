//! The real chain, behind the few words that the model has, too.

use std::sync::Arc;

use tempfile::TempDir;
use vibecoin_chain::{Chain, Policy, Report, SideBranches, Source, Verdict};
use vibecoin_consensus::rules;
use vibecoin_primitives::{Address, ChainSpec, Height, Timestamp, encoding};
use vibecoin_storage::kv::RocksStore;
use vibecoin_storage::{KeyValueStore, MemoryStore, StateReader, activity, meta};

use super::bytes::Hash;
use super::chain::{self, Delivered, Told};
use super::ledger::Ledger;

/// Where a chain is kept.
enum Place {
    Memory(Arc<MemoryStore>),
    Disk(TempDir),
}

impl Place {
    fn store(&self) -> Arc<dyn KeyValueStore> {
        match self {
            Self::Memory(store) => Arc::clone(store) as _,
            Self::Disk(directory) => Arc::new(RocksStore::open(directory.path()).unwrap()),
        }
    }
}

pub struct Real {
    spec: ChainSpec,
    policy: chain::Policy,
    place: Place,
    /// `None` only while it is opened again.
    chain: Option<Chain>,
    deliveries: u64,
}

impl Real {
    pub fn open(spec: &ChainSpec, policy: chain::Policy, on_disk: bool) -> Self {
        let place = if on_disk {
            Place::Disk(TempDir::new().unwrap())
        } else {
            Place::Memory(Arc::new(MemoryStore::default()))
        };
        let mut real = Self { spec: spec.clone(), policy, place, chain: None, deliveries: 0 };
        real.restart();
        real
    }

    /// Closes it and opens it again.
    pub fn restart(&mut self) {
        self.chain = None;
        let side_branches = if self.policy.lazy { SideBranches::Lazy } else { SideBranches::Execute };
        let base = if self.policy.bounded { Policy::NODE } else { Policy::FILE };
        let policy = Policy { side_branches, state_cache_bytes: 1 << 20, ..base };
        self.chain = Some(Chain::open(self.place.store(), self.spec.clone(), policy).unwrap());
    }

    fn chain(&self) -> &Chain {
        self.chain.as_ref().unwrap()
    }

    pub fn tip(&self) -> Hash {
        self.chain().tip().id().to_bytes()
    }

    pub fn tip_work(&self) -> u128 {
        self.chain().tip().block.total_work().get()
    }

    /// Hands over the bytes of a block: its owner's, or where there are bounds those of a peer of its own, so that none
    /// has sent too much.
    pub fn deliver(&mut self, bytes: &[u8], now: u64) -> Delivered {
        self.deliveries += 1;
        let source = if self.policy.bounded { Source::Peer(self.deliveries) } else { Source::Local };
        match rules::decode(&self.spec, bytes) {
            Ok(block) => delivered(
                self.chain.as_mut().unwrap().import_from(source, block, Timestamp::new(now)).unwrap(),
            ),
            Err(error) => Delivered { told: error.rule().to_owned(), settled: Vec::new() },
        }
    }

    pub fn tick(&mut self, now: u64) -> Vec<Delivered> {
        let reports = self.chain.as_mut().unwrap().retry_held(Timestamp::new(now)).unwrap();
        reports.into_iter().map(delivered).collect()
    }

    /// Panics unless state root and supply are those of the model.
    pub fn assert_money(&self, ledger: &Ledger) {
        assert_eq!(self.chain().tip().content.state_root.to_bytes(), ledger.root(), "the state root");
        let view = self.chain().reader().view().unwrap();
        let supply = meta::supply(view.rows()).unwrap().unwrap();
        let found = [supply.balances, supply.ring, supply.burned, supply.allocation, supply.subsidies]
            .map(|amount| u128::from(amount.beats()));
        let [balances, ring, burned, allocation, subsidies] = found;
        assert_eq!(balances + ring + burned, allocation + subsidies, "the supply adds up");
        let expected = [ledger.balances(), ledger.maturing(), ledger.burned, ledger.allocated, ledger.minted];
        assert_eq!(found, expected, "balances, ring, burned, allocation, subsidies");
    }

    /// Panics unless every account, every activity chain and the whole ring are those of the model.
    pub fn assert_state(&self, ledger: &Ledger) {
        self.assert_money(ledger);
        let view = self.chain().reader().view().unwrap();
        let state = view.state().unwrap();
        for (address, expected) in &ledger.accounts {
            let address = Address::new(*address);
            let found = state.account(&address).unwrap();
            assert_eq!(
                (found.nonce, found.balance.beats(), found.activity_count, found.activity_height.get()),
                (expected.nonce, expected.balance, expected.entries.len() as u64, expected.height()),
                "{address:?}"
            );
            assert_eq!(found.activity_head.to_bytes(), expected.head(), "{address:?}");
            let entries = activity::oldest_first(view.rows(), &address, 0, usize::MAX).unwrap();
            let found: Vec<_> = entries.iter().map(encoding::encode).collect();
            let entries = (0..).zip(&expected.entries);
            let expected: Vec<_> = entries.map(|(index, entry)| entry.bytes(index)).collect();
            assert_eq!(found, expected, "{address:?}");
        }
        for place in 0..100 {
            let found = state.reward(Height::new(place)).unwrap();
            let found =
                found.map(|found| (found.height.get(), *found.beneficiary.as_bytes(), found.amount.beats()));
            let expected = ledger.ring.get(&place);
            let expected = expected.map(|reward| (reward.height, reward.beneficiary, reward.amount));
            assert_eq!(found, expected, "place {place} of the ring");
        }
    }
}

fn delivered(report: Report) -> Delivered {
    let settled = report.settled.iter().map(|(id, verdict)| (id.to_bytes(), told(verdict))).collect();
    Delivered { told: told(&report.verdict), settled }
}

fn told(verdict: &Verdict) -> Told {
    match verdict {
        Verdict::Invalid(reason) => reason.rule().to_owned(),
        Verdict::Reorganised { depth } => format!("reorganised {depth}"),
        verdict => verdict.name().to_owned(),
    }
}
