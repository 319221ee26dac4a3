//! A new block that is announced, and what is sent when it is asked for.

use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_network::testing::forge;
use vibecoin_network::wire::{CompactBlock, Message};
use vibecoin_primitives::Block;

use super::answers;
use crate::case::{Case, End, Moment, Script};
use crate::honest::{compact, raw};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("compact_block_that_cannot_be", End::Banned("broken_compact"), || {
            compacts(|compact| compact.short_ids.push([1; 6]))
        }),
        Case::new("compact_block_with_another_segment", End::Banned("broken_compact"), || {
            compacts(|compact| compact.ticks[0] = Hash::new([1; 32]))
        }),
        Case::new("mutated_body_under_a_good_header", End::Banned("broken_block"), || {
            wholes(|block| block.transactions = vec![forge::transaction(8_000_001)])
        }),
        Case::new("bad_segment_under_a_good_header", End::Banned("broken_block"), || {
            wholes(|block| block.ticks[1] = Hash::new([1; 32]))
        }),
        Case::new("no_segment_under_a_good_header", End::Banned("broken_block"), || {
            wholes(|block| block.ticks.clear())
        }),
        Case::new("bad_root_in_its_own_tip", End::Banned("invalid_chain"), || {
            let mut block = None;
            Box::new(move |scene, moment| match moment {
                Moment::Begin => {
                    scene.join();
                    let bad = scene.better_block(5);
                    // Whatever it is that its execution breaks: the header commits to it.
                    scene.bench.world.condemn(bad.id());
                    scene.announce(&bad);
                    block = Some(bad);
                }
                Moment::Heard(Message::GetCompact(_)) => {
                    let form = block.as_ref().map(compact);
                    form.into_iter().for_each(|form| scene.say(Message::Compact(Arc::new(form))));
                }
                Moment::Heard(_) | Moment::Step => {}
            })
        }),
        Case::new("announces_blocks_and_sends_none", End::Banned("withheld"), || {
            let mut salt = 0;
            Box::new(move |scene, moment| match moment {
                Moment::Begin => scene.join(),
                Moment::Step if scene.is_connected() && scene.now_ms().is_multiple_of(2_500) => {
                    salt += 1;
                    let block = scene.better_block(salt);
                    scene.announce(&block);
                }
                _ => {}
            })
        }),
    ]
}

/// Announces a good header, and answers with a compact form that somebody has damaged.
fn compacts(damage: fn(&mut CompactBlock)) -> Script {
    answers(
        |scene| {
            let block = scene.better_block(1);
            scene.announce(&block);
        },
        move |scene, question| match question {
            Message::GetCompact(_) => {
                let mut wrong = compact(&scene.better_block(1));
                damage(&mut wrong);
                Some(vec![Message::Compact(Arc::new(wrong))])
            }
            _ => None,
        },
    )
}

/// Announces a good header; its compact form names one transaction twice, so that the whole block is asked for; and
/// that one is damaged.
fn wholes(damage: fn(&mut Block)) -> Script {
    let mut block: Option<Block> = None;
    Box::new(move |scene, moment| match moment {
        Moment::Begin => {
            scene.join();
            let transactions = vec![forge::transaction(7_000_001), forge::transaction(7_000_002)];
            let good = forge::child_with_work(&scene.chain.tip(), 4, transactions, crate::honest::WORK * 2);
            scene.announce(&good);
            block = Some(good);
        }
        Moment::Heard(Message::GetCompact(_)) => {
            let Some(good) = &block else { return };
            let mut twins = compact(good);
            twins.short_ids[1] = twins.short_ids[0];
            scene.say(Message::Compact(Arc::new(twins)));
        }
        Moment::Heard(Message::GetBlocks { request, .. }) => {
            let Some(mut wrong) = block.clone() else { return };
            damage(&mut wrong);
            scene.say(Message::Block { request, block: raw(&wrong) });
        }
        Moment::Heard(_) | Moment::Step => {}
    })
}
