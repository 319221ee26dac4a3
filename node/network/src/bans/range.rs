//! Ranges of addresses, as operators write them: CIDR.

use std::fmt;
use std::io::{self, Read};
use std::net::IpAddr;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::endpoint::Host;

/// All addresses with the same first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Range {
    /// The bits, then zeros; an IPv4 address fills the first four bytes.
    first: [u8; 16],
    bits: u8,
    ip4: bool,
}

/// Why a text is not a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Before the slash.
    #[error("a range looks like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32")]
    Address,
    /// After the slash.
    #[error("the number after the slash is one from 0 to {bits_max}")]
    Bits {
        /// What addresses of this family have.
        bits_max: u8,
    },
}

impl Range {
    /// The range of `bits` bits around an address; `None` for a name, or more bits than an address has.
    #[must_use]
    pub fn new(host: &Host, bits: u8) -> Option<Self> {
        let mut first = [0; 16];
        let ip4 = match host.clone().canonical() {
            Host::Ip4(ip) => {
                first[..4].copy_from_slice(&ip);
                true
            }
            Host::Ip6(ip) => {
                first = ip;
                false
            }
            Host::Dns(_) => return None,
        };
        if bits > width(ip4) {
            return None;
        }
        let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
        let first = (u128::from_be_bytes(first) & mask).to_be_bytes();
        Some(Self { first, bits, ip4 })
    }

    /// What one customer of a provider has: see [`Host::site`].
    #[must_use]
    pub fn of_site(host: &Host) -> Option<Self> {
        Self::new(host, if matches!(host, Host::Ip4(_)) { 32 } else { 64 })
    }

    /// Whether it is one of IPv4 addresses.
    #[must_use]
    pub const fn is_ip4(&self) -> bool {
        self.ip4
    }

    /// How many bits its addresses share.
    #[must_use]
    pub const fn bits(&self) -> u8 {
        self.bits
    }

    /// Its first address.
    #[must_use]
    pub fn first(&self) -> Host {
        match self.first {
            [a, b, c, d, ..] if self.ip4 => Host::Ip4([a, b, c, d]),
            first => Host::Ip6(first),
        }
    }
}

const fn width(ip4: bool) -> u8 {
    if ip4 { 32 } else { 128 }
}

impl fmt::Display for Range {
    /// The address, or the first address and the number of bits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first();
        if self.bits == width(self.ip4) { write!(f, "{first}") } else { write!(f, "{first}/{}", self.bits) }
    }
}

impl FromStr for Range {
    type Err = RangeError;

    /// Reads an address or a range; bits of the address beyond the range do not matter.
    fn from_str(text: &str) -> Result<Self, RangeError> {
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let ip: IpAddr = address.parse().map_err(|_| RangeError::Address)?;
        let host = Host::from(ip);
        let bits_max = width(matches!(host, Host::Ip4(_)));
        let wrong = RangeError::Bits { bits_max };
        let bits = match bits {
            None => bits_max,
            // An IPv4 address in IPv6's clothes counts its bits from behind the clothes.
            Some(bits) => {
                let digits = bits.bytes().all(|byte| byte.is_ascii_digit());
                let bits: u8 = bits.parse().ok().filter(|_| digits).ok_or(wrong)?;
                let dressed = ip.is_ipv6() && bits_max == 32;
                if dressed { bits.checked_sub(96).ok_or(wrong)? } else { bits }
            }
        };
        Self::new(&host, bits).ok_or(wrong)
    }
}

impl BorshDeserialize for Range {
    /// Refuses every form but the canonical one.
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let read = Self {
            first: BorshDeserialize::deserialize_reader(reader)?,
            bits: BorshDeserialize::deserialize_reader(reader)?,
            ip4: BorshDeserialize::deserialize_reader(reader)?,
        };
        let first = read.first();
        Self::new(&first, read.bits)
            .filter(|range| *range == read && first.clone().canonical() == first)
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}
