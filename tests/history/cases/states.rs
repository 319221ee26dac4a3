//! Results that are not what the block does: money made, moved or kept back, and accounts that are not what they were
//! left as. Every one of these blocks has valid transactions.

use vibecoin_crypto::{Hash, merkle};
use vibecoin_primitives::block::receipts_root;
use vibecoin_primitives::{
    Account, Address, Amount, Block, Height, Receipt, Reward, Status, Transaction, encoding, state_key,
};

use crate::history::case::{Case, Sent, refused_for_ever};
use crate::history::place::{FEE, POOR, Place, TRUNK, less, miner, more};
use crate::support::forge::Wallet;

/// What a block mints at this height.
const SUBSIDY: u64 = 2_000_000_000;

type Leaf = (Hash, Option<Vec<u8>>);

pub fn cases() -> Vec<Case> {
    let mut cases = rewards();
    cases.extend(balances());
    cases.extend(others());
    cases
}

/// The miner's share.
fn rewards() -> Vec<Case> {
    vec![
        refused_for_ever("EXE-8", "twice the subsidy", "reward theft", |place| {
            reward(place, |reward| more(&mut reward.amount, SUBSIDY))
        }),
        refused_for_ever("EXE-8", "the burned beats for the miner", "reward theft", |place| {
            reward(place, |reward| more(&mut reward.amount, 21_000))
        }),
        refused_for_ever("EXE-8", "a reward a beat too small", "money that is lost", |place| {
            reward(place, |reward| less(&mut reward.amount, 1))
        }),
        refused_for_ever("EXE-8", "the reward for somebody else", "reward theft", |place| {
            reward(place, |reward| reward.beneficiary = Wallet::number(6).address())
        }),
        refused_for_ever("EXE-8", "no reward", "money that is lost", |place| {
            lie(place, |_, block| vec![(state_key::reward(block.header.height), None)])
        }),
        refused_for_ever("EXE-8", "the reward paid out at once", "early maturity", |place| {
            let here = miner(TRUNK + 1).address();
            credited(place, here, SUBSIDY)
        }),
        refused_for_ever("EXE-8", "the next reward paid out as well", "early maturity", |place| {
            credited(place, miner(6).address(), SUBSIDY)
        }),
        refused_for_ever("EXE-8", "the matured reward paid out twice", "reward theft", |place| {
            credited(place, miner(5).address(), SUBSIDY)
        }),
        refused_for_ever("EXE-8", "the matured reward kept back", "money that is lost", |place| {
            lie(place, |_, _| vec![(state_key::account(&miner(5).address()), None)])
        }),
        refused_for_ever("EXE-8", "the matured reward for this block's miner", "reward theft", |place| {
            lie(place, |place, block| {
                let owner = place.forge.account(&block.id(), &miner(5).address());
                let thief = state_key::account(&miner(TRUNK + 1).address());
                vec![(state_key::account(&miner(5).address()), None), (thief, Some(encoding::encode(&owner)))]
            })
        }),
        refused_for_ever(
            "EXE-8",
            "the ring as it was",
            "a reward that is paid out again and again",
            |place| {
                lie(place, |place, block| {
                    let (parent, height) = (place.parent(), block.header.height);
                    let before = place.forge.reward(&parent, height).unwrap();
                    vec![(state_key::reward(height), Some(encoding::encode(&before)))]
                })
            },
        ),
    ]
}

/// Everybody's money.
fn balances() -> Vec<Case> {
    vec![
        refused_for_ever(
            "EXE-8",
            "a self-payment that doubles the money",
            "balances read before they are written",
            |place| {
                let own = place.pay(0, 0, 5_000);
                lie_of(place, vec![own], |place, block| {
                    vec![place.account_leaf(block, wallet(0), |account| more(&mut account.balance, 5_000))]
                })
            },
        ),
        refused_for_ever(
            "EXE-8",
            "a self-payment that loses the money",
            "balances written before they are read",
            |place| {
                let own = place.pay(0, 0, 5_000);
                lie_of(place, vec![own], |place, block| {
                    vec![place.account_leaf(block, wallet(0), |account| less(&mut account.balance, 5_000))]
                })
            },
        ),
        refused_for_ever("EXE-8", "a sender that is not debited", "money from nowhere", |place| {
            credited(place, wallet(0), 1_000_000)
        }),
        refused_for_ever("EXE-8", "a receiver that is not credited", "money that is lost", |place| {
            lie(place, |place, block| {
                vec![place.account_leaf(block, wallet(5), |account| less(&mut account.balance, 1_000_000))]
            })
        }),
        refused_for_ever("EXE-8", "a fee that is not paid", "blocks filled for nothing", |place| {
            credited(place, wallet(0), FEE)
        }),
        refused_for_ever("EXE-8", "a fee by the limit", "gas that was never used, paid", |place| {
            let generous = place.changed(|body| body.gas_limit = 50_000);
            lie_of(place, vec![generous], |place, block| {
                let unused = 29_000 * 16;
                vec![place.account_leaf(block, wallet(0), |account| less(&mut account.balance, unused))]
            })
        }),
        refused_for_ever("EXE-8", "money from nowhere", "Zcash, CVE-2019-7167", |place| {
            lie(place, |_, _| {
                let account = Account { balance: Amount::from_beats(1), ..Account::default() };
                vec![(state_key::account(&wallet(POOR)), Some(encoding::encode(&account)))]
            })
        }),
        refused_for_ever("EXE-8", "a bystander's money", "theft by the miner", |place| {
            let all = place.account(wallet(7)).balance.beats();
            lie(place, |place, block| {
                vec![
                    place.account_leaf(block, wallet(7), |account| less(&mut account.balance, all)),
                    place.account_leaf(block, wallet(6), |account| more(&mut account.balance, all)),
                ]
            })
        }),
    ]
}

