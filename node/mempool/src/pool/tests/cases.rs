//! What is taken and what is refused, each with its words.

use vibecoin_consensus::Blame;
use vibecoin_crypto::Signature;
use vibecoin_primitives::Account;

use super::*;
use crate::Departure;
use crate::tx::OVERHEAD_BYTES;

const FEE: u64 = 21_000 * 16;

fn small(transfers: usize) -> PoolConfig {
    PoolConfig { memory_bytes_max: transfers * (OVERHEAD_BYTES + 166), ..PoolConfig::default() }
}

fn refused(watched: &mut Watched, tx: Transaction) -> PoolError {
    let before = watched.pool.info();
    let error = watched.submit(tx, 0).unwrap_err();
    assert_eq!(watched.pool.info(), before, "a refusal changes nothing");
    error
}

fn assert_words(error: &PoolError, rule: &str, words: &str) {
    assert_eq!(error.rule(), Some(rule), "{error}");
    assert_eq!(error.to_string(), format!("{rule}: {words}"));
}

#[test]
fn a_transfer_is_taken_and_found() {
    let ledger = Ledger::new(&[(1, 10 * FEE)]);
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    let first = tx(1, 0, 16);
    let accepted = watched.submit(first.clone(), 7).unwrap();
    assert_eq!((accepted.replaced, accepted.events.len()), (None, 1));
    assert_eq!(accepted.tx.arrival(), at(7));
    watched.submit(tx(1, 1, 16), 8).unwrap();
    let pool = &watched.pool;
    assert_eq!(pool.get(&first.id()).unwrap().transaction(), &first);
    assert_eq!(pool.get_by_leaf(&first.leaf_hash()).unwrap().txid(), first.id());
    assert_eq!(pool.next_nonce(&address(1)), Some(2));
    assert_eq!(pool.next_nonce(&address(2)), None);
    assert_eq!(pool.pending_cost(&address(1)), beat(2 * FEE));
    assert_eq!(pool.of_sender(&address(1)).count(), 2);
    assert_eq!(pool.position(&first.id()), Some(1));
    watched.check(&ledger);
}

#[test]
fn rules_without_state_come_first() {
    let mut ledger = Ledger::new(&[(1, 10 * FEE)]);
    ledger.next_height = 100;
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    let changed = |change: fn(&mut TransactionBody)| {
        let mut body = body(1, 0, 16);
        change(&mut body);
        body.sign(&key(1))
    };
    let cases = [
        (changed(|body| body.chain_id = 8423), "TX-4", Blame::Peer),
        (changed(|body| body.valid_until = 99), "TX-5", Blame::Nobody),
        (changed(|body| body.nonce = u64::MAX), "TX-9", Blame::Peer),
        (changed(|body| body.value = Amount::MAX), "TX-11", Blame::Peer),
        (changed(|body| (body.to, body.gas_limit) = (None, 53_000)), "TX-12", Blame::Nobody),
        (body(1, 0, 16).sign(&key(2)), "TX-13", Blame::Peer),
    ];
    for (tx, rule, blame) in cases {
        let error = refused(&mut watched, tx);
        assert!(matches!(error, PoolError::Invalid(_)));
        assert_eq!((error.rule(), error.blame()), (Some(rule), blame));
    }
    watched.submit(changed(|body| body.valid_until = 100), 0).unwrap();
    watched.check(&ledger);
}

#[test]
fn expiry_is_asked_again_when_the_tip_has_moved() {
    let mut ledger = Ledger::new(&[(1, 10 * FEE)]);
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    let mut short = body(1, 0, 16);
    short.valid_until = 1;
    let checked = Checked::new(short.sign(&key(1)), &spec(), ledger.tip().next_height).unwrap();
    watched.mine(&mut ledger, &[], 0);
    assert_eq!(watched.pool.admit(checked, at(0)).unwrap_err().rule(), Some("TX-5"));
}

