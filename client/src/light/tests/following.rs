//! Following, reorganisations, and clocks.

use vibecoin_rpc::types::LightHeaders;

use super::standing::Stand;
use super::*;

#[tokio::test]
async fn blocks_are_followed_one_and_many_at_a_time() {
    let mut chain = Chain::new().grow(20, 1);
    let remote = Remote::of(&chain).await;
    let bench = Bench::of(&[&remote]);
    bench.client.sync().await.unwrap();
    for more in [1, 2, 40] {
        chain = chain.grow(more, 1);
        remote.set(&chain);
        bench.at(&chain);
        assert_eq!(bench.client.follow(bench.id(0)).await.unwrap().id, chain.tip().id);
    }
    assert_eq!(remote.asked("light_prove"), 1, "what is followed is not proven again");
    // The next one is told without a question.
    let (before, grown) = (chain.clone(), chain.grow(1, 1));
    let asked = remote.node.lock().asked.len();
    let told = remote.node.lock().answer("light_headers", &serde_json::json!([before.tip().id])).unwrap();
    remote.set(&grown);
    let nothing: LightHeaders = serde_json::from_value(told).unwrap();
    bench.client.told(bench.id(0), &nothing).await.unwrap();
    let told = remote.node.lock().answer("light_headers", &serde_json::json!([before.tip().id])).unwrap();
    let told: LightHeaders = serde_json::from_value(told).unwrap();
    bench.at(&grown);
    assert_eq!(bench.client.told(bench.id(0), &told).await.unwrap().id, grown.tip().id);
    assert_eq!(remote.node.lock().asked.len(), asked);
}

#[tokio::test]
async fn a_shallow_reorganisation_is_followed_and_not_told() {
    let trunk = Chain::new().grow(30, 1);
    let (ours, theirs) = (trunk.clone().grow(2, 2), trunk.grow(5, 3));
    let remote = Remote::of(&ours).await;
    let bench = Bench::of(&[&remote]);
    bench.client.sync().await.unwrap();
    remote.set(&theirs);
    bench.at(&theirs);
    assert_eq!(bench.client.follow(bench.id(0)).await.unwrap().id, theirs.tip().id);
    assert_eq!(bench.noted(|_| true), 0);
    assert!(!bench.client.standing().warnings.contains(&Warning::Reorganised));
}

#[tokio::test]
async fn a_reorganisation_below_what_is_believed_is_told() {
    let trunk = Chain::new().grow(30, 1);
    let (ours, theirs) = (trunk.clone().grow(8, 2), trunk.grow(12, 3));
    let remote = Remote::of(&ours).await;
    let bench = Bench::of(&[&remote]);
    bench.client.sync().await.unwrap();
    remote.set(&theirs);
    bench.at(&theirs);
    assert_eq!(bench.client.follow(bench.id(0)).await.unwrap().id, theirs.tip().id);
    assert_eq!(remote.asked("light_prove"), 1, "it lies within what is kept");
    assert_eq!(bench.noted(|evidence| matches!(evidence, Evidence::Reorganised { reverted: 8, .. })), 1);
    assert_eq!(bench.client.standing().warnings.first(), Some(&Warning::Reorganised));
}

#[tokio::test]
async fn a_reorganisation_deeper_than_what_is_kept_takes_a_proof_and_is_told() {
    let trunk = Chain::new().grow(30, 1);
    let (ours, theirs) = (trunk.clone().grow(40, 2), trunk.grow(60, 3));
    let remote = Remote::of(&ours).await;
    let bench = Bench::of(&[&remote]);
    bench.client.sync().await.unwrap();
    remote.set(&theirs);
    remote.node.lock().others.push(ours.clone());
    bench.at(&theirs);
    assert_eq!(bench.client.follow(bench.id(0)).await.unwrap().id, theirs.tip().id);
    assert_eq!(remote.asked("light_prove"), 2);
    assert_eq!(
        bench.noted(|evidence| matches!(evidence, Evidence::Reorganised { fork_height: None, .. })),
        1
    );
    // And a lighter one that deep is nothing but noted.
    let lighter = Chain::new().grow(31, 1).grow(20, 4);
    remote.set(&lighter);
    remote.node.lock().others.push(theirs.clone());
    assert_eq!(bench.client.follow(bench.id(0)).await.unwrap().id, theirs.tip().id);
    assert!(matches!(bench.stand(0), Stand::Forked { .. }));
    assert_eq!(bench.noted(|evidence| matches!(evidence, Evidence::DeepFork { .. })), 1);
}

