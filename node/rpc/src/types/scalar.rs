//! The small values, and how they and the ledger's own are described in `rpc.discover`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vibecoin_crypto::Hash;
use vibecoin_primitives::address::AddressError;
use vibecoin_primitives::{Address, AddressPrefix, Amount, Bits, Height, Timestamp, Work};

use super::{chain, dev, light, mempool, miner, network, node, state, tx};
use crate::error::ApiError;

/// Bytes, as lower-case hex.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct HexBytes(Vec<u8>);

impl HexBytes {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes by value.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl From<Vec<u8>> for HexBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for HexBytes {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex::decode(text).map(Self)
    }
}

/// An address as text. It is read against a network's prefix when it is used, by whoever knows the network.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressText(String);

impl AddressText {
    /// The text of an address on a network.
    #[must_use]
    pub fn new(address: &Address, prefix: AddressPrefix) -> Self {
        Self(address.encode(prefix))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address, if it is one of this network.
    ///
    /// # Errors
    /// [`ApiError::OtherNetwork`] for an address of another network, else [`ApiError::InvalidParams`].
    pub fn decode(&self, prefix: AddressPrefix) -> Result<Address, ApiError> {
        Address::decode(&self.0, prefix).map_err(|error| match error {
            AddressError::AnotherNetwork { found, expected } => ApiError::OtherNetwork { found, expected },
            other => ApiError::InvalidParams { reason: other.to_string() },
        })
    }
}

impl From<String> for AddressText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for AddressText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for AddressText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AddressText {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// Expected hashes, as a decimal string: JSON numbers do not hold 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct WorkText(pub Work);

impl fmt::Display for WorkText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for WorkText {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(|work| Self(Work::new(work)))
    }
}

/// A compact target, as `0x1d00ffff`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitsText(pub Bits);

impl fmt::Display for BitsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for BitsText {
    type Err = BitsTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("0x").ok_or(BitsTextError)?;
        u32::from_str_radix(digits, 16).map(|bits| Self(Bits::new(bits))).map_err(|_| BitsTextError)
    }
}

/// The text is no compact target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a compact target is written as 0x1d00ffff")]
pub struct BitsTextError;

/// A block by its height on the active chain (a number, or its digits as text) or by its id (64 hex digits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockRef {
    /// On the active chain.
    Height(Height),
    /// On any branch.
    Id(Hash),
}

impl From<Height> for BlockRef {
    fn from(height: Height) -> Self {
        Self::Height(height)
    }
}

impl From<Hash> for BlockRef {
    fn from(id: Hash) -> Self {
        Self::Id(id)
    }
}

impl fmt::Display for BlockRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Height(height) => write!(f, "{height}"),
            Self::Id(id) => write!(f, "{id}"),
        }
    }
}

/// The text is neither a height nor an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a block is named by its height (a number) or its id (64 hex digits)")]
pub struct BlockRefError;

impl FromStr for BlockRef {
    type Err = BlockRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 64 {
            return text.parse().map(Self::Id).map_err(|_| BlockRefError);
        }
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let height = if digits { text.parse().ok() } else { None };
        height.map(|height| Self::Height(Height::new(height))).ok_or(BlockRefError)
    }
}

impl Serialize for BlockRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Height(height) => height.serialize(serializer),
            Self::Id(id) => id.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for BlockRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;

        impl Visitor<'_> for NumberOrText {
            type Value = BlockRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a height (a number) or a block id (64 hex digits)")
            }

            fn visit_u64<E: serde::de::Error>(self, height: u64) -> Result<BlockRef, E> {
                Ok(BlockRef::Height(Height::new(height)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<BlockRef, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(NumberOrText)
    }
}

/// Writes and reads a type through its text.
macro_rules! as_text {
    ($($name:ty),*) => { $(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )* };
}
pub(crate) use as_text;
as_text!(HexBytes, AddressText, WorkText, BitsText);

/// Stand-ins with which the fields of the API's types describe values of the ledger.
pub(crate) mod schema {
    /// A hash.
    pub struct Hash;
    /// An amount.
    pub struct Amount;
    /// A height.
    pub struct Height;
    /// A time.
    pub struct Timestamp;
}

/// Describes a type that is written as a string of some form, or as a number.
macro_rules! described_as {
    ($($name:ty, $title:literal, $schema:tt);* $(;)?) => { $(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                $title.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )* };
}
pub(crate) use described_as;
described_as! {
    schema::Hash, "Hash", { "type": "string", "pattern": "^[0-9a-f]{64}$", "description": "32 bytes, first byte first" };
    schema::Amount, "Amount", { "type": "string", "pattern": "^[0-9]{1,20}$", "description": "beats; 10^9 are one VIBE" };
    schema::Height, "Height", { "type": "integer", "minimum": 0 };
    schema::Timestamp, "Timestamp", { "type": "integer", "minimum": 0, "description": "ms since the Unix epoch" };
    HexBytes, "HexBytes", { "type": "string", "pattern": "^([0-9a-f]{2})*$" };
    AddressText, "Address", { "type": "string", "description": "Bech32m of 20 bytes under the network's prefix" };
    WorkText, "Work", { "type": "string", "pattern": "^[0-9]{1,39}$", "description": "expected hashes" };
    BitsText, "Bits", { "type": "string", "pattern": "^0x[0-9a-f]{8}$", "description": "a compact target" };
    BlockRef, "BlockRef", { "oneOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^[0-9a-f]{64}$" }] };
}

/// A type that can be a parameter or an answer: it has a schema.
///
/// Beside [`JsonSchema`], since the ledger's types live in crates that know nothing of schemas.
pub trait Described {
    /// Its schema.
    fn describe(generator: &mut SchemaGenerator) -> Schema;
}

impl<T: Described> Described for Vec<T> {
    fn describe(generator: &mut SchemaGenerator) -> Schema {
        let items = T::describe(generator);
        json_schema!({ "type": "array", "items": items })
    }
}

macro_rules! described_by {
    ($($name:ty => $by:ty),* $(,)?) => { $(
        impl Described for $name {
            fn describe(generator: &mut SchemaGenerator) -> Schema {
                generator.subschema_for::<$by>()
            }
        }
    )* };
    ($($name:ty),* $(,)?) => { described_by!($($name => $name),*); };
}
described_by! {
    Hash => schema::Hash, Amount => schema::Amount, Height => schema::Height, Timestamp => schema::Timestamp,
}
described_by! {
    u32, u64, String, HexBytes, AddressText, BlockRef,
    chain::Tip, chain::HeaderInfo, chain::BlockInfo, chain::TxDetail, chain::SearchHit, chain::ChainStats,
    chain::PohSegment, chain::ForksReport, chain::Supply, chain::Submitted,
    state::AccountInfo, state::StateProof, state::HistoryPage,
    tx::TxAccepted, tx::TxStatus, tx::FeePrices,
    light::LightTip, light::LightProof, light::LightHeaders, light::LightAncestor, light::LightPohFault,
    mempool::MempoolInfo, mempool::MempoolTx, mempool::MempoolEvent,
    miner::MinerStatus, miner::Template,
    node::NodeInfo, node::NodeHealth, node::PohStatus, node::Stopping, node::LogLine,
    dev::DevMined, dev::DevClock, dev::DevSnapshot,
    network::NetInfo, network::PeerInfo, network::NetAdded, network::BanInfo, network::NetBans,
    network::PeerAddress, network::BanTarget,
}
