//! Two branches over one trunk, made from a seed, whose transactions get in each other's way in every manner there is.
//!
//! | wallets | what they do |
//! |---|---|
//! | sharing | the same payments on both branches, each branch at its own pace |
//! | clashing | another payment with the same nonce on either branch |
//! | hurrying | payments of the first branch alone that expire with the block they are in |
//! | waiting | in the pool before the fork; two are mined on the second branch alone, the others never |
//! | poor | have nothing but what one branch pays them, and spend it there |

use std::collections::HashMap;

use vibecoin_crypto::{Hash, hash};
use vibecoin_primitives::{Address, Amount, Block, ChainSpec, Transaction, TransactionBody};

use crate::support::forge::{self, Forge, Wallet};

/// Most transactions of a block.
pub const TRANSACTIONS_MAX: u64 = 50;
/// Blocks below the fork: the rewards of the lowest mature beside the branches.
const TRUNK: u64 = 99;

const SHARING: std::ops::Range<u64> = 0..4;
const CLASHING: std::ops::Range<u64> = 4..8;
const HURRYING: u64 = 8;
const WAITING: std::ops::Range<u64> = 9..12;
const FUNDING: u64 = 12;
const FUNDED: u64 = 13;
/// The first poor wallet; each branch has its own three, and one they both pay.
const POOR: u64 = 100;

/// Numbers from a seed (SplitMix64, Steele, Lea and Flood 2014).
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn pick(&mut self, from: std::ops::Range<u64>) -> u64 {
        from.start + self.roll(from.end - from.start)
    }
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    First,
    Second,
}

/// A trunk and what grows on it.
pub struct Branches {
    pub spec: ChainSpec,
    pub trunk: Vec<Block>,
    pub first: Vec<Block>,
    pub second: Vec<Block>,
    /// What waits in the pool before the fork.
    pub waiting: Vec<Transaction>,
}

impl Branches {
    /// The branches for a reorganisation that reverts `depth` blocks of the first, and one back that reverts all of
    /// the second, which is higher by one.
    pub fn grow(depth: u64, seed: u64) -> Self {
        let mut grower = Grower::new(seed);
        let trunk = grower.trunk();
        let fork = trunk.last().unwrap().id();
        let waiting = grower.waiting();
        let first = grower.branch(Side::First, fork, depth + 2, &waiting);
        let second = grower.branch(Side::Second, fork, depth + 1, &waiting);
        Self { spec: grower.forge.spec().clone(), trunk, first, second, waiting }
    }
}

struct Grower {
    forge: Forge,
    dice: Dice,
    /// What the sharing wallets pay on both branches, by wallet, in the order of their nonces.
    shared: HashMap<u64, Vec<Transaction>>,
}

/// A block in the making: what its senders have used and hold so far.
struct Slots {
    parent: Hash,
    nonces: HashMap<u64, u64>,
    transactions: Vec<Transaction>,
}

impl Grower {
    fn new(seed: u64) -> Self {
        Self { forge: Forge::new(forge::spec(FUNDED)), dice: Dice::new(seed), shared: HashMap::new() }
    }

    fn trunk(&mut self) -> Vec<Block> {
        let mut parent = self.forge.genesis();
        (0..TRUNK)
            .map(|_| {
                let block = self.block(&parent, Vec::new());
                parent = block.id();
                block
            })
            .collect()
    }

    /// Three payments of each waiting wallet.
    fn waiting(&mut self) -> Vec<Transaction> {
        let chain_id = self.forge.spec().chain_id;
        WAITING
            .flat_map(|number| (0..3).map(move |nonce| (number, nonce)))
            .map(|(number, nonce)| {
                Wallet::number(number).pay(chain_id, nonce, Wallet::number(0).address(), 1_000 + nonce)
            })
            .collect()
    }

    fn branch(&mut self, side: Side, fork: Hash, length: u64, waiting: &[Transaction]) -> Vec<Block> {
        let mut parent = fork;
        (0..length)
            .map(|place| {
                let transactions = self.transactions(side, parent, place, waiting);
                let block = self.block(&parent, transactions);
                parent = block.id();
                block
            })
            .collect()
    }

    /// A block for one of a few miners, up to three seconds after its parent: siblings are never the same block.
    fn block(&mut self, parent: &Hash, transactions: Vec<Transaction>) -> Block {
        let miner = Wallet::number(200 + self.dice.roll(5)).address();
        let time = self.forge.after(parent, 1 + self.dice.roll(3_000));
        self.forge.child_by(miner, parent, transactions, time)
    }

