//! Payment URIs: `vibe:ADDRESS?amount=1.5&memo=…&label=…`, as QR codes and links carry them.
//!
//! The scheme is `vibe` on every network; the address says which network it is. The rules are those of BIP-21:
//! a parameter that is not known is ignored, unless its name starts with `req-`, which asks to be understood.

use std::fmt;

use vibecoin_primitives::{Address, AddressError, AddressPrefix, Amount, AmountError};

use crate::payment::MEMO_BYTES_MAX;

/// What a payment URI starts with, before its colon.
pub const SCHEME: &str = "vibe";

/// A payment URI has at most this many bytes: more fits no QR code.
const URI_BYTES_MAX: usize = 8_192;
/// A label has at most this many characters.
const LABEL_CHARS_MAX: usize = 80;

/// Why a text is no payment URI of this network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// It does not start with `vibe:`.
    #[error("not a payment link: one starts with \"vibe:\"")]
    Scheme,
    /// The address is none, or another network's.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The amount is none.
    #[error("the amount of the payment link: {0}")]
    Amount(#[from] AmountError),
    /// A `%` without two hexadecimal digits, or bytes that are no text.
    #[error("the payment link has a damaged \"%\" sequence")]
    Escape,
    /// A parameter comes twice, so it is not clear what is meant.
    #[error("the payment link says \"{0}\" twice")]
    Twice(String),
    /// A parameter that must be understood, and is not.
    #[error("the payment link asks for \"{0}\", which this wallet does not know")]
    Required(String),
    /// More than can be meant.
    #[error("the payment link is too long")]
    TooLong,
}

/// What a payment URI asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentUri {
    /// Who is to be paid.
    pub address: Address,
    /// How much, if it says so.
    pub amount: Option<Amount>,
    /// What to write with the payment, into the chain.
    pub memo: Option<String>,
    /// Who asks, in their own words; shown here only.
    pub label: Option<String>,
}

impl PaymentUri {
    /// Asks for nothing but an address.
    #[must_use]
    pub const fn new(address: Address) -> Self {
        Self { address, amount: None, memo: None, label: None }
    }

    /// The text, on a network.
    #[must_use]
    pub fn encode(&self, prefix: AddressPrefix) -> String {
        let mut text = format!("{SCHEME}:{}", self.address.encode(prefix));
        let mut separator = '?';
        let mut add = |name: &str, value: &str| {
            text.push(separator);
            separator = '&';
            text.push_str(name);
            text.push('=');
            escape(value, &mut text);
        };
        if let Some(amount) = self.amount {
            add("amount", &amount.to_string());
        }
        if let Some(memo) = &self.memo {
            add("memo", memo);
        }
        if let Some(label) = &self.label {
            add("label", label);
        }
        text
    }

    /// Reads a URI. A bare address is one too, so that a pasted address can be taken in the same place.
    ///
    /// # Errors
    /// [`UriError`]; the address of another network is [`AddressError::AnotherNetwork`].
    pub fn parse(text: &str, prefix: AddressPrefix) -> Result<Self, UriError> {
        let text = text.trim();
        if text.len() > URI_BYTES_MAX {
            return Err(UriError::TooLong);
        }
        let rest = match text.split_once(':') {
            None => return Ok(Self::new(Address::decode(text, prefix)?)),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => rest,
            Some(_) => return Err(UriError::Scheme),
        };
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self::new(Address::decode(address, prefix)?);
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            uri.take(name, value)?;
        }
        Ok(uri)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), UriError> {
        let twice = |there: bool| if there { Err(UriError::Twice(name.to_owned())) } else { Ok(()) };
        match name {
            "amount" => {
                twice(self.amount.is_some())?;
                self.amount = Some(unescape(value)?.parse()?);
            }
            "memo" => {
                twice(self.memo.is_some())?;
                let memo = unescape(value)?;
                if memo.len() > MEMO_BYTES_MAX {
                    return Err(UriError::TooLong);
                }
                self.memo = Some(memo);
            }
            "label" => {
                twice(self.label.is_some())?;
                self.label = Some(unescape(value)?.chars().take(LABEL_CHARS_MAX).collect());
            }
            _ if name.starts_with("req-") => return Err(UriError::Required(name.to_owned())),
            _ => {}
        }
        Ok(())
    }
}