/// What is not money, and the roots.
fn others() -> Vec<Case> {
    vec![
        refused_for_ever(
            "EXE-8",
            "a nonce that does not rise",
            "a payment that can be played again",
            |place| {
                lie(place, |place, block| {
                    vec![place.account_leaf(block, wallet(0), |account| account.nonce -= 1)]
                })
            },
        ),
        refused_for_ever(
            "EXE-8",
            "an empty account with a leaf",
            "Ethereum, the state clearing of 2016 (EIP-161)",
            |place| {
                let nothing = place.pay(0, POOR, 0);
                lie_of(place, vec![nothing], |_, _| {
                    vec![(state_key::account(&wallet(POOR)), Some(encoding::encode(&Account::default())))]
                })
            },
        ),
        refused_for_ever(
            "EXE-8",
            "a spent-up account without a leaf",
            "Ethereum, the split of November 2016",
            |place| {
                let all = place.account(wallet(0)).balance.beats() - FEE;
                let payment = place.pay(0, 1, all);
                lie_of(place, vec![payment], |_, _| vec![(state_key::account(&wallet(0)), None)])
            },
        ),
        refused_for_ever("EXE-8", "a receipt of money that is kept quiet", "a history with a gap", |place| {
            let before = place.account(wallet(5));
            lie(place, |place, block| {
                vec![place.account_leaf(block, wallet(5), |account| {
                    (account.activity_count, account.activity_head, account.activity_height) =
                        (before.activity_count, before.activity_head, before.activity_height);
                })]
            })
        }),
        refused_for_ever("EXE-8", "the root of the parent", "a state one block behind", |place| {
            let before = place.trunk.last().unwrap().content.state_root;
            place.with_content(|block| block.content.state_root = before).into()
        }),
        refused_for_ever("EXE-8", "no root", "a commitment that nobody checks", |place| {
            place.with_content(|block| block.content.state_root = Hash::ZERO).into()
        }),
        refused_for_ever("EXE-8", "the root of another order", "order within a block ignored", |place| {
            let mut list = place.honest.transactions.clone();
            list.reverse();
            let other = place.valid(list).content.state_root;
            place.with_content(|block| block.content.state_root = other).into()
        }),
        refused_for_ever(
            "EXE-7",
            "receipts with the gas so far",
            "gas as Ethereum's receipts count it",
            |place| {
                receipts(place, |list| {
                    let mut sum = 0;
                    for receipt in list {
                        sum += receipt.gas_used;
                        receipt.gas_used = sum;
                    }
                })
            },
        ),
        refused_for_ever("EXE-7", "a receipt that says failed", "a payment that was made, denied", |place| {
            receipts(place, |list| list[0].status = Status::Failed)
        }),
        refused_for_ever("EXE-7", "a receipt left out", "a result with a gap", |place| {
            receipts(place, |list| drop(list.pop()))
        }),
        refused_for_ever(
            "EXE-7",
            "the receipts' root of an empty block",
            "a commitment that nobody checks",
            |place| {
                place.with_content(|block| block.content.receipts_root = merkle::root::<Vec<u8>>(&[])).into()
            },
        ),
        refused_for_ever("EXE-6", "a gas too little used", "gas that is taken on trust", |place| {
            gas(place, |gas| gas - 1)
        }),
        refused_for_ever("EXE-6", "no gas used", "gas that is taken on trust", |place| gas(place, |_| 0)),
        refused_for_ever("EXE-6", "the greatest gas used", "an overflow of gas", |place| {
            gas(place, |_| u64::MAX)
        }),
        refused_for_ever("EXE-6", "the gas of the limits", "gas that was never used", |place| {
            let generous = place.changed(|body| body.gas_limit = 50_000);
            let mut block = place.valid(vec![generous]);
            block.content.gas_used = 50_000;
            crate::support::forge::reseal(block).into()
        }),
    ]
}

fn wallet(number: u64) -> Address {
    Wallet::number(number).address()
}

/// The honest block with other leaves after it.
fn lie(place: &mut Place, leaves: impl FnOnce(&mut Place, &Block) -> Vec<Leaf>) -> Sent {
    let list = place.honest.transactions.clone();
    lie_of(place, list, leaves)
}

fn lie_of(
    place: &mut Place,
    list: Vec<Transaction>,
    leaves: impl FnOnce(&mut Place, &Block) -> Vec<Leaf>,
) -> Sent {
    place.lie(list, leaves).into()
}

/// Another reward of the block's own.
fn reward(place: &mut Place, change: impl FnOnce(&mut Reward)) -> Sent {
    assert_eq!(vibecoin_consensus::emission::subsidy(Height::new(TRUNK + 1)).beats(), SUBSIDY);
    lie(place, |place, block| vec![place.reward_leaf(block, change)])
}

/// Somebody has more than the block gives.
fn credited(place: &mut Place, who: Address, beats: u64) -> Sent {
    lie(place, |place, block| {
        vec![place.account_leaf(block, who, |account| more(&mut account.balance, beats))]
    })
}

fn receipts(place: &Place, change: impl FnOnce(&mut Vec<Receipt>)) -> Sent {
    let gas = |transaction: &Transaction| Receipt::transfer(transaction.body.intrinsic_gas());
    let mut list: Vec<Receipt> = place.honest.transactions.iter().map(gas).collect();
    assert_eq!(receipts_root(&list), place.honest.content.receipts_root);
    change(&mut list);
    place.with_content(|block| block.content.receipts_root = receipts_root(&list)).into()
}

fn gas(place: &Place, change: impl FnOnce(u64) -> u64) -> Sent {
    place.with_content(|block| block.content.gas_used = change(block.content.gas_used)).into()
}
