//! The table: every hostile behaviour by its name.

mod blocks;
mod bodies;
mod chains;
mod connections;
mod gossip;
mod headers;
mod state;

use vibecoin_network::wire::Message;

use crate::case::{Case, Moment, Script};
use crate::scene::Scene;

/// All of them.
pub fn all() -> Vec<Case> {
    let groups = [
        connections::cases(),
        gossip::cases(),
        headers::cases(),
        chains::cases(),
        blocks::cases(),
        bodies::cases(),
        state::cases(),
    ];
    groups.into_iter().flatten().collect()
}

/// A script that joins as anybody would, and then does something once.
fn once(mut act: impl FnMut(&mut Scene) + 'static) -> Script {
    Box::new(move |scene, moment| {
        if matches!(moment, Moment::Begin) {
            scene.join();
            act(scene);
        }
    })
}

/// A script that joins and does something in every step while it is connected.
fn always(mut act: impl FnMut(&mut Scene) + 'static) -> Script {
    Box::new(move |scene, moment| match moment {
        Moment::Begin if !scene.is_connected() => scene.join(),
        Moment::Step if scene.is_connected() => act(scene),
        _ => {}
    })
}

/// A script that joins, does something once, and answers questions as it likes; what it does not answer itself is
/// answered truly from the honest chain.
fn answers(
    mut act: impl FnMut(&mut Scene) + 'static,
    mut answer: impl FnMut(&mut Scene, &Message) -> Option<Vec<Message>> + 'static,
) -> Script {
    Box::new(move |scene, moment| match moment {
        Moment::Begin => {
            if !scene.is_connected() {
                scene.join();
            }
            act(scene);
        }
        Moment::Heard(question) => {
            let said = answer(scene, &question).unwrap_or_else(|| scene.chain.answer(&question));
            said.into_iter().for_each(|message| scene.say(message));
        }
        Moment::Step => {}
    })
}
