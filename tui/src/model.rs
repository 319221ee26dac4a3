//! What the screens show, as plain data.
//!
//! Everything textual is [`SafeText`]: there is no `String` in here that drawing code could reach. Deliberately
//! absent: types of the API or of the wallet; a backend translates.

mod chain;
mod network;
mod pool;
mod remote;
mod trust;
mod wallet;

pub use chain::*;
pub use network::*;
pub use pool::*;
pub use remote::*;
pub use trust::*;
pub use wallet::*;

use crate::safe::SafeText;

/// A secret on its way from a text field to the wallet. Wiped when dropped, never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(zeroize::Zeroizing<String>);

impl Secret {
    /// Takes the secret over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(zeroize::Zeroizing::new(text))
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why something could not be done, in words for the person in front of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong: one sentence in lower case, without a full stop.
    pub words: SafeText,
    /// What to do about it, when there is something.
    pub help: Option<SafeText>,
    /// The field of a form that it is about.
    pub field: Option<FormField>,
}

impl Failure {
    /// A failure that is about no field.
    #[must_use]
    pub fn new(words: &str) -> Self {
        Self { words: SafeText::new(words), help: None, field: None }
    }

    /// The same, about `field`.
    #[must_use]
    pub fn at(self, field: FormField) -> Self {
        Self { field: Some(field), ..self }
    }
}

/// A field of a form that a backend can find fault with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormField {
    /// The name of a wallet or contact.
    Name,
    /// Recovery words.
    Words,
    /// A password.
    Password,
    /// An address.
    Address,
    /// An amount.
    Amount,
    /// A price.
    Fee,
    /// A memo.
    Memo,
    /// A number of blocks.
    ValidFor,
}
