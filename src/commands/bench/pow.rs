//! Proof of Work: the nonce search against hashing whole headers.

use std::hint::black_box;

use vibecoin_consensus::genesis;
use vibecoin_consensus::pow::Search;
use vibecoin_crypto::sha256d;
use vibecoin_primitives::{Bits, Header, Network};

use super::Report;
use super::stopwatch::{side_by_side, threads};
use crate::failure::{Failure, Outcome};

/// Nonces of one round on one thread.
const TRIES: u64 = 1 << 20;
/// A target that nobody meets in this time: 2³⁴ times harder than mainnet's first.
const HARD: Bits = Bits::new(0x1900_ffff);

pub(super) fn measure(quicker: u32) -> Outcome<Report> {
    let header = Header { bits: HARD, ..genesis(&Network::Mainnet.spec()).header };
    let search = Search::new(&header).map_err(|error| Failure::Wrong(error.to_string()))?;
    let all = threads();
    let rates = side_by_side(
        quicker,
        vec![
            Box::new(|| {
                let mut bytes = header.to_bytes();
                for nonce in 0..TRIES / 4 {
                    bytes[Header::NONCE_OFFSET..].copy_from_slice(&nonce.to_le_bytes());
                    black_box(sha256d(&bytes));
                }
                TRIES / 4
            }),
            Box::new(|| {
                black_box(search.run(0..TRIES));
                TRIES
            }),
            Box::new(|| {
                std::thread::scope(|scope| {
                    for thread in 0..all as u64 {
                        let search = &search;
                        scope.spawn(move || black_box(search.run(thread * TRIES..(thread + 1) * TRIES)));
                    }
                });
                all as u64 * TRIES
            }),
        ],
    );
    let [plain, one, many] = rates.try_into().unwrap_or_default();
    let mut report = Report {
        subject: "pow",
        setting: format!("double SHA-256 of 104-byte headers; {all} threads here"),
        rates: Vec::new(),
        ratios: Vec::new(),
    };
    report.rate("whole headers, one core", plain, "hashes");
    report.rate("nonce search, one core", one, "hashes");
    report.rate(format!("nonce search, {all} threads"), many, "hashes");
    report.ratio("search : whole headers", one / plain);
    report.ratio(format!("{all} threads : one"), many / one);
    Ok(report)
}
