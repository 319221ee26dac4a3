//! How nodes and ranges of addresses are named, and text that others wrote.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::types::scalar::{as_text, described_as};

/// Text that somebody else wrote: at most [`Self::BYTES_MAX`] bytes, what is longer is cut. It may hold anything that
/// text can hold, so it has to be made harmless where it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct BoundedText(String);

impl BoundedText {
    /// The longest text, in bytes.
    pub const BYTES_MAX: usize = 256;

    /// The beginning of a text, as far as there is room.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let mut text = text.into();
        let end = (0..=Self::BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for BoundedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for BoundedText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for BoundedText {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for BoundedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Who a node is: its ed25519 public key, written as libp2p writes it (`12D3KooW…`), which is the form that
/// stands behind `/p2p/` in addresses. It is read from 64 hex digits, too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIdText([u8; 32]);

/// The text names no node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node is named by the id of its ed25519 key (12D3KooW…), or by 64 hex digits")]
pub struct NodeIdTextError;

impl NodeIdText {
    /// What stands before the key in libp2p's form: an identity multihash (0x00) of 36 bytes, which are a message of
    /// two fields: key type (tag 0x08) Ed25519 (1), and the key (tag 0x12) of 32 bytes.
    const HEAD: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

    /// The node with this key.
    #[must_use]
    pub const fn new(public_key: [u8; 32]) -> Self {
        Self(public_key)
    }

    /// The key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for NodeIdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 38];
        let (head, key) = bytes.split_at_mut(Self::HEAD.len());
        head.copy_from_slice(&Self::HEAD);
        key.copy_from_slice(&self.0);
        f.pad(&bs58::encode(bytes).into_string())
    }
}

impl fmt::Debug for NodeIdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for NodeIdText {
    type Err = NodeIdTextError;

    fn from_str(text: &str) -> Result<Self, NodeIdTextError> {
        let mut key = [0; 32];
        if text.len() == 64 {
            hex::decode_to_slice(text, &mut key).map_err(|_| NodeIdTextError)?;
            return Ok(Self(key));
        }
        let mut bytes = [0; 38];
        let length = bs58::decode(text).onto(&mut bytes).map_err(|_| NodeIdTextError)?;
        match bytes.strip_prefix(&Self::HEAD) {
            Some(rest) if length == bytes.len() => {
                key.copy_from_slice(rest);
                Ok(Self(key))
            }
            _ => Err(NodeIdTextError),
        }
    }
}

/// A range of IP addresses, as in `10.0.0.0/8`. An IPv4 address inside of IPv6 is the IPv4 address, and the bits
/// behind the prefix are zero: one range has one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange {
    base: IpAddr,
    prefix: u8,
}

impl AddressRange {
    /// The range that the first `prefix` bits of an address name; none if it has not so many.
    #[must_use]
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        match address {
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) => Self::new(v4.into(), prefix.checked_sub(96)?),
                None => {
                    let mask = u128::MAX.checked_shl(128_u32.checked_sub(u32::from(prefix))?).unwrap_or(0);
                    Some(Self { base: Ipv6Addr::from_bits(v6.to_bits() & mask).into(), prefix })
                }
            },
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32_u32.checked_sub(u32::from(prefix))?).unwrap_or(0);
                Some(Self { base: Ipv4Addr::from_bits(v4.to_bits() & mask).into(), prefix })
            }
        }
    }

    /// The range of one address.
    #[must_use]
    pub fn one(address: IpAddr) -> Self {
        let base = address.to_canonical();
        Self { base, prefix: if base.is_ipv4() { 32 } else { 128 } }
    }

    /// Its first address.
    #[must_use]
    pub const fn base(&self) -> IpAddr {
        self.base
    }

    /// How many bits all of it share.
    #[must_use]
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }

    /// True if it is one address.
    #[must_use]
    pub const fn is_single(&self) -> bool {
        self.prefix == if self.base.is_ipv4() { 32 } else { 128 }
    }

    /// True if an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.base.is_ipv4() && Self::new(address, self.prefix) == Some(*self)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_single() { write!(f, "{}", self.base) } else { write!(f, "{}/{}", self.base, self.prefix) }
    }
}

/// Who is banned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BanTarget {
    /// A node, wherever it is.
    Node(NodeIdText),
    /// Whoever is at these addresses.
    Range(AddressRange),
}

/// The text names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("name a node by its id (12D3KooW…), an address (203.0.113.7) or a range of them (203.0.113.0/24)")]
pub struct BanTargetError;

impl fmt::Display for BanTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(id) => write!(f, "{id}"),
            Self::Range(range) => write!(f, "{range}"),
        }
    }
}

impl FromStr for BanTarget {
    type Err = BanTargetError;

    fn from_str(text: &str) -> Result<Self, BanTargetError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Range(AddressRange::one(address)));
        }
        if let Some((address, prefix)) = text.split_once('/') {
            let (address, prefix) =
                (address.parse().map_err(|_| BanTargetError)?, prefix.parse().map_err(|_| BanTargetError)?);
            return AddressRange::new(address, prefix).map(Self::Range).ok_or(BanTargetError);
        }
        text.parse().map(Self::Node).map_err(|_| BanTargetError)
    }
}

as_text!(NodeIdText, BanTarget);
described_as! {
    BoundedText, "BoundedText", { "type": "string", "maxLength": 256, "description": "written by somebody else: show it with care" };
    NodeIdText, "NodeId", { "type": "string", "description": "the id of an ed25519 key as libp2p writes it (12D3KooW…)" };
    BanTarget, "BanTarget", { "type": "string", "description": "a node's id, an IP address, or a range such as 203.0.113.0/24" };
}
