//! Segments of Proof of History that are not the parent's, or not whole.

use vibecoin_consensus::poh;
use vibecoin_crypto::{Hash, merkle};
use vibecoin_primitives::block::{poh_record, tx_root};
use vibecoin_primitives::{Block, ChainSpec};

use crate::history::case::{Case, Sent, refused, refused_for_ever};
use crate::history::place::Place;
use crate::support::forge::with_committed;

pub fn cases() -> Vec<Case> {
    vec![
        refused("POH-1", "no ticks", "a witness stripped on its way", |place| ticks(place, Vec::clear)),
        refused("POH-1", "a tick too few", "a wrong number of ticks", |place| {
            ticks(place, |list| list.truncate(list.len() - 1))
        }),
        refused("POH-1", "the last tick doubled", "CVE-2012-2459, on the ticks", |place| {
            ticks(place, |list| list.push(list[3]))
        }),
        refused("POH-1", "a tick too few, and committed to", "a shorter segment", |place| {
            committed(place, |_, list| list.truncate(list.len() - 1))
        }),
        refused("POH-1", "twice the ticks, and committed to", "a longer segment", |place| {
            committed(place, |_, list| list.extend(list.clone()))
        }),
        refused("POH-2", "one bit of a tick", "a witness altered on its way", |place| {
            ticks(place, |list| list[2] = flipped(&list[2]))
        }),
        refused("POH-2", "the ticks backwards", "a witness altered on its way", |place| {
            ticks(place, |list| list.reverse())
        }),
        refused("POH-2", "a root of made-up ticks", "a commitment that no witness meets", |place| {
            place.with_content(|block| block.content.poh_root = merkle::root(&[[7; 32]])).into()
        }),
        refused_for_ever("POH-3", "the segment of the grandparent", "a sequence made in advance", |place| {
            let grandparent = place.trunk[place.trunk.len() - 2].id();
            committed(place, |spec, list| *list = segment(spec, &grandparent))
        }),
        refused_for_ever("POH-3", "the segment of the genesis", "one sequence for every block", |place| {
            let genesis = place.forge.genesis();
            committed(place, |spec, list| *list = segment(spec, &genesis))
        }),
        refused_for_ever("POH-3", "a hash too few in every tick", "a sequence cut short", |place| {
            let parent = place.parent();
            committed(place, |spec, list| {
                let params = poh::Params::new(spec.poh_ticks, spec.poh_hashes_per_tick - 1);
                *list = poh::generate(params, &parent);
            })
        }),
        refused_for_ever("POH-3", "a jump in the middle", "a sequence begun at several places", |place| {
            committed(place, |spec, list| {
                for tick in 2..list.len() {
                    let from = if tick == 2 { Hash::new([9; 32]) } else { list[tick - 1] };
                    list[tick] = poh::chain(&from, spec.poh_hashes_per_tick);
                }
            })
        }),
        refused_for_ever("POH-3", "only the last tick wrong", "a check that stops early", |place| {
            committed(place, |_, list| list[3] = flipped(&list[3]))
        }),
        refused_for_ever("POH-3", "only the first tick wrong", "a check that starts late", |place| {
            committed(place, |spec, list| {
                // What follows does follow from it.
                list[0] = flipped(&list[0]);
                for tick in 1..list.len() {
                    list[tick] = poh::chain(&list[tick - 1], spec.poh_hashes_per_tick);
                }
            })
        }),
        refused_for_ever("POH-4", "the record of the parent", "a record used again", |place| {
            let before = place.trunk.last().unwrap().content.poh_hash;
            place.with_content(|block| block.content.poh_hash = before).into()
        }),
        refused_for_ever(
            "POH-4",
            "a record without the transactions",
            "transactions outside the history",
            |place| record(place, |block| poh_record(&block.ticks[3], &tx_root(&[]))),
        ),
        refused_for_ever("POH-4", "a record of the first tick", "a record made before its time", |place| {
            record(place, |block| poh_record(&block.ticks[0], &block.content.tx_root))
        }),
    ]
}

/// Other ticks under the honest header.
fn ticks(place: &Place, change: impl FnOnce(&mut Vec<Hash>)) -> Sent {
    let mut block = place.honest.clone();
    change(&mut block.ticks);
    assert_eq!(block.id(), place.honest.id());
    block.into()
}

/// Other ticks, under a header that commits to them.
fn committed(place: &Place, change: impl FnOnce(&ChainSpec, &mut Vec<Hash>)) -> Sent {
    let mut block = place.honest.clone();
    change(place.forge.spec(), &mut block.ticks);
    with_committed(block).into()
}

fn record(place: &Place, of: impl FnOnce(&Block) -> Hash) -> Sent {
    place.with_content(|block| block.content.poh_hash = of(block)).into()
}

fn segment(spec: &ChainSpec, of: &Hash) -> Vec<Hash> {
    poh::generate(poh::Params::of(spec), of)
}

fn flipped(tick: &Hash) -> Hash {
    let mut bytes = *tick.as_bytes();
    bytes[31] ^= 0x80;
    Hash::new(bytes)
}
