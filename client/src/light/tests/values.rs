//! Histories, transactions, blocks and prices, and lies about them.

use serde_json::Value;
use vibecoin_primitives::{Amount, Transaction};
use vibecoin_rpc::types::{AddressText, BlockRef, FeePrices, SearchHit, TxStatus};
use vibecoin_rpc::{ApiError, NodeApi};

use super::chain::payment;
use super::face::LightFace;
use super::*;
use crate::light::values::transaction::Found;

fn text(n: u8) -> AddressText {
    AddressText::new(&address(n), spec().address_prefix)
}

/// What is done to the entries of a page.
type Tampering = fn(&mut Vec<Value>);
/// What is done to what is said of a transaction.
type Misplacing = Box<dyn Fn(&mut Value) + Send + Sync>;

/// Account 0 pays account 5 in every block.
fn paying(blocks: u64) -> Chain {
    let pay = |nonce: u64| payment(0, nonce, address(5), 1_000 + nonce, b"");
    let chain = (0..blocks).fold(Chain::new(), |chain, nonce| chain.with(1, &[pay(nonce)]));
    chain.with(1, &[payment(0, blocks, address(5), 5, b"a memo")]).grow(8, 1)
}

async fn one(chain: &Chain) -> (Bench, Remote, LightFace) {
    let remote = Remote::of(chain).await;
    let bench = Bench::of(&[&remote]);
    bench.client.sync().await.unwrap();
    let face = LightFace::new(Arc::clone(&bench.client), "lab");
    (bench, remote, face)
}

#[tokio::test]
async fn a_history_is_whole_and_what_is_not_hashed_is_backed_otherwise() {
    let chain = paying(30);
    let (_bench, remote, face) = one(&chain).await;
    let page = face.account_history(text(5), None, Some(10)).await.unwrap();
    assert_eq!((page.count, page.entries.len(), page.next_before), (31, 10, Some(21)));
    assert_eq!(page.entries[0].memo.as_ref().unwrap().as_bytes(), b"a memo");
    // The server's times are those of 1970; the headers' are right, near the tip and far below it.
    for entry in &page.entries {
        assert_eq!(entry.time, Some(chain.at(entry.height.get()).header.time));
    }
    let asked = remote.asked("account_history");
    let next = face.account_history(text(5), page.next_before, Some(100)).await.unwrap();
    assert_eq!((next.entries.len(), next.next_before), (21, None));
    assert_eq!(remote.asked("account_history"), asked, "what was checked once is not asked for again");
    let nobody = face.account_history(text(9), None, None).await.unwrap();
    assert_eq!((nobody.count, nobody.entries.len()), (0, 0));
}

#[tokio::test]
async fn a_history_that_was_tampered_with_is_refused() {
    let lies: [(&str, Tampering); 6] = [
        ("omitted", |entries| drop(entries.remove(3))),
        ("reordered", |entries| entries.swap(2, 3)),
        ("edited", |entries| entries[4]["amount"] = "1".into()),
        ("another counterparty", |entries| entries[4]["counterparty"] = text(7).to_string().into()),
        ("withheld", Vec::clear),
        ("renumbered", |entries| {
            entries.remove(3);
            let again = entries[3].clone();
            entries.insert(3, again);
        }),
    ];
    for (what, lie) in lies {
        let (bench, remote, face) = one(&paying(12)).await;
        remote.lies(move |asked, reply| match asked {
            "account_history" => reply.map(|page| lie(page["entries"].as_array_mut().unwrap())),
            _ => reply,
        });
        let error = face.account_history(text(5), None, None).await.unwrap_err();
        assert!(error.to_string().contains("does not lead to the proven head"), "{what}: {error}");
        assert_eq!(bench.noted(|e| matches!(e, Evidence::FalseValue { .. })), 1, "{what}");
        assert_eq!(bench.health(0), Health::Distrusted, "{what}");
    }
}

