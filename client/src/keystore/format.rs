//! The bytes of the file, and what is looked at in which order.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Tag;
use vibecoin_primitives::Address;

use super::kdf::Policy;
use super::seal::Sealed;
use super::{ACCOUNTS_MAX, AccountInfo, Keystore, KeystoreError, Public, check_label};

/// What a keystore starts with.
const MAGIC: [u8; 8] = *b"VIBEKEYS";

/// The format that is written, and the newest that is read.
const VERSION: u8 = 1;

/// Bytes of the checksum at the end of every version of the format.
const CHECKSUM_BYTES: usize = 32;

/// No keystore is larger, in bytes; a larger file is refused unread.
pub const FILE_BYTES_MAX: u64 = 1 << 20;

static CHECKSUM: Tag = Tag::new("vibe/keystore/v1");

/// Everything that stands before the sealed part.
pub(super) fn head(public: &Public) -> Vec<u8> {
    let mut bytes = Vec::new();
    borsh::to_writer(&mut bytes, &(MAGIC, VERSION, public)).expect("writing to memory does not fail");
    bytes
}

pub(super) fn encode(keystore: &Keystore) -> Vec<u8> {
    let mut bytes = head(&keystore.public);
    keystore.sealed.serialize(&mut bytes).expect("writing to memory does not fail");
    let checksum = CHECKSUM.hash(&[&bytes]);
    bytes.extend_from_slice(checksum.as_bytes());
    bytes
}

/// Reads a file. The checksum comes first, whatever else may be wrong: it is over every byte, so a single
/// flipped bit is damage and nothing else.
pub(super) fn decode(bytes: &[u8], policy: Policy) -> Result<Keystore, KeystoreError> {
    let at = bytes.len().checked_sub(CHECKSUM_BYTES).ok_or(KeystoreError::Damaged)?;
    let (content, checksum) = bytes.split_at_checked(at).ok_or(KeystoreError::Damaged)?;
    if CHECKSUM.hash(&[content]).as_bytes() != checksum {
        return Err(KeystoreError::Damaged);
    }
    let rest = content.strip_prefix(&MAGIC).ok_or(KeystoreError::NotAKeystore)?;
    match rest.split_first() {
        Some((&VERSION, rest)) => read(rest, policy),
        Some((&found, _)) if found > VERSION => Err(KeystoreError::Newer { found, known: VERSION }),
        _ => Err(KeystoreError::NotAKeystore),
    }
}

fn read(mut rest: &[u8], policy: Policy) -> Result<Keystore, KeystoreError> {
    let malformed = |_| KeystoreError::Malformed("its parts do not fit its length");
    let public = Public::deserialize(&mut rest).map_err(malformed)?;
    let sealed = Option::<Sealed>::deserialize(&mut rest).map_err(malformed)?;
    if !rest.is_empty() {
        return Err(KeystoreError::Malformed("something follows its end"));
    }
    check_accounts(&public.accounts, sealed.is_some())?;
    if let Some(sealed) = &sealed {
        policy.check(sealed.kdf)?;
    }
    Ok(Keystore { public, sealed })
}

fn check_accounts(accounts: &[AccountInfo], has_keys: bool) -> Result<(), KeystoreError> {
    if accounts.is_empty() || accounts.len() > ACCOUNTS_MAX {
        return Err(KeystoreError::Malformed("its number of accounts"));
    }
    if !accounts.is_sorted_by(|a, b| a.index < b.index) {
        return Err(KeystoreError::Malformed("its accounts are not in their order"));
    }
    for account in accounts {
        check_label(&account.label)?;
        if account.public_key.is_none() && has_keys {
            return Err(KeystoreError::Malformed("an account without its key"));
        }
        if account.public_key.is_some_and(|key| Address::of(&key) != account.address) {
            return Err(KeystoreError::Malformed("an address that is not that of its key"));
        }
    }
    Ok(())
}
