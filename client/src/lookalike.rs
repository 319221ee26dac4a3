//! Addresses that were made to be taken for another.
//!
//! Whoever wants somebody's next payment makes an address whose beginning and end are those of one that is paid
//! often, and lets it appear in the history. People compare a few characters at both ends; this compares all.

use vibecoin_primitives::{Address, AddressPrefix};

/// Equal characters at one end that do not happen by chance.
const ONE_END: usize = 5;
/// Equal characters at both ends that do not happen by chance.
const BOTH_ENDS: usize = 3;
/// Two written addresses of which at most this many characters differ are nearly one.
const DIFFERENT_MAX: usize = 8;

/// A known address that another one resembles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookAlike {
    /// What the known address is called.
    pub name: String,
    /// The known address.
    pub address: Address,
}

/// The first of the known addresses that `address` resembles without being it. An address that is itself known
/// resembles nobody.
#[must_use]
pub fn find<'a>(
    address: &Address,
    known: impl IntoIterator<Item = (&'a str, &'a Address)> + Clone,
    prefix: AddressPrefix,
) -> Option<LookAlike> {
    if known.clone().into_iter().any(|(_, other)| other == address) {
        return None;
    }
    let text = written(address, prefix);
    known
        .into_iter()
        .find(|(_, other)| alike(&text, &written(other, prefix)))
        .map(|(name, address)| LookAlike { name: name.to_owned(), address: *address })
}

/// The characters that differ between addresses of one network.
fn written(address: &Address, prefix: AddressPrefix) -> Vec<u8> {
    let start = prefix.as_str().len().saturating_add(1);
    address.encode(prefix).into_bytes().split_off(start)
}

fn alike(one: &[u8], other: &[u8]) -> bool {
    let same = |(a, b): &(&u8, &u8)| a == b;
    let begin = one.iter().zip(other).take_while(same).count();
    let end = one.iter().rev().zip(other.iter().rev()).take_while(same).count();
    let different = one.iter().zip(other).filter(|(a, b)| a != b).count();
    begin >= ONE_END
        || end >= ONE_END
        || (begin >= BOTH_ENDS && end >= BOTH_ENDS)
        || different <= DIFFERENT_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVNET: AddressPrefix = AddressPrefix::DEVNET;

    fn find_in(address: [u8; 20], known: [u8; 20]) -> Option<LookAlike> {
        let known = Address::new(known);
        find(&Address::new(address), [("Alice", &known)], DEVNET)
    }

    #[test]
    fn the_same_beginning_is_noticed() {
        let mut theirs = [0x9a; 20];
        theirs[4..].fill(0x31);
        let found = find_in(theirs, [0x9a; 20]);
        assert_eq!(found.map(|found| found.name), Some("Alice".to_owned()));
    }

    #[test]
    fn strangers_and_acquaintances_are_not() {
        assert_eq!(find_in([0x11; 20], [0x9a; 20]), None);
        assert_eq!(find_in([0x9a; 20], [0x9a; 20]), None);
    }

    #[test]
    fn the_same_ends_are_noticed() {
        assert!(alike(b"qqqxxxxxxxxxxxxxxxxppp", b"qqqyyyyyyyyyyyyyyyyppp"));
        assert!(alike(b"xxxxxxxxxxxxxxxxxppppp", b"yyyyyyyyyyyyyyyyyppppp"));
        assert!(!alike(b"qqqxxxxxxxxxxxxxxxxxpp", b"qqqyyyyyyyyyyyyyyyyypp"));
        assert!(alike(b"axxxxxxxxxxxxxxxxxxxxa", b"bxxxxxxxxxxxxxxxxxxxxb"));
    }
}
