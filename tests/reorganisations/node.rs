//! The same through a whole node, without a port: its door, its writer's thread, its pool and its API.

use std::collections::BTreeMap;
use std::time::Duration;

use vibecoin_crypto::Hash;
use vibecoin_node::{Node, NodeConfig};
use vibecoin_primitives::{Block, Transaction};
use vibecoin_rpc::types::{HexBytes, TxStatus};
use vibecoin_rpc::{ApiError, NodeApi, OperatorApi};

use super::branches::Branches;

/// What the API says of a transaction, as far as it must not depend on the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Mined,
    Waiting,
    Replaced,
    Expired,
    /// Taken once, and not payable on this branch.
    Unknown,
}

async fn said(api: &dyn NodeApi, txid: Hash) -> Said {
    match api.tx_status(txid).await.unwrap() {
        TxStatus::Mined { .. } => Said::Mined,
        TxStatus::Pending { .. } => Said::Waiting,
        TxStatus::Replaced { .. } => Said::Replaced,
        TxStatus::Expired { .. } => Said::Expired,
        _ => Said::Unknown,
    }
}

async fn submit(operator: &dyn OperatorApi, blocks: &[Block]) {
    for block in blocks {
        operator.chain_submit(HexBytes::from(block.encode())).await.unwrap();
    }
}

/// Waits until the pool has heard of the tip: it does a moment after the block is on the disk.
async fn settled(api: &dyn NodeApi, transactions: &BTreeMap<Hash, Transaction>) -> BTreeMap<Hash, Said> {
    let mut before = BTreeMap::new();
    loop {
        let mut now = BTreeMap::new();
        for txid in transactions.keys() {
            now.insert(*txid, said(api, *txid).await);
        }
        if now == before {
            return now;
        }
        before = now;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn all_of(blocks: &[Block]) -> BTreeMap<Hash, Transaction> {
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
            // Whatever is refused here comes with the block all the same.
            match api.tx_submit(HexBytes::from(transaction.encode())).await {
                Ok(_) | Err(ApiError::TxRefused { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        submit(&*operator, std::slice::from_ref(block)).await;
    }
    let (first, second) = (all_of(below), all_of(&branches.second));
    assert!(settled(&*api, &first).await.values().all(|said| *said == Said::Mined));

    submit(&*operator, &branches.second).await;
    assert_eq!(api.chain_tip().await.unwrap().id, branches.second.last().unwrap().id());
    assert!(settled(&*api, &second).await.values().all(|said| *said == Said::Mined));
    let there = settled(&*api, &first).await;
    let waiting = api.mempool_info().await.unwrap().transactions;
    let listed = api.mempool_list(Some(1_000)).await.unwrap();
    assert_eq!(listed.len() as u64, waiting.min(1_000));
    for (txid, said) in &there {
        let is_shared = second.contains_key(txid);
        assert_eq!(*said == Said::Mined, is_shared, "{txid}: {said:?}");
        let has_rival = second.values().any(|other| {
            let (ours, theirs) = (&first[txid].body, &other.body);
            (ours.public_key, ours.nonce) == (theirs.public_key, theirs.nonce) && other.id() != *txid
        });
        assert_eq!(*said == Said::Replaced, has_rival, "{txid}: {said:?}");
    }

    submit(&*operator, above).await;
    assert_eq!(api.chain_tip().await.unwrap().id, branches.first.last().unwrap().id());
    let back = settled(&*api, &first).await;
    assert!(back.values().all(|said| *said == Said::Mined), "what was reverted is mined again");
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
