use super::*;
use crate::encoding;
use crate::testing::{bytes, cases};

#[test]
fn receipts_follow_the_vectors() {
    let rows = cases("merkle", "receipts");
    assert_eq!(encoding::encode(&Receipt::transfer(21_000)), bytes(&rows[0], "borsh"));
    for row in &rows {
        let raw = bytes(row, "borsh");
        let receipt: Receipt = encoding::decode(&raw).unwrap();
        assert_eq!(encoding::encode(&receipt), raw);
    }
    let created: Receipt = encoding::decode(&bytes(&rows[1], "borsh")).unwrap();
    assert_eq!(created.contract, Some(Address::new([0x11; 20])));
    assert_eq!(created.logs[0].topics.len(), 2);
    assert_eq!(created.logs[0].data, b"hello");
}
