//! A naive second implementation, and random blocks run through both.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vibecoin_crypto::Tag;
use vibecoin_primitives::{Address, Transaction};

use super::{State, env, holder, run, subsidy, transfer, world};

const HOLDERS: u8 = 5;

/// An account as the model keeps it: nonce, balance, and all of its entries as bytes.
#[derive(Clone, Default)]
struct Row {
    nonce: u64,
    balance: u128,
    entries: Vec<Vec<u8>>,
    last_height: u64,
}

#[derive(Clone, Default)]
struct Model {
    rows: BTreeMap<Address, Row>,
    /// Reward by height.
    ring: BTreeMap<u64, (Address, u128)>,
    burned: u128,
    minted: u128,
}

impl Model {
    #[allow(clippy::too_many_arguments)]
    fn record(
        &mut self,
        who: Address,
        height: u64,
        at: u32,
        kind: u8,
        other: [u8; 20],
        amount: u128,
        fee: u128,
        id: [u8; 32],
    ) {
        let row = self.rows.entry(who).or_default();
        let mut entry = (row.entries.len() as u64).to_le_bytes().to_vec();
        entry.extend(height.to_le_bytes());
        entry.extend(at.to_le_bytes());
        entry.push(kind);
        entry.extend(other);
        entry.extend(u64::try_from(amount).unwrap().to_le_bytes());
        entry.extend(u64::try_from(fee).unwrap().to_le_bytes());
        entry.extend(id);
        row.entries.push(entry);
        row.last_height = height;
    }

    /// Plays a block; keeps of `transactions` those that are valid, and says which.
    fn play(
        &mut self,
        height: u64,
        miner: Address,
        block_gas: u64,
        transactions: &[Transaction],
    ) -> Vec<bool> {
        if let Some((who, amount)) = height.checked_sub(100).and_then(|matured| self.ring.remove(&matured)) {
            self.rows.entry(who).or_default().balance += amount;
            self.record(who, height, u32::MAX, 2, [0; 20], amount, 0, [0; 32]);
        }
        let (mut gas, mut tips, mut taken) = (0, 0, Vec::new());
        let mut at = 0;
        for tx in transactions {
            let body = &tx.body;
            let (from, to) = (Address::of(&body.public_key), body.to.unwrap());
            let row = self.rows.entry(from).or_default();
            let value = u128::from(body.value.beats());
            let most = value + u128::from(body.gas_limit) * u128::from(body.gas_price);
            let valid = row.nonce == body.nonce && row.balance >= most && gas + body.gas_limit <= block_gas;
            taken.push(valid);
            if !valid {
                continue;
            }
            let used = 21_000 + 16 * body.data.len() as u64;
            let fee = u128::from(used) * u128::from(body.gas_price);
            row.nonce += 1;
            row.balance -= value + fee;
            self.rows.entry(to).or_default().balance += value;
            self.record(from, height, at, 0, *to.as_bytes(), value, fee, tx.id().to_bytes());
            if value > 0 {
                self.record(to, height, at, 1, *from.as_bytes(), value, 0, tx.id().to_bytes());
            }
            gas += used;
            tips += fee - u128::from(used);
            self.burned += u128::from(used);
            at += 1;
        }
        let minted = u128::from(subsidy(height).beats());
        self.minted += minted;
        self.ring.insert(height, (miner, minted + tips));
        taken
    }

    fn assert_same(&self, state: &State) {
        let activity = Tag::new("vibe/activity/v1");
        let mut leaves = self.ring.len();
        for (address, row) in &self.rows {
            let account = state.account(*address);
            let head =
                row.entries.iter().fold([0; 32], |head, entry| activity.hash(&[&head, entry]).to_bytes());
            assert_eq!(u128::from(account.balance.beats()), row.balance);
            assert_eq!(account.nonce, row.nonce);
            assert_eq!(account.activity_count, row.entries.len() as u64);
            assert_eq!(account.activity_head.to_bytes(), head);
            assert_eq!(account.activity_height.get(), row.last_height);
            leaves += usize::from(!account.is_absent());
        }
        let ring: Vec<_> = state.ring();
        assert_eq!(ring.len(), self.ring.len());
        for reward in ring {
            let (who, amount) = self.ring[&reward.height.get()];
            assert_eq!((reward.beneficiary, u128::from(reward.amount.beats())), (who, amount));
        }
        assert_eq!(state.0.len(), leaves, "no leaf that nobody knows of");
    }

    fn total(&self) -> u128 {
        let balances: u128 = self.rows.values().map(|row| row.balance).sum();
        let ring: u128 = self.ring.values().map(|(_, amount)| amount).sum();
        balances + ring + self.burned
    }
}

/// From, nonce offset (0 is right), to, beats, price, memo length, gas above the intrinsic.
type Draft = (u8, u64, u8, u64, u64, usize, u64);

