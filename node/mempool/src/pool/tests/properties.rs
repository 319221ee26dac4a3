//! Random lives of a pool.

use proptest::prelude::*;

use super::*;
use crate::tx::OVERHEAD_BYTES;

const HOLDERS: u8 = 4;

#[derive(Clone, Debug)]
enum Step {
    /// Sender, nonce relative to the next of the pool, price, beats, memo length, blocks until it expires (0: never).
    Submit(u8, i64, u64, u64, usize, u64),
    /// A block of at most so many of the pool's choice, after a rival transaction of this holder, if any.
    Block(usize, Option<(u8, u64)>),
    /// So many blocks are replaced by as many and one empty ones, or ones with the first transactions again.
    Reorg(usize, bool),
    /// Time passes.
    Wait(u64),
    /// The template is tried and one of it refused.
    Refuse(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let offset = prop_oneof![6 => Just(0i64), 3 => -3..0i64, 1 => 1..3i64];
    let beats = prop_oneof![3 => 0..1_000_000u64, 1 => 0..200_000_000u64];
    let expiry = prop_oneof![3 => Just(0u64), 1 => 1..4u64];
    prop_oneof![
        8 => (0..HOLDERS, offset, 10..60u64, beats, 0..60usize, expiry)
            .prop_map(|(from, offset, price, beats, memo, expiry)| Step::Submit(from, offset, price, beats, memo, expiry)),
        2 => (0..6usize, prop::option::weighted(0.3, (0..HOLDERS, 0..50_000_000u64)))
            .prop_map(|(count, rival)| Step::Block(count, rival)),
        1 => (1..3usize, any::<bool>()).prop_map(|(depth, again)| Step::Reorg(depth, again)),
        1 => (0..400u64).prop_map(Step::Wait),
        1 => (0..8usize).prop_map(Step::Refuse),
    ]
}

/// What the rules of admission say, from the ledger and the pool's own content, one after the other.
fn verdict(watched: &Watched, ledger: &Ledger, tx: &Transaction) -> &'static str {
    let config = watched.pool.config();
    let from = tx.body.sender();
    let account = ledger.account(&from);
    let mine: Vec<_> = watched.pool.iter().filter(|other| other.sender() == from).collect();
    let same = mine.iter().find(|other| other.nonce() == tx.body.nonce);
    if mine.iter().any(|other| other.transaction() == tx) {
        return "POOL-1";
    }
    if tx.body.gas_price < config.price_min {
        return "POOL-5";
    }
    if tx.body.nonce < account.nonce {
        return "POOL-6";
    }
    if tx.body.nonce > account.nonce + mine.len() as u64 {
        return "POOL-7";
    }
    if same.is_some_and(|old| tx.body.gas_price * 100 < old.price() * 110) {
        return "POOL-9";
    }
    if same.is_none() && mine.len() >= config.per_sender_max {
        return "POOL-10";
    }
    let others = mine.iter().filter(|other| other.nonce() != tx.body.nonce);
    let cost: u64 =
        others.map(|other| other.cost().beats()).sum::<u64>() + tx.body.max_cost().unwrap().beats();
    if cost > account.balance.beats() { "POOL-8" } else { "taken" }
}

