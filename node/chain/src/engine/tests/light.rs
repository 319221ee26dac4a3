//! What light clients are told, held against their own verifier: of every stored tip, however it came to be stored.

use vibecoin_consensus::light::{Claim, Params, Place, Record, Tip, ancestor, prove, verify};
use vibecoin_consensus::{Node, genesis};

use super::adoption::{SHALLOW, fetch, grown};
use super::lab::{LATE, Maker, SMALL, announce, deliver, fast_spec, open, pairs, rich_spec};
use super::*;
use crate::view::{Commitment, Continuation, Standing};

fn commitment(chain: &Chain, id: &Hash) -> Commitment {
    match chain.reader().view().unwrap().commitment(id).unwrap() {
        Standing::Sound(block) => *block,
        other => panic!("{id}: {other:?}"),
    }
}

/// That a stored block is proven as a tip, and every header below it as its ancestor.
fn assert_proven(chain: &Chain, id: &Hash) {
    let (view, spec) = (chain.reader().view().unwrap(), Arc::clone(chain.reader().spec()));
    let Commitment { header, content, below, total_work, .. } = commitment(chain, id);
    let tip = Tip { id: *id, work: total_work, header, content, peaks: below.nodes().to_vec() };
    let genesis_id = genesis(&spec).id();
    let claim = Claim::check(&spec, &genesis_id, tip, LATE).unwrap();
    for (last, draws) in [(1, 1), (7, 3), (256, 25)] {
        let params = Params::new(last, draws).unwrap();
        let seed = vibecoin_crypto::sha256(id.as_bytes()).to_bytes();
        let proof = prove(&view.history(), claim.peaks(), &seed, &params).unwrap();
        let proven = verify(&spec, &genesis_id, &claim, &seed, &params, LATE, &proof).unwrap();
        assert_eq!((proven.id(), proven.work()), (*id, total_work));
        assert_eq!(proven.recent().len() as u64, header.height.get().min(u64::from(last)));
    }
    for number in 0..header.height.get() {
        let height = Height::new(number);
        let (older, path) = ancestor::prove(&view.history(), &below, height).unwrap();
        let (older_header, _) = view.header(&older).unwrap().unwrap();
        let record = Record::of(&older_header);
        assert!(ancestor::verify(&spec, &below, height, &record, &path).is_ok());
        assert_eq!((older_header.id(), older_header.height), (older, height));
    }
    assert!(ancestor::prove(&view.history(), &below, header.height).is_err());
}

#[test]
fn every_tip_from_the_genesis_on_is_proven() {
    let spec = fast_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(70);
    let mut chain = open(&spec, SMALL);
    deliver(&mut chain, &maker.blocks);
    assert_proven(&chain, &genesis(&spec).id());
    for count in [1, 2, 3, 31, 32, 33, 64, 69, 70] {
        assert_proven(&chain, &maker.blocks[count - 1].id());
    }
}

#[test]
fn forks_headers_without_bodies_and_a_rebuilt_store_are_proven_too() {
    let spec = fast_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(40);
    let mut theirs = ours.fork(25, 2);
    theirs.grow(12);
    let mut ahead = ours.fork(40, 3);
    ahead.grow(9);
    let store: Arc<dyn KeyValueStore> = Arc::new(MemoryStore::default());
    let mut chain = Chain::open(Arc::clone(&store), spec.clone(), SMALL).unwrap();
    deliver(&mut chain, &ours.blocks);
    deliver(&mut chain, &theirs.blocks[25..]);
    announce(&mut chain, &ahead.blocks[40..]);
    assert_eq!(chain.tip().id(), ours.tip());
    for again in [false, true] {
        if again {
            chain = Chain::reindex(Arc::clone(&store), spec.clone(), SMALL, &mut |_, _| {}).unwrap();
        }
        for tip in [ours.tip(), theirs.tip(), ahead.tip(), theirs.blocks[26].id()] {
            assert_proven(&chain, &tip);
        }
    }
}

