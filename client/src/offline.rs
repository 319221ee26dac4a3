//! Signing on a machine that is never connected: unsigned → signed → sent, each as a line of hexadecimal digits.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Amount, DecodeError, Transaction, TransactionBody, encoding};

use crate::network::NetworkFacts;

/// Why a text cannot be signed or sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfflineError {
    /// Not hexadecimal digits.
    #[error("a transaction is written in hexadecimal digits")]
    NotHex,
    /// Not a transaction.
    #[error("this is not a transaction: {0}")]
    NotATransaction(#[from] DecodeError),
    /// For another network.
    #[error("this transaction is for the network with number {found}; here it is {expected}")]
    AnotherNetwork {
        /// The transaction's.
        found: u32,
        /// Ours.
        expected: u32,
    },
    /// Nobody here can sign it.
    #[error("this transaction is not of an account of this wallet")]
    AnotherAccount,
    /// The signature is not of this transaction.
    #[error("the signature does not fit the transaction {0}")]
    Signature(Hash),
    /// It creates a contract, which nobody here asked for.
    #[error("this transaction creates a contract; only payments are signed here")]
    NotAPayment,
    /// More would be paid than any account can have.
    #[error("this transaction would cost more than any account can have")]
    TooCostly,
}

/// A transaction body to be signed elsewhere, as text.
#[must_use]
pub fn encode_unsigned(body: &TransactionBody) -> String {
    hex::encode(encoding::encode(body))
}

/// Reads what [`encode_unsigned`] wrote, on the machine that signs.
///
/// # Errors
/// [`OfflineError`]; only payments of this network are taken.
pub fn decode_unsigned(text: &str, network: &NetworkFacts) -> Result<TransactionBody, OfflineError> {
    let body: TransactionBody = encoding::decode(&digits(text)?)?;
    check(&body, network)?;
    Ok(body)
}

/// A signed transaction, as text.
#[must_use]
pub fn encode_signed(transaction: &Transaction) -> String {
    hex::encode(transaction.encode())
}

/// Reads what [`encode_signed`] wrote, on the machine that sends it.
///
/// # Errors
/// [`OfflineError`]; the signature is verified.
pub fn decode_signed(text: &str, network: &NetworkFacts) -> Result<Transaction, OfflineError> {
    let transaction = Transaction::decode(&digits(text)?)?;
    check(&transaction.body, network)?;
    let txid = transaction.id();
    if transaction.claim(txid).verify() { Ok(transaction) } else { Err(OfflineError::Signature(txid)) }
}

/// The most that a body takes from its sender: value and fee.
///
/// # Errors
/// [`OfflineError::TooCostly`].
pub fn cost(body: &TransactionBody) -> Result<Amount, OfflineError> {
    body.max_cost().ok_or(OfflineError::TooCostly)
}

fn digits(text: &str) -> Result<Vec<u8>, OfflineError> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    hex::decode(digits).map_err(|_| OfflineError::NotHex)
}

fn check(body: &TransactionBody, network: &NetworkFacts) -> Result<(), OfflineError> {
    if body.chain_id != network.chain_id {
        let expected = network.chain_id;
        return Err(OfflineError::AnotherNetwork { found: body.chain_id, expected });
    }
    if body.to.is_none() {
        return Err(OfflineError::NotAPayment);
    }
    cost(body).map(drop)
}
