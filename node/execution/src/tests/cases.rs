//! Cases computed by hand.

use std::sync::atomic::{AtomicUsize, Ordering};

use vibecoin_crypto::Hash;
use vibecoin_primitives::{
    Account, Address, Amount, EntryKind, Height, Receipt, Reward, encoding, state_key,
};
use vibecoin_storage::{StateReader, StoreError};

use super::{State, env, holder, run, transfer, world};
use crate::{Blame, BlockExecutor, ExecutionError, SupplyDelta, TxRef, execute_block};

const FEE: u64 = 21_000 * 16;
const MINER: Address = Address::new([9; 20]);

fn beats(amount: u64) -> Amount {
    Amount::from_beats(amount)
}

#[test]
fn a_transfer_moves_burns_and_tips() {
    let (spec, state) = world(&[(1, 1_000_000)]);
    let outcome = run(&state, &spec, env(1, MINER), &[transfer(1, 0, holder(2), 5, 16)]).unwrap();

    assert_eq!(outcome.receipts, [Receipt::transfer(21_000)]);
    assert_eq!((outcome.gas_used, outcome.burned), (21_000, beats(21_000)));
    assert_eq!(outcome.reward.amount, beats(2_000_000_000 + 21_000 * 15));
    assert_eq!(outcome.reward.beneficiary, MINER);
    assert_eq!(outcome.matured, None);
    let tips = 21_000 * 15;
    assert_eq!(
        outcome.supply,
        SupplyDelta { balances: -i128::from(FEE), ring: 2_000_000_000 + tips, burned: beats(21_000) }
    );

    let mut after = state.clone();
    after.write(&outcome.changes);
    let (sender, receiver) = (after.account(holder(1)), after.account(holder(2)));
    assert_eq!((sender.nonce, sender.balance), (1, beats(1_000_000 - 5 - FEE)));
    assert_eq!((receiver.nonce, receiver.balance), (0, beats(5)));
    assert_eq!(after.account(MINER), Account::default(), "tips go to the ring only");

    let kinds: Vec<_> = outcome.entries.iter().map(|(who, entry)| (*who, entry.kind)).collect();
    assert_eq!(kinds, [(holder(1), EntryKind::Sent), (holder(2), EntryKind::Received)]);
    let (sent, received) = (outcome.entries[0].1, outcome.entries[1].1);
    assert_eq!((sent.fee, received.fee), (beats(FEE), beats(0)));
    assert_eq!((sent.counterparty, received.counterparty), (holder(2), holder(1)));
    assert_eq!(sender.activity_head, sent.fold(&Hash::ZERO));
    assert_eq!(receiver.activity_head, received.fold(&Hash::ZERO));
    assert_eq!((sender.activity_count, sender.activity_height), (1, Height::new(1)));
}

#[test]
fn a_memo_costs_gas_and_the_rest_of_the_limit_comes_back() {
    let (spec, state) = world(&[(1, 10_000_000)]);
    let mut tx = transfer(1, 0, holder(2), 1, 2);
    tx.body.data = vec![0; 10];
    tx.body.gas_limit = 30_000;
    let outcome = run(&state, &spec, env(1, MINER), &[tx]).unwrap();
    assert_eq!(outcome.gas_used, 21_160);
    let mut after = state;
    after.write(&outcome.changes);
    assert_eq!(after.account(holder(1)).balance, beats(10_000_000 - 1 - 42_320));
}

#[test]
fn a_send_to_oneself_makes_both_entries_and_pays_the_fee_only() {
    let (spec, state) = world(&[(1, 1_000_000)]);
    let outcome = run(&state, &spec, env(1, MINER), &[transfer(1, 0, holder(1), 600_000, 16)]).unwrap();
    let kinds: Vec<_> = outcome.entries.iter().map(|(_, entry)| (entry.kind, entry.index)).collect();
    assert_eq!(kinds, [(EntryKind::Sent, 0), (EntryKind::Received, 1)]);
    let mut after = state;
    after.write(&outcome.changes);
    let account = after.account(holder(1));
    assert_eq!((account.nonce, account.balance, account.activity_count), (1, beats(1_000_000 - FEE), 2));
}

#[test]
fn a_transfer_of_nothing_leaves_no_new_account() {
    let (spec, state) = world(&[(1, 1_000_000)]);
    let outcome = run(&state, &spec, env(1, MINER), &[transfer(1, 0, holder(2), 0, 16)]).unwrap();
    assert_eq!(outcome.entries.len(), 1);
    assert_eq!(outcome.accounts.iter().map(|(who, _)| *who).collect::<Vec<_>>(), [holder(1)]);
    assert!(outcome.changes.iter().all(|(key, _)| *key != state_key::account(&holder(2))));
}

