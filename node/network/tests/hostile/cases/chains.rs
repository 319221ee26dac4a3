//! Whole chains of headers: without work, without connection, without end, and claims with nothing behind them.

use vibecoin_crypto::Hash;
use vibecoin_network::testing::forge;
use vibecoin_network::wire::{HEADERS_MAX, HeaderRecord, Message, RequestId};
use vibecoin_primitives::{Bits, Height, Timestamp};

use super::answers;
use crate::case::{Case, End, Moment, Script, Start};
use crate::honest::boast;
use crate::scene::Scene;

/// The headers of the case that the bound of memory is stated for.
const MANY: usize = 1_000_000;
/// That bound, in KiB.
const MANY_KIB: u64 = 32 << 10;

pub fn cases() -> Vec<Case> {
    let claim = |_: &Scene| boast(Hash::new([66; 32]), 2_000_000);
    vec![
        Case::new("low_work_headers", End::Banned("false_work"), || cheap(Cheap::new(MANY, 0)))
            .claiming(claim)
            .within(MANY_KIB),
        Case::new("low_work_headers_for_one_who_is_behind", End::Banned("false_work"), || {
            cheap(Cheap::new(MANY, 0))
        })
        .claiming(claim)
        .starting(Start::Behind(400))
        .within(MANY_KIB),
        Case::new("low_work_headers_without_end", End::Stays("its work may come yet"), || {
            cheap(Cheap::new(usize::MAX, 1_500))
        })
        .claiming(claim)
        .starting(Start::Behind(400)),
        Case::new("low_work_headers_for_one_who_wants_a_state", End::Stays("its work may come yet"), || {
            cheap(Cheap::new(usize::MAX, 1_500))
        })
        .claiming(claim)
        .starting(Start::State(400)),
        Case::new("fake_deep_reorganisation", End::Banned("false_work"), || cheap(Cheap::new(300, 0)))
            .claiming(claim),
        Case::new("fake_work_in_the_handshake", End::Banned("false_work"), || {
            answers(|_| {}, |_, question| no_headers(question))
        })
        .claiming(claim),
        Case::new("claims_and_does_not_answer", End::Banned("withheld"), || {
            answers(|_| {}, |_, _| Some(Vec::new()))
        })
        .claiming(claim)
        .starting(Start::Behind(400)),
        Case::new("disconnected_headers", End::Banned("disconnected_headers"), || {
            answers(
                |_| {},
                |scene, question| match question {
                    Message::GetHeaders { request, .. } => {
                        let stranger = forge::chain(&forge::head(&scene.better_block(9)), 9, 8);
                        let headers = stranger.iter().map(forge::head).collect();
                        let last = stranger.last().expect("eight");
                        scene.say(Message::Headers { request: *request, headers });
                        // It insists.
                        scene.announce(last);
                        Some(Vec::new())
                    }
                    _ => None,
                },
            )
        })
        .claiming(claim),
        Case::new("headers_with_a_gap", End::Banned("disconnected_headers"), || {
            answers(
                |_| {},
                |scene, question| match question {
                    Message::GetHeaders { request, .. } => {
                        let mut headers = scene.chain.rival(20, 30).blocks()[20..].to_vec();
                        headers.remove(25);
                        let headers: Vec<_> = headers.iter().map(|block| forge::head(block)).collect();
                        scene.say(Message::Headers { request: *request, headers });
                        let block = scene.better_block(3);
                        scene.announce(&forge::child_with_work(&forge::head(&block), 3, Vec::new(), 1 << 30));
                        Some(Vec::new())
                    }
                    _ => None,
                },
            )
        })
        .claiming(claim),
        Case::new(
            "stale_tip",
            End::Stays("to be behind is no fault; an outbound one is replaced in time"),
            || answers(|_| {}, |_, question| no_headers(question)),
        )
        .claiming(|scene| scene.bench.world.genesis()),
    ]
}

fn no_headers(question: &Message) -> Option<Vec<Message>> {
    match question {
        Message::GetHeaders { request, .. } => {
            Some(vec![Message::Headers { request: *request, headers: Vec::new() }])
        }
        _ => Some(Vec::new()),
    }
}

/// A chain of the cheapest headers there are, made while it is read.
struct Cheap {
    length: usize,
    /// Time before an answer, in ms.
    delay_ms: u64,
    last: HeaderRecord,
    made: usize,
    waiting: Option<(RequestId, u64)>,
}

impl Cheap {
    fn new(length: usize, delay_ms: u64) -> Self {
        Self { length, delay_ms, last: forge::head(&forge::genesis()), made: 0, waiting: None }
    }

    fn batch(&mut self) -> Vec<HeaderRecord> {
        let many = HEADERS_MAX.min(self.length - self.made);
        self.made += many;
        (0..many).map(|_| self.next()).collect()
    }

    fn next(&mut self) -> HeaderRecord {
        let before = self.last;
        let mut head = before;
        head.content.parent_id = before.id();
        head.header.height = Height::new(before.header.height.get() + 1);
        head.header.prev_time = before.header.time;
        head.header.time = Timestamp::new(before.header.time.get() + 1);
        head.header.bits = Bits::new(1);
        head.header.content_root = head.content.root();
        self.last = head;
        head
    }
}

/// Serves a cheap chain to whoever asks for headers, from the start whenever it is read anew.
fn cheap(mut chain: Cheap) -> Script {
    Box::new(move |scene, moment| match moment {
        Moment::Begin => {
            if !scene.is_connected() {
                scene.join();
            }
        }
        Moment::Heard(Message::GetHeaders { request, locator, .. }) => {
            if locator.first() != Some(&chain.last.id()) {
                (chain.last, chain.made) = (scene.chain.genesis(), 0);
            }
            chain.waiting = Some((request, scene.now_ms() + chain.delay_ms));
        }
        Moment::Heard(_) => {}
        Moment::Step => {
            if let Some((request, _)) = chain.waiting.take_if(|(_, due_ms)| *due_ms <= scene.now_ms()) {
                let headers = chain.batch();
                scene.say(Message::Headers { request, headers });
            }
        }
    })
}
