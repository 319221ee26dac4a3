//! Blocks on the newest tip, with real work, wrong in one thing each.

use vibecoin_crypto::Hash;
use vibecoin_network::wire::Message;
use vibecoin_primitives::{Bits, Block, Timestamp};

use super::follower::{Follower, compact, raw, truly};
use super::site::Site;
use super::{Case, End};
use crate::support::forge::{Wallet, reseal, with_committed};

/// A case of a block like this, told and given as it is.
macro_rules! forged {
    ($name:ident, $end:expr) => {
        Case { name: stringify!($name), end: $end, script: |site| Box::pin(blocks(site, $name)) }
    };
}

pub fn cases() -> Vec<Case> {
    vec![
        forged!(wrong_target, End::Banned("sent a header that breaks HDR-4")),
        forged!(past_time, End::Banned("sent a header that breaks HDR-6")),
        forged!(another_history, End::Banned("sent a header that breaks HDR-8")),
        forged!(bad_state_root, End::Banned("follows a chain with a block that breaks EXE-8")),
        forged!(bad_receipts_root, End::Banned("follows a chain with a block that breaks EXE-7")),
        forged!(bad_signature, End::Banned("follows a chain with a block that breaks TX-13")),
        forged!(bad_segment, End::Banned("follows a chain with a block that breaks POH-3")),
        Case {
            name: "mutated_body_under_a_good_header",
            end: End::Banned("sent a block that breaks BLK-4"),
            script: |site| Box::pin(mutated(site)),
        },
        Case {
            name: "compact_block_that_cannot_be",
            end: End::Banned("cannot be put together"),
            script: |site| Box::pin(impossible(site)),
        },
        Case {
            name: "forged_segments",
            end: End::Banned("sent a segment that breaks POH-3"),
            script: |site| Box::pin(segments(site)),
        },
    ]
}

/// Those that take many seconds.
pub fn slow_cases() -> Vec<Case> {
    vec![Case {
        name: "withheld_body",
        end: End::Banned("unanswered"),
        script: |site| {
            Box::pin(async move {
                if let Some(follower) = Follower::join(site).await {
                    follower.attack(Follower::child, |_, _| Vec::new()).await;
                }
            })
        },
    }]
}

/// Those that may stay.
pub fn patient_cases() -> Vec<Case> {
    vec![forged!(future_time, End::Stays)]
}

/// Announces such blocks, and gives what is asked for.
async fn blocks(site: Site, make: fn(&mut Follower) -> Block) {
    if let Some(follower) = Follower::join(site).await {
        follower.attack(make, truly).await;
    }
}

fn wrong_target(follower: &mut Follower) -> Block {
    let mut block = follower.child();
    block.header.bits = Bits::new(0x2010_ffff);
    reseal(block)
}

fn past_time(follower: &mut Follower) -> Block {
    let mut block = follower.child();
    block.header.time = Timestamp::new(block.header.prev_time.get() - 1);
    reseal(block)
}

fn future_time(follower: &mut Follower) -> Block {
    let mut block = follower.child();
    block.header.time = Timestamp::new(block.header.time.get() + 600_000);
    reseal(block)
}

fn another_history(follower: &mut Follower) -> Block {
    let mut block = follower.child();
    block.header.history_root = Hash::new([7; 32]);
    reseal(block)
}

fn bad_state_root(follower: &mut Follower) -> Block {
    let mut block = follower.child();
    block.content.state_root = Hash::new([7; 32]);
    reseal(block)
}

fn bad_receipts_root(follower: &mut Follower) -> Block {
    let mut block = follower.child();
    block.content.receipts_root = Hash::new([7; 32]);
    reseal(block)
}

fn bad_signature(follower: &mut Follower) -> Block {
    let mut block = follower.child();
    let chain_id = follower.forge.spec().chain_id;
    let mut payment = Wallet::number(3).pay(chain_id, 0, Wallet::number(4).address(), 1);
    payment.signature.0[9] ^= 1;
    block.transactions = vec![payment];
    with_committed(block)
}

fn bad_segment(follower: &mut Follower) -> Block {
    let mut block = follower.child();
    block.ticks[0] = Hash::new([7; 32]);
    with_committed(block)
}

/// Two payments, of which the compact form makes one, so that the whole is asked for; and that is another one.
async fn mutated(site: Site) {
    let Some(follower) = Follower::join(site).await else { return };
    let make = |follower: &mut Follower| {
        let tip = follower.tip();
        let payments = [5, 6]
            .map(|wallet| follower.forge.pay(&tip, &Wallet::number(wallet), Wallet::number(4).address(), 1));
        let time = follower.forge.after(&tip, super::stage::INTERVAL_MS);
        follower.forge.child(&tip, payments.into(), time)
    };
    follower
        .attack(make, |block, question| match question {
            Message::GetCompact(id) if *id == block.id() => {
                let mut twins = compact(block);
                twins.short_ids[1] = twins.short_ids[0];
                vec![Message::Compact(twins.into())]
            }
            Message::GetBlocks { request, .. } => {
                let mut wrong = block.clone();
                wrong.transactions.swap(0, 1);
                vec![Message::Block { request: *request, block: raw(&wrong) }]
            }
            question => truly(block, question),
        })
        .await;
}

async fn impossible(site: Site) {
    let Some(follower) = Follower::join(site).await else { return };
    follower
        .attack(Follower::child, |block, question| match question {
            Message::GetCompact(id) if *id == block.id() => {
                let mut wrong = compact(block);
                wrong.short_ids.push([1; 6]);
                vec![Message::Compact(wrong.into())]
            }
            question => truly(block, question),
        })
        .await;
}

/// A segment on every tip that is not the one that follows from it.
async fn segments(site: Site) {
    let Some(mut follower) = Follower::join(site).await else { return };
    loop {
        let ticks = (0..follower.forge.spec().poh_ticks).map(|tick| super::gossip::id(tick.into()));
        let forged = Message::Segment { parent: follower.tip(), ticks: ticks.collect::<Vec<_>>().into() };
        follower.peer.say(forged).await;
        if follower.next_tip(|_, _| Vec::new()).await.is_none() {
            return;
        }
    }
}
