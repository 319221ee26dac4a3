//! A heavier chain whose headers are good, and what is sent when its bodies are asked for.

use vibecoin_crypto::Hash;
use vibecoin_network::testing::forge;
use vibecoin_network::wire::{Message, Refusal, RequestId};
use vibecoin_primitives::Block;

use crate::case::{Case, End, Moment, Script};
use crate::honest::{Chain, raw};
use crate::scene::Scene;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("mutated_bodies_of_a_heavier_chain", End::Banned("broken_block"), || {
            damaged(2, |block| block.transactions.push(forge::transaction(8_000_001)))
        }),
        Case::new("bad_segments_of_a_heavier_chain", End::Banned("broken_block"), || {
            damaged(2, |block| block.ticks[1] = Hash::new([1; 32]))
        }),
        Case::new("other_blocks_than_asked", End::Banned("wrong_answer"), || {
            damaged(2, |block| block.header.nonce += 1)
        }),
        Case::new("withheld_bodies", End::Banned("withheld"), || heavier(2, |_, _| None)),
        Case::new("withheld_bodies_of_a_long_branch", End::Banned("withheld"), || heavier(12, |_, _| None)),
        Case::new("refused_bodies", End::Banned("withheld"), || {
            heavier(2, |_, request| Some(Message::Refused { request, refusal: Refusal::NotHere }))
        }),
        Case::new("heavier_chain_with_a_bad_root", End::Banned("invalid_chain"), || {
            let mut rival: Option<Chain> = None;
            Box::new(move |scene, moment| match moment {
                Moment::Begin => {
                    let branch = begin(scene, 6);
                    let bad = branch.blocks()[branch.blocks().len() - 9].id();
                    scene.bench.world.condemn(bad);
                    rival = Some(branch);
                }
                Moment::Heard(question) => {
                    let Some(rival) = &rival else { return };
                    rival.answer(&question).into_iter().for_each(|answer| scene.say(answer));
                }
                Moment::Step => {}
            })
        }),
    ]
}

/// Joins, and announces the tip of a branch that leaves the honest chain three blocks below its tip and is so many
/// blocks longer.
fn begin(scene: &mut Scene, ahead: usize) -> Chain {
    let branch = scene.chain.rival(3, 3 + ahead);
    scene.join();
    scene.say(branch.announcement());
    branch
}

/// Serves the headers of a heavier branch, and answers requests for its bodies in this way; `None` is silence.
fn heavier(ahead: usize, mut answer: impl FnMut(&Block, RequestId) -> Option<Message> + 'static) -> Script {
    let mut rival: Option<Chain> = None;
    Box::new(move |scene, moment| match moment {
        Moment::Begin => rival = Some(begin(scene, ahead)),
        Moment::Heard(question) => {
            let Some(rival) = &rival else { return };
            match &question {
                Message::GetHeaders { .. } => {
                    rival.answer(&question).into_iter().for_each(|answer| scene.say(answer));
                }
                Message::GetBlocks { request, ids } => {
                    for block in rival.blocks().iter().filter(|block| ids.contains(&block.id())) {
                        if let Some(said) = answer(block, *request) {
                            scene.say(said);
                        }
                    }
                }
                _ => {}
            }
        }
        Moment::Step => {}
    })
}

/// The same, with bodies that somebody has damaged.
fn damaged(ahead: usize, damage: fn(&mut Block)) -> Script {
    heavier(ahead, move |block, request| {
        let mut wrong = block.clone();
        damage(&mut wrong);
        Some(Message::Block { request, block: raw(&wrong) })
    })
}
