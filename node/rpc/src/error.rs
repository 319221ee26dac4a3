//! Why a call failed: one enum that looks the same in the node and behind the wire.
//!
//! On the wire an error is a JSON-RPC error object: the stable code of its variant, our wording, and as data the
//! variant with its fields (`kind` names it, `rule` the protocol's or the pool's rule where there is one). The
//! client makes the same value of it again.

use serde::{Deserialize, Serialize};
use vibecoin_primitives::{Amount, Height};

#[cfg(test)]
mod tests;

/// What was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A block, by height or id.
    Block,
    /// A transaction, by txid.
    Transaction,
    /// The state after a block that is too old, or not on the active chain.
    State,
    /// A Proof of History segment of a block that has none.
    Ticks,
    /// The body of a block of which only the header is known.
    Body,
    /// A mining template that has been replaced.
    Template,
    /// A snapshot of `dev_snapshot`.
    Snapshot,
    /// A ban, by whom it is for.
    Ban,
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Block => "block",
            Self::Transaction => "transaction",
            Self::State => "state",
            Self::Ticks => "ticks",
            Self::Body => "body of block",
            Self::Template => "template",
            Self::Snapshot => "snapshot",
            Self::Ban => "ban of",
        })
    }
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ApiError {
    /// The request itself.
    #[error("the request is not JSON-RPC 2.0: {reason}")]
    BadRequest {
        /// What is wrong with it.
        reason: String,
    },
    /// The method does not exist.
    #[error("there is no method {method}")]
    UnknownMethod {
        /// The name asked for.
        method: String,
    },
    /// The parameters have another form than the method's.
    #[error("wrong parameters: {reason}")]
    InvalidParams {
        /// Which, and why.
        reason: String,
    },
    /// Body, batch, or number of subscriptions over the limit.
    #[error("over a limit of the server: {reason}")]
    OverLimit {
        /// Which limit.
        reason: String,
    },
    /// The method needs the cookie, and none came or a wrong one.
    #[error("this method needs the cookie of the node's data directory{}", if *.presented { "; the one given is not it" } else { "" })]
    CookieRequired {
        /// True if some token was presented.
        presented: bool,
    },
    /// There is no such thing.
    #[error("{what} {key} not found")]
    NotFound {
        /// What was asked for.
        what: Subject,
        /// By which key.
        key: String,
    },
    /// An address of another network.
    #[error("the address belongs to another network: its prefix is {found}, here it is {expected}")]
    OtherNetwork {
        /// The address's prefix.
        found: String,
        /// This network's.
        expected: String,
    },

    /// The transaction breaks a rule that has no variant of its own.
    #[error("transaction refused by {rule}: {reason}")]
    TxRefused {
        /// The rule, such as `TX-5`.
        rule: String,
        /// In words.
        reason: String,
    },
    /// The sender's balance does not cover the transaction and what it already has in the pool.
    #[error("insufficient funds ({rule}): {needed} needed, {available} available")]
    InsufficientFunds {
        /// The rule.
        rule: String,
        /// Value and the largest fee.
        needed: Amount,
        /// What is there.
        available: Amount,
    },
    /// The nonce was used already.
    #[error("nonce {nonce} was used already, the next is {expected} ({rule})")]
    NonceUsed {
        /// The rule.
        rule: String,
        /// The transaction's.
        nonce: u64,
        /// The account's next.
        expected: u64,
    },
    /// The nonce leaves a gap.
    #[error("nonce {nonce} leaves a gap, the next is {expected} ({rule})")]
    NonceGap {
        /// The rule.
        rule: String,
        /// The transaction's.
        nonce: u64,
        /// The next one that would be accepted.
        expected: u64,
    },
    /// The transaction can be in no block any more.
    #[error("expired: valid until height {valid_until}, the next block is {next} ({rule})")]
    Expired {
        /// The rule.
        rule: String,
        /// The last height that could have taken it.
        valid_until: Height,
        /// The height of the next block.
        next: Height,
    },
    /// The price of gas is below what the pool, or a replacement, asks.
    #[error("{offered} beats per gas offered, at least {minimum} needed ({rule})")]
    FeeTooLow {
        /// The rule.
        rule: String,
        /// The transaction's price, beats per gas.
        offered: u64,
        /// The lowest that would do, beats per gas.
        minimum: u64,
    },
    /// No room for it in the pool.
    #[error("the pool has no room ({rule}): {reason}")]
    PoolFull {
        /// The rule.
        rule: String,
        /// Which limit.
        reason: String,
    },

    /// A block breaks a rule.
    #[error("block refused by {rule}: {reason}")]
    BlockRefused {
        /// The rule, such as `HDR-3`.
        rule: String,
        /// In words.
        reason: String,
    },

    /// What is asked for does not exist on this network or in this configuration.
    #[error("not available here: {reason}")]
    NotAvailable {
        /// Why.
        reason: String,
    },
    /// The network has not begun.
    #[error("the network starts in {starts_in_ms} ms")]
    NotStarted {
        /// Milliseconds until the genesis time.
        starts_in_ms: u64,
    },
    /// The node is on its way down, or a service of it is.
    #[error("the node is stopping")]
    Stopping,
    /// A queue of the node is full; later it may work.
    #[error("the node is busy: {reason}")]
    Busy {
        /// With what.
        reason: String,
    },
    /// The disk failed, or is full, or what is on it is damaged.
    #[error("storage failed: {reason}")]
    Storage {
        /// In the words of the system.
        reason: String,
        /// True if it is what was stored that is damaged: writing may still work.
        #[serde(default)]
        damaged: bool,
    },
    /// The node has no network: it is one inside of a wallet, or was told so.
    #[error("this node has no network: {reason}")]
    NoNetwork {
        /// Why.
        reason: String,
    },
    /// The network does not take an address.
    #[error("{address} is not taken: {reason}")]
    AddressRefused {
        /// Which.
        address: String,
        /// Why.
        reason: String,
    },
    /// A fault of the node.
    #[error("internal fault: {reason}")]
    Internal {
        /// What went wrong.
        reason: String,
    },

    /// Nobody answers at that address. Made by the client only.
    #[error("no server reachable at {url}: {reason}")]
    Unreachable {
        /// The address.
        url: String,
        /// In the words of the system.
        reason: String,
    },
    /// The answer did not come in time. Made by the client only.
    #[error("no answer from {url} within {after_ms} ms")]
    TimedOut {
        /// The address.
        url: String,
        /// The deadline, milliseconds.
        after_ms: u64,
    },
    /// The server refused the HTTP request before reading it. Made by the client only.
    #[error("the server at {url} refuses this client: HTTP status {status}")]
    Rejected {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// An answer that is none of ours. Made by the client only.
    #[error("the answer is not understood: {reason}")]
    Malformed {
        /// Why.
        reason: String,
    },
    /// A remote node said something that its proof does not show. Made by the light client only.
    #[error("the remote node {url} gave a false proof: {reason}")]
    FalseProof {
        /// The node.
        url: String,
        /// What is wrong with it, in our words.
        reason: String,
    },
}

impl ApiError {
    /// The stable code. Those of JSON-RPC where it has one; else 1xxx requests, 2xxx transactions, 3xxx blocks,
    /// 4xxx the node, 5xxx the way to it.
    #[must_use]
    pub const fn code(&self) -> i32 {
        match self {
            Self::BadRequest { .. } => -32600,
            Self::UnknownMethod { .. } => -32601,
            Self::InvalidParams { .. } => -32602,
            Self::Internal { .. } => -32603,
            Self::OverLimit { .. } => 1001,
            Self::CookieRequired { .. } => 1002,
            Self::NotFound { .. } => 1003,
            Self::OtherNetwork { .. } => 1004,
            Self::TxRefused { .. } => 2001,
            Self::InsufficientFunds { .. } => 2002,
            Self::NonceUsed { .. } => 2003,
            Self::NonceGap { .. } => 2004,
            Self::Expired { .. } => 2005,
            Self::FeeTooLow { .. } => 2006,
            Self::PoolFull { .. } => 2007,
            Self::BlockRefused { .. } => 3001,
            Self::NotAvailable { .. } => 4001,
            Self::NotStarted { .. } => 4002,
            Self::Stopping => 4003,
            Self::Busy { .. } => 4004,
            Self::Storage { .. } => 4005,
            Self::NoNetwork { .. } => 4006,
            Self::AddressRefused { .. } => 4007,
            Self::Unreachable { .. } => 5001,
            Self::TimedOut { .. } => 5002,
            Self::Rejected { .. } => 5003,
            Self::Malformed { .. } => 5004,
            Self::FalseProof { .. } => 5005,
        }
    }

    /// The rule that was broken, such as `TX-5`, where there is one.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::TxRefused { rule, .. }
            | Self::InsufficientFunds { rule, .. }
            | Self::NonceUsed { rule, .. }
            | Self::NonceGap { rule, .. }
            | Self::Expired { rule, .. }
            | Self::FeeTooLow { rule, .. }
            | Self::PoolFull { rule, .. }
            | Self::BlockRefused { rule, .. } => Some(rule),
            Self::BadRequest { .. }
            | Self::UnknownMethod { .. }
            | Self::InvalidParams { .. }
            | Self::OverLimit { .. }
            | Self::CookieRequired { .. }
            | Self::NotFound { .. }
            | Self::OtherNetwork { .. }
            | Self::NotAvailable { .. }
            | Self::NotStarted { .. }
            | Self::Stopping
            | Self::Busy { .. }
            | Self::Storage { .. }
            | Self::NoNetwork { .. }
            | Self::AddressRefused { .. }
            | Self::Internal { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Rejected { .. }
            | Self::Malformed { .. }
            | Self::FalseProof { .. } => None,
        }
    }

    /// True if no server was reached, or none of ours: another server may do better.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Rejected { .. })
    }

    /// A fault of the node, in words.
    pub fn internal(reason: impl std::fmt::Display) -> Self {
        Self::Internal { reason: reason.to_string() }
    }

    /// Something that does not exist.
    pub fn not_found(what: Subject, key: impl std::fmt::Display) -> Self {
        Self::NotFound { what, key: key.to_string() }
    }
}

