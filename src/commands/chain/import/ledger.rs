//! What is said of the blocks of a file, in the order of the file.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use vibecoin_chain::{Report, Verdict};
use vibecoin_consensus::rules::ShapeError;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Header, Height, encoding};

use crate::failure::Outcome;
use crate::output::Output;

#[cfg(test)]
mod tests;

/// What is said about one block of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    /// Its place in the file, from 0.
    index: u64,
    /// Its id; none when the bytes are not even a header.
    id: Option<Hash>,
    /// The height that its header claims.
    height: Option<Height>,
    /// What became of it.
    verdict: &'static str,
    /// What it was called when it came, where that has changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<&'static str>,
    /// The rule that it breaks.
    rule: Option<String>,
    /// In words.
    reason: Option<String>,
}

impl Line {
    /// The line of a block as its verdict stands now.
    pub(super) fn new(index: u64, block: Option<(Hash, Height)>, verdict: &Verdict) -> Self {
        let mut line = Self {
            index,
            id: block.map(|(id, _)| id),
            height: block.map(|(_, height)| height),
            verdict: "",
            first: None,
            rule: None,
            reason: None,
        };
        line.settle(verdict);
        line
    }

    /// Bytes that are no block. If a header stands in front of them, it still says which block they should have been.
    pub(super) fn undecodable(index: u64, bytes: &[u8], error: &ShapeError) -> Self {
        let header: Option<Header> =
            bytes.get(..Header::BYTES).and_then(|bytes| encoding::decode(bytes).ok());
        let (rule, reason) = (Some(error.rule().to_owned()), Some(error.to_string()));
        let (id, height) = (header.as_ref().map(Header::id), header.map(|header| header.height));
        Self { index, id, height, verdict: "invalid", first: None, rule, reason }
    }

    fn settle(&mut self, verdict: &Verdict) {
        if !self.verdict.is_empty() && self.verdict != verdict.name() {
            self.first.get_or_insert(self.verdict);
        }
        self.verdict = verdict.name();
        (self.rule, self.reason) = match verdict {
            Verdict::Invalid(invalid) => (Some(invalid.rule().to_owned()), Some(invalid.to_string())),
            Verdict::Held { until } => (None, Some(format!("its time {until} lies ahead"))),
            Verdict::Orphan { parent } => (None, Some(format!("its parent {parent} is not known"))),
            Verdict::Extended
            | Verdict::Reorganised { .. }
            | Verdict::Side
            | Verdict::Header
            | Verdict::Known => (None, None),
        };
    }

    fn text(&self) -> String {
        let id = self.id.map_or_else(|| "-".to_owned(), |id| id.to_string());
        let height = self.height.map_or_else(|| "-".to_owned(), |height| height.to_string());
        let reason = self.reason.as_ref().map(|reason| format!("  {reason}")).unwrap_or_default();
        format!("{:>8}  {height:>8}  {id}  {:<11}{reason}", self.index, self.verdict)
    }
}

/// Lines in the order of the file; those behind an open one wait.
#[derive(Default)]
pub(super) struct Ledger {
    lines: BTreeMap<u64, Line>,
    /// The lines of blocks that may still get another verdict, by id, the first first.
    waiting: HashMap<Hash, Vec<u64>>,
    /// The same lines by their place.
    open: BTreeSet<u64>,
}

impl Ledger {
    /// Writes a line down; an open one may still get another verdict.
    pub(super) fn push(&mut self, line: Line, open: bool) {
        if let (true, Some(id)) = (open, line.id) {
            self.waiting.entry(id).or_default().push(line.index);
            self.open.insert(line.index);
        }
        self.lines.insert(line.index, line);
    }

    /// A block that waited for its parent waits for its time now.
    fn reopen(&mut self, id: &Hash, verdict: &Verdict) {
        for index in self.waiting.get(id).into_iter().flatten() {
            if let Some(line) = self.lines.get_mut(index) {
                line.settle(verdict);
            }
        }
    }

    /// Gives the block its last verdict. If it was in the file several times, the first of them gets it.
    fn settle(&mut self, id: &Hash, verdict: &Verdict) {
        for (nth, index) in self.waiting.remove(id).unwrap_or_default().into_iter().enumerate() {
            self.open.remove(&index);
            let again = if matches!(verdict, Verdict::Invalid(_)) { verdict } else { &Verdict::Known };
            if let Some(line) = self.lines.get_mut(&index) {
                line.settle(if nth == 0 { verdict } else { again });
            }
        }
    }

    /// Takes the lines that nothing can change any more and that nothing open stands before.
    pub(super) fn take_settled(&mut self) -> Vec<Line> {
        let first_open = self.open.first().copied().unwrap_or(u64::MAX);
        let rest = self.lines.split_off(&first_open);
        std::mem::replace(&mut self.lines, rest).into_values().collect()
    }

    /// Takes all lines: what waits now will wait for ever.
    pub(super) fn take_all(&mut self) -> Vec<Line> {
        self.waiting.clear();
        self.open.clear();
        std::mem::take(&mut self.lines).into_values().collect()
    }
}

/// How often each verdict was given.
#[derive(Default)]
pub(super) struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    /// Counts the lines, and prints those that somebody wants to read.
    pub(super) fn print(&mut self, out: &Output, lines: &[Line]) -> Outcome {
        for line in lines {
            *self.0.entry(line.verdict).or_default() += 1;
            // A person wants to read what went wrong, not a line for every block that did not.
            if out.is_json() || line.verdict == "invalid" {
                out.item(line, || line.text())?;
            }
        }
        Ok(())
    }

    /// The counts, in words.
    pub(super) fn summary(&self) -> String {
        let counts: Vec<String> =
            self.0.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
        if counts.is_empty() { "no blocks".to_owned() } else { counts.join(", ") }
    }
}

/// Notes a verdict, the last or not, of a block that waited.
pub(super) fn note(ledger: &mut Ledger, id: &Hash, verdict: &Verdict) {
    if verdict.is_open() {
        ledger.reopen(id, verdict);
    } else {
        ledger.settle(id, verdict);
    }
}

/// Notes what became of those that had waited for this block.
pub(super) fn note_settled(ledger: &mut Ledger, report: &Report) {
    for (id, verdict) in &report.settled {
        note(ledger, id, verdict);
    }
}
