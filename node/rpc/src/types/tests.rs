#![allow(clippy::unwrap_used)]

use serde_json::json;
use vibecoin_crypto::Hash;
use vibecoin_primitives::activity::REWARD_INDEX;
use vibecoin_primitives::{Address, AddressPrefix, Amount, Entry, EntryKind, Height, Work};

use super::*;
use crate::error::ApiError;

#[test]
fn a_block_is_named_by_number_digits_or_id() {
    let read = |value| serde_json::from_value::<BlockRef>(value);
    assert_eq!(read(json!(12)).unwrap(), BlockRef::Height(Height::new(12)));
    assert_eq!(read(json!("12")).unwrap(), BlockRef::Height(Height::new(12)));
    let id = "ab".repeat(32);
    assert_eq!(read(json!(id)).unwrap(), BlockRef::Id(id.parse().unwrap()));
    // Sixty-four digits are an id, however they look.
    assert!(matches!(read(json!("1".repeat(64))).unwrap(), BlockRef::Id(_)));
    for wrong in
        [json!(-1), json!(1.5), json!(""), json!("+1"), json!("0x10"), json!("g".repeat(64)), json!(null)]
    {
        assert!(read(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn work_and_bits_are_text() {
    let work = WorkText(Work::new(u128::MAX));
    assert_eq!(serde_json::to_value(work).unwrap(), json!(u128::MAX.to_string()));
    assert_eq!(serde_json::from_value::<WorkText>(json!(u128::MAX.to_string())).unwrap(), work);
    assert!(serde_json::from_value::<BitsText>(json!("1d00ffff")).is_err());
    assert_eq!(serde_json::from_value::<BitsText>(json!("0x1d00ffff")).unwrap().to_string(), "0x1d00ffff");
}

#[test]
fn an_address_of_another_network_says_so() {
    let address = Address::new([7; 20]);
    let text = AddressText::new(&address, AddressPrefix::TESTNET);
    assert_eq!(text.decode(AddressPrefix::TESTNET).unwrap(), address);
    let error = text.decode(AddressPrefix::DEVNET).unwrap_err();
    assert_eq!(error, ApiError::OtherNetwork { found: "tvibe".to_owned(), expected: "dvibe".to_owned() });
    let wrong = AddressText::from("dvibe1x".to_owned()).decode(AddressPrefix::DEVNET);
    assert!(matches!(wrong, Err(ApiError::InvalidParams { .. })));
}

#[test]
fn entries_come_back_as_they_were_hashed() {
    let prefix = AddressPrefix::DEVNET;
    let sent = Entry {
        index: 3,
        height: Height::new(9),
        tx_index: 0,
        kind: EntryKind::Sent,
        counterparty: Address::new([1; 20]),
        amount: Amount::from_beats(5),
        fee: Amount::from_beats(336_000),
        txid: Hash::new([9; 32]),
    };
    let reward = Entry {
        tx_index: REWARD_INDEX,
        kind: EntryKind::MinedReward,
        counterparty: Address::ZERO,
        txid: Hash::ZERO,
        ..sent
    };
    // A transaction, too, may name the address of zeros.
    let burned = Entry { counterparty: Address::ZERO, ..sent };
    for entry in [sent, reward, burned] {
        let info = EntryInfo::new(&entry, prefix, None, None);
        assert_eq!(info.counterparty.is_none(), entry.kind == EntryKind::MinedReward);
        let text = serde_json::to_string(&info).unwrap();
        let read: EntryInfo = serde_json::from_str(&text).unwrap();
        assert_eq!(read.to_entry(prefix).unwrap(), entry);
    }
}