#[tokio::test]
async fn a_long_history_is_read_page_by_page_down_to_its_beginning() {
    let chain = paying(80);
    let (bench, remote, face) = one(&chain).await;
    let expected = &chain.tip().ledger.entries[&address(5)];
    let (mut read, mut before) = (Vec::new(), None);
    loop {
        let page = face.account_history(text(5), before, Some(7)).await.unwrap();
        read.extend(page.entries.iter().map(|info| info.to_entry(spec().address_prefix).unwrap()));
        before = page.next_before;
        if before.is_none() {
            break;
        }
    }
    read.reverse();
    assert_eq!(read, *expected);
    // A page from the middle is held against the heads around it.
    remote.lies(|asked, reply| match asked {
        "account_history" => reply.map(|page| page["entries"][2]["amount"] = "1".into()),
        _ => reply,
    });
    let newest = face.account_history(text(5), None, Some(7)).await.unwrap();
    assert_eq!(newest.entries.len(), 7, "what is kept is not asked for");
    let error = face.account_history(text(5), Some(30), Some(7)).await.unwrap_err();
    assert!(error.to_string().contains("does not lead to the proven head"), "{error}");
    assert_eq!(bench.health(0), Health::Distrusted);
}

#[tokio::test]
async fn a_history_follows_a_reorganisation() {
    let trunk = Chain::new().grow(30, 1);
    let ours = trunk.clone().with(1, &[payment(0, 0, address(5), 100, b"")]).grow(8, 1);
    let theirs = trunk.with(2, &[payment(1, 0, address(5), 200, b"")]).grow(12, 2);
    let (bench, remote, face) = one(&ours).await;
    let amounts = async || {
        let page = face.account_history(text(5), None, None).await.unwrap();
        page.entries.iter().map(|entry| entry.amount.beats()).collect::<Vec<_>>()
    };
    assert_eq!(amounts().await, [100]);
    remote.set(&theirs);
    bench.at(&theirs);
    bench.client.follow_all().await;
    assert_eq!(amounts().await, [200]);
}

#[tokio::test]
async fn an_honest_server_gives_what_another_withholds() {
    let chain = paying(12);
    let remotes = [Remote::of(&chain).await, Remote::of(&chain).await];
    let bench = Bench::of(&[&remotes[0], &remotes[1]]);
    bench.client.sync().await.unwrap();
    let liar = bench.client.servers().assigned(&address(5)).unwrap().index();
    // It says that it knows of nothing, which nobody can prove it wrong in; so another one is asked.
    remotes[liar].lies(|asked, reply| match asked {
        "account_history" => reply.map(|page| {
            page["entries"] = Value::Array(Vec::new());
            page["count"] = 0.into();
        }),
        _ => reply,
    });
    let face = LightFace::new(Arc::clone(&bench.client), "lab");
    assert_eq!(face.account_history(text(5), None, None).await.unwrap().entries.len(), 13);
}

#[tokio::test]
async fn a_transaction_is_proven_in_its_block_near_and_far() {
    let chain = paying(40);
    let (bench, _remote, face) = one(&chain).await;
    for height in [2, 20, 41] {
        let transaction = &chain.at(height).block.transactions[0];
        let (found, _) = bench.client.transaction(&transaction.id(), None).await.unwrap();
        let Found::Included(included) = found else { panic!("{found:?}") };
        assert_eq!(included.block.linked, chain.linked(height));
        assert_eq!(included.block.work, chain.cut(height).work());
        let status = face.tx_status(transaction.id()).await.unwrap();
        let confirmations = chain.height() - height + 1;
        assert!(
            matches!(status, TxStatus::Mined { confirmations: found, succeeded: true, .. } if found == confirmations)
        );
        let detail = face.chain_tx(transaction.id()).await.unwrap();
        assert_eq!((detail.confirmations, detail.transaction.value), (confirmations, transaction.body.value));
    }
    assert_eq!(face.tx_status(Hash::new([1; 32])).await, Ok(TxStatus::Unknown));
}