#[test]
fn too_near_an_end_is_refused_where_so_configured() {
    let ledger = Ledger::new(&[(1, 10 * FEE)]);
    let mut watched = Watched::new(&ledger, PoolConfig { blocks_left_min: 3, ..PoolConfig::default() });
    let until = |last| {
        let mut body = body(1, 0, 16);
        body.valid_until = last;
        body.sign(&key(1))
    };
    assert_words(
        &refused(&mut watched, until(2)),
        "POOL-4",
        "expires too soon: valid until height 2, and the next block has height 1; at least 3 blocks must be able to \
         take it",
    );
    watched.submit(until(3), 0).unwrap();
}

#[test]
fn the_price_has_a_minimum() {
    let ledger = Ledger::new(&[(1, 10 * FEE)]);
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    assert_words(
        &refused(&mut watched, tx(1, 0, 15)),
        "POOL-5",
        "15 beats per gas offered, at least 16 needed",
    );
}

#[test]
fn nonces_are_used_once_and_without_gaps() {
    let mut ledger = Ledger::new(&[]);
    ledger.set(address(1), Account { nonce: 5, balance: beat(10 * FEE), ..Account::default() });
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    assert_words(&refused(&mut watched, tx(1, 4, 16)), "POOL-6", "nonce 4 was used already, the next is 5");
    assert_words(&refused(&mut watched, tx(1, 6, 16)), "POOL-7", "nonce 6 leaves a gap, the next is 5");
    watched.submit(tx(1, 5, 16), 0).unwrap();
    assert_words(&refused(&mut watched, tx(1, 4, 16)), "POOL-6", "nonce 4 was used already, the next is 6");
    assert_words(&refused(&mut watched, tx(1, 7, 16)), "POOL-7", "nonce 7 leaves a gap, the next is 6");
}

#[test]
fn the_balance_covers_everything_that_waits() {
    let ledger = Ledger::new(&[(1, 2 * FEE + 1_000_000_000)]);
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    let with = |nonce, beats| {
        let mut body = body(1, nonce, 16);
        body.value = beat(beats);
        body.sign(&key(1))
    };
    watched.submit(with(0, 600_000_000), 0).unwrap();
    assert_words(
        &refused(&mut watched, with(1, 400_000_001)),
        "POOL-8",
        "insufficient funds: 0.400336001 VIBE needed at most, 0.400336 VIBE available (a balance of 1.000672 VIBE, \
         0.600336 VIBE of it for transactions that wait)",
    );
    watched.submit(with(1, 400_000_000), 0).unwrap();
    watched.check(&ledger);
    let nobody = refused(&mut watched, tx(3, 0, 16));
    assert_eq!(
        nobody,
        PoolError::InsufficientFunds { needed: beat(FEE), pending: beat(0), balance: beat(0) }
    );
}

#[test]
fn a_replacement_outbids_by_a_tenth() {
    let ledger = Ledger::new(&[(1, 100 * FEE)]);
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    let (old, behind, new) = (tx(1, 0, 25), tx(1, 1, 16), tx(1, 0, 28));
    watched.submit(old.clone(), 0).unwrap();
    watched.submit(behind.clone(), 0).unwrap();
    let error = refused(&mut watched, tx(1, 0, 27));
    assert_eq!(error, PoolError::ReplacementUnderpriced { offered: 27, needed: 28, replaces: old.id() });
    assert_eq!(error.rule(), Some("POOL-9"));
    let accepted = watched.submit(new.clone(), 1).unwrap();
    assert_eq!(accepted.replaced, Some(old.id()));
    assert_eq!(watched.pool.departure(&old.id()), Some(Departure::Replaced { by: new.id() }));
    assert_eq!(watched.pool.len(), 2);
    watched.check(&ledger);
    assert_eq!(Mempool::replacement_price(16), 18);
    assert_eq!(Mempool::replacement_price(1), 2);
    assert_eq!(Mempool::replacement_price(100), 110);
    assert_eq!(Mempool::replacement_price(101), 112);
    assert_eq!(Mempool::replacement_price(u64::MAX - 1), u64::MAX);
}

