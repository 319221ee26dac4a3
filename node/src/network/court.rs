//! The slow judgements: what peers say goes through the doors that everybody's blocks and transactions go through.
//!
//! Blocks wait for the chain's writer in one line and enter it in runs, so that those that follow each other share a
//! batch. Transactions, headers and segments have their own ways, beside each other.

use std::sync::Arc;

use rayon::prelude::*;
use tokio::sync::{Semaphore, mpsc, oneshot};
use vibecoin_chain::{ChainHandle, Invalid, Report, Source, Verdict};
use vibecoin_consensus::poh::SegmentError;
use vibecoin_consensus::rules::{self, Blame};
use vibecoin_crypto::Hash;
use vibecoin_crypto::state_tree::{StateChunk, VerifiedChunk};
use vibecoin_mempool::PoolError;
use vibecoin_network::Input;
use vibecoin_network::endpoint::NodeId;
use vibecoin_network::wire::{HeaderRecord, RawBlock};
use vibecoin_network::world::{BlockFate, Broken, Claim, Judgement, Ticket, TransactionFate};
use vibecoin_primitives::{Block, Transaction, encoding};

use super::library::LAST_KEY;
use crate::door::Door;
use crate::error::Failure;
use crate::pool::{PoolHandle, SubmitError};
use crate::supervisor::Supervisor;

/// Blocks that may wait for the writer's attention. The machine has its own, lower bounds.
const BLOCKS_WAITING: usize = 512;
/// Blocks of one run, and their bytes: less than a second's work.
const RUN_BLOCKS: usize = 64;
const RUN_BYTES: usize = 8 << 20;
/// Judgements of everything else at the same time.
const AT_ONCE: usize = 8;

/// A block that waits to be judged.
struct Case {
    ticket: Ticket,
    from: NodeId,
    body: Body,
}

enum Body {
    Raw(RawBlock),
    Whole(Arc<Block>),
}

