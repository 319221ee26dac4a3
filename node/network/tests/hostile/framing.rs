//! Nobody can be made to look guilty by somebody else: what an offender makes passes through honest hands, or names
//! them, and nothing is held against them.

use std::sync::Arc;

use vibecoin_network::Input;
use vibecoin_network::endpoint::{Contact, NodeId};
use vibecoin_network::peers::Direction;
use vibecoin_network::score::Fault;
use vibecoin_network::testing::{Bench, forge};
use vibecoin_network::wire::{Goodbye, Message, RequestId, WireError};
use vibecoin_network::world::Have;
use vibecoin_primitives::{Block, Work};

use crate::honest::{compact, raw};

const OUT: Direction = Direction::Outbound;

/// An honest peer, and an offender.
fn pair() -> (Bench, NodeId, NodeId) {
    let mut bench = Bench::new();
    let (honest, offender) = (bench.connect(1, OUT), bench.connect(66, Direction::Inbound));
    (bench, honest, offender)
}

fn is_blameless(bench: &Bench, node: NodeId) -> bool {
    let bans = bench.machine.connections().bans();
    let endpoint = bench.peer(node).and_then(|peer| peer.link.endpoint.clone()).expect("it is connected");
    bench.faults(node).is_empty()
        && !bench.closed.contains_key(&node)
        && bans.against_node(node, bench.now.unix_ms).is_none()
        && bans.allows(&endpoint, bench.now.unix_ms)
}

fn announce(block: &Block, work: u128) -> Message {
    Message::Tip { head: Box::new(forge::head(block)), work: Work::new(work) }
}

#[test]
fn who_passes_on_an_invalid_block_before_its_execution_is_not_banned() {
    let (mut bench, honest, offender) = pair();
    let block = forge::child(&bench.world.tip_header(), 9, Vec::new());
    bench.world.condemn(block.id());
    bench.receive(honest, Message::Compact(Arc::new(compact(&block))));
    bench.receive(offender, announce(&block, 1));
    bench.answer();
    assert!(is_blameless(&bench, honest), "a header with its work was all that it could see");
    assert_eq!(bench.closed.get(&offender), Some(&Goodbye::Banned), "it says that it executed the block");
}

#[test]
fn an_honest_address_that_an_offender_names_is_not_banned_with_it() {
    let (mut bench, honest, offender) = pair();
    let endpoint = bench.peer(honest).and_then(|peer| peer.link.endpoint.clone()).expect("it is connected");
    let contact = Contact { node: Some(honest), endpoint };
    bench.receive(offender, Message::Contacts(vec![contact]));
    bench.input(Input::Violated { node: offender, error: WireError::UnknownKind(99) });
    assert_eq!(bench.closed.get(&offender), Some(&Goodbye::Banned));
    assert!(is_blameless(&bench, honest));
}

#[test]
fn who_names_a_transaction_that_an_offender_made_unwanted_is_not_blamed() {
    let (mut bench, honest, offender) = pair();
    let unwanted = forge::unwanted_transaction(1);
    for node in [offender, honest] {
        bench.receive(node, Message::AnnounceTransactions(vec![unwanted.leaf_hash()]));
    }
    bench.answer();
    let request = asked(&mut bench, honest).expect("the one that this node chose is asked first");
    bench.receive(honest, Message::Transactions { request, transactions: vec![unwanted] });
    bench.answer();
    assert!(is_blameless(&bench, honest));
}

#[test]
fn who_no_longer_has_what_it_announced_is_not_blamed() {
    let (mut bench, honest, _) = pair();
    for number in 0..50 {
        let leaf_hash = forge::transaction(number).leaf_hash();
        bench.receive(honest, Message::AnnounceTransactions(vec![leaf_hash]));
        bench.answer();
        if let Some(request) = asked(&mut bench, honest) {
            bench.receive(honest, Message::Transactions { request, transactions: Vec::new() });
        }
    }
    assert!(is_blameless(&bench, honest), "somebody paid more, and its pool let go of these");
}

#[test]
fn a_block_ahead_of_the_clock_does_not_speak_against_who_passes_it_on() {
    let (mut bench, honest, _) = pair();
    let ahead_ms = bench.now.unix_ms + 15_500;
    let block = forge::at_time(forge::child(&bench.world.tip_header(), 9, Vec::new()), ahead_ms);
    bench.receive(honest, announce(&block, 1));
    bench.answer();
    assert!(is_blameless(&bench, honest), "its clock is half a second faster");
}

#[test]
fn a_transaction_made_to_look_like_another_does_not_speak_against_the_block_that_holds_it() {
    let (mut bench, honest, _) = pair();
    let transactions = vec![forge::transaction(1), forge::transaction(2)];
    let block = forge::child(&bench.world.tip_header(), 9, transactions);
    let mut form = compact(&block);
    // As if somebody had found two transactions with one short id.
    form.short_ids[1] = form.short_ids[0];
    bench.receive(honest, Message::Compact(Arc::new(form)));
    bench.answer();
    let whole = bench.sent(honest).into_iter().find_map(|message| match message {
        Message::GetBlocks { request, .. } => Some(request),
        _ => None,
    });
    let request = whole.expect("the whole block is asked for");
    bench.receive(honest, Message::Block { request, block: raw(&block) });
    bench.answer();
    assert_eq!(bench.world.tip().id, block.id());
    assert!(is_blameless(&bench, honest));
}

/// A bench that would find the honest guilty does: the same, done by one that no honest peer does.
#[test]
fn the_same_by_who_should_know_better_is_blamed() {
    let (mut bench, honest, _) = pair();
    bench.receive(honest, Message::Headers { request: RequestId(999), headers: Vec::new() });
    assert!(!is_blameless(&bench, honest));
    assert!(matches!(bench.faults(honest).as_slice(), [Fault::Unrequested(_)]));
}

/// The request for transactions that a peer was sent.
fn asked(bench: &mut Bench, node: NodeId) -> Option<RequestId> {
    bench.sent(node).into_iter().find_map(|message| match message {
        Message::GetTransactions { request, .. } => Some(request),
        _ => None,
    })
}
