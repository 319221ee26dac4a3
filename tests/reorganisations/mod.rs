//! Reorganisations of every depth from 1 to 100, there and back again, with the real chain and the real pool.
//!
//! `VIBECOIN_REORGS=all` runs each depth; without it, a spread of them. What is asserted: the roots of a branch do not
//! depend on how it was reached, no transaction is lost or doubled, and the money adds up after every block.

mod branches;
mod census;
pub mod fingerprint;
pub mod follower;
pub mod ledger;
mod node;
mod same_roots;
mod series;

use std::sync::Arc;

use vibecoin_chain::{Policy, Verdict};
use vibecoin_primitives::Block;
use vibecoin_storage::KeyValueStore;
use vibecoin_storage::kv::RocksStore;

use branches::{Branches, Dice, TRANSACTIONS_MAX};
use census::{Census, Found};
use fingerprint::Fingerprint;
use follower::Follower;
use ledger::{Addresses, assert_adds_up, assert_counted, assert_every_block_adds_up};

/// The depths of a run that nobody asked more of: small ones, those around the alarm at 60, and the deepest.
const SPREAD: [u64; 14] = [1, 2, 3, 5, 8, 13, 21, 34, 55, 59, 60, 61, 89, 100];
const SEED: u64 = 0x7265_6f72;

fn depths() -> Vec<u64> {
    match std::env::var("VIBECOIN_REORGS").as_deref() {
        Ok("all") => (1..=100).collect(),
        _ => SPREAD.to_vec(),
    }
}

/// A chain that has only ever seen these blocks, one after the other.
fn fresh(branches: &Branches, blocks: &[Block]) -> Fingerprint {
    let mut follower = Follower::new(&branches.spec);
    for block in branches.trunk.iter().chain(blocks) {
        let verdict = follower.deliver(block).verdict;
        assert!(matches!(verdict, Verdict::Extended), "{verdict:?}");
    }
    Fingerprint::of(&*follower.store)
}

/// One chain through a reorganisation of `depth` blocks and back.
struct Journey {
    follower: Follower,
    census: Census,
    addresses: Addresses,
    dice: Dice,
}

impl Journey {
    fn start(branches: &Branches, mut follower: Follower, seed: u64) -> Self {
        let (mut census, mut addresses) = (Census::default(), Addresses::of(&branches.spec));
        for block in &branches.trunk {
            assert!(matches!(follower.deliver(block).verdict, Verdict::Extended));
            addresses.add(block);
            assert_adds_up(&follower);
        }
        for transaction in &branches.waiting {
            follower.submit(transaction).unwrap();
            census.add(transaction);
        }
        Self { follower, census, addresses, dice: Dice::new(seed) }
    }

    /// Some of a block's transactions are in the pool before it comes; the pool may refuse them, by a rule.
    fn rumours_of(&mut self, block: &Block) {
        for transaction in &block.transactions {
            if self.dice.roll(2) == 0 {
                continue;
            }
            match self.follower.submit(transaction) {
                Ok(_) => self.census.add(transaction),
                Err(error) => assert!(error.rule().is_some(), "{error}"),
            }
        }
    }

    /// Delivers a block and says what became of it.
    fn deliver(&mut self, block: &Block) -> Verdict {
        assert!(block.transactions.len() as u64 <= TRANSACTIONS_MAX);
        let report = self.follower.deliver(block);
        self.addresses.add(block);
        for one in report.changes.iter().flat_map(|change| &change.connected) {
            self.census.add_block(&one.block);
        }
        assert_adds_up(&self.follower);
        if self.dice.roll(8) == 0 {
            assert_counted(&self.follower, &self.addresses);
        }
        report.verdict
    }

    /// Delivers blocks that extend the tip, with rumours before them.
    fn extend(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.rumours_of(block);
            let verdict = self.deliver(block);
            assert!(matches!(verdict, Verdict::Extended), "{verdict:?}");
        }
    }

    /// Delivers a branch whose last block outweighs the active one.
    fn turn(&mut self, blocks: &[Block], reverted: u64) {
        let (last, others) = blocks.split_last().unwrap();
        for block in others {
            let verdict = self.deliver(block);
            assert!(matches!(verdict, Verdict::Side), "{verdict:?}");
        }
        self.rumours_of(last);
        match self.deliver(last) {
            Verdict::Reorganised { depth } => assert_eq!(depth, reverted),
            other => panic!("no reorganisation but {other:?}"),
        }
    }

    /// What there is now; the money counted, every transaction looked for.
    fn stop(&self) -> (Fingerprint, Found) {
        assert_counted(&self.follower, &self.addresses);
        assert_every_block_adds_up(&self.follower);
        (Fingerprint::of(&*self.follower.store), self.census.take(&self.follower))
    }
}

/// There and back over `depth` blocks; returns what was found after each of the three.
fn there_and_back(depth: u64, follower: impl FnOnce(&Branches) -> Follower) -> [Found; 3] {
    let seed = SEED + depth;
    let branches = Branches::grow(depth, seed);
    let (below, above) = branches.first.split_at(usize::try_from(depth).unwrap());
    let mut journey = Journey::start(&branches, follower(&branches), seed);
    journey.extend(below);
    let (there, first) = journey.stop();
    assert_eq!(there, fresh(&branches, below));

    journey.turn(&branches.second, depth);
    let (other, second) = journey.stop();
    assert_eq!(other, fresh(&branches, &branches.second));
    assert_ne!(other.state, there.state);

    journey.turn(above, depth + 1);
    let (back, third) = journey.stop();
    assert_eq!(back, fresh(&branches, &branches.first));
    // The state where the first visit ended is the one that was there then.
    let reader = journey.follower.chain.reader();
    let height = below.last().unwrap().header.height;
    let again = reader.view().unwrap().state_at(height).unwrap().unwrap();
    assert_eq!(again.root(), there.state);
    [first, second, third]
}

#[test]
fn there_and_back_the_roots_are_the_same_and_no_transaction_is_lost() {
    let mut totals = [Found::default(); 3];
    for depth in depths() {
        let found = there_and_back(depth, |branches| Follower::new(&branches.spec));
        println!("depth {depth:3}, seed {:#x}: {found:?}", SEED + depth);
        for (total, found) in totals.iter_mut().zip(found) {
            total.mined += found.mined;
            total.waiting += found.waiting;
            total.replaced += found.replaced;
            total.expired += found.expired;
            total.unpayable += found.unpayable;
        }
    }
    // Each way of leaving was seen, or the test would show less than it says.
    let [first, second, third] = totals;
    assert!(first.mined > 0 && first.waiting > 0);
    assert!(second.replaced > 0 && second.expired > 0 && second.unpayable > 0 && second.waiting > 0);
    assert!(third.replaced > 0 && third.waiting > 0);
}

#[test]
fn the_same_on_disk() {
    for depth in [1, 7, 100] {
        let folder = tempfile::tempdir().unwrap();
        let open = |branches: &Branches| {
            let store = RocksStore::open(folder.path()).unwrap();
            let store: Arc<dyn KeyValueStore> = Arc::new(store);
            Follower::open(store, &branches.spec, Policy::NODE)
        };
        let on_disk = there_and_back(depth, open);
        assert_eq!(on_disk, there_and_back(depth, |branches| Follower::new(&branches.spec)));
    }
}
