//! What a proof of a long chain costs.

use std::time::Instant;

use super::chain::{Chain, Dice, network};
use super::honest::Weather;
use crate::light::{Params, verify};
use crate::pow;

const HEADERS: u64 = 1_000_000;

/// A chain of a million headers with real, easy work: half-life of 300 blocks, a hash rate that changes in steps, and
/// the clamp at the easiest target now and then.
fn chain() -> Chain {
    let spec = network(300_000, 0x207f_ffff, 0x2003_ffff);
    let (mut chain, mut weather) = (Chain::new(&spec), Weather::with_outages(1, 20_000));
    for _ in 0..HEADERS {
        let work = pow::work(chain.next_bits()).unwrap().get();
        chain.extend(weather.delta_ms(&spec, work as f64));
    }
    chain
}

#[test]
#[ignore = "takes a minute and a gigabyte; prints figures"]
fn figures_of_a_million_headers() {
    let begin = Instant::now();
    let chain = chain();
    println!("{HEADERS} headers, work {}, made in {:?}", chain.peaks.work(), begin.elapsed());
    let (claim, mut dice) = (chain.claim(), Dice(9));
    for params in [Params::DEFAULT, Params::PARANOID] {
        for _ in 0..5 {
            let seed = dice.seed();
            let begin = Instant::now();
            let proof = chain.prove(&seed, &params);
            let proving = begin.elapsed();
            let (now, begin) = (chain.tip.time, Instant::now());
            let verdict = verify(&chain.spec, &chain.genesis_id, &claim, &seed, &params, now, &proof);
            let verifying = begin.elapsed();
            println!("{params:?}: {} bytes, proven in {proving:?}, verified in {verifying:?}", proof.len());
            assert_eq!(verdict.map(|proven| proven.id()), Ok(chain.tip.id()));
        }
    }
}
