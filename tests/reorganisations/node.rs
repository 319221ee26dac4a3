//! The same through a whole node, without a port: its door, its writer's thread, its pool and its API.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use vibecoin_crypto::Hash;
use vibecoin_node::{Node, NodeConfig};
use vibecoin_primitives::{Block, Transaction};
use vibecoin_rpc::types::{HexBytes, TxStatus};
use vibecoin_rpc::{ApiError, NodeApi, OperatorApi};

use super::branches::Branches;
use crate::support::PATIENCE;

type Transactions = BTreeMap<Hash, Transaction>;

/// What the API says of a transaction, as far as it can be known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Mined,
    Replaced,
    /// It waits, has expired, or cannot be paid on this branch.
    Other,
}

async fn said(api: &dyn NodeApi, txid: &Hash) -> Said {
    match api.tx_status(*txid).await.unwrap() {
        TxStatus::Mined { .. } => Said::Mined,
        TxStatus::Replaced { .. } => Said::Replaced,
        _ => Said::Other,
    }
}

async fn submit(operator: &dyn OperatorApi, blocks: &[Block]) {
    for block in blocks {
        operator.chain_submit(HexBytes::from(block.encode())).await.unwrap();
    }
}

/// Waits until the API says all of this: the pool hears of a block a moment after it is on the disk.
async fn comes_to_say(api: &dyn NodeApi, expected: &BTreeMap<Hash, Said>) {
    let deadline = Instant::now() + PATIENCE;
    for (txid, expected) in expected {
        loop {
            let found = said(api, txid).await;
            if found == *expected {
                break;
            }
            assert!(Instant::now() < deadline, "{txid}: {found:?}, not {expected:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// What is to be said of `transactions` when those of the active branch are `mined`.
fn expected(transactions: &Transactions, mined: &Transactions) -> BTreeMap<Hash, Said> {
    let place = |transaction: &Transaction| (transaction.body.public_key, transaction.body.nonce);
    let taken: BTreeSet<_> = mined.values().map(place).collect();
    let what = |(txid, transaction): (&Hash, &Transaction)| {
        let what = match (mined.contains_key(txid), taken.contains(&place(transaction))) {
            (true, _) => Said::Mined,
            (false, true) => Said::Replaced,
            (false, false) => Said::Other,
        };
        (*txid, what)
    };
    transactions.iter().map(what).collect()
}

fn all_of(blocks: &[Block]) -> Transactions {
    let list = blocks.iter().flat_map(|block| &block.transactions);
    list.map(|transaction| (transaction.id(), transaction.clone())).collect()
}

async fn there_and_back(depth: u64) {
    let branches = Branches::grow(depth, 0x6e6f_6465 + depth);
    let config = NodeConfig::custom("reorganisations".to_owned(), branches.spec.clone(), None);
    let node = Node::start(config).await.unwrap();
    let handle = node.handle();
    let (api, operator) = (handle.api(), handle.operator());
    let (below, above) = branches.first.split_at(usize::try_from(depth).unwrap());
    submit(&*operator, &branches.trunk).await;
    for transaction in &branches.waiting {
        api.tx_submit(HexBytes::from(transaction.encode())).await.unwrap();
    }
    for block in below {
        for transaction in &block.transactions {
            // The pool may be a block behind; whatever it refuses comes with the block all the same.
            match api.tx_submit(HexBytes::from(transaction.encode())).await {
                Ok(_)
                | Err(
                    ApiError::TxRefused { .. }
                    | ApiError::InsufficientFunds { .. }
                    | ApiError::NonceUsed { .. }
                    | ApiError::NonceGap { .. }
                    | ApiError::Expired { .. },
                ) => {}
                Err(error) => panic!("{error}"),
            }
        }
        submit(&*operator, std::slice::from_ref(block)).await;
    }
    let (first, second) = (all_of(below), all_of(&branches.second));
    comes_to_say(&*api, &expected(&first, &first)).await;

    submit(&*operator, &branches.second).await;
    assert_eq!(api.chain_tip().await.unwrap().id, branches.second.last().unwrap().id());
    comes_to_say(&*api, &expected(&second, &second)).await;
    comes_to_say(&*api, &expected(&first, &second)).await;

    submit(&*operator, above).await;
    assert_eq!(api.chain_tip().await.unwrap().id, branches.first.last().unwrap().id());
    let whole = all_of(&branches.first);
    comes_to_say(&*api, &expected(&whole, &whole)).await;
    comes_to_say(&*api, &expected(&second, &whole)).await;
    let supply = api.chain_supply().await.unwrap();
    assert!(supply.balanced, "{supply:?}");
    handle.stop();
    node.run().await.unwrap();
}

#[test]
fn a_node_tells_what_became_of_every_transaction() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for depth in [1, 4, 20, 60] {
        runtime.block_on(there_and_back(depth));
    }
}
