//! What comes from outside: blocks, payments, leavers, partitions.

use rand::RngExt;
use vibecoin_network::Input;
use vibecoin_network::testing::forge;
use vibecoin_network::world::Have;

use super::plan::Happening;
use super::run::Run;

impl Run {
    pub(super) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Mine(node) => {
                let Some(node) = self.up(node) else { return };
                let salt = self.rng.random();
                let parent = self.nodes[node].mine(salt);
                self.tell(node, true, Vec::new());
                if self.rng.random() {
                    let ticks = forge::segment(&parent);
                    self.nodes[node].world.learn_segment(parent);
                    self.input(node, Input::SegmentMade { parent, ticks });
                }
            }
            Happening::Pay(node) => {
                let Some(node) = self.up(node) else { return };
                self.given += 1;
                let transaction = forge::transaction(self.given);
                let leaf_hash = transaction.leaf_hash();
                self.owed.insert(leaf_hash, self.given);
                self.nodes[node].world.put(transaction);
                self.tell(node, false, vec![leaf_hash]);
            }
            Happening::Leave(node) => {
                self.nodes[node].is_up = false;
                self.nodes[node].life += 1;
                self.cut_where(|ends| ends.0 == node || ends.1 == node);
            }
            Happening::Return(node, is_empty) => {
                if self.nodes[node].is_up {
                    return;
                }
                if is_empty {
                    self.forgive(node);
                }
                let seed = self.rng.random();
                self.nodes[node].restart(node, seed, is_empty);
            }
            Happening::Split(side) => {
                self.network.split = Some(side);
                self.cut_where(|ends| (side >> ends.0) & 1 != (side >> ends.1) & 1);
            }
            Happening::Stall(side, for_ms) => self.network.stall(side, for_ms),
            Happening::Heal => self.network.split = None,
            Happening::Break(node) => {
                if let Some((_, number)) = self.nodes[node].links.first().copied() {
                    self.cut(number);
                }
            }
        }
    }

    /// What nobody but a node has ever had is lost with it.
    fn forgive(&mut self, node: usize) {
        let others = || self.nodes.iter().enumerate().filter(|(other, _)| *other != node);
        self.owed.retain(|leaf_hash, _| {
            others().any(|(_, other)| other.world.is_mined(leaf_hash) || other.world.transaction(leaf_hash))
        });
    }

    /// The wildness ends, and with it the bans that it brought: every node is started again, with what it has.
    pub(super) fn calm_down(&mut self) {
        self.network.loss = 0;
        self.cut_where(|_| true);
        for node in 0..self.nodes.len() {
            let seed = self.rng.random();
            self.nodes[node].restart(node, seed, false);
        }
    }

    /// The first node from this one on that is up.
    fn up(&self, node: usize) -> Option<usize> {
        (0..self.nodes.len())
            .map(|step| (node + step) % self.nodes.len())
            .find(|node| self.nodes[*node].is_up)
    }
}
