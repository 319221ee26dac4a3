//! That the forge makes what it says: valid children of any block, and nothing but the fault that was put in.

use std::sync::Arc;

use vibecoin_chain::{Chain, Policy, Verdict};
use vibecoin_primitives::{Address, Amount, Block, ChainSpec, Timestamp};
use vibecoin_storage::MemoryStore;

use crate::support::forge::{self, Forge, Wallet};

fn open(spec: &ChainSpec) -> Chain {
    Chain::open(Arc::new(MemoryStore::default()), spec.clone(), Policy::FILE).unwrap()
}

/// The rule that the chain says a block breaks, or the name of its verdict.
fn told(chain: &mut Chain, block: Block) -> String {
    match chain.import(block, Timestamp::new(u64::MAX)).unwrap().verdict {
        Verdict::Invalid(reason) => reason.rule().to_owned(),
        verdict => verdict.name().to_owned(),
    }
}

#[test]
fn a_forge_makes_valid_children_of_any_block() {
    for spec in [forge::spec(3), forge::retargeting_spec(3)] {
        let mut chain = open(&spec);
        let mut forge = Forge::new(spec);
        let genesis = forge.genesis();
        assert_eq!(chain.tip().id(), genesis);
        let [alice, bob] = [0, 1].map(Wallet::number);
        // Past the first reward that matures; then a longer branch from the middle.
        let mut ids = vec![genesis];
        for _ in 0..104 {
            let parent = *ids.last().unwrap();
            let payment = forge.pay(&parent, &alice, bob.address(), 5);
            let block = forge.child(&parent, vec![payment], forge.after(&parent, 900));
            assert_eq!(told(&mut chain, block.clone()), "extended");
            ids.push(block.id());
        }
        let mut parent = ids[50];
        for _ in 0..70 {
            let payment = forge.pay(&parent, &bob, Address::new([7; 20]), 3);
            let block = forge.child_by(alice.address(), &parent, vec![payment], forge.after(&parent, 800));
            let told = told(&mut chain, block.clone());
            assert!(["side", "reorganised", "extended"].contains(&told.as_str()), "{told}");
            parent = block.id();
        }
        assert_eq!(chain.tip().id(), parent);
        assert_eq!(chain.tip().content.state_root, forge.block(&parent).content.state_root);
        let view = chain.reader().view().unwrap();
        let alice_there = view.state().unwrap();
        let alice_there = vibecoin_storage::StateReader::account(&alice_there, &alice.address()).unwrap();
        assert_eq!(alice_there, forge.account(&parent, &alice.address()));
        // A third branch, from a block that is off the chain by now.
        assert_ne!(forge.account(&ids[104], &alice.address()), alice_there);
        let block = forge.child(&ids[104], Vec::new(), forge.after(&ids[104], 700));
        assert_eq!(told(&mut chain, block), "side");
    }
}

#[test]
fn a_fault_is_the_only_one_in_its_block() {
    let mut forge = Forge::new(forge::spec(2));
    let mut chain = open(forge.spec());
    let genesis = forge.genesis();
    let [alice, bob] = [0, 1].map(Wallet::number);
    let good = forge.child(&genesis, Vec::new(), forge.after(&genesis, 1_000));

    let mut wrong_root = good.clone();
    wrong_root.content.state_root = genesis;
    let mut wrong_nonce = good.clone();
    wrong_nonce.transactions.push(alice.pay(forge.spec().chain_id, 1, bob.address(), 5));
    let mut body = alice.payment(forge.spec().chain_id, 0, bob.address(), 5);
    body.value = Amount::from_beats(u64::MAX);
    let mut overflow = good.clone();
    overflow.transactions.push(alice.sign(body));

    let refused = [
        (forge::reseal(wrong_root), "EXE-8"),
        (forge::with_committed(wrong_nonce), "EXE-2"),
        (forge::with_committed(overflow), "TX-11"),
    ];
    for (block, rule) in refused {
        forge.adopt(&block);
        assert_eq!(told(&mut chain, block.clone()), rule);
        let child = forge.child(&block.id(), Vec::new(), forge.after(&block.id(), 1_000));
        assert_eq!(told(&mut chain, child), "HDR-10");
    }
    assert_eq!(told(&mut chain, good), "extended");
}
