//! What a figure rests on, and the mark that says so.
//!
//! Deliberately absent: a mark that only a colour tells from another.

use crate::safe::{SafeText, ink};

/// What everything on the screens rests on: the title line's word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// This user's own node, which checked everything.
    FullNode,
    /// A proof from the genesis on, whoever brought it.
    Proven,
    /// Nothing that was checked.
    #[default]
    Unverified,
}

/// What one figure rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// This user's own node: there is nothing to mark.
    #[default]
    Own,
    /// A proof under a block that is deep enough to be believed.
    Proven {
        /// That block's height.
        at: u64,
    },
    /// A proof under a block that is still near the tip, where one made-up block could say anything.
    Unconfirmed {
        /// That block's height.
        at: u64,
    },
    /// A server's word.
    Reported,
    /// Nothing is known yet: there is no figure to show.
    Unknown,
}

impl Mark {
    /// The marks that the legend explains, each with what it means.
    pub const LEGEND: [(Self, &'static str); 3] = [
        (Self::Proven { at: 0 }, "proven: checked here, under a block that is deep enough to be believed"),
        (Self::Unconfirmed { at: 0 }, "unconfirmed: checked here, under a block still near the tip"),
        (Self::Reported, "reported: a server's word, which nothing proves"),
    ];

    /// What is proven at `height` while the chain is proven to `tip`, and blocks at least `depth` below it are
    /// believed.
    #[must_use]
    pub const fn at(height: u64, tip: u64, depth: u64) -> Self {
        if height.saturating_add(depth) <= tip {
            Self::Proven { at: height }
        } else {
            Self::Unconfirmed { at: height }
        }
    }

    /// Its sign, one cell; nothing for an own node.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Own => "",
            Self::Proven { .. } => "✓",
            Self::Unconfirmed { .. } => "~",
            Self::Reported => "?",
            Self::Unknown => "…",
        }
    }

    /// The sign with its words; nothing for an own node.
    #[must_use]
    pub fn words(self) -> SafeText {
        use crate::format::count;
        match self {
            Self::Own => "".into(),
            Self::Proven { at } => ink!("✓ proven at {}", count(at)),
            Self::Unconfirmed { at } => ink!("~ unconfirmed, at {}", count(at)),
            Self::Reported => "? reported by a server".into(),
            Self::Unknown => "… not proven yet".into(),
        }
    }

    /// Whether there is a figure at all.
    #[must_use]
    pub const fn is_known(self) -> bool {
        !matches!(self, Self::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_believed_when_so_many_stand_on_it() {
        assert_eq!(Mark::at(94, 100, 6), Mark::Proven { at: 94 });
        assert_eq!(Mark::at(95, 100, 6), Mark::Unconfirmed { at: 95 });
        assert_eq!(Mark::at(0, 3, 6), Mark::Unconfirmed { at: 0 });
        assert_eq!(Mark::at(u64::MAX, 100, 6), Mark::Unconfirmed { at: u64::MAX });
    }

    #[test]
    fn every_mark_has_a_sign_of_its_own_and_one_cell() {
        let marks =
            [Mark::Proven { at: 1 }, Mark::Unconfirmed { at: 1 }, Mark::Reported, Mark::Unknown, Mark::Own];
        for (i, mark) in marks.iter().enumerate() {
            assert!(SafeText::from(mark.sign()).width() <= 1);
            assert!(marks[i + 1..].iter().all(|other| other.sign() != mark.sign()));
        }
    }
}
