//! The sealed part: XChaCha20-Poly1305 over the secret, with everything else of the file as associated data.

use bip39::Language;
use borsh::{BorshDeserialize, BorshSerialize};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::{Zeroize, Zeroizing};

use super::kdf::{KdfParams, SALT_BYTES};
use super::{KeystoreError, Public, Secret, format};
use crate::mnemonic::Mnemonic;
use crate::password::Password;

/// Bytes of the nonce. They are random: with 24 of them none ever comes twice.
const NONCE_BYTES: usize = 24;

/// The plain text is filled up to a multiple of this, so that its length does not tell that of the passphrase.
const PADDED_BYTES: usize = 128;

/// The secret as it lies in the file, and how its key is made.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Sealed {
    pub(super) kdf: KdfParams,
    salt: [u8; SALT_BYTES],
    nonce: [u8; NONCE_BYTES],
    pub(super) ciphertext: Vec<u8>,
}

/// The plain text. The length of what is used is written first; the rest is zeros.
#[derive(BorshSerialize, BorshDeserialize, Zeroize)]
#[zeroize(drop)]
struct Plain {
    /// The place of the list in [`LANGUAGES`].
    language: u8,
    entropy: Vec<u8>,
    passphrase: String,
}

/// The lists by their number in the file. New ones go to the end.
const LANGUAGES: [Language; 10] = [
    Language::English,
    Language::SimplifiedChinese,
    Language::TraditionalChinese,
    Language::Czech,
    Language::French,
    Language::Italian,
    Language::Japanese,
    Language::Korean,
    Language::Portuguese,
    Language::Spanish,
];

/// The key that a password makes with a salt.
pub(super) struct SealKey {
    key: Zeroizing<[u8; 32]>,
    kdf: KdfParams,
    salt: [u8; SALT_BYTES],
}

impl SealKey {
    /// A key with a fresh salt.
    pub(super) fn new(password: &Password, kdf: KdfParams) -> Result<Self, KeystoreError> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt)?;
        Ok(Self { key: kdf.derive(password, &salt)?, kdf, salt })
    }

    /// The key that something was sealed with, if the password is right.
    pub(super) fn again(password: &Password, sealed: &Sealed) -> Result<Self, KeystoreError> {
        let key = sealed.kdf.derive(password, &sealed.salt)?;
        Ok(Self { key, kdf: sealed.kdf, salt: sealed.salt })
    }

    /// Seals with a fresh nonce.
    pub(super) fn seal(&self, public: &Public, secret: &Secret) -> Result<Sealed, KeystoreError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce)?;
        let mut sealed = Sealed { kdf: self.kdf, salt: self.salt, nonce, ciphertext: Vec::new() };
        let plain = pad(&Plain::of(secret)?);
        let aad = associated_data(public, &sealed);
        sealed.ciphertext = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: &plain, aad: &aad })
            .expect("a few hundred bytes are within the cipher's limit");
        Ok(sealed)
    }

    /// Opens what this key sealed together with this public part.
    pub(super) fn open(&self, public: &Public, sealed: &Sealed) -> Result<Secret, KeystoreError> {
        let payload = Payload { msg: &sealed.ciphertext, aad: &associated_data(public, sealed) };
        let plain = self.cipher().decrypt(&XNonce::from(sealed.nonce), payload);
        unpad(&Zeroizing::new(plain.map_err(|_| KeystoreError::WrongPassword)?))?.secret()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.key).into())
    }
}

impl Plain {
    fn of(secret: &Secret) -> Result<Self, KeystoreError> {
        let language = LANGUAGES.iter().position(|list| *list == secret.mnemonic().language());
        let language = language.and_then(|place| u8::try_from(place).ok());
        Ok(Self {
            language: language.ok_or(KeystoreError::Malformed("a word list without a number"))?,
            entropy: secret.mnemonic().entropy().to_vec(),
            passphrase: secret.passphrase().to_owned(),
        })
    }

    fn secret(&self) -> Result<Secret, KeystoreError> {
        let language = LANGUAGES.get(usize::from(self.language));
        let language = language.ok_or(KeystoreError::Malformed("a word list that is not known"))?;
        let mnemonic = Mnemonic::from_entropy(*language, &self.entropy)?;
        Ok(Secret::new(mnemonic, Zeroizing::new(self.passphrase.clone())))
    }
}

/// All of the file that stands before the ciphertext.
fn associated_data(public: &Public, sealed: &Sealed) -> Vec<u8> {
    let mut data = format::head(public);
    let parts = (1_u8, &sealed.kdf, &sealed.salt, &sealed.nonce);
    borsh::to_writer(&mut data, &parts).expect("writing to memory does not fail");
    data
}

fn pad(plain: &Plain) -> Zeroizing<Vec<u8>> {
    // Room for everything at once: growing would leave copies behind.
    let used = 1 + 4 + plain.entropy.len() + 4 + plain.passphrase.len();
    let length = (4 + used).next_multiple_of(PADDED_BYTES);
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    let used = u32::try_from(used).expect("a passphrase is shorter than 4 GiB");
    borsh::to_writer(&mut *bytes, &(used, plain)).expect("writing to memory does not fail");
    bytes.resize(length, 0);
    bytes
}

fn unpad(bytes: &[u8]) -> Result<Plain, KeystoreError> {
    let malformed = KeystoreError::Malformed("what is sealed has another form");
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(malformed.clone())?;
    let used = usize::try_from(u32::from_le_bytes(*length)).ok();
    let (used, zeros) = used.and_then(|used| rest.split_at_checked(used)).ok_or(malformed.clone())?;
    if zeros.iter().any(|byte| *byte != 0) {
        return Err(malformed);
    }
    borsh::from_slice(used).map_err(|_| malformed)
}
