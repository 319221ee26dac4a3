//! Starting, stopping, and what surrounds a node.

use super::*;

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
    let mut config = devnet(None);
    config.metrics = Some("127.0.0.1:0".parse().unwrap());
    let node = Node::start(config).await.unwrap();
    let handle = node.handle();
    handle.mine_now(Address::new([1; 20]), 2).await.unwrap();
    let ask = async |path: &str| ask(&handle, path).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_warp_is_forgotten_with_its_process() {
    let lab = Lab::start().await;
    lab.operator().dev_warp(60_000).await.unwrap();
    lab.operator().dev_mine(1, None).await.unwrap();
    let lab = lab.restart().await;
    let error = lab.operator().dev_mine(1, None).await.unwrap_err();
    assert!(matches!(error, ApiError::NotAvailable { .. }), "{error:?}");
    assert_eq!(lab.api().chain_tip().await.unwrap().height.get(), 1);
    lab.operator().dev_warp(60_000).await.unwrap();
    lab.operator().dev_mine(1, None).await.unwrap();
    assert!(lab.api().chain_tip().await.unwrap().height.get() >= 2);
    lab.end().await;
}
