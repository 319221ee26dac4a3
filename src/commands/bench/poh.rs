//! Proof of History: generation against a plain loop, verification against generation, two cores against one.

use std::hint::black_box;

use sha2::{Digest, Sha256};
use vibecoin_consensus::poh::{self, Params};
use vibecoin_crypto::Hash;

use super::Report;
use super::stopwatch::{pool, side_by_side, threads};
use crate::failure::{Failure, Outcome};

/// Segments as testnet has them.
const TICKS: u32 = 64;
const HASHES_PER_TICK: u64 = 15_625;

pub(super) fn measure(quicker: u32) -> Outcome<Report> {
    let params = Params::new(TICKS, HASHES_PER_TICK);
    let hashes = u64::from(TICKS) * HASHES_PER_TICK;
    let parent = Hash::new([7; 32]);
    let ticks = poh::generate(params, &parent);
    poh::verify(params, &parent, &ticks).map_err(|error| Failure::Wrong(error.to_string()))?;
    let (one, two) = (pool(1)?, pool(2)?);
    let verify = |pool: &rayon::ThreadPool| {
        black_box(pool.install(|| poh::verify(params, &parent, &ticks)).is_ok());
        hashes
    };
    let rates = side_by_side(
        quicker,
        vec![
            Box::new(|| {
                let mut state = Sha256::digest(parent.as_bytes());
                for _ in 1..hashes {
                    state = Sha256::digest(state);
                }
                black_box(state);
                hashes
            }),
            Box::new(|| {
                black_box(poh::generate(params, &parent));
                hashes
            }),
            Box::new(|| verify(&one)),
            Box::new(|| verify(&two)),
        ],
    );
    let [plain, generate, serial, parallel] = rates.try_into().unwrap_or_default();
    let mut report = Report {
        subject: "poh",
        setting: format!(
            "segments of {TICKS} ticks, {HASHES_PER_TICK} hashes apart; {} threads here",
            threads()
        ),
        rates: Vec::new(),
        ratios: Vec::new(),
    };
    report.rate("s = Sha256::digest(s), a plain loop", plain, "hashes");
    report.rate("generation, one core", generate, "hashes");
    report.rate("verification, one core", serial, "hashes");
    report.rate("verification, two cores", parallel, "hashes");
    report.ratio("generation : plain loop", generate / plain);
    report.ratio("verification on two cores : generation", parallel / generate);
    report.ratio("verification on two cores : on one", parallel / serial);
    Ok(report)
}
