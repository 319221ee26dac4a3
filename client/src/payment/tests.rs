#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use vibecoin_crypto::SecretKey;

use super::*;

const PRICES: FeePrices = FeePrices { blocks_1: 40, blocks_3: 20, blocks_10: 16, minimum: 16 };

fn key() -> SecretKey {
    SecretKey::from_bytes(&[7; 32])
}

fn account() -> AccountInfo {
    let public_key = key().public_key();
    let address = Address::of(&public_key);
    AccountInfo { index: 3, address, public_key: Some(public_key), label: String::new() }
}

fn beats(beats: u64) -> Amount {
    Amount::from_beats(beats)
}

fn standing(account: &AccountInfo, spendable: u64) -> Standing<'_> {
    Standing {
        chain_id: 84_232,
        account,
        spendable: beats(spendable),
        maturing: beats(5),
        nonce: 9,
        tip: Height::new(1_000),
        prices: PRICES,
    }
}

fn request(amount: AmountChoice) -> PaymentRequest {
    PaymentRequest::new(3, Address::new([1; 20]), amount)
}

#[test]
fn a_review_says_what_the_body_does() {
    let account = account();
    let mut request = request(AmountChoice::Exact(beats(1_500_000_000)));
    request.memo = b"rent".to_vec();
    let review = plan(&request, &standing(&account, 2_000_000_000)).unwrap();
    let fee = (21_000 + 4 * 16) * 20;
    assert_eq!((review.amount, review.fee), (beats(1_500_000_000), beats(fee)));
    assert_eq!(review.total, beats(1_500_000_000 + fee));
    assert_eq!(review.spendable_after, beats(500_000_000 - fee));
    assert_eq!((review.from, review.to, review.account), (account.address, Address::new([1; 20]), 3));
    assert_eq!((review.nonce, review.valid_until), (9, Some(Height::new(1_720))));
    assert_eq!(review.memo_text(), Some("rent"));
    assert!(review.warnings.is_empty());
    let body = review.body();
    assert_eq!(body.max_cost(), Some(review.total));
    assert_eq!((body.chain_id, body.gas_limit, body.data.as_slice()), (84_232, 21_064, b"rent".as_slice()));
    request.valid_for = 0;
    assert_eq!(plan(&request, &standing(&account, 2_000_000_000)).unwrap().valid_until, None);
}

#[test]
fn too_little_money_is_told_with_the_amounts() {
    let account = account();
    let error =
        plan(&request(AmountChoice::Exact(beats(1_000_000))), &standing(&account, 1_000_000)).unwrap_err();
    let (needed, fee) = (beats(1_420_000), beats(420_000));
    let expected =
        PaymentError::InsufficientFunds { needed, fee, available: beats(1_000_000), maturing: beats(5) };
    assert_eq!(error, expected);
    assert_eq!(
        error.to_string(),
        "not enough money: 0.00142 VIBE needed (the fee of 0.00042 included), 0.001 VIBE available, \
         0.000000005 VIBE more are maturing"
    );
    let huge = plan(&request(AmountChoice::Exact(Amount::MAX)), &standing(&account, u64::MAX)).unwrap_err();
    assert!(matches!(huge, PaymentError::InsufficientFunds { .. }));
    let nothing = plan(&request(AmountChoice::Max), &standing(&account, 420_000)).unwrap_err();
    assert!(matches!(nothing, PaymentError::InsufficientFunds { needed, .. } if needed == beats(420_001)));
}

#[test]
fn what_makes_no_payment_is_refused() {
    let account = account();
    let rich = standing(&account, 10_000_000_000);
    let mut wish = request(AmountChoice::Exact(Amount::ZERO));
    assert_eq!(plan(&wish, &rich), Err(PaymentError::NothingToSend));
    wish.memo = vec![0; MEMO_BYTES_MAX];
    assert!(plan(&wish, &rich).is_ok());
    wish.memo.push(0);
    assert_eq!(plan(&wish, &rich), Err(PaymentError::MemoTooLong(MEMO_BYTES_MAX + 1)));
    let mut wish = request(AmountChoice::Exact(beats(1)));
    wish.fee = FeeChoice::Price(15);
    assert_eq!(plan(&wish, &rich), Err(PaymentError::PriceTooLow { offered: 15, minimum: 16 }));
    wish.fee = FeeChoice::Price(u64::MAX);
    assert_eq!(plan(&wish, &rich), Err(PaymentError::PriceTooHigh(u64::MAX)));
    let unknown = AccountInfo { public_key: None, ..account.clone() };
    let wish = request(AmountChoice::Exact(beats(1)));
    assert_eq!(plan(&wish, &standing(&unknown, 1_000_000)), Err(PaymentError::NoPublicKey));
}

