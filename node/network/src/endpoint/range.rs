//! Which addresses are public, and which of them tend to have one owner.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{DnsName, Host};

/// A range of the network whose addresses tend to have one owner. Variety is counted in these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum Group {
    /// The first 16 bits of a public IPv4 address, or of the one that a 6to4 address is made of.
    Ip4([u8; 2]),
    /// The first 32 bits of a public IPv6 address: what a provider gets.
    Ip6([u8; 4]),
    /// An address that is not public, exactly. IPv4 addresses are written as mapped ones.
    Local {
        /// The address.
        address: [u8; 16],
        /// The port of a place, 0 for the machine.
        port: u16,
    },
    /// A name, exactly: what stands behind it is not known before it is looked up.
    Name(DnsName),
}

impl Host {
    /// Whether strangers anywhere can reach the address, after IANA's registries of special purposes.
    ///
    /// A name is not: what stands behind it is not known.
    #[must_use]
    pub fn is_global(&self) -> bool {
        match self {
            Self::Ip4(ip) => ip4_is_global(*ip),
            Self::Ip6(ip) => ip6_is_global(*ip),
            Self::Dns(_) => false,
        }
    }

    /// What one customer of a provider has: an IPv4 address, or the 2^64 IPv6 addresses that begin with the same 64 bits,
    /// of which the first.
    #[must_use]
    pub fn site(&self) -> Self {
        match self {
            Self::Ip6([a, b, c, d, e, f, g, h, ..]) => {
                Self::Ip6([*a, *b, *c, *d, *e, *f, *g, *h, 0, 0, 0, 0, 0, 0, 0, 0])
            }
            Self::Ip4(_) | Self::Dns(_) => self.clone(),
        }
    }

    /// The range of the network it lies in; a local address is a range of its own.
    #[must_use]
    pub fn group(&self) -> Group {
        match self {
            Self::Ip4(ip) if ip4_is_global(*ip) => Group::Ip4([ip[0], ip[1]]),
            Self::Ip4(ip) => {
                let address = std::net::Ipv4Addr::from(*ip).to_ipv6_mapped().octets();
                Group::Local { address, port: 0 }
            }
            Self::Ip6(ip) if ip6_is_global(*ip) => match six_to_four(*ip) {
                Some(ip) => Group::Ip4([ip[0], ip[1]]),
                None => Group::Ip6([ip[0], ip[1], ip[2], ip[3]]),
            },
            Self::Ip6(ip) => Group::Local { address: *ip, port: 0 },
            Self::Dns(name) => Group::Name(name.clone()),
        }
    }
}

const fn ip4_is_global(ip: [u8; 4]) -> bool {
    !matches!(
        ip,
        [0 | 10 | 127, ..]              // this network, private, loopback
            | [100, 64..=127, ..]       // between a provider and its customers
            | [169, 254, ..]            // link-local
            | [172, 16..=31, ..]        // private
            | [192, 0, 0 | 2, _]        // protocol assignments, documentation
            | [192, 88, 99, _]          // relays of 6to4, given up
            | [192, 168, ..]            // private
            | [198, 18..=19, ..]        // measurements
            | [198, 51, 100, _]         // documentation
            | [203, 0, 113, _]          // documentation
            | [224..=255, ..] // multicast, reserved, broadcast
    )
}

fn ip6_is_global(ip: [u8; 16]) -> bool {
    let unicast = ip[0] & 0xe0 == 0x20; // 2000::/3 is all that was ever given out
    let special = matches!(
        ip,
        [0x20, 0x01, 0x00..=0x01, ..]           // protocol assignments, Teredo, ORCHID
            | [0x20, 0x01, 0x0d, 0xb8, ..]      // documentation
            | [0x3f, 0xff, 0x00..=0x0f, ..] // documentation
    );
    unicast && !special && six_to_four(ip).is_none_or(ip4_is_global)
}

/// The IPv4 address whose owner got the range 2002:a.b.c.d::/48 with it.
const fn six_to_four(ip: [u8; 16]) -> Option<[u8; 4]> {
    match ip {
        [0x20, 0x02, a, b, c, d, ..] => Some([a, b, c, d]),
        _ => None,
    }
}
