//! Who pays whom in a generated chain: accounts of the public test mnemonic, and a generator of chances that gives
//! the same payments for the same seed.
//!
//! The crowd keeps books of its own, so that payments can be signed before the block that they stand on exists. What
//! it believes somebody to have is never more than what the chain says: of rewards it counts the subsidy alone.

use std::collections::VecDeque;

use rayon::prelude::*;
use vibecoin_client::mnemonic::Mnemonic;
use vibecoin_crypto::SecretKey;
use vibecoin_crypto::derivation::{ExtendedKey, Path};
use vibecoin_primitives::transaction::TRANSACTION_VERSION;
use vibecoin_primitives::{Address, Amount, Transaction, TransactionBody};
use vibecoin_storage::StateReader;

use super::chance::Chance;
use crate::failure::{Failure, Outcome};

/// The mnemonic that everybody knows; devnet's allocation is to its first accounts.
const TEST_WORDS: &str = "test test test test test test test test test test test junk";
/// What is paid for a unit of gas: at least what pools ask, and not always the same.
const PRICE_LEAST: u64 = 16;
const PRICE_STEPS: u64 = 16;
/// One payment in so many carries a memo.
const MEMO_EVERY: u64 = 8;
/// The longest memo, in bytes.
const MEMO_BYTES_MAX: u64 = 32;
/// Below this an account does not pay: enough for the dearest fee here, and something to send.
const POOR_BEATS: u64 = 2_000_000;
/// An account sends at most this part of what it has.
const PART: u64 = 1_000;

/// One account, as its books have it.
struct Member {
    key: SecretKey,
    address: Address,
    nonce: u64,
    beats: u64,
    /// True while it is among the payers.
    pays: bool,
}

/// See the module.
pub(super) struct Crowd {
    chain_id: u32,
    members: Vec<Member>,
    /// Members that may be able to pay, in no order that means anything.
    payers: Vec<usize>,
    /// Rewards that have not matured: who gets them, and how much at least.
    maturing: VecDeque<(usize, u64)>,
    chance: Chance,
}

impl Crowd {
    /// The first `accounts` accounts of the mnemonic, as rich as `state` says.
    pub(super) fn new(chain_id: u32, accounts: u32, seed: u64, state: &dyn StateReader) -> Outcome<Self> {
        let words = Mnemonic::parse(TEST_WORDS)?;
        let root = ExtendedKey::from_seed(&*words.seed("")).map_err(Failure::unexpected)?;
        let member = |number: u32| -> Outcome<Member> {
            let path = Path::account(number).map_err(Failure::unexpected)?;
            let key = root.derive(&path).map_err(Failure::unexpected)?.secret_key();
            let address = Address::of(&key.public_key());
            let account = state.account(&address)?;
            let beats = account.balance.beats();
            Ok(Member { key, address, nonce: account.nonce, beats, pays: beats >= POOR_BEATS })
        };
        let members = (0..accounts).into_par_iter().map(member).collect::<Outcome<Vec<_>>>()?;
        let payers = (0..members.len()).filter(|&at| members[at].pays).collect();
        Ok(Self { chain_id, members, payers, maturing: VecDeque::new(), chance: Chance::new(seed) })
    }

    /// Somebody to mine the next block, whose reward `subsidy` is spendable when `maturity` more are made.
    pub(super) fn miner(&mut self, subsidy: Amount, maturity: usize) -> Address {
        if self.maturing.len() >= maturity
            && let Some((at, beats)) = self.maturing.pop_front()
        {
            self.credit(at, beats);
        }
        let at = self.somebody();
        self.maturing.push_back((at, subsidy.beats()));
        self.members[at].address
    }

    /// Somebody's address, without a consequence.
    pub(super) fn bystander(&mut self) -> Address {
        let at = self.somebody();
        self.members[at].address
    }

    /// Signed payments for one block: `count`, or as many as somebody can pay for.
    pub(super) fn payments(&mut self, count: usize) -> Vec<Transaction> {
        let drafts: Vec<(usize, TransactionBody)> = (0..count).map_while(|_| self.draft()).collect();
        drafts.into_par_iter().map(|(from, body)| body.sign(&self.members[from].key)).collect()
    }

    fn draft(&mut self) -> Option<(usize, TransactionBody)> {
        let from = self.payer()?;
        let to = self.somebody();
        let memo_bytes = match self.chance.below(MEMO_EVERY) {
            0 => 1 + self.chance.below(MEMO_BYTES_MAX),
            _ => 0,
        };
        let gas_price = PRICE_LEAST + self.chance.below(PRICE_STEPS);
        let value = 1 + self.chance.below(self.members[from].beats / PART);
        let data = (0..memo_bytes).map(|_| b'a' + self.chance.below(26) as u8).collect();
        let payer = &mut self.members[from];
        let mut body = TransactionBody {
            version: TRANSACTION_VERSION,
            chain_id: self.chain_id,
            nonce: payer.nonce,
            valid_until: 0,
            gas_limit: 0,
            gas_price,
            to: None,
            value: Amount::from_beats(value),
            data,
            public_key: payer.key.public_key(),
        };
        payer.nonce += 1;
        body.to = Some(self.members[to].address);
        body.gas_limit = body.intrinsic_gas();
        let cost = body.gas_limit * gas_price + value;
        self.members[from].beats -= cost;
        self.credit(to, value);
        Some((from, body))
    }

    fn somebody(&mut self) -> usize {
        self.chance.below(self.members.len() as u64) as usize
    }

    /// Somebody who can pay. Those who cannot are struck off the list when they are met.
    fn payer(&mut self) -> Option<usize> {
        while !self.payers.is_empty() {
            let place = self.chance.below(self.payers.len() as u64) as usize;
            let at = self.payers[place];
            if self.members[at].beats >= POOR_BEATS {
                return Some(at);
            }
            self.members[at].pays = false;
            self.payers.swap_remove(place);
        }
        None
    }

    fn credit(&mut self, at: usize, beats: u64) {
        let member = &mut self.members[at];
        member.beats = member.beats.saturating_add(beats);
        if !member.pays && member.beats >= POOR_BEATS {
            member.pays = true;
            self.payers.push(at);
        }
    }
}
