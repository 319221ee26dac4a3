//! The verbs of the wallet.
//!
//! Deliberately absent: any argument that is a secret. Passwords, words and passphrases come from a prompt, a file
//! or a file descriptor: what stands on a command line is seen by every process and kept by the shell.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vibecoin_client::payment::FeeChoice;
use vibecoin_primitives::Amount;

/// `vibecoin wallet`.
#[derive(Args, Debug)]
pub struct WalletArgs {
    /// Which wallet; by default the only one
    #[arg(long, short = 'w', global = true, value_name = "NAME", help_heading = "Wallet options")]
    pub wallet: Option<String>,
    /// Where passwords come from.
    #[command(flatten)]
    pub password: PasswordArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: WalletCommand,
}

/// Where the password comes from, if not from a prompt.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Wallet options")]
pub struct PasswordArgs {
    /// Read the password from this file (its first line)
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "password_fd")]
    pub password_file: Option<PathBuf>,
    /// Read the password from this open file descriptor (its first line)
    #[arg(long, global = true, value_name = "N")]
    pub password_fd: Option<u32>,
}

/// What can be done with wallets.
#[derive(Debug, Subcommand)]
pub enum WalletCommand {
    /// Create a wallet; its words are shown once
    New {
        /// What to call it
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// How many words
        #[arg(long, default_value_t = 12, value_name = "12|24", value_parser = word_count)]
        words: usize,
        /// The passphrase beside the words.
        #[command(flatten)]
        passphrase: PassphraseArgs,
    },
    /// Restore a wallet from its words
    Restore {
        /// What to call it
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Read the words from this file; - for standard input
        #[arg(long, value_name = "FILE")]
        words_file: Option<PathBuf>,
        /// The passphrase beside the words.
        #[command(flatten)]
        passphrase: PassphraseArgs,
        /// So many accounts
        #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
        accounts: u32,
        /// A keystore file from a backup instead of words
        #[arg(long, value_name = "FILE", conflicts_with_all = ["words_file", "passphrase", "passphrase_file", "accounts"])]
        backup: Option<PathBuf>,
    },
    /// Watch an address without its key
    Watch {
        /// The address, or the public key (64 hex digits)
        address: String,
        /// What to call it
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Show the words again
    Words,
    /// Change the password
    Passwd {
        /// Read the new password from this file (its first line)
        #[arg(long, value_name = "FILE", conflicts_with = "new_password_fd")]
        new_password_file: Option<PathBuf>,
        /// Read the new password from this open file descriptor (its first line)
        #[arg(long, value_name = "N")]
        new_password_fd: Option<u32>,
    },
    /// The wallets of this network
    List,
    /// Give the wallet another name
    Rename {
        /// The new name
        name: String,
    },
    /// Remove the wallet's file; only its words bring it back
    Remove,
    /// The accounts, with their balances if a node runs
    Accounts {
        /// Change something about them.
        #[command(subcommand)]
        action: Option<AccountsAction>,
    },
    /// The address to be paid at
    Address {
        /// Which account
        #[arg(long, default_value_t = 0, value_name = "N")]
        account: u32,
        /// A payment URI that asks for this amount, in VIBE
        #[arg(long, value_name = "AMOUNT")]
        amount: Option<Amount>,
        /// With this memo in the URI
        #[arg(long, value_name = "TEXT", requires = "amount")]
        memo: Option<String>,
    },
    /// What the wallet holds
    Balance {
        /// Only this account
        #[arg(long, value_name = "N")]
        account: Option<u32>,
    },
    /// Send coins
    Send {
        /// An address, or the name of a contact
        to: String,
        /// How much, in VIBE
        #[arg(required_unless_present = "max", conflicts_with = "max")]
        amount: Option<Amount>,
        /// Send all that is spendable, the fee taken off
        #[arg(long)]
        max: bool,
        /// How.
        #[command(flatten)]
        options: SendArgs,
    },
    /// Pay what a payment URI asks for
    Pay {
        /// The URI, such as vibe:vibe1…?amount=1.5
        uri: String,
        /// How much, in VIBE, where the URI does not say
        #[arg(long, value_name = "AMOUNT")]
        amount: Option<Amount>,
        /// How.
        #[command(flatten)]
        options: SendArgs,
    },
    /// What was sent, received and mined, newest first
    History {
        /// Only this account
        #[arg(long, value_name = "N")]
        account: Option<u32>,
        /// At most so many entries of an account
        #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Send a waiting payment again at a higher price
    SpeedUp {
        /// The payment
        txid: String,
        /// The new price
        #[arg(long, value_name = "low|normal|high|N")]
        fee: Option<FeeChoice>,
    },
    /// Replace a waiting payment by one of nothing to oneself
    Cancel {
        /// The payment
        txid: String,
        /// The new price
        #[arg(long, value_name = "low|normal|high|N")]
        fee: Option<FeeChoice>,
    },
    /// Sign a message with an account's key
    Sign {
        /// The message
        #[arg(required_unless_present = "file", conflicts_with = "file")]
        message: Option<String>,
        /// The message is the content of this file; - for standard input
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Which account
        #[arg(long, default_value_t = 0, value_name = "N")]
        account: u32,
    },
    /// Check the signature of a message
    Verify {
        /// Who is said to have signed
        address: String,
        /// The signature (192 hex digits)
        signature: String,
        /// The message
        #[arg(required_unless_present = "file", conflicts_with = "file")]
        message: Option<String>,
        /// The message is the content of this file; - for standard input
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Sign an unsigned transaction that `send --unsigned` made
    SignTx {
        /// The file; - for standard input
        file: PathBuf,
        /// Write the signed transaction here instead of to standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Send a signed transaction
    Broadcast {
        /// The file; - for standard input
        file: PathBuf,
        /// Wait for so many confirmations
        #[arg(long, value_name = "N")]
        wait: Option<u64>,
    },
    /// The address book
    Contacts {
        /// Change it.
        #[command(subcommand)]
        action: Option<ContactsAction>,
    },
    /// Notes to transactions
    Labels {
        /// Change them.
        #[command(subcommand)]
        action: Option<LabelsAction>,
    },
    /// Copy the wallet's encrypted file
    Backup {
        /// Where to, which must not exist
        file: PathBuf,
    },
    /// Write the whole history to a CSV file
    ExportHistory {
        /// The file; - for standard output
        file: PathBuf,
        /// Only this account
        #[arg(long, value_name = "N")]
        account: Option<u32>,
    },
}

/// Where a passphrase comes from. Most wallets have none.
#[derive(Args, Clone, Debug, Default)]
pub struct PassphraseArgs {
    /// Ask for a passphrase beside the words
    #[arg(long, conflicts_with = "passphrase_file")]
    pub passphrase: bool,
    /// Read the passphrase beside the words from this file (its first line)
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// How a payment is made.
#[derive(Args, Clone, Debug, Default)]
pub struct SendArgs {
    /// From this account
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub from: u32,
    /// A text that everybody can read on the chain
    #[arg(long, value_name = "TEXT")]
    pub memo: Option<String>,
    /// The price: low, normal, high, or beats per gas
    #[arg(long, default_value = "normal", value_name = "low|normal|high|N")]
    pub fee: FeeChoice,
    /// Not to be mined after so many blocks from now
    #[arg(long, value_name = "BLOCKS")]
    pub valid_for: Option<u64>,
    /// Wait for so many confirmations
    #[arg(long, value_name = "N")]
    pub wait: Option<u64>,
    /// Only say what would be sent
    #[arg(long, conflicts_with_all = ["wait", "unsigned"])]
    pub dry_run: bool,
    /// Write the transaction without a signature, for sign-tx elsewhere
    #[arg(long, conflicts_with = "wait")]
    pub unsigned: bool,
}

/// Changes to accounts.
#[derive(Debug, Subcommand)]
pub enum AccountsAction {
    /// Open the next account
    Add {
        /// What to call it
        #[arg(long, default_value = "", value_name = "TEXT")]
        label: String,
    },
    /// Give an account a label
    Label {
        /// Which account
        account: u32,
        /// The label; empty takes it away
        label: String,
    },
}

/// Changes to the address book.
#[derive(Debug, Subcommand)]
pub enum ContactsAction {
    /// Add a contact
    Add {
        /// What to call it
        name: String,
        /// Its address
        address: String,
    },
    /// Give a contact another name
    Rename {
        /// The present name
        old: String,
        /// The new name
        new: String,
    },
    /// Remove a contact
    Remove {
        /// Its name
        name: String,
    },
}

/// Changes to labels.
#[derive(Debug, Subcommand)]
pub enum LabelsAction {
    /// Write a note to a transaction
    Set {
        /// The transaction
        txid: String,
        /// The note
        text: String,
    },
    /// Remove the note of a transaction
    Remove {
        /// The transaction
        txid: String,
    },
}

fn word_count(text: &str) -> Result<usize, &'static str> {
    match text {
        "12" => Ok(12),
        "24" => Ok(24),
        _ => Err("a wallet has 12 or 24 words"),
    }
}
