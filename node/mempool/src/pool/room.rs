//! The bound on memory: who goes when there is no room.
//!
//! Only the last of a queue can go, for the others carry those behind them. It is worth the least price of its
//! whole queue, since a miner must take all of it: nobody protects cheap transactions by a dear one at the end.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use vibecoin_primitives::Address;

use super::Mempool;
use crate::error::PoolError;
use crate::event::{Departure, PoolEvent};
use crate::sender::{Sender, Worth};
use crate::tx::OVERHEAD_BYTES;

/// Memory of the shortest transfer.
const TRANSFER_MEMORY: usize = OVERHEAD_BYTES + 166;

impl Mempool {
    /// The least price that the pool takes now: the configured one, or more while it is full.
    #[must_use]
    pub fn price_min(&self) -> u64 {
        let full = self.memory_bytes() + TRANSFER_MEMORY > self.config.memory_bytes_max;
        let to_beat = self.worths.first().filter(|_| full).map_or(0, |(floor, ..)| floor.saturating_add(1));
        self.config.price_min.max(to_beat)
    }

    /// Whose last transactions must go, and how many, so that `memory` more bytes fit. Only those worth less than
    /// `offered`, and none of `sender` itself.
    pub(super) fn room_for(
        &self,
        sender: Address,
        offered: u64,
        memory: usize,
    ) -> Result<BTreeMap<Address, usize>, PoolError> {
        let mut plan = BTreeMap::new();
        let available = self.config.memory_bytes_max.saturating_sub(self.memory_bytes());
        let mut missing = memory.saturating_sub(available);
        let mut untouched = self.worths.iter().filter(|(_, _, address)| *address != sender).peekable();
        // Queues that the plan has shortened, by what their last ones are worth then.
        let mut shortened: BinaryHeap<Reverse<Worth>> = BinaryHeap::new();
        while missing > 0 {
            let next = match (untouched.peek(), shortened.peek()) {
                (Some(one), Some(Reverse(other))) if *one < other => untouched.next().copied(),
                (_, Some(_)) => shortened.pop().map(|Reverse(worth)| worth),
                (_, None) => untouched.next().copied(),
            };
            let Some((floor, _, victim)) = next else {
                let memory_bytes_max = self.config.memory_bytes_max;
                return Err(PoolError::NoRoom { memory_bytes: memory_bytes_max + missing, memory_bytes_max });
            };
            if floor >= offered {
                return Err(PoolError::PoolFull { offered, needed: floor.saturating_add(1) });
            }
            let Some(queue) = self.senders.get(&victim) else { continue };
            let gone = plan.entry(victim).or_insert(0);
            let left = queue.queue().len().saturating_sub(*gone + 1);
            missing = missing.saturating_sub(queue.queue().get(left).map_or(0, |tx| tx.memory_bytes()));
            *gone += 1;
            shortened.extend(queue.worth(left).map(Reverse));
        }
        Ok(plan)
    }

    /// Drops the last `count` of a queue.
    pub(super) fn evict(&mut self, victim: Address, count: usize, events: &mut Vec<PoolEvent>) {
        let taken = self.with_sender(victim, Sender::default, |sender| {
            sender.truncate(sender.queue().len().saturating_sub(count))
        });
        for tx in taken.into_iter().rev() {
            self.unlink(tx, Departure::Evicted, events);
        }
    }

    /// Drops what is worth the least until the memory is within its bound.
    pub(super) fn shrink(&mut self, events: &mut Vec<PoolEvent>) {
        while self.memory_bytes() > self.config.memory_bytes_max
            && let Some((_, _, victim)) = self.worths.first().copied()
        {
            self.evict(victim, 1, events);
        }
    }
}
