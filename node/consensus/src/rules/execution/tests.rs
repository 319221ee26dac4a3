use vibecoin_primitives::Address;

use super::*;

#[test]
fn the_outcome_is_compared_in_order() {
    let one = Hash::new([1; 32]);
    let content = Content {
        parent_id: Hash::ZERO,
        state_root: one,
        tx_root: Hash::ZERO,
        receipts_root: one,
        poh_root: Hash::ZERO,
        poh_hash: Hash::ZERO,
        beneficiary: Address::ZERO,
        gas_used: 5,
        tx_count: 0,
    };
    let right = Outcome { gas_used: 5, receipts_root: one, state_root: one };
    assert_eq!(check_outcome(&content, &right), Ok(()));
    let rule = |outcome: Outcome| check_outcome(&content, &outcome).map_err(|error| error.rule());
    let state = Outcome { state_root: Hash::ZERO, ..right };
    assert_eq!(rule(state), Err("EXE-8"));
    let receipts = Outcome { receipts_root: Hash::ZERO, ..state };
    assert_eq!(rule(receipts), Err("EXE-7"));
    assert_eq!(rule(Outcome { gas_used: 4, ..receipts }), Err("EXE-6"));
}
