//! The client at work by itself: it follows, and goes on when a server dies.

use tokio::time::timeout;

use super::*;

/// No test waits longer.
const PATIENCE: Duration = Duration::from_secs(60);

async fn until(bench: &Bench, id: Hash) {
    let mut heads = bench.client.heads();
    let reached = heads.wait_for(|head| head.is_some_and(|head| head.id == id));
    timeout(PATIENCE, reached).await.expect("a bounded time").unwrap();
}

#[tokio::test]
async fn a_client_at_work_follows_and_outlives_its_servers() {
    let chain = Chain::new().grow(20, 1);
    let (first, second) = (Remote::of(&chain).await, Remote::of(&chain).await);
    let bench = Bench::of(&[&first, &second]);
    let running = tokio::spawn(Arc::clone(&bench.client).run());
    until(&bench, chain.tip().id).await;
    let grown = chain.grow(2, 1);
    [&first, &second].iter().for_each(|remote| remote.set(&grown));
    bench.at(&grown);
    until(&bench, grown.tip().id).await;

    drop(first);
    let later = grown.grow(1, 1);
    second.set(&later);
    bench.at(&later);
    until(&bench, later.tip().id).await;
    assert!(second.asked("light_prove") <= 1, "nothing is proven twice");
    running.abort();
}

#[tokio::test]
async fn a_client_at_work_waits_for_servers_that_are_not_there_yet() {
    let chain = Chain::new().grow(20, 1);
    let remote = Remote::of(&chain).await;
    let bench = Bench::of(&[&remote]);
    // Nobody proves anything at first.
    remote.lies(|_, _| Reply::Refuses(vibecoin_rpc::ApiError::Stopping));
    let running = tokio::spawn(Arc::clone(&bench.client).run());
    let waiting = async {
        while remote.asked("light_tip") < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("a bounded time");
    assert_eq!(bench.client.head(), None);
    remote.is_honest_again();
    until(&bench, chain.tip().id).await;
    running.abort();
}
