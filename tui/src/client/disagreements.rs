//! What the light client has noted, as rows: who said what, how it ended, and what shows it.
//!
//! Every kind of evidence is told here in words of its own: a new one does not compile until it has some.

use vibecoin_client::Hash;
use vibecoin_client::light::Evidence;
use vibecoin_client::light::journal::Entry;
use vibecoin_client::light::sync::UNPROVEN_MAX;

use crate::format::{blocks, count, moment, span};
use crate::model::*;
use crate::safe::{SafeText, ink};

/// A row in the making.
struct Told {
    about: SafeText,
    said: Option<SafeText>,
    verdict: Verdict,
    outcome: SafeText,
    evidence: Vec<SafeText>,
}

/// An entry as a row.
pub(super) fn row(entry: &Entry) -> DisagreementRow {
    let told = tell(&entry.evidence);
    let who = entry.server.as_deref().map(SafeText::new);
    DisagreementRow {
        time_ms: entry.time.get(),
        about: told.about,
        said: who.into_iter().zip(told.said).collect(),
        verdict: told.verdict,
        outcome: told.outcome,
        evidence: told.evidence,
    }
}

/// Whether an entry is about what this server did.
pub(super) fn is_about(entry: &Entry, url: &str) -> bool {
    entry.server.as_deref() == Some(url)
}

/// What speaks against a server in an entry about it; none if it may be honest.
pub(super) fn fault(entry: &Entry) -> Option<ServerFault> {
    match &entry.evidence {
        Evidence::Unproven { .. }
        | Evidence::FalseChain { .. }
        | Evidence::FalseValue { .. }
        | Evidence::NotRelayed { .. } => {
            let words = SafeText::new(&entry.evidence.to_string());
            Some(ServerFault { time_ms: entry.time.get(), words })
        }
        Evidence::FutureTip { .. }
        | Evidence::Fork { .. }
        | Evidence::DeepFork { .. }
        | Evidence::Reorganised { .. }
        | Evidence::PohFault { .. } => None,
    }
}

/// The depth of the newest reorganisation among entries, newest first.
pub(super) fn depth(entries: &[Entry]) -> Option<u64> {
    entries.iter().find_map(|entry| match entry.evidence {
        Evidence::Reorganised { reverted, .. } => Some(reverted),
        Evidence::Unproven { .. }
        | Evidence::FalseChain { .. }
        | Evidence::FutureTip { .. }
        | Evidence::Fork { .. }
        | Evidence::DeepFork { .. }
        | Evidence::FalseValue { .. }
        | Evidence::NotRelayed { .. }
        | Evidence::PohFault { .. } => None,
    })
}

fn id(word: &'static str, id: &Hash) -> SafeText {
    ink!("{word} {}", SafeText::new(&id.to_string()))
}

fn work(word: &'static str, work: &str) -> SafeText {
    ink!("{word} {}", SafeText::new(work))
}

fn tell(evidence: &Evidence) -> Told {
    match evidence {
        Evidence::Unproven { id: tip, work: claimed, times } => Told {
            about: "a tip that was claimed".into(),
            said: Some(ink!(
                "claimed it, and gave no proof once it was questioned ({times} of {UNPROVEN_MAX} times)"
            )),
            verdict: if *times >= UNPROVEN_MAX { Verdict::False } else { Verdict::Open },
            outcome: "what is not proven is not taken".into(),
            evidence: vec![id("tip", tip), work("claimed work", claimed)],
        },
        Evidence::FalseChain { error } => Told {
            about: "the chain".into(),
            said: Some(SafeText::new(error)),
            verdict: Verdict::False,
            outcome: "it is not asked again before the next start".into(),
            evidence: Vec::new(),
        },
        Evidence::FutureTip { time, now } => Told {
            about: "a tip from the future".into(),
            said: Some(ink!(
                "its tip is {} ahead of the clock here",
                span(time.saturating_since(*now) / 1_000)
            )),
            verdict: Verdict::Open,
            outcome: "it is not taken before its time: one of the clocks is wrong".into(),
            evidence: vec![
                ink!("time of the tip {} UTC", moment(time.get())),
                ink!("the clock here {} UTC", moment(now.get())),
            ],
        },
        Evidence::Fork { fork_height, id: tip, work: theirs, ours } => Told {
            about: ink!("the branch since block {}", count(fork_height.get())),
            said: Some("proved another branch, which is not heavier by enough".into()),
            verdict: Verdict::Heavier,
            outcome: "the branch that was proven first stays".into(),
            evidence: vec![id("its tip", tip), work("its work", theirs), id("the tip that stays", ours)],
        },
        Evidence::DeepFork { fork_height, id: tip, work: theirs } => Told {
            about: ink!("the chain since block {}", count(fork_height.get())),
            said: Some("says that its chain leaves this one before the oldest header that is kept".into()),
            verdict: Verdict::Open,
            outcome: "its chain counts only if it is proven from the genesis, and heavier".into(),
            evidence: vec![id("its tip", tip), work("the work that it claims", theirs)],
        },
        Evidence::Reorganised { fork_height, from, to, reverted } => Told {
            about: "a reorganisation".into(),
            said: None,
            verdict: Verdict::Heavier,
            outcome: match fork_height {
                Some(height) => ink!(
                    "{} after block {} were taken back for a heavier branch",
                    blocks(*reverted),
                    count(height.get())
                ),
                None => "a heavier chain is proven that leaves this one further back than is kept".into(),
            },
            evidence: vec![id("the tip before", from), id("the tip after", to)],
        },
        Evidence::FalseValue { height, error } => Told {
            about: ink!("a value at block {}", count(height.get())),
            said: Some(SafeText::new(error)),
            verdict: Verdict::False,
            outcome: "it is not believed, and another server is asked".into(),
            evidence: Vec::new(),
        },
        Evidence::NotRelayed { txid, blocks: waited } => Told {
            about: "a payment of yours".into(),
            said: Some(ink!("took it, and no other server had it {} later", blocks(*waited))),
            verdict: Verdict::Open,
            outcome: "it was given to the other servers too".into(),
            evidence: vec![id("payment", txid)],
        },
        Evidence::PohFault { id: block, height, tick } => Told {
            about: ink!("the Proof of History of block {}", count(height.get())),
            said: Some(ink!("proved that tick {tick} of it does not follow from the one before")),
            verdict: Verdict::False,
            outcome: "the block breaks the rules, whatever its work: trust nothing from there on".into(),
            evidence: vec![id("block", block)],
        },
    }
}