impl Body {
    fn bytes(&self) -> usize {
        match self {
            Self::Raw(raw) => raw.bytes().len(),
            Self::Whole(block) => 160 * block.transactions.len(),
        }
    }
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Court {
    door: Door,
    pool: PoolHandle,
    chain: ChainHandle,
    blocks: mpsc::Sender<Case>,
    answers: mpsc::Sender<Input>,
    places: Arc<Semaphore>,
}

impl Court {
    /// A court whose verdicts go to `answers`.
    pub fn open(
        door: Door,
        pool: PoolHandle,
        chain: ChainHandle,
        answers: mpsc::Sender<Input>,
        supervisor: &Supervisor,
    ) -> Self {
        let (blocks, waiting) = mpsc::channel(BLOCKS_WAITING);
        let spec = Arc::clone(chain.reader().spec());
        let importer = Importer { door: door.clone(), spec, answers: answers.clone() };
        supervisor.task("the import of peers' blocks", importer.run(waiting, supervisor.clone()));
        Self { door, pool, chain, blocks, answers, places: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Has something judged. The verdict comes as an input.
    pub fn judge(&self, ticket: Ticket, from: NodeId, claim: Claim) {
        let body = match claim {
            Claim::Block(raw) => Body::Raw(raw),
            Claim::Assembled(block) => Body::Whole(block),
            claim => return self.judge_apart(ticket, claim),
        };
        if let Err(refused) = self.blocks.try_send(Case { ticket, from, body }) {
            // No room, or the node stops: that blames nobody, and the block is asked for again.
            let ticket = refused.into_inner().ticket;
            self.answer(ticket, async { Judgement::Undecided });
        }
    }

    fn judge_apart(&self, ticket: Ticket, claim: Claim) {
        let court = self.clone();
        self.answer(ticket, async move {
            let Ok(_place) = court.places.acquire().await else { return Judgement::Undecided };
            match claim {
                Claim::Headers(headers) => court.headers(headers).await,
                Claim::Transactions(transactions) => court.transactions(transactions).await,
                Claim::Segment { parent, ticks } => court.segment(parent, ticks).await,
                Claim::StateChunk { block, start, chunk } => court.chunk(block, start, chunk).await,
                Claim::Block(_) | Claim::Assembled(_) => Judgement::Undecided,
            }
        });
    }

    fn answer(&self, ticket: Ticket, judgement: impl Future<Output = Judgement> + Send + 'static) {
        let answers = self.answers.clone();
        tokio::spawn(async move {
            // A machine that has gone needs no answer.
            let _ = answers.send(Input::Judged { ticket, judgement: judgement.await }).await;
        });
    }

    async fn headers(&self, headers: Vec<HeaderRecord>) -> Judgement {
        let pairs = headers.into_iter().map(|record| (record.header, record.content)).collect();
        let Ok(reports) = self.door.import_headers(pairs).await else { return Judgement::Undecided };
        let mut taken = 0;
        for report in &reports {
            match &report.verdict {
                Verdict::Invalid(invalid) => {
                    return Judgement::Headers { taken, broken: Some(broken(invalid)) };
                }
                // One that waits, or that hangs in the air, ends the run without anybody's fault.
                Verdict::Held { .. } | Verdict::Orphan { .. } => break,
                Verdict::Extended
                | Verdict::Reorganised { .. }
                | Verdict::Side
                | Verdict::Header
                | Verdict::Known => taken += 1,
            }
        }
        Judgement::Headers { taken, broken: None }
    }

    async fn transactions(&self, transactions: Vec<Transaction>) -> Judgement {
        let mut fates = Vec::with_capacity(transactions.len());
        for (leaf_hash, answer) in self.pool.submit_all(transactions).await {
            let fate = match answer {
                Ok(taken) if taken.known => TransactionFate::Known,
                Ok(_) => TransactionFate::New,
                Err(SubmitError::Refused(PoolError::NonceGap { .. })) => TransactionFate::Early,
                Err(SubmitError::Refused(error)) => TransactionFate::Refused(Broken {
                    rule: error.rule().unwrap_or("POOL").to_owned(),
                    blames_sender: error.blame() == Blame::Peer,
                    condemns_block: false,
                }),
                Err(SubmitError::Stopped) => return Judgement::Undecided,
            };
            fates.push((leaf_hash, fate));
        }
        Judgement::Transactions(fates)
    }

    async fn chunk(&self, block: Hash, start: Hash, bytes: Arc<[u8]>) -> Judgement {
        let chain = self.chain.reader().clone();
        let verifying =
            tokio::task::spawn_blocking(move || -> Option<Result<VerifiedChunk, Broken>> {
                let content = chain.view().ok()?.header(&block).ok()??.1;
                let chunk = encoding::decode::<StateChunk>(&bytes).map_err(|_| forged());
                Some(chunk.and_then(|chunk| {
                    chunk.verify(&content.state_root, &start, &LAST_KEY).map_err(|_| forged())
                }))
            });
        let chunk = match verifying.await {
            Ok(Some(Ok(chunk))) => chunk,
            Ok(Some(Err(broken))) => return Judgement::StateChunk(Err(broken)),
            Ok(None) | Err(_) => return Judgement::Undecided,
        };
        let next = chunk.next();
        match self.chain.import_state_chunk(chunk).await {
            Ok(_) => Judgement::StateChunk(Ok(next)),
            Err(_) => Judgement::Undecided,
        }
    }

    async fn segment(&self, parent: Hash, ticks: Arc<[Hash]>) -> Judgement {
        let chain = self.chain.reader().clone();
        let (answer, verdict) = oneshot::channel();
        rayon::spawn(move || {
            let mut seed = [0; 8];
            // Without chance the order is known to others, which costs time and not truth.
            let seed = getrandom::fill(&mut seed).map_or(0, |()| u64::from_le_bytes(seed));
            // Whoever asked may have gone.
            let _ = answer.send(chain.segments().offer(chain.spec(), &parent, &ticks, seed));
        });
        match verdict.await {
            Ok(verdict) => Judgement::Segment(verdict.map_err(|error| broken_segment(&error))),
            Err(_) => Judgement::Undecided,
        }
    }
}

fn broken(invalid: &Invalid) -> Broken {
    Broken {
        rule: invalid.rule().to_owned(),
        blames_sender: invalid.blame() == Blame::Peer,
        condemns_block: invalid.condemns_block(),
    }
}

/// A range of a state that is not what its root commits to.
fn forged() -> Broken {
    Broken { rule: "STATE".to_owned(), blames_sender: true, condemns_block: false }
}

fn broken_segment(error: &SegmentError) -> Broken {
    let rule = match error {
        SegmentError::TickCount { .. } => "POH-1",
        SegmentError::Tick { .. } => "POH-3",
    };
    Broken { rule: rule.to_owned(), blames_sender: true, condemns_block: false }
}

/// What became of a block, in the words of the network.
fn fate(report: &Report) -> BlockFate {
    match &report.verdict {
        Verdict::Extended | Verdict::Reorganised { .. } | Verdict::Side | Verdict::Known => BlockFate::Taken,
        Verdict::Held { .. } | Verdict::Orphan { .. } => BlockFate::Waiting,
        Verdict::Header => BlockFate::Unwanted,
        Verdict::Invalid(invalid) => BlockFate::Broken(broken(invalid)),
    }
}

/// The line before the chain's writer.
struct Importer {
    door: Door,
    spec: Arc<vibecoin_primitives::ChainSpec>,
    answers: mpsc::Sender<Input>,
}

impl Importer {
    async fn run(self, mut waiting: mpsc::Receiver<Case>, supervisor: Supervisor) -> Result<(), Failure> {
        let mut next = None;
        loop {
            let first = match next.take() {
                Some(case) => case,
                None => tokio::select! {
                    () = supervisor.stopping().cancelled() => return Ok(()),
                    case = waiting.recv() => match case {
                        Some(case) => case,
                        None => return Ok(()),
                    },
                },
            };
            let (mut bytes, mut run) = (first.body.bytes(), vec![first]);
            while run.len() < RUN_BLOCKS && bytes < RUN_BYTES {
                let Ok(case) = waiting.try_recv() else { break };
                bytes += case.body.bytes();
                run.push(case);
            }
            self.judge(run).await;
        }
    }

    async fn judge(&self, run: Vec<Case>) {
        let spec = Arc::clone(&self.spec);
        let decoding = tokio::task::spawn_blocking(move || decode(&spec, run));
        let Ok(cases) = decoding.await else { return };
        let (mut tickets, mut blocks) = (Vec::new(), Vec::new());
        for (ticket, from, decoded) in cases {
            match decoded {
                Ok(block) => {
                    tickets.push((ticket, block.id()));
                    blocks.push((Source::Peer(number(&from)), block));
                }
                Err((id, broken)) => {
                    self.tell(ticket, Judgement::Block { id, fate: BlockFate::Broken(broken) }).await;
                }
            }
        }
        let reports = self.door.import_run(blocks).await.unwrap_or_default();
        let mut reports = reports.iter();
        for (ticket, id) in tickets {
            // The writer answers for each in its order; without an answer the node stops.
            let judgement = match reports.next() {
                Some(report) => Judgement::Block { id, fate: fate(report) },
                None => Judgement::Undecided,
            };
            self.tell(ticket, judgement).await;
        }
    }

    async fn tell(&self, ticket: Ticket, judgement: Judgement) {
        // A machine that has gone needs no answer.
        let _ = self.answers.send(Input::Judged { ticket, judgement }).await;
    }
}

type Decoded = (Ticket, NodeId, Result<Block, (Hash, Broken)>);

fn decode(spec: &vibecoin_primitives::ChainSpec, run: Vec<Case>) -> Vec<Decoded> {
    let decode = |case: Case| {
        let block = match case.body {
            Body::Whole(block) => Ok(Arc::unwrap_or_clone(block)),
            Body::Raw(raw) => rules::decode(spec, raw.bytes()).map_err(|error| {
                let broken = Broken {
                    rule: error.rule().to_owned(),
                    blames_sender: true,
                    condemns_block: error.marks_id_invalid(),
                };
                (raw.id(), broken)
            }),
        };
        (case.ticket, case.from, block)
    };
    run.into_par_iter().map(decode).collect()
}

/// The number under which the chain keeps a peer's share of orphans.
fn number(node: &NodeId) -> u64 {
    let (first, _) = node.as_bytes().split_first_chunk::<8>().expect("an id has 32 bytes");
    u64::from_le_bytes(*first)
}
