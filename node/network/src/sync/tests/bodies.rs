//! Bodies: who is asked for what, what comes of it, and how fast.

use std::collections::BTreeSet;

use super::helpers::{Honest, chain_with, claim, run};
use crate::score::Fault;
use crate::testing::{Bench, forge};
use crate::turn::Output;
use crate::wire::{Message, RawBlock, Refusal, RequestId};
use crate::world::{Claim, Have};

/// Peers with the same chain.
fn peers(bench: &mut Bench, many: u8, blocks: &[vibecoin_primitives::Block]) -> Vec<Honest> {
    (1..=many).map(|number| Honest::connect(bench, number, blocks.to_vec())).collect()
}

fn nobody_is_blamed(bench: &Bench, peers: &[Honest]) {
    for peer in peers {
        assert_eq!(bench.faults(peer.node), [], "{}", peer.node);
    }
}

#[test]
fn a_chain_comes_from_all_peers_together_and_each_block_once() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 600, 2);
    let mut peers = peers(&mut bench, 4, &blocks);
    assert!(run(&mut bench, &mut peers, &claim(&blocks).id, 60_000));
    nobody_is_blamed(&bench, &peers);
    let sent: Vec<_> = peers.iter().map(|peer| peer.sent_blocks).collect();
    assert_eq!(sent.iter().sum::<usize>(), blocks.len());
    assert!(sent.iter().all(|sent| *sent >= 16), "{sent:?}");
    assert!(!bench.machine.sync().is_catching_up());
}

#[test]
fn blocks_go_to_the_node_in_their_order_and_a_bounded_number_at_a_time() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 300, 0);
    let mut peers = peers(&mut bench, 3, &blocks);
    let mut heights = Vec::new();
    for _ in 0..200 {
        for peer in peers.iter_mut().rev() {
            peer.step(&mut bench);
        }
        // The node is slow: three answers a step.
        for _ in 0..3 {
            let Some(question) = bench.questions.pop_front() else { break };
            if let Output::Judge { claim: Claim::Block(block), .. } = &question {
                heights.push(block.head().header.height.get());
            }
            bench.answer_to(question);
        }
        let judging =
            bench.questions.iter().filter(|question| matches!(question, Output::Judge { .. })).count();
        assert!(judging <= 64 + 2, "{judging}");
        bench.tick(20);
    }
    assert_eq!(heights, (1..=heights.len() as u64).collect::<Vec<_>>());
    assert_eq!(heights.len(), 300);
}

#[test]
fn the_window_is_bounded_in_blocks_and_bytes() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 3_000, 0);
    let mut peers = peers(&mut bench, 8, &blocks);
    for _ in 0..400 {
        for peer in &mut peers {
            peer.step(&mut bench);
        }
        // The node takes headers and looks, but judges no block.
        for question in std::mem::take(&mut bench.questions) {
            match question {
                Output::Judge { claim: Claim::Block(_), .. } => bench.questions.push_back(question),
                question => bench.answer_to(question),
            }
        }
        bench.tick(50);
        let (window, bytes, judging) = bench.machine.sync().window();
        assert!(window <= 1_024 && bytes <= 32 << 20 && judging <= 64, "{window} {bytes} {judging}");
    }
    let sent: usize = peers.iter().map(|peer| peer.sent_blocks).sum();
    assert_eq!(sent, 1_024);
    nobody_is_blamed(&bench, &peers);
}

/// Virtual time that a chain takes from eight peers of which the first `silent` leave blocks unanswered. A node takes
/// ten blocks in a step of 50 ms, a peer brings two.
fn time_with(silent: usize) -> u64 {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 2_000, 0);
    let mut peers = peers(&mut bench, 8, &blocks);
    for (at, peer) in peers.iter_mut().enumerate() {
        peer.pace = 2;
        peer.is_silent = at < silent;
    }
    let began_ms = bench.now.ms;
    let tip = claim(&blocks).id;
    while bench.world.tip().id != tip {
        for peer in &mut peers {
            peer.step(&mut bench);
        }
        let mut taken = 0;
        while taken < 10
            && let Some(question) = bench.questions.pop_front()
        {
            taken += usize::from(matches!(question, Output::Judge { claim: Claim::Block(_), .. }));
            bench.answer_to(question);
        }
        bench.tick(50);
        assert!(bench.now.ms < 120_000, "at {}", bench.world.tip().height);
    }
    bench.now.ms - began_ms
}

