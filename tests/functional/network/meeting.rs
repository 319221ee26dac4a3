//! Finding each other: from one address to a whole network, and back into it after a restart.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Senders, beneficiary, private_spec, text};
use crate::support::{
    PATIENCE,
    cluster::{Cluster, eventually},
};

/// Time between blocks where it is worth waiting for some.
const INTERVAL_MS: u64 = 400;

/// Everybody but the first knows one address when it starts.
fn seven(knows: impl Fn(usize) -> usize) -> Cluster {
    let mut cluster = Cluster::new(private_spec(INTERVAL_MS), 7);
    cluster.start(0, &[], &[]);
    for index in 1..7 {
        cluster.start(index, &[knows(index)], &[]);
    }
    cluster
}

#[test]
fn seven_nodes_that_know_one_address_are_one_network() {
    let cluster = seven(|_| 0);
    let edges = cluster.wait_connected(2);
    assert!(
        edges.iter().any(|(a, b)| *a != 0 && *b != 0),
        "nobody has found another one than the one it was told of: {edges:?}"
    );
    // Two mine, and all seven get payments.
    for miner in [2, 5] {
        cluster.members[miner].mine_for(&beneficiary(miner));
    }
    let mut senders = Senders::new(&cluster);
    for _ in 0..3 {
        for index in 0..7 {
            senders.send(&cluster, index);
        }
    }
    senders.wait_for_all(&cluster, false, PATIENCE);
    let miners: BTreeSet<String> = mined_by(&cluster, &senders);
    assert!(miners.is_subset(&[2, 5].map(beneficiary).into()), "{miners:?}");
    for miner in [2, 5] {
        cluster.members[miner].stop_mining();
    }
    let tip = cluster.settle(2, &beneficiary(2));
    println!("seven nodes, {} connections, one tip at {}", edges.len(), tip.height);
    for (index, member) in cluster.running() {
        let supply = member.ask("chain_supply", &[]);
        assert_eq!(supply["balanced"], true, "node {index}: {supply}");
    }
}

#[test]
fn a_chain_of_seven_nodes_carries_payments_from_end_to_end() {
    let cluster = seven(|index| index - 1);
    cluster.wait_connected(1);
    // The miner is at one end, and the payments come in at the other.
    cluster.members[0].mine_for(&beneficiary(0));
    let mut senders = Senders::new(&cluster);
    for _ in 0..5 {
        senders.send(&cluster, 6);
    }
    senders.wait_for_all(&cluster, false, PATIENCE);
    assert_eq!(mined_by(&cluster, &senders), [beneficiary(0)].into());
    cluster.wait_connected(2);
    cluster.members[0].stop_mining();
    cluster.wait_one_tip();
}

/// Whom the blocks pay in which the payments stand.
fn mined_by(cluster: &Cluster, senders: &Senders) -> BTreeSet<String> {
    let node = &cluster.members[0];
    senders
        .sent
        .iter()
        .map(|txid| {
            let status = node.ask("tx_status", &[json!(txid)]);
            let block = node.ask("chain_block", &[status["id"].clone()]);
            let paid = ["beneficiary", "header", "block"].iter().find_map(|place| {
                let value = &block[*place];
                value.as_str().or_else(|| value["beneficiary"].as_str())
            });
            paid.unwrap_or_else(|| panic!("a block pays somebody: {block}")).to_owned()
        })
        .collect()
}

#[test]
fn the_address_book_brings_a_node_back_without_being_told() {
    let mut cluster = Cluster::new(private_spec(INTERVAL_MS), 3);
    cluster.start(0, &[], &[]);
    cluster.start(1, &[0], &[]);
    cluster.start(2, &[0], &[]);
    cluster.wait_connected(2);
    // It has found the third by itself; nobody it knows of is told to it the next time.
    assert_eq!(cluster.members[2].terminate().code, Some(0));
    let others = [0, 1].map(|index| cluster.members[index].node_id().to_owned());
    cluster.start(2, &[], &[]);
    let found = eventually("it goes back to somebody it has met", PATIENCE, || {
        let peers = cluster.members[2].ask("net_peers", &[]);
        let gone_to = peers.as_array().unwrap().iter().find(|peer| peer["direction"] == "outbound");
        gone_to.map(|peer| text(&peer["node_id"]).to_owned()).ok_or_else(|| peers.to_string())
    });
    assert!(others.contains(&found), "{found} is none of {others:?}");
    let book = cluster.members[2].ask("net_info", &[])["book"].clone();
    assert!(book["tried"].as_u64() >= Some(1), "{book}");
}

#[test]
fn a_node_of_another_network_is_a_stranger() {
    let mut ours = Cluster::new(private_spec(INTERVAL_MS), 2);
    let mut theirs = Cluster::new(private_spec(INTERVAL_MS), 1);
    ours.start(0, &[], &[]);
    let address = ours.members[0].address().to_owned();
    theirs.start(0, &[], &["--bootstrap", &address]);
    let stranger = &theirs.members[0];
    eventually("the stranger has tried", PATIENCE, || {
        let dials = stranger.ask("net_info", &[])["dials"].clone();
        (dials["started"].as_u64() >= Some(2)).then_some(()).ok_or_else(|| dials.to_string())
    });
    // One of ours comes in meanwhile, so the door was open.
    ours.start(1, &[0], &[]);
    ours.wait_connected(1);
    assert_eq!(ours.members[0].peers(), [ours.members[1].node_id().to_owned()].into());
    assert!(stranger.peers().is_empty(), "{:?}", stranger.peers());
    let blocks = ours.members[0].ask("dev_mine", &[json!(2), json!(beneficiary(0))]);
    assert_eq!(blocks["tip"]["height"], 2, "{blocks}");
    ours.wait_one_tip();
    assert_eq!(stranger.tip().height, 0);
}
