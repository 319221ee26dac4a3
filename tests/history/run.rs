//! How a case is put to the chain.

use vibecoin_chain::{Policy, Report, SideBranches, Verdict};
use vibecoin_consensus::Blame;
use vibecoin_consensus::rules::decode;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Transaction};
use vibecoin_storage::MemoryStore;
use vibecoin_storage::blocks::{self, BlockStatus};
use vibecoin_storage::meta::Supply;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::case::{Case, Expected, Marks, Sent};
use super::fingerprint::Fingerprint;
use super::follower::{Follower, LATE};
use super::place::{INTERVAL_MS, Place};
use crate::support::forge::{Wallet, reseal};

/// Where a case is put.
#[derive(Clone, Copy)]
pub enum Where {
    OnTheTip,
    BeforeItsParent,
    BesideTheTip(BesideTheTip),
}

/// Beside two blocks that were there before.
#[derive(Clone, Copy)]
pub struct BesideTheTip {
    pub side_branches: SideBranches,
}

/// A chain at the place, and what it had before anything was done to it.
struct Trial<'a> {
    case: &'a Case,
    place: Place,
    chain: Follower,
}

/// What no refused block may change.
#[derive(Debug, PartialEq, Eq)]
struct Belongings {
    worked_out: Fingerprint,
    supply: Supply,
    waiting: BTreeSet<Hash>,
}

/// Puts a case to a chain of its own.
pub fn run(case: &Case, is_put: Where) {
    let mut place = Place::new();
    let block = match (case.make)(&mut place) {
        Sent::Block(block) => *block,
        Sent::Bytes(bytes) => return not_a_block(case, &place, &bytes),
    };
    let side_branches = match is_put {
        Where::BesideTheTip(beside) => beside.side_branches,
        _ => SideBranches::Lazy,
    };
    let chain = open(&place, side_branches);
    let mut trial = Trial { case, place, chain };
    match is_put {
        Where::OnTheTip => trial.on_the_tip(&block),
        Where::BeforeItsParent => trial.before_its_parent(&block),
        Where::BesideTheTip(_) => trial.beside_the_tip(&block),
    }
}

/// Every case to one chain, and the honest block at the end.
pub fn all_at_once(cases: &[Case]) {
    let mut place = Place::new();
    let mut chain = open(&place, SideBranches::Lazy);
    stand_on_the_trunk(&mut chain, &place);
    let before = belongings(&chain);
    for case in cases {
        let wrong = !matches!(case.expected, Expected::Fine(_));
        if wrong && let Sent::Block(block) = (case.make)(&mut place) {
            let report = chain.deliver_at(&block, place.now);
            assert!(report.changes.is_empty(), "{}", case.name);
        }
    }
    assert_eq!(belongings(&chain), before);
    let honest = place.honest.clone();
    assert!(matches!(chain.deliver_at(&honest, place.now).verdict, Verdict::Extended));
    assert_eq!(Fingerprint::of(&*chain.store), replay(&place, &[honest]));
}

/// Bytes get no further than the decoder.
fn not_a_block(case: &Case, place: &Place, bytes: &[u8]) {
    let Expected::Refused { rule, blame, marks: Marks::Nothing } = case.expected else {
        panic!("{}: bytes that are no block have no id", case.name)
    };
    let error = decode(place.forge.spec(), bytes).unwrap_err();
    assert_eq!((error.rule(), error.blame()), (rule, blame), "{}: {error}", case.name);
    assert!(!error.marks_id_invalid(), "{}", case.name);
    let whole = decode(place.forge.spec(), &place.honest.encode()).unwrap();
    assert_eq!(whole, place.honest);
}

fn open(place: &Place, side_branches: SideBranches) -> Follower {
    let policy = Policy { side_branches, ..Policy::NODE };
    Follower::open(Arc::new(MemoryStore::default()), place.forge.spec(), policy)
}

fn extend(chain: &mut Follower, blocks: &[Block]) {
    for block in blocks {
        let verdict = chain.deliver(block).verdict;
        assert!(matches!(verdict, Verdict::Extended), "{verdict:?}");
    }
}

