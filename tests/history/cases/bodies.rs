//! Bodies that are not what the header commits to, commitments that no body can meet, and bytes that are no block.

use vibecoin_crypto::{Hash, Signature, sha256d};
use vibecoin_primitives::transaction::TRANSACTION_BYTES_MAX;
use vibecoin_primitives::{Block, Content, Header, Transaction};

use crate::history::case::{Case, Sent, refused, refused_for_ever};
use crate::history::place::{Place, miner};
use crate::support::forge::{Wallet, reseal};

pub fn cases() -> Vec<Case> {
    vec![
        refused("BLK-4", "the last transaction doubled", "Bitcoin, CVE-2012-2459", doubled_leaf),
        refused("BLK-4", "the last subtree doubled", "Bitcoin, CVE-2012-2459", doubled_subtree),
        refused("BLK-4", "a tree without tagged leaves", "Bitcoin, CVE-2017-12842", bitcoins_tree),
        refused("BLK-4", "two transactions exchanged", "a body altered on its way", exchanged),
        refused("BLK-4", "a transaction left out", "a body altered on its way", left_out),
        refused("BLK-4", "a body without transactions", "a body stripped on its way", stripped),
        refused("BLK-4", "a transaction put in", "a body altered on its way", put_in),
        refused("BLK-4", "a payment signed anew", "transaction malleability", signed_anew),
        refused("BLK-3", "the beneficiary exchanged", "reward theft on the way", beneficiary_exchanged),
        refused("BLK-3", "the parent exchanged", "a good header on a false parent", parent_exchanged),
        refused("BLK-3", "the state exchanged", "a result altered on its way", state_exchanged),
        refused_for_ever("BLK-5", "one transaction too many counted", "a wrong count", count_above),
        refused_for_ever("BLK-5", "no transaction counted", "a wrong count", count_zero),
        refused_for_ever(
            "BLK-5",
            "the greatest count",
            "a count that wraps when one is added",
            count_greatest,
        ),
        refused_for_ever(
            "TX-2",
            "a transaction a byte too long",
            "unbounded transactions",
            transaction_too_long,
        ),
        refused_for_ever(
            "BLK-6",
            "a block a byte too long",
            "a limit that not every node has (Bitcoin, March 2013)",
            block_too_long,
        ),
        refused("BLK-1", "a byte behind the block", "an encoding that is not unique", byte_behind),
        refused("BLK-1", "a block that ends early", "a truncated message", ends_early),
        refused(
            "BLK-1",
            "a count of four thousand million",
            "allocation by a claimed length",
            claimed_length,
        ),
        refused("BLK-1", "a recipient tag of two", "an encoding that is not unique", recipient_tag),
        refused("BLK-2", "more bytes than any block", "memory exhaustion", too_many_bytes),
    ]
}

fn body_of(place: &Place, change: impl FnOnce(&mut Vec<Transaction>)) -> Sent {
    let mut block = place.honest.clone();
    change(&mut block.transactions);
    assert_eq!(block.id(), place.honest.id());
    block.into()
}

/// Five leaves: Bitcoin's tree doubles the fifth to make a sixth.
fn doubled_leaf(place: &mut Place) -> Sent {
    body_of(place, |list| list.push(list[4].clone()))
}

/// And it doubles the pair of these to make a fourth pair.
fn doubled_subtree(place: &mut Place) -> Sent {
    body_of(place, |list| list.extend(vec![list[4].clone(); 3]))
}

/// Double hashes without a word on whether they are leaves or nodes; odd ones doubled.
fn bitcoins_tree(place: &mut Place) -> Sent {
    let mut level: Vec<Hash> = place.honest.transactions.iter().map(|tx| sha256d(&tx.encode())).collect();
    while level.len() > 1 {
        let pair = |pair: &[Hash]| {
            let (left, right) = (pair[0], pair.last().unwrap());
            sha256d(&[*left.as_bytes(), *right.as_bytes()].concat())
        };
        level = level.chunks(2).map(pair).collect();
    }
    place.with_content(|block| block.content.tx_root = level[0]).into()
}

fn exchanged(place: &mut Place) -> Sent {
    body_of(place, |list| list.swap(3, 4))
}