#[test]
fn one_stalling_peer_of_eight_costs_less_than_a_quarter() {
    let (all, but_one) = (time_with(0), time_with(1));
    println!("2,000 blocks from 8 peers: {all} ms; one of them stalls: {but_one} ms");
    assert!(but_one * 4 <= all * 5, "{all} ms with all, {but_one} ms with one that stalls");
}

#[test]
fn a_peer_that_never_delivers_is_banned_within_a_minute() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 8_000, 0);
    let mut peers = peers(&mut bench, 3, &blocks);
    peers[0].is_silent = true;
    for _ in 0..1_300 {
        for peer in &mut peers {
            peer.pace = 2;
            peer.step(&mut bench);
        }
        bench.answer();
        bench.tick(50);
        if bench.closed.contains_key(&peers[0].node) {
            break;
        }
    }
    println!("banned after {} ms", bench.now.ms - 1_000);
    assert!(bench.closed.contains_key(&peers[0].node), "{:?}", bench.faults(peers[0].node));
    assert!(bench.now.ms - 1_000 < 62_000);
    nobody_is_blamed(&bench, &peers[1..]);
}

#[test]
fn what_a_peer_refuses_comes_from_another() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 700, 0);
    let mut peers = peers(&mut bench, 2, &blocks);
    // The other one has shown nothing of its own.
    peers[1].lacks = blocks[..50].iter().map(vibecoin_primitives::Block::id).collect();
    assert!(run(&mut bench, &mut peers, &claim(&blocks).id, 60_000));
    nobody_is_blamed(&bench, &peers);
}

#[test]
fn a_broken_body_is_the_fault_of_who_brought_it_and_comes_from_another() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 60, 0);
    let mut peers = peers(&mut bench, 2, &blocks);
    peers[0].mutates = blocks.iter().map(vibecoin_primitives::Block::id).collect();
    assert!(run(&mut bench, &mut peers, &claim(&blocks).id, 60_000));
    assert!(bench.faults(peers[0].node).contains(&Fault::BrokenBlock { rule: "BLK-4".to_owned() }));
    nobody_is_blamed(&bench, &peers[1..]);
}

#[test]
fn an_invalid_chain_is_the_fault_of_who_vouched_for_it_and_not_of_who_delivered() {
    let mut bench = Bench::new();
    let shared = chain_with(1, 20, 0);
    let mut bad = shared[..10].to_vec();
    bad.extend(forge::chain(&forge::head(&shared[9]), 66, 15));
    bench.world.condemn(bad[12].id());
    let mut peers = vec![Honest::connect(&mut bench, 1, bad.clone())];
    // The headers of the bad chain are stored, and no body of it has come.
    for _ in 0..3 {
        peers[0].is_silent = true;
        peers[0].step(&mut bench);
        bench.answer();
        bench.tick(50);
    }
    assert_eq!(bench.world.best_header().id, claim(&bad).id);
    // Somebody else has a heavier claim of another chain, and delivers what is asked for of the bad one, too.
    let mut all = shared.clone();
    all.extend(forge::chain(&forge::head(&shared[19]), 1, 4));
    let mut helper = Honest::connect(&mut bench, 2, bad.clone());
    helper.set_blocks(bad);
    peers.push(helper);
    peers.push(Honest::connect(&mut bench, 3, all.clone()));
    assert!(run(&mut bench, &mut peers, &claim(&all).id, 60_000));
    assert!(bench.faults(peers[0].node).contains(&Fault::InvalidChain { rule: "EXE-6".to_owned() }));
    nobody_is_blamed(&bench, &peers[1..]);
}

#[test]
fn another_block_than_the_next_one_is_a_wrong_answer() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 20, 0);
    let mut peer = Honest::connect(&mut bench, 1, blocks.clone());
    peer.is_silent = true;
    let mut asked: Option<RequestId> = None;
    for _ in 0..20 {
        bench.answer();
        for message in bench.sent(peer.node) {
            if let Message::GetBlocks { request, ids } = &message {
                assert_eq!(ids.first(), Some(&blocks[0].id()));
                asked = Some(*request);
            }
            peer.take(message);
        }
        peer.step(&mut bench);
        bench.tick(20);
    }
    let request = asked.expect("blocks were asked for");
    let block = RawBlock::new(blocks[1].encode()).expect("it has a header");
    bench.receive(peer.node, Message::Block { request, block });
    assert!(matches!(bench.faults(peer.node)[..], [Fault::WrongAnswer(_)]));
}

