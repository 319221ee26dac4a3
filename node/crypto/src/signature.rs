//! Validity of Ed25519 signatures: ZIP-215, for one signature and for many at once.
//!
//! ed25519-zebra gives both forms with the same rule (cofactored equation, lenient point decoding, `s < l`), so
//! that a batch accepts exactly what single verification accepts. The verification functions of ed25519-dalek
//! disagree with each other on small-order and mixed-order points and are deliberately not used.

use ed25519_zebra::{VerificationKey, VerificationKeyBytes, batch};
use rayon::prelude::*;

use crate::hash::Hash;
use crate::keys::{PublicKey, Signature};

#[cfg(test)]
mod tests;

/// One claim: this key signed this 32-byte hash with this signature.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Who is said to have signed.
    pub key: PublicKey,
    /// The transaction id or tagged message hash.
    pub hash: Hash,
    /// The signature.
    pub signature: Signature,
}

impl Claim {
    /// True when the signature is valid by ZIP-215.
    #[must_use]
    pub fn verify(&self) -> bool {
        VerificationKey::try_from(VerificationKeyBytes::from(self.key.0))
            .and_then(|key| key.verify(&self.signature.0.into(), self.hash.as_bytes()))
            .is_ok()
    }
}

/// Signatures a batch shares its work between. Larger ones gain little and spread worse over the cores.
const BATCH: usize = 128;

/// Index of the first invalid claim, or `None` when all are valid.
///
/// Batches run in parallel on the current rayon pool; the answer is the same as that of verifying one by one.
#[must_use]
pub fn first_invalid(claims: &[Claim]) -> Option<usize> {
    claims
        .par_chunks(BATCH)
        .enumerate()
        .filter(|(_, chunk)| !batch_is_valid(chunk))
        .filter_map(|(at, chunk)| chunk.iter().position(|claim| !claim.verify()).map(|i| at * BATCH + i))
        .min()
}

fn batch_is_valid(claims: &[Claim]) -> bool {
    if let [claim] = claims {
        return claim.verify();
    }
    let mut verifier = batch::Verifier::new();
    for claim in claims {
        let key = VerificationKeyBytes::from(claim.key.0);
        verifier.queue((key, claim.signature.0.into(), claim.hash.as_bytes()));
    }
    verifier.verify(rand::rng()).is_ok()
}
