use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use vibecoin_crypto::SecretKey;
use vibecoin_primitives::{Allocation, ChainSpec, Network, TransactionBody};
use vibecoin_storage::MemoryStore;

use super::*;
use crate::outcome::Verdict;
use crate::verify::verify;
use crate::{Chain, Policy};

fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32])
}

/// A network whose first accounts are those of [`key`] 1 to 4.
fn spec(half_life_ms: u64) -> ChainSpec {
    let funded = |number| Allocation {
        address: Address::of(&key(number).public_key()),
        amount: Amount::from_beats(1_000_000_000),
    };
    ChainSpec { half_life_ms, genesis_allocation: (1..=4).map(funded).collect(), ..Network::Devnet.spec() }
}

fn open(spec: &ChainSpec) -> (Chain, Arc<MemoryStore>) {
    let store = Arc::new(MemoryStore::default());
    (Chain::open(store.clone(), spec.clone(), Policy::NODE).unwrap(), store)
}

fn transfer(spec: &ChainSpec, from: u8, nonce: u64, value: u64, gas_price: u64) -> Transaction {
    let body = TransactionBody {
        version: 1,
        chain_id: spec.chain_id,
        nonce,
        valid_until: 0,
        gas_limit: 21_000,
        gas_price,
        to: Some(Address::new([9; 20])),
        value: Amount::from_beats(value),
        data: Vec::new(),
        public_key: key(from).public_key(),
    };
    body.sign(&key(from))
}

fn template(chain: &Chain, candidates: &[Transaction], now: u64) -> Template {
    let reader = chain.reader();
    let view = reader.view().unwrap();
    Template::build(&reader, &view, Address::new([7; 20]), candidates, Timestamp::new(now)).unwrap()
}

fn mine(chain: &mut Chain, candidates: &[Transaction], now: u64) -> Block {
    let template = template(chain, candidates, now);
    let tried = AtomicU64::new(0);
    let nonce = template.search(2, &AtomicBool::new(false), &tried).unwrap().unwrap();
    assert!(tried.into_inner() > 0);
    let block = template.into_block(nonce);
    let verdict = chain.import(block.clone(), Timestamp::new(now)).unwrap().verdict;
    assert!(matches!(verdict, Verdict::Extended), "{verdict:?}");
    block
}

#[test]
fn produced_chains_stand_the_full_rules_with_and_without_retargeting() {
    for half_life_ms in [0, 4_000] {
        let spec = spec(half_life_ms);
        let (mut chain, store) = open(&spec);
        let mut nonces = [0_u64; 5];
        for height in 1..=120_u64 {
            let mut candidates = Vec::new();
            for from in 1..=(height % 5) as u8 {
                let nonce = &mut nonces[usize::from(from)];
                candidates.push(transfer(&spec, from, *nonce, height, 1 + height % 3));
                *nonce += 1;
            }
            // Faster, then slower than the interval.
            let pace = if height < 60 { 600 } else { 1_500 };
            let block = mine(&mut chain, &candidates, spec.genesis_time.get() + height * pace);
            assert_eq!(block.transactions, candidates);
        }
        let scratch = Arc::new(MemoryStore::default());
        let verified = verify(&*store, &spec, scratch, |_, _| {}).unwrap();
        assert_eq!((verified.height.get(), verified.tip), (120, chain.tip().id()));
    }
}

#[test]
fn a_template_leaves_out_what_cannot_be_executed() {
    let spec = spec(0);
    let (chain, _) = open(&spec);
    let good = transfer(&spec, 1, 0, 5, 3);
    let next = transfer(&spec, 1, 1, 5, 2);
    let gap = transfer(&spec, 2, 1, 5, 9);
    let poor = transfer(&spec, 3, 0, 2_000_000_000, 9);
    let stranger = transfer(&spec, 9, 0, 1, 9);
    let mut expired = transfer(&spec, 4, 0, 1, 9);
    expired.body.chain_id += 1;
    let all = [gap, good.clone(), poor, stranger, expired, next.clone()];
    let template = template(&chain, &all, spec.genesis_time.get() + 50);
    assert_eq!(template.transactions, [good, next]);
    assert_eq!(template.reward.beats(), 2_000_000_000 + 21_000 * (2 + 1));
}

#[test]
fn a_template_keeps_to_gas_and_bytes() {
    let mut spec = spec(0);
    spec.block_gas = 50_000;
    let (chain, _) = open(&spec);
    let all: Vec<_> = (0..4).map(|nonce| transfer(&spec, 1, nonce, 1, 1)).collect();
    assert_eq!(template(&chain, &all, 0).transactions.len(), 2);
    spec.block_gas = 1_000_000;
    spec.block_bytes = 166 * 3 + 165;
    let (chain, _) = open(&spec);
    assert_eq!(template(&chain, &all, 0).transactions.len(), 3);
}

#[test]
fn a_search_that_is_stopped_finds_nothing() {
    let (chain, _) = open(&spec(0));
    let template = template(&chain, &[], 0);
    let tried = AtomicU64::new(0);
    assert_eq!(template.search(2, &AtomicBool::new(true), &tried).unwrap(), None);
    assert_eq!(tried.into_inner(), 0);
}