#[test]
fn a_restart_goes_on_where_it_stood() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 400, 0);
    for block in &blocks[..150] {
        bench.world.take(block.clone().into());
    }
    for block in &blocks[150..] {
        bench.world.take_header(forge::head(block)).unwrap();
    }
    let mut peers = peers(&mut bench, 2, &blocks);
    assert!(run(&mut bench, &mut peers, &claim(&blocks).id, 60_000));
    let sent: usize = peers.iter().map(|peer| peer.sent_blocks).sum();
    assert_eq!(sent, 250);
}

#[test]
fn a_peer_that_leaves_takes_nothing_with_it() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 200, 0);
    let mut peers = peers(&mut bench, 3, &blocks);
    peers[0].is_silent = true;
    for _ in 0..4 {
        peers.iter_mut().for_each(|peer| peer.step(&mut bench));
        bench.answer();
        bench.tick(50);
    }
    let gone = peers.remove(0);
    bench.disconnect(gone.node);
    let before_ms = bench.now.ms;
    assert!(run(&mut bench, &mut peers, &claim(&blocks).id, 60_000));
    // At once, not when somebody's patience ends.
    assert!(bench.now.ms - before_ms < 2_000);
}

#[test]
fn a_withheld_body_does_not_stop_another_branch() {
    let mut bench = Bench::new();
    let shared = chain_with(1, 30, 0);
    let mut heavy = shared[..20].to_vec();
    heavy.push(forge::child_with_work(&forge::head(&shared[19]), 9, Vec::new(), 100));
    let mut withholding = Honest::connect(&mut bench, 1, heavy.clone());
    withholding.lacks = vec![heavy[20].id()];
    let mut peers = vec![withholding];
    peers.push(Honest::connect(&mut bench, 2, shared.clone()));
    assert!(!run(&mut bench, &mut peers, &claim(&heavy).id, 2_000));
    assert_eq!(bench.world.best_header().id, claim(&heavy).id);
    run(&mut bench, &mut peers, &claim(&heavy).id, 30_000);
    assert!(bench.closed.contains_key(&peers[0].node), "{:?}", bench.faults(peers[0].node));
    nobody_is_blamed(&bench, &peers[1..]);
    let known: BTreeSet<_> = bench.world.active().iter().copied().collect();
    assert!(known.contains(&shared[19].id()));
}

#[test]
fn an_answer_that_was_refused_as_busy_is_asked_for_again() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 40, 0);
    let mut peer = Honest::connect(&mut bench, 1, blocks.clone());
    peer.is_silent = true;
    let mut refused = 0;
    for _ in 0..200 {
        bench.answer();
        for message in bench.sent(peer.node) {
            match message {
                Message::GetBlocks { request, .. } if refused < 3 => {
                    refused += 1;
                    bench.receive(peer.node, Message::Refused { request, refusal: Refusal::Busy });
                }
                message => {
                    peer.is_silent = refused < 3;
                    peer.take(message);
                }
            }
        }
        peer.step(&mut bench);
        bench.tick(50);
    }
    assert_eq!(bench.world.tip().id, claim(&blocks).id);
    assert!(bench.faults(peer.node).is_empty());
}

#[test]
fn a_peer_may_have_many_blocks_on_their_way_and_still_ask_for_more() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 300, 0);
    for block in &blocks {
        bench.world.take(block.clone().into());
    }
    let node = bench.connect(1, crate::peers::Direction::Inbound);
    let ids: Vec<_> = blocks[..128].iter().map(vibecoin_primitives::Block::id).collect();
    for number in 1..=2 {
        bench.receive(node, Message::GetBlocks { request: RequestId(number), ids: ids.clone() });
    }
    let locator = vec![bench.world.genesis().id];
    bench.receive(node, Message::GetHeaders { request: RequestId(3), locator, limit: 10 });
    bench.answer();
    let sent = bench.sent(node);
    let is_block = |message: &&Message| matches!(message, Message::Block { .. });
    assert_eq!(sent.iter().filter(is_block).count(), 256);
    assert!(matches!(sent.last(), Some(Message::Headers { headers, .. }) if headers.len() == 10));
    assert!(bench.faults(node).is_empty());
}
