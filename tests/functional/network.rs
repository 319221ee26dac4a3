//! Nodes that find each other, agree, and stay well, with the real binary: processes on the loopback interface, and in
//! network namespaces where the machine allows them.
//!
//! Short forms. The long ones are the same tests with other numbers: `scripts/network`, and `docs/network-tests.md` says
//! what was seen.

mod catching_up;
mod material;
mod meeting;
mod namespaces;
mod operator;
mod partitions;
mod soak;
mod state_sync;

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::json;
use vibecoin_primitives::{Address, AddressPrefix, Allocation, Amount, ChainSpec, Network, Timestamp};

use super::text;
use crate::support::{
    PATIENCE,
    cluster::{Cluster, Member, eventually},
    forge::Wallet,
};

/// Wallets that have coins in the genesis: one for each node there may be, so that no two nodes are sent the same nonce.
const WALLETS: u64 = 16;
/// What each of them has: a million VIBE.
const COINS: Amount = Amount::from_beats(1_000_000 * 1_000_000_000);
/// What a payment moves, in beats.
const PAID: u64 = 1_000;

/// A devnet of its own: nodes of two such networks are strangers, even when they are started in one moment.
fn private_spec(interval_ms: u64) -> ChainSpec {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    // An hour ago and a bit, so that it has begun and no other is like it.
    let genesis_ms = now.as_millis() as u64 - 3_600_000 - u64::from(now.subsec_nanos()) % 1_000_000;
    let mut spec = ChainSpec { interval_ms, ..Network::Devnet.spec() };
    spec.genesis_time = Timestamp::new(genesis_ms);
    spec.genesis_allocation.extend(
        (0..WALLETS).map(|number| Allocation { address: Wallet::number(number).address(), amount: COINS }),
    );
    spec
}

/// An address as the command line takes it.
fn written(address: Address) -> String {
    address.encode(AddressPrefix::new("dvibe").unwrap())
}

/// Whom the blocks of a node pay.
fn beneficiary(node: usize) -> String {
    written(Wallet::number(1_000 + node as u64).address())
}

/// Sends payments to the nodes of a cluster, from a wallet for each, and remembers them.
struct Senders {
    chain_id: u32,
    nonces: Vec<u64>,
    sent: Vec<String>,
}

impl Senders {
    fn new(cluster: &Cluster) -> Self {
        Self { chain_id: cluster.spec.chain_id, nonces: vec![0; cluster.members.len()], sent: Vec::new() }
    }

    /// Gives a node a payment, which it must take, and gives its id.
    fn send(&mut self, cluster: &Cluster, to: usize) -> String {
        let wallet = Wallet::number(to as u64);
        let receiver = Wallet::number(2_000 + to as u64).address();
        let payment = wallet.pay(self.chain_id, self.nonces[to], receiver, PAID);
        let accepted = cluster.members[to].ask("tx_submit", &[json!(hex::encode(payment.encode()))]);
        self.nonces[to] += 1;
        let txid = text(&accepted["txid"]).to_owned();
        self.sent.push(txid.clone());
        txid
    }

    /// Waits until everybody says of every payment that it is in the chain, or waits if that is enough.
    fn wait_for_all(&self, cluster: &Cluster, waiting_is_enough: bool, patience: Duration) {
        let mut open: BTreeSet<(usize, &String)> = cluster
            .running()
            .flat_map(|(index, _)| self.sent.iter().map(move |txid| (index, txid)))
            .collect();
        eventually("every payment is known to all", patience, || {
            let mut last = String::new();
            open.retain(|(index, txid)| {
                let status = cluster.members[*index].ask("tx_status", &[json!(txid)]);
                let status = text(&status["status"]);
                let known = status == "mined" || (waiting_is_enough && status == "pending");
                if !known {
                    last = format!("{txid} is {status} at node {index}");
                }
                !known
            });
            if open.is_empty() { Ok(()) } else { Err(format!("{} are open, such as: {last}", open.len())) }
        });
    }
}

/// A number from the environment, for the long forms.
fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Waits until a node is connected to another one, by its own word.
fn wait_for_peer(member: &Member, other: &Member) {
    eventually("it is connected to the other", PATIENCE, || {
        let peers = member.peers();
        peers.contains(other.node_id()).then_some(()).ok_or_else(|| format!("peers {peers:?}"))
    });
}
