//! What an operator does and sees: the list of peers, bans, the way down, and how far a node is.

use std::time::{Duration, Instant};

use super::{beneficiary, private_spec, text, wait_for_peer};
use crate::support::{
    PATIENCE,
    cluster::{Cluster, eventually},
};

/// A node must be down within this time after it was told, whoever is connected (`STOP_LIMIT` and a process's end).
const DOWN: Duration = Duration::from_secs(12);
/// Time in which nobody must come back: several pauses of a node that has lost a peer.
const AWAY: Duration = Duration::from_secs(6);

/// The second knows the first.
fn pair() -> Cluster {
    let mut cluster = Cluster::new(private_spec(400), 2);
    cluster.start(0, &[], &[]);
    cluster.start(1, &[0], &[]);
    cluster.wait_connected(1);
    cluster
}

#[test]
fn the_list_of_peers_is_what_is_so() {
    let cluster = pair();
    let (first, second) = (&cluster.members[0], &cluster.members[1]);
    second.ask("dev_mine", &[3.into(), beneficiary(1).into()]);
    cluster.wait_one_tip();
    let listed = eventually("the peer's height is known", PATIENCE, || {
        let listed = first.home.json(&["peers", "list"]);
        let known = listed[0]["claimed"]["height"] == 3;
        known.then_some(listed.clone()).ok_or_else(|| listed.to_string())
    });
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    let peer = &listed[0];
    assert_eq!(text(&peer["node_id"]), second.node_id());
    assert_eq!(peer["direction"], "inbound", "{peer}");
    assert_eq!(peer["claimed"]["tip"], second.tip().id, "{peer}");
    assert!(text(&peer["agent"]).starts_with("vibecoin/"), "{peer}");
    assert_eq!(peer["score"], 0, "{peer}");
    assert!(peer["in_bytes"].as_u64() > Some(0) && peer["out_bytes"].as_u64() > Some(0), "{peer}");

    let listed = second.home.json(&["peers", "list"]);
    assert_eq!(listed[0]["direction"], "outbound", "{listed}");
    assert!(text(&listed[0]["address"]).starts_with(first.address()), "{listed}");
    let printed = second.home.ok(&["peers", "list"]).stdout;
    assert!(printed.contains(first.node_id()) && printed.contains(first.address()), "{printed}");

    let info = first.home.json(&["peers", "info"]);
    assert_eq!(text(&info["node_id"]), first.node_id());
    assert_eq!((&info["peers"]["inbound"], &info["peers"]["outbound"]), (&1.into(), &0.into()), "{info}");
    let status = first.home.json(&["node", "status"]);
    assert_eq!((&status["peers"], &status["peers_outbound"]), (&1.into(), &0.into()), "{status}");
}

#[test]
fn a_ban_ends_the_connection_and_holds_over_a_restart() {
    let mut cluster = pair();
    let second = cluster.members[1].node_id().to_owned();
    let ban = ["peers", "ban", &second, "--for", "3600", "--reason", "spam"];
    cluster.members[0].home.json(&ban);
    gone(&cluster, "after the ban");
    let bans = cluster.members[0].home.json(&["peers", "bans"]);
    assert_eq!(
        (&bans["bans"][0]["who"], &bans["bans"][0]["reason"]),
        (&second.as_str().into(), &"spam".into())
    );
    assert_eq!(bans["bans"][0]["by_operator"], true, "{bans}");
    // The other one heard why.
    eventually("the banned node knows it", PATIENCE, || {
        let bans = cluster.members[1].home.json(&["peers", "bans"]);
        let told = bans["goodbyes"].as_array().unwrap().iter().any(|word| word["banned"] == true);
        told.then_some(()).ok_or_else(|| bans.to_string())
    });

    assert_eq!(cluster.members[0].terminate().code, Some(0));
    cluster.members[0].start_again();
    let bans = cluster.members[0].home.json(&["peers", "bans"]);
    assert_eq!(text(&bans["bans"][0]["who"]), second);
    let began = Instant::now();
    let tried = dials(&cluster);
    eventually("the banned node has tried again", PATIENCE, || {
        let (now, peers) = (dials(&cluster), cluster.members[0].peers());
        assert!(peers.is_empty(), "a banned node is a peer: {peers:?}");
        let enough = now > tried && began.elapsed() > AWAY;
        enough.then_some(()).ok_or_else(|| format!("{now} dials, {tried} of them before"))
    });

    cluster.members[0].home.json(&["peers", "unban", &second]);
    cluster.members[0].home.json(&["peers", "add", cluster.members[1].address()]);
    wait_for_peer(&cluster.members[0], &cluster.members[1]);
    assert_eq!(cluster.members[0].home.json(&["peers", "bans"])["bans"], serde_json::json!([]));
}

fn gone(cluster: &Cluster, when: &str) {
    eventually(when, PATIENCE, || {
        let peers = cluster.members[0].peers();
        if peers.is_empty() { Ok(()) } else { Err(format!("{peers:?}")) }
    });
}

/// How often the second node has dialled somebody.
fn dials(cluster: &Cluster) -> u64 {
    cluster.members[1].ask("net_info", &[])["dials"]["started"].as_u64().unwrap()
}

#[test]
fn a_node_goes_down_in_time_with_peers_and_load() {
    let mut cluster = Cluster::new(private_spec(200), 4);
    cluster.start(0, &[], &[]);
    for index in 1..4 {
        cluster.start(index, &[0], &["--mine", &beneficiary(index)]);
    }
    cluster.wait_connected(2);
    eventually("there are blocks", PATIENCE, || {
        let height = cluster.height();
        if height >= 5 { Ok(()) } else { Err(format!("at {height}")) }
    });
    let first = cluster.members[0].node_id().to_owned();
    for index in 0..4 {
        let began = Instant::now();
        let answer = cluster.members[index].terminate();
        let took = began.elapsed();
        assert_eq!(answer.code, Some(0), "node {index}: {answer:#?}");
        assert!(!answer.stderr.contains("panicked"), "node {index}: {}", answer.stderr);
        assert!(took < DOWN, "node {index} took {took:?} to end");
        println!("node {index} was down after {took:.2?}");
        if index == 0 {
            // It said goodbye, so nobody counts it any more; long before a connection could be found dead.
            eventually("the others know that it is gone", Duration::from_secs(10), || {
                let held: Vec<_> = cluster
                    .running()
                    .filter(|(_, member)| member.peers().contains(&first))
                    .map(|(index, _)| index)
                    .collect();
                if held.is_empty() { Ok(()) } else { Err(format!("still a peer of {held:?}")) }
            });
        }
    }
}