/// The trunk, and in the pool what the honest block will have and what it will not.
fn stand_on_the_trunk(chain: &mut Follower, place: &Place) {
    extend(chain, &place.trunk);
    submit(chain, place);
}

fn submit(chain: &mut Follower, place: &Place) {
    let mut place = place.clone();
    let others: Vec<Transaction> = (5..8).map(|number| place.pay(number, 0, 77)).collect();
    for transaction in place.honest.transactions.iter().chain(&others) {
        chain.submit(transaction).unwrap();
    }
}

fn belongings(chain: &Follower) -> Belongings {
    Belongings {
        worked_out: Fingerprint::of(&*chain.store),
        supply: chain.supply(),
        waiting: chain.waiting(),
    }
}

/// What a chain has that saw the trunk and these blocks and nothing else.
fn replay(place: &Place, blocks: &[Block]) -> Fingerprint {
    let mut chain = open(place, SideBranches::Lazy);
    extend(&mut chain, &place.trunk);
    extend(&mut chain, blocks);
    Fingerprint::of(&*chain.store)
}

/// The rule that a verdict names, if it is a refusal.
fn rule_of(verdict: &Verdict) -> Option<(&str, Blame)> {
    match verdict {
        Verdict::Invalid(reason) => Some((reason.rule(), reason.blame())),
        _ => None,
    }
}