impl From<ApiError> for jsonrpsee::types::ErrorObjectOwned {
    fn from(error: ApiError) -> Self {
        Self::owned(error.code(), error.to_string(), Some(&error))
    }
}

impl From<jsonrpsee::types::ErrorObjectOwned> for ApiError {
    /// The error that was sent. What jsonrpsee itself answers is put into our words by its code.
    fn from(object: jsonrpsee::types::ErrorObjectOwned) -> Self {
        use jsonrpsee::types::error as theirs;
        if let Some(data) = object.data()
            && let Ok(error) = serde_json::from_str(data.get())
        {
            return error;
        }
        let reason = object.message().to_owned();
        match object.code() {
            theirs::PARSE_ERROR_CODE | theirs::INVALID_REQUEST_CODE => Self::BadRequest { reason },
            theirs::METHOD_NOT_FOUND_CODE => Self::UnknownMethod { method: reason },
            theirs::INVALID_PARAMS_CODE => Self::InvalidParams { reason },
            theirs::OVERSIZED_REQUEST_CODE
            | theirs::OVERSIZED_RESPONSE_CODE
            | theirs::TOO_BIG_BATCH_REQUEST_CODE
            | theirs::TOO_BIG_BATCH_RESPONSE_CODE
            | theirs::TOO_MANY_SUBSCRIPTIONS_CODE => Self::OverLimit { reason },
            theirs::SERVER_IS_BUSY_CODE => Self::Busy { reason },
            code => Self::Malformed { reason: format!("error {code}: {reason}") },
        }
    }
}
