//! A stranger to the nodes of these tests.

use libp2p::core::muxing::SubstreamBox;
use vibecoin_network::endpoint::Contact;
use vibecoin_network::wire::encode;

use super::world::{NETWORK, hello};
pub use crate::testing::{Stranger, write};

impl Stranger {
    /// Connects, and no more.
    pub async fn connect(contact: &Contact) -> Self {
        Self::visit(contact, NETWORK).await
    }

    /// The talk lane, after this side's hello.
    pub async fn talk(&self) -> SubstreamBox {
        let mut talk = self.lane("talk").await;
        write(&mut talk, &encode(&hello())).await;
        talk
    }
}
