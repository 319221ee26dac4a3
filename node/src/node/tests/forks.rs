//! Branches beside the active chain, and changes from one to another.

use super::*;

/// Mines `blocks` blocks on `from` and hands them to `to`.
async fn race(from: &Node, to: &Node, blocks: u32) -> Vec<Submitted> {
    let mined = from.handle().operator().dev_mine(blocks, Some(text(Address::new([8; 20])))).await.unwrap();
    let mut verdicts = Vec::new();
    for id in mined.blocks {
        let raw = from.handle().api().chain_raw_block(BlockRef::Id(id)).await.unwrap();
        verdicts.push(to.handle().operator().chain_submit(raw).await.unwrap());
    }
    verdicts
}

async fn stop(node: Node) {
    node.handle().stop();
    node.run().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn reorganisations_outlive_a_restart_and_deep_ones_raise_an_alarm() {
    let mut lab = Lab::start().await;
    let rival = in_memory().await;
    let here = Some(text(Address::new([7; 20])));
    lab.operator().dev_mine(2, here.clone()).await.unwrap();
    let first = race(&rival, lab.node.as_ref().unwrap(), 3).await;
    assert_eq!(first.last().unwrap().verdict, Verdict::Reorganised);
    let health = lab.api().node_health().await.unwrap();
    assert!(health.healthy && health.warnings.is_empty() && health.alarm.is_none(), "{health:?}");

    // The node's own branch again, 60 blocks and more ahead of what the rival knows.
    let before = lab.operator().dev_mine(60, here).await.unwrap().tip;
    let second = race(&rival, lab.node.as_ref().unwrap(), 61).await;
    assert_eq!(second.last().unwrap().verdict, Verdict::Reorganised);
    let report = lab.api().chain_forks().await.unwrap();
    let events: Vec<_> =
        report.reorganisations.iter().map(|event| (event.number, event.reverted, event.connected)).collect();
    assert_eq!(events, [(1, 60, 61), (0, 2, 3)]);
    let deep = &report.reorganisations[0];
    assert_eq!((deep.fork_height.get(), deep.from, deep.to), (3, before.id, second.last().unwrap().id));
    assert!(deep.alarming && !report.reorganisations[1].alarming);
    assert_eq!(report.branches[0].id, before.id);
    assert_eq!((report.branches[0].status, report.branches[0].bodies_missing), (BlockStatus::Valid, 0));
    assert_eq!(report.branches.len(), 2);

    lab = lab.restart().await;
    assert_eq!(lab.api().chain_forks().await.unwrap(), report);
    let health = lab.api().node_health().await.unwrap();
    assert!(health.healthy && health.ready, "{health:?}");
    assert_eq!(health.alarm.as_ref(), Some(deep));
    assert!(health.warnings[0].contains("60 blocks deep"), "{health:?}");
    // A day later it is history.
    lab.operator().dev_warp(24 * 3_600_000).await.unwrap();
    assert_eq!(lab.api().node_health().await.unwrap().alarm, None);
    lab.end().await;
    stop(rival).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_is_seen_by_whoever_watches() {
    let mut config = devnet(None);
    config.metrics = Some("127.0.0.1:0".parse().unwrap());
    let (node, rival) = (Node::start(config).await.unwrap(), in_memory().await);
    node.handle().mine_now(Address::new([7; 20]), 60).await.unwrap();
    let metrics = ask(&node.handle(), "/metrics").await;
    assert!(metrics.contains("\nvibecoin_reorganisations_total 0\n"), "{metrics}");
    assert!(metrics.contains("\nvibecoin_reorganisation_alarm 0\n"), "{metrics}");
    race(&rival, &node, 61).await;
    let metrics = ask(&node.handle(), "/metrics").await;
    for line in ["reorganisations_total 1", "reorganisation_depth_max 60", "reorganisation_alarm 1"] {
        assert!(metrics.contains(&format!("\nvibecoin_{line}\n")), "{line}: {metrics}");
    }
    let health = ask(&node.handle(), "/health").await;
    assert!(health.starts_with("HTTP/1.1 200 OK"), "{health}");
    assert!(health.contains("warning: the chain reorganised 60 blocks deep"), "{health}");
    stop(node).await;
    stop(rival).await;
}

/// Hands the headers of `from` to `to`, ahead of the bodies.
async fn send_headers(from: &Node, to: &Node, heights: std::ops::RangeInclusive<u64>) {
    let view = from.core.chain.reader().view().unwrap();
    let header = |height| {
        let id = view.id_at(Height::new(height)).unwrap().unwrap();
        let block = view.block(&id).unwrap().unwrap();
        (block.header, block.content)
    };
    let reports = to.core.chain.import_headers(heights.map(header).collect()).await.unwrap();
    assert!(reports.iter().all(|report| report.verdict.name() == "header"), "{reports:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_may_be_known_by_its_headers_only() {
    let (node, rival) = (in_memory().await, in_memory().await);
    node.handle().mine_now(Address::new([7; 20]), 5).await.unwrap();
    let mined = rival.handle().mine_now(Address::new([8; 20]), 8).await.unwrap();
    let api = node.handle().api();
    send_headers(&rival, &node, 1..=3).await;
    let report = api.chain_forks().await.unwrap();
    let [branch] = &report.branches[..] else { panic!("{report:?}") };
    assert_eq!((branch.id, branch.length, branch.fork_height.get()), (mined[2], 3, 0));
    assert_eq!((branch.status, branch.bodies_missing), (BlockStatus::Header, 3));
    assert_eq!(branch.missing_from, Some(Height::new(1)));
    let header = api.chain_header(BlockRef::Id(branch.id)).await.unwrap();
    assert_eq!((header.status, header.active), (BlockStatus::Header, false));
    // A body that is not here is not an empty one.
    for error in [
        api.chain_block(BlockRef::Id(branch.id)).await.unwrap_err(),
        api.chain_raw_block(BlockRef::Id(branch.id)).await.unwrap_err(),
        api.chain_poh(BlockRef::Id(branch.id)).await.unwrap_err(),
    ] {
        assert!(matches!(error, ApiError::NotFound { what: Subject::Body, .. }), "{error:?}");
    }
    let info = api.node_info().await.unwrap();
    assert_eq!(info.waiting, WaitingBlocks { headers_only: 3, orphans: 0, held: 0 });
    assert!(info.synced && api.node_health().await.unwrap().ready);
    assert_eq!((info.best_header.id, info.best_header.height), (info.tip.id, info.tip.height));

    // Once they outweigh the tip, the node knows that it is behind, until the bodies have come.
    send_headers(&rival, &node, 4..=8).await;
    let (info, health) = (api.node_info().await.unwrap(), api.node_health().await.unwrap());
    assert_eq!((info.best_header.id, info.best_header.height.get()), (mined[7], 8));
    assert!(!info.synced && health.healthy && !health.ready, "{health:?}");
    for id in mined {
        let raw = rival.handle().api().chain_raw_block(BlockRef::Id(id)).await.unwrap();
        node.handle().operator().chain_submit(raw).await.unwrap();
    }
    let info = api.node_info().await.unwrap();
    assert_eq!((info.tip.id, info.waiting.headers_only), (info.best_header.id, 0));
    assert!(info.synced && api.node_health().await.unwrap().ready);
    stop(node).await;
    stop(rival).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_counted() {
    let (node, rival) = (in_memory().await, in_memory().await);
    let mined = rival.handle().mine_now(Address::new([8; 20]), 2).await.unwrap();
    let raw = rival.handle().api().chain_raw_block(BlockRef::Id(mined[1])).await.unwrap();
    assert_eq!(node.handle().operator().chain_submit(raw).await.unwrap().verdict, Verdict::Orphan);
    rival.handle().operator().dev_warp(60_000).await.unwrap();
    let ahead = in_memory().await;
    ahead.handle().operator().dev_warp(60_000).await.unwrap();
    let verdicts = race(&ahead, &node, 1).await;
    assert_eq!(verdicts[0].verdict, Verdict::Held);
    let waiting = node.handle().api().node_info().await.unwrap().waiting;
    assert_eq!(waiting, WaitingBlocks { headers_only: 0, orphans: 1, held: 1 });
    for node in [node, rival, ahead] {
        stop(node).await;
    }
}
