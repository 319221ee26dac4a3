//! Hostile peers over real sockets: the real program among honest nodes that mine, and an offender that speaks the real
//! protocol through the real driver, or only the transport and then whatever it likes.
//!
//! One network serves nearly all cases: each offender has a key of its own, and on the loopback interface the key alone
//! is banned. All the time the victim has to be where the miner is; of each case its end is asked, and that no honest
//! node was banned or lost a point. `docs/hostile-peers.md` has the table.
//!
//! The same behaviours, more of them and exact to the millisecond, are tried on the state machine in
//! `node/network/tests/hostile`. What only the whole program can judge is judged here: roots, signatures, segments,
//! states.

mod blocks;
mod bytes;
mod claims;
mod eclipse;
mod follower;
mod gossip;
mod peer;
mod site;
mod stage;
mod state;
mod transactions;
mod watch;

use std::future::Future;
use std::pin::Pin;

use site::Site;
use stage::Stage;

/// How a case ends for the offender.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Banned within a minute, for a reason with these words.
    Banned(&'static str),
    /// The connection is ended within a minute, without a ban: nothing can be proven.
    Parted,
    /// It is still there at the end, without a ban, and does no harm: an honest node could do the same.
    Stays,
}

/// What an offender does. It goes on until it is stopped, or returns when the victim has ended the connection.
type Script = fn(Site) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// One hostile behaviour.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    end: End,
    script: Script,
}

/// Whether a case is to be played: all of them, or the one that `VIBECOIN_CASE` names.
fn is_wanted(case: &Case) -> bool {
    std::env::var("VIBECOIN_CASE").map_or(true, |name| name == case.name)
}

#[test]
fn offenders_are_banned_and_the_honest_go_on() {
    let stage = Stage::start();
    let broken = stage.watched(|stage| {
        // Those that take their time go on beside the others.
        let slow = [bytes::slow_cases(), blocks::slow_cases()];
        let patient = [gossip::patient_cases(), transactions::patient_cases(), blocks::patient_cases()];
        let beside: Vec<_> = slow
            .into_iter()
            .chain(patient)
            .flatten()
            .filter(is_wanted)
            .map(|case| stage.begin(case))
            .collect();
        let quick =
            [bytes::cases(), gossip::cases(), claims::cases(), transactions::cases(), blocks::cases()];
        let mut broken = Vec::new();
        for case in quick.into_iter().flatten().filter(is_wanted) {
            let playing = stage.begin(case);
            broken.extend(stage.finish(playing));
        }
        for playing in beside {
            broken.extend(stage.finish(playing));
        }
        broken
    });
    assert!(broken.is_empty(), "{broken:#?}");
}
