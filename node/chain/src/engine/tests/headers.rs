//! Headers ahead of their bodies.

use super::lab::{
    LATE, Maker, SMALL, announce, deliver, fast_spec, fingerprint, fingerprint_of, flat_spec, open, relay,
};
use super::*;
use crate::Parent;
use vibecoin_storage::blocks::BlockStatus;

fn status(chain: &Chain, block: &Block) -> BlockStatus {
    blocks::meta(&*chain.ground.store, &block.id()).unwrap().unwrap().status
}

fn wanted(chain: &Chain, limit: usize) -> Vec<Hash> {
    chain.reader().view().unwrap().wanted_bodies(limit).unwrap()
}

#[test]
fn bodies_come_in_any_order_under_known_headers() {
    let spec = fast_spec();
    let mut maker = Maker::new(&spec, 1);
    let made = maker.grow(8).blocks.clone();
    for order in [[7, 6, 5, 4, 3, 2, 1, 0], [3, 0, 7, 1, 5, 2, 6, 4], [0, 2, 4, 6, 1, 3, 5, 7]] {
        let mut chain = open(&spec, SMALL);
        assert_eq!(announce(&mut chain, &made), ["header"; 8]);
        assert_eq!(announce(&mut chain, &made), ["known"; 8]);
        assert_eq!((chain.header_only_count(), chain.tip().height().get()), (8, 0));
        let ids: Vec<Hash> = made.iter().map(Block::id).collect();
        assert_eq!(wanted(&chain, 100), ids);
        assert_eq!(wanted(&chain, 3), ids[..3]);
        assert_eq!(chain.reader().view().unwrap().best_header().unwrap().1.get(), 8);
        assert!(chain.is_behind());
        for at in order {
            chain.import(made[at].clone(), LATE).unwrap();
        }
        assert_eq!((chain.tip().id(), chain.header_only_count()), (maker.tip(), 0));
        assert!(wanted(&chain, 100).is_empty() && !chain.is_behind());
        assert_eq!(chain.sides.headers().count() + chain.sides.linked().count(), 0);
        assert_eq!(fingerprint(&*chain.ground.store), fingerprint_of(&spec, &made));
        assert!(made.iter().all(|block| status(&chain, block) == BlockStatus::Valid));
    }
}

#[test]
fn a_branch_with_a_gap_does_not_win_before_the_gap_is_filled() {
    let spec = flat_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(5);
    let mut theirs = ours.fork(1, 2);
    theirs.grow(9);
    let branch = &theirs.blocks[1..];
    let mut chain = open(&spec, SMALL);
    deliver(&mut chain, &ours.blocks);
    assert_eq!(announce(&mut chain, branch), ["header"; 9]);
    let without_gap: Vec<&Block> =
        branch.iter().enumerate().filter(|(at, _)| *at != 2).map(|(_, block)| block).collect();
    deliver(&mut chain, without_gap.iter().copied());
    assert_eq!(chain.tip().id(), ours.tip());
    assert_eq!(status(&chain, &branch[3]), BlockStatus::Unlinked);
    assert_eq!(status(&chain, &branch[1]), BlockStatus::Unexecuted);
    assert_eq!(wanted(&chain, 100), [branch[2].id()]);
    // What has come is known, and a wrong body for the gap does not stand in the way of the right one.
    assert_eq!(deliver(&mut chain, without_gap), ["known"; 8]);
    let mut wrong = branch[2].clone();
    wrong.ticks[0] = Hash::ZERO;
    assert_eq!(deliver(&mut chain, [&wrong]), ["invalid"]);
    let report = chain.import(branch[2].clone(), LATE).unwrap();
    assert!(matches!(report.verdict, Verdict::Reorganised { depth: 4 }), "{:?}", report.verdict);
    assert_eq!(chain.tip().id(), theirs.tip());
    assert_eq!(fingerprint(&*chain.ground.store), fingerprint_of(&spec, &theirs.blocks));
}

#[test]
fn a_header_that_breaks_a_rule_is_refused_and_only_what_shows_work_is_marked() {
    let spec = fast_spec();
    let mut maker = Maker::new(&spec, 1);
    let made = maker.grow(3).blocks.clone();
    let mut chain = open(&spec, SMALL);
    assert_eq!(announce(&mut chain, [&made[1]]), ["orphan"], "not kept");
    assert_eq!(chain.orphan_count(), 0);

    let mut lazy = made[0].clone();
    lazy.header.nonce += 1;
    while vibecoin_consensus::pow::Target::from_bits(lazy.header.bits).unwrap().is_met_by(&lazy.id()) {
        lazy.header.nonce += 1;
    }
    let mut forged = made[0].clone();
    forged.content.gas_used += 1;
    for block in [&lazy, &forged] {
        assert_eq!(announce(&mut chain, [block]), ["invalid"]);
        assert!(blocks::meta(&*chain.ground.store, &block.id()).unwrap().is_none(), "no mark");
    }
    let early = chain.import_header(&made[0].header, &made[0].content, Timestamp::new(0)).unwrap();
    assert!(matches!(early.verdict, Verdict::Held { .. }));
    assert_eq!((chain.held_count(), chain.header_only_count()), (0, 0));
    assert_eq!(announce(&mut chain, &made), ["header"; 3]);
}

