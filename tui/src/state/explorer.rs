//! The explorer: a stack of pages.

use crate::model::*;
use crate::safe::SafeText;

/// The explorer.
#[derive(Clone, Debug)]
pub struct Explorer {
    /// The pages; the last is shown, the first is the list of blocks.
    pub pages: Vec<Page>,
}

impl Default for Explorer {
    fn default() -> Self {
        Self { pages: vec![Page::new(PageBody::Blocks { rows: Vec::new(), more: true })] }
    }
}

impl Explorer {
    /// The page that is shown.
    #[must_use]
    pub fn page(&self) -> &Page {
        self.pages.last().expect("the list of blocks is never taken off")
    }

    /// The page that is shown, to change.
    pub(crate) fn page_mut(&mut self) -> &mut Page {
        self.pages.last_mut().expect("the list of blocks is never taken off")
    }
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// What is on it.
    pub body: PageBody,
    /// The chosen link.
    pub selected: usize,
}

impl Page {
    /// A page with its first link chosen.
    #[must_use]
    pub const fn new(body: PageBody) -> Self {
        Self { body, selected: 0 }
    }
}

/// What is on a page.
#[derive(Clone, Debug, PartialEq)]
pub enum PageBody {
    /// Blocks, newest first.
    Blocks {
        /// Those had so far.
        rows: Vec<BlockRow>,
        /// Whether there are older ones.
        more: bool,
    },
    /// A block.
    Block(Box<BlockDetail>),
    /// A transaction.
    Transaction(Box<TxDetail>),
    /// An account.
    Account(Box<AccountDetail>),
    /// Branches.
    Forks(Forks),
    /// Something under way.
    Loading(SafeText),
    /// Something that could not be had.
    Failed {
        /// What was wanted.
        what: SafeText,
        /// Why it is not there.
        failure: Failure,
    },
}

/// Where a page leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// To a block.
    Block(BlockRef),
    /// To a transaction.
    Transaction(SafeText),
    /// To an account.
    Account(SafeText),
}

impl Link {
    /// The text that copying it takes.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Block(BlockRef::Height(height)) => height.to_string(),
            Self::Block(BlockRef::Id(id)) => id.to_string(),
            Self::Transaction(text) | Self::Account(text) => text.to_string(),
        }
    }
}

impl PageBody {
    /// Where the page leads, in the order in which it is drawn.
    #[must_use]
    pub fn links(&self) -> Vec<Link> {
        let block = |id: &SafeText| Link::Block(BlockRef::Id(id.clone()));
        match self {
            Self::Blocks { rows, .. } => rows.iter().map(|row| block(&row.id)).collect(),
            Self::Block(b) => {
                let mut links = vec![block(&b.parent), Link::Account(b.row.miner.clone())];
                links.extend(b.transactions.iter().map(|tx| Link::Transaction(tx.txid.clone())));
                links
            }
            Self::Transaction(tx) => {
                let mut links = vec![Link::Account(tx.row.from.clone())];
                links.extend(tx.row.to.clone().map(Link::Account));
                links.extend(tx.block.as_ref().map(block));
                links
            }
            Self::Account(account) => account
                .entries
                .iter()
                .map(|row| match (&row.txid, &row.status) {
                    (Some(txid), _) => Link::Transaction(txid.clone()),
                    (None, PaymentStatus::Mined { height, .. }) => Link::Block(BlockRef::Height(*height)),
                    (None, _) => Link::Account(account.address.clone()),
                })
                .collect(),
            Self::Forks(forks) => {
                let branches = forks.branches.iter().map(|row| block(&row.tip));
                branches.chain(forks.reorganisations.iter().map(|row| block(&row.from))).collect()
            }
            Self::Loading(_) | Self::Failed { .. } => Vec::new(),
        }
    }

    /// The word for it in the trail of pages.
    #[must_use]
    pub fn crumb(&self) -> SafeText {
        use crate::format::count;
        use crate::safe::ink;
        match self {
            Self::Blocks { .. } => "blocks".into(),
            Self::Block(b) => ink!("block {}", count(b.row.height)),
            Self::Transaction(tx) => ink!("tx {}", tx.row.txid.middle(13)),
            Self::Account(a) => ink!("account {}", a.address.middle(15)),
            Self::Forks(_) => "forks".into(),
            Self::Loading(what) => what.clone(),
            Self::Failed { what, .. } => what.clone(),
        }
    }
}
