//! Payments, their way through pool and chain, and what is asked about them.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_from_submission_to_confirmations() {
    let lab = Lab::start().await;
    let (api, to) = (lab.api(), Address::new([9; 20]));
    let mut changes = api.mempool_subscribe().await.unwrap();
    let mut accounts = api.account_subscribe(text(to)).await.unwrap();
    assert!(accounts.next().await.unwrap().balance.is_zero());

    let accepted = api.tx_submit(payment(0, to, 1_500)).await.unwrap();
    assert!(!accepted.known);
    assert!(api.tx_submit(payment(0, to, 1_500)).await.unwrap().known);
    let MempoolEvent::Added { transaction } = changes.next().await.unwrap() else {
        panic!("expected a newcomer")
    };
    assert_eq!(transaction.txid, accepted.txid);
    let status = api.tx_status(accepted.txid).await.unwrap();
    assert!(matches!(status, TxStatus::Pending { place: 1, of: 1, .. }), "{status:?}");
    let waiting = api.chain_tx(accepted.txid).await.unwrap();
    assert!(waiting.block.is_none() && waiting.receipt.is_none());
    let pending = accounts.next().await.unwrap().pending;
    assert_eq!(pending.incoming, Amount::from_beats(1_500));
    let sender = api.state_account(text(test_address(0)), None).await.unwrap().pending;
    assert_eq!((sender.count, sender.next_nonce), (1, 1));

    let mined = lab.operator().dev_mine(2, None).await.unwrap();
    let status = api.tx_status(accepted.txid).await.unwrap();
    let expected = TxStatus::Mined {
        height: Height::new(1),
        id: mined.blocks[0],
        position: 0,
        confirmations: 2,
        succeeded: true,
    };
    assert_eq!(status, expected);
    let detail = api.chain_tx(accepted.txid).await.unwrap();
    let receipt = detail.receipt.unwrap();
    assert_eq!((receipt.gas_used, receipt.fee), (21_000, Amount::from_beats(336_000)));
    let header = api.chain_header(BlockRef::Height(Height::new(1))).await.unwrap();
    let proven = vibecoin_crypto::merkle::verify(
        &header.tx_root,
        1,
        0,
        &detail.transaction.leaf_hash,
        &detail.merkle_path,
    );
    assert!(proven);
    let MempoolEvent::Removed { reason: Departure::Mined, .. } = changes.next().await.unwrap() else {
        panic!("expected it to leave for a block")
    };
    let credited = loop {
        let account = accounts.next().await.unwrap();
        if !account.balance.is_zero() {
            break account;
        }
    };
    assert_eq!(credited.balance, Amount::from_beats(1_500));
    // Whoever lost the first answer may ask again.
    assert!(api.tx_submit(payment(0, to, 1_500)).await.unwrap().known);
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_their_own_errors() {
    let lab = Lab::start().await;
    let (api, to) = (lab.api(), Address::new([9; 20]));
    let error = api.tx_submit(payment(1, to, 1)).await.unwrap_err();
    assert!(matches!(error, ApiError::NonceGap { nonce: 1, expected: 0, .. }), "{error:?}");
    let error = api.tx_submit(payment(0, to, u64::MAX / 2)).await.unwrap_err();
    let ApiError::InsufficientFunds { available, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*available, Amount::from_beats(10_000_000_000_000));
    let error = api.tx_submit(vec![1, 2, 3].into()).await.unwrap_err();
    assert_eq!(error.rule(), Some("TX-1"));
    let mut damaged = payment(0, to, 1).into_bytes();
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(api.tx_submit(damaged.into()).await.unwrap_err().rule(), Some("TX-13"));
    let other = AddressText::new(&to, Network::Mainnet.spec().address_prefix);
    let error = api.state_account(other, None).await.unwrap_err();
    assert!(matches!(error, ApiError::OtherNetwork { .. }), "{error:?}");
    let error = lab.operator().chain_submit(vec![0; 40].into()).await.unwrap_err();
    assert!(matches!(error, ApiError::BlockRefused { .. }), "{error:?}");
    let error = api.chain_block(BlockRef::Height(Height::new(5))).await.unwrap_err();
    assert!(matches!(error, ApiError::NotFound { .. }), "{error:?}");
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revert_brings_transactions_back() {
    let lab = Lab::start().await;
    let (api, operator) = (lab.api(), lab.operator());
    operator.dev_mine(2, None).await.unwrap();
    let snapshot = operator.dev_snapshot().await.unwrap();
    let paid = operator.dev_faucet(text(Address::new([3; 20])), Amount::from_beats(100)).await.unwrap();
    operator.dev_mine(2, None).await.unwrap();
    assert!(matches!(api.tx_status(paid.txid).await.unwrap(), TxStatus::Mined { confirmations: 2, .. }));
    let tip = operator.dev_revert(None).await.unwrap();
    assert_eq!(tip, snapshot.tip);
    let back = api.tx_status(paid.txid).await.unwrap();
    assert!(matches!(back, TxStatus::Pending { .. }), "{back:?}");
    operator.dev_mine(1, None).await.unwrap();
    assert!(matches!(api.tx_status(paid.txid).await.unwrap(), TxStatus::Mined { confirmations: 1, .. }));
    let error = operator.dev_revert(Some(99)).await.unwrap_err();
    assert!(matches!(error, ApiError::NotFound { .. }), "{error:?}");
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_loses_no_acknowledged_transaction() {
    let mut lab = Lab::start().await;
    let paid = lab.api().tx_submit(payment(0, Address::new([9; 20]), 5)).await.unwrap();
    let ours = lab.operator().dev_mine(1, Some(text(Address::new([1; 20])))).await.unwrap().blocks[0];
    assert!(matches!(lab.api().tx_status(paid.txid).await.unwrap(), TxStatus::Mined { .. }));

    // Somebody else has been faster.
    let other = Node::start(devnet(None)).await.unwrap();
    let theirs = other.handle().mine_now(Address::new([2; 20]), 2).await.unwrap();
    let mut verdicts = Vec::new();
    for id in theirs.iter().chain(&theirs) {
        let raw = other.handle().api().chain_raw_block(BlockRef::Id(*id)).await.unwrap();
        verdicts.push(lab.operator().chain_submit(raw).await.unwrap().verdict);
    }
    assert_eq!(verdicts, [Verdict::Side, Verdict::Reorganised, Verdict::Known, Verdict::Known]);
    other.handle().stop();
    other.run().await.unwrap();
    assert!(matches!(lab.api().tx_status(paid.txid).await.unwrap(), TxStatus::Pending { .. }));
    let forks = lab.api().chain_forks().await.unwrap();
    assert_eq!((forks.branches.len(), forks.branches[0].id), (1, ours));
    let [reorganisation] = forks.reorganisations.as_slice() else { panic!("{forks:?}") };
    assert_eq!((reorganisation.from, reorganisation.to), (ours, theirs[1]));
    assert_eq!(
        (reorganisation.fork_height.get(), reorganisation.reverted, reorganisation.connected),
        (0, 1, 2)
    );

    // As if the crash had come between the chain's write and the pool's: the diary knows nothing.
    lab.handle.stop();
    lab.node.take().unwrap().run().await.unwrap();
    let Lab { directory, handle, .. } = lab;
    drop(handle);
    let path = directory.path().join("node");
    {
        let genesis = genesis(&Network::Devnet.spec()).id();
        let opened = Directory::open(&path, "test", &genesis).unwrap();
        let store = opened.open_store(RocksOptions::default()).unwrap();
        let mut batch = vibecoin_storage::Batch::new();
        let rows = vibecoin_storage::pool::all(&store).unwrap();
        assert_eq!(rows.len(), 1);
        vibecoin_storage::pool::remove(&mut batch, &rows[0].0);
        store.write(batch, vibecoin_storage::Durability::Synced).unwrap();
    }
    let node = Node::start(devnet(Some(path))).await.unwrap();
    assert!(matches!(node.handle().api().tx_status(paid.txid).await.unwrap(), TxStatus::Pending { .. }));
    node.handle().stop();
    node.run().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_lead_to_the_state_root() {
    let lab = Lab::start().await;
    lab.operator().dev_mine(3, None).await.unwrap();
    for (address, known) in [(test_address(0), true), (Address::new([1; 20]), false)] {
        for height in [None, Some(Height::new(1))] {
            let proof = lab.api().state_proof(text(address), None, height).await.unwrap();
            let header = lab.api().chain_header(BlockRef::Id(proof.block_id)).await.unwrap();
            assert_eq!(proof.state_root, header.state_root);
            let tree: vibecoin_crypto::state_tree::StateProof =
                vibecoin_primitives::encoding::decode(proof.proof.as_bytes()).unwrap();
            let key = vibecoin_primitives::state_key::account(&address);
            let value = tree.verify(&proof.state_root, &key).unwrap();
            assert_eq!(value, proof.account.as_ref().map(HexBytes::as_bytes));
            assert_eq!(value.is_some(), known);
        }
    }
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_explorer_answers() {
    let lab = Lab::start().await;
    let api = lab.api();
    let mined = lab.operator().dev_mine(5, None).await.unwrap();
    let block = SearchHit::Block { height: Height::new(3), id: mined.blocks[2] };
    for text in [" 3 ".to_owned(), mined.blocks[2].to_string()] {
        assert_eq!(api.chain_search(text).await.unwrap().as_slice(), std::slice::from_ref(&block));
    }
    let address = text(test_address(0));
    let found = api.chain_search(address.to_string().to_uppercase()).await.unwrap();
    assert_eq!(found, [SearchHit::Account { address, known: true }]);
    assert!(api.chain_search("nothing".to_owned()).await.unwrap().is_empty());
    let stats = api.chain_stats(Some(3)).await.unwrap();
    assert_eq!((stats.from_height.get(), stats.to_height.get(), stats.blocks), (3, 5, 3));
    let segment = api.chain_poh(BlockRef::Height(Height::new(2))).await.unwrap();
    let params = vibecoin_consensus::poh::Params::of(&Network::Devnet.spec());
    vibecoin_consensus::poh::verify(params, &segment.parent_id, &segment.ticks).unwrap();
    assert!(api.chain_poh(BlockRef::Height(Height::GENESIS)).await.is_err());
    let forks = api.chain_forks().await.unwrap();
    assert!(forks.branches.is_empty() && forks.reorganisations.is_empty());
    assert!(api.node_health().await.unwrap().healthy);
    lab.end().await;
}
