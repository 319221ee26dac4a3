//! What waits: the pool of transactions that are not in a block yet.
//!
//! A [`Mempool`] is a plain value with one owner. It holds, for every sender, a queue of transactions whose nonces
//! follow each other from the account's next one and whose largest costs the balance covers together; so whatever
//! it holds could be mined now, queue by queue. A transaction enters in two steps: [`Checked`] holds what needs no
//! state (rules and signature, on any thread), [`Mempool::admit`] asks the state and the pool.
//!
//! Every change is reported as [`PoolEvent`]s, in order. Who keeps a copy of the pool on disk writes it from them
//! and hands it back through [`Mempool::restore`].
//!
//! Deliberately absent: a clock (time is an argument), async code, locks, I/O, relay, and queues with gaps: a nonce
//! that does not follow is refused with the one that would.

mod checked;
mod config;
mod departed;
mod error;
mod event;
mod order;
mod pool;
mod sender;
mod tx;

pub use checked::Checked;
pub use config::{DEFAULT_PRICE_MIN, PoolConfig, REPLACEMENT_PERCENT};
pub use error::PoolError;
pub use event::{Departure, PoolEvent};
pub use order::{FeePrices, Order};
pub use pool::{Accepted, Mempool, MinedTx, PoolInfo, Restored, Tip};
pub use tx::PooledTx;
