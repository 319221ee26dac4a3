//! A bounded memory of what left the pool unmined, so that who asks for a transaction is told what became of it.

use std::collections::{HashMap, VecDeque};

use vibecoin_crypto::Hash;

use crate::event::Departure;

/// How many are remembered, about 2 MB.
const REMEMBERED_MAX: usize = 16_384;

#[derive(Debug, Default)]
pub(crate) struct Departed {
    by_txid: HashMap<Hash, Departure>,
    order: VecDeque<Hash>,
}

impl Departed {
    /// Remembers why a transaction left. What was mined is found in the chain and not kept here.
    pub(crate) fn record(&mut self, txid: Hash, departure: Departure) {
        if departure == Departure::Mined {
            self.by_txid.remove(&txid);
            return;
        }
        if self.by_txid.insert(txid, departure).is_none() {
            self.order.push_back(txid);
        }
        while self.order.len() > REMEMBERED_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.by_txid.remove(&oldest);
            }
        }
    }

    /// Forgets a transaction that came back.
    pub(crate) fn forget(&mut self, txid: &Hash) {
        self.by_txid.remove(txid);
    }

    pub(crate) fn get(&self, txid: &Hash) -> Option<Departure> {
        self.by_txid.get(txid).copied()
    }
}
