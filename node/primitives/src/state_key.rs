//! Where the state tree keeps what: 32-byte keys by tagged hashing.

use vibecoin_crypto::{Hash, Tag};

use crate::address::Address;
use crate::units::Height;

#[cfg(test)]
mod tests;

static ACCOUNT: Tag = Tag::new("vibe/state/account");
static SLOT: Tag = Tag::new("vibe/state/slot");
static CODE: Tag = Tag::new("vibe/state/code");
static REWARD: Tag = Tag::new("vibe/state/reward");

/// Places of the reward ring, and so the blocks until a reward matures.
pub const REWARD_RING: u64 = 100;

/// The key of an account.
#[must_use]
pub fn account(address: &Address) -> Hash {
    ACCOUNT.hash(&[address.as_bytes()])
}

/// The key of a contract's storage slot.
#[must_use]
pub fn slot(address: &Address, slot: &Hash) -> Hash {
    SLOT.hash(&[address.as_bytes(), slot.as_bytes()])
}

/// The key of a contract's code.
#[must_use]
pub fn code(code_hash: &Hash) -> Hash {
    CODE.hash(&[code_hash.as_bytes()])
}

/// The key of the place in the reward ring that block `height` writes.
#[must_use]
pub fn reward(height: Height) -> Hash {
    REWARD.hash(&[&(height.get() % REWARD_RING).to_le_bytes()])
}