#[test]
fn money_received_can_be_spent_in_the_same_block() {
    let (spec, state) = world(&[(1, 1_000_000)]);
    let spent = run(
        &state,
        &spec,
        env(1, MINER),
        &[transfer(1, 0, holder(2), FEE + 1, 16), transfer(2, 0, holder(3), 1, 16)],
    )
    .unwrap();
    let mut after = state;
    after.write(&spent.changes);
    assert_eq!(after.account(holder(2)).balance, beats(0));
    assert_eq!(after.account(holder(2)).nonce, 1);
    assert_eq!(after.account(holder(3)).balance, beats(1));
}

#[test]
fn a_reward_waits_a_hundred_blocks_and_is_spendable_in_the_block_that_credits_it() {
    let (spec, mut state) = world(&[]);
    let miner = holder(7);
    for height in 1..=100 {
        let outcome = run(&state, &spec, env(height, miner), &[]).unwrap();
        assert_eq!((outcome.matured, outcome.entries.len()), (None, 0), "height {height}");
        state.write(&outcome.changes);
    }
    assert_eq!(state.ring().len(), 100);
    let all_but_one = 2_000_000_000 - FEE;
    let outcome = run(&state, &spec, env(101, MINER), &[transfer(7, 0, holder(1), all_but_one, 16)]).unwrap();
    assert_eq!(outcome.matured.unwrap().height, Height::new(1));
    let entry = outcome.entries[0].1;
    assert_eq!(
        (entry.kind, entry.height, entry.tx_index),
        (EntryKind::MinedReward, Height::new(101), u32::MAX)
    );
    state.write(&outcome.changes);
    assert_eq!(state.ring().len(), 100);
    assert_eq!(state.account(miner).balance, beats(0));
    assert_eq!(outcome.supply.ring, 15 * 21_000);
}

#[test]
fn every_rule_refuses_and_leaves_the_block_as_it_was() {
    let (mut spec, mut state) = world(&[(1, 1_000_000), (4, 1_000_000)]);
    spec.block_gas = 42_000;
    state.set(
        holder(4),
        Account { balance: beats(1_000_000), code_hash: Hash::new([1; 32]), ..Account::default() },
    );
    let mut executor = BlockExecutor::new(&state, &spec, env(1, MINER)).unwrap();
    executor.apply(TxRef::new(&transfer(1, 0, holder(2), 1, 1))).unwrap();

    let good = || transfer(1, 1, holder(2), 1, 1);
    let with = |change: fn(&mut vibecoin_primitives::TransactionBody)| {
        let mut tx = good();
        change(&mut tx.body);
        tx
    };
    let refused = [
        (with(|body| body.gas_limit = 21_001), "EXE-4"),
        (with(|body| body.nonce = 0), "EXE-2"),
        (with(|body| body.nonce = 2), "EXE-2"),
        (with(|body| body.value = Amount::from_beats(1_000_000 - 21_001 - 21_000 + 1)), "EXE-3"),
        (with(|body| body.gas_price = u64::MAX), "TX-11"),
        (with(|body| body.value = Amount::MAX), "TX-11"),
        (transfer(4, 0, holder(2), 1, 1), "EXE-1"),
        (with(|body| body.to = None), "TX-12"),
        (transfer(1, 1, holder(4), 1, 1), "EXE-5"),
        (transfer(1, 1, holder(4), 0, 1), "EXE-5"),
    ];
    for (tx, rule) in refused {
        let error = executor.apply(TxRef::new(&tx)).unwrap_err();
        assert_eq!(error.rule(), Some(rule), "{error}");
        assert_eq!(error.blame(), Blame::Peer);
        assert!(error.to_string().starts_with(rule), "{error}");
    }
    assert_eq!((executor.len(), executor.gas_left()), (1, 21_000));

    executor.apply(TxRef::new(&good())).unwrap();
    assert_eq!((executor.len(), executor.gas_left()), (2, 0));
    let stepwise = executor.finish().unwrap();
    let at_once = run(&state, &spec, env(1, MINER), &[transfer(1, 0, holder(2), 1, 1), good()]).unwrap();
    assert_eq!(stepwise, at_once, "refused transactions leave no trace");
}

#[test]
fn exactly_the_largest_cost_is_enough() {
    let (spec, state) = world(&[(1, FEE + 10)]);
    let enough = [transfer(1, 0, holder(2), 10, 16)];
    assert!(run(&state, &spec, env(1, MINER), &enough).is_ok());
    let short = [transfer(1, 0, holder(2), 11, 16)];
    assert_eq!(
        run(&state, &spec, env(1, MINER), &short).unwrap_err(),
        ExecutionError::Balance { balance: beats(FEE + 10), needed: beats(FEE + 11) }
    );
}

#[test]
fn what_the_caller_should_have_checked_blames_ourselves() {
    let (spec, state) = world(&[(1, 1_000_000)]);
    let mut below = transfer(1, 0, holder(2), 1, 16);
    below.body.data = vec![1];
    let mut free = transfer(1, 0, holder(2), 1, 0);
    free.body.gas_limit = 30_000;
    for tx in [below, free] {
        let error = run(&state, &spec, env(1, MINER), &[tx]).unwrap_err();
        assert!(matches!(error, ExecutionError::Unchecked { .. }), "{error}");
        assert_eq!((error.blame(), error.rule()), (Blame::Ourselves, None));
    }
}

