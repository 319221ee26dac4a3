//! Ways to find nodes other than asking peers: the table of addresses, the local network, names.

use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use libp2p::kad::{self, GetClosestPeersError, GetClosestPeersOk, QueryId, QueryResult};
use libp2p::{Multiaddr, PeerId, StreamProtocol, identify, mdns, relay};
use rand::RngExt;
use vibecoin_network::endpoint::{Contact, DnsName, NodeId};
use vibecoin_network::machine::Source;

use super::DriverTask;
use super::sessions::Live;
use crate::address::{contact_of, multiaddr_of, node_of, parse_contact};
use crate::event::Event;

/// The first question to the table comes so long after the start.
const FIRST: Duration = Duration::from_secs(10);
/// Between two questions while the node is young.
const EAGER: Duration = Duration::from_secs(60);
/// Between two questions afterwards.
const CALM: Duration = Duration::from_secs(600);
/// A node is young for so many questions.
const EAGER_QUESTIONS: u32 = 5;
/// Addresses of one node that are taken.
const ADDRESSES_MAX: usize = 4;
/// Contacts in one event.
const CONTACTS_MAX: usize = 64;
/// Names that are looked up at once.
const LOOKUPS_MAX: usize = 4;
/// Time that looking up a name has.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(15);
/// What a node that relays says that it speaks.
const RELAY_PROTOCOL: StreamProtocol = relay::HOP_PROTOCOL_NAME;

/// Questions to the table of addresses.
#[derive(Debug)]
pub(super) struct Discovery {
    due: Instant,
    asked: u32,
    /// The question that has no answer yet, and the peer that it began with.
    open: Option<(QueryId, NodeId)>,
}

impl Discovery {
    pub(super) fn new(now: Instant) -> Self {
        Self { due: now + FIRST, asked: 0, open: None }
    }

    /// The next question: after half to one and a half of the pause, so that nodes that started together part.
    fn postpone(&mut self, now: Instant) {
        let pause = if self.asked < EAGER_QUESTIONS { EAGER } else { CALM };
        self.due = now + pause.mul_f64(rand::rng().random_range(0.5..1.5));
    }
}

impl DriverTask {
    /// Asks the table for the nodes around a random place, if it is time.
    pub(super) fn look_for_nodes(&mut self, now: Instant) {
        if now < self.discovery.due || self.discovery.open.is_some() {
            return;
        }
        self.discovery.postpone(now);
        let target = PeerId::random();
        let Some(kad) = self.swarm.behaviour_mut().kad.as_mut() else { return };
        // The answer is believed as far as the peer that it began with.
        let first = kad
            .get_closest_local_peers(&target.into())
            .filter_map(|key| node_of(key.preimage()))
            .find(|node| self.sessions.get(node).is_some_and(Live::is_open));
        if let Some(teller) = first {
            self.discovery.asked += 1;
            self.discovery.open = Some((kad.get_closest_peers(target), teller));
        }
    }

    pub(super) fn on_table(&mut self, event: kad::Event) {
        let kad::Event::OutboundQueryProgressed { id, result: QueryResult::GetClosestPeers(result), .. } =
            event
        else {
            return;
        };
        let Some((_, teller)) = self.discovery.open.take_if(|(open, _)| *open == id) else { return };
        let (Ok(GetClosestPeersOk { peers, .. }) | Err(GetClosestPeersError::Timeout { peers, .. })) = result;
        let contacts = peers.iter().flat_map(|found| self.contacts(&found.peer_id, &found.addrs));
        self.discovered(contacts.collect(), Source::Table(teller));
    }

    pub(super) fn on_local_network(&mut self, event: mdns::Event) {
        let mdns::Event::Discovered(found) = event else { return };
        let contacts = found.iter().filter_map(|(peer, address)| {
            let contact = contact_of(address)?;
            contact.endpoint.socket()?;
            Some(Contact { node: Some(node_of(peer)?), endpoint: contact.endpoint })
        });
        self.discovered(contacts.collect(), Source::LocalNetwork);
    }

