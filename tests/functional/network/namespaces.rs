//! Five hosts, each in a network namespace with an address and an interface of its own, on one switch. Needs root, and
//! a system that has namespaces, virtual Ethernet and bridges; elsewhere the test says so and ends.
//!
//! What differs from processes on one address: nodes are dialled where others say they are, every host has a range of
//! addresses of its own, and a host that falls off the switch vanishes without a word.

use std::time::Instant;

use serde_json::Value;

use super::{PAID, beneficiary, private_spec, text};
use crate::support::{
    Home, PATIENCE,
    cluster::eventually,
    forge::Wallet,
    namespaces::{Host, PORT, Switch},
};

const HOSTS: usize = 5;

/// A range of its own for each.
fn address(host: usize) -> String {
    format!("10.{}.0.1", host + 1)
}

#[test]
fn five_hosts_are_one_network_and_survive_a_pulled_plug() {
    let addresses: Vec<String> = (0..HOSTS).map(address).collect();
    let switch = match Switch::new(&addresses) {
        Ok(switch) => switch,
        Err(reason) => {
            println!("not tried: network namespaces cannot be made here: {reason}");
            return;
        }
    };
    let spec = private_spec(500);
    let folder = Home::new();
    let file = folder.write("private.json", spec.to_json());
    let bootstrap = format!("/ip4/{}/tcp/{PORT}", address(0));
    let mut hosts: Vec<Host<'_>> = (0..HOSTS)
        .map(|host| {
            let home = Home::new().on_network(&file);
            let mining = beneficiary(host);
            let flags: &[&str] = match host {
                0 => &[],
                1 => &["--bootstrap", &bootstrap, "--mine", &mining],
                _ => &["--bootstrap", &bootstrap],
            };
            Host::start(&switch, host, home, flags)
        })
        .collect();
    wait_peers(&hosts, 2);

    // The miner falls off the switch for ten blocks, and both sides get payments.
    switch.plug(1, false);
    let began = Instant::now();
    let from = hosts[1].tip().0;
    let mut payments = Vec::new();
    for (host, node) in hosts.iter().enumerate() {
        let wallet = Wallet::number(host as u64);
        let payment = wallet.pay(spec.chain_id, 0, Wallet::number(99).address(), PAID);
        let accepted = node.ask("tx_submit", &[&hex::encode(payment.encode())]);
        payments.push(text(&accepted["txid"]).to_owned());
    }
    eventually("the miner is alone and goes on", PATIENCE, || {
        let (mine, theirs) = (hosts[1].tip().0, hosts[2].tip().0);
        if mine >= from + 10 && theirs <= from + 2 { Ok(()) } else { Err(format!("{mine} and {theirs}")) }
    });
    switch.plug(1, true);
    let healed = Instant::now();
    eventually("all payments are in all chains", PATIENCE * 2, || {
        for (host, node) in hosts.iter().enumerate() {
            for txid in &payments {
                let status = node.ask("tx_status", &[txid]);
                if status["status"] != "mined" {
                    return Err(format!(
                        "{txid} at host {host}: {status}; peers {}",
                        node.ask("net_peers", &[])
                    ));
                }
            }
        }
        Ok(())
    });
    println!("apart for {:.1?}, every payment in every chain {:.1?} later", healed - began, healed.elapsed());
    hosts[1].ask("miner_stop", &[]);
    eventually("all have one tip", PATIENCE, || {
        let tips: Vec<_> = hosts.iter().map(Host::tip).collect();
        if tips.iter().all(|tip| *tip == tips[0]) { Ok(()) } else { Err(format!("{tips:?}")) }
    });
    hosts.iter_mut().for_each(Host::terminate);
}

/// Waits until every host has so many peers, and prints who they are.
fn wait_peers(hosts: &[Host<'_>], least: usize) {
    for (host, node) in hosts.iter().enumerate() {
        let peers = eventually("it has peers", PATIENCE, || {
            let peers = node.ask("net_peers", &[]);
            let enough = peers.as_array().is_some_and(|peers| peers.len() >= least);
            enough.then_some(peers.clone()).ok_or_else(|| peers.to_string())
        });
        let of =
            |peer: &Value| hosts.iter().position(|other| other.node_id == text(&peer["node_id"])).unwrap();
        let known: Vec<usize> = peers.as_array().unwrap().iter().map(of).collect();
        println!("host {host} is connected to {known:?}");
    }
}