#[tokio::test]
async fn a_server_that_knows_no_block_of_ours_has_to_prove_its_own() {
    let (ours, theirs) = (Chain::new().grow(30, 1), Chain::new().grow(80, 2));
    let remote = Remote::of(&ours).await;
    let bench = Bench::of(&[&remote]);
    bench.client.sync().await.unwrap();
    // Not even the blocks that are kept: nothing but the genesis is shared.
    remote.set(&theirs);
    bench.at(&theirs);
    assert_eq!(bench.client.follow(bench.id(0)).await.unwrap().id, theirs.tip().id);
    assert_eq!(bench.noted(|evidence| matches!(evidence, Evidence::Reorganised { .. })), 1);
}

#[tokio::test]
async fn alternating_rivals_of_equal_work_change_nothing() {
    let trunk = Chain::new().grow(30, 1);
    let (first, second) = (trunk.clone().grow(1, 2), trunk.grow(1, 3));
    assert_eq!(first.work(), second.work());
    let (one, two) = (Remote::of(&first).await, Remote::of(&second).await);
    let bench = Bench::of(&[&one, &two]);
    bench.client.sync().await.unwrap();
    let chosen = bench.head_id();
    assert_eq!(chosen, Some(first.tip().id));
    for round in 0..6 {
        let (a, b) = if round % 2 == 0 { (&second, &first) } else { (&first, &second) };
        one.set(a);
        two.set(b);
        bench.client.follow_all().await;
        assert_eq!(bench.head_id(), chosen, "round {round}");
    }
    assert!(bench.noted(|evidence| matches!(evidence, Evidence::Fork { .. })) >= 2);
    assert!(bench.client.standing().warnings.contains(&Warning::Disagreement { servers: 1 }));
    // The first that is a block ahead decides.
    two.set(&second.clone().grow(1, 3));
    bench.at(&second.grow(2, 3));
    bench.client.follow_all().await;
    assert_ne!(bench.head_id(), chosen);
}

#[tokio::test]
async fn a_back_dated_rival_of_equal_height_is_heavier_and_waits() {
    let trunk = Chain::new().grow(30, 1);
    let honest = trunk.clone().grow(2, 2);
    let mut rival = trunk;
    rival.mine(2, 3, &[]);
    rival.mine(2, 3, &[]);
    assert!(rival.work() > honest.work());
    let (one, two) = (Remote::of(&honest).await, Remote::of(&honest).await);
    let bench = Bench::of(&[&one, &two]);
    bench.client.sync().await.unwrap();
    two.set(&rival);
    bench.client.follow_all().await;
    assert_eq!(bench.head_id(), Some(honest.tip().id));
    assert_eq!(bench.stand(1), Stand::Forked { fork_height: Height::new(30) });
}

#[tokio::test]
async fn a_stale_tip_is_told_however_many_agree_on_it() {
    let chain = Chain::new().grow(20, 1);
    let remotes = [Remote::of(&chain).await, Remote::of(&chain).await, Remote::of(&chain).await];
    let bench = Bench::of(&[&remotes[0], &remotes[1], &remotes[2]]);
    bench.client.sync().await.unwrap();
    assert_eq!(bench.client.standing().warnings, []);
    // Everybody keeps the new blocks back: that cannot be proven, but it shows.
    bench.clock.fetch_add(61_000, Ordering::SeqCst);
    bench.client.follow_all().await;
    let warnings = bench.client.standing().warnings;
    assert!(matches!(warnings.as_slice(), [Warning::StaleTip { age_ms: 61_500 }]), "{warnings:?}");
    // One that does not is enough.
    let grown = chain.grow(60, 1);
    remotes[2].set(&grown);
    bench.at(&grown);
    bench.client.follow_all().await;
    assert_eq!(bench.head_id(), Some(grown.tip().id));
    assert_eq!(bench.client.standing().warnings, []);
    assert_eq!(bench.stand(0), Stand::Behind { blocks: 60 });
}

