//! A long chain that some nodes of a cluster have, for others to fetch.
//!
//! `VIBECOIN_SYNC_BLOCKS`, `VIBECOIN_SYNC_TXS` and `VIBECOIN_SYNC_ACCOUNTS` are its sizes in the long forms.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;
use vibecoin_primitives::Timestamp;

use super::{private_spec, setting, text};
use crate::support::{
    PATIENCE,
    cluster::{Cluster, eventually},
};

/// How many blocks it has, how many payments are in each, and among how many accounts those go round.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) blocks: u64,
    pub(super) txs: u64,
    pub(super) accounts: u64,
}

impl Size {
    /// This size, unless the environment wants another.
    pub(super) fn or_set(blocks: u64, txs: u64, accounts: u64) -> Self {
        Self {
            blocks: setting("VIBECOIN_SYNC_BLOCKS", blocks),
            txs: setting("VIBECOIN_SYNC_TXS", txs),
            accounts: setting("VIBECOIN_SYNC_ACCOUNTS", accounts),
        }
    }

    /// At least so many blocks and payments.
    pub(super) fn at_least(self, blocks: u64, txs: u64) -> Self {
        Self { blocks: self.blocks.max(blocks), txs: self.txs.max(txs), ..self }
    }
}

/// How a new node catches up.
#[derive(Clone, Copy)]
pub(super) enum Mode {
    Full,
    State,
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::State => "state",
        }
    }
}

/// A chain that the first nodes of a cluster have, none of which has run yet.
pub(super) struct Material {
    pub(super) cluster: Cluster,
    pub(super) blocks: u64,
    pub(super) tip: String,
    /// How long the import of the file took, from the start of the process to its end.
    pub(super) import: Duration,
}

impl Material {
    /// A cluster of `size` nodes; the first `sources` have the chain.
    pub(super) fn new(size: usize, sources: usize, chain: Size) -> Self {
        let Size { blocks, txs, accounts } = chain;
        let mut spec = private_spec(1_000);
        // So long ago that all blocks are in the past.
        spec.genesis_time = Timestamp::new(spec.genesis_time.get() - blocks * spec.interval_ms);
        let cluster = Cluster::new(spec, size);
        let first = &cluster.members[0].home;
        let file = first.path().join("chain");
        let file = file.to_str().unwrap();
        let sizes = [blocks, txs, accounts].map(|number| number.to_string());
        let sizes = ["--blocks", &sizes[0], "--txs-per-block", &sizes[1], "--accounts", &sizes[2]];
        let generate = ["-q", "chain", "generate", "--out", file];
        let made = run_long(&cluster, &[&generate[..], &sizes].concat());
        let made: Value = serde_json::from_str(&made).unwrap();
        println!(
            "{blocks} blocks of {txs} payments among {accounts}, {} MiB",
            made["bytes"].as_u64().unwrap() >> 20
        );
        let began = Instant::now();
        run_long(&cluster, &["-q", "chain", "import", file]);
        let import = began.elapsed();
        println!("import: {:.2} s, {:.0} blocks/s", import.as_secs_f64(), rate(blocks, import));
        std::fs::remove_file(file).unwrap();
        for source in 1..sources {
            let to = cluster.members[source].home.data_dir();
            let copied = Command::new("cp")
                .args(["-r", "--reflink=auto"])
                .args([first.data_dir(), to])
                .status()
                .expect("a system with cp");
            assert!(copied.success());
        }
        Self { cluster, blocks, tip: text(&made["tip"]).to_owned(), import }
    }

    /// The same, with links between the nodes.
    pub(super) fn linked(self) -> Self {
        Self { cluster: self.cluster.with_links(), ..self }
    }

    /// Starts a node that knows nothing but these sources.
    pub(super) fn start_new(&mut self, index: usize, sources: &[usize], mode: Mode) {
        self.cluster.start(index, sources, &["--sync", mode.name()]);
    }

    /// Waits until a node is in a phase of catching up, with something done.
    pub(super) fn wait_phase(&self, index: usize, phase: &str) {
        eventually(&format!("it fetches {phase}"), PATIENCE, || {
            let sync = self.cluster.members[index].ask("node_info", &[])["sync"].clone();
            let begun = sync["phase"] == phase && sync["done"].as_f64() > Some(0.0);
            begun.then_some(()).ok_or_else(|| sync.to_string())
        });
    }

    /// How long anything may take that concerns the whole chain.
    pub(super) fn patience(&self) -> Duration {
        PATIENCE + self.import * 6
    }

    /// Waits until a node has the whole chain.
    pub(super) fn wait_caught_up(&self, index: usize) {
        eventually("it has caught up", self.patience(), || {
            let tip = self.cluster.members[index].tip();
            if tip.id == self.tip { Ok(()) } else { Err(self.say_sync(index)) }
        });
    }

    /// Waits until a node has got so far, and gives its height.
    pub(super) fn wait_height(&self, index: usize, height: u64) -> u64 {
        eventually("it gets on", self.patience(), || {
            let tip = self.cluster.members[index].tip();
            if tip.height >= height { Ok(tip.height) } else { Err(self.say_sync(index)) }
        })
    }

    /// Has a node that does not run verify all that it holds, however long that takes.
    pub(super) fn verify(&self, index: usize) {
        let output = self.cluster.members[index].home.command(&["-q", "chain", "verify"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    pub(super) fn say_sync(&self, index: usize) -> String {
        let node = &self.cluster.members[index];
        let info = node.ask("net_info", &[]);
        format!("at {}, {}, served by {}", node.tip().height, info["sync"], info["servers"])
    }
}

/// Runs a command in the first node's home that may take as long as it likes.
fn run_long(cluster: &Cluster, args: &[&str]) -> String {
    let all = [&["--json"], args].concat();
    let output = cluster.members[0].home.command(&all).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Blocks a second.
pub(super) fn rate(blocks: u64, time: Duration) -> f64 {
    blocks as f64 / time.as_secs_f64()
}
