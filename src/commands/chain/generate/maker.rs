//! Making one block after the other.

use std::sync::Arc;

use vibecoin_chain::production::Template;
use vibecoin_chain::{Chain, ChainReader, Verdict};
use vibecoin_consensus::emission;
use vibecoin_consensus::pow::Search;
use vibecoin_crypto::Hash;
use vibecoin_primitives::state_key::REWARD_RING;
use vibecoin_primitives::{Address, Block, ChainSpec, Height, Timestamp, Transaction, Work};

use super::crowd::Crowd;
use super::pace::Pace;
use crate::cli::chain::GenerateArgs;
use crate::commands::chain::grouped::Grouped;
use crate::context::now;
use crate::failure::{Failure, Outcome};

/// What was made.
pub(super) struct Made {
    pub(super) height: Height,
    pub(super) tip: Hash,
    pub(super) time: Timestamp,
    pub(super) state_root: Hash,
    /// Of the easiest and of the hardest block.
    pub(super) work: (Work, Work),
    pub(super) transactions: u64,
    pub(super) siblings: u64,
    /// Of the file.
    pub(super) bytes: u64,
}

/// What the next block is made of.
struct Next {
    miner: Address,
    payments: Vec<Transaction>,
}

/// A chain, and whoever pays on it.
pub(super) struct Maker<'a> {
    chain: &'a mut Chain,
    reader: ChainReader,
    group: &'a Grouped,
    spec: Arc<ChainSpec>,
    crowd: Crowd,
    pace: Pace,
    payments: usize,
    next: Next,
    newest: Option<Block>,
    work: Option<(Work, Work)>,
    transactions: u64,
    siblings: u64,
}

impl<'a> Maker<'a> {
    pub(super) fn new(chain: &'a mut Chain, group: &'a Grouped, args: &GenerateArgs) -> Outcome<Self> {
        let reader = chain.reader();
        let spec = Arc::clone(reader.spec());
        let pace = Pace::new(&spec, &reader.tip().block.header, args, now())?;
        let mut crowd = Crowd::new(spec.chain_id, args.accounts, args.seed, &reader.view()?.state()?)?;
        let payments = args.txs_per_block as usize;
        let next = draw(&mut crowd, child_of(reader.tip().height())?, payments);
        Ok(Self {
            chain,
            reader,
            group,
            spec,
            crowd,
            pace,
            payments,
            next,
            newest: None,
            work: None,
            transactions: 0,
            siblings: 0,
        })
    }

    /// Makes the next block and puts it on the tip; another one beside it, if that is wanted.
    pub(super) fn next(&mut self, wants_sibling: bool) -> Outcome<Option<Block>> {
        let found = self.pace.next(&self.spec, &self.reader.tip().block.header);
        let time =
            found.map_err(|error| impossible(&error))?.ok_or_else(|| impossible(&"no time is left"))?;
        let sibling = if wants_sibling {
            let later = time.checked_add(1).ok_or_else(|| impossible(&"no time is left"))?;
            let miner = self.crowd.bystander();
            Some(self.block(miner, &[], later)?)
        } else {
            None
        };
        let Next { miner, payments } = &self.next;
        let block = self.block(*miner, payments, time)?;
        if block.transactions.len() != payments.len() {
            return Err(impossible(&"payments were left out"));
        }
        self.transactions += block.transactions.len() as u64;
        let after = child_of(block.header.height)?;

        let (chain, crowd, count) = (&mut *self.chain, &mut self.crowd, self.payments);
        let (reader, spec, id) = (&self.reader, &self.spec, block.id());
        let copy = block.clone();
        let (report, next) = rayon::join(
            || chain.import(copy, Timestamp::new(u64::MAX)),
            || rayon::join(|| reader.segments().make(spec, &id), || draw(crowd, after, count)).1,
        );
        expect(&report?.verdict, &Verdict::Extended)?;
        self.next = next;
        let work = self.chain.tip().own_work;
        self.work = self.work.map(|(least, most)| (least.min(work), most.max(work))).or(Some((work, work)));
        if let Some(sibling) = &sibling {
            let report = self.chain.import(sibling.clone(), Timestamp::new(u64::MAX))?;
            expect(&report.verdict, &Verdict::Side)?;
            self.siblings += 1;
        }
        self.newest = Some(block);
        Ok(sibling)
    }

    /// The block that was made last.
    pub(super) fn newest(&self) -> Outcome<&Block> {
        self.newest.as_ref().ok_or_else(|| impossible(&"nothing was made yet"))
    }

    /// Brings what was made to the disk.
    pub(super) fn settle(&self) -> Outcome {
        Ok(self.group.settle()?)
    }

    /// Settles, and says what there is.
    pub(super) fn finish(self) -> Outcome<Made> {
        self.settle()?;
        self.chain.flush()?;
        let tip = self.chain.tip();
        Ok(Made {
            height: tip.height(),
            tip: tip.id(),
            time: tip.time(),
            work: self.work.unwrap_or_default(),
            state_root: tip.content.state_root,
            transactions: self.transactions,
            siblings: self.siblings,
            bytes: 0,
        })
    }

    /// A block on the tip, with the first nonce that does.
    fn block(&self, miner: Address, payments: &[Transaction], time: Timestamp) -> Outcome<Block> {
        let template = Template::build(&self.reader, &self.reader.view()?, miner, payments, time)
            .map_err(|error| impossible(&error))?;
        // On this thread: it is the same nonce every time, and found before another thread would have woken up.
        let search = Search::new(&template.header).map_err(|error| impossible(&error))?;
        let nonce = search.run(0..u64::MAX).ok_or_else(|| impossible(&"there is no nonce"))?;
        Ok(template.into_block(nonce))
    }
}

fn draw(crowd: &mut Crowd, height: Height, payments: usize) -> Next {
    let miner = crowd.miner(emission::subsidy(height), REWARD_RING as usize);
    Next { miner, payments: crowd.payments(payments) }
}

fn child_of(height: Height) -> Outcome<Height> {
    height.next().ok_or_else(|| impossible(&"no height is left"))
}

fn expect(found: &Verdict, expected: &Verdict) -> Outcome {
    match found {
        Verdict::Invalid(reason) => Err(impossible(&reason)),
        found if found.name() == expected.name() => Ok(()),
        found => Err(impossible(&format!("it is {}", found.name()))),
    }
}

fn impossible(reason: &dyn std::fmt::Display) -> Failure {
    Failure::Wrong(format!("a block could not be made: {reason}"))
}
