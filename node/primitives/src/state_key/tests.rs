use super::*;
use crate::testing::{address, bytes, hash, number, vectors};
use crate::{Account, Amount, Reward, encoding};

#[test]
fn keys_and_values_follow_the_vectors() {
    let file = vectors("state");
    let keys = &file["keys"];
    let owner = address(keys, "address");
    assert_eq!(account(&owner), hash(keys, "account"));
    assert_eq!(slot(&owner, &hash(keys, "slot")), hash(keys, "slot_key"));
    assert_eq!(code(&hash(keys, "code_hash")), hash(keys, "code_key"));
    assert_eq!(reward(Height::new(number(keys, "reward_height"))), hash(keys, "reward_key"));

    let row = &file["account"];
    let value = Account {
        nonce: number(row, "nonce"),
        balance: Amount::from_beats(number(row, "balance")),
        code_hash: hash(row, "code_hash"),
        activity_count: number(row, "activity_count"),
        activity_head: hash(row, "activity_head"),
        activity_height: Height::new(number(row, "activity_height")),
    };
    assert_eq!(encoding::encode(&value), bytes(row, "borsh"));

    let row = &file["reward"];
    let value = Reward {
        height: Height::new(number(row, "height")),
        beneficiary: address(row, "beneficiary"),
        amount: Amount::from_beats(number(row, "amount")),
    };
    assert_eq!(encoding::encode(&value), bytes(row, "borsh"));
}
