//! Single headers, announced as new tips: wrong, early, late, on nothing.

use vibecoin_crypto::{Hash, hash::sha256};
use vibecoin_network::testing::forge;
use vibecoin_network::wire::Message;
use vibecoin_primitives::{Bits, Block, Timestamp};

use super::{always, answers, once};
use crate::case::{Case, End, Moment};
use crate::scene::Scene;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("wrong_target", End::Banned("broken_header"), || {
            once(|scene| {
                let block = forge::without_work(scene.better_block(1));
                scene.announce(&block);
            })
        }),
        Case::new("past_time", End::Banned("broken_header"), || {
            once(|scene| {
                let mut block = scene.better_block(1);
                // Its parent would be older than it is.
                block.header.prev_time = Timestamp::new(block.header.prev_time.get() - 60_000);
                scene.announce(&block);
            })
        }),
        Case::new("header_of_another_content", End::Banned("broken_header"), || {
            once(|scene| {
                let mut block = scene.better_block(1);
                block.content.gas_used += 1;
                scene.announce(&block);
            })
        }),
        Case::new("future_time", End::Stays("clocks differ, and the time may come"), || {
            let mut salt = 0;
            Box::new(move |scene, moment| match moment {
                Moment::Begin => scene.join(),
                Moment::Heard(question) => {
                    let answers = scene.chain.answer(&question);
                    answers.into_iter().for_each(|answer| scene.say(answer));
                }
                Moment::Step if scene.now_ms().is_multiple_of(1_000) => {
                    salt += 1;
                    let block = early(scene, salt);
                    scene.announce(&block);
                }
                Moment::Step => {}
            })
        }),
        Case::new("future_time_of_whole_chains", End::Stays("clocks differ, and the time may come"), || {
            let mut block = None;
            Box::new(move |scene, moment| match moment {
                Moment::Begin => {
                    scene.join();
                    let ahead = early(scene, 1);
                    scene.announce(&ahead);
                    block = Some(ahead);
                }
                Moment::Heard(Message::GetHeaders { request, .. }) => {
                    let headers = block.iter().map(forge::head).collect();
                    scene.say(Message::Headers { request, headers });
                }
                Moment::Heard(_) | Moment::Step => {}
            })
        }),
        Case::new("orphans", End::Banned("flood"), || {
            let mut number = 0;
            always(move |scene| {
                for _ in 0..8 {
                    number += 1;
                    let block = orphan(scene, number);
                    scene.announce(&block);
                }
            })
        }),
        Case::new("orphans_and_then_nothing", End::Banned("false_work"), || {
            answers(
                |scene| {
                    let block = orphan(scene, 1);
                    scene.announce(&block);
                },
                |_, question| match question {
                    Message::GetHeaders { request, .. } => {
                        Some(vec![Message::Headers { request: *request, headers: Vec::new() }])
                    }
                    _ => None,
                },
            )
        }),
    ]
}

/// A block an hour ahead.
fn early(scene: &Scene, salt: u64) -> Block {
    forge::at_time(scene.better_block(salt), scene.bench.now.unix_ms + 3_600_000)
}

/// A block on a parent that nobody has.
fn orphan(scene: &Scene, number: u64) -> Block {
    let mut block = scene.better_block(number);
    block.content.parent_id = parent(number);
    block.header.content_root = block.content.root();
    block.header.bits = Bits::new(1 << 30);
    block
}

fn parent(number: u64) -> Hash {
    sha256(&number.to_be_bytes())
}
