//! The keystore: one file that holds a wallet's secret behind a password.
//!
//! ```text
//! magic "VIBEKEYS" | version u8 = 1 | public part | sealed part | checksum [32]
//! ```
//! - The **public part** (accounts with their public keys and labels, birth) can be read without a password, so
//!   that a locked wallet still shows its balance. It is authenticated: opening a file whose public part was
//!   altered fails, and the keys are derived again and compared.
//! - The **sealed part** is the entropy of the words and their passphrase under XChaCha20-Poly1305, with a key
//!   that Argon2id makes of the password. Everything before the ciphertext, the parameters too, is its
//!   associated data. A wallet that only watches has none.
//! - The **checksum** is a hash of every byte before it and is looked at first. So a damaged file is called
//!   damaged, and only a file that is whole can have a wrong password.
//!
//! The encoding is Borsh, of which exactly one form is accepted: no bit of a file is without meaning.
//!
//! Deliberately absent: where files lie and what they are called (see [`wallets`](crate::wallets)), and any
//! clock.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::derivation::{ExtendedKey, Path};
use vibecoin_crypto::{PublicKey, SecretKey};
use vibecoin_primitives::{Address, Height, Timestamp};

use crate::mnemonic::{Mnemonic, MnemonicError};
use crate::password::Password;

mod format;
pub mod kdf;
mod seal;

#[cfg(test)]
mod tests;

pub use format::FILE_BYTES_MAX;
use kdf::Policy;
use seal::{SealKey, Sealed};

/// A label of an account has at most this many bytes.
pub const LABEL_BYTES_MAX: usize = 64;
/// A wallet has at most this many accounts.
pub const ACCOUNTS_MAX: usize = 1_000;

/// Why a keystore cannot be read, opened or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreError {
    /// The bytes are not those that were written.
    #[error(
        "the keystore is damaged: its checksum does not fit. A backup of the file helps, or the words do"
    )]
    Damaged,
    /// Whole, but no keystore.
    #[error("this is not a keystore")]
    NotAKeystore,
    /// Written by a newer program.
    #[error("this keystore has format {found}; this program knows {known}. A newer version reads it")]
    Newer {
        /// The format of the file.
        found: u8,
        /// The newest format that is known.
        known: u8,
    },
    /// Whole, of our format, and yet not something that this program writes.
    #[error("the keystore is not written as it should be: {0}")]
    Malformed(&'static str),
    /// Argon2 parameters that would be too weak, or would use up the machine.
    #[error(
        "the keystore asks for Argon2 with {memory_kib} KiB, {passes} passes and {lanes} lanes, which is outside what is accepted"
    )]
    Parameters {
        /// Memory in KiB.
        memory_kib: u32,
        /// Passes over it.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// The file is whole and the password is not its own.
    #[error("wrong password")]
    WrongPassword,
    /// Something was asked of a wallet that has no keys.
    #[error("this wallet only watches: it has no keys")]
    WatchOnly,
    /// The keys that are derived are not those that the file lists.
    #[error("the keystore lists account {0} with a key that is not its own: do not use its addresses")]
    ForeignAccount(u32),
    /// The account is not listed.
    #[error("there is no account {0} in this wallet")]
    NoAccount(u32),
    /// The account is listed already.
    #[error("account {0} is in this wallet already")]
    AccountExists(u32),
    /// No more accounts fit.
    #[error("a wallet has at most {ACCOUNTS_MAX} accounts")]
    TooManyAccounts,
    /// The label is too long or has characters that cannot be shown.
    #[error("a label has at most {LABEL_BYTES_MAX} bytes and no control characters")]
    Label,
    /// The memory that Argon2 needs is not to be had.
    #[error("not enough memory to open the keystore: it needs {memory_kib} KiB")]
    OutOfMemory {
        /// Memory in KiB.
        memory_kib: u32,
    },
    /// The system has no randomness to give.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// The sealed entropy is of no valid phrase.
    #[error(transparent)]
    Mnemonic(#[from] MnemonicError),
}

/// The time and height before which a wallet cannot have received anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Birth {
    /// The best height known when the wallet was made; 0 for a restored one.
    pub height: Height,
    /// When the wallet was made or restored here.
    pub time: Timestamp,
}

/// One account, as everybody may know it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccountInfo {
    /// Its number in the derivation path; in a wallet that only watches, its place in the list.
    pub index: u32,
    /// Its address.
    pub address: Address,
    /// Its public key; unknown when only an address is watched.
    pub public_key: Option<PublicKey>,
    /// What its owner calls it; may be empty.
    pub label: String,
}

