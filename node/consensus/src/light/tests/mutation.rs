//! Proofs with anything wrong in them: every single bit, and whatever chance makes of them.

use proptest::prelude::*;
use vibecoin_primitives::{Header, encoding};

use super::chain::{Chain, Dice, network};
use super::forge::Case;
use crate::light::verify::{Asked, verify_tip};
use crate::light::{Claim, Params, Tip};
use crate::testing;

/// True when the verdict on the proof with one bit flipped is a refusal.
fn refused_without(case: &Case, bit: usize) -> bool {
    let mut proof = case.proof.clone();
    proof[bit / 8] ^= 1 << (bit % 8);
    case.judge(&proof).is_err()
}

/// Honest chains on several networks. Where the work is 2, every other id has it, so that only the chain of hashes holds
/// the proof together.
fn cases(height: u64, last: u32, draws: u32) -> Vec<Case> {
    let specs =
        [testing::lab(), network(0, 0x207f_ffff, 0x207f_ffff), network(3_000, 0x207f_ffff, 0x2007_ffff)];
    specs.iter().map(|spec| Case::new(Chain::steady(spec, height), last, draws)).collect()
}

#[test]
fn no_flipped_bit_of_a_small_proof_verifies() {
    for case in cases(25, 3, 2) {
        assert!(case.judge(&case.proof).is_ok());
        for bit in 0..8 * case.proof.len() {
            assert!(refused_without(&case, bit), "bit {bit}");
        }
    }
}

#[test]
fn no_flipped_bit_of_a_big_proof_verifies() {
    let mut dice = Dice(5);
    for case in cases(2_000, 64, 10) {
        assert!(case.judge(&case.proof).is_ok());
        assert!(case.proof.len() > 10_000);
        for _ in 0..300 {
            let bit = dice.below(8 * case.proof.len() as u64) as usize;
            assert!(refused_without(&case, bit), "bit {bit}");
        }
    }
}

#[test]
fn no_flipped_bit_of_an_answer_is_a_claim() {
    for case in cases(23, 3, 1) {
        let chain = &case.chain;
        let answer = chain.answer();
        let check = |tip: Tip| Claim::check(&chain.spec, &chain.genesis_id, tip, chain.tip.time);
        assert!(check(answer.clone()).is_ok());
        for bit in 0..8 * Header::BYTES {
            let mut bytes = answer.header.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let header = encoding::decode(&bytes).unwrap();
            assert!(check(Tip { header, ..answer.clone() }).is_err(), "bit {bit} of the header");
        }
        let peaks: Vec<u8> = answer.peaks.iter().flat_map(encoding::encode).collect();
        for bit in 0..8 * peaks.len() {
            let mut bytes = peaks.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let peaks = crate::Node::decode_all(&bytes).unwrap();
            assert!(check(Tip { peaks, ..answer.clone() }).is_err(), "bit {bit} of the peaks");
        }
    }
}

/// Any change to a proof.
#[derive(Clone, Debug)]
enum Change {
    Set(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Remove(prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Copy(prop::sample::Index, prop::sample::Index, usize),
}

fn any_change() -> impl Strategy<Value = Change> {
    use Change::*;
    prop_oneof![
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Set(at, byte)),
        any::<prop::sample::Index>().prop_map(Cut),
        any::<prop::sample::Index>().prop_map(Remove),
        (any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..60))
            .prop_map(|(at, bytes)| Insert(at, bytes)),
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1_usize..120)
            .prop_map(|(from, to, length)| Copy(from, to, length)),
    ]
}

impl Change {
    fn apply(&self, proof: &mut Vec<u8>) {
        if proof.is_empty() {
            return;
        }
        let place = |index: &prop::sample::Index, proof: &[u8]| index.index(proof.len());
        match self {
            Self::Set(at, byte) => {
                let at = place(at, proof);
                proof[at] = *byte;
            }
            Self::Cut(at) => proof.truncate(place(at, proof)),
            Self::Remove(at) => drop(proof.remove(place(at, proof))),
            Self::Insert(at, bytes) => {
                let at = place(at, proof);
                proof.splice(at..at, bytes.iter().copied());
            }
            Self::Copy(from, to, length) => {
                let (from, to) = (place(from, proof), place(to, proof));
                let length = (*length).min(proof.len() - from.max(to));
                proof.copy_within(from..from + length, to);
            }
        }
    }
}

fn case() -> &'static Case {
    static CASE: std::sync::LazyLock<Case> =
        std::sync::LazyLock::new(|| Case::new(Chain::steady(&testing::lab(), 300), 8, 3));
    &CASE
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn no_changed_proof_verifies(changes in prop::collection::vec(any_change(), 1..4)) {
        let case = case();
        let mut proof = case.proof.clone();
        changes.iter().for_each(|change| change.apply(&mut proof));
        prop_assert_eq!(case.judge(&proof).is_ok(), proof == case.proof);
    }

    #[test]
    fn no_other_seed_takes_the_proof(seed: [u8; 32]) {
        let case = case();
        let refused = case.chain.verify(&seed, &case.params, &case.proof).is_err();
        prop_assert_eq!(refused, seed != case.seed);
    }

    #[test]
    fn any_bytes_for_any_tip_are_judged(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        bits in prop::option::of(0_u32..400),
        header: [u8; Header::BYTES],
        height in testing::any_number(),
        (last, draws) in (1_u32..=2_048, 1_u32..=64),
        seed: [u8; 32],
        now: u64,
        spec in prop::sample::select(testing::specs()),
    ) {
        let genesis = crate::genesis(&spec).header;
        let mut tip: Header = encoding::decode(&header).unwrap();
        tip.height = vibecoin_primitives::Height::new(height);
        // Half of the time the bytes begin like a proof of this network.
        let proof = match bits {
            Some(count) => {
                let ones = vec![255; count.div_ceil(8) as usize];
                let record = encoding::encode(&crate::light::Record::of(&genesis));
                [&count.to_le_bytes()[..], &ones, &record, &bytes].concat()
            }
            None => bytes,
        };
        let params = Params::new(last, draws).unwrap();
        let now = vibecoin_primitives::Timestamp::new(now);
        let asked = Asked { spec: &spec, genesis_id: &genesis.id(), seed: &seed, params: &params, now };
        prop_assert!(verify_tip(&asked, &tip, &tip.id(), &proof).is_err());
    }
}