#[test]
fn a_chain_whose_history_is_still_to_come_is_proven_from_the_start() {
    let spec = rich_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.trade(150, 7);
    let served = grown(&spec, &maker.blocks);
    let mut chain = open(&spec, SHALLOW);
    chain.import_headers(&pairs(&maker.blocks), LATE).unwrap();
    assert_proven(&chain, &maker.tip());
    chain.choose_pivot().unwrap().unwrap();
    fetch(&mut chain, &served, 3).unwrap();
    assert_eq!((chain.tip().height().get(), chain.assumed().is_some()), (130, true));
    for count in [1, 60, 129, 130, 131, 150] {
        assert_proven(&chain, &maker.blocks[count - 1].id());
    }
    let told = chain.reader().view().unwrap().continuation(&maker.blocks[59].id(), 1_000).unwrap().unwrap();
    let expected: Vec<Header> = maker.blocks[60..130].iter().map(|block| block.header).collect();
    assert_eq!((told.fork_height.get(), told.headers), (60, expected));
}

#[test]
fn what_followed_a_block_is_told_from_where_the_chains_part() {
    let spec = fast_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(60);
    let mut theirs = ours.fork(25, 2);
    theirs.grow(12);
    let mut chain = open(&spec, SMALL);
    deliver(&mut chain, &ours.blocks);
    deliver(&mut chain, &theirs.blocks[25..]);
    let view = chain.reader().view().unwrap();
    for (from, fork) in [
        (theirs.tip(), 25),
        (ours.blocks[24].id(), 25),
        (genesis(&spec).id(), 0),
        (ours.blocks[58].id(), 59),
        (ours.tip(), 60),
    ] {
        for limit in [0, 1, 10, 1_000] {
            let Continuation { fork_id, fork_height, headers } =
                view.continuation(&from, limit).unwrap().unwrap();
            assert_eq!((fork_id, fork_height.get()), (view.id_at(fork_height).unwrap().unwrap(), fork));
            assert_eq!(headers.len(), limit.min(60 - fork as usize));
            // Each stands on those before it, whose records are enough to make it again.
            let shared = commitment(&chain, &fork_id);
            let mut peaks = shared.below;
            peaks.append(Node::leaf(&shared.header, fork_id).unwrap()).unwrap();
            for header in headers {
                let linked = Record::of(&header).link(&spec, &Place::on(&peaks, &spec), LATE).unwrap();
                assert_eq!(linked.header, header);
                peaks.append(linked.leaf).unwrap();
            }
        }
    }
    assert_eq!(view.continuation(&Hash::ZERO, 10).unwrap(), None);
}

#[test]
fn nobody_stands_by_a_block_that_breaks_a_rule() {
    let spec = fast_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(5);
    let mut wrong = maker.blocks[4].clone();
    wrong.content.gas_used += 1;
    wrong.header.content_root = wrong.content.root();
    wrong.header.nonce =
        vibecoin_consensus::pow::Search::new(&wrong.header).unwrap().run(0..u64::MAX).unwrap();
    let standing = |chain: &Chain| chain.reader().view().unwrap().commitment(&wrong.id()).unwrap();
    let is_known = |chain: &Chain| {
        chain.reader().view().unwrap().continuation(&wrong.id(), 10).unwrap().map(|run| run.fork_height.get())
    };
    // Whole at once, of which only a mark stays; or first its header.
    for header_first in [false, true] {
        let mut chain = open(&spec, SMALL);
        deliver(&mut chain, &maker.blocks[..4]);
        assert_eq!(standing(&chain), Standing::Unknown);
        if header_first {
            announce(&mut chain, [&wrong]);
            assert!(matches!(standing(&chain), Standing::Sound(_)));
        }
        assert_eq!(deliver(&mut chain, [&wrong]), ["invalid"]);
        assert!(matches!(standing(&chain), Standing::Invalid { reason } if reason.starts_with("EXE")));
        assert_eq!(is_known(&chain), header_first.then_some(4));
    }
}