#[test]
fn a_replacement_is_covered_too_and_may_free_money() {
    let ledger = Ledger::new(&[(1, 10 * FEE)]);
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    let with = |nonce, price, beats| {
        let mut body = body(1, nonce, price);
        body.value = beat(beats);
        body.sign(&key(1))
    };
    watched.submit(with(0, 16, 7 * FEE), 0).unwrap();
    watched.submit(with(1, 16, FEE), 0).unwrap();
    let dear = refused(&mut watched, with(0, 32, 7 * FEE));
    assert_eq!(
        dear,
        PoolError::InsufficientFunds {
            needed: beat(9 * FEE),
            pending: beat(2 * FEE),
            balance: beat(10 * FEE)
        }
    );
    watched.submit(with(0, 32, 0), 0).unwrap();
    watched.submit(with(2, 16, 5 * FEE), 0).unwrap();
    watched.check(&ledger);
}

#[test]
fn the_same_again_is_known_and_another_signature_is_no_replacement() {
    let ledger = Ledger::new(&[(1, 10 * FEE)]);
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    let tx = tx(1, 0, 16);
    watched.submit(tx.clone(), 0).unwrap();
    assert_eq!(refused(&mut watched, tx.clone()), PoolError::Known { txid: tx.id() });
    let mut bad = tx.clone();
    bad.signature = Signature([1; 64]);
    assert_eq!(refused(&mut watched, bad.clone()).rule(), Some("TX-13"));
    // Ed25519 lets the owner of a key sign the same body in other ways.
    assert_eq!(watched.admit(bad, 0).unwrap_err(), PoolError::AnotherSignature { txid: tx.id() });
    watched.check(&ledger);
}

#[test]
fn a_sender_has_only_so_many_places() {
    let ledger = Ledger::new(&[(1, 100 * FEE), (2, FEE)]);
    let mut watched = Watched::new(&ledger, PoolConfig { per_sender_max: 2, ..PoolConfig::default() });
    watched.submit(tx(1, 0, 16), 0).unwrap();
    watched.submit(tx(1, 1, 16), 0).unwrap();
    assert_words(
        &refused(&mut watched, tx(1, 2, 99)),
        "POOL-10",
        "the sender has 2 transactions waiting, and at most 2 may",
    );
    watched.submit(tx(1, 1, 20), 0).unwrap();
    watched.submit(tx(2, 0, 16), 0).unwrap();
    watched.check(&ledger);
}

#[test]
fn length_is_limited_by_policy_and_by_what_a_block_takes() {
    let ledger = Ledger::new(&[(1, 1000 * FEE)]);
    let mut memo = body(1, 0, 16);
    memo.data = vec![0; 100];
    memo.gas_limit = memo.intrinsic_gas();
    let memo = memo.sign(&key(1));
    let mut watched = Watched::new(&ledger, PoolConfig { tx_bytes_max: 265, ..PoolConfig::default() });
    assert_words(&refused(&mut watched, memo.clone()), "POOL-3", "266 bytes, where at most 265 are taken");
    let mut spec = spec();
    spec.block_bytes = 200;
    let mut watched = Watched::on(spec, &ledger, PoolConfig::default());
    assert_eq!(refused(&mut watched, memo), PoolError::TooLarge { bytes: 266, bytes_max: 200 });
}

#[test]
fn contracts_are_refused_by_name() {
    let mut ledger = Ledger::new(&[(1, 10 * FEE)]);
    let code = Account { balance: beat(10 * FEE), code_hash: Hash::new([1; 32]), ..Account::default() };
    ledger.set(address(2), code);
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    assert_eq!(refused(&mut watched, tx(2, 0, 16)).rule(), Some("EXE-1"));
    let mut call = body(1, 0, 16);
    call.to = Some(address(2));
    let error = refused(&mut watched, call.sign(&key(1)));
    assert_eq!((error.rule(), error.blame()), (Some("EXE-5"), Blame::Nobody));
}

