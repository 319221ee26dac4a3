#![allow(clippy::unwrap_used)]

use vibecoin_crypto::sha256;
use vibecoin_primitives::Amount;

use super::*;
use crate::testing::address;

#[test]
fn typed_values_come_from_their_keys() {
    let (who, slot) = (address(1), sha256(b"slot"));
    let account = Account { nonce: 3, balance: Amount::from_beats(7), ..Account::default() };
    let reward = Reward { height: Height::new(205), beneficiary: who, amount: Amount::from_beats(9) };
    let mut state = BTreeMap::new();
    state.insert(state_key::account(&who), borsh::to_vec(&account).unwrap());
    state.insert(state_key::slot(&who, &slot), vec![4; 32]);
    state.insert(state_key::code(&slot), vec![0x60, 0x00]);
    state.insert(state_key::reward(Height::new(5)), borsh::to_vec(&reward).unwrap());
    let reader: &dyn StateReader = &state;
    assert_eq!(reader.account(&who).unwrap(), account);
    assert!(reader.account(&address(2)).unwrap().is_absent());
    assert_eq!(reader.slot(&who, &slot).unwrap(), Hash::new([4; 32]));
    assert!(reader.slot(&address(2), &slot).unwrap().is_zero());
    assert_eq!(reader.code(&slot).unwrap(), Some(vec![0x60, 0x00]));
    assert_eq!(reader.reward(Height::new(105)).unwrap(), Some(reward), "the ring has a hundred places");
    assert_eq!(reader.reward(Height::new(6)).unwrap(), None);
    state.insert(state_key::account(&who), vec![0; 5]);
    assert!(matches!(state.account(&who), Err(StoreError::Undecodable { column: Column::StateNodes, .. })));
}
