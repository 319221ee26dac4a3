//! What a light client is told, so that it need not believe it.
//!
//! Everything here is proof or claim: encodings as the protocol hashes them, and beside them only what the client
//! compares with what it computes. Deliberately absent: a header's height, bits, parent and history root in
//! [`LightHeaders`], which follow from the headers before it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;

use super::scalar::{HexBytes, WorkText, schema};

/// A block that a server stands by before it is questioned about the chain below.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LightTip {
    /// Its id.
    #[schemars(with = "schema::Hash")]
    pub id: Hash,
    /// Its height, and so how many headers its history covers.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// Work of the whole chain up to it, its own included.
    pub work: WorkText,
    /// The 104 bytes that were mined.
    pub header: HexBytes,
    /// The 224 bytes that the header commits to.
    pub content: HexBytes,
    /// The peaks that its `history_root` commits to, 64 bytes each, the highest first; empty for the genesis.
    pub peaks: HexBytes,
}

/// The answer to a seed: that the chain below a tip has the work that was claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LightProof {
    /// The walk over the history with its opened headers, as the protocol encodes it.
    pub proof: HexBytes,
}

/// What came to the active chain after a block that the client knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LightHeaders {
    /// The last block that the active chain shares with the client's.
    #[schemars(with = "schema::Hash")]
    pub fork_id: Hash,
    /// Its height.
    #[schemars(with = "schema::Height")]
    pub fork_height: Height,
    /// The headers after it, the lowest first, 52 bytes each: version, time, nonce, content root.
    pub records: HexBytes,
    /// The active tip, which is the last of these unless there are more to come.
    #[schemars(with = "schema::Hash")]
    pub tip_id: Hash,
    /// Its height.
    #[schemars(with = "schema::Height")]
    pub tip_height: Height,
    /// Work of the whole chain up to it, its own included.
    pub tip_work: WorkText,
}

/// An old header, proven to stand below a tip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LightAncestor {
    /// Its 52 bytes that do not follow from its place: version, time, nonce, content root.
    pub record: HexBytes,
    /// Its id.
    #[schemars(with = "schema::Hash")]
    pub id: Hash,
    /// The 224 bytes that it commits to.
    pub content: HexBytes,
    /// The way from its leaf to a peak of the tip's history, nodes of 64 bytes, as the protocol encodes it.
    pub path: HexBytes,
}

/// What a server holds against the Proof of History segment of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LightPohFault {
    /// The proof that a tick does not follow from the one before it, as the protocol encodes it; none: the server
    /// knows of no fault.
    pub fault: Option<HexBytes>,
}
