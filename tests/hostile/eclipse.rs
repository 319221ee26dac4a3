//! An eclipse attack on the real program, in network namespaces: two thousand addresses of an attacker's, each in a
//! range of its own, behind which sit as many real transports as it takes; a victim that has met four honest nodes; a
//! book that fills up with the attacker's addresses; and then a restart without any address of the configuration.
//!
//! The book's simulation in `node/network/tests/eclipse.rs` goes further, a hundred times. Needs root; elsewhere the test
//! says that it was not tried.

mod rivals;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use vibecoin_primitives::AddressPrefix;

use super::stage::spec;
use crate::support::cluster::{eventually, within};
use crate::support::forge::Wallet;
use crate::support::namespaces::{Host, PORT, Switch};
use crate::support::{Home, PATIENCE, Running};

use rivals::{Attack, RIVALS};

/// The first is the victim's, the last is the attacker's own; those between are honest. No two share a range.
const HOSTS: [&str; 6] = ["44.1.0.1", "45.1.0.1", "46.1.0.1", "47.1.0.1", "48.1.0.1", "64.255.0.1"];
const VICTIM: usize = 0;
const MINER: usize = 1;
const ATTACKER: usize = 5;
/// Addresses of the attacker's that must be in the book before it counts as flooded.
const FLOOD: u64 = 400;
/// Restarts of the victim under attack.
const RESTARTS: usize = 3;
/// Time that it has to find an honest node then.
const FINDS: Duration = Duration::from_secs(30);

#[test]
fn a_flooded_node_finds_the_honest_again_after_a_restart() {
    let addresses: Vec<String> = HOSTS.iter().map(|&address| address.to_owned()).collect();
    let switch = Switch::new(&addresses).and_then(|switch| {
        switch.give_range(ATTACKER, rivals::RANGE)?;
        Ok(switch)
    });
    let switch = match switch {
        Ok(switch) => switch,
        Err(reason) => {
            println!("not tried: network namespaces cannot be made here: {reason}");
            return;
        }
    };
    let spec = spec();
    let folder = Home::new();
    let file = folder.write("private.json", spec.to_json());
    let mut honest = start_honest(&switch, &file);
    let known = format!("/ip4/{}/tcp/{PORT}", HOSTS[MINER]);
    let mut victim = Host::start(&switch, VICTIM, Home::new().on_network(&file), &["--bootstrap", &known]);
    let met = eventually("the victim has met the honest nodes", PATIENCE, || {
        let met = outbound(&victim, &honest);
        if met.honest >= 3 { Ok(met) } else { Err(format!("{met:?}")) }
    });
    println!("before the attack: {met:?}");
    // Every twenty seconds: who has run for less has nobody to go back to but the book.
    eventually("it has noted whom to go back to", PATIENCE, || {
        let book = victim.ask("net_info", &[])["book"].clone();
        let noted = book["anchors"].as_array().is_some_and(|anchors| anchors.len() >= 2);
        if noted { Ok(()) } else { Err(book.to_string()) }
    });

    let attack = Attack::new(&spec, HOSTS[VICTIM], &victim.node_id);
    let attack_file = folder.write("attack.json", attack.to_json());
    let _attacker = start_attacker(&switch, &attack_file);
    let began = Instant::now();
    let book = eventually("the book is flooded", PATIENCE, || {
        let book = victim.ask("net_info", &[])["book"].clone();
        let new = book["new"].as_u64().unwrap();
        if new >= FLOOD { Ok(book) } else { Err(book.to_string()) }
    });
    println!(
        "{RIVALS} transports, {} addresses; the book after {:.1?}: {book}",
        rivals::ADDRESSES,
        began.elapsed()
    );
    let under_attack = eventually("the attacker has connections of the victim's choice", PATIENCE, || {
        let seen = outbound(&victim, &honest);
        if seen.others >= 2 { Ok(seen) } else { Err(format!("{seen:?}")) }
    });
    println!("under attack: {under_attack:?}");

    for round in 0..RESTARTS {
        victim.terminate();
        victim.start_again(&[]);
        let began = Instant::now();
        let found = within(FINDS, || {
            let found = outbound(&victim, &honest);
            if found.honest >= 1 { Ok(found) } else { Err(format!("{found:?}")) }
        });
        let found = found.unwrap_or_else(|instead| panic!("eclipsed in round {round}: {instead}"));
        println!("restart {round}: an honest one after {:.1?}: {found:?}", began.elapsed());
        // It stays so while the attacker fills the other places.
        let full = eventually("the places are filled", PATIENCE, || {
            let seen = outbound(&victim, &honest);
            if seen.honest + seen.others >= 8 { Ok(seen) } else { Err(format!("{seen:?}")) }
        });
        println!("restart {round}: {full:?}");
        assert!(full.honest >= 1, "eclipsed: {full:?}");
        eventually("it is at the honest tip", PATIENCE, || {
            let (mine, theirs) = (victim.tip(), honest[0].tip());
            if mine.0 + 1 >= theirs.0 { Ok(()) } else { Err(format!("{mine:?}, not {theirs:?}")) }
        });
        let bans = victim.ask("net_bans", &[])["bans"].to_string();
        let banned = honest.iter().find(|host| bans.contains(&host.node_id));
        assert!(banned.is_none(), "an honest node is banned: {bans}");
    }
    victim.terminate();
    honest.iter_mut().for_each(Host::terminate);
}

fn start_honest<'a>(switch: &'a Switch, spec: &Path) -> Vec<Host<'a>> {
    let paid = Wallet::number(1_000).address().encode(AddressPrefix::new("dvibe").unwrap());
    let first = format!("/ip4/{}/tcp/{PORT}", HOSTS[MINER]);
    (MINER..ATTACKER)
        .map(|host| {
            let flags: &[&str] = if host == MINER { &["--mine", &paid] } else { &["--bootstrap", &first] };
            Host::start(switch, host, Home::new().on_network(spec), flags)
        })
        .collect()
}

/// The attacker is this program of tests itself, started on the attacker's host to play [`rivals::attack`].
fn start_attacker(switch: &Switch, attack: &Path) -> Running {
    let tests = std::env::current_exe().unwrap();
    let mut command = switch.command(ATTACKER, tests.to_str().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", "hostile::eclipse::rivals::attack"]);
    command.env(rivals::ATTACK, attack);
    let attacker = Running::spawn(&mut command);
    attacker.wait_for("word of the attacker", |line| line.contains(rivals::READY).then_some(()));
    attacker
}

/// Connections of the victim's choice.
#[derive(Debug)]
struct Outbound {
    honest: usize,
    others: usize,
}

fn outbound(victim: &Host<'_>, honest: &[Host<'_>]) -> Outbound {
    let peers = victim.ask("net_peers", &[]);
    let chosen = |peer: &&Value| peer["direction"] == "outbound" && peer["kind"] == "full";
    let chosen: Vec<&Value> = peers.as_array().unwrap().iter().filter(chosen).collect();
    let is_honest = |peer: &&&Value| honest.iter().any(|host| peer["node_id"] == *host.node_id);
    let honest = chosen.iter().filter(is_honest).count();
    Outbound { honest, others: chosen.len() - honest }
}