    fn transactions(
        &mut self,
        side: Side,
        parent: Hash,
        place: u64,
        waiting: &[Transaction],
    ) -> Vec<Transaction> {
        let mut slots = Slots { parent, nonces: HashMap::new(), transactions: Vec::new() };
        // One block in three is full, the others hold anything from nothing on.
        let most = if self.dice.roll(3) == 0 { TRANSACTIONS_MAX } else { self.dice.roll(TRANSACTIONS_MAX) };
        if side == Side::Second && place == 0 {
            slots.transactions.extend_from_slice(&waiting[..2]);
        }
        while (slots.transactions.len() as u64) < most {
            match (self.dice.roll(10), side) {
                (0..=2, _) => self.shared(&mut slots),
                (3..=5, _) => {
                    let number = self.dice.pick(CLASHING);
                    let body = self.payment(&mut slots, number, side);
                    slots.transactions.push(Wallet::number(number).sign(body));
                }
                (6, Side::First) => {
                    let mut body = self.payment(&mut slots, HURRYING, side);
                    body.valid_until = self.forge.block(&parent).header.height.get() + 1;
                    slots.transactions.push(Wallet::number(HURRYING).sign(body));
                }
                (6 | 7, _) => self.fund(&mut slots, side),
                _ => self.spend_of_the_poor(&mut slots, side),
            }
        }
        slots.transactions
    }

    /// The next payment of a sharing wallet: the same on both branches.
    fn shared(&mut self, slots: &mut Slots) {
        let number = self.dice.pick(SHARING);
        let nonce = self.take_nonce(slots, number);
        let made = self.shared.get(&number).map_or(0, Vec::len) as u64;
        if nonce == made {
            let body = self.body(number, nonce, Side::First);
            self.shared.entry(number).or_default().push(Wallet::number(number).sign(body));
        }
        slots.transactions.push(self.shared[&number][nonce as usize].clone());
    }

    /// Money for a poor wallet of this side, or for the one that both sides pay.
    fn fund(&mut self, slots: &mut Slots, side: Side) {
        let poor = poor(side).start + self.dice.roll(3);
        let number = if self.dice.roll(4) == 0 { POOR } else { poor };
        let mut body = self.payment(slots, FUNDING, side);
        body.to = Some(Wallet::number(number).address());
        body.value = Amount::from_beats(20_000_000 + self.dice.roll(1_000));
        slots.transactions.push(Wallet::number(FUNDING).sign(body));
    }

    /// A poor wallet spends what it had before this block, if that is enough.
    fn spend_of_the_poor(&mut self, slots: &mut Slots, side: Side) {
        let poor = poor(side).start + self.dice.roll(3);
        let number = if self.dice.roll(4) == 0 { POOR } else { poor };
        let balance = self.forge.account(&slots.parent, &Wallet::number(number).address()).balance;
        if slots.nonces.contains_key(&number) || balance.beats() < 10_000_000 {
            return;
        }
        let body = self.payment(slots, number, side);
        slots.transactions.push(Wallet::number(number).sign(body));
    }

    fn payment(&mut self, slots: &mut Slots, number: u64, side: Side) -> TransactionBody {
        let nonce = self.take_nonce(slots, number);
        self.body(number, nonce, side)
    }

    fn take_nonce(&mut self, slots: &mut Slots, number: u64) -> u64 {
        let address = Wallet::number(number).address();
        let next =
            slots.nonces.entry(number).or_insert_with(|| self.forge.account(&slots.parent, &address).nonce);
        *next += 1;
        *next - 1
    }

    /// A payment of any price, memo and recipient: others, oneself, somebody new; of nothing, too. Its value says
    /// which side it is of, so that the sides never make the same.
    fn body(&mut self, number: u64, nonce: u64, side: Side) -> TransactionBody {
        let chain_id = self.forge.spec().chain_id;
        let to = match self.dice.roll(8) {
            0 => Wallet::number(number).address(),
            1 => somebody_new(self.dice.roll(u64::MAX)),
            _ => Wallet::number(self.dice.roll(FUNDED)).address(),
        };
        let even = if self.dice.roll(6) == 0 { 0 } else { self.dice.roll(500_000) * 2 };
        let value = if side == Side::First { even } else { even + 1 };
        let mut body = Wallet::number(number).payment(chain_id, nonce, to, value);
        let memo = usize::try_from(self.dice.roll(40)).unwrap();
        body.data = vec![side as u8; memo];
        body.gas_limit = body.intrinsic_gas() + self.dice.roll(2) * 1_000;
        body.gas_price = 16 + self.dice.roll(50);
        body
    }
}

const fn poor(side: Side) -> std::ops::Range<u64> {
    match side {
        Side::First => POOR + 1..POOR + 4,
        Side::Second => POOR + 4..POOR + 7,
    }
}

fn somebody_new(number: u64) -> Address {
    let hash = hash::sha256(&number.to_le_bytes());
    Address::new(hash.as_bytes()[..20].try_into().unwrap())
}
