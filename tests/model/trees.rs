//! Random trees of blocks: payments of every kind, branches anywhere, and a third of the blocks invalid in one way.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Amount, Block, ChainSpec, Timestamp, Transaction};

use super::bytes::read;
use super::catalogue::{self, Case, Fault};
use super::chain::{Model, Policy};
use super::ledger::Ledger;
use super::random::Random;
use super::rules;
use crate::support::forge::{self, Forge, Wallet};

/// The wallets that pay.
const SENDERS: Range<u64> = 0..6;
/// Those of them that mine, too.
pub const MINERS: Range<u64> = 2..5;

/// A block as it is sent around.
pub struct Delivery {
    pub bytes: Vec<u8>,
    /// The fault of an invalid block.
    pub fault: Option<&'static str>,
}

/// What the fault of a block is called that has none of its own.
const ON_INVALID: &str = "it stands on an invalid block";
/// What the fault of a block is called that has two.
const TWO: &str = "two faults at once";

pub struct Tree {
    pub spec: ChainSpec,
    /// Valid blocks in a row, from the genesis.
    pub trunk: Vec<Vec<u8>>,
    /// The rest, in the order in which it was made: what a block stands on comes before it.
    pub branches: Vec<Delivery>,
    /// The time of the last block of the trunk.
    pub trunk_time: u64,
}

/// A network with small limits, so that a test can break them.
fn spec(random: &mut Random) -> ChainSpec {
    let wallets = catalogue::LIAR + 1;
    let base = if random.once_in(2) { forge::retargeting_spec(wallets) } else { forge::spec(wallets) };
    ChainSpec {
        poh_ticks: 1 + random.below(4) as u32,
        poh_hashes_per_tick: 1 + random.below(3),
        min_delta_ms: 2 + random.below(20),
        block_gas: 1_000_000,
        block_bytes: 60_000,
        ..base
    }
}

/// Makes trees out of a seed.
pub struct Grower<'a> {
    random: &'a mut Random,
    forge: Forge,
    /// Has seen the valid blocks, in the order in which they were made.
    model: Model,
    /// Faults in the order in which they have their turn, which goes round.
    faults: VecDeque<&'static Fault>,
    /// Addresses that no wallet has.
    strangers: Vec<Address>,
}

/// A tree whose trunk has `trunk` blocks, and `count` more beside and above it. Faults have their turn from number
/// `first` on, so that trees of consecutive seeds have all of them.
pub fn grow(random: &mut Random, first: usize, trunk: usize, count: usize) -> Tree {
    let spec = spec(random);
    let forge = Forge::new(spec.clone());
    let model = Model::new(&spec, Policy { lazy: false, bounded: false });
    assert_eq!(model.tip(), forge.genesis().to_bytes(), "the genesis of the model");
    let mut faults: Vec<_> = catalogue::all().collect();
    Random::new(0).shuffle(&mut faults);
    let first = first % faults.len();
    faults.rotate_left(first);
    let faults = faults.into();
    let mut grower = Grower { random, forge, model, faults, strangers: Vec::new() };
    grower.tree(spec, trunk, count)
}

