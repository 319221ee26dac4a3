//! The network falls apart for a while, and comes together again.

use super::audit::audit;
use super::network::Network;
use super::node::spec;
use super::random::seed_of_run;
use super::report::{Report, Size};
use super::strategy::Honest;

/// 256 hashes a block.
const GENESIS_BITS: u32 = 0x2001_0000;
const MEMBERS: usize = 6;
const LATENCY_MS: i64 = 100;
const MINUTE_MS: i64 = 60_000;
/// After so long it is certain that the sides do not find together.
const PATIENCE_MS: i64 = 10 * MINUTE_MS;
/// Members on the first side and minutes apart.
const CASES: [(usize, i64); 7] = [(4, 1), (4, 5), (4, 15), (4, 45), (4, 90), (3, 5), (3, 30)];

/// Whether all stand on the same tip.
fn agree(network: &Network) -> bool {
    network.members.iter().all(|member| member.node.tip() == network.members[0].node.tip())
}

/// How deep the losing side reorganises, and when everybody agrees again.
pub fn report(seed: u64, size: Size) -> Report {
    let mut report = Report::new("Partitions", seed);
    let runs = size.pick(1, 3);
    report.say(&format!(
        "{MEMBERS} equal miners, blocks travel {LATENCY_MS} ms. After 100 blocks the network is cut in two; joined again, each \
         tells its tip to those that it was cut off from, who ask for what they lack. Blocks to agree: how many were found \
         after the joining until all stood on one tip."
    ));
    report.head(&[
        "sides",
        "apart",
        "blocks of the sides",
        "deepest reorganisation",
        "deepest on the heavier side",
        "blocks to agree",
        "time to agree",
    ]);
    for (number, (first_side, minutes)) in CASES.into_iter().enumerate() {
        for run in 0..runs {
            let seed = seed_of_run(seed, number as u64 * 100 + run);
            let mut network = Network::new(spec(GENESIS_BITS), seed).latency(|_, _| LATENCY_MS);
            for _ in 0..MEMBERS {
                network = network.member(1.0 / MEMBERS as f64, Box::new(Honest));
            }
            network.run_to_height(0, 100);
            network.run_to_time(network.now() + 2 * LATENCY_MS);
            let side = move |who: usize| usize::from(who >= first_side);
            let base = network.members[0].node.height();
            network.split(side);
            network.members.iter_mut().for_each(|member| member.reorganisations.clear());
            network.run_to_time(network.now() + minutes * MINUTE_MS);
            let ends = [0, MEMBERS - 1].map(|who| {
                let node = &network.members[who].node;
                (node.height().saturating_sub(base), node.total_work())
            });
            let heavier = usize::from(ends[1].1 > ends[0].1);
            network.heal();
            let (joined, found) = (network.now(), network.found.len());
            network.run_to_time(joined + 6 * LATENCY_MS);
            while !agree(&network) && network.now() < joined + PATIENCE_MS {
                network.run_to_time(network.now() + LATENCY_MS);
            }
            let to_agree = network.found.len() - found;
            let lasted_ms = network.now() - joined;
            network.run_to_height(0, network.members[0].node.height() + 10);

            let name = format!("{first_side} to {} for {minutes} min, run {run}", MEMBERS - first_side);
            audit(&mut report, &name, &network, 0);
            let deepest = |of: usize| {
                let members = network.members.iter().enumerate().filter(|(who, _)| side(*who) == of);
                members
                    .flat_map(|(_, member)| member.reorganisations.keys())
                    .max()
                    .copied()
                    .unwrap_or_default()
            };
            let (lost, kept) = (deepest(1 - heavier), deepest(heavier));
            // Until it is told, either side may find one or two more.
            report.claim(lost.max(kept) + 2 >= ends[0].0.min(ends[1].0), || {
                format!("{name}: the deepest reorganisation reverted {lost} of {ends:?}")
            });
            report.claim(to_agree <= 4, || format!("{name}: {to_agree} blocks until all agreed"));
            let apart = ends[0].1.abs_diff(ends[1].1);
            if apart > 4 * network.members[0].node.next_work() {
                report.claim(kept <= 2, || format!("{name}: the heavier side reverted {kept}"));
            }
            report.row(&[
                format!("{first_side} : {}", MEMBERS - first_side),
                format!("{minutes} min"),
                format!("{} : {}", ends[0].0, ends[1].0),
                lost.to_string(),
                kept.to_string(),
                to_agree.to_string(),
                format!("{:.1} s", lasted_ms as f64 / 1_000.0),
            ]);
        }
    }
    report
}

#[test]
fn sides_that_were_apart_agree_on_the_heavier_one() {
    report(super::report::seed_asked(), Size::asked()).finish();
}
