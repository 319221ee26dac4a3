//! Blocks that look like an attack and are none: taken, and with exactly the effect that they should have.

use vibecoin_crypto::{Hash, PublicKey, Signature};
use vibecoin_primitives::{Account, Address, Amount, Block, Transaction, state_key};
use vibecoin_storage::{StateReader, StateView};

use super::transactions::many;
use crate::history::case::{Case, Sent, fine};
use crate::history::follower::Follower;
use crate::history::place::{
    FEE, POOR, Place, SMALL_ORDER_KEY, TRUNK, less, miner, more, small_order_address,
};
use crate::support::forge::Wallet;

pub fn cases() -> Vec<Case> {
    vec![
        fine(
            "a payment to oneself",
            "balances read before they are written",
            own_payment,
            |place, _, chain| {
                let (before, after) = both(place, chain, wallet(0));
                assert_eq!(
                    after.balance.beats(),
                    before.balance.beats() - FEE,
                    "nothing but the fee is gone"
                );
                assert_eq!(
                    (after.nonce, after.activity_count),
                    (before.nonce + 1, before.activity_count + 2)
                );
            },
        ),
        fine(
            "all one's money to oneself",
            "a balance that is nothing in between",
            all_to_oneself,
            |place, _, chain| {
                let (before, after) = both(place, chain, wallet(0));
                assert_eq!(after.balance.beats(), before.balance.beats() - FEE);
            },
        ),
        fine(
            "nothing to nobody",
            "Ethereum, the state clearing of 2016 (EIP-161)",
            |place| {
                let list = vec![place.pay(0, POOR, 0)];
                place.valid(list).into()
            },
            |_, _, chain| {
                let leaf = state(chain).get(&state_key::account(&wallet(POOR))).unwrap();
                assert_eq!(leaf, None, "an account of zeros has no leaf");
            },
        ),
        fine(
            "all one's money to another",
            "an account that is only a nonce",
            |place| {
                let all = place.account(wallet(0)).balance.beats() - FEE;
                let list = vec![place.pay(0, 1, all)];
                place.valid(list).into()
            },
            |place, _, chain| {
                let (before, after) = both(place, chain, wallet(0));
                assert_eq!((after.balance, after.nonce), (Amount::ZERO, before.nonce + 1));
                assert!(!after.is_absent());
            },
        ),
        fine(
            "the same payment again",
            "Bitcoin, CVE-2018-17144",
            |place| {
                let list = (0..2).map(|more| place.changed(|body| body.nonce += more)).collect();
                place.valid(list).into()
            },
            |place, _, chain| {
                let (before, after) = both(place, chain, wallet(1));
                assert_eq!(after.balance.beats(), before.balance.beats() + 2_000_000);
            },
        ),
        fine(
            "money passed on within the block",
            "order within a block ignored",
            passed_on,
            |place, _, chain| {
                let (before, after) = both(place, chain, wallet(POOR));
                assert!(before.is_absent());
                assert_eq!((after.balance.beats(), after.nonce), (FEE, 1));
            },
        ),
        fine(
            "a reward spent as it matures",
            "early maturity",
            |place| {
                let list = vec![place.pay(1_000 + 5, 1, 1_000)];
                place.valid(list).into()
            },
            |place, _, chain| {
                let (before, after) = both(place, chain, miner(5).address());
                assert!(before.is_absent());
                assert_eq!(after.balance.beats(), 2_000_000_000 - 1_000 - FEE);
            },
        ),
        fine("a miner that pays itself", "reward theft", miner_pays_itself, |place, block, chain| {
            let (before, after) = both(place, chain, wallet(0));
            assert_eq!(after.balance.beats(), before.balance.beats() - FEE, "tips are not paid at once");
            let reward = state(chain).reward(block.header.height).unwrap().unwrap();
            assert_eq!((reward.beneficiary, reward.amount.beats()), (wallet(0), 2_000_000_000 + 21_000 * 15));
        }),
        fine(
            "a price of one",
            "blocks filled for nothing",
            |place| {
                let list = vec![place.changed(|body| body.gas_price = 1)];
                place.valid(list).into()
            },
            |_, block, chain| {
                let reward = state(chain).reward(block.header.height).unwrap().unwrap();
                assert_eq!(reward.amount.beats(), 2_000_000_000, "all of it is burned");
            },
        ),
        fine(
            "a limit above the use",
            "gas that was never used",
            |place| {
                let list = vec![place.changed(|body| body.gas_limit = 900_000)];
                place.valid(list).into()
            },
            |place, block, chain| {
                let (before, after) = both(place, chain, wallet(0));
                assert_eq!(after.balance.beats(), before.balance.beats() - 1_000_000 - FEE);
                assert_eq!(block.content.gas_used, 21_000);
            },
        ),
        fine(
            "a key and a signature of small order",
            "Monero, key images of small order (2017)",
            small_order,
            |place, _, chain| {
                let (before, after) = both(place, chain, small_order_address());
                assert_eq!((before.nonce, after.nonce), (0, 1));
            },
        ),
        fine(
            "the last height of a payment",
            "the bound itself",
            |place| {
                let list = vec![place.changed(|body| body.valid_until = TRUNK + 1)];
                place.valid(list).into()
            },
            |place, _, chain| nonce_rose(place, chain),
        ),
        fine(
            "a block full to the last gas",
            "the bound itself",
            |place| {
                // 46 payments, the last with a memo for what is left.
                let mut list = many(place, 45);
                list.push(with_memo(place, 5, 5, 2_125));
                let block = place.valid(list);
                assert_eq!(block.content.gas_used, place.forge.spec().block_gas);
                block.into()
            },
            |place, _, chain| nonce_rose(place, chain),
        ),
        fine(
            "a block full to the last byte",
            "the bound itself",
            |place| {
                let list = vec![with_memo(place, 0, 0, 30_000 - 166), with_memo(place, 1, 0, 30_000 - 166)];
                let bytes: usize = list.iter().map(Transaction::encoded_len).sum();
                assert_eq!(bytes as u64, place.forge.spec().block_bytes);
                place.valid(list).into()
            },
            |place, _, chain| nonce_rose(place, chain),
        ),
        fine(
            "a block without transactions",
            "a body stripped on its way",
            |place| place.valid(Vec::new()).into(),
            |place, _, chain| {
                let (before, after) = both(place, chain, wallet(0));
                assert_eq!(after, before);
            },
        ),
        fine(
            "as soon as is allowed",
            "the bound itself",
            |place| {
                let (least, list) = (place.forge.spec().min_delta_ms, place.honest.transactions.clone());
                place.valid_at(list, least).into()
            },
            |place, _, chain| nonce_rose(place, chain),
        ),
        fine(
            "as far ahead as is allowed",
            "timejacking (Boverman, 2011)",
            |place| {
                let parent = place.trunk.last().unwrap().header.time;
                let delay = place.now.checked_add(15_000).unwrap().saturating_since(parent);
                let list = place.honest.transactions.clone();
                place.valid_at(list, delay).into()
            },
            |place, _, chain| nonce_rose(place, chain),
        ),
        fine(
            "a payment to the address of zeros",
            "money that is sent away",
            |place| {
                let list = vec![place.changed(|body| body.to = Some(Address::ZERO))];
                place.valid(list).into()
            },
            |_, _, chain| {
                let supply = chain.supply();
                assert!(supply.is_balanced());
                assert_eq!(state(chain).account(&Address::ZERO).unwrap().balance.beats(), 1_000_000);
            },
        ),
    ]
}

