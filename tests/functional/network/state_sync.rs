//! A new node takes the proven state of a recent block first, and the older blocks in the background: faster than with
//! every block in turn, and through `kill -9` of either side.
//!
//! `VIBECOIN_SYNC_BLOCKS=20000 VIBECOIN_SYNC_TXS=100 VIBECOIN_SYNC_ACCOUNTS=200000` is the long form.

use std::time::{Duration, Instant};

use super::{
    catching_up::is_judged,
    material::{Material, Mode, Size},
};
use crate::support::cluster::eventually;

/// At least so many blocks are executed after the state that is taken.
const EXECUTED_MIN: u64 = 512;
/// And so many more at most, since states are taken at certain heights only.
const EXECUTED_MAX: u64 = 2 * EXECUTED_MIN;

fn size() -> Size {
    Size::or_set(2_000, 20, 20_000).at_least(EXECUTED_MAX + 500, 1)
}

/// Waits until the older blocks have been fetched and executed as well.
fn wait_complete(material: &Material, index: usize) {
    eventually("its history is whole", material.patience(), || {
        let info = material.cluster.members[index].ask("node_info", &[]);
        let missing = &info["storage"]["history_missing_below"];
        missing.is_null().then_some(()).ok_or_else(|| format!("below {missing}: {}", info["sync"]))
    });
}

/// The oldest block after which a node has the state.
fn states_from(material: &Material, index: usize) -> u64 {
    material.cluster.members[index].ask("node_info", &[])["storage"]["states_from"].as_u64().unwrap()
}

/// Nothing of what a node holds differs from what its source holds.
fn assert_same(material: &Material, index: usize) {
    let (own, source) = (&material.cluster.members[index], &material.cluster.members[0]);
    let (supply, expected) = (own.ask("chain_supply", &[]), source.ask("chain_supply", &[]));
    assert_eq!(supply["balanced"], true, "{supply}");
    assert_eq!(supply, expected);
}

#[test]
fn the_state_first_is_faster_than_every_block_in_turn() {
    let mut material = Material::new(5, 3, size());
    for source in 0..3 {
        material.cluster.start(source, &[], &[]);
    }
    let mut took = [Duration::ZERO; 2];
    for (index, (newcomer, mode)) in [(3, Mode::Full), (4, Mode::State)].into_iter().enumerate() {
        let began = Instant::now();
        material.start_new(newcomer, &[0, 1, 2], mode);
        material.wait_caught_up(newcomer);
        took[index] = began.elapsed();
        assert_same(&material, newcomer);
        if matches!(mode, Mode::State) {
            let lowest = material.blocks - EXECUTED_MAX;
            let from = states_from(&material, newcomer);
            assert!(from >= lowest && from <= material.blocks - EXECUTED_MIN, "it took the state at {from}");
            wait_complete(&material, newcomer);
            println!("whole, with its older blocks: {:.2?}", began.elapsed());
        }
        assert_eq!(material.cluster.members[newcomer].terminate().code, Some(0));
        material.verify(newcomer);
    }
    let factor = took[0].as_secs_f64() / took[1].as_secs_f64();
    println!("every block: {:.2?}; the state first: {:.2?}, {factor:.1} times as fast", took[0], took[1]);
    if is_judged() {
        assert!(factor > 1.0, "the state first is slower: {factor:.2}");
    }
}

#[test]
fn taking_a_state_survives_the_death_of_either_side() {
    let mut material = Material::new(4, 3, size());
    for source in 0..3 {
        material.cluster.start(source, &[], &[]);
    }
    material.start_new(3, &[0, 1, 2], Mode::State);
    material.wait_phase(3, "state");
    material.cluster.members[3].kill_9();
    material.cluster.members[3].start_again();
    let back = material.cluster.members[3].tip().height;
    material.cluster.members[1].kill_9();
    material.wait_caught_up(3);
    println!(
        "killed while it fetched the state, back at {back}; a source killed then; at the tip in the end"
    );
    // Killed once more, while older blocks come.
    material.cluster.members[3].kill_9();
    material.cluster.members[3].start_again();
    wait_complete(&material, 3);
    assert_same(&material, 3);
    let answer = material.cluster.members[3].terminate();
    assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
    material.verify(3);
}
