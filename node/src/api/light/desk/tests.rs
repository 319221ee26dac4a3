#![allow(clippy::unwrap_used)]

use futures_util::FutureExt;

use super::*;

#[tokio::test]
async fn so_many_work_so_many_wait_and_the_rest_comes_again() {
    let desk = ProofDesk::new();
    let mut working = vec![desk.turn().await.unwrap(), desk.turn().await.unwrap()];
    let mut waiting: Vec<_> = (AT_ONCE..SEATS).map(|_| Box::pin(desk.turn())).collect();
    assert!(waiting.iter_mut().all(|turn| turn.now_or_never().is_none()));
    assert!(matches!(desk.turn().await, Err(ApiError::Busy { .. })));

    // Who goes away makes room for another who waits; who is done, for the one who waits longest.
    waiting.pop();
    assert!(desk.turn().now_or_never().is_none());
    working.pop();
    assert!(waiting[1].as_mut().now_or_never().is_none());
    assert!(waiting[0].as_mut().now_or_never().unwrap().is_ok());
}
