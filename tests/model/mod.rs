//! The real chain against an independent model of it: a deliberately naive ledger that was written from the protocol
//! and shares no code with what it judges. Its maps are cloned for every block, and every root, every chain of
//! activity and every choice of the tip is found anew from all that there is.
//!
//! What the two have in common are the bytes of a block, the check of a signature, and the rows of a chain spec. The
//! blocks come from the forge; the model finds out by itself what is wrong with them.
//!
//! Deliberately absent: contracts, which no valid block has yet; how many blocks of strangers a node keeps, for runs
//! stay below these bounds; headers that come ahead of their bodies; damage of the store.

mod bytes;
mod catalogue;
mod chain;
mod choice;
mod difficulty;
mod forging;
mod history;
mod ledger;
mod oracles;
mod random;
mod real;
mod rules;
mod runs;
mod trees;
