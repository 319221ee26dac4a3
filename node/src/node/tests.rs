#![allow(clippy::unwrap_used)]

use futures_util::StreamExt;
use vibecoin_primitives::{Amount, Height, Network, Timestamp};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::*;

use super::*;
use crate::config::RpcConfig;
use crate::dev::{test_key, transfer};

/// A devnet node whose miner waits, and the directory it lives in.
struct Lab {
    node: Option<Node>,
    handle: NodeHandle,
    directory: tempfile::TempDir,
}

fn devnet(directory: Option<PathBuf>) -> NodeConfig {
    NodeConfig { cache_bytes: 8 << 20, ..NodeConfig::new(Network::Devnet, directory) }
}

impl Lab {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let node = Node::start(devnet(Some(directory.path().join("node")))).await.unwrap();
        Self { handle: node.handle(), node: Some(node), directory }
    }

    async fn restart(mut self) -> Self {
        self.handle.stop();
        self.node.take().unwrap().run().await.unwrap();
        let Self { directory, handle, .. } = self;
        drop(handle);
        let node = Node::start(devnet(Some(directory.path().join("node")))).await.unwrap();
        Self { handle: node.handle(), node: Some(node), directory }
    }

    async fn end(mut self) {
        self.handle.stop();
        self.node.take().unwrap().run().await.unwrap();
    }

    fn api(&self) -> Arc<dyn NodeApi> {
        self.handle.api()
    }

    fn operator(&self) -> Arc<dyn OperatorApi> {
        self.handle.operator()
    }
}

fn test_address(account: u32) -> Address {
    Address::of(&test_key(account).public_key())
}

fn text(address: Address) -> AddressText {
    AddressText::new(&address, Network::Devnet.spec().address_prefix)
}

