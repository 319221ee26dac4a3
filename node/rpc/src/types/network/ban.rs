//! Bans: ours of others, and others' of us.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vibecoin_primitives::Timestamp;

use super::name::{BanTarget, BoundedText, NodeIdText};
use crate::types::scalar::schema;

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BanInfo {
    /// Who: a node, or every address of a range.
    pub who: BanTarget,
    /// Since when.
    #[schemars(with = "schema::Timestamp")]
    pub since: Timestamp,
    /// Until when.
    #[schemars(with = "schema::Timestamp")]
    pub until: Timestamp,
    /// Why.
    pub reason: BoundedText,
    /// True if a person did it, false if the node did.
    pub by_operator: bool,
}

/// A peer's last word to us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoodbyeInfo {
    /// Who.
    pub node_id: NodeIdText,
    /// Where it was, as a multiaddr.
    pub address: BoundedText,
    /// When.
    #[schemars(with = "schema::Timestamp")]
    pub time: Timestamp,
    /// Why, in our words for its code.
    pub reason: BoundedText,
    /// True if it says that it has banned this node.
    pub banned: bool,
}

/// Bans in force, and who does not want this node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NetBans {
    /// Ours.
    pub bans: Vec<BanInfo>,
    /// The newest goodbyes that peers said to this node, the newest first.
    pub goodbyes: Vec<GoodbyeInfo>,
}
