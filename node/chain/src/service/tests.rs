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