    /// A peer says what it speaks and where it listens.
    pub(super) fn on_identify(&mut self, event: identify::Event) {
        let identify::Event::Received { connection_id, peer_id, info } = event else { return };
        let Some(node) = node_of(&peer_id).filter(|_| info.protocol_version == self.family) else { return };
        let contacts = self.contacts(&peer_id, &info.listen_addrs);
        if info.protocols.contains(&RELAY_PROTOCOL) {
            self.add_relay_candidate(peer_id, connection_id);
        }
        if let Some(kad) = self.swarm.behaviour_mut().kad.as_mut()
            && info.protocols.iter().any(|protocol| kad.protocol_names().contains(protocol))
        {
            for contact in &contacts {
                kad.add_address(&peer_id, multiaddr_of(&contact.endpoint));
            }
        }
        if self.connections.get_mut(&connection_id).is_some_and(|connection| !connection.identified) {
            if let Some(connection) = self.connections.get_mut(&connection_id) {
                connection.identified = true;
            }
            self.discovered(contacts, Source::Table(node));
        }
    }

    /// The places of a node that a stranger's word is enough for.
    fn contacts(&self, peer: &PeerId, addresses: &[Multiaddr]) -> Vec<Contact> {
        let Some(node) = node_of(peer).filter(|node| *node != self.me) else { return Vec::new() };
        addresses
            .iter()
            .filter_map(contact_of)
            .filter(|contact| contact.node.is_none_or(|named| named == node))
            .filter(|contact| self.shared.permits.is_open(&contact.endpoint))
            .map(|contact| Contact { node: Some(node), ..contact })
            .take(ADDRESSES_MAX)
            .collect()
    }

    fn discovered(&mut self, mut contacts: Vec<Contact>, source: Source) {
        contacts.truncate(CONTACTS_MAX);
        if !contacts.is_empty() {
            self.outbox.offer(Event::Discovered { contacts, source });
        }
    }

    /// Looks up the nodes that a name lists. Behind a proxy no name is looked up.
    pub(super) fn resolve(&mut self, name: &DnsName) {
        if self.proxied || self.lookups.len() >= LOOKUPS_MAX {
            return tracing::warn!(name = name.as_str(), "a name is not looked up");
        }
        let name = name.as_str().to_owned();
        self.lookups.spawn(async move {
            match tokio::time::timeout(LOOKUP_TIMEOUT, listed(&name)).await {
                Ok(Ok(contacts)) => contacts,
                Ok(Err(error)) => {
                    tracing::warn!(name, %error, "a name cannot be looked up");
                    Vec::new()
                }
                Err(_) => {
                    tracing::warn!(name, "looking up a name takes too long");
                    Vec::new()
                }
            }
        });
    }

    pub(super) fn on_looked_up(&mut self, contacts: Vec<Contact>) {
        self.discovered(contacts, Source::Operator);
    }
}

/// The contacts in the text records of a name, as libp2p writes them there.
async fn listed(name: &str) -> Result<Vec<Contact>, hickory_resolver::net::NetError> {
    let resolver = TokioResolver::builder_tokio()?.build()?;
    let records = resolver.txt_lookup(format!("_dnsaddr.{name}.")).await?;
    let texts = records.answers().iter().filter_map(|record| match &record.data {
        RData::TXT(text) => Some(text.txt_data.concat()),
        _ => None,
    });
    Ok(texts.filter_map(|text| contact_in(&text)).take(CONTACTS_MAX).collect())
}

/// The contact in one text record.
fn contact_in(text: &[u8]) -> Option<Contact> {
    let address = std::str::from_utf8(text).ok()?.strip_prefix("dnsaddr=")?;
    parse_contact(address).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_records_name_contacts() {
        let contact = contact_in(b"dnsaddr=/ip4/8.8.8.8/tcp/8423").unwrap();
        assert_eq!(contact.endpoint.to_string(), "/ip4/8.8.8.8/tcp/8423");
        for text in ["v=spf1", "dnsaddr=", "dnsaddr=/dnsaddr/other.example.org", "dnsaddr=\u{fffd}"] {
            assert_eq!(contact_in(text.as_bytes()), None, "{text}");
        }
        assert_eq!(contact_in(b"dnsaddr=\xff"), None);
    }
}