#[tokio::test]
async fn a_transaction_that_is_elsewhere_or_another_is_refused() {
    let chain = paying(30);
    let (early, late) = (chain.at(5).id, chain.at(30).block.transactions[0].clone());
    let other = chain.at(6).block.transactions[0].encode();
    let lies: [(&str, Misplacing); 4] = [
        (
            "the position of another block",
            Box::new(move |said| {
                said["block"]["id"] = early.to_string().into();
                said["block"]["height"] = 5.into();
            }),
        ),
        ("another place in the block", Box::new(|said| said["position"] = 1.into())),
        ("another transaction", Box::new(move |said| said["raw"] = hex::encode(&other).into())),
        ("a longer path", Box::new(|said| said["merkle_path"] = vec!["00".repeat(32)].into())),
    ];
    for (what, lie) in lies {
        let (bench, remote, face) = one(&chain).await;
        let lie = Arc::new(lie);
        remote.lies(move |asked, reply| match asked {
            "chain_tx" => reply.map(|said| lie(said)),
            _ => reply,
        });
        let error = face.tx_status(late.id()).await.unwrap_err();
        assert!(matches!(error, ApiError::FalseProof { .. }), "{what}: {error}");
        assert_eq!(bench.health(0), Health::Distrusted, "{what}");
    }
}

#[tokio::test]
async fn a_server_cannot_say_that_a_payment_has_failed() {
    let chain = paying(30);
    let (_bench, remote, face) = one(&chain).await;
    let payment = chain.at(30).block.transactions[0].id();
    remote.lies(|asked, reply| match asked {
        "chain_tx" => reply.map(|said| said["receipt"]["succeeded"] = false.into()),
        _ => reply,
    });
    assert!(matches!(face.tx_status(payment).await, Ok(TxStatus::Mined { succeeded: true, .. })));
}

#[tokio::test]
async fn blocks_are_what_their_headers_commit_to() {
    let chain = paying(40);
    let (bench, remote, face) = one(&chain).await;
    for height in [0, 3, 40, chain.height()] {
        let made = chain.at(height);
        for block in [BlockRef::Height(Height::new(height)), BlockRef::Id(made.id)] {
            let shown = face.chain_block(block).await.unwrap();
            assert_eq!((shown.header.id, shown.header.work.0), (made.id, chain.cut(height).work()));
            assert_eq!(shown.transactions.len(), made.block.transactions.len());
            let raw = face.chain_raw_block(block).await.unwrap();
            assert_eq!(raw.as_bytes(), made.block.encode());
        }
    }
    let hits = face.chain_search("40".to_owned()).await.unwrap();
    assert_eq!(hits, [SearchHit::Block { height: Height::new(40), id: chain.at(40).id }]);
    assert!(face.chain_header(Height::new(1_000).into()).await.is_err());

    // Another branch's block is none of the chain's, though the server has it.
    let fork = chain.cut(30).grow(1, 9);
    remote.node.lock().others.push(fork.clone());
    let error = face.chain_header(fork.tip().id.into()).await.unwrap_err();
    assert!(matches!(error, ApiError::NotFound { .. }), "{error}");
    assert_ne!(bench.health(0), Health::Distrusted);

    // A transaction that was left out is noticed.
    let mut short = chain.at(41).block.clone();
    short.transactions.clear();
    let short = hex::encode(short.encode());
    remote.lies(move |asked, reply| match asked {
        "chain_raw_block" => Reply::Says(short.clone().into()),
        _ => reply,
    });
    assert!(face.chain_block(chain.at(41).id.into()).await.is_err());
    assert_eq!(bench.health(0), Health::Distrusted);
}

