//! What an offender knows of the place it comes to.

use std::sync::Arc;

use parking_lot::Mutex;
use vibecoin_crypto::Hash;
use vibecoin_network::endpoint::{Contact, NodeId};
use vibecoin_network::wire::WireLimits;
use vibecoin_primitives::ChainSpec;
use vibecoin_rpc::types::NodeIdText;

use crate::support::cluster::Member;

/// See the module.
#[derive(Clone)]
pub struct Site {
    pub victim: Contact,
    /// An honest node.
    pub honest: Contact,
    pub network: String,
    pub genesis: Hash,
    pub spec: ChainSpec,
    id: Arc<Mutex<Option<NodeId>>>,
}

impl Site {
    /// A victim among others, one of which is named.
    pub fn new(spec: &ChainSpec, victim: &Member, honest: &Member) -> Self {
        let genesis = vibecoin_consensus::genesis(spec).id();
        Self {
            victim: contact(victim),
            honest: contact(honest),
            network: genesis.to_string()[..16].to_owned(),
            genesis,
            spec: spec.clone(),
            id: Arc::default(),
        }
    }

    /// The same place for another offender.
    pub fn for_another(&self) -> Self {
        Self { id: Arc::default(), ..self.clone() }
    }

    /// The offender says who it is.
    pub fn known_as(&self, id: NodeId) {
        *self.id.lock() = Some(id);
    }

    /// Who the offender is, in the words of the API, once it has come.
    pub fn offender(&self) -> Option<String> {
        self.id.lock().map(|id| NodeIdText::new(*id.as_bytes()).to_string())
    }

    pub fn limits(&self) -> WireLimits {
        WireLimits::of(&self.spec)
    }
}

fn contact(member: &Member) -> Contact {
    vibecoin_swarm::parse_contact(&format!("{}/p2p/{}", member.address(), member.node_id())).unwrap()
}

/// Why a node has banned another one, and when, in ms since the Unix epoch.
pub fn ban_of(member: &Member, id: &str) -> Option<(String, u64)> {
    let bans = member.ask("net_bans", &[]);
    let ban = bans["bans"].as_array()?.iter().find(|ban| ban["who"] == id)?.clone();
    Some((ban["reason"].as_str()?.to_owned(), ban["since"].as_u64()?))
}