#[test]
fn a_damaged_state_blames_ourselves() {
    let (spec, state) = world(&[(1, 1_000_000)]);
    let tx = [transfer(1, 0, holder(2), 1, 16)];
    let mut short = state.clone();
    short.0.insert(state_key::account(&holder(1)), vec![1, 2, 3]);
    let mut ring = state.clone();
    ring.0.insert(state_key::reward(Height::new(1)), vec![0]);
    let mut early = state;
    let reward = Reward { height: Height::new(1), beneficiary: MINER, amount: beats(1) };
    early.0.insert(state_key::reward(Height::new(1)), encoding::encode(&reward));
    for broken in [short, ring, early] {
        let error = run(&broken, &spec, env(1, MINER), &tx).unwrap_err();
        assert!(matches!(error, ExecutionError::Damaged { .. }), "{error}");
        assert_eq!(error.blame(), Blame::Ourselves);
    }
}

/// A state that counts how often it is asked.
struct Counted<'a>(&'a State, AtomicUsize);

impl StateReader for Counted<'_> {
    fn get(&self, key: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.get(key)
    }
}

#[test]
fn accounts_are_read_ahead_from_thirty_two_on_and_once_only() {
    let balances: Vec<_> = (0..100).map(|number| (number, 1_000_000)).collect();
    let (spec, state) = world(&balances);
    for (accounts, ahead) in [(30, 0), (32, 32), (34, 34)] {
        // Each of them pays the next, and is named twice.
        let pairs = (0..accounts / 2).map(|pair| transfer(2 * pair, 0, holder(2 * pair + 1), 1, 1));
        let block: Vec<_> = pairs.collect();
        let transactions: Vec<_> = block.iter().chain(&block).map(TxRef::new).collect();
        let reader = Counted(&state, AtomicUsize::new(0));
        let mut executor = BlockExecutor::new(&reader, &spec, env(1, MINER)).unwrap();
        let reads = || reader.1.load(Ordering::Relaxed);
        assert_eq!(reads(), 1, "the reward");
        assert!(executor.is_empty());
        executor.prefetch(&transactions).unwrap();
        assert_eq!(reads(), 1 + ahead);
        executor.prefetch(&transactions).unwrap();
        assert_eq!(reads(), 1 + ahead, "what is there is not read again");
        for transaction in &transactions[..block.len()] {
            executor.apply(*transaction).unwrap();
            assert!(!executor.is_empty());
        }
        assert_eq!(reads(), 1 + usize::from(accounts));
        let outcome = executor.finish().unwrap();
        assert_eq!(outcome, run(&state, &spec, env(1, MINER), &block).unwrap());
        // The whole block at once reads ahead by itself: before a fault in its first transaction is seen.
        let mut refused = block;
        refused[0].body.nonce = 1;
        let reader = Counted(&state, AtomicUsize::new(0));
        let refused: Vec<_> = refused.iter().map(TxRef::new).collect();
        let error = execute_block(&reader, &spec, env(1, MINER), &refused).unwrap_err();
        assert_eq!(error, ExecutionError::Nonce { nonce: 1, expected: 0 });
        assert_eq!(reader.1.into_inner(), 1 + ahead.max(1));
    }
}

#[test]
fn a_failed_read_is_reported_as_such() {
    struct Broken;
    impl StateReader for Broken {
        fn get(&self, _: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
            Err(StoreError::Io { detail: "gone".to_owned() })
        }
    }
    let (spec, _) = world(&[]);
    let error = execute_block(&Broken, &spec, env(1, MINER), &[]).unwrap_err();
    assert_eq!(error, ExecutionError::Store(StoreError::Io { detail: "gone".to_owned() }));
    assert_eq!(error.blame(), Blame::Ourselves);
}

#[test]
fn a_balance_never_wraps() {
    let (spec, mut state) = world(&[(1, 1_000_000)]);
    state.set(holder(2), Account { balance: Amount::MAX, ..Account::default() });
    let error = run(&state, &spec, env(1, MINER), &[transfer(1, 0, holder(2), 1, 1)]).unwrap_err();
    assert!(matches!(error, ExecutionError::Overflow { .. }), "{error}");
}

#[test]
fn the_genesis_is_its_allocation() {
    let (spec, state) = world(&[(1, 5), (2, 7), (3, 0)]);
    assert_eq!(state.0.len(), 2, "nothing makes no account");
    assert_eq!(state.account(holder(2)), Account { balance: beats(7), ..Account::default() });
    assert_eq!(crate::genesis_accounts(&spec).count(), 2);
    let (_, empty) = world(&[]);
    assert_eq!(empty, State::default());
}