#[tokio::test]
async fn prices_are_bounded_by_what_the_blocks_show() {
    // The blocks are nearly empty: any price that is taken at all would have done.
    let (_bench, remote, face) = one(&paying(10)).await;
    let honest = FeePrices { blocks_1: 20, blocks_3: 18, blocks_10: 16, minimum: 16 };
    assert_eq!(face.tx_fees().await, Ok(honest));
    assert_eq!(remote.asked("chain_raw_block"), 0);
    remote.node.lock().prices = FeePrices { blocks_1: 1_000_000, blocks_3: 90, blocks_10: 33, minimum: 500 };
    let bounded = FeePrices { blocks_1: 32, blocks_3: 32, blocks_10: 32, minimum: 32 };
    assert_eq!(face.tx_fees().await, Ok(bounded));
}

#[tokio::test]
async fn full_blocks_bear_out_higher_prices() {
    let pay = |nonce: u64, price: u64| {
        let mut transaction = payment(0, nonce, address(5), 1, b"");
        transaction.body.gas_price = price;
        transaction
    };
    let mut chain = Chain::new().grow(10, 1);
    let block_gas = chain.spec.block_gas;
    let dear: Vec<Transaction> = vec![pay(0, 70), pay(1, 60)];
    chain.mine_as(1_000, 1, &dear, |_, content, _| content.gas_used = block_gas - 1_000);
    let (_bench, remote, face) = one(&chain).await;
    remote.node.lock().prices = FeePrices { blocks_1: 1_000_000, blocks_3: 90, blocks_10: 20, minimum: 16 };
    let bounded = FeePrices { blocks_1: 120, blocks_3: 90, blocks_10: 20, minimum: 16 };
    assert_eq!(face.tx_fees().await, Ok(bounded));
}

#[tokio::test]
async fn what_nobody_can_prove_is_reported_or_absent() {
    let (_bench, _remote, face) = one(&paying(3)).await;
    assert!(
        matches!(face.mempool_info().await, Err(ApiError::UnknownMethod { .. })),
        "the server's own answer"
    );
    assert!(matches!(face.light_tip(None).await, Err(ApiError::NotAvailable { .. })));
    assert!(!face.net_info().await.unwrap().enabled);
    for method in vibecoin_rpc::NODE_METHODS {
        let backed = face::backing(method.name);
        let asks_for_proofs = method.name.starts_with("light_") || method.name == "mempool_subscribe";
        assert_eq!(backed == face::Backing::Absent, asks_for_proofs, "{}", method.name);
    }
    let node = face.node_info().await.unwrap();
    assert_eq!((node.chain_id, node.synced), (spec().chain_id, true));
    let health = face.node_health().await.unwrap();
    assert!(health.healthy && health.ready);
    assert_eq!(health.warnings, [Warning::OneVoice.to_string()]);
    assert_eq!(Amount::ZERO, face.state_account(text(9), None).await.unwrap().balance);
}

#[tokio::test]
async fn one_server_learns_of_an_address_and_what_belongs_to_it() {
    let chain = paying(40);
    let remotes = [Remote::of(&chain).await, Remote::of(&chain).await, Remote::of(&chain).await];
    let bench = Bench::of(&[&remotes[0], &remotes[1], &remotes[2]]);
    bench.client.sync().await.unwrap();
    let confidant = bench.client.servers().assigned(&address(5)).unwrap().index();
    remotes.iter().for_each(|remote| remote.node.lock().asked.clear());
    let face = LightFace::new(Arc::clone(&bench.client), "lab");
    face.state_account(text(5), None).await.unwrap();
    face.account_history(text(5), None, None).await.unwrap();
    for (index, remote) in remotes.iter().enumerate() {
        let asked = remote.node.lock().asked.clone();
        assert_eq!(asked.is_empty(), index != confidant, "{index}: {asked:?}");
    }
}

#[tokio::test]
async fn prices_are_marked_as_reported() {
    let (bench, remote, _face) = one(&paying(3)).await;
    let fees = bench.client.fees().await.unwrap();
    assert_eq!(fees.by.to_string(), format!("reported by {}", remote.url().as_str()));
}
