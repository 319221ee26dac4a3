//! Five hosts, each in a network namespace with an address and an interface of its own, on one switch. Needs root, and
//! a system that has namespaces, virtual Ethernet and bridges; elsewhere the test says so and ends.
//!
//! What differs from processes on one address: nodes are dialled where others say they are, every host has a range of
//! addresses of its own, and a host that falls off the switch vanishes without a word.

use std::{
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::Value;

use super::{PAID, beneficiary, private_spec, text};
use crate::support::{Home, PATIENCE, PROGRAM, Running, cluster::eventually, forge::Wallet};

const HOSTS: usize = 5;
/// Where all nodes listen.
const PORT: u16 = 8423;
const IP: &str = "/usr/sbin/ip";

/// A switch in a namespace of its own, and hosts on it. All of it goes when it is dropped.
struct Switch {
    name: String,
}

impl Switch {
    /// None where the system does not allow it, with the reason.
    fn new() -> Result<Self, String> {
        // The name of an interface has at most 15 characters.
        let switch = Self { name: format!("vc{}", std::process::id()) };
        ip(&["netns", "add", &switch.space("s")])?;
        switch.within("s", &["link", "add", "sw", "type", "bridge"])?;
        switch.within("s", &["link", "set", "sw", "up"])?;
        for host in 0..HOSTS {
            let space = switch.space(&host.to_string());
            ip(&["netns", "add", &space])?;
            let port = format!("p{host}");
            switch.within(
                "s",
                &["link", "add", &port, "type", "veth", "peer", "name", "e0", "netns", &space],
            )?;
            switch.within("s", &["link", "set", &port, "master", "sw", "up"])?;
            let host_name = host.to_string();
            switch.within(&host_name, &["link", "set", "lo", "up"])?;
            switch.within(&host_name, &["link", "set", "e0", "up"])?;
            // A range of its own for each, all on one wire.
            switch.within(&host_name, &["addr", "add", &format!("{}/32", address(host)), "dev", "e0"])?;
            switch.within(&host_name, &["route", "add", "10.0.0.0/8", "dev", "e0"])?;
        }
        Ok(switch)
    }

    fn space(&self, part: &str) -> String {
        format!("{}-{part}", self.name)
    }

    fn within(&self, part: &str, args: &[&str]) -> Result<(), String> {
        ip(&[&["-n", &self.space(part)], args].concat())
    }

    /// Pulls the plug of a host, or puts it back.
    fn plug(&self, host: usize, plugged: bool) {
        let state = if plugged { "up" } else { "down" };
        self.within("s", &["link", "set", &format!("p{host}"), state]).unwrap();
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        for part in (0..HOSTS).map(|host| host.to_string()).chain(["s".to_owned()]) {
            // What was never made cannot be removed.
            let _ = ip(&["netns", "del", &self.space(&part)]);
        }
    }
}

fn ip(args: &[&str]) -> Result<(), String> {
    let output = Command::new(IP)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{IP}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

fn address(host: usize) -> String {
    format!("10.{}.0.1", host + 1)
}

/// A node on a host.
struct Host {
    home: Home,
    space: String,
    node: Option<Running>,
    node_id: String,
}

impl Host {
    fn start(switch: &Switch, home: Home, host: usize, flags: &[&str]) -> Self {
        let space = switch.space(&host.to_string());
        let mut host = Self { home, space, node: None, node_id: String::new() };
        let listen = format!("/ip4/0.0.0.0/tcp/{PORT}");
        let args = [&["--json", "node", "--rpc", "127.0.0.1:0", "--p2p", &listen], flags].concat();
        let node = Running::spawn(&mut host.command(&args));
        let said: Value = node.wait_for("announcement", |line| serde_json::from_str(line).ok());
        text(&said["node_id"]).clone_into(&mut host.node_id);
        host.node = Some(node);
        host
    }

    /// A command line of the program on this host.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(IP);
        command.env_clear().envs(self.home.environment()).current_dir(self.home.path());
        command.args(["netns", "exec", &self.space, PROGRAM]).args(self.home.arguments(args));
        command
    }

    fn ask(&self, method: &str, params: &[&str]) -> Value {
        let args = [&["--json", "rpc", method], params].concat();
        let output = self.command(&args).output().unwrap();
        assert!(output.status.success(), "{method} {params:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn tip(&self) -> (u64, String) {
        let tip = self.ask("chain_tip", &[]);
        (tip["height"].as_u64().unwrap(), text(&tip["id"]).to_owned())
    }
}

#[test]
fn five_hosts_are_one_network_and_survive_a_pulled_plug() {
    let switch = match Switch::new() {
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
    let hosts: Vec<Host> = (0..HOSTS)
        .map(|host| {
            let home = Home::new().on_network(&file);
            let mining = beneficiary(host);
            let flags: &[&str] = match host {
                0 => &[],
                1 => &["--bootstrap", &bootstrap, "--mine", &mining],
                _ => &["--bootstrap", &bootstrap],
            };
            Host::start(&switch, home, host, flags)
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
    for host in hosts {
        let answer = host.node.expect("it runs").terminate();
        assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
    }
}

/// Waits until every host has so many peers, and prints who they are.
fn wait_peers(hosts: &[Host], least: usize) {
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