fn draft() -> impl Strategy<Value = Draft> {
    let offset = prop_oneof![9 => Just(0u64), 1 => 1..3u64];
    let beats = prop_oneof![1 => Just(0u64), 6 => 0..3_000_000u64, 1 => any::<u64>()];
    (0..HOLDERS, offset, 0..HOLDERS + 2, beats, 1..40u64, 0..40usize, 0..20_000u64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn blocks_do_what_the_model_does(
        balances in prop::collection::vec(0..20_000_000u64, usize::from(HOLDERS)),
        blocks in prop::collection::vec(prop::collection::vec(draft(), 0..12), 1..6),
        start in prop_oneof![Just(1u64), Just(98u64)],
        block_gas in 60_000..400_000u64,
    ) {
        let funded: Vec<_> = (0..HOLDERS).zip(balances).collect();
        let (mut spec, mut state) = world(&funded);
        spec.block_gas = block_gas;
        let mut model = Model::default();
        for (number, beats) in &funded {
            model.rows.entry(holder(*number)).or_default().balance = u128::from(*beats);
        }
        let allocation = model.total();
        let mut nonces = [0u64; HOLDERS as usize];
        let empty = (1..start).map(|_| Vec::new());
        let mut history = Vec::new();

        for (height, drafts) in (1..).zip(empty.chain(blocks)) {
            let miner = holder(u8::try_from(height % u64::from(HOLDERS + 1)).unwrap());
            let mut candidates = Vec::new();
            let mut expected = nonces;
            for (from, offset, to, beats, price, memo, spare) in drafts {
                let next = &mut expected[usize::from(from)];
                let mut tx = transfer(from, *next + offset, holder(to), beats, price);
                tx.body.data = vec![7; memo];
                tx.body.gas_limit = tx.body.intrinsic_gas() + spare;
                *next += 1;
                candidates.push(tx);
            }
            let taken = model.play(height, miner, spec.block_gas, &candidates);

            // The stepwise executor refuses exactly what the model refuses.
            let mut executor = crate::BlockExecutor::new(&state, &spec, env(height, miner)).unwrap();
            for (tx, valid) in candidates.iter().zip(&taken) {
                let result = executor.apply(crate::TxRef::new(tx)).map(|_| ());
                prop_assert_eq!(result.is_ok(), *valid, "{:?}", result);
            }
            let stepwise = executor.finish().unwrap();
            // The block of those that are left is the same at once.
            let block: Vec<_> = candidates
                .into_iter()
                .zip(taken)
                .filter_map(|(tx, valid)| valid.then_some(tx))
                .collect();
            let outcome = run(&state, &spec, env(height, miner), &block).unwrap();
            prop_assert_eq!(&stepwise, &outcome);

            let before = state.clone();
            state.write(&outcome.changes);
            model.assert_same(&state);
            prop_assert_eq!(model.total(), allocation + model.minted);
            let moved = outcome.supply.balances + outcome.supply.ring + i128::from(outcome.burned.beats());
            prop_assert_eq!(moved, i128::from(subsidy(height).beats()));
            prop_assert!(outcome.changes.iter().zip(&outcome.previous).all(|(new, old)| new.0 == old.0 && new.1 != old.1));

            let mut undone = state.clone();
            undone.write(&outcome.previous);
            prop_assert_eq!(&undone, &before, "undo is the inverse");
            for (number, nonce) in (0..).zip(&mut nonces) {
                *nonce = state.account(holder(number)).nonce;
            }
            history.push((before, outcome.previous));
        }
        for (before, previous) in history.into_iter().rev() {
            state.write(&previous);
            prop_assert_eq!(&state, &before);
        }
    }
}

/// Blocks above the size from which reads are spread over the cores.
#[test]
fn many_accounts_are_read_ahead_without_a_difference() {
    let funded: Vec<_> = (0..200u8).map(|number| (number, 10_000_000)).collect();
    let (spec, state) = world(&funded);
    let block: Vec<_> =
        (0..200u8).map(|from| transfer(from, 0, holder(from.wrapping_mul(7)), u64::from(from), 16)).collect();
    let at_once = run(&state, &spec, env(1, holder(0)), &block).unwrap();
    let mut executor = crate::BlockExecutor::new(&state, &spec, env(1, holder(0))).unwrap();
    for tx in &block {
        executor.apply(crate::TxRef::new(tx)).unwrap();
    }
    assert_eq!(executor.finish().unwrap(), at_once);
    let mut model = Model::default();
    for (number, beats) in &funded {
        model.rows.entry(holder(*number)).or_default().balance = u128::from(*beats);
    }
    assert!(model.play(1, holder(0), spec.block_gas, &block).into_iter().all(|valid| valid));
    let mut after = state;
    after.write(&at_once.changes);
    model.assert_same(&after);
}
