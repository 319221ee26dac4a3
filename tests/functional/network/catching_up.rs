//! A new node gets a long chain from others: as fast as a file of the same blocks is imported, around a peer that
//! stalls, and through `kill -9` of either side.
//!
//! `VIBECOIN_SYNC_BLOCKS=20000 VIBECOIN_SYNC_TXS=100` is the long form. Times are printed and, on a machine that others
//! use as well, judged only where `VIBECOIN_SYNC_JUDGED=1`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{
    material::{Material, Mode, Size, rate},
    setting, text,
};
use crate::support::{
    PATIENCE,
    cluster::{eventually, within},
};

/// Catching up may be so much slower than an import before it is a failure, where that is judged.
const SPEED_MIN: f64 = 0.8;
/// One peer of eight that stalls may cost so much.
const STALL_MAX: f64 = 1.25;
/// How far the foretold time may be off after the first fifth.
const ETA_MAX: f64 = 0.3;
/// Peers in the test of the stalling one.
const EIGHT: usize = 8;

#[test]
fn a_wire_that_breaks_in_the_middle_blames_nobody() {
    let mut material = Material::new(2, 1, size().at_least(500, 100)).linked();
    material.cluster.start(0, &[], &[]);
    material.start_new(1, &[0], Mode::Full);
    material.wait_phase(1, "blocks");
    material.cluster.links().hold([(0, 1), (1, 0)]);
    let at = material.cluster.members[1].tip().height;
    assert!(at < material.blocks, "it was over before the wire broke");
    // Requests are on their way, blocks as well, one of them in pieces; all of them are late now.
    std::thread::sleep(Duration::from_secs(setting("VIBECOIN_OUTAGE_S", 15)));
    material.cluster.links().open_all();
    println!("the wire broke at {at} of {} blocks", material.blocks);
    for (index, member) in material.cluster.running() {
        let bans = member.ask("net_bans", &[]);
        assert_eq!(bans["bans"], json!([]), "node {index} blames somebody: {bans}");
    }
    material.wait_caught_up(1);
}

fn size() -> Size {
    Size::or_set(500, 10, 1_000)
}

/// Whether being too slow is a failure here.
pub(super) fn is_judged() -> bool {
    setting("VIBECOIN_SYNC_JUDGED", 0) == 1
}

#[test]
fn a_newcomer_catches_up_from_three() {
    let mut material = Material::new(4, 3, size());
    for source in 0..3 {
        material.cluster.start(source, &[], &[]);
    }
    let began = Instant::now();
    material.start_new(3, &[0, 1, 2], Mode::Full);
    // What it foretold, when, and how far it was.
    let mut foretold: Vec<(Duration, f64)> = Vec::new();
    eventually("it has caught up", material.patience(), || {
        let node = &material.cluster.members[3];
        let sync = node.ask("node_info", &[])["sync"].clone();
        if let (Some(eta_s), Some(done)) = (sync["eta_s"].as_u64(), sync["done"].as_f64())
            && sync["phase"] == "blocks"
            && (0.2..0.9).contains(&done)
        {
            foretold.push((began.elapsed(), eta_s as f64));
        }
        if node.tip().id == material.tip { Ok(()) } else { Err(material.say_sync(3)) }
    });
    let took = began.elapsed();
    let speed = material.import.as_secs_f64() / took.as_secs_f64();
    println!(
        "from three peers: {:.2} s, {:.0} blocks/s, {:.0} % of the import",
        took.as_secs_f64(),
        rate(material.blocks, took),
        speed * 100.0
    );
    let off = |(when, eta_s): &(Duration, f64)| {
        let left = (took - *when).as_secs_f64();
        // Whole seconds are told; nearer the end than a few of them that is all the difference.
        ((eta_s - left).abs() - 1.0).max(0.0) / left.max(1.0)
    };
    let worst = foretold.iter().map(off).fold(0.0, f64::max);
    println!(
        "the time left was told {} times from a fifth on, at worst {:.0} % off",
        foretold.len(),
        worst * 100.0
    );
    let supply = material.cluster.members[3].ask("chain_supply", &[]);
    assert_eq!(supply["balanced"], true, "{supply}");
    if is_judged() {
        assert!(speed >= SPEED_MIN, "{speed:.2} of an import's speed");
        assert!(!foretold.is_empty() && worst <= ETA_MAX, "{worst:.2} off: {foretold:?}");
    }
}

