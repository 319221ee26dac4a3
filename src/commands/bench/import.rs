//! Imports: blocks of 1,000 transfers between 100,000 accounts, into a fresh database on the disk.
//!
//! The chain is made first, by the same production and the same door as a miner's, in memory. Then its bytes are
//! taken in as from a file: decoded, checked by every rule, executed, and committed with a synced write a block.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Instant;

use rayon::prelude::*;
use vibecoin_chain::production::Template;
use vibecoin_chain::{Chain, Policy, Stage, Verdict};
use vibecoin_consensus::rules;
use vibecoin_crypto::{SecretKey, sha256};
use vibecoin_primitives::transaction::{TRANSACTION_VERSION, TRANSFER_GAS};
use vibecoin_primitives::{
    Address, Allocation, Amount, ChainSpec, Network, Timestamp, Transaction, TransactionBody,
};
use vibecoin_storage::kv::RocksStore;
use vibecoin_storage::{KeyValueStore, MemoryStore};

use super::Report;
use super::stopwatch::threads;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::progress;

const ACCOUNTS: usize = 100_000;
const TRANSFERS: usize = 1_000;
const BLOCKS: u32 = 40;
/// Not the number of any network.
const CHAIN_ID: u32 = 0x6265_6e63;
const PRICE: u64 = 20;

pub(super) fn measure(context: &Context, quicker: u32) -> Outcome<Report> {
    let blocks = (BLOCKS / quicker).max(5);
    let people = People::new();
    let spec = people.spec();
    let bytes = make_chain(context, people, &spec, blocks)?;

    let folder = Folder::new()?;
    let store: Arc<dyn KeyValueStore> = Arc::new(RocksStore::open(&folder.0)?);
    let mut chain = Chain::open(store, spec.clone(), Policy::FILE)?;
    let bar = progress::bar(&context.out, "importing", "blocks", u64::from(blocks));
    let started = Instant::now();
    for bytes in &bytes {
        let block = rules::decode(&spec, bytes).map_err(|error| Failure::Wrong(error.to_string()))?;
        let now = block.header.time;
        expect_extended(chain.import(block, now)?.verdict)?;
        bar.inc(1);
    }
    let elapsed = started.elapsed().as_secs_f64();
    bar.finish_and_clear();

    let reader = chain.reader();
    let mut report = Report {
        subject: "import",
        setting: format!(
            "{blocks} blocks of {TRANSFERS} transfers between {ACCOUNTS} accounts, one synced write a block; {} threads here",
            threads()
        ),
        rates: Vec::new(),
        ratios: Vec::new(),
    };
    report.rate("import", f64::from(blocks) / elapsed, "blocks");
    report.rate("import", f64::from(blocks) * TRANSFERS as f64 / elapsed, "transfers");
    let mut rest = 1.0;
    for stage in Stage::ALL {
        let share = reader.times().of(stage).as_secs_f64() / elapsed;
        rest -= share;
        report.ratio(format!("share of the stage: {}", stage.name()), share);
    }
    report.ratio("share of the rest: decoding and choice", rest.max(0.0));
    Ok(report)
}

/// The accounts, and how many transactions each has made.
struct People {
    keys: Vec<SecretKey>,
    addresses: Vec<Address>,
    nonces: Vec<u64>,
    chance: u64,
}

impl People {
    fn new() -> Self {
        let key = |number: usize| SecretKey::from_bytes(sha256(&(number as u64).to_le_bytes()).as_bytes());
        let keys: Vec<SecretKey> = (0..ACCOUNTS).into_par_iter().map(key).collect();
        let addresses = keys.par_iter().map(|key| Address::of(&key.public_key())).collect();
        Self { keys, addresses, nonces: vec![0; ACCOUNTS], chance: 1 }
    }

    /// A development network on which everybody is rich.
    fn spec(&self) -> ChainSpec {
        let amount = Amount::from_beats(1_000_000_000_000);
        let genesis_allocation =
            self.addresses.iter().map(|&address| Allocation { address, amount }).collect();
        ChainSpec { chain_id: CHAIN_ID, genesis_allocation, ..Network::Devnet.spec() }
    }

    /// Somebody, by a generator that gives the same people in every run.
    fn somebody(&mut self) -> usize {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) as usize % ACCOUNTS
    }

    fn transfers(&mut self) -> Vec<Transaction> {
        let drafts: Vec<(usize, TransactionBody)> = (0..TRANSFERS).map(|_| self.draft()).collect();
        drafts.into_par_iter().map(|(from, body)| body.sign(&self.keys[from])).collect()
    }

    fn draft(&mut self) -> (usize, TransactionBody) {
        let (from, to) = (self.somebody(), self.somebody());
        let nonce = self.nonces[from];
        self.nonces[from] += 1;
        let body = TransactionBody {
            version: TRANSACTION_VERSION,
            chain_id: CHAIN_ID,
            nonce,
            valid_until: 0,
            gas_limit: TRANSFER_GAS,
            gas_price: PRICE,
            to: Some(self.addresses[to]),
            value: Amount::from_beats(1_000),
            data: Vec::new(),
            public_key: self.keys[from].public_key(),
        };
        (from, body)
    }
}

/// A chain of so many blocks, each as its bytes.
fn make_chain(context: &Context, mut people: People, spec: &ChainSpec, blocks: u32) -> Outcome<Vec<Vec<u8>>> {
    let mut chain = Chain::open(Arc::new(MemoryStore::new()), spec.clone(), Policy::FILE)?;
    let reader = chain.reader();
    let bar = progress::bar(&context.out, "making", "blocks", u64::from(blocks));
    let mut made = Vec::new();
    for _ in 0..blocks {
        let transfers = people.transfers();
        let now = Timestamp::new(reader.tip().time().get() + spec.interval_ms);
        let beneficiary = people.addresses[0];
        let failed =
            |error: &dyn std::fmt::Display| Failure::Wrong(format!("no block could be made: {error}"));
        let template = Template::build(&reader, &reader.view()?, beneficiary, &transfers, now)
            .map_err(|error| failed(&error))?;
        let nonce = template
            .search(1, &AtomicBool::new(false), &AtomicU64::new(0))
            .map_err(|error| failed(&error))?
            .ok_or_else(|| failed(&"there is no nonce"))?;
        let block = template.into_block(nonce);
        if block.transactions.len() != TRANSFERS {
            return Err(failed(&"transfers were left out"));
        }
        made.push(block.encode());
        expect_extended(chain.import(block, now)?.verdict)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(made)
}

fn expect_extended(verdict: Verdict) -> Outcome {
    match verdict {
        Verdict::Extended => Ok(()),
        Verdict::Invalid(reason) => {
            Err(Failure::Wrong(format!("a block of the measurement is refused: {reason}")))
        }
        other => Err(Failure::Wrong(format!("a block of the measurement is {}", other.name()))),
    }
}

/// A folder for the database, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("vibecoin-bench-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(Failure::io(&path))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort: it lies in the system's folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
