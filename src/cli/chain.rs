//! The verbs of the chain.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vibecoin_primitives::Timestamp;
use vibecoin_rpc::types::BlockRef;

/// `vibecoin chain`.
#[derive(Debug, Subcommand)]
pub enum ChainCommand {
    /// The network and its tip
    Info,
    /// A block with its transactions
    Block {
        /// Its height or id; the tip if left out
        block: Option<BlockRef>,
        /// The whole block as hex of its encoding, ticks included
        #[arg(long)]
        raw: bool,
    },
    /// A transaction, its receipt, its block and its Merkle path
    Tx {
        /// The transaction id
        txid: String,
    },
    /// An account, by default after the tip
    Account {
        /// Its address
        address: String,
        /// After the block of this height
        #[arg(long, value_name = "HEIGHT")]
        at: Option<u64>,
    },
    /// What a text may mean: a height, an id, an address
    Search {
        /// The text
        text: String,
    },
    /// The Proof of History segment of a block
    Poh {
        /// The block's height or id
        block: BlockRef,
        /// Compute every hash of it again
        #[arg(long)]
        verify: bool,
    },
    /// Branches beside the active chain, and reorganisations
    Forks,
    /// Where every beat is
    Supply,
    /// Check every block from the genesis on by the full rules, and compare with what is stored
    Verify,
    /// Make everything that follows from the blocks again: states, indexes, records for undoing
    Reindex,
    /// Write blocks of the active chain to a file
    Export(ExportArgs),
    /// Take blocks from a file: a u32 length (little-endian) and the Borsh block, over and over, in any order
    Import {
        /// The file; - for standard input
        file: PathBuf,
        /// Judge times as if this were now (milliseconds since 1970), instead of by the clock
        #[arg(long, value_name = "MS", value_parser = timestamp)]
        now_ms: Option<Timestamp>,
        /// Execute side branches too
        #[arg(long)]
        full: bool,
    },
    /// Make a long valid chain quickly, for tests and measurements; the same options make the same blocks
    Generate(GenerateArgs),
    /// Write the chain spec of a new private network
    NewSpec {
        /// The built-in network or spec file to start from
        #[arg(long, default_value = "devnet", value_name = "NAME|FILE")]
        from: String,
        /// Change a value; by default the chain id is random and the genesis time is now
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
        /// The file to write, which must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// `vibecoin chain export`.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// The file; - for standard output. What was interrupted is gone on with
    pub file: PathBuf,
    /// The first height
    #[arg(long, default_value_t = 1, value_name = "HEIGHT")]
    pub from: u64,
    /// The last height; the tip's if left out
    #[arg(long, value_name = "HEIGHT")]
    pub to: Option<u64>,
}

/// `vibecoin chain generate`.
#[derive(Args, Clone, Debug)]
pub struct GenerateArgs {
    /// How many blocks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub blocks: u64,
    /// Payments in every block
    #[arg(long, default_value_t = 0, value_name = "M")]
    pub txs_per_block: u32,
    /// Accounts of the public test mnemonic that pay each other; the first ten have devnet's coins
    #[arg(long, default_value_t = 100, value_name = "A", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub accounts: u32,
    /// Which of the chains that these options allow
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    pub seed: u64,
    /// Let the hash rate jump once in so many blocks, on average, to between a quarter and four times the one that
    /// finds a block of the genesis bits in the interval. Times and difficulty follow; otherwise blocks come evenly
    #[arg(long, value_name = "EVERY", value_parser = clap::value_parser!(u64).range(1..))]
    pub hash_rate_steps: Option<u64>,
    /// When the last block is found (milliseconds since 1970); now if left out
    #[arg(long, value_name = "MS", value_parser = timestamp, requires = "hash_rate_steps")]
    pub end_ms: Option<Timestamp>,
    /// Beside one block in so many stands a sibling. In a file it comes first, so that importing reorganises
    #[arg(long, value_name = "EVERY", value_parser = clap::value_parser!(u64).range(1..))]
    pub forks: Option<u64>,
    /// Write them to this file (- for standard output), not on top of the chain in the data directory
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Let them stand on the blocks of this file, which are not written again
    #[arg(long, value_name = "FILE", requires = "out")]
    pub on: Option<PathBuf>,
}

fn timestamp(text: &str) -> Result<Timestamp, std::num::ParseIntError> {
    text.parse().map(Timestamp::new)
}
