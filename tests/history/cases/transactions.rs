//! Transactions that ask for what is not theirs to ask, in blocks that are right in everything else.

use vibecoin_crypto::{PublicKey, Signature};
use vibecoin_primitives::transaction::CREATE_DATA_BYTES_MAX;
use vibecoin_primitives::{Amount, Transaction, TransactionBody};

use crate::history::case::{Case, Sent, refused_for_ever};
use crate::history::place::{FEE, POOR, Place, TRUNK, miner};
use crate::support::forge::Wallet;

/// The order of the group of Ed25519, little-endian (RFC 8032).
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

pub fn cases() -> Vec<Case> {
    vec![
        // What is asked for.
        refused_for_ever("TX-11", "a value that wraps with its fee", "Bitcoin, CVE-2010-5139", |place| {
            one(place, |body| body.value = Amount::from_beats(u64::MAX - 1))
        }),
        refused_for_ever("TX-11", "a fee that wraps to little", "overflow of a fee", |place| {
            one(place, |body| body.gas_price = u64::MAX / 21_000 + 1)
        }),
        refused_for_ever("TX-11", "a fee that wraps to nothing", "BeautyChain, CVE-2018-10299", |place| {
            one(place, |body| (body.gas_limit, body.gas_price) = (1 << 19, 1 << 45))
        }),
        refused_for_ever("EXE-3", "the greatest value that fits", "the bound itself", |place| {
            one(place, |body| body.value = Amount::from_beats(u64::MAX - FEE))
        }),
        refused_for_ever("EXE-3", "two values that wrap together", "Bitcoin, CVE-2010-5139", |place| {
            let half = 1_u64 << 63;
            let list = vec![place.pay(0, 1, half), place.pay(2, 3, half + 1_000)];
            place.with(list).into()
        }),
        refused_for_ever("EXE-3", "a beat more than there is", "the bound itself", |place| {
            let balance = place.account(Wallet::number(0).address()).balance.beats();
            one(place, |body| body.value = Amount::from_beats(balance - FEE + 1))
        }),
        refused_for_ever(
            "EXE-3",
            "enough for the gas used but not for the limit",
            "gas on credit",
            |place| {
                let balance = place.account(Wallet::number(0).address()).balance.beats();
                one(place, |body| {
                    body.gas_limit += 1;
                    body.value = Amount::from_beats(balance - FEE);
                })
            },
        ),
        refused_for_ever(
            "EXE-3",
            "two payments that are covered one by one",
            "a balance looked up once",
            |place| {
                let balance = place.account(Wallet::number(0).address()).balance.beats();
                let half = balance / 2;
                let list = (0..2).map(|more| {
                    place.changed(|body| {
                        body.nonce += more;
                        body.value = Amount::from_beats(half);
                    })
                });
                let list = list.collect();
                place.with(list).into()
            },
        ),
        refused_for_ever("EXE-3", "from an account that is not there", "money from nowhere", |place| {
            let list = vec![place.pay(POOR, 1, 1)];
            place.with(list).into()
        }),
        refused_for_ever("EXE-3", "spent before it is received", "order within a block ignored", |place| {
            let list = vec![place.pay(POOR, 1, 1), place.pay(0, POOR, 10 * FEE)];
            place.with(list).into()
        }),
        refused_for_ever("EXE-3", "a reward spent a block too early", "early maturity", |place| {
            let owner = 1_000 + 6;
            assert_eq!(Wallet::number(owner).address(), miner(6).address());
            let list = vec![place.pay(owner, 1, 1_000)];
            place.with(list).into()
        }),
        // Once, and in order.
        refused_for_ever("EXE-2", "the same payment twice", "Bitcoin, CVE-2018-17144", |place| {
            let payment = place.pay(0, 1, 5);
            place.with(vec![payment.clone(), payment]).into()
        }),
        refused_for_ever("EXE-2", "a payment that was mined before", "Bitcoin, CVE-2012-1909", |place| {
            let mined = place.trunk[49].transactions[0].clone();
            place.with(vec![mined]).into()
        }),
        refused_for_ever("EXE-2", "two payments with one nonce", "a double spend in one block", |place| {
            let list = vec![place.pay(0, 1, 5), place.pay(0, 2, 5)];
            place.with(list).into()
        }),
        refused_for_ever("EXE-2", "a nonce left out", "a payment before its time", |place| {
            one(place, |body| body.nonce += 1)
        }),
        refused_for_ever("EXE-2", "a used nonce", "a double spend against the chain", |place| {
            one(place, |body| body.nonce -= 1)
        }),
        refused_for_ever(
            "EXE-2",
            "two payments in the wrong order",
            "order within a block ignored",
            |place| {
                let second = place.changed(|body| body.nonce += 1);
                let list = vec![second, place.pay(0, 1, 5)];
                place.with(list).into()
            },
        ),
        refused_for_ever("TX-9", "the greatest nonce", "a nonce that wraps when one is added", |place| {
            one(place, |body| body.nonce = u64::MAX)
        }),
        refused_for_ever(
            "TX-5",
            "a payment past its last height",
            "an expiry that only pools look at",
            |place| one(place, |body| body.valid_until = TRUNK),
        ),
        // Whose it is.
        refused_for_ever("TX-13", "another's account", "Bitcoin, CVE-2010-5141", |place| {
            let mut body = place.payment(1, Wallet::number(6).address(), 1_000);
            let thief = Wallet::number(6).sign(body.clone());
            body.public_key = key_of(1);
            place.with(vec![Transaction { body, ..thief }]).into()
        }),
        refused_for_ever(
            "TX-13",
            "a value raised after it was signed",
            "a payment altered on its way",
            |place| signed(place, |transaction| transaction.body.value = Amount::from_beats(2_000_000)),
        ),
        refused_for_ever("TX-13", "a signature of zeros", "a signature that is not looked at", |place| {
            signed(place, |transaction| transaction.signature = Signature([0; 64]))
        }),
        refused_for_ever(
            "TX-13",
            "a scalar above the group's order",
            "malleable signatures (RFC 8032, 5.1.7)",
            |place| signed(place, |transaction| transaction.signature = plus_order(transaction.signature)),
        ),
        refused_for_ever("TX-13", "one wrong signature among forty", "batches that leave one out", |place| {
            let mut list = many(place, 40);
            list[31].signature.0[0] ^= 1;
            place.with(list).into()
        }),
        refused_for_ever(
            "TX-4",
            "a payment of another network",
            "replays between Ethereum and Classic (EIP-155)",
            |place| one(place, |body| body.chain_id = 8_423),
        ),
        refused_for_ever("TX-4", "a payment of no network", "transactions before EIP-155", |place| {
            one(place, |body| body.chain_id = 0)
        }),
        refused_for_ever("TX-3", "a version to come", "rules that old nodes do not know", |place| {
            one(place, |body| body.version = 2)
        }),
        // Gas, and what is not built.
        refused_for_ever("TX-6", "a price of nothing", "blocks filled for nothing", |place| {
            one(place, |body| body.gas_price = 0)
        }),
        refused_for_ever("TX-7", "a gas too little", "the bound itself", |place| {
            one(place, |body| body.gas_limit = 20_999)
        }),
        refused_for_ever("TX-7", "a memo that nobody pays for", "bytes without a price", |place| {
            one(place, |body| body.data = vec![1])
        }),
        refused_for_ever("TX-8", "more gas than a block has", "the bound itself", |place| {
            let most = place.forge.spec().block_gas;
            one(place, |body| body.gas_limit = most + 1)
        }),
        refused_for_ever("TX-8", "all the gas there is", "an overflow of gas limits", |place| {
            one(place, |body| body.gas_limit = u64::MAX)
        }),
        refused_for_ever(
            "EXE-4",
            "the payment that does not fit any more",
            "a limit that is checked per item",
            |place| {
                let list = many(place, 48);
                place.with(list).into()
            },
        ),
        refused_for_ever(
            "EXE-4",
            "limits that do not fit together",
            "a limit that counts what was used",
            |place| {
                let first = place.changed(|body| body.gas_limit = 900_000);
                let mut body = place.payment(2, Wallet::number(3).address(), 1);
                body.gas_limit = 990_000;
                let second = Wallet::number(2).sign(body);
                place.with(vec![first, second]).into()
            },
        ),
        refused_for_ever("TX-12", "a contract", "rules that are not in force yet", |place| {
            one(place, |body| (body.to, body.gas_limit) = (None, 100_000))
        }),
        refused_for_ever("TX-10", "a contract that is too large", "unbounded code (EIP-3860)", |place| {
            one(place, |body| {
                body.to = None;
                body.data = vec![0; CREATE_DATA_BYTES_MAX + 1];
                body.gas_limit = body.intrinsic_gas();
            })
        }),
    ]
}