impl Trial<'_> {
    fn name(&self) -> &'static str {
        self.case.name
    }

    /// Hands a block in that must not move the tip.
    fn still(&mut self, block: &Block) -> Report {
        let before = belongings(&self.chain);
        let report = self.chain.deliver_at(block, self.place.now);
        assert!(report.changes.is_empty(), "{}: {:?}", self.name(), report.verdict);
        assert_eq!(belongings(&self.chain), before, "{}", self.name());
        report
    }

    /// The verdict on the case, once nothing is missing any more.
    fn assert_verdict(&self, verdict: &Verdict) {
        match self.case.expected {
            Expected::Refused { rule, blame, .. } => {
                assert_eq!(rule_of(verdict), Some((rule, blame)), "{}: {verdict:?}", self.name());
            }
            Expected::Held => {
                assert!(matches!(verdict, Verdict::Held { .. }), "{}: {verdict:?}", self.name())
            }
            Expected::Stray => {
                assert!(matches!(verdict, Verdict::Orphan { .. }), "{}: {verdict:?}", self.name())
            }
            Expected::Fine(_) => panic!("{}: a right block is taken, not judged", self.name()),
        }
    }

    /// What the store remembers of the case; only a fault of what the header commits to is.
    fn assert_marks(&self, block: &Block) {
        let record = blocks::meta(&*self.chain.store, &block.id()).unwrap();
        match self.case.expected {
            Expected::Refused { rule, marks: Marks::Id, .. } => match record.map(|record| record.status) {
                Some(BlockStatus::Invalid { reason }) => {
                    assert!(reason.starts_with(&format!("{rule}:")), "{}: {reason}", self.name());
                }
                other => panic!("{}: not remembered as invalid but {other:?}", self.name()),
            },
            // Of a block whose body is a wrong one, the header may be known: it is a right one.
            Expected::Refused { rule: "BLK-4" | "POH-1" | "POH-2", .. } => {
                let mark = record.map(|record| record.status);
                assert!(!matches!(mark, Some(BlockStatus::Invalid { .. })), "{}: {mark:?}", self.name());
            }
            _ => assert_eq!(record, None, "{}: remembered", self.name()),
        }
    }

    /// Said again, it is the same; and what stands on it is told so.
    fn again(&mut self, block: &Block) {
        let report = self.still(block);
        self.assert_verdict(&report.verdict);
        self.assert_marks(block);
        if let Expected::Refused { marks: Marks::Id, .. } = self.case.expected {
            let mut child = self.place.honest.clone();
            child.content.parent_id = block.id();
            let child = reseal(child);
            let verdict = self.still(&child).verdict;
            assert_eq!(rule_of(&verdict), Some(("HDR-10", Blame::Peer)), "{}: its child", self.name());
        }
    }

    /// The honest block of the place becomes the tip, and the chain is as if there had been nothing else.
    fn honest_is_taken(&mut self) {
        let honest = self.place.honest.clone();
        let verdict = self.chain.deliver_at(&honest, self.place.now).verdict;
        assert!(matches!(verdict, Verdict::Extended), "{}: then the honest block: {verdict:?}", self.name());
        self.assert_honest_tip(&[honest]);
    }

    fn assert_honest_tip(&self, blocks: &[Block]) {
        assert_eq!(self.chain.chain.tip().id(), blocks.last().unwrap().id(), "{}", self.name());
        assert_eq!(Fingerprint::of(&*self.chain.store), replay(&self.place, blocks), "{}", self.name());
        assert!(self.chain.supply().is_balanced());
        // Five were mined, three go on waiting.
        assert_eq!(self.chain.waiting().len(), 3, "{}", self.name());
    }

    /// A held block comes when its time has come; by then it is a sibling of the tip.
    fn held_comes_later(&mut self, block: &Block) {
        if !matches!(self.case.expected, Expected::Held) {
            return;
        }
        let before = belongings(&self.chain);
        let reports = self.chain.retry(LATE);
        assert_eq!(reports.len(), 1);
        assert_eq!(reports[0].id, block.id());
        assert!(matches!(reports[0].verdict, Verdict::Side), "{}: {:?}", self.name(), reports[0].verdict);
        assert_eq!(belongings(&self.chain), before);
    }

    /// What a right block has done.
    fn check_fine(&mut self, block: &Block) {
        if let Expected::Fine(check) = self.case.expected {
            check(&mut self.place, block, &self.chain);
        }
    }

    const fn is_fine(&self) -> bool {
        matches!(self.case.expected, Expected::Fine(_))
    }

    fn on_the_tip(&mut self, block: &Block) {
        stand_on_the_trunk(&mut self.chain, &self.place);
        if self.is_fine() {
            let verdict = self.chain.deliver_at(block, self.place.now).verdict;
            assert!(matches!(verdict, Verdict::Extended), "{}: {verdict:?}", self.name());
            assert_eq!(Fingerprint::of(&*self.chain.store), replay(&self.place, std::slice::from_ref(block)));
            return self.check_fine(block);
        }
        let report = self.still(block);
        self.assert_verdict(&report.verdict);
        self.again(block);
        self.honest_is_taken();
        if block.id() != self.place.honest.id() {
            self.again(block);
        }
        self.held_comes_later(block);
    }

    fn before_its_parent(&mut self, block: &Block) {
        let (parent, below) = self.place.trunk.split_last().unwrap();
        let (parent, below) = (parent.clone(), below.to_vec());
        extend(&mut self.chain, &below);
        let first = self.still(block).verdict;
        // Some faults show without the parent; everything else waits, or is dropped without a word.
        let seen_at_once = match &first {
            Verdict::Orphan { .. } => false,
            _ => {
                self.assert_verdict(&first);
                true
            }
        };
        // Under the same header the right body can wait, whatever came before it.
        let same_header = block.id() == self.place.honest.id();
        if same_header {
            assert!(seen_at_once, "{}: a wrong body is kept", self.name());
            let honest = self.place.honest.clone();
            assert!(matches!(self.still(&honest).verdict, Verdict::Orphan { .. }));
        }
        let report = self.chain.deliver_at(&parent, self.place.now);
        assert!(matches!(report.verdict, Verdict::Extended), "{}: {:?}", self.name(), report.verdict);
        let settled = report.settled.iter().find(|(id, _)| *id == block.id()).map(|(_, verdict)| verdict);
        if self.is_fine() || same_header {
            assert!(matches!(settled, Some(Verdict::Extended)), "{}: {settled:?}", self.name());
            let last = if same_header { self.place.honest.clone() } else { block.clone() };
            assert_eq!(Fingerprint::of(&*self.chain.store), replay(&self.place, &[last]));
            if !same_header {
                self.check_fine(block);
            }
            return;
        }
        assert_eq!(self.chain.chain.tip().id(), parent.id(), "{}", self.name());
        if let Some(verdict) = settled {
            assert!(!seen_at_once);
            self.assert_verdict(verdict);
        }
        submit(&mut self.chain, &self.place.clone());
        self.again(block);
        self.honest_is_taken();
        self.held_comes_later(block);
    }

    fn beside_the_tip(&mut self, block: &Block) {
        stand_on_the_trunk(&mut self.chain, &self.place);
        let rivals = self.empty_branch(self.place.parent(), 2);
        extend(&mut self.chain, &rivals);
        if self.is_fine() {
            self.place.forge.adopt(block);
            let mut branch = vec![block.clone()];
            branch.extend(self.empty_branch(block.id(), 2));
            self.win(&branch);
            return self.check_fine(block);
        }
        let lazily = self.chain_is_lazy() && self.needs_the_state();
        let verdict = self.still(block).verdict;
        if lazily {
            assert!(matches!(verdict, Verdict::Side), "{}: {verdict:?}", self.name());
            self.condemned_when_it_would_win(block);
        } else {
            self.assert_verdict(&verdict);
        }
        self.again(block);
        let mut branch = vec![self.place.honest.clone()];
        branch.extend(self.empty_branch(self.place.honest.id(), 2));
        self.win(&branch);
        self.assert_honest_tip(&branch);
        self.held_comes_later(block);
    }

    fn chain_is_lazy(&self) -> bool {
        self.chain.side_branches == SideBranches::Lazy
    }

    /// Whether the fault only shows when the block is executed.
    fn needs_the_state(&self) -> bool {
        matches!(self.case.expected, Expected::Refused { rule, .. } if rule.starts_with("EXE"))
    }

    /// Blocks on top make the branch worth executing; then it is found out, and all of it is invalid.
    fn condemned_when_it_would_win(&mut self, block: &Block) {
        self.place.forge.adopt(block);
        let above = self.empty_branch(block.id(), 2);
        let verdict = self.still(&above[0]).verdict;
        assert!(matches!(verdict, Verdict::Side), "{}: {verdict:?}", self.name());
        let verdict = self.still(&above[1]).verdict;
        assert_eq!(rule_of(&verdict), Some(("HDR-10", Blame::Peer)), "{}: {verdict:?}", self.name());
        self.assert_marks(block);
        for block in &above {
            let record = blocks::meta(&*self.chain.store, &block.id()).unwrap().unwrap();
            assert!(matches!(record.status, BlockStatus::Invalid { .. }), "{}", self.name());
        }
    }

    /// Empty blocks, each on the one before, the first on `parent`.
    fn empty_branch(&mut self, parent: Hash, length: u64) -> Vec<Block> {
        let forge = &mut self.place.forge;
        let mut parent = parent;
        (0..length)
            .map(|number| {
                let time = forge.after(&parent, INTERVAL_MS);
                let miner = Wallet::number(500 + number).address();
                let block = forge.child_by(miner, &parent, Vec::new(), time);
                parent = block.id();
                block
            })
            .collect()
    }

    /// The branch of three replaces the rivals, which are two.
    fn win(&mut self, branch: &[Block]) {
        let (last, others) = branch.split_last().unwrap();
        for block in others {
            let verdict = self.chain.deliver(block).verdict;
            assert!(matches!(verdict, Verdict::Side), "{}: {verdict:?}", self.name());
        }
        let verdict = self.chain.deliver(last).verdict;
        assert!(matches!(verdict, Verdict::Reorganised { depth: 2 }), "{}: {verdict:?}", self.name());
        assert_eq!(Fingerprint::of(&*self.chain.store), replay(&self.place, branch), "{}", self.name());
    }
}
