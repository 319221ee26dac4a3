//! Networks that fall apart and come together again: one tip soon after, and no payment lost.
//!
//! Five nodes, each of which goes to the others through links that can be held. While they are apart, every node is sent
//! payments from a wallet of its own, and miners mine on one side or on both. How long they are apart is counted in
//! blocks. `VIBECOIN_PARTITIONS=20` tries all shapes instead of a few, `VIBECOIN_PARTITION_BLOCKS=50` is how long each
//! lasts, `VIBECOIN_INTERVAL_MS` the time between blocks of one miner.

mod shapes;

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Senders, beneficiary, private_spec, setting};
use crate::support::cluster::{Cluster, eventually, within};

use shapes::{NODES, SHAPES, Shape};

/// How long it may take until the nodes have found each other again. They wait longer after each failure, as they should.
const JOIN: Duration = Duration::from_secs(90);
/// How long it may take from there to one tip, whatever is mined meanwhile.
const AGREE: Duration = Duration::from_secs(60);
/// From the moment that there is a way from each to each, so many blocks may pass until all have one tip.
const BLOCKS_MAX: u64 = 3;
/// Between two payments.
const PAY_EVERY: Duration = Duration::from_millis(150);
/// Shapes of the short form: other ones than these few differ in degree.
const SHORT: [usize; 3] = [0, 9, 13];

/// What was seen of one shape.
struct Seen {
    /// Tips when it ended: the lowest and the highest.
    tips: (u64, u64),
    /// Until there was a way from each to each, and from then to one tip.
    joined: Duration,
    agreed: Duration,
    /// Blocks of the highest tip in these times.
    blocks: (u64, u64),
}

#[test]
fn after_a_partition_there_is_one_tip_and_no_payment_is_lost() {
    let mut cluster = Cluster::new(private_spec(setting("VIBECOIN_INTERVAL_MS", 400)), NODES).with_links();
    cluster.start(0, &[], &[]);
    for index in 1..NODES {
        cluster.start(index, &[0], &[]);
    }
    cluster.wait_connected(2);
    let blocks = setting("VIBECOIN_PARTITION_BLOCKS", 10);
    let count = setting("VIBECOIN_PARTITIONS", SHORT.len() as u64) as usize;
    let first = setting("VIBECOIN_PARTITION_FIRST", 0) as usize;
    let chosen: Vec<usize> =
        if count <= SHORT.len() { SHORT[..count].to_vec() } else { (first..count).collect() };
    let (mut senders, mut failures) = (Senders::new(&cluster), Vec::new());
    println!("| shape | payments | tips at the end | joined | blocks | one tip | blocks |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for index in chosen {
        let shape = &SHAPES[index % SHAPES.len()];
        let before = senders.sent.len();
        match try_shape(&mut cluster, shape, blocks, &mut senders) {
            Ok(seen) => {
                let Seen { tips, joined, agreed, blocks } = seen;
                println!(
                    "| {} | {} | {}–{} | {:.1} s | {} | {:.1} s | {} |",
                    shape.name,
                    senders.sent.len() - before,
                    tips.0,
                    tips.1,
                    joined.as_secs_f64(),
                    blocks.0,
                    agreed.as_secs_f64(),
                    blocks.1
                );
                if blocks.1 > BLOCKS_MAX {
                    failures.push(format!(
                        "{}: one tip only {} blocks after they were joined",
                        shape.name, blocks.1
                    ));
                }
            }
            Err(error) => {
                println!("| {} | failed |", shape.name);
                failures.push(format!("{}: {error}", shape.name));
            }
        }
        cluster.links().open_all();
        // The next one begins with a whole network. Whoever has failed again and again waits a minute before it tries
        // again, and so may its peers.
        eventually("all are connected", 2 * JOIN, || {
            cluster.connected(2).map_err(|apart| format!("{apart}; bans: {:?}", bans(&cluster)))
        });
        eventually("all agree before the next", AGREE, || cluster.agreement(1));
        senders.wait_for_all(&cluster, true, AGREE);
    }
    senders.wait_for_all(&cluster, false, AGREE);
    // Whoever was cut off is not to blame.
    failures.extend(bans(&cluster));
    for (index, member) in cluster.running() {
        let said = member.process().output();
        assert!(!said.contains("panicked"), "node {index}: {said}");
        println!("node {index} counts as faults: {}", member.ask("net_info", &[])["faults"]);
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Who has banned one of the others.
fn bans(cluster: &Cluster) -> Vec<String> {
    let banned =
        cluster.running().map(|(index, member)| (index, member.ask("net_bans", &[])["bans"].clone()));
    let some = banned.filter(|(_, bans)| *bans != json!([]));
    some.map(|(index, bans)| format!("node {index} has banned one of the five: {bans}")).collect()
}

/// Takes the network apart in this shape for so many blocks, and has it come together again.
fn try_shape(
    cluster: &mut Cluster,
    shape: &Shape,
    blocks: u64,
    senders: &mut Senders,
) -> Result<Seen, String> {
    for (index, member) in cluster.running() {
        if shape.miners.contains(&index) {
            member.mine_for(&beneficiary(index));
        } else {
            member.stop_mining();
        }
    }
    let (began, from) = (Instant::now(), cluster.height());
    let mut paid = Instant::now();
    let mut restarted = false;
    cluster.links().hold((shape.held)(0));
    if shape.cut {
        cluster.links().cut();
    }
    within(Duration::from_secs(240), || {
        cluster.links().hold((shape.held)(began.elapsed().as_millis() as u64));
        if paid.elapsed() >= PAY_EVERY {
            paid = Instant::now();
            senders.send(cluster, senders.sent.len() % NODES);
        }
        let height = cluster.height();
        if let (Some(node), false) = (shape.restarted, restarted || height < from + blocks / 2) {
            restarted = true;
            cluster.members[node].kill_9();
            cluster.members[node].start_again();
        }
        if height >= from + blocks { Ok(()) } else { Err(format!("still at {height}, from {from}")) }
    })?;
    let tips: Vec<u64> = cluster.running().map(|(_, member)| member.tip().height).collect();
    let tips = (*tips.iter().min().unwrap(), *tips.iter().max().unwrap());
    cluster.links().hold(shape.left.iter().copied());
    let (healed, at_healing) = (Instant::now(), tips.1);
    within(JOIN, || cluster.connected(1)).map_err(|error| format!("they stay apart: {error}"))?;
    let (joined, at_joining) = (healed.elapsed(), cluster.height());
    within(AGREE, || cluster.agreement(1)).map_err(|error| format!("no one tip: {error}"))?;
    let agreed = healed.elapsed() - joined;
    let blocks = (at_joining - at_healing, cluster.height() - at_joining);
    Ok(Seen { tips, joined, agreed, blocks })
}
