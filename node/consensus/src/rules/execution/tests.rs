use vibecoin_primitives::Address;

use super::*;

fn body(nonce: u64, value: u64) -> TransactionBody {
    TransactionBody {
        version: 1,
        chain_id: 1,
        nonce,
        valid_until: 0,
        gas_limit: 21_000,
        gas_price: 2,
        to: Some(Address::ZERO),
        value: Amount::from_beats(value),
        data: Vec::new(),
        public_key: vibecoin_crypto::PublicKey([0; 32]),
    }
}

#[test]
fn the_sender_pays_value_and_the_greatest_fee() {
    let account = Account { nonce: 3, balance: Amount::from_beats(42_010), ..Account::default() };
    assert_eq!(check_sender(&account, &body(3, 10)), Ok(()));
    let short = check_sender(&account, &body(3, 11)).map_err(|error| error.rule());
    assert_eq!(short, Err("EXE-3"));
    // The nonce is asked first, and before it whether the sender is a contract.
    let wrong = check_sender(&account, &body(4, 11));
    assert_eq!(wrong, Err(AccountError::Nonce { found: 4, expected: 3 }));
    let contract = Account { code_hash: Hash::new([1; 32]), ..account };
    assert_eq!(check_sender(&contract, &body(4, 11)), Err(AccountError::SenderHasCode));
}

#[test]
fn a_cost_beyond_all_amounts_is_covered_by_no_balance() {
    let account = Account { balance: Amount::from_beats(u64::MAX - 1), ..Account::default() };
    assert!(matches!(check_sender(&account, &body(0, u64::MAX)), Err(AccountError::Balance { .. })));
}

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
