//! What is wrong before a message means anything: bytes, the handshake, the connection itself.
//!
//! Bytes are judged by the frames and the driver; here it is shown what follows for the offender.

use vibecoin_crypto::Hash;
use vibecoin_network::score::Fault;
use vibecoin_network::testing::forge;
use vibecoin_network::wire::{FrameHead, Goodbye, Hello, Kind, Message, RequestId, WireError, decode};

use super::{always, once};
use crate::case::{Case, End, Moment};
use crate::scene::Scene;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("garbage", End::Banned("garbage"), || once(|scene| scene.violate(head([200, 1, 0, 0, 0])))),
        Case::new("huge_length", End::Banned("garbage"), || {
            once(|scene| scene.violate(head([Kind::Block.number(), 255, 255, 255, 255])))
        }),
        Case::new("oversize_block", End::Banned("garbage"), || {
            let bytes = (Kind::Block.bytes_max(&forge::limits()) as u32 + 1).to_le_bytes();
            once(move |scene| {
                scene.violate(head([Kind::Block.number(), bytes[0], bytes[1], bytes[2], bytes[3]]));
            })
        }),
        Case::new("unreadable_body", End::Banned("garbage"), || {
            once(|scene| {
                let error = decode(Kind::Tip, &[7; 40], &forge::limits()).expect_err("no tip has 40 bytes");
                scene.violate(error);
            })
        }),
        Case::new("slow_drip", End::Banned("slow_message"), || {
            once(|scene| scene.misbehave(Fault::SlowMessage))
        }),
        Case::new("ping_flood_and_stream_flood", End::Banned("noise"), || {
            once(|scene| scene.misbehave(Fault::Noise))
        }),
        Case::new("wrong_network", End::Parted(Goodbye::OtherNetwork), || {
            Box::new(|scene, moment| {
                if matches!(moment, Moment::Begin) {
                    scene.open_connection();
                    let tip = scene.chain.claim();
                    scene.say(Scene::hello(Hash::new([5; 32]), tip));
                }
            })
        }),
        Case::new("other_version", End::Parted(Goodbye::OtherVersion), || {
            Box::new(|scene, moment| {
                if matches!(moment, Moment::Begin) {
                    scene.open_connection();
                    let genesis = scene.chain.genesis().id();
                    let Message::Hello(hello) = Scene::hello(genesis, scene.chain.claim()) else { return };
                    scene.say(Message::Hello(Box::new(Hello { version: 9, ..*hello })));
                }
            })
        }),
        Case::new("says_nothing", End::Parted(Goodbye::TooSlow), || {
            Box::new(|scene, moment| {
                if matches!(moment, Moment::Begin) {
                    scene.open_connection();
                }
            })
        }),
        Case::new("speaks_before_the_handshake", End::Banned("out_of_turn"), || {
            Box::new(|scene, moment| {
                if matches!(moment, Moment::Begin) {
                    scene.open_connection();
                    scene.say(scene.chain.announcement());
                }
            })
        }),
        Case::new("introduces_itself_twice", End::Banned("out_of_turn"), || {
            once(|scene| scene.say(Scene::hello(scene.chain.genesis().id(), scene.chain.claim())))
        }),
        Case::new("never_reads", End::Banned("not_reading"), || {
            Box::new(|scene, moment| match moment {
                Moment::Begin => ask_and_go_deaf(scene),
                // It is there: it answers pings.
                Moment::Step if scene.is_connected() => scene.answer_ping(),
                _ => {}
            })
        }),
        Case::new("goes_dead", End::Parted(Goodbye::TooSlow), || once(ask_and_go_deaf)),
        Case::new("asks_for_everything", End::Banned("too_many_requests"), || {
            always(|scene| {
                scene.bench.deaf.insert(scene.offender);
                for request in 0..40 {
                    let ids = vec![scene.chain.genesis().id(); 128];
                    scene.say(Message::GetBlocks { request: RequestId(request), ids });
                }
            })
        }),
        Case::new("reconnect_loop", End::Banned("reconnects"), || {
            always(|scene| {
                scene.leave();
                scene.join();
            })
        })
        .inbound(),
        Case::new("leaves_before_it_is_enough", End::Banned("unrequested"), || {
            Box::new(|scene, moment| {
                if matches!(moment, Moment::Step) && scene.now_ms().is_multiple_of(5_000) {
                    scene.join();
                    scene.say(Message::Headers { request: RequestId(77), headers: Vec::new() });
                    scene.leave();
                }
            })
        })
        .inbound(),
    ]
}

/// What the driver tells of such a head.
fn head(bytes: [u8; 5]) -> WireError {
    FrameHead::read(bytes, &forge::limits(), true).expect_err("it is not acceptable")
}

/// Asks for much and takes nothing of it.
fn ask_and_go_deaf(scene: &mut Scene) {
    if !scene.is_connected() {
        scene.join();
    }
    scene.bench.deaf.insert(scene.offender);
    let ids = scene.chain.ids().collect();
    scene.say(Message::GetBlocks { request: RequestId(1), ids });
}
