use proptest::prelude::*;

use super::*;
use crate::testing::{cases, number, text};

#[test]
fn text_follows_the_vectors() {
    for case in cases("units", "cases") {
        let read = text(&case, "text").parse::<Amount>();
        if case["error"].is_null() {
            let amount = read.unwrap();
            assert_eq!(amount.beats(), number(&case, "beats"));
            assert_eq!(amount.to_string(), text(&case, "shown"));
        } else {
            let expected = match text(&case, "error") {
                "more than nine decimals" => AmountError::TooFine,
                "above u64" => AmountError::TooLarge,
                _ => AmountError::NotDecimal,
            };
            assert_eq!(read, Err(expected), "{case}");
        }
    }
}

proptest! {
    #[test]
    fn what_is_shown_reads_back(beats: u64) {
        let amount = Amount::from_beats(beats);
        prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        let json = serde_json::to_string(&amount).unwrap();
        prop_assert_eq!(&json, &format!("\"{beats}\""));
        prop_assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
    }
}

#[test]
fn json_amounts_are_strings_of_digits() {
    for bad in ["1", "\"\"", "\"+1\"", "\"1.5\"", "\"18446744073709551616\""] {
        assert!(serde_json::from_str::<Amount>(bad).is_err(), "{bad}");
    }
}