#[test]
fn catching_up_survives_the_death_of_either_side() {
    let mut material = Material::new(4, 3, size());
    for source in 0..3 {
        material.cluster.start(source, &[], &[]);
    }
    material.start_new(3, &[0, 1, 2], Mode::Full);
    let third = material.blocks / 3;
    let told = material.wait_height(3, third);
    material.cluster.members[3].kill_9();
    material.cluster.members[3].start_again();
    let kept = material.cluster.members[3].tip().height;
    assert!(kept >= told, "it had told {told} blocks, and came back with {kept}");
    let at = material.wait_height(3, third * 2);
    material.cluster.members[1].kill_9();
    material.wait_caught_up(3);
    println!("killed at {told}, back with {kept}; a source killed at {at}; the whole chain in the end");
    let answer = material.cluster.members[3].terminate();
    assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
    // What was fetched across a kill is as good as what was imported.
    material.verify(3);
}

#[test]
fn one_stalling_peer_of_eight_costs_little() {
    let mut material = Material::new(EIGHT + 2, EIGHT, size());
    let sources: Vec<usize> = (0..EIGHT).collect();
    for source in &sources {
        material.cluster.start(*source, &[], &[]);
    }
    let mut took = Vec::new();
    for (newcomer, stalls) in [(EIGHT, false), (EIGHT + 1, true)] {
        let began = Instant::now();
        material.start_new(newcomer, &sources, Mode::Full);
        if stalls {
            // Somebody who has been asked for something, if it can be seen before all is over.
            let asked = within(PATIENCE, || {
                let node = &material.cluster.members[newcomer];
                let serving = serving(&material, newcomer, &sources);
                let over = node.tip().id == material.tip;
                if serving.is_some() || over { Ok(serving) } else { Err("nobody was asked".to_owned()) }
            });
            let stalling = asked.unwrap().unwrap_or(EIGHT - 1);
            material.cluster.members[stalling].process().signal("STOP");
            println!("node {stalling} stalls at {}", material.cluster.members[newcomer].tip().height);
            material.wait_caught_up(newcomer);
            took.push(began.elapsed());
            material.cluster.members[stalling].process().signal("CONT");
        } else {
            material.wait_caught_up(newcomer);
            took.push(began.elapsed());
            assert_eq!(material.cluster.members[newcomer].terminate().code, Some(0));
        }
    }
    let cost = took[1].as_secs_f64() / took[0].as_secs_f64();
    println!("eight peers: {:.2?}; one of them stalling: {:.2?}, {:.0} %", took[0], took[1], cost * 100.0);
    if is_judged() {
        assert!(cost <= STALL_MAX, "a stalling peer of eight costs {:.0} %", (cost - 1.0) * 100.0);
    }
}

/// A source of which the newcomer awaits something.
fn serving(material: &Material, newcomer: usize, sources: &[usize]) -> Option<usize> {
    let info = material.cluster.members[newcomer].ask("net_info", &[]);
    let waits = |server: &&Value| server["in_flight"].as_u64() > Some(0);
    let server = info["servers"].as_array()?.iter().find(waits)?;
    let node_id = text(&server["node_id"]).to_owned();
    sources.iter().copied().find(|source| material.cluster.members[*source].node_id() == node_id)
}

#[test]
fn a_node_that_catches_up_says_how_far_it_is() {
    // Some seconds of work, so that there is something to look at.
    let mut material = Material::new(2, 1, size().at_least(1_500, 40));
    material.cluster.start(0, &[], &[]);
    material.start_new(1, &[0], Mode::Full);
    let blocks = material.blocks;
    material.wait_phase(1, "blocks");
    // It stays where it is while its only source does.
    material.cluster.members[0].process().signal("STOP");
    let newcomer = &material.cluster.members[1].home;
    let status = newcomer.json(&["node", "status"]);
    let sync = &status["sync"];
    assert_eq!((&sync["phase"], &sync["to"]), (&"blocks".into(), &blocks.into()), "{status}");
    let (at, done) = (sync["at"].as_u64().unwrap(), sync["done"].as_f64().unwrap());
    assert!(at > 0 && at < blocks && (0.0..1.0).contains(&done), "{sync}");
    assert_eq!(status["synced"], false, "{status}");
    let printed = newcomer.ok(&["node", "status"]).stdout;
    let line = printed.lines().find(|line| line.starts_with("synchronisation")).expect("a line on it");
    assert!(line.contains("blocks") && line.contains(&format!("of {blocks}")), "{line}");
    material.cluster.members[0].process().signal("CONT");
    material.wait_caught_up(1);
    eventually("nothing is missing", PATIENCE, || {
        let info = material.cluster.members[1].ask("node_info", &[]);
        if info["synced"] == true && info["sync"]["phase"] == "idle" { Ok(()) } else { Err(info.to_string()) }
    });
}