#[test]
fn what_is_odd_is_warned_of() {
    let account = account();
    let rich = standing(&account, 10_000_000_000);
    let mut wish = request(AmountChoice::Exact(beats(20 * 420_000)));
    assert!(plan(&wish, &rich).unwrap().warnings.is_empty());
    wish.amount = AmountChoice::Exact(beats(20 * 420_000 - 1));
    assert_eq!(plan(&wish, &rich).unwrap().warnings, [Warning::HighFee]);
    wish = PaymentRequest::new(3, account.address, AmountChoice::Exact(beats(1_000_000_000)));
    assert_eq!(plan(&wish, &rich).unwrap().warnings, [Warning::ToItself]);
}

#[test]
fn replacements_pay_a_tenth_more() {
    for (price, minimum) in
        [(1, 2), (9, 10), (10, 11), (16, 18), (20, 22), (21, 24), (100, 110), (u64::MAX, u64::MAX)]
    {
        assert_eq!(replacement_minimum(price), minimum, "{price}");
    }
    let account = account();
    let rich = standing(&account, 10_000_000_000);
    let mut wish = request(AmountChoice::Exact(beats(1_000_000_000)));
    wish.memo = b"rent".to_vec();
    let old = plan(&wish, &rich).unwrap().body.sign(&key());
    let faster = speed_up(&old, FeeChoice::Low, &rich).unwrap();
    assert_eq!(faster.purpose, Purpose::SpeedUp { of: old.id() });
    assert_eq!((faster.gas_price, faster.nonce, faster.amount), (22, 9, beats(1_000_000_000)));
    assert_eq!((faster.to, faster.memo.as_slice()), (wish.to, b"rent".as_slice()));
    assert_eq!(speed_up(&old, FeeChoice::High, &rich).unwrap().gas_price, 40);
    let too_little = PaymentError::PriceTooLow { offered: 21, minimum: 22 };
    assert_eq!(speed_up(&old, FeeChoice::Price(21), &rich), Err(too_little));
    let nothing = cancel(&old, FeeChoice::Low, &rich).unwrap();
    assert_eq!(nothing.purpose, Purpose::Cancel { of: old.id() });
    assert_eq!((nothing.to, nothing.amount, nothing.nonce), (account.address, Amount::ZERO, 9));
    assert_eq!((nothing.body.gas_limit, nothing.gas_price), (21_000, 22));
    assert!(nothing.memo.is_empty() && nothing.warnings.is_empty());
}

#[test]
fn a_replacement_may_use_what_the_replaced_one_sets_aside() {
    let account = account();
    let before = standing(&account, 1_000_000_000);
    let old = plan(&request(AmountChoice::Max), &before).unwrap();
    assert_eq!(old.spendable_after, Amount::ZERO);
    let old = old.body.sign(&key());
    let empty = standing(&account, 0);
    let nothing = cancel(&old, FeeChoice::Low, &empty).unwrap();
    assert_eq!(nothing.spendable_after, beats(1_000_000_000 - 21_000 * 22));
    // The same amount for more is more than there is.
    assert!(matches!(speed_up(&old, FeeChoice::Low, &empty), Err(PaymentError::InsufficientFunds { .. })));
}

#[test]
fn fees_are_read() {
    for (text, choice) in [
        ("low", FeeChoice::Low),
        ("normal", FeeChoice::Normal),
        ("high", FeeChoice::High),
        ("17", FeeChoice::Price(17)),
    ] {
        assert_eq!(text.parse(), Ok(choice));
        assert_eq!(choice.to_string(), text);
    }
    for text in ["", "Low", "-1", "+1", "1.5", "99999999999999999999"] {
        assert_eq!(text.parse::<FeeChoice>(), Err(FeeChoiceError), "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_beat_is_lost(
        spendable: u64,
        amount: u64,
        price in 16_u64..1_000_000,
        memo in proptest::collection::vec(any::<u8>(), 0..40),
        all: bool,
    ) {
        let account = account();
        let choice = if all { AmountChoice::Max } else { AmountChoice::Exact(beats(amount)) };
        let wish = PaymentRequest { fee: FeeChoice::Price(price), memo, ..request(choice) };
        let standing = standing(&account, spendable);
        match plan(&wish, &standing) {
            Ok(review) => {
                let out = u128::from(review.amount.beats()) + u128::from(review.fee.beats());
                prop_assert_eq!(out, u128::from(review.total.beats()));
                prop_assert_eq!(out + u128::from(review.spendable_after.beats()), u128::from(spendable));
                prop_assert_eq!(review.body().max_cost(), Some(review.total));
                prop_assert_eq!(review.body().gas_limit, review.body().intrinsic_gas());
                prop_assert!(!all || review.spendable_after.is_zero());
            }
            Err(PaymentError::InsufficientFunds { needed, available, .. }) => prop_assert!(needed > available),
            Err(PaymentError::NothingToSend) => prop_assert_eq!(amount, 0),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
