//! How fast blocks with transfers are taken in, in runs, with and without their headers known before, on RocksDB:
//! `cargo run --release -p vibecoin-chain --example runs_speed -- [BLOCKS] [TRANSFERS] [RUN]`.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use vibecoin_chain::production::Template;
use vibecoin_chain::{Chain, Policy, Source};
use vibecoin_crypto::SecretKey;
use vibecoin_primitives::{
    Address, Allocation, Amount, Bits, Block, ChainSpec, Network, Timestamp, Transaction, TransactionBody,
};
use vibecoin_storage::KeyValueStore;
use vibecoin_storage::kv::{RocksOptions, RocksStore};

const LATE: Timestamp = Timestamp::new(u64::MAX);

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<usize> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let number = |at: usize, default| numbers.get(at).copied().unwrap_or(default);
    let (count, transfers, run) = (number(0, 400), number(1, 100), number(2, 64));
    let keys: Vec<SecretKey> =
        (1..=transfers.clamp(1, 200)).map(|n| SecretKey::from_bytes(&[n as u8; 32])).collect();
    let funded = |key: &SecretKey| Allocation {
        address: Address::of(&key.public_key()),
        amount: Amount::from_beats(1_000_000_000_000),
    };
    let spec = ChainSpec {
        half_life_ms: 0,
        genesis_bits: Bits::new(0x207f_ffff),
        poh_ticks: 2,
        poh_hashes_per_tick: 2,
        genesis_allocation: keys.iter().map(funded).collect(),
        ..Network::Devnet.spec()
    };
    let blocks = make(&spec, &keys, count)?;
    let headers: Vec<_> = blocks.iter().map(|block| (block.header, block.content)).collect();
    for (what, ahead, together) in [
        ("one by one", false, 1),
        ("one by one under known headers", true, 1),
        ("in runs", false, run),
        ("in runs under known headers", true, run),
    ] {
        let folder = tempfile::tempdir()?;
        let store: Arc<dyn KeyValueStore> =
            Arc::new(RocksStore::open_with(folder.path(), RocksOptions::default())?);
        let mut chain = Chain::open(store, spec.clone(), Policy::NODE)?;
        if ahead {
            chain.import_headers(&headers, LATE)?;
        }
        let own = blocks.clone();
        let began = Instant::now();
        let mut left = own.into_iter().map(|block| (Source::Peer(1), block)).peekable();
        while left.peek().is_some() {
            chain.import_run(left.by_ref().take(together), LATE)?;
        }
        if chain.tip().height().get() != count as u64 {
            return Err("not all blocks were taken in".into());
        }
        println!("{what}: {:.0} blocks a second", count as f64 / began.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Blocks in which every key sends one transfer.
fn make(spec: &ChainSpec, keys: &[SecretKey], count: usize) -> Result<Vec<Block>, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store: Arc<dyn KeyValueStore> =
        Arc::new(RocksStore::open_with(folder.path(), RocksOptions::default())?);
    let mut chain = Chain::open(store, spec.clone(), Policy::NODE)?;
    let reader = chain.reader();
    let mut blocks = Vec::with_capacity(count);
    for nonce in 0..count as u64 {
        let transfers: Vec<Transaction> = keys.iter().map(|key| transfer(spec, key, nonce)).collect();
        let time = chain.tip().time().checked_add(1_000).ok_or("no time is left")?;
        let template = Template::build(&reader, &reader.view()?, Address::new([1; 20]), &transfers, time)?;
        let found = template.search(1, &false.into(), &0.into())?.ok_or("no nonce")?;
        let block = template.into_block(found);
        chain.import(block.clone(), LATE)?;
        blocks.push(block);
    }
    Ok(blocks)
}

fn transfer(spec: &ChainSpec, from: &SecretKey, nonce: u64) -> Transaction {
    let body = TransactionBody {
        version: 1,
        chain_id: spec.chain_id,
        nonce,
        valid_until: 0,
        gas_limit: 21_000,
        gas_price: 3,
        to: Some(Address::new([nonce as u8; 20])),
        value: Amount::from_beats(5),
        data: Vec::new(),
        public_key: from.public_key(),
    };
    body.sign(from)
}
