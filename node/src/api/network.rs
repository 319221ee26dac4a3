//! The network: `net_info`, `net_peers`, `net_add`, `net_ban`, `net_unban`, `net_bans`.
//!
//! The answers come from the part of the node that owns its peers, behind [`NetworkFace`]. A node may have no such
//! part; then it says so.

use std::sync::Arc;

use async_trait::async_trait;
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, Subject};

use super::Core;

/// How long a ban lasts unless told otherwise, in seconds: a day.
pub const BAN_SECONDS: u64 = 86_400;
/// The longest ban, in seconds: ten years.
pub const BAN_SECONDS_MAX: u64 = 3_650 * 86_400;
/// The longest reason for a ban, in bytes.
const REASON_BYTES_MAX: usize = BoundedText::BYTES_MAX;

/// What the owner of the peers tells of them, and does to them when it is asked.
#[async_trait]
pub trait NetworkFace: Send + Sync + 'static {
    /// The node among its peers.
    async fn info(&self) -> NetInfo;
    /// Every connected peer.
    async fn peers(&self) -> Result<Vec<PeerInfo>, ApiError>;
    /// Takes an address that can be dialled into the book and dials it.
    ///
    /// # Errors
    /// [`ApiError::AddressRefused`] for an address of its own. Whether it is banned has been looked at.
    async fn add(&self, address: PeerAddress) -> Result<NetAdded, ApiError>;
    /// Bans somebody for so many seconds by the word of the operator. A ban that is there is replaced.
    async fn ban(&self, who: BanTarget, seconds: u64, reason: BoundedText) -> Result<BanInfo, ApiError>;
    /// Ends a ban, and answers what it was; none if there is none of this name.
    async fn unban(&self, who: BanTarget) -> Result<Option<BanInfo>, ApiError>;
    /// The bans in force, and the newest goodbyes.
    async fn bans(&self) -> Result<NetBans, ApiError>;
}

/// Whether a ban would keep the node from going there.
fn concerns(who: &BanTarget, address: &PeerAddress) -> bool {
    match who {
        BanTarget::Node(id) => address.node_id() == Some(*id),
        BanTarget::Range(range) => matches!(address.host(), Host::Ip(ip) if range.contains(*ip)),
    }
}

impl Core {
    /// The node among its peers, or that it has none.
    pub async fn net_info(&self) -> NetInfo {
        match &self.network {
            Some(face) => face.info().await,
            None => NetInfo::default(),
        }
    }

    /// The owner of the peers.
    fn peers_owner(&self) -> Result<&Arc<dyn NetworkFace>, ApiError> {
        let reason = || "it was started without one (--p2p off), or belongs to a wallet".to_owned();
        self.network.as_ref().ok_or_else(|| ApiError::NoNetwork { reason: reason() })
    }

    pub(super) async fn net_peers(&self) -> Result<Vec<PeerInfo>, ApiError> {
        self.peers_owner()?.peers().await
    }

    pub(super) async fn net_add(&self, address: PeerAddress) -> Result<NetAdded, ApiError> {
        let owner = self.peers_owner()?;
        if !address.can_dial() {
            let reason = "nobody can be dialled there".to_owned();
            return Err(ApiError::AddressRefused { address: address.to_string(), reason });
        }
        let bans = owner.bans().await?.bans;
        if let Some(ban) = bans.iter().find(|ban| concerns(&ban.who, &address)) {
            let reason = format!("{} is banned", ban.who);
            return Err(ApiError::AddressRefused { address: address.to_string(), reason });
        }
        owner.add(address).await
    }

    pub(super) async fn net_ban(
        &self,
        who: BanTarget,
        seconds: Option<u64>,
        reason: Option<String>,
    ) -> Result<BanInfo, ApiError> {
        let owner = self.peers_owner()?;
        let seconds = seconds.unwrap_or(BAN_SECONDS);
        if !(1..=BAN_SECONDS_MAX).contains(&seconds) {
            let reason = format!("a ban lasts from 1 to {BAN_SECONDS_MAX} seconds, not {seconds}");
            return Err(ApiError::InvalidParams { reason });
        }
        let reason = reason.unwrap_or_default();
        if reason.len() > REASON_BYTES_MAX {
            let reason = format!("a reason has at most {REASON_BYTES_MAX} bytes, not {}", reason.len());
            return Err(ApiError::InvalidParams { reason });
        }
        owner.ban(who, seconds, reason.into()).await
    }

    pub(super) async fn net_unban(&self, who: BanTarget) -> Result<BanInfo, ApiError> {
        let ended = self.peers_owner()?.unban(who).await?;
        ended.ok_or_else(|| ApiError::not_found(Subject::Ban, who))
    }

    pub(super) async fn net_bans(&self) -> Result<NetBans, ApiError> {
        self.peers_owner()?.bans().await
    }
}