fn escape(value: &str, into: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            fmt::Write::write_fmt(into, format_args!("%{byte:02X}"))
                .expect("writing to memory does not fail");
        }
    }
}

fn unescape(value: &str) -> Result<String, UriError> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let (digits, after) = after.split_first_chunk::<2>().ok_or(UriError::Escape)?;
            let mut byte = [0];
            hex::decode_to_slice(digits, &mut byte).map_err(|_| UriError::Escape)?;
            bytes.extend(byte);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).map_err(|_| UriError::Escape)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    const DEVNET: AddressPrefix = AddressPrefix::DEVNET;
    const ADDRESS: &str = "dvibe1nlzyppla2p7ljxe4d63nu3n7mwkf0fffhfhfyl";

    fn parse(text: &str) -> Result<PaymentUri, UriError> {
        PaymentUri::parse(text, DEVNET)
    }

    #[test]
    fn what_is_asked_for_is_read() {
        let uri = parse(&format!("vibe:{ADDRESS}?amount=1.5&memo=rent%20for%20May%21&label=Caf%C3%A9&x=y"))
            .unwrap();
        assert_eq!(uri.amount, Some(Amount::from_beats(1_500_000_000)));
        assert_eq!(uri.memo.as_deref(), Some("rent for May!"));
        assert_eq!(uri.label.as_deref(), Some("Café"));
        assert_eq!(
            uri.encode(DEVNET),
            format!("vibe:{ADDRESS}?amount=1.5&memo=rent%20for%20May%21&label=Caf%C3%A9")
        );
        let bare = PaymentUri::new(uri.address);
        for text in
            [ADDRESS.to_owned(), format!("vibe:{ADDRESS}"), format!("VIBE:{}?", ADDRESS.to_uppercase())]
        {
            assert_eq!(parse(&text).unwrap(), bare, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let with = |query: &str| parse(&format!("vibe:{ADDRESS}?{query}")).unwrap_err();
        assert_eq!(parse("bitcoin:abc").unwrap_err(), UriError::Scheme);
        assert_eq!(with("amount=1,5"), UriError::Amount(AmountError::NotDecimal));
        assert_eq!(with("amount=1&amount=2"), UriError::Twice("amount".to_owned()));
        assert_eq!(with("req-escrow=1"), UriError::Required("req-escrow".to_owned()));
        for broken in ["memo=%", "memo=%4", "memo=%zz", "memo=%ff"] {
            assert_eq!(with(broken), UriError::Escape);
        }
        assert_eq!(with(&format!("memo={}", "x".repeat(MEMO_BYTES_MAX + 1))), UriError::TooLong);
        assert!(matches!(
            PaymentUri::parse(&format!("vibe:{ADDRESS}"), AddressPrefix::MAINNET),
            Err(UriError::Address(AddressError::AnotherNetwork { .. }))
        ));
    }

    proptest! {
        #[test]
        fn every_uri_is_read_back(
            bytes: [u8; 20],
            beats: Option<u64>,
            memo in proptest::option::of("\\PC{0,60}"),
            label in proptest::option::of("\\PC{0,60}"),
        ) {
            let amount = beats.map(Amount::from_beats);
            let uri = PaymentUri { address: Address::new(bytes), amount, memo, label };
            prop_assert_eq!(parse(&uri.encode(DEVNET)).unwrap(), uri);
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,80}") {
            let _ = parse(&text);
            let _ = parse(&format!("vibe:{ADDRESS}?{text}"));
        }
    }
}