fn live(steps: Vec<Step>, config: PoolConfig, unbounded: bool) -> Result<(), TestCaseError> {
    let funded: Vec<_> = (0..HOLDERS).map(|number| (number, 40_000_000 * (u64::from(number) + 1))).collect();
    let mut ledger = Ledger::new(&funded);
    let mut watched = Watched::new(&ledger, config);
    let mut past: Vec<(Ledger, Vec<Transaction>)> = Vec::new();
    let mut now = 0;
    for step in steps {
        match step {
            Step::Submit(from, offset, price, beats, memo, expiry) => {
                let nonce = ledger.account(&address(from)).nonce;
                let next = watched.pool.next_nonce(&address(from)).unwrap_or(nonce);
                let mut body = body(from, next.saturating_add_signed(offset), price);
                body.to = Some(address(u8::try_from(beats % u64::from(HOLDERS)).unwrap()));
                body.value = beat(beats);
                body.data = vec![1; memo];
                body.gas_limit = body.intrinsic_gas();
                body.valid_until = if expiry == 0 { 0 } else { ledger.next_height + expiry - 1 };
                let tx = Transaction { body, signature: vibecoin_crypto::Signature([0; 64]) };
                let expected = verdict(&watched, &ledger, &tx);
                let found = watched.admit(tx, now);
                let found = found.as_ref().map_or_else(|error| error.rule().unwrap(), |_| "taken");
                let full = !unbounded && ["POOL-11", "POOL-12"].contains(&found);
                prop_assert!(found == expected || full && expected == "taken", "{found}, not {expected}");
            }
            Step::Block(count, rival) => {
                let mut block = Vec::new();
                if let Some((from, beats)) = rival {
                    let mut body = body(from, ledger.account(&address(from)).nonce, 1);
                    body.value = beat(beats);
                    if body.max_cost().unwrap() <= ledger.account(&address(from)).balance {
                        block.push(body.sign(&key(from)));
                    }
                }
                let rival = block.first().map(|tx| tx.body.sender());
                let chosen = watched.pool.select(u64::MAX, u64::MAX);
                let chosen = chosen.iter().filter(|tx| Some(tx.sender()) != rival).take(count);
                block.extend(chosen.map(|tx| tx.transaction().clone()));
                past.push((ledger.clone(), block.clone()));
                watched.mine(&mut ledger, &block, now);
            }
            Step::Reorg(depth, again) => {
                let depth = depth.min(past.len());
                let undone = past.split_off(past.len() - depth);
                let Some((before, _)) = undone.first() else { continue };
                ledger = before.clone();
                let returned: Vec<_> = undone.iter().flat_map(|(_, block)| block.clone()).collect();
                let mut mined = Vec::new();
                for (place, (_, block)) in undone.iter().enumerate() {
                    let block: &[Transaction] = if again && place == 0 { block } else { &[] };
                    past.push((ledger.clone(), block.to_vec()));
                    mined.extend(ledger.mine(block).0);
                }
                past.push((ledger.clone(), Vec::new()));
                ledger.mine(&[]);
                let events = watched.pool.on_reorg(returned, &mined, ledger.tip(), at(now)).unwrap();
                watched.hear(&events);
            }
            Step::Wait(ms) => {
                now += ms;
                let events = watched.pool.on_time(at(now));
                watched.hear(&events);
                prop_assert!(watched.pool.iter().all(|tx| now - tx.arrival().get() <= config.age_max_ms));
            }
            Step::Refuse(place) => {
                let txid = watched.pool.in_order().nth(place).map(|tx| tx.txid());
                if let Some(txid) = txid {
                    let events = watched.pool.discard(&txid);
                    watched.hear(&events);
                    prop_assert!(watched.pool.get(&txid).is_none());
                }
            }
        }
        watched.check(&ledger);
    }
    // What is chosen can be mined as it stands, whatever the limits; the ledger checks nonces and balances.
    for (gas, bytes) in [(u64::MAX, u64::MAX), (70_000, 700), (150_000, 500)] {
        let chosen = watched.pool.select(gas, bytes);
        prop_assert!(chosen.iter().map(|tx| tx.bytes() as u64).sum::<u64>() <= bytes);
        let used: u64 = chosen.iter().map(|tx| tx.transaction().body.intrinsic_gas()).sum();
        prop_assert!(used <= gas);
        let block: Vec<_> = chosen.iter().map(|tx| tx.transaction().clone()).collect();
        ledger.clone().mine(&block);
        if gas == u64::MAX {
            prop_assert_eq!(chosen.len(), watched.pool.len());
        }
    }
    for (place, tx) in (1..).zip(watched.pool.in_order()) {
        prop_assert_eq!(watched.pool.position(&tx.txid()), Some(place));
    }
    let rows = watched.pool.iter().map(|tx| tx.txid()).collect::<BTreeSet<_>>();
    prop_assert_eq!(rows.len(), watched.pool.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_roomy_pool_does_what_its_rules_say(steps in prop::collection::vec(step(), 1..80)) {
        let config = PoolConfig { per_sender_max: 6, age_max_ms: 900, ..PoolConfig::default() };
        live(steps, config, true)?;
    }

    #[test]
    fn a_small_pool_keeps_its_bound(steps in prop::collection::vec(step(), 1..80), transfers in 1..10usize) {
        let memory_bytes_max = transfers * (OVERHEAD_BYTES + 190);
        live(steps, PoolConfig { per_sender_max: 6, memory_bytes_max, ..PoolConfig::default() }, false)?;
    }

    #[test]
    fn a_flood_leaves_the_best(prices in prop::collection::vec(16..200u64, 50..200), room in 5..30usize) {
        // One transaction of everybody: with no queues to keep together, the best prices must be left.
        let funded: Vec<_> = (0..200).map(|number| (number, 1 << 40)).collect();
        let ledger = Ledger::new(&funded);
        let memory_bytes_max = room * (OVERHEAD_BYTES + 166);
        let mut watched = Watched::new(&ledger, PoolConfig { memory_bytes_max, ..PoolConfig::default() });
        for (number, price) in (0u8..).zip(&prices) {
            // A refusal is one of the verdicts that are looked at below.
            let _ = watched.admit(tx(number, 0, *price), u64::from(number));
            prop_assert!(watched.pool.info().memory_bytes <= memory_bytes_max);
        }
        watched.check(&ledger);
        let mut best = prices;
        best.sort_unstable_by(|a, b| b.cmp(a));
        best.truncate(room);
        let left: Vec<_> = watched.pool.in_order().map(|tx| tx.price()).collect();
        prop_assert_eq!(left, best);
    }
}