/// A payment from the first test account.
fn payment(nonce: u64, to: Address, beats: u64) -> HexBytes {
    let spec = Network::Devnet.spec();
    transfer(&spec, &test_key(0), nonce, 16, to, Amount::from_beats(beats)).encode().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_minute_mines_and_matures() {
    let lab = Lab::start().await;
    assert!(lab.handle.is_new());
    let mine = Address::new([7; 20]);
    let ids = lab.handle.mine_now(mine, 110).await.unwrap();
    assert_eq!(ids.len(), 110);
    assert!(!lab.handle.is_new());
    let account = lab.api().state_account(text(mine), None).await.unwrap();
    // Blocks 101 to 110 have credited the rewards of blocks 1 to 10.
    assert_eq!(account.balance, Amount::from_beats(20_000_000_000));
    assert_eq!(account.maturing, Amount::from_beats(200_000_000_000));
    let next = account.next_maturing.unwrap();
    assert_eq!((next.height.get(), next.amount), (111, Amount::from_beats(2_000_000_000)));
    let history = lab.api().account_history(text(mine), None, Some(4)).await.unwrap();
    assert_eq!((history.count, history.next_before, history.entries.len()), (10, Some(6), 4));
    assert_eq!(history.entries[0].kind, ActivityKind::MinedReward);
    let supply = lab.api().chain_supply().await.unwrap();
    assert!(supply.balanced);
    assert_eq!(supply.issued, Amount::from_beats(220_000_000_000));
    lab.end().await;
}

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
async fn a_restart_keeps_chain_and_pool() {
    let lab = Lab::start().await;
    let to = Address::new([9; 20]);
    lab.operator().dev_mine(3, None).await.unwrap();
    let first = lab.api().tx_submit(payment(0, to, 1)).await.unwrap();
    let second = lab.api().tx_submit(payment(1, to, 2)).await.unwrap();
    let tip = lab.api().chain_tip().await.unwrap();
    let lab = lab.restart().await;
    assert_eq!(lab.api().chain_tip().await.unwrap(), tip);
    let listed = lab.api().mempool_list(None).await.unwrap();
    let ids: Vec<Hash> = listed.iter().map(|one| one.transaction.txid).collect();
    assert_eq!(ids, [first.txid, second.txid]);
    lab.operator().dev_mine(1, None).await.unwrap();
    assert_eq!(lab.api().mempool_info().await.unwrap().transactions, 0);
    let lab = lab.restart().await;
    assert_eq!(lab.api().mempool_info().await.unwrap().transactions, 0);
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
async fn the_miner_starts_paces_itself_and_stops() {
    let lab = Lab::start().await;
    let (api, operator) = (lab.api(), lab.operator());
    let error = operator.miner_start(None, None).await.unwrap_err();
    assert!(matches!(error, ApiError::InvalidParams { .. }), "{error:?}");
    let mut tips = api.chain_subscribe_tip().await.unwrap();
    assert_eq!(tips.next().await.unwrap().height.get(), 0);
    let status = operator.miner_start(Some(text(Address::new([5; 20]))), Some(2)).await.unwrap();
    assert!(status.running && status.paced);
    assert_eq!(status.threads, 2);
    let (first, second) = (tips.next().await.unwrap(), tips.next().await.unwrap());
    assert_eq!((first.height.get(), second.height.get()), (1, 2));
    assert!(second.time.get() >= first.time.get() + 1_000, "{} after {}", second.time, first.time);
    let status = operator.miner_stop().await.unwrap();
    assert!(!status.running);
    assert_eq!(status.state, MinerState::Stopped);
    assert!(status.blocks_found >= 2);
    // The segment of the next block may have been made, too.
    let segments = api.poh_status().await.unwrap().segments;
    assert!((status.blocks_found..=status.blocks_found + 1).contains(&segments), "{segments}");
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_done_outside_goes_through_the_same_door() {
    let lab = Lab::start().await;
    let operator = lab.operator();
    let template = operator.miner_template(Some(text(Address::new([5; 20])))).await.unwrap();
    let mut header = template.header.clone().into_bytes();
    let nonce = (0..u64::MAX)
        .find(|nonce| {
            let at = template.nonce_offset as usize;
            header[at..at + 8].copy_from_slice(&nonce.to_le_bytes());
            vibecoin_crypto::sha256d(&header) <= template.target
        })
        .unwrap();
    let submitted = operator.miner_submit(template.id, nonce, None).await.unwrap();
    assert_eq!((submitted.verdict, submitted.height.get()), (Verdict::Extended, 1));
    let raw = lab.api().chain_raw_block(BlockRef::Id(submitted.id)).await.unwrap();
    assert_eq!(operator.chain_submit(raw.clone()).await.unwrap().verdict, Verdict::Known);
    let info = lab.api().chain_block(BlockRef::Id(submitted.id)).await.unwrap();
    assert_eq!(info.bytes as usize, raw.as_bytes().len());
    let error = operator.miner_submit(Hash::ZERO, 0, None).await.unwrap_err();
    assert!(matches!(error, ApiError::NotFound { .. }), "{error:?}");
    lab.end().await;
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

#[tokio::test(flavor = "multi_thread")]
async fn before_the_start_a_node_waits_and_says_so() {
    let mut config = devnet(None);
    let start = NodeClock::default();
    let now = vibecoin_chain::Clock::now(&start);
    config.spec.genesis_time = Timestamp::new(now.get() + 3_600_000);
    config.mine = Some(Address::new([1; 20]));
    let node = Node::start(config).await.unwrap();
    let handle = node.handle();
    let info = handle.api().node_info().await.unwrap();
    let Phase::WaitingForStart { starts_in_ms } = info.phase else { panic!("{:?}", info.phase) };
    assert!((3_500_000..=3_600_000).contains(&starts_in_ms), "{starts_in_ms}");
    let error = handle.operator().dev_mine(1, None).await.unwrap_err();
    assert!(matches!(error, ApiError::NotStarted { .. }), "{error:?}");
    assert!(!handle.api().node_health().await.unwrap().ready);
    // The clock passes the start, and mining begins by itself.
    let mut tips = handle.api().chain_subscribe_tip().await.unwrap();
    assert_eq!(tips.next().await.unwrap().height.get(), 0);
    handle.operator().dev_warp(3_600_000).await.unwrap();
    handle.operator().miner_start(None, None).await.unwrap();
    assert_eq!(tips.next().await.unwrap().height.get(), 1);
    handle.stop();
    node.run().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retargeting_network_has_no_dev_methods() {
    let mut config = devnet(None);
    config.spec.half_life_ms = 300_000;
    let node = Node::start(config).await.unwrap();
    let operator = node.handle().operator();
    for error in [
        operator.dev_mine(1, None).await.unwrap_err(),
        operator.dev_faucet(text(Address::new([1; 20])), Amount::ZERO).await.unwrap_err(),
        operator.dev_warp(1).await.unwrap_err(),
        operator.dev_snapshot().await.unwrap_err(),
        operator.dev_revert(None).await.unwrap_err(),
    ] {
        assert!(matches!(error, ApiError::NotAvailable { .. }), "{error:?}");
    }
    node.handle().stop();
    node.run().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_port_and_the_directory_belong_to_one_node() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("node");
    let mut config = devnet(Some(path.clone()));
    config.rpc = Some(RpcConfig::new("127.0.0.1:0".parse().unwrap()));
    let node = Node::start(config.clone()).await.unwrap();
    let address = node.handle().rpc_address().unwrap();
    let endpoint = Endpoint::read(&path).unwrap().unwrap();
    assert_eq!(endpoint.url, format!("http://{address}"));

    let error = Node::start(config.clone()).await.unwrap_err();
    assert!(matches!(error, StartError::Directory(DirectoryError::Locked { .. })), "{error}");
    let mut second = devnet(None);
    second.rpc = Some(RpcConfig::new(address));
    let error = Node::start(second).await.unwrap_err();
    assert!(matches!(error, StartError::Server(vibecoin_rpc::ServerError::PortInUse { .. })), "{error}");

    // A node that found its port taken has let go of its directory.
    let mut third = devnet(Some(directory.path().join("third")));
    third.rpc = Some(RpcConfig::new(address));
    assert!(Node::start(third.clone()).await.is_err());
    third.rpc = None;
    let third = Node::start(third).await.unwrap();
    third.handle().stop();
    third.run().await.unwrap();

    // Told by its own API, it stops, and takes its files away.
    node.handle().operator().node_stop().await.unwrap();
    node.run().await.unwrap();
    assert!(Endpoint::read(&path).unwrap().is_none());
    let mut other = config;
    other.spec.chain_id += 1;
    let error = Node::start(other).await.unwrap_err();
    assert!(matches!(error, StartError::Directory(DirectoryError::OtherNetwork { .. })), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_part_takes_the_node_down_with_its_reason() {
    let lab = Lab::start().await;
    lab.handle.core.supervisor.fail(Failure::Ended { part: "something" });
    let Lab { mut node, directory, .. } = lab;
    let error = node.take().unwrap().run().await.unwrap_err();
    assert_eq!(error, Failure::Ended { part: "something" });
    drop(directory);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_are_answered() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut config = devnet(None);
    config.metrics = Some("127.0.0.1:0".parse().unwrap());
    let node = Node::start(config).await.unwrap();
    let handle = node.handle();
    handle.mine_now(Address::new([1; 20]), 2).await.unwrap();
    let ask = async |path: &str| -> String {
        let mut socket = tokio::net::TcpStream::connect(handle.metrics_address().unwrap()).await.unwrap();
        socket.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
        let mut text = String::new();
        socket.read_to_string(&mut text).await.unwrap();
        text
    };
    assert!(ask("/health").await.starts_with("HTTP/1.1 200 OK"));
    assert!(ask("/ready?x=1").await.starts_with("HTTP/1.1 200 OK"));
    assert!(ask("/").await.starts_with("HTTP/1.1 404"));
    let metrics = ask("/metrics").await;
    assert!(metrics.contains("\nvibecoin_tip_height 2\n"), "{metrics}");
    assert!(metrics.contains("\nvibecoin_blocks_found_total 2\n"), "{metrics}");
    assert!(metrics.contains("vibecoin_import_seconds_total{stage=\"commit\"}"), "{metrics}");
    handle.stop();
    node.run().await.unwrap();
}
