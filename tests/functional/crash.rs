//! `kill -9` while blocks are mined and transactions are sent: the node comes back by itself, nothing that it has
//! acknowledged is lost, and every block verifies from the genesis on.
//!
//! `VIBECOIN_KILLS=20` kills it that often instead of a few times.

mod import;

use std::time::{Duration, SystemTime};

use super::{FIRST_BLOCKS, text};
use crate::support::Home;

/// What the node has told somebody.
struct Acknowledged {
    blocks: Vec<(u64, String)>,
    transactions: Vec<String>,
}

#[test]
fn killed_at_random_moments_it_loses_nothing() {
    let kills = kills(3);
    let mut chance = Chance::of_now();
    println!("seed {}", chance.0);

    let home = Home::new();
    home.wallet(&["new", "--name", "main"]);
    home.wallet(&["accounts", "add"]);
    let (ours, theirs) = (home.address(0), home.address(1));
    let mut told = Acknowledged { blocks: Vec::new(), transactions: Vec::new() };

    let mut node = home.node(&["--mine", &ours]);
    home.json(&["dev", "mine", FIRST_BLOCKS, "--to", &ours]);
    for kill in 0..kills {
        let deadline = std::time::Instant::now() + Duration::from_millis(chance.below(1_500));
        let mut amount = 1;
        loop {
            // Blocks quickly, one after the other, so that a kill finds the node in the middle of something.
            let mined = home.json(&["dev", "mine", "3", "--to", &ours]);
            told.blocks
                .push((mined["tip"]["height"].as_u64().unwrap(), text(&mined["tip"]["id"]).to_owned()));
            let sent = home.wallet(&["send", &theirs, &format!("0.{amount:03}")]);
            told.transactions.push(text(&sent["txid"]).to_owned());
            amount += 1;
            if std::time::Instant::now() >= deadline {
                break;
            }
        }
        // The last request is under way while the signal comes.
        let unanswered = home.start(&["--json", "dev", "mine", "25", "--to", &ours]);
        std::thread::sleep(Duration::from_millis(chance.below(60)));
        node.kill_9();
        unanswered.finish();

        node = home.node(&["--mine", &ours]);
        for (height, id) in &told.blocks {
            let block = home.rpc("chain_header", &[id]);
            assert_eq!(block["height"].as_u64(), Some(*height), "block {id} after kill {kill}");
            assert_eq!(block["active"], true, "block {id} after kill {kill}");
        }
        for txid in &told.transactions {
            let status = home.rpc("tx_status", &[txid]).to_string();
            assert!(
                status.contains("mined") || status.contains("pending"),
                "transaction {txid} after kill {kill}: {status}"
            );
        }
    }
    home.json(&["dev", "mine", "2", "--to", &ours]);
    for txid in &told.transactions {
        assert!(home.rpc("tx_status", &[txid]).to_string().contains("mined"), "{txid} is mined in the end");
    }
    assert_eq!(node.terminate().code, Some(0));
    home.ok(&["chain", "verify"]);
}

/// How often to kill.
fn kills(usual: u32) -> u32 {
    std::env::var("VIBECOIN_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(usual)
}

/// Random numbers that a printed seed brings back.
struct Chance(u64);

impl Chance {
    fn of_now() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Self(
            std::env::var("VIBECOIN_SEED")
                .ok()
                .and_then(|seed| seed.parse().ok())
                .unwrap_or(now.as_nanos() as u64),
        )
    }

    fn below(&mut self, bound: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
