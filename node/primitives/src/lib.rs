//! What the ledger is made of: amounts, heights, addresses, transactions, blocks, accounts and chain specs, each
//! with its one encoding.
//!
//! Nothing here decides what is valid (that is `vibecoin-consensus`) or changes a balance (`vibecoin-execution`).
//! A type refuses only what cannot be written in it at all.

pub mod account;
pub mod activity;
pub mod address;
pub mod amount;
pub mod block;
pub mod encoding;
pub mod pow;
pub mod receipt;
pub mod spec;
pub mod state_key;
pub mod transaction;
pub mod units;

pub use account::{Account, Reward};
pub use activity::{Entry, EntryKind};
pub use address::{Address, AddressError, AddressPrefix};
pub use amount::{Amount, AmountError};
pub use block::{Block, Content, Header};
pub use encoding::DecodeError;
pub use pow::{Bits, Work};
pub use receipt::{Log, Receipt, Status};
pub use spec::{Allocation, ChainSpec, Network, SpecFileError};
pub use transaction::{Transaction, TransactionBody};
pub use units::{Height, Timestamp};

#[cfg(test)]
pub(crate) mod testing {
    use serde_json::Value;
    use vibecoin_crypto::Hash;

    use crate::{Address, ChainSpec};

    /// One file of the protocol's vectors.
    pub(crate) fn vectors(name: &str) -> Value {
        let path = format!("{}/../../assets/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    pub(crate) fn cases(name: &str, list: &str) -> Vec<Value> {
        vectors(name)[list].as_array().unwrap().clone()
    }

    pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
        value[key].as_str().unwrap_or_else(|| panic!("{key} of {value}"))
    }

    pub(crate) fn bytes(value: &Value, key: &str) -> Vec<u8> {
        hex::decode(text(value, key)).unwrap()
    }

    pub(crate) fn hash(value: &Value, key: &str) -> Hash {
        text(value, key).parse().unwrap()
    }

    pub(crate) fn address(value: &Value, key: &str) -> Address {
        Address::new(bytes(value, key).try_into().unwrap())
    }

    /// A number, written as one or as a decimal string.
    pub(crate) fn number(value: &Value, key: &str) -> u64 {
        let value = &value[key];
        value.as_u64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
    }

    /// The spec of a network as it stands in the vectors.
    pub(crate) fn spec(value: &Value) -> ChainSpec {
        let mut file = value.clone();
        file.as_object_mut().unwrap().remove("genesis_id");
        ChainSpec::from_json(&file.to_string()).unwrap()
    }
}
