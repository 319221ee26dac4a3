//! What is kept, dropped, made again, damaged and mended.

use vibecoin_chain::{STATE_WINDOW, VerifyPoh};
use vibecoin_storage::kv::{Fault, FaultyStore};
use vibecoin_storage::{Column, Durability, KeyValueWrite, Overlay, meta, poh};

use super::*;

/// Writes rows behind the chain's back.
fn write(handle: &NodeHandle, change: impl FnOnce(&mut Overlay<'_>)) {
    let store = handle.core.chain.reader().store();
    let mut rows = Overlay::new(&**store);
    change(&mut rows);
    store.write(rows.into_batch(), Durability::Synced).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_and_how_large_it_is_is_told() {
    let lab = Lab::start().await;
    lab.operator().dev_mine(3, None).await.unwrap();
    let storage = lab.api().node_info().await.unwrap().storage;
    assert!(!storage.archive && !storage.prune_ticks);
    assert_eq!((storage.states_from.get(), storage.ticks_from.get(), storage.undo_from.get()), (0, 0, 0));
    assert_eq!(storage.verify_poh_depth, Some(17_280));
    assert_eq!((storage.repair, storage.recovered), (None, None));
    assert!(storage.disk_bytes > 0 && storage.memory_bytes > 0);
    assert_eq!(storage.kinds.len(), Column::ALL.len());
    assert!(storage.kinds.iter().any(|kind| kind.kind == "headers" && kind.rows >= 4), "{:?}", storage.kinds);
    lab.end().await;

    let config = NodeConfig { verify_poh: VerifyPoh::Full, archive: true, prune_ticks: true, ..devnet(None) };
    let node = Node::start(config).await.unwrap();
    let storage = node.handle().api().node_info().await.unwrap().storage;
    assert!(storage.archive && storage.prune_ticks);
    assert_eq!(storage.verify_poh_depth, None);
    node.handle().stop();
    node.run().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn states_go_by_window_unless_all_are_kept() {
    for archive in [false, true] {
        let node = Node::start(NodeConfig { archive, ..devnet(None) }).await.unwrap();
        let miner = Address::new([7; 20]);
        node.handle().mine_now(miner, 1_100).await.unwrap();
        let api = node.handle().api();
        let storage = api.node_info().await.unwrap().storage;
        assert!(storage.states_from.get() <= 1_100 - STATE_WINDOW, "{storage:?}");
        assert_eq!(storage.states_from.get() > 0, !archive, "{storage:?}");
        // What is said to be kept can be read, and what lies below cannot.
        api.state_account(text(miner), Some(storage.states_from)).await.unwrap();
        if let Some(below) = storage.states_from.checked_sub(1) {
            let error = api.state_account(text(miner), Some(below)).await.unwrap_err();
            assert!(matches!(error, ApiError::NotFound { what: Subject::State, .. }), "{error:?}");
        }
        node.handle().stop();
        node.run().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_that_were_dropped_are_made_again() {
    let node = in_memory().await;
    let (handle, api) = (node.handle(), node.handle().api());
    let ids = handle.mine_now(Address::new([7; 20]), 70).await.unwrap();
    let (id, block) = (ids[0], BlockRef::Id(ids[0]));
    let (raw, segment) = (api.chain_raw_block(block).await.unwrap(), api.chain_poh(block).await.unwrap());
    write(&handle, |rows| {
        poh::prune(rows, &id);
        meta::set_ticks_pruned_to(rows, &Height::new(2));
    });
    assert_eq!(api.chain_raw_block(block).await.unwrap(), raw);
    assert_eq!(api.chain_poh(block).await.unwrap(), segment);
    assert_eq!(api.node_info().await.unwrap().storage.ticks_from.get(), 2);
    handle.stop();
    node.run().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heartbeat_is_measured_though_nobody_mines() {
    let node = in_memory().await;
    let api = node.handle().api();
    let status = loop {
        let status = api.poh_status().await.unwrap();
        if status.segments > 0 {
            break status;
        }
        tokio::task::yield_now().await;
    };
    assert!(!api.miner_status().await.unwrap().running);
    assert_eq!(status.parent_id, Some(node.handle().core.genesis_id));
    assert!(
        status.hashes_per_s.unwrap() > 0.0 && status.segment_ms.unwrap() > 0.0 && status.last_tick.is_some()
    );
    node.handle().stop();
    node.run().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_is_told() {
    let lab = Lab::start().await;
    lab.operator().dev_mine(3, None).await.unwrap();
    let tip = lab.api().chain_tip().await.unwrap();
    write(&lab.handle, |rows| meta::set_rebuilding(rows, &tip.id));
    let lab = lab.restart().await;
    assert_eq!(lab.api().chain_tip().await.unwrap(), tip);
    let repair = lab.api().node_info().await.unwrap().storage.repair.unwrap();
    assert_eq!((repair.tip_before, repair.shortened_by), (Some(tip.id), 0));
    assert_eq!((repair.bodies_lost, repair.headers_lost), (0, 0));
    let health = lab.api().node_health().await.unwrap();
    assert!(health.healthy && health.ready);
    assert!(health.warnings[0].contains("the chain was repaired from its blocks"), "{health:?}");
    assert!(health.warnings[0].contains("no block was lost"), "{health:?}");
    // It is told until the next start.
    let lab = lab.restart().await;
    assert_eq!(lab.api().node_health().await.unwrap().warnings, [""; 0]);
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_that_a_reader_finds_is_a_problem() {
    let mut config = devnet(None);
    config.metrics = Some("127.0.0.1:0".parse().unwrap());
    let node = Node::start(config).await.unwrap();
    let (handle, api) = (node.handle(), node.handle().api());
    let ids = handle.mine_now(Address::new([7; 20]), 3).await.unwrap();
    assert!(api.node_health().await.unwrap().healthy);
    write(&handle, |rows| rows.put(Column::Bodies, ids[0].as_bytes().to_vec(), vec![255; 3]));
    let error = api.chain_block(BlockRef::Id(ids[0])).await.unwrap_err();
    assert!(matches!(error, ApiError::Storage { damaged: true, .. }), "{error:?}");
    assert_eq!(error.code(), 4005);
    let health = api.node_health().await.unwrap();
    assert!(!health.healthy && !health.ready, "{health:?}");
    assert!(
        health.problems[0].contains("bodies") && health.problems[0].contains("chain reindex"),
        "{health:?}"
    );
    assert!(ask(&handle, "/health").await.starts_with("HTTP/1.1 503"));
    handle.stop();
    node.run().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_stops_the_node_and_every_write_is_told_why() {
    let config = devnet(None);
    let genesis_id = genesis(&config.spec).id();
    let full = StoreError::DiskFull { detail: "no space".to_owned() };
    let inner: Arc<dyn KeyValueStore> = Arc::new(MemoryStore::new());
    // What a start writes is counted first.
    let counted = FaultyStore::new(Arc::clone(&inner));
    let supervisor = Supervisor::default();
    let core =
        start_services(&config, genesis_id, Arc::new(counted.clone()), None, &supervisor).await.unwrap();
    core.miner.mine_now(Some(Address::new([7; 20])), 2).await.unwrap();
    supervisor.stop();
    core.chain.stop().await;
    core.pool.stop().await;
    supervisor.wait(STOP_LIMIT).await.unwrap();
    drop(core);

    let counting = FaultyStore::new(Arc::clone(&inner));
    Chain::open(Arc::new(counting.clone()), config.spec.clone(), config.policy()).unwrap();
    let fault = Fault::WriteFails { nth: counting.writes() + 1, error: full.clone() };
    let failing = FaultyStore::with(inner, fault);
    let supervisor = Supervisor::default();
    let core =
        start_services(&config, genesis_id, Arc::new(failing.clone()), None, &supervisor).await.unwrap();
    let api = Api(Arc::new(core));
    let to = Some(text(Address::new([7; 20])));
    let error = loop {
        // The start itself may write less than was counted; the blocks before the fault stand.
        if let Err(error) = api.dev_mine(1, to.clone()).await {
            break error;
        }
    };
    assert!(failing.has_fired());
    assert_eq!(error, ApiError::Storage { reason: full.to_string(), damaged: false });
    supervisor.stopping().cancelled().await;
    assert_eq!(supervisor.failure(), Some(Failure::Store(full.clone())));
    let health = api.node_health().await.unwrap();
    assert!(!health.healthy && health.problems[0].contains("no space left on the device"), "{health:?}");
    let block = api.chain_raw_block(BlockRef::Height(Height::new(1))).await.unwrap();
    for error in [
        api.chain_submit(block).await.unwrap_err(),
        api.dev_mine(1, to.clone()).await.unwrap_err(),
        api.miner_start(to, None).await.unwrap_err(),
    ] {
        assert_eq!(error, ApiError::Storage { reason: full.to_string(), damaged: false });
    }
    api.0.pool.stop().await;
    supervisor.wait(STOP_LIMIT).await.unwrap();
}
