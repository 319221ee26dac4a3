//! Signatures: one by one against batches, and signing.

use std::hint::black_box;

use vibecoin_crypto::signature::{Claim, first_invalid};
use vibecoin_crypto::{SecretKey, sha256};

use super::Report;
use super::stopwatch::{pool, side_by_side, threads};
use crate::failure::{Failure, Outcome};

/// Signatures of one round.
const COUNT: u32 = 1024;

pub(super) fn measure(quicker: u32) -> Outcome<Report> {
    let keys: Vec<SecretKey> =
        (0..COUNT).map(|number| SecretKey::from_bytes(sha256(&number.to_le_bytes()).as_bytes())).collect();
    let claim = |(key, number): (&SecretKey, u32)| {
        let hash = sha256(&(number ^ 0xffff_0000).to_le_bytes());
        Claim { key: key.public_key(), hash, signature: key.sign(&hash) }
    };
    let claims: Vec<Claim> = keys.iter().zip(0..).map(claim).collect();
    if let Some(at) = first_invalid(&claims) {
        return Err(Failure::Wrong(format!("signature {at} of the measurement is invalid")));
    }
    let (one, all) = (pool(1)?, pool(threads())?);
    let rates = side_by_side(
        quicker,
        vec![
            Box::new(|| {
                for (key, claim) in keys.iter().zip(&claims) {
                    black_box(key.sign(&claim.hash));
                }
                u64::from(COUNT)
            }),
            Box::new(|| {
                black_box(claims.iter().all(Claim::verify));
                u64::from(COUNT)
            }),
            Box::new(|| {
                black_box(one.install(|| first_invalid(&claims)));
                u64::from(COUNT)
            }),
            Box::new(|| {
                black_box(all.install(|| first_invalid(&claims)));
                u64::from(COUNT)
            }),
        ],
    );
    let [sign, single, batch, parallel] = rates.try_into().unwrap_or_default();
    let mut report = Report {
        subject: "signatures",
        setting: format!("Ed25519 by the rule of ZIP-215, {COUNT} at a time; {} threads here", threads()),
        rates: Vec::new(),
        ratios: Vec::new(),
    };
    report.rate("signing, one core", sign, "signatures");
    report.rate("verification one by one, one core", single, "signatures");
    report.rate("verification in batches, one core", batch, "signatures");
    report.rate(format!("verification in batches, {} threads", threads()), parallel, "signatures");
    report.ratio("batches : one by one", batch / single);
    report.ratio(format!("batches on {} threads : on one", threads()), parallel / batch);
    Ok(report)
}
