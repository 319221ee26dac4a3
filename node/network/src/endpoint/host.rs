//! Machines by address or by name.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};

const TAG_IP4: u8 = 0;
const TAG_IP6: u8 = 1;
const TAG_DNS: u8 = 2;

const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// A machine.
///
/// Encoded as a tag (u8) and 4 bytes, 16 bytes, or a length (u8) with as many bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// By IPv4 address.
    Ip4([u8; 4]),
    /// By IPv6 address.
    Ip6([u8; 16]),
    /// By name, for whoever is configured by hand. A peer's word is never resolved.
    Dns(DnsName),
}

impl Host {
    /// The address, unless it is a name.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip4(bytes) => Some(Ipv4Addr::from(*bytes).into()),
            Self::Ip6(bytes) => Some(Ipv6Addr::from(*bytes).into()),
            Self::Dns(_) => None,
        }
    }

    /// The one form of the same machine: `::ffff:a.b.c.d` is the IPv4 address a.b.c.d.
    #[must_use]
    pub fn canonical(self) -> Self {
        match &self {
            Self::Ip6(bytes) => match Ipv6Addr::from(*bytes).to_ipv4_mapped() {
                Some(mapped) => Self::Ip4(mapped.octets()),
                None => self,
            },
            Self::Ip4(_) | Self::Dns(_) => self,
        }
    }
}

impl From<IpAddr> for Host {
    /// The machine in its canonical form.
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::Ip4(ip.octets()),
            IpAddr::V6(ip) => Self::Ip6(ip.octets()).canonical(),
        }
    }
}

impl fmt::Display for Host {
    /// The address or the name, as people write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip4(bytes) => Ipv4Addr::from(*bytes).fmt(f),
            Self::Ip6(bytes) => Ipv6Addr::from(*bytes).fmt(f),
            Self::Dns(name) => name.fmt(f),
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl BorshSerialize for Host {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        match self {
            Self::Ip4(bytes) => {
                writer.write_all(&[TAG_IP4])?;
                writer.write_all(bytes)
            }
            Self::Ip6(bytes) => {
                writer.write_all(&[TAG_IP6])?;
                writer.write_all(bytes)
            }
            Self::Dns(name) => {
                writer.write_all(&[TAG_DNS])?;
                name.serialize(writer)
            }
        }
    }
}

impl BorshDeserialize for Host {
    /// Refuses every form but the canonical one.
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let refuse = || io::Error::from(io::ErrorKind::InvalidData);
        match u8::deserialize_reader(reader)? {
            TAG_IP4 => Ok(Self::Ip4(BorshDeserialize::deserialize_reader(reader)?)),
            TAG_IP6 => {
                let host = Self::Ip6(BorshDeserialize::deserialize_reader(reader)?);
                if host.clone().canonical() == host { Ok(host) } else { Err(refuse()) }
            }
            TAG_DNS => DnsName::deserialize_reader(reader).map(Self::Dns),
            _ => Err(refuse()),
        }
    }
}

/// A name to look up: labels of letters, digits and hyphens, in lower case, without the dot of the root.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsName(Box<str>);

impl DnsName {
    /// The longest name that can be asked for, without the dot of the root.
    pub const BYTES_MAX: usize = NAME_BYTES_MAX;

    /// The name.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a name to look up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DnsNameError {
    /// Nothing, or too much.
    #[error("a name has 1 to {NAME_BYTES_MAX} characters, not {0}")]
    Length(usize),
    /// A part between dots.
    #[error("each part of a name has 1 to {LABEL_BYTES_MAX} characters, not {0}")]
    LabelLength(usize),
    /// Something that no host's name has.
    #[error("a name is made of letters, digits, and hyphens between them")]
    Character,
    /// A last part of digits: that would be an address.
    #[error("the last part of a name is not a number")]
    Number,
}

impl FromStr for DnsName {
    type Err = DnsNameError;

    /// Reads a name in either case, with or without the dot of the root.
    fn from_str(text: &str) -> Result<Self, DnsNameError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_empty() || text.len() > NAME_BYTES_MAX {
            return Err(DnsNameError::Length(text.len()));
        }
        for label in text.split('.') {
            if label.is_empty() || label.len() > LABEL_BYTES_MAX {
                return Err(DnsNameError::LabelLength(label.len()));
            }
            let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !letters || label.starts_with('-') || label.ends_with('-') {
                return Err(DnsNameError::Character);
            }
        }
        // Resolvers read such texts as addresses, some of them in octal.
        let last = text.rsplit('.').next().unwrap_or(text);
        if last.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DnsNameError::Number);
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl BorshSerialize for DnsName {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        let length = u8::try_from(self.0.len()).expect("a name has at most 253 bytes");
        writer.write_all(&[length])?;
        writer.write_all(self.0.as_bytes())
    }
}

impl BorshDeserialize for DnsName {
    /// Refuses every form but the canonical one. Never takes more than 255 bytes of memory.
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let refuse = || io::Error::from(io::ErrorKind::InvalidData);
        let mut bytes = [0; u8::MAX as usize];
        let bytes = &mut bytes[..usize::from(u8::deserialize_reader(reader)?)];
        reader.read_exact(bytes)?;
        let text = std::str::from_utf8(bytes).map_err(|_| refuse())?;
        let name: Self = text.parse().map_err(|_| refuse())?;
        if name.0.as_ref() == text { Ok(name) } else { Err(refuse()) }
    }
}
