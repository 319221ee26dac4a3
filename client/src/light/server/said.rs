//! What a server says in words: for a log, never for a screen.

use std::fmt;

use vibecoin_rpc::ApiError;

/// The most characters that are kept.
const CHARS_MAX: usize = 200;

/// Text of a server's, bounded and escaped: printable ASCII, everything else as `\u{…}`. No byte of it can steer a
/// terminal or pass for a letter that it is not.
///
/// Whoever shows it says whose words they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Said(String);

impl Said {
    /// Of a text of any length.
    pub(super) fn new(text: &str) -> Self {
        let mut kept = String::new();
        for (index, char) in text.chars().enumerate() {
            if index == CHARS_MAX {
                kept.push_str("...");
                break;
            }
            match char {
                ' '..='~' => kept.push(char),
                other => kept.extend(other.escape_unicode()),
            }
        }
        Self(kept)
    }

    /// The escaped text.
    #[must_use]
    pub fn escaped(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// A typed refusal with the server's words taken out of it: numbers and amounts stay (as what the server claims),
/// rules stay if they look like one, and free text is replaced.
pub(super) fn in_our_words(refusal: ApiError) -> ApiError {
    const REASON: &str = "its reason is in the log";
    let reason = || REASON.to_owned();
    match refusal {
        ApiError::BadRequest { .. } => ApiError::BadRequest { reason: reason() },
        ApiError::UnknownMethod { .. } => ApiError::UnknownMethod { method: "of that name".to_owned() },
        ApiError::InvalidParams { .. } => ApiError::InvalidParams { reason: reason() },
        ApiError::OverLimit { .. } => ApiError::OverLimit { reason: reason() },
        ApiError::NotFound { what, .. } => ApiError::NotFound { what, key: "asked for".to_owned() },
        ApiError::OtherNetwork { .. } => ApiError::InvalidParams {
            reason: "the server says that the address is of another network".to_owned(),
        },
        ApiError::TxRefused { rule, .. } => ApiError::TxRefused { rule: own_rule(rule), reason: reason() },
        ApiError::InsufficientFunds { rule, needed, available } => {
            ApiError::InsufficientFunds { rule: own_rule(rule), needed, available }
        }
        ApiError::NonceUsed { rule, nonce, expected } => {
            ApiError::NonceUsed { rule: own_rule(rule), nonce, expected }
        }
        ApiError::NonceGap { rule, nonce, expected } => {
            ApiError::NonceGap { rule: own_rule(rule), nonce, expected }
        }
        ApiError::Expired { rule, valid_until, next } => {
            ApiError::Expired { rule: own_rule(rule), valid_until, next }
        }
        ApiError::FeeTooLow { rule, offered, minimum } => {
            ApiError::FeeTooLow { rule: own_rule(rule), offered, minimum }
        }
        ApiError::PoolFull { rule, .. } => ApiError::PoolFull { rule: own_rule(rule), reason: reason() },
        ApiError::BlockRefused { rule, .. } => {
            ApiError::BlockRefused { rule: own_rule(rule), reason: reason() }
        }
        ApiError::NotAvailable { .. } => ApiError::NotAvailable { reason: reason() },
        ApiError::Busy { .. } => ApiError::Busy { reason: reason() },
        ApiError::Storage { damaged, .. } => ApiError::Storage { reason: reason(), damaged },
        ApiError::NoNetwork { .. } => ApiError::NoNetwork { reason: reason() },
        ApiError::AddressRefused { .. } => {
            ApiError::AddressRefused { address: "an address".to_owned(), reason: reason() }
        }
        ApiError::Internal { .. } => ApiError::Internal { reason: reason() },
        plain @ (ApiError::CookieRequired { .. } | ApiError::NotStarted { .. } | ApiError::Stopping) => plain,
        // Made by clients only: no server has a reason to send them.
        ApiError::Unreachable { .. }
        | ApiError::TimedOut { .. }
        | ApiError::Rejected { .. }
        | ApiError::FalseProof { .. }
        | ApiError::Malformed { .. } => {
            ApiError::Malformed { reason: "an error that no server makes".to_owned() }
        }
    }
}

/// A rule's name, such as `TX-5`, if that is what it is.
fn own_rule(rule: String) -> String {
    let looks_like_one = rule.split_once('-').is_some_and(|(group, number)| {
        (2..=8).contains(&group.len())
            && group.bytes().all(|byte| byte.is_ascii_uppercase())
            && (1..=3).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    if looks_like_one { rule } else { "a rule".to_owned() }
}
