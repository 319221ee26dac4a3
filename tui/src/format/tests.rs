#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;

#[test]
fn amounts_are_grouped() {
    let shown = |beats| amount(Amount::from_beats(beats)).as_str().to_owned();
    assert_eq!(shown(1_204_500_000_000), "1,204.500 000 000");
    assert_eq!(shown(1), "0.000 000 001");
    assert_eq!(amount_brief(Amount::from_beats(1_204_500_000_000)).as_str(), "1,204.500");
    assert_eq!(amount_brief(Amount::from_beats(10_500_000)).as_str(), "0.010 500");
}

#[test]
fn typed_amounts_are_read_or_explained() {
    assert_eq!(parse_amount("1.5").unwrap().beats(), 1_500_000_000);
    assert_eq!(parse_amount("1,204.500 000 001").unwrap().beats(), 1_204_500_000_001);
    assert_eq!(parse_amount(".5").unwrap().beats(), 500_000_000);
    assert_eq!(parse_amount("1,204,000.5").unwrap().beats(), 1_204_000_500_000_000);
    for comma in ["1,5", "1,500", "1.204,50", "12,04.5", "0,000000001"] {
        assert_eq!(parse_amount(comma), Err(TypedAmountError::Comma), "{comma}");
    }
    assert_eq!(parse_amount(" "), Err(TypedAmountError::Empty));
    assert_eq!(parse_amount("1.5.0"), Err(TypedAmountError::Not(AmountError::NotDecimal)));
    assert_eq!(parse_amount("-1"), Err(TypedAmountError::Not(AmountError::NotDecimal)));
    assert_eq!(parse_amount("1e9"), Err(TypedAmountError::Not(AmountError::NotDecimal)));
    assert_eq!(parse_amount("0.0000000001"), Err(TypedAmountError::Not(AmountError::TooFine)));
    assert_eq!(parse_amount("99999999999999999999"), Err(TypedAmountError::Not(AmountError::TooLarge)));
}

#[test]
fn figures_read_well() {
    assert_eq!(count(12_408).as_str(), "12,408");
    assert_eq!(count(999).as_str(), "999");
    assert_eq!(span(252).as_str(), "4 m 12 s");
    assert_eq!(age(10_000, 9_500).as_str(), "now");
    assert_eq!(age(10_000, 70_000).as_str(), "now");
    assert_eq!(hash_rate(12_400_000.0).as_str(), "12.4 MH/s");
    assert_eq!(bytes(158).as_str(), "158 B");
    assert_eq!(fine_millis(0.192).as_str(), "0.19 ms");
    assert_eq!(fine_millis(410.0).as_str(), "410 ms");
    assert_eq!(fine_millis(1_204.0).as_str(), "1.20 s");
    assert_eq!(millis(980).as_str(), "0.98 s");
    assert_eq!(moment(1_796_148_249_000).as_str(), "2026-12-01 18:04:09");
    assert_eq!(moment(0).as_str(), "1970-01-01 00:00:00");
    assert_eq!(moment(951_782_400_000).as_str(), "2000-02-29 00:00:00");
}

proptest! {
    #[test]
    fn what_is_shown_reads_back(beats in any::<u64>()) {
        let a = Amount::from_beats(beats);
        prop_assert_eq!(parse_amount(amount(a).as_str()), Ok(a));
        prop_assert_eq!(parse_amount(amount_brief(a).as_str()), Ok(a));
    }
}
