//! Faults of transactions, alone and at their place.

use vibecoin_crypto::{PublicKey, Signature};
use vibecoin_primitives::{Amount, Transaction};

use super::{Case, Fault, LIAR};
use crate::support::forge::{FUNDS, Wallet};

/// A wallet that never has anything.
const POOR: u64 = 8;

pub const FAULTS: &[Fault] = &[
    Fault {
        name: "a transaction of version 0",
        rule: "TX-3",
        make: |case| case.paying(|body| body.version = 0),
    },
    Fault {
        name: "a transaction of version 2",
        rule: "TX-3",
        make: |case| case.paying(|body| body.version = 2),
    },
    Fault {
        name: "a transaction of another network",
        rule: "TX-4",
        make: |case| case.paying(|body| body.chain_id += 1),
    },
    Fault { name: "a transaction that expired a block ago", rule: "TX-5", make: expired },
    Fault {
        name: "a gas price of nothing",
        rule: "TX-6",
        make: |case| case.paying(|body| body.gas_price = 0),
    },
    Fault {
        name: "a gas less than a transfer",
        rule: "TX-7",
        make: |case| case.paying(|body| body.gas_limit -= 1),
    },
    Fault { name: "gas for all but a byte of the memo", rule: "TX-7", make: memo },
    Fault { name: "more gas than a block has", rule: "TX-8", make: above_block },
    Fault {
        name: "the greatest nonce",
        rule: "TX-9",
        make: |case| case.paying(|body| body.nonce = u64::MAX),
    },
    Fault { name: "a create with too much code", rule: "TX-10", make: |case| create(case, 49_153) },
    Fault { name: "a value that overflows with the fee", rule: "TX-11", make: value_overflow },
    Fault { name: "a fee that overflows", rule: "TX-11", make: fee_overflow },
    Fault { name: "a create", rule: "TX-12", make: |case| create(case, 40) },
    Fault {
        name: "a signature of zeros",
        rule: "TX-13",
        make: |case| signed(case, |payment| payment.signature = Signature([0; 64])),
    },
    Fault { name: "a bit of the signature", rule: "TX-13", make: signature_bit },
    Fault {
        name: "another's key",
        rule: "TX-13",
        make: |case| signed(case, |payment| payment.body.public_key = PublicKey([3; 32])),
    },
    Fault {
        name: "a value changed after signing",
        rule: "TX-13",
        make: |case| signed(case, |payment| payment.body.value = FUNDS),
    },
    Fault { name: "a nonce left out", rule: "EXE-2", make: |case| case.paying(|body| body.nonce += 1) },
    Fault {
        name: "a nonce far ahead",
        rule: "EXE-2",
        make: |case| case.paying(|body| body.nonce = u64::MAX - 1),
    },
    Fault { name: "a transaction twice", rule: "EXE-2", make: twice },
    Fault { name: "a transaction of an earlier block", rule: "EXE-2", make: replayed },
    Fault { name: "nonces of one sender in the wrong order", rule: "EXE-2", make: wrong_order },
    Fault { name: "a beat more than the balance", rule: "EXE-3", make: |case| spending(case, 1) },
    Fault { name: "everything twice in one block", rule: "EXE-3", make: spent_twice },
    Fault { name: "a payment from nothing", rule: "EXE-3", make: from_nothing },
    Fault { name: "a limit that the balance does not cover", rule: "EXE-3", make: limit_uncovered },
    Fault { name: "a reward before it matures", rule: "EXE-3", make: early },
    Fault { name: "more gas than the block has left", rule: "EXE-4", make: gas_left },
];

fn expired(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let last = case.height().checked_sub(1).filter(|last| *last > 0)?;
    case.paying(|body| body.valid_until = last)
}

fn memo(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let length = 1 + case.random.index(60);
    case.paying(|body| {
        body.data = vec![0; length];
        body.gas_limit = body.intrinsic_gas() - 1;
    })
}

fn above_block(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let block_gas = case.forge.spec().block_gas;
    case.paying(|body| {
        body.gas_limit = block_gas + 1;
        body.gas_price = 1;
    })
}

fn create(case: &mut Case<'_>, code: usize) -> Option<Vec<u8>> {
    case.paying(|body| {
        body.to = None;
        body.data = vec![0; code];
        body.gas_limit = body.intrinsic_gas();
        body.gas_price = 1;
    })
}

