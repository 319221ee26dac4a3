//! How fast headers are taken in ahead of their bodies, and what the questions of a synchronisation cost then, on
//! RocksDB: `cargo run --release -p vibecoin-chain --example headers_speed -- [HEADERS] [BATCH]`.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use vibecoin_chain::{Chain, Policy};
use vibecoin_consensus::difficulty::{bits_of_child, version_at};
use vibecoin_consensus::pow::Search;
use vibecoin_consensus::{Node, Peaks, genesis};
use vibecoin_primitives::{Bits, ChainSpec, Content, Header, Height, Network, Timestamp};
use vibecoin_storage::KeyValueStore;
use vibecoin_storage::kv::{RocksOptions, RocksStore};

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<usize> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let number = |at: usize, default| numbers.get(at).copied().unwrap_or(default);
    let (count, batch) = (number(0, 20_000), number(1, 2_000));
    let spec = ChainSpec { half_life_ms: 0, genesis_bits: Bits::new(0x207f_ffff), ..Network::Devnet.spec() };
    let headers = headers(&spec, count)?;

    let folder = tempfile::tempdir()?;
    let store: Arc<dyn KeyValueStore> =
        Arc::new(RocksStore::open_with(folder.path(), RocksOptions::default())?);
    let mut chain = Chain::open(Arc::clone(&store), spec, Policy { headers_max: u64::MAX, ..Policy::NODE })?;
    let began = Instant::now();
    for (at, run) in headers.chunks(batch).enumerate() {
        let reports = chain.import_headers(run, Timestamp::new(u64::MAX))?;
        let wrong = reports.iter().find(|report| report.verdict.name() != "header");
        if let Some(wrong) = wrong {
            return Err(format!("batch {at}: {:?}", wrong.verdict).into());
        }
    }
    let took = began.elapsed();
    println!("{count} headers in batches of {batch}: {:.0} a second", count as f64 / took.as_secs_f64());

    let reader = chain.reader();
    let time = |name: &str, question: &dyn Fn() -> Result<usize, Box<dyn Error>>| {
        let began = Instant::now();
        let found = question()?;
        println!("{name}: {found} in {:.2} ms", began.elapsed().as_secs_f64() * 1e3);
        Ok::<_, Box<dyn Error>>(())
    };
    for limit in [16, 128, 1_024, 16, 128, 1_024] {
        time(&format!("wanted_bodies({limit})"), &|| Ok(reader.view()?.wanted_bodies(limit)?.len()))?;
    }
    let middle = Height::new(count as u64 / 2);
    time("wanted_bodies_above(middle, 128)", &|| Ok(reader.view()?.wanted_bodies_above(middle, 128)?.len()))?;
    time("best_header", &|| Ok(reader.view()?.best_header()?.1.get() as usize))?;
    time("locator", &|| Ok(reader.view()?.locator()?.len()))?;
    Ok(())
}

/// Headers that stand on each other. What they commit to is nothing: only their own rules are asked.
fn headers(spec: &ChainSpec, count: usize) -> Result<Vec<(Header, Content)>, Box<dyn Error>> {
    let genesis = genesis(spec);
    let (mut id, mut above, mut history) = (genesis.id(), genesis.header, Peaks::new());
    let mut made = Vec::with_capacity(count);
    for _ in 0..count {
        history.append(Node::leaf(&above, id)?)?;
        let height = above.height.next().ok_or("no height is left")?;
        let content = Content { parent_id: id, tx_count: 0, gas_used: 0, ..genesis.content };
        let mut header = Header {
            history_root: history.root(),
            content_root: content.root(),
            version: version_at(height),
            height,
            prev_time: above.time,
            time: above.time.checked_add(spec.min_delta_ms).ok_or("no time is left")?,
            bits: bits_of_child(spec, above.height, above.time),
            nonce: 0,
        };
        header.nonce = Search::new(&header)?.run(0..u64::MAX).ok_or("no nonce")?;
        (id, above) = (header.id(), header);
        made.push((header, content));
    }
    Ok(made)
}
