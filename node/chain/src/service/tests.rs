use std::sync::Arc;

use vibecoin_primitives::{Address, Network};
use vibecoin_storage::MemoryStore;
use vibecoin_storage::kv::{Fault, FaultyStore};

use super::*;
use crate::production::Template;
use crate::{Policy, Verdict};

fn next_block(reader: &ChainReader) -> Block {
    let view = reader.view().unwrap();
    let template = Template::build(reader, &view, Address::ZERO, [], SystemClock.now()).unwrap();
    let nonce = template.search(1, &false.into(), &0.into()).unwrap().unwrap();
    template.into_block(nonce)
}

fn start(store: FaultyStore) -> (ChainHandle, JoinHandle<Result<(), StoreError>>) {
    let chain = Chain::open(Arc::new(store), Network::Devnet.spec(), Policy::NODE).unwrap();
    spawn(chain, Arc::new(SystemClock)).unwrap()
}

#[tokio::test]
async fn blocks_are_announced_when_they_are_committed() {
    let (handle, thread) = start(FaultyStore::new(Arc::new(MemoryStore::new())));
    let mut changes = handle.changes();
    for height in 1..=3 {
        let report = handle.import(next_block(handle.reader())).await.unwrap();
        assert!(matches!(report.verdict, Verdict::Extended));
        let change = changes.recv().await.unwrap();
        assert_eq!(change.tip.height().get(), height);
        assert_eq!(handle.reader().tip().id(), change.tip.id());
    }
    handle.stop().await;
    thread.join().unwrap().unwrap();
    let block = next_block(handle.reader());
    assert!(matches!(handle.import(block).await, Err(ServiceError::Stopped)));
}

#[tokio::test]
async fn a_full_disk_stops_the_writer_and_nothing_more_is_acknowledged() {
    // After the genesis and one block.
    let error = StoreError::DiskFull { detail: "test".to_owned() };
    let fault = Fault::WriteFails { nth: 2, error };
    let (handle, thread) = start(FaultyStore::with(Arc::new(MemoryStore::new()), fault));
    handle.import(next_block(handle.reader())).await.unwrap();
    let tip = handle.reader().tip().id();
    let error = handle.import(next_block(handle.reader())).await.unwrap_err();
    assert!(matches!(error, ServiceError::Store(StoreError::DiskFull { .. })), "{error}");
    assert!(matches!(thread.join().unwrap(), Err(StoreError::DiskFull { .. })));
    assert_eq!(handle.reader().tip().id(), tip);
}

/// Whole blocks, and a state with its history, through the handle.
#[tokio::test]
async fn a_state_and_its_history_come_through_the_handle() {
    use crate::engine::lab::{LATE, Maker, deliver, open, pairs, rich_spec};
    use crate::{StateStep, Verdict};

    let spec = rich_spec();
    let policy = Policy { pivot_depth: 5, state_window: None, ..Policy::NODE };
    let mut maker = Maker::new(&spec, 1);
    maker.trade(40, 2);
    let mut served = open(&spec, policy);
    deliver(&mut served, &maker.blocks);
    let (chain, headers) = (open(&spec, policy), pairs(&maker.blocks));
    struct Late;
    impl Clock for Late {
        fn now(&self) -> Timestamp {
            LATE
        }
    }
    let (handle, thread) = spawn(chain, Arc::new(Late)).unwrap();
    let mut changes = handle.changes();
    assert_eq!(handle.choose_pivot().await.unwrap(), None, "no headers are known");
    handle.import_headers(headers).await.unwrap();
    let staged = handle.choose_pivot().await.unwrap().unwrap();
    assert_eq!(staged.height.get(), 35);
    while let Some(wanted) = handle.reader().view().unwrap().state_wanted().unwrap() {
        let range = wanted.missing[0];
        let state = served.reader().view().unwrap().state_at(staged.height).unwrap().unwrap();
        let chunk = state.chunk(&range.start, &range.end, 5_000).unwrap();
        let chunk = chunk.verify(&staged.root, &range.start, &range.end).unwrap();
        let report = handle.import_state_chunk(chunk).await.unwrap();
        assert!([StateStep::Staged, StateStep::Adopted].contains(&report.step));
    }
    let jump = changes.recv().await.unwrap();
    assert!(jump.is_jump() && jump.tip.height().get() == 35);

    let above = maker.blocks[35..].iter().map(|block| (Source::Peer(1), block.clone())).collect();
    let reports = handle.import_run(above).await.unwrap();
    assert!(reports.iter().all(|report| matches!(report.verdict, Verdict::Extended)));
    assert_eq!(changes.recv().await.unwrap().connected.len(), 5);
    let below = maker.blocks[..35].iter().map(|block| (Source::Peer(2), block.clone())).collect();
    handle.import_run(below).await.unwrap();
    assert_eq!(handle.replay_history(10).await.unwrap().replayed.get(), 10);
    assert!(handle.replay_history(100).await.unwrap().missing_below.is_none());
    assert!(handle.reader().view().unwrap().wanted_history(1).unwrap().is_none());
    handle.stop().await;
    thread.join().unwrap().unwrap();
}