/// In 64 bits that wrap, the cost of this is next to nothing.
fn value_overflow(case: &mut Case<'_>) -> Option<Vec<u8>> {
    case.paying(|body| {
        let fee = body.gas_limit * body.gas_price;
        body.value = Amount::from_beats(u64::MAX - fee + 1);
    })
}

fn fee_overflow(case: &mut Case<'_>) -> Option<Vec<u8>> {
    case.paying(|body| {
        body.gas_limit = 1 << 19;
        body.gas_price = 1 << 45;
        body.value = Amount::from_beats(1);
    })
}

/// The liar's payment, changed after it was signed.
fn signed(case: &mut Case<'_>, change: impl FnOnce(&mut Transaction)) -> Option<Vec<u8>> {
    let mut payment = Wallet::number(LIAR).sign(case.payment());
    change(&mut payment);
    case.with(payment)
}

fn signature_bit(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let (byte, bit) = (case.random.index(64), case.random.below(8));
    signed(case, |payment| payment.signature.0[byte] ^= 1 << bit)
}

/// Its leaf is doubled, and its money moved twice where nobody counts.
fn twice(case: &mut Case<'_>) -> Option<Vec<u8>> {
    case.lists(|block| block.transactions.push(block.transactions.last().unwrap().clone()))
}

fn replayed(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let (mut at, mut found) = (case.parent(), Vec::new());
    while at != case.forge.genesis() {
        let block = case.forge.block(&at);
        let alive = |payment: &&Transaction| !payment.body.is_expired_at(case.good.header.height);
        found.extend(block.transactions.iter().filter(alive).cloned());
        at = block.content.parent_id;
    }
    let old = found.get(case.random.index(found.len().max(1)))?.clone();
    case.with(old)
}

fn wrong_order(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let mut second = case.payment();
    second.nonce += 1;
    let second = Wallet::number(LIAR).sign(second);
    let first = Wallet::number(LIAR).sign(case.payment());
    case.lists(|block| {
        block.transactions.insert(0, second);
        block.transactions.push(first);
    })
}

/// What the liar has at the start of the block.
fn balance(case: &mut Case<'_>) -> u64 {
    let parent = case.parent();
    case.forge.account(&parent, &Wallet::number(LIAR).address()).balance.beats()
}

fn spending(case: &mut Case<'_>, more: u64) -> Option<Vec<u8>> {
    let balance = balance(case);
    case.paying(|body| {
        let fee = body.gas_limit * body.gas_price;
        body.value = Amount::from_beats(balance - fee + more);
    })
}

fn spent_twice(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let (balance, mut body) = (balance(case), case.payment());
    body.value = Amount::from_beats(balance - body.gas_limit * body.gas_price);
    let first = Wallet::number(LIAR).sign(body.clone());
    body.nonce += 1;
    let second = Wallet::number(LIAR).sign(body);
    case.lists(|block| block.transactions.extend([first, second]))
}

fn from_nothing(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let (chain_id, to) = (case.forge.spec().chain_id, Wallet::number(LIAR).address());
    let poor = Wallet::number(POOR + case.random.below(1_000));
    let value = case.random.below(2);
    case.with(poor.pay(chain_id, 0, to, value))
}

/// What it would really pay is there.
fn limit_uncovered(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let balance = balance(case);
    case.paying(|body| {
        body.value = Amount::from_beats(balance - body.gas_limit * body.gas_price);
        body.gas_limit += 1;
    })
}

/// The miner of the parent spends what it has just earned.
fn early(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let parent = case.parent();
    let miner = case.forge.block(&parent).content.beneficiary;
    let miner = (super::super::trees::MINERS).map(Wallet::number).find(|wallet| wallet.address() == miner)?;
    let account = case.forge.account(&case.good.id(), &miner.address());
    let (chain_id, to) = (case.forge.spec().chain_id, Wallet::number(LIAR).address());
    let spent = account.balance.beats() + 1_000_000_000;
    let payment = miner.pay(chain_id, account.nonce, to, spent);
    case.lists(|block| block.transactions.push(payment))
}

fn gas_left(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let block_gas = case.forge.spec().block_gas;
    let left = block_gas - case.good.content.gas_used;
    let mut body = case.payment();
    body.gas_limit = left + 1;
    body.gas_price = 1;
    let payment = Wallet::number(LIAR).sign(body);
    case.lists(|block| block.transactions.push(payment))
}
