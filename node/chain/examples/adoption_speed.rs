//! How fast a state is served, verified, staged and taken over, on RocksDB:
//! `cargo run --release -p vibecoin-chain --example adoption_speed -- [ACCOUNTS] [CHUNK_BYTES]`.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vibecoin_chain::production::Template;
use vibecoin_chain::{Chain, Policy, StateStep};
use vibecoin_crypto::sha256;
use vibecoin_primitives::{
    Address, Allocation, Amount, Bits, ChainSpec, Content, Header, Network, Timestamp, encoding,
};
use vibecoin_storage::KeyValueStore;
use vibecoin_storage::kv::{RocksOptions, RocksStore};

/// Blocks of the network, of which the state lies ten deep.
const BLOCKS: u64 = 30;

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<usize> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let number = |at: usize, default| numbers.get(at).copied().unwrap_or(default);
    let (accounts, bytes_max) = (number(0, 200_000), number(1, 256 << 10));
    let allocation = |n: usize| {
        let hash = sha256(&n.to_le_bytes());
        let address: [u8; 20] = hash.as_bytes()[..20].try_into().unwrap_or_default();
        Allocation { address: Address::new(address), amount: Amount::from_beats(1_000) }
    };
    let rich = ChainSpec {
        half_life_ms: 0,
        genesis_bits: Bits::new(0x207f_ffff),
        poh_ticks: 2,
        poh_hashes_per_tick: 2,
        genesis_allocation: (0..accounts).map(allocation).collect(),
        ..Network::Devnet.spec()
    };
    let policy = Policy { pivot_depth: 10, ..Policy::NODE };
    let (mut served, _folder) = open(&rich, policy)?;
    let headers = grow(&mut served)?;

    let (mut chain, _other) = open(&rich, policy)?;
    chain.import_headers(&headers, Timestamp::new(u64::MAX))?;
    let staged = chain.choose_pivot()?.ok_or("no block lies deep enough")?;
    let (reader, remote) = (chain.reader(), served.reader());
    let mut spent = [Duration::ZERO; 4];
    let (mut chunks, mut wire_bytes, began) = (0, 0, Instant::now());
    while let Some(wanted) = reader.view()?.state_wanted()? {
        let range = wanted.missing.first().ok_or("nothing is missing")?;
        let start = Instant::now();
        let state = remote.view()?.state_at(staged.height)?.ok_or("the state is not kept")?;
        let chunk = state.chunk(&range.start, &range.end, bytes_max)?;
        spent[0] += start.elapsed();
        wire_bytes += encoding::encode(&chunk).len();
        let start = Instant::now();
        let chunk = chunk.verify(&staged.root, &range.start, &range.end)?;
        spent[1] += start.elapsed();
        let start = Instant::now();
        let report = chain.import_state_chunk(&chunk)?;
        spent[if report.step == StateStep::Adopted { 3 } else { 2 }] += start.elapsed();
        chunks += 1;
    }
    println!("{accounts} accounts in {chunks} chunks, {wire_bytes} bytes: {:.2?}", began.elapsed());
    for (what, time) in
        ["served", "verified", "staged", "the last one staged, built, and taken over"].iter().zip(spent)
    {
        println!("  {what}: {time:.2?}");
    }
    Ok(())
}

fn open(spec: &ChainSpec, policy: Policy) -> Result<(Chain, tempfile::TempDir), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store: Arc<dyn KeyValueStore> =
        Arc::new(RocksStore::open_with(folder.path(), RocksOptions::default())?);
    Ok((Chain::open(store, spec.clone(), policy)?, folder))
}

/// Makes blocks, and gives their headers.
fn grow(chain: &mut Chain) -> Result<Vec<(Header, Content)>, Box<dyn Error>> {
    let reader = chain.reader();
    let mut headers = Vec::new();
    for _ in 0..BLOCKS {
        let time = chain.tip().time().checked_add(1_000).ok_or("no time is left")?;
        let template = Template::build(&reader, &reader.view()?, Address::new([1; 20]), [], time)?;
        let nonce = template.search(1, &false.into(), &0.into())?.ok_or("no nonce")?;
        let block = template.into_block(nonce);
        headers.push((block.header, block.content));
        chain.import(block, Timestamp::new(u64::MAX))?;
    }
    Ok(headers)
}
