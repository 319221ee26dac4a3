//! Ranges of a state.

use vibecoin_crypto::Hash;
use vibecoin_network::wire::Message;
use vibecoin_network::world::{KeyRange, StatePlan};

use crate::case::{Case, End, Moment, Start};

/// Blocks that a machine is behind which wants a state: more than for which one is worth it.
const BEHIND: usize = 1_500;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("forged_state_chunks", End::Banned("forged_state"), || {
            Box::new(|scene, moment| match moment {
                Moment::Begin => {
                    let block = &scene.chain.blocks()[1_000];
                    let missing = vec![KeyRange { start: Hash::ZERO, end: None }];
                    let (block, height) = (block.id(), block.header.height);
                    scene.plan = Some(StatePlan { block, height, missing });
                }
                Moment::Heard(Message::GetStateChunk { request, .. }) => {
                    scene.say(Message::StateChunk { request, chunk: vec![7; 100].into() });
                    // Nobody has it; the node fetches the blocks instead.
                    scene.plan = None;
                }
                Moment::Heard(question) => {
                    let answers = scene.chain.answer(&question);
                    answers.into_iter().for_each(|answer| scene.say(answer));
                }
                Moment::Step => {}
            })
        })
        .starting(Start::State(BEHIND)),
    ]
}