fn left_out(place: &mut Place) -> Sent {
    body_of(place, |list| list.truncate(list.len() - 1))
}

fn stripped(place: &mut Place) -> Sent {
    body_of(place, Vec::clear)
}

fn put_in(place: &mut Place) -> Sent {
    let transaction = place.pay(6, 7, 1);
    body_of(place, |list| list.push(transaction))
}

/// The same payments, one of them with another signature: a leaf is the whole encoding.
fn signed_anew(place: &mut Place) -> Sent {
    body_of(place, |list| {
        let Signature(bytes) = &mut list[2].signature;
        bytes[0] ^= 1;
    })
}

fn content_of(place: &Place, change: impl FnOnce(&mut Content)) -> Sent {
    let mut block = place.honest.clone();
    change(&mut block.content);
    assert_eq!(block.id(), place.honest.id());
    block.into()
}

fn beneficiary_exchanged(place: &mut Place) -> Sent {
    content_of(place, |content| content.beneficiary = Wallet::number(66).address())
}

/// If this were believed, the good header would be measured against a wrong parent.
fn parent_exchanged(place: &mut Place) -> Sent {
    let grandparent = place.trunk[place.trunk.len() - 2].id();
    content_of(place, |content| content.parent_id = grandparent)
}

fn state_exchanged(place: &mut Place) -> Sent {
    let before = place.trunk.last().unwrap().content.state_root;
    content_of(place, |content| content.state_root = before)
}

fn count(place: &Place, count: u32) -> Sent {
    place.with_content(|block| block.content.tx_count = count).into()
}

fn count_above(place: &mut Place) -> Sent {
    count(place, 6)
}

fn count_zero(place: &mut Place) -> Sent {
    count(place, 0)
}

fn count_greatest(place: &mut Place) -> Sent {
    count(place, u32::MAX)
}

fn memo(place: &mut Place, from: u64, encoded_bytes: usize) -> Transaction {
    let mut body = place.payment(from, Wallet::number(7).address(), 1);
    body.data = vec![0x6d; encoded_bytes - 166];
    body.gas_limit = body.intrinsic_gas();
    Wallet::number(from).sign(body)
}

fn transaction_too_long(place: &mut Place) -> Sent {
    let transaction = memo(place, 0, TRANSACTION_BYTES_MAX + 1);
    place.with(vec![transaction]).into()
}

fn block_too_long(place: &mut Place) -> Sent {
    let whole = usize::try_from(place.forge.spec().block_bytes).unwrap();
    let list = vec![memo(place, 0, whole - 1_000), memo(place, 1, 1_001)];
    place.with(list).into()
}

fn bytes_of(block: &Block, change: impl FnOnce(&mut Vec<u8>)) -> Sent {
    let mut bytes = block.encode();
    change(&mut bytes);
    Sent::Bytes(bytes)
}

/// Where the count of the transactions stands.
fn count_at(block: &Block) -> usize {
    Header::BYTES + Content::BYTES + 4 + 32 * block.ticks.len()
}

fn byte_behind(place: &mut Place) -> Sent {
    bytes_of(&place.honest, |bytes| bytes.push(0))
}

fn ends_early(place: &mut Place) -> Sent {
    bytes_of(&place.honest, |bytes| bytes.truncate(bytes.len() - 1))
}

fn claimed_length(place: &mut Place) -> Sent {
    let at = count_at(&place.honest);
    bytes_of(&place.honest, |bytes| bytes[at..at + 4].fill(0xff))
}

/// Version, chain id, nonce, last height, gas limit and price stand before the recipient.
fn recipient_tag(place: &mut Place) -> Sent {
    let at = count_at(&place.honest) + 4 + 37;
    bytes_of(&place.honest, |bytes| {
        assert_eq!(bytes[at], 1);
        bytes[at] = 2;
    })
}

fn too_many_bytes(place: &mut Place) -> Sent {
    let most = vibecoin_consensus::rules::shape::encoded_bytes_max(place.forge.spec());
    let mut block = place.honest.clone();
    block.content.beneficiary = miner(1).address();
    let mut bytes = reseal(block).encode();
    bytes.resize(usize::try_from(most).unwrap() + 1, 0);
    Sent::Bytes(bytes)
}
