//! Faults of ticks, lists, limits and the record.

use vibecoin_consensus::poh::{Params, generate};
use vibecoin_crypto::Hash;
use vibecoin_primitives::block::poh_record;

use super::{Case, Fault};
use crate::support::forge::{self, Wallet};

pub const FAULTS: &[Fault] = &[
    Fault { name: "a tick too few", rule: "POH-1", make: one_less },
    Fault { name: "a tick too many", rule: "POH-1", make: one_more },
    Fault { name: "no ticks", rule: "POH-1", make: |case| case.lists(|block| block.ticks.clear()) },
    Fault {
        name: "the ticks left out of the body",
        rule: "POH-1",
        make: |case| case.body(|block| block.ticks.clear()),
    },
    Fault { name: "another tick in the body", rule: "POH-2", make: other_tick },
    Fault {
        name: "ticks in another order in the body",
        rule: "POH-2",
        make: |case| case.body(|block| block.ticks.reverse()),
    },
    Fault { name: "a first tick of its own", rule: "POH-3", make: |case| tick(case, |_| 0) },
    Fault { name: "a last tick of its own", rule: "POH-3", make: |case| tick(case, |ticks| ticks - 1) },
    Fault { name: "some tick of its own", rule: "POH-3", make: some_tick },
    Fault { name: "the segment of the grandparent", rule: "POH-3", make: of_grandparent },
    Fault { name: "the segment begun one hash late", rule: "POH-3", make: late },
    Fault { name: "a transaction left out of the body", rule: "BLK-4", make: left_out },
    Fault {
        name: "no transactions in the body",
        rule: "BLK-4",
        make: |case| case.body(|block| block.transactions.clear()),
    },
    Fault {
        name: "transactions in another order in the body",
        rule: "BLK-4",
        make: |case| case.body(|block| block.transactions.reverse()),
    },
    Fault { name: "the last transaction twice in the body", rule: "BLK-4", make: doubled },
    Fault { name: "a transaction more in the body", rule: "BLK-4", make: added },
    Fault { name: "another signature in the body", rule: "BLK-4", make: resigned },
    Fault { name: "a transaction more counted", rule: "BLK-5", make: |case| count(case, |count| count + 1) },
    Fault { name: "a transaction fewer counted", rule: "BLK-5", make: |case| count(case, |count| count - 1) },
    Fault { name: "no transactions counted", rule: "BLK-5", make: |case| count(case, |_| 0) },
    Fault { name: "a transaction that is too long", rule: "TX-2", make: long_transaction },
    Fault { name: "transactions that are too long together", rule: "BLK-6", make: long_together },
    Fault { name: "no record", rule: "POH-4", make: |case| record(case, Hash::ZERO) },
    Fault { name: "the record of other transactions", rule: "POH-4", make: other_record },
    Fault { name: "the last tick as the record", rule: "POH-4", make: last_tick },
];

fn one_less(case: &mut Case<'_>) -> Option<Vec<u8>> {
    case.lists(|block| {
        block.ticks.pop();
    })
}

fn one_more(case: &mut Case<'_>) -> Option<Vec<u8>> {
    // The right one, had there been one more.
    let spec = case.forge.spec();
    let params = Params::new(spec.poh_ticks + 1, spec.poh_hashes_per_tick);
    let ticks = generate(params, &case.parent());
    case.lists(|block| block.ticks = ticks)
}

fn other_tick(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let (at, other) = (case.random.index(case.good.ticks.len()), case.parent());
    case.body(|block| block.ticks[at] = other)
}

fn tick(case: &mut Case<'_>, at: impl FnOnce(usize) -> usize) -> Option<Vec<u8>> {
    let mut bytes = [0; 32];
    bytes.iter_mut().for_each(|byte| *byte = case.random.next() as u8);
    case.lists(|block| {
        let at = at(block.ticks.len());
        block.ticks[at] = Hash::new(bytes);
    })
}

fn some_tick(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let at = case.random.index(case.good.ticks.len());
    tick(case, |_| at)
}

fn of_grandparent(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let ticks = case.forge.block(&case.parent()).ticks.clone();
    if ticks.is_empty() {
        return None;
    }
    case.lists(|block| block.ticks = ticks)
}

fn late(case: &mut Case<'_>) -> Option<Vec<u8>> {
    case.lists(|block| {
        for tick in &mut block.ticks {
            *tick = vibecoin_crypto::hash::sha256(tick.as_bytes());
        }
    })
}

fn left_out(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let at = case.random.index(case.good.transactions.len());
    case.body(|block| drop(block.transactions.remove(at)))
}

/// Where leaves are doubled to fill a level, this has the same root.
fn doubled(case: &mut Case<'_>) -> Option<Vec<u8>> {
    case.body(|block| block.transactions.push(block.transactions.last().unwrap().clone()))
}

fn added(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let payment = case.payment();
    case.body(|block| block.transactions.push(Wallet::number(super::LIAR).sign(payment)))
}

fn resigned(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let (at, byte) = (case.random.index(case.good.transactions.len()), case.random.index(64));
    case.body(|block| block.transactions[at].signature.0[byte] ^= 1)
}

fn count(case: &mut Case<'_>, change: impl FnOnce(u32) -> u32) -> Option<Vec<u8>> {
    case.header(|block| block.content.tx_count = change(block.content.tx_count))
}

fn long_transaction(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let more = case.random.index(3);
    case.paying(|body| body.data = vec![0; 131_072 - 166 + 1 + more])
}

/// Every one of them could stand in a block alone.
fn long_together(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let (mut block, liar) = (case.good.clone(), Wallet::number(super::LIAR));
    let mut payment = case.payment();
    let bytes_max = case.forge.spec().block_bytes;
    let bytes = |block: &vibecoin_primitives::Block| -> u64 {
        block.transactions.iter().map(|transaction| transaction.encoded_len() as u64).sum()
    };
    while bytes(&block) <= bytes_max {
        let room = bytes_max - bytes(&block);
        // The last one fills the block to one byte more than it may have.
        payment.data = vec![7; (room.saturating_sub(166) as usize + 1).min(9_000)];
        payment.gas_limit = payment.intrinsic_gas();
        payment.gas_price = 1;
        block.transactions.push(liar.sign(payment.clone()));
        payment.nonce += 1;
    }
    Some(forge::with_committed(block).encode())
}

fn record(case: &mut Case<'_>, record: Hash) -> Option<Vec<u8>> {
    case.header(|block| block.content.poh_hash = record)
}

fn other_record(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let other = case.forge.block(&case.parent()).content.tx_root;
    let other = poh_record(case.good.ticks.last().unwrap(), &other);
    record(case, other)
}

fn last_tick(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let last = *case.good.ticks.last().unwrap();
    record(case, last)
}