impl Grower<'_> {
    fn tree(&mut self, spec: ChainSpec, trunk_length: usize, count: usize) -> Tree {
        let (mut trunk, mut valid, mut invalid) = (Vec::new(), vec![self.forge.genesis()], Vec::new());
        for _ in 0..trunk_length {
            let block = self.block(valid.last().unwrap(), 0);
            valid.push(block.id());
            trunk.push(self.accepted(&block));
        }
        let trunk_time = self.forge.block(valid.last().unwrap()).header.time.get();
        let mut branches = Vec::new();
        while branches.len() < count {
            if !invalid.is_empty() && self.random.once_in(25) {
                let parent = invalid[self.random.index(invalid.len())];
                let block = self.block(&parent, 0);
                invalid.push(block.id());
                branches.push(Delivery { bytes: block.encode(), fault: Some(ON_INVALID) });
                continue;
            }
            let parent = self.parent(&valid);
            if self.random.below(5) < 2 {
                let good = self.block(&parent, 2);
                let Some((fault, bytes)) = self.broken(&good) else { continue };
                branches.push(Delivery { bytes: bytes.clone(), fault: Some(fault) });
                match Block::decode(&bytes) {
                    // The right body is somewhere, too.
                    Ok(bad) if bad.id() == good.id() => {
                        valid.push(good.id());
                        branches.push(Delivery { bytes: self.accepted(&good), fault: None });
                    }
                    Ok(bad) if can_have_children(&bad, &good) => {
                        self.forge.adopt(&bad);
                        invalid.push(bad.id());
                    }
                    _ => {}
                }
            } else {
                let block = self.block(&parent, 0);
                valid.push(block.id());
                branches.push(Delivery { bytes: self.accepted(&block), fault: None });
            }
        }
        Tree { spec, trunk, branches, trunk_time }
    }

    /// Mostly the newest block, often one a little below, seldom any.
    fn parent(&mut self, valid: &[Hash]) -> Hash {
        let back = match self.random.below(20) {
            0..12 => 0,
            12..19 => self.random.index(valid.len().min(7)),
            _ => self.random.index(valid.len()),
        };
        valid[valid.len() - 1 - back]
    }

    /// The bytes of a block that the model must find valid.
    fn accepted(&mut self, block: &Block) -> Vec<u8> {
        let bytes = block.encode();
        assert_eq!(self.model.judge(&bytes), Ok(()), "the model refuses a block of the forge: {block:?}");
        self.model.deliver(&bytes, u64::MAX);
        bytes
    }

    /// The block, broken in the next way that it can be broken in, and now and then in two.
    fn broken(&mut self, good: &Block) -> Option<(&'static str, Vec<u8>)> {
        if good.transactions.len() < 2 {
            return None;
        }
        let before = self.model.ledger_at(good.content.parent_id.as_bytes())?;
        let block = read(&good.encode()).expect("a block of the forge");
        let after = Rc::new(rules::execution(self.forge.spec(), &block, &before).expect("it is valid"));
        for _ in 0..8 {
            self.faults.rotate_left(1);
            let fault = *self.faults.back().expect("there are faults");
            let Some(bytes) = self.made(fault, good, &after) else { continue };
            assert_eq!(self.model.judge(&bytes), Err(fault.rule), "{}", fault.name);
            if fault.spares_the_header()
                && self.random.once_in(8)
                && let Some(bytes) = self.broken_again(&bytes, &after)
            {
                return Some((TWO, bytes));
            }
            return Some((fault.name, bytes));
        }
        None
    }

    fn broken_again(&mut self, bytes: &[u8], after: &Rc<Ledger>) -> Option<Vec<u8>> {
        let bad =
            Block::decode(bytes).ok().filter(|bad| !bad.ticks.is_empty() && bad.transactions.len() > 1)?;
        let second = catalogue::second(self.random);
        // The second may have mended the first, but hardly itself.
        self.made(second, &bad, after).filter(|bytes| self.model.judge(bytes).is_err())
    }

    fn made(&mut self, fault: &Fault, block: &Block, after: &Rc<Ledger>) -> Option<Vec<u8>> {
        let (good, after) = (block.clone(), Rc::clone(after));
        (fault.make)(&mut Case { forge: &mut self.forge, random: self.random, good, after })
    }

    /// A valid child of a block, with so many payments at least if there is money for them.
    fn block(&mut self, parent: &Hash, payments_min: usize) -> Block {
        let above = &self.forge.block(parent).header;
        let height = above.height.get() + 1;
        let least = above.time.get() + self.forge.spec().min_delta_ms;
        let spec = self.forge.spec();
        let time = if spec.retargets() {
            // Around the schedule, so that the work stays small.
            let scheduled = spec.genesis_time.get() + spec.interval_ms * height;
            least.max(scheduled + self.random.below(8_000) - 5_000)
        } else {
            least + self.random.below(3_000)
        };
        let payments = self.payments(parent, height, payments_min);
        let miner = if self.random.once_in(4) {
            self.stranger()
        } else {
            Wallet::number(MINERS.start + self.random.below(MINERS.end - MINERS.start)).address()
        };
        self.forge.child_by(miner, parent, payments, Timestamp::new(time))
    }

    fn payments(&mut self, parent: &Hash, height: u64, least: usize) -> Vec<Transaction> {
        let count = least + self.random.index(4);
        let mut accounts: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        let mut payments = Vec::new();
        for _ in 0..3 * count {
            if payments.len() == count {
                break;
            }
            let number = SENDERS.start + self.random.below(SENDERS.end - SENDERS.start);
            let sender = Wallet::number(number);
            let (nonce, left) = *accounts.entry(number).or_insert_with(|| {
                let account = self.forge.account(parent, &sender.address());
                (account.nonce, account.balance.beats())
            });
            let mut body = sender.payment(self.forge.spec().chain_id, nonce, sender.address(), 0);
            if self.random.once_in(3) {
                body.data = vec![self.random.next() as u8; self.random.index(60)];
            }
            let slack = self.random.below(2) * self.random.below(5_000);
            body.gas_limit = body.intrinsic_gas() + slack;
            body.gas_price = 1 + self.random.below(40);
            body.valid_until = [0, height, height + self.random.below(50)][self.random.index(3)];
            let fee = body.gas_limit * body.gas_price;
            if left < fee {
                continue;
            }
            let (to, value) = self.destination(&sender, left - fee);
            body.to = Some(to);
            body.value = Amount::from_beats(value);
            accounts.insert(number, (nonce + 1, left - fee - value));
            payments.push(sender.sign(body));
        }
        payments
    }

    /// Whom to pay, and what; never more than there is.
    fn destination(&mut self, sender: &Wallet, left: u64) -> (Address, u64) {
        let other = Wallet::number(SENDERS.start + self.random.below(SENDERS.end - SENDERS.start)).address();
        let some = self.random.below(1_000_000_000).min(left);
        match self.random.below(12) {
            0 | 1 => (sender.address(), some),
            2 => (sender.address(), left),
            3 => (other, left),
            4 => (other, 0),
            5 => (self.stranger(), 0),
            6 | 7 => (self.stranger(), some),
            8 => (Address::ZERO, some),
            _ => (other, some),
        }
    }

    /// An address that no wallet has, often one that was there before.
    fn stranger(&mut self) -> Address {
        if self.strangers.is_empty() || self.random.once_in(3) {
            let mut bytes = [0; 20];
            bytes.iter_mut().for_each(|byte| *byte = self.random.next() as u8);
            self.strangers.push(Address::new(bytes));
        }
        self.strangers[self.random.index(self.strangers.len())]
    }
}

/// Whether children can be made on a bad block: all that its children's headers depend on is right.
fn can_have_children(bad: &Block, good: &Block) -> bool {
    let relevant = |block: &Block| {
        let header = &block.header;
        (block.content.parent_id, header.height, header.prev_time, header.time, header.bits)
    };
    relevant(bad) == relevant(good)
}