impl AccountInfo {
    fn of(index: u32, key: &PublicKey, label: &str) -> Result<Self, KeystoreError> {
        check_label(label)?;
        Ok(Self { index, address: Address::of(key), public_key: Some(*key), label: label.to_owned() })
    }
}

/// What opens every account: the words and their passphrase. Both are wiped when dropped.
pub struct Secret {
    mnemonic: Mnemonic,
    passphrase: zeroize::Zeroizing<String>,
}

impl Secret {
    /// Words with a passphrase, which is empty for most people.
    #[must_use]
    pub fn new(mnemonic: Mnemonic, passphrase: zeroize::Zeroizing<String>) -> Self {
        Self { mnemonic, passphrase }
    }

    /// The words.
    #[must_use]
    pub const fn mnemonic(&self) -> &Mnemonic {
        &self.mnemonic
    }

    /// The passphrase.
    #[must_use]
    pub fn passphrase(&self) -> &str {
        &self.passphrase
    }

    /// The key that all accounts are derived from.
    #[must_use]
    pub fn master(&self) -> ExtendedKey {
        ExtendedKey::from_seed(&*self.mnemonic.seed(&self.passphrase)).expect("a BIP-39 seed has 64 bytes")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A keystore as it lies in its file: the public part in clear, the secret sealed.
#[derive(Clone, Debug)]
pub struct Keystore {
    public: Public,
    sealed: Option<Sealed>,
}

/// The public part.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Public {
    birth: Birth,
    /// Ascending by index, never twice.
    accounts: Vec<AccountInfo>,
}

/// The keys of an open keystore. Wiped when it is dropped.
pub struct Keys {
    master: ExtendedKey,
    seal: SealKey,
}

impl Keys {
    /// The key pair of an account.
    ///
    /// # Errors
    /// [`KeystoreError::NoAccount`] for a number that no path can have.
    pub fn account(&self, index: u32) -> Result<SecretKey, KeystoreError> {
        account_key(&self.master, index)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl Keystore {
    /// Seals a secret under a password, with its account 0. Takes as long as opening it.
    ///
    /// # Errors
    /// [`KeystoreError::Random`] and [`KeystoreError::OutOfMemory`] come from the system.
    pub fn create(
        secret: &Secret,
        birth: Birth,
        password: &Password,
        policy: Policy,
    ) -> Result<(Self, Keys), KeystoreError> {
        let master = secret.master();
        let first = AccountInfo::of(0, &account_key(&master, 0)?.public_key(), "")?;
        let public = Public { birth, accounts: vec![first] };
        let seal = SealKey::new(password, policy.standard)?;
        let sealed = Some(seal.seal(&public, secret)?);
        Ok((Self { public, sealed }, Keys { master, seal }))
    }

    /// A wallet without keys, which watches an address. With the public key it can build transactions for
    /// somebody else to sign.
    ///
    /// # Errors
    /// [`KeystoreError::Malformed`] when the key is not the address's.
    pub fn watch(
        address: Address,
        public_key: Option<PublicKey>,
        birth: Birth,
    ) -> Result<Self, KeystoreError> {
        if public_key.is_some_and(|key| Address::of(&key) != address) {
            return Err(KeystoreError::Malformed("the public key is not that of the address"));
        }
        let account = AccountInfo { index: 0, address, public_key, label: String::new() };
        Ok(Self { public: Public { birth, accounts: vec![account] }, sealed: None })
    }

    /// Reads a file. Nothing costly happens and no password is asked: a file that is damaged, foreign, newer or
    /// has parameters out of bounds is told here.
    ///
    /// # Errors
    /// Every variant that concerns a file; never [`KeystoreError::WrongPassword`].
    pub fn from_bytes(bytes: &[u8], policy: Policy) -> Result<Self, KeystoreError> {
        format::decode(bytes, policy)
    }

    /// The file's content.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        format::encode(self)
    }

    /// True when there is no secret in it.
    #[must_use]
    pub const fn is_watch_only(&self) -> bool {
        self.sealed.is_none()
    }

    /// The accounts, by number.
    #[must_use]
    pub fn accounts(&self) -> &[AccountInfo] {
        &self.public.accounts
    }

    /// When the wallet was made.
    #[must_use]
    pub const fn birth(&self) -> Birth {
        self.public.birth
    }

    /// Opens it: runs Argon2 (some tenths of a second and 64 MiB) and derives every account again.
    ///
    /// # Errors
    /// [`KeystoreError::WrongPassword`], [`KeystoreError::WatchOnly`], [`KeystoreError::ForeignAccount`],
    /// [`KeystoreError::OutOfMemory`].
    pub fn open(&self, password: &Password) -> Result<(Keys, Secret), KeystoreError> {
        let sealed = self.sealed.as_ref().ok_or(KeystoreError::WatchOnly)?;
        let seal = SealKey::again(password, sealed)?;
        let secret = seal.open(&self.public, sealed)?;
        let keys = Keys { master: secret.master(), seal };
        for account in &self.public.accounts {
            if account.public_key != Some(keys.account(account.index)?.public_key()) {
                return Err(KeystoreError::ForeignAccount(account.index));
            }
        }
        Ok((keys, secret))
    }

    /// Seals the same secret under another password, with a fresh salt.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn change_password(
        &mut self,
        old: &Password,
        new: &Password,
        policy: Policy,
    ) -> Result<Keys, KeystoreError> {
        let (keys, secret) = self.open(old)?;
        let seal = SealKey::new(new, policy.standard)?;
        self.sealed = Some(seal.seal(&self.public, &secret)?);
        Ok(Keys { master: keys.master.clone(), seal })
    }

