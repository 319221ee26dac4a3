//! Counted things that are not money: heights and times.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// Defines a `u64` newtype whose field nobody can reach.
macro_rules! counted {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize, BorshDeserialize, Serialize,
            Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// The value with this number.
            #[must_use]
            pub const fn new(value: u64) -> Self {
                Self(value)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// `self + amount`, or `None` above `u64`.
            #[must_use]
            pub const fn checked_add(self, amount: u64) -> Option<Self> {
                match self.0.checked_add(amount) {
                    Some(sum) => Some(Self(sum)),
                    None => None,
                }
            }

            /// `self − amount`, or `None` below zero.
            #[must_use]
            pub const fn checked_sub(self, amount: u64) -> Option<Self> {
                match self.0.checked_sub(amount) {
                    Some(difference) => Some(Self(difference)),
                    None => None,
                }
            }

            /// `self − other`, zero when `other` is greater.
            #[must_use]
            pub const fn saturating_since(self, other: Self) -> u64 {
                self.0.saturating_sub(other.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

counted! {
    /// The number of a block: how many stand before it. The genesis has height 0.
    Height
}

counted! {
    /// A time in milliseconds since the Unix epoch.
    Timestamp
}

impl Height {
    /// The height of the genesis.
    pub const GENESIS: Self = Self(0);

    /// The height above, or `None` above `u64`.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}
