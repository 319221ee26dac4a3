//! The address book: contacts, and labels of transactions. A plain file that its owner may read and edit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, AddressError, AddressPrefix};

use super::{Wallets, WalletsError};
use crate::files::{self, FileError};

/// The book's file has at most this many bytes.
const BOOK_BYTES_MAX: u64 = 8 << 20;
/// A contact's name or a label has at most this many characters.
pub const TEXT_CHARS_MAX: usize = 80;

/// Why the book cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The file is not what was written; it is left alone.
    #[error("the address book {path} cannot be read: line {line}, column {column}: {problem}")]
    Unreadable {
        /// The file.
        path: String,
        /// Where, counted from 1.
        line: usize,
        /// Where in the line.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A contact's address is not one of this network.
    #[error("contact \"{name}\": {source}")]
    Address {
        /// The contact.
        name: String,
        /// Why.
        source: AddressError,
    },
    /// A name or label that cannot be kept.
    #[error("a name or label has 1 to {TEXT_CHARS_MAX} characters, none of them invisible")]
    Text,
    /// The name is another contact's.
    #[error("there is a contact \"{0}\" already")]
    Taken(String),
    /// There is no such contact.
    #[error("there is no contact \"{0}\"")]
    NoContact(String),
    /// The directory or its lock.
    #[error(transparent)]
    Wallets(#[from] WalletsError),
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// What the file holds.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Name to address, in its Bech32m form.
    #[serde(default)]
    contacts: BTreeMap<String, String>,
    /// Transaction id to label.
    #[serde(default)]
    labels: BTreeMap<Hash, String>,
}

/// Contacts by name and labels by transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    contacts: BTreeMap<String, Address>,
    labels: BTreeMap<Hash, String>,
}

impl Book {
    /// Reads the book; one that is not there is empty.
    ///
    /// # Errors
    /// [`BookError::Unreadable`] and [`BookError::Address`] say where it is wrong.
    pub fn load(wallets: &Wallets, prefix: AddressPrefix) -> Result<Self, BookError> {
        let path = wallets.book_path();
        let bytes = match files::read(&path, BOOK_BYTES_MAX) {
            Err(FileError::Missing { .. }) => return Ok(Self::default()),
            read => read?,
        };
        let written: Written = serde_json::from_slice(&bytes).map_err(|error| BookError::Unreadable {
            path: path.display().to_string(),
            line: error.line(),
            column: error.column(),
            problem: error.to_string(),
        })?;
        let mut book = Self { contacts: BTreeMap::new(), labels: written.labels };
        for (name, text) in written.contacts {
            let address = Address::decode(&text, prefix)
                .map_err(|source| BookError::Address { name: name.clone(), source })?;
            book.contacts.insert(name, address);
        }
        Ok(book)
    }

    /// Changes the book in its file, under the directory's lock.
    ///
    /// # Errors
    /// As [`load`](Self::load), and what `change` answers; the file then stays as it was.
    pub fn update(
        wallets: &Wallets,
        prefix: AddressPrefix,
        change: impl FnOnce(&mut Self) -> Result<(), BookError>,
    ) -> Result<Self, BookError> {
        let _lock = wallets.lock()?;
        let mut book = Self::load(wallets, prefix)?;
        change(&mut book)?;
        let written = Written {
            contacts: book.contacts.iter().map(|(name, a)| (name.clone(), a.encode(prefix))).collect(),
            labels: book.labels.clone(),
        };
        let bytes = serde_json::to_vec_pretty(&written).expect("maps of text are written as JSON");
        files::replace(&wallets.book_path(), &bytes)?;
        Ok(book)
    }

    /// The contacts, by name.
    pub fn contacts(&self) -> impl Iterator<Item = (&str, &Address)> {
        self.contacts.iter().map(|(name, address)| (name.as_str(), address))
    }

    /// The address of a contact.
    #[must_use]
    pub fn contact(&self, name: &str) -> Option<&Address> {
        self.contacts.get(name)
    }

    /// What an address is called here.
    #[must_use]
    pub fn name_of(&self, address: &Address) -> Option<&str> {
        self.contacts().find(|(_, known)| *known == address).map(|(name, _)| name)
    }

    /// The label of a transaction.
    #[must_use]
    pub fn label(&self, txid: &Hash) -> Option<&str> {
        self.labels.get(txid).map(String::as_str)
    }

    /// All labels, by transaction.
    pub fn labels(&self) -> impl Iterator<Item = (&Hash, &str)> {
        self.labels.iter().map(|(txid, label)| (txid, label.as_str()))
    }

    /// Adds a contact.
    ///
    /// # Errors
    /// [`BookError::Text`], [`BookError::Taken`].
    pub fn add_contact(&mut self, name: &str, address: Address) -> Result<(), BookError> {
        check_text(name)?;
        if self.contacts.contains_key(name) {
            return Err(BookError::Taken(name.to_owned()));
        }
        self.contacts.insert(name.to_owned(), address);
        Ok(())
    }

    /// Gives a contact another name.
    ///
    /// # Errors
    /// [`BookError::NoContact`], [`BookError::Text`], [`BookError::Taken`].
    pub fn rename_contact(&mut self, old: &str, new: &str) -> Result<(), BookError> {
        let address = *self.contact(old).ok_or_else(|| BookError::NoContact(old.to_owned()))?;
        if old != new {
            self.add_contact(new, address)?;
            self.contacts.remove(old);
        }
        Ok(())
    }

    /// Removes a contact.
    ///
    /// # Errors
    /// [`BookError::NoContact`].
    pub fn remove_contact(&mut self, name: &str) -> Result<(), BookError> {
        self.contacts.remove(name).map(drop).ok_or_else(|| BookError::NoContact(name.to_owned()))
    }

    /// Labels a transaction; an empty label removes it.
    ///
    /// # Errors
    /// [`BookError::Text`].
    pub fn set_label(&mut self, txid: Hash, label: &str) -> Result<(), BookError> {
        if label.is_empty() {
            self.labels.remove(&txid);
        } else {
            check_text(label)?;
            self.labels.insert(txid, label.to_owned());
        }
        Ok(())
    }
}

fn check_text(text: &str) -> Result<(), BookError> {
    let fits = (1..=TEXT_CHARS_MAX).contains(&text.chars().count());
    let visible = !text.chars().any(char::is_control) && text.trim() == text;
    if fits && visible { Ok(()) } else { Err(BookError::Text) }
}
