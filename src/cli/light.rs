//! The verbs of the light client, which asks the nodes of `--remote` and believes only what they prove.

use clap::{Args, Subcommand};

/// `vibecoin light`.
#[derive(Args, Debug)]
pub struct LightArgs {
    /// Go to the remote nodes through this SOCKS5 server
    #[arg(long, global = true, value_name = "URL", help_heading = "Light client options")]
    pub proxy: Option<String>,
    /// Believe the state so many blocks below the proven tip
    #[arg(long, global = true, value_name = "N", help_heading = "Light client options")]
    pub confirmations: Option<u64>,
    /// Ask any of the remote nodes about any address, not always the same one
    #[arg(long, global = true, help_heading = "Light client options")]
    pub spread: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: LightCommand,
}

/// What the light client can be asked.
#[derive(Debug, Subcommand)]
pub enum LightCommand {
    /// Prove the best chain that the remote nodes know, from the genesis or from what was proven before
    Sync {
        /// Begin at the genesis, whatever was proven before
        #[arg(long)]
        fresh: bool,
        /// Ask for more: the last 512 headers, and 32 samples of each part
        #[arg(long)]
        paranoid: bool,
    },
    /// What is proven, on whose word, and what it has cost
    Status,
    /// What addresses hold, proven; by default the wallet's
    Balance {
        /// The addresses
        address: Vec<String>,
    },
    /// Everything that ever happened to an address, proven to be complete
    History {
        /// The address; by default the wallet's first
        address: Option<String>,
        /// The newest so many entries
        #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Whether a transaction is in the proven chain, and how deep
    Tx {
        /// Its id
        txid: String,
    },
    /// Follow the proven tip, and what addresses hold, until Ctrl-C
    Watch {
        /// The addresses
        address: Vec<String>,
    },
    /// The remote nodes: how fast, how honest, and where they disagreed
    Servers,
}