fn wallet(number: u64) -> Address {
    Wallet::number(number).address()
}

/// The state after the block of the place, wherever the chain has gone since.
fn state(chain: &Follower) -> StateView<std::sync::Arc<dyn vibecoin_storage::KeyValueRead>> {
    chain.chain.reader().view().unwrap().state_at(Place::height()).unwrap().unwrap()
}

/// An account before and after the block.
fn both(place: &mut Place, chain: &Follower, address: Address) -> (Account, Account) {
    (place.account(address), state(chain).account(&address).unwrap())
}

fn nonce_rose(place: &mut Place, chain: &Follower) {
    let (before, after) = both(place, chain, wallet(0));
    assert!(after.nonce > before.nonce);
}

fn own_payment(place: &mut Place) -> Sent {
    let list = vec![place.pay(0, 0, 5_000)];
    place.valid(list).into()
}

fn all_to_oneself(place: &mut Place) -> Sent {
    let all = place.account(wallet(0)).balance.beats() - FEE;
    let list = vec![place.pay(0, 0, all)];
    place.valid(list).into()
}

fn passed_on(place: &mut Place) -> Sent {
    let mut balance = Amount::ZERO;
    more(&mut balance, 2 * FEE + 5);
    let list = vec![place.pay(0, POOR, balance.beats()), place.pay(POOR, 1, 5)];
    less(&mut balance, FEE + 5);
    assert_eq!(balance.beats(), FEE);
    place.valid(list).into()
}

fn miner_pays_itself(place: &mut Place) -> Sent {
    let list = vec![place.pay(0, 0, 7)];
    let (parent, time) = (place.parent(), place.honest.header.time);
    place.forge.child_by(wallet(0), &parent, list, time).into()
}

/// A payment of the wallet with a memo, `ahead` nonces further on.
fn with_memo(place: &mut Place, from: u64, ahead: u64, bytes: usize) -> Transaction {
    let mut body = place.payment(from, wallet(7), 1);
    body.nonce += ahead;
    body.data = vec![0x2e; bytes];
    body.gas_limit = body.intrinsic_gas();
    Wallet::number(from).sign(body)
}

/// The neutral point and a scalar of zero sign anything for a key of small order, alone and among others.
fn small_order(place: &mut Place) -> Sent {
    let mut body = place.payment(0, wallet(1), 1_000);
    body.public_key = PublicKey(SMALL_ORDER_KEY);
    body.nonce = place.account(small_order_address()).nonce;
    let mut signature = [0; 64];
    signature[0] = 1;
    let transaction = Transaction { body, signature: Signature(signature) };
    assert_ne!(transaction.id(), Hash::ZERO);
    let list = vec![place.pay(0, 1, 1), transaction, place.pay(2, 3, 1)];
    let block: Block = place.valid(list);
    block.into()
}