#[tokio::test]
async fn a_tip_of_the_future_is_not_taken_until_its_time() {
    let chain = Chain::new().grow(20, 1);
    let mut future = chain.clone().grow(1, 2);
    future.mine(60_000, 2, &[]);
    let (honest, hasty) = (Remote::of(&chain).await, Remote::of(&future).await);
    let bench = Bench::of(&[&honest, &hasty]);
    assert_eq!(
        bench.client.sync().await.unwrap().id,
        future.at(21).id,
        "its blocks of the present are taken"
    );
    assert!(matches!(bench.stand(1), Stand::Ahead { by_ms: 40_000.. }));
    assert!(bench.client.standing().warnings.contains(&Warning::FutureTip { servers: 1 }));
    assert!(
        bench
            .blamed(|evidence| matches!(evidence, Evidence::FutureTip { .. }))
            .iter()
            .all(|url| *url == hasty.url().as_str())
    );
    assert_ne!(bench.health(1), Health::Distrusted, "clocks differ");
    bench.at(&future);
    bench.client.follow_all().await;
    assert_eq!(bench.head_id(), Some(future.tip().id));
    assert_eq!(bench.stand(1), Stand::Agrees);
}

#[tokio::test]
async fn a_slow_clock_is_told_and_nothing_is_believed_by_it() {
    let chain = Chain::new().grow(60, 1);
    let (one, two) = (Remote::of(&chain).await, Remote::of(&chain).await);
    let bench = Bench::of(&[&one, &two]);
    bench.clock.fetch_sub(3_600_000, Ordering::SeqCst);
    let error = bench.client.sync().await.unwrap_err();
    assert!(error.failures.iter().all(|(_, failure)| failure.is_from_the_future()), "{error}");
    assert_eq!(bench.client.head(), None);
    let warnings = bench.client.standing().warnings;
    assert!(
        matches!(warnings.as_slice(), [Warning::SlowClock { by_ms: 3_500_000.. }, Warning::NothingProven]),
        "{warnings:?}"
    );
    bench.at(&chain);
    assert_eq!(bench.client.sync().await.unwrap().id, chain.tip().id);
}

#[tokio::test]
async fn too_little_work_is_no_chain_of_this_network() {
    let chain = Chain::new().grow(20, 1);
    let remote = Remote::of(&chain).await;
    let floor = Work::new(chain.work().get() + 1);
    let bench = Bench::with(&[&remote], |options| options.min_chain_work = floor);
    let error = bench.client.sync().await.unwrap_err();
    assert_eq!(error.failures[0].1, Failure::TooLittleWork { work: chain.work(), floor });
    remote.set(&chain.clone().grow(1, 1));
    bench.at(&chain.grow(1, 1));
    bench.client.sync().await.unwrap();
}

#[tokio::test]
async fn far_behind_a_proof_is_shorter_and_nothing_is_told() {
    // What is kept is so old that no proof shows it: one proof, and the path of the old tip under the new one.
    let old = Chain::new().grow(20, 1);
    let remote = Remote::of(&old).await;
    let bench = Bench::of(&[&remote]);
    bench.client.sync().await.unwrap();
    let grown = old.grow(2_100, 1);
    remote.set(&grown);
    bench.at(&grown);
    // It says that more is to come than is worth following.
    remote.lies(|method, reply| match method {
        "light_headers" => reply.map(|value| value["tip_height"] = 1_000_000.into()),
        _ => reply,
    });
    assert_eq!(bench.client.follow(bench.id(0)).await.unwrap().id, grown.tip().id);
    assert_eq!(bench.noted(|_| true), 0, "the old tip is proven to be below the new one");
    assert_eq!(remote.asked("light_ancestor"), 1);
}

#[tokio::test]
async fn a_server_far_behind_is_told_from_one_on_another_branch() {
    let chain = Chain::new().grow(60, 1);
    let (ahead, behind, apart) = (
        Remote::of(&chain).await,
        Remote::of(&chain.cut(20)).await,
        Remote::of(&chain.cut(19).grow(1, 9)).await,
    );
    let bench = Bench::of(&[&ahead, &behind, &apart]);
    bench.client.sync().await.unwrap();
    assert_eq!(bench.stand(1), Stand::Behind { blocks: 40 });
    assert!(matches!(bench.stand(2), Stand::Forked { .. }));
    assert_eq!(bench.blamed(|_| true), [apart.url().as_str()]);
}