#[test]
fn an_invalid_body_condemns_the_headers_on_it() {
    let spec = fast_spec();
    let mut maker = Maker::new(&spec, 1);
    let made = maker.grow(4).blocks.clone();
    // The same block with a state root that it does not have, and its work done again; headers on it cannot be made
    // by an honest maker, so they are sealed by hand.
    let mut liar = made[0].clone();
    liar.content.state_root = Hash::ZERO;
    reseal(&mut liar);
    let mut above = made[1].clone();
    above.content.parent_id = liar.id();
    let mut chain = open(&spec, SMALL);
    assert_eq!(announce(&mut chain, [&liar]), ["header"]);
    above.header.history_root = Parent::load(
        &*chain.ground.store,
        &liar.id(),
        &blocks::meta(&*chain.ground.store, &liar.id()).unwrap().unwrap(),
    )
    .unwrap()
    .history
    .root();
    reseal(&mut above);
    assert_eq!(announce(&mut chain, [&above]), ["header"]);
    assert_eq!(chain.header_only_count(), 2);
    assert_eq!(deliver(&mut chain, [&liar]), ["invalid"]);
    assert_eq!(chain.header_only_count(), 0);
    assert!(status(&chain, &above).is_invalid());
    assert_eq!(announce(&mut chain, [&above]), ["invalid"]);
    assert_eq!(deliver(&mut chain, [&above, &liar]), ["invalid"; 2]);
    assert_eq!(deliver(&mut chain, &made), ["extended"; 4]);
    assert!(wanted(&chain, 10).is_empty());
}

/// Commits to the content again and searches a nonce.
fn reseal(block: &mut Block) {
    block.header.content_root = block.content.root();
    let target = vibecoin_consensus::pow::Target::from_bits(block.header.bits).unwrap();
    while !target.is_met_by(&block.id()) {
        block.header.nonce += 1;
    }
}

#[test]
fn headers_of_a_deep_branch_bring_its_bodies_back() {
    let spec = flat_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(320);
    let mut theirs = ours.fork(5, 2);
    theirs.grow(330);
    let branch = &theirs.blocks[5..];
    let mut chain = open(&spec, SMALL);
    deliver(&mut chain, &ours.blocks);
    // Its bodies are not wanted while it is light: it forks 315 deep.
    let split = 300;
    assert_eq!(relay(&mut chain, &branch[..split]), vec!["header"; split]);
    assert_eq!(chain.header_only_count(), split as u64);
    assert!(
        blocks::transactions(&*chain.ground.store, &branch[0].id()).unwrap().is_none(),
        "no body is kept"
    );
    assert!(wanted(&chain, 1).is_empty());
    // Once its headers would win, they are.
    announce(&mut chain, &branch[split..]);
    assert_eq!(wanted(&chain, usize::MAX), branch.iter().map(Block::id).collect::<Vec<_>>());
    let verdicts = relay(&mut chain, branch);
    assert_eq!(
        (verdicts[0], *verdicts.last().unwrap()),
        ("side", "extended"),
        "the tip moves as soon as it may"
    );
    assert!(verdicts.contains(&"reorganised"));
    assert_eq!(chain.tip().id(), theirs.tip());
    assert_eq!(fingerprint(&*chain.ground.store), fingerprint_of(&spec, &theirs.blocks));
    let list = vibecoin_storage::reorganisations::list(&*chain.ground.store, 10).unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].1.reverted, list[0].1.fork_height.get()), (315, 5));
    assert_eq!((list[0].1.from, list[0].1.connected), (ours.tip(), 316));
}

#[test]
fn the_owner_of_a_node_is_trusted_with_its_disk() {
    let spec = flat_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(300);
    let mut theirs = ours.fork(5, 2);
    theirs.grow(296);
    let branch = &theirs.blocks[5..];
    let mut chain = open(&spec, SMALL);
    deliver(&mut chain, &ours.blocks);
    assert_eq!(relay(&mut chain, &branch[..1]), ["header"]);
    let verdicts = deliver(&mut chain, branch);
    assert_eq!((verdicts[0], verdicts[294], verdicts[295]), ("side", "side", "reorganised"));
    assert_eq!(chain.tip().id(), theirs.tip());
}
