use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use vibecoin_primitives::{Address, Network};
use vibecoin_storage::{Batch, Durability, KeyValueRead, KeyValueStore, MemoryStore, Scan};
use vibecoin_storage::{Column, kv::Rows};

use super::*;
use crate::production::Template;
use crate::{Policy, Verdict};

/// A store whose writes fail from the n-th on, as on a full disk.
struct Failing {
    inner: MemoryStore,
    writes_left: AtomicI64,
}

impl KeyValueRead for Failing {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.get(column, key)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        self.inner.iterate(column, scan)
    }
}

impl KeyValueStore for Failing {
    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        if self.writes_left.fetch_sub(1, Relaxed) <= 0 {
            return Err(StoreError::DiskFull { detail: "test".to_owned() });
        }
        self.inner.write(batch, durability)
    }

    fn snapshot(&self) -> Arc<dyn KeyValueRead> {
        self.inner.snapshot()
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.inner.flush()
    }
}

fn next_block(reader: &ChainReader) -> Block {
    let view = reader.view().unwrap();
    let template = Template::build(reader, &view, Address::ZERO, [], SystemClock.now()).unwrap();
    let nonce = template.search(1, &false.into(), &0.into()).unwrap().unwrap();
    template.into_block(nonce)
}

fn start(writes: i64) -> (ChainHandle, JoinHandle<Result<(), StoreError>>) {
    let store = Failing { inner: MemoryStore::default(), writes_left: writes.into() };
    let chain = Chain::open(Arc::new(store), Network::Devnet.spec(), Policy::NODE).unwrap();
    spawn(chain, Arc::new(SystemClock)).unwrap()
}

#[tokio::test]
async fn blocks_are_announced_when_they_are_committed() {
    let (handle, thread) = start(i64::MAX);
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
    // The genesis and one block.
    let (handle, thread) = start(2);
    handle.import(next_block(handle.reader())).await.unwrap();
    let tip = handle.reader().tip().id();
    let error = handle.import(next_block(handle.reader())).await.unwrap_err();
    assert!(matches!(error, ServiceError::Store(StoreError::DiskFull { .. })), "{error}");
    assert!(matches!(thread.join().unwrap(), Err(StoreError::DiskFull { .. })));
    assert_eq!(handle.reader().tip().id(), tip);
}
