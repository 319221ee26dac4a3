//! Transactions that no block can have, and some that this pool does not want.

use vibecoin_network::wire::Message;
use vibecoin_primitives::Transaction;

use super::gossip::{MOMENT, id};
use super::peer::Peer;
use super::site::Site;
use super::{Case, End};
use crate::support::forge::Wallet;

/// How many an offender has.
const MANY: u64 = 16;
/// Data of a long one, in bytes: two of them fill an answer.
const LONG_BYTES: usize = 120_000;
/// Transactions of one answer.
const ANSWER: usize = 2;

pub fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "invalid_transactions",
            end: End::Banned("sent a transaction that breaks TX-13"),
            script: |site| Box::pin(transactions(site, unsigned)),
        },
        Case {
            name: "costly_invalid_transactions",
            end: End::Banned("sent a transaction that breaks TX-13"),
            script: |site| Box::pin(transactions(site, unsigned_and_long)),
        },
    ]
}

/// Those that take many seconds, and those that may stay.
pub fn patient_cases() -> Vec<Case> {
    vec![
        Case { name: "nonce_gaps", end: End::Stays, script: |site| Box::pin(transactions(site, far_nonce)) },
        Case {
            name: "announcements_without_answer",
            end: End::Banned("unanswered"),
            script: |site| {
                Box::pin(async move {
                    let ids =
                        |round| Message::AnnounceTransactions((0..8).map(|at| id(round * 8 + at)).collect());
                    Peer::join(site).await.repeat(MOMENT, |round| vec![ids(round)]).await;
                })
            },
        },
    ]
}

/// Announces some, and gives those that are asked for.
async fn transactions(site: Site, make: fn(&Site, u64) -> Transaction) {
    let made: Vec<_> = (0..MANY).map(|number| make(&site, number)).collect();
    let mut peer = Peer::join(site).await;
    peer.say(Message::AnnounceTransactions(made.iter().map(Transaction::leaf_hash).collect())).await;
    peer.serve(|question| match question {
        Message::GetTransactions { request, ids } => {
            let asked = made.iter().filter(|transaction| ids.contains(&transaction.leaf_hash()));
            let answer = asked.take(ANSWER).cloned().collect();
            vec![Message::Transactions { request, transactions: answer }]
        }
        _ => Vec::new(),
    })
    .await;
}

fn unsigned(site: &Site, number: u64) -> Transaction {
    let mut transaction = Wallet::number(0).pay(site.spec.chain_id, number, Wallet::number(1).address(), 1);
    transaction.signature.0[7] ^= 1;
    transaction
}

/// As much to hash as there can be, and the signature is the last thing that is wrong.
fn unsigned_and_long(site: &Site, number: u64) -> Transaction {
    let wallet = Wallet::number(0);
    let mut body = wallet.payment(site.spec.chain_id, number, Wallet::number(1).address(), 1);
    body.data = vec![1; LONG_BYTES];
    body.gas_limit = 2_000_000;
    let mut transaction = wallet.sign(body);
    transaction.signature.0[7] ^= 1;
    transaction
}

fn far_nonce(site: &Site, number: u64) -> Transaction {
    Wallet::number(0).pay(site.spec.chain_id, 1_000_000 + number, Wallet::number(1).address(), 1)
}
