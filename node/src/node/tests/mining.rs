//! Mining, its clock, and blocks of others.

use super::*;

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
async fn a_block_from_the_future_is_held_until_its_time() {
    let (here, ahead) = (Lab::start().await, Lab::start().await);
    ahead.operator().dev_warp(60_000).await.unwrap();
    let mined = ahead.operator().dev_mine(1, None).await.unwrap();
    let raw = ahead.api().chain_raw_block(BlockRef::Id(mined.blocks[0])).await.unwrap();
    let mut tips = here.api().chain_subscribe_tip().await.unwrap();
    assert_eq!(tips.next().await.unwrap().height.get(), 0);
    assert_eq!(here.operator().chain_submit(raw).await.unwrap().verdict, Verdict::Held);
    here.operator().dev_warp(60_000).await.unwrap();
    assert_eq!(tips.next().await.unwrap().id, mined.blocks[0]);
    here.end().await;
    ahead.end().await;
}
