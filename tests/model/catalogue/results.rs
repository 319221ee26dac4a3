//! Faults of what a block claims to result in.

use vibecoin_crypto::Hash;
use vibecoin_primitives::block::receipts_root;
use vibecoin_primitives::{Receipt, Status};

use super::super::ledger::{Account, Ledger, root_of};
use super::{Case, Fault};

pub const FAULTS: &[Fault] = &[
    Fault { name: "a gas more than was used", rule: "EXE-6", make: |case| gas(case, |gas| gas + 1) },
    Fault { name: "no gas used", rule: "EXE-6", make: |case| gas(case, |_| 0) },
    Fault { name: "all gas of the block used", rule: "EXE-6", make: |case| gas(case, |_| u64::MAX) },
    Fault { name: "a receipt that failed", rule: "EXE-7", make: failed_receipt },
    Fault { name: "receipts that add up their gas", rule: "EXE-7", make: added_up },
    Fault { name: "no receipts", rule: "EXE-7", make: |case| receipts(case, |receipts| receipts.clear()) },
    Fault {
        name: "receipts in another order",
        rule: "EXE-7",
        make: |case| receipts(case, |receipts| receipts.reverse()),
    },
    Fault { name: "the state of the parent", rule: "EXE-8", make: parent_state },
    Fault {
        name: "a state with a beat more",
        rule: "EXE-8",
        make: |case| state(case, |ledger, sender| account(ledger, sender).balance += 1),
    },
    Fault { name: "a state that moved a beat", rule: "EXE-8", make: moved },
    Fault {
        name: "a state in which a nonce stood still",
        rule: "EXE-8",
        make: |case| state(case, |ledger, sender| account(ledger, sender).nonce -= 1),
    },
    Fault {
        name: "a state that forgot an entry",
        rule: "EXE-8",
        make: |case| state(case, |ledger, sender| forget(account(ledger, sender))),
    },
    Fault { name: "a state that charged no fee", rule: "EXE-8", make: no_fee },
    Fault {
        name: "a state with a greater reward",
        rule: "EXE-8",
        make: |case| reward(case, |reward| reward.amount += 1),
    },
    Fault {
        name: "a state that rewards another",
        rule: "EXE-8",
        make: |case| reward(case, |reward| reward.beneficiary[0] ^= 1),
    },
    Fault { name: "a state that pays the reward at once", rule: "EXE-8", make: at_once },
    Fault { name: "a state with a leaf of zeros", rule: "EXE-8", make: leaf_of_zeros },
    Fault { name: "some state", rule: "EXE-8", make: some_state },
];

fn gas(case: &mut Case<'_>, change: impl FnOnce(u64) -> u64) -> Option<Vec<u8>> {
    case.header(|block| block.content.gas_used = change(block.content.gas_used))
}

fn receipts(case: &mut Case<'_>, change: impl FnOnce(&mut Vec<Receipt>)) -> Option<Vec<u8>> {
    let used = case.good.transactions.iter().map(|payment| payment.body.intrinsic_gas());
    let mut receipts: Vec<Receipt> = used.map(Receipt::transfer).collect();
    change(&mut receipts);
    case.header(|block| block.content.receipts_root = receipts_root(&receipts))
}

fn failed_receipt(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let at = case.random.index(case.good.transactions.len());
    receipts(case, |receipts| receipts[at].status = Status::Failed)
}

fn added_up(case: &mut Case<'_>) -> Option<Vec<u8>> {
    receipts(case, |receipts| {
        let mut sum = 0;
        for receipt in receipts {
            sum += receipt.gas_used;
            receipt.gas_used = sum;
        }
    })
}

fn claiming(case: &mut Case<'_>, root: Hash) -> Option<Vec<u8>> {
    case.header(|block| block.content.state_root = root)
}

/// The block claims what the ledger after it would be after this change, which is handed a sender of the block.
fn state(case: &mut Case<'_>, change: impl FnOnce(&mut Ledger, [u8; 20])) -> Option<Vec<u8>> {
    let sender = case.good.transactions[case.random.index(case.good.transactions.len())].body.sender();
    let mut ledger = Ledger::clone(&case.after);
    change(&mut ledger, *sender.as_bytes());
    claiming(case, Hash::new(ledger.root()))
}

fn account(ledger: &mut Ledger, address: [u8; 20]) -> &mut Account {
    ledger.accounts.get_mut(&address).expect("a sender has an account")
}

fn reward(case: &mut Case<'_>, change: impl FnOnce(&mut super::super::ledger::Reward)) -> Option<Vec<u8>> {
    let place = case.height() % 100;
    state(case, |ledger, _| change(ledger.ring.get_mut(&place).expect("every block leaves its reward")))
}

fn forget(account: &mut Account) {
    account.entries.pop();
}

fn parent_state(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let root = case.forge.block(&case.parent()).content.state_root;
    claiming(case, root)
}

/// From a sender to whoever comes first; no sum shows it.
fn moved(case: &mut Case<'_>) -> Option<Vec<u8>> {
    state(case, |ledger, sender| {
        let Some(less) = account(ledger, sender).balance.checked_sub(1) else { return };
        account(ledger, sender).balance = less;
        ledger.accounts.values_mut().next().expect("the sender at least").balance += 1;
    })
}

fn no_fee(case: &mut Case<'_>) -> Option<Vec<u8>> {
    state(case, |ledger, sender| {
        let fee = account(ledger, sender).entries.iter().map(|entry| entry.fee).max().unwrap_or_default();
        account(ledger, sender).balance += fee;
    })
}

fn at_once(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let place = case.height() % 100;
    state(case, |ledger, _| {
        let reward = ledger.ring.remove(&place).expect("every block leaves its reward");
        ledger.accounts.entry(reward.beneficiary).or_default().balance += reward.amount;
    })
}

fn leaf_of_zeros(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let mut leaves = case.after.leaves();
    let key = vibecoin_primitives::state_key::account(&vibecoin_primitives::Address::new([0xee; 20]));
    leaves.insert(key.to_bytes(), vec![0; 104]);
    claiming(case, Hash::new(root_of(&leaves.into_iter().collect::<Vec<_>>(), 0)))
}

fn some_state(case: &mut Case<'_>) -> Option<Vec<u8>> {
    let mut root = case.good.content.state_root.to_bytes();
    root[case.random.index(32)] ^= 1 << case.random.below(8);
    claiming(case, Hash::new(root))
}
