//! The owner of the unlocked keys: one wallet at a time, opened, unlocked for a while, locked again.
//!
//! Everything that needs a key is done here, and no key leaves. What is slow (Argon2) or waits for a disk runs on
//! a blocking thread, so that no screen stands still. Time is an argument: the vault knows no clock.
//!
//! Deliberately absent: the node. A vault works on a machine that is never connected.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vibecoin_crypto::PublicKey;
use vibecoin_primitives::{Address, Height, Timestamp, Transaction, TransactionBody};

use crate::error::WalletError;
use crate::keystore::{AccountInfo, Birth, Keys, Keystore, KeystoreError, Secret};
use crate::message::{self, Proof};
use crate::network::NetworkFacts;
use crate::offline::OfflineError;
use crate::password::Password;
use crate::wallets::{Book, BookError, WalletName, Wallets};

#[cfg(test)]
mod tests;

/// For how long keys stay unlocked without being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockAfter {
    /// Until somebody locks them or the program ends.
    Never,
    /// This many milliseconds after the last use.
    Idle(u64),
}

impl LockAfter {
    /// What screens use unless somebody says otherwise: five minutes.
    pub const DEFAULT: Self = Self::Idle(300_000);
}

/// A wallet that is open, as everybody may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its name.
    pub name: WalletName,
    /// Its accounts, by number.
    pub accounts: Vec<AccountInfo>,
    /// When it was made.
    pub birth: Birth,
    /// True when it has no keys at all.
    pub watch_only: bool,
    /// True while its keys are at hand.
    pub unlocked: bool,
    /// When they are locked away by themselves; none: locked, or never.
    pub locks_at: Option<Timestamp>,
}

struct Current {
    name: WalletName,
    keystore: Keystore,
    unlocked: Option<Unlocked>,
}

struct Unlocked {
    keys: Arc<Keys>,
    lock_after: LockAfter,
    locks_at: Option<Timestamp>,
}

impl Unlocked {
    fn new(keys: Keys, now: Timestamp, lock_after: LockAfter) -> Self {
        let mut unlocked = Self { keys: Arc::new(keys), lock_after, locks_at: None };
        unlocked.touch(now);
        unlocked
    }

    fn touch(&mut self, now: Timestamp) {
        self.locks_at = match self.lock_after {
            LockAfter::Never => None,
            LockAfter::Idle(ms) => now.checked_add(ms),
        };
    }
}

/// See the module.
pub struct Vault {
    wallets: Wallets,
    network: NetworkFacts,
    current: Mutex<Option<Current>>,
}

impl Vault {
    /// A vault over a directory of wallets; none is open.
    #[must_use]
    pub const fn new(wallets: Wallets, network: NetworkFacts) -> Self {
        Self { wallets, network, current: Mutex::new(None) }
    }

