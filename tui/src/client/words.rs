//! The client's errors, in words for the person in front of the screen.

use vibecoin_client::WalletError;
use vibecoin_client::api::ApiError;
use vibecoin_client::keystore::KeystoreError;
use vibecoin_client::payment::PaymentError;
use vibecoin_client::wallets::WalletsError;
use vibecoin_primitives::AddressError;

use crate::model::{Failure, FormField};
use crate::safe::SafeText;

/// What went wrong, what to do about it, and with which field.
pub(super) fn failure(error: &WalletError) -> Failure {
    let mut failure = Failure::new(&in_short(error));
    failure.field = field(error);
    failure.help = help(error).map(Into::into);
    failure
}

/// The error in its own words, or in fewer where those are too many for the two lines below a field: every amount
/// has to stay readable.
fn in_short(error: &WalletError) -> String {
    let WalletError::Payment(PaymentError::InsufficientFunds { needed, available, maturing, .. }) = error
    else {
        return error.to_string();
    };
    let waiting = if maturing.is_zero() { String::new() } else { format!(", {maturing} maturing") };
    format!("not enough money: {needed} VIBE needed with the fee, {available} spendable{waiting}")
}

fn field(error: &WalletError) -> Option<FormField> {
    match error {
        WalletError::Payment(error) => match error {
            PaymentError::InsufficientFunds { .. } | PaymentError::NothingToSend => Some(FormField::Amount),
            PaymentError::PriceTooHigh(_) | PaymentError::PriceTooLow { .. } => Some(FormField::Fee),
            PaymentError::MemoTooLong(_) => Some(FormField::Memo),
            _ => None,
        },
        WalletError::Wallets(WalletsError::Name(_) | WalletsError::Taken(_)) => Some(FormField::Name),
        WalletError::Keystore(KeystoreError::WrongPassword) => Some(FormField::Password),
        WalletError::Mnemonic(_) => Some(FormField::Words),
        WalletError::Api(ApiError::OtherNetwork { .. }) => Some(FormField::Address),
        WalletError::Api(ApiError::FeeTooLow { .. }) => Some(FormField::Fee),
        _ => None,
    }
}

fn help(error: &WalletError) -> Option<&'static str> {
    match error {
        WalletError::Locked => Some("^L locks and asks for the password again"),
        WalletError::Api(error) if error.is_unreachable() => {
            Some("the node does not answer; it is tried again")
        }
        WalletError::Api(ApiError::CookieRequired { .. }) => Some("this program only looks at that node"),
        WalletError::Keystore(KeystoreError::WrongPassword) => {
            Some("mind capital letters and the layout of the keyboard; F2 shows what is typed")
        }
        _ => None,
    }
}

/// An address that was looked at before, so that this is said only when something is odd.
pub(super) fn address(error: AddressError) -> WalletError {
    let reason = SafeText::new(&error.to_string()).to_string();
    WalletError::Api(ApiError::InvalidParams { reason })
}