    /// Adds the account after the highest one.
    ///
    /// # Errors
    /// [`KeystoreError::TooManyAccounts`] and [`KeystoreError::Label`].
    pub fn add_next_account(&mut self, keys: &Keys, label: &str) -> Result<&AccountInfo, KeystoreError> {
        let last = self.public.accounts.last().map_or(0, |account| account.index);
        self.add_account(keys, last.checked_add(1).ok_or(KeystoreError::TooManyAccounts)?, label)
    }

    /// Adds an account by its number.
    ///
    /// # Errors
    /// [`KeystoreError::AccountExists`], [`KeystoreError::TooManyAccounts`] and [`KeystoreError::Label`].
    pub fn add_account(
        &mut self,
        keys: &Keys,
        index: u32,
        label: &str,
    ) -> Result<&AccountInfo, KeystoreError> {
        if self.public.accounts.len() >= ACCOUNTS_MAX {
            return Err(KeystoreError::TooManyAccounts);
        }
        let account = AccountInfo::of(index, &keys.account(index)?.public_key(), label)?;
        let mut public = self.public.clone();
        match public.accounts.binary_search_by_key(&index, |account| account.index) {
            Ok(_) => return Err(KeystoreError::AccountExists(index)),
            Err(place) => public.accounts.insert(place, account),
        }
        self.reseal(public, Some(keys))?;
        self.account(index)
    }

    /// Gives an account another label; `keys` are needed unless the wallet only watches.
    ///
    /// # Errors
    /// [`KeystoreError::NoAccount`], [`KeystoreError::Label`], and [`KeystoreError::WrongPassword`] when the keys
    /// are missing or another wallet's.
    pub fn set_label(&mut self, keys: Option<&Keys>, index: u32, label: &str) -> Result<(), KeystoreError> {
        check_label(label)?;
        let mut public = self.public.clone();
        let account = public.accounts.iter_mut().find(|account| account.index == index);
        label.clone_into(&mut account.ok_or(KeystoreError::NoAccount(index))?.label);
        self.reseal(public, keys)
    }

    /// The account of this number.
    ///
    /// # Errors
    /// [`KeystoreError::NoAccount`].
    pub fn account(&self, index: u32) -> Result<&AccountInfo, KeystoreError> {
        self.accounts().iter().find(|account| account.index == index).ok_or(KeystoreError::NoAccount(index))
    }

    /// Puts another public part in place, sealed anew with the key that is known.
    fn reseal(&mut self, public: Public, keys: Option<&Keys>) -> Result<(), KeystoreError> {
        self.sealed = match &self.sealed {
            None => None,
            Some(sealed) => {
                let seal = &keys.ok_or(KeystoreError::WrongPassword)?.seal;
                let secret = seal.open(&self.public, sealed)?;
                Some(seal.seal(&public, &secret)?)
            }
        };
        self.public = public;
        Ok(())
    }
}

fn account_key(master: &ExtendedKey, index: u32) -> Result<SecretKey, KeystoreError> {
    let no_account = |_| KeystoreError::NoAccount(index);
    let path = Path::account(index).map_err(no_account)?;
    Ok(master.derive(&path).map_err(no_account)?.secret_key())
}

fn check_label(label: &str) -> Result<(), KeystoreError> {
    let fits = label.len() <= LABEL_BYTES_MAX && !label.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(KeystoreError::Label) }
}
