//! The catalogue of faults: each takes a block that is valid but for its fault, and breaks it in that one way.

mod bodies;
mod headers;
mod payments;
mod results;

use std::rc::Rc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Transaction, TransactionBody};

use super::ledger::Ledger;
use super::random::Random;
use super::rules::Rule;
use crate::support::forge::{self, Forge, Wallet};

/// A wallet with funds that sends nothing but what a fault wants.
pub const LIAR: u64 = 7;

/// One way to be invalid.
pub struct Fault {
    pub name: &'static str,
    /// The rule that it breaks first.
    pub rule: Rule,
    /// The bytes of the broken block; `None` where this block cannot be broken so.
    pub make: fn(&mut Case<'_>) -> Option<Vec<u8>>,
}

/// What a fault is given.
pub struct Case<'a> {
    pub forge: &'a mut Forge,
    pub random: &'a mut Random,
    /// The valid block, at least two transactions in it.
    pub good: Block,
    /// The ledger of the model after the valid block.
    pub after: Rc<Ledger>,
}

/// Every fault there is.
pub fn all() -> impl Iterator<Item = &'static Fault> {
    [headers::FAULTS, bodies::FAULTS, payments::FAULTS, results::FAULTS].into_iter().flatten()
}

/// A second fault for a block that has one already, that of a transaction, a list or a result: which of them is told
/// first is asked of the model.
pub fn second(random: &mut Random) -> &'static Fault {
    let faults: Vec<_> = [headers::FAULTS, bodies::FAULTS].into_iter().flatten().collect();
    faults[random.index(faults.len())]
}

impl Fault {
    /// Whether the header stays as it was but for what it commits to.
    pub fn spares_the_header(&self) -> bool {
        !headers::FAULTS.iter().any(|other| other.name == self.name)
    }
}

impl Case<'_> {
    fn parent(&self) -> Hash {
        self.good.content.parent_id
    }

    fn height(&self) -> u64 {
        self.good.header.height.get()
    }

    /// The valid block with its header changed.
    fn header(&self, change: impl FnOnce(&mut Block)) -> Option<Vec<u8>> {
        self.changed(change, forge::reseal)
    }

    /// The valid block with ticks or transactions changed, and committed to as they are.
    fn lists(&self, change: impl FnOnce(&mut Block)) -> Option<Vec<u8>> {
        self.changed(change, forge::with_committed)
    }

    /// The valid block with another body under the same header.
    fn body(&self, change: impl FnOnce(&mut Block)) -> Option<Vec<u8>> {
        self.changed(change, |block| block)
    }

    fn changed(
        &self,
        change: impl FnOnce(&mut Block),
        finish: impl FnOnce(Block) -> Block,
    ) -> Option<Vec<u8>> {
        let mut block = self.good.clone();
        change(&mut block);
        let block = finish(block);
        (block != self.good).then(|| block.encode())
    }

    /// A payment of the liar that would be valid anywhere in the block.
    fn payment(&mut self) -> TransactionBody {
        let liar = Wallet::number(LIAR);
        let nonce = self.forge.account(&self.parent(), &liar.address()).nonce;
        let to = Wallet::number(self.random.below(6)).address();
        liar.payment(self.forge.spec().chain_id, nonce, to, 1 + self.random.below(1_000))
    }

    /// The valid block with one more transaction somewhere.
    fn with(&mut self, transaction: Transaction) -> Option<Vec<u8>> {
        let at = self.random.index(self.good.transactions.len() + 1);
        self.lists(|block| block.transactions.insert(at, transaction))
    }

    /// The valid block with a payment of the liar that is wrong in one way, and signed as it is.
    fn paying(&mut self, change: impl FnOnce(&mut TransactionBody)) -> Option<Vec<u8>> {
        let mut body = self.payment();
        change(&mut body);
        self.with(Wallet::number(LIAR).sign(body))
    }
}
