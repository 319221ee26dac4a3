//! Claims and headers with nothing behind them.

use vibecoin_crypto::Hash;
use vibecoin_network::wire::{HEADERS_MAX, HeaderRecord, Message, TipClaim};
use vibecoin_primitives::{Bits, Content, Header, Height, Timestamp, Work};

use super::follower::Path;
use super::gossip::{MOMENT, id};
use super::peer::Peer;
use super::site::Site;
use super::stage::INTERVAL_MS;
use super::{Case, End};
use crate::support::forge::{Forge, Wallet};

/// Blocks of the chain that is claimed to be the heaviest of all.
const DEEP: usize = 40;

pub fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "fake_work",
            end: End::Banned("has less work than it claims"),
            script: |site| Box::pin(boasts(site)),
        },
        Case {
            name: "fake_deep_reorganisation",
            end: End::Banned("has less work than it claims"),
            script: |site| Box::pin(deep(site)),
        },
        Case {
            name: "disconnected_headers",
            end: End::Banned("not connected"),
            script: |site| Box::pin(disconnected(site)),
        },
        Case {
            name: "orphans",
            end: End::Banned("faster than allowed"),
            script: |site| {
                Box::pin(async move {
                    let orphans = |round| (0..40).map(|at| orphan(round * 40 + at)).collect();
                    Peer::join(site).await.repeat(MOMENT, orphans).await;
                })
            },
        },
        Case {
            name: "orphans_and_then_nothing",
            end: End::Banned("has less work than it claims"),
            script: |site| {
                Box::pin(async move {
                    let mut peer = Peer::join(site).await;
                    peer.say(orphan(7)).await;
                    peer.serve(no_headers).await;
                })
            },
        },
    ]
}

/// A claim of more work than anybody has.
fn boast(number: u64) -> TipClaim {
    TipClaim { id: id(number), height: Height::new(1_000_000), work: Work::new(1 << 100) }
}

fn no_headers(question: Message) -> Vec<Message> {
    match question {
        Message::GetHeaders { request, .. } => vec![Message::Headers { request, headers: Vec::new() }],
        _ => Vec::new(),
    }
}

/// Claims more work than there is, and has nothing.
async fn boasts(site: Site) {
    Peer::claiming(site, boast(7)).await.serve(no_headers).await;
}

/// Claims a branch from the genesis on, with more work than anybody's, and has a short one.
async fn deep(site: Site) {
    let mut forge = Forge::new(site.spec.clone());
    let mut path = Path { ids: vec![forge.genesis()] };
    for _ in 0..DEEP {
        let tip = *path.ids.last().expect("there is a genesis");
        let time = forge.after(&tip, INTERVAL_MS);
        path.ids.push(forge.child(&tip, Vec::new(), time).id());
    }
    let claim = TipClaim { id: *path.ids.last().expect("there is a genesis"), ..boast(7) };
    Peer::claiming(site, claim).await.serve(|question| path.answer(&forge, &question)).await;
}

/// Headers that stand on nothing that was asked for, and again after each.
async fn disconnected(site: Site) {
    let mut peer = Peer::claiming(site, boast(8)).await;
    let mut round = 0;
    peer.serve(|question| match question {
        Message::GetHeaders { request, .. } => {
            round += 1;
            let many = HEADERS_MAX as u64 / 8;
            let headers: Vec<_> = (0..many).map(|at| nowhere(round * 10_000 + at)).collect();
            let head = Box::new(nowhere(round));
            vec![
                Message::Headers { request, headers },
                Message::Tip { head, work: Work::new(1 << (100 + round)) },
            ]
        }
        _ => Vec::new(),
    })
    .await;
}

fn orphan(number: u64) -> Message {
    Message::Tip { head: Box::new(nowhere(number)), work: Work::new(1 << 100) }
}

/// A header on a parent that nobody has.
fn nowhere(number: u64) -> HeaderRecord {
    let content = Content {
        parent_id: id(number),
        state_root: Hash::ZERO,
        tx_root: Hash::ZERO,
        receipts_root: Hash::ZERO,
        poh_root: Hash::ZERO,
        poh_hash: Hash::ZERO,
        beneficiary: Wallet::number(1).address(),
        gas_used: 0,
        tx_count: 0,
    };
    HeaderRecord {
        header: Header {
            history_root: Hash::ZERO,
            content_root: content.root(),
            version: 1,
            height: Height::new(number + 1),
            prev_time: Timestamp::new(1),
            time: Timestamp::new(2),
            bits: Bits::new(0x2000_ffff),
            nonce: 0,
        },
        content,
    }
}
