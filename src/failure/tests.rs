use vibecoin_primitives::Amount;
use vibecoin_rpc::Subject;

use super::*;

fn code(failure: impl Into<Failure>) -> i32 {
    failure.into().exit() as i32
}

#[test]
fn every_kind_of_failure_ends_with_its_code() {
    let needed = Amount::from_beats(2);
    let (fee, available, maturing) = (Amount::ZERO, Amount::ZERO, Amount::ZERO);
    assert_eq!(code(Failure::Wrong("it differs".to_owned())), 1);
    assert_eq!(code(Failure::Usage("what?".to_owned())), 2);
    assert_eq!(code(AddressFailure::another()), 2);
    assert_eq!(code(ApiError::not_found(Subject::Block, 7)), 3);
    assert_eq!(code(WalletsError::None), 3);
    assert_eq!(code(ApiError::Unreachable { url: String::new(), reason: String::new() }), 4);
    assert_eq!(code(Failure::NoNode { network: String::new(), directory: PathBuf::new() }), 4);
    assert_eq!(code(KeystoreError::WrongPassword), 6);
    assert_eq!(code(Failure::NoTerminal { what: "the password", flag: "--password-file" }), 6);
    assert_eq!(code(PaymentError::InsufficientFunds { needed, fee, available, maturing }), 7);
    assert_eq!(code(ApiError::InsufficientFunds { rule: "POOL-1".to_owned(), needed, available }), 7);
    assert_eq!(code(ApiError::FeeTooLow { rule: "POOL-2".to_owned(), offered: 1, minimum: 2 }), 8);
    assert_eq!(code(Failure::Interrupted), 130);
}

struct AddressFailure;

impl AddressFailure {
    fn another() -> Failure {
        let source = AddressError::AnotherNetwork { found: "vibe".to_owned(), expected: "dvibe".to_owned() };
        Failure::Address { text: "vibe1".to_owned(), source }
    }
}

#[test]
fn a_refusal_names_its_rule() {
    let refused =
        Failure::from(ApiError::TxRefused { rule: "TX-5".to_owned(), reason: "too long".to_owned() });
    assert_eq!(refused.rule(), Some("TX-5"));
    assert!(refused.to_string().contains("TX-5"));
}

#[test]
fn a_damaged_keystore_is_not_a_wrong_password() {
    assert_ne!(code(KeystoreError::Damaged), code(KeystoreError::WrongPassword));
}
