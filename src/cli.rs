//! The command line: every verb and flag, as types. Nothing here acts.
//!
//! Deliberately absent: environment variables and the configuration file. They are layers of [`config`], which has
//! to know where each value came from.
//!
//! [`config`]: crate::config

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;

pub mod chain;
pub mod light;
pub mod node;
#[cfg(test)]
mod tests;
pub mod wallet;

use chain::ChainCommand;
use light::LightArgs;
use node::{DevCommand, MempoolCommand, MineCommand, NodeArgs, PeersCommand, TuiArgs};
use wallet::WalletArgs;

/// How the whole program is called.
#[derive(Debug, Parser)]
#[command(
    name = "vibecoin",
    version,
    about = "A full node and a wallet for a chain secured by Proof of Work and paced by Proof of History",
    long_about = "A full node and a wallet for a chain secured by Proof of Work and paced by Proof of History.\n\n\
        Without a command it opens the wallet screens, on a node of its own unless one runs already.",
    after_help = "Exit status: 0 done, 1 failed, 2 usage, 3 not found, 4 no server reachable, 5 a server's \
        proof was false, 6 locked or wrong \
        password, 7 insufficient funds, 8 refused by a rule (which is named), 130 interrupted.",
    disable_help_subcommand = true,
    max_term_width = 110
)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do; the screens if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that every command knows.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The network: devnet, testnet, mainnet, or the file of a chain spec
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub network: Option<String>,
    /// Where nodes and wallets keep their files
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The configuration file (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Ask this remote node and believe only what it proves; may be given several times
    #[arg(long, global = true, value_name = "URL")]
    pub remote: Vec<String>,
    /// Print one JSON value (streams: one a line) on standard output, and nothing else there
    #[arg(long, global = true)]
    pub json: bool,
    /// Answer every question with yes
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,
    /// No colours
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Say more; twice: still more
    #[arg(long, short = 'v', global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Say less; twice: only errors
    #[arg(long, short = 'q', global = true, action = ArgAction::Count)]
    pub quiet: u8,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Wallet, explorer, miner and logs on the screen
    Tui(TuiArgs),
    /// Run a full node, or ask the one that runs
    Node(NodeArgs),
    /// Wallets: create, pay, look back, sign
    Wallet(WalletArgs),
    /// The light client: the chain by proofs alone, from the nodes of --remote
    Light(LightArgs),
    /// Look into the chain, check it, carry it elsewhere
    Chain {
        /// What about the chain.
        #[command(subcommand)]
        command: ChainCommand,
    },
    /// What waits to be mined
    Mempool {
        /// What about the pool.
        #[command(subcommand)]
        command: MempoolCommand,
    },
    /// The running node's peers
    Peers {
        /// What about them.
        #[command(subcommand)]
        command: PeersCommand,
    },
    /// The miner of the running node
    Mine {
        /// What about the miner.
        #[command(subcommand)]
        command: MineCommand,
    },
    /// Shortcuts for development, where the chain spec does not retarget
    Dev {
        /// Which.
        #[command(subcommand)]
        command: DevCommand,
    },
    /// Call any method of the API
    Rpc(RpcArgs),
    /// The configuration
    Config {
        /// What about it.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Measure this machine, side by side with what it is compared to
    Bench(BenchArgs),
    /// Write a completion script for a shell
    Completions {
        /// For which shell.
        shell: Shell,
    },
    /// Write the manual page, or all of them into a folder
    Man {
        /// Write one page for every command into this folder
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// `vibecoin rpc`.
#[derive(Args, Debug)]
pub struct RpcArgs {
    /// The method, such as chain_tip; rpc.discover describes them all
    pub method: String,
    /// Its parameters in their order: JSON, or else taken as text
    #[arg(allow_hyphen_values = true)]
    pub params: Vec<String>,
}

/// `vibecoin config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every setting, and where its value came from
    Show,
}

/// `vibecoin bench`.
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// What to measure
    #[arg(value_enum)]
    pub what: BenchSubject,
    /// Make the measurements this many times shorter
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub quicker: u32,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum BenchSubject {
    /// Proof of History: generation and verification
    Poh,
    /// Proof of Work: the nonce search
    Pow,
    /// Signatures, one by one and in batches
    Signatures,
    /// Proofs for light clients, against looking at every header
    Light,
    /// Importing blocks of 1,000 transfers
    Import,
    /// All of them
    All,
}
