//! What a wallet must know of its network, node or not.

use vibecoin_primitives::{Address, AddressError, AddressPrefix, ChainSpec};
use vibecoin_rpc::types::AddressText;

/// The facts of a network that are signed or shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkFacts {
    /// What people call it.
    pub name: String,
    /// Signed into every transaction.
    pub chain_id: u32,
    /// What its addresses start with.
    pub prefix: AddressPrefix,
    /// The time between blocks that it aims at, in ms.
    pub interval_ms: u64,
}

impl NetworkFacts {
    /// The facts of a chain spec.
    #[must_use]
    pub fn new(name: &str, spec: &ChainSpec) -> Self {
        Self {
            name: name.to_owned(),
            chain_id: spec.chain_id,
            prefix: spec.address_prefix,
            interval_ms: spec.interval_ms,
        }
    }

    /// An address as text, here.
    #[must_use]
    pub fn show(&self, address: &Address) -> String {
        address.encode(self.prefix)
    }

    /// An address as the API takes it.
    #[must_use]
    pub fn text(&self, address: &Address) -> AddressText {
        AddressText::new(address, self.prefix)
    }

    /// Reads an address of this network.
    ///
    /// # Errors
    /// [`AddressError`]; another network's address is an error of its own.
    pub fn address(&self, text: &str) -> Result<Address, AddressError> {
        Address::decode(text.trim(), self.prefix)
    }
}