#[test]
fn a_full_pool_drops_the_cheapest_tail() {
    let ledger = Ledger::new(&[(1, 1000 * FEE), (2, 1000 * FEE), (3, 1000 * FEE), (4, 1000 * FEE)]);
    let mut watched = Watched::new(&ledger, small(4));
    // The cheap head of holder 1 carries a dear tail, which is worth no more than the head.
    let (cheap, dear) = (tx(1, 0, 17), tx(1, 1, 99));
    for tx in [cheap.clone(), dear.clone(), tx(2, 0, 20), tx(3, 0, 30)] {
        watched.submit(tx, 0).unwrap();
    }
    assert_eq!(watched.pool.price_min(), 18);
    assert_words(
        &refused(&mut watched, tx(4, 0, 17)),
        "POOL-11",
        "the pool is full, 17 beats per gas offered, at least 18 needed",
    );
    let accepted = watched.submit(tx(4, 0, 18), 0).unwrap();
    assert!(
        matches!(&accepted.events[0], PoolEvent::Removed { tx, departure: Departure::Evicted } if tx.txid() == dear.id())
    );
    watched.check(&ledger);
    // A sender never loses its own for a new one, and a dear one behind a cheap one is a cheap one.
    assert_eq!(refused(&mut watched, tx(1, 1, 99)), PoolError::PoolFull { offered: 17, needed: 19 });
    watched.submit(tx(2, 1, 50), 0).unwrap();
    assert!(watched.pool.get(&cheap.id()).is_none());
    watched.check(&ledger);
    // A long one makes several go, the cheapest first.
    let mut long = body(3, 1, 60);
    long.data = vec![0; 1300];
    long.gas_limit = long.intrinsic_gas();
    let accepted = watched.submit(long.sign(&key(3)), 0).unwrap();
    let price = |event: &PoolEvent| match event {
        PoolEvent::Removed { tx, .. } => Some(tx.price()),
        PoolEvent::Added(_) => None,
    };
    let gone: BTreeSet<_> = accepted.events.iter().filter_map(price).collect();
    assert_eq!(gone, BTreeSet::from([18, 20, 50]), "of 30 and 60 the sender's own stays");
    watched.check(&ledger);
}

#[test]
fn nothing_else_can_go_for_one_that_is_larger_than_the_pool() {
    let ledger = Ledger::new(&[(1, 1000 * FEE), (2, 1000 * FEE)]);
    let mut watched = Watched::new(&ledger, small(2));
    watched.submit(tx(2, 0, 16), 0).unwrap();
    let mut long = body(1, 0, 1000);
    long.data = vec![0; 2000];
    long.gas_limit = long.intrinsic_gas();
    let error = refused(&mut watched, long.sign(&key(1)));
    assert_eq!(error.rule(), Some("POOL-12"), "{error}");
}

#[test]
fn a_failed_read_is_nobodys_fault() {
    struct Broken;
    impl vibecoin_storage::StateReader for Broken {
        fn get(&self, _: &Hash) -> Result<Option<Vec<u8>>, vibecoin_storage::StoreError> {
            Err(vibecoin_storage::StoreError::Io { detail: "gone".to_owned() })
        }
    }
    let tip = Tip { next_height: Height::new(1), state: Arc::new(Broken) };
    let mut pool = Mempool::new(Arc::new(spec()), PoolConfig::default(), tip);
    let error = pool.submit(tx(1, 0, 16), at(0)).unwrap_err();
    assert!(matches!(error, PoolError::Store(_)));
    assert_eq!((error.rule(), error.blame()), (None, Blame::Nobody));
}
