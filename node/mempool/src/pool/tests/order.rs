//! The order of mining, templates and prices.

use super::*;
use crate::FeePrices;

const RICH: u64 = 1 << 50;

fn prices(pool: &Mempool) -> Vec<(u64, u64)> {
    pool.in_order().map(|tx| (tx.price(), tx.nonce())).collect()
}

#[test]
fn price_then_nonce_then_arrival() {
    let ledger = Ledger::new(&[(1, RICH), (2, RICH), (3, RICH), (4, RICH)]);
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    let (late, early) = (tx(3, 0, 30), tx(4, 0, 30));
    for (tx, now) in
        [(tx(1, 0, 20), 1), (tx(1, 1, 90), 1), (tx(2, 0, 40), 2), (late.clone(), 9), (early.clone(), 8)]
    {
        watched.admit(tx, now).unwrap();
    }
    // The dear one of holder 1 has to wait for its cheap predecessor.
    assert_eq!(prices(&watched.pool), [(40, 0), (30, 0), (30, 0), (20, 0), (90, 1)]);
    assert_eq!(watched.pool.position(&early.id()), Some(2));
    assert_eq!(watched.pool.position(&late.id()), Some(3));
    assert_eq!(watched.pool.position(&tx(1, 1, 90).id()), Some(5));
    assert_eq!(watched.pool.position(&tx(1, 2, 90).id()), None);
}

#[test]
fn a_template_takes_what_fits() {
    let ledger = Ledger::new(&[(1, RICH), (2, RICH), (3, RICH)]);
    let mut watched = Watched::new(&ledger, PoolConfig::default());
    let mut greedy = body(1, 0, 50);
    greedy.gas_limit = 50_000;
    let mut long = body(2, 0, 40);
    long.data = vec![0; 200];
    long.gas_limit = long.intrinsic_gas();
    for tx in
        [greedy.sign(&key(1)), tx(1, 1, 45), long.sign(&key(2)), tx(2, 1, 99), tx(3, 0, 16), tx(3, 1, 16)]
    {
        watched.admit(tx, 0).unwrap();
    }
    let chosen = |gas, bytes| {
        watched.pool.select(gas, bytes).iter().map(|tx| (tx.price(), tx.nonce())).collect::<Vec<_>>()
    };
    let all = [(50, 0), (45, 1), (40, 0), (99, 1), (16, 0), (16, 1)];
    assert_eq!(chosen(u64::MAX, u64::MAX), all);
    // The limit of the first does not fit, so that its sender waits.
    assert_eq!(chosen(49_999, u64::MAX), [(40, 0), (99, 1)]);
    // It fits, and leaves what it does not use.
    assert_eq!(chosen(63_000, u64::MAX), [(50, 0), (45, 1), (16, 0)]);
    assert_eq!(chosen(u64::MAX, 700), [(50, 0), (45, 1), (40, 0)]);
    assert_eq!(chosen(u64::MAX, 664), [(50, 0), (45, 1), (16, 0), (16, 1)]);
    assert_eq!(chosen(20_999, u64::MAX), []);
    assert_eq!(chosen(u64::MAX, 165), []);
}

#[test]
fn prices_follow_what_waits() {
    let funded: Vec<_> = (0..40).map(|number| (number, RICH)).collect();
    let ledger = Ledger::new(&funded);
    let mut spec = spec();
    spec.block_gas = 2 * 21_000;
    let mut watched = Watched::on(spec, &ledger, PoolConfig::default());
    let fees = |watched: &Watched| {
        let FeePrices { blocks_1, blocks_3, blocks_10, minimum } = watched.pool.fees();
        [blocks_1, blocks_3, blocks_10, minimum]
    };
    assert_eq!(fees(&watched), [16; 4]);
    watched.admit(tx(0, 0, 100), 0).unwrap();
    assert_eq!(fees(&watched), [16; 4], "there is room for one more in the next block");
    watched.admit(tx(1, 0, 99), 0).unwrap();
    assert_eq!(fees(&watched), [100, 16, 16, 16]);
    for number in 2..25 {
        watched.admit(tx(number, 0, 100 - u64::from(number)), 0).unwrap();
    }
    // Prices 100 down to 76: the second, the sixth and the twentieth have to be outbid.
    assert_eq!(fees(&watched), [100, 96, 82, 16]);
}

#[test]
fn a_price_that_is_asked_is_a_price_that_does() {
    let funded: Vec<_> = (0..30).map(|number| (number, RICH)).collect();
    let ledger = Ledger::new(&funded);
    let mut spec = spec();
    spec.block_gas = 4 * 21_000;
    let mut watched = Watched::on(spec, &ledger, PoolConfig::default());
    for number in 0..28u8 {
        watched.admit(tx(number, 0, 20 + u64::from(number) * 7 % 11), 0).unwrap();
        watched.admit(tx(number, 1, 20 + u64::from(number) * 5 % 13), 0).unwrap();
    }
    let fees = watched.pool.fees();
    for (price, blocks) in [(fees.blocks_1, 1), (fees.blocks_3, 3), (fees.blocks_10, 10)] {
        let newcomer = tx(29, 0, price);
        watched.admit(newcomer.clone(), 1).unwrap();
        assert!(watched.pool.position(&newcomer.id()).unwrap() <= 4 * blocks);
        let events = watched.pool.discard(&newcomer.id());
        watched.hear(&events);
    }
}
