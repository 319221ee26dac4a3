//! Whose fault a failed question is.

use crate::light::server::ServerError;

/// What a failure says of the server. In the order of how much it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is away, slow or busy: ask another, and this one again after a while.
    Absent,
    /// What came is none of a node's answers: ask another, and this one again after a longer while.
    Broken,
    /// It refuses, or does not know, in good form: another may do better, and nothing is wrong with it.
    Refused,
    /// It lied: what it sent as a proof is none.
    False,
    /// Nobody's there: the question itself was wrong, or this machine failed. Asking others is of no use.
    Ours,
}

/// An error that knows whose fault it is. No `_` arm in an implementation: every new error takes a stand.
pub trait Judged {
    /// What it says of the server that was asked.
    fn verdict(&self) -> Verdict;
}

impl Judged for ServerError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Absent(_) => Verdict::Absent,
            Self::Broken(_) => Verdict::Broken,
            Self::Refused { .. } => Verdict::Refused,
            Self::OnionWithoutProxy | Self::NoTransport | Self::Unwritable => Verdict::Ours,
        }
    }
}