/// A block with one payment of wallet 0, after `change`, and one that is right behind it.
fn one(place: &mut Place, change: impl FnOnce(&mut TransactionBody)) -> Sent {
    let list = vec![place.changed(change), place.pay(3, 4, 9)];
    place.with(list).into()
}

/// The same with a change after the signature.
fn signed(place: &mut Place, change: impl FnOnce(&mut Transaction)) -> Sent {
    let mut transaction = place.changed(|_| {});
    change(&mut transaction);
    place.with(vec![transaction]).into()
}

/// Payments of all wallets in turn.
pub fn many(place: &mut Place, count: u64) -> Vec<Transaction> {
    (0..count)
        .map(|number| {
            let from = number % 8;
            let mut body = place.payment(from, Wallet::number((from + 1) % 8).address(), 1 + number);
            body.nonce += number / 8;
            Wallet::number(from).sign(body)
        })
        .collect()
}

fn key_of(number: u64) -> PublicKey {
    Wallet::number(number).payment(0, 0, Wallet::number(0).address(), 0).public_key
}

/// The same signature with the group's order added to its scalar: the same equation holds.
fn plus_order(signature: Signature) -> Signature {
    let mut bytes = signature.0;
    let mut carry = 0_u16;
    for (byte, order) in bytes[32..].iter_mut().zip(GROUP_ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    Signature(bytes)
}
