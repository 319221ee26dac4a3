//! The verbs of the chain.

use std::path::PathBuf;

use clap::Subcommand;
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
    /// Write blocks of the active chain to a file
    Export {
        /// The file; - for standard output
        file: PathBuf,
        /// The first height
        #[arg(long, default_value_t = 1, value_name = "HEIGHT")]
        from: u64,
        /// The last height; the tip's if left out
        #[arg(long, value_name = "HEIGHT")]
        to: Option<u64>,
    },
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

fn timestamp(text: &str) -> Result<Timestamp, std::num::ParseIntError> {
    text.parse().map(Timestamp::new)
}