    /// The directory.
    #[must_use]
    pub const fn wallets(&self) -> &Wallets {
        &self.wallets
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> &NetworkFacts {
        &self.network
    }

    /// Opens the named wallet, or the only one, locked. What was open is locked and closed.
    ///
    /// # Errors
    /// As [`Wallets::choose`] and [`Wallets::load`].
    pub fn open(&self, name: Option<&WalletName>) -> Result<Opened, WalletError> {
        let name = self.wallets.choose(name)?;
        let keystore = self.wallets.load(&name)?;
        Ok(self.replace(Current { name, keystore, unlocked: None }))
    }

    /// Reads the open wallet's file again: another program may have added accounts or labels. Keys that are at
    /// hand stay so.
    ///
    /// # Errors
    /// [`WalletError::NotOpen`], and as [`Wallets::load`].
    pub fn reload(&self) -> Result<Opened, WalletError> {
        let name = self.with(|current| current.name.clone())?;
        let keystore = self.wallets.load(&name)?;
        self.with(|current| {
            if current.name == name {
                current.keystore = keystore;
            }
            current.describe()
        })
    }

    /// Closes what is open.
    pub fn close(&self) {
        *self.current() = None;
    }

    /// What is open, as everybody may know it.
    ///
    /// # Errors
    /// [`WalletError::NotOpen`].
    pub fn opened(&self) -> Result<Opened, WalletError> {
        self.with(|current| current.describe())
    }

    /// Makes a wallet of a secret and opens it, unlocked.
    ///
    /// # Errors
    /// As [`Keystore::create`] and [`Wallets::create`].
    pub async fn create(
        &self,
        name: &WalletName,
        secret: Secret,
        password: Password,
        height: Height,
        now: Timestamp,
        lock_after: LockAfter,
    ) -> Result<Opened, WalletError> {
        let (wallets, called) = (self.wallets.clone(), name.clone());
        let (keystore, keys) = blocking(move || {
            wallets.check_free(&called)?;
            let birth = Birth { height, time: now };
            let made = Keystore::create(&secret, birth, &password, wallets.policy())?;
            wallets.create(&called, &made.0)?;
            Ok::<_, WalletError>(made)
        })
        .await?;
        let unlocked = Some(Unlocked::new(keys, now, lock_after));
        Ok(self.replace(Current { name: name.clone(), keystore, unlocked }))
    }

    /// Makes a wallet that watches an address and opens it.
    ///
    /// # Errors
    /// As [`Keystore::watch`] and [`Wallets::create`].
    pub async fn watch(
        &self,
        name: &WalletName,
        address: Address,
        public_key: Option<PublicKey>,
        now: Timestamp,
    ) -> Result<Opened, WalletError> {
        let birth = Birth { height: Height::GENESIS, time: now };
        let keystore = Keystore::watch(address, public_key, birth)?;
        let (wallets, called, written) = (self.wallets.clone(), name.clone(), keystore.clone());
        blocking(move || wallets.create(&called, &written)).await?;
        Ok(self.replace(Current { name: name.clone(), keystore, unlocked: None }))
    }

    /// Unlocks what is open.
    ///
    /// # Errors
    /// [`WalletError::NotOpen`], and as [`Keystore::open`]: [`KeystoreError::WrongPassword`] above all.
    pub async fn unlock(
        &self,
        password: Password,
        now: Timestamp,
        lock_after: LockAfter,
    ) -> Result<Opened, WalletError> {
        let (name, keystore) = self.with(|current| (current.name.clone(), current.keystore.clone()))?;
        let (keys, _) = blocking(move || keystore.open(&password)).await?;
        self.with(|current| {
            // Another wallet may have been opened meanwhile; these keys are not its.
            if current.name == name {
                current.unlocked = Some(Unlocked::new(keys, now, lock_after));
            }
            current.describe()
        })
    }

    /// Wipes the keys.
    pub fn lock(&self) {
        if let Some(current) = self.current().as_mut() {
            current.unlocked = None;
        }
    }

    /// Wipes the keys if it is time to; true if it was.
    pub fn lock_if_due(&self, now: Timestamp) -> bool {
        self.with(|current| current.lock_if_due(now)).unwrap_or(false)
    }

    /// Somebody is there: the time to the lock starts anew.
    pub fn touch(&self, now: Timestamp) {
        if let Some(unlocked) = self.current().as_mut().and_then(|current| current.unlocked.as_mut()) {
            unlocked.touch(now);
        }
    }

    /// Shows the secret again; the password is asked for anew, whatever is unlocked.
    ///
    /// # Errors
    /// As [`unlock`](Self::unlock).
    pub async fn secret(&self, password: Password) -> Result<Secret, WalletError> {
        let keystore = self.with(|current| current.keystore.clone())?;
        Ok(blocking(move || keystore.open(&password)).await?.1)
    }

    /// Seals the open wallet under another password. What is unlocked stays so.
    ///
    /// # Errors
    /// As [`unlock`](Self::unlock) and [`Wallets::update`].
    pub async fn change_password(&self, old: Password, new: Password) -> Result<(), WalletError> {
        let policy = self.wallets.policy();
        let keys = self.update(move |keystore| Ok(keystore.change_password(&old, &new, policy)?)).await?;
        self.with(|current| {
            if let Some(unlocked) = &mut current.unlocked {
                unlocked.keys = Arc::new(keys);
            }
        })
    }

    /// Adds the next account, or the one of this number.
    ///
    /// # Errors
    /// [`WalletError::Locked`], and as [`Keystore::add_account`].
    pub async fn add_account(
        &self,
        index: Option<u32>,
        label: &str,
        now: Timestamp,
    ) -> Result<AccountInfo, WalletError> {
        let (keys, label) = (self.keys(now)?, label.to_owned());
        self.update(move |keystore| {
            let added = match index {
                Some(index) => keystore.add_account(&keys, index, &label),
                None => keystore.add_next_account(&keys, &label),
            };
            Ok(added?.clone())
        })
        .await
    }

    /// Gives an account of the open wallet another label.
    ///
    /// # Errors
    /// [`WalletError::Locked`] unless the wallet only watches, and as [`Keystore::set_label`].
    pub async fn set_label(&self, index: u32, label: &str, now: Timestamp) -> Result<(), WalletError> {
        let keys = if self.opened()?.watch_only { None } else { Some(self.keys(now)?) };
        let label = label.to_owned();
        self.update(move |keystore| Ok(keystore.set_label(keys.as_deref(), index, &label)?)).await
    }

    /// Signs a body of one of the open wallet's accounts.
    ///
    /// # Errors
    /// [`WalletError::Locked`], and [`OfflineError::AnotherAccount`] when the key in it is none of ours.
    pub fn sign(&self, body: TransactionBody, now: Timestamp) -> Result<Transaction, WalletError> {
        let accounts = self.opened()?.accounts;
        let ours = accounts.iter().find(|account| account.public_key == Some(body.public_key));
        let index = ours.ok_or(OfflineError::AnotherAccount)?.index;
        Ok(body.sign(&self.keys(now)?.account(index)?))
    }

    /// Signs a message with an account's key.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`KeystoreError::NoAccount`].
    pub fn sign_message(&self, account: u32, text: &[u8], now: Timestamp) -> Result<Proof, WalletError> {
        self.with(|current| current.keystore.account(account).map(drop))??;
        Ok(message::sign(&self.keys(now)?.account(account)?, text))
    }

    /// The public key that an account would have, without adding it.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`KeystoreError::NoAccount`].
    pub(crate) fn public_key(&self, index: u32, now: Timestamp) -> Result<PublicKey, WalletError> {
        Ok(self.keys(now)?.account(index)?.public_key())
    }

    /// The account of this number.
    ///
    /// # Errors
    /// [`WalletError::NotOpen`], [`KeystoreError::NoAccount`].
    pub fn account(&self, index: u32) -> Result<AccountInfo, WalletError> {
        Ok(self.with(|current| current.keystore.account(index).cloned())??)
    }

    /// Gives a wallet another name, the open one too.
    ///
    /// # Errors
    /// As [`Wallets::rename`].
    pub fn rename(&self, old: &WalletName, new: &WalletName) -> Result<(), WalletError> {
        // Not under the vault's own lock: whoever holds the directory's may be waiting for that one.
        self.wallets.rename(old, new)?;
        if let Some(current) = self.current().as_mut().filter(|current| current.name == *old) {
            current.name = new.clone();
        }
        Ok(())
    }

    /// Removes a wallet for ever, closing it if it is the open one.
    ///
    /// # Errors
    /// As [`Wallets::remove`].
    pub fn remove(&self, name: &WalletName) -> Result<(), WalletError> {
        self.wallets.remove(name)?;
        let mut current = self.current();
        if current.as_ref().is_some_and(|current| current.name == *name) {
            *current = None;
        }
        Ok(())
    }

    /// The address book.
    ///
    /// # Errors
    /// As [`Book::load`].
    pub fn book(&self) -> Result<Book, WalletError> {
        Ok(Book::load(&self.wallets, self.network.prefix)?)
    }

    /// Changes the address book.
    ///
    /// # Errors
    /// As [`Book::update`].
    pub async fn update_book(
        &self,
        change: impl FnOnce(&mut Book) -> Result<(), BookError> + Send + 'static,
    ) -> Result<Book, WalletError> {
        let (wallets, prefix) = (self.wallets.clone(), self.network.prefix);
        blocking(move || Book::update(&wallets, prefix, change)).await
    }

    /// The keys, if they are at hand; using them puts the lock off.
    fn keys(&self, now: Timestamp) -> Result<Arc<Keys>, WalletError> {
        self.with(|current| {
            if current.keystore.is_watch_only() {
                return Err(KeystoreError::WatchOnly.into());
            }
            current.lock_if_due(now);
            let unlocked = current.unlocked.as_mut().ok_or(WalletError::Locked)?;
            unlocked.touch(now);
            Ok(Arc::clone(&unlocked.keys))
        })?
    }

    /// Changes the open wallet in its file and here.
    async fn update<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Keystore) -> Result<T, WalletError> + Send + 'static,
    ) -> Result<T, WalletError> {
        let name = self.with(|current| current.name.clone())?;
        let (wallets, called) = (self.wallets.clone(), name.clone());
        let (answer, keystore) = blocking(move || wallets.update(&called, change)).await?;
        self.with(|current| {
            if current.name == name {
                current.keystore = keystore;
            }
        })?;
        Ok(answer)
    }

    fn replace(&self, new: Current) -> Opened {
        let opened = new.describe();
        *self.current() = Some(new);
        opened
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Current) -> T) -> Result<T, WalletError> {
        self.current().as_mut().map(use_it).ok_or(WalletError::NotOpen)
    }

    fn current(&self) -> MutexGuard<'_, Option<Current>> {
        // Every change under the lock is a single assignment, so a panic elsewhere leaves nothing half-done.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    fn describe(&self) -> Opened {
        Opened {
            name: self.name.clone(),
            accounts: self.keystore.accounts().to_vec(),
            birth: self.keystore.birth(),
            watch_only: self.keystore.is_watch_only(),
            unlocked: self.unlocked.is_some(),
            locks_at: self.unlocked.as_ref().and_then(|unlocked| unlocked.locks_at),
        }
    }

    fn lock_if_due(&mut self, now: Timestamp) -> bool {
        let due = self.unlocked.as_ref().and_then(|unlocked| unlocked.locks_at).is_some_and(|at| at <= now);
        if due {
            self.unlocked = None;
        }
        due
    }
}

/// Runs what is slow on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static, E: Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, WalletError>
where
    WalletError: From<E>,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(WalletError::Stopping),
        },
    }
}
